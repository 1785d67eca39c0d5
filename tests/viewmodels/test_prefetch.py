"""The shelf of stages: what is kept, what goes, and what never exceeds the budget."""

from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.services.comparison import Stage
from labelcritic_gui.viewmodels.prefetch import StageShelf, stage_arrays
from labelcritic_gui.viewmodels.runner import InlineRunner, Job, Lane
from tests.viewmodels.fakes import FakeCalls, HeldRunner

ITEMS = FakeCalls(cases=4).items
SIZE = sum(array.nbytes for array in stage_arrays(FakeCalls(cases=4).load_stage(ITEMS[0])))


class Desk:
    """A shelf, and what it showed."""

    def __init__(self, *, stages: float, runner: InlineRunner | HeldRunner | None = None) -> None:
        self.calls = FakeCalls(cases=4)
        self.runner = runner or InlineRunner()
        self.shelf = StageShelf(self.calls, self.runner, budget=int(stages * SIZE))
        self.shown: list[ItemId] = []

    def show(self, number: int) -> None:
        self.shelf.fetch(ITEMS[number], self._showed, lambda item, error: None)

    def _showed(self, stage: Stage) -> None:
        self.shown.append(stage.item)


def test_that_a_prefetched_stage_is_not_loaded_again() -> None:
    desk = Desk(stages=10)
    desk.show(0)
    desk.shelf.prefetch(ITEMS[1:4])
    desk.show(1)
    assert desk.shown == ITEMS[:2]
    assert desk.calls.loaded == ITEMS[:4]


def test_that_prefetched_stages_are_dropped_when_the_reader_goes_elsewhere() -> None:
    desk = Desk(stages=20)
    desk.show(0)
    desk.shelf.prefetch(ITEMS[1:4])
    assert desk.shelf.held == 4 * SIZE
    desk.show(9)
    assert desk.shelf.held == 2 * SIZE  # the two that were on the screen


def test_that_prefetched_stages_stay_while_the_reader_walks_on() -> None:
    desk = Desk(stages=20)
    desk.show(0)
    desk.shelf.prefetch(ITEMS[1:4])
    desk.show(1)
    desk.shelf.prefetch(ITEMS[2:5])
    desk.show(2)
    assert desk.calls.loaded == ITEMS[:5]


def test_that_a_stage_that_is_being_loaded_stops_when_the_reader_goes_elsewhere() -> None:
    desk = Desk(stages=20)
    load, stopped = desk.calls.load_stage, []

    def slow(item: ItemId, cancel: Job) -> Stage:
        if item == ITEMS[0]:
            desk.show(9)
            stopped.append(cancel.is_set())
        return load(item, cancel)

    desk.calls.load_stage = slow
    desk.shelf = StageShelf(desk.calls, desk.runner)
    desk.show(0)
    assert stopped == [True]
    assert desk.shown == [ITEMS[9]]
    assert ITEMS[0] not in desk.shelf


def test_that_the_stage_shown_longest_ago_goes_first() -> None:
    desk = Desk(stages=3)
    for number in (0, 1, 2, 0, 3):
        desk.show(number)
    desk.calls.loaded.clear()
    desk.show(0)
    assert desk.calls.loaded == []
    desk.show(1)
    assert desk.calls.loaded == [ITEMS[1]]


def test_that_prefetching_never_drops_the_stage_on_the_screen_nor_exceeds_the_budget() -> None:
    desk = Desk(stages=2.5)
    desk.show(0)
    desk.shelf.prefetch(ITEMS[1:6])
    assert desk.shelf.held == 2 * SIZE
    desk.calls.loaded.clear()
    desk.show(0)
    desk.show(1)
    assert desk.calls.loaded == []


def test_that_a_stage_larger_than_the_budget_is_still_shown() -> None:
    desk = Desk(stages=0.1)
    desk.show(0)
    desk.shelf.prefetch(ITEMS[1:4])
    desk.show(1)
    assert desk.shown == ITEMS[:2]
    assert desk.calls.loaded == ITEMS[:2]  # nothing was fetched ahead for nothing


def test_that_a_prefetch_that_comes_after_the_reader_went_elsewhere_is_not_kept() -> None:
    runner = HeldRunner()
    desk = Desk(stages=20, runner=runner)
    desk.show(0)
    runner.settle()
    desk.shelf.prefetch(ITEMS[1:2])
    (waiting,) = runner.waiting
    stage = waiting[1]()  # loaded while still wanted
    runner.waiting.clear()
    desk.show(9)
    waiting[2](stage)  # and delivered too late
    runner.go(Lane.CPU)
    assert desk.shown == [ITEMS[0], ITEMS[9]]
    assert desk.shelf.held == 2 * SIZE


STEPS = st.lists(st.tuples(st.sampled_from(["show", "prefetch", "forget", "settle"]), st.integers(0, 11)), max_size=40)


@given(STEPS, st.floats(0.2, 6), st.booleans())
def test_that_no_walk_exceeds_the_budget_by_more_than_the_stage_on_the_screen(
    steps: list[tuple[str, int]], stages: float, held: bool
) -> None:
    runner = HeldRunner()
    desk = Desk(stages=stages, runner=runner if held else InlineRunner())
    last = None
    for step, number in steps:
        if step == "show":
            desk.show(number)
            last = ITEMS[number]
        elif step == "prefetch":
            desk.shelf.prefetch(ITEMS[number + 1 : number + 4])
        elif step == "forget":
            desk.shelf.forget(ITEMS[number])
        else:
            runner.settle()
        assert desk.shelf.held <= max(desk.shelf.budget, SIZE)
    runner.settle()
    assert last is None or desk.shown[-1] == last
