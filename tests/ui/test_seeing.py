"""Differences seen: by keys and by the mouse, in slices and projections, in the window itself."""

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from labelcritic_gui.core.cases import CandidateId, LabelSet
from labelcritic_gui.settings import Settings
from labelcritic_gui.ui import theme as themes
from labelcritic_gui.ui.stage.pane import PaneView
from labelcritic_gui.ui.stage.seeing import Seeing
from labelcritic_gui.ui.stage.stage import ReviewStage
from labelcritic_gui.viewmodels import differing
from labelcritic_gui.viewmodels.cards import PlaceRow
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.tour import Touring
from tests.ui.conftest import Scene
from tests.viewmodels.fakes import SETS, FakeCalls
from tests.viewmodels.test_tour import LEAKING, SPECKLED

Key, Mod, Left = Qt.Key, Qt.KeyboardModifier, Qt.MouseButton.LeftButton
LEAK, ISLAND, MIDDLE = (48.0, 30.0, 30.0), (10.0, 12.0, 12.0), (30.0, 30.0, 30.0)


@pytest.fixture
def calls() -> FakeCalls:
    made = FakeCalls()
    made.shapes = {"alpha": LEAKING, "beta": SPECKLED}
    return made


@pytest.fixture
def room(opened: Scene) -> Scene:
    """The window with the slices of a case in which one mask leaks and the other has an island."""
    opened.wait(lambda: opened.reading.volume is not None)
    return opened


def stage_of(scene: Scene) -> ReviewStage:
    return scene.window.screen_.stage


def tour_of(scene: Scene) -> Touring:
    assert scene.station.tour is not None
    return scene.station.tour


def slices(scene: Scene) -> None:
    scene.press(Key.Key_Space)
    assert scene.station.looking.mode == "slices"
    scene.station.looking.set_centre(MIDDLE)
    QApplication.processEvents()


def at(pane: PaneView, place: tuple[float, float, float]) -> QPoint:
    found = pane.to_pane(place)
    assert found is not None
    return found.toPoint()


def colours(pane: PaneView, place: tuple[float, float, float], reach: int = 6) -> list[QColor]:
    """The colours around a world place as they are on the screen."""
    picture, middle = pane.grab().toImage(), at(pane, place)
    steps = range(-reach, reach + 1)
    return [picture.pixelColor(middle + QPoint(dx, dy)) for dx in steps for dy in steps]


def tinted(pane: PaneView, place: tuple[float, float, float], label: QColor) -> float:
    """The share of the pixels around a place that lean towards a label's colour."""
    lean = np.array([label.red() - label.blue(), label.red() - label.green()])
    seen = np.array([(c.red() - c.blue(), c.red() - c.green()) for c in colours(pane, place)])
    return float(np.mean(seen @ lean > 0.2 * lean @ lean))


def move(pane: PaneView, to: QPoint, button: Qt.MouseButton) -> None:
    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(to), QPointF(pane.mapToGlobal(to)), Qt.MouseButton.NoButton, button, Mod(0)
    )
    QApplication.sendEvent(pane, event)


def test_that_the_overlay_fills_what_only_the_first_claims_and_stripes_what_only_the_second_does(room: Scene) -> None:
    slices(room)
    room.press(Key.Key_D)
    assert room.station.looking.difference
    theme = stage_of(room).maker().theme  # type: ignore[union-attr]
    room.station.looking.set_centre(LEAK)
    for panel in stage_of(room).panels[:2]:
        assert tinted(panel.panes[0], LEAK, theme.label(0)) > 0.95
        assert tinted(panel.panes[0], MIDDLE, theme.label(0)) < 0.05  # both claim it
    room.station.looking.set_centre(ISLAND)
    for panel in stage_of(room).panels[:2]:
        assert 0.2 < tinted(panel.panes[0], ISLAND, theme.label(1)) < 0.8
    room.press(Key.Key_D)
    assert tinted(stage_of(room).panels[0].panes[0], ISLAND, theme.label(1)) == 0.0


def test_that_the_overlay_is_drawn_on_projections_too(room: Scene) -> None:
    plain = stage_of(room).panels[0].panes[0].grab().toImage()
    room.press(Key.Key_D)
    assert room.station.looking.mode == "projection"
    assert stage_of(room).panels[0].panes[0].grab().toImage() != plain
    room.press(Key.Key_D)
    assert stage_of(room).panels[0].panes[0].grab().toImage() == plain


def test_that_the_legend_measures_what_differs(room: Scene) -> None:
    slices(room)
    room.press(Key.Key_D)
    room.wait(lambda: tour_of(room).tour is not None)
    tour = tour_of(room).tour
    assert tour is not None
    assert tour_of(room).current == -1
    assert (tour.only_first_ml > 0, tour.only_second_ml > 0, tour.both_ml > 0) == (True, True, True)


def test_that_each_press_of_blink_shows_the_other_mask_in_the_same_place_under_its_own_name(room: Scene) -> None:
    slices(room)
    looking, panels = room.station.looking, stage_of(room).panels
    looking.set_centre(LEAK)
    where = (looking.centre, looking.zoom, looking.middle, looking.plane)
    theme = stage_of(room).maker().theme  # type: ignore[union-attr]
    assert tinted(panels[0].panes[0], LEAK, theme.label(0)) > 0.95
    room.press(Key.Key_B)
    assert tinted(panels[0].panes[0], LEAK, theme.label(0)) == 0.0
    assert tinted(panels[1].panes[0], LEAK, theme.label(0)) > 0.95
    assert [(p.title.key, p.title.title) for p in panels[:2]] == [("2", "Beta"), ("1", "Alpha")]
    rings = [[mark.number for mark in panel.panes[0].marks] for panel in panels[:2]]
    room.press(Key.Key_B)
    assert tinted(panels[0].panes[0], LEAK, theme.label(0)) > 0.95
    assert [(p.title.key, p.title.title) for p in panels[:2]] == [("1", "Alpha"), ("2", "Beta")]
    assert [[mark.number for mark in panel.panes[0].marks] for panel in panels[:2]] == rings[::-1] != rings
    assert (looking.centre, looking.zoom, looking.middle, looking.plane) == where


def test_that_while_blinking_the_key_in_the_title_accepts_the_mask_that_is_seen(room: Scene) -> None:
    room.press(Key.Key_B)
    title = stage_of(room).panels[0].title
    assert (title.key, title.title) == ("2", "Beta")
    item = room.reading.item
    assert item is not None
    room.decide(Key.Key_2)
    assert room.calls.written[-1][1].candidate == CandidateId(item.case, item.structure, "beta")
    assert room.station.looking.blink == 0  # the next item begins with every mask in its own panel


def test_that_swipe_lays_both_in_one_panel_with_a_divider(room: Scene) -> None:
    slices(room)
    room.press(Key.Key_V)
    QApplication.processEvents()
    stage, theme = stage_of(room), stage_of(room).maker().theme  # type: ignore[union-attr]
    assert [panel.isVisible() for panel in stage.panels] == [True, False, False, False]
    assert stage.panels[0].width() == stage.width()
    assert stage.panels[0].title.title == "Alpha  |  Beta"
    pane = stage.panels[0].panes[0]
    room.station.looking.set_centre(LEAK)  # on the left of the screen: the patient's right
    assert at(pane, LEAK).x() < pane.width() / 2
    assert tinted(pane, LEAK, theme.label(0)) > 0.95
    room.station.looking.set_centre(ISLAND)
    assert at(pane, ISLAND).x() > pane.width() / 2
    assert tinted(pane, ISLAND, theme.label(1)) > 0.9
    room.press(Key.Key_V)
    QApplication.processEvents()
    assert [panel.isVisible() for panel in stage.panels] == [True, True, False, False]


def test_that_the_divider_is_moved_by_keys_and_by_the_mouse(room: Scene) -> None:
    slices(room)
    looking = room.station.looking
    room.press(Key.Key_Left, Mod.ControlModifier | Mod.ShiftModifier)
    assert looking.swipe == 0.5  # a divider where there was none
    room.press(Key.Key_Left, Mod.ControlModifier | Mod.ShiftModifier)
    assert looking.swipe == pytest.approx(0.48)
    room.press(Key.Key_Right, Mod.ControlModifier | Mod.ShiftModifier)
    room.press(Key.Key_Right, Mod.ControlModifier | Mod.ShiftModifier)
    assert looking.swipe == pytest.approx(0.52)
    QApplication.processEvents()
    pane, centre = stage_of(room).panels[0].panes[0], looking.centre
    start = QPoint(round(0.52 * pane.width()), pane.height() // 3)
    move(pane, start, Qt.MouseButton.NoButton)
    assert pane.cursor().shape() is Qt.CursorShape.SplitHCursor
    QTest.mousePress(pane, Left, Mod(0), start)
    move(pane, QPoint(pane.width() // 4, 10), Left)
    QTest.mouseRelease(pane, Left, Mod(0), QPoint(pane.width() // 4, 10))
    assert looking.swipe == pytest.approx(0.25, abs=0.01)
    assert looking.centre == centre  # the crosshair did not follow
    move(pane, QPoint(pane.width() // 2, 10), Qt.MouseButton.NoButton)
    assert pane.cursor().shape() is not Qt.CursorShape.SplitHCursor


def test_that_the_tour_goes_around_outlines_in_both_and_says_what_is_there(room: Scene) -> None:
    slices(room)
    strip = room.window.screen_.seeing.strip
    assert not strip.isVisible()
    room.press(Key.Key_N)
    room.wait(lambda: tour_of(room).current == 0)
    assert strip.isVisible()
    room.wait(lambda: "only in Alpha" in strip.words.text())
    stop = tour_of(room).stop
    assert stop is not None
    assert room.station.looking.centre == pytest.approx(stop.place)
    edge = (stop.high[0] - 0.5, stop.place[1], stop.place[2])
    for panel in stage_of(room).panels[:2]:
        assert any(min(c.red(), c.green(), c.blue()) > 200 for c in colours(panel.panes[0], edge, 25))
    room.press(Key.Key_N)
    assert tour_of(room).current == 1
    room.press(Key.Key_N, Mod.ShiftModifier)
    assert tour_of(room).current == 0
    room.press(Key.Key_Escape)
    assert not strip.isVisible()
    room.press(Key.Key_N)
    assert strip.isVisible()
    room.press(Key.Key_Escape, Mod.ShiftModifier)
    assert not strip.isVisible()


def test_that_the_tour_is_walked_by_the_mouse_alone(room: Scene) -> None:
    slices(room)
    room.window.screen_.seeing.strip.next.click()
    room.wait(lambda: tour_of(room).current == 0)
    strip = room.window.screen_.seeing.strip
    QTest.mouseClick(strip.next, Left)
    assert tour_of(room).current == 1
    QTest.mouseClick(strip.previous, Left)
    assert tour_of(room).current == 0
    QTest.mouseClick(strip.end, Left)
    assert tour_of(room).current == -1


@pytest.mark.parametrize("count", [3, 4])
def test_that_more_candidates_keep_their_own_masks_beside_the_pair(nothing_left, qtbot, count: int) -> None:
    looking = Looking(Settings(), lambda **_: None)
    stage = ReviewStage(themes.load_theme("dark"), looking)
    seeing = Seeing(stage, themes.load_theme("dark"))
    stage.resize(900, 500)
    stage.show()
    qtbot.waitExposed(stage)
    more = (*SETS, LabelSet("gamma", "Gamma"), LabelSet("delta", "Delta"))[:count]
    fake = FakeCalls(label_sets=more)
    stage.show_stage(fake.load_stage(fake.items[0]), colours=lambda slug: [s.slug for s in more].index(slug))
    before = [panel.panes[0].grab().toImage() for panel in stage.panels[:count]]
    differing.toggle_difference(looking)
    after = [panel.panes[0].grab().toImage() for panel in stage.panels[:count]]
    assert [one != other for one, other in zip(before, after, strict=True)] == [True, True] + [False] * (count - 2)
    seeing.strip.show()
    QApplication.processEvents()
    assert seeing.strip.width() == stage.width()
    differing.toggle_swipe(looking)
    QApplication.processEvents()
    assert stage.panels[0].width() == stage.width()
    for step in range(1, count + 1):
        differing.blink(looking)
        assert looking.blink == step % count
        assert stage.panels[0].title.title == more[step % count].title
    stage.close()
    stage.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_that_a_click_on_what_differs_goes_there_but_a_click_beside_it_does_not(room: Scene) -> None:
    slices(room)
    looking, pane = room.station.looking, stage_of(room).panels[1].panes[0]
    looking.set_centre(LEAK)
    QTest.mouseClick(pane, Left, Mod(0), at(pane, LEAK))
    assert tour_of(room).current == -1  # differences are not shown
    room.press(Key.Key_D)
    room.wait(lambda: tour_of(room).tour is not None)
    QTest.mouseClick(pane, Left, Mod(0), at(pane, (5.0, 5.0, 30.0)))
    assert tour_of(room).current == -1
    QTest.mouseClick(pane, Left, Mod(0), at(pane, LEAK))
    assert tour_of(room).current == 0
    assert looking.zoom > 1.0


def test_that_a_click_on_a_projected_difference_goes_there(room: Scene) -> None:
    room.press(Key.Key_D)
    room.wait(lambda: tour_of(room).tour is not None)
    pane = stage_of(room).panels[0].panes[0]
    QTest.mouseClick(pane, Left, Mod(0), at(pane, ISLAND))
    assert tour_of(room).current == 1
    assert room.station.looking.mode == "projection"


def test_that_a_click_on_a_finding_card_goes_to_its_place(room: Scene) -> None:
    slices(room)
    card = room.window.screen_.cards.findChild(QPushButton, "")
    rows = [row for row in room.window.screen_.cards.findings if row.place is not None]
    assert rows
    assert card is not None
    room.window.screen_.cards.finding_chosen.emit(rows[0])
    assert room.station.looking.centre == pytest.approx(rows[0].place)


def test_that_a_place_of_the_verdict_leads_to_the_stop_of_the_tour_there(room: Scene) -> None:
    slices(room)
    room.press(Key.Key_D)
    room.wait(lambda: tour_of(room).tour is not None)
    room.window.screen_.cards.finding_chosen.emit(PlaceRow(1, ISLAND))
    assert tour_of(room).current == 1


def test_that_one_candidate_alone_is_neither_swiped_nor_compared(room: Scene) -> None:
    slices(room)
    room.press(Key.Key_V)
    following = room.calls.items[4]
    room.calls.missing = {CandidateId(following.case, following.structure, "beta")}
    room.reading.go_to(following)
    room.ready()
    room.wait(lambda: room.reading.volume is not None)
    room.press(Key.Key_V)
    room.press(Key.Key_D)
    tour = tour_of(room)
    tour.next()
    assert tour.current == -1
    assert stage_of(room).panels[0].isVisible()


def test_that_one_way_of_seeing_differences_ends_the_other(room: Scene) -> None:
    looking = room.station.looking
    for key, expected in (
        (Key.Key_D, (True, None, 0)),
        (Key.Key_V, (False, 0.5, 0)),
        (Key.Key_B, (False, None, 1)),
        (Key.Key_D, (True, None, 0)),
        (Key.Key_B, (False, None, 1)),
        (Key.Key_V, (False, 0.5, 0)),
    ):
        room.press(key)
        assert (looking.difference, looking.swipe, looking.blink) == expected
    room.press(Key.Key_Escape, Mod.ShiftModifier)
    assert (looking.difference, looking.swipe, looking.blink) == (False, None, 0)


def test_that_masks_switched_off_hide_differences_too_and_come_back(room: Scene) -> None:
    slices(room)
    room.press(Key.Key_D)
    room.wait(lambda: tour_of(room).tour is not None)
    pane = stage_of(room).panels[0].panes[0]
    shown = pane.grab().toImage()
    room.press(Key.Key_O)
    assert pane.grab().toImage() != shown
    room.press(Key.Key_O)
    assert pane.grab().toImage() == shown
