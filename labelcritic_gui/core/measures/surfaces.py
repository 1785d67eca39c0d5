"""The surface of a mask as small pieces, each with a place and an area. Layer: core.

A surface passes through every corner of the voxel grid whose eight voxels are not all inside or all outside; what lies
beyond a mask's crop is outside. The area at such a corner follows from its eight voxels alone, by the formula of
Cauchy and Crofton: how often lines in 13 directions cross the surface. Unlike counting voxel faces, which finds half
too much of a ball at any resolution, that is right on average over all orientations: within 2 % (root mean square) for
cubic voxels, 7 % where slices are seven times as thick as pixels; planes along the grid's axes come out worst, 7 % low
for cubic voxels.
Source: Legland, Kieu & Devaux, Computation of Minkowski measures on 2D and 3D binary images, Image Anal Stereol 26,
83-92 (2007), https://doi.org/10.5566/ias.v26.p83-92.
"""

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Geometry, Mask
from labelcritic_gui.core.measures.triangles import triangle_areas

_SLAB = 16
_DIRECTIONS = np.array([d for d in itertools.product((-1, 0, 1), repeat=3) if d > (0, 0, 0)])
_SPHERE = 1000


@dataclass(frozen=True, eq=False, slots=True)
class Surface:
    """The pieces of a mask's surface, ordered by place.

    `corners` int64, shape (n,): the corner's number on the grid of all corners (one more than voxels along each axis, x
    fastest); `ways` uint8, shape (n,): which of its eight voxels are inside, bit dx + 2 dy + 4 dz.
    """

    corners: NDArray[np.int64]
    ways: NDArray[np.uint8]
    geometry: Geometry

    @property
    def area_cm2(self) -> float:
        """The whole surface's area in cm2, without the staircase."""
        counts = np.bincount(self.ways, minlength=256)
        return float(counts @ _areas(self._edges)) / 100.0

    def triangles(self) -> NDArray[np.float64]:
        """Return the area in mm2 of the triangles at each piece, shape (n,): the staircase's (`triangles`)."""
        return triangle_areas(self._edges)[self.ways]

    @property
    def _edges(self) -> tuple[float, ...]:
        return tuple(np.round(self.geometry.affine[:3, :3], 6).ravel().tolist())

    def index(self) -> NDArray[np.int64]:
        """Return the corners' indices along x, y, z, shape (3, n); corner i lies between voxels i - 1 and i."""
        rest, x = np.divmod(self.corners, self.geometry.shape[0] + 1)
        z, y = np.divmod(rest, self.geometry.shape[1] + 1)
        return np.stack([x, y, z])


def surface_of(mask: Mask) -> Surface:
    """Return the surface of a mask; an empty one has no pieces. Worked on in slabs of slices, without a copy."""
    found = [_slab(mask, low) for low in range(0, mask.voxels.shape[2] + 1, _SLAB)] if not mask.is_empty else []
    corners = np.concatenate([np.zeros(0, np.int64), *(at for at, _ in found)])
    ways = np.concatenate([np.zeros(0, np.uint8), *(way for _, way in found)])
    return Surface(corners, ways, mask.geometry)


def _slab(mask: Mask, low: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the surface's corners in some slices of a crop's corners, and which of their eight voxels are inside."""
    x, y, z = mask.voxels.shape
    high = min(low + _SLAB, z + 1)
    block = np.zeros((x + 2, y + 2, high - low + 1), dtype=np.uint8, order="F")
    first, last = max(low - 1, 0), min(high, z)
    block[1:-1, 1:-1, first - low + 1 : last - low + 1] = mask.voxels[:, :, first:last]
    pairs = block[:-1] | (block[1:] << 1)
    fours = pairs[:, :-1] | (pairs[:, 1:] << 2)
    codes = fours[:, :, :-1] | (fours[:, :, 1:] << 4)
    flat = codes.ravel(order="F")
    at = np.flatnonzero((flat + np.uint8(1)) > 1)  # neither 0 nor 255
    rest, column = np.divmod(at, x + 1)
    plane, row = np.divmod(rest, y + 1)
    i, j, k = mask.origin
    wide, deep = mask.geometry.shape[0] + 1, mask.geometry.shape[1] + 1
    return (column + i) + wide * ((row + j) + deep * (plane + (k + low))), flat[at]


@lru_cache(maxsize=64)
def _areas(edges: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the area in mm2 for each of the 256 ways in which a corner's voxels can be inside, shape (256,).

    Bit dx + 2 dy + 4 dz of a way is the voxel on that side. Between two voxels along a direction runs a line; within a
    corner's cell an edge is shared by four cells, a diagonal of a face by two, and one through the middle is its own.
    """
    matrix = np.array(edges).reshape(3, 3)
    steps = _DIRECTIONS @ matrix.T
    lengths = np.linalg.norm(steps, axis=1)
    shares = _shares_of_directions(steps / lengths[:, None])
    per_crossing = 2.0 * shares * abs(float(np.linalg.det(matrix))) / lengths
    inside = (np.arange(256)[:, None] >> np.arange(8)) & 1
    areas = np.zeros(256)
    for direction, area in zip(_DIRECTIONS, per_crossing, strict=True):
        shared = {1: 0.25, 2: 0.5, 3: 1.0}[int(np.abs(direction).sum())]
        for start in itertools.product((0, 1), repeat=3):
            end = np.array(start) + direction
            if ((end >= 0) & (end <= 1)).all():
                one, other = (int(np.dot(corner, (1, 2, 4))) for corner in (np.array(start), end))
                areas += shared * area * (inside[:, one] != inside[:, other])
    return areas


def _shares_of_directions(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of all orientations to which each direction, shape (n, 3), is the nearest.

    Counted on points spread evenly over the sphere, together with their mirror images and permutations, so that no axis
    and no side is favoured.
    """
    turn = np.arange(_SPHERE) + 0.5
    z, angle = 1.0 - 2.0 * turn / _SPHERE, np.pi * (1.0 + 5.0**0.5) * turn
    flat = np.sqrt(1.0 - z * z)
    some = np.abs(np.stack([flat * np.cos(angle), flat * np.sin(angle), z]))
    turned = [some[list(axes)] for axes in itertools.permutations(range(3))]
    sphere = np.concatenate([part.T * (x, y, 1.0) for part in turned for x in (-1, 1) for y in (-1, 1)])
    nearest = np.argmax(np.abs(sphere @ directions.T), axis=1)
    return np.bincount(nearest, minlength=len(directions)) / len(sphere)
