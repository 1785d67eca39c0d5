"""The filter of the window by keys and clicks: typing, completion, saved filters, what cannot be understood."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from labelcritic_gui.core.review import Choice
from labelcritic_gui.ui.worklist.panel import WorklistPanel
from labelcritic_gui.ui.worklist.table import WorklistTable
from tests.viewmodels.fakes import FakeCalls


@pytest.fixture
def calls() -> FakeCalls:
    return FakeCalls(cases=12)


@pytest.fixture
def panel(opened) -> WorklistPanel:
    found = opened.window.screen_.worklist
    opened.wait(lambda: opened.station.worklist.item_at(35) is not None)
    return found


def typed(scene, panel: WorklistPanel, text: str) -> None:
    """Type into the field and let the list follow."""
    scene.press(Qt.Key.Key_Slash)
    scene.wait(panel.filter.hasFocus)
    panel.filter.selectAll()
    QTest.keyClicks(panel.filter, text)
    if panel.filter.options.isVisible():
        QTest.keyClick(panel.filter, Qt.Key.Key_Escape)


def test_that_a_filter_that_is_typed_leaves_what_it_says(opened, panel) -> None:
    typed(opened, panel, "structure:liver case:case_1*")
    opened.wait(lambda: opened.station.worklist.count == 3)
    assert panel.said.text() == "3 items  ·  structure liver  ·  case case_1*"
    assert {row.title for row in opened.station.worklist.rows} == {"liver"}


def test_that_a_field_and_a_value_are_completed_by_keys_alone(opened, panel) -> None:
    opened.press(Qt.Key.Key_Slash)
    opened.wait(panel.filter.hasFocus)
    field, options = panel.filter, panel.filter.options
    QTest.keyClicks(field, "str")
    assert options.isVisible()
    assert options.item(0).text() == "structure:"
    QTest.keyClick(field, Qt.Key.Key_Tab)
    assert field.text() == "structure:"
    assert field.hasFocus()
    assert [options.item(n).text() for n in range(options.count())] == ["liver", "spleen", "pancreas"]
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "structure:spleen "
    assert not options.isVisible()
    opened.wait(lambda: opened.station.worklist.count == 12)
    QTest.keyClicks(field, "sta")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not options.isVisible()
    assert field.hasFocus()
    QTest.keyClick(field, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert options.isVisible()


def test_that_an_option_is_taken_by_a_click(opened, panel) -> None:
    opened.press(Qt.Key.Key_Slash)
    opened.wait(panel.filter.hasFocus)
    QTest.keyClicks(panel.filter, "pick:")
    options = panel.filter.options
    place = options.visualItemRect(options.item(1)).center()
    QTest.mouseClick(options.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert panel.filter.text() == "pick:beta "
    assert panel.filter.hasFocus()


def test_that_half_a_field_name_is_not_looked_for(opened, panel) -> None:
    opened.press(Qt.Key.Key_Slash)
    opened.wait(panel.filter.hasFocus)
    QTest.keyClicks(panel.filter, "liver dic")
    opened.wait(lambda: opened.station.worklist.count == 12)
    assert opened.station.worklist.query.text == "liver"
    QTest.keyClick(panel.filter, Qt.Key.Key_Escape)
    opened.wait(lambda: opened.station.worklist.query.text == "liver dic")


def test_that_what_is_not_understood_is_said_below_the_field_and_marked_by_return(opened, panel) -> None:
    typed(opened, panel, "liver dice<small")
    opened.wait(lambda: panel.said.text().startswith("⚠"))
    assert "small is no number" in panel.said.text()
    assert opened.station.worklist.count == 36
    QTest.keyClick(panel.filter, Qt.Key.Key_Return)
    assert panel.filter.selectedText() == "small"
    assert panel.filter.hasFocus()
    QTest.keyClicks(panel.filter, "0.9")
    opened.wait(lambda: not panel.said.text().startswith("⚠"))
    QTest.keyClick(panel.filter, Qt.Key.Key_Return)
    assert not panel.filter.hasFocus()


def test_that_markup_in_an_option_is_shown_as_it_is(opened, panel) -> None:
    opened.station.worklist._vocabulary._take({"reader": ("<b>ann</b>",)})
    opened.press(Qt.Key.Key_Slash)
    opened.wait(panel.filter.hasFocus)
    QTest.keyClicks(panel.filter, "reader:")
    assert panel.filter.options.item(0).text() == "<b>ann</b>"


def test_that_a_list_without_items_says_which_filter_and_one_button_clears_it(opened, panel) -> None:
    typed(opened, panel, "dice<0.0001")
    opened.wait(lambda: panel.body.currentWidget() is panel.empty)
    assert panel.empty.title.text() == "No item matches."
    assert "dice below 0.0001" in panel.empty.words.text()
    QTest.mouseClick(panel.empty.clear, Qt.MouseButton.LeftButton)
    opened.wait(lambda: opened.station.worklist.count == 36)
    assert panel.body.currentWidget() is panel.table
    assert panel.filter.text() == ""


def test_that_a_review_that_is_finished_says_so_where_open_items_are_asked_for(scene) -> None:
    for item in scene.calls.items:
        scene.calls.decide(item, Choice.NONE, seen={})
    scene.open()
    panel = scene.window.screen_.worklist
    panel.saved.setCurrentIndex(panel.saved.findData("undecided"))
    panel.saved.activated.emit(1)
    scene.wait(lambda: panel.body.currentWidget() is panel.empty)
    assert panel.empty.title.text() == "Everything in this review is decided."


def test_that_a_filter_of_ones_own_is_saved_chosen_counted_and_deleted(opened, panel) -> None:
    typed(opened, panel, "structure:liver")
    opened.wait(lambda: opened.station.worklist.count == 12)
    opened.press(Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier)
    dialog = opened.window._dialog
    assert dialog.text.text() == "structure:liver"
    QTest.keyClicks(dialog.name, "all")
    QTest.keyClick(dialog.name, Qt.Key.Key_Return)
    assert "taken" in dialog.said.text()
    dialog.name.clear()
    QTest.keyClicks(dialog.name, "only livers")
    QTest.keyClick(dialog.name, Qt.Key.Key_Return)
    assert [one.name for one in opened.station.list_keeping.filters] == ["only livers"]
    dialog.accept()
    opened.wait(lambda: [one.name for one in opened.station.settings.filters] == ["only livers"])
    panel.clear()
    opened.wait(lambda: opened.station.worklist.count == 36)
    place = panel.saved.findData("only livers")
    panel.saved.opening.emit()
    opened.wait(lambda: panel.saved.itemText(place) == "only livers  12")
    panel.saved.setCurrentIndex(place)
    panel.saved.activated.emit(place)
    opened.wait(lambda: opened.station.worklist.count == 12)
    opened.station.list_keeping.delete("only livers")
    opened.wait(lambda: opened.station.worklist.count == 36)
    assert panel.saved.findData("only livers") < 0


def test_that_filters_are_renamed_and_moved_in_the_dialog(opened) -> None:
    kept = opened.station.list_keeping
    for name in ("one", "two"):
        kept.save(name, f"note:{name}")
    opened.press(Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier)
    dialog = opened.window._dialog
    dialog.list.setCurrentRow(1)
    QTest.mouseClick(dialog.up, Qt.MouseButton.LeftButton)
    assert [one.name for one in kept.filters] == ["two", "one"]
    dialog.name.selectAll()
    QTest.keyClicks(dialog.name, "second")
    QTest.mouseClick(dialog.rename, Qt.MouseButton.LeftButton)
    assert [(one.name, one.text) for one in kept.filters] == [("second", "note:two"), ("one", "note:one")]
    QTest.mouseClick(dialog.delete, Qt.MouseButton.LeftButton)
    assert [one.name for one in kept.filters] == ["one"]
    dialog.accept()


def test_that_the_audit_share_is_set_in_the_dialog(opened) -> None:
    opened.press(Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier)
    dialog = opened.window._dialog
    opened.wait(lambda: dialog.share.value() == 5.0)
    dialog.share.setValue(50.0)
    opened.wait(lambda: dialog.drawn.text() == "18 items are drawn.")
    assert opened.calls.share == 0.5
    dialog.accept()


def header_click(table: WorklistTable, name: str) -> None:
    from labelcritic_gui.ui.worklist.model import PLACE

    header = table.horizontalHeader()
    x = header.sectionViewportPosition(PLACE[name]) + header.sectionSize(PLACE[name]) // 2
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, header.height() // 2))


def test_that_a_click_on_a_header_sorts_and_a_second_one_turns_it_around(opened, panel) -> None:
    worklist = opened.station.worklist
    header_click(panel.table, "structure")
    opened.wait(lambda: worklist.query.sort == "structure" and worklist.item_at(35) is not None)
    assert worklist.item_at(0).structure == "liver"
    assert panel.model.headerData(2, Qt.Orientation.Horizontal) == "Structure ▴"
    header_click(panel.table, "structure")
    opened.wait(lambda: worklist.query.descending and worklist.item_at(0).structure == "spleen")
    assert panel.model.headerData(2, Qt.Orientation.Horizontal) == "Structure ▾"
