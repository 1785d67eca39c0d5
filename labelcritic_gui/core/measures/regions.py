"""The regions in which two candidates differ: where, how large, who claims them, what speaks for it. Layer: core."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Mask, Point, Volume, joint_box
from labelcritic_gui.core.measures.cells import Cells, largest_parts, telling_part, with_rim
from labelcritic_gui.core.measures.neighbours import Neighbours
from labelcritic_gui.core.measures.signs import MARGIN, Signs, Surroundings
from labelcritic_gui.core.patient.landmarks import Landmarks
from labelcritic_gui.core.structures import Structure

Side = Literal["left", "right", ""]
Claimant = Literal["first", "second"]

LEAST_ML = 0.1
"""Smaller regions are not worth a place, nor are those of fewer than `LEAST_CELLS`."""
LEAST_CELLS = 8
MIDLINE_MM = 10.0
"""So close to the midline a region lies on neither side."""
_HU = (-1024.0, 3071.0)
_TRIFLE = 0.1


@dataclass(frozen=True, slots=True)
class DifferingRegion:
    """One connected region that only one of two candidates claims.

    `claimant` is "first" or "second"; `place` a point inside it and `low`, `high` the corners of its box, world RAS+
    mm; `hu_mean` what the CT has there; `side` the patient's side that it lies on, empty near the midline or unknown.
    A `rim` is what is left of a candidate's claim beside its regions, which need not be connected: a boundary drawn
    elsewhere. `signs` is what the CT and the anatomy say of it.
    """

    claimant: Claimant
    volume_ml: float
    place: Point
    low: Point
    high: Point
    hu_mean: float
    side: Side = ""
    rim: bool = False
    signs: Signs | None = None

    def swapped(self) -> "DifferingRegion":
        """Return the same region with the candidates named the other way round."""
        other: Claimant = "second" if self.claimant == "first" else "first"
        return replace(self, claimant=other)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "DifferingRegion":
        """Read it back."""
        known = {f.name: stored[f.name] for f in fields(cls) if f.name in stored}
        points = {name: tuple(stored[name]) for name in ("place", "low", "high")}
        signs = Signs.from_json(stored["signs"]) if stored.get("signs") else None
        return cls(**{**known, **points, "signs": signs})


def size_of(region: DifferingRegion) -> str:
    """Say a region's volume: "0.42 ml", "14.2 ml", "120 ml"."""
    ml = region.volume_ml
    return (f"{ml:.2f}" if ml < 1.0 else f"{ml:.1f}" if ml < 100.0 else f"{ml:.0f}") + " ml"


def describe(region: DifferingRegion, names: tuple[str, str] = ("first", "second")) -> str:
    """Say a region in words: "14.2 ml on the patient's left, only in second, at 35 HU"; `names` are the candidates'."""
    where = f" on the patient's {region.side}" if region.side else ""
    name = names[0] if region.claimant == "first" else names[1]
    return f"{size_of(region)}{where}, only in {name}, at {region.hu_mean:.0f} HU"


@dataclass(frozen=True, eq=False, slots=True)
class Context:
    """What is known of a case beside two candidates: all of it is optional, and makes more signs known.

    `structure` is the one that both claim to be; `label_sets` are whose the first and the second are.
    """

    landmarks: Landmarks | None = None
    neighbours: Neighbours | None = None
    structure: Structure | None = None
    label_sets: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Differences:
    """Where two candidates differ: the regions, largest first, and the rim of either, where there is one."""

    regions: tuple[DifferingRegion, ...] = ()
    rims: tuple[DifferingRegion, ...] = ()

    @property
    def claims(self) -> tuple[DifferingRegion, ...]:
        """Everything that only one of both claims."""
        return self.regions + self.rims

    def swapped(self) -> "Differences":
        """Return the same differences with the candidates named the other way round."""
        return Differences(tuple(r.swapped() for r in self.regions), tuple(r.swapped() for r in self.rims[::-1]))


def differing_regions(
    first: Mask, second: Mask, ct: Volume, landmarks: Landmarks | None = None, *, most: int = 8
) -> tuple[DifferingRegion, ...]:
    """Return the regions that only one of two masks claims, as `differences` does."""
    return differences(first, second, ct, Context(landmarks), most=most).regions


def differences(first: Mask, second: Mask, ct: Volume, context: Context | None = None, *, most: int = 8) -> Differences:
    """Return what only one of two masks (on the CT's grid) claims: regions, largest first, at most `most`; and rims.

    A region is a 26-connected part of the difference that is more than a boundary drawn one or two voxels apart: it
    reaches further from the other mask, is thicker, or fills slices that the other leaves out. Its rim belongs to it; a
    shell without such a part is no region. What other structures claim of a region is a region of its own. Judged on a
    grid of about 2 mm within the joint box; volumes are shares of the exact one. Without landmarks no sides are told.
    """
    parts = [region for region, _ in claimed_parts(first, second, ct, context, most=most)]
    regions = sorted((r for r in parts if not r.rim), key=lambda region: (-region.volume_ml, region.place))
    return Differences(tuple(regions[:most]), tuple(region for region in parts if region.rim))


def claimed_parts(
    first: Mask, second: Mask, ct: Volume, context: Context | None = None, *, most: int = 8
) -> Iterator[tuple[DifferingRegion, NDArray[np.float64]]]:
    """Yield what only one of two masks claims, part by part and in no order, with its cells' world mm, shape (n, 3).

    At most `most` regions of either mask; its rim is what is left of it then.
    """
    if first.is_empty and second.is_empty:
        return
    pair = _Pair(first, second, ct, context or Context())
    for region, part in pair.parts(most):
        yield region, pair.cells.world(np.argwhere(part))


class _Pair:
    """Two masks on cells, with all that is known around them."""

    def __init__(self, first: Mask, second: Mask, ct: Volume, context: Context) -> None:
        self.cells = Cells(ct.geometry, joint_box([first, second]), margin=MARGIN)
        self._masks, self._context = (first, second), context
        self._one, self._two = self.cells.of(first), self.cells.of(second)
        self._hu = ct.voxels[self.cells.samples]
        self._both = metrics.overlap(first, second)
        self._around = Surroundings(self._one, self._two, self._hu, mm=self.cells.mm)

    def parts(self, most: int) -> Iterator[tuple[DifferingRegion, metrics.Voxels]]:
        """Yield the claimed parts with their cells."""
        sides: tuple[tuple[Claimant, int, metrics.Voxels, metrics.Voxels], ...]
        sides = (("first", 0, self._one, self._two), ("second", 1, self._two, self._one))
        for claimant, index, mine, rival in sides:
            rest = mine & ~rival
            if not rest.any():
                continue
            exact_ml = (self._masks[index].count - self._both) * self.cells.geometry.voxel_ml
            cell_ml = exact_ml / int(np.count_nonzero(rest))
            for whole in self._worth(rest, rival, most, cell_ml):
                for part in self._split(_part_of(whole, rest.shape), claimant):
                    yield self._region(np.argwhere(part), part, rival, claimant=claimant, cell_ml=cell_ml), part
                    rest &= ~part
            if rest.any():
                rim = self._region(np.argwhere(rest), rest, rival, claimant=claimant, cell_ml=cell_ml)
                yield replace(rim, rim=True), rest

    def _worth(
        self, part: metrics.Voxels, rival: metrics.Voxels, most: int, cell_ml: float
    ) -> Iterator[NDArray[np.int64]]:
        """Yield the cells of the parts that are worth a place."""
        telling = with_rim(telling_part(part, rival, self.cells.shell), part)
        for at in list(largest_parts(telling, most)):
            if len(at) >= LEAST_CELLS and len(at) * cell_ml >= LEAST_ML:
                yield at

    def _split(self, part: metrics.Voxels, claimant: Claimant) -> tuple[metrics.Voxels, ...]:
        """Part what other structures claim too from what they do not, where neither is a trifle."""
        context = self._context
        if context.neighbours is None or context.structure is None:
            return (part,)
        taken = context.neighbours.claimed(
            part,
            self.cells.steps,
            self.cells.origin,
            of=context.structure.name,
            besides=besides_of(context.structure),
            not_in=context.label_sets[1 if claimant == "first" else 0],
        )
        free = part & ~taken
        counts = np.count_nonzero(taken), np.count_nonzero(free)
        if min(counts) < max(LEAST_CELLS, _TRIFLE * sum(counts)):
            return (part,)
        return taken, free

    def _region(
        self,
        at: NDArray[np.int64],
        part: metrics.Voxels,
        rival: metrics.Voxels,
        *,
        claimant: Claimant,
        cell_ml: float,
    ) -> DifferingRegion:
        """Measure the region of these cells, shape (n, 3)."""
        centre = at.mean(axis=0)
        nearest = at[int(np.argmin(((at - centre) ** 2).sum(axis=1)))]
        ends = np.array([at.min(axis=0) - 0.5, at.max(axis=0) + 0.5])
        corners = self.cells.world(np.array(np.meshgrid(*ends.T, indexing="ij")).reshape(3, -1).T)
        hu = self._hu[tuple(at.T)].astype(np.float64)
        hu = np.clip(np.nan_to_num(hu, nan=_HU[0]), *_HU)
        signs = self._around.signs_of(part, rival=rival)
        return DifferingRegion(
            claimant=claimant,
            volume_ml=len(at) * cell_ml,
            place=_point(self.cells.world(nearest)),
            low=_point(corners.min(axis=0)),
            high=_point(corners.max(axis=0)),
            hu_mean=float(hu.mean()),
            side=_side(_point(self.cells.world(centre)), self._context.landmarks),
            signs=replace(signs, **self._anatomy(at, part, claimant=claimant)),
        )

    def _anatomy(self, at: NDArray[np.int64], part: metrics.Voxels, *, claimant: Claimant) -> dict[str, Any]:
        """Return what the body and the other structures of the case say of some cells."""
        context = self._context
        told: dict[str, Any] = {}
        if context.landmarks is not None:
            world = self.cells.world(at)
            told |= {"outside": _outside(world, context.landmarks)}
            if context.structure is not None and context.structure.side:
                told |= {"across": _across(world, context.landmarks, side=context.structure.side)}
        if context.neighbours is not None and context.structure is not None:
            told |= self._company(part, context.neighbours, context.structure, claimant=claimant)
        return told

    def _company(
        self, part: metrics.Voxels, neighbours: Neighbours, structure: Structure, *, claimant: Claimant
    ) -> dict[str, Any]:
        """Say which other structure claims these cells, in the claimant's label set or in most third ones.

        What the rival's own label set makes of them is no sign: where two sets of exclusive labels disagree, each of
        them has given the cells to somebody.
        """
        own, other = self._context.label_sets if claimant == "first" else self._context.label_sets[::-1]
        besides = besides_of(structure)
        known = {s for s, _ in neighbours.others(structure.name, besides)} - {other}
        covers = neighbours.covering(part, self.cells.steps, self.cells.origin, of=structure.name, besides=besides)
        best, name = 0.0, ""
        given, given_to = 0.0, ""
        for found, cover in covers.items():
            thirds = [share for label_set, share in cover.by_set.items() if label_set not in {own, other}]
            share = max(cover.by_set.get(own, 0.0), float(np.median(thirds)) if thirds else 0.0)
            if share > best:
                best, name = share, found
            if cover.by_set.get(other, 0.0) > given:
                given, given_to = cover.by_set[other], found
        return {"covered": best, "neighbour": name, "given": given, "given_to": given_to, "alone": not known}


def besides_of(structure: Structure) -> frozenset[str]:
    """Return the structures that overlap this one by nature: what contains it, and what it contains."""
    expect = structure.expect
    return frozenset() if expect is None else frozenset((*expect.contains, *expect.part_of))


def _part_of(at: NDArray[np.int64], shape: tuple[int, ...]) -> metrics.Voxels:
    part = np.zeros(shape, dtype=np.bool_, order="F")
    part[tuple(at.T)] = True
    return part


def _point(world: NDArray[np.float64]) -> Point:
    x, y, z = (float(v) for v in world)
    return x, y, z


def _side(centre: Point, landmarks: Landmarks | None) -> Side:
    axis = None if landmarks is None else landmarks.axis_at(centre[2])
    if axis is None:
        return ""
    lateral = centre[0] - axis[0]
    return "" if abs(lateral) <= MIDLINE_MM else "right" if lateral > 0 else "left"


def _across(world: NDArray[np.float64], landmarks: Landmarks, *, side: Side) -> float:
    """Return the share of some points, shape (n, 3), that lie beyond the midline for a structure of one side."""
    if landmarks.body_low is None:
        return 0.0
    lateral = world[:, 0] - np.interp(world[:, 2], landmarks.slice_z, landmarks.axis_x)
    return float(np.mean(lateral > MIDLINE_MM if side == "left" else lateral < -MIDLINE_MM))


def _outside(world: NDArray[np.float64], landmarks: Landmarks) -> float:
    """Return the share of some points, shape (n, 3), outside the skin; one coarse voxel of tolerance."""
    index = np.rint(landmarks.geometry.to_index(world)).astype(int)
    top = np.array(landmarks.body.shape) - 1
    index = np.clip(index, 0, top)
    low, high = np.maximum(index.min(axis=0) - 1, 0), np.minimum(index.max(axis=0) + 2, top + 1)
    body = metrics.dilated(landmarks.body[tuple(slice(a, b) for a, b in zip(low, high, strict=True))])
    return float(1.0 - body[tuple((index - low).T)].mean())
