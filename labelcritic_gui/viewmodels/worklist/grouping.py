"""A list in groups by case, as arrays: a heading above every case, cases that can be folded. Layer: viewmodels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Heading:
    """The line above a case: `number` counts the groups from 0, `first` and `end` are its places in the list."""

    number: int
    case: str
    first: int
    end: int
    folded: bool


def gathered(ranks: Numbers, case_of: Numbers) -> tuple[Numbers, Numbers]:
    """Return an order with the items of a case together, and where each case begins.

    Cases come in the order of their first item; within a case the order stays.
    """
    if not ranks.size:
        return ranks, np.zeros(0, dtype=np.int32)
    cases = case_of[ranks]
    first = np.zeros(int(case_of.max(initial=0)) + 1, dtype=np.int32)
    first[cases[::-1]] = np.arange(ranks.size - 1, -1, -1, dtype=np.int32)  # the last one written is the first place
    order = np.argsort(first[cases], kind="stable")
    cases = cases[order]
    starts = np.flatnonzero(np.concatenate(([True], cases[1:] != cases[:-1]))).astype(np.int32)
    return ranks[order], starts


class Groups:
    """Which line of the window is which place of a grouped list.

    `starts` are the places where groups begin, of `count` places; `cases` the case (a number) of every group.
    """

    def __init__(self, starts: Numbers, cases: Numbers, count: int, folded_cases: frozenset[int] = frozenset()) -> None:
        self._starts = starts
        self._cases = cases
        self._ends = np.append(starts[1:], count).astype(np.int32) if starts.size else starts
        self._folded: NDArray[np.bool_] = np.isin(cases, np.array(sorted(folded_cases), dtype=np.int32))
        self._lay_out()

    def _lay_out(self) -> None:
        heights = 1 + np.where(self._folded, 0, self._ends - self._starts)
        self._tops = np.concatenate(([0], np.cumsum(heights))).astype(np.int64)

    def __len__(self) -> int:
        """Return how many groups there are."""
        return int(self._starts.size)

    @property
    def lines(self) -> int:
        """How many lines the window has: a heading for every group, and the items of the open ones."""
        return int(self._tops[-1])

    @property
    def folded_cases(self) -> frozenset[int]:
        """The cases that are folded, by number."""
        return frozenset(int(case) for case in self._cases[self._folded])

    def at(self, line: int) -> tuple[int, int | None]:
        """Return the group of a line and the place that it shows; None for a heading."""
        group = int(np.searchsorted(self._tops, line, side="right")) - 1
        below = line - int(self._tops[group])
        return group, None if below == 0 else int(self._starts[group]) + below - 1

    def group_of(self, place: int) -> int:
        """Return the group of a place."""
        return int(np.searchsorted(self._starts, place, side="right")) - 1

    def line_of(self, place: int) -> int | None:
        """Return the line of a place; None when its group is folded."""
        group = self.group_of(place)
        if self._folded[group]:
            return None
        return int(self._tops[group]) + 1 + place - int(self._starts[group])

    def heading_line(self, group: int) -> int:
        """Return the line of a group's heading."""
        return int(self._tops[group])

    def bounds(self, group: int) -> tuple[int, int]:
        """Return the first place of a group, and the one behind its last."""
        return int(self._starts[group]), int(self._ends[group])

    def case_of(self, group: int) -> int:
        """Return the case of a group, by number."""
        return int(self._cases[group])

    def is_folded(self, group: int) -> bool:
        """Say whether only the heading of a group is seen."""
        return bool(self._folded[group])

    def fold(self, group: int, folded: bool) -> None:
        """Fold or open a group."""
        self._folded[group] = folded
        self._lay_out()

    def fold_all(self, folded: bool) -> None:
        """Fold or open every group."""
        self._folded[:] = folded
        self._lay_out()

    def next_open_place(self, place: int, by: int) -> int:
        """Return the place `by` steps on (1 or -1), past groups that are folded; outside the list at its ends."""
        there = place + by
        while 0 <= there < int(self._ends[-1]) and self._folded[group := self.group_of(there)]:
            there = int(self._ends[group]) if by > 0 else int(self._starts[group]) - 1
        return there
