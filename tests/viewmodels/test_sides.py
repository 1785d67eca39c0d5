"""What stands where on the stage, and that a key means what stands there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.cases import CandidateId, LabelSet
from labelcritic_gui.viewmodels.reading.habits import Habits
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.reading.showing import SETTLE_S
from labelcritic_gui.viewmodels.reading.sides import Sides
from labelcritic_gui.viewmodels.runner import InlineRunner
from labelcritic_gui.viewmodels.worklist import Worklist
from tests.viewmodels.fakes import Clock, FakeCalls

NAMES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")


def sets(count: int) -> tuple[LabelSet, ...]:
    return tuple(LabelSet(name, name.title()) for name in NAMES[:count])


class Table:
    """A reading of a review with so many label sets."""

    def __init__(self, count: int = 2, *, shuffled: bool = False, reader: str = "reader") -> None:
        self.calls = FakeCalls(label_sets=sets(count))
        self.clock = Clock()
        self.shuffled = shuffled
        runner = InlineRunner()
        self.reading = Reading(
            self.calls,
            Worklist(self.calls, runner, reader=reader),
            runner,
            clock=self.clock,
            habits=lambda: Habits(shuffle_sides=self.shuffled),
            reader=reader,
        )
        self.said = []
        self.reading.said.connect(self.said.append)
        self.reading.start()
        self.look()

    def look(self) -> None:
        self.reading.painted()
        self.clock.pass_by(SETTLE_S)

    @property
    def slugs(self) -> list[str]:
        assert self.reading.stage is not None
        return [panel.label_set.slug for panel in self.reading.stage.panels]


def test_that_a_swap_turns_stage_opinions_and_facts_of_the_pair_together() -> None:
    table = Table()
    before = table.reading.opinions
    table.reading.swap_sides()
    after = table.reading.opinions
    assert table.slugs == ["beta", "alpha"] == list(table.reading.sides)
    assert after.facts == before.facts[::-1]
    assert after.qualities == before.qualities[::-1]
    assert after.pair == before.pair.swapped()
    assert after.verdict == before.verdict
    table.reading.swap_sides()
    assert table.reading.opinions == before


def test_that_after_a_swap_the_key_means_what_stands_there_once_it_was_seen() -> None:
    table = Table()
    item = table.reading.item
    table.reading.swap_sides()
    table.reading.accept(1)  # nobody has seen the new order yet
    assert table.calls.written == []
    table.look()
    table.reading.accept(1)
    _, decision, seen = table.calls.written[0]
    assert decision.candidate == CandidateId(item.case, item.structure, "beta")
    assert (decision.position, seen["sides"]) == (1, ["beta", "alpha"])


def test_that_a_swap_does_not_shorten_the_time_on_the_item() -> None:
    table = Table()
    table.clock.pass_by(5.0)
    table.reading.swap_sides()
    table.look()
    table.reading.accept(2)
    assert table.calls.written[0][2]["ms"] == round(1000 * (5.0 + 2 * SETTLE_S))


def test_that_the_next_item_stands_as_usual() -> None:
    table = Table()
    table.reading.swap_sides()
    table.look()
    table.reading.accept(1)
    assert table.slugs == ["alpha", "beta"]


def test_that_the_picked_candidate_is_accepted_where_it_stands() -> None:
    table = Table()
    table.reading.swap_sides()
    table.look()
    table.reading.accept_pick()
    assert (table.calls.written[0][1].position, table.calls.written[0][1].candidate.label_set) == (1, "beta")


def test_that_of_more_than_four_label_sets_four_stand_there_and_the_others_can_be_brought() -> None:
    table = Table(6)
    assert table.slugs == list(NAMES[:4])
    table.reading.page_sides(1)
    assert table.slugs == list(NAMES[2:])
    table.look()
    table.reading.accept(4)
    assert table.calls.written[0][1].candidate.label_set == "zeta"
    assert table.slugs == list(NAMES[2:])  # a choice outlives the item
    table.reading.page_sides(1)
    assert table.slugs == list(NAMES[:4])
    table.reading.page_sides(-1)
    assert table.slugs == list(NAMES[2:])
    table.reading.choose_sides(())
    assert table.slugs == list(NAMES[:4])


def test_that_what_was_taken_off_is_counted_and_comes_back_together() -> None:
    table = Table(3)
    assert table.reading.ordering.off_stage == 0
    table.reading.page_sides(1)
    assert "stand on the stage already" in table.said[-1].text
    table.reading.toggle_side(1)
    table.reading.toggle_side(2)
    assert (table.slugs, table.reading.ordering.off_stage) == (["gamma"], 2)
    table.reading.page_sides(1)
    assert (table.slugs, table.reading.ordering.off_stage) == (list(NAMES[:3]), 0)
    assert Table(6).reading.ordering.off_stage == 2


def test_that_label_sets_go_on_and_off_one_by_one_within_one_and_four() -> None:
    table = Table(6)
    table.reading.toggle_side(6)
    assert "Four label sets" in table.said[-1].text
    table.reading.toggle_side(1)
    table.reading.toggle_side(6)
    assert table.slugs == ["beta", "gamma", "delta", "zeta"]
    for number in (2, 3, 4):
        table.reading.toggle_side(number)
    assert table.slugs == ["zeta"]
    table.reading.toggle_side(6)
    assert "has to stay" in table.said[-1].text
    assert table.slugs == ["zeta"]
    table.reading.toggle_side(8)
    assert "6 label sets" in table.said[-1].text


def test_that_a_pick_that_is_not_on_the_stage_is_said_and_not_accepted() -> None:
    table = Table(6)
    table.reading.choose_sides(("gamma", "delta"))
    table.look()
    table.reading.accept_pick()
    assert table.calls.written == []
    assert "not on the stage" in table.said[-1].text


def test_that_shuffled_sides_are_the_same_whenever_one_comes_back() -> None:
    first, second = Table(shuffled=True), Table(shuffled=True)
    orders = {}
    for item in first.calls.items:
        first.reading.open_item(item)
        second.reading.open_item(item)
        orders[item] = first.slugs
        assert second.slugs == first.slugs
    assert {tuple(order) for order in orders.values()} == {("alpha", "beta"), ("beta", "alpha")}
    for item, order in orders.items():
        first.reading.open_item(item)
        assert first.slugs == order


def test_that_imposed_sides_stand_as_they_are_told() -> None:
    table = Table(shuffled=True)
    item = table.calls.items[1]
    for order in (("beta", "alpha"), ("alpha", "beta")):
        table.reading.ordering.impose(item, order)
        table.reading.open_item(item)
        assert tuple(table.slugs) == order


STEPS = st.lists(
    st.sampled_from(["swap", "next", "previous", "usual", "down", "look", *"123456", *(f"on{n}" for n in range(1, 7))]),
    max_size=25,
)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 6), st.booleans(), STEPS)
def test_that_an_accepted_position_always_names_the_candidate_on_the_screen(
    count: int, shuffled: bool, steps: list[str]
) -> None:
    table = Table(count, shuffled=shuffled)
    reading = table.reading
    act = {
        "swap": reading.swap_sides,
        "next": lambda: reading.page_sides(1),
        "previous": lambda: reading.page_sides(-1),
        "usual": lambda: reading.choose_sides(()),
        "down": lambda: reading.walk(1),
        "look": table.look,
        **{f"on{n}": lambda n=n: reading.toggle_side(n) for n in range(1, 7)},
        **{str(n): lambda n=n: reading.accept(n) for n in range(1, 7)},
    }
    for step in steps:
        if reading.finished:
            break
        shown, seen_by_eye = reading.stage.panels, reading.ready
        before = len(table.calls.written)
        assert [p.label_set.slug for p in shown] == list(reading.sides)
        assert 1 <= len(shown) <= 4
        act[step]()
        if len(table.calls.written) > before:
            _, decision, seen = table.calls.written[-1]
            assert seen_by_eye
            assert decision.candidate == shown[decision.position - 1].candidate
            assert seen["sides"][decision.position - 1] == decision.candidate.label_set


@pytest.mark.parametrize("reader", ["ann", "bob"])
def test_that_chance_is_fair_over_many_items(reader: str) -> None:
    calls = FakeCalls(cases=200)
    sides = Sides(calls.label_sets, seed="review", reader=reader, shuffled=lambda: True)
    left = sum(sides.arrange(calls.load_stage(item)).panels[0].label_set.slug == "alpha" for item in calls.items)
    assert 240 <= left <= 360
