"""Errors planted in a real CT with the labels of a real model: 122 x 101 x 112 voxels of 3 mm, fifty structures."""

from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.catalogue import load_catalogue
from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import content_hash
from labelcritic_gui.faults.grammar import parse
from labelcritic_gui.faults.kinds import CannotPlantError, FaultKind, FaultSeverity
from labelcritic_gui.faults.planting import plant
from labelcritic_gui.faults.recipe import STANDARD, Recipe
from labelcritic_gui.faults.scene import Scene
from labelcritic_gui.formats.nifti import load_ct, load_label_map

pytestmark = pytest.mark.shared
LOOKED_AT = ("liver", "spleen", "pancreas", "adrenal_gland_left", "aorta", "femur_left", "urinary_bladder")


@pytest.fixture(scope="module")
def real() -> Scene:
    folder = Path(__file__).resolve().parents[3] / "shared" / "data" / "ts_example_ct"
    if not folder.is_dir():
        pytest.skip("needs the real data in ../shared/data beside the checkout, which is not here")
    table = load_catalogue()
    ids = {s.ids["totalsegmentator_v2"]: s for s in table if "totalsegmentator_v2" in s.ids}
    ct = load_ct(folder / "example_ct.nii.gz")
    labels = load_label_map(folder / "labels" / "full_v2_fast_forcesplit_2024-03-14.nii.gz", list(ids))
    masks = {ids[value].name: mask for value, mask in labels.items() if not mask.is_empty}
    return Scene(ct, masks, {s.name: s.pair for s in table if s.pair})


def test_every_standard_error_works_on_real_organs_or_says_why_not(real: Scene) -> None:
    refused, same = [], []
    for recipe in STANDARD:
        for name in LOOKED_AT:
            try:
                made = plant(recipe, name, real, np.random.default_rng(3))
            except CannotPlantError as error:
                refused.append((recipe.text, name, error.message))
                continue
            if content_hash(made.mask) == content_hash(real.masks[name]):
                same.append((recipe.text, name))
    assert same == []
    assert len(refused) <= 0.06 * len(STANDARD) * len(LOOKED_AT), refused
    assert {name for _, name, _ in refused} <= {"adrenal_gland_left", "urinary_bladder", "aorta", "pancreas"}


def test_a_real_leak_runs_through_tissue_of_the_organs_own_density(real: Scene) -> None:
    truth = real.masks["liver"]
    made = plant(Recipe(FaultKind.LEAK, FaultSeverity.MODERATE), "liver", real, np.random.default_rng(1)).mask
    added = made.voxels & ~truth.within(made.box)
    own = np.median(real.volume.voxels[truth.box][truth.voxels])
    assert abs(np.median(real.volume.voxels[made.box][added]) - own) < 60


def test_a_described_error_is_planted_as_described(real: Scene) -> None:
    table = load_catalogue()
    for sentence in ("leak 12 mm into the stomach", "merge with the left kidney", "replace by the pancreas"):
        (recipe,) = parse(sentence, names=table.name_of)
        made = plant(recipe, "spleen", real, np.random.default_rng(0))
        target = real.masks[recipe.target]
        assert metrics.overlap(made.mask, target) > metrics.overlap(real.masks["spleen"], target) + 20, sentence
    (shift,) = parse("shift 12 mm up", names=table.name_of)
    moved = plant(shift, "spleen", real, np.random.default_rng(0)).mask
    assert moved.origin[2] == real.masks["spleen"].origin[2] + 4


def test_both_sides_of_a_real_pair_are_the_two_real_masks(real: Scene) -> None:
    (both,) = parse("take both sides", names=str)
    made = plant(both, "femur_left", real, np.random.default_rng(0)).mask
    assert made.count == real.masks["femur_left"].count + real.masks["femur_right"].count
