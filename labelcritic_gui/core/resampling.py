"""Brings a mask onto another grid by its nearest voxels; only where a person asked for it. Layer: core."""

import itertools

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Geometry, Mask

_TIE = 1e-6
"""In voxels: what lies halfway but for rounding goes up, so that the same grids give the same mask everywhere."""

Ranges = tuple[range, range, range]


def resample_nearest(mask: Mask, target: Geometry) -> Mask:
    """Return the mask on the canonical grid `target`: each voxel has what the nearest voxel of the mask's grid has.

    Outside the mask's grid nothing is inside. A voxel halfway between two takes the one of higher index. Worked on
    slice by slice within the mask's box, so memory stays at that box. What is thinner than a voxel may vanish.
    """
    step = np.linalg.inv(mask.geometry.affine) @ target.affine
    ranges = _reach(mask, target)
    if mask.is_empty or not all(ranges):
        return Mask(np.zeros((0, 0, 0), dtype=np.bool_), (0, 0, 0), target)
    found = _by_axes(mask, step, ranges) if _separable(step[:3, :3]) else _by_slices(mask, step, ranges)
    return Mask.from_array(found, target, offset=(ranges[0].start, ranges[1].start, ranges[2].start))


def _reach(mask: Mask, target: Geometry) -> Ranges:
    """Return the ranges of target indices that may lie in the mask's box."""
    sides = [(box.start - 0.5, box.stop - 0.5) for box in mask.box]
    corners = np.array(list(itertools.product(*sides)))
    reached = target.to_index(mask.geometry.to_world(corners))
    low = np.clip(np.floor(reached.min(axis=0) - _TIE), 0, target.shape).astype(int)
    high = np.clip(np.ceil(reached.max(axis=0) + _TIE) + 1, 0, target.shape).astype(int)
    x, y, z = (range(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return x, y, z


def _separable(turn: NDArray[np.float64]) -> bool:
    """Say whether each axis of the mask depends on the same axis of the target alone."""
    off = turn - np.diag(np.diag(turn))
    return bool(np.abs(off).max() < 1e-9)


def _nearest(places: NDArray[np.float64], axis: int, mask: Mask) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the nearest indices within the mask's box along one of its axes, and where they are inside it."""
    index = np.floor(places + 0.5 + _TIE).astype(np.intp) - mask.origin[axis]
    inside = (index >= 0) & (index < mask.voxels.shape[axis])
    return np.where(inside, index, 0), inside


def _by_axes(mask: Mask, step: NDArray[np.float64], ranges: Ranges) -> NDArray[np.bool_]:
    """Resample between grids with parallel axes: three lists of indices do."""
    lists, insides = [], []
    for axis in range(3):
        places = step[axis, axis] * np.arange(ranges[axis].start, ranges[axis].stop) + step[axis, 3]
        index, inside = _nearest(places, axis, mask)
        lists.append(index)
        insides.append(inside)
    out = np.zeros([len(r) for r in ranges], dtype=np.bool_, order="F")
    plane = np.ix_(lists[0], lists[1])
    within = insides[0][:, None] & insides[1]
    for n, (k, inside) in enumerate(zip(lists[2], insides[2], strict=True)):
        if inside:
            out[:, :, n] = mask.voxels[:, :, k][plane] & within
    return out


def _by_slices(mask: Mask, step: NDArray[np.float64], ranges: Ranges) -> NDArray[np.bool_]:
    """Resample between any two grids, one slice of the target at a time."""
    i = np.arange(ranges[0].start, ranges[0].stop, dtype=np.float64)[:, None]
    j = np.arange(ranges[1].start, ranges[1].stop, dtype=np.float64)[None, :]
    out = np.zeros([len(r) for r in ranges], dtype=np.bool_, order="F")
    for n, k in enumerate(ranges[2]):
        found, within = [], np.ones((i.size, j.size), dtype=np.bool_)
        for axis in range(3):
            places = step[axis, 0] * i + step[axis, 1] * j + (step[axis, 2] * k + step[axis, 3])
            index, inside = _nearest(places, axis, mask)
            found.append(index)
            within &= inside
        out[:, :, n] = mask.voxels[tuple(found)] & within
    return out
