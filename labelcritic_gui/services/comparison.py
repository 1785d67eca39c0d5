"""What stands on the stage for an item: pictures, panels, and what the critic says of them. Layer: services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from labelcritic_gui.core.cancel import Cancel
from labelcritic_gui.core.cases import CandidateId, ItemId, LabelSet
from labelcritic_gui.core.cohort import Outlier
from labelcritic_gui.core.findings import Finding
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.core.verdict import CriticIdentity, Quality, Verdict
from labelcritic_gui.imaging.frame import PictureFrame
from labelcritic_gui.imaging.projection import Picture, Silhouette
from labelcritic_gui.services.cohort import kept_outliers
from labelcritic_gui.services.opinions import Changed, ensure_opinions, latest
from labelcritic_gui.services.pictures import case_pictures
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index, opinions

MOST_PANELS = 4

__all__ = ["Changed", "Opinions", "Panel", "Stage", "ensure_opinions", "load_opinions", "load_stage"]


@dataclass(frozen=True, eq=False, slots=True)
class Panel:
    """One candidate on the stage. `silhouette` is bool on the stage's frame, all False where there is no mask.

    `companion` is the paired structure's silhouette, drawn dimmed. `candidate` is None when the label set has no mask
    of the structure; `refused` says why one cannot be shown.
    """

    label_set: LabelSet
    candidate: CandidateId | None
    silhouette: Silhouette
    companion: Silhouette | None = None
    empty: bool = False
    refused: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Stage:
    """An item as it is shown: the same anatomy under every candidate. `pictures` by window name, uint8 2-D."""

    item: ItemId
    structure: Structure
    frame: PictureFrame
    pictures: Mapping[str, Picture]
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Opinions:
    """What is known of an item; per panel where it is about one candidate. `critic` says who gave the verdict.

    `other_prompts` is the hash of the prompts that the verdict was asked with, where they are not those of now;
    `unusual` what was found unusual among the cases of the review, when that was looked for. `sets` are the slugs of
    the panels; `pairs` what was measured of two of them, by their slugs, and `pair` the first of it in that order.
    """

    verdict: Verdict | None
    qualities: tuple[Quality | None, ...]
    facts: tuple[CandidateFacts | None, ...]
    pair: PairFacts | None
    critic: str = ""
    other_prompts: str = ""
    unusual: tuple[tuple[Outlier, ...], ...] = ()
    sets: tuple[str, ...] = ()
    pairs: Mapping[tuple[str, str], PairFacts] = field(default_factory=dict)

    def pair_of(self, sets: Sequence[str]) -> PairFacts | None:
        """Return what was measured of the first two of some label sets that were measured together, in their order."""
        for n, first in enumerate(sets):
            for second in sets[n + 1 :]:
                if (first, second) in self.pairs:
                    return self.pairs[first, second]
                if (second, first) in self.pairs:
                    return self.pairs[second, first].swapped()
        return None

    @property
    def complete(self) -> bool:
        """Say whether the critic has spoken."""
        return self.verdict is not None


def load_stage(review: OpenReview, item: ItemId, *, cancel: Cancel | None = None) -> Stage:
    """Prepare an item's pictures; raises UnreadableFileError when its image cannot be read."""
    case = case_pictures(review, item.case, cancel=cancel)
    structure = review.table.get(item.structure)
    of_case = latest(index.candidates_of(review.database, item.case))
    own = {c.id.label_set: c.id for c in of_case if c.id.item == item}
    other_side = {c.id.label_set: c.id for c in of_case if structure.pair and c.id.structure == structure.pair}
    refused = {r.label_set: r.reason for r in index.refusals_of(review.database, item.case) if _concerns(r, item)}
    panels = []
    for label_set in _shown_sets(review, own):
        candidate = own.get(label_set.slug)
        silhouette = case.silhouettes.get(candidate) if candidate else None
        pair = other_side.get(label_set.slug) if candidate else None
        problem = case.refused.get(candidate) if candidate else None
        panels.append(
            Panel(
                label_set=label_set,
                candidate=candidate,
                silhouette=np.zeros(case.frame.shape, dtype=np.bool_) if silhouette is None else silhouette,
                companion=case.silhouettes.get(pair) if pair else None,
                empty=silhouette is not None and not silhouette.any(),
                refused=str(problem) if problem else "" if candidate else refused.get(label_set.slug, ""),
            )
        )
    return Stage(item, structure, case.frame, case.pictures, tuple(panels))


def load_opinions(review: OpenReview, item: ItemId) -> Opinions:
    """Return what is stored of an item: the review critic's verdict, quality scores, findings and facts.

    Only of the candidates as they stand: what was said of a version that another one has followed speaks of that one.
    """
    own = {c.id.label_set: c.id for c in latest(index.candidates_of(review.database, item.case, item.structure))}
    sets = [s.slug for s in _shown_sets(review, own)]
    kind = review.critic.identity.kind
    said = [s.opinion for s in opinions.opinions_of(review.database, item, kind)]
    anatomy = said if kind == "anatomy" else [s.opinion for s in opinions.opinions_of(review.database, item, "anatomy")]
    verdicts = [o for o in said if isinstance(o, Verdict) and set(o.subject.candidates) <= set(own.values())]
    stored = opinions.facts_of(review.database, item)
    keys = [own[s].key for s in sets if s in own]
    facts = {s: CandidateFacts.from_json(stored[own[s].key]) for s in sets if s in own and own[s].key in stored}
    unusual = kept_outliers(review, item, facts)
    return Opinions(
        verdict=verdicts[0] if verdicts else None,
        qualities=tuple(_quality(own.get(s), said, anatomy) for s in sets),
        facts=tuple(facts.get(s) for s in sets),
        pair=_pair(stored, keys),
        critic=review.critic.identity.title,
        other_prompts=_other_prompts(verdicts[0], review.critic.identity) if verdicts else "",
        unusual=tuple(tuple(unusual.get(s, ())) for s in sets),
        sets=tuple(sets),
        pairs=_pairs(stored, {s: own[s].key for s in sets if s in own}),
    )


def _other_prompts(verdict: Verdict, now: CriticIdentity) -> str:
    return verdict.critic.prompts if verdict.orders and verdict.critic.prompts != now.prompts else ""


def _shown_sets(review: OpenReview, own: Mapping[str, CandidateId]) -> tuple[LabelSet, ...]:
    """Return the label sets that can stand on the stage: all up to four, else all that have a candidate."""
    if len(review.label_sets) <= MOST_PANELS:
        return review.label_sets
    return tuple(s for s in review.label_sets if s.slug in own) or review.label_sets[:MOST_PANELS]


def _concerns(refusal: index.Refusal, item: ItemId) -> bool:
    return refusal.structure in {"", item.structure}


def _pair(stored: Mapping[str, Mapping[str, object]], keys: list[str]) -> PairFacts | None:
    for n, first in enumerate(keys):
        for second in keys[n + 1 :]:
            if f"{first}:{second}" in stored:
                return PairFacts.from_json(stored[f"{first}:{second}"])
    return None


def _pairs(stored: Mapping[str, Mapping[str, object]], keys: Mapping[str, str]) -> dict[tuple[str, str], PairFacts]:
    """Return what was measured of every two candidates, by the slugs of their label sets, in the order measured."""
    known = {(a, b): f"{keys[a]}:{keys[b]}" for a in keys for b in keys if a != b}
    return {sets: PairFacts.from_json(stored[key]) for sets, key in known.items() if key in stored}


def _quality(
    candidate: CandidateId | None, said: list[Verdict | Quality], anatomy: list[Verdict | Quality]
) -> Quality | None:
    """Return the critic's quality score with the anatomy findings beside it; the anatomy critic's when it has none."""
    if candidate is None:
        return None
    found = [_first_quality(candidate, source) for source in (said, anatomy)]
    own, measured = found
    if own is None or measured is None:
        return own or measured
    findings: tuple[Finding, ...] = measured.findings
    return replace(own, findings=findings)


def _first_quality(candidate: CandidateId, source: list[Verdict | Quality]) -> Quality | None:
    return next((o for o in source if isinstance(o, Quality) and o.subject.candidates == (candidate,)), None)
