"""The last ten decisions, for the strip above the bar. Layer: viewmodels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labelcritic_gui.core.cases import ItemId, LabelSet
from labelcritic_gui.core.patchwork.versions import FIRST_VERSION
from labelcritic_gui.core.review import Choice, ItemState, Standing
from labelcritic_gui.viewmodels.cards import colour_of

STRIP = 10
KEPT = 60
"""Decisions that are remembered, so that undoing many still leaves a strip."""


@dataclass(frozen=True, slots=True)
class Made:
    """A decision as the strip of the last ten shows it. `colour` is the accepted label set's index, or -1."""

    item: ItemId
    choice: Choice
    colour: int
    position: int = 0

    @property
    def structure(self) -> str:
        """The structure in plain words."""
        return self.item.structure.replace("_", " ")


class Strip:
    """Keeps the reader's last decisions that stand. An item has one cell: deciding it again changes its cell."""

    def __init__(self, label_sets: Sequence[LabelSet], *, by_place: bool = False) -> None:
        self._label_sets = label_sets
        self._by_place = by_place
        self._log: list[tuple[ItemId, Standing]] = []

    def refill(self, standing: Iterable[tuple[ItemId, Standing]]) -> None:
        """Take over what the journal knows, oldest first; what was decided meanwhile stays behind it."""
        known = list(standing)
        events = {s.event for _, s in known}
        self._log = [*known, *(entry for entry in self._log if entry[1].event not in events)][-KEPT:]

    def add(self, item: ItemId, standing: Standing) -> None:
        """Take note of a decision."""
        self._log = [*self._log, (item, standing)][-KEPT:]

    def undone(self, item: ItemId) -> bool:
        """Take note that the last decision was undone; it was about this item. Say whether it accepted a made mask."""
        if not self._log or self._log[-1][0] != item:
            return True  # older than what is remembered: it may have
        _, standing = self._log.pop()
        return _is_made(standing)

    @property
    def made(self) -> tuple[Made, ...]:
        """The cells, oldest first: a decision on an item that is among them takes the place of the one before."""
        cells: list[tuple[ItemId, Standing]] = []
        for item, standing in self._log:
            recent = max(0, len(cells) - STRIP)
            place = next((n for n, cell in enumerate(cells) if cell[0] == item), None)
            if place is not None and place >= recent:
                cells[place] = (item, standing)
                continue
            if place is not None:
                cells.pop(place)
            cells.append((item, standing))
        return tuple(self._cell(item, standing) for item, standing in cells[-STRIP:])

    def beside(self, item: ItemId | None, by: int) -> tuple[ItemId | None, bool]:
        """Return the item so many cells further, from behind the last cell for an item without one.

        The second says, where there is none, that an item with a cell was left behind the last one.
        """
        items = [made.item for made in self.made]
        here = items.index(item) if item in items else len(items)
        there = here + by
        return (items[there], False) if 0 <= there < len(items) else (None, there >= len(items) > here)

    def _cell(self, item: ItemId, standing: Standing) -> Made:
        decision = standing.decision
        colour = colour_of(self._label_sets, decision.candidate.label_set) if decision.candidate else -1
        if self._by_place and decision.candidate:
            colour = decision.position - 1  # the label set's own would tell whose mask it was
        return Made(item, decision.choice, colour, decision.position)


def made_here(state: ItemState) -> bool:
    """Say whether the decision in force accepts a mask that was made in the review."""
    return state.last is not None and _is_made(state.last)


def _is_made(standing: Standing) -> bool:
    candidate = standing.decision.candidate
    return candidate is not None and candidate.version > FIRST_VERSION
