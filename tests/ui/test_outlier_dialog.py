"""The dialog of outliers, by keys and buttons."""

import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.ui.views.outlier_dialog import HOW_MUCH, LABEL_SET, WHAT, OutlierDialog
from tests.ui.conftest import Scene
from tests.viewmodels.fakes import FakeCalls

CONTROL = Qt.KeyboardModifier.ControlModifier


def asked(scene: Scene) -> OutlierDialog:
    scene.press(Qt.Key.Key_D, CONTROL)
    scene.wait(lambda: scene.window.findChild(OutlierDialog) is not None)
    found = scene.window.findChild(OutlierDialog)
    assert isinstance(found, OutlierDialog)
    return found


def ended(scene: Scene) -> OutlierDialog:
    dialog = asked(scene)
    scene.wait(lambda: dialog.close_button.text() == "Close")
    return dialog


def closed(scene: Scene) -> None:
    scene.wait(lambda: scene.window.findChild(OutlierDialog) is None)


def left(scene: Scene, dialog: OutlierDialog) -> None:
    dialog.close_button.click()
    closed(scene)


def test_the_outliers_are_listed_and_enter_opens_the_item(opened: Scene) -> None:
    dialog = ended(opened)
    assert dialog.list.topLevelItemCount() == 2
    first = dialog.list.topLevelItem(0)
    assert [first.text(n) for n in range(4)] == ["case_1", "spleen", "Beta", "-9.1 SD"]
    assert first.text(WHAT).startswith("The volume is 9 ml;")
    assert "Also: the length from head to foot is 20 mm." in first.text(WHAT)
    assert not first.icon(LABEL_SET).isNull()
    assert dialog.status.text().startswith("2 of 400 candidates are unusual among the other cases")
    assert "Too few cases (fewer than 12): pancreas of alpha 3." in dialog.status.text()
    assert "2 of 42 cases are not measured yet" in dialog.status.text()
    QTest.keyClick(dialog.list, Qt.Key.Key_Down)
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    closed(opened)
    opened.wait(lambda: opened.reading.item == ItemId(CaseId("case_2"), "liver"))
    opened.ready()
    assert opened.calls.remembered == opened.reading.item


def test_a_double_click_opens_the_item(opened: Scene) -> None:
    dialog = ended(opened)
    place = dialog.list.visualItemRect(dialog.list.topLevelItem(0)).center()
    QTest.mouseClick(dialog.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(dialog.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    closed(opened)
    opened.wait(lambda: opened.reading.item == ItemId(CaseId("case_1"), "spleen"))
    opened.ready()


def test_a_second_look_at_the_list_does_not_search_again_unless_asked(opened: Scene, calls: FakeCalls) -> None:
    left(opened, ended(opened))
    dialog = ended(opened)
    assert calls.searched == 1
    assert dialog.list.topLevelItemCount() == 2
    calls.odd = calls.odd[1:2]
    dialog.again.click()
    opened.wait(lambda: calls.searched == 2 and dialog.list.topLevelItemCount() == 1)
    assert dialog.list.topLevelItem(0).text(HOW_MUCH) == "+7.5 SD"
    left(opened, dialog)


def test_nothing_unusual_is_said_and_no_item_can_be_opened(opened: Scene, calls: FakeCalls) -> None:
    calls.odd = ()
    dialog = ended(opened)
    assert dialog.status.text().startswith("None of 400 candidates is unusual among the other cases")
    assert not dialog.list.isVisible()
    assert not dialog.go.isEnabled()
    assert not dialog.export.isEnabled()
    left(opened, dialog)


def test_too_few_cases_are_said_in_the_dialog(opened: Scene, calls: FakeCalls) -> None:
    calls.cohort_broken = ReviewError("Too few <b>cases</b>.", "Add cases.")
    dialog = ended(opened)
    assert dialog.status.text() == "Too few <b>cases</b>. Add cases."
    assert dialog.status.textFormat() is Qt.TextFormat.PlainText
    assert not dialog.list.isVisible()
    assert dialog.again.isEnabled()
    left(opened, dialog)


def test_progress_is_shown_and_stop_stops(opened: Scene, calls: FakeCalls) -> None:
    calls.cohort_gate = threading.Event()
    dialog = asked(opened)
    opened.wait(lambda: dialog.status.text() == "Reading what was measured…")
    assert dialog.bar.isVisible()
    assert dialog.close_button.text() == "Stop"
    assert not dialog.again.isEnabled()
    dialog.close_button.click()
    opened.wait(lambda: dialog.status.text().startswith("Stopped as asked."))
    assert dialog.close_button.text() == "Close"
    assert calls.searched == 0
    left(opened, dialog)


def test_closing_the_window_stops_a_search(opened: Scene, calls: FakeCalls) -> None:
    calls.cohort_gate = threading.Event()
    dialog = asked(opened)
    opened.wait(lambda: dialog.status.text() == "Reading what was measured…")
    opened.window.close()
    opened.wait(lambda: opened.runner.idle)
    assert calls.searched == 0


def test_the_table_is_saved_as_csv(opened: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "odd.csv"

    def choose(*_: Any) -> tuple[str, str]:
        return str(target), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    dialog = ended(opened)
    dialog.export.click()
    opened.wait(lambda: dialog.status.text() == f"Written: {target}")
    assert len(target.read_text("utf-8").splitlines()) == 4
    left(opened, dialog)
