"""Write NIfTI-1 files whole or not at all, the same bytes every time. Layer: formats."""

import gzip
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.errors import StorageError
from labelcritic_gui.core.geometry import Mask, Orientation, Volume, require_fit
from labelcritic_gui.formats.nifti_header import build_header, placement
from labelcritic_gui.formats.nifti_stream import open_stream

_UINT8, _INT16 = 2, 4
_LEVEL = 4
"""zlib, not isal: isal picks its code by processor, so its bytes differ between machines."""


def write_mask(path: Path, mask: Mask, *, like: Path | None = None) -> None:
    """Write a mask as uint8 0/1 .nii.gz.

    With `like` (the CT) it is written on that file's stored grid: axis order, affine, codes and units. Without, on the
    mask's canonical grid. Raises StorageError, UnreadableFileError (`like`), GeometryMismatchError.
    """
    stored, placed = mask.geometry, placement(mask.geometry.affine)
    if like is not None:
        with open_stream(like) as stream:
            stored = stream.geometry
            placed = placement(stored.affine) if stream.header.source == "pixdim" else stream.header.fields
        require_fit(stored, mask.geometry, name=f"The mask for {path}")
    turn = stored.orientation()
    crop = _stored_view(mask.voxels, turn)
    origin = [0, 0, 0]
    for axis, flip, start, size in zip(turn.axes, turn.flips, mask.origin, mask.voxels.shape, strict=True):
        origin[axis] = stored.shape[axis] - start - size if flip else start
    with _replacing(path) as file:
        file.write(build_header(stored.shape, _UINT8, placed))
        ni, nj, nk = stored.shape
        plane = np.zeros((ni, nj), dtype=np.uint8, order="F")
        part = plane[origin[0] : origin[0] + crop.shape[0], origin[1] : origin[1] + crop.shape[1]]
        for k in range(nk):
            inside = origin[2] <= k < origin[2] + crop.shape[2]
            part[:] = crop[:, :, k - origin[2]] if inside else 0
            file.write(plane.T.data)


def write_ct(path: Path, volume: Volume) -> None:
    """Write a volume as int16 .nii.gz on its canonical grid.

    Raises StorageError, also when a value is no whole number within int16: nothing is rounded silently.
    """
    with _replacing(path) as file:
        file.write(build_header(volume.geometry.shape, _INT16, placement(volume.geometry.affine)))
        for k in range(volume.geometry.shape[2]):
            plane = volume.voxels[:, :, k]
            whole = np.asarray(_as_int16(plane, path=path), dtype="<i2", order="F")
            file.write(whole.T.data)


def _as_int16(plane: NDArray[Any], *, path: Path) -> NDArray[np.int16]:
    if plane.dtype == np.int16:
        return plane
    with np.errstate(invalid="ignore"):
        whole = plane.astype(np.int16)
    if not np.array_equal(whole, plane):
        message = f"{path} cannot be written: the image holds values that are no whole numbers of 16 bits."
        raise StorageError(message, "Round the image to whole Hounsfield units first.")
    return whole


def _stored_view(canonical: NDArray[Any], turn: Orientation) -> NDArray[Any]:
    """Return the view in stored axis order of an array in canonical order: the inverse of `turn.view`."""
    unflipped = canonical[tuple(slice(None, None, -1 if flip else 1) for flip in turn.flips)]
    return unflipped.transpose(np.argsort(turn.axes))


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """Yield a gzip stream whose bytes take the place of `path` when all of them are on disk. Raises StorageError."""
    path = Path(path)
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as problem:
        raise _storage(path, problem) from problem
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            with gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=raw, mtime=0) as packed:
                yield packed  # type: ignore[misc]
            raw.flush()
            os.fsync(raw.fileno())
        part.chmod(0o666 & ~_umask())
        part.replace(path)
        _sync_folder(path.parent)
    except OSError as problem:
        raise _storage(path, problem) from problem
    finally:
        part.unlink(missing_ok=True)


def _storage(path: Path, problem: OSError) -> StorageError:
    return StorageError(
        f"{path} could not be written: {problem.strerror or problem}.", "Check the folder and the disk."
    )


def _umask() -> int:
    """Return the process's mask for new files (temporary files are made private; the result should not be)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where folders can be synced (not on Windows)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
