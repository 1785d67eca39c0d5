"""The contact sheet in the real window, by real keys and clicks."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.ui.sheet.cell_words import Told, caption
from labelcritic_gui.viewmodels.screens import ScreenMode
from tests.ui.conftest import Scene
from tests.viewmodels.fakes import FakeCalls, full_disk

K = Qt.Key


@pytest.fixture
def calls() -> FakeCalls:
    return FakeCalls(5)


def settled(scene: Scene, count: int = 9) -> None:
    """Wait until every cell is painted and a key would be taken."""
    sheet = scene.station.sheet()
    assert sheet is not None
    scene.wait(lambda: len(sheet.board.cells) == count and sheet.loaded == count)
    scene.wait(lambda: all(sheet.board.seconds_on(cell.item) >= 0.15 for cell in sheet.board.cells))


def on_sheet(scene: Scene) -> None:
    scene.open()
    scene.heard()
    scene.press(K.Key_G)
    settled(scene)
    sheet = scene.station.sheet()
    assert sheet is not None
    scene.wait(lambda: all(cell.verdict is not None for cell in sheet.board.cells))


def marks(scene: Scene) -> list[int | None]:
    sheet = scene.station.sheet()
    assert sheet is not None
    return [cell.mark.position if cell.mark else None for cell in sheet.board.cells]


def shown(scene: Scene) -> list[object]:
    sheet = scene.station.sheet()
    assert sheet is not None
    return [cell.item for cell in sheet.board.cells]


def click(scene: Scene, place: int, position: int) -> None:
    view = scene.window.screen_.sheet.cells[place]
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.panel_at(position).center())


def test_that_nine_items_are_decided_by_keys_and_the_next_come(scene: Scene) -> None:
    on_sheet(scene)
    screen = scene.window.screen_
    assert screen.sheet.isVisible()
    assert not screen.stage.isVisible()
    assert not screen.bar.isVisible()
    for key in (K.Key_1, K.Key_2, K.Key_2, K.Key_4, K.Key_4, K.Key_4):
        scene.press(key)
    assert marks(scene)[:4] == [2, 1, None, None]
    scene.press(K.Key_Return)
    scene.wait(lambda: len(scene.calls.written) == 2 and scene.calls.items[9] in shown(scene))
    assert [(item, d.candidate.label_set) for item, d, _ in scene.calls.written] == [
        (scene.calls.items[0], "beta"),
        (scene.calls.items[1], "alpha"),
    ]


def test_that_clicks_choose_candidates_and_the_corner_leaves_open(scene: Scene) -> None:
    on_sheet(scene)
    click(scene, 3, 1)
    click(scene, 5, 2)
    click(scene, 6, 2)
    assert marks(scene) == [None, None, None, 1, None, 2, 2, None, None]
    view = scene.window.screen_.sheet.cells[6]
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.corner.center())
    assert marks(scene)[6] is None
    QTest.mouseClick(scene.window.screen_.sheet.buttons["sheet.write"], Qt.MouseButton.LeftButton)
    scene.wait(lambda: len(scene.calls.written) == 2)
    assert [seen["marked"] for _, _, seen in scene.calls.written] == ["click", "click"]


def test_that_arrows_select_and_o_opens_on_the_stage(scene: Scene) -> None:
    on_sheet(scene)
    items = shown(scene)
    for key in (K.Key_Right, K.Key_Down, K.Key_Down, K.Key_Left):
        scene.press(key)
    scene.press(K.Key_O)
    scene.wait(lambda: scene.reading.item == items[6])
    assert scene.station.mode is ScreenMode.READING
    assert scene.window.screen_.stage.isVisible()
    scene.ready()
    scene.decide(K.Key_X)
    assert scene.calls.written[-1][0] == items[6]


@pytest.mark.parametrize("key", [K.Key_Escape, K.Key_G])
def test_that_keys_go_back_to_the_stage_as_it_was(scene: Scene, key: Qt.Key) -> None:
    on_sheet(scene)
    before = scene.reading.item
    scene.press(key)
    assert scene.station.mode is ScreenMode.READING
    assert scene.reading.item == before
    assert scene.window.screen_.bar.isVisible()
    assert QApplication.focusWidget() is scene.window.screen_.stage


def test_that_backspace_undoes_on_the_sheet(scene: Scene) -> None:
    on_sheet(scene)
    items = shown(scene)
    scene.press(K.Key_A)
    assert marks(scene) == [2] * 9
    scene.press(K.Key_Return)
    scene.wait(lambda: len(scene.calls.written) == 9 and not scene.reading.writing)
    scene.press(K.Key_Backspace)
    scene.wait(lambda: len(scene.calls.written) == 8 and shown(scene)[0] == items[8])
    assert scene.station.mode is ScreenMode.SHEET


def test_that_a_full_disk_is_said_on_the_sheet_and_stays_there(scene: Scene) -> None:
    on_sheet(scene)
    scene.press(K.Key_3)
    scene.calls.broken = full_disk()
    scene.press(K.Key_Return)
    message = scene.window.screen_.message
    scene.wait(lambda: message.message is not None and message.message.error)
    assert "Item 3 was NOT written" in message.message.text
    assert message.isVisible()
    scene.calls.broken = None
    assert marks(scene)[2] == 2


def test_that_digits_in_the_filter_are_text_and_esc_leaves_the_field_before_the_sheet(scene: Scene) -> None:
    on_sheet(scene)
    scene.press(K.Key_Slash)
    field = QApplication.focusWidget()
    assert field is not scene.window.screen_.sheet
    QTest.keyClicks(field, "1")
    assert marks(scene) == [None] * 9
    scene.press(K.Key_Escape)
    assert scene.station.mode is ScreenMode.SHEET
    assert QApplication.focusWidget() is scene.window.screen_.sheet


def test_that_every_cell_and_button_has_a_name(scene: Scene) -> None:
    on_sheet(scene)
    scene.press(K.Key_1)
    sheet = scene.window.screen_.sheet
    assert all(button.accessibleName() for button in sheet.buttons.values())
    names = [cell.accessibleName() for cell in sheet.cells]
    assert all(names)
    assert "marked: Beta" in names[0]
    assert "left open" in names[1]
    assert "LEAK" in names[0]


def test_that_blind_cells_name_nobody(scene: Scene) -> None:
    scene.calls.mode = "blind"
    scene.open()
    scene.press(K.Key_G)
    settled(scene)
    names = [cell.accessibleName() for cell in scene.window.screen_.sheet.cells]
    assert not any("Alpha" in name or "Beta" in name or "LEAK" in name or "pick" in name for name in names)
    assert "candidate 1" in names[0]
    assert not scene.window.screen_.sheet.buttons["sheet.sure"].isEnabled()


def test_that_a_blind_first_review_stays_on_the_stage(scene: Scene) -> None:
    scene.calls.mode = "blind-first"
    scene.open()
    scene.press(K.Key_G)
    assert scene.station.mode is ScreenMode.READING
    message = scene.window.screen_.message.message
    assert message is not None
    assert "blind-first" in message.text


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_that_all_candidates_lie_beside_each_other_inside_their_cell(scene: Scene, count: int) -> None:
    scene.calls.label_sets = tuple(LabelSet(f"s{n}", f"Set {n}") for n in range(count))
    scene.open()
    scene.press(K.Key_G)
    settled(scene)
    view = scene.window.screen_.sheet.cells[0]
    areas = [view.panel_at(n) for n in range(1, count + 1)]
    assert all(view.rect().contains(area) for area in areas)
    assert not any(a.intersects(b) for n, a in enumerate(areas) for b in areas[n + 1 :])
    assert not any(area.contains(view.corner.center()) for area in areas)
    click(scene, 0, count)
    assert marks(scene)[0] == count


def test_that_the_pick_has_a_word_and_not_only_an_edge(scene: Scene) -> None:
    on_sheet(scene)
    sheet = scene.station.sheet()
    assert sheet is not None
    told = Told(advised=True, named=True, label_sets=scene.calls.label_sets)
    cell = sheet.board.cells[0]
    assert caption(cell, 2, told).pick == "pick 90 %"
    assert caption(cell, 1, told).pick == ""
    assert caption(cell, 1, told).severe
    picture = scene.window.screen_.sheet.cells[0].grab().toImage()
    assert picture.pixelColor(QPoint(2, 2)).isValid()
