"""A short reading of a review by real key events in the real window, with screenshots. Layer: ui."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QEventLoop, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.review import Choice
from labelcritic_gui.ui.main_window import SIZE, MainWindow
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.station import Station

WAIT_MS = 120_000
SLICE_MS = 20
KEYS = {
    "1": Qt.Key.Key_1,
    "2": Qt.Key.Key_2,
    "Return": Qt.Key.Key_Return,
    "E": Qt.Key.Key_E,
    "X": Qt.Key.Key_X,
    "0": Qt.Key.Key_0,
    "S": Qt.Key.Key_S,
}
ROUND = ("1", "2", "Return", "E", "X", "0", "S")
"""Every kind of decision, in turn."""


@dataclass(frozen=True, slots=True)
class Step:
    """One decision as it was found in the journal after its key."""

    key: str
    item: ItemId
    choice: Choice
    milliseconds: int


@dataclass(frozen=True, slots=True)
class ReadingReport:
    """What a scripted reading did: its decisions, one undo of them, its screenshots."""

    steps: tuple[Step, ...]
    undone: ItemId | None
    screenshots: tuple[Path, ...]


def wait_for(condition: Callable[[], bool], what: str, *, milliseconds: int = WAIT_MS) -> None:
    """Run the event loop until a condition holds; raises UserError when it does not in time."""
    timer = QElapsedTimer()
    timer.start()
    while not condition():
        if timer.elapsed() > milliseconds:
            raise UserError(f"The window did not get there in {milliseconds // 1000} s: {what}.", "See the log.")
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, SLICE_MS)
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, SLICE_MS)


class ScriptedReading:
    """Drives a window that was just built. `caught` collects defects that reached the runner."""

    def __init__(self, window: MainWindow, station: Station, out_dir: Path, caught: list[BaseException]) -> None:
        self._window, self._station, self._out, self._caught = window, station, out_dir, caught
        self._pictures: list[Path] = []

    def read(self, folder: Path, decisions: int) -> ReadingReport:
        """Open a review, decide items by every kind of decision in turn, undo once, look at the sheets."""
        self._out.mkdir(parents=True, exist_ok=True)
        self._window.resize(*SIZE)
        self._window.show()
        self._picture("start")
        self._station.open(folder)
        wait_for(lambda: self._station.reading is not None or self._failed(), "the review is open")
        reading = self._reading()
        self._until_ready(reading)
        wait_for(lambda: self._heard(reading), "the critic has spoken")
        self._picture("reading")
        self._look_around(reading)
        steps, undone = [], None
        for number in range(decisions):
            if reading.finished:
                break
            steps.append(self._decide(reading, ROUND[number % len(ROUND)]))
            if number == 1:
                undone = self._undo(reading)
                steps.append(self._decide(reading, "1"))
        wait_for(lambda: reading.finished or reading.ready, "the next item is on the screen")
        self._picture("after")
        self._sheet("keys", Qt.Key.Key_F1)
        return ReadingReport(tuple(steps), undone, tuple(self._pictures))

    def _reading(self) -> Reading:
        if self._station.reading is None:
            raise UserError("The review could not be opened in the window.", "See the message before.")
        return self._station.reading

    def _failed(self) -> bool:
        if self._caught:
            raise self._caught[0]
        return self._station.job is None and self._station.reading is None

    def _until_ready(self, reading: Reading) -> None:
        wait_for(lambda: reading.ready or reading.finished or self._check(reading), "an item is on the screen")

    def _heard(self, reading: Reading) -> bool:
        """Say whether the critic spoke on the item, or cannot."""
        return (
            self._check(reading)
            or reading.finished
            or reading.critic.down is not None
            or reading.verdict is not None
            or bool(reading.stage and len(reading.stage.panels) < 2)
        )

    def _check(self, reading: Reading) -> bool:
        if self._caught:
            raise self._caught[0]
        if reading.failure is not None:
            raise UserError(reading.failure.text, reading.failure.hint)
        return False

    def _look_around(self, reading: Reading) -> None:
        self._press(Qt.Key.Key_F)
        self._picture("style")
        self._press(Qt.Key.Key_O)
        self._picture("masks-off")
        self._press(Qt.Key.Key_O)
        self._press(Qt.Key.Key_W)
        self._press(Qt.Key.Key_Plus)
        self._press(Qt.Key.Key_Plus)
        self._picture("closer")
        self._press(Qt.Key.Key_R)
        for _ in range(2):
            self._press(Qt.Key.Key_W)
            self._press(Qt.Key.Key_F)
        self._until_ready(reading)

    def _decide(self, reading: Reading, key: str) -> Step:
        self._until_ready(reading)
        key = self._possible(reading, key)
        item = reading.item
        if item is None:
            raise UserError("There is no item to decide.", "The list is finished.")
        before = len(reading.calls.item_state(item).standing)
        timer = QElapsedTimer()
        timer.start()
        self._press(KEYS[key])
        wait_for(lambda: reading.finished or reading.item != item or self._check(reading), f"key {key} moved on")
        wait_for(lambda: reading.finished or reading.stage is not None or self._check(reading), "the next item")
        milliseconds = timer.elapsed()
        state = reading.calls.item_state(item)
        if len(state.standing) != before + 1 or state.last is None:
            raise UserError(f"The decision by key {key} on {item} is not in the journal.", "This is a defect.")
        return Step(key, item, state.last.decision.choice, milliseconds)

    def _possible(self, reading: Reading, key: str) -> str:
        """Return the key, or S where the item has no such candidate or no pick."""
        panels = reading.stage.panels if reading.stage else ()
        if key in {"1", "2"} and (len(panels) < int(key) or panels[int(key) - 1].candidate is None):
            return "S"
        if key == "Return" and (reading.verdict is None or not reading.verdict.outcome.is_pick):
            return "S"
        return key

    def _undo(self, reading: Reading) -> ItemId | None:
        self._until_ready(reading)
        last = reading.made[-1].item if reading.made else None
        self._press(Qt.Key.Key_Backspace)
        wait_for(lambda: (reading.item == last and not reading.writing) or self._check(reading), "undo went back")
        return last

    def _sheet(self, name: str, key: Qt.Key) -> None:
        self._press(key)
        wait_for(lambda: _open_dialog() is not None, f"the {name} sheet is open")
        dialog = _open_dialog()
        if dialog is not None:
            self._save(name, dialog)
            dialog.reject()

    def _press(self, key: Qt.Key) -> None:
        target = QApplication.focusWidget() or self._window
        QTest.keyClick(target, key)

    def _picture(self, name: str) -> None:
        QCoreApplication.processEvents()
        self._save(name, self._window)

    def _save(self, name: str, widget: "MainWindow | QDialog") -> None:
        file = self._out / f"{len(self._pictures) + 1:02d}-{name}.png"
        if not widget.grab().save(str(file)):
            raise UserError(f"The screenshot {file} could not be written.", "Check free space and permission.")
        self._pictures.append(file)


def _open_dialog() -> QDialog | None:
    found = QApplication.activeModalWidget()
    return found if isinstance(found, QDialog) else None
