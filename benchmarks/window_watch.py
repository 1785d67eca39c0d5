"""The program as `labelcritic open REVIEW` starts it, watched: when what is painted. Started by benchmarks.window.

Imports next to nothing, so that what is measured is the program's own start.
"""

import os
import sys
import time


class Watch:
    """Notes when the window and an item are first painted, and how long each decision key takes to the next item."""

    def __init__(self, keys: int) -> None:
        self.start = float(os.environ["BENCH_START"])
        self.keys = keys
        self.marks: dict[str, float] = {}
        self.delays: list[float] = []
        self.pressed = 0.0

    def attach(self, window, station) -> None:
        """Watch a window that was just built."""
        from PySide6.QtCore import QEvent, QObject, QTimer

        watch = self

        class Paints(QObject):
            def eventFilter(self, target, event):  # noqa: ARG002  (signature is Qt's)
                if event.type() == QEvent.Type.Paint and "window" not in watch.marks:
                    watch.marks["window"] = time.monotonic() - watch.start
                    window.removeEventFilter(self)
                    watch._timer.start()
                return False

        self._filter = Paints(window)
        window.installEventFilter(self._filter)
        self._window, self._station = window, station
        self._seen: set[int] = set()
        self._timer = QTimer(window, interval=5)
        self._timer.timeout.connect(self._look)

    def _look(self) -> None:
        from labelcritic_gui.ui.stage.pane import PaneView

        if "item" not in self.marks:
            for panel in self._window.findChildren(PaneView):
                if id(panel) not in self._seen:
                    self._seen.add(id(panel))
                    panel.painted.connect(self._painted)
        self._press()

    def _painted(self) -> None:
        reading = self._station.reading
        if reading is None or reading.stage is None:
            return
        now = time.monotonic()
        self.marks.setdefault("item", now - self.start)
        if self.pressed and reading.item != self._before:
            self.delays.append(now - self.pressed)
            self.pressed = 0.0

    def _press(self) -> None:
        reading = self._station.reading
        if "item" not in self.marks or self.pressed or reading is None or not reading.ready:
            return
        if len(self.delays) >= self.keys or reading.finished:
            import json

            print(json.dumps({**self.marks, "delays": self.delays}), flush=True)
            self._timer.stop()
            self._window.close()
            return
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication

        self._before, self.pressed = reading.item, time.monotonic()
        QTest.keyClick(QApplication.focusWidget() or self._window, Qt.Key.Key_S)


def child(review: str, keys: int) -> int:
    """Start the program as `labelcritic open REVIEW` does, watched."""
    from labelcritic_gui import app
    from labelcritic_gui.__main__ import main

    build = app.build_window

    def build_watched(services):
        window, station, runner = build(services)
        watch = Watch(keys)
        watch.attach(window, station)
        return window, station, runner

    app.build_window = build_watched
    return main(["open", review])


if __name__ == "__main__":
    raise SystemExit(child(sys.argv[1], int(sys.argv[2])))
