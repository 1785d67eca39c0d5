"""A NIfTI file as a stream of slices through one reused buffer, decompressed by isal. Layer: formats.

The only importer of isal. Content decides whether a file is compressed; a name that promises gzip is held to it.
"""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.geometry import Geometry
from labelcritic_gui.formats.nifti_header import HEADER_BYTES, HeaderError, NiftiHeader, parse_header

BLOCK_BYTES = 512 * 1024
_READ_BYTES = 512 * 1024
_DEFLATE_RATIO = 1032
"""Deflate cannot shrink data further than this."""
_MAX_SLICE_BYTES = 2**30
_WHOLE = 1e-5
"""A scaled label such as 255 * float32(1 / 255) still counts as whole."""
_SECOND_VERSION = {(540).to_bytes(4, "little"), (540).to_bytes(4, "big")}
_COPY = "Copy it again from where it came."


class _Source(Protocol):
    """What voxels are read from: an open plain file, or gzip."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer as far as possible; return the bytes read, 0 at the end."""


@dataclass(eq=False, slots=True)
class NiftiStream:
    """An open file, ready to be read once from front to end. `path` and `header` say what it is."""

    path: Path
    header: NiftiHeader
    _source: _Source
    _compressed: bool

    @property
    def geometry(self) -> Geometry:
        """The grid as stored (not canonical)."""
        return self.header.geometry

    @property
    def dtype(self) -> np.dtype[Any]:
        """The voxel type of the blocks: as stored, in this machine's byte order."""
        return self.header.dtype.newbyteorder("=")

    def blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield (first index along the slowest stored axis, raw voxels of shape (ni, nj, n) in Fortran order).

        The array is a view of one buffer that the next step overwrites. The stream is read past the last voxel, so
        that a damaged checksum is noticed. Raises UnreadableFileError.
        """
        ni, nj, nk = self.geometry.shape
        slice_bytes = ni * nj * self.dtype.itemsize
        if slice_bytes > _MAX_SLICE_BYTES:
            raise UnreadableFileError(f"{self.path} has slices of {ni}x{nj} voxels, more than can be held.", _COPY)
        per_block = min(nk, max(1, BLOCK_BYTES // slice_bytes))
        buffer = np.empty(per_block * slice_bytes, dtype=np.uint8)
        for first in range(0, nk, per_block):
            count = min(per_block, nk - first)
            raw = buffer[: count * slice_bytes]
            self._fill(raw.data)
            yield first, self._native(raw).reshape((ni, nj, count), order="F")
        self._finish()

    def read_all(self) -> NDArray[Any]:
        """Return all raw voxels [i, j, k] as stored, in Fortran order. Raises UnreadableFileError."""
        raw = self._allocate()
        whole = raw.data
        for start in range(0, raw.size, _READ_BYTES):
            self._fill(whole[start : start + _READ_BYTES])
        self._finish()
        return self._native(raw).reshape(self.geometry.shape, order="F")

    def _allocate(self) -> NDArray[np.uint8]:
        try:
            return np.empty(self.header.data_bytes, dtype=np.uint8)
        except MemoryError:
            size = self.header.data_bytes / 2**30
            message = f"{self.path} needs {size:.1f} GiB of memory, which this machine cannot give."
            raise UnreadableFileError(message, "Close other programs, or use a smaller image.") from None

    def _native(self, raw: NDArray[np.uint8]) -> NDArray[Any]:
        """Return bytes as numbers in this machine's byte order, in place."""
        stored = raw.view(self.header.dtype)
        return stored if self.header.dtype.isnative else stored.byteswap(inplace=True).view(self.dtype)

    def _fill(self, view: memoryview) -> None:
        done = 0
        while done < len(view):
            got = _read_into(self._source, view[done:], path=self.path)
            if got == 0:
                raise UnreadableFileError(f"{self.path} is truncated: it ends before its last voxel.", _COPY)
            done += got

    def _finish(self) -> None:
        """Read on to the end of a compressed stream: only there is its checksum compared."""
        rest = memoryview(bytearray(64 * 1024))
        while self._compressed and _read_into(self._source, rest, path=self.path):
            pass


def _read_into(source: _Source, view: memoryview, *, path: Path) -> int:
    """Read some bytes; say in one sentence what is wrong with the file when that fails."""
    try:
        return source.readinto(view) or 0
    except EOFError:
        raise UnreadableFileError(f"{path} is truncated: its compressed data ends too early.", _COPY) from None
    except (OSError, zlib.error, ValueError) as problem:
        raise UnreadableFileError(f"{path} is damaged: {problem}.", _COPY) from problem
    except Exception as problem:
        # isal's own error derives from Exception alone, and importing it costs time that most reads need not spend
        if type(problem).__name__ != "IsalError":
            raise
        raise UnreadableFileError(f"{path} is damaged: {problem}.", _COPY) from problem


@contextmanager
def open_stream(path: Path) -> Iterator[NiftiStream]:
    """Open a NIfTI file (.nii or .nii.gz, version 1 or 2, either byte order) and check its header.

    Raises UnreadableFileError: missing, empty, not NIfTI, a damaged header, or too small for what its header says.
    """
    path = Path(path)
    try:
        file = path.open("rb", buffering=0)
    except FileNotFoundError:
        raise UnreadableFileError(f"{path} does not exist.", "Check the folder, or relocate the review.") from None
    except OSError as problem:
        message = f"{path} cannot be opened: {problem.strerror}."
        raise UnreadableFileError(message, "Check that it is a file and may be read.") from problem
    with file:
        yield _begin(path, file)


def _begin(path: Path, file: Any) -> NiftiStream:
    """Read and check the header of an open file; leave the file at its first voxel."""
    size = path.stat().st_size
    magic = _read_up_to(file, 2, path=path)
    if not magic:
        raise UnreadableFileError(f"{path} is empty.", _COPY)
    file.seek(0)
    compressed = magic == b"\x1f\x8b"
    if path.name.endswith(".gz") and not compressed:
        raise UnreadableFileError(f"{path} is named .gz but is not compressed by gzip.", _COPY)
    source: _Source = _gunzip(file) if compressed else file
    raw = _read_up_to(source, 348, path=path)
    if raw[:4] in _SECOND_VERSION:
        raw += _read_up_to(source, HEADER_BYTES - 348, path=path)
    try:
        header = parse_header(raw)
    except HeaderError as problem:
        raise UnreadableFileError(f"{path} {problem.message}", problem.hint) from None
    needed = header.offset + header.data_bytes
    if needed > (size * _DEFLATE_RATIO if compressed else size):
        shape = "x".join(map(str, header.geometry.shape))
        message = f"{path} is truncated or has a damaged header: {shape} voxels do not fit into its {size} bytes."
        raise UnreadableFileError(message, _COPY)
    for start in range(len(raw), header.offset, _READ_BYTES):
        _read_up_to(source, min(_READ_BYTES, header.offset - start), path=path)
    return NiftiStream(path, header, source, compressed)


def _read_up_to(source: _Source, count: int, *, path: Path) -> bytes:
    """Return the next `count` bytes, fewer at the end of the file."""
    taken = bytearray(count)
    done = 0
    while done < count:
        got = _read_into(source, memoryview(taken)[done:], path=path)
        if got == 0:
            break
        done += got
    return bytes(taken[:done])


def _gunzip(file: BinaryIO) -> _Source:
    """Return a decompressing reader of an open file."""
    from isal import igzip

    reader = _quick_reader()
    source: _Source = reader(file, _READ_BYTES) if reader else igzip.IGzipFile(fileobj=file, mode="rb")  # type: ignore[no-untyped-call]
    return source


def _quick_reader() -> Callable[[BinaryIO, int], _Source] | None:
    """Return isal's inner reader, which fills a buffer without a copy between (10 % faster), where isal has it."""
    from isal import isal_zlib

    return getattr(isal_zlib, "_GzipReader", None)


def whole_numbers(block: NDArray[Any], header: NiftiHeader) -> NDArray[Any] | float:
    """Return a block's values as integers, or the first value found that is no whole number.

    Stored integers that need no scaling are returned as they are, without a copy.
    """
    if not header.scaled and block.dtype.kind in "iu":
        return block
    values = block.astype(np.float64) * header.slope + header.inter
    with np.errstate(invalid="ignore"):
        whole = np.rint(values)
        odd = ~((np.abs(values) < 2**53) & (np.abs(values - whole) < _WHOLE))
    if odd.any():
        return float(values[odd][0])
    return whole.astype(np.int64)


def hounsfield(block: NDArray[Any], header: NiftiHeader) -> NDArray[Any]:
    """Return a block's values: int16 where that is exact, else float32. An int16 block is returned as it is."""
    slope, inter = header.slope, header.inter
    if block.dtype == np.int16 and not header.scaled:
        return block
    whole = slope.is_integer() and inter.is_integer() and abs(slope) < 2**14 and abs(inter) < 2**29
    if block.dtype.kind in "iu" and block.dtype.itemsize <= 2 and whole:
        quick = block.astype(np.int32) * np.int32(slope) + np.int32(inter)
        fits = quick.min() >= -32768 and quick.max() <= 32767
        return quick.astype(np.int16 if fits else np.float32)
    values = block.astype(np.float64) * slope + inter if header.scaled else block
    with np.errstate(invalid="ignore", over="ignore"):
        exact = values.astype(np.int16)
        return exact if np.array_equal(exact, values) else values.astype(np.float32)
