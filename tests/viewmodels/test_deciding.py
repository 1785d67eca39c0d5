"""Reasons, quality, redo, notes, the strip, and going back: what a decision carries and where it leads."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.review import Choice, Remarks, Status
from labelcritic_gui.viewmodels.pace import HINT_REST_S, PAUSE_S, PauseHint
from labelcritic_gui.viewmodels.reading.habits import Habits
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.reading.remarks import Mark, Remarking
from labelcritic_gui.viewmodels.reading.showing import SETTLE_S
from labelcritic_gui.viewmodels.runner import InlineRunner, Lane
from labelcritic_gui.viewmodels.worklist import Worklist
from tests.viewmodels.fakes import Clock, FakeCalls, HeldRunner, full_disk


class Desk:
    """A reading with habits that a test can change."""

    def __init__(self, calls: FakeCalls | None = None, runner=None, **habits: object) -> None:
        self.calls = calls or FakeCalls(cases=4)
        self.runner = runner or InlineRunner()
        self.clock = Clock()
        self.habits = Habits(**habits)
        self.reading = Reading(
            self.calls,
            Worklist(self.calls, self.runner, reader="reader"),
            self.runner,
            clock=self.clock,
            habits=lambda: self.habits,
            reader="reader",
        )
        self.said = []
        self.reading.said.connect(self.said.append)
        self.reading.start()
        self.look()

    def look(self) -> None:
        if isinstance(self.runner, HeldRunner):
            self.runner.settle()
        self.reading.painted()
        self.clock.pass_by(SETTLE_S)

    def decide(self, choice: Choice = Choice.NONE) -> None:
        self.reading.choose(choice)
        self.look()


# --- reasons and quality ------------------------------------------------------------------------------------------


def test_that_a_reason_goes_round_from_suggested_to_confirmed_to_denied_and_back() -> None:
    desk = Desk()
    marks = []
    for _ in range(4):
        marks.append(desk.reading.mark_of("LEAK"))
        desk.reading.toggle_reason("LEAK")
    assert marks == [Mark.SUGGESTED, Mark.CONFIRMED, Mark.DENIED, Mark.SUGGESTED]
    assert desk.reading.mark_of("CUT") is Mark.OFF


def test_that_a_decision_carries_what_was_confirmed_denied_suggested_and_the_quality() -> None:
    desk = Desk()
    for code in ("CUT", "LEAK", "LEAK"):
        desk.reading.toggle_reason(code)
    desk.reading.rate(1)
    desk.reading.rate(2)
    desk.reading.accept(1)
    assert desk.calls.written[0][1].remarks == Remarks(("CUT",), ("LEAK",), ("LEAK",), 2)
    assert (desk.reading.reasons, desk.reading.denied, desk.reading.quality) == ((), (), None)


def test_that_the_same_quality_word_twice_takes_it_back() -> None:
    desk = Desk()
    desk.reading.rate(0)
    assert desk.reading.quality == 0
    desk.reading.rate(0)
    assert desk.reading.quality is None


def test_that_remarks_are_shown_again_and_can_be_corrected() -> None:
    desk = Desk()
    item = desk.reading.item
    desk.reading.toggle_reason("CUT")
    desk.reading.rate(1)
    desk.decide(Choice.EDIT)
    desk.reading.go_to(item)
    desk.look()
    assert (desk.reading.reasons, desk.reading.quality) == (("CUT",), 1)
    desk.reading.toggle_reason("CUT")
    desk.reading.toggle_reason("MISS")
    desk.decide(Choice.EDIT)
    assert desk.calls.states[item].last.decision.remarks == Remarks(("MISS",), ("CUT",), ("LEAK",), 1)


def test_that_reasons_that_no_decision_carries_are_said_when_one_leaves() -> None:
    desk = Desk()
    desk.reading.toggle_reason("CUT")
    desk.reading.walk(1)
    assert "not kept" in desk.said[-1].text
    assert desk.reading.reasons == ()
    desk.look()
    desk.said.clear()
    desk.reading.toggle_reason("CUT")
    desk.decide()
    assert desk.said == []


@given(st.lists(st.tuples(st.sampled_from(["LEAK", "CUT", "MISS"]), st.booleans()), max_size=30))
def test_that_no_reason_is_ever_confirmed_and_denied(steps: list[tuple[str, bool]]) -> None:
    remarking = Remarking()
    turns = dict.fromkeys(("LEAK", "CUT", "MISS"), 0)
    for code, suggested in steps:
        remarking.suggest([code] if suggested else [])
        remarking.go_round(code)
        turns[code] += 1
        assert not set(remarking.confirmed) & set(remarking.denied)
    remarking.suggest([])
    marks = (Mark.OFF, Mark.CONFIRMED, Mark.DENIED)
    assert {code: remarking.mark_of(code) for code in turns} == {code: marks[n % 3] for code, n in turns.items()}


# --- cannot judge, redo ---------------------------------------------------------------------------------------------


def test_that_what_cannot_be_judged_is_decided() -> None:
    desk = Desk()
    item = desk.reading.item
    desk.decide(Choice.UNJUDGED)
    assert desk.calls.states[item].status is Status.UNJUDGED
    assert desk.reading.item == desk.calls.items[1]


def test_that_redo_brings_back_what_was_undone_one_by_one_and_a_new_decision_ends_it() -> None:
    desk = Desk()
    for choice in (Choice.NONE, Choice.EDIT, Choice.ABSENT):
        desk.decide(choice)
    for _ in range(3):
        desk.reading.undo()
        desk.look()
    assert desk.reading.item == desk.calls.items[0]
    desk.reading.redo()
    desk.look()
    assert desk.reading.item == desk.calls.items[1]
    desk.reading.redo()
    desk.look()
    assert [w[1].choice for w in desk.calls.written] == [Choice.NONE, Choice.EDIT]
    desk.decide(Choice.NONE)
    desk.reading.redo()
    assert "nothing left" in desk.said[-1].text
    assert [m.choice for m in desk.reading.made] == [Choice.NONE, Choice.EDIT, Choice.NONE]


def test_that_nothing_is_said_to_be_done_before_it_is_on_the_disk() -> None:
    desk = Desk(runner=HeldRunner())
    desk.reading.choose(Choice.NONE)
    assert desk.reading.made == ()
    desk.look()
    desk.reading.undo()
    desk.reading.redo()  # refused: the undoing is still being written
    assert not any("Undone" in m.text or "Done again" in m.text for m in desk.said)
    desk.runner.go(Lane.DECIDE)
    assert any("Undone" in m.text for m in desk.said)
    desk.look()
    desk.reading.redo()
    assert not any("Done again" in m.text for m in desk.said)
    desk.look()
    assert "Done again" in desk.said[-1].text


def test_that_a_redo_that_cannot_be_written_says_so_and_changes_nothing() -> None:
    desk = Desk()
    desk.decide()
    desk.reading.undo()
    desk.look()
    item = desk.reading.item
    desk.calls.broken = full_disk()
    desk.reading.redo()
    assert desk.said[-1].error
    assert desk.reading.item == item
    assert not desk.reading.writing


# --- the strip, going back, going on --------------------------------------------------------------------------------


def test_that_deciding_again_changes_the_cell_and_goes_on_where_one_was() -> None:
    desk = Desk()
    for _ in range(4):
        desk.decide()
    here = desk.reading.item
    back = desk.reading.made[1].item
    desk.reading.go_to(back)
    desk.look()
    assert desk.reading.state.last is not None
    desk.decide(Choice.EDIT)
    assert desk.reading.item == here
    assert [m.choice for m in desk.reading.made] == [Choice.NONE, Choice.EDIT, Choice.NONE, Choice.NONE]


def test_that_looking_at_several_decided_items_still_leads_back() -> None:
    desk = Desk()
    for _ in range(4):
        desk.decide()
    here = desk.reading.item
    for _ in range(3):
        desk.reading.recall(-1)
        desk.look()
    assert desk.reading.item == desk.calls.items[1]
    desk.decide(Choice.EDIT)
    assert desk.reading.item == here


def test_that_going_on_after_the_last_decision_of_the_strip_leads_back_too() -> None:
    desk = Desk()
    for _ in range(3):
        desk.decide()
    here = desk.reading.item
    desk.reading.recall(-1)
    desk.look()
    desk.reading.recall(1)
    assert desk.reading.item == here


def test_that_who_goes_to_another_open_item_goes_on_from_there() -> None:
    desk = Desk()
    desk.reading.go_to(desk.calls.items[6])
    desk.look()
    desk.decide()
    assert desk.reading.item == desk.calls.items[7]


def test_that_a_skipped_item_that_one_left_is_come_back_to() -> None:
    desk = Desk()
    skipped_item = desk.reading.item
    desk.decide(Choice.SKIP)
    desk.decide()
    decided = desk.reading.made[-1].item
    desk.reading.go_to(skipped_item)
    desk.look()
    desk.reading.go_to(decided)
    desk.look()
    desk.decide(Choice.EDIT)
    assert desk.reading.item == skipped_item


def test_that_a_second_key_after_deciding_again_hits_nothing() -> None:
    desk = Desk(runner=HeldRunner())
    for _ in range(2):
        desk.decide()
    desk.reading.recall(-1)
    desk.look()
    desk.reading.choose(Choice.EDIT)
    desk.runner.go(Lane.DECIDE)
    desk.reading.choose(Choice.ABSENT)  # where reading goes on is still being looked up
    desk.look()
    assert [w[1].choice for w in desk.calls.written] == [Choice.NONE, Choice.NONE, Choice.EDIT]
    assert desk.reading.item == desk.calls.items[2]


def test_that_the_strip_is_refilled_from_the_journal() -> None:
    desk = Desk()
    for choice in (Choice.NONE, Choice.EDIT, Choice.UNJUDGED):
        desk.decide(choice)
    again = Desk(desk.calls)
    assert again.reading.made == desk.reading.made
    assert [m.choice for m in again.reading.made] == [Choice.NONE, Choice.EDIT, Choice.UNJUDGED]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["decide", "undo", "redo", "back", "again"]), max_size=30))
def test_that_the_strip_says_what_the_journal_says_after_any_sequence(steps: list[str]) -> None:
    desk = Desk(FakeCalls(cases=5))
    for number, step in enumerate(steps):
        desk.look()
        if step == "decide":
            desk.reading.choose((Choice.NONE, Choice.EDIT, Choice.ABSENT)[number % 3])
        elif step == "undo":
            desk.reading.undo()
        elif step == "redo":
            desk.reading.redo()
        elif step == "back" and desk.reading.made:
            desk.reading.go_to(desk.reading.made[0].item)
        elif step == "again":
            desk.reading.recall(-1)
    assert Desk(desk.calls).reading.made == desk.reading.made
    for made in desk.reading.made:
        assert desk.calls.states[made.item].last.decision.choice is made.choice


def test_that_without_going_on_by_itself_the_decision_is_shown_and_a_key_goes_on() -> None:
    desk = Desk(auto_advance=False)
    item = desk.reading.item
    desk.reading.accept(2)
    desk.look()
    assert desk.reading.item == item
    assert desk.reading.state.last.decision.position == 2
    assert desk.reading.state.last.reader == "reader"
    desk.reading.go_on()
    assert desk.reading.item == desk.calls.items[1]


# --- notes ----------------------------------------------------------------------------------------------------------


def test_that_a_note_that_a_full_disk_refused_is_there_again_and_is_written_later() -> None:
    desk = Desk()
    first, second = desk.calls.items[:2]
    write = desk.calls.set_note

    def full(*_: object) -> None:
        raise full_disk()

    desk.calls.set_note = full
    desk.reading.draft_note("check the hilum")
    desk.reading.open_item(second)
    assert "NOT written" in desk.said[-1].text
    assert desk.reading.noting.text == ""
    desk.reading.open_item(first)
    assert desk.reading.noting.text == "check the hilum"
    desk.calls.set_note = write
    desk.reading.open_item(second)
    assert desk.calls.states[first].note == "check the hilum"
    assert desk.calls.states[second].note == ""
    desk.reading.open_item(first)
    assert (desk.reading.noting.text, desk.reading.noting.draft) == ("check the hilum", None)


@pytest.mark.parametrize("leave", ["walk", "go", "decide", "close", "undo"])
def test_that_a_note_in_the_middle_of_writing_is_kept_on_its_item(leave: str) -> None:
    desk = Desk()
    desk.decide()
    item = desk.reading.item
    desk.reading.draft_note("ניתוח 🫀 " + "x" * 10_000)
    act = {
        "walk": lambda: desk.reading.walk(1),
        "go": lambda: desk.reading.go_to(desk.calls.items[7]),
        "decide": desk.decide,
        "close": desk.reading.close,
        "undo": desk.reading.undo,
    }
    act[leave]()
    assert desk.calls.states[item].note == "ניתוח 🫀 " + "x" * 10_000
    assert sum(bool(s.note) for s in desk.calls.states.values()) == 1


# --- the pause ------------------------------------------------------------------------------------------------------


def test_that_a_pause_is_suggested_after_steady_reading_and_not_again_for_a_while() -> None:
    hint = PauseHint()
    told = [now for now in range(0, 5 * 3600, 10) if hint.due(float(now), 50)]
    assert told[0] == 3000
    assert {b - a for a, b in itertools.pairwise(told)} == {HINT_REST_S}


def test_that_a_break_begins_anew_and_zero_is_never() -> None:
    hint, never = PauseHint(), PauseHint()
    assert not any(never.due(float(now), 0) for now in range(0, 20_000, 10))
    assert not any(hint.due(float(now), 50) for now in range(0, 2900, 10))
    assert not any(hint.due(2890 + PAUSE_S + now, 50) for now in range(0, 2990, 10))
    assert hint.due(2890 + PAUSE_S + 3000, 50) == 50


def test_that_the_hint_is_a_quiet_message() -> None:
    desk = Desk(FakeCalls(cases=40), pause_after_min=1)
    for _ in range(10):
        desk.clock.pass_by(10.0)
        desk.decide()
    hints = [m for m in desk.said if "reading for" in m.text]
    assert len(hints) == 1
    assert not hints[0].error
