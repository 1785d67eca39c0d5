"""A reader who does a review in the real window, by keys alone or by the mouse alone, and remembers what was meant."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QInputMethodEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.commands import BY_ID
from labelcritic_gui.ui.main_window import MainWindow
from labelcritic_gui.ui.scripted import wait_for
from labelcritic_gui.ui.shortcuts import TEXT_FIELDS
from labelcritic_gui.viewmodels.station import Station

NONE = Qt.KeyboardModifier.NoModifier


class Hands(Protocol):
    """How commands are given."""

    def do(self, command: str) -> None:
        """Carry out a command of the table."""

    def write(self, field: QWidget, text: str) -> None:
        """Write into a text field and leave it."""


class Keyboard:
    """Keys alone. Before every key the focus is moved somewhere at random, into text fields too (Esc leaves them)."""

    def __init__(self, window: MainWindow, rng: random.Random) -> None:
        self._window = window
        self._rng = rng

    def do(self, command: str) -> None:
        """Press the first key of a command."""
        self._wander()
        press(self._window, BY_ID[command].keys[0])

    def write(self, field: QWidget, text: str) -> None:
        """Press the key of the note, type, and leave it by Return."""
        press(self._window, BY_ID["note.focus"].keys[0])
        type_text(QApplication.focusWidget(), text)
        press(self._window, "Return")

    def _wander(self) -> None:
        around = [w for w in self._window.findChildren(QWidget) if _takes_focus(w)]
        if around:
            chosen = self._rng.choice(around)
            chosen.setFocus(Qt.FocusReason.OtherFocusReason)
            for _ in range(3):  # the first Esc may only close what a field offers
                if not isinstance(QApplication.focusWidget(), TEXT_FIELDS):
                    break
                press(self._window, "Esc")
            assert not isinstance(QApplication.focusWidget(), TEXT_FIELDS), "Esc leaves every text field"


class Mouse:
    """Clicks alone: a button where there is one on the screen, else the menu."""

    def __init__(self, window: MainWindow, rng: random.Random) -> None:
        self._window = window
        self._rng = rng

    def do(self, command: str) -> None:
        """Click the button of a command, or its entry in a menu."""
        title = tr(BY_ID[command].title)
        shown = [b for b in self._window.findChildren(QAbstractButton) if b.isVisible() and b.isEnabled()]
        named = [b for b in shown if b.accessibleName() == title]
        if named:
            click(named[0])
        else:
            self._choose(BY_ID[command].menu, title)

    def write(self, field: QWidget, text: str) -> None:
        """Click into a field and type; click on the stage to leave it."""
        click(field)
        type_text(field, text)
        self._window.screen_.stage.setFocus(Qt.FocusReason.MouseFocusReason)

    def _choose(self, menu: str, title: str) -> None:
        bar = self._window.header.menus
        head = next(a for a in bar.actions() if a.text() == tr(menu))
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, NONE, bar.actionGeometry(head).center())
        opened = head.menu()
        assert isinstance(opened, QMenu)
        wait_for(opened.isVisible, f"the menu {menu} is open")
        entry = next(a for a in opened.actions() if a.text().partition("\t")[0] == title)
        assert entry.isEnabled(), f"{title} is not enabled"
        QTest.mouseClick(opened, Qt.MouseButton.LeftButton, NONE, opened.actionGeometry(entry).center())
        wait_for(lambda: not opened.isVisible(), f"the menu {menu} is closed")


def press(window: MainWindow, key: str) -> None:
    """Send one key to whatever has the focus."""
    combination = QKeySequence.fromString(key, QKeySequence.SequenceFormat.PortableText)[0]
    QTest.keyClick(QApplication.focusWidget() or window, combination.key(), combination.keyboardModifiers())


def click(widget: QWidget, at: QPoint | None = None) -> None:
    """Click a widget, in its middle unless told otherwise."""
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, NONE, at or widget.rect().center())


def type_text(field: QWidget, text: str) -> None:
    """Type ASCII by keys; anything else comes as from an input method, since test keys know no other characters."""
    for character in text:
        if character.isascii():
            QTest.keyClick(field, character)
        else:
            composed = QInputMethodEvent()
            composed.setCommitString(character)
            QApplication.sendEvent(field, composed)


def _takes_focus(widget: QWidget) -> bool:
    return widget.isVisible() and widget.isEnabled() and widget.focusPolicy() != Qt.FocusPolicy.NoFocus


@dataclass(frozen=True, slots=True)
class Meant:
    """What the reader meant for an item: the choice, whose mask, and what goes with it."""

    choice: str
    label_set: str = ""
    version: int = 1
    reasons: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    quality: int | None = None
    note: str = ""


class Reader:
    """Decides one item after the other in every way there is. `meant` is the last word on each item."""

    def __init__(self, window: MainWindow, station: Station, hands: Hands, check: Callable[[], None]) -> None:
        self._window, self._station, self.hands, self._check = window, station, hands, check
        self.meant: dict[ItemId, Meant] = {}
        self.ways: set[str] = set()
        self.written = 0

    # --- what is on the screen -----------------------------------------------------------------------------------

    @property
    def reading(self):  # type: ignore[no-untyped-def]
        """The reading behind the window."""
        return self._station.reading

    @property
    def stage(self):  # type: ignore[no-untyped-def]
        """The stage as a widget."""
        return self._window.screen_.stage

    def label_set(self, position: int) -> str:
        """Return the slug of the label set whose name stands over a panel, as the screen says it."""
        said = self.stage.panels[position - 1].title.title
        return next(s.slug for s in self.reading.calls.label_sets if s.title == said)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something, and for no defect."""

        def holds() -> bool:
            self._check()
            return condition()

        wait_for(holds, what, milliseconds=20_000)

    def at_item(self) -> ItemId:
        """Wait until an item can be decided; return it."""
        self.until(lambda: self.reading.ready, "an item is on the screen")
        item: ItemId = self.reading.item
        return item

    def has(self, position: int) -> bool:
        """Say whether there is a mask on a panel."""
        return bool(self.reading.stage.panels[position - 1].candidate is not None)

    # --- deciding ------------------------------------------------------------------------------------------------

    def decide(self, way: str) -> None:
        """Decide the item on the stage in one of the ways of `WAYS`."""
        item = self.at_item()
        meant = WAYS[way](self)
        if meant is None:
            return
        self.until(lambda: self.reading.finished or (self.reading.item != item and not self.reading.writing), way)
        self.meant[item] = meant
        self.ways.add(way)
        self.written += 1

    def accept(self, position: int, **more: object) -> Meant:
        """Accept the mask on a panel; where there is none, say that the absence is right."""
        if not self.has(position):
            self.hands.do("decide.absent")
            return Meant("absent", **more)  # type: ignore[arg-type]
        found = Meant("accept", self.label_set(position), **more)  # type: ignore[arg-type]
        self.hands.do(f"decide.accept_{position}")
        return found

    def look(self, *commands: str) -> None:
        """Look at the item in some ways, each painted before the next."""
        for command in commands:
            self.hands.do(command)
            self.until(lambda: self._station.looking.mode == "projection" or self.reading.volume is not None, command)


def _pick(reader: Reader) -> Meant | None:
    reader.until(lambda: reader.reading.verdict is not None, "the critic has spoken")
    verdict = reader.reading.verdict
    if not verdict.outcome.is_pick or not reader.reading.pick:
        return reader.accept(1)
    picked = verdict.pick.label_set
    reader.hands.do("decide.accept_pick")
    return Meant("accept", picked)


def _plain(command: str, choice: str) -> Callable[[Reader], Meant]:
    def way(reader: Reader) -> Meant:
        reader.hands.do(command)
        return Meant(choice)

    return way


def _swapped(reader: Reader) -> Meant:
    before = reader.label_set(1)
    reader.hands.do("sides.swap")
    reader.until(lambda: reader.reading.ready and reader.label_set(1) != before, "the sides are swapped")
    return reader.accept(1)


def _with_remarks(reader: Reader) -> Meant:
    reader.until(lambda: reader.reading.verdict is not None, "the critic has spoken")
    mark = reader.reading.mark_of
    confirmed, denied = [], []
    for number, wanted in ((1, "confirmed"), (4, "denied")):
        code = reader._window.screen_.bar.chips[number - 1].code.value
        for _ in range(4):
            if mark(code).value == wanted:
                break
            if isinstance(reader.hands, Mouse):
                click(reader._window.screen_.bar.chips[number - 1])
            else:
                reader.hands.do(f"reason.{number}")
        assert mark(code).value == wanted
        (confirmed if wanted == "confirmed" else denied).append(code)
    if isinstance(reader.hands, Mouse):
        click(next(q for q in reader._window.screen_.bar.qualities if q.quality == 2))
    else:
        reader.hands.do("quality.2")
    return reader.accept(2, reasons=tuple(confirmed), denied=tuple(denied), quality=2)


def _with_note(reader: Reader) -> Meant:
    text = "lower pole, see series 3; ✓ עברית"
    reader.hands.write(reader._window.screen_.bar.note, text)
    return reader.accept(1, note=text)


def _second_thoughts(reader: Reader) -> Meant:
    """Decide, undo, redo: the first word stands after all."""
    item = reader.at_item()
    found = reader.accept(1)
    reader.until(lambda: reader.reading.item != item and not reader.reading.writing, "it moved on")
    reader.at_item()
    reader.hands.do("decide.undo")
    reader.until(lambda: reader.reading.item == item and reader.reading.ready, "undo went back")
    reader.hands.do("decide.redo")
    reader.until(lambda: bool(reader.reading.calls.item_state(item).standing), "it was decided anew")
    reader.until(lambda: not reader.reading.writing, "it is written")
    return found


def _toured(reader: Reader) -> Meant:
    reader.look("tour.next", "tour.next", "tour.previous")
    return reader.accept(2)


def _looked(reader: Reader) -> Meant:
    reader.look("view.mode", "slice.next", "slice.on", "view.plane", "view.planes", "see.blink", "see.difference")
    reader.look("see.difference", "see.swipe", "see.swipe", "view.neighbours", "view.planes", "view.mode", "view.reset")
    return reader.accept(1)


WAYS: dict[str, Callable[[Reader], Meant | None]] = {
    "first": lambda r: r.accept(1),
    "second": lambda r: r.accept(2),
    "pick": _pick,
    "edit": _plain("decide.edit", "edit"),
    "none": _plain("decide.none", "none"),
    "absent": _plain("decide.absent", "absent"),
    "unjudged": _plain("decide.unjudged", "unjudged"),
    "skip": _plain("decide.skip", "skip"),
    "swapped": _swapped,
    "remarks": _with_remarks,
    "note": _with_note,
    "second thoughts": _second_thoughts,
    "tour": _toured,
    "looked": _looked,
}
"""Every kind of decision, and every way to come to one, but for the patchwork and the contact sheet."""


def patch(reader: Reader) -> Meant | None:
    """Piece an item together: the first region as the second candidate has it; None where the two do not differ."""
    item, reading = reader.at_item(), reader.reading
    if not (reader.has(1) and reader.has(2)):
        return reader.accept(1)
    own = reader.label_set(1)
    reader.hands.do("go.patchwork")
    patchwork = reader._station.patchwork()
    assert patchwork is not None
    reader.until(lambda: patchwork.board is not None and patchwork.preview is not None, "the patchwork has a preview")
    if not patchwork.board.regions:
        reader.hands.do("patchwork.leave")
        reader.until(lambda: reading.ready, "back on the stage")
        return reader.accept(1)
    reader.hands.do("patchwork.next")
    reader.hands.do("patchwork.take_2")
    reader.until(lambda: len(patchwork.steps) > 1 and not patchwork.busy, "the step is in the preview")
    reader.hands.do("patchwork.holes")
    reader.hands.do("patchwork.undo")
    reader.until(lambda: len(patchwork.steps) == 2 and not patchwork.busy, "one step is taken back")
    reader.hands.do("patchwork.make")
    reader.until(lambda: reading.item != item and not reading.writing, "the patchwork is made and accepted")
    return Meant("accept", own, version=2)


def mark_sheet(reader: Reader) -> dict[ItemId, Meant]:
    """Decide what can be marked of nine items on the contact sheet but for its fifth cell; return what was meant."""
    reader.at_item()
    reader.hands.do("go.sheet")
    sheet, view = reader._station.sheet(), reader._window.screen_.sheet
    assert sheet is not None
    reader.until(lambda: sheet.is_open and sheet.loaded == len(sheet.board.cells), "the sheet has its pictures")
    reader.until(lambda: sheet.board.settled, "the sheet was seen")
    found: dict[ItemId, Meant] = {}
    for place, cell in enumerate(sheet.board.cells):
        if place == 4 or not cell.acceptable:
            continue
        position = cell.acceptable[-1]
        reader.until(lambda: sheet.board._can_mark(place), f"cell {place + 1} was seen")  # noqa: B023
        if isinstance(reader.hands, Mouse):
            click(view.cells[place], view.cells[place].panel_at(position).center())
        else:
            for _ in range(len(cell.panels) + 2):
                now = sheet.board.cells[place].mark
                if now is not None and now.position == position:
                    break
                reader.hands.do(f"sheet.mark_{place + 1}")
        mark = sheet.board.cells[place].mark
        assert mark is not None, (place, QApplication.focusWidget())
        assert mark.position == position, place
        candidate = cell.candidate(position)
        assert candidate is not None
        found[cell.item] = Meant("accept", candidate.label_set)
    assert found
    reader.hands.do("sheet.write")
    reader.until(lambda: not sheet.writing and all(_is_decided(reader, item) for item in found), "all are written")
    reader.hands.do("sheet.back")
    reader.until(lambda: not sheet.is_open, "back on the stage")
    reader.meant |= found
    reader.written += len(found)
    return found


def _is_decided(reader: Reader, item: ItemId) -> bool:
    return bool(reader.reading.calls.item_state(item).standing)
