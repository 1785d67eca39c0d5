"""Whether there is enough of a scan to judge anything, on drawn bodies, phantoms and real scans."""

from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.core.geometry import Geometry, Volume
from labelcritic_gui.core.patient.field_of_view import field_of_view
from labelcritic_gui.core.patient.landmarks import find_landmarks
from labelcritic_gui.core.patient.scan import Region, Scan, judgeable, region_at
from labelcritic_gui.phantom.anatomy import PhantomSettings, make_phantom
from tests.core.bodies import GRID, body_ct

LIVER, KIDNEY, BLADDER, FEMUR = 1.15, 0.7, -1.2, -3.3


def scan_of(ct: Volume) -> Scan:
    return judgeable(ct, find_landmarks(ct))


def crop(ct: Volume, x: slice = slice(None), y: slice = slice(None), z: slice = slice(None)) -> Volume:
    voxels = ct.voxels[x, y, z]
    affine = ct.geometry.affine.copy()
    affine[:3, 3] = ct.geometry.to_world(np.array([s.start or 0 for s in (x, y, z)]))
    return Volume(voxels, Geometry((voxels.shape[0], voxels.shape[1], voxels.shape[2]), affine))


def with_values(ct: Volume, voxels: np.ndarray) -> Volume:
    return Volume(voxels, ct.geometry)


@pytest.fixture(scope="module")
def trunk() -> Volume:
    return make_phantom(PhantomSettings(shape=(96, 80, 80), seed=2101)).volume


def test_that_a_whole_trunk_can_be_judged_and_its_frame_is_known(trunk: Volume) -> None:
    for ct in (body_ct(), trunk):
        scan = scan_of(ct)
        assert (scan.usable, scan.why, scan.frame_known) == (True, "", True)
        assert {Region.ABDOMEN, Region.PELVIS} <= set(scan.regions)
        assert [scan.refusal("liver", LIVER), scan.refusal("bladder", BLADDER), scan.refusal("thing")] == [""] * 3


@pytest.mark.parametrize("value", [0, -1000, 40, 3071])
def test_that_an_image_of_one_value_is_empty(value: int) -> None:
    scan = scan_of(with_values(body_ct(), np.full(GRID.shape, value, np.int16)))
    assert not scan.usable
    assert scan.why == "The image is empty: all its voxels have the same value."
    assert scan.refusal("liver", LIVER) == scan.refusal("thing") == scan.why
    assert (scan.frame_known, scan.regions, scan.shown) == (False, (), "")


def test_that_an_image_without_a_number_in_it_is_empty() -> None:
    scan = scan_of(with_values(body_ct(), np.full(GRID.shape, np.nan, np.float32)))
    assert scan.why == "The image is empty: all its voxels have the same value."


def test_that_air_and_noise_show_no_body() -> None:
    noise = np.random.default_rng(0).normal(-1000, 20, GRID.shape)
    for hu in (noise, np.where(np.arange(GRID.shape[0])[:, None, None] < 3, 40.0, noise)):
        scan = scan_of(with_values(body_ct(), hu.astype(np.int16)))
        assert not scan.usable
        assert "no body" in scan.why or "only" in scan.why or "cut to" in scan.why


@pytest.mark.parametrize(
    "change",
    [
        lambda hu: hu.astype(np.int32) + 1024,  # stored values whose offset was lost
        lambda hu: np.clip((hu + 160.0) / 400.0, 0.0, 1.0),  # a window, scaled to 0..1
        lambda hu: np.clip((hu + 160.0) / 400.0 * 255.0, 0, 255).astype(np.uint8),
        lambda hu: np.clip((hu + 160.0) / 400.0, 0.0, 1.0) * 2.0 - 1.0,
        lambda hu: np.abs(hu),  # another modality: nothing below zero
    ],
    ids=["no offset", "0..1", "0..255", "-1..1", "positive"],
)
def test_that_values_which_are_no_hounsfield_units_are_refused(change: object) -> None:
    ct = body_ct()
    scan = scan_of(with_values(ct, change(ct.voxels)))  # type: ignore[operator]
    assert not scan.usable
    assert scan.why.startswith("The image is not in Hounsfield units: its values run from")


@pytest.mark.parametrize("padding", [-1024, -2000, -3024])
def test_that_padding_noise_clipping_and_floats_can_be_judged(trunk: Volume, padding: int) -> None:
    hu = trunk.voxels.astype(np.float32)
    padded = np.pad(hu, ((9, 9), (9, 9), (0, 0)), constant_values=padding)
    noisy = hu + np.random.default_rng(0).normal(0, 40, hu.shape)
    for ct in (
        Volume(padded, Geometry(padded.shape, trunk.geometry.affine)),
        with_values(trunk, noisy.astype(np.float32)),
        with_values(trunk, np.clip(hu, -150, 250)),
    ):
        assert scan_of(ct).usable, scan_of(ct).why


@pytest.mark.parametrize(("slices", "said"), [(1, "1 slice;"), (3, "3 slices;"), (7, "7 slices;")])
def test_that_too_few_slices_are_said(slices: int, said: str) -> None:
    scan = scan_of(crop(body_ct(), z=slice(40, 40 + slices)))
    assert not scan.usable
    assert said in scan.why
    assert "at least 8" in scan.why


def test_that_too_little_height_and_too_narrow_a_section_are_said() -> None:
    thin = body_ct()
    affine = thin.geometry.affine.copy()
    affine[2, 2] = 1.0
    flat = crop(Volume(thin.voxels, Geometry(thin.geometry.shape, affine)), z=slice(40, 70))
    assert scan_of(flat).why.startswith("The scan shows only 30 mm of a body from foot to head")
    narrow = scan_of(crop(body_ct(), x=slice(34, 46)))
    assert narrow.why.startswith("The scan is cut to 48 mm of the body's section")
    assert scan_of(crop(body_ct(), z=slice(40, 52))).usable


def test_that_a_thorax_alone_refuses_the_abdomen_but_not_what_it_shows(trunk: Volume) -> None:
    from labelcritic_gui.core.patient.field_of_view import FieldOfView, Limit

    chest = FieldOfView({Limit.UPPER_RIBS: True, Limit.LOWER_RIBS: True, Limit.PELVIS: False}, "computed")
    scan = judgeable(trunk, find_landmarks(trunk), chest)
    assert scan.shown == "thorax"
    assert (scan.frame_known, scan.frame_why) == (True, "")
    assert scan.refusal("liver", LIVER) == (
        "The scan shows the thorax only; the abdomen, where the liver lies, is not in view."
    )
    assert "pelvis" in scan.refusal("urinary bladder", BLADDER)
    assert scan.refusal("lung", 2.0) == ""
    assert scan.refusal("aorta") == ""


def test_that_a_part_of_the_abdomen_refuses_the_pelvis_only(trunk: Volume) -> None:
    scan = scan_of(crop(trunk, z=slice(40, 80)))
    assert Region.ABDOMEN in scan.regions
    assert scan.frame_known
    assert scan.refusal("kidney", KIDNEY) == ""
    assert "pelvis" in scan.refusal("urinary bladder", BLADDER)


def test_that_without_a_frame_it_is_said_why(trunk: Volume) -> None:
    middle = scan_of(crop(trunk, z=slice(35, 50)))
    assert (middle.usable, middle.frame_known) == (True, False)
    assert middle.frame_why.startswith("Neither the iliac crest nor the lower end of the lungs is in view")
    clipped = scan_of(with_values(trunk, np.clip(trunk.voxels, -150, 250)))
    assert (clipped.usable, clipped.frame_known, clipped.regions) == (True, False, ())
    assert clipped.frame_why.startswith("A window has cut off the densities of air and lung")


def test_that_a_region_no_landmark_tells_is_not_refused() -> None:
    scan = Scan(usable=True, frame_known=False, seen={})
    assert (scan.shown, scan.refusal("liver", LIVER)) == ("", "")
    assert region_at(LIVER) is region_at(KIDNEY) is Region.ABDOMEN
    assert (region_at(BLADDER), region_at(FEMUR), region_at(9.0)) == (Region.PELVIS, Region.LEGS, Region.HEAD)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "usable", "frame", "shown"),
    [
        ("ts_example_ct/example_ct.nii.gz", True, True, "abdomen, pelvis and legs"),
        ("ts_example_ct_sm/example_ct_sm.nii.gz", True, True, "abdomen"),
        ("elastix_lung/3DCT_lung.mha", True, True, "thorax"),
        ("ts2d_s0521/sample_s0521.nrrd", True, False, "head, neck and thorax"),
        ("openkbp_pt_200/ct.nii.gz", True, False, "head, neck and thorax"),
        ("dcmqi_ct3", False, False, ""),
    ],
)
def test_that_a_real_scan_is_what_one_sees_it_is(
    name: str, usable: bool, frame: bool, shown: str, shared_data: Path
) -> None:
    from labelcritic_gui.formats.volumes import load_ct

    ct = load_ct(shared_data / name)
    landmarks = find_landmarks(ct)
    scan = judgeable(ct, landmarks)
    assert (scan.usable, scan.frame_known, scan.shown) == (usable, frame, shown), scan.why
    assert scan == judgeable(ct, landmarks, field_of_view(ct, landmarks))
    assert bool(scan.refusal("liver", LIVER)) is ("abdomen" not in shown)
    if not usable:
        assert "3 slices" in scan.why
