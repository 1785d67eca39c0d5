"""The real window, offscreen, read by real key events without end; says when a key goes down and when the next item
is painted. Killed from outside."""

import os
import sys

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from labelcritic_gui import app
from labelcritic_gui.__main__ import main
from labelcritic_gui.ui.main_window import MainWindow
from labelcritic_gui.ui.stage.pane import PaneView
from labelcritic_gui.ui.tasks import TaskRunner
from labelcritic_gui.viewmodels.station import Station

KEYS = {"skip": Qt.Key.Key_S, "edit": Qt.Key.Key_E, "none": Qt.Key.Key_X, "absent": Qt.Key.Key_0}


def say(*words: object) -> None:
    """Write a line past every buffer of this process."""
    os.write(1, (" ".join(str(w) for w in words) + "\n").encode())


class Reader:
    """Presses a key whenever the window takes one, and acknowledges when the next item is painted."""

    def __init__(self, window: MainWindow, station: Station) -> None:
        self._window, self._station = window, station
        self._pressed: tuple[object, str] | None = None
        self._count = 0
        self._panels: set[int] = set()
        self._timer = QTimer(window, interval=1)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        for panel in self._window.findChildren(PaneView):
            if id(panel) not in self._panels:
                self._panels.add(id(panel))
                panel.painted.connect(self._painted)
        reading = self._station.reading
        if reading is not None and reading.ready and self._pressed is None and reading.item is not None:
            # three skips in four keep the list from running out
            self._count += 1
            turn = os.getpid() + self._count
            choice = "skip" if turn % 4 else ("edit", "none", "absent")[turn // 4 % 3]
            self._pressed = (reading.item, choice)
            say("key", reading.item.case, reading.item.structure, choice)
            QTest.keyClick(QApplication.focusWidget() or self._window, KEYS[choice])

    def _painted(self) -> None:
        reading = self._station.reading
        if reading is None or self._pressed is None:
            return
        item, choice = self._pressed
        if reading.item != item and reading.stage is not None:
            say("done", *item, choice)  # type: ignore[misc]
            self._pressed = None


def watched() -> int:
    """Start `labelcritic open REVIEW`, with the reader in front of it."""
    build = app.build_window

    def build_watched(*arguments: object, **named: object) -> tuple[MainWindow, Station, TaskRunner]:
        window, station, runner = build(*arguments, **named)  # type: ignore[arg-type]
        window.crash_reader = Reader(window, station)
        return window, station, runner

    app.build_window = build_watched
    return main(["open", sys.argv[1]])


if __name__ == "__main__":
    raise SystemExit(watched())
