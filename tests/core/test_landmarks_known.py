"""Landmarks on phantoms whose bones lie where the generator put them, shown in all the ways scanners show bodies."""

import itertools
import time

import numpy as np
import pytest

from labelcritic_gui.core.geometry import Geometry, Orientation, Volume
from labelcritic_gui.core.patient.landmarks import Landmarks, find_landmarks
from labelcritic_gui.phantom.anatomy import PhantomSettings
from tests.core.bodies_known import (
    CREST,
    DOME_LEFT,
    DOME_RIGHT,
    HIP,
    LUMBAR,
    RIB_ENDS,
    WAYS,
    KnownBody,
    changed,
    coarser,
    cut,
    with_arms,
)

SETTINGS = {
    "usual": PhantomSettings(shape=(96, 80, 80), seed=2101),
    "bent right, arterial": PhantomSettings(shape=(96, 80, 80), seed=2102, phase="arterial", scoliosis_mm=25.0),
    "bent left, obese": PhantomSettings(shape=(96, 80, 80), seed=2103, scoliosis_mm=-35.0, fat=0.9),
    "small and lean": PhantomSettings(shape=(96, 80, 80), seed=2104, phase="arterial", body_size=0.92, fat=0.05),
}


@pytest.fixture(scope="module", params=SETTINGS)
def body(request: pytest.FixtureRequest) -> KnownBody:
    return KnownBody(SETTINGS[request.param])


@pytest.fixture(scope="module")
def usual() -> KnownBody:
    return KnownBody(SETTINGS["usual"])


def off_spine(found: Landmarks, body: KnownBody) -> np.ndarray:
    """Return how far the axis lies from the vertebral bodies' middle along x and y at the lumbar slices, in mm."""
    rows = []
    for z, x, y, seen in zip(found.slice_z, found.axis_x, found.axis_y, found.axis_seen, strict=True):
        if seen and LUMBAR[0] < body.own_height(z) < LUMBAR[1]:
            rows.append(np.array([x, y]) - body.spine_at(z)[:2])
    return np.array(rows)


@pytest.mark.parametrize("way", WAYS)
def test_that_the_spine_is_found_however_a_body_is_shown(way: str, body: KnownBody) -> None:
    found = body.landmarks(way)
    off = off_spine(found, body)
    lumbar = [LUMBAR[0] < body.own_height(z) < LUMBAR[1] for z in found.slice_z]
    assert len(off) >= 0.95 * sum(lumbar)
    assert np.abs(off[:, 0]).max() <= 16.0
    assert np.sqrt(np.mean(off[:, 0] ** 2)) <= 6.0
    # the middle of all the spine's bone lies behind that of the vertebral bodies
    assert -50.0 <= off[:, 1].min() <= off[:, 1].max() <= 2.0


@pytest.mark.parametrize("way", WAYS)
def test_that_crest_and_lungs_are_found_where_they_are_or_not_at_all(way: str, body: KnownBody) -> None:
    found = body.landmarks(way)
    crest = body.world((0.0, 0.0, CREST))[2]
    base = body.landmarks().lung_base_z
    assert base is not None
    assert 20.0 <= base - body.world((0.0, 0.0, RIB_ENDS - 40.0))[2] <= 80.0
    if found.crest_z is not None:
        assert found.crest_z == pytest.approx(crest, abs=10.0)
    if found.lung_base_z is not None:
        assert found.lung_base_z == pytest.approx(base, abs=10.0)
    sides = way.endswith("cut")
    assert (found.crest_z is None) <= (sides or way in ("upper half", "middle", "clipped"))
    assert (found.lung_base_z is None) is (way in ("lower half", "clipped"))
    height = found.height_of(crest)
    assert found.clipped is (height is None) is (way == "clipped")
    assert height == pytest.approx(0.0, abs=0.25) or found.clipped


def test_that_arms_beside_the_body_change_nothing_of_the_trunk(body: KnownBody) -> None:
    alone, armed = body.landmarks(), body.landmarks("arms")
    assert alone.body_width_mm is not None
    assert armed.body_width_mm == pytest.approx(alone.body_width_mm, abs=12.0)
    assert (armed.crest_z, armed.lung_base_z) == (alone.crest_z, alone.lung_base_z)
    assert alone.build is not None
    assert armed.build is not None
    assert armed.build.fat_cm2 == pytest.approx(alone.build.fat_cm2, rel=0.06)
    assert armed.build.size == pytest.approx(alone.build.size, rel=0.02)
    columns = armed.body.any(axis=(1, 2)).sum() * armed.geometry.spacing[0]
    assert columns > alone.body_width_mm + 100.0, "the arms are of the patient's body"


@pytest.mark.parametrize("way", ["as it is", "arms", "table", "noise", "5 mm slices", "padding -3024", "upper half"])
def test_that_domes_and_rib_ends_are_found(way: str, body: KnownBody) -> None:
    found = body.landmarks(way)
    ends = (found.bones.ribs_right_z, found.bones.ribs_left_z)
    for z, truth, within in (
        (found.chest.dome_right_z, DOME_RIGHT, 12.0),
        (found.chest.dome_left_z, DOME_LEFT, 12.0),
        (ends[0], RIB_ENDS, 14.0),
        (ends[1], RIB_ENDS, 14.0),
    ):
        assert z == pytest.approx(body.world((0.0, 0.0, truth))[2], abs=within)
    assert found.bones.lowest_ribs_z == max(z for z in ends if z is not None)
    assert found.chest.right_ml + found.chest.left_ml == pytest.approx(found.lungs_ml)
    assert min(found.chest.right_ml, found.chest.left_ml) > 0.3 * found.lungs_ml


def test_that_what_the_image_does_not_show_has_no_place(usual: KnownBody) -> None:
    lower = usual.landmarks("lower half")
    assert (lower.chest.dome_right_z, lower.chest.dome_left_z, lower.lungs_ml) == (None, None, 0.0)
    assert (lower.bones.ribs_right_z, lower.bones.ribs_left_z, lower.bones.lowest_ribs_z) == (None, None, None)
    short = find_landmarks(cut(usual.ct, 2, 0.3, 0.78))
    assert short.lung_base_z is not None
    assert (short.chest.dome_right_z, short.chest.dome_left_z) == (None, None)
    assert (short.bones.hip_right, short.bones.hip_left) == (None, None)
    right = usual.landmarks("left side cut")
    assert right.cut_sideways
    assert right.build is None
    assert right.chest.right_ml > 3.0 * right.chest.left_ml


@pytest.mark.parametrize("seed", [2105, 2106])
def test_that_hip_joints_are_found_where_the_image_shows_them(seed: int) -> None:
    body = KnownBody(PhantomSettings(shape=(104, 84, 120), seed=seed, extent_mm=(416.0, 330.0, 480.0)))
    for ct in (body.ct, with_arms(body.ct), coarser(body.ct, (0.0, 0.0, 5.0))):
        bones = find_landmarks(ct).bones
        for found, side in ((bones.hip_right, 1.0), (bones.hip_left, -1.0)):
            assert found is not None
            off = np.array(found) - body.world((side * HIP[0], HIP[1], HIP[2]))
            assert np.abs(off).max() <= 14.0, off


# --- build -----------------------------------------------------------------------------------------------------------


def test_that_build_is_what_the_slices_show(body: KnownBody) -> None:
    build = body.landmarks().build
    assert build is not None
    assert body.own_height(build.z) == pytest.approx(0.0, abs=15.0), "the middle of L3 is the generator's origin"
    step = body.ct.geometry.spacing
    k = round(float(body.ct.geometry.to_index(np.array([0.0, 0.0, build.z]))[2]))
    hu = body.ct.voxels[:, :, k - 2 : k + 3]
    rows = slice(int(build_back(body) / step[1]), None)  # without the table
    inside = hu[:, rows] > -250
    assert build.width_mm == pytest.approx(inside.any(axis=1).sum(axis=0).max() * step[0], abs=14.0)
    assert build.depth_mm == pytest.approx(inside.any(axis=0).sum(axis=0).max() * step[1], abs=14.0)
    fat = np.count_nonzero((hu[:, rows] >= -190) & (hu[:, rows] <= -30)) / 5.0 * step[0] * step[1] / 100.0
    assert build.fat_cm2 == pytest.approx(fat, rel=0.08)
    assert 0.0 < build.subcutaneous_cm2 < build.fat_cm2
    assert build.lean_cm2 + build.fat_cm2 + build.gas_cm2 == pytest.approx(build.section_cm2)
    assert build.visceral_cm2 + build.subcutaneous_cm2 == pytest.approx(build.fat_cm2)
    assert 0.0 < build.fat_share < 1.0


def build_back(body: KnownBody) -> float:
    """Return how far from the image's back the body begins, in mm."""
    low = body.landmarks().body_low
    assert low is not None
    return low[1] - float(body.ct.geometry.affine[1, 3]) - 4.0


def test_that_size_grows_with_the_body_and_hardly_with_its_fat() -> None:
    def size(body_size: float, fat: float) -> tuple[float, float]:
        settings = PhantomSettings(shape=(96, 80, 80), seed=2107, body_size=body_size, fat=fat)
        build = find_landmarks(KnownBody(settings).ct).build
        assert build is not None
        return build.size, build.fat_share

    small, large, obese = size(0.92, 0.3), size(1.08, 0.3), size(0.92, 0.9)
    assert large[0] / small[0] == pytest.approx(1.08 / 0.92, rel=0.06)
    assert obese[0] / small[0] == pytest.approx(1.0, abs=0.08)
    assert obese[1] > small[1] + 0.1


# --- laws ------------------------------------------------------------------------------------------------------------


def lines(found: Landmarks) -> np.ndarray:
    return np.concatenate([found.axis_x, found.axis_y, found.slice_z])


def test_that_where_how_and_as_what_an_image_is_stored_does_not_matter(usual: KnownBody) -> None:
    ct = coarser(usual.ct, (8.0, 8.0, 8.0))
    plain = find_landmarks(ct)
    turns = itertools.product(itertools.permutations(range(3)), itertools.product((False, True), repeat=3))
    for axes, flips in list(turns)[::5]:
        turn = Orientation((axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2]))
        unflipped = ct.voxels[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
        stored = np.asfortranarray(unflipped.transpose(np.argsort(axes)))
        same = find_landmarks(Volume(turn.view(stored), ct.geometry))
        assert np.array_equal(lines(same), lines(plain))
        assert (same.crest_z, same.lung_base_z, same.bones, same.chest, same.build) == (
            plain.crest_z,
            plain.lung_base_z,
            plain.bones,
            plain.chest,
            plain.build,
        )
    for dtype in (np.float32, np.int32, np.float64):
        other = find_landmarks(Volume(ct.voxels.astype(dtype), ct.geometry))
        assert np.allclose(lines(other), lines(plain), atol=1e-3)
        assert (other.crest_z, other.bones, other.chest, other.build) == (
            plain.crest_z,
            plain.bones,
            plain.chest,
            plain.build,
        )
    moved = ct.geometry.affine.copy()
    moved[:3, 3] += (512.0, -77.0, 1500.0)
    away = find_landmarks(Volume(ct.voxels, Geometry(ct.geometry.shape, moved)))
    assert np.allclose(away.axis_x - 512.0, plain.axis_x)
    assert np.allclose(away.axis_y + 77.0, plain.axis_y)
    assert away.crest_z == pytest.approx((plain.crest_z or 0.0) + 1500.0)
    assert away.build is not None
    assert plain.build is not None
    assert away.build.fat_cm2 == plain.build.fat_cm2


def test_that_the_mirrored_body_has_mirrored_landmarks(body: KnownBody) -> None:
    plain, mirrored = body.landmarks(), find_landmarks(changed(body.ct, body.ct.voxels[::-1]))
    middle = float(body.ct.geometry.corners()[:, 0].mean())
    assert np.abs((mirrored.axis_x - middle) + (plain.axis_x - middle)).max() <= 1.5
    assert np.abs(mirrored.axis_y - plain.axis_y).max() <= 4.0
    assert (mirrored.crest_z, mirrored.lung_base_z) == (plain.crest_z, plain.lung_base_z)
    assert mirrored.chest.right_ml == pytest.approx(plain.chest.left_ml, rel=0.03)
    assert mirrored.chest.dome_left_z == plain.chest.dome_right_z
    assert (mirrored.bones.ribs_left_z, mirrored.bones.ribs_right_z) == (
        plain.bones.ribs_right_z,
        plain.bones.ribs_left_z,
    )
    assert mirrored.body_width_mm == plain.body_width_mm


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 4), (40, 40, 1), (1, 40, 40), (40, 40, 40)])
@pytest.mark.parametrize("value", [-1000, 0, 40, 300, 3071])
def test_that_an_image_of_one_value_breaks_nothing(shape: tuple[int, int, int], value: int) -> None:
    found = find_landmarks(Volume(np.full(shape, value, np.int16), Geometry(shape, np.diag([4.0, 4.0, 4.0, 1.0]))))
    assert len(found.axis_x) == len(found.slice_z) == shape[2]
    assert np.isfinite(found.axis_x).all()
    assert (found.body_low is None) is (value == -1000)


def test_that_what_is_no_number_is_air(usual: KnownBody) -> None:
    voxels = usual.ct.voxels.astype(np.float32)
    voxels[:3] = np.nan
    plain, found = find_landmarks(usual.ct), find_landmarks(changed(usual.ct, voxels))
    assert np.allclose(found.axis_x, plain.axis_x, atol=0.5)
    assert found.crest_z == plain.crest_z


def test_that_a_large_scan_takes_a_moment(usual: KnownBody) -> None:
    shape = (512, 512, 400)
    places = [np.arange(n) * was // n for n, was in zip(shape, usual.ct.voxels.shape, strict=True)]
    voxels = np.empty(shape, np.int16, order="F")
    for k, source in enumerate(places[2]):
        voxels[:, :, k] = usual.ct.voxels[:, :, source][np.ix_(places[0], places[1])]
    factors = [was / n for n, was in zip(shape, usual.ct.voxels.shape, strict=True)]
    ct = changed(usual.ct, voxels, step=(factors[0], factors[1], factors[2]))
    seconds = []
    for _ in range(3):
        start = time.process_time()
        found = find_landmarks(ct)
        seconds.append(time.process_time() - start)
    assert np.abs(off_spine(found, usual)[:, 0]).max() <= 8.0
    assert min(seconds) <= 0.12
