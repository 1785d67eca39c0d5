"""The patchwork mode in the window: real keys and clicks, on a case in memory."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from labelcritic_gui.core.cases import CandidateId, LabelSet
from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.geometry import Point
from labelcritic_gui.core.patchwork.recipe import Drop, DropIslands, FillHoles, KeepLargest, Start, Take
from labelcritic_gui.ui.patchwork.view import PatchworkView
from labelcritic_gui.viewmodels.patchwork.patchwork import Patchwork
from labelcritic_gui.viewmodels.screens import ScreenMode
from tests.ui.conftest import Scene
from tests.viewmodels.fakes import FakeCalls

K, M = Qt.Key, Qt.KeyboardModifier


def entered(scene: Scene) -> tuple[Patchwork, PatchworkView]:
    """Open the review and press P on its first item."""
    scene.open()
    scene.press(K.Key_P)
    patchwork = scene.station.patchwork()
    assert patchwork is not None
    shown(scene, patchwork)
    return patchwork, scene.window.screen_.patchwork


def shown(scene: Scene, patchwork: Patchwork) -> None:
    """Wait until what the steps give is on the screen."""
    scene.wait(lambda: patchwork.preview is not None and not patchwork.busy)


def spot(view: PatchworkView, place: Point) -> QPoint:
    """Where a place in the body is on the large plane."""
    point = view.picture.candidate.panes[0].to_pane(place)
    assert point is not None
    return point.toPoint()


def test_that_a_mask_is_pieced_together_by_keys_alone(scene: Scene) -> None:
    patchwork, view = entered(scene)
    item = scene.reading.item
    assert view.isVisible()
    assert scene.station.mode is ScreenMode.PATCHWORK
    scene.press(K.Key_2)
    scene.press(K.Key_N)
    scene.press(K.Key_0)
    scene.press(K.Key_I)
    scene.press(K.Key_H)
    scene.press(K.Key_K)
    scene.press(K.Key_Backspace)
    scene.press(K.Key_Backspace)
    scene.press(K.Key_Backspace, M.ShiftModifier)
    shown(scene, patchwork)
    names = [row.region.name for row in patchwork.rows]
    islands = next(step for step in patchwork.steps if isinstance(step, DropIslands))
    assert patchwork.steps == (Start(1), Take(names[0], 2), Drop(names[1]), islands, FillHoles())
    scene.press(K.Key_Return)
    scene.wait(lambda: scene.reading.item != item)
    assert scene.calls.pieced[0].steps == (Start(1), Take(names[0], 2), Drop(names[1]), islands, FillHoles())
    assert scene.calls.written[-1][1].candidate == CandidateId(*item, "alpha", 2)
    assert scene.station.mode is ScreenMode.READING
    scene.decide(K.Key_1)
    assert len(scene.calls.written) == 2, "the keys mean the reading again"


def test_that_a_mask_is_pieced_together_by_the_mouse_alone(scene: Scene) -> None:
    patchwork, view = entered(scene)
    row = patchwork.rows[0]
    QTest.mouseClick(view.picture.candidate.panes[0], Qt.MouseButton.LeftButton, pos=spot(view, row.region.place))
    shown(scene, patchwork)
    assert patchwork.steps == (Start(1), Take(row.region.name, 2))
    index = view.side.regions.model_.index(1)
    QTest.mouseClick(
        view.side.regions.viewport(), Qt.MouseButton.LeftButton, pos=view.side.regions.visualRect(index).center()
    )
    shown(scene, patchwork)
    assert patchwork.current == 1
    press(view, "patchwork.drop")
    press(view, "patchwork.holes")
    press(view, "patchwork.undo")
    press(view, "patchwork.largest")
    shown(scene, patchwork)
    assert patchwork.steps[2:] == (Drop(patchwork.rows[1].region.name), KeepLargest())
    press(view, "patchwork.make")
    scene.wait(lambda: bool(scene.calls.pieced))
    scene.wait(lambda: scene.station.mode is ScreenMode.READING)


def press(view: PatchworkView, name: str) -> None:
    QTest.mouseClick(view.buttons[name], Qt.MouseButton.LeftButton)


def test_that_a_drag_moves_the_crosshair_and_is_no_choice(scene: Scene) -> None:
    patchwork, view = entered(scene)
    pane = view.picture.candidate.panes[0]
    at = spot(view, patchwork.rows[0].region.place)
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(pane, at + QPoint(40, 30))
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=at + QPoint(40, 30))
    shown(scene, patchwork)
    assert patchwork.steps == (Start(1),)


def test_that_the_slices_seen_go_into_the_ledger(scene: Scene) -> None:
    patchwork, _ = entered(scene)
    scene.press(K.Key_2)
    scene.press(K.Key_Right)
    scene.wait(lambda: scene.station.looking.seen()["slices"].get("axial", {}).get("seen", 0) >= 2)
    shown(scene, patchwork)
    scene.press(K.Key_Return)
    scene.wait(lambda: bool(scene.calls.written))
    assert scene.calls.written[0][2]["slices"]["axial"]["seen"] >= 2


@pytest.mark.parametrize("key", [K.Key_Escape, K.Key_P])
def test_that_leaving_makes_nothing_and_asks_nothing(scene: Scene, key: Qt.Key) -> None:
    patchwork, view = entered(scene)
    scene.press(K.Key_2)
    scene.press(key)
    assert scene.station.mode is ScreenMode.READING
    assert not view.isVisible()
    assert scene.window.screen_.stage.isVisible()
    assert scene.calls.written == []
    scene.press(K.Key_P)
    shown(scene, patchwork)
    assert len(patchwork.steps) == 2, "the steps are kept"


def test_that_the_side_says_volume_parts_start_regions_and_steps(scene: Scene) -> None:
    patchwork, view = entered(scene)
    assert view.side.volume.text() == "3.1 ml"
    assert view.side.parts.text() == "in 1 part"
    model = view.side.regions.model_
    assert [model.data(model.index(n)) for n in range(2)] == [
        "1, 1.2 ml, only Beta, out, LEAK: leaks into the neighbour",
        "2, 1.2 ml, only Alpha, in",
    ]
    assert view.side.regions.currentIndex().row() == 0
    scene.press(K.Key_2, M.ControlModifier)
    shown(scene, patchwork)
    assert [label.text() for label in view.side.steps[:2]] == ["1. start from Alpha", "2. start from Beta"]
    assert model.data(model.index(0)).startswith("1, 1.2 ml, only Beta, in")
    scene.press(K.Key_A, M.ShiftModifier)
    shown(scene, patchwork)
    assert view.side.volume.text() == "4.3 ml"
    scene.press(K.Key_N, M.ShiftModifier)
    assert view.side.regions.currentIndex().row() == 1


def test_that_the_stages_own_keys_work_here_too(scene: Scene) -> None:
    patchwork, _ = entered(scene)
    looking = scene.station.looking
    before = looking.index_of(looking.plane)
    scene.press(K.Key_Right)
    assert looking.index_of(looking.plane) == before + 1
    plane = looking.plane
    scene.press(K.Key_Q)
    assert looking.plane is not plane
    scene.press(K.Key_L)
    assert len([pane for pane in scene.window.screen_.patchwork.picture.candidate.panes if pane.isVisible()]) == 3
    scene.press(K.Key_O)
    assert not looking.overlay
    assert patchwork.steps == (Start(1),)


def test_that_every_control_has_a_name_to_be_read_aloud(scene: Scene) -> None:
    _, view = entered(scene)
    for button in (*view.buttons.values(), *view.side.starts.values()):
        assert button.accessibleName() or not button.isVisible()
    for part in (view, view.picture, view.side.regions, view.side.island, view.side.volume):
        assert part.accessibleName()


def test_that_nothing_is_cut_off_at_the_smallest_window(scene: Scene) -> None:
    scene.window.resize(1366, 768)
    _, view = entered(scene)
    for button in view.buttons.values():
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width()
            assert view.rect().contains(button.mapTo(view, button.rect().bottomRight()))
    for label in view.side.steps:
        assert view.side.rect().contains(label.mapTo(view.side, label.rect().bottomRight()))


def test_that_going_to_another_item_leaves_the_mode(scene: Scene, qtbot: object) -> None:
    patchwork, view = entered(scene)
    scene.reading.go_to(scene.calls.items[3])
    scene.ready()
    assert scene.station.mode is ScreenMode.READING
    assert not view.isVisible()
    assert patchwork.board is None


def test_that_an_item_without_masks_has_no_patchwork(scene: Scene) -> None:
    first = scene.calls.items[0]
    scene.calls.missing = {CandidateId(*first, slug) for slug in ("alpha", "beta")}
    scene.open()
    scene.press(K.Key_P)
    assert scene.station.mode is ScreenMode.READING
    assert "no mask to piece together" in scene.window.screen_.message.message.text


def test_that_a_mask_that_cannot_be_read_leaves_the_others_on_their_anatomy(scene: Scene) -> None:
    first = CandidateId(*scene.calls.items[0], "alpha")
    scene.calls.refused = {first: UnreadableFileError("/data/alpha/liver.nii.gz does not exist.")}
    patchwork, view = entered(scene)
    assert patchwork.names == ("Beta",)
    panes = view.picture.candidate.shown
    assert [pane.scene is not None and not pane.scene.refusal for pane in panes] == [True] * len(panes)


def test_that_the_sound_of_other_modes_keys_is_not_heard(scene: Scene) -> None:
    """Keys of the reading that mean nothing here do nothing here."""
    patchwork, _ = entered(scene)
    for key in (K.Key_E, K.Key_X, K.Key_S, K.Key_U, K.Key_J, K.Key_G, K.Key_Tab):
        scene.press(key)
    assert scene.calls.written == []
    assert scene.station.mode is ScreenMode.PATCHWORK
    assert patchwork.steps == (Start(1),)


def test_that_esc_leaves_a_text_field_and_the_ruler_before_the_mode(scene: Scene) -> None:
    patchwork, view = entered(scene)
    scene.window.screen_.worklist.filter.setFocus()
    scene.press(K.Key_2)
    assert patchwork.steps == (Start(1),), "what is written is no choice"
    scene.press(K.Key_Escape)
    assert scene.station.mode is ScreenMode.PATCHWORK
    scene.press(K.Key_M)
    QTest.mouseClick(
        view.picture.candidate.panes[0],
        Qt.MouseButton.LeftButton,
        pos=spot(view, patchwork.rows[0].region.place),
    )
    assert patchwork.steps == (Start(1),), "a click with the ruler measures"
    scene.press(K.Key_Escape)
    assert scene.station.mode is ScreenMode.PATCHWORK
    scene.press(K.Key_Escape)
    assert scene.station.mode is ScreenMode.READING


class TestFourCandidates:
    """Four label sets with long names, in the smallest window that is promised."""

    @pytest.fixture
    def calls(self) -> FakeCalls:
        names = ("totalsegmentator_v2_fast", "nnunet_pancreas_ensemble", "radiologist_ward_b", "medsam2_prompted")
        return FakeCalls(label_sets=tuple(LabelSet(slug, slug.replace("_", " ").title()) for slug in names))

    def test_that_nothing_is_pushed_out_of_the_window(self, scene: Scene) -> None:
        scene.window.resize(1366, 768)
        patchwork, view = entered(scene)
        assert scene.window.width() == 1366
        assert [button.isVisible() for button in view.buttons.values()].count(True) == 12
        for button in (*view.buttons.values(), *view.side.starts.values()):
            assert view.rect().contains(button.mapTo(view, button.rect().bottomRight()))
        scene.press(K.Key_4)
        shown(scene, patchwork)
        assert patchwork.steps[-1] == Take(patchwork.rows[0].region.name, 4)
