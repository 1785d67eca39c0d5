"""How far two surfaces lie apart, and how large a surface is: laws, known bodies, and independent libraries."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Geometry, Mask, joint_box
from labelcritic_gui.core.measures.distances import SurfaceAgreement, distances, surface_agreement
from labelcritic_gui.core.measures.surfaces import Surface, surface_of
from labelcritic_gui.core.measures.triangles import triangle_areas

SHAPE = (20, 20, 20)
GRID = Geometry(SHAPE, np.diag([1.0, 2.0, 3.0, 1.0]))
BITS = hnp.arrays(np.bool_, (4, 5, 3))
SAME = SurfaceAgreement(dice_1mm=1.0, dice_2mm=1.0, dice_3mm=1.0, hd95_mm=0.0, mean_mm=0.0, max_mm=0.0)


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """Load what the first example would have to wait for."""
    import cv2  # noqa: F401
    import scipy.spatial  # noqa: F401


def block(low: tuple[int, int, int], high: tuple[int, int, int]) -> Mask:
    full = np.zeros(SHAPE, dtype=bool)
    full[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return Mask.from_array(full, GRID)


def ellipsoid(radii_mm: tuple[float, ...], spacing: tuple[float, ...]) -> Mask:
    size = tuple(int(2 * r / s) + 5 for r, s in zip(radii_mm, spacing, strict=True))
    grid = np.moveaxis(np.indices(size), 0, -1) - (np.array(size) - 1) / 2 + 0.137
    inside = ((grid * spacing / radii_mm) ** 2).sum(axis=-1) <= 1
    return Mask.from_array(inside, Geometry((size[0], size[1], size[2]), np.diag([*spacing, 1.0])))


def placed(bits: np.ndarray, at: tuple[int, int, int] = (6, 7, 8)) -> Mask:
    full = np.zeros(SHAPE, dtype=bool)
    full[tuple(slice(a, a + n) for a, n in zip(at, bits.shape, strict=True))] = bits
    return Mask.from_array(full, GRID)


def test_that_identical_masks_have_no_distance_at_all() -> None:
    assert surface_agreement(block((2, 2, 2), (9, 8, 7)), block((2, 2, 2), (9, 8, 7))) == SAME


def test_that_there_is_no_distance_to_nothing() -> None:
    something, nothing = block((2, 2, 2), (4, 4, 4)), placed(np.zeros((2, 2, 2), bool))
    assert surface_agreement(something, nothing) is None
    assert surface_agreement(nothing, something) is None
    assert surface_agreement(nothing, nothing) is None
    with pytest.raises(ValueError, match="needs one"):
        distances(surface_of(something), surface_of(nothing))


def test_that_distances_are_millimetres_along_every_axis() -> None:
    one = block((2, 2, 2), (8, 8, 8))
    for axis, mm in enumerate((1.0, 2.0, 3.0)):
        low, high = [2, 2, 2], [8, 8, 8]
        low[axis], high[axis] = 4, 10
        found = surface_agreement(one, block(tuple(low), tuple(high)))  # type: ignore[arg-type]
        assert found is not None
        assert found.max_mm == pytest.approx(2 * mm)


def test_that_a_shift_by_one_voxel_is_within_one_millimetre_where_voxels_are() -> None:
    found = surface_agreement(block((2, 2, 2), (8, 8, 8)), block((3, 2, 2), (9, 8, 8)))
    assert found is not None
    assert (found.dice_1mm, found.hd95_mm, found.max_mm) == (pytest.approx(1.0), pytest.approx(1.0), pytest.approx(1.0))
    assert 0.0 < found.mean_mm < 1.0


@settings(deadline=None)
@given(BITS, BITS, st.tuples(*[st.integers(0, 9)] * 3))
def test_that_agreement_is_symmetric_ordered_and_moves_with_the_masks(
    one: np.ndarray, two: np.ndarray, at: tuple[int, int, int]
) -> None:
    forth = surface_agreement(placed(one), placed(two))
    back = surface_agreement(placed(two), placed(one))
    assert (forth is None) == (back is None) == (not (one.any() and two.any()))
    if forth is None or back is None:
        return
    moved = surface_agreement(placed(one, at), placed(two, at))
    for name in SurfaceAgreement.__slots__:
        assert getattr(forth, name) == getattr(back, name)
        assert getattr(forth, name) == pytest.approx(getattr(moved, name))
    assert 0.0 <= forth.dice_1mm <= forth.dice_2mm <= forth.dice_3mm <= 1.0 + 1e-9
    assert forth.mean_mm <= forth.max_mm + 1e-9
    assert forth.hd95_mm <= forth.max_mm + 1e-9


@settings(deadline=None)
@given(BITS, BITS)
def test_that_every_distance_is_the_smallest_of_all(one: np.ndarray, two: np.ndarray) -> None:
    here, there = surface_of(placed(one)), surface_of(placed(two))
    if not (here.corners.size and there.corners.size):
        return
    gaps = (here.index().T[:, None] - there.index().T[None]) @ GRID.affine[:3, :3].T
    assert distances(here, there) == pytest.approx(np.linalg.norm(gaps, axis=-1).min(axis=1), abs=1e-6)


@pytest.mark.parametrize("shear", [0.0, 0.3])
@pytest.mark.parametrize("spacing", [(0.8, 0.8, 2.0), (0.8, 0.9, 2.0), (1.0, 1.0, 0.4)])
@pytest.mark.parametrize("slow", [False, True])
def test_that_near_and_far_pieces_are_found_exactly_in_every_way(
    slow: bool, spacing: tuple[float, ...], shear: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scipy.spatial import KDTree

    monkeypatch.setattr("labelcritic_gui.core.measures.distances._is_slow", lambda *_: slow)
    affine = np.diag([*spacing, 1.0])
    affine[0, 1] = shear
    rng = np.random.default_rng(1)
    geometry = Geometry((40, 30, 30), affine)
    full = np.zeros((2, *geometry.shape), bool)
    full[0, 3:20, 4:14, 3:9] = rng.random((17, 10, 6)) > 0.1
    full[1, 5:16, 5:17, 4:12] = True
    full[1, 36, 27, 25:29] = True
    one, two = (surface_of(Mask.from_array(array, geometry)) for array in full)
    for here, there in ((one, two), (two, one)):
        wanted, _ = KDTree(there.index().T @ affine[:3, :3].T).query(here.index().T @ affine[:3, :3].T)
        assert distances(here, there) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(
    ("spacing", "within"), [((1.0, 1.0, 1.0), 0.015), ((0.8, 0.8, 1.5), 0.03), ((0.8, 0.8, 5.0), 0.06)]
)
def test_that_the_surface_of_a_ball_is_found_and_the_staircase_is_not(
    spacing: tuple[float, ...], within: float
) -> None:
    ball = ellipsoid((25.0, 25.0, 25.0), spacing)
    assert surface_of(ball).area_cm2 == pytest.approx(4 * np.pi * 6.25, rel=within)


def test_that_a_box_along_the_grid_is_the_worst_body_and_as_low_as_documented() -> None:
    full = np.zeros((64, 64, 64), bool)
    full[2:62, 2:62, 2:62] = True
    area = surface_of(Mask.from_array(full, Geometry(full.shape, np.eye(4)))).area_cm2  # type: ignore[arg-type]
    assert area == pytest.approx(6 * 36, rel=0.09)
    assert area < 6 * 36


def ways_of(cubes: np.ndarray) -> np.ndarray:
    """Return the number of each way, shape (n, 2, 2, 2), in which a corner's voxels are inside."""
    return np.asarray(cubes.reshape(len(cubes), 8, order="F") @ (1 << np.arange(8)))


EVERY_WAY = ((np.arange(256)[:, None] >> np.arange(8)) & 1).reshape(256, 2, 2, 2, order="F")
CUBIC = tuple(np.eye(3).ravel().tolist())


def test_that_triangles_are_those_that_are_known() -> None:
    areas = triangle_areas((0.8, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.5))
    assert (areas[0], areas[255]) == (0.0, 0.0)
    assert areas[0b00001111] == pytest.approx(0.8), "a plane across z"
    assert areas[0b00110011] == pytest.approx(2.0), "a plane across y"
    assert areas[0b01010101] == pytest.approx(2.5), "a plane across x"
    assert triangle_areas(CUBIC)[1] == pytest.approx(np.sqrt(3) / 8)
    assert triangle_areas(CUBIC)[0b10000001] == pytest.approx(np.sqrt(3) / 4), "two corners across"
    assert (areas[1:255] > 0).all()


@pytest.mark.parametrize("turn", [(0, 1, 2), (1, 2, 0), (1, 0, 2)])
def test_that_triangles_do_not_depend_on_side_or_direction(turn: tuple[int, int, int]) -> None:
    areas = triangle_areas(CUBIC)
    assert np.array_equal(ways_of(EVERY_WAY), np.arange(256))
    turned = EVERY_WAY.transpose(0, *(1 + axis for axis in turn))[:, ::-1]
    assert areas[ways_of(turned)] == pytest.approx(areas)
    few = EVERY_WAY.reshape(256, -1).sum(axis=1) != 4
    assert areas[ways_of(1 - EVERY_WAY)][few] == pytest.approx(areas[few])


def test_that_triangles_follow_the_staircase_of_a_ball() -> None:
    ball = surface_of(ellipsoid((25.0, 25.0, 25.0), (1.0, 1.0, 1.0)))
    assert 1.06 < ball.triangles().sum() / (4 * np.pi * 625) < 1.10


@settings(deadline=None)
@given(BITS)
def test_that_what_touches_the_image_border_has_a_surface_there(bits: np.ndarray) -> None:
    inner = surface_of(placed(bits))
    cornered = surface_of(Mask.from_array(bits, Geometry(bits.shape, GRID.affine)))  # type: ignore[arg-type]
    assert cornered.area_cm2 == pytest.approx(inner.area_cm2)


@settings(deadline=None)
@given(st.integers(1, 40))
def test_that_slabs_leave_no_seams(slices: int) -> None:
    bits = np.random.default_rng(slices).random((3, 4, slices)) > 0.5
    padded = np.pad(bits, 1)
    corners = np.stack(
        [padded[x : x + 4, y : y + 5, z : z + slices + 1] for x in (0, 1) for y in (0, 1) for z in (0, 1)]
    )
    geometry = Geometry((3, 4, slices), np.eye(4))
    origin = Mask(bits, (0, 0, 0), geometry)
    mixed = corners.any(axis=0) & ~corners.all(axis=0)
    assert np.array_equal(surface_of(origin).corners, np.flatnonzero(mixed.ravel(order="F")))


Pairs = Iterator[tuple[str, Mask, Mask]]
MOST_VOXELS = 2_000_000
"""Larger boxes (brain, lungs) take SimpleITK a minute."""


def two_readers(shared_data: Path) -> Pairs:
    """Yield what two readers drew of the left side of one scan."""
    from labelcritic_gui.formats import volumes

    folder = shared_data / "deepmind_0522c0727a_masks"
    for path in sorted((folder / "oncologist").rglob("*-Lt.nrrd")):
        rival = folder / "radiographer" / path.relative_to(folder / "oncologist")
        if rival.is_file():
            yield path.stem, volumes.load_mask(path), volumes.load_mask(rival)


def two_versions(shared_data: Path) -> Pairs:
    """Yield every structure of one scan by two versions of a model."""
    from labelcritic_gui.formats.nifti import load_label_map

    names = json.loads((shared_data / "ts_class_map.json").read_text())
    values = {scheme: {name: int(value) for value, name in names[scheme].items()} for scheme in ("total_v1", "total")}
    folder = shared_data / "ts_example_ct" / "labels"
    one = load_label_map(folder / "full_v1_hires_2022-09-15.nii.gz", values["total_v1"].values())
    two = load_label_map(folder / "full_v2_fast_forcesplit_2024-03-14.nii.gz", values["total"].values())
    for name in sorted(values["total_v1"].keys() & values["total"].keys()):
        yield name, one[values["total_v1"][name]], two[values["total"][name]]


def corner_image(surface: Surface, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return a surface's corners as an array over a box of corners."""
    image = np.zeros(high - low, np.uint8)
    image[tuple(surface.index() - low[:, None])] = 1
    return image


def by_maurer(one: np.ndarray, two: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Return SimpleITK's distance in mm from each voxel of one array to the nearest of another, in Fortran order."""
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(np.ascontiguousarray(two.T))
    image.SetSpacing(spacing)
    away = sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True)
    return np.maximum(sitk.GetArrayFromImage(away).T, 0)[np.nonzero(one)]


@pytest.mark.shared
@pytest.mark.parametrize("pairs", [two_readers, two_versions])
def test_that_real_structures_agree_with_simpleitk(shared_data: Path, pairs: Callable[[Path], Pairs]) -> None:
    import SimpleITK as sitk

    checked = 0
    for name, one, two in pairs(shared_data):
        if max(one.voxels.size, two.voxels.size) > MOST_VOXELS:
            continue
        found = surface_agreement(one, two)
        if found is None:
            continue
        box, spacing = joint_box([one, two]), one.geometry.spacing
        images = []
        for mask in (one, two):
            image = sitk.GetImageFromArray(np.ascontiguousarray(mask.within(box).T).astype(np.uint8))
            image.SetSpacing(spacing)
            images.append(image)
        overlap, hausdorff = sitk.LabelOverlapMeasuresImageFilter(), sitk.HausdorffDistanceImageFilter()
        overlap.Execute(*images)
        hausdorff.Execute(*images)
        assert metrics.dice(one, two) == pytest.approx(overlap.GetDiceCoefficient(), abs=1e-9), name
        # theirs is from all voxels to all voxels, ours from surface to surface: half a voxel apart on either side
        voxel = float(np.linalg.norm(spacing))
        assert found.max_mm >= hausdorff.GetHausdorffDistance() - voxel - 1e-6, name

        low, high = np.array([[s.start, s.stop + 1] for s in box]).T
        surfaces = surface_of(one), surface_of(two)
        corners = [corner_image(surface, low, high) for surface in surfaces]
        forth, back = by_maurer(corners[0], corners[1], spacing), by_maurer(corners[1], corners[0], spacing)
        assert found.max_mm == pytest.approx(max(forth.max(), back.max()), abs=1e-3), name
        ours = distances(*surfaces), distances(*reversed(surfaces))
        for mine, theirs in zip(ours, (forth, back), strict=True):
            assert np.sort(mine) == pytest.approx(np.sort(theirs), abs=1e-3), name
        checked += 1
    assert checked >= 7
