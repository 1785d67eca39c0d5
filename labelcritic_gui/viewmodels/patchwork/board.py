"""The pieces on the table, and what they give: all the computing, off the GUI thread. Layer: viewmodels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.cases import CandidateId
from labelcritic_gui.core.geometry import Geometry, Index3, Mask, Point, content_hash
from labelcritic_gui.core.patchwork.partition import Partition, Region
from labelcritic_gui.core.patchwork.patch import Patch
from labelcritic_gui.core.patchwork.recipe import Base, Step, choices_of

LEAST_ML = 0.05
"""Differences smaller than this are not listed one by one, as long as there are larger ones."""
MOST_LISTED = 40
LOOKED_AT = 256
FEW = 8
"""Where all differences are small, so many are listed all the same."""


@dataclass(frozen=True, slots=True)
class Rest:
    """The differences that are not listed: they stay as the start has them."""

    count: int = 0
    ml: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Preview:
    """What some steps give. `mask` is cropped to the box of all candidates, not to itself.

    `inside` says of every listed region how much of it is inside: 1 all, 0 nothing, between after holes were filled or
    islands dropped. `open` are the listed regions that nobody decided on, each as a mask by its first claimant from 1;
    `lit` is the region looked at.
    """

    mask: Mask
    ml: float
    parts: int
    inside: Mapping[Index3, float]
    open: Mapping[int, Mask] = field(default_factory=dict)
    lit: Mask | None = None


class Board:
    """One item's pieces. Made and used on the CPU lane, by one job at a time; `bases` and `regions` never change."""

    def __init__(self, masks: Mapping[CandidateId, Mask], grid: Geometry) -> None:
        self.bases = tuple(Base(candidate, content_hash(mask)) for candidate, mask in masks.items())
        self._partition = Partition([replace(mask, geometry=grid) for mask in masks.values()])
        self._patch = Patch(self._partition)
        numbers, self.rest = _worth_a_row(self._partition)
        self.regions: tuple[Region, ...] = tuple(self._partition.region(n) for n in numbers)
        self._numbers = {region.name: n for region, n in zip(self.regions, numbers, strict=True)}
        self._samples = {n: _samples(self._partition.flat([n])) for n in numbers}

    @property
    def voxel_ml(self) -> float:
        """The volume of a voxel in millilitres."""
        return self._partition.geometry.voxel_ml

    def region_at(self, place: Point) -> int | None:
        """Return which listed region a world point is in; None for none of them. Any thread."""
        index = self._partition.geometry.to_index(np.array(place))
        x, y, z = (int(n) for n in np.rint(index))
        number = self._partition.number_at((x, y, z))
        listed = {n: row for row, n in enumerate(self._numbers.values())}
        return None if number is None else listed.get(number)

    def preview(self, steps: Sequence[Step], lit: Index3 | None) -> Preview:
        """Return what steps give, with one region lit; raises ReviewError for a step that cannot be done."""
        patch, partition = self._patch, self._partition
        patch.show(steps)
        flat = patch.voxels.ravel(order="F")
        inside = {name: self._share(flat, n) for name, n in self._numbers.items()}
        chosen = choices_of(steps)
        return Preview(
            mask=Mask(patch.voxels.copy(order="F"), partition.origin, partition.geometry),
            ml=patch.ml,
            parts=patch.parts(),
            inside=inside,
            open=self._open(chosen),
            lit=partition.alone(self._numbers[lit]) if lit is not None else None,
        )

    def _share(self, flat: NDArray[np.bool_], number: int) -> float:
        """Return how much of a region is inside; of a large one, some of its voxels are looked at."""
        if self._patch.chosen is not None:
            return float(self._patch.chosen[number])
        return float(flat[self._samples[number]].mean())

    def _open(self, chosen: Mapping[Index3, int]) -> dict[int, Mask]:
        """Return the regions still open, by their first claimant."""
        partition = self._partition
        size = int(np.prod(partition.shape))
        found: dict[int, Mask] = {}
        for base in range(1, partition.candidates + 1):
            own = [
                self._numbers[r.name]
                for r in self.regions
                if not r.common and r.claimants[0] == base and r.name not in chosen
            ]
            if own:
                voxels = np.zeros(size, dtype=np.bool_)
                voxels[partition.flat(own)] = True
                whole = voxels.reshape(partition.shape, order="F")
                found[base] = Mask(whole, partition.origin, partition.geometry)
        return found


def _samples(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return at most about `LOOKED_AT` of some places, evenly spread."""
    chosen: NDArray[np.int64] = places[:: max(1, places.size // LOOKED_AT)].copy()
    return chosen


def _worth_a_row(partition: Partition) -> tuple[list[int], Rest]:
    """Return the regions to list: differences, largest first, then common parts apart from the largest part."""
    differing = np.flatnonzero(~partition.common)
    large = differing[partition.sizes[differing] * partition.geometry.voxel_ml >= LEAST_ML]
    listed = (large if large.size >= FEW else differing[:FEW])[:MOST_LISTED]
    common = np.flatnonzero(partition.common)
    # with one candidate alone, its own parts are all there is to choose from
    extra = common[: MOST_LISTED - listed.size] if partition.candidates == 1 else common[1 : MOST_LISTED - listed.size]
    left = partition.sizes[differing[listed.size :]]
    rest = Rest(int(left.size), float(left.sum()) * partition.geometry.voxel_ml)
    return [int(n) for n in (*listed, *extra)], rest
