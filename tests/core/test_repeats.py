"""Laws of hidden repeats: never early, each once, the same after every restart, and no item's state changed by them."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.repeats import (
    LEAST_AT_END,
    LEAST_BETWEEN,
    MOST_MORE,
    RepeatPlan,
    is_repeated,
    words_between,
)
from labelcritic_gui.core.review import Choice, Decision, Event, EventKind, decision_payload, fold, item_id
from labelcritic_gui.core.statistics import wilson

SEED = "4f1c"


def items(count: int) -> list[ItemId]:
    return [item_id(f"case{n}", "liver") for n in range(count)]


def word(
    number: int, item: ItemId, kind: EventKind = EventKind.DECIDED, *, choice: Choice = Choice.ACCEPT, **seen: Any
) -> Event:
    decision = Decision(choice, CandidateId(*item, "a") if choice is Choice.ACCEPT else None, position=1)
    sides = {"sides": ["a", "b"], **seen}
    return Event(f"e{number}", "2026-01-01T00:00:00Z", "ada", item, kind, decision_payload(decision), sides)


def undone(number: int, of: Event) -> Event:
    return Event(f"u{number}", "2026-01-01T00:00:00Z", "ada", of.item, EventKind.UNDONE, {"of": of.uuid})


def read_all(count: int, share: float, seed: str = SEED, *, restart: bool = False) -> list[Event]:
    """Read every item once, with the repeats that come due, as a window does; with a new plan for every word."""
    events: list[Event] = []
    plan = RepeatPlan(seed, "ada", share)
    left = items(count)
    while True:
        if restart:
            plan = RepeatPlan(seed, "ada", share).feed(events)
        again = plan.due(others_left=bool(left))
        if again is not None:
            event = word(len(events), again.item, EventKind.REPEATED)
        elif left:
            event = word(len(events), left.pop(0))
        else:
            return events
        events.append(event)
        plan.take(event)


@settings(deadline=None, max_examples=30)
@given(count=st.integers(0, 120), share=st.sampled_from([0.05, 0.2, 0.5]), seed=st.text(min_size=1, max_size=8))
def test_repeats_come_once_each_and_never_before_enough_other_words(count: int, share: float, seed: str) -> None:
    events = read_all(count, share, seed)
    first = {event.item: n for n, event in enumerate(events) if event.kind is EventKind.DECIDED}
    seconds = [(n, event.item) for n, event in enumerate(events) if event.kind is EventKind.REPEATED]
    assert len({item for _, item in seconds}) == len(seconds)
    last = max(first.values(), default=0)
    for place, item in seconds:
        assert item is not None
        between = place - first[item] - 1
        assert between >= (words_between(seed, "ada", item) if place < last else LEAST_AT_END)
        assert LEAST_BETWEEN <= words_between(seed, "ada", item) <= LEAST_BETWEEN + MOST_MORE


@settings(deadline=None, max_examples=20)
@given(count=st.integers(0, 90), share=st.sampled_from([0.05, 0.3]))
def test_a_restart_after_every_word_changes_nothing(count: int, share: float) -> None:
    assert read_all(count, share, restart=True) == read_all(count, share)


@given(count=st.integers(0, 60))
def test_the_fold_with_repeats_is_the_fold_without(count: int) -> None:
    events = read_all(count, 0.4)
    assert fold(events) == fold(event for event in events if event.kind is not EventKind.REPEATED)


def test_every_chosen_item_comes_again_when_the_reading_goes_to_its_end() -> None:
    events = read_all(200, 0.2)
    chosen = {item for item in items(200) if is_repeated(SEED, "ada", item, 0.2)}
    came = {event.item for event in events if event.kind is EventKind.REPEATED}
    assert came <= chosen
    assert len(chosen - came) <= LEAST_AT_END  # the very last words have nothing after them


def test_about_the_share_that_was_asked_for_comes_again() -> None:
    chosen = sum(is_repeated(SEED, "ada", item, 0.1) for item in items(4000))
    assert wilson(chosen, 4000).holds(0.1)


def test_a_larger_share_only_adds_items_and_each_reader_has_items_of_his_own() -> None:
    few, many = ({i for i in items(400) if is_repeated(SEED, "ada", i, share)} for share in (0.1, 0.3))
    others = {i for i in items(400) if is_repeated(SEED, "ben", i, 0.3)}
    assert few < many
    assert others != many
    assert {i for i in items(400) if is_repeated("another", "ada", i, 0.3)} != many


def test_no_share_is_no_repeat() -> None:
    assert all(event.kind is EventKind.DECIDED for event in read_all(100, 0.0))


def everybody(count: int) -> RepeatPlan:
    return RepeatPlan(SEED, "ada", 1.0).feed(word(n, item) for n, item in enumerate(items(count)))


def test_an_undone_repeat_is_due_again_and_an_undone_word_is_not_repeated() -> None:
    plan = everybody(60)
    due = plan.due(others_left=True)
    assert due is not None
    answer = word(100, due.item, EventKind.REPEATED)
    plan.take(answer)
    assert plan.due(others_left=True) != due
    assert plan.answered == 1
    plan.take(undone(1, answer))
    assert plan.due(others_left=True) == due
    assert plan.answered == 0
    plan.take(undone(2, word(0, items(60)[0])))
    assert plan.waiting(items(60)[0]) is None


def test_skipped_items_and_words_from_elsewhere_do_not_come_again() -> None:
    plan = RepeatPlan(SEED, "ada", 1.0)
    first, second = items(2)
    plan.take(word(0, first, choice=Choice.SKIP))
    plan.take(Event("x", "t", "ada", second, EventKind.DECIDED, decision_payload(Decision(Choice.NONE)), {}))
    assert plan.planned == ()


def test_a_change_after_the_verdict_leaves_the_commitment_as_what_is_repeated() -> None:
    plan = RepeatPlan(SEED, "ada", 1.0)
    first, *others = items(50)
    plan.take(word(0, first, phase="commitment"))
    plan.take(word(1, first, phase="change"))
    for n, item in enumerate(others, 2):
        plan.take(word(n, item))
    again = plan.due(others_left=True)
    assert again is not None
    assert (again.item, again.of, again.swapped) == (first, "e0", ("b", "a"))


def test_changes_of_mind_do_not_count_as_other_words() -> None:
    plan = RepeatPlan(SEED, "ada", 1.0)
    first, other = items(2)
    plan.take(word(0, first))
    for n in range(1, 60):
        plan.take(word(n, other))
    assert plan.between(first) == 1
    assert plan.due(others_left=True) is None
