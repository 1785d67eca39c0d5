"""Body, lungs, spine axis and field of view, from the CT itself on a coarse grid. Layer: core."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Geometry, Index3, Point, Volume

COARSE_MM = 4.0
"""Edge of the coarse grid's voxels, about."""
UNIT_MM = 130.0
"""Usual distance from the iliac crest (L4) to the lowest lung (T12 to L1); used where only one of them is in view."""
LEAST_UNIT = 0.5
"""Least share of the usual distance that a body may have."""
_SKIN_HU, _LUNG_HU, _BONE_HU, _DENSE_HU = -300, -500, 180, 280
_PADDING_HU, _OVER_ROOM_HU, _UNEVEN_HU, _CUT_SHARE = -1200, 50.0, 60.0, 0.4
_LUNG_ML, _WHOLE_LUNG_ML, _LUNG_SLICE_CM2 = 15.0, 600.0, 3.0
_WING_END_CM2 = 1.5
_TRUNK_MM = 200.0
_SPINE_REACH_MM, _SPINE_CM2 = 40.0, 2.0
_WING_CM2 = 3.5


@dataclass(frozen=True, eq=False, slots=True)
class Landmarks:
    """What the image shows of the body; lengths and places in world RAS+ mm.

    Attributes:
        geometry: the coarse grid; `steps` voxels of the image per coarse voxel along x, y, z.
        body: bool on the coarse grid, skin included, table excluded, holes filled.
        body_low: corner of the body's box; `body_high` the opposite one; both None when there is no body.
        slice_z: world z of each coarse slice's centre, rising.
        axis_x: midline at each slice; `axis_y` the spine's centre; both where `axis_seen`, else carried over.
        lung_base_z: lowest lung, or None without lungs; `crest_z` highest iliac bone, or None without pelvis.
        lungs_ml: volume of the lungs in view.
        body_width_mm: median width of the body from left to right.
        bottom_z: lower end of the image; `top_z` upper end.
    """

    geometry: Geometry
    steps: Index3
    body: NDArray[np.bool_] = field(repr=False)
    body_low: Point | None
    body_high: Point | None
    slice_z: NDArray[np.float64] = field(repr=False)
    axis_x: NDArray[np.float64] = field(repr=False)
    axis_y: NDArray[np.float64] = field(repr=False)
    axis_seen: NDArray[np.bool_] = field(repr=False)
    lung_base_z: float | None
    crest_z: float | None
    lungs_ml: float
    body_width_mm: float | None
    bottom_z: float
    top_z: float

    def axis_at(self, z: float) -> tuple[float, float, bool] | None:
        """Return the midline's x and the spine's y at a height, and whether the spine was seen there; None without."""
        if self.body_low is None:
            return None
        seen = self.axis_seen[int(np.argmin(np.abs(self.slice_z - z)))]
        x, y = (float(np.interp(z, self.slice_z, values)) for values in (self.axis_x, self.axis_y))
        return x, y, bool(seen)

    def height_of(self, z: float) -> float | None:
        """Return the anatomical height: 0 at the iliac crest, 1 at the lowest lung, linear beyond; None without both.

        Where only one of the two is in view, the usual distance between them stands in.
        """
        crest, base = self.crest_z, self.lung_base_z
        if crest is None and base is None:
            return None
        if crest is None:
            return 1.0 + (z - float(base or 0.0)) / UNIT_MM
        unit = UNIT_MM if base is None else min(max(base - crest, LEAST_UNIT * UNIT_MM), 1.8 * UNIT_MM)
        return (z - crest) / unit


def _coarse(ct: Volume) -> tuple[NDArray[Any], Geometry, Index3]:
    steps = tuple(max(1, round(COARSE_MM / s)) for s in ct.geometry.spacing)
    thin = np.ascontiguousarray(ct.voxels[:: steps[0], :: steps[1], :: steps[2]])
    affine = ct.geometry.affine.copy()
    affine[:3, :3] = affine[:3, :3] * np.array(steps, dtype=float)
    shape = (int(thin.shape[0]), int(thin.shape[1]), int(thin.shape[2]))
    return thin, Geometry(shape, affine), (steps[0], steps[1], steps[2])


def _body(hu: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the largest solid thing without what is thin (table, tubes), with its inside filled slice by slice."""
    from scipy import ndimage

    solid = hu > _SKIN_HU
    thick = ndimage.binary_erosion(solid, border_value=1)
    parts, count = ndimage.label(thick)
    if not count:
        return np.zeros(hu.shape, dtype=np.bool_)
    largest = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    skin = ndimage.binary_dilation(largest, iterations=2, mask=solid)
    in_plane = np.zeros((3, 3, 3))
    in_plane[:, 1, 1] = in_plane[1, :, 1] = 1
    air, _ = ndimage.label(~skin, structure=in_plane)
    around = np.unique(np.concatenate([air[0].ravel(), air[-1].ravel(), air[:, 0].ravel(), air[:, -1].ravel()]))
    outside = np.zeros(int(air.max()) + 1, dtype=np.bool_)
    outside[around] = True
    outside[0] = False
    filled: NDArray[np.bool_] = ~outside[air]
    return filled


def is_cut_sideways(body: NDArray[np.bool_]) -> bool:
    """Say whether an image shows only part of the body's width: its sides cut deep into most slices."""
    depth, chord = body.any(axis=0).sum(axis=0), np.maximum(body[0].sum(axis=0), body[-1].sum(axis=0))
    filled = depth > 0
    return bool(filled.any() and np.mean(chord[filled] >= _CUT_SHARE * depth[filled]) > _CUT_SHARE)


def _with_open_lungs(hu: NDArray[Any], body: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the body with the air around it that is no room air: lungs that the image's sides cut open."""
    from scipy import ndimage

    parts, count = ndimage.label((hu < _LUNG_HU) & ~body)
    least = room_air(hu, body) + _OVER_ROOM_HU
    is_lung = [False, *(bool(np.median(hu[parts == part]) > least) for part in range(1, count + 1))]
    return np.asarray(body | np.array(is_lung)[parts], dtype=np.bool_)


def room_air(hu: NDArray[Any], body: NDArray[np.bool_]) -> float:
    """Return the density of the air around a body, which not every scanner gives as -1000; padding is no air."""
    around = hu[(hu < _LUNG_HU) & (hu > _PADDING_HU) & ~body]
    return min(max(float(np.percentile(around, 25)), -1100.0), -980.0) if around.size else -1000.0


def is_lung_tissue(hu: NDArray[Any], part: NDArray[np.bool_], room: float) -> bool:
    """Tell a part that is lung from gas in the bowel by what lies away from its walls.

    Lung is denser than the air in the `room`: much denser, or uneven by its vessels as no gas is.
    """
    from scipy import ndimage

    core = ndimage.binary_erosion(part, border_value=1)
    low, middle, high = np.percentile(hu[core if core.any() else part], (10, 50, 90))
    least = 2.0 if high - low < _UNEVEN_HU else 1.0
    return bool(middle - room > least * _OVER_ROOM_HU)


def _lungs(hu: NDArray[Any], body: NDArray[np.bool_], voxel_ml: float) -> NDArray[np.bool_]:
    """Return air inside the body that is lung and not bowel gas.

    Lung has blood in it, and goes on beyond the top of the image unless it is there as a whole.
    """
    from scipy import ndimage

    parts, count = ndimage.label((hu < _LUNG_HU) & body)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    lungs = np.zeros(hu.shape, dtype=np.bool_)
    whole = sizes * voxel_ml >= _WHOLE_LUNG_ML
    whole[np.unique(parts[:, :, -1])] = True
    room = room_air(hu, body)
    for part in np.flatnonzero(sizes * voxel_ml >= _LUNG_ML):
        if part and whole[part] and is_lung_tissue(hu, parts == part, room):
            lungs |= parts == part
    return lungs


def _spine(
    bone: NDArray[np.bool_], body: NDArray[np.bool_], geometry: Geometry
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return per slice the midline's and the spine's index along x and y, and whether the spine was seen."""
    step_x, step_y, _ = geometry.spacing
    slices = bone.shape[2]
    x, y = np.full(slices, np.nan), np.full(slices, np.nan)
    columns = np.asarray(body.any(axis=1))
    for k in range(slices):
        across = np.flatnonzero(columns[:, k])
        if across.size == 0:
            continue
        middle = 0.5 * (across[0] + across[-1])
        near = slice(max(int(middle - _SPINE_REACH_MM / step_x), 0), int(middle + _SPINE_REACH_MM / step_x) + 1)
        depth = np.flatnonzero(np.asarray(body[near, :, k].any(axis=0)))
        if depth.size == 0:
            continue
        front = int(depth[0] + 0.6 * depth.size)
        points = np.argwhere(bone[near, :front, k])
        if len(points) * step_x * step_y / 100.0 >= _SPINE_CM2:
            x[k], y[k] = np.median(points[:, 0]) + near.start, np.median(points[:, 1])
    return _carried(x), _carried(y), ~np.isnan(x)


def _carried(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill the gaps between measured slices linearly, and smooth by a running median of seven."""
    known = np.flatnonzero(~np.isnan(values))
    if known.size == 0:
        return values
    whole = np.interp(np.arange(values.size), known, values[known])
    padded = np.pad(whole, 3, mode="edge")
    smooth: NDArray[np.float64] = np.median(np.lib.stride_tricks.sliding_window_view(padded, 7), axis=1)
    return smooth


def _crest(dense: NDArray[np.bool_], middle: NDArray[np.float64], geometry: Geometry, below: int) -> int | None:
    """Return the highest slice of the run with much bone on both sides of the midline (the iliac wings), below `below`.

    Ribs are thinner in section; the run around the slice with most bone is taken.
    """
    step_x, step_y, step_z = geometry.spacing
    offset = (np.arange(dense.shape[0])[:, None] - middle[None, :]) * step_x
    counts = dense.sum(axis=1) * (step_x * step_y / 100.0)
    right = (counts * (offset > 30.0)).sum(axis=0)
    left = (counts * (offset < -30.0)).sum(axis=0)
    least = np.minimum(left, right)
    least[below:] = 0.0
    if least.max(initial=0.0) < 2.0 * _WING_CM2:
        return None
    low = high = int(np.argmax(least))
    while high + 1 < least.size and least[high + 1 : high + 3].max() >= _WING_END_CM2:
        high += 1
    while low and least[low - 1] >= _WING_END_CM2:
        low -= 1
    return high if (high - low) * step_z >= 25.0 else None


def find_landmarks(ct: Volume) -> Landmarks:
    """Find body, lungs, spine axis and field of view of a CT (canonical view); works on a grid of about 4 mm."""
    hu, geometry, steps = _coarse(ct)
    body = _body(hu)
    if is_cut_sideways(body):
        body = _with_open_lungs(hu, body)
    middle = np.array([0.5 * (n - 1) for n in geometry.shape])
    centres = np.stack([np.full(geometry.shape[2], middle[0]), np.full(geometry.shape[2], middle[1])], axis=1)
    slice_z = geometry.to_world(np.column_stack([centres, np.arange(geometry.shape[2])]))[:, 2]
    lungs = _lungs(hu, body, geometry.voxel_ml)
    step_x, step_y, _ = geometry.spacing
    lung_area = lungs.sum(axis=(0, 1)) * step_x * step_y / 100.0
    lung_slices = np.flatnonzero(lung_area >= _LUNG_SLICE_CM2)
    x, y, seen = _spine((hu > _BONE_HU) & body, body, geometry)
    skin_x = _body_middle(body)
    x = np.where(np.isnan(x), skin_x, x)
    y = np.where(np.isnan(y), middle[1], y)
    least = round(LEAST_UNIT * UNIT_MM / geometry.spacing[2])  # nearer to the lungs are ribs
    below = max(int(lung_slices[0]) - least, 0) if lung_slices.size else geometry.shape[2]
    low, high, width = _extent(body, geometry)
    adult_trunk = width is not None and width >= _TRUNK_MM  # else the bones beside the midline may be of a neck
    crest = None if not adult_trunk else _crest((hu > _DENSE_HU) & body, x, geometry, below)
    axis = geometry.to_world(np.column_stack([x, y, np.arange(geometry.shape[2])]))
    return Landmarks(
        geometry=geometry,
        steps=steps,
        body=body,
        body_low=low,
        body_high=high,
        slice_z=slice_z,
        axis_x=axis[:, 0],
        axis_y=axis[:, 1],
        axis_seen=seen,
        lung_base_z=float(slice_z[lung_slices[0]]) if _end_in_view(lung_slices, body) else None,
        crest_z=None if crest is None else float(slice_z[crest]),
        lungs_ml=float(np.count_nonzero(lungs)) * geometry.voxel_ml,
        body_width_mm=width,
        bottom_z=float(ct.geometry.corners()[:, 2].min()),
        top_z=float(ct.geometry.corners()[:, 2].max()),
    )


def _end_in_view(lung_slices: NDArray[np.int64], body: NDArray[np.bool_]) -> bool:
    """Say whether the lungs end above the lowest slice of the body; else they go on below the image."""
    return bool(lung_slices.size) and int(lung_slices[0]) > int(np.flatnonzero(body.any(axis=(0, 1)))[0])


def _body_middle(body: NDArray[np.bool_]) -> float:
    """Return the middle of the body along x, as an index; the grid's middle when there is none."""
    across = np.flatnonzero(body.any(axis=(1, 2)))
    return float(across.mean()) if across.size else 0.5 * (body.shape[0] - 1)


def _extent(body: NDArray[np.bool_], geometry: Geometry) -> tuple[Point | None, Point | None, float | None]:
    """Return the body's box in world mm and its median width from left to right."""
    spans = [np.flatnonzero(body.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    if any(span.size == 0 for span in spans):
        return None, None, None
    ends = np.array([[span[0], span[-1]] for span in spans], dtype=float).T
    world = geometry.to_world(ends)
    low, high = (tuple(float(v) for v in row) for row in (world.min(axis=0), world.max(axis=0)))
    columns = body.any(axis=1)
    widths = columns.sum(axis=0)
    width = float(np.median(widths[widths > 0])) * geometry.spacing[0]
    return (low[0], low[1], low[2]), (high[0], high[1], high[2]), width
