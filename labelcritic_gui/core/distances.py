"""How far two surfaces lie apart: surface Dice, Hausdorff distance, mean distance. Layer: core.

Defined as by Nikolov et al., Clinically applicable segmentation of head and neck anatomy for radiotherapy, J Med
Internet Res 23(7):e26151 (2021), https://doi.org/10.2196/26151: every piece of a surface counts by its area, and its
distance is that to the nearest piece of the other surface, in 3-D and in mm, whatever the spacing. The areas are those
of `surfaces` (theirs are of triangles). Where both surfaces pass the same place the distance is 0 without any search;
for the others a k-d tree finds it exactly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.core.surfaces import Surface, surface_of

_ROUNDING_MM = 1e-6


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
    forth, back = distances(one, two), distances(two, one)
    away, areas = np.concatenate([forth, back]), np.concatenate([one.areas, two.areas])
    whole = float(areas.sum())
    within = [float(areas[away <= mm + _ROUNDING_MM].sum()) / whole for mm in (1.0, 2.0, 3.0)]
    return SurfaceAgreement(
        dice_1mm=within[0],
        dice_2mm=within[1],
        dice_3mm=within[2],
        hd95_mm=max(_within_which(0.95, forth, one.areas), _within_which(0.95, back, two.areas)),
        mean_mm=float(away @ areas) / whole,
        max_mm=float(away.max()),
    )


def distances(here: Surface, there: Surface) -> NDArray[np.float64]:
    """Return the distance in mm of each piece of one surface to the nearest piece of another, shape (n,).

    Both lie on the same grid; the other surface must have a piece (ValueError).
    """
    if not there.corners.size:
        raise ValueError("a distance to a surface needs one")
    at = np.minimum(np.searchsorted(there.corners, here.corners), there.corners.size - 1)
    apart = there.corners[at] != here.corners
    away = np.zeros(here.corners.size)
    if apart.any():
        from scipy.spatial import KDTree

        tree = KDTree(there.points(), balanced_tree=False, compact_nodes=False)
        away[apart], _ = tree.query(here.points(apart))
    return away


def _within_which(share: float, away: NDArray[np.float64], areas: NDArray[np.float64]) -> float:
    """Return the distance within which this share of the area lies."""
    order = np.argsort(away, kind="stable")
    so_far = np.cumsum(areas[order])
    at = int(np.searchsorted(so_far, share * so_far[-1]))
    return float(away[order[min(at, away.size - 1)]])
