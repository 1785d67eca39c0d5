"""Best of N: who is asked against whom, and what the answers say together."""

import itertools
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.cases import CandidateId, CaseId
from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.tournament import BestOf, verdict_of_pairs, verdict_of_quality
from labelcritic_gui.core.verdict import (
    Agreement,
    Cost,
    CriticIdentity,
    OrderRecord,
    Outcome,
    Quality,
    Subject,
    Verdict,
)

CRITIC = CriticIdentity("lvlm", "Critic", "1")
Answer = Callable[[CandidateId, CandidateId], Outcome]
DECIDING = [Outcome.FIRST, Outcome.SECOND, Outcome.EQUIVALENT]
EVERY = [*Outcome]


def named(count: int) -> list[CandidateId]:
    return [CandidateId(CaseId("case"), "liver", "ABCDEFGH"[n]) for n in range(count)]


def verdict(first: CandidateId, second: CandidateId, outcome: Outcome, confidence: float = 0.9) -> Verdict:
    hashes = (f"hash {first.label_set}", f"hash {second.label_set}")
    return Verdict(
        CRITIC,
        Subject(first.item, (first, second), hashes),
        outcome,
        confidence,
        reasons=("because",),
        orders=(OrderRecord("AB", "first", {}), OrderRecord("BA", "second", {})),
        agreement=Agreement.AGREE,
        cost=Cost(calls=2),
        places=((1.0, 2.0, 3.0),),
    )


def swapped(said: Verdict) -> Verdict:
    second, first = said.subject.candidates
    turned = {Outcome.FIRST: Outcome.SECOND, Outcome.SECOND: Outcome.FIRST}
    return verdict(first, second, turned.get(said.outcome, said.outcome), said.confidence)


def table(candidates: Sequence[CandidateId], outcomes: Sequence[Outcome]) -> Answer:
    """Return a critic that knows the outcome of every pair, in the order of `combinations`."""
    known = dict(zip(itertools.combinations(candidates, 2), outcomes, strict=True))
    return lambda a, b: known[a, b]


def ranked(levels: Sequence[int]) -> Answer:
    """Return a critic that prefers the higher level, and finds equal levels equivalent."""
    level = dict(zip(named(len(levels)), levels, strict=True))

    def answer(a: CandidateId, b: CandidateId) -> Outcome:
        if level[a] == level[b]:
            return Outcome.EQUIVALENT
        return Outcome.FIRST if level[a] > level[b] else Outcome.SECOND

    return answer


def played(tournament: BestOf, answer: Answer, *, turn: bool = False) -> list[Verdict]:
    """Answer everything that is asked, and return the verdicts in the order in which they were given."""
    given_: list[Verdict] = []
    while pairs := tournament.next_pairs():
        for a, b in pairs:
            said = verdict(a, b, answer(a, b))
            given_.append(said)
            tournament.record(swapped(said) if turn else said)
    return given_


def outcomes_of(count: int, among: Sequence[Outcome] = EVERY) -> st.SearchStrategy[list[Outcome]]:
    pairs = count * (count - 1) // 2
    return st.lists(st.sampled_from(among), min_size=pairs, max_size=pairs)


COUNT_AND_OUTCOMES = st.integers(2, 6).flatmap(lambda n: outcomes_of(n).map(lambda outcomes: (n, outcomes)))


# --- what is asked ---------------------------------------------------------------------------------------------------


def test_that_nothing_is_asked_of_one_candidate_or_none() -> None:
    for count in (0, 1):
        tournament = BestOf(named(count))
        assert tournament.next_pairs() == ()
        assert tournament.result() is None


def test_that_two_candidates_get_the_verdict_as_it_was_recorded() -> None:
    a, b = named(2)
    tournament = BestOf([a, b])
    assert tournament.next_pairs() == ((a, b),)
    assert tournament.result() is None
    said = verdict(b, a, Outcome.FIRST)
    tournament.record(said)
    assert tournament.next_pairs() == ()
    assert tournament.result() is said


def test_that_the_champion_meets_its_neighbours_and_then_those_it_has_not_met() -> None:
    a, b, c, d = named(4)
    tournament = BestOf([a, b, c, d])
    answer = ranked([1, 2, 3, 0])
    asked = []
    while pairs := tournament.next_pairs():
        asked.append(pairs)
        for one, other in pairs:
            tournament.record(verdict(one, other, answer(one, other)))
    assert asked == [((a, b),), ((b, c),), ((c, d),), ((a, c),)]
    result = tournament.result()
    assert result is not None
    assert result.pick == c


def test_that_a_first_champion_that_keeps_winning_needs_no_more_than_the_knock_out() -> None:
    tournament = BestOf(named(5))
    assert len(played(tournament, ranked([9, 1, 2, 3, 4]))) == 4


@given(st.lists(st.integers(0, 3), min_size=2, max_size=7), st.booleans())
def test_that_the_best_of_transitive_verdicts_wins_within_two_n_minus_three(levels: list[int], turn: bool) -> None:
    candidates = named(len(levels))
    tournament = BestOf(candidates)
    given_ = played(tournament, ranked(levels), turn=turn)
    result = tournament.result()
    assert result is not None
    assert result.pick is not None
    assert levels[candidates.index(result.pick)] == max(levels)
    assert len(given_) <= max(2 * len(levels) - 3, 1)
    assert (result.outcome is Outcome.EQUIVALENT) == (len(set(levels)) == 1)


@given(COUNT_AND_OUTCOMES)
def test_that_no_pair_is_asked_twice_and_never_more_than_all(drawn: tuple[int, list[Outcome]]) -> None:
    count, outcomes = drawn
    candidates = named(count)
    tournament = BestOf(candidates)
    given_ = played(tournament, table(candidates, outcomes))
    pairs = [v.subject.candidates for v in given_]
    assert len(set(pairs)) == len(pairs) <= count * (count - 1) // 2
    assert set(pairs) <= set(itertools.combinations(candidates, 2)), "every pair stands in the review's order"
    assert tournament.result() is not None


@given(COUNT_AND_OUTCOMES, st.data())
def test_that_resuming_from_any_answers_asks_none_of_them_again(
    drawn: tuple[int, list[Outcome]], data: st.DataObject
) -> None:
    count, outcomes = drawn
    candidates = named(count)
    whole = BestOf(candidates)
    given_ = played(whole, table(candidates, outcomes))
    kept = data.draw(st.lists(st.sampled_from(given_), unique_by=lambda v: v.subject.candidates))
    resumed = BestOf(candidates, kept)
    again = played(resumed, table(candidates, outcomes))
    answered = {v.subject.candidates for v in kept if v.outcome is not Outcome.FAILED}
    assert not answered & {v.subject.candidates for v in again}
    if kept == given_[: len(kept)] and not any(v.outcome is Outcome.FAILED for v in kept):
        assert len(kept) + len(again) == len(given_)
    assert resumed.result() == whole.result()


@given(COUNT_AND_OUTCOMES)
def test_that_the_order_within_a_pair_does_not_matter(drawn: tuple[int, list[Outcome]]) -> None:
    count, outcomes = drawn
    candidates = named(count)
    results = []
    for turn in (False, True):
        tournament = BestOf(candidates)
        played(tournament, table(candidates, outcomes), turn=turn)
        results.append(tournament.result())
    one, other = results
    assert one is not None
    assert other is not None
    if count == 2:  # the verdict as it was recorded, of which an equivalent one picks the first
        assert one.pick == other.pick or one.outcome is other.outcome is Outcome.EQUIVALENT
        return
    assert (one.outcome, one.pick, one.subject) == (other.outcome, other.pick, other.subject)
    assert one.confidence == other.confidence


@given(st.permutations([0, 1, 2, 3, 4]), outcomes_of(5, [Outcome.FIRST, Outcome.SECOND, Outcome.UNDECIDED]))
def test_that_without_ties_the_order_of_the_label_sets_does_not_matter(
    order: list[int], outcomes: list[Outcome]
) -> None:
    candidates = named(5)
    known = table(candidates, outcomes)

    def answer(a: CandidateId, b: CandidateId) -> Outcome:
        return known(a, b) if a < b else swapped(verdict(b, a, known(b, a))).outcome

    results = []
    for shown in (candidates, [candidates[n] for n in order]):
        tournament = BestOf(shown)
        played(tournament, answer)
        results.append(tournament.result())
    assert results[0] is not None
    assert results[1] is not None
    assert (results[0].outcome, results[0].pick) == (results[1].outcome, results[1].pick)


@given(COUNT_AND_OUTCOMES)
def test_that_a_candidate_which_beats_all_others_always_wins(drawn: tuple[int, list[Outcome]]) -> None:
    count, outcomes = drawn
    candidates = named(count)
    best = candidates[count // 2]
    known = table(candidates, outcomes)

    def answer(a: CandidateId, b: CandidateId) -> Outcome:
        return {a: Outcome.FIRST, b: Outcome.SECOND}.get(best) or known(a, b)

    tournament = BestOf(candidates)
    played(tournament, answer)
    result = tournament.result()
    assert result is not None
    assert result.pick == best


# --- what the answers say --------------------------------------------------------------------------------------------


def best_of(*outcomes: Outcome, count: int = 3) -> tuple[Verdict, int]:
    """Return the result for outcomes of all pairs in the order of `combinations`, and how many were asked."""
    candidates = named(count)
    tournament = BestOf(candidates)
    asked = played(tournament, table(candidates, outcomes))
    result = tournament.result()
    assert result is not None
    return result, len(asked)


FIRST, SECOND, EQUIVALENT, UNDECIDED = Outcome.FIRST, Outcome.SECOND, Outcome.EQUIVALENT, Outcome.UNDECIDED
BOTH_WRONG, ABSENT_RIGHT = Outcome.BOTH_WRONG, Outcome.ABSENT_RIGHT


def test_that_three_that_beat_each_other_in_a_circle_are_undecided_and_the_circle_is_named() -> None:
    result, asked = best_of(FIRST, SECOND, FIRST)
    assert (result.outcome, asked, result.confidence, result.pick) == (UNDECIDED, 3, 0.0, None)
    assert result.reasons[0] == "The verdicts circle: A won against B, B won against C, C won against A."


def test_that_most_wins_decide_in_a_circle_where_one_alone_has_them() -> None:
    # A beats B and C, D beats A, B and C beat D, B and C are equivalent
    result, asked = best_of(FIRST, FIRST, SECOND, EQUIVALENT, FIRST, FIRST, count=4)
    assert (result.outcome, asked) == (FIRST, 6)
    assert result.pick == named(4)[0]
    assert result.reasons[0] == "A won against B and C, and lost against D."
    assert result.confidence == pytest.approx(0.1), "no surer than its lost pair allows"


def test_that_most_wins_do_not_decide_over_one_that_nothing_beats() -> None:
    # A beats B and C, D beats A, and all else is open: D may be better
    result, _ = best_of(FIRST, FIRST, SECOND, UNDECIDED, UNDECIDED, UNDECIDED, count=4)
    assert result.outcome is UNDECIDED
    assert result.reasons[0] == "Undecided: B against C, B against D, C against D."


def test_that_an_open_pair_does_not_matter_where_another_candidate_beats_both() -> None:
    result, asked = best_of(UNDECIDED, SECOND, SECOND)
    assert (result.outcome, result.pick, asked) == (FIRST, named(3)[2], 3)
    assert result.reasons[0] == "C won against A and B."
    assert result.confidence == pytest.approx(0.9)


def test_that_an_open_pair_of_the_best_is_bridged_by_one_in_between() -> None:
    # A is undecided against D, but beats B and C, and both beat D
    result, _ = best_of(FIRST, FIRST, UNDECIDED, EQUIVALENT, FIRST, FIRST, count=4)
    assert result.pick == named(4)[0]
    assert result.reasons[0] == "A won against B and C, and was not told apart from D."
    assert result.confidence == pytest.approx(0.5)


def test_that_an_open_pair_of_the_best_that_nothing_bridges_is_for_a_person() -> None:
    result, _ = best_of(FIRST, UNDECIDED, UNDECIDED)
    assert result.outcome is UNDECIDED


def test_that_equals_keep_the_first_and_say_so() -> None:
    result, asked = best_of(EQUIVALENT, FIRST, FIRST)
    assert (result.pick, asked) == (named(3)[0], 2)
    assert result.reasons[0] == "A is equivalent to B, and won against C."
    every, asked = best_of(EQUIVALENT, EQUIVALENT, EQUIVALENT)
    assert (every.outcome, every.pick, asked) == (EQUIVALENT, named(3)[0], 2)
    assert every.reasons[0] == "A, B and C are equivalent."


@pytest.mark.parametrize("outcome", [BOTH_WRONG, ABSENT_RIGHT, Outcome.UNPARSABLE, Outcome.FAILED])
def test_that_what_is_said_of_every_pair_is_said_of_the_item(outcome: Outcome) -> None:
    assert best_of(outcome, outcome, outcome)[0].outcome is outcome


def test_that_a_right_one_wins_over_two_wrong_ones_and_an_empty_one_where_absence_is_right() -> None:
    wrong, _ = best_of(BOTH_WRONG, SECOND, SECOND)
    assert (wrong.outcome, wrong.pick) == (FIRST, named(3)[2])
    absent, _ = best_of(ABSENT_RIGHT, FIRST, FIRST)
    assert (absent.outcome, absent.pick) == (FIRST, named(3)[0])
    assert absent.reasons[0] == "A is as rightly absent as B, and won against C."


def test_that_one_called_unusable_never_wins_by_most_wins() -> None:
    # A beats B, C and D against one that calls it and E unusable; the others are open
    result, _ = best_of(FIRST, FIRST, FIRST, BOTH_WRONG, *[UNDECIDED] * 6, count=5)
    assert result.outcome is UNDECIDED
    assert "Neither can be used: A against E." in result.reasons


def test_that_the_result_names_the_winner_first_and_invents_no_orders_nor_cost() -> None:
    result, _ = best_of(SECOND, UNDECIDED, FIRST)
    a, b, c = named(3)
    assert result.subject.candidates == (b, a, c)
    assert result.subject.hashes == ("hash B", "hash A", "hash C")
    assert (result.orders, result.agreement, result.orders_agree, result.cost) == ((), None, None, Cost())
    assert result.places == ((1.0, 2.0, 3.0),)
    assert result.reasons == ("B won against A and C.", "A against B: because", "B against C: because")


def test_that_confidence_is_that_of_the_weakest_pair_it_rests_on() -> None:
    a, b, c = named(3)
    tournament = BestOf([a, b, c])
    tournament.record(verdict(a, b, FIRST, 0.95))
    tournament.record(verdict(a, c, FIRST, 0.71))
    result = tournament.result()
    assert result is not None
    assert result.confidence == pytest.approx(0.71)


def test_that_a_failed_answer_of_before_is_asked_again_and_foreign_ones_are_passed_over() -> None:
    a, b, c = named(3)
    stranger = a._replace(label_set="Z")
    before = [verdict(a, b, Outcome.FAILED), verdict(a, stranger, FIRST)]
    joined = Verdict(CRITIC, Subject(a.item, (a, b, c), ("", "", "")), UNDECIDED, 0.0)
    assert BestOf([a, b, c], [*before, joined]).next_pairs() == ((a, b),)
    with pytest.raises(ValueError, match="no pair of these"):
        BestOf([a, b, c]).record(verdict(a, stranger, FIRST))


# --- all pairs at once, and one candidate ----------------------------------------------------------------------------


def all_pairs(*outcomes: Outcome, count: int = 3) -> Verdict:
    pairs = itertools.combinations(named(count), 2)
    found = verdict_of_pairs([verdict(a, b, o) for (a, b), o in zip(pairs, outcomes, strict=True)])
    assert found is not None
    return found


def test_that_all_pairs_have_the_winner_that_no_other_beats() -> None:
    assert verdict_of_pairs([]) is None
    assert all_pairs(SECOND, count=2).outcome is SECOND
    assert all_pairs(SECOND, FIRST, FIRST).pick == named(3)[1]
    assert all_pairs(FIRST, SECOND, FIRST).outcome is UNDECIDED
    assert all_pairs(EQUIVALENT, EQUIVALENT, EQUIVALENT).outcome is EQUIVALENT
    assert all_pairs(EQUIVALENT, FIRST, FIRST).pick == named(3)[0]
    assert all_pairs(EQUIVALENT, EQUIVALENT, FIRST).pick == named(3)[1]


@given(outcomes_of(4, DECIDING))
def test_that_what_the_knock_out_calls_best_no_verdict_contradicts(outcomes: list[Outcome]) -> None:
    result, asked = best_of(*outcomes, count=4)
    if asked == 6:
        assert result == all_pairs(*outcomes, count=4)
    elif result.outcome is FIRST:
        known = table(named(4), outcomes)
        mine = {
            pair: known(*pair) for pair in itertools.combinations(named(4), 2) if result.subject.candidates[0] in pair
        }
        lost = [pair for pair, o in mine.items() if o is not EQUIVALENT and pair[o is SECOND] != result.pick]
        assert not lost
        assert set(mine.values()) != {EQUIVALENT}


@pytest.mark.parametrize(
    ("score", "findings", "outcome"),
    [
        (90.0, (), FIRST),
        (50.0, (), UNDECIDED),
        (20.0, (), BOTH_WRONG),
        (None, (), UNDECIDED),
        (90.0, (Finding(FindingCode.LEAK, Severity.GROSS, "It leaks."),), BOTH_WRONG),
        (90.0, (Finding(FindingCode.ABSENT_OK, Severity.NOTE, "Removed."),), ABSENT_RIGHT),
    ],
)
def test_that_the_only_candidate_is_good_unusable_absent_or_open(
    score: float | None, findings: tuple[Finding, ...], outcome: Outcome
) -> None:
    subject = Subject(named(1)[0].item, tuple(named(1)), ("hash",))
    assert verdict_of_quality(Quality(CRITIC, subject, score, 10.0, findings)).outcome is outcome
