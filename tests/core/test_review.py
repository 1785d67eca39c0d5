"""Laws of the journal: fold, undo, and a decision's stance against the advice."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.review import (
    QUALITIES,
    Advice,
    Choice,
    Decision,
    Event,
    EventKind,
    Remarks,
    Stance,
    Status,
    decision_from,
    decision_payload,
    fold,
    item_id,
    redoable,
    stance_of,
)
from labelcritic_gui.core.verdict import Outcome

ITEMS = [item_id("case1", "liver"), item_id("case1", "spleen")]
READERS = ["ada", "ben"]


def candidate(item: ItemId, label_set: str = "nnunet") -> CandidateId:
    return CandidateId(item.case, item.structure, label_set)


@st.composite
def decisions(draw: st.DrawFn, item: ItemId) -> Decision:
    choice = draw(st.sampled_from(Choice))
    who = candidate(item, draw(st.sampled_from(["a", "b"]))) if choice is Choice.ACCEPT else None
    return Decision(
        choice,
        candidate=who,
        content_hash="h" if who else "",
        position=draw(st.integers(0, 4)),
        reasons=tuple(draw(st.lists(st.sampled_from(["LEAK", "MISS"]), max_size=2))),
        stance=draw(st.sampled_from(Stance)),
        denied=tuple(draw(st.lists(st.sampled_from(["CUT", "EDGE"]), max_size=2))),
        suggested=tuple(draw(st.lists(st.sampled_from(["LEAK", "CUT"]), max_size=2))),
        quality=draw(st.sampled_from([None, *QUALITIES])),
    )


def decided(number: int, item: ItemId, reader: str, decision: Decision) -> Event:
    return Event(
        f"e{number}", f"2025-01-01T00:00:{number:02d}Z", reader, item, EventKind.DECIDED, decision_payload(decision)
    )


def undone(number: int, of: Event, reader: str) -> Event:
    payload: dict[str, Any] = {"of": of.uuid}
    return Event(f"u{number}", f"2025-01-01T00:01:{number:02d}Z", reader, of.item, EventKind.UNDONE, payload)


@st.composite
def journals(draw: st.DrawFn) -> list[Event]:
    events: list[Event] = []
    for number in range(draw(st.integers(0, 8))):
        item, reader = draw(st.sampled_from(ITEMS)), draw(st.sampled_from(READERS))
        made = [e for e in events if e.kind is EventKind.DECIDED]
        if made and draw(st.booleans()):
            events.append(undone(number, draw(st.sampled_from(made)), reader))
        else:
            events.append(decided(number, item, reader, draw(decisions(item))))
    return events


@given(journals(), st.data())
def test_that_undo_after_do_is_the_identity(events: list[Event], data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(ITEMS))
    new = decided(99, item, "ada", data.draw(decisions(item)))
    before, after = fold(events), fold([*events, new, undone(99, new, "ada")])
    assert after[item] == (before.get(item) or type(after[item])())
    assert {i: s for i, s in after.items() if i != item} == {i: s for i, s in before.items() if i != item}


@given(journals(), st.data())
def test_that_nobody_undoes_what_another_reader_decided(events: list[Event], data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(ITEMS))
    new = decided(99, item, "ada", data.draw(decisions(item)))
    assert fold([*events, new, undone(99, new, "ben")]) == fold([*events, new])


@given(journals())
def test_that_undoing_twice_is_undoing_once(events: list[Event]) -> None:
    undos = [e for e in events if e.kind is EventKind.UNDONE]
    assert fold([*events, *undos]) == fold(events)


@given(st.sampled_from(ITEMS), st.data())
def test_that_a_decision_survives_its_journal_form(item: ItemId, data: st.DataObject) -> None:
    decision = data.draw(decisions(item))
    assert decision_from(item, decision_payload(decision)) == decision


def test_that_a_note_does_not_decide_and_a_skip_leaves_open() -> None:
    item = ITEMS[0]
    noted = Event("n", "2025-01-01T00:00:00Z", "ada", item, EventKind.NOTED, {"text": "look again"})
    state = fold([noted, decided(1, item, "ada", Decision(Choice.SKIP))])[item]
    assert (state.note, state.status, state.skipped) == ("look again", Status.OPEN, True)


YES, NO, NONE = Stance.AGREEING, Stance.OVERRIDING, Stance.UNADVISED
TABLE = [
    # advice, accept the first, accept the second, absent, edit, none, skip
    (Outcome.FIRST, (YES, NO, NO, NO, NO, NONE)),
    (Outcome.SECOND, (NO, YES, NO, NO, NO, NONE)),
    (Outcome.EQUIVALENT, (YES, YES, NO, NO, NO, NONE)),
    (Outcome.ABSENT_RIGHT, (NO, NO, YES, NO, NO, NONE)),
    (Outcome.BOTH_WRONG, (NO, NO, NO, YES, YES, NONE)),
    (Outcome.UNDECIDED, (NONE,) * 6),
    (Outcome.UNPARSABLE, (NONE,) * 6),
    (Outcome.FAILED, (NONE,) * 6),
    (None, (NONE,) * 6),
]


@pytest.mark.parametrize(("outcome", "stances"), TABLE)
def test_that_the_stance_follows_the_table(outcome: Outcome | None, stances: tuple[Stance, ...]) -> None:
    item = ItemId(CaseId("c"), "liver")
    one, two = candidate(item, "a"), candidate(item, "b")
    pick = two if outcome is Outcome.SECOND else one
    advice = None if outcome is None else Advice(outcome, pick, 0.9)
    made = [Decision(Choice.ACCEPT, candidate=c) for c in (one, two)]
    made += [Decision(c) for c in (Choice.ABSENT, Choice.EDIT, Choice.NONE, Choice.SKIP)]
    assert tuple(stance_of(d, advice) for d in made) == stances


def redone(number: int, of: Event, reader: str) -> Event:
    payload = {**of.payload, "of": of.uuid}
    return Event(f"r{number}", f"2025-01-01T00:02:{number:02d}Z", reader, of.item, EventKind.REDONE, payload)


@given(journals(), st.data())
def test_that_redo_after_undo_decides_the_same_again(events: list[Event], data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(ITEMS))
    new = decided(99, item, "ada", data.draw(decisions(item)))
    once = fold([*events, new])[item]
    again = fold([*events, new, undone(99, new, "ada"), redone(99, new, "ada")])[item]
    assert [s.decision for s in again.standing] == [s.decision for s in once.standing]
    assert (again.status, again.note) == (once.status, once.note)


@given(st.lists(st.sampled_from(["decide", "undo", "redo"]), max_size=30))
def test_that_what_can_be_redone_is_what_a_stack_of_undone_decisions_holds(steps: list[str]) -> None:
    made: list[Event] = []
    gone: list[Event] = []
    events: list[Event] = []
    for number, step in enumerate(steps):
        found = redoable(reversed(events))
        assert (found.payload["of"] if found else None) == (gone[-1].uuid if gone else None)
        if step == "decide":
            events.append(decided(number, ITEMS[0], "ada", Decision(Choice.NONE)))
            made.append(events[-1])
            gone.clear()
        elif step == "undo" and made:
            gone.append(made.pop())
            events.append(undone(number, gone[-1], "ada"))
        elif step == "redo" and gone:
            events.append(redone(number, gone.pop(), "ada"))
            made.append(events[-1])
    state = fold(events).get(ITEMS[0])
    assert [s.event for s in state.standing] == [e.uuid for e in made] if state else not made


@pytest.mark.parametrize("quality", [-1, 4])
def test_that_a_quality_beyond_the_words_is_refused(quality: int) -> None:
    with pytest.raises(ReviewError, match="no quality"):
        Remarks(quality=quality)


def test_that_what_cannot_be_judged_is_decided_and_takes_no_side() -> None:
    decision = Decision(Choice.UNJUDGED)
    assert decision.status is Status.UNJUDGED
    assert stance_of(decision, Advice(Outcome.BOTH_WRONG)) is Stance.UNADVISED
