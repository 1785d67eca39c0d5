"""A volume on disk as slabs in stored order, whatever format it has, and what its numbers mean. Layer: formats."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.geometry import Geometry

BLOCK_BYTES = 512 * 1024
AIR = -1024.0
"""What a CT's voxels that are not a number become, in Hounsfield units: scanners and registration pad with them."""
_HIGHEST, _LOWEST = 32767.0, -32768.0
_WHOLE = 1e-5
"""A scaled label such as 255 * float32(1 / 255) still counts as whole."""

Wanted = Sequence[tuple[int, ...] | None]
"""Which label values make each mask of a file; None: every value but 0."""


class Scale(Protocol):
    """How stored numbers become values: `raw * slope + inter`; `scaled` is False when that changes nothing."""

    @property
    def slope(self) -> float:
        """The factor."""

    @property
    def inter(self) -> float:
        """What is added."""

    @property
    def scaled(self) -> bool:
        """Say whether values differ from what is stored."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """A scale by itself; unscaled unless told otherwise."""

    slope: float = 1.0
    inter: float = 0.0

    @property
    def scaled(self) -> bool:
        """Say whether values differ from what is stored."""
        return (self.slope, self.inter) != (1.0, 0.0)


UNSCALED = Scaling()


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """Part of a mask in one stored slice: `hits` bool (ni', nj') from (i, j) of slice k; `of` numbers the mask."""

    of: int
    i: int
    j: int
    k: int
    hits: NDArray[np.bool_]


class VolumeStream(Protocol):
    """An open volume, to be read once from front to end."""

    @property
    def path(self) -> Path:
        """The file or folder, for messages."""

    @property
    def geometry(self) -> Geometry:
        """The grid as stored (not canonical)."""

    @property
    def header(self) -> Scale:
        """How the blocks' numbers become values."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The voxel type of the blocks."""

    def blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield (first index along the slowest stored axis, raw voxels (ni, nj, n)); the next step may overwrite it."""

    def read_all(self) -> NDArray[Any]:
        """Return all raw voxels [i, j, k] as stored. Raises UnreadableFileError."""


@runtime_checkable
class DrawnMasks(Protocol):
    """A stream that holds masks one by one, possibly overlapping, instead of one value per voxel."""

    def drawn(self, wanted: Wanted) -> Iterator[Piece]:
        """Yield the parts of each wanted mask, by rising slice."""

    def counts(self) -> dict[int, int]:
        """Return how many voxels each label value has; 0 stands for the voxels that none covers."""


@dataclass(frozen=True, eq=False, slots=True)
class ArrayStream:
    """A volume that is in memory already: `voxels` [i, j, k] in Fortran order on the stored grid."""

    path: Path
    geometry: Geometry
    voxels: NDArray[Any]
    header: Scale = UNSCALED

    @property
    def dtype(self) -> np.dtype[Any]:
        """The voxel type."""
        return self.voxels.dtype

    def blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield slabs of the array; views, no copies."""
        ni, nj, nk = self.voxels.shape
        step = min(nk, max(1, BLOCK_BYTES // (ni * nj * self.dtype.itemsize)))
        for first in range(0, nk, step):
            yield first, self.voxels[:, :, first : first + step]

    def read_all(self) -> NDArray[Any]:
        """Return the array itself."""
        return self.voxels


def whole_numbers(block: NDArray[Any], header: Scale) -> NDArray[Any] | float:
    """Return a block's values as integers, or the first value found that is no whole number.

    Stored integers that need no scaling are returned as they are, without a copy.
    """
    if not header.scaled and block.dtype.kind in "iu":
        return block
    if not header.scaled:
        quick = _truncated(block)
        if np.array_equal(quick, block):  # 15 times faster than the careful way, which says what is wrong
            return quick
    values = block.astype(np.float64) * header.slope + header.inter
    with np.errstate(invalid="ignore"):
        whole = np.rint(values)
        odd = ~((np.abs(values) < 2**53) & (np.abs(values - whole) < _WHOLE))
    if odd.any():
        return float(values[odd][0])
    return whole.astype(np.int64)


def _truncated(block: NDArray[Any]) -> NDArray[np.int32]:
    """Return floating point values cut to whole numbers; anything where they have none."""
    with np.errstate(invalid="ignore"):
        cut: NDArray[np.int32] = block.astype(np.int32)
    return cut


def hounsfield(block: NDArray[Any], header: Scale) -> NDArray[Any]:
    """Return a block's values: int16 where that is exact, else float32. An int16 block is returned as it is.

    What is not a number becomes air (-1024), what is infinite the lowest or highest value of 16 bits.
    """
    slope, inter = header.slope, header.inter
    if block.dtype == np.int16 and not header.scaled:
        return block
    if block.dtype.kind in "iu" and block.dtype.itemsize == 1 and not header.scaled:
        return block.astype(np.int16)
    whole = slope.is_integer() and inter.is_integer() and abs(slope) < 2**14 and abs(inter) < 2**29
    if block.dtype.kind in "iu" and block.dtype.itemsize <= 2 and whole:
        quick = block.astype(np.int32) * np.int32(slope) + np.int32(inter)
        fits = quick.min() >= _LOWEST and quick.max() <= _HIGHEST
        return quick.astype(np.int16 if fits else np.float32)
    values = block.astype(np.float64) * slope + inter if header.scaled else block
    if values.dtype.kind == "f":
        values = finite(values)
    with np.errstate(invalid="ignore", over="ignore"):
        exact = values.astype(np.int16)
        return exact if np.array_equal(exact, values) else finite(values.astype(np.float32))


def finite(values: NDArray[Any]) -> NDArray[Any]:
    """Return floating point values with air for what is not a number; the array itself where all are numbers."""
    if np.isfinite(values).all():
        return values
    numbers: NDArray[Any] = np.nan_to_num(values, nan=AIR, posinf=_HIGHEST, neginf=_LOWEST)
    return numbers


def out_of_memory(path: Path) -> UnreadableFileError:
    """Return the error for a volume that does not fit into this machine's memory."""
    message = f"{path} needs more memory than this machine can give."
    return UnreadableFileError(message, "Close other programs, or use a smaller image.")
