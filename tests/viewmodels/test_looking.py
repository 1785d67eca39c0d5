"""What the reader looks at: place, zoom, slices, windows, the ledger; without any window."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.geometry import Geometry
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.imaging.slices import SliceFrame
from labelcritic_gui.settings import Settings
from labelcritic_gui.viewmodels.looking import Looking, starting_window
from labelcritic_gui.viewmodels.looking.camera import MAX_ZOOM
from tests.viewmodels.bodies import CASE, SIDE, case_volume, stage_of

OBLIQUE = np.array([[1.2, 0.2, 0.0, -30.0], [-0.2, 0.9, 0.1, 10.0], [0.0, -0.1, 2.5, 100.0], [0, 0, 0, 1.0]])


class Kept:
    """Takes what is remembered."""

    def __init__(self) -> None:
        self.changes: dict[str, object] = {}

    def __call__(self, **changes: object) -> None:
        self.changes.update(changes)


def looking_at(geometry: Geometry | None = None, kept: Kept | None = None) -> Looking:
    volume = case_volume(geometry)
    made = Looking(Settings(), kept or Kept())
    made.begin(stage_of(volume), volume)
    made.show_mode("slices")
    return made


def test_that_slices_start_inside_the_structure_where_it_is_largest() -> None:
    made = looking_at()
    index = np.rint(made.geometry.to_index(np.array(made.centre))).astype(int)
    assert made.own_masks()[0].full()[tuple(index)]
    assert abs(index[2] - SIDE / 2) <= 1


def test_that_switching_between_projections_and_slices_keeps_place_and_zoom() -> None:
    made = looking_at()
    made.go_to((12.0, 30.0, 25.0), zoom=3.0)
    before = made.centre, made.middle, made.zoom
    made.toggle_mode()
    made.toggle_mode()
    assert (made.centre, made.middle) == before[:2]
    assert made.zoom == pytest.approx(before[2])


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(list(View)),
    st.lists(st.tuples(st.integers(-60, 60), st.sampled_from(list(View))), max_size=8),
)
def test_that_slices_stay_inside_and_stepping_moves_only_its_own_plane(start, steps) -> None:
    made = looking_at(Geometry((SIDE, SIDE, SIDE), OBLIQUE))
    made.show_plane(start)
    for by, view in steps:
        before = {v: made.index_of(v) for v in View}
        made.step_slice(by, view)
        expected = {**before, view: min(SIDE - 1, max(0, before[view] + by))}
        assert {v: made.index_of(v) for v in View} == expected


def test_that_home_and_end_go_to_the_ends_of_the_structure() -> None:
    made = looking_at()
    first, last = made.slice_span(View.AXIAL)
    made.to_end(last=True)
    assert made.index_of(View.AXIAL) == last
    made.to_end(last=False)
    assert made.index_of(View.AXIAL) == first
    assert first < last


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.2, 6.0),
    st.floats(0.2, 6.0),
    st.tuples(*(st.floats(0, SIDE - 1),) * 3),
    st.sampled_from(list(View)),
)
def test_that_the_place_under_the_cursor_stays_while_zooming(one, other, index, view) -> None:
    made = looking_at(Geometry((SIDE, SIDE, SIDE), OBLIQUE))
    place = tuple(made.geometry.to_world(np.array(index)))
    frame = SliceFrame(made.geometry, view, made.index_of(view))

    def seen() -> np.ndarray:
        off = np.array(frame.to_picture(place)) - np.array(frame.to_picture(made.middle))
        return off * made.zoom

    made.look_at(made.middle, zoom=2.0)
    before, depth = seen(), made.depth_of(made.middle, view)
    made.zoom_by(one, about=place, view=view)
    if 1.0 < made.zoom < MAX_ZOOM and _inside(made):
        assert seen() == pytest.approx(before, abs=1e-6)
        assert made.depth_of(made.middle, view) == pytest.approx(depth)
    made.zoom_by(other, about=place, view=view)
    assert 1.0 <= made.zoom <= MAX_ZOOM


def _inside(made: Looking) -> bool:
    index = made.geometry.to_index(np.array(made.middle))
    return bool(((index > 1e-6) & (index < SIDE - 1 - 1e-6)).all())


def test_that_at_zoom_one_everything_is_seen_and_panning_does_nothing() -> None:
    made = looking_at()
    made.zoom_by(4.0)
    made.zoom_by(0.01)
    assert made.middle == pytest.approx(made.whole_middle)
    made.pan((0, 0, 0), (10, 10, 10), View.AXIAL)
    assert made.middle == pytest.approx(made.whole_middle)


def test_that_a_box_is_shown_whole() -> None:
    made = looking_at()
    made.go_to((20, 20, 20), low=(18, 18, 18), high=(22, 22, 22))
    near = made.zoom
    made.go_to((20, 20, 20), low=(0, 0, 0), high=(39, 39, 39))
    assert made.zoom == 1.0 < near


# --- windows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("lung_left", "lung"),
        ("vertebrae_L3", "bone"),
        ("rib_left_3", "bone"),
        ("pancreas", "abdomen"),
        ("heart", "mediastinum"),
    ],
)
def test_that_a_structure_starts_with_the_window_of_its_kind(name: str, window: str) -> None:
    assert starting_window(Structure(name), {}).name == window


def test_that_a_window_is_remembered_per_structure_and_comes_back() -> None:
    kept = Kept()
    made = looking_at(kept=kept)
    made.show_window("lung")
    assert kept.changes["windows"] == {"liver": (1500.0, -600.0)}
    volume = case_volume()
    other = replace(stage_of(volume), item=ItemId(CASE, "spleen"), structure=Structure("spleen"))
    made.begin(other, volume)
    assert made.window.name == "abdomen"
    made.begin(stage_of(volume), volume)
    assert made.window.name == "lung"
    again = Looking(Settings(windows={"liver": (500, 20)}), Kept())
    again.begin(stage_of(volume), volume)
    assert (again.window.width, again.window.level) == (500, 20)


def test_that_a_readers_own_presets_are_used() -> None:
    made = Looking(Settings(presets={"abdomen": (350, 60)}), Kept())
    made.show_window("abdomen")
    assert (made.window.width, made.window.level) == (350, 60)
    made.take_settings(Settings())
    made.show_window("abdomen")
    assert (made.window.width, made.window.level) == (400, 40)


@settings(max_examples=60, deadline=None)
@given(st.floats(-5000, 5000), st.floats(-5000, 5000))
def test_that_a_dragged_window_stays_a_window_and_comes_back(right: float, up: float) -> None:
    made = looking_at()
    start = made.window
    made.drag_window(start, right, up)
    assert made.window.width >= 2
    assert -2000 <= made.window.level <= 4000
    made.drag_window(start, 0, 0)
    assert made.window == start


# --- from item to item, and from session to session ----------------------------------------------------------------


def test_that_the_ledger_counts_what_was_seen_of_this_item_only() -> None:
    made = looking_at()
    for n in (3, 4, 4, 5):
        made.show_slice(n, View.AXIAL)
        made.saw(View.AXIAL)
    made.saw(View.FRONTAL)
    made.show_difference(True)
    made.toured()
    seen = made.seen()
    assert seen["stage"] == "slices"
    assert seen["slices"] == {"axial": {"seen": 3, "of": SIDE}, "coronal": {"seen": 1, "of": SIDE}}
    assert (seen["masks"], seen["difference"], seen["tour"]) == (True, True, 1)
    volume = case_volume()
    made.begin(replace(stage_of(volume), item=ItemId(CASE, "spleen")), volume)
    assert made.seen()["slices"] == {}
    assert made.seen()["tour"] == 0


def test_that_the_same_item_drawn_anew_keeps_its_place_but_the_next_one_starts_at_its_own() -> None:
    made = looking_at()
    made.set_centre((5.0, 6.0, 7.0))
    made.end()
    volume = case_volume()
    made.begin(stage_of(volume), volume)
    assert made.centre == pytest.approx((5.0, 6.0, 7.0))
    made.begin(replace(stage_of(volume), item=ItemId(CASE, "spleen")), volume)
    assert made.centre != pytest.approx((5.0, 6.0, 7.0))
    assert made.mode == "slices"


def test_that_a_session_goes_on_where_it_was() -> None:
    made = looking_at()
    made.show_plane(View.LATERAL)
    made.toggle_planes()
    made.go_to((12.0, 13.0, 14.0), zoom=4.0)
    made.show_window("bone")
    state = made.state()
    volume = case_volume()
    again = Looking(Settings(), Kept())
    again.restore(state)
    again.begin(stage_of(volume), volume)
    assert again.state() == state


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["mode", "plane", "planes", "zoom", "centre", "middle", "window", "item", "side"]),
        st.one_of(st.none(), st.text(max_size=5), st.integers(), st.lists(st.integers(), max_size=3)),
    )
)
def test_that_a_damaged_session_is_no_session(state) -> None:
    volume = case_volume()
    made = Looking(Settings(), Kept())
    made.restore(state)
    made.begin(stage_of(volume), volume)
    assert made.views


def test_that_nothing_of_an_item_is_kept_when_the_review_closes() -> None:
    made = looking_at()
    made.toggle_measuring()
    made.measure_from(View.AXIAL, made.centre)
    made.end(for_good=True)
    assert (made.stage, made.volume, made.measure, made.cursor) == (None, None, None, None)
    assert made.seen()["slices"] == {}


def test_that_a_distance_is_measured_in_mm_of_the_body() -> None:
    made = looking_at(Geometry((SIDE, SIDE, SIDE), np.diag([0.8, 0.8, 3.0, 1.0])))
    made.toggle_measuring()
    made.measure_from(View.FRONTAL, (4.0, 10.0, 30.0))
    made.measure_to((8.0, 10.0, 33.0), fixed=True)
    assert made.measure.mm == pytest.approx(5.0)
    assert made.clear_measure()
    assert not made.clear_measure()


def test_that_the_crosshair_comes_along_when_the_picture_is_moved_away_from_it() -> None:
    made = looking_at()
    made.show_mode("projection")
    made.look_at(made.centre, zoom=5.0)
    made.pan(made.centre, (made.centre[0] + 15, made.centre[1], made.centre[2] - 12), View.FRONTAL)
    seen = made.middle
    made.show_mode("slices")
    assert (made.centre[0], made.centre[2]) == pytest.approx((seen[0], seen[2]))
    assert made.in_sight(View.AXIAL, made.centre)


def test_that_the_picture_comes_along_when_the_crosshair_is_scrolled_away_from_it() -> None:
    made = looking_at()
    made.look_at(made.centre, zoom=5.0)
    made.show_slice(SIDE - 1, View.AXIAL)
    made.show_plane(View.FRONTAL)
    assert made.index_of(View.AXIAL) == SIDE - 1
    assert made.in_sight(View.FRONTAL, made.centre)
