"""Pictures at the screen's own pixels, and where to look first."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labelcritic_gui.core.geometry import Geometry, Mask
from labelcritic_gui.imaging.composition import Layer, Placement, composed, magnified, tinted
from labelcritic_gui.imaging.telling import telling_place

ORANGE = (230, 159, 0)


def middles(placement: Placement, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The canvas pixels in the middle of the source's pixels."""
    rows = np.floor(placement.top + (np.arange(shape[0]) + 0.5) * placement.down).astype(int)
    columns = np.floor(placement.left + (np.arange(shape[1]) + 0.5) * placement.across).astype(int)
    return rows, columns


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))),
    st.floats(3.0, 20.0),
    st.floats(3.0, 20.0),
    st.tuples(st.floats(-20, 20), st.floats(-20, 20)),
)
def test_that_a_fill_covers_exactly_the_pixels_inside(mask, down, across, corner) -> None:
    placement = Placement(down, across, *corner)
    grey = magnified(np.zeros(mask.shape, dtype=np.uint8), placement, (200, 200))
    canvas = composed(grey, [Layer(mask, ORANGE, fill=1.0)], placement)
    rows, columns = middles(placement, mask.shape)
    for r, c in np.ndindex(mask.shape):
        if 0 <= rows[r] < 200 and 0 <= columns[c] < 200:
            assert (canvas[rows[r], columns[c], 2] == ORANGE[0]) == bool(mask[r, c])


def test_that_an_outline_goes_along_the_edge_and_leaves_the_inside_free() -> None:
    mask = np.zeros((40, 40), dtype=np.bool_)
    mask[10:30, 10:30] = True
    placement = Placement(5.0, 5.0, 0.0, 0.0)
    canvas = composed(np.zeros((200, 200), dtype=np.uint8), [Layer(mask, ORANGE, line=1.5)], placement)
    drawn = np.argwhere(canvas[:, :, 2] > 60)
    assert drawn.min() >= 46
    assert drawn.max() <= 153
    assert not (canvas[60:140, 60:140, 2] > 0).any()
    assert (canvas[100, 46:54, 2] > 100).any()


def test_that_an_outline_does_not_run_along_the_edge_of_the_canvas() -> None:
    mask = np.ones((40, 40), dtype=np.bool_)
    placement = Placement(10.0, 10.0, -100.0, -100.0)
    canvas = composed(np.zeros((100, 100), dtype=np.uint8), [Layer(mask, ORANGE, line=2.0)], placement)
    assert not canvas[:, :, :3].any()


def test_that_a_thin_structure_is_still_seen_when_it_is_drawn_small() -> None:
    mask = np.zeros((400, 400), dtype=np.bool_)
    mask[:, 200:202] = True
    placement = Placement(0.5, 0.5, 0.0, 0.0)
    canvas = composed(np.zeros((200, 200), dtype=np.uint8), [Layer(mask, ORANGE, fill=1.0)], placement)
    assert (canvas[:, :, 2] == ORANGE[0]).any(axis=1).all()


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 8.0), st.floats(0.05, 8.0))
def test_that_one_grey_stays_that_grey_at_any_size(down: float, across: float) -> None:
    placement = Placement(down, across, -1.5 * down, -1.5 * across)
    made = magnified(np.full((64, 64), 77, dtype=np.uint8), placement, (40, 40))
    height, width = int(62.0 * down), int(62.0 * across)
    inner = made[: max(0, min(40, height - 4)), : max(0, min(40, width - 4))]
    assert (inner == 77).all()


def test_that_a_canvas_used_again_holds_nothing_of_before() -> None:
    placement = Placement(5.0, 5.0, 0.0, 0.0)
    grey, mask = np.full((50, 50), 9, dtype=np.uint8), np.ones((10, 10), dtype=np.bool_)
    before = composed(grey, [Layer(mask, ORANGE, fill=1.0)], placement)
    after = composed(grey, (), placement, into=before)
    assert (after[:, :, :3] == 9).all()


def test_that_neighbours_are_tinted_and_nothing_else() -> None:
    placement = Placement(10.0, 10.0, 0.0, 0.0)
    labels = np.zeros((10, 10), dtype=np.uint8)
    labels[2:6, 2:6] = 2
    canvas = composed(np.full((100, 100), 100, dtype=np.uint8), (), placement)
    tinted(canvas, labels, [(255, 0, 0), (0, 255, 0)], placement)
    blue, green, red, _ = canvas[40, 40]
    assert green > red == blue
    assert (canvas[80, 80, :3] == 100).all()


# --- where to look first -------------------------------------------------------------------------------------------

GRID = Geometry((30, 30, 30), np.diag([1.0, 1.0, 2.0, 1.0]))


def box(x: slice, y: slice, z: slice) -> Mask:
    full = np.zeros(GRID.shape, dtype=np.bool_)
    full[x, y, z] = True
    return Mask.from_array(full, GRID)


def test_that_alike_candidates_are_first_seen_at_their_largest() -> None:
    tall = np.zeros(GRID.shape, dtype=np.bool_)
    tall[10:12, 10:12, 5:25] = True
    tall[5:20, 5:20, 18] = True
    mask = Mask.from_array(tall, GRID)
    place = telling_place([mask, mask])
    assert place is not None
    assert place[2] == pytest.approx(36.0)


def test_that_candidates_that_differ_much_are_first_seen_where_they_do() -> None:
    one, other = box(slice(5, 20), slice(5, 20), slice(5, 15)), box(slice(5, 20), slice(5, 20), slice(5, 25))
    place = telling_place([one, other])
    assert place is not None
    assert place[2] >= 30.0


@settings(max_examples=40, deadline=None)
@given(arrays(np.bool_, (6, 7, 8)), arrays(np.bool_, (6, 7, 8)))
def test_that_the_first_place_lies_inside_a_mask(first, second) -> None:
    grid = Geometry((6, 7, 8), np.diag([2.0, -1.0, 3.0, 1.0]))
    masks = [Mask.from_array(one, grid) for one in (first, second)]
    place = telling_place(masks)
    if place is None:
        assert not (first | second).any()
        return
    x, y, z = np.rint(grid.to_index(np.array(place))).astype(int)
    assert (first | second)[x, y, z]


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    st.tuples(st.floats(-40.0, 40.0), st.floats(-40.0, 40.0)),
    st.floats(0.3, 4.0),
)
def test_that_a_mask_beside_the_canvas_is_no_error_and_leaves_the_canvas_alone(size, corner, scale) -> None:
    grey = np.full((20, 20), 90, dtype=np.uint8)
    mask = np.ones(size, dtype=bool)
    placement = Placement(scale, scale, corner[0], corner[1])
    canvas = composed(grey, [Layer(mask, (255, 0, 0), fill=0.5)], placement)
    touched = np.argwhere((canvas[..., :3] != 90).any(axis=2))
    outside = corner[0] > 21 or corner[1] > 21 or corner[0] + scale * size[0] < -1 or corner[1] + scale * size[1] < -1
    assert not (outside and len(touched))
