"""How many items each of the person's own filters has. Layer: viewmodels."""

from typing import ClassVar

from psygnal import Signal

from labelcritic_gui.core.query.query import QueryError
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.worklist.keeping import ListKeeping


class OwnCounts:
    """Counts in the background, when asked to: a count reads a whole index. GUI thread only."""

    changed: ClassVar[Signal] = Signal()

    def __init__(self, calls: ReviewCalls, runner: Runner, kept: ListKeeping) -> None:
        self._calls = calls
        self._runner = runner
        self._kept = kept
        self._counts: dict[str, int] = {}

    def refresh(self) -> None:
        """Count anew."""
        texts = {one.text for one in self._kept.filters}
        if texts:
            self._runner.run(Lane.STORE, lambda: self._count(texts), self._take, key="own-counts")

    def of(self, name: str) -> int | None:
        """Return how many items a filter has; None where that is not known."""
        text = self._kept.text_of(name)
        return self._counts.get(text) if text is not None else None

    def _count(self, texts: set[str]) -> dict[str, int]:
        found = {}
        for text in texts:
            try:
                found[text] = self._calls.count(text)
            except QueryError:  # of another version of this program
                continue
        return found

    def _take(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self.changed.emit()
