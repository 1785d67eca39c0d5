"""Readings that hide what the critic says, on a small review on disk: what is seen, written, and comes again."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.repeats import LEAST_AT_END, is_repeated
from labelcritic_gui.core.review import Choice, Event, EventKind, Stance, Status
from labelcritic_gui.services import modes
from labelcritic_gui.services.ledger import ledger
from labelcritic_gui.services.opinions import Changed, ensure_opinions
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import journal
from labelcritic_gui.store.review_file import write_review_file
from labelcritic_gui.viewmodels.calls import ServiceCalls
from labelcritic_gui.viewmodels.cards import colour_of, finding_rows, standing_words
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.reading.habits import Habits
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.runner import InlineRunner
from labelcritic_gui.viewmodels.worklist import Worklist
from tests.making import Dataset

NAMES = ("good", "bad")


class Person:
    """Reads a review; every look takes a second."""

    def __init__(self, opened: OpenReview, reader: str = "ann", **habits: bool) -> None:
        self.opened = opened
        self.now = 0.0
        self.said: list[Message] = []
        runner = InlineRunner()
        self.calls = ServiceCalls(opened, reader)
        self.worklist = Worklist(self.calls, runner, reader=reader)
        self.reading = Reading(
            self.calls, self.worklist, runner, clock=lambda: self.now, habits=lambda: Habits(**habits)
        )
        self.reading.said.connect(self.said.append)
        self.reading.start()
        self.look()

    def look(self) -> None:
        self.reading.painted()
        self.now += 1.0
        self.reading.painted()

    def press(self, position: int) -> None:
        self.reading.accept(position)
        self.look()

    def choose(self, choice: Choice) -> None:
        self.reading.choose(choice)
        self.look()

    def confirm(self) -> None:
        self.reading.accept_pick()
        self.look()

    def place(self, name: str) -> int:
        return self.reading.sides.index(name) + 1

    @property
    def events(self) -> list[Event]:
        return list(journal.all_events(self.opened.database))

    @property
    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.events if event.kind is not EventKind.MODE]

    @property
    def item(self) -> ItemId:
        assert self.reading.item is not None
        return self.reading.item

    @property
    def heard(self) -> str:
        return f"{self.said[-1].text} {self.said[-1].hint}".strip()


@pytest.fixture
def read(dataset: Dataset) -> Callable[..., OpenReview]:
    """Opens the small review in a mode; the critic has spoken on everything unless it is told to be silent."""

    def opened(mode: str, *, repeats: float = 0.0, seed: str = "", silent: bool = False) -> OpenReview:
        review = dataset.open()
        if not silent:
            for case in ("case_1", "case_2"):
                ensure_opinions(review, case)
        changed = modes.change_mode(review, "lead", mode=mode, repeats=repeats)
        if seed:
            write_review_file(changed.folder, changed.file.model_copy(update={"seed": seed}))
            changed.close()
            return dataset.open()
        return changed

    return opened


@pytest.mark.parametrize("mode", ["blind", "blind-first"])
def test_before_the_commitment_nothing_tells_what_the_critic_says_or_whose_mask_it_is(
    read: Callable[..., OpenReview], mode: str
) -> None:
    reading = Person(read(mode)).reading
    assert not reading.verdict_visible
    assert not reading.named
    assert (reading.verdict, reading.pick, reading.suggested) == (None, None, ())
    opinions, stage = reading.opinions, reading.stage
    assert opinions is not None
    assert stage is not None
    assert not any(opinions.qualities)
    assert finding_rows(stage.panels, opinions, reading.label_sets) == ()
    assert all(facts is not None and facts.volume_ml > 0 for facts in opinions.facts)  # measured, not judged
    assert opinions.pair is not None
    assert [panel.label_set.title for panel in stage.panels] == ["1", "2"]
    assert [s.title for s in reading.label_sets] == ["1", "2"]
    for row in reading.worklist.rows:
        assert row is not None
        assert (row.pick, row.outcome, row.confidence, row.orders_agree, row.findings, row.severity, row.accepted) == (
            *("", "", None, None, 0, 0),
            "",
        )


def test_an_assisted_reading_hides_nothing(read: Callable[..., OpenReview]) -> None:
    person = Person(read("assisted"))
    reading = person.reading
    assert reading.verdict_visible
    assert reading.verdict is not None
    assert reading.stage is not None
    assert [panel.label_set.title for panel in reading.stage.panels] == list(NAMES)
    assert any(row.pick for row in reading.worklist.rows if row is not None)
    person.press(1)
    assert person.events[-1].seen["named"]
    assert person.events[-1].seen["verdict"]["pick"] == "good"


def test_colours_belong_to_places_so_that_nobody_learns_a_label_set_by_its_colour(
    read: Callable[..., OpenReview],
) -> None:
    opened = read("blind")
    orders = {Person(opened, f"reader_{n}").reading.sides for n in range(24)}
    assert len(orders) == 2  # chance put either one on the left
    person = Person(opened)
    while not person.reading.finished:
        assert [person.reading.colour_of(slug) for slug in person.reading.sides] == [0, 1]
        person.press(1)
    assert {made.colour for made in person.reading.made} == {0}


def test_a_blind_reading_writes_what_was_withheld_and_never_reveals(read: Callable[..., OpenReview]) -> None:
    person = Person(read("blind"))
    while not person.reading.finished:
        person.press(person.place("good"))
    assert person.kinds == [EventKind.DECIDED] * 6
    for event in person.events[1:]:
        assert event.seen["verdict"] is None
        assert event.seen["named"] is False
        assert event.seen["withheld"]["pick"] == "good"
        assert event.payload["stance"] == Stance.UNADVISED
        assert "phase" not in event.seen
    (line,) = ledger(person.opened).lines
    assert (line.before.k, line.before.n, line.after.n, line.revealed) == (6, 6, 0, 0)


def test_what_is_known_of_a_decided_item_is_told_by_its_place(read: Callable[..., OpenReview]) -> None:
    person = Person(read("blind"))
    first = person.item
    place = person.place("good")
    person.press(place)
    person.reading.go_to(first)
    person.look()
    words = standing_words(person.reading.state, person.reading.label_sets)
    assert words == f"accepted: {place}, by ann"
    assert colour_of(person.reading.label_sets, "good") == place - 1


def test_the_verdict_comes_after_the_commitment_on_the_same_item(read: Callable[..., OpenReview]) -> None:
    person = Person(read("blind-first"))
    item, place = person.item, person.place("bad")
    person.press(place)
    reading = person.reading
    assert (reading.item, reading.revealed, reading.verdict_visible, reading.named) == (item, True, True, True)
    assert reading.verdict is not None
    assert person.heard.startswith(f"You chose {place}. The critic picks {3 - place} good (")
    assert person.heard.endswith("Return keeps your decision, another key changes it.")
    assert person.said[-1].stays
    assert person.kinds == [EventKind.DECIDED, EventKind.REVEALED]
    assert reading.stage is not None
    assert sorted(panel.label_set.title for panel in reading.stage.panels) == ["bad", "good"]
    assert [reading.colour_of(slug) for slug in reading.sides] == [0, 1]  # nothing changes its colour


@pytest.mark.parametrize("again", ["same key", "return"])
def test_the_same_key_or_return_keeps_the_commitment_and_goes_on(read: Callable[..., OpenReview], again: str) -> None:
    person = Person(read("blind-first"))
    item, place = person.item, person.place("bad")
    person.press(place)
    if again == "return":
        person.confirm()
    else:
        person.press(place)
    assert person.item != item
    assert not person.reading.revealed
    assert not person.reading.verdict_visible
    assert person.kinds == [EventKind.DECIDED, EventKind.REVEALED]
    assert person.calls.item_state(item).status is Status.ACCEPTED


def test_another_key_changes_the_word_and_both_are_kept(read: Callable[..., OpenReview]) -> None:
    person = Person(read("blind-first"))
    item = person.item
    person.press(person.place("bad"))
    person.press(person.place("good"))
    assert person.item != item
    first, second = (event for event in person.events if event.kind is EventKind.DECIDED)
    assert (first.seen["phase"], first.seen["verdict"], first.payload["stance"]) == ("commitment", None, "unadvised")
    assert (second.seen["phase"], second.payload["stance"]) == ("change", "agreeing")
    assert second.seen["verdict"]["pick"] == "good"
    assert second.seen["reveal_ms"] == 1000
    assert [s.decision.candidate.label_set for s in person.calls.item_state(item).standing if s.decision.candidate] == [
        "bad",
        "good",
    ]


def test_a_reader_who_says_what_the_critic_says_goes_on_at_once(read: Callable[..., OpenReview]) -> None:
    person = Person(read("blind-first"))
    item = person.item
    person.press(person.place("good"))
    assert person.item != item
    assert person.kinds == [EventKind.DECIDED, EventKind.REVEALED]
    assert "The critic says the same (" in person.heard


def test_a_reader_who_wants_to_look_also_then_stays(read: Callable[..., OpenReview]) -> None:
    person = Person(read("blind-first"), agreed_goes_on=False)
    item = person.item
    person.press(person.place("good"))
    assert (person.item, person.reading.revealed) == (item, True)


def test_where_the_critic_has_not_spoken_the_reader_is_told_and_goes_on(
    read: Callable[..., OpenReview], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ServiceCalls, "ensure_opinions", lambda *_, **__: Changed(()))
    person = Person(read("blind-first", silent=True))
    item = person.item
    person.press(1)
    assert person.item != item
    assert person.kinds == [EventKind.DECIDED]
    assert "reveal" not in person.events[-1].seen
    assert person.heard == "The critic has not spoken on this item yet; your decision is kept."


@pytest.mark.parametrize("choice", [Choice.SKIP, Choice.UNJUDGED])
def test_nobody_skips_to_see_the_verdict(read: Callable[..., OpenReview], choice: Choice) -> None:
    person = Person(read("blind-first"))
    item = person.item
    person.choose(choice)
    assert person.item != item
    assert person.kinds == [EventKind.DECIDED]
    assert "phase" not in person.events[-1].seen


def test_whoever_has_seen_the_verdict_on_an_item_has_seen_it_for_good(read: Callable[..., OpenReview]) -> None:
    person = Person(read("blind-first"))
    item = person.item
    person.press(person.place("bad"))
    person.reading.undo()
    person.look()
    assert person.item == item
    assert person.reading.state.status is Status.OPEN
    assert person.reading.verdict_visible
    person.press(person.place("good"))
    assert person.events[-1].payload["stance"] == "agreeing"
    assert "phase" not in person.events[-1].seen
    other = Person(person.opened, reader="ben")
    other.reading.go_to(item)
    other.look()
    assert not other.reading.verdict_visible  # but nobody else has


def test_a_commitment_is_taken_up_where_its_reader_left_it(read: Callable[..., OpenReview]) -> None:
    opened = read("blind-first")
    person = Person(opened)
    item, place = person.item, person.place("bad")
    person.press(place)
    again = Person(opened)
    assert (again.item, again.reading.revealed) == (item, True)
    assert again.heard.startswith(f"You chose {place}.")
    assert again.kinds == [EventKind.DECIDED, EventKind.REVEALED]
    again.confirm()
    assert Person(opened).item == again.item != item


def test_a_verdict_that_was_owed_when_the_program_died_is_shown_at_the_next_start(
    read: Callable[..., OpenReview], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = read("blind-first")
    person = Person(opened)
    item = person.item
    with monkeypatch.context() as dying:
        dying.setattr(person.calls, "reveal", lambda item, seen: None)
        person.press(person.place("bad"))
    assert person.kinds == [EventKind.DECIDED]
    again = Person(opened)
    assert (again.item, again.reading.revealed) == (item, True)
    assert again.kinds == [EventKind.DECIDED, EventKind.REVEALED]


def seed_that_repeats(items: list[ItemId], reader: str = "ann") -> str:
    """A seed by which exactly the first of some items comes again."""
    return next(
        str(n) for n in range(10_000) if [is_repeated(str(n), reader, i, 0.2) for i in items] == [True] + [False] * 5
    )


@pytest.mark.parametrize("mode", ["blind", "blind-first", "assisted"])
def test_an_item_comes_again_with_its_sides_swapped_and_as_if_for_the_first_time(
    read: Callable[..., OpenReview], mode: str
) -> None:
    order = [row.item for row in Person(read(mode)).worklist.rows if row is not None]
    person = Person(read(mode, repeats=0.2, seed=seed_that_repeats(order)))
    first, sides = person.item, person.reading.sides
    assert not person.reading.list_follows
    seen = []
    for _ in range(6):
        seen.append(person.item)
        person.press(person.place("good"))
    assert first == order[0]
    assert len(set(seen)) == 6
    assert not person.reading.finished
    assert person.item == first
    assert person.reading.sides == tuple(reversed(sides))
    assert person.reading.state.last is None
    row = next(row for row in person.worklist.rows if row is not None and row.item == first)
    assert (row.status, row.reader, row.decided, row.accepted) == (Status.OPEN, "", "", "")
    assert person.reading.verdict_visible is (mode == "assisted")
    state = person.calls.item_state(first)
    person.press(person.place("good"))
    assert person.reading.finished
    row = next(row for row in person.worklist.rows if row is not None and row.item == first)
    assert row.status is Status.ACCEPTED
    assert person.calls.item_state(first) == replace(state, revealed=person.calls.item_state(first).revealed)
    answer = next(event for event in person.events if event.kind is EventKind.REPEATED)
    assert answer.payload["position"] == 3 - next(e for e in person.events if e.item == first).payload["position"]
    (line,) = ledger(person.opened).lines
    assert (line.repeats.raw.k, line.repeats.raw.n, line.items) == (1, 1, 6)
    assert journal.differences(person.opened.database) == []


def test_every_word_moves_the_count_on_by_one_and_no_repeat_shows_in_it(read: Callable[..., OpenReview]) -> None:
    order = [row.item for row in Person(read("blind")).worklist.rows if row is not None]
    person = Person(read("blind", repeats=0.2, seed=seed_that_repeats(order)))
    shown = []
    while not person.reading.finished:
        counts = person.worklist.counts
        assert counts is not None
        shown.append((counts.decided, counts.open, counts.total))
        person.press(1)
    assert shown == [(n, 7 - n, 7) for n in range(7)]


def test_a_repeat_can_be_undone_and_is_then_there_again(read: Callable[..., OpenReview]) -> None:
    order = [row.item for row in Person(read("blind")).worklist.rows if row is not None]
    person = Person(read("blind", repeats=0.2, seed=seed_that_repeats(order)))
    for _ in range(7):
        person.press(1)
    assert person.reading.finished
    person.reading.undo()
    person.look()
    assert person.item == order[0]
    assert person.reading.state.last is None
    assert person.reading.blinding.repeat is not None
    person.press(2)
    assert person.reading.finished
    assert person.kinds.count(EventKind.REPEATED) == 2
    (line,) = ledger(person.opened).lines
    assert line.repeats.raw.n == 1


def test_a_note_on_a_repeat_stays_with_its_answer(read: Callable[..., OpenReview]) -> None:
    order = [row.item for row in Person(read("blind")).worklist.rows if row is not None]
    person = Person(read("blind", repeats=0.2, seed=seed_that_repeats(order)))
    person.reading.set_note("the first time")
    for _ in range(6):
        person.press(1)
    assert person.item == order[0]
    assert person.reading.state.note == ""
    person.reading.set_note("the second time")
    person.press(1)
    assert person.calls.item_state(order[0]).note == "the first time"
    assert person.events[-1].seen["note"] == "the second time"


def test_who_goes_on_by_hand_looks_at_every_verdict(read: Callable[..., OpenReview]) -> None:
    person = Person(read("blind-first"), auto_advance=False)
    item = person.item
    person.press(person.place("good"))
    assert (person.item, person.reading.revealed) == (item, True)
    person.confirm()
    assert person.item != item


def test_a_restart_before_the_repeat_loses_nothing(read: Callable[..., OpenReview]) -> None:
    order = [row.item for row in Person(read("blind")).worklist.rows if row is not None]
    opened = read("blind", repeats=0.2, seed=seed_that_repeats(order))
    person = Person(opened)
    for _ in range(6):
        person.press(1)
    again = Person(opened)
    assert again.item == order[0]
    assert again.reading.blinding.repeat is not None
    again.press(1)
    assert again.reading.finished


def test_a_repeat_in_a_blind_first_reading_has_its_verdict_too(read: Callable[..., OpenReview]) -> None:
    order = [row.item for row in Person(read("blind-first")).worklist.rows if row is not None]
    person = Person(read("blind-first", repeats=0.2, seed=seed_that_repeats(order)))
    for _ in range(6):
        person.press(person.place("good"))
    first = person.item
    before = person.calls.item_state(first).standing
    person.press(person.place("bad"))
    assert person.reading.revealed
    assert person.item == first
    person.press(person.place("good"))
    assert person.reading.finished
    assert person.calls.item_state(first).standing == before
    answers = [event for event in person.events if event.kind is EventKind.REPEATED]
    assert [answer.seen["phase"] for answer in answers] == ["commitment", "change"]
    (line,) = ledger(person.opened).lines
    assert (line.repeats.raw.k, line.repeats.raw.n, line.count()) == (0, 1, 0)


def test_what_lies_too_close_to_the_end_does_not_come_again(read: Callable[..., OpenReview]) -> None:
    order = [row.item for row in Person(read("blind")).worklist.rows if row is not None]
    seed = seed_that_repeats(order[::-1])
    person = Person(read("blind", repeats=0.2, seed=seed))
    for _ in range(6):
        person.press(1)
    assert LEAST_AT_END > 0
    assert person.reading.finished


def test_label_sets_are_not_chosen_by_name_while_names_are_hidden(read: Callable[..., OpenReview]) -> None:
    person = Person(read("blind"))
    sides = person.reading.sides
    person.reading.toggle_side(1)
    assert person.reading.sides == sides
    assert person.heard == "Label sets cannot be chosen while their names are hidden."


def test_a_journal_in_every_mode_rebuilds_to_the_same_review(read: Callable[..., OpenReview]) -> None:
    opened = read("blind-first")
    person = Person(opened)
    for choice in (Choice.NONE, Choice.EDIT, Choice.ABSENT):
        person.choose(choice)
        if person.reading.revealed:
            person.confirm()
    before = journal.differences(opened.database)
    journal.rebuild(opened.database)
    assert before == journal.differences(opened.database) == []
