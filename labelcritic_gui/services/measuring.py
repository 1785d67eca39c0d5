"""Reads a case once and measures it: landmarks, field of view, every candidate, every pair, where they differ.

Layer: services.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labelcritic_gui.core.cancel import Cancel, stop_if
from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.geometry import Mask, Volume, content_hash
from labelcritic_gui.core.measures.candidate_facts import measure
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.measures.neighbours import Neighbours
from labelcritic_gui.core.measures.pair_facts import measure_pair
from labelcritic_gui.core.measures.regions import Context, Differences, DifferingRegion, differences
from labelcritic_gui.core.patient.field_of_view import FieldOfView, field_of_view
from labelcritic_gui.core.patient.landmarks import find_landmarks
from labelcritic_gui.core.patient.phase import phase_from_masks
from labelcritic_gui.core.patient.scan import Scan, judgeable
from labelcritic_gui.formats import volumes
from labelcritic_gui.services.masks import load_masks
from labelcritic_gui.services.review import OpenReview

Pair = tuple[CandidateId, CandidateId]
REGIONS = "regions"
"""Where the regions of a pair stand among its stored facts."""


@dataclass(frozen=True)
class MeasuredCase:
    """What is known of a case while opinions are formed. Pairs stand in the review's order of label sets.

    `hashes` are of the masks' content, `file_hashes` of their files; `refused` says why a mask cannot be used.
    """

    review: OpenReview
    case: CaseId
    volume: Volume = field(repr=False)
    masks: Mapping[CandidateId, Mask] = field(repr=False)
    hashes: Mapping[CandidateId, str]
    file_hashes: Mapping[CandidateId, str]
    refused: Mapping[CandidateId, UserError]
    facts: Mapping[CandidateId, CandidateFacts]
    pairs: Mapping[Pair, PairFacts]
    differences: Mapping[Pair, Differences]
    field_of_view: FieldOfView
    scan: Scan | None = None

    def pair_facts(self, first: CandidateId, second: CandidateId) -> PairFacts:
        """Return the facts of a pair, ordered as asked."""
        known = self.pairs.get((first, second))
        return known if known is not None else self.pairs[(second, first)].swapped()

    def regions_of(self, first: CandidateId, second: CandidateId) -> tuple[DifferingRegion, ...]:
        """Return where two candidates differ, largest first, ordered as asked; nothing for an unknown pair."""
        return self.differences_of(first, second).regions

    def differences_of(self, first: CandidateId, second: CandidateId) -> Differences:
        """Return all that only one of two candidates claims, ordered as asked; nothing for an unknown pair."""
        known = self.differences.get((first, second))
        return known if known is not None else self.differences.get((second, first), Differences()).swapped()

    def fact_rows(self) -> list[tuple[ItemId, str, Mapping[str, Any]]]:
        """Return all facts as they are stored: by item and candidates' keys, joined by ":" for a pair."""
        rows: list[tuple[ItemId, str, Mapping[str, Any]]] = [
            (candidate.item, candidate.key, facts.to_json()) for candidate, facts in self.facts.items()
        ]
        for pair, facts in self.pairs.items():
            first, second = pair
            regions = [region.to_json() for region in self.differences[pair].regions]
            rows.append((first.item, f"{first.key}:{second.key}", {**facts.to_json(), REGIONS: regions}))
        return rows


def measure_case(review: OpenReview, case: CaseId, candidates: Sequence[Candidate], cancel: Cancel) -> MeasuredCase:
    """Read a case's image and masks and measure them; raises UnreadableFileError for the image, and CancelledError."""
    volume = volumes.load_ct(review.image_path(case))
    stop_if(cancel)
    landmarks = find_landmarks(volume)
    files = {c.id: review.mask_path(c) for c in candidates}
    loaded = load_masks(files, candidates, image=volume.geometry, cancel=cancel, keep=review.folder)
    neighbours = Neighbours.of(((c.label_set, c.structure, m) for c, m in loaded.masks.items()), volume.geometry)
    phase = phase_from_masks(((c.structure, mask) for c, mask in loaded.masks.items()), volume).name
    facts: dict[CandidateId, CandidateFacts] = {}
    for candidate, mask in loaded.masks.items():
        stop_if(cancel)
        structure, own = review.table.get(candidate.structure), candidate.label_set
        facts[candidate] = measure(
            mask, volume, landmarks, structure=structure, neighbours=neighbours, label_set=own, phase=phase
        )
    pairs: dict[Pair, PairFacts] = {}
    found: dict[Pair, Differences] = {}
    for first, second in pairs_of(c.id for c in candidates if c.id in loaded.masks):
        stop_if(cancel)
        pairs[first, second] = measure_pair(loaded.masks[first], loaded.masks[second], volume)
        context = Context(landmarks, neighbours, review.table.get(first.structure), (first.label_set, second.label_set))
        found[first, second] = differences(loaded.masks[first], loaded.masks[second], volume, context)
    view = field_of_view(volume, landmarks)
    return MeasuredCase(
        review=review,
        case=case,
        volume=volume,
        masks=loaded.masks,
        hashes={candidate: content_hash(mask) for candidate, mask in loaded.masks.items()},
        file_hashes=loaded.file_hashes,
        refused=loaded.refused,
        facts=facts,
        pairs=pairs,
        differences=found,
        field_of_view=view,
        scan=judgeable(volume, landmarks, view),
    )


def pairs_of(candidates: Iterable[CandidateId]) -> list[Pair]:
    """Return every pair of candidates that compete for one item, in the order given."""
    by_item: dict[ItemId, list[CandidateId]] = {}
    for candidate in candidates:
        by_item.setdefault(candidate.item, []).append(candidate)
    return [pair for own in by_item.values() for pair in itertools.combinations(own, 2)]
