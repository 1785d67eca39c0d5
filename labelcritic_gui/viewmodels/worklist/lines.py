"""The list as lines of the window: items, and the headings of cases where these are grouped. Layer: viewmodels."""

from collections.abc import Iterator
from typing import ClassVar, Protocol

from psygnal import Signal

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.services.worklist import ItemRow
from labelcritic_gui.viewmodels.worklist.grouping import Groups, Heading


class Places(Protocol):
    """A list by place, which lines are made of."""

    groups: Groups | None
    count: int

    def held(self, place: int) -> ItemRow | None:
        """Return the row at a place, if it is held."""

    def index_of(self, item: ItemId | None) -> int | None:
        """Return the place of an item, or None."""

    def case_name(self, number: int) -> str:
        """Return a case by its number."""

    def decided_between(self, first: int, end: int) -> int:
        """Count the decided items from one place to before another."""


class Rows:
    """The list by position: `rows[n]` is a row, or None where it is not held; iterating gives the rows held."""

    def __init__(self, worklist: Places) -> None:
        self._worklist = worklist

    def __len__(self) -> int:
        """Return how many items the list has."""
        return self._worklist.count

    def __getitem__(self, place: int) -> ItemRow | None:
        """Return what is held at a place; nothing is fetched."""
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        return self._worklist.held(place % len(self))

    def __iter__(self) -> Iterator[ItemRow]:
        """Give the rows held, from the top."""
        for n in range(len(self)):
            row = self._worklist.held(n)
            if row is not None:
                yield row


class Lines:
    """Which line shows which place of a worklist; without groups they are the same. `folded`: groups were folded."""

    folded: ClassVar[Signal] = Signal()

    def __init__(self, worklist: Places) -> None:
        self._list = worklist

    @property
    def count(self) -> int:
        """How many lines there are: the items, and the headings of groups."""
        groups = self._list.groups
        return groups.lines if groups is not None else self._list.count

    def place_at(self, line: int) -> int | None:
        """Return the place that a line shows; None for a heading, or no line."""
        if not 0 <= line < self.count:
            return None
        return line if self._list.groups is None else self._list.groups.at(line)[1]

    def line_of(self, item: ItemId | None) -> int | None:
        """Return the line of an item; None when it is not in the list, not known yet, or its case is folded."""
        place = self._list.index_of(item)
        return place if place is None or self._list.groups is None else self._list.groups.line_of(place)

    def heading_at(self, line: int) -> Heading | None:
        """Return the heading on a line, or None."""
        groups = self._list.groups
        if groups is None or not 0 <= line < groups.lines:
            return None
        number, place = groups.at(line)
        if place is not None:
            return None
        first, end = groups.bounds(number)
        return Heading(number, self._list.case_name(groups.case_of(number)), first, end, groups.is_folded(number))

    def decided_in(self, heading: Heading) -> int:
        """Count the decided items below a heading."""
        return self._list.decided_between(heading.first, heading.end)

    def fold(self, number: int, folded: bool) -> None:
        """Fold or open a group."""
        if self._list.groups is not None and self._list.groups.is_folded(number) != folded:
            self._list.groups.fold(number, folded)
            self.folded.emit()

    def fold_all(self, folded: bool) -> None:
        """Fold or open every group."""
        if self._list.groups is not None:
            self._list.groups.fold_all(folded)
            self.folded.emit()

    def turn_for(self, item: ItemId | None) -> None:
        """Fold the group of an item, or open it."""
        place, groups = self._list.index_of(item), self._list.groups
        if groups is not None and place is not None:
            group = groups.group_of(place)
            self.fold(group, not groups.is_folded(group))

    def open_for(self, item: ItemId | None) -> None:
        """Open the group of an item, where it is folded."""
        place = self._list.index_of(item)
        if self._list.groups is not None and place is not None:
            self.fold(self._list.groups.group_of(place), False)
