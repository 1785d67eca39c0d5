"""One mask made larger and made smaller, both equally wrong: what a critic without a taste for size cannot tell apart.

Layer: core.
"""

import math

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Mask, joint_box

RATIO = 1.5
"""The larger mask has this many times the volume, the smaller one is as many times smaller: both have Dice 0.8."""
LEAST_VOXELS = 27
"""Fewer make no shape that could be larger or smaller."""
_GROWTH = 0.2
"""Share of its radius by which a ball grows to hold RATIO times the volume (0.145), and some."""


def larger_and_smaller(mask: Mask) -> tuple[Mask, Mask] | None:
    """Return a mask with the nearest voxels around it added, and one with the outermost voxels taken away.

    Their volumes are RATIO times and one RATIO-th of the mask's, so both have the same Dice to it: 2 / (1 + RATIO).
    None when the mask has too few voxels, or the image no room around it.
    """
    from scipy import ndimage

    count = mask.count
    if count < LEAST_VOXELS:
        return None
    spacing = mask.geometry.spacing
    radius = (3.0 * count * math.prod(spacing) / (4.0 * math.pi)) ** (1 / 3)
    box = joint_box([mask], margin=2 + math.ceil(_GROWTH * radius / min(spacing)))
    inside = mask.within(box)
    wanted, kept = round(count * RATIO) - count, round(count / RATIO)
    if np.count_nonzero(~inside) < wanted:
        return None
    # a mask that ends at the image's edge goes on beyond it: there is no boundary to move
    depth = ndimage.distance_transform_edt(inside, sampling=spacing)
    distance = ndimage.distance_transform_edt(~inside, sampling=spacing)
    # equal distances are told apart by how much of the mask is near, so that no side is cut off
    near = ndimage.uniform_filter(inside.astype(np.float32), size=5, mode="nearest")
    nearest = np.where(inside, np.inf, distance - 1e-3 * near)
    deepest = np.where(inside, -depth - 1e-3 * near, np.inf)
    origin = (box[0].start, box[1].start, box[2].start)
    larger = Mask.from_array(inside | _lowest(nearest, wanted), mask.geometry, offset=origin)
    return larger, Mask.from_array(_lowest(deepest, kept), mask.geometry, offset=origin)


def _lowest(values: NDArray[np.floating], count: int) -> NDArray[np.bool_]:
    """Return the places of so many of the lowest values."""
    chosen = np.zeros(values.size, dtype=np.bool_)
    chosen[np.argpartition(values, count - 1, axis=None)[:count]] = True
    return chosen.reshape(values.shape)
