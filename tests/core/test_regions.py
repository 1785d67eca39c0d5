"""Where two candidates differ: on drawn bodies, on the phantom's planted errors, and on real labels."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Geometry, Mask, Orientation, Volume
from labelcritic_gui.core.measures.regions import LEAST_ML, DifferingRegion, describe, differing_regions
from labelcritic_gui.core.patient.landmarks import find_landmarks
from labelcritic_gui.faults.kinds import KIND_OF, FaultSeverity
from labelcritic_gui.faults.planting import plant
from labelcritic_gui.faults.recipe import Recipe
from labelcritic_gui.faults.varying import vary
from labelcritic_gui.phantom.anatomy import Phantom, PhantomSettings, make_phantom
from tests.core.bodies import GRID, body_ct, mask_of

SIZE = (60, 50, 40)
ORIENTATIONS = [
    Orientation(axes, flips)
    for axes in itertools.permutations(range(3))
    for flips in itertools.product((False, True), repeat=3)
]


def grid(spacing: tuple[float, float, float] = (1.0, 1.0, 1.0), shape: tuple[int, int, int] = SIZE) -> Geometry:
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = (-30.0, 12.0, 500.0)
    return Geometry(shape, affine)


def ball(centre: tuple[float, float, float], radius: float, geometry: Geometry | None = None) -> np.ndarray:
    """Return the voxels whose centres lie within a radius in mm of a voxel index."""
    on = geometry or grid()
    offsets = [
        (n - c) * s for n, c, s in zip(np.ogrid[tuple(slice(0, k) for k in on.shape)], centre, on.spacing, strict=True)
    ]
    return np.asarray(offsets[0] ** 2 + offsets[1] ** 2 + offsets[2] ** 2 <= radius**2)


def flat_ct(geometry: Geometry, hu: int = 40) -> Volume:
    return Volume(np.full(geometry.shape, hu, np.int16, order="F"), geometry)


def found(first: np.ndarray, second: np.ndarray, geometry: Geometry | None = None) -> tuple[DifferingRegion, ...]:
    on = geometry or grid()
    return differing_regions(Mask.from_array(first, on), Mask.from_array(second, on), flat_ct(on))


def blobs(data: st.DataObject) -> np.ndarray:
    """Draw a mask of up to four balls, some of them taken away again."""
    full = np.zeros(SIZE, dtype=bool)
    for _ in range(data.draw(st.integers(0, 4))):
        centre = tuple(data.draw(st.floats(8.0, n - 9.0)) for n in SIZE)
        one = ball((centre[0], centre[1], centre[2]), data.draw(st.floats(2.0, 12.0)))
        full = full & ~one if data.draw(st.booleans()) and full.any() else full | one
    return full


MIDDLE = (30.0, 25.0, 20.0)


# --- what is a region ------------------------------------------------------------------------------------------------


def test_that_masks_that_agree_and_two_empty_ones_differ_nowhere() -> None:
    nothing = np.zeros(SIZE, bool)
    assert found(ball(MIDDLE, 12), ball(MIDDLE, 12)) == ()
    assert found(nothing, nothing) == ()


@pytest.mark.parametrize(
    ("spacing", "voxels"), [((1.0, 1.0, 1.0), 2), ((0.7, 0.7, 1.0), 1), ((0.8, 0.8, 5.0), 1), ((3.0, 3.0, 3.0), 2)]
)
def test_that_a_boundary_one_or_two_voxels_apart_all_over_is_no_region(
    spacing: tuple[float, float, float], voxels: int
) -> None:
    on = grid(spacing, (90, 90, 60))
    inner = ball((45.0, 45.0, 30.0), 16 * max(spacing[:2]), on)
    outer = inner
    for _ in range(voxels):
        outer = metrics.dilated(outer)
    assert found(inner, outer, on) == ()
    assert found(outer, inner, on) == ()


def test_that_a_bump_is_a_region_and_the_shell_around_is_not_part_of_it() -> None:
    inner = ball(MIDDLE, 12)
    bump = ball((43.0, 25.0, 20.0), 6)
    (region,) = found(inner, metrics.dilated(inner) | bump)
    assert region.claimant == "second"
    alone = np.count_nonzero(bump & ~inner) / 1000.0
    assert region.volume_ml == pytest.approx(alone, rel=0.35)
    assert region.place[0] == pytest.approx(-30.0 + 46.0, abs=3.0)
    assert region.low[0] == pytest.approx(-30.0 + 41.0, abs=3.0)
    assert region.high[0] == pytest.approx(-30.0 + 49.0, abs=2.0)


def test_that_a_thin_branch_far_from_the_other_mask_is_a_region() -> None:
    body = ball((15.0, 25.0, 20.0), 10)
    branched = body.copy()
    branched[15:55, 24:27, 19:22] = True
    (region,) = found(branched, body)
    assert region.claimant == "first"
    assert region.high[0] == pytest.approx(-30.0 + 54.5, abs=1.5)


@pytest.mark.parametrize(("spacing", "slices"), [((1.0, 1.0, 1.0), 3), ((1.0, 1.0, 5.0), 1), ((1.0, 1.0, 5.0), 2)])
def test_that_slices_left_out_within_a_mask_are_a_region(spacing: tuple[float, float, float], slices: int) -> None:
    on = grid(spacing)
    whole = ball(MIDDLE, 15 * spacing[2] / 2 + 8, on)
    gapped = whole.copy()
    gapped[:, :, 20 : 20 + slices] = False
    regions = found(whole, gapped, on)
    assert len(regions) == 1
    assert regions[0].volume_ml == pytest.approx(np.count_nonzero(whole & ~gapped) * on.voxel_ml, rel=0.05)


def test_that_a_hole_and_an_island_are_regions_and_specks_are_not() -> None:
    whole = ball(MIDDLE, 15)
    holed = whole & ~ball(MIDDLE, 5)
    apart = holed | ball((52.0, 25.0, 20.0), 4)
    apart[3, 3, 3] = True
    first, second = found(whole, apart)
    assert (first.claimant, second.claimant) == ("first", "second")
    assert first.volume_ml == pytest.approx(0.515, rel=0.1)
    assert second.volume_ml == pytest.approx(0.257, rel=0.15)


def test_that_of_an_empty_mask_the_other_differs_part_by_part_largest_first_and_no_more_than_asked() -> None:
    parts = ball((12.0, 25.0, 20.0), 7) | ball((30.0, 25.0, 20.0), 5) | ball((48.0, 25.0, 20.0), 9)
    on = grid()
    regions = found(np.zeros(SIZE, bool), parts)
    assert [round(r.place[0] + 30.0) for r in regions] == pytest.approx([48, 12, 30], abs=1)
    assert sum(r.volume_ml for r in regions) == pytest.approx(np.count_nonzero(parts) / 1000.0)
    two = differing_regions(Mask.from_array(parts, on), Mask.from_array(np.zeros(SIZE, bool), on), flat_ct(on), most=2)
    assert [r.swapped() for r in two] == list(regions[:2])


# --- laws ------------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_that_the_order_of_the_masks_only_swaps_the_names(data: st.DataObject) -> None:
    first, second = blobs(data), blobs(data)
    assert found(first, second) == tuple(region.swapped() for region in found(second, first))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_that_every_region_lies_where_one_mask_alone_is_and_no_volume_is_invented(data: st.DataObject) -> None:
    first, second = blobs(data), blobs(data)
    on, only = grid(), {"first": first & ~second, "second": second & ~first}
    regions = found(first, second)
    for region in regions:
        index = np.rint(on.to_index(np.array(region.place))).astype(int)
        assert only[region.claimant][tuple(index)]
        assert all(a <= p <= b for a, p, b in zip(region.low, region.place, region.high, strict=True))
        assert region.volume_ml >= LEAST_ML
        assert region.hu_mean == pytest.approx(40.0)
    for claimant, part in only.items():
        total = sum(region.volume_ml for region in regions if region.claimant == claimant)
        assert total <= np.count_nonzero(part) * on.voxel_ml + 1e-9
    assert [r.volume_ml for r in regions] == sorted((r.volume_ml for r in regions), reverse=True)


@settings(max_examples=30, deadline=None)
@given(st.data(), st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)))
def test_that_moving_both_masks_and_the_image_moves_the_regions(
    data: st.DataObject, shift: tuple[int, int, int]
) -> None:
    first, second = blobs(data), blobs(data)
    wide = grid(shape=(SIZE[0] + 9, SIZE[1] + 9, SIZE[2] + 9))
    hu = np.random.default_rng(1).integers(-100, 100, SIZE).astype(np.int16)

    def moved(array: np.ndarray, by: tuple[int, int, int]) -> np.ndarray:
        out = np.zeros(wide.shape, array.dtype)
        out[tuple(slice(b, b + n) for b, n in zip(by, SIZE, strict=True))] = array
        return out

    here, there = (
        differing_regions(
            Mask.from_array(moved(first, by), wide),
            Mask.from_array(moved(second, by), wide),
            Volume(moved(hu, by), wide),
        )
        for by in ((0, 0, 0), shift)
    )
    assert len(here) == len(there)
    for one, other in zip(here, there, strict=True):
        assert other.place == pytest.approx(tuple(p + s for p, s in zip(one.place, shift, strict=True)))
        assert (one.claimant, one.volume_ml, one.hu_mean) == (other.claimant, other.volume_ml, other.hu_mean)


@pytest.mark.parametrize("turn", ORIENTATIONS, ids=str)
def test_that_how_the_image_is_stored_does_not_matter(turn: Orientation) -> None:
    on = grid((1.0, 1.5, 2.5))
    first, second = ball(MIDDLE, 14, on), ball((36.0, 25.0, 20.0), 14, on)
    hu = np.random.default_rng(1).integers(-100, 100, SIZE).astype(np.int16)
    masks = Mask.from_array(first, on), Mask.from_array(second, on)
    unflipped = hu[tuple(slice(None, None, -1 if flip else 1) for flip in turn.flips)]
    stored = np.asfortranarray(unflipped.transpose(np.argsort(turn.axes)))
    view = turn.view(stored)
    assert np.array_equal(view, hu)
    assert differing_regions(*masks, Volume(view, on)) == differing_regions(*masks, Volume(hu, on))


# --- what is said of a region ----------------------------------------------------------------------------------------


def box(low: tuple[int, int, int], high: tuple[int, int, int]) -> np.ndarray:
    full = np.zeros(GRID.shape, bool)
    full[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return full


@pytest.mark.parametrize(
    ("columns", "side"), [((50, 56), "right"), ((24, 30), "left"), ((37, 43), ""), ((39, 45), ""), ((41, 47), "right")]
)
def test_that_the_side_is_the_patients_and_none_near_the_midline(columns: tuple[int, int], side: str) -> None:
    ct = body_ct()
    there = mask_of(box((columns[0], 30, 50), (columns[1], 36, 58)))
    nothing = mask_of(np.zeros(GRID.shape, bool))
    (region,) = differing_regions(there, nothing, ct, find_landmarks(ct))
    assert region.side == side
    (untold,) = differing_regions(there, nothing, ct)
    assert untold.side == ""


def test_that_a_region_is_described_in_plain_words_without_coordinates() -> None:
    region = DifferingRegion("second", 14.24, (1.0, 2.0, 3.0), (0.0, 0.0, 0.0), (4.0, 4.0, 4.0), 34.6, "left")
    assert describe(region) == "14.2 ml on the patient's left, only in second, at 35 HU"
    assert describe(region.swapped(), ("label A", "label B")).endswith("only in label A, at 35 HU")
    middle = DifferingRegion("first", 0.314, (1.0, 2.0, 3.0), (0.0, 0.0, 0.0), (4.0, 4.0, 4.0), -70.2)
    assert describe(middle) == "0.31 ml, only in first, at -70 HU"
    large = DifferingRegion("first", 1234.5, (1.0, 2.0, 3.0), (0.0, 0.0, 0.0), (4.0, 4.0, 4.0), 50.0, "right")
    assert describe(large).startswith("1234 ml on the patient's right")


def test_that_the_density_is_that_of_the_image_there_and_padding_and_metal_do_not_run_away() -> None:
    on = grid()
    hu = np.full(SIZE, 40.0, np.float32)
    hu[40:] = 200.0
    hu[55, 25, 20], hu[56, 25, 20] = np.nan, 30000.0
    first, second = ball((20.0, 25.0, 20.0), 12), ball((20.0, 25.0, 20.0), 12) | ball((52.0, 25.0, 20.0), 6)
    (region,) = differing_regions(Mask.from_array(first, on), Mask.from_array(second, on), Volume(hu, on))
    assert region.hu_mean == pytest.approx(200.0, abs=30.0)
    assert DifferingRegion.from_json(region.to_json()) == region


# --- anatomy ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom(PhantomSettings(shape=(128, 104, 96), seed=4, absent=()))


@pytest.mark.parametrize("code", sorted(KIND_OF))
def test_that_a_planted_error_is_found_where_it_was_planted(code: str, phantom: Phantom) -> None:
    rng = np.random.default_rng(5)
    truth = phantom.masks["spleen"]
    faulty = plant(Recipe(KIND_OF[code], FaultSeverity.GROSS), "spleen", phantom.scene, rng)
    regions = differing_regions(truth, faulty.mask, phantom.volume, find_landmarks(phantom.volume))
    if code == "EDGE":
        assert sum(r.volume_ml for r in regions) < 0.02 * truth.volume_ml, "a rough boundary is no region"
        return
    assert regions
    low, high = np.array([r.low for r in regions]) - 6.0, np.array([r.high for r in regions]) + 6.0
    assert ((low <= faulty.place) & (np.array(faulty.place) <= high)).all(axis=1).any()


def test_that_two_sound_masks_differ_in_little_more_than_their_boundary(phantom: Phantom) -> None:
    truth = phantom.masks["liver"]
    other = vary(truth, np.random.default_rng(1), dice=0.96)
    regions = differing_regions(truth, other, phantom.volume)
    assert sum(r.volume_ml for r in regions) < 0.03 * truth.volume_ml


@pytest.mark.shared
def test_that_real_labels_differ_where_they_differ(shared_data: Path) -> None:
    from labelcritic_gui.formats.nifti import load_ct, load_label_map

    folder = shared_data / "ts_example_ct"
    ct = load_ct(folder / "example_ct.nii.gz")
    one = load_label_map(folder / "labels" / "full_v1_hires_2022-09-15.nii.gz", [5])[5]
    two = load_label_map(folder / "labels" / "full_v2_fast_forcesplit_2024-03-14.nii.gz", [5])[5]
    regions = differing_regions(one, two, ct, find_landmarks(ct))
    exact = {"first": one.count - metrics.overlap(one, two), "second": two.count - metrics.overlap(one, two)}
    for claimant, count in exact.items():
        assert sum(r.volume_ml for r in regions if r.claimant == claimant) <= count * ct.geometry.voxel_ml + 1e-6
    holed = one.full()
    z = one.origin[2] + one.voxels.shape[2] // 2
    holed[:, :, z : z + 6] = False
    (region,) = differing_regions(one, Mask.from_array(holed, one.geometry), ct, find_landmarks(ct))
    assert (region.claimant, region.side) == ("first", "right"), "the liver lies on the patient's right"
    assert region.hu_mean == pytest.approx(100.0, abs=60.0)
