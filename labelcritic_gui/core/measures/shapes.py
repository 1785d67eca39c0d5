"""The shape of a mask in few numbers: principal axes and sphericity. Layer: core."""

import math

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Point


def sphericity(volume_ml: float, area_cm2: float) -> float | None:
    """Return the surface of a ball of the same volume over this surface: 1 for a ball, less for all else.

    None without a surface. The area is an estimate (`surfaces`), so that a small ball comes out up to a tenth above 1.
    Source: Wadell, Volume, shape, and roundness of quartz particles, J Geol 43(3), 250-280 (1935).
    """
    return math.pi ** (1.0 / 3.0) * (6.0 * volume_ml) ** (2.0 / 3.0) / area_cm2 if area_cm2 else None


def principal_axes(
    voxels: NDArray[np.bool_], edges: NDArray[np.float64]
) -> tuple[tuple[float, float, float], tuple[Point, Point, Point]]:
    """Return the lengths in mm, longest first, and the directions of a mask's principal axes (not empty).

    The lengths are those of the solid ellipsoid with the same second moments, 2 sqrt(5 eigenvalue): a ball's are its
    diameter. (IBSI and PyRadiomics have 4 sqrt(eigenvalue), nine tenths of it.) `edges`, shape (3, 3), are the world
    vectors of a step along each axis, as columns. A direction is a unit vector whose largest component is positive.
    """
    planes = [voxels.sum(axis=axis).astype(np.float64) for axis in range(3)]  # yz, xz, xy
    total = float(planes[0].sum())
    places = [np.arange(n, dtype=np.float64) for n in voxels.shape]
    sums = [planes[2].sum(axis=1), planes[2].sum(axis=0), planes[0].sum(axis=0)]
    off = [place - float(count @ place) / total for place, count in zip(places, sums, strict=True)]
    spread = np.zeros((3, 3))
    for axis in range(3):
        spread[axis, axis] = float(sums[axis] @ off[axis] ** 2) / total + 1.0 / 12.0  # a voxel has an extent itself
    for one, other, plane in ((0, 1, planes[2]), (0, 2, planes[1]), (1, 2, planes[0])):
        spread[one, other] = spread[other, one] = float(off[one] @ plane @ off[other]) / total
    values, vectors = np.linalg.eigh(edges @ spread @ edges.T)
    lengths = [2.0 * math.sqrt(5.0 * max(float(value), 0.0)) for value in values[::-1]]
    directions = [_pointing(vectors[:, column]) for column in (2, 1, 0)]
    return (lengths[0], lengths[1], lengths[2]), (directions[0], directions[1], directions[2])


def _pointing(vector: NDArray[np.float64]) -> Point:
    largest = float(vector[int(np.argmax(np.abs(vector)))])
    x, y, z = (float(v) if largest > 0 else -float(v) for v in vector)
    return x, y, z
