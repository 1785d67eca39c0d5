"""The body on a coarse grid of a CT: patient and not table, the air around it, the trunk without arms. Layer: core."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Geometry, Index3, Point, Volume

COARSE_MM, _FINE_MM = 4.0, 6.0
"""Edge of the coarse grid's voxels, about."""
LUNG_HU = -500
"""Below this is lung or air."""
_SKIN_HU, _PADDING_HU, _OVER_ROOM_HU, _CUT_SHARE = -300, -1200, 50.0, 0.4
_CLIPPED_SHARE, _OVER_CLIP_HU, _FAT_HU = 0.03, 20.0, -130.0
_EVERY, _EVEN_SHARE, _LITTLE_SHARE = 5, 0.75, 0.65
_LIMB_ML, _MUSCLE_HU, _LIMB_MUSCLE, _LIMB_BONE_HU, _LIMB_BONE = 40.0, (0.0, 110.0), 0.4, 250.0, 0.01
_ARM_FROM, _ARM_VALLEY_MM = 0.65, 16.0


@dataclass(frozen=True, eq=False, slots=True)
class CoarseImage:
    """A CT thinned to about 4 mm: `hu` [x, y, z], `steps` voxels of the image per coarse voxel along x, y, z."""

    hu: NDArray[Any] = field(repr=False)
    geometry: Geometry
    steps: Index3

    @property
    def clipped(self) -> bool:
        """Say whether a window has cut off all densities of air and lung."""
        lowest = self.hu.min()
        return bool(lowest > LUNG_HU and np.mean(self.hu == lowest) >= _CLIPPED_SHARE)

    @property
    def pixel_cm2(self) -> float:
        """Area of a coarse voxel in its slice."""
        return self.geometry.spacing[0] * self.geometry.spacing[1] / 100.0

    @property
    def slice_z(self) -> NDArray[np.float64]:
        """World z of each slice's centre in mm, rising."""
        nx, ny, nz = self.geometry.shape
        centres = np.column_stack([np.full(nz, 0.5 * (nx - 1)), np.full(nz, 0.5 * (ny - 1)), np.arange(nz)])
        return self.geometry.to_world(centres)[:, 2]


def thin(ct: Volume) -> CoarseImage:
    """Return every n-th voxel of a CT (canonical view), about 4 mm apart; what is no number becomes air."""
    steps = tuple(max(1, round(COARSE_MM / s)) for s in ct.geometry.spacing)
    # first copied in the order of memory, then turned: four times quicker than both at once
    hu = np.ascontiguousarray(ct.voxels[:: steps[0], :: steps[1], :: steps[2]].copy(order="K"))
    if hu.dtype.kind == "f":
        hu = np.nan_to_num(hu, nan=-1024.0)
    affine = ct.geometry.affine.copy()
    affine[:3, :3] = affine[:3, :3] * np.array(steps, dtype=float)
    shape = (int(hu.shape[0]), int(hu.shape[1]), int(hu.shape[2]))
    return CoarseImage(hu, Geometry(shape, affine), (steps[0], steps[1], steps[2]))


def find_body(image: CoarseImage) -> NDArray[np.bool_]:
    """Return the body on the coarse grid: skin included, table and tubes left out, its inside filled.

    It is the largest thick thing, and what lies beside it when that is a limb: muscle around bone.
    """
    from scipy import ndimage

    hu = image.hu
    solid = hu > (min(float(hu.min()) + _OVER_CLIP_HU, _FAT_HU) if image.clipped else _SKIN_HU)
    thick = shrunk(solid) if max(image.geometry.spacing) <= _FINE_MM else solid  # a chest wall is no thicker
    parts, count = ndimage.label(thick)
    if not count:
        return np.zeros(hu.shape, dtype=np.bool_)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    kept = np.zeros(count + 1, dtype=np.bool_)
    kept[int(np.argmax(sizes))] = True
    for part in np.flatnonzero(sizes * image.geometry.voxel_ml >= _LIMB_ML):
        kept[part] |= _is_limb(hu[parts == part])
    skin = kept[parts]
    for _ in range(2):
        skin = _grown(skin) & solid
    body = _filled(skin)
    return _with_open_lungs(hu, body) if is_cut_sideways(body) else body


def shrunk(voxels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the voxels whose neighbours along each axis are inside too; what lies beyond the grid counts as inside."""
    inner = voxels.copy()
    for axis in range(voxels.ndim):
        mine, source = np.moveaxis(inner, axis, 0), np.moveaxis(voxels, axis, 0)
        mine[1:] &= source[:-1]
        mine[:-1] &= source[1:]
    return inner


def _grown(voxels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the voxels and their neighbours along each axis."""
    return ~shrunk(~voxels)


def _is_limb(hu: NDArray[Any]) -> bool:
    """Tell a limb from a part of the table by its muscle and bone."""
    muscle = np.mean((hu > _MUSCLE_HU[0]) & (hu < _MUSCLE_HU[1]))
    return bool(muscle >= _LIMB_MUSCLE and np.mean(hu > _LIMB_BONE_HU) >= _LIMB_BONE)


def _filled(skin: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return everything that the air around the body does not reach, slice by slice."""
    from scipy import ndimage

    in_plane = np.zeros((3, 3, 3))
    in_plane[:, 1, 1] = in_plane[1, :, 1] = 1
    air, count = ndimage.label(~skin, structure=in_plane)
    outside = np.zeros(count + 1, dtype=np.bool_)
    for side in (air[0], air[-1], air[:, 0], air[:, -1]):
        outside[side.ravel()] = True
    outside[0] = False
    filled: NDArray[np.bool_] = ~outside[air]
    return filled


def is_cut_sideways(body: NDArray[np.bool_]) -> bool:
    """Say whether an image shows only part of the body's width: its sides cut deep into most slices."""
    return float(np.mean(_cut_shares(body) >= _CUT_SHARE)) > _CUT_SHARE


def has_middle(body: NDArray[np.bool_]) -> bool:
    """Say whether the body's middle along x is about known: its sides are in view but for little, or cut alike."""
    if not is_cut_sideways(body) or float(np.median(_cut_shares(body))) < _LITTLE_SHARE:
        return True
    left, right = (int(np.count_nonzero(body[side])) for side in (0, -1))
    return min(left, right) >= _EVEN_SHARE * max(left, right)


def _cut_shares(body: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how much of the body's depth the image's sides cut on each slice with a body; none gives one zero."""
    depth, chord = body.any(axis=0).sum(axis=0), np.maximum(body[0].sum(axis=0), body[-1].sum(axis=0))
    filled = depth > 0
    return chord[filled] / depth[filled] if filled.any() else np.zeros(1)


def _with_open_lungs(hu: NDArray[Any], body: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the body with the air around it that is no room air: lungs that the image's sides cut open."""
    from scipy import ndimage

    parts, count = ndimage.label((hu < LUNG_HU) & ~body)
    least = room_air(hu, body) + _OVER_ROOM_HU
    is_lung = [False, *(bool(np.median(hu[parts == part]) > least) for part in range(1, count + 1))]
    return np.asarray(body | np.array(is_lung)[parts], dtype=np.bool_)


def room_air(hu: NDArray[Any], body: NDArray[np.bool_]) -> float:
    """Return the density of the air around a body, which not every scanner gives as -1000; padding is no air."""
    around = hu[(hu < LUNG_HU) & (hu > _PADDING_HU) & ~body][::_EVERY]
    return min(max(float(np.percentile(around, 25)), -1100.0), -980.0) if around.size else -1000.0


def trunk_of(body: NDArray[np.bool_], step_mm: Point) -> NDArray[np.bool_]:
    """Return the body without arms that lie beside it.

    Seen from the middle outwards the trunk only gets thinner; where it gets thicker again by `_ARM_VALLEY_MM` or more
    (from front to back) an arm begins. Arms on the belly or above the head are not told from the trunk.
    """
    thick = body.sum(axis=1) * step_mm[1]
    filled = np.flatnonzero(thick.any(axis=0))
    if not filled.size:
        return body
    across = np.arange(body.shape[0])
    low, high = np.zeros(body.shape[2], dtype=int), np.full(body.shape[2], body.shape[0] - 1)
    for k in filled:
        middle = int(np.searchsorted(np.cumsum(thick[:, k]), 0.5 * thick[:, k].sum()))
        most = float(thick[:, k].max())
        high[k] = middle + _arm_begins(thick[middle:, k], most)
        low[k] = middle - _arm_begins(thick[middle::-1, k], most)
    inside = (across[:, None] >= low) & (across[:, None] <= high)
    return np.asarray(body & inside[:, None, :], dtype=np.bool_)


def _arm_begins(outwards: NDArray[np.float64], most: float) -> int:
    """Return how many columns from the middle belong to the trunk, given the body's thickness from there outwards."""
    beyond = np.maximum.accumulate(outwards[::-1])[::-1]
    valley = (beyond - outwards >= _ARM_VALLEY_MM) & (outwards < _ARM_FROM * most)
    if not valley.any():
        return len(outwards) - 1
    first = int(np.argmax(valley))
    rise = first + int(np.argmax(outwards[first:] >= outwards[first] + _ARM_VALLEY_MM))
    return first + int(np.argmin(outwards[first : rise + 1]))


def extent(body: NDArray[np.bool_], geometry: Geometry) -> tuple[Point | None, Point | None]:
    """Return two opposite corners of the body's box in world mm; None when there is no body."""
    spans = [np.flatnonzero(body.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    if any(span.size == 0 for span in spans):
        return None, None
    world = geometry.to_world(np.array([[span[0], span[-1]] for span in spans], dtype=float).T)
    low, high = (tuple(float(v) for v in row) for row in (world.min(axis=0), world.max(axis=0)))
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def median_width(trunk: NDArray[np.bool_], step_x: float) -> float | None:
    """Return the trunk's median width from left to right in mm; None when there is none."""
    widths = trunk.any(axis=1).sum(axis=0)
    return float(np.median(widths[widths > 0])) * step_x if widths.any() else None
