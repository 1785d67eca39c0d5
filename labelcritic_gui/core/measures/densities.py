"""The densities inside a mask as a histogram of whole Hounsfield units. Layer: core."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

QUANTILES = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""Shares at which the densities are told: 5 % to 95 %."""
_LOWEST, _HIGHEST = -32768, 32767
_CLIP = (-1024, 500)
_LEAST_SD = 8.0


@dataclass(frozen=True, eq=False, slots=True)
class Histogram:
    """How many voxels have each density: `counts` int64, the first one of `low` HU; not empty."""

    counts: NDArray[np.int64]
    low: int

    @classmethod
    def of(cls, hu: NDArray[Any]) -> "Histogram":
        """Count densities (at least one); those of real numbers are rounded to whole HU, what is no number is air."""
        if hu.dtype.kind == "f":
            hu = np.rint(np.clip(np.nan_to_num(hu, nan=-1024.0), _LOWEST, _HIGHEST))
        low = int(hu.min())
        return cls(np.bincount(hu.astype(np.int32) - low).astype(np.int64), low)

    @property
    def total(self) -> int:
        """Number of voxels."""
        return int(self.counts.sum())

    def mean_and_sd(self) -> tuple[float, float]:
        """Return mean and standard deviation in HU."""
        values = np.arange(self.counts.size) + float(self.low)
        mean = float(self.counts @ values) / self.total
        return mean, float(np.sqrt(max(float(self.counts @ (values - mean) ** 2) / self.total, 0.0)))

    def share(self, low: int | None, high: int | None) -> float:
        """Return the share of voxels from `low` to `high` HU, both included; None is no end."""
        first = 0 if low is None else max(low - self.low, 0)
        last = self.counts.size if high is None else max(high - self.low + 1, 0)
        return float(self.counts[first:last].sum()) / self.total

    def quantiles(self, shares: Sequence[float] = QUANTILES) -> tuple[float, ...]:
        """Return the lowest densities below or at which these shares of the voxels lie."""
        so_far = np.cumsum(self.counts)
        at = np.searchsorted(so_far, np.array(shares) * so_far[-1] * (1.0 - 1e-12))
        return tuple(float(v) for v in at + self.low)

    def above(self, low: int) -> "Histogram | None":
        """Return the part from `low` HU up, or None without any."""
        first = max(low - self.low, 0)
        kept = self.counts[first:]
        return Histogram(kept, self.low + first) if kept.any() else None

    def distance_to_normal(self, mean: float) -> float:
        """Return the distance in HU to the normal distribution of this mean and the histogram's own width.

        It is the Wasserstein distance of order 1: by how much densities have to move on average. The width is the
        quartiles' distance over 1.349, at least 8 HU; densities are clipped to -1024..500 HU. A shifted mean adds its
        shift, a second tissue its share times how far off it is.
        Source: Rubner, Tomasi & Guibas, The earth mover's distance as a metric for image retrieval, Int J Comput Vis
        40(2), 99-121 (2000).
        """
        from scipy.special import ndtr

        low, high = self.quantiles((0.25, 0.75))
        grid = np.arange(_CLIP[0], _CLIP[1])
        so_far = np.concatenate([[0], np.cumsum(self.counts)])
        own = so_far[np.clip(grid - self.low + 1, 0, self.counts.size)] / self.total
        normal = ndtr((grid + 0.5 - mean) / max((high - low) / 1.349, _LEAST_SD))
        return float(np.abs(own - normal).sum())


def quantile_distance(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return about the Wasserstein distance of order 1 in HU between two histograms told by the same quantiles.

    It is the mean difference of the quantiles; None without any.
    """
    if not one or len(one) != len(other):
        return None
    return float(np.abs(np.subtract(one, other)).mean())
