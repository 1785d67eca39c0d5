"""What the CT and the other labels say around a mask: density, neighbours, midline, the way to the skin.

Layer: faults.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from labelcritic_gui.core.geometry import Mask, Point, Volume
from labelcritic_gui.faults.scene import Scene
from labelcritic_gui.faults.site import Site
from labelcritic_gui.faults.space import Box, Vector, grown_box, rows_of

SKIN_HU = -300
"""Above it is tissue, below it air; lung and bowel gas are air as well."""
_BONE_HU = 250
_SAMPLE = 40_000
_SURFACE_MM, _REFINED_MM, _FEW = 2.0, 20.0, 1500
_NESTED = 0.4
"""Share of the smaller one from which two overlapping masks are one inside the other, not neighbours."""


@dataclass(frozen=True, eq=False, slots=True)
class Neighbour:
    """Another structure near a mask: its gap in mm, the mask's point nearest to it, and its own point there (mm)."""

    name: str
    mask: Mask
    gap: float
    start: Vector
    entry: Vector


def density_of(mask: Mask, volume: Volume) -> tuple[float, float]:
    """Return a mask's median density and its usual deviation, both in HU (0 and 50 where the image has no numbers)."""
    rows = rows_of(mask.voxels, most=_SAMPLE) + np.array(mask.origin)
    values = np.asarray(volume.voxels[rows[:, 0], rows[:, 1], rows[:, 2]], dtype=np.float64)
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 50.0
    middle = float(np.median(values))
    return middle, float(1.4826 * np.median(np.abs(values - middle)))


def shell_points(mask: Mask, box: Box | None = None, *, most: int = 6000) -> Vector:
    """Return world points (n, 3) on a mask's surface, within a box of the grid where one is given."""
    origin = mask.origin
    inside = mask.voxels
    if box is not None:
        spans = [
            slice(max(a.start, b.start), max(min(a.stop, b.stop), max(a.start, b.start)))
            for a, b in zip(mask.box, box, strict=True)
        ]
        origin = (spans[0].start, spans[1].start, spans[2].start)
        inside = mask.within((spans[0], spans[1], spans[2]))
    if inside.size == 0:
        return np.zeros((0, 3))
    # fine grids are thinned: a surface to about 2 mm is all that is asked for
    steps = [
        max(int(_SURFACE_MM / s), 1) if n >= 24 else 1 for n, s in zip(inside.shape, mask.geometry.spacing, strict=True)
    ]
    inside = inside[:: steps[0], :: steps[1], :: steps[2]].copy(order="F")
    core = np.zeros_like(inside)
    core[1:-1, 1:-1, 1:-1] = (
        inside[1:-1, 1:-1, 1:-1]
        & inside[2:, 1:-1, 1:-1]
        & inside[:-2, 1:-1, 1:-1]
        & inside[1:-1, 2:, 1:-1]
        & inside[1:-1, :-2, 1:-1]
        & inside[1:-1, 1:-1, 2:]
        & inside[1:-1, 1:-1, :-2]
    )
    return mask.geometry.to_world(rows_of(inside & ~core, most=most) * np.array(steps) + np.array(origin))


def neighbours_of(site: Site, *, within_mm: float, only: str = "") -> list[Neighbour]:
    """Return the other structures (or `only` one) within a gap, the nearest first.

    One that holds the mask, or lies in it, is no neighbour.
    """
    from scipy.spatial import cKDTree

    truth = site.truth
    own = cKDTree(shell_points(truth, most=_FEW))
    around = grown_box(truth.box, truth.geometry, within_mm)
    found = []
    for name, other in site.scene.others(site.structure).items():
        apart = any(a.start >= b.stop or b.start >= a.stop for a, b in zip(around, other.box, strict=True))
        if apart or only not in ("", name):
            continue
        points = shell_points(other, around, most=_FEW)
        if len(points) == 0:
            continue
        gap, start, entry = _contact(own, points, site, limit=within_mm + 10.0)
        if gap <= _REFINED_MM:  # sparse points overstate a small gap: look again at all points there
            x, y, z = (int(v) for v in np.clip(np.rint(truth.geometry.to_index(entry)), 0, None))
            there = grown_box((slice(x, x + 1), slice(y, y + 1), slice(z, z + 1)), truth.geometry, gap + 6.0)
            near = shell_points(truth, there, most=_FEW)
            if len(near):
                gap, start, entry = _contact(cKDTree(near), shell_points(other, there, most=_FEW), site)
        if gap <= within_mm and not _nested(truth, other):
            found.append(Neighbour(name, other, gap, start, entry))
    return sorted(found, key=lambda n: (round(n.gap, 3), n.name))


def _contact(own: Any, points: Vector, site: Site, *, limit: float = np.inf) -> tuple[float, Vector, Vector]:
    """Return the gap between a tree of points and others, and a point on each, at any place where they are nearest.

    Beyond `limit` mm the gap is infinite.
    """
    gaps, nearest = (np.atleast_1d(a) for a in own.query(points, distance_upper_bound=limit))
    closest = np.flatnonzero(gaps <= gaps.min() + 2.0)
    # a leak does not always start at the same place
    spot = int(closest[int(site.rng.integers(len(closest)))])
    return float(gaps[spot]), own.data[min(int(nearest[spot]), own.n - 1)], points[spot]


def _nested(one: Mask, other: Mask) -> bool:
    both = int(np.count_nonzero(other.within(one.box) & one.voxels))
    return both > _NESTED * min(one.count, other.count)


def midline_of(scene: Scene, mask: Mask) -> float:
    """Return the world x of the body's midline at a mask's height: of its bones, else of its tissue, else the grid's.

    The median of all bone in those slices: the spine outweighs the rest.
    """
    step = max(round(3.0 / min(scene.volume.geometry.spacing)), 1)
    low, high = mask.box[2].start, mask.box[2].stop
    values = np.asarray(scene.volume.voxels[::step, ::step, low : high : max((high - low) // 24, 1)])
    columns = np.arange(values.shape[0]) * step
    middle = (scene.volume.geometry.shape[0] - 1) / 2.0
    for threshold, least in ((SKIN_HU, 0.02), (_BONE_HU, 0.002)):
        profile = np.count_nonzero(values > threshold, axis=(1, 2))
        if profile.sum() < least * values.size:
            break
        middle = float(np.interp(0.5, (np.cumsum(profile) - profile / 2) / profile.sum(), columns))
    point = mask.geometry.to_world(np.array([middle, *(s.start + n / 2 for s, n in _sides(mask))]))
    return float(point[0])


def _sides(mask: Mask) -> list[tuple[slice, int]]:
    return [(mask.box[a], mask.voxels.shape[a]) for a in (1, 2)]


def way_out(site: Site, direction: Point, *, past_mm: float) -> tuple[Vector, Vector] | None:
    """Return the mask's outermost point in a direction and the skin beyond it in the world; None without air there.

    The skin is where at least `past_mm` of air, or the rest of the image if that is at least a third of it, begins
    and never ends: a table or an arm further out counts as body, as rays see it.
    """
    points = shell_points(site.truth)
    heights = points @ np.asarray(direction)
    start = points[int(np.argmax(heights))]
    geometry = site.truth.geometry
    step = min(geometry.spacing) / 2
    length = float(np.linalg.norm(np.multiply(geometry.shape, geometry.spacing)))
    ray = start + np.arange(0.0, length, step)[:, None] * np.asarray(direction)
    rows = np.rint(geometry.to_index(ray)).astype(int)
    rows = rows[((rows >= 0) & (rows < np.array(geometry.shape))).all(axis=1)]
    values = site.scene.volume.voxels[rows[:, 0], rows[:, 1], rows[:, 2]]
    tissue = np.flatnonzero(values > SKIN_HU)
    last = int(tissue[-1]) if len(tissue) else 0
    if (len(rows) - 1 - last) * step < past_mm / 3:
        return None
    return start, ray[last]
