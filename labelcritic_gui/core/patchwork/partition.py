"""The regions that candidates share out the space among: connected, and claimed by the same of them. Layer: core.

Every voxel that somebody claims is in exactly one region: a 26-connected part of the voxels that the same candidates
claim. A region that all claim is common; every other is a difference. A region is named by its first voxel in the
order of z, then y, then x of the canonical grid, so that its name depends on the masks alone, not on how files store
them or in which order the candidates are given.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.geometry import Geometry, Index3, Mask, Point, joint_box, world_point
from labelcritic_gui.core.measures.runs import Ints, touching

_MOVES = ((1, 0), (-1, 1), (0, 1), (1, 1))
"""From a line of voxels to the four of its eight neighbours that come after it, as (y, z)."""


@dataclass(frozen=True, slots=True)
class Region:
    """One region. `name` is its first voxel (index of the canonical grid), `claimants` are numbers from 1.

    `place` is the voxel closest to its centre, `low` and `high` the corners of its box, world RAS+ mm.
    """

    name: Index3
    claimants: tuple[int, ...]
    common: bool
    voxels: int
    ml: float
    place: Point
    low: Point
    high: Point


class Partition:
    """The regions of one to four masks on one grid, largest first; of equal ones, the one with the first voxel first.

    Regions are numbered from 0. `box` is the part of the grid that holds all masks, `shape` its size; `codes` says of
    every region who claims it: bit n for candidate n + 1. `sizes` are in voxels.
    """

    def __init__(self, masks: Sequence[Mask]) -> None:
        self.geometry: Geometry = masks[0].geometry
        self.box = joint_box(list(masks))
        self.candidates = len(masks)
        x, y, z = (s.stop - s.start for s in self.box)
        self.shape: Index3 = (x, y, z)
        self._first, self._last, self._line, code = _runs(_claims(masks, self.box))
        one, other = self._touching()
        same = code[one] == code[other]
        region, count = _joined(self._first.size, one[same], other[same])
        sizes = np.bincount(region, weights=self._last - self._first + 1, minlength=count).astype(np.int64)
        firsts = np.full(count, self._first.size, dtype=np.int64)
        np.minimum.at(firsts, region, np.arange(region.size))
        order = np.lexsort((firsts, -sizes))
        rank = np.empty(count, dtype=np.int64)
        rank[order] = np.arange(count)
        self.sizes: Ints = sizes[order]
        self.codes: NDArray[np.uint8] = code[firsts[order]]
        self._firsts: Ints = firsts[order]
        self._region: Ints = rank[region]
        self.edges = _unique_pairs(self._region[one[~same]], self._region[other[~same]], count)

    def __len__(self) -> int:
        return self.sizes.size

    @property
    def origin(self) -> Index3:
        """The first voxel of the box, as an index of the grid."""
        x, y, z = (s.start for s in self.box)
        return x, y, z

    @property
    def common(self) -> NDArray[np.bool_]:
        """Say of every region whether all candidates claim it."""
        return np.asarray(self.codes == 2**self.candidates - 1, dtype=np.bool_)

    def claimed_by(self, source: int) -> NDArray[np.bool_]:
        """Say of every region whether a candidate, from 1, claims it."""
        return np.asarray(self.codes >> (source - 1) & 1, dtype=np.bool_)

    def number_of(self, name: Index3) -> int:
        """Return the number of a region by its name; raises ReviewError when none begins there."""
        number = self.number_at(name)
        if number is None or self.name_of(number) != name:
            raise ReviewError(
                f"No region of these masks begins at voxel {name[0]}, {name[1]}, {name[2]}.",
                "The recipe was made for other masks.",
            )
        return number

    def number_at(self, index: Index3) -> int | None:
        """Return the number of the region that a voxel of the grid is in; None where nobody claims it."""
        x, y, z = (n - s.start for n, s in zip(index, self.box, strict=True))
        if not all(0 <= n < size for n, size in zip((x, y, z), self.shape, strict=True)):
            return None
        run = int(np.searchsorted(self._starts, self._start(x, y + self.shape[1] * z), side="right")) - 1
        if run < 0 or self._line[run] != y + self.shape[1] * z or x > self._last[run]:
            return None
        return int(self._region[run])

    def name_of(self, number: int) -> Index3:
        """Return the first voxel of a region, an index of the grid."""
        run = self._firsts[number]
        z, y = divmod(int(self._line[run]), self.shape[1])
        x0, y0, z0 = self.origin
        return int(self._first[run]) + x0, y + y0, z + z0

    def flat(self, numbers: Iterable[int]) -> Ints:
        """Return the voxels of some regions as places in the box, counted in Fortran order."""
        own = [self._runs_of(n) for n in numbers]
        runs = np.concatenate(own) if own else np.zeros(0, dtype=np.int64)
        start = self._line[runs] * self.shape[0] + self._first[runs]
        return places_of(start, self._last[runs] - self._first[runs] + 1)

    def region(self, number: int) -> Region:
        """Return what is to be said of a region."""
        low, high = self._box_of(number)
        corners = np.array(np.meshgrid(*np.stack([low - 0.5, high + 0.5]).T, indexing="ij")).reshape(3, -1).T
        world = self.geometry.to_world(corners + np.array(self.origin))
        ends = world.min(axis=0), world.max(axis=0)
        size, code = int(self.sizes[number]), int(self.codes[number])
        return Region(
            name=self.name_of(number),
            claimants=tuple(n + 1 for n in range(self.candidates) if code >> n & 1),
            common=bool(self.common[number]),
            voxels=size,
            ml=size * self.geometry.voxel_ml,
            place=world_point(self.geometry, self.origin, self._middle_of(number)),
            low=(float(ends[0][0]), float(ends[0][1]), float(ends[0][2])),
            high=(float(ends[1][0]), float(ends[1][1]), float(ends[1][2])),
        )

    def alone(self, number: int) -> Mask:
        """Return a region as a mask."""
        inside = np.zeros(int(np.prod(self.shape)), dtype=np.bool_)
        inside[self.flat([number])] = True
        low, high = self._box_of(number)
        crop = inside.reshape(self.shape, order="F")[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))]
        x, y, z = (int(n) for n in low + np.array(self.origin))
        return Mask(np.asfortranarray(crop), (x, y, z), self.geometry)

    def _runs_of(self, number: int) -> Ints:
        return self._by_region[self._ends[number] : self._ends[number + 1]]

    def _box_of(self, number: int) -> tuple[Ints, Ints]:
        """Return the first and the last voxel of a region's box, indices of the partition's box."""
        runs = self._runs_of(number)
        z, y = np.divmod(self._line[runs], self.shape[1])
        low = np.array([self._first[runs].min(), y.min(), z.min()])
        return low, np.array([self._last[runs].max(), y.max(), z.max()])

    def _middle_of(self, number: int) -> NDArray[np.float64]:
        """Return the voxel of a region that is closest to its centre of mass."""
        runs = self._runs_of(number)
        first, last = self._first[runs], self._last[runs]
        z, y = np.divmod(self._line[runs], self.shape[1])
        centre = [np.average(n, weights=last - first + 1) for n in ((first + last) / 2, y, z)]
        x = np.clip(np.rint(centre[0]), first, last)
        nearest = int(np.argmin((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2))
        return np.array([x[nearest], y[nearest], z[nearest]], dtype=np.float64)

    def parts_among(self, chosen: NDArray[np.bool_]) -> Ints:
        """Return the 26-connected part that each region belongs to when the chosen ones are joined, shape (regions,).

        Only the numbers of chosen regions mean something.
        """
        one, other = self.edges
        both = chosen[one] & chosen[other]
        return _joined(len(self), one[both], other[both])[0]

    def rank_of_first(self, numbers: Ints) -> Ints:
        """Return a number for each region that rises with the place of its first voxel."""
        return self._firsts[numbers]

    @cached_property
    def _starts(self) -> Ints:
        return self._start(self._first, self._line)

    def _start(self, first: Ints | int, line: Ints | int) -> Ints:
        return np.asarray(line, dtype=np.int64) * (self.shape[0] + 1) + first

    @cached_property
    def _by_region(self) -> Ints:
        return np.argsort(self._region, kind="stable")

    @cached_property
    def _ends(self) -> Ints:
        return np.concatenate([[0], np.cumsum(np.bincount(self._region, minlength=len(self)))])

    def _touching(self) -> tuple[Ints, Ints]:
        """Return the pairs of runs that touch, by a face, an edge or a corner."""
        first, last, line = self._first, self._last, self._line
        pairs = [touching(first, last, line, move, self.shape, reach=1) for move in _MOVES]
        beside = np.flatnonzero((line[1:] == line[:-1]) & (first[1:] == last[:-1] + 1))
        pairs.append((beside, beside + 1))
        return np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])


def places_of(starts: Ints, lengths: Ints) -> Ints:
    """Return the places that runs of some lengths cover, run after run."""
    ends = np.cumsum(lengths)
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(int(ends[-1]) if ends.size else 0)


def _claims(masks: Sequence[Mask], box: tuple[slice, slice, slice]) -> NDArray[np.uint8]:
    """Return who claims every voxel of a box, a bit for each mask, with a voxel of nothing after each line along x."""
    shape = [s.stop - s.start for s in box]
    claims = np.zeros((shape[0] + 1, *shape[1:]), dtype=np.uint8, order="F")
    for n, mask in enumerate(masks):
        if not mask.is_empty:
            part = claims[tuple(slice(m.start - b.start, m.stop - b.start) for m, b in zip(mask.box, box, strict=True))]
            part |= mask.voxels.view(np.uint8) << np.uint8(n)
    return claims


def _runs(claims: NDArray[np.uint8]) -> tuple[Ints, Ints, Ints, NDArray[np.uint8]]:
    """Return first and last voxel, line and claimants of every run that somebody claims, in the order of lines."""
    flat = claims.ravel(order="F")
    if not flat.size:
        none = np.zeros(0, dtype=np.int64)
        return none, none, none, np.zeros(0, dtype=np.uint8)
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    ends = np.concatenate([starts[1:], [flat.size]])
    code = flat[starts]
    claimed = code != 0
    line, first = np.divmod(starts[claimed], claims.shape[0])
    return first, first + (ends - starts)[claimed] - 1, line, code[claimed]


def _joined(count: int, one: Ints, other: Ints) -> tuple[Ints, int]:
    """Return the group of each thing when pairs of them belong together, and how many groups there are."""
    from scipy import sparse
    from scipy.sparse import csgraph

    if not count:
        return np.zeros(0, dtype=np.int64), 0
    graph = sparse.coo_matrix((np.ones(one.size, np.int8), (one, other)), shape=(count, count))
    groups, group = csgraph.connected_components(graph, directed=False)
    return group.astype(np.int64), int(groups)


def _unique_pairs(one: Ints, other: Ints, count: int) -> tuple[Ints, Ints]:
    pairs = np.unique(np.minimum(one, other) * max(count, 1) + np.maximum(one, other))
    low, high = np.divmod(pairs, max(count, 1))
    return low, high
