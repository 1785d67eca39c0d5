"""Readings that hide what the critic says, in the window, by real keys on a review on disk."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget

from labelcritic_gui.core.blinding import Mode
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.repeats import is_repeated
from labelcritic_gui.core.review import Event, EventKind
from labelcritic_gui.services.ledger import ledger
from labelcritic_gui.services.new_review import LabelSource, create_review
from labelcritic_gui.services.opinions import ensure_opinions
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.settings import Settings, change_settings
from labelcritic_gui.store import journal
from labelcritic_gui.store.review_file import read_review_file, write_review_file
from labelcritic_gui.ui.keymap import default_keys
from labelcritic_gui.ui.main_window import MainWindow
from labelcritic_gui.ui.tasks import TaskRunner, default_lanes
from labelcritic_gui.ui.views.ledger_dialog import LedgerDialog
from labelcritic_gui.ui.views.mode_dialog import ModeDialog
from labelcritic_gui.viewmodels.context import Condition, holding
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.screens import ScreenMode
from labelcritic_gui.viewmodels.station import Station
from tests.making import Dataset, request

RIGHT, WRONG = "zebra", "okapi"
"""The label sets: names that occur nowhere else in the window. The critic picks the first one."""
READER = "ann"


class Hands:
    """A window on a real review, and the hands of its reader."""

    def __init__(self, dataset: Dataset, folder: Path, qtbot: Any) -> None:
        change_settings(reader=READER, notice_accepted=True)
        self.folder = folder
        self.qtbot = qtbot
        services = dataset.services.with_settings(Settings(reader=READER, notice_accepted=True))
        self.services = services
        self.runner = TaskRunner(default_lanes(2))
        self.failed: list[BaseException] = []
        self.runner.failed.connect(self.failed.append)
        self.station = Station(services, self.runner)
        self.window = MainWindow(self.station, self.runner, default_keys())
        self.window.show()
        qtbot.waitExposed(self.window)
        self.window.activateWindow()

    def wait(self, condition: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=15_000)

    @property
    def reading(self) -> Reading:
        assert self.station.reading is not None
        return self.station.reading

    @property
    def item(self) -> ItemId:
        assert self.reading.item is not None
        return self.reading.item

    def open(self) -> None:
        self.station.open(self.folder)
        self.ready()

    def ready(self) -> None:
        self.wait(lambda: self.station.reading is not None and (self.reading.ready or self.reading.finished))
        if not self.reading.finished:
            self.wait(lambda: self.reading.opinions is not None and self.reading.showing.state_known)
            self.window.screen_.cards.build()

    def press(self, key: Any, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    def say(self, key: Any) -> None:
        """Press the key of a word; wait until the screen has moved on, or shows the verdict."""
        self.ready()
        item, weighing = self.item, self.reading.revealed
        self.press(key)
        self.wait(lambda: self.reading.item != item or self.reading.revealed is not weighing)
        self.ready()

    def accept(self, label_set: str) -> None:
        self.ready()
        self.say((Qt.Key.Key_1, Qt.Key.Key_2)[self.reading.sides.index(label_set)])

    def keep(self) -> None:
        """Press Return on a verdict that was revealed; wait for the next item."""
        item = self.item
        self.press(Qt.Key.Key_Return)
        self.wait(lambda: self.reading.item != item)
        self.ready()

    @property
    def events(self) -> list[Event]:
        opened = self.services.open_review(self.folder)
        try:
            return [event for event in journal.all_events(opened.database) if event.kind is not EventKind.MODE]
        finally:
            opened.close()

    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.events]

    def texts(self) -> str:
        """All words that can be seen, hovered over or heard in the window."""
        widgets = [self.window, *self.window.findChildren(QWidget)]
        found = [self.window.windowTitle()]
        for widget in (w for w in widgets if w.isVisible()):
            found += [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
            if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
                found.append(widget.text())
        table = self.window.screen_.worklist.table.model()
        roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
        for row in range(table.rowCount()):
            found += [str(table.index(row, c).data(role)) for c in range(table.columnCount()) for role in roles]
        return "\n".join(text for text in found if text)

    def close(self) -> None:
        self.window.close()
        self.runner.shutdown()
        assert self.failed == []


@pytest.fixture
def hands(dataset: Dataset, nothing_left: None, qtbot: Any) -> Iterator[Callable[..., Hands]]:
    """Opens a window on a small review that is read in a mode, every verdict known."""
    made: list[Hands] = []

    def open_hands(mode: str, *, repeats: float = 0.0, again: bool = False) -> Hands:
        folder = dataset.root / f"review-{mode}"
        if not folder.exists():
            labels = (
                LabelSource(RIGHT, dataset.root / "labels" / "good"),
                LabelSource(WRONG, dataset.root / "labels" / "bad"),
            )
            wanted = request(dataset.root, folder=folder, labels=labels, mode=mode, repeats=repeats)
            create_review(wanted, dataset.services.structures)
            opened = dataset.services.open_review(folder)
            for case in ("case_1", "case_2"):
                ensure_opinions(opened, case)
            if again:
                _repeat_first(opened)
            opened.close()
        made.append(Hands(dataset, folder, qtbot))
        made[-1].open()
        return made[-1]

    yield open_hands
    for one in made:
        one.close()
        one.window.deleteLater()
        del one.window
    QApplication.processEvents()


def _repeat_first(opened: OpenReview) -> None:
    """Give a review a seed by which only the item that is read first comes again."""
    from labelcritic_gui.services import worklist

    order = [row.item for row in worklist.page(opened, worklist.WorklistQuery())]
    wanted = [True, *([False] * (len(order) - 1))]
    share = opened.file.repeats
    seed = next(str(n) for n in range(10_000) if [is_repeated(str(n), READER, i, share) for i in order] == wanted)
    write_review_file(opened.folder, opened.file.model_copy(update={"seed": seed}))


@pytest.mark.parametrize("mode", ["blind", "blind-first"])
def test_no_widget_names_a_label_set_or_tells_what_the_critic_says(hands: Callable[..., Hands], mode: str) -> None:
    at = hands(mode)
    for _ in range(3):
        words = at.texts().lower()
        for telling in (RIGHT, WRONG, "critic's pick", "critic picks", "score", "uncertainty", "finding:", "claims"):
            assert telling not in words, telling
        screen = at.window.screen_
        pick = screen.bar.buttons["decide.accept_pick"]
        # where a verdict will come, the button has its place before
        assert (pick.isVisible(), pick.isEnabled()) == (mode == "blind-first", False)
        assert screen.cards.findings == ()
        assert screen.cards.places == ()
        held = holding(at.station)
        assert not {Condition.HAS_PICK, Condition.ADVISED, Condition.ASSISTED} & held
        item = at.item
        at.press(Qt.Key.Key_J)
        at.wait(lambda item=item: at.reading.item != item)
        at.ready()


@pytest.mark.parametrize("screen", ["sheet", "patchwork", "tour"])
def test_no_other_screen_of_a_blind_review_tells_either(hands: Callable[..., Hands], screen: str) -> None:
    at = hands("blind")
    station = at.station
    if screen == "sheet":
        at.press(Qt.Key.Key_G)
        at.wait(lambda: station.mode is ScreenMode.SHEET)
        at.wait(lambda: (sheet := station.sheet()) is not None and all(cell.opinions for cell in sheet.board.cells))
    elif screen == "patchwork":
        at.press(Qt.Key.Key_P)
        at.wait(lambda: station.mode is ScreenMode.PATCHWORK)
        at.wait(lambda: (pieces := station.patchwork()) is not None and pieces.rows)
    else:
        at.press(Qt.Key.Key_Space)
        at.wait(lambda: at.reading.volume is not None)
        at.press(Qt.Key.Key_N)
        at.wait(lambda: station.tour is not None and station.tour.stops)
    QApplication.processEvents()
    words = at.texts().lower()
    for telling in (RIGHT, WRONG, "pick 9", "score", "finding:"):
        assert telling not in words, telling


def test_an_assisted_window_names_them_and_shows_the_verdict(hands: Callable[..., Hands]) -> None:
    at = hands("assisted")
    words = at.texts()
    assert RIGHT in words
    assert WRONG in words
    assert "Verdict of anatomy critic" in words
    assert {Condition.HAS_PICK, Condition.ADVISED, Condition.ASSISTED} <= holding(at.station)


@pytest.mark.parametrize("mode", list(Mode))
def test_the_mode_stands_in_the_header_and_in_the_title(hands: Callable[..., Hands], mode: Mode) -> None:
    at = hands(mode.value)
    assert at.window.header.mode.text() == f"[{mode.value}]"
    assert at.window.header.mode.isVisible()
    assert f"[{mode.value}]" in at.window.windowTitle()


@pytest.mark.parametrize("key", [Qt.Key.Key_T, Qt.Key.Key_I])
def test_what_would_tell_waits_for_the_verdict_and_says_so(hands: Callable[..., Hands], key: Qt.Key) -> None:
    at = hands("blind-first")
    at.press(key)
    assert at.window._dialog is None
    assert at.window.screen_.message.message is not None
    assert at.window.screen_.message.message.text == "Only when the verdict may be seen."
    at.press(Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert at.window._dialog is None


def test_a_whole_blind_review_by_keys(hands: Callable[..., Hands]) -> None:
    at = hands("blind")
    at.accept(RIGHT)
    at.accept(WRONG)
    at.say(Qt.Key.Key_X)
    at.say(Qt.Key.Key_E)
    at.say(Qt.Key.Key_0)
    at.accept(RIGHT)
    assert at.reading.finished
    assert at.kinds() == [EventKind.DECIDED] * 6
    assert [e.payload["choice"] for e in at.events] == ["accept", "accept", "none", "edit", "absent", "accept"]
    assert [e.payload["label_set"] for e in at.events if e.payload["label_set"]] == [RIGHT, WRONG, RIGHT]
    assert {e.payload["stance"] for e in at.events} == {"unadvised"}
    assert {e.seen["mode"] for e in at.events} == {"blind"}
    assert RIGHT not in at.texts()
    assert WRONG not in at.texts()


def test_a_whole_blind_first_review_by_keys(hands: Callable[..., Hands]) -> None:
    at = hands("blind-first")
    bar, message = at.window.screen_.bar, at.window.screen_.message
    places = [bar.buttons[name].geometry() for name in ("decide.accept_1", "decide.accept_pick", "decide.redo")]
    at.accept(WRONG)  # and keep it
    assert at.reading.revealed
    assert places == [bar.buttons[name].geometry() for name in ("decide.accept_1", "decide.accept_pick", "decide.redo")]
    assert RIGHT in at.texts()
    assert bar.buttons["decide.accept_pick"].isVisible()
    assert bar.buttons["decide.accept_pick"].text() == "keep mine"
    assert message.isVisible()
    assert message.message is not None
    assert message.message.text.startswith("You chose ")
    assert f" {RIGHT} (" in message.message.text
    at.keep()
    assert RIGHT not in at.texts()
    assert not message.isVisible()
    at.accept(WRONG)  # and keep it by the same key
    kept = at.item
    at.press((Qt.Key.Key_1, Qt.Key.Key_2)[at.reading.sides.index(WRONG)])
    at.wait(lambda: at.reading.item != kept)
    at.accept(WRONG)  # and change it
    at.accept(RIGHT)
    at.accept(RIGHT)  # as the critic has it: goes on at once
    assert not at.reading.revealed
    at.say(Qt.Key.Key_U)  # no verdict after it
    assert not at.reading.revealed
    at.accept(RIGHT)
    assert at.reading.finished
    decided, revealed = EventKind.DECIDED, EventKind.REVEALED
    both = [decided, revealed]
    assert at.kinds() == [*both, *both, *both, decided, *both, decided, *both]
    stances = [e.payload["stance"] for e in at.events if e.kind is decided]
    assert stances == ["unadvised"] * 3 + ["agreeing"] + ["unadvised"] * 3
    opened = at.services.open_review(at.folder)
    (line,) = ledger(opened).lines
    opened.close()
    assert (line.items, line.revealed, line.count(), line.count(towards=True)) == (6, 5, 1, 1)


def test_a_whole_assisted_review_by_keys_keeps_its_stances(hands: Callable[..., Hands]) -> None:
    at = hands("assisted")
    for _ in range(5):
        at.say(Qt.Key.Key_Return)
    at.accept(WRONG)
    assert at.reading.finished
    assert [e.payload["stance"] for e in at.events] == ["agreeing"] * 5 + ["overriding"]
    assert all(e.seen["verdict"]["pick"] == RIGHT and e.seen["named"] for e in at.events)


def test_a_hidden_repeat_looks_like_any_other_item(hands: Callable[..., Hands]) -> None:
    at = hands("blind", repeats=0.2, again=True)
    first, sides = at.item, at.reading.sides
    place = at.window.header.place
    shown = []
    for _ in range(6):
        shown.append(place.text())
        at.accept(RIGHT)
    assert at.item == first
    assert at.reading.sides == tuple(reversed(sides))
    shown.append(place.text())
    assert shown == [f"{n} of 7" for n in range(1, 8)]
    assert not at.window.screen_.worklist.table.selectionModel().hasSelection()
    assert "accepted" not in at.window.header.place.text()
    assert all(not button._in_force for button in at.window.screen_.bar.buttons.values())
    at.accept(RIGHT)
    assert at.reading.finished
    assert at.kinds() == [EventKind.DECIDED] * 6 + [EventKind.REPEATED]
    at.press(Qt.Key.Key_Backspace)
    at.wait(lambda: not at.reading.finished)
    at.ready()
    assert at.item == first
    at.accept(WRONG)
    assert at.kinds()[-2:] == [EventKind.UNDONE, EventKind.REPEATED]


def test_a_commitment_survives_the_end_of_the_program(hands: Callable[..., Hands]) -> None:
    at = hands("blind-first")
    at.accept(WRONG)
    item = at.item
    assert at.reading.revealed
    again = hands("blind-first")
    again.wait(lambda: again.reading.revealed)
    assert again.item == item
    assert "You chose" in again.texts()


def test_the_mode_is_changed_in_the_window(hands: Callable[..., Hands]) -> None:
    at = hands("assisted")
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    at.press(Qt.Key.Key_M, both)
    dialog = at.window._dialog
    assert isinstance(dialog, ModeDialog)
    dialog.fields.mode.setCurrentIndex(list(Mode).index(Mode.BLIND))
    assert "never shown" in dialog.fields.meaning.text()
    dialog.fields.share.setValue(10)
    dialog.take.click()
    at.wait(lambda: at.station.calls is not None and at.station.calls.mode == "blind")
    at.ready()
    assert read_review_file(at.folder).mode == "blind"
    assert read_review_file(at.folder).repeats == 0.1
    assert at.window.header.mode.text() == "[blind]"
    assert RIGHT not in at.texts()


def test_the_mode_stays_while_a_verdict_is_being_weighed(hands: Callable[..., Hands]) -> None:
    at = hands("blind-first")
    at.accept(WRONG)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    at.press(Qt.Key.Key_M, both)
    dialog = at.window._dialog
    assert isinstance(dialog, ModeDialog)
    dialog.fields.mode.setCurrentIndex(0)
    dialog.take.click()
    assert dialog.failure.isVisible()
    assert "waits for your last word" in dialog.failure.text()
    assert read_review_file(at.folder).mode == "blind-first"
    dialog.reject()


def test_the_ledger_is_one_key_away(hands: Callable[..., Hands], tmp_path: Path) -> None:
    at = hands("blind-first")
    at.press(Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    dialog = at.window._dialog
    assert isinstance(dialog, LedgerDialog)
    at.wait(lambda: "Nobody has decided" in dialog.words.text())
    assert not dialog.save.isEnabled()
    dialog.reject()
    at.wait(lambda: at.window._dialog is None)
    at.window.activateWindow()  # the offscreen platform has nobody who hands it back
    at.wait(lambda: QApplication.activeWindow() is at.window)
    at.accept(WRONG)
    at.accept(RIGHT)
    at.press(Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    dialog = at.window._dialog
    assert isinstance(dialog, LedgerDialog)
    at.wait(lambda: dialog.cards)
    words = "\n".join(label.text() for label in dialog.findChildren(QLabel))
    assert READER in words
    assert "1 towards the critic" in words
    dialog._ledger.save(tmp_path / "ledger.csv")
    at.wait(lambda: (tmp_path / "ledger.csv").exists() and "Written" in dialog.words.text())
    dialog.reject()
