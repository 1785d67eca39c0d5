"""Connected parts of a mask and of the cavities in it, by runs of voxels. Layer: core.

A run is an unbroken row of voxels along x. A mask of millions of voxels has thousands of runs, and which of them touch
is a matter of comparing their ends: many times faster than numbering every voxel, with the same parts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Index3

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Parts:
    """The connected parts of an array [x, y, z], largest first.

    `sizes` in voxels, shape (parts,). Every run has its first and last voxel along x, its line y + ny z, and its part.
    """

    sizes: Ints
    first: Ints
    last: Ints
    line: Ints
    part: Ints
    lines: int

    def points(self, part: int) -> Ints:
        """Return the voxels of a part as indices, shape (n, 3)."""
        own, column = self._voxels(part)
        z, y = np.divmod(self.line[own], self.lines)
        return np.stack([column, y, z], axis=1)

    def alone(self, part: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Return a part as an array of the shape that was searched, in Fortran order."""
        own, column = self._voxels(part)
        flat = np.zeros(shape[0] * shape[1] * shape[2], dtype=np.bool_)
        flat[self.line[own] * shape[0] + column] = True
        return flat.reshape(shape, order="F")

    def _voxels(self, part: int) -> tuple[Ints, Ints]:
        """Return the run and the place along x of every voxel of a part."""
        own = np.flatnonzero(self.part == part)
        lengths = self.last[own] - self.first[own] + 1
        ends = np.cumsum(lengths)
        within = np.arange(int(ends[-1])) - np.repeat(ends - lengths, lengths)
        return np.repeat(own, lengths), np.repeat(self.first[own], lengths) + within

    def middle_of(self, part: int) -> Index3:
        """Return the voxel of a part that is closest to its centre of mass."""
        points = self.points(part)
        nearest = points[int(np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1)))]
        return int(nearest[0]), int(nearest[1]), int(nearest[2])


def parts_of(voxels: NDArray[np.bool_]) -> Parts:
    """Return the 26-connected parts of a mask."""
    first, last, line = _runs(voxels)
    joined = [touching(first, last, line, move, voxels.shape, reach=1) for move in ((1, 0), (-1, 1), (0, 1), (1, 1))]
    return _grouped(first, last, line, joined, voxels.shape[1])


def cavities_of(voxels: NDArray[np.bool_]) -> Parts:
    """Return the 6-connected parts of the background that never reach the array's outside."""
    first, last, line = _runs(~voxels)
    x, y, z = voxels.shape
    level, row = np.divmod(line, y)
    open_ = (first == 0) | (last == x - 1) | (row == 0) | (row == y - 1) | (level == 0) | (level == z - 1)
    joined = [touching(first, last, line, move, voxels.shape, reach=0) for move in ((1, 0), (0, 1))]
    ends = np.flatnonzero(open_)
    joined.append((ends[:-1], ends[1:]))  # all that is open is one part
    found = _grouped(first, last, line, joined, y)
    if not ends.size:
        return found
    around = int(found.part[ends[0]])
    inner = found.part != around
    part = found.part[inner]
    return Parts(
        np.delete(found.sizes, around), first[inner], last[inner], line[inner], part - (part > around), found.lines
    )


def _runs(voxels: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """Return each run's first and last voxel and its line, ordered by line, then by place."""
    x, y, z = voxels.shape
    block = np.zeros((x + 1, y, z), dtype=np.bool_, order="F")  # a voxel of nothing ends every line
    block[:x] = voxels
    flat = block.ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if flat[0]:
        changes = np.concatenate([[0], changes])
    line, first = np.divmod(changes[::2], x + 1)
    return first, changes[1::2] - 1 - line * (x + 1), line


def touching(
    first: Ints, last: Ints, line: Ints, move: tuple[int, int], shape: tuple[int, ...], *, reach: int
) -> tuple[Ints, Ints]:
    """Return the pairs of runs that touch from a line to the one at (y, z) + move, at most `reach` voxels aside."""
    x, y, _ = shape
    wide, deep = x + 2, y + 2  # so that nothing wraps around to another line
    level, row = np.divmod(line, y)
    start = wide * (row + 1 + deep * level)
    low, high = start + first, start + last
    shift = wide * (move[0] + deep * move[1])
    begin = np.searchsorted(high, low + shift - reach)
    end = np.searchsorted(low, high + shift + reach, side="right")
    count = np.maximum(end - begin, 0)
    one = np.repeat(np.arange(first.size), count)
    within = np.arange(one.size) - np.repeat(np.cumsum(count) - count, count)
    return one, np.repeat(begin, count) + within


def _grouped(first: Ints, last: Ints, line: Ints, joined: list[tuple[Ints, Ints]], lines: int) -> Parts:
    """Return the parts that joined runs make."""
    from scipy import sparse
    from scipy.sparse import csgraph

    one, other = (np.concatenate([pair[side] for pair in joined]) for side in (0, 1))
    graph = sparse.coo_matrix((np.ones(one.size, np.int8), (one, other)), shape=(first.size, first.size))
    count, part = csgraph.connected_components(graph, directed=False)
    sizes = np.bincount(part, weights=last - first + 1, minlength=count).astype(np.int64)
    order = np.argsort(-sizes, kind="stable")
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    return Parts(sizes[order], first, last, line, rank[part], lines)
