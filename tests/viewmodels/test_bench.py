"""What the bench panel says, asks for, and stops."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.bench import BenchReport
from labelcritic_gui.core.bench_report import calibration_of
from labelcritic_gui.core.cancel import stop_if
from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.core.verdict import Outcome
from labelcritic_gui.faults.kinds import FaultKind, FaultSeverity
from labelcritic_gui.viewmodels.bench import Bench, truths_of
from labelcritic_gui.viewmodels.bench_choice import TruthKind
from labelcritic_gui.viewmodels.bench_words import (
    KIND_TITLES,
    alarm_lines,
    alarm_words,
    calibration_words,
    kind_title,
    notes_of,
    parts_of,
    target_lines,
)
from labelcritic_gui.viewmodels.runner import InlineRunner, Lane
from tests.viewmodels.fake_bench import STRUCTURES, fake_report
from tests.viewmodels.fakes import FakeCalls, HeldRunner

TRUSTED = (LabelSet("beta", "Beta"), LabelSet("alpha", "Alpha", trusted=True))


def bench(calls: FakeCalls | None = None, runner: Any = None) -> Bench:
    made = Bench(calls or FakeCalls(label_sets=TRUSTED), runner or InlineRunner())
    made.count()
    return made


# --- choosing -------------------------------------------------------------------------------------------------------


def test_that_the_trusted_label_set_is_the_truth_at_first() -> None:
    found = bench()
    assert (found.truth.slug, found.truth.trusted, found.advice) == ("alpha", True, "")
    assert [truth.slug for truth in found.truths] == ["alpha", "beta", "", ""]


def test_that_without_a_trusted_label_set_phantoms_are_and_it_says_what_to_do() -> None:
    found = bench(FakeCalls())
    assert found.truth.kind is TruthKind.PHANTOMS
    assert found.advice.startswith("No label set of this review is marked as trusted")
    assert found.ready
    found.choose_truth(0)
    assert (found.truth.kind, found.truth.slug) == (TruthKind.LABELS, "alpha")
    assert "no better than these labels" in found.truth.note


def test_that_every_label_set_can_be_taken_as_the_truth() -> None:
    slugs = [truth.slug for truth in truths_of(TRUSTED) if not truth.is_phantom]
    assert sorted(slugs) == ["alpha", "beta"]


def test_that_what_it_takes_is_said_before_anything_is_asked() -> None:
    calls = FakeCalls(label_sets=TRUSTED)
    found = bench(calls)
    assert found.outlook == "4 cases: up to 180 pairs and 180 labels by themselves."
    found.set_per_structure(1)
    assert found.outlook == "4 cases: up to 72 pairs and 72 labels by themselves."
    found.set_cases(1)
    assert found.outlook.startswith("1 case: ")
    found.choose_truth(2)
    assert found.outlook.startswith("1 phantom: ")
    assert calls.benched is None


def test_that_only_the_chosen_kinds_and_severities_are_planted() -> None:
    found = bench()
    found.choose_kinds([FaultKind.LEAK, FaultKind.EMPTY])
    found.choose_severities([FaultSeverity.MILD])
    assert {recipe.kind for recipe in found.recipes} == {FaultKind.LEAK}
    assert {recipe.severity for recipe in found.recipes} == {FaultSeverity.MILD}
    found.choose_kinds([FaultKind.EMPTY])
    assert found.outlook == "No such error goes that far: choose other severities."
    assert not found.ready
    found.choose_kinds([])
    assert found.outlook == "Choose at least one kind of error."
    found.choose_severities([])
    assert found.outlook == "Choose at least one kind of error and one severity."


def test_that_own_words_take_the_place_of_the_boxes() -> None:
    found = bench()
    found.describe("remove the lower third")
    assert found.reading == "Understood: remove the bottom 33 %."
    assert [recipe.kind for recipe in found.recipes] == [FaultKind.MISSING]
    found.describe("  ")
    assert len(found.recipes) > 30
    assert found.reading == ""
    assert "takes the place of the boxes" in found.reading_hint


def test_that_words_which_cannot_be_read_are_said_at_once_and_stop_the_start() -> None:
    found = bench()
    found.describe("make it worse")
    assert found.reading == '"make it worse" is no error that is known.'
    assert found.reading_hint == 'Say "remove the lower third", for example.'
    assert found.outlook == "The words above cannot be read."
    assert not found.ready
    assert found.recipes == ()


def test_that_a_plan_of_an_earlier_choice_is_not_shown() -> None:
    runner = HeldRunner()
    found = bench(runner=runner)
    found.describe("make it worse")
    runner.settle()
    assert found.plan is None
    assert not found.ready


def test_that_a_truth_without_labels_cannot_be_started() -> None:
    calls = FakeCalls(label_sets=TRUSTED)
    calls.bench_cases = 0
    found = bench(calls)
    assert found.outlook.startswith("There is no label to plant an error in")
    assert not found.ready


# --- under way ------------------------------------------------------------------------------------------------------


def test_that_a_bench_goes_to_the_critics_lane_and_ends_in_a_report() -> None:
    calls, runner = FakeCalls(label_sets=TRUSTED), HeldRunner()
    calls.critic_lane = Lane.NET
    found = bench(calls, runner)
    runner.settle()
    found.start()
    assert [entry[0] for entry in runner.waiting] == [Lane.NET]
    assert found.progress == "Beginning…"
    assert not found.ready
    runner.settle()
    assert calls.benched is not None
    assert calls.benched.truth.slug == "alpha"
    assert found.job is None
    assert found.headline
    assert found.kept == (
        "Kept as bench.json, trials.csv, summary.csv, report.md, accuracy.svg and calibration.svg in "
        "/nowhere/review/bench."
    )
    found.again()
    assert (found.headline, found.parts, found.kept) == ("", (), "")
    runner.settle()
    assert found.ready


def test_that_stopping_is_said_and_leaves_the_choice() -> None:
    class Stopped(FakeCalls):
        def bench(self, choice: Any, cancel: Any, progress: Any) -> Any:
            stop_if(cancel)
            return super().bench(choice, cancel, progress)

    calls, runner = Stopped(label_sets=TRUSTED), HeldRunner()
    found = bench(calls, runner)
    runner.settle()
    found.start()
    found.cancel()
    runner.settle()
    assert found.found is None
    assert found.failure is not None
    assert (found.failure.text, found.failure.error) == ("Stopped as asked.", False)
    assert found.ready
    assert calls.benched is None


@pytest.mark.parametrize("error", [CriticError("Nobody answers.", "Start it."), ZeroDivisionError()])
def test_that_failures_are_said_and_defects_are_also_raised(error: Exception) -> None:
    calls = FakeCalls(label_sets=TRUSTED)
    calls.bench_broken = error
    found = bench(calls)
    if isinstance(error, ZeroDivisionError):
        with pytest.raises(ZeroDivisionError):
            found.start()
    else:
        found.start()
    assert found.failure is not None
    assert found.failure.error
    assert found.job is None


# --- the report in words --------------------------------------------------------------------------------------------


def test_that_every_kind_of_error_has_a_name_of_its_own() -> None:
    assert set(KIND_TITLES) == set(FaultKind)
    assert len(set(KIND_TITLES.values())) == len(FaultKind)
    assert kind_title("leak") == "leak into a neighbour"
    assert kind_title("no_such_kind") == "no such kind"


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_that_structures_and_errors_come_weakest_first_and_lose_no_pair(seed: int) -> None:
    report = fake_report(seed=seed)
    for part in parts_of(report):
        if "weakest first" in part.title:
            found = [line.accuracy.value for line in part.lines if line.accuracy.value is not None]
            assert found == sorted(found)
            assert sum(line.pairs for line in part.lines) == len(report.trials)


def test_that_bands_are_held_against_their_targets_and_the_last_is_only_reported() -> None:
    bands = {line.title: line for line in parts_of(fake_report())[0].lines}
    assert bands["Dice below 0.80"].target == 0.97
    assert bands["Dice below 0.80"].decided_target == 0.90
    assert bands["Dice 0.80 to 0.95"].target == 0.92
    assert bands["Dice above 0.95"].target is None
    assert "reported only" in bands["Dice above 0.95"].beside
    assert bands["all pairs"].pairs == sum(line.pairs for line in bands.values()) - bands["all pairs"].pairs


def test_that_targets_say_what_was_asked_found_and_ruled() -> None:
    lines = target_lines(fake_report())
    assert lines[0].title == "Accuracy on decided, Dice below 0.80"
    assert lines[0].asked == "at least 97 %"
    assert lines[-1].asked == "at most 5 %"
    states = {"passes": "good", "fails": "bad", "too few to say": "doubt"}
    assert all(line.state == states[line.verdict] for line in lines)


def test_that_right_labels_called_out_are_named() -> None:
    report = fake_report()
    assert alarm_words(report) == f"2 of {4 * len(STRUCTURES)}:"
    assert [line.split(":")[0] for line in alarm_lines(report)] == ["case_000, pancreas", "case_002, pancreas"]
    pancreas = next(line for line in parts_of(report)[1].lines if line.title == "pancreas")
    assert "2 of 4 right ones not passed" in pancreas.beside
    right = replace(report, singles=tuple(s for s in report.singles if not s.false_alarm))
    assert alarm_words(right) == f"None of {4 * len(STRUCTURES) - 2}."
    assert alarm_words(replace(report, singles=())) == "No right label was shown by itself."


def test_that_a_critic_that_is_too_sure_is_told_where() -> None:
    trials = [replace(t, confidence=0.99) for t in fake_report().trials if t.correct is not None]
    words = calibration_words(calibration_of(trials))
    assert words[1].startswith("Too sure: where it said 99 % on average, it was right")
    assert calibration_words(calibration_of(())) == ("No pair was decided, so nothing is known of its confidence.",)


def test_that_a_favoured_place_is_named() -> None:
    report = fake_report()
    always_first = replace(report, trials=tuple(replace(t, outcome=Outcome.FIRST) for t in report.trials))
    assert notes_of(always_first)[0].endswith("It favours the first place.")
    assert "favours" not in notes_of(report)[0]


def test_that_refused_errors_and_silence_are_counted_with_their_reasons() -> None:
    report = fake_report()
    told = " ".join(notes_of(replace(report, trials=tuple(replace(t, outcome=Outcome.FAILED) for t in report.trials))))
    assert f"{len(report.trials)} pairs got no answer" in told
    assert "3 errors could not be planted or read: The aorta has no other side. (2 times)" in told


def test_that_an_empty_report_says_so_everywhere_and_claims_nothing() -> None:
    report = BenchReport(fake_report().critic)
    assert parts_of(report) == ()
    assert notes_of(report) == ()
    assert {line.told for line in target_lines(report)} == {"nothing to judge by"}
