"""Which landmarks an image shows: on drawn bodies, on phantoms cut in height, and on real scans looked at by eye."""

import itertools
import json
import time
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.core.geometry import Geometry, Orientation, Volume
from labelcritic_gui.core.patient.field_of_view import FieldOfView, Limit, field_of_view
from labelcritic_gui.core.patient.landmarks import find_landmarks
from labelcritic_gui.phantom.anatomy import PhantomSettings, make_phantom
from tests.core.bodies import body_ct

SHORT = {
    Limit.SKULL: "SK",
    Limit.NECK: "NE",
    Limit.TRACHEA: "TR",
    Limit.UPPER_RIBS: "UR",
    Limit.LOWER_RIBS: "LR",
    Limit.LUMBAR_SPINE: "LU",
    Limit.PELVIS: "PE",
    Limit.FEMURS: "FE",
}


def seen(ct: Volume) -> FieldOfView:
    return field_of_view(ct, find_landmarks(ct))


def said(ct: Volume) -> str:
    """Return one word per landmark from head to foot: its letters when in view, -- when not, ?? when not known."""
    found = seen(ct)
    return " ".join({True: SHORT[limit], False: "--", None: "??"}[found.shows(limit)] for limit in Limit)


def fits(answer: str, truth: str) -> bool:
    """Say whether an answer says nothing wrong: where the truth is ?? either answer is right."""
    pairs = zip(answer.split(), truth.split(), strict=True)
    return all(one == other or "??" in (one, other) for one, other in pairs)


def part(ct: Volume, low: float, high: float) -> Volume:
    """Return the slices between two shares of the image's height."""
    first, last = round(low * ct.geometry.shape[2]), round(high * ct.geometry.shape[2])
    affine = ct.geometry.affine.copy()
    affine[:3, 3] = ct.geometry.to_world(np.array([0, 0, first]))
    voxels = ct.voxels[:, :, first:last]
    return Volume(voxels, Geometry((voxels.shape[0], voxels.shape[1], voxels.shape[2]), affine))


def on_grid(ct: Volume, voxels: np.ndarray, step: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Volume:
    affine = ct.geometry.affine.copy()
    affine[:3, :3] = affine[:3, :3] * np.array(step)
    return Volume(voxels, Geometry((voxels.shape[0], voxels.shape[1], voxels.shape[2]), affine))


@pytest.fixture(scope="module")
def trunk() -> Volume:
    """A phantom from the hip joints to the lungs, 368 mm."""
    return make_phantom(PhantomSettings(shape=(128, 104, 96), seed=0)).volume


# --- bodies whose anatomy is known ----------------------------------------------------------------------------------


def test_that_an_image_from_pelvis_to_lungs_shows_what_lies_between() -> None:
    found = seen(body_ct())
    assert found.source == "computed"
    assert {Limit.PELVIS, Limit.LUMBAR_SPINE, Limit.LOWER_RIBS} <= set(found.in_view)
    assert {Limit.SKULL, Limit.NECK} <= set(found.out_of_view)


@pytest.mark.parametrize(
    ("low", "high", "truth"),
    [
        (0.0, 1.0, "-- -- -- -- LR LU PE ??"),
        (0.0, 0.5, "-- -- -- -- -- LU PE ??"),
        (0.5, 1.0, "-- -- -- -- LR LU -- --"),
        (0.25, 0.75, "-- -- -- -- LR LU ?? --"),
        (0.0, 0.3, "-- -- -- -- -- ?? PE ??"),
        (0.35, 0.65, "-- -- -- -- ?? LU -- --"),
        (0.7, 1.0, "-- -- ?? ?? LR -- -- --"),
    ],
)
def test_that_a_phantom_cut_in_height_shows_what_is_left(trunk: Volume, low: float, high: float, truth: str) -> None:
    answer = said(part(trunk, low, high))
    assert fits(answer, truth), answer
    told = sum(word != "??" for word in answer.split())
    assert told >= 4, "what can be told is told"


@pytest.mark.parametrize("seed", range(1, 5))
def test_that_other_bodies_and_phases_say_the_same(seed: int) -> None:
    phase = ("portal", "arterial", "plain")[seed % 3]
    ct = make_phantom(PhantomSettings(shape=(96, 80, 80), seed=seed, phase=phase)).volume  # type: ignore[arg-type]
    assert fits(said(ct), "-- -- -- -- LR LU PE ??")
    assert said(ct).split()[4:7] == ["LR", "LU", "PE"]
    assert fits(said(part(ct, 0.5, 1.0)), "-- -- -- -- LR LU -- --")


def test_that_bowel_gas_cut_by_the_image_is_no_lung(trunk: Volume) -> None:
    ct = part(trunk, 0.0, 0.55)
    voxels = ct.voxels.copy()
    voxels[45:60, 60:75, -12:] = -930
    voxels[65:80, 60:75, :12] = -960
    assert fits(said(Volume(voxels, ct.geometry)), "-- -- -- -- -- LU PE ??")


def head_and_neck() -> Volume:
    """Return a bone shell around brain upon a neck, 4 mm voxels; the shell's lowest slice is 29."""
    x, y, z = np.ogrid[-30:30, -30:30, 0:60]
    hu = np.full((60, 60, 60), -1000, np.int16)
    hu[np.broadcast_to((x**2 + y**2 <= 14**2) & (z < 34), hu.shape)] = 40
    hu[np.broadcast_to((x**2 + (y + 3) ** 2 <= 4**2) & (z < 30), hu.shape)] = 500
    hu[x**2 + y**2 + (z - 47) ** 2 <= 20**2] = 30
    hu[x**2 + y**2 + (z - 47) ** 2 <= 19**2] = 900
    hu[x**2 + y**2 + (z - 47) ** 2 <= 17**2] = 35
    return Volume(np.asfortranarray(hu), Geometry(hu.shape, np.diag([4.0, 4.0, 4.0, 1.0])))


def test_that_bone_around_brain_is_a_skull_and_what_hangs_below_it_is_a_neck() -> None:
    assert fits(said(head_and_neck()), "SK NE ?? ?? -- -- -- --")
    assert said(head_and_neck()).split()[:2] == ["SK", "NE"]
    assert fits(said(part(head_and_neck(), 0.6, 1.0)), "SK -- -- -- -- -- -- --")
    assert "SK" not in said(part(head_and_neck(), 0.0, 0.45)), "a neck alone has no skull"


@pytest.mark.parametrize(
    "ct",
    [
        Volume(np.full((20, 20, 20), -1000, np.int16), Geometry((20, 20, 20), np.eye(4))),
        Volume(np.full((4, 4, 4), 40, np.int16), Geometry((4, 4, 4), np.eye(4))),
        Volume(np.full((90, 90, 3), 40, np.int16), Geometry((90, 90, 3), np.diag([4.0, 4.0, 5.0, 1.0]))),
        Volume(np.full((1, 1, 1), 40, np.int16), Geometry((1, 1, 1), np.eye(4))),
        Volume(np.full((90, 90, 60), 40.0, np.float32), Geometry((90, 90, 60), np.diag([1.0, 1.0, 2.0, 1.0]))),
    ],
    ids=["air", "a few voxels", "three slices", "one voxel", "a block"],
)
def test_that_an_image_that_does_not_tell_says_nothing(ct: Volume) -> None:
    assert seen(ct) == FieldOfView()


# --- laws ------------------------------------------------------------------------------------------------------------


def test_that_how_the_image_is_stored_does_not_matter(trunk: Volume) -> None:
    small = on_grid(trunk, np.ascontiguousarray(trunk.voxels[::2, ::2, ::2]), (2.0, 2.0, 2.0))
    expected = seen(small)
    for axes, flips in itertools.product(itertools.permutations(range(3)), itertools.product((False, True), repeat=3)):
        turn = Orientation((axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2]))
        unflipped = small.voxels[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
        stored = np.asfortranarray(unflipped.transpose(np.argsort(axes)))
        assert seen(Volume(turn.view(stored), small.geometry)) == expected


def test_that_voxel_size_noise_metal_and_padding_say_nothing_wrong(trunk: Volume) -> None:
    rng = np.random.default_rng(0)
    voxels, truth = trunk.voxels, "-- -- -- -- LR LU PE ??"
    metal = voxels.copy()
    metal[60:66, 50:54, :] = 3071
    metal[30:90, 52, 40:44] = -1024
    padded = np.pad(voxels.astype(np.float32), ((6, 6), (6, 6), (8, 8)), constant_values=-3024.0)
    finer = voxels.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    for changed in (
        on_grid(trunk, voxels[::2, ::2, ::2], (2.0, 2.0, 2.0)),
        on_grid(trunk, voxels[:, :, ::3], (1.0, 1.0, 3.0)),
        on_grid(trunk, finer, (0.5, 0.5, 0.5)),
        on_grid(trunk, (voxels + rng.normal(0, 40, voxels.shape)).astype(np.int16)),
        on_grid(trunk, metal),
        on_grid(trunk, padded),
        on_grid(trunk, voxels[10:-10]),
    ):
        assert fits(said(changed), truth), said(changed)
        assert said(changed).split()[5] == "LU"


def test_that_where_the_image_lies_in_the_world_does_not_matter(trunk: Volume) -> None:
    affine = trunk.geometry.affine.copy()
    affine[:3, 3] += (512.0, -77.0, 1500.0)
    assert seen(Volume(trunk.voxels, Geometry(trunk.geometry.shape, affine))) == seen(trunk)


def test_that_a_table_below_the_body_says_nothing(trunk: Volume) -> None:
    room = np.pad(trunk.voxels, ((0, 0), (24, 0), (0, 0)), constant_values=-1000)
    plain = on_grid(trunk, room)
    with_table = room.copy()
    with_table[8:-8, 2:4] = 250
    with_table[8:-8, 8:9] = 120
    assert seen(on_grid(trunk, with_table)) == seen(plain)


def test_that_a_large_scan_takes_no_longer_than_its_landmarks_grid(trunk: Volume) -> None:
    shape = (512, 512, 400)
    places = [np.arange(n) * was // n for n, was in zip(shape, trunk.voxels.shape, strict=True)]
    voxels = np.empty(shape, np.int16, order="F")
    for k, source in enumerate(places[2]):
        voxels[:, :, k] = trunk.voxels[:, :, source][np.ix_(places[0], places[1])]
    factors = tuple(was / n for n, was in zip(shape, trunk.voxels.shape, strict=True))
    ct = on_grid(trunk, voxels, (factors[0], factors[1], factors[2]))
    landmarks = find_landmarks(ct)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        found = field_of_view(ct, landmarks)
        seconds.append(time.perf_counter() - start)
    assert {Limit.PELVIS, Limit.LUMBAR_SPINE, Limit.LOWER_RIBS} <= set(found.in_view)
    assert min(seconds) <= 0.3


# --- real scans ------------------------------------------------------------------------------------------------------

REAL = {
    # as seen on their projections and axial slices
    "ts_example_ct/example_ct.nii.gz": "-- -- -- -- LR LU PE FE",
    "ts_example_ct_sm/example_ct_sm.nii.gz": "-- -- -- -- LR LU -- --",
    "elastix_lung/3DCT_lung.mha": "-- ?? TR UR LR ?? -- --",
    "ts2d_s0521/sample_s0521.nrrd": "SK NE TR UR -- -- -- --",
    "openkbp_pt_200/ct.nii.gz": "SK NE TR UR -- -- -- --",
    "dcmqi_ct3": "?? ?? ?? ?? ?? ?? ?? ??",
}


def real(shared_data: Path, name: str) -> Volume:
    from labelcritic_gui.formats.volumes import load_ct

    return load_ct(shared_data / name)


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_that_a_real_scan_shows_what_one_sees_in_it(name: str, shared_data: Path) -> None:
    assert said(real(shared_data, name)) == REAL[name]


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_that_storage_thick_slices_metal_and_narrow_images_say_nothing_wrong_of_a_real_scan(
    name: str, shared_data: Path
) -> None:
    ct = real(shared_data, name)
    turn = Orientation((2, 0, 1), (True, False, True))
    unflipped = ct.voxels[tuple(slice(None, None, -1 if flip else 1) for flip in turn.flips)]
    stored = np.asfortranarray(unflipped.transpose(np.argsort(turn.axes)))
    assert said(Volume(turn.view(stored), ct.geometry)) == REAL[name]
    thick = max(1, round(5.0 / ct.geometry.spacing[2]))
    metal = ct.voxels.copy()
    x, y, z = (n // 2 for n in metal.shape)
    metal[x - 3 : x + 3, y - 3 : y + 3, z - 6 : z + 6] = 3071
    metal[: x * 2, y - 1 : y + 1, z : z + 2] = -1024
    edge = ct.voxels.shape[0] // 12
    for changed in (
        on_grid(ct, ct.voxels[:, :, ::thick], (1.0, 1.0, float(thick))),
        on_grid(ct, metal),
        on_grid(ct, ct.voxels[edge:-edge]),
        on_grid(ct, np.clip(ct.voxels, -1000, 1000)),
    ):
        assert fits(said(changed), REAL[name]), said(changed)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "low", "high", "truth"),
    [
        ("elastix_lung/3DCT_lung.mha", 0.0, 0.5, "-- -- -- ?? LR ?? -- --"),
        ("elastix_lung/3DCT_lung.mha", 0.5, 1.0, "-- ?? TR UR ?? -- -- --"),
        ("elastix_lung/3DCT_lung.mha", 0.35, 0.65, "-- -- ?? ?? ?? -- -- --"),
        ("openkbp_pt_200/ct.nii.gz", 0.5, 1.0, "SK NE ?? -- -- -- -- --"),
        ("openkbp_pt_200/ct.nii.gz", 0.0, 0.5, "-- NE TR UR -- -- -- --"),
        ("openkbp_pt_200/ct.nii.gz", 0.0, 0.3, "-- -- TR UR -- -- -- --"),
        ("openkbp_pt_200/ct.nii.gz", 0.35, 0.65, "-- NE ?? -- -- -- -- --"),
        ("openkbp_pt_200/ct.nii.gz", 0.75, 1.0, "SK ?? -- -- -- -- -- --"),
        ("ts2d_s0521/sample_s0521.nrrd", 0.5, 1.0, "SK NE TR -- -- -- -- --"),
        ("ts2d_s0521/sample_s0521.nrrd", 0.0, 0.5, "-- ?? TR UR -- -- -- --"),
    ],
)
def test_that_part_of_a_real_scan_says_nothing_wrong(
    name: str, low: float, high: float, truth: str, shared_data: Path
) -> None:
    answer = said(part(real(shared_data, name), low, high))
    assert fits(answer, truth), answer


@pytest.mark.shared
def test_that_no_part_of_a_real_scan_contradicts_its_labels(shared_data: Path) -> None:
    from labelcritic_gui.formats.nifti import load_label_map

    ct = real(shared_data, "ts_example_ct/example_ct.nii.gz")
    stored = json.loads((shared_data / "ts_class_map.json").read_text())["total_v1"]
    masks = load_label_map(
        shared_data / "ts_example_ct/labels/full_v1_hires_2022-09-15.nii.gz", [int(value) for value in stored]
    )
    belongs = {
        Limit.FEMURS: ("femur",),
        Limit.PELVIS: ("hip",),
        Limit.LUMBAR_SPINE: ("vertebrae_L",),
        Limit.LOWER_RIBS: tuple(f"rib_{side}_{n}" for side in ("left", "right") for n in range(8, 13)),
        Limit.UPPER_RIBS: tuple(f"rib_{side}_{n}" for side in ("left", "right") for n in range(1, 6)),
        Limit.TRACHEA: ("trachea",),
    }
    there = {limit: np.zeros(ct.geometry.shape[2], bool) for limit in belongs}
    for value, name in stored.items():
        for limit, starts in belongs.items():
            mask = masks[int(value)]
            if any(name == s or (name.startswith(s) and "rib" not in s) for s in starts) and not mask.is_empty:
                there[limit][mask.box[2]] = True
    told = 0
    for low, length in itertools.product(range(0, 112, 8), (16, 24, 36, 64, 90, 112)):
        if low + length > 112:
            continue
        found = seen(part(ct, low / 112, (low + length) / 112))
        for limit, slices in there.items():
            mm = 3.0 * np.count_nonzero(slices[low : low + length])
            assert not (found.shows(limit) is True and mm < 10.0), (low, length, limit, mm)
            assert not (found.shows(limit) is False and mm > 35.0), (low, length, limit, mm)
            told += found.shows(limit) is not None
    assert told > 100
