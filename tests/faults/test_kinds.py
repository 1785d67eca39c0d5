"""Each error does what its name says, in mm and shares, on phantoms and on shapes whose measures are known."""

import numpy as np
import pytest

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Geometry, Mask, Volume, content_hash
from labelcritic_gui.faults.kinds import CannotPlantError, FaultKind, FaultSeverity
from labelcritic_gui.faults.planting import Faulty, plant
from labelcritic_gui.faults.recipe import Recipe
from labelcritic_gui.faults.scene import Scene
from labelcritic_gui.faults.space import centroid

MILD, MODERATE, GROSS = FaultSeverity


def planted(scene: Scene, name: str, kind: FaultKind, severity: FaultSeverity = MODERATE, **said: object) -> Faulty:
    return plant(Recipe(kind, severity, **said), name, scene, np.random.default_rng(7))  # type: ignore[arg-type]


def pieces(mask: Mask) -> int:
    from scipy import ndimage

    return int(ndimage.label(mask.voxels, np.ones((3, 3, 3)))[1])


def blocks(spacing: tuple[float, float, float] = (2.0, 2.0, 2.0), shape: tuple[int, int, int] = (60, 50, 40)) -> Scene:
    """A body 100 x 80 x 80 mm of 40 HU in air with two blocks of 100 HU and one of 0 HU, all touching in x."""
    grid = Geometry(shape, np.diag([*spacing, 1.0]))
    x, y, z = (np.arange(n) * s for n, s in zip(shape, spacing, strict=True))

    def block(xs: tuple[int, int], ys: tuple[int, int], zs: tuple[int, int]) -> np.ndarray:
        inside = [(v >= low) & (v < high) for v, (low, high) in zip((x, y, z), (xs, ys, zs), strict=True)]
        return inside[0][:, None, None] & inside[1][None, :, None] & inside[2][None, None, :]

    hu = np.full(shape, -1000, dtype=np.int16)
    hu[block((10, 110), (10, 90), (0, 80))] = 40
    parts = {
        "middle": (block((40, 70), (30, 60), (20, 60)), 100),
        "alike": (block((70, 90), (30, 60), (20, 60)), 100),
        "unlike": (block((20, 40), (30, 60), (20, 60)), 0),
    }
    for inside, density in parts.values():
        hu[inside] = density
    masks = {name: Mask.from_array(inside, grid) for name, (inside, _) in parts.items()}
    return Scene(Volume(hu, grid), masks, {})


def extent(mask: Mask, axis: int) -> tuple[float, float]:
    step, start = mask.geometry.spacing[axis], mask.origin[axis]
    return start * step, (start + mask.voxels.shape[axis] - 1) * step


# --- leak, outside ----------------------------------------------------------------------------------------------------


def test_a_leak_goes_into_the_neighbour_of_least_contrast_and_stays_attached() -> None:
    scene = blocks()
    leak = planted(scene, "middle", FaultKind.LEAK)
    assert leak.recipe.target == "alike"
    assert leak.text.endswith("into the alike")
    added = Mask.from_array(
        leak.mask.voxels & ~scene.masks["middle"].within(leak.mask.box), leak.mask.geometry, offset=leak.mask.origin
    )
    assert metrics.overlap(added, scene.masks["alike"]) > 0.7 * added.count
    assert pieces(leak.mask) == 1


@pytest.mark.parametrize("reach", [6.0, 12.0, 18.0])
def test_a_leak_reaches_as_many_mm_as_it_is_told(reach: float) -> None:
    scene = blocks()
    made = planted(scene, "middle", FaultKind.LEAK, amount=reach, target="alike")
    beyond = extent(made.mask, 0)[1] - extent(scene.masks["middle"], 0)[1]
    assert 0.6 * reach <= beyond <= 1.5 * reach + 2.0
    assert made.recipe.target == "alike"


def test_a_leak_into_a_named_structure_crosses_contrast(scene: Scene) -> None:
    made = planted(blocks(), "middle", FaultKind.LEAK, amount=12.0, target="unlike")
    assert metrics.overlap(made.mask, blocks().masks["unlike"]) > 50
    assert metrics.overlap(made.mask, blocks().masks["alike"]) == 0
    spleen = planted(scene, "spleen", FaultKind.LEAK, target="stomach")
    assert metrics.overlap(spleen.mask, scene.masks["stomach"]) > 10


def test_a_leak_into_tissue_avoids_the_other_structures(scene: Scene) -> None:
    made = planted(scene, "spleen", FaultKind.LEAK, where="tissue")
    added = made.mask.count - scene.masks["spleen"].count
    taken = sum(metrics.overlap(made.mask, m) for n, m in scene.masks.items() if n != "spleen")
    assert taken < 0.4 * added


def test_a_leak_to_somewhere_far_or_unknown_is_refused(scene: Scene) -> None:
    with pytest.raises(CannotPlantError, match="away"):
        planted(scene, "spleen", FaultKind.LEAK, target="gall_bladder")
    with pytest.raises(CannotPlantError, match="no trusted label of heart"):
        planted(scene, "spleen", FaultKind.LEAK, target="heart")
    with pytest.raises(CannotPlantError, match="its own neighbour"):
        planted(scene, "spleen", FaultKind.LEAK, target="spleen")


def test_what_runs_outside_lies_in_the_air_as_far_as_it_says(scene: Scene) -> None:
    for name in ("liver", "aorta", "spleen"):
        made = planted(scene, name, FaultKind.OUTSIDE)
        values = scene.volume.voxels[made.mask.box][made.mask.voxels]
        assert np.count_nonzero(values < -900) > 5
    block = planted(blocks(), "middle", FaultKind.OUTSIDE, amount=8.0, where="right")
    assert extent(block.mask, 0)[1] == pytest.approx(108.0 + 8.0, abs=3.0)


def test_a_body_that_fills_the_image_has_no_outside() -> None:
    scene = blocks()
    full = Scene(Volume(np.full(scene.volume.voxels.shape, 40, dtype=np.int16), scene.volume.geometry), scene.masks, {})
    with pytest.raises(CannotPlantError, match="no air"):
        planted(full, "middle", FaultKind.OUTSIDE)


# --- parts taken away -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("where", "axis", "low"), [("top", 2, False), ("bottom", 2, True), ("front", 1, False)])
def test_a_missing_third_is_a_third_at_the_side_that_was_named(scene: Scene, where: str, axis: int, low: bool) -> None:
    truth, made = scene.masks["liver"], planted(scene, "liver", FaultKind.MISSING, amount=1 / 3, where=where)
    assert made.mask.count / truth.count == pytest.approx(0.67, abs=0.01)
    moved = centroid(made.mask)[axis] - centroid(truth)[axis]
    assert (moved > 3.0) if low else (moved < -3.0)
    assert made.text == f"the {where} 33% of it is missing"


def test_the_patients_left_is_negative_x() -> None:
    made = planted(blocks(), "middle", FaultKind.CUT, amount=0.4, where="left")
    assert extent(made.mask, 0) == (52.0, 68.0)


def test_a_lobe_ends_at_the_narrowest_section() -> None:
    scene = blocks()
    voxels = scene.masks["middle"].full()
    for waist in (slice(14, 16), slice(24, 26)):  # 28 to 30 mm and 48 to 50 mm high
        voxels[:, 15:20, waist] = False
        voxels[:, 25:30, waist] = False
    waisted = scene.with_mask("middle", Mask.from_array(voxels, scene.volume.geometry))
    made = planted(waisted, "middle", FaultKind.MISSING, where="lobe")
    low, high = extent(made.mask, 2)
    assert (low == 20.0) != (high == 58.0), "one end is whole"
    assert 26.0 <= low <= 33.0 or 45.0 <= high <= 52.0


def test_a_cut_is_flat_and_an_oblique_one_is_flat_along_no_axis(scene: Scene) -> None:
    truth = scene.masks["liver"]
    flat = planted(scene, "liver", FaultKind.CUT).mask
    kept = np.zeros(truth.geometry.shape, dtype=bool)
    kept[flat.box] = True
    assert np.array_equal(truth.voxels & flat.within(truth.box), truth.voxels & kept[truth.box])
    oblique = planted(scene, "liver", FaultKind.CUT, where="oblique").mask
    lost = np.argwhere(truth.voxels & ~oblique.within(truth.box)).astype(float)
    left = np.argwhere(truth.voxels & oblique.within(truth.box)).astype(float)
    for axis in range(3):
        assert lost[:, axis].max() > left[:, axis].min()
        assert lost[:, axis].min() < left[:, axis].max()


def test_a_fragment_is_the_share_that_is_said_and_pieces_are_as_many(scene: Scene) -> None:
    truth = scene.masks["aorta"]
    fragment = planted(scene, "aorta", FaultKind.FRAGMENT, amount=0.1)
    assert fragment.mask.count / truth.count == pytest.approx(0.1, abs=0.02)
    broken = planted(scene, "aorta", FaultKind.FRAGMENT, amount=4)
    assert pieces(broken.mask) >= 4


# --- the boundary -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (1.0, 1.0, 5.0)])
@pytest.mark.parametrize("mm", [2.0, 4.0, 6.0])
def test_growing_and_shrinking_are_in_mm_whatever_the_slices(spacing: tuple[float, float, float], mm: float) -> None:
    scene = blocks(spacing, tuple(round(n / s) for n, s in zip((120, 100, 80), spacing, strict=True)))
    truth = scene.masks["middle"]
    for kind, sign in ((FaultKind.OVER, 1.0), (FaultKind.UNDER, -1.0)):
        made = planted(scene, "middle", kind, amount=mm).mask
        for axis in range(3):
            layers = np.floor(mm / spacing[axis] + 1e-9)
            moved = extent(made, axis)[1] - extent(truth, axis)[1]
            assert moved == pytest.approx(sign * layers * spacing[axis])


def test_less_than_a_voxel_moves_part_of_the_boundary() -> None:
    truth = blocks().masks["middle"]
    whole = planted(blocks(), "middle", FaultKind.OVER, amount=2.0).mask.count - truth.count
    half = planted(blocks(), "middle", FaultKind.OVER, amount=1.0).mask.count - truth.count
    assert half / whole == pytest.approx(0.5, abs=0.05)


def test_a_rough_edge_changes_the_boundary_only(scene: Scene) -> None:
    truth, made = scene.masks["liver"], planted(scene, "liver", FaultKind.ROUGH, MILD).mask
    core = metrics.eroded(metrics.eroded(metrics.eroded(np.pad(truth.voxels, 3))))[3:-3, 3:-3, 3:-3]
    assert (made.within(truth.box) | ~core).all()
    assert metrics.roughness(made.voxels) > metrics.roughness(truth.voxels)


# --- elsewhere --------------------------------------------------------------------------------------------------------


def test_sides_are_confused_as_said(scene: Scene) -> None:
    left, right = scene.masks["kidney_left"], scene.masks["kidney_right"]
    assert content_hash(planted(scene, "kidney_left", FaultKind.SWAP, GROSS).mask) == content_hash(right)
    both = planted(scene, "kidney_left", FaultKind.SWAP, MODERATE)
    assert both.mask.count == left.count + right.count
    part = planted(scene, "kidney_left", FaultKind.SWAP, amount=0.25).mask
    assert (part.count - left.count) / right.count == pytest.approx(0.25, abs=0.02)


def test_without_a_counterpart_the_mask_is_mirrored_at_the_spine(scene: Scene) -> None:
    spleen, mirrored = scene.masks["spleen"], planted(scene, "spleen", FaultKind.SWAP, GROSS).mask
    spine = (centroid(scene.masks["aorta"])[0] + centroid(scene.masks["postcava"])[0]) / 2
    assert mirrored.count == spleen.count
    assert centroid(mirrored)[0] - spine == pytest.approx(spine - centroid(spleen)[0], abs=25.0)
    alone = Scene(scene.volume, {"kidney_left": scene.masks["kidney_left"]}, scene.pairs)
    swapped = planted(alone, "kidney_left", FaultKind.SWAP, GROSS).mask
    assert metrics.dice(swapped, scene.masks["kidney_right"]) > 0.1


def test_what_lies_in_the_middle_has_no_other_side() -> None:
    with pytest.raises(CannotPlantError, match="no other side"):
        planted(blocks(), "middle", FaultKind.SWAP, GROSS)


@pytest.mark.parametrize(("where", "axis", "sign"), [("top", 2, 1), ("left", 0, -1), ("back", 1, -1)])
def test_a_shift_keeps_the_shape_and_goes_where_it_is_told(where: str, axis: int, sign: int) -> None:
    scene = blocks()
    made = planted(scene, "middle", FaultKind.SHIFT, amount=11.0, where=where)
    way = np.subtract(centroid(made.mask), centroid(scene.masks["middle"]))
    assert way[axis] == pytest.approx(sign * 12.0, abs=2.0)
    assert np.abs(np.delete(way, axis)).max() < 1e-6
    assert np.array_equal(made.mask.voxels, scene.masks["middle"].voxels)
    assert made.recipe.amount == pytest.approx(abs(way[axis]))


def test_a_shift_out_of_the_image_is_refused() -> None:
    with pytest.raises(CannotPlantError, match="leave the image"):
        planted(blocks(), "middle", FaultKind.SHIFT, amount=200.0, where="top")


def test_another_structure_is_that_structure_or_half_of_it(scene: Scene) -> None:
    whole = planted(scene, "gall_bladder", FaultKind.OTHER, GROSS, target="pancreas")
    assert content_hash(whole.mask) == content_hash(scene.masks["pancreas"])
    half = planted(scene, "spleen", FaultKind.OTHER, amount=0.5, target="stomach").mask
    assert metrics.overlap(half, scene.masks["spleen"]) / scene.masks["spleen"].count == pytest.approx(0.5, abs=0.02)
    assert metrics.overlap(half, scene.masks["stomach"]) > 0.4 * scene.masks["spleen"].count
    far = planted(scene, "gall_bladder", FaultKind.OTHER, GROSS, where="far").mask
    assert np.linalg.norm(np.subtract(centroid(far), centroid(scene.masks["gall_bladder"]))) > 25.0


def test_a_merged_neighbour_is_all_there(scene: Scene) -> None:
    made = planted(scene, "liver", FaultKind.MERGED, GROSS, target="kidney_right").mask
    assert made.count == scene.masks["liver"].count + scene.masks["kidney_right"].count
    third = planted(scene, "liver", FaultKind.MERGED, amount=0.3, target="kidney_right").mask
    share = (third.count - scene.masks["liver"].count) / scene.masks["kidney_right"].count
    assert share == pytest.approx(0.3, abs=0.02)


def test_a_lone_structure_has_nothing_to_be_taken_for_or_merged_with(scene: Scene) -> None:
    alone = Scene(scene.volume, {"liver": scene.masks["liver"]}, {})
    for kind in (FaultKind.OTHER, FaultKind.MERGED):
        with pytest.raises(CannotPlantError, match="no other trusted structure"):
            planted(alone, "liver", kind, GROSS)
    assert planted(alone, "liver", FaultKind.LEAK).recipe.where == "tissue"


# --- small things -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 4, 9])
def test_islands_are_as_many_as_asked_for_apart_and_in_the_body(scene: Scene, count: int) -> None:
    truth, made = scene.masks["spleen"], planted(scene, "spleen", FaultKind.ISLANDS, amount=count).mask
    assert pieces(made) == count + pieces(truth)
    added = made.voxels & ~truth.within(made.box)
    assert np.mean(scene.volume.voxels[made.box][added] > -900) > 0.98


@pytest.mark.parametrize("name", ["liver", "spleen", "kidney_left", "stomach"])
def test_holes_are_closed_and_as_many_as_asked_for(scene: Scene, name: str) -> None:
    from scipy import ndimage

    truth, made = scene.masks[name], planted(scene, name, FaultKind.HOLES, amount=2).mask
    lost = truth.voxels & ~made.within(truth.box)
    assert ndimage.label(lost)[1] == 2
    assert np.array_equal(ndimage.binary_fill_holes(made.within(truth.box)) & truth.voxels, truth.voxels)


def test_empty_is_empty(scene: Scene) -> None:
    assert planted(scene, "liver", FaultKind.EMPTY, GROSS).mask.is_empty
