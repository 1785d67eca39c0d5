"""What an answer on the bench is worth, and that a report comes back from JSON as it was."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.bench import (
    FAR,
    NEAR,
    SAME,
    Answer,
    Band,
    BenchReport,
    Better,
    Refusal,
    Single,
    Trial,
    band_of,
)
from labelcritic_gui.core.verdict import CriticIdentity, Outcome

CRITIC = CriticIdentity("anatomy", "anatomy critic", "1", options="none")
SHARES = st.floats(0, 1)
WORDS = st.text(max_size=12)


def trial(outcome: Outcome, **changes: object) -> Trial:
    """A pair of truth (second) and an error (first)."""
    values: dict[str, object] = {
        "case": "one",
        "structure": "liver",
        "kind": "leak",
        "severity": "mild",
        "text": "spills over",
        "dice": 0.7,
        "dice_first": 0.7,
        "dice_second": 1.0,
        "better": "second",
        "outcome": outcome,
        "confidence": 0.8,
    }
    return Trial(**{**values, **changes})  # type: ignore[arg-type]


TRIALS = st.builds(
    Trial,
    case=WORDS,
    structure=WORDS,
    kind=WORDS,
    severity=st.sampled_from(["mild", "moderate", "gross"]),
    text=WORDS,
    dice=SHARES,
    dice_first=SHARES,
    dice_second=SHARES,
    better=st.sampled_from(["first", "second"]),
    outcome=st.sampled_from(Outcome),
    confidence=SHARES,
    seconds=st.floats(0, 100),
    reasons=st.lists(WORDS, max_size=3).map(tuple),
    rival_kind=WORDS,
    rival_text=WORDS,
)
SINGLES = st.builds(
    Single,
    case=WORDS,
    structure=WORDS,
    kind=WORDS,
    severity=st.sampled_from(["", "mild", "gross"]),
    text=WORDS,
    dice=SHARES,
    flagged=st.sampled_from([True, False, None]),
    score=st.none() | st.floats(0, 100),
    finding=WORDS,
    seconds=st.floats(0, 100),
    trusted=st.booleans(),
)


@pytest.mark.parametrize(
    ("dice", "band"),
    [(0.0, Band.FAR), (0.7999, Band.FAR), (FAR, Band.MIDDLE), (NEAR, Band.MIDDLE), (0.9501, Band.NEAR), (1, Band.NEAR)],
)
def test_that_the_bands_are_those_of_the_targets(dice: float, band: Band) -> None:
    assert band_of(dice) is band


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        (Outcome.SECOND, Answer.RIGHT),
        (Outcome.FIRST, Answer.WRONG),
        (Outcome.EQUIVALENT, Answer.OPEN),
        (Outcome.UNDECIDED, Answer.OPEN),
        (Outcome.BOTH_WRONG, Answer.WRONG),
        (Outcome.ABSENT_RIGHT, Answer.WRONG),
        (Outcome.UNPARSABLE, Answer.OPEN),
        (Outcome.FAILED, Answer.OPEN),
    ],
)
def test_what_an_outcome_is_worth_where_one_is_the_truth(outcome: Outcome, answer: Answer) -> None:
    assert trial(outcome).answer is answer
    assert trial(outcome).correct is {Answer.RIGHT: True, Answer.WRONG: False}.get(answer)


def test_that_both_may_be_wrong_where_neither_is_the_truth() -> None:
    assert trial(Outcome.BOTH_WRONG, rival_kind="cut").answer is Answer.OPEN


@given(SHARES)
def test_that_equivalent_is_an_answer_of_its_own_only_for_labels_that_nearly_are(dice: float) -> None:
    assert trial(Outcome.EQUIVALENT, dice=dice).answer is (Answer.SAME if dice >= SAME else Answer.OPEN)


@given(TRIALS)
def test_that_a_pair_asked_the_other_way_round_is_worth_the_same(one: Trial) -> None:
    places = {Outcome.FIRST: Outcome.SECOND, Outcome.SECOND: Outcome.FIRST}
    better: Better = "first" if one.better == "second" else "second"
    assert replace(one, better=better, outcome=places.get(one.outcome, one.outcome)).answer is one.answer


@given(st.lists(TRIALS, max_size=3), st.lists(SINGLES, max_size=3))
def test_that_a_report_comes_back_from_json_as_it_was(trials: list[Trial], singles: list[Single]) -> None:
    report = BenchReport(
        critic=CRITIC,
        source="two phantoms",
        seed=3,
        time="now",
        software="labelcritic",
        cases=("one", "two"),
        trials=tuple(trials),
        singles=tuple(singles),
        refused=(Refusal("one", "liver", "grow", "too small"),),
    )
    assert BenchReport.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_that_reports_of_one_critic_are_joined_and_of_two_are_not() -> None:
    one = BenchReport(CRITIC, "first half", cases=("a",), trials=(trial(Outcome.FIRST),))
    other = BenchReport(CRITIC, "second half", cases=("b",), trials=(trial(Outcome.SECOND), trial(Outcome.FIRST)))
    joined = one.joined(other)
    assert (joined.source, joined.cases, len(joined.trials)) == ("first half; second half", ("a", "b"), 3)
    assert joined.structures == ("liver",)
    with pytest.raises(ValueError, match="is not"):
        one.joined(replace(other, critic=replace(CRITIC, title="another")))
