"""Lungs in a CT: which air inside the body is lung, how much of each side is in view, the domes. Layer: core."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.patient.body import LUNG_HU, CoarseImage, room_air, shrunk

_LUNG_ML, _SMALL_ML, _WHOLE_LUNG_ML = 15.0, 100.0, 600.0
_BACK_SHARE = 0.55
_OVER_ROOM_HU, _UNEVEN_HU = 50.0, 60.0
_SIDE_ML = 100.0
_DOME_FROM_MM, _DOME_TO_MM, _BEHIND_SHARE, _DOME_PERCENT = 40.0, 115.0, 0.65, 95.0
_DOME_COLUMNS, _OVER_DOME_MM = 12, 20.0


@dataclass(frozen=True, slots=True)
class Chest:
    """What the image shows of the lungs, per side of the spine; heights in world mm.

    Attributes:
        right_ml: volume of the patient's right lung in view, left_ml of the left one.
        dome_right_z: highest point of the diaphragm under the right lung, away from the heart (not the front third);
            None when that is not in view. `dome_left_z` likewise.
    """

    right_ml: float = 0.0
    left_ml: float = 0.0
    dome_right_z: float | None = None
    dome_left_z: float | None = None


def is_lung_tissue(hu: NDArray[Any], part: NDArray[np.bool_], room: float) -> bool:
    """Tell a part that is lung from gas in the bowel by what lies away from its walls.

    Lung is denser than the air in the `room`: much denser, or uneven by its vessels as no gas is.
    """
    core = shrunk(part)
    low, middle, high = np.percentile(hu[core if core.any() else part], (10, 50, 90))
    least = 2.0 if high - low < _UNEVEN_HU else 1.0
    return bool(middle - room > least * _OVER_ROOM_HU)


def find_lungs(image: CoarseImage, body: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], float]:
    """Return the air inside the body that is lung, and the volume in ml of what is not: gas.

    Lung has blood in it, and goes on beyond the top of the image unless it is there as a whole; a small part of it is
    the lowest end, which lies in the back half of the body.
    """
    from scipy import ndimage

    hu, voxel_ml = image.hu, image.geometry.voxel_ml
    air = (hu < LUNG_HU) & body
    parts, count = ndimage.label(air)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    whole = sizes * voxel_ml >= _WHOLE_LUNG_ML
    whole[np.unique(parts[:, :, _last_slice(body)])] = True
    whole[0] = False
    room = room_air(hu, body)
    boxes = ndimage.find_objects(parts)
    kept = np.zeros(count + 1, dtype=np.bool_)
    for part in np.flatnonzero(whole & (sizes * voxel_ml >= _LUNG_ML)):
        box = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in boxes[part - 1])
        inside = parts[box] == part
        if sizes[part] * voxel_ml < _SMALL_ML and _lies_in_front(inside, box, body):
            continue
        kept[part] = is_lung_tissue(hu[box], inside, room)
    lungs: NDArray[np.bool_] = kept[parts]
    return lungs, float(np.count_nonzero(air) - np.count_nonzero(lungs)) * voxel_ml


def _lies_in_front(inside: NDArray[np.bool_], box: tuple[slice, ...], body: NDArray[np.bool_]) -> bool:
    """Say whether the middle of a part lies too far in front for the lowest end of a lung."""
    rows = np.flatnonzero(body[:, :, box[2]].any(axis=(0, 2)))
    middle = box[1].start + float(np.nonzero(inside)[1].mean())
    return bool(middle > rows[0] + _BACK_SHARE * rows.size)


def _last_slice(body: NDArray[np.bool_]) -> int:
    """Return the uppermost slice with a body: padding may lie above it."""
    filled = np.flatnonzero(body.any(axis=(0, 1)))
    return int(filled[-1]) if filled.size else -1


def find_chest(
    image: CoarseImage, lungs: NDArray[np.bool_], body: NDArray[np.bool_], axis: NDArray[Any], middle: NDArray[Any]
) -> Chest:
    """Return what is in view of either lung; `axis` is the spine's index along x per slice, `middle` the trunk's."""
    if not lungs.any():
        return Chest()
    across = np.arange(lungs.shape[0])[:, None] - axis[None, :]
    found: dict[str, float | None] = {}
    for side, beside in (("right", across > 0.0), ("left", across < 0.0)):
        mine = lungs & beside[:, None, :]
        ml = float(np.count_nonzero(mine)) * image.geometry.voxel_ml
        found[f"{side}_ml"] = ml
        found[f"dome_{side}_z"] = _dome(image, mine, body, middle) if ml >= _SIDE_ML else None
    right, left = found["right_ml"] or 0.0, found["left_ml"] or 0.0
    return Chest(right, left, found["dome_right_z"], found["dome_left_z"])


def _dome(image: CoarseImage, lung: NDArray[np.bool_], body: NDArray[np.bool_], middle: NDArray[Any]) -> float | None:
    """Return the height of a dome: the highest of the lung's lower ends over the columns that stand on it."""
    step_x, _, step_z = image.geometry.spacing
    filled = np.flatnonzero(body.any(axis=(0, 1)))
    lowest, there = np.argmax(lung, axis=2), lung.any(axis=2)
    offset = np.abs(np.arange(lung.shape[0]) - float(np.median(middle[filled]))) * step_x
    there &= ((offset >= _DOME_FROM_MM) & (offset <= _DOME_TO_MM))[:, None]
    rows = np.flatnonzero(there.any(axis=0))
    if rows.size == 0:
        return None
    there[:, int(rows[0] + _BEHIND_SHARE * rows.size) + 1 :] = False
    ends = lowest[there & (lowest > filled[0])]
    if ends.size < _DOME_COLUMNS:
        return None
    top = int(np.percentile(ends, _DOME_PERCENT))
    if (filled[-1] - top) * step_z < _OVER_DOME_MM:
        return None
    return float(image.slice_z[top]) - 0.5 * step_z
