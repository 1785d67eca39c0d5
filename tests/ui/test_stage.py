"""Panels, panes and what the mouse does on them, on a stage of its own with a case in memory."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.geometry import Geometry
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.services.comparison import Panel, Stage
from labelcritic_gui.services.slices import volume_arrays
from labelcritic_gui.settings import Settings
from labelcritic_gui.ui import theme as themes
from labelcritic_gui.ui.stage.stage import ReviewStage
from labelcritic_gui.viewmodels.cards import FindingRow, colour_of
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.messages import Message
from tests.viewmodels.bodies import SIDE as DEEP
from tests.viewmodels.bodies import case_volume, stage_of
from tests.viewmodels.fakes import SETS, SIDE, FakeCalls

Left, Middle, Right = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
Ctrl, Shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def stage(nothing_left, qtbot):
    made = ReviewStage(themes.load_theme("dark"), Looking(Settings(), lambda **_: None))
    made.resize(2 * 300 + 1, 332)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def show(stage, made: Stage, sets=SETS) -> Stage:
    stage.show_stage(made, colours=lambda slug: colour_of(sets, slug))
    return made


def shown(stage) -> Stage:
    calls = FakeCalls()
    return show(stage, calls.load_stage(calls.items[0]))


def sliced(stage, *, planes: str = "one"):
    """Show slices of a case in memory."""
    volume = case_volume()
    made = show(stage, stage_of(volume))
    stage.looking.take_volume(volume)
    stage.looking.show_mode("slices")
    if planes == "three":
        stage.looking.toggle_planes()
    QApplication.processEvents()
    return made


def first(stage):
    return stage.panels[0].panes[0]


def pixel(pane, row: float, column: float):
    """The colour at a picture pixel's middle."""
    seen = pane.sight
    at = QPointF(seen.left + (column + 0.5) * seen.across, seen.top + (row + 0.5) * seen.down).toPoint()
    return pane.grab().toImage().pixelColor(at)


def turn_wheel(pane, at: QPoint, steps: int, keys=Qt.KeyboardModifier.NoModifier) -> None:
    QApplication.sendEvent(
        pane,
        QWheelEvent(
            QPointF(at), QPointF(pane.mapToGlobal(at)), QPoint(), QPoint(0, 120 * steps),
            Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False,
        ),
    )  # fmt: skip


def drag(pane, start: QPoint, end: QPoint, button=Left, keys=Qt.KeyboardModifier.NoModifier) -> None:
    """Press, move in two steps, release: as a hand does."""
    QTest.mousePress(pane, button, keys, start)
    for at in ((start + end) / 2, end):
        event = _moved(pane, at, button, keys)
        QApplication.sendEvent(pane, event)
    QTest.mouseRelease(pane, button, keys, end)


def _moved(pane, at, button, keys):
    from PySide6.QtGui import QMouseEvent

    return QMouseEvent(
        QEvent.Type.MouseMove, QPointF(at), QPointF(pane.mapToGlobal(at)), Qt.MouseButton.NoButton, button, keys
    )


# --- masks and anatomy ---------------------------------------------------------------------------------------------


def test_that_a_mask_is_seen_in_its_label_sets_colour_and_only_there(stage) -> None:
    shown(stage)
    one, other = first(stage), stage.panels[1].panes[0]
    inside, outside = pixel(one, 20, 25), pixel(one, 50, 25)
    assert inside.red() > inside.blue() + 40  # orange over grey
    assert outside.red() == outside.green() == outside.blue()
    blue = pixel(other, 25, 25)
    assert blue.blue() > blue.red() + 40


def test_that_hiding_the_masks_leaves_the_anatomy_and_the_view_alone(stage) -> None:
    shown(stage)
    looking = stage.looking
    stage.zoom(3)
    looking.set_centre((30.0, 30.0, 40.0))
    kept = looking.zoom, looking.middle, looking.centre
    looking.toggle_overlay()
    grey = pixel(first(stage), 25, 25)
    assert grey.red() == grey.green() == grey.blue()
    looking.toggle_overlay()
    assert (looking.zoom, looking.middle, looking.centre) == kept


def test_that_a_slice_shows_the_voxels_and_masks_of_its_depth(stage) -> None:
    sliced(stage)
    looking = stage.looking
    looking.show_slice(DEEP // 2, View.AXIAL)
    inside = pixel(first(stage), DEEP // 2, DEEP // 2)
    assert inside.red() > inside.blue() + 40
    looking.show_slice(0, View.AXIAL)
    below = pixel(first(stage), DEEP // 2, DEEP // 2)
    assert below.red() == below.green() == below.blue()


def test_that_the_other_structures_are_drawn_dimly_and_named_under_the_cursor(stage) -> None:
    sliced(stage)
    before = pixel(first(stage), 4, 4)
    stage.looking.toggle_neighbours()
    scene = first(stage).scene
    assert scene.neighbours.names == ("spleen",)
    assert scene.name_at(4, 4) == "spleen"
    assert scene.name_at(DEEP // 2, DEEP // 2) == ""
    after = pixel(first(stage), 4, 4)
    assert before.red() == before.blue()
    assert after.red() != after.blue()


def test_that_each_plane_is_the_right_way_round(stage) -> None:
    """Row 0, column 0 of every plane: superior or anterior, and the patient's right or anterior."""
    sliced(stage, planes="three")
    for pane in stage.panels[0].shown:
        edges = pane.scene.frame.edges
        assert edges.top == ("A" if pane.view is View.AXIAL else "S")
        assert edges.left == ("A" if pane.view is View.LATERAL else "R")


# --- one camera ----------------------------------------------------------------------------------------------------


def test_that_all_panels_zoom_and_pan_together_and_keep_the_point_under_the_cursor(stage) -> None:
    shown(stage)
    one, other = first(stage), stage.panels[1].panes[0]
    spot = QPoint(100, 150)
    before = one.to_world(QPointF(spot))
    turn_wheel(one, spot, 3)
    after = one.to_world(QPointF(spot))
    assert after == pytest.approx(before)
    assert stage.looking.zoom == pytest.approx(1.25**3)
    assert one.to_pane(before) == other.to_pane(before)
    drag(one, QPoint(150, 150), QPoint(120, 150))
    assert one.to_pane(before).x() == pytest.approx(spot.x() - 30)
    assert other.to_pane(before).x() == pytest.approx(spot.x() - 30)
    stage.looking.reset()
    assert stage.looking.zoom == 1.0


def test_that_slices_zoom_with_ctrl_and_pan_with_the_middle_button_or_shift(stage) -> None:
    sliced(stage, planes="three")
    pane, looking = first(stage), stage.looking
    spot = QPointF(90, 90)
    before = pane.to_world(spot)
    turn_wheel(pane, spot.toPoint(), 4, Ctrl)
    assert pane.to_world(spot) == pytest.approx(before)
    depth = looking.middle[2]
    for button, keys in ((Middle, Qt.KeyboardModifier.NoModifier), (Left, Shift)):
        at = pane.to_pane(before)
        drag(pane, QPoint(90, 90), QPoint(80, 96), button, keys)
        assert pane.to_pane(before) - at == QPointF(-10, 6)
    assert looking.middle[2] == depth  # an axial pan leaves the height of the other planes alone


def test_that_a_finding_is_brought_to_the_middle_of_every_panel(stage) -> None:
    shown(stage)
    place = (10.0, 30.0, 45.0)
    row = FindingRow(0, 0, Finding(FindingCode.ISLE, Severity.MINOR, "an island", place, 1.0), 1)
    stage.show_findings([row])
    stage.go_to(row)
    assert stage.looking.centre == pytest.approx(place)
    assert stage.looking.zoom >= 2.5
    for pane in (first(stage), stage.panels[1].panes[0]):
        assert pane.to_pane(place).toPoint() == pane.area.center().toPoint()
    assert first(stage).marks[0].own
    assert not stage.panels[1].panes[0].marks[0].own


def test_that_a_kept_zoom_survives_the_next_item_and_finds_its_structure(stage) -> None:
    calls = FakeCalls()
    show(stage, calls.load_stage(calls.items[0]))
    stage.zoom(5)
    zoom = stage.looking.zoom
    show(stage, calls.load_stage(calls.items[1]))
    assert stage.looking.zoom == zoom
    assert stage.looking.middle == stage.looking.centre


# --- the mouse on slices -------------------------------------------------------------------------------------------


def test_that_the_wheel_scrolls_through_the_plane_it_is_over(stage) -> None:
    sliced(stage, planes="three")
    looking = stage.looking
    for pane in stage.panels[1].shown:
        before = {view: looking.index_of(view) for view in View}
        turn_wheel(pane, QPoint(40, 40), -2)
        after = {view: looking.index_of(view) for view in View}
        assert after == {**before, pane.view: before[pane.view] - 2}


def test_that_a_click_or_a_drag_puts_the_crosshair_of_every_plane_there(stage) -> None:
    sliced(stage, planes="three")
    pane, looking = first(stage), stage.looking
    wanted = pane.to_world(QPointF(100, 80))
    QTest.mouseClick(pane, Left, pos=QPoint(100, 80))
    assert looking.centre == pytest.approx(wanted)
    drag(pane, QPoint(100, 80), QPoint(120, 60))
    assert looking.centre == pytest.approx(pane.to_world(QPointF(120, 60)))
    for view in (View.FRONTAL, View.LATERAL):
        scene = next(p for p in stage.panels[1].shown if p.view is view).scene
        assert scene.index == looking.index_of(view)


def test_that_dragging_with_the_right_button_changes_width_and_level(stage) -> None:
    sliced(stage)
    looking = stage.looking
    looking.show_window("abdomen")
    drag(first(stage), QPoint(100, 100), QPoint(150, 100), Right)
    assert (looking.window.width, looking.window.level) == (500, 40)
    drag(first(stage), QPoint(100, 100), QPoint(100, 80), Right)
    assert looking.window.width == 500
    assert looking.window.level < 40
    assert f"W500 L{looking.window.level:.0f}" in first(stage).scene.foot


def test_that_a_double_click_on_a_small_plane_makes_it_the_large_one(stage) -> None:
    sliced(stage, planes="three")
    small = stage.panels[0].panes[2]
    view = small.view
    QTest.mouseDClick(small, Left, pos=QPoint(30, 30))
    assert stage.looking.plane is view
    assert first(stage).view is view


def test_that_a_distance_is_measured_by_two_clicks_or_a_drag_and_shown_in_every_panel(stage) -> None:
    sliced(stage)
    pane, looking = first(stage), stage.looking
    looking.toggle_measuring()
    QTest.mouseClick(pane, Left, pos=QPoint(60, 60))
    QTest.mouseClick(pane, Left, pos=QPoint(160, 60))
    clicked = looking.measure
    assert clicked.fixed
    assert clicked.mm == pytest.approx(100 / pane.sight.px_per_mm, abs=1.0)
    drag(pane, QPoint(60, 60), QPoint(160, 60))
    assert looking.measure.mm == pytest.approx(clicked.mm)
    clean = stage.panels[1].panes[0].grab().toImage()
    looking.clear_measure()
    assert stage.panels[1].panes[0].grab().toImage() != clean


def test_that_the_bar_at_the_edge_scrolls(stage) -> None:
    sliced(stage)
    pane, looking = first(stage), stage.looking
    from labelcritic_gui.ui.stage.marking import slice_bar_of

    bar = slice_bar_of(pane.area)
    QTest.mouseClick(pane, Left, pos=QPoint(round(bar.center().x()), round(bar.bottom()) - 1))
    assert looking.index_of(View.AXIAL) == 0
    QTest.mouseClick(pane, Left, pos=QPoint(round(bar.center().x()), round(bar.top()) + 1))
    assert looking.index_of(View.AXIAL) == DEEP - 1


# --- states --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_that_one_to_four_candidates_have_a_panel_each(stage, count: int) -> None:
    sets = tuple(LabelSet(f"s{n}", f"Set {n}") for n in range(count))
    calls = FakeCalls(label_sets=sets)
    show(stage, calls.load_stage(calls.items[0]), sets)
    assert [panel.isVisible() for panel in stage.panels] == [n < count for n in range(4)]


def test_that_the_panels_fill_the_stage_whatever_number_there_was_before(stage) -> None:
    stage.add_strip(QLabel("Where the tour is"))
    for count in (3, 2, 4, 2, 1, 3, 1, 4, 2):
        sets = tuple(LabelSet(f"s{n}", f"Set {n}") for n in range(count))
        calls = FakeCalls(label_sets=sets)
        show(stage, calls.load_stage(calls.items[0]), sets)
        QApplication.processEvents()
        boxes = [panel.geometry() for panel in stage.panels[:count]]
        assert {(box.width(), box.height()) for box in boxes} == {(boxes[0].width(), boxes[0].height())}
        assert (boxes[0].left(), max(box.right() for box in boxes)) == (0, stage.width() - 1), count


def test_that_candidates_that_are_not_on_the_stage_are_counted_over_the_last_panel(stage) -> None:
    calls = FakeCalls()
    stage.show_stage(calls.load_stage(calls.items[0]), colours=lambda slug: 0, more=2)
    assert [panel.title.mark for panel in stage.panels[:2]] == ["", "+2 not on the stage"]
    stage.looking.show_swipe(0.5)
    assert stage.panels[0].title.mark == "+2 not on the stage"
    stage.looking.show_swipe(None)
    stage.show_stage(calls.load_stage(calls.items[0]), colours=lambda slug: 0)
    assert [panel.title.mark for panel in stage.panels[:2]] == ["", ""]


def test_that_a_picture_without_contrast_is_said_once_in_a_panel(stage) -> None:
    sliced(stage, planes="three")
    drag(first(stage), QPoint(100, 20), QPoint(100, 20_000), Right)
    QApplication.processEvents()
    said = [pane._note(pane.scene) for pane in stage.panels[0].shown]
    assert ["no contrast" in words for words in said] == [True, False, False]


def test_that_missing_empty_and_refused_masks_say_what_they_are(stage) -> None:
    blank = np.zeros((SIDE, SIDE), dtype=np.bool_)
    calls = FakeCalls()
    item = calls.items[0]
    made = calls.load_stage(item)
    refused = Panel(SETS[0], None, blank, None, False, "It lies on another grid.")
    missing = Panel(SETS[1], None, blank, None, False)
    show(stage, Stage(item, Structure("liver"), made.frame, made.pictures, (refused, missing)))
    assert first(stage).scene.refusal == "It lies on another grid."
    assert "no mask" in stage.panels[1].panes[0].scene.note
    empty = Panel(SETS[1], made.panels[1].candidate, blank, None, True)
    show(stage, Stage(item, Structure("liver"), made.frame, made.pictures, (refused, empty)))
    assert stage.panels[1].panes[0].scene.note == "The mask is empty"
    assert not stage.grab().isNull()


def test_that_names_are_hidden_when_they_must_not_be_seen(stage) -> None:
    calls = FakeCalls()
    made = calls.load_stage(calls.items[0])
    stage.show_stage(made, colours=lambda slug: 0, named=False)
    assert [panel.title.title for panel in stage.panels[:2]] == ["1", "2"]
    missing = replace(made, panels=(replace(made.panels[0], candidate=None), made.panels[1]))
    stage.show_stage(missing, colours=lambda slug: 0, named=False)
    assert "Alpha" not in first(stage).scene.note
    refused = replace(
        made, panels=(replace(made.panels[0], refused="/data/Alpha/liver.nii.gz is damaged."), made.panels[1])
    )
    stage.show_stage(refused, colours=lambda slug: 0, named=False)
    assert "Alpha" not in first(stage).scene.refusal
    assert first(stage).scene.refusal


def test_that_a_projection_stays_while_slices_load_and_the_wait_can_be_given_up(stage, qtbot) -> None:
    shown(stage)
    stage.loading = lambda: 0.4
    stage.looking.show_mode("slices")
    assert first(stage).scene.index is None
    qtbot.waitUntil(stage.card.isVisible, timeout=5000)
    assert "40%" in stage.card.accessibleName()
    with qtbot.waitSignal(stage.slices_wanted) as told:
        QTest.mouseClick(stage.card.button, Left)
    assert told.args == [False]
    assert stage.looking.mode == "projection"
    assert not stage.card.isVisible()


def test_that_slices_that_cannot_be_read_say_why_and_can_be_tried_again(stage, qtbot) -> None:
    shown(stage)
    stage.looking.show_mode("slices")
    stage.fail_slices(Message("The image is damaged.", "Copy it again.", error=True))
    assert "The image is damaged." in stage.card.accessibleName()
    with qtbot.waitSignal(stage.slices_wanted) as told:
        QTest.mouseClick(stage.card.button, Left)
    assert told.args == [True]


def test_that_every_pixel_of_a_pane_is_drawn_at_any_zoom_and_size(stage) -> None:
    """A fill at every magnification covers exactly the voxels whose middle is inside."""
    volume = case_volume()
    show(stage, stage_of(volume))
    looking = stage.looking
    looking.take_volume(volume)
    looking.show_mode("slices")
    looking.style = "fill"
    pane = first(stage)
    for zoom in (1.0, 2.2, 5.0):
        looking.look_at(looking.centre, zoom=zoom)
        looking.tell()
        image, seen = pane.grab().toImage(), pane.sight
        mask = pane.scene.layers[0].mask
        for row, column in np.ndindex(mask.shape):
            at = QPointF(seen.left + (column + 0.5) * seen.across, seen.top + (row + 0.5) * seen.down).toPoint()
            if pane.area.adjusted(30, 30, -30, -40).contains(QPointF(at)) and not _near_crosshair(pane, at):
                colour = image.pixelColor(at)
                assert (colour.red() > colour.blue() + 15) == bool(mask[row, column]), (zoom, row, column)


def _near_crosshair(pane, at) -> bool:
    cross = pane.to_pane(pane._looking.centre)
    return abs(cross.x() - at.x()) < 2 or abs(cross.y() - at.y()) < 2


def test_that_slices_of_a_grid_with_thick_slices_keep_their_shape(stage) -> None:
    volume = case_volume(Geometry((DEEP, DEEP, DEEP), np.diag([1.0, 1.0, 3.0, 1.0])))
    show(stage, stage_of(volume))
    stage.looking.take_volume(volume)
    stage.looking.show_mode("slices")
    stage.looking.show_plane(View.FRONTAL)
    seen = first(stage).sight
    assert seen.down == pytest.approx(3 * seen.across)


def test_that_nothing_of_a_case_is_kept_once_the_stage_waits_for_the_next(stage) -> None:
    volume = case_volume()
    show(stage, stage_of(volume))
    stage.looking.take_volume(volume)
    stage.looking.show_mode("slices")
    stage.looking.toggle_neighbours()
    QApplication.processEvents()
    held = [weakref.ref(array) for array in volume_arrays(volume)]
    del volume
    stage.looking.end()
    stage.show_waiting("")
    gc.collect()
    assert [one() for one in held] == [None] * 4
