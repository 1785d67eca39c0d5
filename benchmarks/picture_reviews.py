"""The reviews that the pictures of the documentation are taken of: the demonstration, and small ones made from it.

Every one shows a state that a reader meets: four label sets, one, a structure nobody has, an image that is cut short.
They are made by the program itself, once, in a folder that is kept between runs.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

SETS = ("model_a", "model_b")
STRUCTURES = ("liver", "spleen", "kidney_left", "kidney_right", "pancreas", "gall_bladder")
CASE, WITHOUT = "LC_0001", "LC_0002"
"""A case with everything, and one without a gallbladder."""
CUT_TO = 40_000
"""Bytes that are left of an image that was cut short."""
SHIFT_MM = 20.0
FLAT_HU = 40


def review_of(name: str, cache: Path) -> Path:
    """Return the folder of a review by its name, made where it is not there yet."""
    folder = cache / name
    if not (folder / "review" / "review.toml").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        MAKERS[name](folder, cache)
        _judge(folder / "review")
        if name == "unreadable":
            _cut(folder / "images" / WITHOUT / "ct.nii.gz")
    return folder / "review"


def _judge(review: Path) -> None:
    """Project every case and ask the anatomy critic, so that the pictures show what it says."""
    from labelcritic_gui.bootstrap import build_services
    from labelcritic_gui.services.opinions import ensure_opinions
    from labelcritic_gui.services.pictures import case_pictures
    from labelcritic_gui.settings import load_settings
    from labelcritic_gui.store import index

    opened = build_services(load_settings()).open_review(review)
    try:
        for case in index.case_ids(opened.database):
            if review.parent.name != "unreadable" or case != WITHOUT:
                case_pictures(opened, case)
                ensure_opinions(opened, case)
    finally:
        opened.close()


def _demonstration(folder: Path, cache: Path) -> None:  # noqa: ARG001  (one signature for all)
    from labelcritic_gui.bootstrap import build_services
    from labelcritic_gui.settings import load_settings

    build_services(load_settings()).create_demonstration(folder).close()


def _take(folder: Path, cache: Path, cases: tuple[str, ...], sets: tuple[str, ...] = SETS) -> None:
    """Copy images and labels of some cases of the demonstration."""
    source = review_of("demonstration", cache).parent
    for case in cases:
        image = folder / "images" / case / "ct.nii.gz"
        image.parent.mkdir(parents=True)
        shutil.copy(source / "images" / case / "ct.nii.gz", image)
        for label_set in sets:
            target = folder / "labels" / label_set / case / "segmentations"
            target.mkdir(parents=True)
            for structure in STRUCTURES:
                mask = source / "labels" / label_set / case / "segmentations" / f"{structure}.nii.gz"
                if mask.is_file():
                    shutil.copy(mask, target)


def _make(folder: Path, title: str) -> None:
    from labelcritic_gui.bootstrap import build_services
    from labelcritic_gui.services.new_review import LabelSource, Request, create_review
    from labelcritic_gui.settings import load_settings

    labels = tuple(LabelSource(one.name, one) for one in sorted((folder / "labels").iterdir()))
    request = Request(folder=folder / "review", images=folder / "images", labels=labels, title=title)
    create_review(request, build_services(load_settings()).structures)


def _masks(folder: Path) -> list[Path]:
    return sorted((folder / "labels" / SETS[0]).rglob("*.nii.gz"))


def _four(folder: Path, cache: Path) -> None:
    """Two label sets more: what both models claim, and what either claims."""
    from labelcritic_gui.core.geometry import Mask
    from labelcritic_gui.formats import nifti

    _take(folder, cache, (CASE, WITHOUT))
    for first in _masks(folder):
        inside = folder / "labels" / SETS[0]
        pair = [nifti.load_mask(folder / "labels" / s / first.relative_to(inside)) for s in SETS]
        full = [np.zeros(pair[0].geometry.shape, bool, order="F") for _ in pair]
        for one, room in zip(pair, full, strict=True):
            if not one.is_empty:
                room[tuple(slice(o, o + n) for o, n in zip(one.origin, one.voxels.shape, strict=True))] = one.voxels
        for name, joined in (("model_c", full[0] & full[1]), ("model_d", full[0] | full[1])):
            target = folder / "labels" / name / first.relative_to(inside)
            target.parent.mkdir(parents=True, exist_ok=True)
            nifti.write_mask(target, Mask.from_array(joined, pair[0].geometry))
    _make(folder, "Four label sets")


def _one(folder: Path, cache: Path) -> None:
    _take(folder, cache, (CASE, WITHOUT), SETS[:1])
    _make(folder, "One label set")


def _short(folder: Path, cache: Path) -> None:
    """Make a review that is decided with six keys."""
    _take(folder, cache, (CASE,))
    _make(folder, "Six items")


def _flat(folder: Path, cache: Path) -> None:
    """Make an image without any contrast: one value everywhere."""
    from labelcritic_gui.core.geometry import Volume
    from labelcritic_gui.formats import nifti

    _take(folder, cache, (CASE,))
    image = folder / "images" / CASE / "ct.nii.gz"
    geometry = nifti.load_ct(image).geometry
    nifti.write_ct(image, Volume(np.full(geometry.shape, FLAT_HU, np.int16, order="F"), geometry))
    _make(folder, "An image without contrast")


def _refused(folder: Path, cache: Path) -> None:
    """One mask lies beside its image, and is refused; one is empty."""
    from labelcritic_gui.core.geometry import Geometry, Mask
    from labelcritic_gui.formats import nifti

    _take(folder, cache, (CASE, WITHOUT))
    labels = folder / "labels" / SETS[1] / CASE / "segmentations"
    mask = nifti.load_mask(labels / "liver.nii.gz")
    affine = np.array(mask.geometry.affine)
    affine[0, 3] += SHIFT_MM
    moved = Geometry(mask.geometry.shape, affine)
    nifti.write_mask(labels / "liver.nii.gz", Mask(mask.voxels, mask.origin, moved))
    nothing = np.zeros((0, 0, 0), np.bool_)
    nifti.write_mask(labels / "spleen.nii.gz", Mask(nothing, (0, 0, 0), mask.geometry))
    _make(folder, "A mask that is refused")


def _unreadable(folder: Path, cache: Path) -> None:
    _take(folder, cache, (CASE, WITHOUT))
    _make(folder, "An image that is cut short")


def _cut(image: Path) -> None:
    os.truncate(image, CUT_TO)


def _large(folder: Path, cache: Path) -> None:  # noqa: ARG001
    from benchmarks.body_review import make_body_review

    make_body_review(folder, cases=2)


MAKERS: dict[str, Callable[[Path, Path], None]] = {
    "demonstration": _demonstration,
    "four": _four,
    "one": _one,
    "short": _short,
    "flat": _flat,
    "refused": _refused,
    "unreadable": _unreadable,
    "large": _large,
}
