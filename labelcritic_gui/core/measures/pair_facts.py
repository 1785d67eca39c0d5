"""Measures two candidates of one item against each other. Layer: core."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Mask, Volume, joint_box, world_point
from labelcritic_gui.core.measures.distances import surface_agreement
from labelcritic_gui.core.measures.facts import PairFacts

_CLIP = (-1024, 500)
_FIT_SD, _LEAST_SD = 2.0, 12.0


def measure_pair(first: Mask, second: Mask, ct: Volume) -> PairFacts:
    """Measure two candidates of one item against each other on their joint bounding box.

    Volumes, Dice and surface distances are exact; densities, edges and solid regions are judged on about 2 mm.
    """
    both, ml = metrics.overlap(first, second), ct.geometry.voxel_ml
    counts = (first.count - both, second.count - both)
    surfaces = _surfaces(first, second)
    if not any(counts):
        return PairFacts(dice=1.0, both_ml=both * ml, **surfaces)
    exact = PairFacts(
        dice=2.0 * both / (2 * both + sum(counts)),
        volume_difference_ml=(counts[0] - counts[1]) * ml,
        both_ml=both * ml,
        only_first_ml=counts[0] * ml,
        only_second_ml=counts[1] * ml,
        **surfaces,
    )
    return replace(exact, **_differences(first, second, ct, rarely=both < 0.1 * min(first.count, second.count)))


def _surfaces(first: Mask, second: Mask) -> dict[str, Any]:
    """Return how far the two surfaces lie apart; nothing when a mask is empty."""
    found = surface_agreement(first, second)
    if found is None:
        return {}
    return {
        "surface_dice_1mm": found.dice_1mm,
        "surface_dice_2mm": found.dice_2mm,
        "surface_dice_3mm": found.dice_3mm,
        "hd95_mm": found.hd95_mm,
        "mean_surface_mm": found.mean_mm,
        "hausdorff_mm": found.max_mm,
    }


def _differences(first: Mask, second: Mask, ct: Volume, *, rarely: bool) -> dict[str, Any]:
    """Measure the regions that only one of two masks claims; `rarely`: too little is common to compare with."""
    steps = metrics.thinning(ct.geometry.spacing)
    box = joint_box([first, second], margin=2 * max(steps))
    origin, ml = (box[0].start, box[1].start, box[2].start), ct.geometry.voxel_ml * math.prod(steps)
    one, two = (metrics.thinned(mask.within(box), steps) for mask in (first, second))
    hu = np.clip(metrics.thinned(ct.voxels[box], steps), *_CLIP)
    common, parts = one & two, (one & ~two, two & ~one)
    hu = metrics.gas_filled(hu, common)
    mean, sd, noise = _inside(hu, common)
    if rarely:
        mean = sd = None
    found: dict[str, Any] = {"common_hu_mean": mean, "common_hu_sd": sd}
    largest = []
    for name, part, own, rival in zip(("first", "second"), parts, (one, two), (two, one), strict=True):
        solid = metrics.opened(part)
        telling = solid if 4 * np.count_nonzero(solid) >= np.count_nonzero(part) else part
        found[f"solid_{name}_ml"] = int(np.count_nonzero(solid)) * ml
        found[f"only_{name}_hu"], found[f"only_{name}_fit"] = _region(hu, telling, mean=mean, sd=sd)
        found[f"edge_{name}"] = metrics.boundary_contrast(hu, own, rival, noise=noise)
        region, size, middle = metrics.largest_part(solid if solid.any() else part)
        place = world_point(ct.geometry, origin, np.multiply(middle, steps)) if size else None
        found[f"{name}_place"] = place
        largest.append((size, name, place, float(hu[region].mean()) if size else None))
    if largest[0][0] != largest[1][0]:
        size, name, place, density = max(largest, key=lambda entry: entry[0])
        found |= {"largest_claimant": name, "largest_ml": size * ml, "largest_place": place, "largest_hu": density}
    return found


def _inside(hu: NDArray[Any], common: NDArray[np.bool_]) -> tuple[float | None, float | None, float]:
    """Return mean and deviation where both agree (inner voxels if there are enough), and the noise of steps there."""
    if not common.any():
        return None, None, 0.0
    core = metrics.eroded(common)
    values = hu[core if np.count_nonzero(core) >= 64 else common].astype(np.float32)
    return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64)), metrics.inner_steps(hu, common)


def _region(
    hu: NDArray[Any], part: NDArray[np.bool_], *, mean: float | None, sd: float | None
) -> tuple[float | None, float | None]:
    """Return the mean HU of a claimed region and the share of it that is like the common part."""
    values = hu[part].astype(np.float32)
    if not values.size:
        return None, None
    if mean is None or sd is None:
        return float(values.mean(dtype=np.float64)), None
    like = np.abs(values - mean) <= _FIT_SD * max(sd, _LEAST_SD)
    return float(values.mean(dtype=np.float64)), float(like.mean())
