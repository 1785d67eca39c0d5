"""The regions in which two candidates differ: where, how large, and who claims them. Layer: core."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Geometry, Mask, Point, Volume, joint_box
from labelcritic_gui.core.landmarks import Landmarks

Side = Literal["left", "right", ""]
Claimant = Literal["first", "second"]

LEAST_ML = 0.1
"""Smaller regions are not worth a place, nor are those of fewer than `LEAST_CELLS`."""
LEAST_CELLS = 8
MIDLINE_MM = 10.0
"""So close to the midline a region lies on neither side."""
_SHELL_CELLS = 2
"""As many cells beyond the other mask are a boundary drawn elsewhere; one, along an axis that is much coarser."""
_MUCH_COARSER = 1.5
_HU = (-1024.0, 3071.0)


@dataclass(frozen=True, slots=True)
class DifferingRegion:
    """One connected region that only one of two candidates claims.

    `claimant` is "first" or "second"; `place` a point inside it and `low`, `high` the corners of its box, world RAS+
    mm; `hu_mean` what the CT has there; `side` the patient's side that it lies on, empty near the midline or unknown.
    """

    claimant: Claimant
    volume_ml: float
    place: Point
    low: Point
    high: Point
    hu_mean: float
    side: Side = ""

    def swapped(self) -> "DifferingRegion":
        """Return the same region with the candidates named the other way round."""
        other: Claimant = "second" if self.claimant == "first" else "first"
        return DifferingRegion(other, self.volume_ml, self.place, self.low, self.high, self.hu_mean, self.side)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "DifferingRegion":
        """Read it back."""
        points = {name: tuple(stored[name]) for name in ("place", "low", "high")}
        return cls(**{**stored, **points})


def describe(region: DifferingRegion, names: tuple[str, str] = ("first", "second")) -> str:
    """Say a region in words: "14.2 ml on the patient's left, only in second, at 35 HU"; `names` are the candidates'."""
    ml = region.volume_ml
    size = f"{ml:.2f}" if ml < 1.0 else f"{ml:.1f}" if ml < 100.0 else f"{ml:.0f}"
    where = f" on the patient's {region.side}" if region.side else ""
    name = names[0] if region.claimant == "first" else names[1]
    return f"{size} ml{where}, only in {name}, at {region.hu_mean:.0f} HU"


def differing_regions(
    first: Mask, second: Mask, ct: Volume, landmarks: Landmarks | None = None, *, most: int = 8
) -> tuple[DifferingRegion, ...]:
    """Return the regions that only one of two masks (on the CT's grid) claims, largest first, at most `most`.

    A region is a 26-connected part of the difference that is more than a boundary drawn one or two voxels apart: it
    reaches further from the other mask, is thicker, or fills slices that the other leaves out. Its rim belongs to it; a
    shell without such a part is no region. Judged on a grid of about 2 mm within the joint box; volumes are shares of
    the exact one. Without landmarks no sides are told.
    """
    if first.is_empty and second.is_empty:
        return ()
    cells = _Cells(ct.geometry, joint_box([first, second]))
    one, two, both = cells.of(first), cells.of(second), metrics.overlap(first, second)
    sides: tuple[tuple[Claimant, Mask, metrics.Voxels, metrics.Voxels], ...]
    sides = (("first", first, one, two), ("second", second, two, one))
    found: list[DifferingRegion] = []
    for claimant, mask, mine, rival in sides:
        part = mine & ~rival
        if not part.any():
            continue
        cell_ml = (mask.count - both) * ct.geometry.voxel_ml / int(np.count_nonzero(part))
        parts = _parts(_with_rim(_telling(part, rival, cells.shell), part), most)
        found += [
            _region(at, cells, ct, landmarks, claimant=claimant, cell_ml=cell_ml)
            for at in parts
            if len(at) >= LEAST_CELLS and len(at) * cell_ml >= LEAST_ML
        ]
    return tuple(sorted(found, key=lambda region: (-region.volume_ml, region.place))[:most])


class _Cells:
    """A coarse grid within a box: every n-th voxel along each axis, the first one half a step from the box's corner."""

    def __init__(self, geometry: Geometry, box: tuple[slice, slice, slice]) -> None:
        self.geometry = geometry
        self.steps = metrics.thinning(geometry.spacing)
        self._start = tuple(span.start + (step - 1) // 2 for span, step in zip(box, self.steps, strict=True))
        self.samples = tuple(slice(at, span.stop, n) for at, span, n in zip(self._start, box, self.steps, strict=True))
        mm = [s * n for s, n in zip(geometry.spacing, self.steps, strict=True)]
        self.shell = tuple(_SHELL_CELLS if m <= _MUCH_COARSER * min(mm) else 1 for m in mm)

    def of(self, mask: Mask) -> metrics.Voxels:
        """Return a mask on the cells, without ever holding it on all voxels of the box."""
        out = np.zeros([len(range(*s.indices(s.stop))) for s in self.samples], dtype=np.bool_, order="F")
        if mask.is_empty:
            return out
        first = [-(-(own.start - at) // n) for own, at, n in zip(mask.box, self._start, self.steps, strict=True)]
        first = [max(cell, 0) for cell in first]
        picked = mask.voxels[
            tuple(
                slice(at + cell * n - own.start, None, n)
                for own, at, n, cell in zip(mask.box, self._start, self.steps, first, strict=True)
            )
        ]
        out[tuple(slice(cell, cell + n) for cell, n in zip(first, picked.shape, strict=True))] = picked
        return out

    def world(self, cell: NDArray[Any]) -> NDArray[np.float64]:
        """Return world positions in mm of cells, shape (..., 3)."""
        return self.geometry.to_world(np.multiply(cell, self.steps) + np.array(self._start))


def _telling(part: metrics.Voxels, rival: metrics.Voxels, shell: tuple[int, ...]) -> metrics.Voxels:
    """Return what is more than a boundary in what the rival lacks: far from it, thick, or between its slices."""
    near = rival
    for step in range(_SHELL_CELLS):
        near = _spread(near, tuple(axis for axis in range(3) if step < shell[axis]))
    return (part & ~near) | metrics.opened(part) | _left_out(part, rival)


def _left_out(part: metrics.Voxels, rival: metrics.Voxels) -> metrics.Voxels:
    """Return sheets of one to three slices that have the rival below and above."""
    from scipy import ndimage

    below, above = np.zeros_like(rival), np.zeros_like(rival)
    for step in range(1, _SHELL_CELLS + 1):
        below[:, :, step:] |= rival[:, :, :-step]
        above[:, :, :-step] |= rival[:, :, step:]
    sheets = part & below & above
    cross = ndimage.generate_binary_structure(2, 1)[None]
    return np.asarray(ndimage.binary_opening(sheets.T, structure=cross).T, dtype=np.bool_)


def _with_rim(telling: metrics.Voxels, part: metrics.Voxels) -> metrics.Voxels:
    """Return the telling part of a difference with the thin rim around it, but not the shell that it may stand on."""
    return _spread(telling, (0, 1, 2)) & part


def _spread(voxels: metrics.Voxels, axes: tuple[int, ...]) -> metrics.Voxels:
    """Return a mask grown by one along some axes, corners included."""
    for axis in axes:
        grown = voxels.copy(order="F")
        mine, source = np.moveaxis(grown, axis, 0), np.moveaxis(voxels, axis, 0)
        mine[1:] |= source[:-1]
        mine[:-1] |= source[1:]
        voxels = grown
    return voxels


def _parts(voxels: metrics.Voxels, most: int) -> Iterator[NDArray[np.int64]]:
    """Yield the cells, shape (n, 3), of the largest 26-connected parts."""
    from scipy import ndimage

    numbers, sizes = metrics.components(voxels)
    boxes = ndimage.find_objects(numbers.T)
    for number in np.argsort(-sizes, kind="stable")[:most]:
        box = boxes[number][::-1]
        yield np.argwhere(numbers[box] == number + 1) + np.array([span.start for span in box])


def _region(
    at: NDArray[np.int64],
    cells: _Cells,
    ct: Volume,
    landmarks: Landmarks | None,
    *,
    claimant: Claimant,
    cell_ml: float,
) -> DifferingRegion:
    """Measure the region of these cells, shape (n, 3)."""
    centre = at.mean(axis=0)
    nearest = at[int(np.argmin(((at - centre) ** 2).sum(axis=1)))]
    ends = np.array([at.min(axis=0) - 0.5, at.max(axis=0) + 0.5])
    corners = cells.world(np.array(np.meshgrid(*ends.T, indexing="ij")).reshape(3, -1).T)
    hu = ct.voxels[cells.samples][tuple(at.T)].astype(np.float64)
    hu = np.clip(np.nan_to_num(hu, nan=_HU[0]), *_HU)
    return DifferingRegion(
        claimant=claimant,
        volume_ml=len(at) * cell_ml,
        place=_point(cells.world(nearest)),
        low=_point(corners.min(axis=0)),
        high=_point(corners.max(axis=0)),
        hu_mean=float(hu.mean()),
        side=_side(_point(cells.world(centre)), landmarks),
    )


def _point(world: NDArray[np.float64]) -> Point:
    x, y, z = (float(v) for v in world)
    return x, y, z


def _side(centre: Point, landmarks: Landmarks | None) -> Side:
    axis = None if landmarks is None else landmarks.axis_at(centre[2])
    if axis is None:
        return ""
    lateral = centre[0] - axis[0]
    return "" if abs(lateral) <= MIDLINE_MM else "right" if lateral > 0 else "left"
