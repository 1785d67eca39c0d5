"""The reading view-model, without Qt and without threads."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.cases import CandidateId, ItemId, LabelSet
from labelcritic_gui.core.errors import CancelledError, CriticError, UnreadableFileError
from labelcritic_gui.core.review import Choice
from labelcritic_gui.core.verdict import Outcome
from labelcritic_gui.services.comparison import Stage
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.opinions import RESUME_S
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.reading.showing import SETTLE_S
from labelcritic_gui.viewmodels.runner import InlineRunner, Job, Lane
from labelcritic_gui.viewmodels.worklist import Worklist
from tests.viewmodels.fakes import Clock, FakeCalls, HeldRunner, full_disk


class Desk:
    """A reading with its fakes; `look` is the eye: it paints and lets time pass."""

    def __init__(self, calls=None, runner=None, *, start=True):
        self.calls = calls or FakeCalls()
        self.runner = runner or InlineRunner()
        self.clock = Clock()
        self.worklist = Worklist(self.calls, self.runner, reader="reader")
        self.reading = Reading(self.calls, self.worklist, self.runner, clock=self.clock)
        self.said: list[Message] = []
        self.reading.said.connect(self.said.append)
        if start:
            self.reading.start()
            self.look()

    def look(self):
        if isinstance(self.runner, HeldRunner):
            self.runner.settle()
        self.reading.painted()
        self.clock.pass_by(SETTLE_S)


def test_that_the_first_open_item_is_shown_with_its_opinions() -> None:
    desk = Desk()
    assert desk.reading.item == desk.calls.items[0]
    assert desk.reading.stage is not None
    assert desk.reading.verdict is not None


def test_that_a_decision_is_written_before_the_screen_moves_on() -> None:
    desk = Desk(runner=HeldRunner())
    first = desk.reading.item
    desk.reading.accept(1)
    assert desk.reading.item == first
    assert desk.reading.writing
    desk.runner.go(Lane.DECIDE)
    assert [w[0] for w in desk.calls.written] == [first]
    assert desk.reading.item == desk.calls.items[1]


def test_that_a_second_key_while_a_decision_is_written_is_not_taken_and_said() -> None:
    desk = Desk(runner=HeldRunner())
    desk.reading.accept(1)
    desk.reading.accept(2)
    desk.reading.choose(Choice.EDIT)
    desk.look()
    assert len(desk.calls.written) == 1
    assert len(desk.said) == 2


def test_that_a_key_before_the_eye_can_have_seen_the_item_is_not_taken() -> None:
    desk = Desk()
    desk.reading.accept(1)
    assert desk.reading.item == desk.calls.items[1]
    desk.reading.accept(1)  # the second half of a double tap: nothing is painted yet
    desk.reading.painted()
    desk.clock.pass_by(SETTLE_S / 2)
    desk.reading.accept(1)  # painted, but no eye is that fast
    assert len(desk.calls.written) == 1
    desk.clock.pass_by(SETTLE_S)
    desk.reading.accept(1)
    assert len(desk.calls.written) == 2


def test_that_a_key_before_the_picture_has_come_is_not_taken() -> None:
    desk = Desk(runner=HeldRunner(), start=False)
    desk.reading.start()
    desk.runner.go(Lane.STORE)
    assert desk.reading.item is not None
    desk.reading.accept(1)
    assert desk.calls.written == []
    assert desk.said


@pytest.mark.parametrize("choice", [Choice.EDIT, Choice.NONE, Choice.ABSENT])
def test_that_a_decision_carries_its_reasons_and_what_was_seen(choice: Choice) -> None:
    desk = Desk()
    desk.reading.toggle_reason("LEAK")
    desk.reading.toggle_reason("CUT")
    desk.reading.toggle_reason("LEAK")
    desk.clock.pass_by(2.0)
    desk.reading.choose(choice)
    _, decision, seen = desk.calls.written[0]
    assert decision.choice is choice
    assert decision.reasons == ("CUT",)
    assert seen["sides"] == ["alpha", "beta"]
    assert seen["verdict"]["outcome"] == "second"
    assert seen["ms"] == round(1000 * (2.0 + SETTLE_S))
    assert desk.reading.reasons == ()


def test_that_enter_accepts_the_picked_candidate_at_its_place() -> None:
    desk = Desk()
    item = desk.reading.item
    desk.reading.accept_pick()
    _, decision, _ = desk.calls.written[0]
    assert decision.candidate == CandidateId(item.case, item.structure, "beta")
    assert decision.position == 2


def test_that_enter_accepts_the_absence_when_the_critic_says_so() -> None:
    calls = FakeCalls()
    calls.outcome = Outcome.ABSENT_RIGHT
    desk = Desk(calls)
    desk.reading.accept_pick()
    assert calls.written[0][1].choice is Choice.ABSENT


@pytest.mark.parametrize("outcome", [Outcome.UNDECIDED, Outcome.BOTH_WRONG, Outcome.FAILED])
def test_that_enter_without_a_pick_decides_nothing(outcome: Outcome) -> None:
    calls = FakeCalls()
    calls.outcome = outcome
    desk = Desk(calls)
    desk.reading.accept_pick()
    assert calls.written == []
    assert desk.said


def test_that_a_candidate_that_is_not_there_cannot_be_accepted() -> None:
    calls = FakeCalls()
    item = calls.items[0]
    calls.missing.add(CandidateId(item.case, item.structure, "beta"))
    desk = Desk(calls)
    desk.reading.accept(2)
    desk.reading.accept(3)
    assert calls.written == []
    desk.reading.accept(1)
    assert len(calls.written) == 1


def test_that_a_decision_that_was_not_written_stays_on_its_item_and_says_so() -> None:
    desk = Desk()
    desk.calls.broken = full_disk()
    item = desk.reading.item
    desk.reading.accept(1)
    assert desk.reading.item == item
    assert not desk.reading.writing
    assert desk.said[-1].error
    assert "NOT written" in desk.said[-1].text
    desk.calls.broken = None
    desk.reading.accept(1)
    assert desk.calls.written[0][0] == item


def test_that_undo_goes_back_to_the_item_and_opens_it_again() -> None:
    desk = Desk()
    item = desk.reading.item
    desk.reading.accept(1)
    desk.look()
    desk.reading.undo()
    assert desk.reading.item == item
    assert desk.reading.state.last is None
    assert not desk.reading.made
    desk.reading.undo()
    assert "no decision" in desk.said[-1].text


def test_that_skipped_items_come_again_at_the_end_and_then_the_list_is_finished() -> None:
    desk = Desk(FakeCalls(cases=1))
    skipped = desk.reading.item
    desk.reading.choose(Choice.SKIP)
    for _ in range(2):
        desk.look()
        assert desk.reading.item != skipped
        desk.reading.accept(1)
    desk.look()
    assert desk.reading.item == skipped
    desk.reading.accept(1)
    assert desk.reading.finished
    assert desk.reading.item is None
    desk.reading.undo()
    assert desk.reading.item == skipped


def test_that_the_next_items_are_loaded_before_they_are_needed() -> None:
    desk = Desk()
    assert desk.calls.loaded[:4] == desk.calls.items[:4]
    desk.reading.accept(1)
    assert desk.calls.loaded.count(desk.calls.items[1]) == 1


def test_that_a_prefetch_nobody_wants_any_more_is_not_loaded() -> None:
    desk = Desk(runner=HeldRunner())
    last = desk.calls.items[-1]
    desk.reading.open_item(desk.calls.items[3])
    desk.runner.go(Lane.CPU)  # shows it and asks for the next three
    desk.reading.open_item(last)
    desk.runner.settle()
    assert desk.reading.stage is not None
    assert desk.reading.stage.item == last


def test_that_nothing_is_read_any_more_for_a_reading_that_is_closed() -> None:
    desk = Desk()
    load, stopped = desk.calls.load_stage, []

    def slow(item: ItemId, cancel: Job) -> Stage:
        desk.reading.close()
        stopped.append(cancel.is_set())
        return load(item, cancel)

    desk.calls.load_stage = slow
    desk.reading.open_item(desk.calls.items[-1])
    assert stopped == [True]


def test_that_an_unreadable_item_says_why_and_can_be_tried_again() -> None:
    calls = FakeCalls()
    calls.stage_broken = UnreadableFileError("The image is damaged.", "Copy it again.")
    desk = Desk(calls)
    assert desk.reading.stage is None
    assert desk.reading.failure is not None
    assert desk.reading.failure.text == "The image is damaged."
    calls.stage_broken = None
    desk.reading.reload()
    assert desk.reading.stage is not None
    assert desk.reading.failure is None


@pytest.mark.parametrize("choice", [Choice.UNJUDGED, Choice.EDIT, Choice.SKIP])
def test_that_an_item_without_a_picture_can_be_left_with_a_word(choice: Choice) -> None:
    calls = FakeCalls()
    calls.stage_broken = UnreadableFileError("The image is damaged.", "Copy it again.")
    desk = Desk(calls)
    first = desk.reading.item
    desk.reading.choose(choice)
    assert [(item, decision.choice) for item, decision, _ in calls.written] == [(first, choice)]
    assert calls.written[0][2]["sides"] == []
    assert desk.reading.item == calls.items[1]
    desk.reading.choose(choice)
    assert len(calls.written) == 1, "a key that was meant for the item before"


def test_that_nothing_is_said_of_masks_that_were_not_seen() -> None:
    calls = FakeCalls()
    calls.stage_broken = UnreadableFileError("The image is damaged.", "Copy it again.")
    desk = Desk(calls)
    for choice in (Choice.NONE, Choice.ABSENT):
        desk.reading.choose(choice)
    desk.reading.accept(1)
    desk.reading.accept_pick()
    assert calls.written == []
    assert {said.text for said in desk.said[-4:]} == {"There is no picture to decide by; that key was not taken."}


def test_that_the_review_goes_on_while_the_critic_is_down_and_can_be_asked_again() -> None:
    calls = FakeCalls()
    calls.critic_broken = CriticError("The server does not answer.", "Start it.")
    desk = Desk(calls)
    assert [m.text for m in desk.said] == ["The server does not answer."]
    assert len(calls.asked) == 1
    desk.reading.accept(1)
    assert len(calls.written) == 1
    assert calls.written[0][2]["verdict"] is None
    desk.look()
    assert len(calls.asked) == 1
    calls.critic_broken = None
    desk.reading.ask_again()
    assert desk.reading.verdict is not None


def test_that_a_server_that_was_down_is_asked_again_by_itself_after_a_rest() -> None:
    calls = FakeCalls()
    calls.critic_lane = Lane.NET
    calls.critic_broken = CriticError("The server does not answer.", "Start it.")
    desk = Desk(calls)
    critic = desk.reading.critic
    assert critic.down is not None
    assert calls.measured == calls.asked == [desk.reading.item.case]
    critic.tick()
    assert len(calls.asked) == 1
    desk.clock.pass_by(RESUME_S)
    critic.tick()
    assert len(calls.asked) == 2
    assert [m.text for m in desk.said] == ["The server does not answer."]
    calls.critic_broken = None
    desk.clock.pass_by(RESUME_S)
    critic.tick()
    assert critic.down is None
    assert desk.reading.verdict is not None


def test_that_the_anatomy_critic_is_not_asked_again_by_itself() -> None:
    calls = FakeCalls()
    calls.critic_broken = CriticError("It is too large.")
    desk = Desk(calls)
    desk.clock.pass_by(10 * RESUME_S)
    desk.reading.critic.tick()
    assert len(calls.asked) == 1
    assert calls.measured == []


def test_that_items_the_critic_could_not_judge_say_why_once_and_can_be_asked_again() -> None:
    calls = FakeCalls()
    calls.unjudged = "No server answers at 127.0.0.1."
    desk = Desk(calls)
    assert [m.text for m in desk.said] == ["No server answers at 127.0.0.1."]
    assert desk.reading.critic.down is not None
    assert desk.reading.critic.failed[desk.reading.item] == "No server answers at 127.0.0.1."
    desk.reading.accept(1)
    desk.look()
    assert len(calls.written) == 1
    assert len(desk.said) == 1
    calls.unjudged = ""
    desk.reading.ask_again()
    assert desk.reading.critic.down is None
    assert desk.reading.verdict is not None
    assert desk.reading.item not in desk.reading.critic.failed


def test_that_a_critic_that_was_told_to_stop_is_no_failure() -> None:
    calls = FakeCalls()
    calls.critic_broken = CancelledError("Stopped as asked.")
    desk = Desk(calls)
    assert desk.said == []
    assert desk.reading.critic.down is None


def test_that_opinions_are_asked_for_the_case_and_the_coming_ones_once() -> None:
    desk = Desk(FakeCalls(cases=3))
    for _ in range(4):
        desk.reading.accept(1)
        desk.look()
    assert desk.calls.asked == ["case_0", "case_1", "case_2"]


@pytest.mark.parametrize("lane", [Lane.CPU, Lane.NET])
@pytest.mark.parametrize("unread", ["case_0", "case_1"])
def test_that_a_case_whose_files_cannot_be_read_stops_no_other(lane: Lane, unread: str) -> None:
    calls = FakeCalls(cases=3)
    calls.critic_lane = lane
    calls.unread = unread
    desk = Desk(calls)
    for _ in range(4):
        assert (desk.reading.critic.down is not None) == (desk.reading.item.case == unread)
        desk.reading.accept(1)
        desk.look()
    assert {"case_0", "case_1", "case_2"} == {*calls.asked, unread}
    assert {"case_0", "case_2", "case_1"} - {unread} == calls.opined
    assert [m.text for m in desk.said if m.error] == [f"The image of {unread} is damaged."]


def test_that_a_note_is_kept_only_when_it_changed() -> None:
    desk = Desk()
    item = desk.reading.item
    desk.reading.set_note("look again")
    assert desk.calls.states[item].note == "look again"
    assert desk.reading.state.note == "look again"


def test_that_reading_goes_on_where_it_was() -> None:
    calls = FakeCalls()
    calls.remembered = calls.items[4]
    assert Desk(calls).reading.item == calls.items[4]


def test_that_reading_goes_on_after_a_remembered_item_that_is_decided() -> None:
    calls = FakeCalls()
    calls.remembered = calls.items[4]
    calls.decide(calls.items[4], Choice.NONE, seen={})
    assert Desk(calls).reading.item == calls.items[5]


def test_that_one_label_set_is_judged_good_or_bad() -> None:
    desk = Desk(FakeCalls(label_sets=(LabelSet("alpha", "Alpha"),)))
    desk.reading.accept(2)
    assert desk.calls.written == []
    desk.reading.accept(1)
    desk.look()
    desk.reading.choose(Choice.NONE)
    assert [w[1].choice for w in desk.calls.written] == [Choice.ACCEPT, Choice.NONE]


KEYS = st.sampled_from(["1", "2", "enter", "edit", "skip", "absent", "undo", "down", "up", "look", "disk", "paint"])


@settings(max_examples=60, deadline=None)
@given(st.lists(KEYS, max_size=40), st.booleans())
def test_that_no_order_of_keys_decides_an_item_that_is_not_on_the_screen(keys: list[str], held: bool) -> None:
    desk = Desk(FakeCalls(cases=2), HeldRunner() if held else InlineRunner())
    reading, calls = desk.reading, desk.calls
    act = {
        "1": lambda: reading.accept(1),
        "2": lambda: reading.accept(2),
        "enter": reading.accept_pick,
        "edit": lambda: reading.choose(Choice.EDIT),
        "skip": lambda: reading.choose(Choice.SKIP),
        "absent": lambda: reading.choose(Choice.ABSENT),
        "undo": reading.undo,
        "down": lambda: reading.walk(1),
        "up": lambda: reading.walk(-1),
        "look": desk.look,
        "paint": reading.painted,
        "disk": lambda: setattr(calls, "broken", None if calls.broken else full_disk()),
    }
    for key in keys:
        shown = reading.item if reading.ready else None
        before = len(calls.written)
        act[key]()
        if held and reading.writing:
            desk.runner.go(Lane.DECIDE)
        if len(calls.written) > before:
            assert shown is not None
            assert calls.written[-1][0] == shown
    desk.look()
    assert not reading.writing
    assert sum(len(s.standing) for s in calls.states.values()) == len(calls.written)


def test_that_only_a_reader_who_asks_again_asks_with_prompts_that_changed() -> None:
    desk = Desk()
    assert set(desk.calls.anew) == {False}
    desk.reading.ask_again()
    assert desk.calls.anew[-1] is True
    assert desk.calls.asked[-1] == desk.reading.item.case
    desk.reading.open_item(desk.calls.items[-1])
    assert desk.calls.anew.count(True) == 1
