"""A review of large cases for benchmarks: one drawn body of 512 x 512 x 400 under many names, two label sets."""

import os
from pathlib import Path

import numpy as np

from benchmarks.facts import ERRORS, LABEL_SETS, SEED, SHAPE


def make_body_review(folder: Path, *, cases: int, shape: tuple[int, int, int] = SHAPE) -> Path:
    """Draw one body with nine structures and an error in each, link it under many names; return the review's folder."""
    from labelcritic_gui.faults.planting import plant
    from labelcritic_gui.faults.recipe import FaultKind, FaultSeverity, Recipe
    from labelcritic_gui.formats import nifti
    from labelcritic_gui.phantom.anatomy import make_phantom
    from labelcritic_gui.phantom.person import PhantomSettings

    phantom = make_phantom(PhantomSettings(shape=shape, seed=SEED, absent=()))
    one = folder / "one_case"
    one.mkdir(parents=True)
    nifti.write_ct(one / "ct.nii.gz", phantom.volume)
    for label_set in LABEL_SETS:
        (one / label_set).mkdir()
    for number, (name, (kind, severity)) in enumerate(ERRORS.items()):
        recipe = Recipe(FaultKind(kind), FaultSeverity(severity))
        wrong = plant(recipe, name, phantom.scene, np.random.default_rng(number)).mask
        for label_set, mask in zip(LABEL_SETS, (phantom.masks[name], wrong), strict=True):
            nifti.write_mask(one / label_set / f"{name}.nii.gz", mask)
    return link_review(folder, one, cases=cases, label_sets=LABEL_SETS, structures=tuple(ERRORS))


def link_review(
    folder: Path, one: Path, *, cases: int, label_sets: tuple[str, ...], structures: tuple[str, ...]
) -> Path:
    """Link one case (`ct.nii.gz`, LABEL_SET/STRUCTURE.nii.gz) under many names, make a review of them; return it."""
    from labelcritic_gui.bootstrap import build_services
    from labelcritic_gui.services.new_review import LabelSource, Request, create_review
    from labelcritic_gui.settings import Settings

    for n in range(cases):
        case = f"case_{n:04}"
        (folder / "images" / case).mkdir(parents=True)
        os.link(one / "ct.nii.gz", folder / "images" / case / "ct.nii.gz")
        for label_set in label_sets:
            target = folder / "labels" / label_set / case / "segmentations"
            target.mkdir(parents=True)
            for name in structures:
                os.link(one / label_set / f"{name}.nii.gz", target / f"{name}.nii.gz")
    labels = tuple(LabelSource(s, folder / "labels" / s) for s in label_sets)
    request = Request(folder=folder / "review", images=folder / "images", labels=labels)
    create_review(request, build_services(Settings()).structures)
    return folder / "review"
