"""Measure the window: process start to first paint and first item, and key to painted next item.

`python -m benchmarks.window [--runs 10] [--keys 40] [--review FOLDER]` makes the demonstration review (or takes the one
named), prepares its pictures once (warm), then starts the program in fresh processes, offscreen, and sends it real key
events. The floor in the same run: a process that only shows an empty Qt window.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FLOOR = """
import json, os, time
from PySide6.QtWidgets import QApplication, QWidget
class W(QWidget):
    def paintEvent(self, event):
        print(json.dumps({"window": time.monotonic() - float(os.environ["BENCH_START"])})); QApplication.exit()
a = QApplication([]); w = W(); w.resize(1366, 768); w.show(); a.exec()
"""


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
        from PySide6.QtWidgets import QApplication

        from labelcritic_gui.ui.views.panel import PanelView

        watch = self

        class Paints(QObject):
            def eventFilter(self, target, event):  # noqa: ARG002  (signature is Qt's)
                if event.type() == QEvent.Type.Paint:
                    watch.marks.setdefault("window", time.monotonic() - watch.start)
                return False

        self._filter = Paints(window)
        QApplication.instance().installEventFilter(self._filter)
        self._window, self._station = window, station
        self._seen: set[int] = set()

        def look() -> None:
            for panel in window.findChildren(PanelView):
                if id(panel) not in self._seen:
                    self._seen.add(id(panel))
                    panel.painted.connect(self._painted)
            self._press()

        self._timer = QTimer(window, interval=2)
        self._timer.timeout.connect(look)
        self._timer.start()

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
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication

        reading = self._station.reading
        if "item" not in self.marks or self.pressed or reading is None or not reading.ready:
            return
        if len(self.delays) >= self.keys or reading.finished:
            print(json.dumps({**self.marks, "delays": self.delays}), flush=True)
            self._timer.stop()
            self._window.close()
            return
        self._before, self.pressed = reading.item, time.monotonic()
        QTest.keyClick(QApplication.focusWidget() or self._window, Qt.Key.Key_X)


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


def started(command: list[str], home: str) -> dict:
    environment = {
        **os.environ,
        "BENCH_START": repr(time.monotonic()),
        "LABELCRITIC_HOME": home,
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        sys.exit(f"the program did not get there: {done.stderr[-2000:]}")
    return json.loads(lines[-1])


def row(name: str, values: list[float], floor: float | None = None, target: str = "") -> str:
    values = sorted(values)
    p99 = values[min(len(values) - 1, round(0.99 * len(values)))]
    ratio = f"{statistics.median(values) / floor:8.2f}x" if floor else " " * 9
    median = f"{1000 * statistics.median(values):9.0f}"
    return f"{name:42}{median} ms{1000 * values[0]:9.0f} ms{1000 * p99:9.0f} ms{ratio}  {target}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--keys", type=int, default=40)
    parser.add_argument("--review", default="")
    parser.add_argument("--child", default="")
    arguments = parser.parse_args()
    if arguments.child:
        sys.exit(child(arguments.child, arguments.keys))
    with tempfile.TemporaryDirectory() as folder:
        home = str(Path(folder) / "home")
        os.environ["LABELCRITIC_HOME"] = home
        from labelcritic_gui.bootstrap import build_services
        from labelcritic_gui.services.opinions import ensure_opinions
        from labelcritic_gui.services.pictures import case_pictures
        from labelcritic_gui.settings import change_settings, load_settings
        from labelcritic_gui.store import index

        change_settings(reader="benchmark", notice_accepted=True)
        services = build_services(load_settings())
        demo = Path(folder) / "demo"
        opened = (
            services.open_review(Path(arguments.review)) if arguments.review else services.create_demonstration(demo)
        )
        for case in index.case_ids(opened.database):
            case_pictures(opened, case)
            ensure_opinions(opened, case)
        review = str(opened.folder)
        opened.close()
        floors = [started([sys.executable, "-c", FLOOR], home)["window"] for _ in range(arguments.runs + 1)][1:]
        command = [sys.executable, "-m", "benchmarks.window", "--child", review, "--keys"]
        starts = [started([*command, "0"], home) for _ in range(arguments.runs + 1)][1:]
        delays = started([*command, str(arguments.keys)], home)["delays"]
    floor = statistics.median(floors)
    print(f"{'':42}{'median':>12}{'min':>12}{'p99':>12}   to floor")
    print(row("an empty Qt window, first paint (floor)", floors, floor))
    print(row("Label Critic, first paint", [s["window"] for s in starts], floor, "target 1000 ms"))
    print(row("Label Critic, first item", [s["item"] for s in starts], floor, "target 2000 ms"))
    print(row(f"key to painted next item ({len(delays)} keys)", delays, None, "target 100 ms"))


if __name__ == "__main__":
    main()
