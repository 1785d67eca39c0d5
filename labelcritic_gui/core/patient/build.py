"""A patient's build from one level of the trunk, the third lumbar vertebra: width, depth, fat, size. Layer: core."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.patient.body import CoarseImage

LUMBAR_HEIGHT = 0.28
"""Anatomical height of the middle of L3 (0 iliac crest at L4, 1 lowest lung)."""
FAT_HU = (-190.0, -30.0)
"""Densities of fat: Kvist et al., Am J Clin Nutr 48 (1988) 1351-1361, as most CT studies of body composition use."""
USUAL_LEAN_CM2 = 330.0
"""Lean section at L3 whose size is 1. No published mean: it is a round figure for an adult."""
_AROUND_MM = 14.0
_RAYS, _BRIDGED_RAYS = 120, 9
_SKIN_MM = 5.0


@dataclass(frozen=True, slots=True)
class Build:
    """The trunk at mid-lumbar height, arms and table not counted.

    Attributes:
        z: world height in mm at which it was measured, mean over 28 mm.
        width_mm: from left to right; `depth_mm` from back to front.
        section_cm2: area of the section; `fat_cm2` of fat in it, `gas_cm2` of gas, `lean_cm2` of all else.
        subcutaneous_cm2: fat outside the wall of muscle; `visceral_cm2` fat inside it.
        size: sqrt(lean_cm2 / USUAL_LEAN_CM2), a length scale: 1 for a usual adult, little moved by fat. Volumes of
            organs go about with its cube.
    """

    z: float
    width_mm: float
    depth_mm: float
    section_cm2: float
    fat_cm2: float
    gas_cm2: float
    subcutaneous_cm2: float

    @property
    def lean_cm2(self) -> float:
        """Area of what is neither fat nor gas."""
        return self.section_cm2 - self.fat_cm2 - self.gas_cm2

    @property
    def visceral_cm2(self) -> float:
        """Area of fat inside the wall of muscle."""
        return self.fat_cm2 - self.subcutaneous_cm2

    @property
    def fat_share(self) -> float:
        """Share of fat in the section, 0..1."""
        return self.fat_cm2 / self.section_cm2

    @property
    def size(self) -> float:
        """Length scale of the lean section."""
        return float(np.sqrt(max(self.lean_cm2, 0.0) / USUAL_LEAN_CM2))


def find_build(image: CoarseImage, trunk: NDArray[np.bool_], z: float) -> Build | None:
    """Return the build at a world height; None when the image does not show the trunk there."""
    step_x, step_y, step_z = image.geometry.spacing
    heights = image.slice_z
    near = np.flatnonzero(np.abs(heights - z) <= max(_AROUND_MM, 0.5 * step_z))
    near = near[trunk[:, :, near].any(axis=(0, 1))]
    if near.size == 0 or not heights[0] - step_z <= z <= heights[-1] + step_z:
        return None
    part, hu = trunk[:, :, near], image.hu[:, :, near]
    fat = part & (hu >= FAT_HU[0]) & (hu <= FAT_HU[1])
    outer = fat & _outside_wall(part, fat, step_x=step_x, step_y=step_y)

    def mean_cm2(what: NDArray[np.bool_]) -> float:
        return float(np.count_nonzero(what)) * image.pixel_cm2 / near.size

    return Build(
        z=float(heights[near].mean()),
        width_mm=float(np.median(part.any(axis=1).sum(axis=0))) * step_x,
        depth_mm=float(np.median(part.any(axis=0).sum(axis=0))) * step_y,
        section_cm2=mean_cm2(part),
        fat_cm2=mean_cm2(fat),
        gas_cm2=mean_cm2(part & (hu < FAT_HU[0])),
        subcutaneous_cm2=mean_cm2(outer),
    )


def _outside_wall(
    trunk: NDArray[np.bool_], fat: NDArray[np.bool_], *, step_x: float, step_y: float
) -> NDArray[np.bool_]:
    """Return what lies outside the wall of muscle, by rays from the trunk's middle.

    The wall is where a ray last meets lean tissue below the skin; a running median over the rays bridges the gaps
    between muscles.
    """
    from scipy import ndimage

    flat = np.zeros((3, 3, 3), dtype=np.bool_)
    flat[:, 1, 1] = flat[1, :, 1] = True
    under = ndimage.binary_erosion(trunk, flat, iterations=max(1, round(_SKIN_MM / min(step_x, step_y)) + 1))
    lean = ndimage.binary_opening(under & ~fat, flat)
    rows = np.arange(trunk.shape[0])[:, None], np.arange(trunk.shape[1])[None, :]
    outside = np.zeros(trunk.shape, dtype=np.bool_)
    for k in range(trunk.shape[2]):
        x, y = ((at * step).astype(float) for at, step in zip(rows, (step_x, step_y), strict=True))
        inside = np.nonzero(trunk[:, :, k])
        x, y = x - inside[0].mean() * step_x, y - inside[1].mean() * step_y
        radius = np.hypot(x, y)
        ray = ((np.arctan2(y, x) + np.pi) * (_RAYS / (2.0 * np.pi))).astype(int) % _RAYS
        wall = np.zeros(_RAYS)
        np.maximum.at(wall, ray[lean[:, :, k]], radius[lean[:, :, k]])
        wall = ndimage.median_filter(wall, _BRIDGED_RAYS, mode="wrap")
        outside[:, :, k] = trunk[:, :, k] & (radius > wall[ray])
    return outside
