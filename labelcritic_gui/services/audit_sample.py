"""Chooses which pairs an audit asks about: so many a structure, by a hash of their names. Layer: services.

The order in which cases were entered never matters: sites, scanners and difficulty come in runs. The same seed gives
the same pairs in every run, and another seed others.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.services.judging import EQUIVALENT_DICE
from labelcritic_gui.services.measuring import Pair
from labelcritic_gui.services.opinions import latest
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index
from labelcritic_gui.store.audit import StoredSizes, sizes_of_case

LOOKED_AT_EACH = 10
"""Cases measured for each pair wanted of a structure, before less of a kind is put up with."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """One pair to ask about. `family` is what a quota counts: the structure, or a pair such as the kidneys.

    `known` says that what is stored of its masks shows that there is something to ask.
    """

    item: ItemId
    pair: Pair
    family: str
    known: bool


def chosen_structures(review: OpenReview, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the review's structures that an audit is about; raises ReviewError for one it does not have."""
    named = tuple(dict.fromkeys(review.table.name_of(name) for name in wanted))
    for name in named:
        if name not in review.structures:
            raise ReviewError(
                f"There is no structure {name} in this review.", f"It has: {', '.join(review.structures)}."
            )
    return named or review.structures


class Sample:
    """Walks the cases in the order of their hashes until every structure has its pairs.

    Whoever walks calls `take` for every pair that was really asked about; the quotas count these alone.
    """

    def __init__(
        self, review: OpenReview, structures: Sequence[str], *, each: int, seed: str, as_pairs: bool = False
    ) -> None:
        self._review = review
        self._each = each
        self._seed = seed
        self._families = {name: self._family(name, structures, as_pairs=as_pairs) for name in structures}
        self._taken: Counter[str] = Counter()
        self._measured = 0

    def _family(self, name: str, structures: Sequence[str], *, as_pairs: bool) -> str:
        structure = self._review.table.get(name)
        joined = as_pairs and structure.pair_title and structure.pair in structures
        return structure.pair_title if joined else name

    def walk(self) -> Iterator[tuple[CaseId, list[Sampled]]]:
        """Yield the cases with the pairs that may be asked about, until there are enough or no more."""
        cases = sorted(index.case_ids(self._review.database), key=self._place)
        for case in cases:
            if not self._open or self._measured >= LOOKED_AT_EACH * self._each:
                return
            found = self._of_case(case)
            if found:
                self._measured += any(not one.known for one in found)
                yield case, found

    def take(self, one: Sampled) -> None:
        """Count a pair as asked about."""
        self._taken[one.family] += 1

    @property
    def _open(self) -> set[str]:
        return {family for family in self._families.values() if self._taken[family] < self._each}

    def _place(self, name: str) -> str:
        return sha256(f"{self._seed}\n{name}".encode()).hexdigest()

    def _of_case(self, case: CaseId) -> list[Sampled]:
        sizes = sizes_of_case(self._review.database, case)
        candidates = latest(index.candidates_of(self._review.database, case))
        found: dict[str, Sampled] = {}
        for name in sorted(self._families, key=lambda name: self._place(f"{case}\n{name}")):
            family = self._families[name]
            if family not in self._open or family in found:
                continue
            own = [c.id for c in candidates if c.id.structure == name]
            one = self._pair_of(ItemId(case, name), own, sizes, family)
            if one is not None:
                found[family] = one
        return list(found.values())

    def _pair_of(
        self, item: ItemId, candidates: Sequence[CandidateId], sizes: StoredSizes, family: str
    ) -> Sampled | None:
        """Return the pair of an item to ask about: the first by hash that is known to differ, else one not measured."""
        pairs = list(itertools.combinations(candidates, 2))
        pairs.sort(key=lambda pair: self._place(f"{item}\n{pair[0].label_set}\n{pair[1].label_set}"))
        worth = {pair: self._worth_asking(pair, sizes) for pair in pairs}
        for wanted in (True, None):
            for pair in pairs:
                if worth[pair] is wanted:
                    return Sampled(item, pair, family, known=wanted is True)
        return None

    def _worth_asking(self, pair: Pair, sizes: StoredSizes) -> bool | None:
        """Say whether a pair's masks leave something to ask; None when they were not measured yet."""
        first, second = pair
        dice = sizes.dice_of(first.structure, first.label_set, second.label_set)
        empty = [sizes.empty.get((c.structure, c.label_set)) for c in pair]
        if dice is None or None in empty:
            return None
        return dice < EQUIVALENT_DICE and not any(empty)
