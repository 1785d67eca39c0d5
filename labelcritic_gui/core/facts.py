"""What can be measured of one candidate, and of two: plain numbers, words and places. Layer: core."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Geometry, Index3, Mask, Point, Volume, joint_box
from labelcritic_gui.core.landmarks import Landmarks
from labelcritic_gui.core.structures import Structure

Claimant = Literal["first", "second", ""]


def _frozen(value: Any) -> Any:
    """Turn lists, as JSON has them, back into tuples, however deep."""
    return tuple(_frozen(v) for v in value) if isinstance(value, list | tuple) else value


class _Stored:
    """Facts that go to and come from JSON objects."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Return the facts as a JSON-able dictionary (tuples stay sequences, None stays None)."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read facts back; unknown names (of a newer version) are ignored, missing ones get their default."""
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: _frozen(value) for name, value in stored.items() if name in known})


@dataclass(frozen=True, slots=True)
class CandidateFacts(_Stored):
    """What was measured of one candidate; None when it cannot be measured.

    Volumes in ml, Hounsfield units inside the mask, places and boxes in world RAS+ mm. Heights are anatomical: 0 at
    the iliac crest, 1 at the lowest lung, linear beyond (see `landmarks.Landmarks.height_of`).

    Attributes:
        empty: no voxel is inside; everything about the mask below is then zero or None.
        volume_ml: volume.
        parts: number of 26-connected components.
        largest_share: share of the volume in the largest component.
        holes_ml: enclosed cavities (6-connected background that does not reach the outside).
        hole_place: a point in the largest cavity.
        hu_mean: mean; `hu_sd` the standard deviation.
        fat_share: share of voxels in -190..-30 HU; `air_share` below -300 HU; `bone_share` above 300 HU.
        centroid: centre of mass; `box_low` and `box_high` the corners of the tight box.
        touches_border: faces of the image that the mask reaches, letters of L R A P S I.
        outside_body_ml: volume outside the patient's skin; `outside_place` a point there.
        lateral_mm: centroid from the midline at its height, patient right positive.
        anterior_mm: centroid from the spine's centre at its height, anterior positive.
        side_share_right: share of the volume right of the midline, 0..1.
        flat_face: share of the largest cross-section that ends in one plane, 0..1, image border not counted.
        flat_place: the middle of that plane; `flat_facing` the letter of the direction that it faces.
        islands: (ml, place) of every part but the largest, biggest first, at most 8.
        roughness: surface area over that of the mask at half resolution; about 1 when smooth.
        compactness: volume over what its surface could enclose, 0..1 (a box-shaped surface counts voxel faces);
            falls when something is appended or bitten off.
        spine_visible: the midline was measured on the spine at this height (else on the skin or a neighbour slice).
        height: of the centroid; `height_low` and `height_high` of the box.
        view_low: height of the image's bottom; `view_high` of its top; None when no landmark tells.
        body_width_mm: median width of the body from left to right.
        voxel_ml: volume of one voxel.
        slice_mm: spacing from slice to slice.
    """

    empty: bool
    volume_ml: float = 0.0
    parts: int = 0
    largest_share: float = 0.0
    holes_ml: float = 0.0
    hole_place: Point | None = None
    hu_mean: float | None = None
    hu_sd: float | None = None
    fat_share: float | None = None
    air_share: float | None = None
    bone_share: float | None = None
    centroid: Point | None = None
    box_low: Point | None = None
    box_high: Point | None = None
    touches_border: tuple[str, ...] = ()
    outside_body_ml: float = 0.0
    outside_place: Point | None = None
    lateral_mm: float | None = None
    anterior_mm: float | None = None
    side_share_right: float | None = None
    flat_face: float = 0.0
    flat_place: Point | None = None
    flat_facing: str = ""
    islands: tuple[tuple[float, Point], ...] = ()
    roughness: float | None = None
    compactness: float | None = None
    spine_visible: bool = False
    height: float | None = None
    height_low: float | None = None
    height_high: float | None = None
    view_low: float | None = None
    view_high: float | None = None
    body_width_mm: float | None = None
    voxel_ml: float = 0.0
    slice_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class PairFacts(_Stored):
    """What was measured of two candidates of one item, first against second; None when it cannot be measured.

    Hounsfield units are clipped to 500 here, so that metal does not drown everything else, and gas in a lumen counts
    as dense as what is around it.

    Attributes:
        dice: 3-D Dice, exact; 1 for two empty masks.
        volume_difference_ml: first minus second.
        both_ml: volume that both claim.
        only_first_ml: volume that only the first claims; `only_second_ml` only the second.
        solid_first_ml: the part of it thicker than a boundary shell (survives an opening); `solid_second_ml`.
        common_hu_mean: mean HU where both agree; `common_hu_sd` the standard deviation.
        only_first_hu: mean HU where only the first claims (its solid part, if that is a quarter of it or more);
            `only_second_hu`.
        only_first_fit: share of that region whose HU is like the common part's; `only_second_fit`.
        edge_first: mean HU step across the boundary of the first where the second has none, over the noise inside;
            high when the boundary follows something in the image; `edge_second`.
        first_place: middle of the largest solid region that only the first claims (world mm); `second_place`.
        largest_place: the one of both that is larger.
        largest_claimant: who claims it: "first", "second" or "".
        largest_ml: its volume; `largest_hu` its mean HU.
    """

    dice: float
    volume_difference_ml: float = 0.0
    both_ml: float = 0.0
    only_first_ml: float = 0.0
    only_second_ml: float = 0.0
    solid_first_ml: float = 0.0
    solid_second_ml: float = 0.0
    common_hu_mean: float | None = None
    common_hu_sd: float | None = None
    only_first_hu: float | None = None
    only_second_hu: float | None = None
    only_first_fit: float | None = None
    only_second_fit: float | None = None
    edge_first: float | None = None
    edge_second: float | None = None
    first_place: Point | None = None
    second_place: Point | None = None
    largest_place: Point | None = None
    largest_claimant: Claimant = ""
    largest_ml: float = 0.0
    largest_hu: float | None = None

    def swapped(self) -> "PairFacts":
        """Return the same facts with the second candidate named first; twice is the identity."""
        other: dict[Claimant, Claimant] = {"first": "second", "second": "first", "": ""}
        return replace(
            self,
            volume_difference_ml=-self.volume_difference_ml,
            only_first_ml=self.only_second_ml,
            only_second_ml=self.only_first_ml,
            solid_first_ml=self.solid_second_ml,
            solid_second_ml=self.solid_first_ml,
            only_first_hu=self.only_second_hu,
            only_second_hu=self.only_first_hu,
            only_first_fit=self.only_second_fit,
            only_second_fit=self.only_first_fit,
            edge_first=self.edge_second,
            edge_second=self.edge_first,
            first_place=self.second_place,
            second_place=self.first_place,
            largest_claimant=other[self.largest_claimant],
        )


_FAT, _BONE_HU = (-190, -30), 300
_MOST_ISLANDS = 8
_CLIP = (-1024, 500)
_FIT_SD, _LEAST_SD = 2.0, 12.0


def measure(mask: Mask, ct: Volume, landmarks: Landmarks, *, structure: Structure) -> CandidateFacts:
    """Measure one candidate against its CT (canonical, same grid); works on the mask's bounding box only.

    The enclosed air and food of a hollow structure are part of it, so its cavities are not counted.
    """
    geometry = ct.geometry
    view: dict[str, Any] = {
        "view_low": landmarks.height_of(landmarks.bottom_z),
        "view_high": landmarks.height_of(landmarks.top_z),
        "body_width_mm": landmarks.body_width_mm,
        "voxel_ml": geometry.voxel_ml,
        "slice_mm": geometry.spacing[2],
    }
    if mask.is_empty:
        return CandidateFacts(empty=True, **view)
    touched = metrics.faces_touched(mask)
    steps = metrics.thinning(geometry.spacing)
    thin = metrics.thinned(mask.voxels, steps)
    coarse = tuple(s * n for s, n in zip(geometry.spacing, steps, strict=True))
    return CandidateFacts(
        empty=False,
        volume_ml=mask.volume_ml,
        touches_border=touched,
        roughness=metrics.roughness(thin),
        compactness=metrics.compactness(thin, (coarse[0], coarse[1], coarse[2])),
        **_parts(mask),
        **({} if structure.expect and structure.expect.hollow else _holes(mask)),
        **_intensities(ct.voxels[mask.box][mask.voxels]),
        **_position(mask, landmarks),
        **_outside(mask, landmarks),
        **_flat(mask, thin, steps, touched=touched),
        **view,
    )


def world_point(geometry: Geometry, origin: Index3, index: Index3 | NDArray[np.float64]) -> Point:
    """Return the world position in mm of an index of a crop that starts at `origin`."""
    x, y, z = (float(v) for v in geometry.to_world(np.array(origin, dtype=float) + np.array(index, dtype=float)))
    return x, y, z


def _parts(mask: Mask) -> dict[str, Any]:
    numbers, sizes = metrics.components(mask.voxels)
    order = np.argsort(-sizes, kind="stable")
    islands = []
    for part in order[1 : 1 + _MOST_ISLANDS]:
        middle = metrics.middle_of(numbers == part + 1)
        islands.append((float(sizes[part]) * mask.geometry.voxel_ml, world_point(mask.geometry, mask.origin, middle)))
    return {
        "parts": len(sizes),
        "largest_share": float(sizes[order[0]] / sizes.sum()),
        "islands": tuple(islands),
    }


def _holes(mask: Mask) -> dict[str, Any]:
    numbers, sizes = metrics.cavities(mask.voxels)
    if not sizes.size:
        return {}
    middle = metrics.middle_of(numbers == 1 + int(np.argmax(sizes)))
    return {
        "holes_ml": float(sizes.sum()) * mask.geometry.voxel_ml,
        "hole_place": world_point(mask.geometry, mask.origin, middle),
    }


def _intensities(hu: NDArray[Any]) -> dict[str, Any]:
    values = hu.astype(np.float32)
    return {
        "hu_mean": float(values.mean(dtype=np.float64)),
        "hu_sd": float(values.std(dtype=np.float64)),
        "fat_share": float(((hu >= _FAT[0]) & (hu <= _FAT[1])).mean()),
        "air_share": float((hu < metrics.GAS_HU).mean()),
        "bone_share": float((hu > _BONE_HU).mean()),
    }


def _position(mask: Mask, landmarks: Landmarks) -> dict[str, Any]:
    """Measure where the mask lies: in the world, from the midline, and between crest and lungs."""
    geometry, shape = mask.geometry, mask.voxels.shape
    columns = mask.voxels.sum(axis=1)  # x, z
    depths = mask.voxels.sum(axis=(0, 2))
    total = float(columns.sum())
    mean = [
        float(np.dot(columns.sum(axis=1), np.arange(shape[0]))) / total,
        float(np.dot(depths, np.arange(shape[1]))) / total,
        float(np.dot(columns.sum(axis=0), np.arange(shape[2]))) / total,
    ]
    centroid = world_point(geometry, mask.origin, np.array(mean))
    ends = np.array([[-0.5] * 3, [n - 0.5 for n in shape]])
    corners = geometry.to_world(np.array(np.meshgrid(*ends.T, indexing="ij")).reshape(3, -1).T + np.array(mask.origin))
    low, high = (tuple(float(v) for v in end) for end in (corners.min(axis=0), corners.max(axis=0)))
    place = {
        "centroid": centroid,
        "box_low": low,
        "box_high": high,
        "height": landmarks.height_of(centroid[2]),
        "height_low": landmarks.height_of(low[2]),
        "height_high": landmarks.height_of(high[2]),
    }
    axis = landmarks.axis_at(centroid[2])
    if axis is None:
        return place
    grid = np.stack(np.meshgrid(np.arange(shape[0]), [mean[1]], np.arange(shape[2]), indexing="ij"), axis=-1)
    world = geometry.to_world(grid[:, 0] + np.array([mask.origin[0], mask.origin[1], mask.origin[2]]))
    midline = np.interp(world[..., 2], landmarks.slice_z, landmarks.axis_x)
    return {
        **place,
        "lateral_mm": centroid[0] - axis[0],
        "anterior_mm": centroid[1] - axis[1],
        "spine_visible": axis[2],
        "side_share_right": float(columns[world[..., 0] > midline].sum()) / total,
    }


def _outside(mask: Mask, landmarks: Landmarks) -> dict[str, Any]:
    """Measure what lies outside the skin; one coarse voxel of tolerance."""
    if landmarks.body_low is None:
        return {"outside_body_ml": mask.volume_ml, "outside_place": world_point(mask.geometry, mask.origin, (0, 0, 0))}
    near = [
        np.minimum((np.arange(span.start, span.stop) + step // 2) // step, size - 1)
        for span, step, size in zip(mask.box, landmarks.steps, landmarks.body.shape, strict=True)
    ]
    grown = [slice(max(int(i[0]) - 1, 0), int(i[-1]) + 2) for i in near]
    body = metrics.dilated(landmarks.body[tuple(grown)])
    if body.all():
        return {}
    own = body[np.ix_(*(i - s.start for i, s in zip(near, grown, strict=True)))]
    beyond = mask.voxels & ~own
    count = int(np.count_nonzero(beyond))
    if not count:
        return {}
    return {
        "outside_body_ml": count * mask.geometry.voxel_ml,
        "outside_place": world_point(mask.geometry, mask.origin, metrics.middle_of(beyond)),
    }


def _flat(mask: Mask, thin: NDArray[np.bool_], steps: Index3, *, touched: tuple[str, ...]) -> dict[str, Any]:
    share, middle, facing = metrics.flat_face(thin, touched) if thin.any() else (0.0, (0, 0, 0), "")
    place = world_point(mask.geometry, mask.origin, np.multiply(middle, steps)) if facing else None
    return {"flat_face": share, "flat_place": place, "flat_facing": facing}


def measure_pair(first: Mask, second: Mask, ct: Volume) -> PairFacts:
    """Measure two candidates of one item against each other on their joint bounding box.

    Volumes and Dice are exact; densities, edges and solid regions are judged on a grid of about 2 mm.
    """
    both, ml = metrics.overlap(first, second), ct.geometry.voxel_ml
    counts = (first.count - both, second.count - both)
    if not any(counts):
        return PairFacts(dice=1.0, both_ml=both * ml)
    exact = PairFacts(
        dice=2.0 * both / (2 * both + sum(counts)),
        volume_difference_ml=(counts[0] - counts[1]) * ml,
        both_ml=both * ml,
        only_first_ml=counts[0] * ml,
        only_second_ml=counts[1] * ml,
    )
    return replace(exact, **_differences(first, second, ct, rarely=both < 0.1 * min(first.count, second.count)))


def _differences(first: Mask, second: Mask, ct: Volume, *, rarely: bool) -> dict[str, Any]:
    """Measure the regions that only one of two masks claims; `rarely`: too little is common to compare with."""
    steps = metrics.thinning(ct.geometry.spacing)
    box = joint_box([first, second], margin=2 * max(steps))
    origin, ml = (box[0].start, box[1].start, box[2].start), ct.geometry.voxel_ml * math.prod(steps)
    one, two = (metrics.thinned(mask.within(box), steps) for mask in (first, second))
    hu = np.clip(metrics.thinned(ct.voxels[box], steps), *_CLIP)
    common, parts = one & two, (one & ~two, two & ~one)
    hu = metrics.gas_filled(hu, common)
    mean, sd, noise = _inside(hu, common)
    if rarely:
        mean = sd = None
    found: dict[str, Any] = {"common_hu_mean": mean, "common_hu_sd": sd}
    largest = []
    for name, part, own, rival in zip(("first", "second"), parts, (one, two), (two, one), strict=True):
        solid = metrics.opened(part)
        telling = solid if 4 * np.count_nonzero(solid) >= np.count_nonzero(part) else part
        found[f"solid_{name}_ml"] = int(np.count_nonzero(solid)) * ml
        found[f"only_{name}_hu"], found[f"only_{name}_fit"] = _region(hu, telling, mean=mean, sd=sd)
        found[f"edge_{name}"] = metrics.boundary_contrast(hu, own, rival, noise=noise)
        region, size, middle = metrics.largest_part(solid if solid.any() else part)
        place = world_point(ct.geometry, origin, np.multiply(middle, steps)) if size else None
        found[f"{name}_place"] = place
        largest.append((size, name, place, float(hu[region].mean()) if size else None))
    if largest[0][0] != largest[1][0]:
        size, name, place, density = max(largest, key=lambda entry: entry[0])
        found |= {"largest_claimant": name, "largest_ml": size * ml, "largest_place": place, "largest_hu": density}
    return found


def _inside(hu: NDArray[Any], common: NDArray[np.bool_]) -> tuple[float | None, float | None, float]:
    """Return mean and deviation where both agree (inner voxels if there are enough), and the noise of steps there."""
    if not common.any():
        return None, None, 0.0
    core = metrics.eroded(common)
    values = hu[core if np.count_nonzero(core) >= 64 else common].astype(np.float32)
    return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64)), metrics.inner_steps(hu, common)


def _region(
    hu: NDArray[Any], part: NDArray[np.bool_], *, mean: float | None, sd: float | None
) -> tuple[float | None, float | None]:
    """Return the mean HU of a claimed region and the share of it that is like the common part."""
    values = hu[part].astype(np.float32)
    if not values.size:
        return None, None
    if mean is None or sd is None:
        return float(values.mean(dtype=np.float64)), None
    like = np.abs(values - mean) <= _FIT_SD * max(sd, _LEAST_SD)
    return float(values.mean(dtype=np.float64)), float(like.mean())
