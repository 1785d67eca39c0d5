"""Grain of tissue and noise of the scanner. Layer: phantom.

Tissue grain lives on a lattice fixed in mm, so one seed has the same anatomy on every grid; the scanner's noise belongs
to the voxels.
"""

import numpy as np

from labelcritic_gui.phantom.canvas import Field


class Lattice:
    """Random numbers on a cubic lattice of `step` mm over the body, interpolated between; mean 0, deviation 1."""

    def __init__(self, rng: np.random.Generator, *, step: float, half_mm: float = 340.0) -> None:
        self._step, self._half = step, half_mm
        count = int(2 * half_mm / step) + 2
        # One random tile repeated along each axis: memory stays small and repeats lie far apart.
        self._count = min(count, 96)
        self._values = rng.standard_normal((self._count,) * 3, dtype=np.float32)

    def _weights(self, at: Field) -> tuple[np.ndarray, np.ndarray, Field]:
        place = (at.astype(np.float64) + self._half) / self._step
        low = np.floor(place).astype(np.int64)
        return low % self._count, (low + 1) % self._count, (place - low).astype(np.float32)

    def sample(self, *, x: Field, y: Field, z: Field) -> Field:
        """Return the field on the grid of 1-D axes x, y, z (mm), shape (z, y, x)."""
        lo, hi, w = self._weights(z)
        rows = self._values[lo] * (1 - w)[:, None, None] + self._values[hi] * w[:, None, None]
        lo, hi, w = self._weights(y)
        rows = rows[:, lo] * (1 - w)[None, :, None] + rows[:, hi] * w[None, :, None]
        lo, hi, w = self._weights(x)
        out: Field = rows[:, :, lo]
        out *= (1 - w)[None, None, :]
        part = rows[:, :, hi]
        part *= w[None, None, :]
        out += part
        # Linear interpolation keeps 2/3 of the variance per axis, on average.
        out *= np.float32((3 / 2) ** 1.5)
        return out


def scanner_noise(rng: np.random.Generator, *, shape: tuple[int, int, int], deviation: float) -> Field:
    """Return noise [z, y, x] with the short in-plane correlation of a soft-tissue kernel and the given deviation."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    for axis in (1, 2):
        noise = (
            noise * np.float32(0.8165)
            + np.roll(noise, 1, axis=axis) * np.float32(0.4082)
            + np.roll(noise, -1, axis=axis) * np.float32(0.4082)
        )
    noise *= np.float32(deviation)
    return noise
