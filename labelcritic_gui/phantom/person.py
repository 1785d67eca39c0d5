"""Who is scanned and how: the generator's settings and the body drawn from their seed. Layer: phantom.

The anatomy is written in a reference frame in mm: x to the patient's right, y to the front, z to the head, with the
origin in the middle of the third lumbar vertebra. A person scales and turns that frame.
"""

import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.geometry import Index3, Point

Phase = Literal["portal", "arterial", "plain"]

STRUCTURES = (
    "liver",
    "spleen",
    "kidney_left",
    "kidney_right",
    "pancreas",
    "stomach",
    "gall_bladder",
    "aorta",
    "postcava",
)
"""The nine structures of a phantom, by the file names of AbdomenAtlas."""

SMALLEST = 16
"""Fewest voxels along an axis that a phantom can be made of."""


@dataclass(frozen=True, slots=True)
class PhantomSettings:
    """What to scan: grid, seed, protocol, and how far the body departs from the usual one.

    `shape` is (x, y, z) voxels; `extent_mm` is the field of view, None fits it to the body as a scanner's operator
    does; `noise_hu` is the standard deviation of the scanner's noise; `body_size` and `fat` (0 lean to 1 obese) are
    drawn from the seed when None; `scoliosis_mm` bends the spine sideways by that much (right positive); `absent`
    names structures that were removed, None draws them from the seed (gallbladder about 1 in 10, one kidney 1 in 40).
    """

    shape: Index3 = (192, 192, 192)
    seed: int = 0
    extent_mm: Point | None = None
    noise_hu: float = 13.0
    phase: Phase = "portal"
    scoliosis_mm: float = 0.0
    body_size: float | None = None
    fat: float | None = None
    absent: tuple[str, ...] | None = None
    table: bool = True

    def __post_init__(self) -> None:
        if min(self.shape) < SMALLEST:
            raise UserError(f"A phantom of {self.shape} voxels is too small.", f"Ask for {SMALLEST} or more per axis.")
        if self.phase not in ("portal", "arterial", "plain"):
            raise UserError(f"There is no contrast phase {self.phase!r}.", "Use portal, arterial or plain.")
        unknown = sorted(set(self.absent or ()) - set(STRUCTURES))
        if unknown:
            raise UserError(f"A phantom has no structure {unknown[0]!r}.", f"It has {', '.join(STRUCTURES)}.")


@dataclass(frozen=True, slots=True)
class Person:
    """A body: scales along x, y, z, roll in radians, fat under the skin and inside (0..1), what was removed."""

    seed: int
    scale: Point
    roll: float
    fat: float
    inner_fat: float
    lordosis: float
    scoliosis: float
    absent: tuple[str, ...]

    def rng(self, name: str) -> np.random.Generator:
        """Return the random stream of one part of the body; it does not depend on the grid or other parts."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def spine_at(self, height: float) -> tuple[float, float]:
        """Return x and y of the vertebral bodies' middle at one height, in reference mm."""
        z = np.array([height])
        return float(self.spine_x(z)[0]), float(self.spine_y(z)[0])

    def spine_x(self, z: np.ndarray) -> np.ndarray:
        """Sideways position of the spine at heights `z`, in reference mm."""
        return np.asarray(self.scoliosis * np.cos(np.clip((z - 30.0) / 130.0, -1.2, 1.2) * np.pi / 2.0))

    def spine_y(self, z: np.ndarray) -> np.ndarray:
        """Front-to-back position of the vertebral bodies' middle at heights `z`, in reference mm."""
        return np.asarray(-self.lordosis * 4e-4 * (np.asarray(z) + 20.0) ** 2)


def draw_person(settings: PhantomSettings) -> Person:
    """Draw the body of a seed; what the settings name is taken from them."""
    rng = np.random.default_rng([settings.seed, 77])
    size = float(np.clip(rng.normal(1.0, 0.04), 0.92, 1.08))
    fat = float(rng.beta(1.6, 2.0))
    size = size if settings.body_size is None else settings.body_size
    widths = rng.uniform(0.97, 1.03, size=3)
    inner = float(np.clip(fat + rng.normal(0.0, 0.15), 0.05, 1.0))
    roll, lordosis, bend = rng.normal(0.0, 0.014), rng.uniform(0.5, 1.4), rng.normal(0.0, 2.0)
    chance = rng.random(2)
    removed = ["gall_bladder"] if chance[0] < 0.10 else []
    if chance[1] < 0.025:
        removed.append("kidney_left" if chance[1] < 0.0125 else "kidney_right")
    return Person(
        seed=settings.seed,
        scale=(size * widths[0], size * widths[1], size * widths[2]),
        roll=float(np.clip(roll, -0.05, 0.05)),
        fat=fat if settings.fat is None else settings.fat,
        inner_fat=inner if settings.fat is None else settings.fat,
        lordosis=float(lordosis),
        scoliosis=float(settings.scoliosis_mm + bend),
        absent=tuple(removed) if settings.absent is None else tuple(sorted(set(settings.absent))),
    )
