"""The other structures of a case on a coarse grid: what a mask overlaps and touches, whose a region is. Layer: core.

Every mask is sampled at the same voxels (index i * step along each axis, about 2 mm apart, see `metrics.thinning`), so
that any two can be compared cell by cell, and kept as packed bits: some megabytes for a hundred masks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Geometry, Index3, Mask

Box = tuple[slice, slice, slice]
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Cover:
    """How much of some cells one other structure covers, as shares of the cells, 0..1.

    `share` is what it covers in more than half of the label sets that have it, `any_share` in at least one, `by_set` in
    each label set that has it (also where that is 0).
    """

    share: float
    any_share: float
    by_set: Mapping[str, float]


@dataclass(frozen=True, eq=False, slots=True)
class _Crop:
    """One mask's cells: box of the coarse grid, bits packed along x (eight cells a byte, the first is the highest)."""

    label_set: str
    structure: str
    box: Box
    packed: NDArray[np.uint8] = field(repr=False)

    def within(self, box: Box) -> NDArray[np.bool_]:
        """Return the cells of a box that lies inside this crop's."""
        x, y, z = (slice(b.start - o.start, b.stop - o.start) for b, o in zip(box, self.box, strict=True))
        first = x.start // 8
        bits = np.unpackbits(self.packed[first : -(-x.stop // 8), y, z], axis=0)
        return bits[x.start - 8 * first : x.stop - 8 * first].view(np.bool_)


class Neighbours:
    """The other structures of one case, of all its label sets, on a grid of about 2 mm.

    `besides` are names that count as no neighbour of the structure asked about: what contains it, or is part of it. The
    structure itself never counts.
    """

    def __init__(self, geometry: Geometry, crops: Iterable[_Crop]) -> None:
        self.geometry = geometry
        self.steps = metrics.thinning(geometry.spacing)
        self._crops = tuple(crops)

    @classmethod
    def of(cls, masks: Iterable[tuple[str, str, Mask]], geometry: Geometry) -> "Neighbours":
        """Keep masks, given as (label set, structure, mask) on one grid; those without a cell are left out."""
        steps = metrics.thinning(geometry.spacing)
        crops = []
        for label_set, structure, mask in masks:
            cells, box = _sampled(mask, steps)
            if cells.any():
                crops.append(_Crop(label_set, structure, box, np.packbits(cells, axis=0)))
        return cls(geometry, crops)

    @property
    def nbytes(self) -> int:
        """Memory that the masks take, in bytes."""
        return sum(crop.packed.nbytes for crop in self._crops)

    def others(self, of: str, besides: frozenset[str] = _NOTHING) -> frozenset[tuple[str, str]]:
        """Return which neighbours of a structure are known, as (label set, structure)."""
        return frozenset((crop.label_set, crop.structure) for crop in self._others(of, besides))

    def volume_of(self, structure: str, label_set: str) -> float | None:
        """Return the volume in ml of a structure in a label set, counted in cells; None where it is not there."""
        x, y, z = (s * n for s, n in zip(self.geometry.spacing, self.steps, strict=True))
        for crop in self._crops:
            if (crop.structure, crop.label_set) == (structure, label_set):
                return float(np.bitwise_count(crop.packed).sum()) * x * y * z / 1000.0
        return None

    def overlap(self, mask: Mask, *, of: str, label_set: str, besides: frozenset[str] = _NOTHING) -> dict[str, float]:
        """Return the ml of a mask that other structures of its own label set claim too, by name, largest first."""
        cells, box = _sampled(mask, self.steps)
        count = int(np.count_nonzero(cells))
        if not count:
            return {}
        cell_ml = mask.volume_ml / count
        found = {
            name: float(np.count_nonzero(both)) * cell_ml
            for name, both in self._meeting(cells, box, of=of, label_set=label_set, besides=besides)
        }
        return _ranked(found)

    def touching(self, mask: Mask, *, of: str, label_set: str, besides: frozenset[str] = _NOTHING) -> dict[str, float]:
        """Return the share of a mask's surface that borders on other structures of its own label set, largest first.

        The surface is the cells' faces, each with its area; a face whose outer cell another structure claims borders
        on it. What ends at the image border borders on nothing.
        """
        cells, box = _sampled(mask, self.steps)
        if not cells.any():
            return {}
        areas, box = self._outer_faces(cells, box)
        total = float(areas.sum(dtype=np.float64))
        found = {
            name: float(met.sum(dtype=np.float64)) / total
            for name, met in self._meeting(areas, box, of=of, label_set=label_set, besides=besides)
        }
        return _ranked(found)

    def covering(
        self,
        cells: NDArray[np.bool_],
        steps: Index3,
        origin: Index3,
        *,
        of: str,
        besides: frozenset[str] = _NOTHING,
    ) -> dict[str, Cover]:
        """Return which other structures cover some cells, in any label set, largest share first.

        `cells` are any samples of the image: cell (i, j, k) stands for voxel origin + (i, j, k) * steps, and is
        compared with the nearest cell here. Structures that cover none of them are not named.
        """
        at = np.argwhere(cells)
        if not len(at):
            return {}
        low, high = at.min(axis=0), at.max(axis=0) + 1
        asked = cells[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
        near = self._nearest(low, high, steps, origin)
        by_name: dict[str, list[_Crop]] = {}
        for crop in self._others(of, besides):
            by_name.setdefault(crop.structure, []).append(crop)
        found = {}
        for name, crops in by_name.items():
            cover = _cover({crop.label_set: _picked(crop, near) for crop in crops}, asked, len(at))
            if cover is not None:
                found[name] = cover
        order = sorted(found, key=lambda name: (-found[name].share, -found[name].any_share, name))
        return {name: found[name] for name in order}

    def claimed(
        self,
        cells: NDArray[np.bool_],
        steps: Index3,
        origin: Index3,
        *,
        of: str,
        besides: frozenset[str] = _NOTHING,
        not_in: str | None = None,
    ) -> NDArray[np.bool_]:
        """Return those of some cells (see `covering`) that another structure claims, in any label set but `not_in`."""
        out = np.zeros_like(cells)
        near = self._nearest(np.zeros(3, dtype=int), np.array(cells.shape), steps, origin)
        for crop in self._others(of, besides):
            picked = None if crop.label_set == not_in else _picked(crop, near)
            if picked is not None:
                out[picked[0]] |= picked[1]
        return out & cells

    def _others(self, of: str, besides: frozenset[str], label_set: str | None = None) -> Iterable[_Crop]:
        return (
            crop
            for crop in self._crops
            if crop.structure != of
            and crop.structure not in besides
            and (label_set is None or crop.label_set == label_set)
        )

    def _meeting(
        self, values: NDArray[Any], box: Box, *, of: str, label_set: str, besides: frozenset[str]
    ) -> Iterable[tuple[str, NDArray[Any]]]:
        """Yield each other structure of a label set and the values (not zero, on `box`) where it is."""
        for crop in self._others(of, besides, label_set):
            common = _common(box, crop.box)
            if common is None:
                continue
            own = values[tuple(slice(c.start - b.start, c.stop - b.start) for c, b in zip(common, box, strict=True))]
            met = own[crop.within(common)]
            if met.any():
                yield crop.structure, met

    def _outer_faces(self, cells: NDArray[np.bool_], box: Box) -> tuple[NDArray[np.float32], Box]:
        """Return the area in mm2 by which each cell outside borders on cells inside, on the box grown by one."""
        wide = np.pad(cells, 1)
        areas = np.zeros(wide.shape, dtype=np.float32, order="F")
        mm = [s * n for s, n in zip(self.geometry.spacing, self.steps, strict=True)]
        for axis in range(3):
            face = np.float32(mm[(axis + 1) % 3] * mm[(axis + 2) % 3])
            inside, out = np.moveaxis(wide, axis, 0), np.moveaxis(areas, axis, 0)
            out[1:] += face * (inside[:-1] & ~inside[1:])
            out[:-1] += face * (inside[1:] & ~inside[:-1])
        x, y, z = (slice(b.start - 1, b.stop + 1) for b in box)
        return areas, (x, y, z)

    def _nearest(
        self, low: NDArray[Any], high: NDArray[Any], steps: Index3, origin: Index3
    ) -> tuple[NDArray[np.int64], ...]:
        """Return the nearest cell here along each axis, for the cells `low` to `high` of another sampling."""
        return tuple(
            (o + n * np.arange(int(a), int(b)) + own // 2) // own
            for o, n, a, b, own in zip(origin, steps, low, high, self.steps, strict=True)
        )


def _sampled(mask: Mask, steps: Index3) -> tuple[NDArray[np.bool_], Box]:
    """Return a mask's cells and their box; a cell is the voxel at its index times the steps."""
    first = [-(-o // n) for o, n in zip(mask.origin, steps, strict=True)]
    cells = mask.voxels[tuple(slice(c * n - o, None, n) for c, n, o in zip(first, steps, mask.origin, strict=True))]
    x, y, z = (slice(c, c + size) for c, size in zip(first, cells.shape, strict=True))
    return cells, (x, y, z)


def _common(one: Box, other: Box) -> Box | None:
    """Return the box that two boxes share, or None."""
    x, y, z = (slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return (x, y, z) if all(span.start < span.stop for span in (x, y, z)) else None


def _picked(crop: _Crop, near: tuple[NDArray[np.int64], ...]) -> tuple[Box, NDArray[np.bool_]] | None:
    """Return the crop at cells given by their index along each axis: which of them it may have, and what it has there.

    None when it has none of them.
    """
    x, y, z = (slice(int(index[0]), int(index[-1]) + 1) for index in near)
    common = _common((x, y, z), crop.box)
    if common is None:
        return None
    spans = [np.searchsorted(index, (c.start, c.stop)) for index, c in zip(near, common, strict=True)]
    x, y, z = (slice(int(low), int(high)) for low, high in spans)
    if any(span.start == span.stop for span in (x, y, z)):
        return None
    inside = crop.within(common)
    where = [index[span] - c.start for index, span, c in zip(near, (x, y, z), common, strict=True)]
    whole = all(len(at) == n for at, n in zip(where, inside.shape, strict=True))
    return (x, y, z), inside if whole else inside[np.ix_(*where)]


def _cover(
    by_set: Mapping[str, tuple[Box, NDArray[np.bool_]] | None], asked: NDArray[np.bool_], count: int
) -> Cover | None:
    """Return how one structure covers the cells asked about (`count` of them); None when it covers none."""
    votes = np.zeros(asked.shape, dtype=np.uint8, order="F")
    shares = dict.fromkeys(by_set, 0.0)
    for label_set, picked in by_set.items():
        if picked is not None:
            met = picked[1] & asked[picked[0]]
            shares[label_set] = float(np.count_nonzero(met)) / count
            votes[picked[0]] += met
    if not any(shares.values()):
        return None
    most = float(np.count_nonzero(votes > len(by_set) / 2)) / count
    return Cover(share=most, any_share=float(np.count_nonzero(votes)) / count, by_set=shares)


def _ranked(found: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))
