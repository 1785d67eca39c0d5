"""The pictures of a case under review: projected once, then kept in the review folder. Layer: services."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.cancel import Cancel
from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, MaskSource
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.geometry import Fit, Geometry
from labelcritic_gui.core.patchwork.versions import FIRST_VERSION
from labelcritic_gui.formats import picture_cache
from labelcritic_gui.imaging.frame import PictureFrame, View
from labelcritic_gui.imaging.projection import Picture, Ray, silhouette_of
from labelcritic_gui.services.masks import is_resampled, load_one
from labelcritic_gui.services.projection import CasePictures, project_case
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index

FORM = "1"
"""Changes whenever pictures are made otherwise, so that older ones are made again."""
PICTURES = "pictures"

_in_use: WeakValueDictionary[tuple[str, str], Picture] = WeakValueDictionary()
"""Pictures that somebody still holds, by source and window: the items of a case share them."""


def case_pictures(
    review: OpenReview, case: CaseId, *, view: View = View.FRONTAL, cancel: Cancel | None = None
) -> CasePictures[CandidateId]:
    """Return a case's projections and silhouettes along a view, from the review folder or made now.

    Raises UnreadableFileError when the image cannot be read, and CancelledError.
    """
    standing = index.candidates_of(review.database, case)
    candidates = tuple(c for c in standing if c.id.version == FIRST_VERSION)
    image = review.image_path(case)
    files = {c.id: review.mask_path(c) for c in candidates}
    described = "|".join(f"{c.id}{c.source.values}" for c in candidates)
    stamp = f"{FORM}:{picture_cache.file_stamp(image, *files.values())}:{described}"
    folder = review.folder / PICTURES
    file = picture_cache.cache_file(folder if view is View.FRONTAL else folder / view.value, case)
    kept = picture_cache.load_arrays(file, stamp)
    if kept is not None:
        return _with_made(review, _shared(_unpacked(kept, candidates, view), f"{file}:{stamp}"), standing)
    sources = {c.id: replace(c.source, path=str(files[c.id])) for c in candidates if not is_resampled(c)}
    made = project_case(image, sources, view=view, cancel=cancel)
    for candidate in (c for c in candidates if is_resampled(c)):
        _add_read(made, candidate, files[candidate.id], Fit.NOTED)
    if not made.refused:
        picture_cache.save_arrays(file, stamp, _packed(made, candidates))
    return _with_made(review, _shared(made, f"{file}:{stamp}"), standing)


def ray_pictures(
    review: OpenReview, case: CaseId, *, view: View = View.FRONTAL, ray: Ray = "mean", cancel: Cancel | None = None
) -> CasePictures[CandidateId]:
    """Return a case's projections of a kind along a view; the maximum's are kept beside the others.

    Raises as `case_pictures`.
    """
    found = case_pictures(review, case, view=view, cancel=cancel)
    if ray == "mean":
        return found
    image = review.image_path(case)
    stamp = f"{FORM}:{ray}:{picture_cache.file_stamp(image)}"
    file = picture_cache.cache_file(review.folder / PICTURES / f"{view.value}-{ray}", case)
    kept = picture_cache.load_arrays(file, stamp)
    if kept is None:
        none: dict[CandidateId, MaskSource] = {}
        made = project_case(image, none, view=view, ray=ray, cancel=cancel)
        kept = dict(made.pictures)
        picture_cache.save_arrays(file, stamp, kept)
    return replace(found, pictures=kept)


def _with_made(
    review: OpenReview, case: CasePictures[CandidateId], standing: tuple[Candidate, ...]
) -> CasePictures[CandidateId]:
    """Add the silhouettes of the versions made in the review: the image need not be projected again for one more."""
    for candidate in (c for c in standing if c.id.version > FIRST_VERSION):
        _add_read(case, candidate, review.mask_path(candidate), Fit.SAME)
    return case


def _add_read(case: CasePictures[CandidateId], candidate: Candidate, file: Path, fit: Fit) -> None:
    """Add the silhouette of a mask that is read whole; one from another grid is resampled, as wherever it is read."""
    try:
        mask = load_one(file, candidate, image=case.geometry)
    except UserError as error:
        case.refused[candidate.id] = error
        return
    case.silhouettes[candidate.id] = silhouette_of(mask, view=case.frame.view)
    case.fits[candidate.id] = fit


def _shared(case: CasePictures[CandidateId], source: str) -> CasePictures[CandidateId]:
    """Return a case with the pictures that are in memory already, where somebody holds them."""
    return replace(case, pictures={name: _in_use.setdefault((source, name), p) for name, p in case.pictures.items()})


def _packed(case: CasePictures[CandidateId], candidates: tuple[Candidate, ...]) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {f"picture.{name}": p for name, p in case.pictures.items()}
    arrays["affine"] = case.geometry.affine
    arrays["shape"] = np.array(case.geometry.shape)
    for n, candidate in enumerate(candidates):
        arrays[f"silhouette.{n}"] = np.packbits(case.silhouettes[candidate.id])
    arrays["noted"] = np.array([case.fits[c.id] is Fit.NOTED for c in candidates])
    return arrays


def _unpacked(
    kept: dict[str, NDArray[Any]], candidates: tuple[Candidate, ...], view: View
) -> CasePictures[CandidateId]:
    x, y, z = (int(n) for n in kept["shape"])
    geometry = Geometry((x, y, z), kept["affine"])
    frame = PictureFrame.of(geometry, view=view)
    rows, columns = frame.shape
    pictures = {name.removeprefix("picture."): a for name, a in kept.items() if name.startswith("picture.")}
    silhouettes = {
        c.id: np.unpackbits(kept[f"silhouette.{n}"], count=rows * columns).astype(np.bool_).reshape(frame.shape)
        for n, c in enumerate(candidates)
    }
    fits = {c.id: Fit.NOTED if kept["noted"][n] else Fit.SAME for n, c in enumerate(candidates)}
    refused: dict[CandidateId, UserError] = {}
    return CasePictures(frame, geometry, pictures, silhouettes, fits, refused)
