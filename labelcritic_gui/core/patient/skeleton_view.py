"""How high in the body an image begins and ends, from the bones and lungs in it. Layer: core.

Heights are mm of an adult above the iliac crest. Four levels tie an image to them: the iliac crest, the lowest and the
highest lung, and the base of the skull; what lies between or beyond is told from these, less surely the further away.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Volume
from labelcritic_gui.core.patient.landmarks import (
    LEAST_UNIT,
    UNIT_MM,
    Landmarks,
    is_cut_sideways,
    is_lung_tissue,
    room_air,
)

CREST_MM, BASE_MM, APEX_MM, SKULL_MM = 0.0, UNIT_MM, UNIT_MM + 260.0, UNIT_MM + 390.0
"""Heights of the levels: iliac crest (L4), lowest lung (T12 to L1), highest lung (T1), skull base."""
LEAST_MM = 20.0
"""An image that shows less of the body from foot to head tells nothing."""
_LEAST_CM2, _EDGE_SLICES = 30.0, 2
_AIR_HU, _BONE_HU = -500, 150
_LUNG_ML, _WHOLE_LUNG_ML = 15.0, 600.0
_BASE_CM2, _APEX_CM2, _LUNG_CM2, _CUT_LUNG_CM2 = 3.0, 8.0, 12.0, 18.0
_BRAIN_CM2, _BRAIN_SHARE, _BRAIN_ML, _BRAIN_HU = 10.0, 0.08, 12.0, (-50.0, 120.0)
_CUT_BRAIN_SHARE, _BRAIN_GAP_MM, _CLOSED, _HEAD_MM = 0.2, 16.0, 2, 240.0
_MOST_SIZE, _WINGS_MM = 1.4, 100.0
_TOP_MM, _BESIDE_MM, _WING_CM2, _DENSE_HU = 30.0, 30.0, 3.0, 280
_TRUNK_MM, _TRUNK_HIGH_MM = 250.0, 80.0
_TUBE_CM2, _TUBE_SHARE = (0.6, 6.0), 0.6
_SURE_MM, _UNSURE_SHARE = 8.0, 0.12
Span = tuple[float, float]
"""The least and the greatest that a height may be."""


@dataclass(frozen=True, slots=True)
class Reach:
    """From where to where in the body an image reaches, in heights; both ends as the least and greatest they may be.

    `skull` says that the base of a skull was seen, `wings` that iliac wings were; `trunk_at_top` that the uppermost
    slice cuts a trunk or shoulders.
    `cut_sideways` images show a part of the body's width only; `airway` says whether they show a tube of air at the
    height of the windpipe (None where nobody looked).
    """

    low: Span
    high: Span
    skull: bool
    wings: bool
    trunk_at_top: bool
    cut_sideways: bool
    airway: bool | None


def find_reach(ct: Volume, landmarks: Landmarks) -> Reach | None:
    """Return how high in the body an image begins and ends; None when nothing in it tells."""
    seen = _Coarse.of(ct, landmarks)
    if seen is None:
        return None
    lungs = _lung_area(seen)
    levels = _levels(seen, lungs, landmarks)
    cut_wings = not levels and landmarks.crest_z is not None and not lungs.any() and _wings_at_top(seen, landmarks)
    ends = _ends(seen, levels, lungs, cut_wings=cut_wings)
    if ends is None:
        return None
    low, high = ends
    tube = _has_tube(seen, levels) if seen.cut_sideways else None
    top = float(np.median(seen.width[max(seen.last - 2, seen.first) : seen.last + 1]))
    trunk_at_top = not seen.cut_sideways and top >= _TRUNK_MM
    wings = cut_wings or CREST_MM in levels.values()
    return Reach(low, high, SKULL_MM in levels.values(), wings, trunk_at_top, seen.cut_sideways, tube)


@dataclass(frozen=True, eq=False, slots=True)
class _Coarse:
    """The image on the landmarks' grid, and the first and last slice with a body."""

    hu: NDArray[Any]
    body: NDArray[np.bool_]
    z: NDArray[np.float64]
    step: float
    pixel_cm2: float
    voxel_ml: float
    first: int
    last: int
    width: NDArray[np.float64]
    cut_sideways: bool
    room_hu: float

    def is_head(self, k: int) -> bool:
        """Say whether a slice is no wider than a head."""
        return bool(self.width[k] <= _HEAD_MM)

    @classmethod
    def of(cls, ct: Volume, landmarks: Landmarks) -> "_Coarse | None":
        steps, body, spacing = landmarks.steps, landmarks.body, landmarks.geometry.spacing
        hu = np.asfortranarray(ct.voxels[:: steps[0], :: steps[1], :: steps[2]])
        pixel = spacing[0] * spacing[1] / 100.0
        filled = np.flatnonzero(body.sum(axis=(0, 1)) * pixel >= _LEAST_CM2)
        if filled.size == 0 or (filled[-1] - filled[0] + 1) * spacing[2] < LEAST_MM:
            return None
        return cls(
            hu,
            body,
            landmarks.slice_z,
            spacing[2],
            pixel,
            landmarks.geometry.voxel_ml,
            int(filled[0]),
            int(filled[-1]),
            body.any(axis=1).sum(axis=0) * spacing[0],
            is_cut_sideways(body),
            room_air(hu, body),
        )


def _lung_area(seen: _Coarse) -> NDArray[np.float64]:
    """Return the lungs' area on each slice in cm2.

    Lung is denser than gas or uneven by its vessels, and is large or goes on beyond an end of the image.
    """
    from scipy import ndimage

    parts, count = ndimage.label((seen.hu < _AIR_HU) & seen.body)
    numbers = np.arange(count + 1)
    areas = np.stack([np.bincount(plane.ravel(), minlength=count + 1) for plane in np.moveaxis(parts, 2, 0)], axis=1)
    areas = np.asarray(areas * seen.pixel_cm2, dtype=float)
    ml = np.bincount(parts.ravel(), minlength=count + 1) * seen.voxel_ml
    is_lung = (ml >= _WHOLE_LUNG_ML) | (areas[:, seen.last] > 0)
    at_foot_end = areas[:, seen.first] >= _CUT_LUNG_CM2 / 2
    if areas[at_foot_end & (numbers > 0), seen.first].sum() >= _CUT_LUNG_CM2:
        is_lung |= at_foot_end
    is_lung &= (ml >= _LUNG_ML) & (numbers > 0)
    for part in np.flatnonzero(is_lung):
        is_lung[part] = is_lung_tissue(seen.hu, parts == part, seen.room_hu)
    lungs = np.asarray(areas[is_lung].sum(axis=0), dtype=float)
    return lungs if lungs.max(initial=0.0) >= _LUNG_CM2 else np.zeros_like(lungs)


def _levels(seen: _Coarse, lungs: NDArray[np.float64], landmarks: Landmarks) -> dict[float, float]:
    """Return the heights of the levels in view, by world z."""
    found: dict[float, float] = {}
    some, much = np.flatnonzero(lungs >= _BASE_CM2), np.flatnonzero(lungs >= _APEX_CM2)
    base = int(some[0]) if some.size and some[0] - seen.first >= _EDGE_SLICES else None
    apex = int(much[-1]) if much.size and seen.last - much[-1] >= _EDGE_SLICES else None
    lungs_at_foot_end = bool(some.size) and base is None
    crest = None if lungs_at_foot_end else landmarks.crest_z
    rim_in_view = crest is not None and crest < seen.z[seen.last] - (_EDGE_SLICES - 0.5) * seen.step
    if crest is not None and rim_in_view and (base is None or seen.z[base] - crest >= LEAST_UNIT * UNIT_MM):
        found[crest] = CREST_MM
    if base is not None:
        found[float(seen.z[base])] = BASE_MM
    if apex is not None and (base is None or apex > base):
        found[float(seen.z[apex])] = APEX_MM
    skull = _skull_base(seen)
    if skull is not None:
        found[float(seen.z[skull])] = SKULL_MM
    levels = dict(sorted(found.items()))
    apart = np.diff(list(levels)) >= LEAST_UNIT * np.diff(list(levels.values()))
    # levels too close together, or in another order than a body's, contradict each other: none of them tells
    return levels if apart.all() and list(levels.values()) == sorted(levels.values()) else {}


def _wings_at_top(seen: _Coarse, landmarks: Landmarks) -> bool:
    """Say whether the uppermost slices cut iliac wings: one large piece of bone on either side, which ribs are not."""
    from scipy import ndimage

    middle = landmarks.geometry.to_index(np.column_stack([landmarks.axis_x, landmarks.axis_y, landmarks.slice_z]))[:, 0]
    smaller = []
    for k in range(max(seen.last + 1 - max(round(_TOP_MM / seen.step), 1), seen.first), seen.last + 1):
        bone = ndimage.binary_closing(np.pad((seen.hu[:, :, k] > _DENSE_HU) & seen.body[:, :, k], 2))[2:-2, 2:-2]
        offset = (np.arange(bone.shape[0]) - middle[k]) * landmarks.geometry.spacing[0]
        sides = (ndimage.label(bone & beside[:, None])[0] for beside in (offset > _BESIDE_MM, offset < -_BESIDE_MM))
        smaller.append(min(int(np.bincount(parts.ravel())[1:].max(initial=0)) for parts in sides) * seen.pixel_cm2)
    return float(np.median(smaller)) >= _WING_CM2


def _skull_base(seen: _Coarse) -> int | None:
    """Return the lowest slice on which bone encloses brain; the sides of an image that cuts a head count as bone."""
    from scipy import ndimage

    bone = (seen.hu > _BONE_HU) & seen.body
    least = _CUT_BRAIN_SHARE if seen.cut_sideways else _BRAIN_SHARE
    brain: dict[int, float] = {}
    for k in range(seen.first, seen.last + 1):
        if np.count_nonzero(bone[:, :, k]) * seen.pixel_cm2 < _BRAIN_CM2 or not (seen.cut_sideways or seen.is_head(k)):
            continue
        walls = np.pad(bone[:, :, k], _CLOSED + 2)
        if seen.cut_sideways:
            inner = slice(_CLOSED + 2, -_CLOSED - 2)
            walls[_CLOSED + 1, inner], walls[-_CLOSED - 2, inner] = seen.body[0, :, k], seen.body[-1, :, k]
        closed = ndimage.binary_closing(walls, iterations=_CLOSED)
        holes, count = ndimage.label(ndimage.binary_fill_holes(closed) & ~closed)
        if not count:
            continue
        sizes = np.bincount(holes.ravel())[1:]
        hole = (holes == 1 + int(np.argmax(sizes)))[_CLOSED + 2 : -_CLOSED - 2, _CLOSED + 2 : -_CLOSED - 2]
        cm2, share = float(sizes.max()) * seen.pixel_cm2, sizes.max() / np.count_nonzero(seen.body[:, :, k])
        if cm2 >= _BRAIN_CM2 and share >= least and _is_soft(seen.hu[:, :, k][hole]):
            brain[k] = cm2 * seen.voxel_ml / seen.pixel_cm2
    runs = _runs(brain, gap=max(1, round(_BRAIN_GAP_MM / seen.step)))
    largest = max(runs, key=lambda run: sum(brain[k] for k in run), default=[])
    return largest[0] if sum(brain[k] for k in largest) >= _BRAIN_ML else None


def _runs(slices: Iterable[int], *, gap: int) -> list[list[int]]:
    """Return rising slices as runs without gaps of more slices than that."""
    runs: list[list[int]] = []
    for k in slices:
        if runs and k - runs[-1][-1] <= gap:
            runs[-1].append(k)
        else:
            runs.append([k])
    return runs


def _is_soft(hu: NDArray[Any]) -> bool:
    return hu.size > 0 and _BRAIN_HU[0] <= float(np.median(hu)) <= _BRAIN_HU[1]


def _ends(
    seen: _Coarse, levels: dict[float, float], lungs: NDArray[np.float64], *, cut_wings: bool
) -> tuple[Span, Span] | None:
    """Return both ends of the image as heights, the least and the greatest that each may be."""
    low_z, high_z = float(seen.z[seen.first]) - seen.step / 2, float(seen.z[seen.last]) + seen.step / 2
    lung_low, lung_high = lungs[seen.first] >= _BASE_CM2, lungs[seen.last] >= _BASE_CM2
    if levels:
        low, high = _height(low_z, levels), _height(high_z, levels)
    elif cut_wings:
        low, high = (-_WINGS_MM - (high_z - low_z), low_z - high_z), (-_WINGS_MM, CREST_MM)
    elif lung_low and lung_high:
        length = min(high_z - low_z, APEX_MM - BASE_MM)
        low, high = (BASE_MM, APEX_MM - length), (BASE_MM + length, APEX_MM)
    elif _is_trunk(seen):
        low, high = (-np.inf, BASE_MM), (-np.inf, BASE_MM)
    else:
        return None
    if lung_low:
        low = (max(low[0], BASE_MM), max(low[1], BASE_MM))
    if lung_high:
        high = (min(high[0], APEX_MM), min(high[1], APEX_MM))
    if levels and max(levels.values()) == CREST_MM:  # no lung in view: they begin above the image
        high = (min(high[0], BASE_MM), min(high[1], BASE_MM))
    return low, high


def _height(z: float, levels: dict[float, float]) -> Span:
    """Return the height of a world z as the least and greatest that it may be."""
    zs, heights = np.array(list(levels)), np.array(list(levels.values()))
    nearest = int(np.argmin(np.abs(zs - z)))
    if zs[0] <= z <= zs[-1]:
        at = float(np.interp(z, zs, heights))
    else:
        at = float(heights[nearest]) + (z - float(zs[nearest])) / _scale(zs, heights)
    doubt = _SURE_MM + _UNSURE_SHARE * abs(z - float(zs[nearest]))
    return at - doubt, at + doubt


def _scale(zs: NDArray[np.float64], heights: NDArray[np.float64]) -> float:
    """Return this body's size over an adult's, from the levels in view."""
    return 1.0 if zs.size < 2 else min(float((zs[-1] - zs[0]) / (heights[-1] - heights[0])), _MOST_SIZE)


def _is_trunk(seen: _Coarse) -> bool:
    """Say whether all slices are as wide as a trunk; without lungs in it, that is an abdomen or a pelvis."""
    width = seen.width[seen.first : seen.last + 1]
    tall = (seen.last - seen.first + 1) * seen.step
    return not seen.cut_sideways and tall >= _TRUNK_HIGH_MM and bool(width.min() >= _TRUNK_MM)


def _has_tube(seen: _Coarse, levels: dict[float, float]) -> bool:
    """Say whether most slices between the windpipe's fork and the larynx show an island of air of a windpipe's size."""
    from scipy import ndimage

    if not levels:
        return False
    hits = []
    for k in range(seen.first, seen.last + 1):
        low, high = _height(float(seen.z[k]), levels)
        if APEX_MM - 40.0 <= (low + high) / 2 <= APEX_MM + 40.0:
            islands, _ = ndimage.label((seen.hu[:, :, k] < _AIR_HU) & seen.body[:, :, k])
            areas = np.bincount(islands.ravel())[1:] * seen.pixel_cm2
            hits.append(bool(((areas >= _TUBE_CM2[0]) & (areas <= _TUBE_CM2[1])).any()))
    return bool(hits) and float(np.mean(hits)) >= _TUBE_SHARE
