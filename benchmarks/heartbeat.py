"""Measure the gaps of the window's event loop, `python -m benchmarks.heartbeat [--review FOLDER] [--items 200]`.

Reads a review in the real window (offscreen, raster, 1920 x 1080) by real keys, with the real lanes and the anatomy
critic at work on cases that nobody judged before: projections, slices, the contact sheet, the list and its filter,
undo, note, picture, theme. A heartbeat inside the window beats every 5 ms; what it comes late by is a gap. How long the
window's own thread worked in a gap is measured apart: on a machine that others use too, a thread waits for its turn.
Where that thread was when it worked for long is taken down by a signal of the clock (which Windows has not), and
printed. The target is none over 50 ms.
"""

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

BEAT_MS = 5
LONGEST_MS = 50.0
SIZE = (1920, 1080)


def main() -> None:
    """Make the review where none is named, then read it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--review", default="")
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--cases", type=int, default=12, help="of the review that is made")
    parser.add_argument("--switch-ms", type=float, default=0.0, help="Python's switch interval; 0: as it is")
    arguments = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LABELCRITIC_HOME"] = str(Path(folder) / "home")
        from benchmarks.body_review import make_body_review

        review = Path(arguments.review) if arguments.review else make_body_review(Path(folder), cases=arguments.cases)
        reader = Reader(review, arguments.switch_ms)
        try:
            reader.read(arguments.items)
        finally:
            reader.close()
        reader.heart.report()


class Heart:
    """Beats in the window's event loop; takes down late beats by what was going on, and where the thread was."""

    def __init__(self, parent: object) -> None:
        from PySide6.QtCore import QElapsedTimer, Qt, QTimer

        self.doing = "start"
        self.gaps: list[tuple[float, float, str]] = []
        """Of every beat: how late it was, and how long the window's thread itself worked, in ms; and during what."""
        self.places: Counter[str] = Counter()
        self._clock = QElapsedTimer()
        self._clock.start()
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self._timer = QTimer(parent, interval=BEAT_MS)  # type: ignore[call-overload]
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()
        self._told = 0.0
        # the handler runs in the window's own thread: another thread that held a frame would hold its painter too
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)

    def _beat(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        self.gaps.append((1000 * (now - self._last) - BEAT_MS, 1000 * (worked - self._worked), self.doing))
        self._last, self._worked = now, worked

    def _look(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  (signature is Python's)
        """Take down where the window's thread is once it has worked for long."""
        if 1000 * (time.thread_time() - self._worked) > LONGEST_MS and self._worked != self._told:
            self._told = self._worked
            stack = traceback.extract_stack(frame)
            own = [f"{Path(s.filename).name}:{s.lineno} {s.name}" for s in stack if "labelcritic_gui" in s.filename]
            self.places[f"{self.doing}: " + (" > ".join(own[-4:]) or "Qt or Python itself")] += 1

    def stop(self) -> None:
        """Beat no more."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._timer.stop()

    def report(self) -> None:
        """Print the gaps by what was going on, and the places of the long ones."""
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; times in ms")
        heads = ("beats", "late p50", "late p99", "longest", "late > 50", "work p99", "longest", "work > 50")
        print(f"{'while':26s}" + "".join(f"{head:>11s}" for head in heads))
        for doing in dict.fromkeys(doing for _, _, doing in self.gaps):
            late = sorted(max(0.0, gap) for gap, _, d in self.gaps if d == doing)
            work = sorted(worked for _, worked, d in self.gaps if d == doing)
            at99 = int(0.99 * (len(late) - 1))
            numbers = [statistics.median(late), late[at99], late[-1]]
            told = [f"{len(late)}", *(f"{n:.1f}" for n in numbers), f"{sum(n > LONGEST_MS for n in late)}"]
            told += [f"{work[at99]:.1f}", f"{work[-1]:.1f}", f"{sum(n > LONGEST_MS for n in work)}"]
            print(f"{doing:26s}" + "".join(f"{word:>11s}" for word in told))
        for place, count in self.places.most_common(20):
            print(f"  {count} x {place}")


class Reader:
    """The window on a review, with real lanes, and hands."""

    def __init__(self, review: Path, switch_ms: float) -> None:
        from PySide6.QtWidgets import QApplication

        from labelcritic_gui.app import build_window, spare_collector
        from labelcritic_gui.bootstrap import build_services
        from labelcritic_gui.settings import change_settings

        self.application = QApplication.instance() or QApplication(sys.argv[:1])
        if switch_ms:
            sys.setswitchinterval(switch_ms / 1000)
        settings = change_settings(reader="benchmark", notice_accepted=True, hints_seen=True)
        self.window, self.station, self.runner = build_window(build_services(settings))
        spare_collector(self.station)  # as the program does
        self.failed: list[BaseException] = []
        self.runner.failed.connect(self.failed.append)
        self.window.resize(*SIZE)
        self.window.show()
        self.window.activateWindow()
        self._spin(0.3)
        self.heart = Heart(self.window)
        self.heart.doing = "opening the review"
        self.station.open(review)
        self.until(lambda: self.station.reading is not None and self.station.reading.ready, "the first item")

    def close(self) -> None:
        """Let go of the window."""
        self.heart.stop()
        self.window.close()
        self.runner.shutdown()

    def read(self, items: int) -> None:
        """Read so many items in all the ways there are; stop when none is left."""
        acts: list[tuple[str, Callable[[], None], int]] = [
            ("projections", lambda: self.decide("1"), items // 4),
            ("slices", self.in_slices, items // 8),
            ("contact sheet", self.on_sheet, max(1, items // 36)),
            ("list and filter", self.in_list, 6),
            ("undo, note, shot, theme", self.around, 3),
            ("projections again", lambda: self.decide("2"), items // 4),
        ]
        for doing, act, times in acts:
            for _ in range(times):
                if self.station.reading is None or self.station.reading.finished:
                    return
                self.heart.doing = doing
                act()

    def decide(self, key: str) -> None:
        """Decide by a key, and wait for the next item."""
        reading = self.station.reading
        assert reading is not None
        before = reading.item
        self.press(key)
        self.until(lambda: reading.finished or (reading.item != before and reading.ready), "the next item")

    def in_slices(self) -> None:
        """Scroll, turn, blink and tour through slices, then decide."""
        reading, looking = self.station.reading, self.station.looking
        assert reading is not None
        if looking.mode == "projection":
            self.press("Space")
        self.until(lambda: reading.volume is not None or reading.slicing.failure is not None, "the slices")
        for key in ("Right",) * 12 + ("Q",) * 3 + ("Shift+Right", "W", "D", "D", "N", "B", "B", "L", "L", "O", "O"):
            self.press(key)
        self.decide("1")

    def on_sheet(self) -> None:
        """Mark nine items on the contact sheet and write them."""
        if self.station.looking.mode == "slices":
            self.press("Space")
        self.press("G")
        sheet = self.station.sheet()
        if sheet is None or not sheet.is_open:
            return
        cells = sheet.board.cells
        self.until(lambda: sheet.loaded == len(sheet.board.cells) and sheet.board.settled, "the pictures")
        for n in range(1, len(cells) + 1):
            self.press(str(n))
        self.press("Return")
        self.until(lambda: not sheet.is_open or sheet.board.marked == (), "the marks to be written")
        if sheet.is_open:
            self.press("Esc")
        reading = self.station.reading
        self.until(lambda: reading is None or reading.finished or reading.ready, "the stage")

    def in_list(self) -> None:
        """Walk the list, filter it, and show everything again."""
        for key in ("J", "J", "J", "K", "K", "/"):
            self.press(key)
        for letter in "liv":
            self.press(letter)
        self._spin(0.3)
        for key in ("Ctrl+A", "Backspace", "Esc"):
            self.press(key)
        self._spin(0.3)
        reading = self.station.reading
        self.until(lambda: reading is None or reading.finished or reading.ready, "the stage")

    def around(self) -> None:
        """Undo, write a note, take a picture, part the list, change the theme."""
        self.press("Backspace")
        reading = self.station.reading
        self.until(lambda: reading is None or reading.ready, "the item again")
        for key in ("Y", "a", "b", "Return", "Ctrl+Shift+C", "Ctrl+Shift+L", "Ctrl+Shift+L"):
            self.press(key)
        self.heart.doing = "changing the theme"
        self.press("Ctrl+T")
        self._spin(0.3)
        self.heart.doing = "undo, note, shot, theme"

    # --- hands -------------------------------------------------------------------------------------------------

    def press(self, key: str) -> None:
        """Press a key as the window gets it, and let it draw."""
        from PySide6.QtGui import QKeySequence
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication

        combination = QKeySequence.fromString(key)[0]
        QTest.keyClick(QApplication.focusWidget() or self.window, combination.key(), combination.keyboardModifiers())
        self._spin(0.02)

    def _spin(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self.application.processEvents()
            time.sleep(0.0005)

    def until(self, condition: Callable[[], bool], what: str, *, seconds: float = 120.0) -> None:
        """Let the window work until something is so."""
        end = time.perf_counter() + seconds
        while not condition():
            self.application.processEvents()
            if self.failed or time.perf_counter() > end:
                raise SystemExit(f"the window did not get there: {what} {self.failed}")
            time.sleep(0.0005)


if __name__ == "__main__":
    main()
