"""The stage by keys, in the window itself: every key of the view does what its row in the table says."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.settings import load_settings
from tests.ui.conftest import Scene

Key, Mod = Qt.Key, Qt.KeyboardModifier


@pytest.fixture
def sliced(opened: Scene) -> Scene:
    """The window with slices on the stage."""
    opened.press(Key.Key_Space)
    opened.wait(lambda: opened.station.looking.volume is not None)
    assert stage(opened).panels[0].panes[0].scene.index is not None
    QApplication.processEvents()
    return opened


def stage(scene: Scene):
    return scene.window.screen_.stage


def test_that_space_goes_to_slices_and_back_at_the_same_place(sliced: Scene) -> None:
    looking = sliced.station.looking
    place = looking.centre
    sliced.press(Key.Key_Space)
    assert looking.mode == "projection"
    assert stage(sliced).panels[0].panes[0].scene.index is None
    sliced.press(Key.Key_Space)
    assert (looking.mode, looking.centre) == ("slices", place)


def test_that_q_and_l_change_planes(sliced: Scene) -> None:
    looking = sliced.station.looking
    seen = []
    for _ in range(3):
        seen.append(stage(sliced).panels[1].panes[0].view)
        sliced.press(Key.Key_Q)
    assert seen == [View.AXIAL, View.FRONTAL, View.LATERAL]
    sliced.press(Key.Key_L)
    views = [[pane.view for pane in panel.shown] for panel in stage(sliced).panels[:2]]
    assert views == [[View.AXIAL, View.FRONTAL, View.LATERAL]] * 2
    sliced.press(Key.Key_L)
    assert looking.views == (View.AXIAL,)


def test_that_arrows_pages_home_and_end_go_through_the_slices(sliced: Scene) -> None:
    looking = sliced.station.looking

    def went(key: Qt.Key, modifier: Qt.KeyboardModifier = Mod.NoModifier) -> int:
        before = looking.index_of(View.AXIAL)
        sliced.press(key, modifier)
        return looking.index_of(View.AXIAL) - before

    assert [went(Key.Key_Right), went(Key.Key_Period), went(Key.Key_Left), went(Key.Key_Comma)] == [1, 1, -1, -1]
    assert [went(Key.Key_PageUp), went(Key.Key_Left, Mod.ShiftModifier)] == [10, -10]
    assert [went(Key.Key_PageDown), went(Key.Key_Right, Mod.ShiftModifier)] == [-10, 10]
    first, last = looking.slice_span(View.AXIAL)
    sliced.press(Key.Key_Home)
    assert looking.index_of(View.AXIAL) == first
    sliced.press(Key.Key_End)
    assert looking.index_of(View.AXIAL) == last


def test_that_function_keys_set_windows_and_w_goes_on_and_both_are_remembered(sliced: Scene) -> None:
    looking = sliced.station.looking
    names = []
    for n in range(7):
        sliced.press(Qt.Key(Key.Key_F2.value + n))
        names.append(looking.window.name)
    assert names == ["abdomen", "liver", "lung", "bone", "mediastinum", "brain", "full"]
    sliced.press(Key.Key_W)
    assert looking.window.name == "abdomen"
    sliced.press(Key.Key_F4)
    sliced.wait(lambda: load_settings().windows == {"liver": (1500, -600)})
    assert "W1500 L-600" in stage(sliced).panels[0].panes[0].scene.foot


def test_that_c_h_m_and_escape_do_what_the_table_says(sliced: Scene) -> None:
    looking = sliced.station.looking
    sliced.press(Key.Key_C)
    assert not looking.crosshair
    sliced.press(Key.Key_H)
    pane = stage(sliced).panels[0].panes[0]
    assert pane.scene.neighbours.names == ("pancreas", "spleen")
    sliced.press(Key.Key_M)
    assert looking.measuring
    QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center() / 2)
    QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center())
    assert looking.measure.mm > 5
    sliced.press(Key.Key_Escape)
    assert (looking.measuring, looking.measure) == (False, None)
    assert sliced.calls.written == []


def test_that_a_lateral_or_maximal_projection_is_loaded_when_it_is_asked_for(opened: Scene) -> None:
    pane = stage(opened).panels[0].panes[0]
    assert opened.calls.projected == []
    opened.press(Key.Key_Q)
    opened.wait(lambda: pane.view is View.LATERAL)
    opened.press(Key.Key_W, Mod.ShiftModifier)
    opened.wait(lambda: "maximum" in pane.scene.head)
    assert opened.calls.projected == [(View.LATERAL, "mean"), (View.LATERAL, "max")]
    opened.press(Key.Key_W, Mod.ShiftModifier)
    opened.press(Key.Key_Q)
    opened.wait(lambda: pane.view is View.AXIAL)
    opened.press(Key.Key_Q)
    opened.wait(lambda: pane.view is View.FRONTAL)
    opened.press(Key.Key_Q)
    opened.wait(lambda: pane.view is View.LATERAL)
    assert len(opened.calls.projected) == 3  # axial once; what is there is not loaded again


def test_that_a_projection_that_fails_says_why_and_the_one_before_stays(opened: Scene) -> None:
    opened.calls.pictures_broken = UnreadableFileError("The image is damaged.", "Copy it again.")
    opened.press(Key.Key_Q)
    opened.wait(stage(opened).card.isVisible)
    assert "The image is damaged." in stage(opened).card.accessibleName()
    assert stage(opened).panels[0].panes[0].view is View.FRONTAL
    opened.calls.pictures_broken = None
    QTest.mouseClick(stage(opened).card.button, Qt.MouseButton.LeftButton)
    opened.wait(lambda: stage(opened).panels[0].panes[0].view is View.LATERAL)
    assert not stage(opened).card.isVisible()


def test_that_going_on_keeps_slices_and_forgets_the_item_before(sliced: Scene) -> None:
    sliced.press(Key.Key_L)
    looking = sliced.station.looking
    sliced.press(Key.Key_End)
    QApplication.processEvents()
    sliced.decide(Key.Key_1)
    assert (looking.mode, looking.planes) == ("slices", "three")
    sliced.wait(lambda: looking.volume is not None)
    assert looking.index_of(View.AXIAL) != looking.slice_span(View.AXIAL)[1]
    seen = sliced.calls.written[0][2]
    assert seen["stage"] == "slices"
    assert seen["slices"]["axial"]["seen"] == 2
    assert seen["masks"]


def test_that_keys_of_slices_say_so_on_projections(opened: Scene) -> None:
    looking = opened.station.looking
    before = looking.window, looking.centre
    for key in (Key.Key_Right, Key.Key_F4, Key.Key_End):
        opened.press(key)
        assert "slices are on the stage" in opened.window.screen_.message.message.text
    assert (looking.window, looking.centre) == before
