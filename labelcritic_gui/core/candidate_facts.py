"""Measures one candidate: size, parts, densities, place and shape. Layer: core."""

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core import metrics
from labelcritic_gui.core.edges import measure_edges
from labelcritic_gui.core.facts import CandidateFacts
from labelcritic_gui.core.geometry import Index3, Mask, Volume, world_point
from labelcritic_gui.core.landmarks import Landmarks
from labelcritic_gui.core.structures import Structure

_FAT, _BONE_HU = (-190, -30), 300
_MOST_ISLANDS = 8


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
        **asdict(measure_edges(mask, ct)),
        **view,
    )


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
