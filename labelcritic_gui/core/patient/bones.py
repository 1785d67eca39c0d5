"""Bones that tell heights in a CT: iliac crest, hip joints, lowest ribs. Layer: core."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Point
from labelcritic_gui.core.patient.body import CoarseImage

_DENSE_HU = 280
_WING_END_CM2, _WING_CM2, _WING_TALL_MM = 1.5, 3.5, 25.0
_BESIDE_MM, _REACH_MM = 30.0, 80.0
_HIP_MM, _HIP_SIDE_MM, _HIP_BELOW_MM = 44.0, (50.0, 135.0), (85.0, 240.0)
_HIP_HU, _HIP_FILLED, _HIP_EDGE_MM = (80.0, 160.0), 0.62, 22.0
_RIB_HU, _MUSCLE_HU, _KIDNEY_HU, _RIB_NOISES = 230.0, 50.0, 195.0, 4.0
_RIB_SIDE_MM, _RIB_FRONT_MM, _RIB_WALL_MM = 50.0, 60.0, 60.0
_RIB_CM2, _RIB_VOXELS, _RIB_GAP_MM, _RIB_OVER_CREST_MM = 0.3, 4, 14.0, 14.0


@dataclass(frozen=True, slots=True)
class Bones:
    """Places of bones in world mm; None where they are not in view.

    Attributes:
        hip_right: middle of the patient's right hip joint (femoral head); `hip_left` likewise.
        ribs_right_z: lower end of the right ribs beside the spine, `ribs_left_z` of the left ones: where, coming down
            from the lungs, the first gap without bone begins.
    """

    hip_right: Point | None = None
    hip_left: Point | None = None
    ribs_right_z: float | None = None
    ribs_left_z: float | None = None

    @property
    def lowest_ribs_z(self) -> float | None:
        """Lower end of the ribs that are there on both sides."""
        known = [z for z in (self.ribs_right_z, self.ribs_left_z) if z is not None]
        return max(known) if len(known) == 2 else None


def offsets_of(image: CoarseImage, axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each column's distance from the midline in mm, shape (x, z); the patient's right is positive."""
    across: NDArray[np.float64] = (np.arange(image.hu.shape[0])[:, None] - axis[None, :]) * image.geometry.spacing[0]
    return across


def find_crest(
    image: CoarseImage, trunk: NDArray[np.bool_], axis: NDArray[np.float64], *, below: int, one_side: bool
) -> int | None:
    """Return the highest slice of the run with much bone on both sides of the midline (the iliac wings), below `below`.

    Ribs are thinner in section; the run around the slice with most bone is taken. With `one_side` a side that the
    image does not show does not count.
    """
    step_z = image.geometry.spacing[2]
    offset = offsets_of(image, axis)
    counts = ((image.hu > _DENSE_HU) & trunk).sum(axis=1) * image.pixel_cm2
    sides = []
    for beside, shown in ((offset > _BESIDE_MM, offset.max(axis=0)), (offset < -_BESIDE_MM, -offset.min(axis=0))):
        if not one_side or float(np.median(shown)) >= _REACH_MM:
            sides.append((counts * beside).sum(axis=0))
    if not sides:
        return None
    least = np.min(sides, axis=0)
    least[below:] = 0.0
    if least.max(initial=0.0) < 2.0 * _WING_CM2:
        return None
    low = high = int(np.argmax(least))
    while high + 1 < least.size and least[high + 1 : high + 3].max() >= _WING_END_CM2:
        high += 1
    while low and least[low - 1] >= _WING_END_CM2:
        low -= 1
    return high if (high - low) * step_z >= _WING_TALL_MM else None


def find_hips(
    image: CoarseImage, trunk: NDArray[np.bool_], middle: float, *, top: int
) -> tuple[Point | None, Point | None]:
    """Return the middles of the right and left hip joint: the ball of bone of a femoral head's size, below `top`.

    `middle` is the pelvis' midline as index along x; `top` the slice of the iliac crest.
    """
    step_x, _, step_z = image.geometry.spacing
    filled = np.flatnonzero(trunk.any(axis=(0, 1)))
    low = max(top - round(_HIP_BELOW_MM[1] / step_z), int(filled[0]))
    high = top - round(_HIP_BELOW_MM[0] / step_z)
    if high - low < _HIP_MM / step_z / 2.0:
        return None, None
    near, far = (round(mm / step_x) for mm in _HIP_SIDE_MM)
    right = slice(max(int(middle) + near, 0), max(int(middle) + far, 0))
    left = slice(max(int(middle) - far, 0), max(int(middle) - near, 0))
    return _ball(image, trunk, right, slice(low, high)), _ball(image, trunk, left, slice(low, high))


def _ball(image: CoarseImage, trunk: NDArray[np.bool_], columns: slice, slices: slice) -> Point | None:
    """Return the middle of the fullest cube of bone; None when none is full, or it may go on beyond the image."""
    from scipy import ndimage

    hu, inside = image.hu[columns, :, slices], trunk[columns, :, slices]
    step = image.geometry.spacing
    if min(hu.shape) < 4:
        return None
    bone = np.clip((hu - np.float32(_HIP_HU[0])) * np.float32(1.0 / (_HIP_HU[1] - _HIP_HU[0])), 0.0, 1.0) * inside
    size = [2 * round((_HIP_MM / s - 1.0) / 2.0) + 1 for s in step]
    full = ndimage.uniform_filter(bone.astype(np.float32), size, mode="constant")
    at = np.unravel_index(int(np.argmax(full)), full.shape)
    across = at[0] + columns.start
    edges = at[2] * step[2], across * step[0], (image.hu.shape[0] - 1 - across) * step[0]
    if float(full[at]) < _HIP_FILLED * np.pi / 6.0 or min(edges) < _HIP_EDGE_MM:
        return None
    index = np.array([at[0] + columns.start, at[1], at[2] + slices.start], dtype=float)
    x, y, z = (float(v) for v in image.geometry.to_world(index))
    return x, y, z


def find_rib_ends(
    image: CoarseImage,
    trunk: NDArray[np.bool_],
    axis: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    lung_base: int | None,
    crest: int | None,
) -> tuple[float | None, float | None]:
    """Return the world z of the lower ends of the right and left ribs behind and beside the spine; None if unknown.

    `axis` is the spine's index along x and y per slice. From the lowest lung (or, without it, from the iliac crest
    upwards) the ribs are followed to the first gap of `_RIB_GAP_MM` without bone; ribs that reach the crest or the
    image's lower end have no end in view.
    """
    if lung_base is None and crest is None:
        return None, None
    step_x, step_y, step_z = image.geometry.spacing
    bottom = int(np.flatnonzero(trunk.any(axis=(0, 1)))[0])
    if crest is not None:
        bottom = max(bottom, crest + round(_RIB_OVER_CREST_MM / step_z))
    top = (trunk.shape[2] if lung_base is None else lung_base) + 1
    if top - bottom < 2:
        return None, None
    rows = slice(bottom, top)
    least = max(_RIB_HU, _KIDNEY_HU + _RIB_NOISES * _noise(image, trunk))
    bone = (image.hu[:, :, rows] > least) & _near_skin(trunk[:, :, rows], step_x, step_y)
    front = axis[1][rows] + _RIB_FRONT_MM / step_y
    bone &= (np.arange(bone.shape[1])[:, None] < front)[None]
    bone = _without_specks(bone)
    offset, area = offsets_of(image, axis[0])[:, rows], bone.sum(axis=1) * image.pixel_cm2
    ends = []
    for beside in (offset > _RIB_SIDE_MM, offset < -_RIB_SIDE_MM):
        there = (area * beside).sum(axis=0) >= _RIB_CM2
        k = _end_of_run(there, gap=max(1, round(_RIB_GAP_MM / step_z)), downwards=lung_base is not None)
        ends.append(None if k is None else float(image.slice_z[bottom + k]) - 0.5 * step_z)
    return ends[0], ends[1]


def _noise(image: CoarseImage, trunk: NDArray[np.bool_]) -> float:
    """Return about the standard deviation of the noise in muscle in HU, from neighbours along x."""
    middle = trunk.shape[2] // 2
    hu, inside = image.hu[:, :, middle - 2 : middle + 3].astype(np.float32), trunk[:, :, middle - 2 : middle + 3]
    lean = inside & (hu > _MUSCLE_HU - 100.0) & (hu < _MUSCLE_HU + 100.0)
    steps = np.abs(np.diff(hu, axis=0))[lean[1:] & lean[:-1]]
    return float(np.median(steps)) / 0.954 if steps.size else 0.0


def _without_specks(bone: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the parts of some voxels, in any direction; noise makes smaller ones."""
    from scipy import ndimage

    parts, _ = ndimage.label(bone, np.ones((3, 3, 3)))
    kept = np.bincount(parts.ravel()) >= _RIB_VOXELS
    kept[0] = False
    return np.asarray(kept[parts], dtype=np.bool_)


def _near_skin(trunk: NDArray[np.bool_], step_x: float, step_y: float) -> NDArray[np.bool_]:
    """Return the part of the trunk within `_RIB_WALL_MM` of the skin, measured to the sides and to the back."""
    from_left = np.cumsum(trunk, axis=0, dtype=np.int16)
    from_right = from_left[-1] - from_left + trunk
    behind = np.cumsum(trunk, axis=1, dtype=np.int16)
    beside = np.minimum(from_left, from_right) <= _RIB_WALL_MM / step_x
    return np.asarray(trunk & (beside | (behind <= _RIB_WALL_MM / step_y)), dtype=np.bool_)


def _end_of_run(there: NDArray[np.bool_], *, gap: int, downwards: bool) -> int | None:
    """Return the lowest slice of the ribs, given where bone is; None when no gap shows that they end."""
    hits = np.flatnonzero(there)
    if hits.size == 0 or (hits[0] < gap - 1 and not downwards):
        return None
    if not downwards:
        return int(hits[0])
    if there.size - 1 - hits[-1] >= 2 * gap:
        return None
    steps = np.diff(hits)
    breaks = np.flatnonzero(steps > gap)
    low = int(hits[breaks[-1] + 1]) if breaks.size else int(hits[0])
    return low if low >= gap else None
