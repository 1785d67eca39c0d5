"""Slices lie the way radiologists look at them, without a copy, and every pixel knows where it is."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.geometry import Geometry, Mask, Orientation, Volume
from labelcritic_gui.imaging.frame import Edges, Frame, PictureFrame, View
from labelcritic_gui.imaging.slices import (
    SliceFrame,
    hu_at,
    hu_slice,
    label_slice,
    mask_slice,
    slice_count,
    slice_index,
    slice_span,
)

ORIENTATIONS = [
    Orientation(axes, flips) for axes in permutations(range(3)) for flips in product((False, True), repeat=3)
]
SHAPE = (5, 6, 7)


@st.composite
def grids(draw: st.DrawFn) -> Geometry:
    """Canonical grids: any shape and voxel size, turned any way, then seen as their canonical view."""
    shape = draw(st.tuples(*[st.integers(1, 60)] * 3))
    quaternion = np.array(draw(st.tuples(*[st.floats(-1, 1)] * 4)))
    w, x, y, z = (
        np.array([1.0, 0, 0, 0]) if np.linalg.norm(quaternion) < 0.1 else quaternion / np.linalg.norm(quaternion)
    )
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn * np.array(draw(st.tuples(*[st.floats(0.4, 6)] * 3)))
    affine[:3, 3] = draw(st.tuples(*[st.floats(-300, 300)] * 3))
    return Geometry(shape, affine).canonical()


@settings(max_examples=150, deadline=None)
@given(grid=grids(), view=st.sampled_from(View), part=st.floats(0, 1), row=st.floats(-9, 70), column=st.floats(-9, 70))
def test_that_a_pixel_comes_back_from_the_world_and_lies_on_its_slice(grid, view, part, row, column):
    index = round(part * (slice_count(grid, view) - 1))
    frame: Frame = SliceFrame(grid, view, index)
    world = frame.to_world(row, column)
    assert frame.to_picture(world) == pytest.approx((row, column), abs=1e-6)
    assert slice_index(grid, view, world) == index


@settings(max_examples=100, deadline=None)
@given(grid=grids(), view=st.sampled_from(View), seed=st.integers(0, 2**16))
def test_that_the_pixel_of_a_voxel_shows_that_voxel(grid, view, seed):
    rng = np.random.default_rng(seed)
    volume = Volume(rng.integers(-1000, 2000, grid.shape, dtype=np.int16), grid)
    at = tuple(int(rng.integers(n)) for n in grid.shape)
    x, y, z = (float(v) for v in grid.to_world(np.array(at)))
    index = slice_index(grid, view, (x, y, z))
    row, column = (round(v) for v in SliceFrame(grid, view, index).to_picture((x, y, z)))
    assert index == at[view.ray]
    assert hu_slice(volume, view, index)[row, column] == volume.voxels[at] == hu_at(volume, (x, y, z))


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_that_all_48_storage_orientations_show_the_same_slice(view, orientation):
    canonical = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    grid = Geometry(SHAPE, np.array([[0.7, 0, 0, -3], [0, 0.8, 0, 5], [0, 0, 2.5, 40], [0, 0, 0, 1]]))
    stored_grid, stored = _stored(grid, canonical, orientation)
    found = stored_grid.orientation()
    seen = Volume(found.view(stored), stored_grid.reoriented(found))
    for index in range(slice_count(grid, view)):
        np.testing.assert_array_equal(hu_slice(seen, view, index), hu_slice(Volume(canonical, grid), view, index))
        here, there = SliceFrame(seen.geometry, view, index), SliceFrame(grid, view, index)
        assert here.edges == there.edges
        assert here.to_world(1, 2) == pytest.approx(there.to_world(1, 2))
        assert here.mm_per_pixel == pytest.approx(there.mm_per_pixel)
    assert np.shares_memory(hu_slice(seen, view, 0), stored)


def _stored(grid, canonical, orientation):
    """Return the grid and the array (first axis fastest) of a file whose canonical view is the given one."""
    unflipped = canonical[tuple(slice(None, None, -1 if flip else 1) for flip in orientation.flips)]
    stored = np.asfortranarray(unflipped.transpose(np.argsort(orientation.axes)))
    step = np.eye(4)
    step[:3, :3] = 0
    for axis, (source, flip) in enumerate(zip(orientation.axes, orientation.flips, strict=True)):
        step[axis, source] = -1 if flip else 1
        step[axis, 3] = canonical.shape[axis] - 1 if flip else 0
    return Geometry(stored.shape, grid.affine @ step), stored


@pytest.mark.parametrize(
    ("view", "letters", "corner"),
    [
        (View.AXIAL, Edges("R", "L", "A", "P"), (True, True, None)),
        (View.FRONTAL, Edges("R", "L", "S", "I"), (True, None, True)),
        (View.LATERAL, Edges("A", "P", "S", "I"), (None, True, True)),
    ],
)
def test_that_slices_are_seen_as_radiologists_see_them(view, letters, corner):
    grid = Geometry(SHAPE, np.diag([0.7, 0.8, 2.5, 1.0]))
    voxels = np.zeros(SHAPE, np.int16)
    voxels[tuple(0 if end is None else -1 for end in corner)] = 1000  # the patient's right, front and top
    assert hu_slice(Volume(voxels, grid), view, 0)[0, 0] == 1000
    assert SliceFrame(grid, view, 0).edges == letters == PictureFrame.of(grid, view=view).edges


def test_that_pixels_are_as_uneven_as_the_voxels():
    grid = Geometry(SHAPE, np.diag([0.7, 0.8, 2.5, 1.0]))
    sizes = {view: (SliceFrame(grid, view, 0).shape, SliceFrame(grid, view, 0).mm_per_pixel) for view in View}
    assert sizes == {
        View.AXIAL: ((6, 5), pytest.approx((0.8, 0.7))),
        View.FRONTAL: ((7, 5), pytest.approx((2.5, 0.7))),
        View.LATERAL: ((7, 6), pytest.approx((2.5, 0.8))),
    }


@settings(max_examples=80, deadline=None)
@given(view=st.sampled_from(View), seed=st.integers(0, 2**16), share=st.sampled_from([0.0, 0.002, 0.05, 0.6]))
def test_that_masks_are_cut_as_the_volume_is(view, seed, share):
    rng = np.random.default_rng(seed)
    grid = Geometry(SHAPE, np.eye(4))
    full = [rng.random(SHAPE) < share for _ in range(3)]
    masks = [Mask.from_array(one, grid) for one in full]
    for index in range(slice_count(grid, view)):
        flat = [hu_slice(Volume(one, grid), view, index) for one in full]
        for mask, expected in zip(masks, flat, strict=True):
            np.testing.assert_array_equal(mask_slice(mask, view, index), expected)
        over = np.select(flat[::-1], [3, 2, 1], default=0)
        np.testing.assert_array_equal(label_slice(masks, view, index), over)
    on = [k for k in range(slice_count(grid, view)) if any(mask_slice(m, view, k).any() for m in masks)]
    assert slice_span(masks, view) == ((on[0], on[-1]) if on else None)


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("index", [-1, 7, 10_000])
def test_that_a_slice_that_is_not_there_is_refused(view, index):
    grid = Geometry((7, 7, 7), np.eye(4))
    volume, mask = Volume(np.zeros((7, 7, 7), np.int16), grid), Mask.from_array(np.ones((7, 7, 7)), grid)
    for cut in (
        lambda: hu_slice(volume, view, index),
        lambda: mask_slice(mask, view, index),
        lambda: label_slice([mask], view, index),
    ):
        with pytest.raises(IndexError, match="no slice"):
            cut()


def test_that_masks_of_two_grids_or_none_make_no_label_slice():
    one, other = (Mask.from_array(np.ones((n, 2, 2)), Geometry((n, 2, 2), np.eye(4))) for n in (2, 3))
    with pytest.raises(ValueError, match="different grids"):
        label_slice([one, other], View.AXIAL, 0)
    with pytest.raises(ValueError, match="0 masks"):
        label_slice([], View.AXIAL, 0)


def test_that_a_point_outside_the_image_has_the_nearest_slice_and_no_density():
    volume = Volume(np.zeros(SHAPE, np.int16), Geometry(SHAPE, np.eye(4)))
    assert slice_index(volume.geometry, View.AXIAL, (0, 0, 900)) == SHAPE[2] - 1
    assert slice_index(volume.geometry, View.LATERAL, (-900, 0, 0)) == 0
    assert hu_at(volume, (0, 0, 900)) is None
    assert hu_at(volume, (-0.6, 0, 0)) is None
    assert hu_at(volume, (4.4, 5, 6)) == 0
