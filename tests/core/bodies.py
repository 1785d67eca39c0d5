"""A small box-shaped body with spine, lungs, pelvis and one organ, for tests of landmarks, facts and rules."""

import numpy as np

from labelcritic_gui.core.geometry import Geometry, Mask, Volume

SHAPE, STEP = (80, 60, 100), 4.0
ORIGIN = (-160.0, -120.0, 1000.0)
GRID = Geometry(
    SHAPE, np.array([[STEP, 0, 0, ORIGIN[0]], [0, STEP, 0, ORIGIN[1]], [0, 0, STEP, ORIGIN[2]], [0, 0, 0, 1.0]])
)
LUNG_BASE, CREST = 65, 32
"""Slices of the lowest lung and of the highest iliac bone."""


def block(low: tuple[int, int, int], high: tuple[int, int, int]) -> np.ndarray:
    """Return a box of voxels on the grid."""
    full = np.zeros(SHAPE, dtype=bool)
    full[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return full


ORGAN = block((48, 25, 45), (62, 40, 62))
"""An organ to the right of the spine (right is high x), 14 x 15 x 17 voxels."""


def body_ct(*, table: bool = True, seed: int = 0) -> Volume:
    """Return the CT: fat and muscle, a spine, two lungs that go on upwards, two iliac wings, one organ at 100 HU."""
    hu = np.full(SHAPE, -1000, dtype=np.int16)
    hu[block((8, 10, 0), (72, 54, 100))] = -80
    hu[block((10, 12, 0), (70, 52, 100))] = 30
    hu[block((37, 14, 0), (44, 24, 100))] = 400
    for low, high in ((14, 34), (46, 66)):
        hu[block((low, 18, LUNG_BASE), (high, 48, 100))] = -820
    for low, high in ((16, 24), (56, 64)):
        hu[block((low, 16, 0), (high, 26, CREST + 1))] = 450
    hu[ORGAN] = 100
    if table:
        hu[block((4, 4, 0), (76, 5, 100))] = 200
    noise = np.random.default_rng(seed).normal(0, 8, SHAPE).astype(np.int16)
    return Volume(np.asfortranarray(hu + noise), GRID)


def mask_of(full: np.ndarray) -> Mask:
    """Return the mask of an array on the grid."""
    return Mask.from_array(full, GRID)
