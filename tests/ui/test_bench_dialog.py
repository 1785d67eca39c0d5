"""The dialog that puts the critic on the bench, by keys and buttons."""

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from labelcritic_gui.core.bench_report import Calibration, calibration_of
from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.faults.kinds import FaultKind, FaultSeverity
from labelcritic_gui.settings import Settings
from labelcritic_gui.ui.theme import load_theme
from labelcritic_gui.ui.views.bench_dialog import BenchDialog
from labelcritic_gui.ui.views.calibration_curve import CalibrationCurve
from labelcritic_gui.viewmodels.bench_choice import TruthKind
from tests.ui.conftest import Scene
from tests.viewmodels.fake_bench import fake_report
from tests.viewmodels.fakes import FakeCalls

CONTROL = Qt.KeyboardModifier.ControlModifier
TRUSTED = (LabelSet("alpha", "Alpha", trusted=True), LabelSet("beta", "Beta"))


@pytest.fixture
def calls() -> FakeCalls:
    return FakeCalls(label_sets=TRUSTED)


def asked(scene: Scene) -> BenchDialog:
    scene.press(Qt.Key.Key_B, CONTROL)
    scene.wait(lambda: scene.window.findChild(BenchDialog) is not None)
    found = scene.window.findChild(BenchDialog)
    assert isinstance(found, BenchDialog)
    scene.wait(lambda: found.start.isEnabled())
    return found


def closed(scene: Scene) -> None:
    scene.wait(lambda: scene.window.findChild(BenchDialog) is None)


def words(dialog: BenchDialog) -> str:
    return "\n".join(label.text() for label in dialog.table.widget().findChildren(QLabel))


def finished(scene: Scene) -> BenchDialog:
    dialog = asked(scene)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    scene.wait(lambda: dialog.pages.currentWidget() is dialog.table)
    return dialog


def test_that_what_it_takes_is_shown_before_enter_starts_it(opened: Scene, calls: FakeCalls) -> None:
    dialog = asked(opened)
    assert dialog.status.text() == "4 cases: up to 180 pairs and 180 labels by themselves."
    assert dialog.truth.currentText() == "Alpha: trusted labels of this review"
    assert calls.benched is None
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    opened.wait(lambda: dialog.pages.currentWidget() is dialog.table)
    assert calls.benched is not None
    assert str(calls.folder) in dialog.status.text()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    closed(opened)


def test_that_the_result_shows_targets_bands_structures_errors_alarms_and_the_curve(opened: Scene) -> None:
    dialog = finished(opened)
    shown = words(dialog)
    for text in (
        "Falls short of",
        "Accuracy on decided, Dice 0.80 to 0.95",
        "at least 92 %",
        "fails",
        "passes",
        "too few to say",
        "Dice above 0.95",
        "pancreas",
        "inferior vena cava",
        "leak into a neighbour",
        "2 of 36:",
        "case_000, pancreas: touches the stomach over 31 mm, as a leak does <b>there</b>",
        "The aorta has no other side.",
    ):
        assert text in shown
    plain = {label.textFormat() for label in dialog.table.widget().findChildren(QLabel)}
    assert plain == {Qt.TextFormat.PlainText}
    curve = dialog.table.findChild(CalibrationCurve)
    assert curve is not None
    assert "sure 95 to 100 %: right" in curve.accessibleDescription()
    dialog.close_button.click()
    closed(opened)


def test_that_the_result_is_read_on_by_keys(opened: Scene) -> None:
    dialog = finished(opened)
    bar = dialog.table.verticalScrollBar()
    opened.wait(lambda: bar.maximum() > 0 and QApplication.focusWidget() is dialog.table)
    QTest.keyClick(dialog.table, Qt.Key.Key_PageDown)
    assert bar.value() > 0
    dialog.close_button.click()
    closed(opened)


def test_that_the_result_is_laid_out_below_itself_where_the_window_is_narrow(opened: Scene) -> None:
    dialog = finished(opened)
    curve = dialog.table.findChild(CalibrationCurve)
    assert curve is not None

    def beside() -> bool:
        counts = dialog.table.counts
        return counts is not None and curve.mapTo(dialog, curve.rect().topLeft()).x() > counts.width() / 2

    dialog.resize(1400, 700)
    opened.wait(beside)
    dialog.resize(dialog.minimumWidth(), dialog.height())
    opened.wait(lambda: not beside())
    dialog.close_button.click()
    closed(opened)


def test_that_the_choice_is_made_by_keys(opened: Scene, calls: FakeCalls) -> None:
    dialog = asked(opened)
    none = next(b for b in dialog.findChildren(QWidget) if b.accessibleName() == "No error")
    none.setFocus()
    QTest.keyClick(none, Qt.Key.Key_Space)
    assert not any(check.isChecked() for check in dialog.kinds.values())
    assert not dialog.start.isEnabled()
    assert dialog.status.text() == "Choose at least one kind of error."
    for kind in (FaultKind.LEAK, FaultKind.CUT):
        dialog.kinds[kind].setFocus()
        QTest.keyClick(dialog.kinds[kind], Qt.Key.Key_Space)
    mild = dialog.severities[FaultSeverity.MILD]
    mild.setFocus()
    QTest.keyClick(mild, Qt.Key.Key_Space)
    dialog.truth.setFocus()
    QTest.keyClick(dialog.truth, Qt.Key.Key_Down)
    for field, number in ((dialog.errors, "2"), (dialog.cases, "3")):
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, number)
        QTest.keyClick(field, Qt.Key.Key_Tab)
    opened.wait(lambda: dialog.start.isEnabled())
    dialog.start.click()
    opened.wait(lambda: calls.benched is not None)
    chosen = calls.benched
    assert chosen is not None
    assert {recipe.kind for recipe in chosen.recipes} == {FaultKind.LEAK, FaultKind.CUT}
    assert {recipe.severity for recipe in chosen.recipes} == {FaultSeverity.MODERATE, FaultSeverity.GROSS}
    assert (chosen.truth.slug, chosen.per_structure, chosen.cases) == ("beta", 2, 3)
    opened.wait(lambda: opened.runner.idle)
    dialog.close_button.click()
    closed(opened)


def test_that_own_words_are_read_while_they_are_written(opened: Scene, calls: FakeCalls) -> None:
    dialog = asked(opened)
    dialog.words.setFocus()
    QTest.keyClicks(dialog.words, "remove the")
    assert dialog.read.text() == '"remove the" is no error that is known.'
    assert dialog.hint.text() == 'Say "remove the lower third", for example.'
    assert dialog.read.property("state") == "bad"
    assert not dialog.start.isEnabled()
    assert not dialog.kinds[FaultKind.LEAK].isEnabled()
    QTest.keyClicks(dialog.words, " lower third")
    assert dialog.read.text() == "Understood: remove the bottom 33 %."
    assert not dialog.read.property("state")
    opened.wait(lambda: dialog.start.isEnabled())
    QTest.keyClick(dialog.words, Qt.Key.Key_Return)
    opened.wait(lambda: calls.benched is not None)
    assert calls.benched is not None
    assert [recipe.kind for recipe in calls.benched.recipes] == [FaultKind.MISSING]
    opened.wait(lambda: opened.runner.idle)
    dialog.back.click()
    opened.wait(lambda: dialog.start.isEnabled())
    assert dialog.words.text() == "remove the lower third"
    dialog.close_button.click()
    closed(opened)


def test_that_progress_is_shown_and_stop_stops(opened: Scene, calls: FakeCalls) -> None:
    calls.bench_gate = threading.Event()
    dialog = asked(opened)
    dialog.start.click()
    opened.wait(lambda: dialog.status.text() == "1 of 4 done, now case_001")
    assert dialog.bar.isVisible()
    assert not dialog.words.isEnabled()
    assert dialog.close_button.text() == "Stop"
    dialog.close_button.click()
    opened.wait(lambda: dialog.status.text().startswith("Stopped as asked."))
    assert dialog.close_button.text() == "Close"
    assert calls.benched is None
    dialog.close_button.click()
    closed(opened)


def test_that_closing_the_window_stops_a_bench(opened: Scene, calls: FakeCalls) -> None:
    calls.bench_gate = threading.Event()
    dialog = asked(opened)
    dialog.start.click()
    opened.wait(lambda: "1 of 4" in dialog.status.text())
    opened.window.close()
    opened.wait(lambda: opened.runner.idle)
    assert calls.benched is None


def test_that_a_failure_is_said_in_the_dialog(opened: Scene, calls: FakeCalls) -> None:
    calls.bench_broken = CriticError("No server answers <b>there</b>.", "Start it.")
    dialog = asked(opened)
    dialog.start.click()
    opened.wait(lambda: dialog.status.text() == "No server answers <b>there</b>. Start it.")
    assert dialog.status.property("state") == "bad"
    assert dialog.start.isEnabled()
    dialog.close_button.click()
    closed(opened)


def test_that_everything_is_reached_by_tab_and_has_a_name(opened: Scene) -> None:
    dialog = asked(opened)
    reached: list[QWidget] = []
    for _ in range(60):
        QTest.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        assert focused is not None
        reached.append(focused)
    wanted = [*dialog.kinds.values(), *dialog.severities.values(), dialog.truth, dialog.words, dialog.errors]
    wanted += [dialog.cases, dialog.start, dialog.close_button]
    assert [widget for widget in wanted if widget not in reached] == []
    named = [getattr(widget, "text", str)() or widget.accessibleName() for widget in wanted]
    assert all(named)
    dialog.close_button.click()
    closed(opened)


class TestWithoutATrustedLabelSet:
    @pytest.fixture
    def calls(self) -> FakeCalls:
        return FakeCalls()

    def test_that_it_says_what_to_do_and_offers_phantoms(self, opened: Scene, calls: FakeCalls) -> None:
        dialog = asked(opened)
        told = [label.text() for label in dialog.findChildren(QLabel) if label.isVisible()]
        assert any(text.startswith("No label set of this review is marked as trusted") for text in told)
        dialog.start.click()
        opened.wait(lambda: calls.benched is not None)
        assert calls.benched is not None
        assert calls.benched.truth.kind is TruthKind.PHANTOMS
        opened.wait(lambda: opened.runner.idle)
        dialog.close_button.click()
        closed(opened)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_that_the_curve_is_drawn_where_its_numbers_are(qapp: QApplication, theme: str) -> None:
    found = calibration_of(fake_report().trials)
    colours = load_theme(theme, Settings().font_scale)
    curve = CalibrationCurve(found, colours)
    curve.resize(curve.sizeHint())
    drawn = curve.grab().toImage()
    for one in found.bins:
        at = curve.place(one.stated, one.right.value or 0.0)
        assert drawn.pixelColor(round(at.x()), round(at.y())) == colours.colour("focus")
    assert curve.place(1.0, 1.0).y() < curve.place(1.0, 0.5).y()
    curve.deleteLater()


def test_that_the_curves_axis_begins_at_a_half_unless_a_bin_is_less_sure(qapp: QApplication) -> None:
    found = calibration_of(fake_report().trials)
    colours = load_theme("dark")
    unsure = Calibration((found.bins[0].__class__(0.0, 0.6, 0.3, found.bins[0].right), *found.bins[1:]), 0.1)
    curves = [CalibrationCurve(one, colours) for one in (found, unsure)]
    assert [curve.least for curve in curves] == [0.5, 0.0]
    for curve in curves:
        curve.deleteLater()
