"""Dice, components and shapes, on small arrays and against independent numbers."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Geometry, Mask

GRID = Geometry((20, 20, 20), np.diag([1.0, 2.0, 3.0, 1.0]))
BITS = hnp.arrays(np.bool_, (4, 4, 4))


def mask_of(full: np.ndarray, geometry: Geometry | None = None) -> Mask:
    return Mask.from_array(full, geometry or Geometry(full.shape, np.diag([1.0, 2.0, 3.0, 1.0])))  # type: ignore[arg-type]


def box(low: tuple[int, int, int], high: tuple[int, int, int]) -> np.ndarray:
    full = np.zeros(GRID.shape, dtype=bool)
    full[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return full


@given(BITS, BITS)
def test_that_dice_is_symmetric_and_counts_voxels(a: np.ndarray, b: np.ndarray) -> None:
    one, two = mask_of(a), mask_of(b)
    total = a.sum() + b.sum()
    wanted = 2.0 * (a & b).sum() / total if total else 1.0
    assert metrics.dice(one, two) == metrics.dice(two, one) == pytest.approx(wanted)


def test_that_two_empty_masks_agree_and_one_empty_mask_does_not() -> None:
    nothing, something = mask_of(np.zeros((3, 3, 3), bool)), mask_of(np.ones((3, 3, 3), bool))
    assert metrics.dice(nothing, nothing) == 1.0
    assert metrics.dice(nothing, something) == 0.0


def test_that_voxels_touching_at_a_corner_are_one_part() -> None:
    full = np.zeros((6, 6, 6), bool)
    full[0, 0, 0] = full[1, 1, 1] = full[4, 4, 4] = True
    numbers, sizes = metrics.components(full)
    assert sorted(sizes) == [1, 2]
    assert numbers[0, 0, 0] == numbers[1, 1, 1] != numbers[4, 4, 4]


def ball(radius: float, size: int = 24) -> np.ndarray:
    grid = np.indices((size,) * 3) - (size - 1) / 2
    return np.asarray((grid**2).sum(axis=0) <= radius**2)


def test_that_a_cut_ball_has_a_flat_face_where_it_was_cut_and_a_whole_one_has_not() -> None:
    whole = ball(10)
    cut = whole.copy()
    cut[:, :, 13:] = False
    share, middle, facing = metrics.flat_face(cut, ())
    assert facing == "S"
    assert middle[2] == 12
    assert share > 0.8
    assert metrics.flat_face(whole, ())[0] < 0.3
    assert metrics.flat_face(cut[:, :, :13], ("S",))[0] < 0.3, "the image border is no cut"


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_a_flat_face_is_found_along_every_axis_and_way(axis: int) -> None:
    for flip, letter in ((False, metrics.FACES[2 * axis + 1]), (True, metrics.FACES[2 * axis])):
        cut = np.moveaxis(ball(10), axis, 0).copy()
        cut[13:] = False
        found = np.moveaxis(cut[::-1] if flip else cut, 0, axis)
        assert metrics.flat_face(found, ())[2] == letter


def test_that_noise_on_the_boundary_is_rough_and_a_ball_is_smooth() -> None:
    smooth = ball(10)
    shell = metrics.dilated(smooth) & ~metrics.eroded(smooth)
    rough = np.where(shell, np.random.default_rng(0).random(smooth.shape) > 0.5, smooth)
    assert (metrics.roughness(smooth) or 9) < 1.15
    assert (metrics.roughness(rough) or 0) > 1.5
    assert metrics.roughness(ball(2)) is None


@given(BITS)
def test_that_opening_removes_and_never_adds(bits: np.ndarray) -> None:
    opened = metrics.opened(bits)
    assert not (opened & ~bits).any()
    assert not (metrics.eroded(bits) & ~bits).any()
    assert not (bits & ~metrics.dilated(bits)).any()


def test_that_compactness_falls_when_something_is_appended() -> None:
    cube, spacing = np.ones((8, 8, 8), bool), (1.0, 1.0, 1.0)
    tailed = np.zeros((8, 8, 30), bool)
    tailed[:, :, :8] = True
    tailed[3, 3, :] = True
    assert metrics.compactness(cube, spacing) == pytest.approx(1.0)
    assert metrics.compactness(tailed, spacing) < 0.9


def test_that_only_the_boundary_that_the_rival_lacks_is_measured() -> None:
    hu = np.zeros((20, 6, 6), np.int16)
    hu[10:] = 100
    right, wrong = np.zeros(hu.shape, bool), np.zeros(hu.shape, bool)
    right[10:], wrong[4:] = True, True
    assert metrics.boundary_contrast(hu, right, wrong, noise=0.0) == pytest.approx(100.0)
    assert metrics.boundary_contrast(hu, wrong, right, noise=0.0) == pytest.approx(0.0)
    assert metrics.boundary_contrast(hu, right, right, noise=0.0) is None


@pytest.mark.parametrize(("spacing", "steps"), [((0.7, 0.8, 1.0), (3, 2, 2)), ((3.0, 3.0, 5.0), (1, 1, 1))])
def test_that_fine_grids_are_thinned_to_about_two_millimetres(
    spacing: tuple[float, float, float], steps: tuple[int, int, int]
) -> None:
    assert metrics.thinning(spacing) == steps


def test_that_gas_counts_as_its_surroundings_in_a_stomach_but_not_in_a_lung() -> None:
    hu = np.full((10, 10, 10), 40, np.int16)
    hu[:, :, 6:] = -950
    everywhere = np.ones(hu.shape, bool)
    assert (metrics.gas_filled(hu, everywhere) == 40).all()
    hu[:, :, 1:] = -850
    assert (metrics.gas_filled(hu, everywhere) == hu).all()


@pytest.mark.shared
def test_that_dice_of_real_structures_equals_the_independent_numbers(shared_data: Path) -> None:
    from labelcritic_gui.formats.nifti import load_label_map

    names = json.loads((shared_data / "ts_class_map.json").read_text())
    values = {scheme: {name: int(value) for value, name in names[scheme].items()} for scheme in ("total_v1", "total")}
    folder = shared_data / "ts_example_ct" / "labels"
    one = load_label_map(folder / "full_v1_hires_2022-09-15.nii.gz", values["total_v1"].values())
    two = load_label_map(folder / "full_v2_fast_forcesplit_2024-03-14.nii.gz", values["total"].values())
    rows = (shared_data / "reference" / "dice_ts_example_ct_v1hires_v2fast2024.txt").read_text().split("\n")
    checked = 0
    for name, dice, first, second in (row.split() for row in rows if row.strip()):
        a, b = one[values["total_v1"][name]], two[values["total"][name]]
        assert (a.count, b.count) == (int(first), int(second)), name
        assert metrics.dice(a, b) == pytest.approx(float(dice), abs=1e-4), name
        checked += 1
    assert checked >= 50
