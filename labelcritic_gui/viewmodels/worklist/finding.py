"""Finds the list that a query stands for; belongs on the lane of the store. Layer: viewmodels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.services.worklist import Head, ItemRow, Keys, WorklistQuery
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.worklist.grouping import gathered

PAGE = 200
Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known already and need not be asked for: the order, how items stand, the keys, the beginning."""

    base: Numbers | None = None
    turns: NDArray[np.uint8] | None = None
    keys: Keys | None = None
    head: Head | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What the store answers to a query.

    `base` is the whole order of the sort, `shown` what the filters leave of it (cases together where they are
    grouped, beginning at `starts`), `turns` how every item stands, `rows` the first rows where they were not known.
    """

    base: Numbers
    shown: Numbers
    starts: Numbers | None
    turns: NDArray[np.uint8]
    rows: tuple[ItemRow, ...]
    keys: Keys


def find(calls: ReviewCalls, query: WorklistQuery, known: Known, *, grouped: bool) -> Found:
    """Return the items of a query in their order."""
    base = known.base if known.base is not None else calls.order(query)
    keys = known.keys if known.keys is not None else calls.keys()
    turns = known.turns if known.turns is not None else calls.turns()
    told = known.head is not None and known.head.ranks is not None
    ranks = known.head.ranks if known.head is not None and told else calls.matching(query)
    shown, starts = base, None
    if ranks is not None:
        among = np.zeros(len(keys.case_of), dtype=np.bool_)
        among[ranks] = True
        shown = base[among[base]]
    if grouped:
        shown, starts = gathered(shown, keys.case_of)
    first = [] if known.head is not None else [int(rank) for rank in shown[:PAGE]]
    return Found(base, shown, starts, turns, calls.rows(first), keys)
