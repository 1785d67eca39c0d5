"""The real window, offscreen, that presses some keys and then says, line by line, where the reader is.

`python -m tests.crash.placed REVIEW KEY…`: keys in Qt's words, each pressed once the window takes it. Killed from
outside.
"""

import json
import os
import sys

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from labelcritic_gui import app
from labelcritic_gui.__main__ import main
from labelcritic_gui.settings.session import load_place
from labelcritic_gui.ui.main_window import MainWindow
from labelcritic_gui.ui.tasks import TaskRunner
from labelcritic_gui.viewmodels.screens import ScreenMode
from labelcritic_gui.viewmodels.station import Station


class Placed:
    """Presses the keys, then says where the reader is whenever that changes."""

    def __init__(self, window: MainWindow, station: Station, keys: list[str]) -> None:
        self._window, self._station, self._keys = window, station, keys
        self._said = ""
        self._timer = QTimer(window, interval=10)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _settled(self) -> bool:
        reading, looking = self._station.reading, self._station.looking
        if reading is None or not self._window.isActiveWindow():
            return False
        if self._station.mode is ScreenMode.SHEET:
            sheet = self._station.sheet()
            return sheet is not None and sheet.loaded == len(sheet.board.cells) > 0
        return reading.ready and (looking.mode == "projection" or reading.volume is not None)

    def _look(self) -> None:
        if not self._settled():
            return
        if self._keys:
            pressed = QKeySequence.fromString(self._keys.pop(0))[0]
            QTest.keyClick(QApplication.focusWidget() or self._window, pressed.key(), pressed.keyboardModifiers())
            return
        line = json.dumps(self._where(), sort_keys=True)
        if line != self._said:
            self._said = line
            os.write(1, (line + "\n").encode())

    def _where(self) -> dict[str, object]:
        reading, looking = self._station.reading, self._station.looking
        assert reading is not None
        sheet = self._station.sheet() if self._station.mode is ScreenMode.SHEET else None
        apart = self._window.session.apart
        state = looking.state()
        return {
            "mode": self._station.mode.value,
            "item": list(reading.item) if reading.item else None,
            "looking": {k: state[k] for k in ("mode", "plane", "side", "planes", "zoom", "centre", "window")},
            "list": reading.worklist.query.text,
            "sheet": [list(cell.item) for cell in sheet.board.cells] if sheet else [],
            "apart": _screen_at(apart.frameGeometry().center()) if apart is not None else "",
            "window": _screen_at(self._window.frameGeometry().center()),
            "kept": load_place(reading.calls.folder) == self._window.session.session.place(),
        }


def _screen_at(point: QPoint) -> str:
    screen = QGuiApplication.screenAt(point)
    return screen.name() if screen is not None else "nowhere"


def watched() -> int:
    """Start `labelcritic open REVIEW`, with the keys in front of it."""
    build = app.build_window

    def build_watched(*arguments: object, **named: object) -> tuple[MainWindow, Station, TaskRunner]:
        window, station, runner = build(*arguments, **named)  # type: ignore[arg-type]
        window.placed = Placed(window, station, sys.argv[2:])
        return window, station, runner

    app.build_window = build_watched
    return main(["open", sys.argv[1]])


if __name__ == "__main__":
    raise SystemExit(watched())
