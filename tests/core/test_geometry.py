"""Laws of grids, views, masks and their identity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from labelcritic_gui.core.errors import GeometryMismatchError
from labelcritic_gui.core.geometry import (
    Fit,
    Geometry,
    Mask,
    Orientation,
    axis_codes,
    content_hash,
    corner_deviation,
    fit,
    joint_box,
    require_fit,
)

SHAPES = st.tuples(st.integers(2, 6), st.integers(2, 6), st.integers(2, 6))
ORIENTATIONS = st.builds(
    Orientation, st.permutations((0, 1, 2)).map(tuple), st.tuples(st.booleans(), st.booleans(), st.booleans())
)


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    """Any of the 48 orientations, a slight tilt, any spacing and origin."""
    shape = draw(SHAPES)
    spacing = draw(st.tuples(*[st.floats(0.5, 5.0)] * 3))
    turn = draw(st.floats(-0.3, 0.3))
    tilt = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1.0]])
    axes, signs = draw(st.permutations((0, 1, 2))), draw(st.tuples(*[st.sampled_from((-1.0, 1.0))] * 3))
    affine = np.eye(4)
    affine[:3, :3] = tilt @ np.eye(3)[:, list(axes)] @ np.diag(np.array(signs) * np.array(spacing))
    affine[:3, 3] = draw(st.tuples(*[st.floats(-500, 500)] * 3))
    return Geometry(shape, affine)


def boxes(shape: tuple[int, int, int], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(shape) > 0.6


@given(geometries(), st.integers(0, 99))
def test_that_a_canonical_view_is_a_pure_view_with_the_same_world(geometry: Geometry, seed: int) -> None:
    stored = np.random.default_rng(seed).integers(-1000, 1000, geometry.shape)
    orientation = geometry.orientation()
    seen, canonical = orientation.view(stored), geometry.canonical()
    assert np.shares_memory(seen, stored)
    assert seen.shape == canonical.shape
    index = np.unravel_index(int(np.argmax(stored)), geometry.shape)
    there = np.rint(canonical.to_index(geometry.to_world(np.array(index)))).astype(int)
    assert seen[tuple(there)] == stored.max()


@given(geometries())
def test_that_the_canonical_grid_has_the_same_corners_and_points_to_right_anterior_superior(geometry: Geometry) -> None:
    canonical = geometry.canonical()
    ours, theirs = (sorted(map(tuple, np.round(g.corners(), 6) + 0.0)) for g in (geometry, canonical))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert axis_codes(canonical.affine) == "RAS"
    assert canonical.orientation().is_canonical
    assert corner_deviation(geometry, canonical) < 1e-6


@given(geometries(), ORIENTATIONS)
def test_that_every_reorientation_fits_its_origin(geometry: Geometry, orientation: Orientation) -> None:
    assert fit(geometry, geometry.reoriented(orientation)) is Fit.SAME


@given(geometries())
def test_that_world_and_index_are_inverse(geometry: Geometry) -> None:
    index = np.array([[0.0, 1.5, 2.0], [1.0, 0.0, -3.0]])
    np.testing.assert_allclose(geometry.to_index(geometry.to_world(index)), index, atol=1e-6)


@given(SHAPES, st.integers(0, 99), ORIENTATIONS, ORIENTATIONS)
def test_that_the_content_hash_does_not_depend_on_how_a_mask_is_stored(
    shape: tuple[int, int, int], seed: int, one: Orientation, other: Orientation
) -> None:
    geometry = Geometry(shape, np.diag([1.5, 2.0, 3.0, 1.0]))
    voxels = boxes(shape, seed)
    hashes = set()
    for orientation in (one, other):
        stored, grid = orientation.view(voxels), geometry.reoriented(orientation)
        back = grid.orientation()
        hashes.add(content_hash(Mask.from_array(back.view(stored), grid.reoriented(back))))
    assert len(hashes) == 1


@given(hnp.arrays(np.bool_, (4, 4, 4)), hnp.arrays(np.bool_, (4, 4, 4)))
def test_that_masks_share_a_hash_only_when_they_are_equal(one: np.ndarray, other: np.ndarray) -> None:
    geometry = Geometry((4, 4, 4), np.eye(4))
    same = content_hash(Mask.from_array(one, geometry)) == content_hash(Mask.from_array(other, geometry))
    assert same == np.array_equal(one, other)


@given(hnp.arrays(np.bool_, st.tuples(*[st.integers(1, 6)] * 3)))
def test_that_a_mask_gives_back_what_it_was_made_of(full: np.ndarray) -> None:
    mask = Mask.from_array(full, Geometry(full.shape, np.eye(4)))  # type: ignore[arg-type]
    assert np.array_equal(mask.full(), full)
    assert mask.count == full.sum()
    assert mask.is_empty == (not full.any())
    whole = (slice(0, full.shape[0]), slice(0, full.shape[1]), slice(0, full.shape[2]))
    assert np.array_equal(mask.within(whole), full)


def test_that_a_joint_box_holds_all_masks_and_stays_in_the_grid() -> None:
    geometry = Geometry((9, 9, 9), np.eye(4))
    one, two = np.zeros((9, 9, 9), bool), np.zeros((9, 9, 9), bool)
    one[1, 2, 3], two[5, 5, 8] = True, True
    masks = [Mask.from_array(a, geometry) for a in (one, two, np.zeros((9, 9, 9), bool))]
    assert joint_box(masks, margin=2) == (slice(0, 8), slice(0, 8), slice(1, 9))


@pytest.mark.parametrize(("moved", "wanted"), [(0.005, Fit.SAME), (0.05, Fit.NOTED), (0.2, Fit.REFUSED)])
def test_that_a_grid_is_accepted_noted_or_refused_by_its_corners(moved: float, wanted: Fit) -> None:
    image = Geometry((10, 10, 10), np.diag([2.0, 2.0, 2.0, 1.0]))
    affine = image.affine.copy()
    affine[0, 3] += 2.0 * moved
    assert fit(image, Geometry((10, 10, 10), affine)) is wanted


def test_that_a_label_with_fewer_slices_is_refused_by_name() -> None:
    image, label = Geometry((10, 10, 112), np.eye(4)), Geometry((10, 10, 30), np.eye(4))
    with pytest.raises(GeometryMismatchError, match=r"liver.*10x10x30.*10x10x112"):
        require_fit(image, label, name="liver")
