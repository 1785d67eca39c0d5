"""The nine cells of the contact sheet: what is seen, what is marked, which one is selected. Layer: viewmodels."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from psygnal import Signal

from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.translation import ntr, tr
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.reading.showing import SETTLE_S
from labelcritic_gui.viewmodels.sheet.cell import ABSENCE, Cell, How, Mark

SIDE = 3
CELLS = SIDE * SIDE


class Board:
    """Marks cells. A mark stays with its item, also when the sheet shows others, until it is written or taken off.

    `locked` says whether decisions are being written. Places count from 0, positions of candidates from 1.
    """

    cell_changed: ClassVar[Signal] = Signal(int)
    selected_changed: ClassVar[Signal] = Signal()

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        locked: Callable[[], bool],
        advised: Callable[[], bool],
        say: Callable[[Message], None],
    ) -> None:
        self._clock = clock
        self._locked = locked
        self._advised = advised
        self._say = say
        self.cells: list[Cell] = []
        self.selected = 0
        self._marks: dict[ItemId, tuple[Mark, CandidateId | None]] = {}
        """With the candidate that was meant: on another board it may stand on another side."""
        self._seen_at: dict[ItemId, float] = {}
        self._shown_at: float | None = None

    def lay(self, cells: Sequence[Cell]) -> None:
        """Put other cells on the board, with the marks their items have."""
        self.cells = [replace(cell, mark=self._kept(cell)) for cell in cells]
        self.selected = 0
        self._seen_at.clear()
        self._shown_at = None

    def change(self, item: ItemId, **changes: Any) -> None:
        """Take over what became known of an item, if it is on the board."""
        for place, cell in enumerate(self.cells):
            if cell.item == item:
                changed = replace(cell, **changes)
                if "small" in changes:
                    changed = replace(changed, mark=self._kept(changed))
                self.cells[place] = changed
                self.cell_changed.emit(place)

    def _kept(self, cell: Cell) -> Mark | None:
        """Return the mark that an item has, where the candidate that was meant stands now; None until it is seen."""
        mark, meant = self._marks.get(cell.item, (None, None))
        if mark is None or cell.small is None or mark.position == ABSENCE:
            return mark if cell.small is not None else None
        position = next((n for n in cell.acceptable if cell.candidate(n) == meant), None)
        return replace(mark, position=position) if position is not None else None

    def forget_mark(self, item: ItemId) -> None:
        """Forget what was marked of an item."""
        self._marks.pop(item, None)

    @property
    def marked(self) -> tuple[int, ...]:
        """The places of the cells that would be written."""
        return tuple(n for n, cell in enumerate(self.cells) if cell.mark is not None and not cell.written)

    # --- what was seen -----------------------------------------------------------------------------------------

    def painted(self, place: int) -> None:
        """Take note that a cell's picture is on the screen."""
        if place < len(self.cells) and self.cells[place].small is not None:
            self._seen_at.setdefault(self.cells[place].item, self._clock())
            self._shown_at = self._shown_at if self._shown_at is not None else self._clock()

    def seconds_on(self, item: ItemId) -> float:
        """Return how long an item's picture has been on the screen."""
        return self._clock() - self._seen_at.get(item, self._clock())

    @property
    def settled(self) -> bool:
        """Say whether an eye can have seen this board by now."""
        return self._shown_at is not None and self._clock() - self._shown_at >= SETTLE_S

    # --- selecting and marking ---------------------------------------------------------------------------------

    def select(self, place: int) -> None:
        """Select a cell."""
        if 0 <= place < len(self.cells) and place != self.selected:
            self.selected = place
            self.selected_changed.emit()

    def move(self, across: int, down: int) -> None:
        """Move the selection; it stays at the board's edge."""
        row, column = divmod(self.selected, SIDE)
        there = min(SIDE - 1, max(0, row + down)) * SIDE + min(SIDE - 1, max(0, column + across))
        self.select(there if there < len(self.cells) else self.selected)

    def turn(self, place: int) -> None:
        """Mark a cell with the critic's pick (or its first candidate), then the others, then leave it open."""
        cell = self._markable(place)
        if cell is None:
            return
        if not cell.turns(advised=self._advised()):
            words = tr("Item {n} has nothing to accept here.").format(n=place + 1)
            self._say(Message(words, tr("O opens it on the stage.")))
            return
        self._mark(place, cell.turned(advised=self._advised()))

    def choose(self, place: int, position: int, how: How = "click") -> None:
        """Mark a cell with the candidate at a position; once more leaves it open."""
        cell = self._markable(place)
        if cell is None:
            return
        if position not in cell.acceptable:
            self._say(Message(tr("There is no mask to accept here."), tr("O opens the item on the stage.")))
            return
        same = cell.mark is not None and cell.mark.position == position
        self._mark(place, None if same else Mark(position, how))

    def leave_open(self, place: int) -> None:
        """Take a cell's mark off."""
        if self._markable(place) is not None:
            self._mark(place, None)

    def mark_sure(self, least: float) -> None:
        """Mark every unmarked cell whose critic is so sure, in both orders, and whose pick has no severe finding."""
        if not self._advised():
            self._say(Message(tr("The critic's picks are hidden in this review: nothing was marked.")))
            return
        found = 0
        for place, cell in enumerate(self.cells):
            pick = cell.pick
            if pick is not None and cell.mark is None and self._can_mark(place) and cell.sure(least):
                self._mark(place, Mark(pick, "sure"), select=False)
                found += 1
        words = tr("No sure pick here ({least} % or more).")
        if found:
            words = ntr(
                "{n} sure pick marked ({least} % or more).", "{n} sure picks marked ({least} % or more).", found
            )
        self._say(Message(words.format(n=found, least=round(100 * least))))

    def _can_mark(self, place: int) -> bool:
        cell = self.cells[place]
        seen = self._seen_at.get(cell.item)
        return not self._locked() and not cell.written and seen is not None and self._clock() - seen >= SETTLE_S

    def _markable(self, place: int) -> Cell | None:
        """Return a cell that may be marked now; tell the reader why the key was not taken otherwise."""
        if not 0 <= place < len(self.cells):
            return None
        cell, number = self.cells[place], place + 1
        if self._locked():
            self._say(Message(tr("The last decision is still being written; that key was not taken.")))
        elif cell.small is None:
            self._say(Message(tr("The picture of item {n} is not here; that key was not taken.").format(n=number)))
        elif cell.written:
            self._say(Message(tr("Item {n} is written already.").format(n=number), tr("Backspace undoes it.")))
        elif not self._can_mark(place):
            self._say(Message(tr("Item {n} has only just appeared; that key was not taken.").format(n=number)))
        else:
            return cell
        return None

    def _mark(self, place: int, mark: Mark | None, *, select: bool = True) -> None:
        cell = self.cells[place]
        self.cells[place] = replace(cell, mark=mark)
        if mark is None:
            self._marks.pop(cell.item, None)
        else:
            self._marks[cell.item] = (mark, cell.candidate(mark.position))
        if select:
            self.select(place)
        self.cell_changed.emit(place)
