"""The course of a tube (a vessel, the oesophagus, the bowel): how long, how thick along it, how often it breaks off.

Layer: core. From one end of each piece to the other, cells are reached step by step through the mask; the cells of some
10 mm of steps are one disc. A disc's volume over the way from the middle of the disc before to that of the disc after
is the section there, and the radius that of a circle of that section. Branches that are reached at the same time count
together. No source: a plain measurement.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Point

DISC_MM = 10.0
"""Length of a disc, about."""
LEAST_SHARE = 0.02
"""Smaller pieces of a mask are no pieces of the tube."""
_LEAST_DISCS = 3


@dataclass(frozen=True, slots=True)
class Course:
    """A tube measured along its course.

    `length_mm` is summed over the pieces; `radius_mm` the median over the discs between the ends, `least_mm` and
    `most_mm` the extremes; all None when every piece is too short to tell. `gaps` is how often the tube breaks off: its
    pieces less one.
    """

    length_mm: float | None
    radius_mm: float | None
    least_mm: float | None
    most_mm: float | None
    gaps: int


def course_of(cells: NDArray[np.bool_], mm: Point) -> Course | None:
    """Measure the course of a tube given as cells of a size in mm; None for an empty one."""
    if not cells.any():
        return None
    wide = np.zeros(tuple(n + 2 for n in cells.shape), dtype=np.bool_, order="F")
    wide[1:-1, 1:-1, 1:-1] = cells
    numbers, sizes = metrics.components(wide)
    flat = numbers.ravel(order="F")
    pieces = np.flatnonzero(sizes >= LEAST_SHARE * sizes.sum()) + 1
    lengths: list[float] = []
    radii: list[NDArray[np.float64]] = []
    for piece in pieces:
        measured = _measured(flat == piece, wide.shape, mm)
        if measured is not None:
            lengths.append(measured[0])
            radii.append(measured[1])
    gaps = len(pieces) - 1
    if not radii:
        return Course(None, None, None, None, gaps)
    every = np.concatenate(radii)
    return Course(sum(lengths), float(np.median(every)), float(every.min()), float(every.max()), gaps)


def _measured(piece: NDArray[np.bool_], shape: tuple[int, ...], mm: Point) -> tuple[float, NDArray[np.float64]] | None:
    """Return a piece's length and the radii of its discs between the ends; None when it is too short."""
    somewhere = int(np.argmax(piece))
    end = int(_steps(piece.copy(), somewhere, shape)[-1][0])
    steps = _steps(piece, end, shape)
    wide = max(1, round(DISC_MM / max(mm)))
    discs = [np.concatenate(steps[low : low + wide]) for low in range(0, len(steps), wide)]
    if len(discs) < _LEAST_DISCS:
        return None
    middles = np.array([_middle(disc, shape, mm) for disc in discs])
    ways = np.linalg.norm(np.diff(middles, axis=0), axis=1)
    sections = (
        np.array([len(disc) for disc in discs[1:-1]]) * math.prod(mm) / np.maximum(0.5 * (ways[1:] + ways[:-1]), 1e-6)
    )
    return float(ways.sum() + 0.5 * (ways[0] + ways[-1])), np.sqrt(sections / math.pi)


def _steps(free: NDArray[np.bool_], start: int, shape: tuple[int, ...]) -> list[NDArray[np.int64]]:
    """Return the cells, as flat numbers, that each step to any of 26 neighbours reaches; `free` is used up."""
    moves = np.array([x + shape[0] * (y + shape[1] * z) for x, y, z in itertools.product((-1, 0, 1), repeat=3)])
    here = np.array([start], dtype=np.int64)
    free[start] = False
    steps = []
    while here.size:
        steps.append(here)
        around = (here[:, None] + moves).ravel()
        here = np.unique(around[free[around]])
        free[here] = False
    return steps


def _middle(disc: NDArray[np.int64], shape: tuple[int, ...], mm: Point) -> Point:
    rest, x = np.divmod(disc, shape[0])
    z, y = np.divmod(rest, shape[1])
    return float(x.mean()) * mm[0], float(y.mean()) * mm[1], float(z.mean()) * mm[2]
