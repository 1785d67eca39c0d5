"""Laws of every planted error: it changes the mask, on its grid, as far as it says, the same each time."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core import metrics
from labelcritic_gui.core.errors import GeometryMismatchError
from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.geometry import Geometry, Mask, Volume, content_hash
from labelcritic_gui.faults.kinds import NATURES, CannotPlantError, FaultKind, FaultSeverity
from labelcritic_gui.faults.planting import PLANTERS, Faulty, plant
from labelcritic_gui.faults.recipe import STANDARD, Recipe
from labelcritic_gui.faults.scene import Scene
from labelcritic_gui.phantom.anatomy import PhantomSettings, make_phantom
from labelcritic_gui.phantom.person import STRUCTURES

GRADES = tuple(FaultSeverity)
LARGE = ("liver", "spleen", "kidney_left", "stomach", "aorta")


def planted(scene: Scene, recipe: Recipe, structure: str, seed: int = 0) -> Faulty:
    return plant(recipe, structure, scene, np.random.default_rng(seed))


def tried(scene: Scene, recipe: Recipe, structure: str, seed: int = 0) -> Faulty | None:
    try:
        return planted(scene, recipe, structure, seed)
    except CannotPlantError:
        return None


def is_within(inner: Mask, outer: Mask) -> bool:
    return bool((inner.voxels <= outer.within(inner.box)).all())


@pytest.mark.parametrize("recipe", STANDARD, ids=lambda r: r.text)
def test_every_standard_error_changes_a_structure_on_its_grid_and_names_a_changed_place(
    scene: Scene, recipe: Recipe
) -> None:
    made = {name: tried(scene, recipe, name) for name in STRUCTURES}
    assert sum(m is not None for m in made.values()) >= 7, "an error can be planted in nearly every structure"
    for name, faulty in made.items():
        if faulty is None:
            continue
        truth = scene.masks[name]
        assert content_hash(faulty.mask) != content_hash(truth)
        assert faulty.mask.geometry is truth.geometry
        low, high = faulty.mask.origin, np.add(faulty.mask.origin, faulty.mask.voxels.shape)
        assert (np.array(low) >= 0).all()
        assert (high <= truth.geometry.shape).all()
        assert (faulty.code, faulty.severity) == (NATURES[recipe.kind].code, recipe.severity)
        assert faulty.text
        index = tuple(np.rint(truth.geometry.to_index(np.array(faulty.place))).astype(int))
        assert truth.full()[index] != faulty.mask.full()[index]


@pytest.mark.parametrize("recipe", STANDARD, ids=lambda r: r.text)
def test_what_a_recipe_left_open_is_filled_in_and_can_be_said(scene: Scene, recipe: Recipe) -> None:
    faulty = tried(scene, recipe, "spleen")
    if faulty is None:
        return
    done = faulty.recipe
    assert (done.kind, done.severity) == (recipe.kind, recipe.severity)
    if NATURES[recipe.kind].measure == "mm":
        assert done.amount is not None
    assert tried(scene, done, "spleen", seed=3) is not None, "what was done can be asked for"


def test_the_table_knows_how_to_plant_every_kind() -> None:
    assert set(PLANTERS) == set(NATURES) == set(FaultKind)
    assert {NATURES[k].code for k in FaultKind} <= set(FindingCode)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(STANDARD), st.sampled_from(STRUCTURES), st.integers(0, 2**32 - 1))
def test_the_same_generator_gives_the_same_voxels_however_the_arrays_are_stored(
    scene: Scene, recipe: Recipe, name: str, seed: int
) -> None:
    voxels = scene.volume.voxels
    other = Scene(
        Volume(np.ascontiguousarray(voxels[::-1])[::-1].astype(np.float32), scene.volume.geometry),
        {n: Mask(np.ascontiguousarray(m.voxels), m.origin, m.geometry) for n, m in reversed(scene.masks.items())},
        scene.pairs,
    )
    one, two = tried(scene, recipe, name, seed), tried(other, recipe, name, seed)
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        assert content_hash(one.mask) == content_hash(two.mask)
        assert (one.text, one.place, one.recipe) == (two.text, two.place, two.recipe)


def test_another_generator_gives_another_error(scene: Scene) -> None:
    for kind in (FaultKind.LEAK, FaultKind.MISSING, FaultKind.ISLANDS, FaultKind.ROUGH, FaultKind.FRAGMENT):
        recipe = Recipe(kind, FaultSeverity.MODERATE)
        assert len({content_hash(planted(scene, recipe, "liver", seed).mask) for seed in range(4)}) == 4


TAKING = (FaultKind.MISSING, FaultKind.CUT, FaultKind.UNDER, FaultKind.FRAGMENT, FaultKind.HOLES, FaultKind.EMPTY)
ADDING = (FaultKind.LEAK, FaultKind.OVER, FaultKind.ISLANDS, FaultKind.OUTSIDE, FaultKind.MERGED)


@pytest.mark.parametrize("name", LARGE)
def test_what_only_takes_away_is_a_subset_and_what_only_adds_a_superset(scene: Scene, name: str) -> None:
    truth = scene.masks[name]
    for recipe in STANDARD:
        faulty = tried(scene, recipe, name, seed=2)
        if faulty is None:
            continue
        if recipe.kind in TAKING:
            assert is_within(faulty.mask, truth), recipe.text
        if recipe.kind in ADDING:
            assert is_within(truth, faulty.mask), recipe.text


GRADED = tuple(k for k in FaultKind if k is not FaultKind.EMPTY)


def mean_dice(scene: Scene, kind: FaultKind, grade: FaultSeverity) -> float:
    scores = []
    for name in STRUCTURES:
        faulty = tried(scene, Recipe(kind, grade), name, seed=5)
        if faulty is not None:
            scores.append(metrics.dice(scene.masks[name], faulty.mask))
    return float(np.mean(scores))


DICE_OF_SEVERITY = {
    FaultKind.LEAK: ((0.9, 0.985), (0.74, 0.92), (0.4, 0.72)),
    FaultKind.MISSING: ((0.9, 0.97), (0.7, 0.9), (0.3, 0.7)),
    FaultKind.CUT: ((0.9, 0.97), (0.7, 0.9), (0.3, 0.7)),
    FaultKind.SWAP: ((0.9, 0.97), (0.6, 0.9), (0.0, 0.3)),
    FaultKind.SHIFT: ((0.82, 0.97), (0.7, 0.9), (0.3, 0.7)),
    FaultKind.OTHER: ((0.9, 0.97), (0.7, 0.9), (0.0, 0.2)),
    FaultKind.ISLANDS: ((0.9, 0.99), (0.75, 0.97), (0.6, 0.93)),
    FaultKind.HOLES: ((0.93, 1.0), (0.9, 0.999), (0.8, 0.999)),
    FaultKind.OUTSIDE: ((0.85, 0.98), (0.7, 0.93), (0.45, 0.8)),
    FaultKind.ROUGH: ((0.9, 0.97), (0.7, 0.9), (0.45, 0.8)),
    FaultKind.OVER: ((0.9, 0.97), (0.7, 0.9), (0.4, 0.7)),
    FaultKind.UNDER: ((0.9, 0.97), (0.7, 0.9), (0.4, 0.7)),
    FaultKind.FRAGMENT: ((0.9, 0.97), (0.7, 0.9), (0.1, 0.45)),
    FaultKind.MERGED: ((0.85, 0.97), (0.7, 0.92), (0.1, 0.75)),
}
"""Mean Dice with the truth over the nine structures, mild, moderate and gross: from..to. Holes and islands are small by
nature, and a large liver can neither leak nor merge far."""


@pytest.mark.parametrize("kind", GRADED)
def test_the_severities_spread_the_dice_as_they_should_and_are_in_order(scene: Scene, kind: FaultKind) -> None:
    scores = [mean_dice(scene, kind, grade) for grade in GRADES]
    assert scores[0] > scores[1] > scores[2]
    for score, (low, high) in zip(scores, DICE_OF_SEVERITY[kind], strict=True):
        assert low <= score <= high, (kind, scores)


def test_nothing_is_planted_in_a_mask_that_is_empty_missing_or_on_another_grid(scene: Scene) -> None:
    nothing = Mask.from_array(np.zeros((1, 1, 1), dtype=bool), scene.volume.geometry)
    grid = Geometry((4, 4, 4), np.eye(4))
    elsewhere = Mask.from_array(np.ones((4, 4, 4), dtype=bool), grid)
    for kind in FaultKind:
        recipe = Recipe(kind, FaultSeverity.GROSS)
        with pytest.raises(CannotPlantError, match="empty mask"):
            planted(scene.with_mask("liver", nothing), recipe, "liver")
        with pytest.raises(CannotPlantError, match="no trusted label of heart"):
            planted(scene, recipe, "heart")
        with pytest.raises(GeometryMismatchError):
            planted(scene.with_mask("liver", elsewhere), recipe, "liver")


def test_a_single_voxel_takes_an_error_or_says_why_not(scene: Scene) -> None:
    one = np.zeros(scene.volume.geometry.shape, dtype=bool)
    one[44, 44, 44] = True
    tiny = scene.with_mask("liver", Mask.from_array(one, scene.volume.geometry))
    made = {recipe: tried(tiny, recipe, "liver") for recipe in STANDARD}
    assert all(m is None or content_hash(m.mask) != content_hash(tiny.masks["liver"]) for m in made.values())
    assert made[Recipe(FaultKind.EMPTY, FaultSeverity.GROSS)] is not None
    with pytest.raises(CannotPlantError, match=r"'punch holes' cannot be planted in the liver: it is too thin"):
        planted(tiny, Recipe(FaultKind.HOLES, FaultSeverity.MODERATE), "liver")


@pytest.mark.parametrize("shape", [(60, 52, 150), (96, 80, 40)], ids=["thin slices", "thick slices"])
def test_every_kind_works_on_thin_and_on_thick_slices(shape: tuple[int, int, int]) -> None:
    scene = make_phantom(PhantomSettings(shape=shape, seed=6, absent=())).scene
    for kind in FaultKind:
        made = [tried(scene, Recipe(kind, FaultSeverity.GROSS), name) for name in ("liver", "kidney_left")]
        assert any(m is not None for m in made), kind


def test_an_image_with_holes_in_its_numbers_or_without_tissue_breaks_nothing(scene: Scene) -> None:
    hu = scene.volume.voxels.astype(np.float32)
    hu[::7] = np.nan
    for voxels in (hu, np.full(hu.shape, -1000, dtype=np.int16)):
        case = replace(scene, volume=Volume(voxels, scene.volume.geometry))
        for kind in FaultKind:
            faulty = tried(case, Recipe(kind, FaultSeverity.MODERATE), "spleen")
            assert faulty is None or content_hash(faulty.mask) != content_hash(scene.masks["spleen"])
