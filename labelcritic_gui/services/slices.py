"""A case as slices show it: its image and every candidate's newest version, in memory. Layer: services."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.cancel import Cancel, Progress, no_progress, stop_if
from labelcritic_gui.core.cases import CandidateId, CaseId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.geometry import Mask, Volume
from labelcritic_gui.formats import volumes
from labelcritic_gui.formats.streams import out_of_memory
from labelcritic_gui.services.masks import load_masks
from labelcritic_gui.services.opinions import latest
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index

IMAGE_STEPS = 20
"""The image takes as long as about so many files of masks."""
_INT16 = np.iinfo(np.int16)
_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(frozen=True, eq=False, slots=True)
class CaseVolume:
    """A case's image, int16 Hounsfield units on its canonical grid, and the masks of its candidates as crops.

    `refused` says why a candidate's mask cannot be used.
    """

    case: CaseId
    volume: Volume
    masks: Mapping[CandidateId, Mask]
    refused: Mapping[CandidateId, UserError]


def volume_arrays(held: CaseVolume) -> Iterator[NDArray[Any]]:
    """Go through all arrays that a case's volume holds."""
    yield held.volume.voxels
    for mask in held.masks.values():
        yield mask.voxels


def load_case_volume(
    review: OpenReview, case: CaseId, *, cancel: Cancel, progress: Progress | None = None, image: Volume | None = None
) -> CaseVolume:
    """Load a case's image, or take the one at hand, and the newest version of every candidate.

    Raises UnreadableFileError for the image, and CancelledError. A mask that cannot be used is refused alone.
    """
    tell = progress or no_progress
    candidates = latest(index.candidates_of(review.database, case))
    files = {c.id: review.mask_path(c) for c in candidates}
    total = IMAGE_STEPS + len(set(files.values()))
    if image is None:
        image = load_image(review.image_path(case), cancel=cancel, progress=_share_of(tell, total))
    loaded = load_masks(
        files,
        candidates,
        image=image.geometry,
        cancel=cancel,
        keep=review.folder,
        map_function=_counting(tell, total),
    )
    tell(total, total, "masks")
    return CaseVolume(case, image, loaded.masks, loaded.refused)


def load_image(path: Path, *, cancel: Cancel, progress: Progress = no_progress) -> Volume:
    """Read an image as int16, rounded and cut to what 16 bits hold where it is finer; a canonical view of what is read.

    `progress` counts slices. Raises UnreadableFileError and CancelledError.
    """
    with volumes.open_stream(path) as stream:
        shape = stream.geometry.shape
        try:
            stored: NDArray[np.int16] = np.empty(shape, dtype=np.int16, order="F")
            for first, block in stream.blocks():
                stop_if(cancel)
                stored[:, :, first : first + block.shape[2]] = _rounded(volumes.hounsfield(block, stream.header))
                progress(first + block.shape[2], shape[2], "image")
        except MemoryError:
            raise out_of_memory(path) from None
        return Volume(stream.geometry.orientation().view(stored), stream.geometry.canonical())


def _rounded(hu: NDArray[Any]) -> NDArray[Any]:
    """Return Hounsfield units as whole numbers of 16 bits."""
    return hu if hu.dtype == np.int16 else np.rint(np.clip(hu, _INT16.min, _INT16.max))


def _share_of(tell: Progress, steps: int) -> Progress:
    """Return a progress that counts the image's share of all steps."""

    def told(done: int, total: int, what: str) -> None:
        tell(IMAGE_STEPS * done // total, steps, what)

    return told


def _counting(tell: Progress, total: int) -> Callable[[Callable[[_In], _Out], Iterable[_In]], Iterator[_Out]]:
    """Return a `map` that says after every file how far it is."""

    def mapped(work: Callable[[_In], _Out], each: Iterable[_In]) -> Iterator[_Out]:
        for number, found in enumerate(map(work, each), 1):
            tell(IMAGE_STEPS + number, total, "masks")
            yield found

    return mapped
