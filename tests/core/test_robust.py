"""Medians and spreads of the others are exact, and nothing moves its own reference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labelcritic_gui.core.robust import TO_SD, judge, limit_for, medians_beside, slope_without

NUMBERS = st.floats(-1e3, 1e3).map(lambda v: round(v, 2))


@st.composite
def grouped(draw, least: int = 2, most: int = 14):
    """Values, each of a group numbered from 0."""
    count = draw(st.integers(least, most))
    groups = np.array(draw(st.permutations([*range(count), *draw(st.lists(st.integers(0, count - 1), max_size=8))])))
    return draw(arrays(np.float64, len(groups), elements=NUMBERS)), groups


@settings(deadline=None)
@given(grouped())
def test_every_value_is_held_against_the_median_and_the_spread_of_the_other_groups(drawn) -> None:
    values, groups = drawn
    judged = judge(values, groups, floor=0.5)
    for n, group in enumerate(groups):
        rest = values[groups != group]
        others = len(set(groups)) - 1
        centre = np.median(rest)
        spread = max(0.5, TO_SD * np.median(np.abs(rest - centre)) * others / max(others - 0.8, 0.2))
        assert judged.others == others
        assert judged.centre[n] == pytest.approx(centre)
        assert judged.spread[n] == pytest.approx(spread)
        assert judged.deviation[n] == pytest.approx((values[n] - centre) / spread)


@settings(deadline=None)
@given(grouped(), NUMBERS)
def test_a_value_does_not_move_its_own_reference(drawn, moved: float) -> None:
    values, groups = drawn
    before = judge(values, groups, floor=0.1)
    changed = values.copy()
    changed[0] = moved
    after = judge(changed, groups, floor=0.1)
    assert after.centre[0] == before.centre[0]
    assert after.spread[0] == before.spread[0]


@settings(deadline=None)
@given(arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 7)), elements=NUMBERS), st.data())
def test_the_median_beside_a_cell_is_that_of_the_other_cells_of_its_row(table, data) -> None:
    holes = data.draw(arrays(np.bool_, table.shape))
    table = np.where(holes, np.nan, table)
    found = medians_beside(table, least=2)
    for row, cells in enumerate(table):
        for column in range(len(cells)):
            rest = np.delete(cells, column)
            rest = rest[np.isfinite(rest)]
            if len(rest) < 2:
                assert np.isnan(found[row, column])
            else:
                assert found[row, column] == pytest.approx(np.median(rest))


def test_a_slope_is_found_among_wrong_values_and_not_moved_by_the_groups_own() -> None:
    x = np.linspace(0, 1, 41)
    y = 3 * x
    y[::6] += 50.0
    groups = np.arange(41)
    assert slope_without(x, y, groups) == pytest.approx(np.full(41, 3.0), abs=1e-6)
    noisy = y + np.random.default_rng(0).normal(0, 0.2, 41)
    before = slope_without(x, noisy, groups)
    noisy[7] = -1e6
    assert slope_without(x, noisy, groups)[7] == before[7]


def test_no_slope_can_be_told_where_all_stand_at_one_place() -> None:
    assert list(slope_without(np.ones(6), np.arange(6.0), np.arange(6))) == [0.0] * 6


@settings(max_examples=30, deadline=None)
@given(st.integers(5, 5000))
def test_more_others_never_raise_the_limit(others: int) -> None:
    assert limit_for(others + 1, 0.002) <= limit_for(others, 0.002)


@pytest.mark.parametrize("others", [11, 19, 49])
@pytest.mark.parametrize("tails", [6, 1000])
def test_clean_values_reach_a_limit_as_rarely_as_it_says(others: int, tails: int) -> None:
    rng = np.random.default_rng(others)
    rare = 0
    for _ in range(400):
        values = rng.standard_t(tails, 1 + others)
        rare += int(np.count_nonzero(judge(values, np.arange(1 + others), floor=1e-9).chance <= 0.02))
    assert rare <= 1.25 * 0.02 * 400 * (1 + others)
