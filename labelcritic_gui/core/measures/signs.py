"""What the CT and the anatomy say of a part that only one of two candidates claims. Layer: core.

Worked out on the cells (about 2 mm) on which the regions that differ are found. Every sign is a plain number that does
not depend on which candidate is named first.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Point

MARGIN = 4
"""Cells around both masks in which their surroundings are looked at."""
_CLIP_HU = (-1024, 500)
_BIN_HU, _LOW_HU, _HIGH_HU = 20.0, -220.0, 420.0
_MOST_LOG = 3.0
_LEAST_CORE, _LEAST_COMMON, _LEAST_NEAR, _LEAST_CLEAR = 60, 20, 5, 10
_RARELY_SHARE = 0.1
_LEAST_SD, _USUAL_NOISE, _FAINT_STEP = 12.0, 20.0, 20.0


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for and against a claimed part, and how it lies.

    Attributes:
        share: its volume over that of both candidates together, 0..1.
        fit: mean natural logarithm of how much more usual its densities are in what both claim than around both, each
            voxel within -3..3; None where both have too little in common.
        local: -1..1, whether its median density is that of the common part next to it (1) or of what lies beyond it
            (-1); 0 where neither is there.
        contrast: difference in HU between these two, 0 where one is not there.
        edge: -1..1, mean density step across its outer face against that across its face to the common part; positive
            when the image has its edge outside.
        contact: share of its surface that lies against what both claim, 0 (apart) to 1 (a filled hole).
        thick_mm: its mean thickness, twice its volume over its surface.
        covered: share that other structures claim, in the claimant's own label set or in most third ones.
        neighbour: the one of them that claims most, or an empty text.
        given: share that the rival's label set gives to another structure, `given_to`; not held against it, since two
            sets of exclusive labels that disagree have each given it to somebody.
        outside: share beyond the patient's skin.
        across: share on the other side of the patient than the structure belongs to.
        alone: no other structure of the case is known, so `covered` says nothing.
    """

    share: float
    fit: float | None = None
    local: float = 0.0
    contrast: float = 0.0
    edge: float = 0.0
    contact: float = 0.0
    thick_mm: float = 0.0
    covered: float = 0.0
    neighbour: str = ""
    given: float = 0.0
    given_to: str = ""
    outside: float = 0.0
    across: float = 0.0
    alone: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return them as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Signs":
        """Read them back; names of a newer version are left out."""
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})


class Surroundings:
    """Two masks on cells with the densities around them: what every claimed part of theirs is held against."""

    def __init__(self, one: metrics.Voxels, two: metrics.Voxels, hu: NDArray[Any], *, mm: Point) -> None:
        """Take both masks and the densities on the same cells, with a margin around both; `mm` is a cell's size."""
        common = one & two
        self.one, self.two, self.common, self.union = one, two, common, one | two
        self.mm, self._areas = mm, (mm[1] * mm[2], mm[0] * mm[2], mm[0] * mm[1])
        clipped = np.clip(np.nan_to_num(hu, nan=_CLIP_HU[0]), *_CLIP_HU).astype(np.float32)
        self.hu = metrics.gas_filled(clipped, common if common.any() else self.union)
        core = metrics.eroded(common)
        self._core = core if np.count_nonzero(core) >= _LEAST_CORE else common
        self.count = int(np.count_nonzero(self.union))
        self._noise = metrics.inner_steps(self.hu, common) if common.any() else _USUAL_NOISE
        inside = self.hu[self._core]
        self._sd = max(float(inside.std()), _LEAST_SD) if inside.size else _LEAST_SD
        self._log_ratio = self._densities()

    def _densities(self) -> NDArray[np.float32] | None:
        """Return for every cell how much more usual its density is in the common part than around both, as a log."""
        smaller = min(np.count_nonzero(self.one), np.count_nonzero(self.two))
        common = np.count_nonzero(self.common)
        rarely = common < _RARELY_SHARE * smaller or np.count_nonzero(self._core) < _LEAST_COMMON
        first = metrics.dilated(self.union)  # partly filled voxels say nothing
        band = _grown(first, 3) & ~first
        if rarely or not band.any():
            return None
        inside, around = _usual(self.hu[self._core]), _usual(self.hu[band])
        ratio = np.clip(np.log(inside / around), -_MOST_LOG, _MOST_LOG).astype(np.float32)
        bins = np.clip((self.hu - _LOW_HU) / _BIN_HU, 0, len(ratio) - 1).astype(np.int16)
        return np.asarray(ratio[bins])

    def signs_of(self, part: metrics.Voxels, *, rival: metrics.Voxels) -> Signs:
        """Return what the densities and its lie say of a part (cells of one mask that the rival lacks)."""
        box = _box_of(part)
        inside, own = part[box], rival[box]
        hu, outside = self.hu[box], ~self.union[box]
        count = int(np.count_nonzero(inside))
        toward, inner = self._across(hu, inside, own)
        beyond, outer = self._across(hu, inside, outside)
        local, contrast = self._beside(hu, inside, own & self.common[box], outside)
        scale = (outer or 0.0) + (inner or 0.0) + _FAINT_STEP
        steps = (self._noise if outer is None else outer) - (self._noise if inner is None else inner)
        return Signs(
            share=count / max(self.count, 1),
            fit=None if self._log_ratio is None else float(self._log_ratio[box][inside].mean(dtype=np.float64)),
            local=local,
            contrast=contrast,
            edge=steps / scale if outer is not None or inner is not None else 0.0,
            contact=toward / (toward + beyond) if toward + beyond else 0.0,
            thick_mm=2.0 * count * self.mm[0] * self.mm[1] * self.mm[2] / max(toward + beyond, 1e-6),
        )

    def _across(self, hu: NDArray[Any], a: metrics.Voxels, b: metrics.Voxels) -> tuple[float, float | None]:
        """Return the area in mm2 of the faces between two sets of cells, and the mean step over three cells there."""
        area = total = stepped = 0.0
        for axis in range(3):
            values, one, two = (np.moveaxis(array, axis, 0) for array in (hu, a, b))
            faces = (one[:-1] & two[1:]) | (two[:-1] & one[1:])
            area += float(np.count_nonzero(faces)) * self._areas[axis]
            if len(one) < 4:
                continue
            at = np.nonzero(faces[1:-1])
            step = np.abs(values[3:][at] - values[:-3][at])
            total += float(step.sum(dtype=np.float64)) * self._areas[axis]
            stepped += step.size * self._areas[axis]
        return area, total / stepped if stepped else None

    def _beside(
        self, hu: NDArray[Any], part: metrics.Voxels, inside: metrics.Voxels, outside: metrics.Voxels
    ) -> tuple[float, float]:
        """Compare a part's density with that of the common part beside it and of what lies beyond it."""
        first = metrics.dilated(part)
        ring = _grown(first, 2)
        medians = []
        for beside in (ring & inside, ring & outside):
            clear = beside & ~first  # partly filled voxels say nothing, where there are others
            chosen = clear if np.count_nonzero(clear) >= _LEAST_CLEAR else beside
            if np.count_nonzero(chosen) < _LEAST_NEAR:
                return 0.0, 0.0
            medians.append(float(np.median(hu[chosen])))
        own, contrast = float(np.median(hu[part])), abs(medians[0] - medians[1])
        told = (abs(own - medians[1]) - abs(own - medians[0])) / (contrast + self._sd)
        return max(-1.0, min(1.0, told)), contrast


def _grown(voxels: metrics.Voxels, cells: int) -> metrics.Voxels:
    for _ in range(cells):
        voxels = metrics.dilated(voxels)
    return voxels


def _box_of(part: metrics.Voxels) -> tuple[slice, slice, slice]:
    """Return the box of a part that is not empty, with the margin, inside the array."""
    spans = []
    for axis in range(3):
        hits = np.flatnonzero(part.any(axis=tuple(other for other in range(3) if other != axis)))
        spans.append(slice(max(int(hits[0]) - MARGIN, 0), int(hits[-1]) + 1 + MARGIN))
    return spans[0], spans[1], spans[2]


def _usual(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return how usual each density is among some values: a histogram, smoothed, and never zero."""
    bins = np.arange(_LOW_HU, _HIGH_HU + _BIN_HU / 2, _BIN_HU)
    counts = np.histogram(np.clip(values, _LOW_HU + 1, _HIGH_HU - 1), bins)[0].astype(float)
    smooth = np.convolve(counts, [0.25, 0.5, 0.25], "same")
    return np.asarray((smooth + 0.5) / (smooth.sum() + 0.5 * len(smooth)))
