"""How far two surfaces lie apart: surface Dice, Hausdorff distance, mean distance. Layer: core.

Defined as by Nikolov et al., Clinically applicable segmentation of head and neck anatomy for radiotherapy, J Med
Internet Res 23(7):e26151 (2021), https://doi.org/10.2196/26151: every piece of a surface counts by the area of its
triangles (`triangles`), and its distance is that to the nearest piece of the other surface, in 3-D and in mm, whatever
the spacing. Where both surfaces pass the same place the distance is 0 without any search.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Geometry, Mask
from labelcritic_gui.core.measures.surfaces import Surface, surface_of

Corners = NDArray[np.int64]
_ROUNDING_MM = 1e-6
_REACH, _FEW = 3.0, 200


@dataclass(frozen=True, slots=True)
class SurfaceAgreement:
    """How far two surfaces lie apart; the same whichever mask comes first.

    `dice_1mm` is the share of both surfaces' area that lies within 1 mm of the other (0..1), `dice_2mm` and `dice_3mm`
    likewise; `hd95_mm` the distance within which 95 % of a surface's area lie, of the surface that is further off;
    `mean_mm` the mean over both surfaces' area; `max_mm` the largest (the Hausdorff distance of the surfaces).
    """

    dice_1mm: float
    dice_2mm: float
    dice_3mm: float
    hd95_mm: float
    mean_mm: float
    max_mm: float


def surface_agreement(first: Mask, second: Mask) -> SurfaceAgreement | None:
    """Compare the surfaces of two masks on the same grid; None when one of them is empty, for then there is none."""
    if first.is_empty or second.is_empty:
        return None
    one, two = surface_of(first), surface_of(second)
    sides = (distances(one, two), one.triangles()), (distances(two, one), two.triangles())
    # sums of one side and of the other: to the last digit the same whichever mask comes first
    whole = sum(float(areas.sum()) for _, areas in sides)

    def within(mm: float) -> float:
        return sum(float(areas[away <= mm + _ROUNDING_MM].sum()) for away, areas in sides) / whole

    return SurfaceAgreement(
        dice_1mm=within(1.0),
        dice_2mm=within(2.0),
        dice_3mm=within(3.0),
        hd95_mm=max(_within_which(0.95, away, areas) for away, areas in sides),
        mean_mm=sum(float(away @ areas) for away, areas in sides) / whole,
        max_mm=max(float(away.max()) for away, _ in sides),
    )


def distances(here: Surface, there: Surface) -> NDArray[np.float64]:
    """Return the distance in mm of each piece of one surface to the nearest piece of another, shape (n,), exact.

    Both lie on the same grid; the other surface must have a piece (ValueError).
    """
    if not there.corners.size:
        raise ValueError("a distance to a surface needs one")
    at = np.minimum(np.searchsorted(there.corners, here.corners), there.corners.size - 1)
    apart = np.flatnonzero(there.corners[at] != here.corners)
    away = np.zeros(here.corners.size)
    if apart.size:
        away[apart] = _searched(here.index()[:, apart], there.index(), here.geometry)
    return away


def _searched(points: Corners, target: Corners, geometry: Geometry) -> NDArray[np.float64]:
    """Return the distance in mm from each corner, shape (3, n), to the nearest of another set, shape (3, m).

    Three exact ways, by what is cheapest: close by, the grid's offsets are looked up from the nearest outwards; what is
    further off asks a k-d tree or, since a tree's answers take long where everything is far, goes slice by slice.
    """
    away = _close_by(points, target, geometry)
    far = np.flatnonzero(np.isinf(away))
    if far.size:
        away[far] = _far_off(points[:, far], target, geometry)
    return away


def _close_by(points: Corners, target: Corners, geometry: Geometry) -> NDArray[np.float64]:
    """Return the distances of those corners that have the other set within about three voxels; infinite else."""
    offsets, lengths = _offsets(tuple(np.round(geometry.affine[:3, :3], 6).ravel().tolist()))
    reach = np.abs(offsets).max(axis=1)
    away = np.full(points.shape[1], np.inf)
    low = np.maximum(points.min(axis=1) - reach, target.min(axis=1))
    high = np.minimum(points.max(axis=1) + reach, target.max(axis=1))
    asked = _within(points, low - reach, high + reach)
    held = _within(target, low, high)
    if not (asked.size and held.size):
        return away
    low, size = low - 2 * reach, high - low + 1 + 4 * reach
    strides = np.array([1, size[0], size[0] * size[1]])
    grid = np.zeros(int(np.prod(size)), dtype=np.bool_)
    grid[_flat(target, low, strides)[held]] = True
    where = _flat(points, low, strides)[asked]
    hit = np.zeros(asked.size, dtype=np.bool_)
    for step, (move, length) in enumerate(zip(strides @ offsets, lengths, strict=True)):
        hit |= grid[where + move]
        if step + 1 == len(lengths) or lengths[step + 1] > length:
            away[asked[hit]] = length
            asked, where = asked[~hit], where[~hit]
            hit = np.zeros(asked.size, dtype=np.bool_)
    return away


def _within(corners: Corners, low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which corners lie in a box, both ends included."""
    inside = np.ones(corners.shape[1], dtype=np.bool_)
    for values, least, most in zip(corners, low, high, strict=True):
        inside &= (values >= least) & (values <= most)
    return np.flatnonzero(inside)


def _flat(corners: Corners, low: NDArray[np.int64], strides: NDArray[np.int64]) -> NDArray[np.int64]:
    number: NDArray[np.int64] = strides @ corners - int(low @ strides)
    return number


@lru_cache(maxsize=64)
def _offsets(edges: tuple[float, ...]) -> tuple[Corners, NDArray[np.float64]]:
    """Return the steps on the grid up to about three voxels long, shape (3, n), and their lengths in mm, rising.

    Every step of that length or less is among them, also on oblique grids.
    """
    matrix = np.array(edges).reshape(3, 3)
    most = _REACH * abs(float(np.linalg.det(matrix))) ** (1.0 / 3.0)
    reach = np.ceil(most * np.linalg.norm(np.linalg.inv(matrix), axis=1)).astype(int)
    steps = np.indices(tuple(2 * reach + 1)).reshape(3, -1) - reach[:, None]
    lengths = np.round(np.linalg.norm(matrix @ steps, axis=0), 6)
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] <= most]
    return steps[:, order], lengths[order]


def _far_off(points: Corners, target: Corners, geometry: Geometry) -> NDArray[np.float64]:
    from scipy.spatial import KDTree

    edges = geometry.affine[:3, :3]
    here, there = ((edges @ corners.astype(np.float64)).T for corners in (points, target))
    # a few of the target's pieces bound how far off all of them are, so that most can be left out
    most, _ = KDTree(there[:: target.shape[1] // _FEW + 1]).query(here)
    reach = np.ceil(float(np.max(most)) * np.linalg.norm(np.linalg.inv(edges), axis=1)).astype(np.int64)
    near = _within(target, points.min(axis=1) - reach, points.max(axis=1) + reach)
    voxel_mm = (1000.0 * geometry.voxel_ml) ** (1.0 / 3.0)
    square = float(np.mean((most / (10.0 * voxel_mm)) ** 2))
    if _has_square_pixels(geometry) and _is_slow(points, target[:, near], square):
        return _by_slices(points, target[:, near], geometry, int(reach[2]))
    away, _ = KDTree(there[near], balanced_tree=False, leafsize=32).query(here)
    return np.asarray(away, dtype=np.float64)


def _is_slow(points: Corners, target: Corners, square: float) -> bool:
    """Say whether a tree takes longer than all slices, from the points' mean squared distance (in units of 10 voxels).

    The figures are microseconds, measured; which way is taken changes the time alone.
    """
    size = np.maximum(points.max(axis=1), target.max(axis=1)) - np.minimum(points.min(axis=1), target.min(axis=1)) + 1.0
    count = points.shape[1]
    by_slices = float(np.ptp(target[2]) + 1) * (0.014 * size[0] * size[1] + 0.0025 * count)
    return bool(count * (1.0 + square) > by_slices)


def _has_square_pixels(geometry: Geometry) -> bool:
    """Say whether x and y have one spacing and all three axes are at right angles."""
    gram = geometry.affine[:3, :3].T @ geometry.affine[:3, :3]
    return bool(np.allclose(gram, np.diag([gram[0, 0], gram[0, 0], gram[2, 2]]), atol=1e-6 * float(gram[0, 0])))


def _by_slices(points: Corners, target: Corners, geometry: Geometry, reach: int) -> NDArray[np.float64]:
    """Return the distances by the exact 2-D distance map of every slice of the target, and how far that slice is.

    The points are ordered by z; none is further off than `reach` slices.
    """
    import cv2

    low = np.minimum(points.min(axis=1), target.min(axis=1))
    size = np.maximum(points.max(axis=1), target.max(axis=1)) - low + 1
    pixel, thickness = geometry.spacing[0], geometry.spacing[2]
    where = (points[1] - low[1]) * size[0] + points[0] - low[0]
    order = np.argsort(target[2], kind="stable")
    column, row, level = target[:, order] - low[:, None]
    best = np.full(where.size, np.inf, dtype=np.float32)
    height = ((points[2] - low[2]) * thickness).astype(np.float32)
    ends = np.searchsorted(level, np.arange(size[2] + 1))
    levels = points[2] - low[2]
    for z in np.flatnonzero(np.diff(ends)):
        asked = slice(*np.searchsorted(levels, (z - reach, z + reach + 1)))
        if asked.start == asked.stop:
            continue
        here = slice(ends[z], ends[z + 1])
        plane = np.ones((size[1], size[0]), dtype=np.uint8)
        plane[row[here], column[here]] = 0
        flat = cv2.distanceTransform(plane, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).ravel()[where[asked]]
        pixels = np.rint(flat * flat)  # squared distances of pixels are whole numbers
        square = pixels * np.float32(pixel**2) + (height[asked] - np.float32(z * thickness)) ** 2
        np.minimum(best[asked], square, out=best[asked])
    return np.sqrt(best.astype(np.float64))


def _within_which(share: float, away: NDArray[np.float64], areas: NDArray[np.float64]) -> float:
    """Return the distance within which this share of the area lies."""
    order = np.argsort(away, kind="stable")
    so_far = np.cumsum(areas[order])
    at = int(np.searchsorted(so_far, share * so_far[-1]))
    return float(away[order[min(at, away.size - 1)]])
