"""The session of the real window: where it stood, where the reader was, the list apart; on one screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from labelcritic_gui.core.review import Choice
from labelcritic_gui.settings import Settings
from labelcritic_gui.settings.session import REVIEWS, keep_place, load_place, session_file
from labelcritic_gui.ui.keymap import default_keys
from labelcritic_gui.ui.main_window import MainWindow
from labelcritic_gui.ui.tasks import TaskRunner, default_lanes
from labelcritic_gui.ui.window_state import is_seen, place_window, read_state
from labelcritic_gui.viewmodels.screens import ScreenMode
from labelcritic_gui.viewmodels.station import Station
from tests.ui.conftest import Scene, _deliver_deletions
from tests.viewmodels.fakes import FakeCalls, FakeServices

K, M = Qt.Key, Qt.KeyboardModifier
REVIEW = Path("/nowhere/review")


@pytest.fixture
def calls() -> FakeCalls:
    return FakeCalls(5)


LATER: list[tuple[MainWindow, TaskRunner]] = []


@pytest.fixture(autouse=True)
def closed_again(scene: Scene) -> Iterator[None]:
    """Windows of later sessions leave nothing behind either."""
    yield
    while LATER:
        window, runner = LATER.pop()
        window.close()
        runner.shutdown()
        window.deleteLater()
        del window
    _deliver_deletions()


def again(scene: Scene) -> None:
    """Close the window and build it anew, as the next start of the program does."""
    scene.window.close()
    scene.runner.shutdown()
    services = FakeServices(Settings(reader="reader", notice_accepted=True), scene.calls)
    scene.runner = TaskRunner(default_lanes(2))
    scene.runner.failed.connect(scene.failed.append)
    scene.station = Station(services, scene.runner, bind=lambda opened, reader: opened)
    scene.window = MainWindow(scene.station, scene.runner, default_keys())
    LATER.append((scene.window, scene.runner))
    scene.window.show()
    scene.window.activateWindow()
    scene.wait(scene.window.isActiveWindow)


def test_that_the_reader_looks_on_where_the_last_session_ended(opened: Scene) -> None:
    opened.press(K.Key_J)
    opened.ready()
    opened.press(K.Key_Plus)
    opened.press(K.Key_Plus)
    opened.press(K.Key_Q)
    here, looking = opened.reading.item, opened.station.looking
    zoom, view = looking.zoom, looking.view
    assert zoom > 1.0
    again(opened)
    opened.open()
    assert opened.reading.item == here
    opened.wait(lambda: opened.station.looking.zoom == pytest.approx(zoom))
    assert opened.station.looking.view is view


def test_that_the_list_shows_what_it_showed_then(opened: Scene) -> None:
    opened.press(K.Key_Slash)
    QTest.keyClicks(QApplication.focusWidget(), "liver")
    opened.wait(lambda: opened.reading.worklist.query.text == "liver")
    again(opened)
    opened.open()
    opened.wait(lambda: opened.reading.worklist.query.text == "liver")
    assert opened.window.screen_.worklist.filter.text() == "liver"


def test_that_the_contact_sheet_is_there_again(opened: Scene) -> None:
    opened.press(K.Key_G)
    sheet = opened.station.sheet()
    assert sheet is not None
    opened.wait(lambda: sheet.loaded == 9)
    items = [cell.item for cell in sheet.board.cells]
    again(opened)
    opened.station.open(REVIEW)
    opened.wait(lambda: opened.station.mode is ScreenMode.SHEET)
    restored = opened.station.sheet()
    assert restored is not None
    opened.wait(lambda: [cell.item for cell in restored.board.cells] == items)


def test_that_a_decided_item_that_was_looked_at_is_there_again(opened: Scene) -> None:
    first = opened.reading.item
    opened.decide(K.Key_1)
    opened.press(K.Key_K)
    opened.wait(lambda: opened.reading.item == first and opened.reading.state.last is not None)
    opened.ready()
    again(opened)
    opened.open()
    opened.wait(lambda: opened.reading.item == first)


def test_that_places_are_written_while_reading_and_not_only_at_the_end(opened: Scene) -> None:
    opened.press(K.Key_Plus)
    opened.wait(lambda: load_place(REVIEW).get("looking", {}).get("zoom", 0.0) > 1.0)


def test_that_widths_and_size_come_back(opened: Scene) -> None:
    window = opened.window
    window.resize(1024, 640)
    splitter = window.screen_.splitter
    left, middle, right = splitter.sizes()
    splitter.setSizes([left + 60, middle - 60, right])
    splitter.splitterMoved.emit(left + 60, 1)
    sizes = splitter.sizes()
    opened.wait(lambda: "splitter" in read_state())
    again(opened)
    opened.open()
    assert (opened.window.width(), opened.window.height()) == (1024, 640)
    opened.wait(lambda: opened.window.screen_.splitter.sizes() == sizes)


def test_that_f11_fills_the_screen_and_goes_back(opened: Scene) -> None:
    opened.press(K.Key_F11)
    assert opened.window.isFullScreen()
    again(opened)
    assert opened.window.isFullScreen()
    opened.press(K.Key_F11)
    assert not opened.window.isFullScreen()


def test_that_the_list_goes_into_a_window_of_its_own_and_back_by_key(opened: Scene) -> None:
    screen = opened.window.screen_
    opened.press(K.Key_L, M.ControlModifier | M.ShiftModifier)
    apart = opened.window.session.apart
    assert apart is not None
    assert apart.isVisible()
    assert screen.worklist.window() is apart
    opened.press(K.Key_L, M.ControlModifier | M.ShiftModifier)
    assert opened.window.session.apart is None
    assert screen.worklist.window() is opened.window
    assert screen.worklist.isVisible()


def test_that_keys_decide_in_the_lists_own_window_too(opened: Scene) -> None:
    opened.press(K.Key_L, M.ControlModifier | M.ShiftModifier)
    apart = opened.window.session.apart
    assert apart is not None
    apart.activateWindow()
    opened.wait(lambda: apart.isActiveWindow())
    table = opened.window.screen_.worklist.table
    table.setFocus()
    opened.ready()
    first = opened.reading.item
    QTest.keyClick(table, K.Key_2)
    opened.wait(lambda: len(opened.calls.written) == 1)
    assert opened.calls.written[0][0] == first


def test_that_a_filter_in_the_lists_own_window_takes_letters_and_esc_gives_the_keys_back(opened: Scene) -> None:
    opened.press(K.Key_L, M.ControlModifier | M.ShiftModifier)
    opened.press(K.Key_Slash)
    field = opened.window.screen_.worklist.filter
    opened.wait(lambda: QApplication.focusWidget() is field)
    QTest.keyClicks(field, "x1")
    assert field.text() == "x1"
    assert opened.calls.written == []
    QTest.keyClick(field, K.Key_Escape)
    opened.wait(lambda: QApplication.focusWidget() is opened.window.screen_.stage)


def test_that_closing_the_lists_window_brings_the_list_back_and_that_is_remembered(opened: Scene) -> None:
    opened.press(K.Key_L, M.ControlModifier | M.ShiftModifier)
    apart = opened.window.session.apart
    assert apart is not None
    apart.close()
    assert opened.window.screen_.worklist.window() is opened.window
    again(opened)
    opened.open()
    assert opened.window.session.apart is None


def test_that_the_list_is_apart_again_in_the_next_session(opened: Scene) -> None:
    opened.press(K.Key_L, M.ControlModifier | M.ShiftModifier)
    apart = opened.window.session.apart
    assert apart is not None
    apart.resize(420, 500)
    again(opened)
    assert opened.window.session.apart is None  # no review, no list
    opened.open()
    there = opened.window.session.apart
    assert there is not None
    assert (there.width(), there.height()) == (420, 500)


def test_that_a_window_off_every_screen_is_brought_back(opened: Scene) -> None:
    window = opened.window
    window.setGeometry(QRect(9000, 9000, 1100, 650))
    assert not is_seen(window.frameGeometry())
    place_window(window, None)
    assert is_seen(window.frameGeometry())


def test_that_a_damaged_session_begins_anew() -> None:
    assert load_place(REVIEW) == {}
    keep_place(REVIEW, {"screen": "sheet"})
    assert load_place(REVIEW) == {"screen": "sheet"}
    for text in (
        "",
        "{",
        '{"form": 99}',
        '{"form": 1, "reviews": 3}',
        '{"form": 1, "reviews": {"/nowhere/review": 4}}',
    ):
        session_file().write_text(text, encoding="utf-8")
        assert load_place(REVIEW) == {}


def test_that_places_of_many_reviews_are_kept_the_latest_first() -> None:
    for n in range(REVIEWS + 5):
        keep_place(Path(f"/nowhere/{n}"), {"n": n})
    assert load_place(Path("/nowhere/4")) == {}
    assert load_place(Path(f"/nowhere/{REVIEWS + 4}")) == {"n": REVIEWS + 4}
    assert [f.name for f in session_file().parent.iterdir()] == ["session.json"]


def test_that_a_session_of_another_form_of_things_changes_nothing(scene: Scene) -> None:
    keep_place(
        REVIEW,
        {"looking": {"zoom": "near", "mode": 3}, "list": {"sort": "beauty", "text": 4}, "item": [1], "screen": []},
    )
    scene.open()
    assert scene.reading.item == scene.calls.items[0]
    assert scene.station.mode is ScreenMode.READING
    assert scene.reading.worklist.query.sort == "attention"


def test_that_enter_on_the_start_page_goes_on_with_the_review_of_last_time(scene: Scene) -> None:
    scene.window.start.show_recent([str(REVIEW), "/nowhere/older"])
    button = scene.window.start.again
    assert button is not None
    assert "Continue where you were: review" in button.accessibleName()
    scene.window.start.hide()
    scene.window.start.show()
    scene.wait(button.hasFocus)
    QTest.keyClick(button, K.Key_Return)
    scene.wait(lambda: scene.station.reading is not None)
    scene.ready()


def test_that_another_theme_reaches_the_bar_also_when_nothing_is_on_the_stage(scene: Scene) -> None:
    for item in scene.calls.items:
        scene.calls.decide(item, Choice.NONE, seen={})
    scene.open()
    scene.wait(lambda: scene.reading.finished)
    bar = scene.window.screen_.bar
    before = bar.buttons["decide.skip"].grab().toImage()
    scene.press(K.Key_T, M.ControlModifier)
    scene.wait(lambda: scene.station.settings.theme == "light")
    scene.wait(lambda: bar.buttons["decide.skip"].grab().toImage() != before)
    assert bar.buttons["decide.skip"]._theme.name == "light"
