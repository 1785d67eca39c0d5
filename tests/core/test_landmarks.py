"""Landmarks on a body whose anatomy is known, and on a real CT."""

from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.core.geometry import Geometry, Volume
from labelcritic_gui.core.patient.landmarks import find_landmarks, is_lung_tissue
from labelcritic_gui.phantom.anatomy import PhantomSettings, make_phantom
from tests.core.bodies import CREST, GRID, LUNG_BASE, ORIGIN, STEP, body_ct


def z_of(index: float) -> float:
    return ORIGIN[2] + STEP * index


def test_that_the_table_is_no_part_of_the_body_and_the_lungs_are() -> None:
    found = find_landmarks(body_ct())
    assert not found.body[40, 4, 50]
    assert found.body[20, 30, 90]
    assert found.body[40, 30, 20]
    assert found.body_low is not None
    assert found.body_low[1] == pytest.approx(ORIGIN[1] + 10 * STEP, abs=STEP)
    assert found.body_width_mm == pytest.approx(64 * STEP, abs=2 * STEP)


def test_that_an_arm_apart_from_the_trunk_is_of_the_body_and_a_cushion_is_not() -> None:
    ct = body_ct()
    wide = np.pad(ct.voxels, ((0, 20), (6, 0), (0, 0)), constant_values=-1000)
    wide[84:94, 30:40, 10:60] = 55
    wide[88:91, 33:36, 10:60] = 900
    wide[10:70, 1:7, 10:60] = 40
    found = find_landmarks(Volume(wide, Geometry((100, 66, 100), GRID.affine)))
    assert found.body[89, 35, 30]
    assert not found.body[40, 3, 30]
    assert found.body_width_mm == pytest.approx(64 * STEP, abs=2 * STEP), "the width is the trunk's"


def test_that_the_midline_is_the_spine_and_right_is_positive() -> None:
    found = find_landmarks(body_ct())
    axis = found.axis_at(z_of(50))
    assert axis is not None
    x, y, seen = axis
    assert seen
    assert x == pytest.approx(ORIGIN[0] + 40 * STEP, abs=STEP)
    assert y == pytest.approx(ORIGIN[1] + 18.5 * STEP, abs=STEP)


def test_that_heights_run_from_the_iliac_crest_to_the_lowest_lung() -> None:
    found = find_landmarks(body_ct())
    assert found.crest_z == pytest.approx(z_of(CREST), abs=STEP)
    assert found.lung_base_z == pytest.approx(z_of(LUNG_BASE), abs=STEP)
    assert found.height_of(z_of(CREST)) == pytest.approx(0.0, abs=0.05)
    assert found.height_of(z_of(LUNG_BASE)) == pytest.approx(1.0, abs=0.05)


def test_that_one_landmark_is_enough_for_heights_and_none_gives_none() -> None:
    ct = body_ct()
    for rows, wanted in ((slice(40, 100), 1.0), (slice(0, 60), 0.0)):
        affine = GRID.affine.copy()
        affine[2, 3] = z_of(rows.start)
        part = ct.voxels[:, :, rows]
        found = find_landmarks(Volume(part, Geometry(part.shape, affine)))  # type: ignore[arg-type]
        at = z_of(LUNG_BASE) if wanted else z_of(CREST)
        assert found.height_of(at) == pytest.approx(wanted, abs=0.05)
    middle = ct.voxels[:, :, 36:60]
    assert find_landmarks(Volume(middle, Geometry(middle.shape, GRID.affine))).height_of(0.0) is None  # type: ignore[arg-type]


def part(ct: Volume, rows: slice) -> Volume:
    affine = ct.geometry.affine.copy()
    affine[:3, 3] = ct.geometry.to_world(np.array([0, 0, rows.start]))
    voxels = ct.voxels[:, :, rows]
    return Volume(voxels, Geometry((voxels.shape[0], voxels.shape[1], voxels.shape[2]), affine))


def test_that_lungs_which_go_on_below_the_image_have_no_lowest_one() -> None:
    found = find_landmarks(part(body_ct(), slice(LUNG_BASE + 5, 100)))
    assert found.lungs_ml > 100
    assert (found.lung_base_z, found.height_of(z_of(90))) == (None, None)


@pytest.mark.parametrize("seed", [0, 3])
def test_that_ribs_are_no_iliac_crest_and_gas_cut_by_the_image_is_no_lung(seed: int) -> None:
    whole = make_phantom(PhantomSettings(shape=(128, 104, 96), seed=seed)).volume
    crest = find_landmarks(whole).crest_z
    assert crest is not None
    assert find_landmarks(part(whole, slice(48, 96))).crest_z is None
    lower = find_landmarks(part(whole, slice(0, 48)))
    assert lower.lung_base_z is None
    assert lower.crest_z == pytest.approx(crest, abs=8.0)
    middle = find_landmarks(part(whole, slice(24, 72)))
    assert middle.crest_z == pytest.approx(crest, abs=8.0)


def test_that_lungs_cut_by_the_sides_of_the_image_belong_to_the_body() -> None:
    ct = body_ct()
    half = ct.voxels[:30]
    found = find_landmarks(Volume(half, Geometry((30, half.shape[1], half.shape[2]), ct.geometry.affine)))
    assert found.body[25, 30, 90]
    assert found.lung_base_z == pytest.approx(z_of(LUNG_BASE), abs=STEP)


def test_that_lung_is_told_from_gas_by_density_or_vessels() -> None:
    rng, part_ = np.random.default_rng(0), np.zeros((20, 20, 20), bool)
    part_[4:16, 4:16, 4:16] = True
    for level, spread, room, is_lung in (
        (-820, 5, -1000.0, True),
        (-940, 5, -1000.0, False),
        (-930, 60, -1000.0, True),
        (-950, 60, -1030.0, True),
        (-1000, 60, -1000.0, False),
    ):
        hu = rng.normal(level, spread, part_.shape)
        assert is_lung_tissue(hu, part_, room) is is_lung, (level, spread, room)


def test_that_bowel_gas_is_no_lung() -> None:
    ct = body_ct()
    voxels = ct.voxels.copy()
    voxels[20:30, 30:44, 15:30] = -850
    found = find_landmarks(Volume(voxels, GRID))
    assert found.lung_base_z == pytest.approx(z_of(LUNG_BASE), abs=STEP)


def test_that_an_image_without_a_body_has_no_landmarks() -> None:
    found = find_landmarks(Volume(np.full((20, 20, 20), -1000, np.int16), Geometry((20, 20, 20), np.eye(4))))
    assert found.body_low is None
    assert found.axis_at(3.0) is None
    assert found.height_of(3.0) is None


@pytest.mark.shared
def test_that_landmarks_of_a_real_ct_are_where_a_label_set_puts_them(shared_data: Path) -> None:
    from labelcritic_gui.formats.nifti import load_ct, load_label_map

    folder = shared_data / "ts_example_ct"
    found = find_landmarks(load_ct(folder / "example_ct.nii.gz"))
    masks = load_label_map(folder / "labels" / "full_v2_fast_forcesplit_2024-03-14.nii.gz", [28, 31])
    heights = []
    for value in (28, 31):  # vertebrae L4 and L1
        points = masks[value].geometry.to_world(np.argwhere(masks[value].voxels) + np.array(masks[value].origin))
        x, y, z = points.mean(axis=0)
        axis = found.axis_at(z)
        assert axis is not None
        assert axis[2]
        assert abs(axis[0] - x) < 8
        assert abs(axis[1] - y) < 20
        heights.append(found.height_of(z))
    assert heights[0] == pytest.approx(0.0, abs=0.25)
    assert heights[1] == pytest.approx(0.9, abs=0.25)


@pytest.mark.shared
def test_that_a_neck_has_no_iliac_crest_and_so_no_heights(shared_data: Path) -> None:
    from labelcritic_gui.formats.nifti import load_ct

    found = find_landmarks(load_ct(shared_data / "openkbp_pt_200" / "ct.nii.gz"))
    assert found.body_low is not None
    assert (found.crest_z, found.lung_base_z, found.height_of(0.0)) == (None, None, None)
