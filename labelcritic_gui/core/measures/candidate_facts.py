"""Measures one candidate: size, parts, densities, place, shape and company. Layer: core."""

from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Index3, Mask, Point, Volume, world_point
from labelcritic_gui.core.measures.densities import Histogram
from labelcritic_gui.core.measures.edges import measure_edges
from labelcritic_gui.core.measures.facts import CandidateFacts, Lateral
from labelcritic_gui.core.measures.neighbours import Neighbours
from labelcritic_gui.core.measures.runs import Parts, cavities_of, parts_of
from labelcritic_gui.core.measures.shapes import principal_axes, sphericity
from labelcritic_gui.core.measures.surfaces import surface_of
from labelcritic_gui.core.measures.tubes import course_of
from labelcritic_gui.core.patient.landmarks import Landmarks
from labelcritic_gui.core.structures import Structure

_FAT, _BONE_HU = (-190, -30), 300
_MOST_ISLANDS = 8
_LEAST_CELLS = 512
_ONE_SIDE = 0.8


def measure(
    mask: Mask,
    ct: Volume,
    landmarks: Landmarks,
    *,
    structure: Structure,
    neighbours: Neighbours | None = None,
    label_set: str = "",
    phase: str = "",
) -> CandidateFacts:
    """Measure one candidate against its CT (canonical, same grid); works on the mask's bounding box only.

    The enclosed air and food of a hollow structure are part of it, so its cavities are not counted. What the mask
    overlaps and touches is told with the `neighbours` of its case and the `label_set` it is of. `phase` is the contrast
    phase of the scan where it is known (see `phase.Phase.name`).
    """
    geometry = ct.geometry
    view: dict[str, Any] = {
        "view_low": landmarks.height_of(landmarks.bottom_z),
        "view_high": landmarks.height_of(landmarks.top_z),
        "body_width_mm": landmarks.body_width_mm,
        "voxel_ml": geometry.voxel_ml,
        "slice_mm": geometry.spacing[2],
        "body_size": landmarks.build.size if landmarks.build else None,
        "phase": phase,
    }
    if mask.is_empty:
        return CandidateFacts(empty=True, **_counterpart(neighbours, structure, label_set), **view)
    touched = metrics.faces_touched(mask)
    steps = metrics.thinning(geometry.spacing)
    thin = metrics.thinned(mask.voxels, steps)
    x, y, z = (s * n for s, n in zip(geometry.spacing, steps, strict=True))
    again = partial(measure, structure=structure, neighbours=neighbours, label_set=label_set, phase=phase)
    parts = parts_of(mask.voxels)
    alone = _main_part(mask, parts, structure)
    return CandidateFacts(
        empty=False,
        main=None if alone is None else again(alone, ct, landmarks),
        volume_ml=mask.volume_ml,
        touches_border=touched,
        roughness=metrics.roughness(thin),
        compactness=metrics.compactness(thin, (x, y, z)),
        **_shape(mask, thin, steps),
        **_border(mask, metrics.face_area(thin, (x, y, z))),
        **_course(thin, (x, y, z), structure),
        **_parts(mask, parts),
        **({} if structure.expect and structure.expect.hollow else _holes(mask)),
        **_intensities(ct.voxels[mask.box].T[mask.voxels.T], structure, phase),
        **_position(mask, landmarks),
        **_outside(mask, landmarks),
        **_flat(mask, thin, steps, touched=touched),
        **_edges(mask, ct, structure, neighbours),
        **_company(mask, neighbours, structure, label_set),
        **view,
    )


def _main_part(mask: Mask, parts: Parts, structure: Structure) -> Mask | None:
    """Return the largest part where one part is right and there are more."""
    if structure.expect is None or structure.expect.parts != 1 or len(parts.sizes) == 1:
        return None
    return Mask.from_array(parts.alone(0, mask.voxels.shape), mask.geometry, offset=mask.origin)


def _parts(mask: Mask, parts: Parts) -> dict[str, Any]:
    geometry = mask.geometry
    islands = [
        (float(size) * geometry.voxel_ml, world_point(geometry, mask.origin, parts.middle_of(number)))
        for number, size in enumerate(parts.sizes[: 1 + _MOST_ISLANDS])
        if number
    ]
    return {
        "parts": len(parts.sizes),
        "largest_share": float(parts.sizes[0] / parts.sizes.sum()),
        "islands": tuple(islands),
    }


def _holes(mask: Mask) -> dict[str, Any]:
    cavities = cavities_of(mask.voxels)
    if not cavities.sizes.size:
        return {}
    return {
        "holes_ml": float(cavities.sizes.sum()) * mask.geometry.voxel_ml,
        "hole_place": world_point(mask.geometry, mask.origin, cavities.middle_of(0)),
    }


def _intensities(hu: NDArray[Any], structure: Structure, phase: str) -> dict[str, Any]:
    """Measure the densities; those of real numbers count as the nearest whole HU."""
    counted, expect = Histogram.of(hu), structure.expect
    mean, sd = counted.mean_and_sd()
    solid = counted.above(metrics.GAS_HU) if expect and expect.hollow else counted
    span = expect.hu_in(phase) if expect else None
    wanted = None
    if solid is not None:
        (middle,) = solid.quantiles((0.5,))
        wanted = middle if span is None else min(max(middle, span.low), span.high)
    return {
        "hu_mean": mean,
        "hu_sd": sd,
        "hu_quantiles": counted.quantiles(),
        "hu_distance": None if solid is None or wanted is None else solid.distance_to_normal(wanted),
        "fat_share": counted.share(*_FAT),
        "air_share": counted.share(None, metrics.GAS_HU - 1),
        "bone_share": counted.share(_BONE_HU + 1, None),
    }


def _shape(mask: Mask, thin: NDArray[np.bool_], steps: Index3) -> dict[str, Any]:
    """Measure surface and axes; the axes on every n-th voxel where there are enough."""
    area = surface_of(mask).area_cm2
    enough = np.count_nonzero(thin) >= _LEAST_CELLS
    edges = mask.geometry.affine[:3, :3] * (np.array(steps, dtype=float) if enough else 1.0)
    lengths, directions = principal_axes(thin if enough else mask.voxels, edges)
    return {
        "surface_cm2": area,
        "sphericity": sphericity(mask.volume_ml, area),
        "axes_mm": lengths,
        "axes": directions,
    }


def _border(mask: Mask, whole_mm2: float) -> dict[str, Any]:
    """Measure how far the mask is from the image's faces, and how much of its voxel faces lies on them."""
    gaps, on_border, mm = [], 0.0, mask.geometry.spacing
    for axis, (span, size) in enumerate(zip(mask.box, mask.geometry.shape, strict=True)):
        face, planes = mm[(axis + 1) % 3] * mm[(axis + 2) % 3], np.moveaxis(mask.voxels, axis, 0)
        for gap, plane in ((span.start, planes[0]), (size - span.stop, planes[-1])):
            gaps.append(gap * mm[axis])
            on_border += 0.0 if gap else face * np.count_nonzero(plane)
    return {"border_gaps_mm": tuple(gaps), "border_share": min(on_border / whole_mm2, 1.0) if whole_mm2 else None}


def _course(thin: NDArray[np.bool_], mm: Point, structure: Structure) -> dict[str, Any]:
    course = course_of(thin, mm) if structure.expect and structure.expect.tubular else None
    if course is None:
        return {}
    return {
        "course_mm": course.length_mm,
        "radius_mm": course.radius_mm,
        "radius_low_mm": course.least_mm,
        "radius_high_mm": course.most_mm,
        "gaps": course.gaps,
    }


def _company(mask: Mask, neighbours: Neighbours | None, structure: Structure, label_set: str) -> dict[str, Any]:
    """Measure what the mask overlaps and touches within its label set."""
    besides = _kin(structure)
    if neighbours is None or not neighbours.others(structure.name, besides):
        return {}
    overlaps = neighbours.overlap(mask, of=structure.name, label_set=label_set, besides=besides)
    touches = neighbours.touching(mask, of=structure.name, label_set=label_set, besides=besides)
    return {
        "overlaps": tuple(overlaps.items()),
        "touches": tuple(touches.items()),
        **_counterpart(neighbours, structure, label_set),
    }


def _counterpart(neighbours: Neighbours | None, structure: Structure, label_set: str) -> dict[str, Any]:
    """Measure the structure of the other side."""
    if neighbours is None or not structure.pair:
        return {}
    return {"other_side_ml": neighbours.volume_of(structure.pair, label_set)}


def _edges(mask: Mask, ct: Volume, structure: Structure, neighbours: Neighbours | None) -> dict[str, Any]:
    """Measure how the boundary lies on the edges of the CT; of the largest part where one part is right."""
    whole = structure.expect is None or structure.expect.parts != 1
    return asdict(measure_edges(mask, ct, of=structure.name, neighbours=neighbours, whole=whole))


def _kin(structure: Structure) -> frozenset[str]:
    """Return the structures that overlap this one by nature."""
    return frozenset((*structure.expect.contains, *structure.expect.part_of) if structure.expect else ())


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
        **_in_body(landmarks, body_centroid=centroid, body_low=low, body_high=high),
    }
    axis = landmarks.axis_at(centroid[2])
    if axis is None:
        return place
    grid = np.stack(np.meshgrid(np.arange(shape[0]), [mean[1]], np.arange(shape[2]), indexing="ij"), axis=-1)
    world = geometry.to_world(grid[:, 0] + np.array([mask.origin[0], mask.origin[1], mask.origin[2]]))
    midline = np.interp(world[..., 2], landmarks.slice_z, landmarks.axis_x)
    right = float(columns[world[..., 0] > midline].sum()) / total
    side: Lateral = "right" if right >= _ONE_SIDE else "left" if 1.0 - right >= _ONE_SIDE else "both"
    return {
        **place,
        "lateral_mm": centroid[0] - axis[0],
        "anterior_mm": centroid[1] - axis[1],
        "spine_visible": axis[2],
        "side_share_right": right,
        "side": side,
    }


def _in_body(landmarks: Landmarks, **places: tuple[float, ...]) -> dict[str, Any]:
    """Return places as shares of the body's box."""
    if landmarks.body_low is None or landmarks.body_high is None:
        return {}
    corner = np.array(landmarks.body_low)
    size = np.maximum(np.array(landmarks.body_high) - corner, 1.0)
    return {name: tuple(float(v) for v in (np.array(place) - corner) / size) for name, place in places.items()}


def _outside(mask: Mask, landmarks: Landmarks) -> dict[str, Any]:
    """Measure what lies outside the skin; one coarse voxel of tolerance."""
    if landmarks.body_low is None:
        return {"outside_body_ml": mask.volume_ml, "outside_place": world_point(mask.geometry, mask.origin, (0, 0, 0))}
    near = [
        np.minimum((np.arange(span.start, span.stop) + step // 2) // step, size - 1)
        for span, step, size in zip(mask.box, landmarks.steps, landmarks.body.shape, strict=True)
    ]
    grown = [slice(max(int(i[0]) - 1, 0), int(i[-1]) + 2) for i in near]
    air = ~metrics.dilated(landmarks.body[tuple(grown)])
    x, y, z = (i - s.start for i, s in zip(near, grown, strict=True))
    points = []
    for level in np.flatnonzero(air.any(axis=(0, 1))):
        span = slice(*np.searchsorted(z, (level, level + 1)))
        beyond = mask.voxels[:, :, span] & air[:, :, level][np.ix_(x, y)][:, :, None]
        if beyond.any():
            points.append(np.argwhere(beyond) + np.array([0, 0, span.start]))
    found = np.concatenate(points) if points else np.zeros((0, 3), dtype=np.int64)
    if not len(found):
        return {}
    nearest = found[int(np.argmin(((found - found.mean(axis=0)) ** 2).sum(axis=1)))]
    return {
        "outside_body_ml": len(found) * mask.geometry.voxel_ml,
        "outside_place": world_point(mask.geometry, mask.origin, nearest),
    }


def _flat(mask: Mask, thin: NDArray[np.bool_], steps: Index3, *, touched: tuple[str, ...]) -> dict[str, Any]:
    share, middle, facing = metrics.flat_face(thin, touched) if thin.any() else (0.0, (0, 0, 0), "")
    place = world_point(mask.geometry, mask.origin, np.multiply(middle, steps)) if facing else None
    return {"flat_face": share, "flat_place": place, "flat_facing": facing}
