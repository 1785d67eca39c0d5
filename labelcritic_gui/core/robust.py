"""Robust statistics in which nothing moves its own reference: medians and spreads of all the others. Layer: core.

All of it is exact: a median without a few values is found among the sorted whole by counting past those left out.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TO_SD = 1.482602218505602
"""A median absolute deviation times this is the standard deviation of normal values."""
TAILS = 6.0
"""Degrees of freedom of the law that clean values are held to: anatomy has heavier tails than the normal law."""
EFFICIENCY = 0.37
"""How much of a sample a median absolute deviation makes use of (Rousseeuw and Croux 1993, J Am Stat Assoc 88:1273)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Values against the others: each array has one entry a value; NaN where there is nothing to compare with.

    Attributes:
        deviation: distance from the others' median in their robust standard deviations, signed.
        chance: how often a clean value is at least this far off (two-sided).
        centre: the others' median; `spread` their robust standard deviation.
        others: how many other groups the reference is made of.
    """

    deviation: Floats
    chance: Floats
    centre: Floats
    spread: Floats
    others: int


def judge(values: Floats, groups: Ints, *, floor: float) -> Judged:
    """Hold every value against those of all other groups; values are finite, `groups` are numbers from 0 on.

    `floor` is the least spread that is believed, in the unit of the values. The spread is the median absolute
    deviation with the small-sample factor of Croux and Rousseeuw (1992, Comput Stat 1:411). The chance is that of
    Student's law, whose degrees of freedom join the law's tails with the uncertainty of the spread; for 9 to 99 others
    it is within a tenth of the simulated quantiles of normal values (tails left out) and of t values with 6 degrees.
    """
    within = _within(groups)
    removed = _by_group(_ranks(values), groups, within)
    others = len(removed) - 1
    ordered = np.sort(values)
    centre = median_without(ordered, removed)
    spread = np.full(len(centre), np.nan)
    for middle in np.unique(centre[np.isfinite(centre)]):
        deviations = np.abs(values - middle)
        away = median_without(np.sort(deviations), _by_group(_ranks(deviations), groups, within))
        spread = np.where(centre == middle, away, spread)
    spread = np.maximum(spread * TO_SD * (others / max(others - 0.8, 0.2)), floor)
    deviation = (values - centre[groups]) / spread[groups]
    return Judged(deviation, chance_of(deviation, others), centre[groups], spread[groups], others)


def median_without(ordered: Floats, removed: Ints) -> Floats:
    """Return the median of sorted values without some of them, for many choices of what is left out.

    `removed` has a row a choice: places in `ordered`, ascending, filled up with len(ordered). NaN where none is left.
    """
    left = len(ordered) - np.count_nonzero(removed < len(ordered), axis=1)
    ends: list[Floats] = []
    for place in ((left - 1) // 2, left // 2):
        at = np.maximum(place, 0)
        for column in removed.T:
            at = at + (column <= at)
        ends.append(ordered[np.minimum(at, len(ordered) - 1)])
    found: Floats = np.where(left > 0, (ends[0] + ends[1]) / 2, np.nan)
    return found


def chance_of(deviation: Floats, others: int) -> Floats:
    """Return how often a clean value lies at least so many robust standard deviations off, given so many others."""
    from scipy.special import stdtr

    chance: Floats = np.asarray(2 * stdtr(_degrees(others), -np.abs(deviation)), dtype=np.float64)
    return chance


def slope_without(x: Floats, y: Floats, groups: Ints) -> Floats:
    """Return for every group the slope of y over x of all other groups; 0 where it cannot be told.

    The median slope of disjoint pairs, each a small x with a large one (the incomplete method of Theil 1950): a pair
    that holds a value of the group is left out.
    """
    half = len(x) // 2
    order = np.argsort(x, kind="stable")
    low, high = order[:half], order[half : 2 * half]
    run = x[high] - x[low]
    usable = run > 0
    if not usable.any():
        return np.zeros(int(groups.max(initial=-1)) + 1)
    low, high, run = low[usable], high[usable], run[usable]
    slopes = (y[high] - y[low]) / run
    place = np.full(len(x), len(slopes), dtype=np.int64)
    place[low] = place[high] = _ranks(slopes)
    removed = _by_group(place, groups, _within(groups), filler=len(slopes))
    return np.nan_to_num(median_without(np.sort(slopes), removed))


def medians_beside(table: Floats, *, least: int) -> Floats:
    """Return for every cell the median of the other finite cells of its row; NaN where these are fewer than `least`."""
    order = np.argsort(table, axis=1, kind="stable")  # NaN goes last
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(table.shape[1]), table.shape), axis=1)
    ordered = np.take_along_axis(table, order, axis=1)
    count = np.isfinite(table).sum(axis=1, keepdims=True)
    rank = np.where(np.isfinite(table), rank, table.shape[1])
    left = count - np.isfinite(table)
    ends: list[Floats] = []
    for place in ((left - 1) // 2, left // 2):
        at = np.maximum(place, 0)
        at = np.minimum(at + (rank <= at), table.shape[1] - 1)
        ends.append(np.take_along_axis(ordered, at, axis=1))
    found: Floats = np.where(left >= max(least, 1), (ends[0] + ends[1]) / 2, np.nan)
    return found


def usual_span(centre: float, spread: float) -> tuple[float, float]:
    """Return where the middle 95 % of normal values lie."""
    reach = 1.959963984540054 * spread
    return centre - reach, centre + reach


def limit_for(others: int, chance: float) -> float:
    """Return how many robust standard deviations off a clean value is with this chance, given so many others."""
    from scipy.special import stdtrit

    return float(-stdtrit(_degrees(others), chance / 2))


def _degrees(others: int) -> float:
    """Return the degrees of freedom of a deviation from so many others."""
    return 1 / math.hypot(1 / TAILS, 1 / (EFFICIENCY * max(others, 1)))


def _ranks(values: Floats) -> Ints:
    """Return where each value stands among all, from 0."""
    place = np.empty(len(values), dtype=np.int64)
    place[np.argsort(values, kind="stable")] = np.arange(len(values))
    return place


def _within(groups: Ints) -> Ints:
    """Number the members of each group from 0."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    first = np.searchsorted(ordered, np.arange(int(groups.max(initial=-1)) + 1))
    within = np.empty(len(groups), dtype=np.int64)
    within[order] = np.arange(len(groups)) - first[ordered]
    return within


def _by_group(place: Ints, groups: Ints, within: Ints, *, filler: int | None = None) -> Ints:
    """Return the places of each group as a row, ascending, filled up with their number or `filler`."""
    size = int(groups.max(initial=-1)) + 1, int(within.max(initial=0)) + 1
    rows = np.full(size, len(place) if filler is None else filler, dtype=np.int64)
    rows[groups, within] = place
    rows.sort(axis=1)
    return rows
