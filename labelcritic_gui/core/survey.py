"""Tells an image from a label map by its numbers alone, block by block. Layer: core."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_LABELS = 2**16
"""More different values than this are an image's."""
FEW_LABELS = 16
"""So few different values are labels, however they lie."""
SAME_SHARE = 0.5
"""Labels are areas: at least this share of their voxels has the value of the voxel before; tissue hardly any."""
AIR = -200
"""A value this low is a CT's; no label is negative, and none of the mistakes seen goes so far."""
_TABLE = 2**16


class Survey:
    """Takes a file's values block by block and says what they look like. `certain_label`: the file itself says so."""

    def __init__(self, *, certain_label: bool = False) -> None:
        self.certain_label = certain_label
        self.counts: dict[int, int] = {}
        self._real = False
        self._low = np.inf
        self._odd = 0
        self._filled = self._same = 0

    def take_whole(self, values: NDArray[Any]) -> None:
        """Take a block of whole numbers, axis 0 the one of neighbours."""
        if values.size == 0:
            return
        low, high = int(values.min()), int(values.max())
        self._low = min(self._low, low)
        if not self._counting:
            return
        for value, count in _tally(values, low, high):
            self.counts[value] = self.counts.get(value, 0) + count
        if low != high:
            rest = values[1:]
            self._filled += int(np.count_nonzero(rest))
            self._same += int(np.count_nonzero((rest == values[:-1]) & (rest != 0)))

    def take_real(self, values: NDArray[np.float64]) -> None:
        """Take a block that has numbers with fractions, or what is no number."""
        self._real = True
        finite = np.isfinite(values)
        self._odd += int(values.size - np.count_nonzero(finite))
        self._low = min(self._low, float(np.min(values, where=finite, initial=np.inf)))

    @property
    def _counting(self) -> bool:
        return not self._real and len(self.counts) <= MOST_LABELS

    @property
    def settled(self) -> bool:
        """Say whether this can only be an image."""
        return self._low < AIR

    @property
    def is_label(self) -> bool:
        """Say whether the values label something: whole, none below 0, and few or in areas."""
        if self.certain_label:
            return True
        if self._real or self._low < 0 or len(self.counts) > MOST_LABELS:
            return False
        if len(self.counts) <= FEW_LABELS or not self._filled:
            return True
        return self._same / self._filled >= SAME_SHARE

    def notes(self, low: float, high: float) -> tuple[str, ...]:
        """Say what is odd about an image whose values go from `low` to `high`."""
        said = []
        if self._odd:
            said.append(f"{self._odd} voxel(s) are no finite number; they are read as air or as the highest value")
        if self._real and low >= 0 and high <= 1:
            said.append("all values lie between 0 and 1, as probabilities do; they are no Hounsfield units")
        elif low >= 0:
            said.append("no value lies below 0, so these are hardly Hounsfield units")
        elif self._counting and low >= AIR and len(self.counts) <= FEW_LABELS:
            said.append(f"only {len(self.counts)} different values, some negative: as a label it would be refused")
        return tuple(said)


def _tally(values: NDArray[Any], low: int, high: int) -> list[tuple[int, int]]:
    """Return (value, count) of each value present."""
    if low == high:
        return [(low, values.size)]
    if values.dtype.itemsize <= 4 and high - low < _TABLE:
        found = np.bincount(np.subtract(values, low, dtype=np.int64).ravel(order="K"))
        return [(int(v) + low, int(found[v])) for v in np.flatnonzero(found)]
    kinds, counts = np.unique(values, return_counts=True)
    return [(int(v), int(n)) for v, n in zip(kinds, counts, strict=True)]
