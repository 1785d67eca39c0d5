"""Who may see what, and which commitments still wait for their verdict."""

from typing import Any

import pytest

from labelcritic_gui.core.blinding import (
    Mode,
    advice_from,
    advice_seen,
    advice_told,
    half_committed,
    said_of,
    visible,
)
from labelcritic_gui.core.cases import CandidateId
from labelcritic_gui.core.review import Advice, Choice, Decision, Event, EventKind, decision_payload, fold, item_id
from labelcritic_gui.core.verdict import Outcome

ITEM = item_id("case1", "liver")
OTHER = item_id("case1", "spleen")


def word(uuid: str, item: Any = ITEM, reader: str = "ada", kind: EventKind = EventKind.DECIDED, **seen: Any) -> Event:
    return Event(uuid, "2026-01-01T00:00:00Z", reader, item, kind, decision_payload(Decision(Choice.NONE)), seen)


def told(kind: EventKind, of: str, item: Any = ITEM, reader: str = "ada") -> Event:
    return Event(f"{kind}-{of}", "2026-01-01T00:00:01Z", reader, item, kind, {"of": of})


@pytest.mark.parametrize(
    ("mode", "revealed", "shown"),
    [
        (Mode.ASSISTED, False, True),
        (Mode.ASSISTED, True, True),
        (Mode.BLIND_FIRST, False, False),
        (Mode.BLIND_FIRST, True, True),
        (Mode.BLIND, False, False),
        (Mode.BLIND, True, False),
    ],
)
def test_advice_and_names_are_seen_together_and_never_in_a_blind_reading(
    mode: Mode, revealed: bool, shown: bool
) -> None:
    found = visible(mode, revealed=revealed)
    assert (found.advice, found.names) == (shown, shown)


def test_what_a_window_says_of_the_verdict_counts_whatever_the_mode() -> None:
    assert advice_seen({"verdict": {"outcome": "first"}}, Mode.BLIND_FIRST)
    assert not advice_seen({"verdict": None}, Mode.ASSISTED)


def test_where_nobody_says_what_was_seen_only_an_assisted_review_showed_anything() -> None:
    assert [advice_seen({}, mode) for mode in Mode] == [True, False, False]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_a_journal_tells_of_a_verdict_is_read_back(outcome: Outcome) -> None:
    advice = Advice(outcome, CandidateId(ITEM.case, ITEM.structure, "a") if outcome.is_pick else None, 0.7)
    assert advice_from(ITEM, advice_told(advice)) == advice
    assert advice_told(None) is None
    assert advice_from(ITEM, None) is None


def test_a_commitment_is_half_done_until_its_verdict_was_shown() -> None:
    commitment = word("c", phase="commitment", reveal="owed")
    assert [half.event.uuid for half in half_committed([commitment])] == ["c"]
    assert half_committed([commitment, told(EventKind.REVEALED, "c")]) == ()
    assert half_committed([commitment, told(EventKind.UNDONE, "c")]) == ()
    assert half_committed([commitment, word("d")]) == ()


def test_a_commitment_that_the_critic_has_nothing_to_say_to_is_whole() -> None:
    assert half_committed([word("c", phase="commitment")]) == ()


def test_only_the_reader_of_a_commitment_settles_it_and_only_on_its_item() -> None:
    commitment = word("c", phase="commitment", reveal="owed")
    later = [
        told(EventKind.REVEALED, "c", reader="ben"),
        told(EventKind.REVEALED, "c", item=OTHER),
        word("d", reader="ben"),
        told(EventKind.UNDONE, "other"),
    ]
    assert len(half_committed([commitment, *later])) == 1


def test_a_repeat_that_is_committed_waits_for_its_verdict_too() -> None:
    again = word("r", kind=EventKind.REPEATED, phase="commitment", reveal="owed")
    assert len(half_committed([word("c"), again])) == 1


def test_the_fold_knows_to_whom_a_verdict_was_revealed() -> None:
    states = fold([word("c"), told(EventKind.REVEALED, "c"), told(EventKind.REVEALED, "c", reader="ben")])
    assert states[ITEM].revealed == ("ada", "ben")
    assert states[ITEM].last is not None


def test_only_words_say_something() -> None:
    accepted = Decision(Choice.ACCEPT, CandidateId(ITEM.case, ITEM.structure, "a"))
    event = Event("e", "t", "ada", ITEM, EventKind.DECIDED, decision_payload(accepted))
    assert said_of(event) == (Choice.ACCEPT, "a")
    with pytest.raises(ValueError, match="no word"):
        said_of(told(EventKind.REVEALED, "e"))
