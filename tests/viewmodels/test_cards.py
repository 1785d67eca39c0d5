"""What the cards say, and the pace."""

from dataclasses import replace

import pytest

from labelcritic_gui.core.cohort import Outlier
from labelcritic_gui.core.findings import FindingCode, Severity
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.review import Choice, Decision, ItemState, Standing
from labelcritic_gui.core.verdict import Agreement, OrderRecord, Outcome, Subject, Verdict
from labelcritic_gui.critic.lvlm import IN_ITS_WORDS
from labelcritic_gui.viewmodels.cards import fact_rows, finding_rows, quality_cells, standing_words, verdict_card
from labelcritic_gui.viewmodels.pace import PAUSE_S, Pace
from tests.viewmodels.fakes import CRITIC, SETS, FakeCalls


def verdict(outcome: Outcome, orders=()) -> Verdict:
    calls = FakeCalls()
    calls.opined.add(calls.items[0].case)
    made = calls.load_opinions(calls.items[0]).verdict
    return Verdict(CRITIC, Subject(made.subject.item, made.subject.candidates, ("", "")), outcome, 0.8, (), orders)


def test_that_a_pick_has_its_label_sets_name_and_colour() -> None:
    card = verdict_card(verdict(Outcome.SECOND), SETS)
    assert (card.headline, card.colour, card.confidence) == ("Beta", 1, 0.8)


@pytest.mark.parametrize("outcome", [Outcome.EQUIVALENT, Outcome.UNDECIDED, Outcome.BOTH_WRONG, Outcome.ABSENT_RIGHT])
def test_that_only_a_pick_has_a_colour(outcome: Outcome) -> None:
    assert verdict_card(verdict(outcome), SETS).colour == -1


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.UNPARSABLE])
def test_that_no_answer_has_no_confidence(outcome: Outcome) -> None:
    assert verdict_card(verdict(outcome), SETS).confidence is None


def test_that_each_order_names_the_candidate_it_meant() -> None:
    orders = (OrderRecord("AB", "second", {"second": 0.9}), OrderRecord("BA", "second", {"second": 0.7}))
    card = verdict_card(verdict(Outcome.UNDECIDED, orders), SETS)
    assert [(o.order, o.answer, o.probability) for o in card.orders] == [("AB", "Beta", 0.9), ("BA", "Alpha", 0.7)]
    assert card.disagree


@pytest.mark.parametrize(
    ("agreement", "words", "agree"),
    [
        (Agreement.AGREE, "✓ orders agree", True),
        (Agreement.DISAGREE, "✕ orders disagree", False),
        (Agreement.ONE_UNDECIDED, "? one order undecided", False),
        (Agreement.BOTH_UNCLEAR, "? both orders unclear", False),
    ],
)
def test_that_the_orders_go_together_in_one_of_four_words(agreement: Agreement, words: str, agree: bool) -> None:
    card = verdict_card(replace(verdict(Outcome.UNDECIDED), agreement=agreement), SETS)
    assert (card.agreement, card.agree) == (words, agree)


def test_that_a_verdict_without_orders_says_nothing_of_them_and_an_old_one_whether_they_agree() -> None:
    assert verdict_card(verdict(Outcome.FIRST), SETS).agreement == ""
    old = (OrderRecord("AB", "second", {"second": 0.9}), OrderRecord("BA", "second", {"second": 0.7}))
    assert verdict_card(verdict(Outcome.UNDECIDED, old), SETS).agreement == "✕ orders disagree"


def test_that_the_models_own_words_stand_apart_from_the_reasons() -> None:
    said = ("Both orders say the same.", f"{IN_ITS_WORDS} It <b>follows</b> the border.")
    card = verdict_card(replace(verdict(Outcome.FIRST), reasons=said, words=OrderRecord("words", "read", {})), SETS)
    assert card.reasons == ("Both orders say the same.",)
    assert card.words == "It <b>follows</b> the border."
    posing = verdict_card(replace(verdict(Outcome.FIRST), reasons=said), SETS)
    assert (posing.reasons, posing.words) == (said, "")


def test_that_places_are_numbered_examples_counted_and_other_prompts_named() -> None:
    told = replace(verdict(Outcome.FIRST), places=((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)), examples=("a", "b"))
    card = verdict_card(told, SETS, other_prompts="f" * 64)
    assert [(row.mark, row.place) for row in card.places] == [
        ("differ 1", (1.0, 2.0, 3.0)),
        ("differ 2", (4.0, 5.0, 6.0)),
    ]
    assert (card.examples, card.other_prompts) == (2, "f" * 12)


def test_that_an_undecided_verdict_that_claims_nothing_has_no_number() -> None:
    undecided = verdict(Outcome.UNDECIDED)
    assert verdict_card(replace(undecided, confidence=0.0), SETS).confidence is None
    assert verdict_card(replace(undecided, confidence=0.4), SETS).confidence == 0.4


def test_that_suspected_errors_come_with_the_score_and_without_one() -> None:
    calls = FakeCalls()
    item = calls.items[0]
    calls.opined.add(item.case)
    stage, opinions = calls.load_stage(item), calls.load_opinions(item)
    codes = (FindingCode.LEAK, FindingCode.EDGE)
    first, second = (replace(q, suspected=codes) for q in opinions.qualities)
    told = replace(opinions, qualities=(first, replace(second, score=None)))
    assert [cell.suspected for cell in quality_cells(stage.panels, told, SETS)] == [codes, codes]


def test_that_facts_that_are_nothing_for_everyone_get_no_row() -> None:
    plain = CandidateFacts(empty=False, volume_ml=120.4, parts=1, largest_share=1.0)
    names = [row.name for row in fact_rows((plain, None))]
    assert "Holes" not in names
    assert "Outside body" not in names
    with_hole = CandidateFacts(empty=False, volume_ml=12.34, parts=1, holes_ml=0.4)
    rows = {row.name: row.values for row in fact_rows((plain, with_hole))}
    assert rows["Holes"] == ("0.0", "0.4")
    assert rows["Volume"] == ("120", "12.3")
    assert fact_rows((None, CandidateFacts(empty=True))) == ()


def test_that_findings_are_numbered_as_their_marks_and_worst_first() -> None:
    calls = FakeCalls()
    item = calls.items[0]
    calls.opined.add(item.case)
    stage, opinions = calls.load_stage(item), calls.load_opinions(item)
    rows = finding_rows(stage.panels, opinions, SETS)
    assert [(row.panel, row.number) for row in rows] == [(0, 1)]
    assert [cell.text for cell in quality_cells(stage.panels, opinions, SETS)] == ["90", "60"]


def test_what_is_unusual_in_the_review_stands_among_the_findings_as_a_note() -> None:
    calls = FakeCalls()
    item = calls.items[0]
    calls.opined.add(item.case)
    stage, opinions = calls.load_stage(item), calls.load_opinions(item)
    odd = Outlier(
        item.case, item.structure, "beta", "volume", 9.0, 50.0, 90.0, -8.0, 0.001, 30, 9.0, "the volume is 9 ml."
    )
    rows = finding_rows(stage.panels, replace(opinions, unusual=((), (odd,))), SETS)
    assert [(row.panel, row.number, row.finding.severity) for row in rows] == [
        (0, 1, Severity.MAJOR),
        (1, 0, Severity.NOTE),
    ]
    assert rows[-1].finding.code is FindingCode.ODD
    assert rows[-1].finding.text == "Unusual in this review: the volume is 9 ml."
    nothing_said = replace(opinions, qualities=(None, None), unusual=((), (odd,)))
    assert [row.panel for row in finding_rows(stage.panels, nothing_said, SETS)] == [1]


def test_that_a_standing_decision_is_said_with_its_reader() -> None:
    decision = Decision(Choice.EDIT)
    state = ItemState((Standing("e", "anna", "", decision),))
    assert standing_words(state, SETS) == "queued for editing, by anna"
    assert standing_words(ItemState(), SETS) == ""


def test_that_a_break_does_not_slow_the_pace() -> None:
    pace = Pace()
    assert pace.per_hour is None
    for moment in (0.0, 10.0, 20.0, 20.0 + PAUSE_S + 1, 30.0 + PAUSE_S + 1):
        pace.decided(moment)
    assert pace.per_hour == pytest.approx(360.0)
    assert pace.left(540) == "1 h 30 min"
    assert pace.left(0) == ""
