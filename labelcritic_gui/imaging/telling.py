"""Where to look first: the slice that tells most of some masks. Layer: imaging."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Mask, Point, joint_box, world_point

WORTH_SEEING = 0.2
"""Of the largest cross-section: candidates that differ by more than this in one slice are shown where they do."""
DENSE = 24
"""How many slices are looked at closely, at most: a structure's middle needs no more."""


def telling_place(masks: Sequence[Mask]) -> Point | None:
    """Return the world point in mm to begin at; None when all masks are empty.

    It lies in the middle of the largest axial cross-section, or of the slice where the masks differ most when they
    differ much; and inside a mask there.
    """
    filled = [mask for mask in masks if not mask.is_empty]
    if not filled:
        return None
    box = joint_box(filled)
    depth = box[2].stop - box[2].start
    levels = range(box[2].start, box[2].stop, max(1, depth // DENSE))
    counted = []
    for level in levels:
        some, apart = _cross_section(filled, box, level)
        counted.append((int(np.count_nonzero(some)), int(np.count_nonzero(apart)), level))
    largest, most_apart = max(counted), max((apart, level) for _, apart, level in counted)
    differing = most_apart[0] > WORTH_SEEING * largest[0]
    level = most_apart[1] if differing else largest[2]
    x, y = _inner(_cross_section(filled, box, level)[1 if differing else 0])
    return world_point(filled[0].geometry, (box[0].start, box[1].start, level), (x, y, 0))


def _cross_section(
    masks: Sequence[Mask], box: tuple[slice, slice, slice], level: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return what any mask claims on an axial slice of a box, [x, y], and what not all of them do."""
    layers = [mask.within((box[0], box[1], slice(level, level + 1)))[:, :, 0] for mask in masks]
    some = np.logical_or.reduce(layers)
    return some, some & ~np.logical_and.reduce(layers)


def _inner(where: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the place inside a cross-section that is nearest to its middle."""
    places = np.argwhere(where)
    nearest = places[int(np.argmin(((places - places.mean(axis=0)) ** 2).sum(axis=1)))]
    return int(nearest[0]), int(nearest[1])
