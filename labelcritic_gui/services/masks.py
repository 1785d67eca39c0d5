"""Loads the image and the candidates of a case, each file read once. Layer: services."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from labelcritic_gui.core.cancel import Cancel, stop_if
from labelcritic_gui.core.cases import Candidate, CandidateId
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.core.geometry import Geometry, Mask, content_hash
from labelcritic_gui.core.resampling import resample_nearest
from labelcritic_gui.formats import volumes
from labelcritic_gui.services.mask_cache import Wanted, cached_masks
from labelcritic_gui.services.projection import MapFunction

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
    files: Mapping[CandidateId, Path],
    candidates: Iterable[Candidate],
    *,
    image: Geometry,
    cancel: Cancel,
    keep: Path | None = None,
    map_function: MapFunction = map,
) -> LoadedMasks:
    """Load candidates' masks on their image's grid, each file once; a bad file is refused alone.

    `image` is the canonical geometry of the case's image. Crops of files that are slow to read are kept under `keep`,
    the review folder. `map_function` may read files at the same time.
    """
    by_file: dict[Path, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_file[files[candidate.id]].append(candidate)
    masks: dict[CandidateId, Mask] = {}
    refused: dict[CandidateId, UserError] = {}
    hashes: dict[CandidateId, str] = {}

    def read(file: Path) -> tuple[dict[CandidateId, Mask], str] | UserError:
        stop_if(cancel)
        try:
            return _load_file(file, by_file[file], image, keep), volumes.file_sha256(file)
        except CancelledError:
            raise
        except UserError as error:
            return error

    for wanted, found in zip(by_file.values(), map_function(read, by_file), strict=True):
        if isinstance(found, UserError):
            refused |= {candidate.id: found for candidate in wanted}
        else:
            masks |= found[0]
            hashes |= {candidate.id: found[1] for candidate in wanted}
    return LoadedMasks(masks, refused, hashes)


def load_one(file: Path, candidate: Candidate, *, image: Geometry | None = None) -> Mask:
    """Load one candidate's mask on its image's grid (canonical), or without one on its own.

    A DICOM SEG has a grid of its own, so its image must be given.
    """
    return _load_file(file, [candidate], image)[candidate.id]


def hash_of(file: Path, candidate: Candidate, *, image: Geometry | None = None) -> str:
    """Read a candidate's mask, as `load_one`, and return its content hash."""
    return content_hash(load_one(file, candidate, image=image))


def _load_file(
    file: Path, wanted: list[Candidate], image: Geometry | None, keep: Path | None = None
) -> dict[CandidateId, Mask]:
    """Read a file once for all its candidates; those that were entered as resampled are resampled."""
    grid = None if image is not None and all(is_resampled(c) for c in wanted) else image

    def load(path: Path, values: Wanted) -> list[Mask]:
        return volumes.load_masks(path, values) if grid is None else volumes.load_masks_on(path, values, grid)

    values = [c.source.values for c in wanted]
    masks = load(file, values) if keep is None else cached_masks(keep, file, values, load, grid=grid)
    if image is not None and grid is None:
        masks = [resample_nearest(mask, image) for mask in masks]
    return {c.id: mask for c, mask in zip(wanted, masks, strict=True)}
