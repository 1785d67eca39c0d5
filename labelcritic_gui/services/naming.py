"""What a critic wrote, with the names that a reader knows: "model b", not "model_b"; "left kidney". Layer: services.

What is stored stays as it was written; only what is shown is put so.
"""

import re
from dataclasses import replace

from labelcritic_gui.core.verdict import Quality
from labelcritic_gui.services.comparison import Opinions
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.services.tour import Remarks


class Naming:
    """The names of one review's label sets and structures, as sentences of a critic use them and as they are shown."""

    def __init__(self, review: OpenReview) -> None:
        shown: dict[str, str] = {}
        for structure in review.table:
            for written in (structure.name, structure.name.replace("_", " ")):
                shown[written] = structure.shown
        # a label set may be called like a structure: then the sentence means the label set
        shown |= {label_set.slug: label_set.title for label_set in review.label_sets}
        self._shown = {written: words for written, words in shown.items() if written != words}
        longest_first = sorted(self._shown, key=len, reverse=True)
        told = "|".join(re.escape(written) for written in longest_first)
        self._pattern = re.compile(rf"(?<![\w./-])(?:{told})(?![\w/-]|\.\w)") if told else None

    def spoken(self, text: str) -> str:
        """Return a sentence with the names that are shown; whole words only."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._shown[found[0]], text)

    def opinions(self, opinions: Opinions) -> Opinions:
        """Return opinions whose reasons and findings are spoken; a model's own words stay its own."""
        verdict = opinions.verdict
        if verdict is not None:
            verdict = replace(verdict, reasons=tuple(self.spoken(reason) for reason in verdict.reasons))
        return replace(opinions, verdict=verdict, qualities=tuple(map(self._quality, opinions.qualities)))

    def remarks(self, remarks: Remarks) -> Remarks:
        """Return what is said at the stops of a tour, spoken."""
        return tuple(tuple(replace(one, text=self.spoken(one.text)) for one in here) for here in remarks)

    def _quality(self, quality: Quality | None) -> Quality | None:
        if quality is None or not quality.findings:
            return quality
        return replace(quality, findings=tuple(replace(one, text=self.spoken(one.text)) for one in quality.findings))
