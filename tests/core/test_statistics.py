"""Intervals against published values, and the laws they keep."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.statistics import Z95, concordance_of, preference_of, share_of, wilson

COUNTS = st.integers(0, 400)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, Stat Med 17:857, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0000),
        (8, 10, 0.4902, 0.9433),  # scipy.stats.binomtest(8, 10).proportion_ci(method="wilson")
    ],
)
def test_that_the_wilson_interval_has_the_published_values(k: int, n: int, low: float, high: float) -> None:
    found = wilson(k, n)
    assert found.low == pytest.approx(low, abs=6e-5)
    assert found.high == pytest.approx(high, abs=6e-5)


def test_that_nothing_observed_leaves_everything_possible() -> None:
    assert share_of(0, 0).value is None
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    nothing = preference_of(0, 0, 0)
    assert nothing.value is None
    assert (nothing.interval.low, nothing.interval.high) == (0.0, 1.0)


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, -1)])
def test_that_what_is_no_share_is_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(k, n)


@given(COUNTS, COUNTS)
def test_that_a_share_lies_in_its_interval_and_its_mirror_in_the_mirrored_one(k: int, rest: int) -> None:
    share, mirrored = share_of(k, k + rest), share_of(rest, k + rest)
    assert 0.0 <= share.interval.low <= share.interval.high <= 1.0
    assert share.value is None or share.interval.holds(share.value)
    assert share.interval.low == pytest.approx(1 - mirrored.interval.high, abs=1e-12)


@given(st.integers(0, 50), st.integers(1, 50), st.integers(2, 20))
def test_that_the_same_share_of_more_is_surer(k: int, rest: int, times: int) -> None:
    few, many = wilson(k, k + rest), wilson(k * times, (k + rest) * times)
    assert many.high - many.low < few.high - few.low


@given(st.integers(1, 400))
def test_that_the_bounds_solve_the_score_equation(n: int) -> None:
    k = n // 3
    for bound in (wilson(k, n).low, wilson(k, n).high):
        if 0 < bound < 1:
            assert abs(k / n - bound) / math.sqrt(bound * (1 - bound) / n) == pytest.approx(Z95)


@given(st.integers(1, 300))
def test_that_without_any_preference_the_interval_is_the_wilson_bound_of_none(n: int) -> None:
    """With no pair that prefers either, the largest difference not excluded is Wilson's bound of 0 in n."""
    found = preference_of(0, 0, n)
    assert found.value == 0.5
    assert found.interval.high == pytest.approx(0.5 + wilson(0, n).high / 2, abs=1e-9)
    assert found.interval.low == pytest.approx(1 - found.interval.high, abs=1e-9)


@given(COUNTS, COUNTS, COUNTS)
def test_that_a_preference_lies_in_its_interval_and_mirrors(plus: int, minus: int, neither: int) -> None:
    one, other = preference_of(plus, minus, neither), preference_of(minus, plus, neither)
    assert -1e-9 <= one.interval.low <= one.interval.high <= 1 + 1e-9
    assert one.value is None or one.interval.low - 1e-9 <= one.value <= one.interval.high + 1e-9
    assert one.interval.low == pytest.approx(1 - other.interval.high, abs=1e-9)


@pytest.mark.parametrize(("plus", "minus", "neither"), [(40, 20, 100), (12, 2, 36), (3, 1, 16), (0, 5, 20)])
def test_that_a_preferences_bounds_solve_its_score_equation(plus: int, minus: int, neither: int) -> None:
    """The likelihood at a fixed difference is maximised here by search, in the program by its closed form."""
    from scipy.optimize import minimize_scalar

    n, found = plus + minus + neither, preference_of(plus, minus, neither)
    for bound in (found.interval.low, found.interval.high):
        d = 2 * bound - 1

        def unlikely(q: float, d: float = d) -> float:
            terms = [(plus, q + d), (minus, q), (neither, 1 - 2 * q - d)]
            return -math.fsum(count * math.log(p) for count, p in terms if count)

        ends = (max(0.0, -d) + 1e-12, (1 - d) / 2 - 1e-12)
        q = minimize_scalar(unlikely, bounds=ends, method="bounded", options={"xatol": 1e-13}).x
        score = (plus - minus - n * d) / math.sqrt(n * (2 * q + d - d * d))
        assert abs(score) == pytest.approx(Z95, abs=1e-4)


def test_that_always_the_same_side_excludes_no_preference_from_four_on() -> None:
    assert preference_of(0, 4, 0).interval.high < 0.5
    assert preference_of(0, 3, 0).interval.holds(0.5)


def table(**cells: int) -> list[tuple[str, str]]:
    return [(name[0], name[1]) for name, count in cells.items() for _ in range(count)]


def test_that_kappa_has_the_published_values() -> None:
    found = concordance_of(table(aa=31, ab=12, ba=4, bb=58))  # statpsych's ci.kappa(.05, 31, 12, 4, 58)
    assert found.kappa == pytest.approx(0.6756757, abs=1e-7)
    assert found.kappa_interval is not None
    assert found.kappa_interval.low == pytest.approx(0.5317210, abs=1e-7)
    assert found.kappa_interval.high == pytest.approx(0.8196303, abs=1e-7)
    assert found.raw.k == 89


def test_that_kappa_by_hand_counts_three_kinds() -> None:
    # 50 of 70 the same; by chance (30*30 + 25*20 + 15*20) / 4900
    found = concordance_of(table(aa=25, ab=3, ac=2, ba=4, bb=14, bc=7, ca=1, cb=3, cc=11))
    by_chance = (30 * 30 + 25 * 20 + 15 * 20) / 70**2
    assert found.kappa == pytest.approx((50 / 70 - by_chance) / (1 - by_chance))


def test_that_kappa_says_nothing_where_chance_explains_all() -> None:
    same = concordance_of([("a", "a")] * 12)
    assert same.kappa is None
    assert same.raw.value == 1.0
    assert concordance_of([]).kappa is None


def test_that_agreement_without_exception_claims_no_interval() -> None:
    found = concordance_of(table(aa=5, bb=4))
    assert found.kappa == pytest.approx(1.0)
    assert found.kappa_interval is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=60))
def test_that_kappa_does_not_care_who_comes_first_nor_what_kinds_are_called(
    said: list[tuple[str, str]],
) -> None:
    found = concordance_of(said)
    swapped = concordance_of([(b, a) for a, b in said])
    renamed = concordance_of([(a.upper(), b.upper()) for a, b in said])
    assert found.raw == swapped.raw == renamed.raw
    if found.kappa is None:
        assert swapped.kappa is None
        return
    assert found.kappa == pytest.approx(swapped.kappa)
    assert found.kappa == pytest.approx(renamed.kappa)
    assert -1 - 1e-9 <= found.kappa <= 1 + 1e-9
    assert found.raw.value is not None
    assert found.kappa <= found.raw.value + 1e-9
    if found.kappa_interval is not None and swapped.kappa_interval is not None:
        assert found.kappa_interval.low == pytest.approx(swapped.kappa_interval.low, abs=1e-9)
        assert found.kappa_interval.holds(found.kappa)
