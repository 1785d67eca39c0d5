"""Landmarks of real scans: against labels where there are any, else against what one sees on their pictures."""

import json
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.core.geometry import Mask, Point, Volume
from labelcritic_gui.core.patient.landmarks import Landmarks, find_landmarks
from tests.core.bodies_known import changed, coarser, cut, noisy, on_table, padded, with_arms

pytestmark = pytest.mark.shared


def load(shared_data: Path, name: str) -> Volume:
    from labelcritic_gui.formats.volumes import load_ct

    return load_ct(shared_data / name)


@pytest.fixture
def trunk(shared_data: Path) -> Volume:
    """A trunk from the upper abdomen to the hips, 3 mm voxels, a nail in the left femur."""
    return load(shared_data, "ts_example_ct/example_ct.nii.gz")


def labels(shared_data: Path, names: list[str]) -> dict[str, Mask]:
    from labelcritic_gui.formats.nifti import load_label_map

    stored = json.loads((shared_data / "ts_class_map.json").read_text())["total_v1"]
    values = {name: int(value) for value, name in stored.items()}
    file = shared_data / "ts_example_ct" / "labels" / "full_v1_hires_2022-09-15.nii.gz"
    masks = load_label_map(file, [values[name] for name in names])
    return {name: masks[values[name]] for name in names}


def points(mask: Mask) -> np.ndarray:
    return mask.geometry.to_world(np.argwhere(mask.voxels) + np.array(mask.origin))


WAYS = {
    "as it is": lambda ct: ct,
    "arms": with_arms,
    "table": on_table,
    "noise": noisy,
    "6 mm slices": lambda ct: coarser(ct, (0.0, 0.0, 6.0)),
    "6 mm voxels": lambda ct: coarser(ct, (6.0, 6.0, 6.0)),
    "padding": lambda ct: padded(ct, -2000),
    "right side cut": lambda ct: cut(ct, 0, 0.0, 0.7),
    "left side cut": lambda ct: cut(ct, 0, 0.3, 1.0),
}


@pytest.mark.parametrize("way", WAYS)
def test_that_spine_crest_and_lungs_of_a_trunk_are_where_its_labels_are(
    way: str, trunk: Volume, shared_data: Path
) -> None:
    found = find_landmarks(WAYS[way](trunk))
    vertebrae = [f"vertebrae_{name}" for name in ("L5", "L4", "L3", "L2", "L1")]
    masks = labels(shared_data, [*vertebrae, "hip_left", "hip_right", "lung_lower_lobe_right"])
    for name in vertebrae:
        x, y, z = points(masks[name]).mean(axis=0)
        axis = found.axis_at(z)
        assert axis is not None
        assert axis[2]
        assert abs(axis[0] - x) <= 8.0, name
        assert abs(axis[1] - y) <= 20.0, name
    assert found.lung_base_z == pytest.approx(points(masks["lung_lower_lobe_right"])[:, 2].min(), abs=9.0)
    if not way.endswith("cut"):
        top = max(points(masks[f"hip_{side}"])[:, 2].max() for side in ("left", "right"))
        assert found.crest_z == pytest.approx(top, abs=9.0)


@pytest.mark.parametrize("way", ["as it is", "arms", "table", "6 mm slices", "padding"])
def test_that_ribs_hips_and_build_of_a_trunk_are_what_one_sees(way: str, trunk: Volume, shared_data: Path) -> None:
    found = find_landmarks(WAYS[way](trunk))
    ribs = labels(shared_data, ["rib_right_11", "rib_left_11"])
    # the tips of the ribs have hardly more density than muscle, and are found a little higher
    for z, name in ((found.bones.ribs_right_z, "rib_right_11"), (found.bones.ribs_left_z, "rib_left_11")):
        assert z == pytest.approx(points(ribs[name])[:, 2].min() + 10.0, abs=14.0)
    for hip, seen in ((found.bones.hip_right, (80.0, 146.0, 136.0)), (found.bones.hip_left, (-82.0, 144.0, 136.0))):
        assert hip is not None, "the heads lie 40 mm above the image's lower end"
        assert np.abs(np.array(hip) - np.array(seen)).max() <= 9.0
    assert found.build is not None
    assert found.build.width_mm == pytest.approx(354.0, abs=12.0)
    assert found.build.depth_mm == pytest.approx(267.0, abs=9.0)
    assert found.build.fat_cm2 == pytest.approx(412.0, rel=0.06)
    assert found.build.size == pytest.approx(0.97, abs=0.03)
    assert (found.chest.dome_right_z, found.chest.dome_left_z) == (None, None), "only the lungs' lowest end is in view"


def test_that_a_hip_at_the_edge_of_the_image_has_no_place(trunk: Volume) -> None:
    bones = find_landmarks(cut(trunk, 0, 0.0, 0.7)).bones
    assert bones.hip_right is None
    assert bones.hip_left is not None
    assert bones.hip_left[0] == pytest.approx(-82.0, abs=6.0)


def test_that_half_a_thorax_has_its_spine_at_its_edge(shared_data: Path) -> None:
    found = find_landmarks(load(shared_data, "elastix_lung/3DCT_lung.mha"))
    assert found.cut_sideways
    assert found.axis_seen.mean() > 0.95
    # the right lung fills the image; the spine is cut by its left side
    assert (found.axis_x[found.axis_seen] < 25.0).all()
    assert found.chest.right_ml > 0.95 * found.lungs_ml
    assert found.chest.dome_right_z == pytest.approx(-1335.0, abs=9.0)
    assert (found.crest_z, found.build, found.bones.hip_right) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        # the middle of the image's columns, and of the heads and necks in it, at heights from the foot end upwards
        ("openkbp_pt_200/ct.nii.gz", {-280.0: -238.0, -200.0: -235.0, -120.0: -232.0, -60.0: -233.0}),
        ("ts2d_s0521/sample_s0521.nrrd", {0.0: -3.0, 80.0: -1.0, 160.0: 0.0}),
    ],
)
def test_that_a_head_and_a_neck_have_a_midline_and_no_frame(
    name: str, line: dict[float, float], shared_data: Path
) -> None:
    found = find_landmarks(load(shared_data, name))
    for z, x in line.items():
        axis = found.axis_at(z)
        assert axis is not None
        assert abs(axis[0] - x) <= 9.0, (z, axis)
    assert (found.crest_z, found.lung_base_z, found.build) == (None, None, None)


def sides_of(found: Landmarks) -> tuple[Point | None, Point | None]:
    return found.bones.hip_right, found.bones.hip_left


def test_that_the_mirror_image_of_a_real_trunk_has_mirrored_landmarks(trunk: Volume) -> None:
    plain, mirrored = find_landmarks(trunk), find_landmarks(changed(trunk, trunk.voxels[::-1]))
    middle = float(trunk.geometry.corners()[:, 0].mean())
    assert np.abs((mirrored.axis_x - middle) + (plain.axis_x - middle)).max() <= 3.0
    assert mirrored.crest_z == plain.crest_z
    assert mirrored.chest.left_ml == pytest.approx(plain.chest.right_ml, rel=0.05)
    for one, other in zip(sides_of(plain), reversed(sides_of(mirrored)), strict=True):
        assert one is not None
        assert other is not None
        assert other[0] - middle == pytest.approx(middle - one[0], abs=3.5)
        assert other[1:] == pytest.approx(one[1:], abs=3.5)
