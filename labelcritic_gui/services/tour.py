"""The difference tour of two candidates: where they differ, and what the critic says there. Layer: services."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labelcritic_gui.core.cancel import Cancel, stop_if
from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.measures.regions import Claimant, DifferingRegion
from labelcritic_gui.core.tour import Tour, find_tour, stop_at
from labelcritic_gui.core.verdict import Subject
from labelcritic_gui.critic.anatomy_reasons import judgement
from labelcritic_gui.critic.base import Question
from labelcritic_gui.services.comparison import load_opinions
from labelcritic_gui.services.measuring import REGIONS
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.services.slices import CaseVolume
from labelcritic_gui.store import opinions

Pair = tuple[CandidateId, CandidateId]


@dataclass(frozen=True, slots=True)
class Remark:
    """What a critic says at one stop; `code` and `side` (whose mask it is about) only of a finding."""

    text: str
    code: FindingCode | None = None
    side: Claimant | None = None
    severity: Severity = Severity.NOTE


Remarks = tuple[tuple[Remark, ...], ...]
"""For every stop of a tour, what is said there, the worst first."""


def find_differences(held: CaseVolume, pair: Pair, *, cancel: Cancel) -> Tour:
    """Return where two candidates of a case in memory differ.

    Raises ReviewError for a candidate without a mask that can be used, and CancelledError.
    """
    stop_if(cancel)
    masks = []
    for candidate in pair:
        if candidate in held.refused:
            raise held.refused[candidate]
        if candidate not in held.masks:
            raise ReviewError(f"{candidate.label_set} has no mask of {candidate.structure} in {candidate.case}.")
        masks.append(held.masks[candidate])
    return find_tour(masks[0], masks[1], held.volume)


def remarks_at(review: OpenReview, pair: Pair, tour: Tour) -> Remarks:
    """Return what is stored of a pair's item about each stop: findings by their place, then what was measured there."""
    item = pair[0].item
    said: list[list[Remark]] = [[] for _ in tour.stops]
    for candidate, side in zip(pair, _SIDES, strict=True):
        for finding in _findings(review, item, candidate):
            number = _stop_of(finding, side, tour)
            if number is not None:
                said[number].append(Remark(finding.text, finding.code, side, finding.severity))
    for number, text in _judgements(review, pair, tour):
        said[number].append(Remark(text))
    for here in said:
        here.sort(key=lambda remark: (remark.code is None, -int(remark.severity)))
    return tuple(tuple(here) for here in said)


_SIDES: tuple[Claimant, Claimant] = ("first", "second")
_TOO_MUCH = frozenset({FindingCode.LEAK, FindingCode.ISLE, FindingCode.WRONG, FindingCode.OUT, FindingCode.SIDE})
"""Found in what a mask has; `_TOO_LITTLE` in what it lacks, which is the other one's claim. Others may be in either."""
_TOO_LITTLE = frozenset({FindingCode.MISS, FindingCode.HOLE, FindingCode.CUT, FindingCode.EMPTY})


def _stop_of(finding: Finding, side: Claimant, tour: Tour) -> int | None:
    """Return the stop that a finding about one side's mask is about; a rim only when it lies in it."""
    if finding.place is None:
        return None
    other: Claimant = "second" if side == "first" else "first"
    about = {side} if finding.code in _TOO_MUCH else {other} if finding.code in _TOO_LITTLE else {side, other}
    own = [number for number, stop in enumerate(tour.stops) if stop.claimant in about]
    found = stop_at([tour.stops[number] for number in own], finding.place)
    if found is None:
        return None
    stop = tour.stops[own[found]]
    return None if stop.rim and stop_at([stop], finding.place, reach_mm=0.0) is None else own[found]


def _findings(review: OpenReview, item: ItemId, candidate: CandidateId) -> tuple[Finding, ...]:
    for quality in load_opinions(review, item).qualities:
        if quality is not None and quality.subject.candidates == (candidate,):
            return quality.findings
    return ()


def _judgements(review: OpenReview, pair: Pair, tour: Tour) -> list[tuple[int, str]]:
    """Return (stop, what its densities and the anatomy say) of every region that was measured."""
    told = []
    for region, words in judged_regions(review, pair):
        number = stop_at(tour.stops, region.place)
        if number is not None and tour.stops[number].claimant == region.claimant:
            told.append((number, words))
    return told


def judged_regions(review: OpenReview, pair: Pair) -> list[tuple[DifferingRegion, str]]:
    """Return every region of a pair that was measured, with what its densities and the anatomy say of it."""
    stored = opinions.facts_of(review.database, pair[0].item)
    question = _question(review, pair, stored)
    if question is None:
        return []
    return [(region, judgement(region, question)) for region in question.regions if region.signs is not None]


def _question(review: OpenReview, pair: Pair, stored: Mapping[str, Mapping[str, Any]]) -> Question | None:
    """Return what was measured of a pair, as it is put to the anatomy critic; None where it was not measured."""
    first, second = pair
    straight, turned = f"{first.key}:{second.key}", f"{second.key}:{first.key}"
    body = stored.get(straight, stored.get(turned))
    if body is None or first.key not in stored or second.key not in stored:
        return None
    facts, regions = PairFacts.from_json(body), [DifferingRegion.from_json(one) for one in body.get(REGIONS, ())]
    if straight not in stored:
        facts, regions = facts.swapped(), [region.swapped() for region in regions]
    return Question(
        Subject(first.item, pair, ("", "")),
        review.table.get(first.structure),
        (CandidateFacts.from_json(stored[first.key]), CandidateFacts.from_json(stored[second.key])),
        pair=facts,
        regions=tuple(regions),
    )
