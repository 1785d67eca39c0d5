"""The real window, offscreen: decisions, undoing, redoing and notes by real keys without end. Killed from outside.

Presses as many keys as its second argument says. Says `key WHAT ITEM` when a key goes down, `done WHAT ITEM` when the
window shows that it was done, and `at ITEM` when an item is on the screen and nothing is on its way to the disk.
"""

import os
import sys

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from labelcritic_gui import app
from labelcritic_gui.__main__ import main
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.ui.main_window import MainWindow
from labelcritic_gui.ui.tasks import TaskRunner
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.runner import Lane
from labelcritic_gui.viewmodels.station import Station

Key = Qt.Key
TURNS = ("none", "note", "undo", "redo", "edit", "unjudged", "undo", "undo", "redo", "note", "skip")
KEYS = {
    "none": Key.Key_X,
    "edit": Key.Key_E,
    "unjudged": Key.Key_U,
    "skip": Key.Key_S,
    "undo": Key.Key_Backspace,
    "redo": Key.Key_Backspace,
}


def say(*words: object) -> None:
    """Write a line past every buffer of this process."""
    os.write(1, (" ".join(str(w) for w in words) + "\n").encode())


class SecondThoughts:
    """Presses the next key of its turns whenever the window takes one."""

    def __init__(self, window: MainWindow, station: Station, runner: TaskRunner) -> None:
        self._window, self._station, self._runner = window, station, runner
        self._turn = os.getpid()
        self._waits: tuple[str, ItemId, str] | None = None
        self._settling = False
        self._heard = False
        self._keys_left = int(sys.argv[2])
        self._timer = QTimer(window, interval=1)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        reading = self._station.reading
        if reading is None or self._settling:
            return
        if reading.item is None:
            if reading.finished and not reading.writing:
                self._press(Key.Key_Backspace)  # nothing is left to decide: there has to be
            return
        if not self._heard:
            self._heard = True
            reading.said.connect(self._said)
        if self._waits is not None:
            self._check()
        elif reading.ready and not isinstance(QApplication.focusWidget(), type(self._window.screen_.bar.note)):
            self._settling = True
            item = reading.item
            self._runner.run(Lane.DECIDE, lambda: None, lambda _: self._settled(item))

    def _settled(self, item: ItemId) -> None:
        reading = self._station.reading
        self._settling = False
        if reading is None or reading.item != item or not reading.ready:
            return
        say("at", *item)
        if not self._keys_left:
            self._timer.stop()
            return
        self._keys_left -= 1
        what = TURNS[self._turn % len(TURNS)]
        self._turn += 1
        text = f"note-{os.getpid()}-{self._turn}"
        self._waits = (what, item, text)
        say("key", what, *item)
        if what == "note":
            self._press(Key.Key_Y)
            note = self._window.screen_.bar.note
            note.selectAll()
            QTest.keyClicks(note, text)
            QTest.keyClick(note, Key.Key_Return)
            return
        self._press(KEYS[what], Qt.KeyboardModifier.ShiftModifier if what == "redo" else Qt.KeyboardModifier.NoModifier)

    def _press(self, key: Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(QApplication.focusWidget() or self._window, key, modifier)

    def _check(self) -> None:
        reading = self._station.reading
        if reading is None or self._waits is None:
            return
        what, item, text = self._waits
        if what == "note":
            if reading.state.note == text:
                self._done("note", item, text)
        elif what not in {"undo", "redo"} and reading.item != item and reading.stage is not None:
            self._done(what, item)

    def _said(self, message: Message) -> None:
        if self._waits is None or self._waits[0] not in {"undo", "redo"}:
            return
        made = self._station.reading.made if self._station.reading else ()
        if message.text.startswith("Undone: ") and self._station.reading and self._station.reading.item:
            self._done("undo", self._station.reading.item)
        elif message.text.startswith("Done again: ") and made:
            self._done("redo", next(m.item for m in reversed(made) if message.text == f"Done again: {m.item}."))
        elif "left" in message.text:
            self._waits = None

    def _done(self, what: str, item: ItemId, *more: object) -> None:
        self._waits = None
        say("done", what, *item, *more)


def watched() -> int:
    """Start `labelcritic open REVIEW`, with the reader in front of it."""
    build = app.build_window

    def build_watched(*arguments: object, **named: object) -> tuple[MainWindow, Station, TaskRunner]:
        window, station, runner = build(*arguments, **named)  # type: ignore[arg-type]
        window.crash_reader = SecondThoughts(window, station, runner)
        return window, station, runner

    app.build_window = build_watched
    return main(["open", sys.argv[1]])


if __name__ == "__main__":
    raise SystemExit(watched())
