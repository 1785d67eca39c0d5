"""The table of the list: groups, columns, keys of its own, what a blind reader may see, very many items."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from labelcritic_gui.core.review import Choice
from labelcritic_gui.ui.worklist.model import PLACE
from labelcritic_gui.ui.worklist.panel import WorklistPanel
from labelcritic_gui.viewmodels.worklist.columns import COLUMNS
from tests.viewmodels.fakes import FakeCalls


@pytest.fixture
def calls() -> FakeCalls:
    return FakeCalls(cases=40)


@pytest.fixture
def panel(opened) -> WorklistPanel:
    found = opened.window.screen_.worklist
    opened.wait(lambda: opened.station.worklist.item_at(119) is not None)
    return found


def shown(panel: WorklistPanel) -> list[str]:
    header = panel.table.horizontalHeader()
    places = [header.logicalIndex(n) for n in range(header.count())]
    return [COLUMNS[place].name for place in places if not header.isSectionHidden(place)]


def click_line(panel: WorklistPanel, line: int) -> None:
    index = panel.model.index(line, PLACE["structure"])
    panel.table.scrollTo(index)
    QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=panel.table.visualRect(index).center())


def grouped(opened) -> None:
    opened.press(Qt.Key.Key_G, Qt.KeyboardModifier.AltModifier)
    opened.wait(lambda: opened.station.worklist.groups is not None)


def test_that_cases_are_grouped_with_their_counts_and_folded_by_a_click(opened, panel) -> None:
    for item in opened.calls.items[:2]:
        opened.calls.decide(item, Choice.NONE, seen={})
    opened.station.worklist.load()
    grouped(opened)
    assert panel.model.rowCount() == 160
    heading = panel.model.index(0, 0)
    opened.wait(lambda: panel.model.decided_in(panel.model.heading(heading)) == 2)
    assert panel.model.data(heading) == "case_0"
    words = panel.model.data(heading, Qt.ItemDataRole.AccessibleTextRole)
    assert words == "Case case_0: 2 of 3 decided"
    before = panel.table.verticalScrollBar().value()
    click_line(panel, 0)
    assert panel.model.rowCount() == 157
    assert panel.table.verticalScrollBar().value() == before
    assert panel.model.heading(panel.model.index(1, 0)).case == "case_1"
    click_line(panel, 0)
    assert panel.model.rowCount() == 160


def test_that_walking_passes_folded_cases_and_deciding_opens_them(opened, panel) -> None:
    grouped(opened)
    worklist, reading = opened.station.worklist, opened.reading
    assert reading.item == opened.calls.items[0]
    worklist.lines.fold(1, True)
    for _ in range(3):
        opened.press(Qt.Key.Key_J)
        opened.ready()
    assert reading.item == opened.calls.items[6]
    opened.press(Qt.Key.Key_K)
    opened.ready()
    assert reading.item == opened.calls.items[2]
    opened.decide(Qt.Key.Key_1)
    assert reading.item == opened.calls.items[3]
    assert not worklist.groups.is_folded(1)
    assert [i.row() for i in panel.table.selectionModel().selectedRows()] == [5]


def test_that_this_case_and_every_case_is_folded_by_keys(opened, panel) -> None:
    grouped(opened)
    alt = Qt.KeyboardModifier.AltModifier
    opened.press(Qt.Key.Key_Left, alt)
    assert panel.model.rowCount() == 157
    opened.press(Qt.Key.Key_Left, alt)
    assert panel.model.rowCount() == 160
    opened.press(Qt.Key.Key_Up, alt)
    assert panel.model.rowCount() == 40
    opened.press(Qt.Key.Key_Down, alt)
    assert panel.model.rowCount() == 160


def test_that_page_and_end_keys_are_the_lists_own_where_it_has_the_focus(opened, panel) -> None:
    opened.press(Qt.Key.Key_L, Qt.KeyboardModifier.AltModifier)
    assert panel.table.hasFocus()
    opened.press(Qt.Key.Key_End)
    opened.wait(lambda: opened.reading.item == opened.calls.items[-1])
    opened.ready()
    opened.press(Qt.Key.Key_PageUp)
    opened.wait(lambda: opened.reading.item != opened.calls.items[-1])
    opened.ready()
    assert opened.calls.items.index(opened.reading.item) < 119
    opened.press(Qt.Key.Key_Home)
    opened.wait(lambda: opened.reading.item == opened.calls.items[0])
    opened.ready()
    opened.press(Qt.Key.Key_J)
    opened.wait(lambda: opened.reading.item == opened.calls.items[1])
    opened.ready()


def test_that_a_wider_list_shows_more_columns_and_a_narrow_one_the_usual_four(opened, panel) -> None:
    assert shown(panel) == ["mark", "case", "structure", "dice"]
    assert not panel.sort.isVisible()
    panel.setParent(None)
    panel.resize(1400, 500)
    panel.show()
    opened.wait(lambda: shown(panel) == [column.name for column in COLUMNS])
    assert panel.sort.isVisible()
    assert panel.table.viewport().width() >= sum(
        panel.table.columnWidth(n) for n in range(len(COLUMNS)) if not panel.table.isColumnHidden(n)
    )
    panel.deleteLater()


def test_that_columns_are_put_away_moved_and_widened_and_remembered(opened, panel) -> None:
    menu = panel.table.choose_columns()
    assert menu is not None
    dice = next(action for action in menu.actions() if action.objectName() == "dice")
    assert dice.isChecked()
    dice.trigger()
    menu.close()
    assert shown(panel)[:3] == ["mark", "case", "structure"]
    assert "dice" not in shown(panel)
    header = panel.table.horizontalHeader()
    header.resizeSection(PLACE["case"], 90)
    header.moveSection(header.visualIndex(PLACE["case"]), header.visualIndex(PLACE["structure"]))
    opened.wait(lambda: [c.name for c in opened.station.settings.columns][:3] == ["mark", "structure", "case"])
    assert opened.station.settings.columns[2].width == 90
    panel.table.lay_out_columns()
    assert shown(panel)[:3] == ["mark", "structure", "case"]
    opened.station.list_keeping.show_columns(())
    assert shown(panel) == ["mark", "case", "structure", "dice"]


def test_that_a_blind_reader_is_shown_nothing_that_tells(scene) -> None:
    scene.calls.mode = "blind"
    scene.open()
    panel = scene.window.screen_.worklist
    worklist = scene.station.worklist
    scene.wait(lambda: worklist.item_at(119) is not None)
    panel.setParent(None)
    panel.resize(1400, 500)
    panel.show()
    assert {"pick", "findings", "orders"}.isdisjoint(shown(panel))
    assert not panel.delegate.told
    assert panel.saved.findData("orders-disagree") < 0
    assert panel.sort.findData("confidence") < 0
    tip = panel.model.data(panel.model.index(0, 2), Qt.ItemDataRole.ToolTipRole)
    assert "picks" not in tip
    assert "Findings" not in tip
    worklist.ask(text="pick:beta")
    assert worklist.asking.problem is not None
    assert "would say what the critic thinks" in panel.said.text()
    assert worklist.count == 120
    panel.deleteLater()
