"""Outline, panels and the linked camera."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.services.comparison import Panel, Stage
from labelcritic_gui.settings import Settings
from labelcritic_gui.ui import theme as themes
from labelcritic_gui.ui.views.camera import Camera
from labelcritic_gui.ui.views.outline import outline
from labelcritic_gui.ui.views.review_stage import ReviewStage
from labelcritic_gui.viewmodels.cards import FindingRow
from labelcritic_gui.viewmodels.display import Display
from tests.viewmodels.fakes import SETS, SIDE, FakeCalls, disc, frame


@settings(max_examples=60, deadline=None)
@given(arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_that_an_outline_goes_around_exactly_the_pixels_inside(silhouette) -> None:
    path = outline(silhouette)
    found = np.array(
        [[path.contains(QPointF(c + 0.5, r + 0.5)) for c in range(silhouette.shape[1])] for r in range(len(silhouette))]
    )
    assert np.array_equal(found, silhouette)


def test_that_an_outline_stays_near_its_pixels() -> None:
    box = outline(disc(30, 30)).boundingRect()
    assert box.left() == pytest.approx(21.0, abs=0.5)
    assert box.right() == pytest.approx(40.0, abs=0.5)


@pytest.fixture
def stage(nothing_left, qtbot):
    theme = themes.load_theme("dark")
    made = ReviewStage(theme, Display(Settings(), lambda **_: None))
    made.resize(2 * 300 + 1, 332)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()
    made.deleteLater()
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def shown(stage, **panels) -> Stage:
    calls = FakeCalls()
    made = calls.load_stage(calls.items[0])
    stage.show_stage(made, SETS)
    return made


def pixel(panel, column: float, row: float):
    """The colour at a picture pixel's middle."""
    look = panel._camera.look(panel.area)
    at = look.transform.map(QPointF(column + 0.5, row + 0.5)).toPoint()
    return panel.grab().toImage().pixelColor(at)


def test_that_a_mask_is_seen_in_its_label_sets_colour_and_only_there(stage) -> None:
    shown(stage)
    first, second = stage.panels[0], stage.panels[1]
    inside, outside = pixel(first, 25, 20), pixel(first, 25, 50)
    assert inside.red() > inside.blue() + 40  # orange over grey
    assert outside.red() == outside.green() == outside.blue()
    blue = pixel(second, 25, 25)
    assert blue.blue() > blue.red() + 40


def test_that_hiding_the_masks_leaves_the_anatomy_and_the_view_alone(stage) -> None:
    shown(stage)
    stage.zoom(3)
    zoom, centre = stage.camera.zoom, QPointF(stage.camera.centre)
    stage._display.toggle_overlay()
    grey = pixel(stage.panels[0], 25, 25)
    assert grey.red() == grey.green() == grey.blue()
    stage._display.toggle_overlay()
    assert (stage.camera.zoom, stage.camera.centre) == (zoom, centre)


def test_that_all_panels_zoom_and_pan_together_and_keep_the_point_under_the_cursor(stage) -> None:
    shown(stage)
    camera = stage.camera
    one, other = stage.panels[0], stage.panels[1]
    spot = QPointF(100, 150)
    before = camera.look(one.area).to_picture(spot)
    camera.zoom_by(2.0, about=before)
    after = camera.look(one.area).to_picture(spot)
    assert after.x() == pytest.approx(before.x())
    assert after.y() == pytest.approx(before.y())
    assert camera.look(one.area).transform == camera.look(other.area).transform
    QTest.mousePress(one, Qt.MouseButton.LeftButton, pos=QPoint(150, 150))
    centre = QPointF(camera.centre)
    QTest.mouseMove(one, QPoint(130, 150))
    QTest.mouseRelease(one, Qt.MouseButton.LeftButton, pos=QPoint(130, 150))
    assert camera.centre.x() > centre.x()
    camera.reset()
    assert camera.zoom == 1.0


def test_that_a_finding_is_brought_to_the_middle_of_every_panel(stage) -> None:
    made = shown(stage)
    finding = Finding(FindingCode.ISLE, Severity.MINOR, "an island", (10.0, 30.0, 45.0), 1.0)
    row = FindingRow(0, 0, finding, 1)
    stage.show_findings([row])
    stage.go_to(row)
    line, column = made.frame.to_picture((10.0, 30.0, 45.0))
    assert stage.camera.centre == QPointF(column + 0.5, line + 0.5)
    assert stage.camera.zoom >= 2.5
    assert stage.panels[0]._marks[0].own
    assert not stage.panels[1]._marks[0].own


def test_that_a_kept_zoom_survives_the_next_item_of_the_same_size(nothing_left, qtbot) -> None:
    camera = Camera()
    camera.set_frame(frame())
    camera.zoom_by(3.0)
    camera.set_frame(frame())
    assert camera.zoom == 3.0
    camera.set_frame(frame(SIDE + 10))
    assert camera.zoom == 1.0


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_that_one_to_four_candidates_have_a_panel_each(stage, count: int) -> None:
    sets = tuple(LabelSet(f"s{n}", f"Set {n}") for n in range(count))
    calls = FakeCalls(label_sets=sets)
    stage.show_stage(calls.load_stage(calls.items[0]), sets)
    assert [panel.isVisible() for panel in stage.panels] == [n < count for n in range(4)]


def test_that_missing_empty_and_refused_masks_say_what_they_are(stage) -> None:
    blank = np.zeros((SIDE, SIDE), dtype=np.bool_)
    calls = FakeCalls()
    item = calls.items[0]
    made = calls.load_stage(item)
    refused = Panel(SETS[0], None, blank, None, False, "It lies on another grid.")
    missing = Panel(SETS[1], None, blank, None, False)
    stage.show_stage(Stage(item, Structure("liver"), made.frame, made.pictures, (refused, missing)), SETS)
    assert stage.panels[0]._scene.refusal == "It lies on another grid."
    assert "no mask" in stage.panels[1]._scene.note
    empty = Panel(SETS[1], made.panels[1].candidate, blank, None, True)
    stage.show_stage(Stage(item, Structure("liver"), made.frame, made.pictures, (refused, empty)), SETS)
    assert stage.panels[1]._scene.note == "The mask is empty"
    assert not stage.grab().isNull()
