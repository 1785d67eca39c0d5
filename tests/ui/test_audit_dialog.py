"""The dialog that audits the critic, by keys and buttons."""

import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel

from labelcritic_gui.core.audit_measures import AuditTest
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.ui.views.audit_dialog import AuditDialog
from labelcritic_gui.ui.views.interval_bar import IntervalBar
from tests.ui.conftest import Scene
from tests.viewmodels.fakes import FakeCalls

CONTROL = Qt.KeyboardModifier.ControlModifier


def asked(scene: Scene) -> AuditDialog:
    scene.press(Qt.Key.Key_U, CONTROL)
    scene.wait(lambda: scene.window.findChild(AuditDialog) is not None)
    found = scene.window.findChild(AuditDialog)
    assert isinstance(found, AuditDialog)
    scene.wait(lambda: found.start.isEnabled())
    return found


def closed(scene: Scene) -> None:
    scene.wait(lambda: scene.window.findChild(AuditDialog) is None)


def words(dialog: AuditDialog) -> str:
    return "\n".join(label.text() for label in dialog.table.widget().findChildren(QLabel) if label.isVisible())


def test_that_the_cost_is_shown_before_enter_starts_the_audit(opened: Scene, calls: FakeCalls) -> None:
    dialog = asked(opened)
    assert dialog.status.text() == "36 pairs, 144 calls at most. What it answered before is not asked again."
    assert dialog.sample.text() == "12"
    assert dialog.sample.lineEdit().width() > 30
    assert not dialog.checks[AuditTest.MARK].isEnabled()
    assert calls.audited is None
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    opened.wait(lambda: calls.audited is not None and dialog.pages.currentWidget() is dialog.table)
    shown = words(dialog)
    for text in ("Do not trust it blindly.", "prefers the second picture", "12 of 72", "fails", "passes"):
        assert text in shown
    assert "No label set of this review is marked as trusted." in shown
    assert str(calls.folder) in dialog.status.text()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    closed(opened)


def test_that_tests_and_amounts_are_chosen_by_keys(opened: Scene, calls: FakeCalls) -> None:
    dialog = asked(opened)
    for test, check in dialog.checks.items():
        if test is not AuditTest.SIZE and check.isEnabled():
            check.setFocus()
            QTest.keyClick(check, Qt.Key.Key_Space)
    dialog.sample.setFocus()
    dialog.sample.selectAll()
    QTest.keyClicks(dialog.sample, "4")
    QTest.keyClick(dialog.sample, Qt.Key.Key_Tab)
    opened.wait(lambda: dialog.status.text().startswith("12 pairs, 24 calls"))
    QTest.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    opened.wait(lambda: calls.audited is not None)
    assert calls.audited is not None
    assert calls.audited.sample == 4
    assert AuditTest.SIZE in calls.audited.tests
    assert AuditTest.ORDERS not in calls.audited.tests
    opened.wait(lambda: opened.runner.idle)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    closed(opened)


def test_that_each_structure_is_shown_on_request(opened: Scene) -> None:
    dialog = asked(opened)
    dialog.start.click()
    opened.wait(lambda: bool(dialog.table.toggles))
    bars = len([bar for bar in dialog.table.findChildren(IntervalBar) if bar.isVisible()])
    assert "spleen" not in words(dialog)
    toggle = dialog.table.toggles[0]
    toggle.setFocus()
    QTest.keyClick(toggle, Qt.Key.Key_Space)
    assert "spleen" in words(dialog)
    assert len([bar for bar in dialog.table.findChildren(IntervalBar) if bar.isVisible()]) == bars + 3
    QTest.keyClick(toggle, Qt.Key.Key_Space)
    assert "spleen" not in words(dialog)
    dialog.back.click()
    opened.wait(lambda: dialog.pages.currentWidget() is not dialog.table)
    dialog.close_button.click()
    closed(opened)


def test_that_progress_is_shown_and_stop_stops(opened: Scene, calls: FakeCalls) -> None:
    calls.audit_gate = threading.Event()
    dialog = asked(opened)
    dialog.start.click()
    opened.wait(lambda: "1 of 3, asking about case_0, liver" in dialog.status.text())
    assert dialog.bar.isVisible()
    assert not dialog.checks[AuditTest.SIZE].isEnabled()
    assert dialog.close_button.text() == "Stop"
    dialog.close_button.click()
    opened.wait(lambda: dialog.status.text().startswith("Stopped as asked."))
    assert dialog.close_button.text() == "Close"
    assert calls.audited is None
    dialog.close_button.click()
    closed(opened)


def test_that_closing_the_window_stops_an_audit(opened: Scene, calls: FakeCalls) -> None:
    calls.audit_gate = threading.Event()
    dialog = asked(opened)
    dialog.start.click()
    opened.wait(lambda: "1 of 3" in dialog.status.text())
    opened.window.close()
    opened.wait(lambda: opened.runner.idle)
    assert calls.audited is None


def test_that_a_failure_is_said_in_the_dialog(opened: Scene, calls: FakeCalls) -> None:
    calls.audit_broken = CriticError("No server answers <b>there</b>.", "Start it.")
    dialog = asked(opened)
    dialog.start.click()
    opened.wait(lambda: dialog.status.text() == "No server answers <b>there</b>. Start it.")
    assert dialog.status.textFormat() is Qt.TextFormat.PlainText
    assert dialog.start.isEnabled()
    dialog.close_button.click()
    closed(opened)


def test_that_the_table_is_saved_as_csv(opened: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "audit.csv"

    def choose(*_: Any) -> tuple[str, str]:
        return str(target), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    dialog = asked(opened)
    dialog.start.click()
    opened.wait(lambda: dialog.export.isVisible())
    dialog.export.click()
    opened.wait(lambda: dialog.status.text() == f"Written: {target}")
    assert "second picture" in target.read_text("utf-8")
    dialog.close_button.click()
    closed(opened)
