"""Masks and label maps out of a stream of slices: small pieces, never a whole grid. Layer: formats."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.formats.streams import DrawnMasks, Piece, VolumeStream, Wanted, whole_numbers

_TABLE = 2**16


def pieces(stream: VolumeStream, wanted: Wanted) -> Iterator[Piece]:
    """Yield the parts of each wanted mask, slice by slice, each cropped to its box in the slice.

    `hits` is a fresh array. Raises UnreadableFileError, also for values that are no whole numbers.
    """
    if isinstance(stream, DrawnMasks):
        yield from stream.drawn(wanted)
        return
    single = len(wanted) == 1
    finder = _Values(wanted)
    skip = not finder.zero and stream.header.inter == 0
    for first, block in stream.blocks():
        if skip and _blank(block):  # as stored: most of a mask is blank, and need not become whole numbers first
            continue
        values = whole_numbers(block, stream.header)
        if isinstance(values, float):
            raise _no_label(stream, values)
        for n in range(values.shape[2]):
            plane = values[:, :, n]
            yield from finder.one(plane, first + n) if single else finder.many(plane, first + n)


def _blank(block: NDArray[Any]) -> bool:
    """Say whether a block holds nothing but 0, every bit of it; numbers of odd sizes are never called blank."""
    if block.dtype.itemsize not in (1, 2, 4, 8):
        return False
    return not block.view(f"u{block.dtype.itemsize}").max()  # of unsigned numbers max is vectorised; any never is


def _no_label(stream: VolumeStream, value: float) -> UnreadableFileError:
    return UnreadableFileError(
        f"{stream.path} is no label: it holds the value {value:g}, which is no whole number.",
        "Give a file of label values, not of probabilities or intensities.",
    )


class _Values:
    """Finds wanted values in slices."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self.zero = any(values is not None and 0 in values for values in wanted)
        known = sorted({v for values in wanted if values is not None for v in values})
        self._known = np.array(known, dtype=np.int64)
        self._users: list[list[int]] = [[] for _ in known]
        for number, values in enumerate(wanted):
            for value in set(values or ()):
                self._users[known.index(value)].append(number)
        self._any = [number for number, values in enumerate(wanted) if values is None]
        self._table: NDArray[np.int32] | None = None
        if known and known[0] >= 0 and known[-1] < _TABLE:
            self._table = np.zeros(max(256, known[-1] + 2), dtype=np.int32)
            self._table[self._known] = np.arange(1, len(known) + 1)

    def one(self, plane: NDArray[Any], k: int) -> Iterator[Piece]:
        """Yield the piece of the only wanted mask in a plane (ni, nj)."""
        values = self._wanted[0]
        if values is None:
            hits = plane != 0
        elif len(values) == 1:
            hits = plane == values[0]
        else:
            hits = np.isin(plane, self._known)
        yield from _cropped(0, hits, (0, 0, k))

    def many(self, plane: NDArray[Any], k: int) -> Iterator[Piece]:
        """Yield the pieces of all wanted masks in a plane (ni, nj), in one pass over it."""
        from scipy.ndimage import find_objects

        for number in self._any:
            yield from _cropped(number, plane != 0, (0, 0, k))
        ranks = self._ranks(plane) if self._users else np.zeros((0, 0), dtype=np.int32)
        if not ranks.any():
            return
        shared: dict[int, list[tuple[int, slice, slice]]] = {}
        for rank, box in enumerate(find_objects(ranks, max_label=len(self._users)), start=1):
            for number in self._users[rank - 1] if box is not None else ():
                shared.setdefault(number, []).append((rank, box[0], box[1]))
        for number, found in shared.items():
            rows = slice(min(f[1].start for f in found), max(f[1].stop for f in found))
            columns = slice(min(f[2].start for f in found), max(f[2].stop for f in found))
            part = ranks[rows, columns]
            hits = part == found[0][0] if len(found) == 1 else np.isin(part, [f[0] for f in found])
            yield Piece(number, rows.start, columns.start, k, hits)

    def _ranks(self, plane: NDArray[Any]) -> NDArray[np.int32]:
        """Return a plane with each wanted value replaced by its rank from 1, and 0 elsewhere."""
        if self._table is not None:
            last = self._table.size - 1  # never wanted: stands for all that the table does not reach
            index = plane if plane.dtype == np.uint8 else np.where((plane < 0) | (plane > last), last, plane)
            return self._table.take(index)
        spot = np.searchsorted(self._known, plane).clip(max=self._known.size - 1)
        ranks: NDArray[np.int32] = np.where(self._known[spot] == plane, spot + 1, 0).astype(np.int32)
        return ranks


def _cropped(number: int, hits: NDArray[np.bool_], start: tuple[int, int, int]) -> Iterator[Piece]:
    """Yield a piece cropped to its hits, if it has any."""
    rows = np.flatnonzero(hits.any(axis=1))
    if rows.size == 0:
        return
    hits = hits[rows[0] : rows[-1] + 1]
    columns = np.flatnonzero(hits.any(axis=0))
    crop = hits[:, columns[0] : columns[-1] + 1].copy(order="F")
    yield Piece(number, int(rows[0]) + start[0], int(columns[0]) + start[1], start[2], crop)


@dataclass(eq=False, slots=True)
class _Growing:
    """A mask being put together."""

    parts: list[Piece] = field(default_factory=list)

    def mask(self, stream: VolumeStream) -> Mask:
        """Return the mask on the canonical grid."""
        canonical = stream.geometry.canonical()
        if not self.parts:
            return Mask(np.zeros((0, 0, 0), dtype=np.bool_), (0, 0, 0), canonical)
        low = [min(p.i for p in self.parts), min(p.j for p in self.parts), self.parts[0].k]
        high = [
            max(p.i + p.hits.shape[0] for p in self.parts),
            max(p.j + p.hits.shape[1] for p in self.parts),
            self.parts[-1].k + 1,
        ]
        box = np.zeros([h - n for h, n in zip(high, low, strict=True)], dtype=np.bool_, order="F")
        for p in self.parts:
            i, j = p.i - low[0], p.j - low[1]
            box[i : i + p.hits.shape[0], j : j + p.hits.shape[1], p.k - low[2]] |= p.hits
        turn = stream.geometry.orientation()
        origin = [
            stream.geometry.shape[axis] - high[axis] if flip else low[axis]
            for axis, flip in zip(turn.axes, turn.flips, strict=True)
        ]
        return Mask(np.asfortranarray(turn.view(box)), (origin[0], origin[1], origin[2]), canonical)


def masks_of(stream: VolumeStream, wanted: Wanted) -> list[Mask]:
    """Return each wanted mask, in one pass over the file. Raises UnreadableFileError."""
    growing = [_Growing() for _ in wanted]
    for piece in pieces(stream, wanted):
        growing[piece.of].parts.append(piece)
    return [grown.mask(stream) for grown in growing]


def counts_of(stream: VolumeStream) -> dict[int, int]:
    """Return how many voxels each value has. Raises UnreadableFileError for values that label nothing."""
    if isinstance(stream, DrawnMasks):
        return stream.counts()
    counts: dict[int, int] = {}
    for _, block in stream.blocks():
        values = whole_numbers(block, stream.header)
        if isinstance(values, float):
            raise _no_label(stream, values)
        for value, count in _tally(values.ravel(order="K")):
            counts[value] = counts.get(value, 0) + count
    negative = sorted(value for value in counts if value < 0)
    if negative:
        named = ", ".join(map(str, negative[:3])) + (" and more" if len(negative) > 3 else "")
        message = f"{stream.path} is no label: it holds the negative values {named}."
        raise UnreadableFileError(message, "Give a file of label values of 0 and above.")
    return dict(sorted(counts.items()))


def _tally(values: NDArray[Any]) -> Iterable[tuple[int, int]]:
    """Return (value, count) of each value present."""
    low, high = int(values.min()), int(values.max())
    if high - low < _TABLE and low >= -_TABLE and high < 2**62:  # counting is many times faster than sorting
        plain = values if values.dtype in (np.uint8, np.uint16) else values.astype(np.int64)
        shift = 0 if values.dtype in (np.uint8, np.uint16) else low
        found = np.bincount(plain - shift if shift else plain)
        present = np.flatnonzero(found)
        return [(int(v) + shift, int(found[v])) for v in present]
    kinds, counts = np.unique(values, return_counts=True)
    return [(int(v), int(n)) for v, n in zip(kinds, counts, strict=True)]
