"""What a bench comes to, for critics whose worth is known: a perfect one, a coin, a boaster, one that says first."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.bench import Answer, Band, BenchReport, Single, Trial
from labelcritic_gui.core.bench_report import (
    LEAST,
    Group,
    Met,
    calibration_of,
    detection_of,
    detections_of,
    false_alarms,
    headline,
    position_of,
    rows_of,
    targets,
    timing_of,
)
from labelcritic_gui.core.statistics import wilson
from labelcritic_gui.core.verdict import Outcome
from tests.core.test_bench import CRITIC, SINGLES, TRIALS, trial


def asked(count: int, *, right: float, confidence: float, seed: int = 0, **changes: object) -> list[Trial]:
    """Pairs in both orders, just so many of them answered right, which ones is drawn."""
    rights = np.random.default_rng(seed).permutation(count) < right * count
    found = []
    for n in range(count):
        better = "first" if n % 2 else "second"
        says = better if rights[n] else "second" if n % 2 else "first"
        found.append(trial(Outcome(says), better=better, confidence=confidence, **changes))
    return found


def single(kind: str = "", *, flagged: bool | None = None, dice: float = 0.5, **changes: object) -> Single:
    """One label by itself."""
    values: dict[str, object] = {"case": "one", "structure": "liver", "severity": "gross", "text": "error"}
    return Single(kind=kind, flagged=flagged, dice=dice if kind else 1.0, **{**values, **changes})  # type: ignore[arg-type]


def met(report: BenchReport) -> list[Met]:
    """The verdicts on all targets."""
    return [target.met for target in targets(report)]


# --- critics whose worth is known ------------------------------------------------------------------------------------


def test_a_perfect_critic_meets_every_target_and_is_calibrated() -> None:
    trials = asked(60, right=1.0, confidence=1.0) + asked(60, right=1.0, confidence=1.0, dice=0.9)
    singles = [single(flagged=False) for _ in range(50)] + [single("leak", flagged=True) for _ in range(50)]
    report = BenchReport(CRITIC, trials=tuple(trials), singles=tuple(singles))
    # 0 false alarms of 50 right labels: enough to go by
    assert met(report) == [Met.PASSES] * 6
    assert headline(report) == "Meets 6 of 6 targets."
    assert calibration_of(trials).error == pytest.approx(0.0, abs=1e-12)


def test_a_coin_fails_and_its_intervals_hold_a_half() -> None:
    trials = asked(400, right=0.5, confidence=0.5)
    report = BenchReport(CRITIC, trials=tuple(trials))
    (row,) = rows_of(trials, Group.ALL, (None,))
    assert row.accuracy.interval.holds(0.5)
    assert targets(report)[0].met is Met.FAILS
    assert targets(report)[1].met is Met.PASSES  # it decides everything
    assert headline(report).startswith("Falls short of 1 of 6 targets")
    error = calibration_of(trials).error
    assert error == pytest.approx(0.0, abs=1e-9)


def test_a_boaster_is_found_out_by_calibration() -> None:
    found = calibration_of(asked(300, right=0.7, confidence=0.96))
    assert found.error == pytest.approx(0.26, abs=1e-9)
    assert [one.low for one in found.bold] == [0.95]


def test_one_that_always_says_first_is_right_half_the_time_and_its_place_shows() -> None:
    trials = [trial(Outcome.FIRST, better="first" if n % 2 else "second") for n in range(100)]
    first, second = position_of(trials)
    assert (first.k, first.n, second.k, second.n) == (50, 50, 0, 50)
    assert first.interval.low > second.interval.high
    assert rows_of(trials, Group.ALL, (None,))[0].accuracy.value == 0.5


def test_one_that_never_decides_has_no_accuracy_and_fails_the_decided_share() -> None:
    report = BenchReport(CRITIC, trials=tuple(trial(Outcome.UNDECIDED) for _ in range(80)))
    accuracy, decided = targets(report)[:2]
    assert (accuracy.value, accuracy.met) == (None, Met.TOO_FEW)
    assert (decided.value, decided.met) == (0.0, Met.FAILS)
    assert calibration_of(report.trials).error is None


def test_that_few_observations_near_a_target_say_nothing() -> None:
    few = BenchReport(CRITIC, trials=tuple(asked(10, right=1.0, confidence=0.9)))
    assert targets(few)[0].met is Met.TOO_FEW
    hopeless = BenchReport(CRITIC, trials=tuple(asked(10, right=0.0, confidence=0.9)))
    assert targets(hopeless)[0].met is Met.FAILS
    assert headline(BenchReport(CRITIC)).startswith("Nothing can be said yet.")


# --- laws ------------------------------------------------------------------------------------------------------------


@given(st.lists(TRIALS, max_size=12))
def test_that_every_trial_is_counted_once_in_every_group(trials: list[Trial]) -> None:
    for group in Group:
        over = rows_of(trials, group, (None,))
        assert sum(row.n for row in over) == len(trials)
        assert sum(row.n for row in rows_of(trials, group, Band)) == len(trials)
        assert sum(row.right for row in over) == sum(t.answer is Answer.RIGHT for t in trials)
        assert all(row.right + row.wrong + row.equivalent <= row.n for row in over)


@given(st.lists(TRIALS, min_size=1, max_size=12))
def test_that_rows_carry_the_wilson_interval_of_their_counts(trials: list[Trial]) -> None:
    for row in rows_of(trials, Group.STRUCTURE):
        assert row.accuracy.interval == wilson(row.right, row.right + row.wrong)
        assert row.decided.interval == wilson(row.right + row.wrong, row.n - row.equivalent)


@given(st.lists(TRIALS, max_size=12))
def test_that_bins_hold_all_decided_pairs_and_the_error_is_a_share(trials: list[Trial]) -> None:
    found = calibration_of(trials)
    decided = [t for t in trials if t.correct is not None]
    assert sum(one.right.n for one in found.bins) == len(decided)
    assert (found.error is None) == (not decided)
    assert all(one.low <= one.stated <= one.high for one in found.bins)
    assert found.error is None or 0 <= found.error <= 1


@given(st.lists(SINGLES, max_size=12))
def test_that_balanced_accuracy_lies_in_its_interval(singles: list[Single]) -> None:
    found = detection_of(singles)
    if found.balanced is None:
        assert found.found.n == 0 or found.cleared.n == 0
    else:
        assert found.interval.low - 1e-12 <= found.balanced <= found.interval.high + 1e-12
        assert 0 <= found.interval.low <= found.interval.high <= 1


@given(st.lists(SINGLES, max_size=12))
def test_that_calling_everything_out_or_nothing_is_no_better_than_a_coin(singles: list[Single]) -> None:
    for flagged in (True, False):
        blind = [single(s.kind, flagged=flagged, dice=s.dice) for s in singles]
        assert detection_of(blind).balanced in (None, 0.5)


def test_that_errors_close_to_the_truth_need_not_be_called_out() -> None:
    found = detection_of(
        [single("edge", flagged=False, dice=0.93), single("leak", flagged=True), single(flagged=False)]
    )
    assert (found.found.k, found.found.n, found.balanced) == (1, 1, 1.0)


def test_that_a_label_that_cannot_be_judged_is_neither_found_nor_cleared() -> None:
    found = detection_of([single("leak"), single()])
    assert (found.found.k, found.cleared.k, found.unsaid) == (0, 0, 2)


def test_that_false_alarms_are_named_and_counted_on_real_labels_where_there_are_any() -> None:
    made = [single(flagged=True, case="phantom") for _ in range(LEAST)]
    real = [single(flagged=n == 0, case=f"real {n}", trusted=True, finding="too small") for n in range(LEAST)]
    report = BenchReport(CRITIC, singles=(*made, *real))
    last = targets(report)[-1]
    assert (last.name, last.n, last.met) == ("false alarms on trusted labels", LEAST, Met.PASSES)
    assert [(s.case, s.finding) for s in false_alarms(real)] == [("real 0", "too small")]
    assert targets(BenchReport(CRITIC, singles=tuple(made)))[-1].met is Met.FAILS


def test_that_severities_stand_in_their_own_order() -> None:
    trials = [trial(Outcome.FIRST, severity=name) for name in ("gross", "mild", "moderate")]
    assert [row.name for row in rows_of(trials, Group.SEVERITY, (None,))] == ["mild", "moderate", "gross"]
    singles = [single("leak", severity=name) for name in ("gross", "moderate", "mild")]
    assert [name for name, _ in detections_of(singles, Group.SEVERITY)] == ["mild", "moderate", "gross"]


def test_that_the_time_is_that_of_all_opinions() -> None:
    found = timing_of(BenchReport(CRITIC, trials=(trial(Outcome.FIRST, seconds=1.0),), singles=(single(seconds=3.0),)))
    assert (found.n, found.most) == (2, 3.0)
    assert math.isclose(found.mean, 2.0)
    assert timing_of(BenchReport(CRITIC)).n == 0
