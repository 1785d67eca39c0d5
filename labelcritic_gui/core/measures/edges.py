"""How a mask's boundary lies on the edges that the CT shows: on one, beside one, or amid tissue. Layer: core.

Worked out on cells of about 2 mm (see `metrics.thinning`), of the largest part alone. Every face between a cell of the
mask and one outside is looked at along its normal, four cells to either side. Steps are taken over three cells, so that
partly filled ones are bridged. No source: these are plain measurements, and what is usual is measured on labels that
are right.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Index3, Mask, Point, Volume, world_point
from labelcritic_gui.core.measures.neighbours import Neighbours

_REACH = 4
"""Cells along a face's normal on either side."""
_CLIP_HU = (-1024.0, 700.0)
_LEAST_STEP, _STEP_NOISE = 14.0, 0.9
"""A step in HU that is an edge, at least; and in mean steps of the noise (of the densities averaged over 27 cells)."""
_LEAST_SD, _LIKE_SD, _LIKE_HU = 8.0, 1.5, 18.0
_UNLIKE_SD, _UNLIKE_HU = 2.0, 30.0
_LEAST_FACES, _LEAST_CORE, _LEAST_INNER = 24, 30, 0.15
_THICK_MM, _THICKER = 4.0, 1.5
"""Along an axis with cells that large, and that much larger than along another, cells are held against the next ones,
and not averaged."""


@dataclass(frozen=True, slots=True)
class Edges:
    """What the boundary of one mask follows; None when the mask is too small or too thin to say.

    Attributes:
        edge_share: share of the surface (by area) where the density steps; faces at the image border do not count.
        edge_peak: mean step at the boundary over the largest one of those one and two cells inside and outside of it;
            1 when the boundary lies on the edge.
        edge_beyond: by how much the steps one and two cells outside exceed those inside, -1..1: positive when the edge
            lies outside, so that the mask is too small.
        blind_share: area of the largest connected patch of the surface with like tissue on both sides that no other
            structure claims, over the mask's largest cross-section (of the axis where that is smallest).
        blind_place: the middle of that patch, in world mm.
        alike_outside: share of the cells two to three outside, claimed by no other structure, that are like the inside.
        strange_share: share of the mask in its largest solid region that is unlike the rest, boundary left out;
            `strange_place` its middle and `strange_hu` its median.
        core_hu: median density away from the boundary.
    """

    edge_share: float | None = None
    edge_peak: float | None = None
    edge_beyond: float | None = None
    blind_share: float | None = None
    blind_place: Point | None = None
    alike_outside: float | None = None
    strange_share: float | None = None
    strange_place: Point | None = None
    strange_hu: float | None = None
    core_hu: float | None = None


def measure_edges(
    mask: Mask,
    ct: Volume,
    *,
    of: str = "",
    neighbours: Neighbours | None = None,
    whole: bool = False,
) -> Edges:
    """Measure a mask (not empty) against its CT (canonical, same grid); its largest part, or the `whole` of it.

    Where one of the `neighbours` claims what lies beyond the boundary, missing edges there say nothing, whether or not
    that structure may overlap this one; `of` is the structure's name.
    """
    crop = _Crop(mask, ct, whole=whole)
    if np.count_nonzero(crop.inside) < _LEAST_CORE:
        return Edges()
    claimed = np.zeros_like(crop.inside)
    if neighbours is not None:
        claimed = neighbours.claimed(~crop.inside, crop.steps, crop.origin, of=of)
    core = crop.core()
    middle, low, high = _quartiles(crop.hu[core])
    spread = max((high - low) / 1.349, _LEAST_SD)
    smooth = _averaged(crop.hu, crop.mm)
    alike = np.abs(smooth - middle) <= max(_LIKE_SD * spread, _LIKE_HU)
    faces = _Faces(crop)
    if faces.count < _LEAST_FACES:
        return Edges(core_hu=middle)
    noise = _inner_steps(crop.hu, crop.inside)
    step = max(_LEAST_STEP, _STEP_NOISE * _inner_steps(smooth, core))
    beyond, within = faces.beside(smooth)
    stepped = np.abs(beyond - within) > step
    blind = ~faces.sampled(claimed, 0) & ~stepped & faces.beside(alike)[0]
    return Edges(
        edge_share=float(faces.area[stepped].sum() / faces.area.sum()),
        core_hu=middle,
        **_alignment(crop, faces, noise),
        **_blind(crop, faces, blind),
        **_outside(faces, alike, claimed),
        **_strange(crop, smooth, middle, spread),
    )


class _Crop:
    """The mask and the densities around it on cells; `origin` is the first cell's voxel, `mm` the size of a cell."""

    def __init__(self, mask: Mask, ct: Volume, *, whole: bool) -> None:
        self.geometry = ct.geometry
        self.steps = metrics.thinning(ct.geometry.spacing)
        spans, samples = [], []
        for span, step, size in zip(mask.box, self.steps, ct.geometry.shape, strict=True):
            before = min(_REACH, span.start // step)  # whole steps, so that a margin moves no cell
            low = span.start - before * step
            samples.append(slice(low, min(span.stop + _REACH * step, size), step))
            spans.append(slice(before, before + -(-(span.stop - span.start) // step)))
        raw = ct.voxels[tuple(samples)].astype(np.float32)
        inside = np.zeros(raw.shape, dtype=np.bool_, order="F")
        inside[tuple(spans)] = metrics.thinned(mask.voxels, self.steps)
        if not whole:
            inside = metrics.largest_part(inside)[0]  # islands are told apart, and make no boundary better
        clipped = np.clip(np.nan_to_num(raw, nan=_CLIP_HU[0], copy=False), *_CLIP_HU)
        clipped = metrics.gas_filled(clipped, inside)
        # at the image border the outermost cells are repeated: nothing ends there
        ends = [(_REACH - s.start, max(_REACH - (n - s.stop), 0)) for s, n in zip(spans, raw.shape, strict=True)]
        self.inside = np.asfortranarray(np.pad(inside, ends, mode="edge"))
        self.hu: NDArray[np.float32] = np.asfortranarray(np.pad(clipped, ends, mode="edge"))
        x0, y0, z0 = (s.start - before * n for s, (before, _), n in zip(samples, ends, self.steps, strict=True))
        self.origin: Index3 = (x0, y0, z0)
        x, y, z = (s * n for s, n in zip(ct.geometry.spacing, self.steps, strict=True))
        self.mm: Point = (x, y, z)

    def core(self) -> metrics.Voxels:
        """Return the cells away from the boundary: two from it, one, or all, as far as there are enough."""
        count = int(np.count_nonzero(self.inside))
        least = max(_LEAST_CORE, count // 10)
        once = metrics.eroded(self.inside)
        twice = metrics.eroded(once)
        for part in (twice, once):
            if np.count_nonzero(part) >= least:
                return part
        return self.inside

    def world(self, cell: Index3) -> Point:
        """Return the world position of a cell in mm."""
        return world_point(self.geometry, self.origin, np.multiply(cell, self.steps))


class _Faces:
    """The faces between cells of the mask and cells outside, with cells to sample along each one's normal.

    Depth 0 is the first cell outside, 1 the next, -1 the first one inside. Faces at the image border are no faces.
    """

    def __init__(self, crop: _Crop) -> None:
        inside = crop.inside
        strides = (1, inside.shape[0], inside.shape[0] * inside.shape[1])
        flat = inside.ravel(order="F")
        outer, normals, areas, thick = [], [], [], []
        for axis, stride in enumerate(strides):
            area = crop.mm[(axis + 1) % 3] * crop.mm[(axis + 2) % 3]
            # the crop has a margin of outside, or of cells repeated, so that a step never wraps around
            for normal in (stride, -stride):
                beyond = np.flatnonzero(flat[stride:] & ~flat[:-stride]) if normal < 0 else None
                found = beyond if beyond is not None else np.flatnonzero(flat[:-stride] & ~flat[stride:]) + stride
                outer.append(found)
                normals.append(np.full(len(found), normal))
                areas.append(np.full(len(found), area))
                thick.append(np.full(len(found), _is_thick(crop.mm)[axis]))
        self.outer = np.concatenate(outer)
        self.area = np.concatenate(areas)
        self.thick = np.concatenate(thick)
        self._normal = np.concatenate(normals)
        self.count = len(self.outer)

    def sampled(self, values: NDArray[Any], depth: int) -> NDArray[Any]:
        """Return the value of the cell at a depth along every face's normal."""
        return np.asarray(values.ravel(order="F")[self.outer + depth * self._normal])

    def beside(self, values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the values two cells beyond every face and two cells within; the next ones along thick cells."""
        beyond, within = (self.sampled(values, depth) for depth in (1, -2))
        if self.thick.any():
            beyond[self.thick] = self.sampled(values, 0)[self.thick]
            within[self.thick] = self.sampled(values, -1)[self.thick]
        return beyond, within


def _is_thick(mm: Point) -> tuple[bool, ...]:
    return tuple(size > max(_THICK_MM, _THICKER * min(mm)) for size in mm)


def _averaged(hu: NDArray[np.float32], mm: Point) -> NDArray[np.float32]:
    """Return the densities averaged over 3 x 3 x 3 cells, not along an axis with large ones."""
    from scipy import ndimage

    sizes = [1 if thick else 3 for thick in _is_thick(mm)]
    return np.asarray(ndimage.uniform_filter(hu.T, sizes[::-1], mode="nearest").T)


def _quartiles(values: NDArray[np.float32]) -> tuple[float, float, float]:
    """Return the median, the lower and the upper quartile; of many values, of every n-th."""
    middle, low, high = np.percentile(values[:: max(len(values) // 20_000, 1)], (50, 25, 75))
    return float(middle), float(low), float(high)


def _inner_steps(hu: NDArray[np.float32], inside: metrics.Voxels) -> float:
    """Return the mean step over three cells within a region, on every other line of cells; 0 when it is too small."""
    total, count = 0.0, 0
    for axis in range(3):
        values: NDArray[np.float32] = np.moveaxis(hu, axis, 0)[:, ::2, ::2]
        here: metrics.Voxels = np.moveaxis(inside, axis, 0)[:, ::2, ::2]
        whole = here[:-3] & here[1:-2] & here[2:-1] & here[3:]
        total += float(np.abs(values[3:] - values[:-3])[whole].sum(dtype=np.float64))
        count += int(np.count_nonzero(whole))
    return total / count if count else 0.0


def _alignment(crop: _Crop, faces: _Faces, noise: float) -> dict[str, Any]:
    """Compare the step at the boundary with those one and two cells beside it."""
    weights = np.where(faces.thick, 0.0, faces.area)
    if not weights.any():
        return {}
    lines = [faces.sampled(crop.hu, depth) for depth in range(-_REACH, _REACH)]
    steps = []
    for first in range(5):  # over three cells: from two cells inside of the shifted boundary to two outside
        mean = float(np.average(np.abs(lines[first + 3] - lines[first]), weights=weights))
        steps.append(max(mean - noise, 0.0))
    inner, here, outer = steps[0] + steps[1], steps[2], steps[3] + steps[4]
    if not max(steps):
        return {}
    return {"edge_peak": here / max(steps), "edge_beyond": (outer - inner) / (outer + inner + here)}


def _blind(crop: _Crop, faces: _Faces, blind: NDArray[np.bool_]) -> dict[str, Any]:
    """Find the largest patch of the boundary where nothing ends."""
    at = faces.outer[blind]
    if not len(at):
        return {"blind_share": 0.0}
    flat = np.bincount(at, weights=faces.area[blind], minlength=crop.inside.size)
    area = flat.reshape(crop.inside.shape, order="F")
    section = min(
        float(crop.inside.sum(axis=tuple(a for a in range(3) if a != axis)).max())
        * crop.mm[(axis + 1) % 3]
        * crop.mm[(axis + 2) % 3]
        for axis in range(3)
    )
    numbers, _ = metrics.components(area > 0)
    sums = np.bincount(numbers.ravel(order="F"), weights=flat)
    sums[0] = 0.0
    largest = int(np.argmax(sums))
    place = crop.world(metrics.middle_of(numbers == largest))
    return {"blind_share": float(sums[largest]) / section, "blind_place": place}


def _outside(faces: _Faces, alike: NDArray[np.bool_], claimed: NDArray[np.bool_]) -> dict[str, Any]:
    """Say how much of what lies two to three cells outside is like the inside."""
    found = [faces.sampled(alike & ~claimed, depth) for depth in (1, 2)]
    return {"alike_outside": float(np.mean(found))}


def _strange(crop: _Crop, smooth: NDArray[np.float32], middle: float, spread: float) -> dict[str, Any]:
    """Find the largest solid region of the mask that is unlike the rest, the boundary's cells left out."""
    count = int(np.count_nonzero(crop.inside))
    inner = _averaged(crop.inside.astype(np.float32), crop.mm) > 0.999  # where averages are of the mask alone
    if np.count_nonzero(inner) < _LEAST_INNER * count:
        return {}
    unlike = np.abs(smooth - middle) > max(_UNLIKE_SD * spread, _UNLIKE_HU)
    part, size, place = metrics.largest_part(inner & unlike)
    if not size:
        return {"strange_share": 0.0}
    return {
        "strange_share": size / count,
        "strange_place": crop.world(place),
        "strange_hu": float(np.median(smooth[part])),
    }
