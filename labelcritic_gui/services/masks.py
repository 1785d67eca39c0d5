"""Loads the image and the candidates of a case, each file read once. Layer: services."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from labelcritic_gui.core.cancel import Cancel, stop_if
from labelcritic_gui.core.cases import Candidate, CandidateId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.geometry import Geometry, Mask, content_hash
from labelcritic_gui.core.resampling import resample_nearest
from labelcritic_gui.formats import volumes

RESAMPLED = "Not on its image's grid: resampled onto it (nearest neighbour), as was asked for."
"""The note of a candidate that is resampled whenever it is read."""


def is_resampled(candidate: Candidate) -> bool:
    """Say whether a candidate was taken from another grid on request."""
    return candidate.note == RESAMPLED


@dataclass(frozen=True)
class LoadedMasks:
    """Masks by candidate, what could not be loaded and why, and the sha256 of every file read."""

    masks: Mapping[CandidateId, Mask]
    refused: Mapping[CandidateId, UserError]
    file_hashes: Mapping[CandidateId, str]


def load_masks(
    files: Mapping[CandidateId, Path], candidates: Iterable[Candidate], *, image: Geometry, cancel: Cancel
) -> LoadedMasks:
    """Load candidates' masks on their image's grid, each file once; a bad file is refused alone.

    `image` is the canonical geometry of the case's image.
    """
    by_file: dict[Path, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_file[files[candidate.id]].append(candidate)
    masks: dict[CandidateId, Mask] = {}
    refused: dict[CandidateId, UserError] = {}
    hashes: dict[CandidateId, str] = {}
    for file, wanted in by_file.items():
        stop_if(cancel)
        try:
            masks |= _load_file(file, wanted, image)
            digest = volumes.file_sha256(file)
            hashes |= {candidate.id: digest for candidate in wanted}
        except UserError as error:
            refused |= {candidate.id: error for candidate in wanted}
    return LoadedMasks(masks, refused, hashes)


def load_one(file: Path, candidate: Candidate, *, image: Geometry | None = None) -> Mask:
    """Load one candidate's mask on its image's grid (canonical), or without one on its own.

    A DICOM SEG has a grid of its own, so its image must be given.
    """
    return _load_file(file, [candidate], image)[candidate.id]


def hash_of(file: Path, candidate: Candidate, *, image: Geometry | None = None) -> str:
    """Read a candidate's mask, as `load_one`, and return its content hash."""
    return content_hash(load_one(file, candidate, image=image))


def _load_file(file: Path, wanted: list[Candidate], image: Geometry | None) -> dict[CandidateId, Mask]:
    """Read a file once for all its candidates; those that were entered as resampled are resampled."""
    values = [c.source.values for c in wanted]
    if image is None:
        masks = volumes.load_masks(file, values)
    elif all(is_resampled(c) for c in wanted):
        masks = [resample_nearest(mask, image) for mask in volumes.load_masks(file, values)]
    else:
        masks = volumes.load_masks_on(file, values, image)
    return {c.id: mask for c, mask in zip(wanted, masks, strict=True)}
