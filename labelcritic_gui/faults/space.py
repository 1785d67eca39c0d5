"""A mask's neighbourhood as arrays in mm: distances, smooth random fields, selections by order. Layer: faults.

All arrays are [x, y, z] in Fortran order, as masks are; mixing orders costs several times the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Geometry, Index3, Mask, Point

Bits = NDArray[np.bool_]
Field = NDArray[np.float32]
Box = tuple[slice, slice, slice]
Rows = NDArray[np.int64]
Vector = NDArray[np.float64]

_WINDOW = 9
"""Voxels up to which a windowed distance is quicker than an exact transform of the whole patch."""
_SPREAD = np.float32(0.479**1.5)
"""Deviation of a cubic B-spline over a lattice of unit numbers: the mean of its squared weights, per axis, is 0.479."""


@dataclass(frozen=True, eq=False, slots=True)
class Patch:
    """Part of a grid around a mask: `inside` bool [x, y, z] from index `origin`."""

    inside: Bits
    origin: Index3
    geometry: Geometry

    @property
    def box(self) -> Box:
        """The slices of the whole grid that the patch covers."""
        x, y, z = (slice(o, o + n) for o, n in zip(self.origin, self.inside.shape, strict=True))
        return x, y, z

    @property
    def step(self) -> float:
        """The smallest voxel edge in mm."""
        return min(self.geometry.spacing)

    def mask(self, voxels: Bits) -> Mask:
        """Make a mask of an array on the patch."""
        return Mask.from_array(voxels, self.geometry, offset=self.origin)

    def world(self, index: NDArray[Any]) -> Vector:
        """Map patch indices (..., 3) to world mm."""
        return self.geometry.to_world(np.asarray(index) + np.array(self.origin))

    def distance(self, centre: Vector | Point) -> Field:
        """Distance of every voxel from a world point, in mm."""
        spots = self.geometry.to_index(np.asarray(centre)) - np.array(self.origin)
        parts = [
            ((np.arange(n) - spot) * step) ** 2
            for n, spot, step in zip(self.inside.shape, spots, self.geometry.spacing, strict=True)
        ]
        return np.sqrt(_outer_sum(parts))

    def along(self, direction: Vector | Point) -> Field:
        """Position of every voxel along a unit direction of the world, in mm from wherever."""
        per_axis = np.asarray(direction) @ self.geometry.affine[:3, :3]
        return _outer_sum([np.arange(n) * s for n, s in zip(self.inside.shape, per_axis, strict=True)])

    def ripples(self, rng: np.random.Generator, *, wave: float) -> Field:
        """A smooth random field on the patch, mean 0, deviation 1, bumps about `wave` mm wide."""
        matrices, nodes = [], []
        for n, step in zip(self.inside.shape, self.geometry.spacing, strict=True):
            places = np.arange(n) * (step / wave) + rng.uniform()
            count = int(places[-1]) + 4
            gaps = np.abs(places[:, None] + 1.0 - np.arange(count)[None, :])
            inner, outer = 2 / 3 - gaps**2 * (1 - gaps / 2), np.clip(2 - gaps, 0, None) ** 3 / 6
            matrices.append(np.where(gaps < 1, inner, outer).astype(np.float32))
            nodes.append(count)
        return interpolated(rng.standard_normal(nodes, dtype=np.float32), matrices) / _SPREAD


def interpolated(lattice: Field, matrices: Sequence[Field]) -> Field:
    """Return the field whose values along each axis are that axis's matrix (n, nodes) times the lattice [x, y, z]."""
    x, y, z = matrices
    slices = np.tensordot(z, lattice, axes=(1, 2)).transpose(0, 2, 1)
    full: Field = np.matmul(np.matmul(y, slices), x.T)
    return full.transpose(2, 1, 0)


def _outer_sum(parts: Sequence[NDArray[Any]]) -> Field:
    x, y, z = (np.asarray(p, dtype=np.float32) for p in parts)
    return ((z[:, None] + y[None, :])[:, :, None] + x[None, None, :]).transpose(2, 1, 0)


def patch_of(mask: Mask, *, margin_mm: float) -> Patch:
    """Return the patch around a mask, `margin_mm` wider than its box where the grid allows."""
    box = grown_box(mask.box, mask.geometry, margin_mm)
    return Patch(mask.within(box), (box[0].start, box[1].start, box[2].start), mask.geometry)


def patch_at(mask: Mask, *points: Vector | Point, reach_mm: float) -> Patch:
    """Return the part of a mask's grid that holds world points and `reach_mm` around them along each axis."""
    spots = np.rint(mask.geometry.to_index(np.array(points, dtype=float)))
    spots = np.clip(spots, 0, np.array(mask.geometry.shape) - 1).astype(int)
    x, y, z = (slice(int(s.min()), int(s.max()) + 1) for s in spots.T)
    box = grown_box((x, y, z), mask.geometry, reach_mm)
    return Patch(mask.within(box), (box[0].start, box[1].start, box[2].start), mask.geometry)


def grown_box(box: Box, geometry: Geometry, margin_mm: float) -> Box:
    """Return a box of the grid, wider by a margin in mm where the grid allows."""
    spans = []
    for span, n, step in zip(box, geometry.shape, geometry.spacing, strict=True):
        margin = int(np.ceil(margin_mm / step - 1e-6))
        spans.append(slice(max(span.start - margin, 0), min(span.stop + margin, n)))
    return spans[0], spans[1], spans[2]


def united(*masks: Mask) -> Mask:
    """Return the union of masks on one grid."""
    filled = [m for m in masks if not m.is_empty]
    if not filled:
        return masks[0]
    low = [min(m.origin[a] for m in filled) for a in range(3)]
    high = [max(m.origin[a] + m.voxels.shape[a] for m in filled) for a in range(3)]
    whole = np.zeros([h - lo for lo, h in zip(low, high, strict=True)], dtype=np.bool_, order="F")
    for mask in filled:
        x, y, z = (slice(s.start - lo, s.stop - lo) for s, lo in zip(mask.box, low, strict=True))
        whole[x, y, z] |= mask.voxels
    return Mask.from_array(whole, masks[0].geometry, offset=(low[0], low[1], low[2]))


def without(mask: Mask, other: Mask) -> Mask:
    """Return what is in the first mask and not in the second."""
    return Mask.from_array(mask.voxels & ~other.within(mask.box), mask.geometry, offset=mask.origin)


def nothing_on(geometry: Geometry) -> Mask:
    """Return the empty mask of a grid."""
    return Mask.from_array(np.zeros((1, 1, 1), dtype=np.bool_), geometry)


def near(inside: Bits, spacing: Sequence[float], *, limit: float) -> Field:
    """Distance in mm of every voxel from the nearest inside one (between centres), exact below `limit`, capped there.

    For short limits a squared distance is lowered axis by axis within a window, which is exact and needs no transform
    of the whole array; for long ones it is scipy's exact Euclidean transform.
    """
    if limit / min(spacing) > _WINDOW:
        from scipy import ndimage

        if not inside.any():
            return np.full(inside.shape, limit, dtype=np.float32, order="F")
        exact = ndimage.distance_transform_edt(~inside, sampling=spacing)
        return np.asfortranarray(np.minimum(np.asarray(exact), limit).astype(np.float32))
    far = np.float32(limit * limit)
    squares = np.where(inside, np.float32(0), far)
    for axis, step in enumerate(spacing):
        before = squares.swapaxes(0, axis)
        after = before.copy(order="K")
        for k in range(1, min(int(limit / step) + 1, len(before))):
            cost = np.float32((k * step) ** 2)
            np.minimum(after[k:], before[:-k] + cost, out=after[k:])
            np.minimum(after[:-k], before[k:] + cost, out=after[:-k])
        squares = after.swapaxes(0, axis)
    return np.sqrt(squares)


def first_of(inside: Bits, order: Field, count: int) -> Bits:
    """Return the `count` voxels of a selection that come first in `order`; ties at the end go along."""
    values = order.T[inside.T]
    if count <= 0 or values.size == 0:
        return np.zeros_like(inside)
    place = min(count, values.size) - 1
    limit = np.partition(values, place)[place]
    return np.asarray(inside & (order <= limit))


def rows_of(bits: Bits, *, most: int) -> Rows:
    """Return indices (n, 3) of at most about `most` voxels that are set, evenly taken in index order."""
    flat = np.flatnonzero(bits.ravel(order="F"))
    flat = flat[:: max(len(flat) // most, 1)]
    return np.stack(np.unravel_index(flat, bits.shape, order="F"), axis=1).astype(np.int64)


def principal_axes(patch: Patch) -> Vector:
    """Return the principal directions of a patch's mask as unit rows in the world, the longest first."""
    points = patch.world(rows_of(patch.inside, most=6000))
    if len(points) < 3:
        return np.eye(3)
    axes = np.linalg.eigh(np.cov(points.T))[1].T[::-1]
    # signed so that the strongest component is positive: which way round must not hang on rounding
    return np.asarray(axes * np.sign(axes[np.arange(3), np.abs(axes).argmax(axis=1)])[:, None])


def centroid(mask: Mask) -> Point:
    """World point in the middle of a mask."""
    sums = [mask.voxels.sum(axis=tuple(b for b in range(3) if b != a)) for a in range(3)]
    middle = [float(np.average(np.arange(len(s)), weights=s)) + o for s, o in zip(sums, mask.origin, strict=True)]
    x, y, z = mask.geometry.to_world(np.array(middle))
    return float(x), float(y), float(z)


def volume_radius(mask: Mask) -> float:
    """Radius in mm of the ball with the mask's volume."""
    return float((3000.0 * mask.volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0))


def place_of_change(before: Mask, after: Mask) -> Point | None:
    """World point of a voxel that differs, near the middle of all that differ; None when none does."""
    found = []
    for one, other in ((before, after), (after, before)):
        if not one.is_empty:
            found.append(rows_of(one.voxels & ~other.within(one.box), most=20_000) + np.array(one.origin))
    rows = np.concatenate(found) if found else np.zeros((0, 3), dtype=np.int64)
    if len(rows) == 0:
        return None
    points = before.geometry.to_world(rows)
    x, y, z = points[int(np.argmin(np.linalg.norm(points - points.mean(axis=0), axis=1)))]
    return float(x), float(y), float(z)
