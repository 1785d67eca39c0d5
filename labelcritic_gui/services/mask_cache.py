"""Keeps the crops of masks that were slow to read, so that they are converted once. Layer: services.

What is kept lies in the review folder and can always be made again. Reading through it trusts a file's size and
modification time; what leaves the program (exports, the hash of a decision) is read from the file itself.
"""

import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Geometry, Mask
from labelcritic_gui.formats import picture_cache

FORM = "1"
"""Changes whenever masks are kept otherwise."""
MASKS = "masks"
SLOW_S = 0.05
"""A file that takes longer than this, in seconds, is worth keeping its crops; reading those takes a millisecond."""

Wanted = Sequence[tuple[int, ...] | None]
Load = Callable[[Path, Wanted], list[Mask]]


def cached_masks(
    review_folder: Path,
    file: Path,
    wanted: Wanted,
    load: Load,
    *,
    grid: Geometry | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> list[Mask]:
    """Return each wanted mask of a file, by its label values or None (all but 0), in order; kept crops are taken.

    What is not kept, or older than the file, is read by one call of `load` and kept if that took long. `grid` is the
    image's, where `load` depends on it. A folder (a DICOM series) has no stamp to trust and is always read. Raises
    what `load` raises.
    """
    if not file.is_file():
        return load(file, wanted)
    stamp = f"{FORM}:{picture_cache.file_stamp(file)}:{_fingerprint(grid)}"
    places = [_place(review_folder, file, values) for values in wanted]
    found = [_kept(place, stamp) for place in places]
    lacking = [n for n, mask in enumerate(found) if mask is None]
    if lacking:
        start = clock()
        read = load(file, [wanted[n] for n in lacking])
        slow = clock() - start > SLOW_S
        for n, mask in zip(lacking, read, strict=True):
            found[n] = mask
            if slow:
                picture_cache.save_arrays(places[n], stamp, _packed(mask))
    return [mask for mask in found if mask is not None]


def _fingerprint(grid: Geometry | None) -> str:
    return "" if grid is None else sha256(f"{grid.shape}{grid.affine.tolist()}".encode()).hexdigest()


def _place(review_folder: Path, file: Path, values: tuple[int, ...] | None) -> Path:
    named = "all" if values is None else ",".join(map(str, sorted(values)))
    folder = review_folder / MASKS / sha256(str(file).encode()).hexdigest()[:24]
    return picture_cache.cache_file(folder, named)


def _packed(mask: Mask) -> dict[str, NDArray[Any]]:
    return {
        "bits": np.packbits(mask.voxels.ravel(order="F")),
        "box": np.array([*mask.origin, *mask.voxels.shape], dtype=np.int64),
        "shape": np.array(mask.geometry.shape, dtype=np.int64),
        "affine": mask.geometry.affine,
    }


def _kept(place: Path, stamp: str) -> Mask | None:
    kept = picture_cache.load_arrays(place, stamp)
    if kept is None:
        return None
    try:
        x, y, z, nx, ny, nz = (int(n) for n in kept["box"])
        sx, sy, sz = (int(n) for n in kept["shape"])
        bits = np.unpackbits(kept["bits"], count=nx * ny * nz).view(np.bool_)
        return Mask(bits.reshape((nx, ny, nz), order="F"), (x, y, z), Geometry((sx, sy, sz), kept["affine"]))
    except (KeyError, ValueError):
        return None
