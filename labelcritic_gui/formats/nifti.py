"""NIfTI files: the one door for images and labels on disk. Layer: formats.

Voxels are read once, in stored order, and handed out as canonical RAS+ views. The header is parsed here
(`nifti_header`), not by nibabel: that library's import costs more than reading a mask, and its header reader allows
what must be refused before memory is asked for. nibabel is what the tests compare with. Every failure is an
UnreadableFileError with one sentence.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.geometry import Geometry, Mask, Volume
from labelcritic_gui.formats.label_pieces import counts_of, masks_of, pieces
from labelcritic_gui.formats.nifti_stream import NiftiStream, open_stream
from labelcritic_gui.formats.nifti_write import write_ct, write_mask
from labelcritic_gui.formats.streams import Piece, VolumeStream, Wanted, hounsfield, out_of_memory

__all__ = [
    "NiftiStream",
    "Piece",
    "Wanted",
    "count_values",
    "ct_of",
    "file_sha256",
    "hounsfield",
    "load_ct",
    "load_label_map",
    "load_mask",
    "load_masks",
    "open_stream",
    "pieces",
    "read_geometry",
    "write_ct",
    "write_mask",
]


def read_geometry(path: Path) -> Geometry:
    """Return the canonical grid of a file, from its header alone. Raises UnreadableFileError."""
    with open_stream(path) as stream:
        return stream.geometry.canonical()


def load_ct(path: Path) -> Volume:
    """Read an image: int16 where that is exact (else float32), as a canonical view of what was read; no copy.

    The header's slope and intercept are applied. Raises UnreadableFileError.
    """
    with open_stream(path) as stream:
        return ct_of(stream)


def ct_of(stream: VolumeStream) -> Volume:
    """Read an image from an open stream of any format, as `load_ct` does. Raises UnreadableFileError."""
    try:
        plain = stream.dtype == np.int16 and not stream.header.scaled
        stored = stream.read_all() if plain else _converted(stream)
    except MemoryError:
        raise out_of_memory(stream.path) from None
    return Volume(stream.geometry.orientation().view(stored), stream.geometry.canonical())


def _converted(stream: VolumeStream) -> NDArray[Any]:
    """Read block by block into int16, or float32 from the first block on that int16 cannot hold."""
    out: NDArray[Any] = np.empty(stream.geometry.shape, dtype=np.int16, order="F")
    for first, block in stream.blocks():
        values = hounsfield(block, stream.header)
        if values.dtype != np.int16 and out.dtype == np.int16:
            out = out.astype(np.float32, order="F")
        out[:, :, first : first + block.shape[2]] = values
    return out


def load_mask(path: Path, *, values: tuple[int, ...] | None = None) -> Mask:
    """Read a mask: the voxels with one of the label values, or (None) every voxel that is not zero.

    Only its bounding box is ever held. Raises UnreadableFileError, also for values that are no whole numbers.
    """
    with open_stream(path) as stream:
        return masks_of(stream, [values])[0]


def load_masks(path: Path, wanted: Wanted) -> list[Mask]:
    """Read several masks of one file in one pass, each by its label values or None as in `load_mask`.

    Raises UnreadableFileError.
    """
    with open_stream(path) as stream:
        return masks_of(stream, wanted)


def load_label_map(path: Path, values: Iterable[int]) -> dict[int, Mask]:
    """Read the masks of many label values in one pass; a value that no voxel has gives an empty mask.

    Raises UnreadableFileError.
    """
    wanted = list(dict.fromkeys(int(v) for v in values))
    return dict(zip(wanted, load_masks(path, [(value,) for value in wanted]), strict=True))


def count_values(path: Path) -> dict[int, int]:
    """Return how many voxels each label value has, by rising value.

    Raises UnreadableFileError, also naming negative values and values that are no whole numbers.
    """
    with open_stream(path) as stream:
        return counts_of(stream)


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hex. Raises UnreadableFileError."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as problem:
        raise UnreadableFileError(f"{path} cannot be read: {problem.strerror}.", "Check that it exists.") from problem
