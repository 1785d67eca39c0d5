"""A NIfTI file as a stream of slices through one reused buffer, decompressed by isal. Layer: formats.

The only importer of isal. Content decides whether a file is compressed; a name that promises gzip is held to it.
"""

import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.geometry import Geometry
from labelcritic_gui.formats.nifti_header import HEADER_BYTES, HeaderError, NiftiHeader, parse_header
from labelcritic_gui.formats.nifti_pairs import data_file_of, header_file_of
from labelcritic_gui.formats.streams import BLOCK_BYTES

_READ_BYTES = 512 * 1024
_DEFLATE_RATIO = 1032
"""Deflate cannot shrink data further than this."""
_MAX_SLICE_BYTES = 2**30
_MAX_EXTENSION = 4 * 2**20
_SECOND_VERSION = {(540).to_bytes(4, "little"), (540).to_bytes(4, "big")}
_COPY = "Copy it again from where it came."


class _Source(Protocol):
    """What voxels are read from: an open plain file, or gzip."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer as far as possible; return the bytes read, 0 at the end."""


@dataclass(eq=False, slots=True)
class NiftiStream:
    """An open file, ready to be read once from front to end. `path` and `header` say what it is.

    `extension` is what stood between the header and the voxels.
    """

    path: Path
    header: NiftiHeader
    _source: _Source
    _compressed: bool
    extension: bytes = b""

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
    """Open a NIfTI file (.nii, .nii.gz or a .hdr/.img pair; version 1 or 2, either byte order) and check its header.

    Raises UnreadableFileError: missing, empty, not NIfTI, a damaged header, or too small for what its header says.
    """
    path = Path(path)
    with ExitStack() as opened:
        file = opened.enter_context(open_file(header_file_of(path)))
        begun = _Begun(path, file)
        header, extension = begun.header()
        if header.paired:
            begun = _Begun(path, opened.enter_context(open_file(data_file_of(path))))
            begun.skip(header.offset)
        begun.require_room(header)
        yield NiftiStream(path, header, begun.source, begun.compressed, extension)


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading, without a buffer. Raises UnreadableFileError."""
    try:
        return path.open("rb", buffering=0)
    except FileNotFoundError:
        raise UnreadableFileError(f"{path} does not exist.", "Check the folder, or relocate the review.") from None
    except (OSError, ValueError) as problem:
        message = f"{path} cannot be opened: {getattr(problem, 'strerror', None) or problem}."
        raise UnreadableFileError(message, "Check that it is a file and may be read.") from problem


def first_bytes(path: Path, count: int = HEADER_BYTES) -> bytes:
    """Return the first bytes of a file, decompressed where gzip has compressed it. Raises UnreadableFileError."""
    with open_file(path) as file:
        begun = _Begun(path, file)
        return _read_up_to(begun.source, count, path=path)


class _Begun:
    """An open file at its first byte: decompressed where its content says so."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._size = os.fstat(file.fileno()).st_size
        magic = _read_up_to(cast("_Source", file), 2, path=path)
        if not magic:
            raise UnreadableFileError(f"{path} is empty.", _COPY)
        file.seek(0)
        self.compressed = magic == b"\x1f\x8b"
        if path.name.endswith(".gz") and not self.compressed:
            raise UnreadableFileError(f"{path} is named .gz but is not compressed by gzip.", _COPY)
        self.source: _Source = _gunzip(file) if self.compressed else cast("_Source", file)

    def header(self) -> tuple[NiftiHeader, bytes]:
        """Read the header and what lies between it and the voxels; leave the file at its first voxel."""
        raw = _read_up_to(self.source, 348, path=self._path)
        if raw[:4] in _SECOND_VERSION:
            raw += _read_up_to(self.source, HEADER_BYTES - 348, path=self._path)
        try:
            header = parse_header(raw)
        except HeaderError as problem:
            raise UnreadableFileError(f"{self._path} {problem.message}", problem.hint) from None
        if header.paired:
            return header, _read_up_to(self.source, _MAX_EXTENSION, path=self._path)
        self.require_room(header)
        between = header.offset - len(raw)
        extension = _read_up_to(self.source, min(between, _MAX_EXTENSION), path=self._path)
        self.skip(between - len(extension))
        return header, extension

    def skip(self, count: int) -> None:
        """Read over bytes."""
        for start in range(0, count, _READ_BYTES):
            _read_up_to(self.source, min(_READ_BYTES, count - start), path=self._path)

    def require_room(self, header: NiftiHeader) -> None:
        """Raise UnreadableFileError where the voxels that the header promises cannot be in the file."""
        if header.offset + header.data_bytes > (self._size * _DEFLATE_RATIO if self.compressed else self._size):
            shape = "x".join(map(str, header.geometry.shape))
            raise UnreadableFileError(
                f"{self._path} is truncated or has a damaged header: {shape} voxels do not fit into its "
                f"{self._size} bytes.",
                _COPY,
            )


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
