"""The difference tour: where two masks differ, voxel by voxel, in the order in which a reader looks. Layer: core.

What differs is told from a boundary drawn elsewhere as the critic tells it (`measures.cells`), on cells of about 2 mm;
then every voxel that only one mask has is put exactly into one stop.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Geometry, Index3, Mask, Point, Volume, joint_box, world_point
from labelcritic_gui.core.measures.cells import Cells, telling_part, with_rim
from labelcritic_gui.core.measures.regions import LEAST_ML, Claimant
from labelcritic_gui.core.measures.runs import Ints, parts_of

MOST = 20
"""So many regions make a tour; more nobody looks at, and they join the rest."""
REST_MM = 25.0
"""A boundary drawn elsewhere may go all around: it is looked at where most of it is, with so many mm on each side."""
_BIN_MM = 12.0
_REACH_MM = 5.0

Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False, slots=True)
class Stop:
    """One place of the tour: voxels that only one of two masks has.

    A region is 26-connected. The `rim` of a side is what is left of its claim: a boundary drawn elsewhere, and specks.
    `place` is a voxel of it, `low` and `high` the corners of what to look at, world RAS+ mm.
    """

    claimant: Claimant
    volume_ml: float
    hu_mean: float
    place: Point
    low: Point
    high: Point
    mask: Mask
    rim: bool = False

    def swapped(self) -> "Stop":
        """Return the same stop with the masks named the other way round."""
        return replace(self, claimant="second" if self.claimant == "first" else "first")


@dataclass(frozen=True, slots=True)
class Tour:
    """Where two masks differ: regions, biggest first, then the rim of either; and how much is whose, in ml."""

    stops: tuple[Stop, ...] = ()
    only_first_ml: float = 0.0
    only_second_ml: float = 0.0
    both_ml: float = 0.0

    def swapped(self) -> "Tour":
        """Return the same tour with the masks named the other way round."""
        stops = tuple(stop.swapped() for stop in self.stops)
        return Tour(stops, self.only_second_ml, self.only_first_ml, self.both_ml)


def find_tour(first: Mask, second: Mask, volume: Volume, *, most: int = MOST) -> Tour:
    """Return where two masks of one grid, that of the volume, differ."""
    steps = Cells(volume.geometry, (slice(0, 1), slice(0, 1), slice(0, 1))).steps
    box = joint_box([first, second], margin=max(steps))
    one, two = first.within(box), second.within(box)
    both = int(np.count_nonzero(one & two))
    cells = Cells(volume.geometry, box)
    grids = cells.of(first), cells.of(second)
    regions: list[Stop] = []
    rest: list[tuple[Claimant, NDArray[np.bool_]]] = []
    sides: tuple[tuple[Claimant, int], ...] = (("first", 0), ("second", 1))
    for claimant, index in sides:
        only = one & ~two if index == 0 else two & ~one
        telling = _telling(grids[index], grids[1 - index], cells)
        regions += _regions(only, telling, cells.steps, box, volume, claimant)
        rest.append((claimant, only))
    regions.sort(key=lambda stop: (-stop.volume_ml, stop.place))
    for stop in regions[:most]:
        _take_off(rest[0 if stop.claimant == "first" else 1][1], stop.mask, box)
    rims = [_rim(left, box, volume, claimant) for claimant, left in rest if left.any()]
    rims.sort(key=lambda stop: (-stop.volume_ml, stop.claimant))
    ml = volume.geometry.voxel_ml
    return Tour((*regions[:most], *rims), (first.count - both) * ml, (second.count - both) * ml, both * ml)


def stop_at(stops: Sequence[Stop], place: Point, *, reach_mm: float = _REACH_MM) -> int | None:
    """Return the number, from 0, of the stop that a world place lies in, or near: there a region before a rim."""
    distances = [_distance(stop.mask, place) for stop in stops]
    near = [(mm > 0.0, stop.rim, mm, n) for n, (stop, mm) in enumerate(zip(stops, distances, strict=True))]
    found = min((entry for entry in near if entry[2] <= reach_mm), default=None)
    return found[3] if found is not None else None


def _telling(mine: NDArray[np.bool_], rival: NDArray[np.bool_], cells: Cells) -> NDArray[np.bool_]:
    """Return the cells that are more than a boundary drawn elsewhere, with what is around them."""
    only = mine & ~rival
    if not only.any():
        return only
    return with_rim(telling_part(only, rival, cells.shell), only)


def _regions(
    only: NDArray[np.bool_], telling: NDArray[np.bool_], steps: Index3, box: Box, volume: Volume, claimant: Claimant
) -> list[Stop]:
    """Return the connected parts of the voxels in telling cells and the cells around them."""
    if not telling.any():
        return []
    around = np.zeros([n + 2 for n in telling.shape], dtype=np.bool_, order="F")
    for x, y, z in np.ndindex(3, 3, 3):
        around[x : x + telling.shape[0], y : y + telling.shape[1], z : z + telling.shape[2]] |= telling
    inside, last = _points(only), np.array(telling.shape) - 1
    near = np.zeros_like(only)
    near[tuple(inside[around[tuple(1 + np.minimum(inside // steps, last).T)]].T)] = True
    parts = parts_of(near)
    least = max(1.0, LEAST_ML / volume.geometry.voxel_ml)
    origin = (box[0].start, box[1].start, box[2].start)
    found = []
    for number in range(int(np.count_nonzero(parts.sizes >= least))):
        points = parts.points(number)
        if telling[tuple(np.minimum(points // steps, last).T)].any():
            found.append(_stop(points, origin, volume, claimant))
    return found


def _stop(points: Ints, origin: Index3, volume: Volume, claimant: Claimant) -> Stop:
    """Return the stop of some voxels, shape (n, 3)."""
    mask = _mask_of(points, origin, volume.geometry)
    place, low, high = _nearest(points, points.mean(axis=0)), points.min(axis=0), points.max(axis=0)
    return _stop_of(mask, points, origin, volume, claimant, (place, low, high))


def _rim(left: NDArray[np.bool_], box: Box, volume: Volume, claimant: Claimant) -> Stop:
    """Return the stop of all that is left of one side, seen where most of it is."""
    points = _points(left)
    origin = (box[0].start, box[1].start, box[2].start)
    spacing = np.array(volume.geometry.spacing)
    bins = (points * spacing // _BIN_MM).astype(np.int64)
    shape = bins.max(axis=0) + 1
    counts = np.bincount(np.ravel_multi_index(tuple(bins.T), tuple(int(n) for n in shape)))
    fullest = np.array(np.unravel_index(int(np.argmax(counts)), tuple(int(n) for n in shape)))
    own = points[(bins == fullest).all(axis=1)]
    place = _nearest(own, own.mean(axis=0))
    reach = np.maximum(1, np.rint(REST_MM / spacing)).astype(np.int64)
    low, high = np.maximum(place - reach, points.min(axis=0)), np.minimum(place + reach, points.max(axis=0))
    mask = _mask_of(points, origin, volume.geometry)
    return replace(_stop_of(mask, points, origin, volume, claimant, (place, low, high)), rim=True)


def _stop_of(
    mask: Mask, points: Ints, origin: Index3, volume: Volume, claimant: Claimant, seen: tuple[Ints, Ints, Ints]
) -> Stop:
    place, low, high = seen
    geometry = volume.geometry
    corners = np.array(np.meshgrid(*np.stack([low - 0.5, high + 0.5]).T, indexing="ij")).reshape(3, -1).T
    world = geometry.to_world(corners + np.array(origin))
    hu = volume.voxels[tuple((points + np.array(origin)).T)]
    return Stop(
        claimant=claimant,
        volume_ml=len(points) * geometry.voxel_ml,
        hu_mean=float(hu.mean(dtype=np.float64)),
        place=world_point(geometry, origin, place.astype(np.float64)),
        low=_point(world.min(axis=0)),
        high=_point(world.max(axis=0)),
        mask=mask,
    )


def _mask_of(points: Ints, origin: Index3, geometry: Geometry) -> Mask:
    low = points.min(axis=0)
    voxels = np.zeros(tuple(points.max(axis=0) - low + 1), dtype=np.bool_, order="F")
    voxels[tuple((points - low).T)] = True
    x, y, z = (int(n) for n in low + np.array(origin))
    return Mask(voxels, (x, y, z), geometry)


def _take_off(left: NDArray[np.bool_], taken: Mask, box: Box) -> None:
    part = left[tuple(slice(m.start - b.start, m.stop - b.start) for m, b in zip(taken.box, box, strict=True))]
    part &= ~taken.voxels


def _points(voxels: NDArray[np.bool_]) -> Ints:
    """Return the voxels inside as indices, shape (n, 3); several times as fast as `argwhere` in Fortran order."""
    rest, x = np.divmod(np.flatnonzero(voxels.ravel(order="F")), voxels.shape[0])
    z, y = np.divmod(rest, voxels.shape[1])
    return np.stack([x, y, z], axis=1)


def _nearest(points: Ints, to: NDArray[np.float64]) -> Ints:
    """Return the voxel that is nearest to a place."""
    nearest: Ints = points[int(np.argmin(((points - to) ** 2).sum(axis=1)))]
    return nearest


def _distance(mask: Mask, place: Point) -> float:
    """Return how far a world place is from the nearest voxel of a mask, in mm; 0 inside it."""
    geometry = mask.geometry
    at = np.rint(geometry.to_index(np.array(place))).astype(np.int64) - np.array(mask.origin)
    if all(0 <= n < size for n, size in zip(at, mask.voxels.shape, strict=True)) and mask.voxels[tuple(at)]:
        return 0.0
    points = _points(mask.voxels)
    return float(np.sqrt((((points - at) * np.array(geometry.spacing)) ** 2).sum(axis=1).min()))


def _point(world: NDArray[np.float64]) -> Point:
    x, y, z = (float(v) for v in world)
    return x, y, z
