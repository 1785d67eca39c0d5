"""The list of the window: long, paged, with a place for every row from the start."""

import pytest
from PySide6.QtCore import Qt

from labelcritic_gui.core.review import Choice
from labelcritic_gui.ui.worklist.model import WAITING
from tests.viewmodels.fakes import FakeCalls


@pytest.fixture
def calls() -> FakeCalls:
    return FakeCalls(cases=1000)


def test_that_a_row_on_its_way_is_a_placeholder_and_comes(scene) -> None:
    scene.open()
    worklist, panel = scene.station.worklist, scene.window.screen_.worklist
    scene.wait(lambda: worklist.item_at(2999) is not None)
    index = panel.model.index(2400, 2)
    assert panel.model.data(index) == WAITING
    assert panel.model.data(index, Qt.ItemDataRole.ToolTipRole) is None
    assert panel.model.item(index) == scene.calls.items[2400]
    scene.wait(lambda: worklist.held(2400) is not None)
    assert panel.model.data(index) == "liver"
    assert worklist.held(1500) is None


def test_that_an_item_far_down_is_shown_and_marked(scene) -> None:
    scene.calls.remembered = scene.calls.items[2500]
    scene.open()
    table = scene.window.screen_.worklist.table
    scene.wait(lambda: [i.row() for i in table.selectionModel().selectedRows()] == [2500])
    scene.wait(lambda: scene.station.worklist.held(2500) is not None)
    first, last = table.rowAt(1), table.rowAt(table.viewport().height() - 2)
    assert first <= 2500 <= last


def test_that_the_next_undecided_item_may_be_anywhere(scene) -> None:
    calls = scene.calls
    for item in calls.items[1:2700]:
        calls.decide(item, Choice.NONE, seen={})
    scene.open()
    worklist = scene.station.worklist
    scene.wait(lambda: worklist.item_at(2999) is not None)
    scene.decide(Qt.Key.Key_1)
    assert scene.reading.item == calls.items[2700]
    table = scene.window.screen_.worklist.table
    assert [i.row() for i in table.selectionModel().selectedRows()] == [2700]
