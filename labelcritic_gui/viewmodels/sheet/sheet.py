"""The contact sheet: nine open items at a time, a key each, written together. Layer: viewmodels."""

import time
from collections.abc import Callable
from typing import Any, ClassVar, cast

from psygnal import Signal

from labelcritic_gui.core.blinding import Mode, visible
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.review import Choice, Status
from labelcritic_gui.services.comparison import Opinions
from labelcritic_gui.services.thumbnails import SmallStage
from labelcritic_gui.settings import Settings
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.reading.seen import seen_of
from labelcritic_gui.viewmodels.reading.sides import Sides
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.screens import ScreenMode
from labelcritic_gui.viewmodels.sheet.board import CELLS, Board
from labelcritic_gui.viewmodels.sheet.cell import ABSENCE, Cell
from labelcritic_gui.viewmodels.sheet.pictures import SmallPictures
from labelcritic_gui.viewmodels.sheet.writing import Order, OrderedWriting

BUDGET = 32 * 2**20
"""Bytes of small pictures kept when nobody says how many."""
BUDGET_SHARE = 16
"""Of the memory budget, small pictures may take one part in so many."""


class ContactSheet:
    """Nine open items of the worklist, from where the reader is. `board` is what is seen and marked.

    Signals: `filled` (other items are on the board), `activity_changed` (writing began or ended).
    """

    filled: ClassVar[Signal] = Signal()
    activity_changed: ClassVar[Signal] = Signal()

    def __init__(
        self,
        reading: Reading,
        runner: Runner,
        *,
        enter: Callable[[ScreenMode], None],
        window: Callable[[], str],
        least: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
        budget: int = BUDGET,
    ) -> None:
        self.reading = reading
        self._runner = runner
        self._enter = enter
        self._window = window
        self._least = least
        self.is_open = False
        self._mode = Mode(reading.calls.mode)
        self._passed: list[tuple[ItemId, ...]] = []
        self._done: set[ItemId] = set()
        self._awaits_state = False
        self._sides = Sides(
            reading.calls.label_sets,
            seed=reading.calls.seed,
            reader=reading.calls.reader,
            shuffled=lambda: reading.shuffles,
        )
        self.board = Board(
            clock=clock, locked=lambda: reading.writing, advised=lambda: self.advised, say=reading.said.emit
        )
        self._pictures = SmallPictures(
            reading.calls, runner, budget=budget, show=self._show_picture, fail=self._picture_failed
        )
        self._writing = OrderedWriting(
            reading.deciding, wrote=self._wrote, done=self._all_written, stopped=self._not_written
        )
        reading.item_changed.connect(self._item_changed)
        reading.state_changed.connect(self._state_changed)
        reading.worklist.ordered.connect(self._ordered)
        reading.worklist.counts_changed.connect(self._heard)

    @property
    def advised(self) -> bool:
        """Say whether the reader may know what the critic thinks."""
        return visible(self._mode, revealed=False).advice

    @property
    def named(self) -> bool:
        """Say whether the reader may know whose mask is which."""
        return visible(self._mode, revealed=False).names

    @property
    def least(self) -> float:
        """How sure a pick must be to be marked with the others."""
        return self._least()

    @property
    def writing(self) -> bool:
        """Say whether marks are on their way to the disk."""
        return self._writing.active

    # --- coming and going --------------------------------------------------------------------------------------

    def open(self) -> bool:
        """Show the sheet from the item on the stage on; say whether there was something to show."""
        if self._mode is Mode.BLIND_FIRST:
            words = tr("The contact sheet is not for blind-first reviews: it would skip the look at the verdict.")
            self._say(words, tr("Decide item by item."))
            return False
        if self.reading.deciding.busy():
            return False
        here = self.reading.item
        self._sides.choose(self.reading.sides if self.named else ())
        self.is_open = True  # from now on it hears what the critic says
        if here is None or not self._fill_from(here):
            self.is_open = False
            self._say(tr("No open item is left in this list for the contact sheet."))
            return False
        self._enter(ScreenMode.SHEET)
        return True

    def close(self) -> None:
        """Go back to the stage: to the item that was there, or, if it is not open any more, to the first one here."""
        if self.reading.deciding.busy():
            return
        here, left = self.reading.item, [cell.item for cell in self.board.cells if not cell.written]
        self._leave()
        if left and here not in left:
            self.reading.go_to(left[0])

    def open_selected(self) -> None:
        """Put the selected item on the stage."""
        if not self.board.cells or self.reading.deciding.busy():
            return
        item = self.board.cells[self.board.selected].item
        self._leave()
        if item != self.reading.item:
            self.reading.go_to(item)

    def _leave(self) -> None:
        self.is_open = False
        self._passed.clear()
        self._pictures.drop()
        self._enter(ScreenMode.READING)

    # --- which nine --------------------------------------------------------------------------------------------

    def _fill_from(self, here: ItemId) -> bool:
        """Fill the sheet with the item on the stage, when it is open, and the open ones after it."""
        worklist = self.reading.worklist
        stands_open = self.reading.state.status is Status.OPEN and worklist.index_of(here) is not None
        first = (here,) if stands_open else ()
        return self._fill((*first, *worklist.following(here, CELLS - len(first))))

    def _fill(self, items: tuple[ItemId, ...]) -> bool:
        if not items:
            return False
        coming = self.reading.worklist.following(items[-1], CELLS)
        self.board.lay([Cell(item, self._arranged(self._pictures.get(item))) for item in items])
        self._pictures.want(items, coming, self._window())
        self._load_opinions()
        self.reading.critic.want(*dict.fromkeys(item.case for item in (*items, *coming)))
        self.reading.path.remember(items[0])
        self.filled.emit()
        return True

    def next_page(self) -> None:
        """Show the next nine; what is marked here stays marked and unwritten."""
        if self.reading.deciding.busy() or not self.board.cells:
            return
        items = tuple(cell.item for cell in self.board.cells)
        coming = self.reading.worklist.following(items[-1], CELLS)
        if set(coming) <= set(items):
            self._say(tr("These are all open items of this list."))
            return
        self._passed.append(items)
        self._fill(coming)

    def previous_page(self) -> None:
        """Show what was passed by last, as far as it is still open."""
        if self.reading.deciding.busy():
            return
        while self._passed:
            if self._fill(tuple(item for item in self._passed.pop() if item not in self._done)):
                return
        self._say(tr("There is no sheet before this one."))

    def _item_changed(self) -> None:
        if self.is_open and self.reading.finished:
            self._leave()
        elif self.is_open:
            self._awaits_state = True

    def _state_changed(self) -> None:
        """Somebody chose an item, or a decision was undone: go on from there, once it is known how it stands."""
        here = self.reading.item
        if not self.is_open or not self._awaits_state or here is None:
            return
        self._awaits_state = False
        self._passed.clear()
        if self.reading.state.status is Status.OPEN:
            self._done.discard(here)
        if not self._fill_from(here):
            self._leave()

    def _ordered(self) -> None:
        """Another list: go on from the first item here that is on it, else from its top."""
        if not self.is_open or self.writing:
            return
        worklist, here = self.reading.worklist, tuple(cell.item for cell in self.board.cells)
        left = (cell.item for cell in self.board.cells if not cell.written)
        kept = next((item for item in left if worklist.index_of(item) is not None), None)
        coming = worklist.following(kept, CELLS - (kept is not None))
        items = coming if kept is None else (kept, *coming)
        if items == here:  # nothing that is looked at moves
            return
        self._passed.clear()
        if not self._fill(items):
            self._say(tr("No open item is left in this list for the contact sheet."))
            self._leave()

    # --- what is seen ------------------------------------------------------------------------------------------

    @property
    def loaded(self) -> int:
        """How many cells have their picture, or a word why there is none."""
        return sum(cell.small is not None or cell.failure is not None for cell in self.board.cells)

    def reload(self, place: int) -> None:
        """Try again to load a picture that failed."""
        item = self.board.cells[place].item
        self.board.change(item, failure=None)
        items = tuple(cell.item for cell in self.board.cells)
        self._pictures.want(items, self.reading.worklist.following(items[-1], CELLS), self._window())

    def _show_picture(self, small: SmallStage) -> None:
        self.board.change(small.item, small=self._arranged(small), failure=None)

    def _arranged(self, small: SmallStage | None) -> SmallStage | None:
        """Return a picture with its candidates left to right as the item would stand on the stage."""
        if small is None:
            return None
        self._sides.begin(small.item)
        return cast("SmallStage", self._sides.arrange(cast("Any", small)))

    def _picture_failed(self, item: ItemId, error: BaseException) -> None:
        expected = isinstance(error, UserError)
        words = Message(tr("This item could not be shown."), error=True)
        self.board.change(item, failure=of_error(error) if isinstance(error, UserError) else words)
        if not expected:
            raise error

    def _heard(self) -> None:
        if self.is_open:
            self._load_opinions()

    def _load_opinions(self) -> None:
        """Load what is stored of the items that the critic has not been heard on."""
        unheard, calls = tuple(cell.item for cell in self.board.cells if cell.verdict is None), self.reading.calls
        if unheard:
            self._runner.run(
                Lane.STORE,
                lambda: [(item, calls.load_opinions(item)) for item in unheard],
                self._show_opinions,
                key="sheet opinions",
            )

    def _show_opinions(self, found: list[tuple[ItemId, Opinions]]) -> None:
        for item, opinions in found:
            self.board.change(item, opinions=opinions)

    # --- writing -----------------------------------------------------------------------------------------------

    def mark_sure(self) -> None:
        """Mark every cell whose pick is sure."""
        self.board.mark_sure(self.least)

    def undo(self) -> None:
        """Cancel the reader's last decision; its item comes first on the sheet."""
        self.reading.undo()

    def write(self) -> None:
        """Write what is marked, one event an item, then show the next nine."""
        if self.reading.deciding.busy():
            return
        places = self.board.marked
        if not places:
            self._say(tr("Nothing is marked on this sheet."), tr("A digit marks an item, Page Down shows the next."))
        elif not self.board.settled:
            self._say(tr("This sheet has only just appeared; that key was not taken. Press it again."))
        else:
            self._writing.write(tuple(self._order(place) for place in places))
            self.activity_changed.emit()

    def _order(self, place: int) -> Order:
        cell = self.board.cells[place]
        mark = cell.mark
        assert mark is not None  # `marked` names only such cells
        choice = Choice.ABSENT if mark.position == ABSENCE else Choice.ACCEPT
        return Order(place + 1, cell.item, choice, cell.candidate(mark.position), mark.position, self._seen(place))

    def _seen(self, place: int) -> dict[str, Any]:
        """Return what the reader saw of a cell: as on the stage, with its place on the sheet and how it was marked."""
        cell = self.board.cells[place]
        verdict = cell.verdict if self.advised else None
        return {
            **seen_of(self.reading.calls.mode, None, verdict, self.board.seconds_on(cell.item)),
            "named": self.named,
            "sides": [panel.label_set.slug for panel in cell.panels],
            "stage": "sheet",
            "cell": place + 1,
            "cells": len(self.board.cells),
            "marked": cell.mark.how if cell.mark else "",
            "projection": cell.small.window if cell.small else "",
            "overlay": "outline",
        }

    def _wrote(self, order: Order) -> None:
        self._done.add(order.item)
        self.board.forget_mark(order.item)
        self.board.change(order.item, written=True)

    def _all_written(self) -> None:
        cells = self.board.cells
        last, left = cells[-1].item, tuple(cell.item for cell in cells if not cell.written)
        coming = self.reading.worklist.following(last, CELLS)
        self._passed.append(tuple(cell.item for cell in cells))
        self.activity_changed.emit()
        if not self._fill(coming or left):
            self._leave()
            self.reading.path.advance(last)

    def _not_written(self, order: Order, error: BaseException) -> None:
        self.activity_changed.emit()
        done = ", ".join(str(o.number) for o in self._writing.written) or tr("none")
        words = tr("Item {n} was NOT written, nor what is marked after it; written before it: {done}.")
        why = of_error(error) if isinstance(error, UserError) else Message(tr("The report says why."))
        self.reading.said.emit(Message(f"{words.format(n=order.number, done=done)} {why.text}", why.hint, error=True))

    def _say(self, text: str, hint: str = "") -> None:
        self.reading.said.emit(Message(text, hint))


def sheet_of(
    reading: Reading,
    runner: Runner,
    *,
    looking: Looking,
    settings: Callable[[], Settings],
    enter: Callable[[ScreenMode], None],
) -> ContactSheet:
    """Return the contact sheet of an open review; its pictures take a part of the memory budget."""
    return ContactSheet(
        reading,
        runner,
        enter=enter,
        window=lambda: looking.projection,
        least=lambda: settings().sheet_confidence,
        budget=settings().memory_budget // BUDGET_SHARE,
    )
