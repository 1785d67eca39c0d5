"""Measure the reading room, `python -m benchmarks.reading_room [--review FOLDER] [--items 60] [--frames 120]`.

Draws a body of 512 x 512 x 400 with nine structures and two label sets under many names, opens its review in the real
window, offscreen, raster, 1920 x 1080, and drives it by real key and mouse events:

* key to painted next item: a decision key, until every panel of the next item is painted; fetched ahead or not;
* frames: scroll, window drag, blink, crosshair, from the event until every pane that shows it is painted, with one
  plane per candidate (2 panes) and three (6 panes).

The floor in the same run: what QPainter takes to draw as many ready pictures of the same size.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SIZE = (1920, 1080)
TARGETS = {2: (8.0, 12.0), 6: (17.0, 20.0)}
"""Median and 95th percentile of a frame, in ms, by panes."""


def main() -> None:
    """Make the review where none is named, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--review", default="")
    parser.add_argument("--items", type=int, default=60)
    parser.add_argument("--frames", type=int, default=120)
    arguments = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LABELCRITIC_HOME"] = str(Path(folder) / "home")
        from benchmarks.body_review import make_body_review

        review = Path(arguments.review) if arguments.review else make_body_review(Path(folder), cases=20)
        room = Room(review)
        try:
            room.measure(arguments.items, arguments.frames)
        finally:
            room.close()


class Room:
    """The window on a review, with real lanes."""

    def __init__(self, review: Path) -> None:
        from PySide6.QtWidgets import QApplication

        from labelcritic_gui.app import build_window
        from labelcritic_gui.bootstrap import build_services
        from labelcritic_gui.settings import change_settings

        self.application = QApplication.instance() or QApplication(sys.argv[:1])
        services = build_services(change_settings(reader="benchmark", notice_accepted=True))
        self.window, self.station, self.runner = build_window(services)
        self.failed: list[BaseException] = []
        self.runner.failed.connect(self.failed.append)
        self.paints = PaintCount(self.window)
        self.window.resize(*SIZE)
        self.window.show()
        start = time.perf_counter()
        self.station.open(review)
        self.until(lambda: self.reading is not None and self.reading.stage is not None, "the first item")
        print(f"review opened, first item loaded: {1000 * (time.perf_counter() - start):.0f} ms")

    @property
    def reading(self):
        """The reading that is open."""
        return self.station.reading

    @property
    def stage(self):
        """The stage as a widget."""
        return self.window.screen_.stage

    def until(self, condition: Callable[[], bool], what: str, *, seconds: float = 120.0) -> None:
        """Run the event loop until a condition holds; end the benchmark where it does not in time."""
        end = time.perf_counter() + seconds
        while not condition():
            self.application.processEvents()
            if self.failed or time.perf_counter() > end:
                raise SystemExit(f"the window did not get there: {what} {self.failed}")
            time.sleep(0.0005)

    def close(self) -> None:
        """Close the window, and wait for its lanes."""
        self.window.close()
        self.runner.shutdown()

    # --- measuring ---------------------------------------------------------------------------------------------

    def measure(self, items: int, frames: int) -> None:
        """Measure everything, and print it."""
        self.cold()
        self.walk("projection", items // 2)
        self.press("view.mode")
        self.until(lambda: self.reading.volume is not None, "the slices")
        self.walk("slices", items // 2)
        for planes, panes in (("one", 2), ("three", 6)):
            if self.station.looking.planes != planes:
                self.press("view.planes")
            self.settle()
            self.frames(panes, frames)
        self.floor(frames)

    def cold(self) -> None:
        """Go to items of cases that nobody fetched ahead, by a click's way into the list."""
        worklist, found = self.reading.worklist, []
        for place in (150, 100, 60, 120, 80):
            item = worklist.item_at(min(place, worklist.count - 1))
            self.settle()
            start = time.perf_counter()
            self.reading.go_to(item)
            self.until(lambda item=item: self.shown(item), "an item that was not fetched ahead")
            found.append(1000 * (time.perf_counter() - start))
        print(row("click to painted item, not fetched ahead", found, "target 2500 ms"))

    def walk(self, what: str, items: int) -> None:
        """Decide items one after the other; each next one has been fetched ahead."""
        found = []
        for _ in range(items):
            self.settle()
            self.until(lambda: self.reading.ready, "an item to decide")
            before = self.reading.item
            start = time.perf_counter()
            self.press("decide.accept_1")
            self.until(lambda: self.reading.item != before and self.shown(self.reading.item), "the next item")  # noqa: B023
            found.append(1000 * (self.paints.last - start))
        print(row(f"key to painted next item, {what}", found, "target 50 / p99 150 ms"))

    def shown(self, item) -> bool:
        """Say whether an item's picture is on the screen."""
        reading = self.reading
        slices_wait = self.station.looking.mode == "slices" and reading.volume is None
        return reading.stage is not None and reading.stage.item == item and self.paints.current() and not slices_wait

    def settle(self) -> None:
        """Wait until nothing runs."""
        self.until(lambda: self.runner.idle, "quiet lanes")

    def frames(self, panes: int, count: int) -> None:
        """Measure frames of every kind with so many panes."""
        acts = {
            "scroll": lambda n: self.press("slice.next" if n // 40 % 2 == 0 else "slice.previous"),
            "blink": lambda _: self.press("see.blink"),
            "window drag": self.drag_window,
            "crosshair": self.drag_crosshair,
        }
        from labelcritic_gui.ui.commands import BY_ID

        if "see.blink" not in BY_ID:
            acts.pop("blink")
        for name, act in acts.items():
            found = []
            for n in range(count):
                self.paints.clear()
                start = time.perf_counter()
                act(n)
                while not self.paints.all_of(self.stage.panes):
                    self.application.processEvents()
                    if time.perf_counter() - start > 2:
                        raise SystemExit(f"{name}: only {len(self.paints.seen)} of {panes} panes were painted")
                found.append(1000 * (time.perf_counter() - start))
            self.mouse_up()
            median, p95 = TARGETS[panes]
            print(row(f"{name}, {panes} panes", found, f"target {median:.0f} / p95 {p95:.0f} ms", at=0.95))

    def floor(self, count: int) -> None:
        """What QPainter takes to draw two ready pictures of the panes' size, and six."""
        from PySide6.QtCore import QPointF
        from PySide6.QtGui import QImage, QPainter

        for panes in (2, 6):
            target = QImage(*SIZE, QImage.Format.Format_RGB32)
            picture = QImage(512, 512, QImage.Format.Format_RGB32)
            picture.fill(0x336699)
            wide = SIZE[0] / panes * 0.7
            found = []
            for _ in range(count):
                start = time.perf_counter()
                painter = QPainter(target)
                for n in range(panes):
                    painter.save()
                    painter.translate(n * wide, 0)
                    painter.scale(wide / 512, wide / 512)
                    painter.drawImage(QPointF(0, 0), picture)
                    painter.restore()
                painter.end()
                found.append(1000 * (time.perf_counter() - start))
            print(row(f"floor: {panes} ready pictures drawn", found, "", at=0.95))

    # --- events ------------------------------------------------------------------------------------------------

    def press(self, command: str) -> None:
        """Press the first key of a command."""
        from PySide6.QtGui import QKeySequence
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication

        from labelcritic_gui.ui.commands import BY_ID

        combination = QKeySequence.fromString(BY_ID[command].keys[0])[0]
        QTest.keyClick(QApplication.focusWidget() or self.window, combination.key(), combination.keyboardModifiers())

    def drag_window(self, n: int) -> None:
        """Drag the window's width and level one step."""
        self.drag("right", n)

    def drag_crosshair(self, n: int) -> None:
        """Drag the crosshair one step."""
        self.drag("left", n)

    def drag(self, button: str, n: int) -> None:
        """Move the mouse over the first pane with a button held; the first step presses it."""
        from PySide6.QtCore import QPoint, Qt
        from PySide6.QtTest import QTest

        pane = self.stage.panes[0]
        held = Qt.MouseButton.RightButton if button == "right" else Qt.MouseButton.LeftButton
        at = pane.rect().center() + QPoint(n % 60 - 30, n * 2 % 60 - 30)
        if n == 0:
            QTest.mousePress(pane, held, Qt.KeyboardModifier.NoModifier, at)
            self._held = (pane, held, at)
        move(pane, at, held)

    def mouse_up(self) -> None:
        """Let go of the button, if one is held."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        held = getattr(self, "_held", None)
        if held is not None:
            QTest.mouseRelease(held[0], held[1], Qt.KeyboardModifier.NoModifier, held[2])
            self._held = None


def move(pane, at, held) -> None:
    """Send a mouse move with a button held, which QTest cannot."""
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(at),
        QPointF(pane.mapToGlobal(at)),
        Qt.MouseButton.NoButton,
        held,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(pane, event)


class PaintCount:
    """Notes which widgets were painted, and whether the panes are up to date."""

    def __init__(self, window) -> None:
        from PySide6.QtCore import QEvent, QObject
        from PySide6.QtWidgets import QApplication

        seen: set[int] = set()
        self.last, self._item = 0.0, None
        window.screen_.stage.painted.connect(self._painted)

        class Filter(QObject):
            def eventFilter(self, target, event):
                if event.type() == QEvent.Type.Paint:
                    seen.add(id(target))
                return False

        self.seen, self._filter, self._window = seen, Filter(window), window
        QApplication.instance().installEventFilter(self._filter)

    def _painted(self) -> None:
        """Take the time of the first painting of an item."""
        item = self._window._station.reading.item
        if item != self._item:
            self._item, self.last = item, time.perf_counter()

    def clear(self) -> None:
        """Forget what was painted."""
        self.seen.clear()

    def all_of(self, panes) -> bool:
        """Say whether all panes were painted."""
        return all(id(pane) in self.seen for pane in panes)

    def current(self) -> bool:
        """Say whether the reading has told that its picture is on the screen."""
        reading = self._window._station.reading
        return reading.showing.shown_at is not None


def row(name: str, values: list[float], target: str, *, at: float = 0.99) -> str:
    """Return a line with median, least, a high percentile and the longest."""
    ordered = sorted(values)
    high = ordered[min(len(ordered) - 1, round(at * len(ordered)))]
    return (
        f"{name:44} median {statistics.median(ordered):7.1f}  min {ordered[0]:7.1f}  p{round(100 * at)} {high:7.1f}  "
        f"max {ordered[-1]:7.1f} ms   {target}"
    )


if __name__ == "__main__":
    main()
