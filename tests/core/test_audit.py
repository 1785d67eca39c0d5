"""The rule by which a critic passes or fails, and how answers are counted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.audit import (
    Line,
    Observation,
    Report,
    Ruling,
    judged,
    lines_of,
)
from labelcritic_gui.core.audit_answers import (
    Correct,
    against_trusted,
    leaning,
    moved,
    of_background,
    of_mark,
    of_orders,
    of_outcome,
    of_reader,
    of_repeats,
    of_size,
    was_asked,
)
from labelcritic_gui.core.audit_measures import MEASURE, MEASURES, AuditTest
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.review import Choice, Decision
from labelcritic_gui.core.statistics import preference_of, share_of
from labelcritic_gui.core.verdict import Agreement, CriticIdentity, OrderRecord, Outcome, Subject, Verdict

CRITIC = CriticIdentity("lvlm", "LVLM", "1")
FIRST, SECOND = (CandidateId(CaseId("case"), "liver", name) for name in ("a", "b"))
SUBJECT = Subject(ItemId(CaseId("case"), "liver"), (FIRST, SECOND), ("", ""))
ALL = tuple(AuditTest)


def order(name: str, answer: str, p: float = 0.9) -> OrderRecord:
    other = {"first": "second", "second": "first"}.get(answer, "first")
    return OrderRecord(name, answer, {answer: p, other: 1 - p})


def verdict(
    outcome: Outcome, *orders: OrderRecord, confidence: float = 0.9, agreement: Agreement | None = None
) -> Verdict:
    return Verdict(CRITIC, SUBJECT, outcome, confidence, orders=orders, agreement=agreement)


def picks(first: float) -> Verdict:
    """What a critic without a place preference says whose probability of the first candidate is this."""
    orders = [
        OrderRecord("AB", "first" if first > 0.5 else "second", {"first": first, "second": 1 - first}),
        OrderRecord("BA", "second" if first > 0.5 else "first", {"first": 1 - first, "second": first}),
    ]
    return verdict(Outcome.FIRST if first > 0.5 else Outcome.SECOND, *orders)


ALWAYS_SECOND = verdict(Outcome.UNDECIDED, order("AB", "second"), order("BA", "second"), agreement=Agreement.DISAGREE)


# --- the rule ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "n", "ruling"),
    [
        (0, 35, "passes"),
        (0, 34, "too few to say"),
        (3, 12, "too few to say"),
        (4, 12, "fails"),
        (0, 0, "too few to say"),
    ],
)
def test_that_a_share_passes_or_fails_by_the_end_of_its_interval(k: int, n: int, ruling: str) -> None:
    share = share_of(k, n)
    assert judged(MEASURE["mark"], share.value, share.interval) == ruling


@pytest.mark.parametrize(
    ("counts", "ruling"),
    [
        ((0, 4, 0), Ruling.FAILS),
        ((0, 3, 0), Ruling.TOO_FEW),
        ((0, 0, 9), Ruling.PASSES),
        ((0, 0, 8), Ruling.TOO_FEW),
        ((30, 31, 40), Ruling.PASSES),
        ((600, 500, 0), Ruling.FAILS),  # small, and there
    ],
)
def test_that_a_preference_fails_when_a_half_is_excluded(counts: tuple[int, int, int], ruling: Ruling) -> None:
    found = preference_of(*counts)
    assert judged(MEASURE["first-picture"], found.value, found.interval) is ruling


@pytest.mark.parametrize("measure", [m for m in MEASURES if not m.told_only], ids=lambda m: m.name)
def test_that_every_measure_can_fail_and_can_pass(measure: object) -> None:
    name = measure.name  # type: ignore[attr-defined]
    bad = lines_of([Observation(name, "liver", 1)] * 60, ALL)
    good = lines_of([Observation(name, "liver", 0)] * 60, ALL)
    assert bad[0].ruling is Ruling.FAILS
    assert bad[0].says
    assert good[0].ruling is Ruling.PASSES
    assert good[0].says == ""


def test_that_what_is_only_told_is_never_judged() -> None:
    line = lines_of([Observation("readers-assisted", "liver", 1, rated=("a", "b"))] * 50, ALL)[0]
    assert line.ruling is Ruling.NOT_JUDGED
    assert line.share == 1.0


@given(st.lists(st.tuples(st.sampled_from(["liver", "spleen"]), st.sampled_from([-1, 0, 1])), max_size=80))
def test_that_structures_add_up_to_the_whole(seen: list[tuple[str, int]]) -> None:
    lines = lines_of((Observation("first-picture", s, v) for s, v in seen), ALL)
    if not seen:
        assert lines == ()
        return
    whole, *parts = lines
    assert whole.structure == ""
    assert sum(p.n for p in parts) == whole.n == 2 * len(seen)  # answers, two a pair
    assert sum(p.k for p in parts) == whole.k
    assert [p.structure for p in parts] == sorted({s for s, _ in seen})
    for line in lines:
        assert line.share is not None
        assert line.low - 1e-9 <= line.share <= line.high + 1e-9


def test_that_tests_not_asked_for_have_no_line() -> None:
    assert lines_of([Observation("mark", "liver", 1)], (AuditTest.SIZE,)) == ()


# --- from verdicts -------------------------------------------------------------------------------------------------


def test_that_a_place_preference_is_seen_in_both_orders() -> None:
    assert [(o.measure, o.value) for o in of_orders(ALWAYS_SECOND)] == [("orders-disagree", 1), ("first-picture", -1)]
    assert [(o.measure, o.value) for o in of_orders(picks(0.8))] == [("orders-disagree", 0), ("first-picture", 0)]


def test_that_orders_that_cannot_be_read_count_as_neither() -> None:
    unread = verdict(Outcome.UNPARSABLE, order("AB", "first"), order("BA", "unparsable"))
    assert list(of_orders(unread)) == []
    neither = verdict(Outcome.UNDECIDED, order("AB", "first"), order("BA", "equal"), agreement=Agreement.ONE_UNDECIDED)
    assert [(o.measure, o.value) for o in of_orders(neither)] == [("orders-disagree", 0)]


def test_that_undecided_unparsable_and_failed_are_told_apart() -> None:
    counted = {
        outcome: {o.measure: o.value for o in of_outcome(verdict(outcome))}
        for outcome in (Outcome.FIRST, Outcome.UNDECIDED, Outcome.UNPARSABLE, Outcome.FAILED)
    }
    assert counted == {
        Outcome.FIRST: {"failed": 0, "unparsable": 0, "undecided": 0},
        Outcome.UNDECIDED: {"failed": 0, "unparsable": 0, "undecided": 1},
        Outcome.UNPARSABLE: {"failed": 0, "unparsable": 1},
        Outcome.FAILED: {"failed": 1},
    }


def test_that_leaning_counts_both_orders_for_the_candidates_not_the_places() -> None:
    assert leaning(picks(0.8)) == pytest.approx(0.8)
    assert leaning(ALWAYS_SECOND) == pytest.approx(0.5)
    assert leaning(verdict(Outcome.SECOND, confidence=0.7)) == pytest.approx(0.3)
    assert leaning(verdict(Outcome.EQUIVALENT, confidence=0.97)) == 0.5
    without = verdict(Outcome.FIRST, OrderRecord("AB", "first", {}), OrderRecord("BA", "second", {}))
    assert leaning(without) == 1.0


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_that_a_move_back_is_the_opposite_move(before: float, after: float) -> None:
    one, other = picks(before), picks(after)
    assert moved(one, other) == -moved(other, one)
    assert moved(one, one) == 0


def test_that_a_small_shift_of_the_probability_is_no_move() -> None:
    assert moved(picks(0.70), picks(0.84)) == 0
    assert moved(picks(0.70), picks(0.86)) == 1
    assert moved(picks(0.51), picks(0.49)) == -1


@pytest.mark.parametrize(
    ("plain", "on_first", "on_second", "word"),
    [
        (0.7, 0.7, 0.7, ""),
        (0.3, 0.9, 0.3, "toward"),
        (0.7, 0.95, 0.2, "toward"),
        (0.7, 0.2, 0.7, "away"),
        (0.7, 0.2, 0.2, "either way"),
    ],
)
def test_that_a_mark_that_moves_the_verdict_is_told_with_its_way(
    plain: float, on_first: float, on_second: float, word: str
) -> None:
    (seen,) = of_mark(picks(plain), picks(on_first), picks(on_second))
    assert (seen.value, seen.word) == (int(bool(word)), word)


def test_that_a_failing_mark_is_named_by_its_way() -> None:
    def line(*words: str) -> Line:
        return lines_of([Observation("mark", "liver", 1, w) for w in words * 12], ALL)[0]

    assert "follows" in line("toward").says
    assert "shies away" in line("away").says
    assert "either way" in line("toward", "away").says


def test_that_blanking_is_told_by_what_changed() -> None:
    undecided = verdict(Outcome.UNDECIDED, order("AB", "second"), order("BA", "second"))
    found = [next(of_background(picks(0.9), after)) for after in (picks(0.9), picks(0.2), undecided, picks(0.6))]
    assert [o.value for o in found] == [0, 1, 1, 1]
    assert [o.word for o in found] == ["", "the other candidate", "no longer decided", "only the probability"]


def test_that_the_larger_mask_is_the_larger_wherever_it_stands() -> None:
    assert next(of_size(picks(0.9), larger_first=True)).value == 1
    assert next(of_size(picks(0.9), larger_first=False)).value == -1
    assert next(of_size(ALWAYS_SECOND, larger_first=True)).value == 0


def test_that_repeats_are_compared_by_verdict_and_probability() -> None:
    (same,) = of_repeats([picks(0.8), picks(0.82), picks(0.79)])
    (other,) = of_repeats([picks(0.8), picks(0.2), picks(0.8)])
    assert (same.value, other.value) == (0, 1)
    assert same.spread == pytest.approx(0.03)
    assert list(of_repeats([picks(0.8)])) == []
    line = lines_of([same, other], ALL)[0]
    assert line.values["p_spread_most"] == pytest.approx(0.6)


def test_that_readers_are_compared_where_both_decided() -> None:
    accepts = Decision(Choice.ACCEPT, SECOND)
    (seen,) = of_reader(picks(0.9), accepts, advised=False)
    assert (seen.measure, seen.value, seen.rated) == ("readers-unadvised", 1, ("b", "a"))
    (seen,) = of_reader(picks(0.1), accepts, advised=True)
    assert (seen.measure, seen.value) == ("readers-assisted", 0)
    assert list(of_reader(ALWAYS_SECOND, accepts, advised=False)) == []
    assert list(of_reader(picks(0.9), Decision(Choice.NONE), advised=False)) == []
    assert list(of_reader(verdict(Outcome.EQUIVALENT), accepts, advised=False)) == []
    newer = Decision(Choice.ACCEPT, SECOND._replace(version=2))
    assert list(of_reader(picks(0.9), newer, advised=False)) == []


def test_that_agreement_has_kappa_beside_the_share() -> None:
    agreeing = [Observation("readers-unadvised", "liver", 0, rated=(x, x)) for x in "aaaabb"]
    differing = [Observation("readers-unadvised", "liver", 1, rated=("a", "b"))] * 2
    line = lines_of([*agreeing, *differing], ALL)[0]
    # 6 of 8 the same; readers 6 a, 2 b; critic 4 a, 4 b: by chance (6*4 + 2*4) / 64 = 0.5
    assert line.values["kappa"] == pytest.approx((0.75 - 0.5) / 0.5)
    assert line.values["kappa_low"] < line.values["kappa"] < line.values["kappa_high"]
    assert (line.k, line.n) == (2, 8)


# --- the trusted label ---------------------------------------------------------------------------------------------


def trusted(first: float, found: Verdict, second: float = 0.8, *, pictures: bool = True) -> Correct:
    return against_trusted(found, (first, second), shows_pictures=pictures)


def test_that_the_candidate_closer_to_the_trusted_one_is_right() -> None:
    right, wrong = trusted(0.9, picks(0.9)), trusted(0.7, picks(0.9))
    assert (right.answer, right.label, right.correct, right.answer_1, right.answer_2) == ("1", "1", "1", "1", "1")
    assert (wrong.answer, wrong.label, wrong.correct) == ("1", "2", "0")
    assert [(o.measure, o.value) for o in wrong.observations] == [("trusted-open", 0), ("trusted-wrong", 1)]


def test_that_candidates_about_as_close_are_listed_and_not_counted() -> None:
    assert trusted(0.82, picks(0.9)).why
    assert list(trusted(0.82, picks(0.9)).observations) == []
    assert trusted(0.8201, picks(0.9)).label == "1"


def test_that_an_open_pair_is_open_and_neither_right_nor_wrong() -> None:
    found = trusted(1.0, ALWAYS_SECOND)
    assert (found.answer, found.correct, found.answer_1, found.answer_2) == ("", "", "2", "1")
    assert [(o.measure, o.value) for o in found.observations] == [("trusted-open", 1)]


def test_that_what_was_not_asked_does_not_flatter_the_model() -> None:
    certain = verdict(Outcome.FIRST, confidence=0.97)
    assert trusted(1.0, certain).why == "decided without asking"
    assert trusted(1.0, certain, pictures=False).why == ""
    assert not was_asked(certain, shows_pictures=True)
    assert trusted(1.0, verdict(Outcome.UNPARSABLE, order("AB", "unparsable"))).why == "unparsable"


def test_that_accuracy_and_the_decided_share_are_what_a_hand_would_count() -> None:
    """Ten pairs: 6 right, 1 wrong, 2 open, 1 about as close: wrong 1 of 7 decided, open 2 of 9."""
    rows = [trusted(1.0, picks(0.9))] * 6 + [trusted(0.6, picks(0.9))] + [trusted(1.0, ALWAYS_SECOND)] * 2
    rows.append(trusted(0.81, picks(0.9)))
    lines = {
        line.measure: line for line in lines_of((o for r in rows for o in r.observations), ALL) if not line.structure
    }
    assert (lines["trusted-wrong"].k, lines["trusted-wrong"].n) == (1, 7)
    assert (lines["trusted-open"].k, lines["trusted-open"].n) == (2, 9)


# --- the report ----------------------------------------------------------------------------------------------------


def report(*observations: Observation) -> Report:
    return Report(CRITIC, "2026-01-01T00:00:00Z", "labelcritic 1", ALL, 12, "0", 3, lines_of(observations, ALL))


def test_that_the_headline_names_what_failed_and_what_cannot_be_said() -> None:
    bad = [Observation("mark", "liver", 1, "toward")] * 12
    few = [Observation("repeat", "liver", 0)] * 2
    fine = [Observation("first-picture", "liver", 0)] * 12
    assert report(*bad, *few, *fine).headline == (
        "Do not trust it blindly. It follows a mark in the corner of a picture. 1 measure had too few pairs to say."
    )
    assert report(*fine).headline == "Nothing speaks against it in 1 measure."
    assert report(*few).headline == "Nothing can be said yet. 1 measure had too few pairs to say."


def test_that_a_report_is_plain_json() -> None:
    body = json.loads(json.dumps(report(*[Observation("mark", "liver", 1, "toward")] * 12).to_json()))
    line = body["lines"][0]
    assert line["test"] == "mark"
    assert line["ruling"] == "fails"
    assert line["words"] == {"toward": 12}
    assert body["critic"]["kind"] == "lvlm"
