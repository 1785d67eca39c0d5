"""The spine's centre line in a CT: the straightest way along the most bone. Layer: core.

The way is found by dynamic programming over all slices at once, so that kidneys or an aorta full of contrast medium,
ribs and metal draw it aside only where they hold more bone than the spine for a long stretch.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.patient.body import CoarseImage

_BONE_FROM_HU, _BONE_FULL_HU = 130.0, 400.0
_WIDE_MM, _ENOUGH_CM2, _MOST_CM2, _SEEN_CM2, _MORE_SCORE = 44.0, 9.0, 14.0, 1.6, 0.03
_WIDTHS_MM, _ASIDE_MM = (180.0, 260.0), (16.0, 55.0)
_ASIDE_COST, _TURN_COST = 0.5, 0.03
_SACRUM_MM, _SACRUM_SLOPE = 16.0, 1.0
_DEPTH_SHARE, _SLOPE = 0.6, 1.0
_OFF_WAY_MM, _HALF_MM, _LONG_MM, _DEEP_MM, _DEEP_CM2, _BONE_SHARE, _FRONT_COST = (
    16.0,
    26.0,
    60.0,
    42.0,
    6.0,
    0.15,
    0.002,
)
_SMOOTH_MM = 28.0


@dataclass(frozen=True, eq=False, slots=True)
class SpineLine:
    """Per coarse slice the spine's centre as fractional index along x and y; `seen` where there was enough bone.

    Without any the indices are NaN.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    seen: NDArray[np.bool_]


def find_spine(
    image: CoarseImage, trunk: NDArray[np.bool_], middle: NDArray[np.float64] | None, *, crest: int | None = None
) -> SpineLine:
    """Return the spine's centre line; it keeps near the trunk's `middle` (index along x per slice) where that is known.

    Below the iliac `crest` it keeps nearer: a bent spine stands on a sacrum in the middle of the pelvis.
    """
    step_x, _, step_z = image.geometry.spacing
    bone = _posterior_bone(image, trunk)
    area = _box_sum(bone.sum(axis=1) * image.pixel_cm2, _WIDE_MM / step_x, axis=0)
    around = _mean_of_three(area)  # discs have little of it
    score = np.minimum(around / _ENOUGH_CM2, 1.0) + _MORE_SCORE * np.minimum(around, _MOST_CM2)
    reach = np.full(bone.shape[2], _OFF_WAY_MM / step_x)
    if middle is not None:
        aside = np.abs(np.arange(bone.shape[0])[:, None] - middle) * step_x
        width = np.asarray(trunk.any(axis=1).sum(axis=0) * step_x)
        free = np.interp(width, _WIDTHS_MM, _ASIDE_MM)  # heads and necks are straight
        reach *= free / _ASIDE_MM[1]
        if crest is not None:
            free = np.maximum(free - _SACRUM_SLOPE * step_z * np.maximum(crest - np.arange(middle.size), 0), _SACRUM_MM)
        score = score - _ASIDE_COST * (aside / free) ** 3  # little for a bent spine, too much for a hip
    way = _best_way(score, turn_cost=_TURN_COST * step_x, most=max(1, round(_SLOPE * step_z / step_x)))
    at = way, np.arange(way.size)
    seen = (around[at] >= _SEEN_CM2) & (area[at] >= 0.25 * _SEEN_CM2)
    x, y = _centres(bone, way, seen, image=image, reach=reach)
    window = max(3, 2 * round(_SMOOTH_MM / (2.0 * step_z)) + 1)
    seen &= ~np.isnan(y)
    x[~seen] = np.nan
    return SpineLine(_carried(x, window), _carried(y, window), seen)


def _posterior_bone(image: CoarseImage, trunk: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return how much like bone each voxel is, 0..1, in the back part of the trunk; zero elsewhere."""
    bone = np.clip((image.hu - np.float32(_BONE_FROM_HU)) * np.float32(1.0 / (_BONE_FULL_HU - _BONE_FROM_HU)), 0.0, 1.0)
    rows = np.asarray(trunk.any(axis=0), dtype=np.bool_)
    front = np.argmax(rows, axis=0) + _DEPTH_SHARE * rows.sum(axis=0)
    behind = np.arange(bone.shape[1])[:, None] < front
    return np.asarray(bone * (trunk & behind[None]), dtype=np.float32)


def middles_of(trunk: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the trunk's middle along x per slice, as an index, carried over slices without any."""
    columns = np.asarray(trunk.any(axis=1), dtype=np.bool_)
    low, high = np.argmax(columns, axis=0), columns.shape[0] - 1 - np.argmax(columns[::-1], axis=0)
    middles = np.where(columns.any(axis=0), 0.5 * (low + high), np.nan)
    carried = _carried(middles, 7)
    return np.where(np.isnan(carried), 0.5 * (columns.shape[0] - 1), carried)


def _mean_of_three(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each slice and its neighbours; the end slices are their own neighbours."""
    padded = np.pad(values, ((0, 0), (1, 1)), mode="edge")
    return np.asarray((padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3.0)


def _box_sum(values: NDArray[np.floating], width: float, *, axis: int) -> NDArray[np.float64]:
    """Return the sum over a box of about `width` cells around each cell along an axis; beyond the ends is nothing."""
    from scipy import ndimage

    size = max(1, 2 * round((width - 1.0) / 2.0) + 1)
    mean = ndimage.uniform_filter1d(np.asarray(values, dtype=np.float64), size, axis=axis, mode="constant")
    return np.asarray(mean * size)


def _best_way(score: NDArray[np.float64], *, turn_cost: float, most: int) -> NDArray[np.int64]:
    """Return per slice the column of the way with the highest total score; a step aside costs `turn_cost` a column."""
    columns, slices = score.shape
    total, origin = score[:, 0].copy(), np.zeros((columns, slices), dtype=np.int64)
    shifts = range(-most, most + 1)
    for k in range(1, slices):
        padded = np.pad(total, most, constant_values=-np.inf)
        options = np.stack([padded[most + s : most + s + columns] - turn_cost * abs(s) for s in shifts])
        best = np.argmax(options, axis=0)
        origin[:, k] = np.arange(columns) + best - most
        total = options[best, np.arange(columns)] + score[:, k]
    way = np.empty(slices, dtype=np.int64)
    way[-1] = int(np.argmax(total))
    for k in range(slices - 1, 0, -1):
        way[k - 1] = origin[way[k], k]
    return way


def _centres(
    bone: NDArray[np.float32],
    way: NDArray[np.int64],
    seen: NDArray[np.bool_],
    *,
    image: CoarseImage,
    reach: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middle of the bone around the way, along x (`reach` aside at most) and y; NaN where none was seen.

    Where the spine lies along y is a way of its own, so that vessels or a heart full of contrast medium in front of it
    on some slices do not count: the bone nearest to the back is preferred.
    """
    step_x, step_y, step_z = image.geometry.spacing
    half, deep = round(_HALF_MM / step_x), _DEEP_MM / step_y
    near = np.abs(np.arange(bone.shape[0])[:, None] - way) <= half
    depth = _box_sum(np.einsum("xyz,xz->yz", bone, near) * image.pixel_cm2, _LONG_MM / step_y, axis=0)
    back = np.where(depth.any(axis=0), np.argmax(depth > 0.0, axis=0), bone.shape[1])
    ahead = np.maximum(np.arange(bone.shape[1])[:, None] - back, 0) * step_y
    score = np.minimum(depth / _DEEP_CM2, 1.0) - _FRONT_COST * ahead
    rows_way = _best_way(score, turn_cost=_TURN_COST * step_y, most=max(1, round(_SLOPE * step_z / step_y)))
    x, y = np.full(way.size, np.nan), np.full(way.size, np.nan)
    rows = np.arange(bone.shape[1])
    for k in np.flatnonzero(seen):
        close = np.abs(rows - rows_way[k]) <= deep
        x[k] = way[k]
        for _ in range(2):  # the way may lie aside; from its bone's middle one sees the whole spine
            low = max(round(x[k]) - half, 0)
            piece = bone[low : round(x[k]) + half + 1, :, k]
            found = low + _weighted_median(piece[:, close].sum(axis=1))
            x[k] = min(max(found, way[k] - reach[k]), way[k] + reach[k]) if np.isfinite(found) else x[k]
        y[k] = _weighted_median((piece > _BONE_SHARE).sum(axis=0) * close)
    return x, y


def _weighted_median(weights: NDArray[np.floating]) -> float:
    """Return the fractional index that halves the weights; NaN when there are none."""
    total = np.concatenate([[0.0], np.cumsum(weights, dtype=np.float64)])
    if total[-1] <= 0.0:
        return float("nan")
    return float(np.interp(0.5 * total[-1], total, np.arange(total.size))) - 0.5


def _carried(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Fill the gaps between measured slices linearly, and smooth by a running median."""
    known = np.flatnonzero(~np.isnan(values))
    if known.size == 0:
        return values
    whole = np.interp(np.arange(values.size), known, values[known])
    padded = np.pad(whole, window // 2, mode="reflect")
    smooth: NDArray[np.float64] = np.median(np.lib.stride_tricks.sliding_window_view(padded, window), axis=1)
    return smooth
