"""Bringing a mask onto another grid: what must not change, and what an independent program says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from labelcritic_gui.core.geometry import Geometry, Mask, Orientation, content_hash
from labelcritic_gui.core.resampling import resample_nearest

SHAPES = st.tuples(*[st.integers(1, 7)] * 3)
masks = SHAPES.flatmap(lambda shape: hnp.arrays(np.bool_, shape))
spacings = st.tuples(*[st.sampled_from((0.5, 0.7, 1.0, 1.3, 3.0))] * 3)


def placed(spacing: tuple[float, float, float], origin: tuple[float, float, float]) -> np.ndarray:
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    return affine


def turned(degrees: float, axis: int) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    a, b = [n for n in range(3) if n != axis]
    turn = np.eye(3)
    turn[a, a], turn[a, b], turn[b, a], turn[b, b] = c, -s, s, c
    return turn


def ball(shape: tuple[int, int, int], radius: float) -> np.ndarray:
    x, y, z = np.ogrid[: shape[0], : shape[1], : shape[2]]
    centre = [(n - 1) / 2 for n in shape]
    return (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 <= radius**2


@given(masks, spacings, st.sampled_from((0.0, 17.0, -38.0)))
def test_that_nothing_changes_on_the_same_grid(full: np.ndarray, spacing: tuple, degrees: float) -> None:
    affine = placed(spacing, (-31.7, 12.3, 1e3))
    affine[:3, :3] = turned(degrees, 1) @ affine[:3, :3]
    mask = Mask.from_array(full, Geometry(full.shape, affine))
    again = resample_nearest(mask, Geometry(full.shape, affine.copy()))
    assert content_hash(again) == content_hash(mask)


@given(masks, st.tuples(*[st.integers(-4, 4)] * 3), spacings)
def test_that_a_grid_moved_by_whole_voxels_only_moves_the_indices(full: np.ndarray, by: tuple, spacing: tuple) -> None:
    mask = Mask.from_array(full, Geometry(full.shape, placed(spacing, (0.1, 0.2, 0.3))))
    origin = tuple(o + n * s for o, n, s in zip((0.1, 0.2, 0.3), by, spacing, strict=True))
    shape = tuple(n + 9 for n in full.shape)
    found = resample_nearest(mask, Geometry(shape, placed(spacing, origin))).full()
    padded = np.pad(full, 20)
    wanted = padded[tuple(slice(20 + n, 20 + n + size) for n, size in zip(by, shape, strict=True))]
    np.testing.assert_array_equal(found, wanted)


@given(masks, st.permutations((0, 1, 2)), st.tuples(*[st.booleans()] * 3))
def test_that_a_flipped_or_permuted_grid_gives_the_same_voxels_turned(
    full: np.ndarray, axes: tuple, flips: tuple
) -> None:
    orientation = Orientation(tuple(axes), flips)
    geometry = Geometry(full.shape, placed((1.0, 1.5, 2.0), (-5.0, 3.0, 8.0)))
    found = resample_nearest(Mask.from_array(full, geometry), geometry.reoriented(orientation))
    np.testing.assert_array_equal(found.full(), orientation.view(full))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 99),
    spacings,
    spacings,
    st.sampled_from((0.0, 12.0, 40.0)),
    st.integers(0, 2),
    st.tuples(*[st.floats(-3, 3)] * 3),
)
def test_that_simpleitk_finds_the_same_voxels(
    seed: int, spacing: tuple, wanted: tuple, degrees: float, axis: int, origin: tuple
) -> None:
    full = np.random.default_rng(seed).random((6, 7, 5)) > 0.5
    source = Geometry(full.shape, placed(spacing, (0.0, 0.0, 0.0)))
    affine = placed(wanted, origin)
    affine[:3, :3] = turned(degrees, axis) @ affine[:3, :3]
    target = Geometry((8, 6, 9), affine)
    ours = resample_nearest(Mask.from_array(full, source), target).full()
    theirs = by_simpleitk(full, source, target)
    index = np.array(np.meshgrid(*[np.arange(n) for n in target.shape], indexing="ij")).reshape(3, -1).T
    places = source.to_index(target.to_world(index)).reshape(*target.shape, 3)
    halfway = (np.abs(np.abs(places - np.floor(places)) - 0.5) < 1e-4).any(axis=-1)
    assert not ((ours != theirs) & ~halfway).any()


def by_simpleitk(full: np.ndarray, source: Geometry, target: Geometry) -> np.ndarray:
    sitk = pytest.importorskip("SimpleITK")
    image = sitk.GetImageFromArray(full.transpose(2, 1, 0).astype(np.uint8))
    place(image, source)
    like = sitk.Image(*target.shape, sitk.sitkUInt8)
    place(like, target)
    found = sitk.Resample(image, like, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
    return sitk.GetArrayFromImage(found).transpose(2, 1, 0).astype(bool)


def place(image: object, geometry: Geometry) -> None:
    # both sides in the same frame: RAS numbers are given as if they were ITK's LPS
    image.SetSpacing(geometry.spacing)  # type: ignore[attr-defined]
    image.SetOrigin(geometry.affine[:3, 3].tolist())  # type: ignore[attr-defined]
    image.SetDirection((geometry.affine[:3, :3] / np.array(geometry.spacing)).ravel().tolist())  # type: ignore[attr-defined]


@pytest.mark.parametrize("degrees", [0.0, 25.0])
@pytest.mark.parametrize("spacing", [(0.7, 0.7, 0.7), (1.6, 1.6, 1.6), (0.8, 0.8, 2.5)])
def test_that_a_balls_volume_is_kept_within_three_percent(spacing: tuple, degrees: float) -> None:
    geometry = Geometry((48, 48, 48), placed((1.0, 1.0, 1.0), (-23.5, -23.5, -23.5)))
    mask = Mask.from_array(ball(geometry.shape, 18.0), geometry)
    shape = tuple(int(70 / s) for s in spacing)
    affine = np.eye(4)
    affine[:3, :3] = turned(degrees, 2) @ np.diag(spacing)
    affine[:3, 3] = -affine[:3, :3] @ (np.array(shape) - 1) / 2
    found = resample_nearest(mask, Geometry(shape, affine))
    assert found.volume_ml == pytest.approx(mask.volume_ml, rel=0.03)


def test_that_a_mask_beside_the_grid_or_an_empty_one_gives_an_empty_mask_on_it() -> None:
    geometry = Geometry((5, 5, 5), np.eye(4))
    far = Geometry((4, 4, 4), placed((1.0, 1.0, 1.0), (100.0, 0.0, 0.0)))
    for full, target in ((np.ones((5, 5, 5), bool), far), (np.zeros((5, 5, 5), bool), geometry)):
        found = resample_nearest(Mask.from_array(full, geometry), target)
        assert found.is_empty
        assert found.geometry is target
