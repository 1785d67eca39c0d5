"""From item to item: where reading begins, what comes next, and what is fetched ahead. Layer: viewmodels."""

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.reading.showing import Showing
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.worklist import Worklist

AHEAD = 3


class Walk:
    """Walks the worklist for one reader."""

    def __init__(self, calls: ReviewCalls, worklist: Worklist, runner: Runner, showing: Showing) -> None:
        self._calls = calls
        self._worklist = worklist
        self._runner = runner
        self._showing = showing

    def start(self) -> None:
        """Fetch the list and open the item where the reader was, or the first open one."""
        self._worklist.load()
        self._runner.run(Lane.STORE, self._first_item, self._start_at)

    def _first_item(self) -> ItemId | None:
        here = self._calls.resume_item()
        if here is not None and self._calls.item_state(here).last is None:
            return here
        return self._calls.next_open(here) or here

    def _start_at(self, item: ItemId | None) -> None:
        if self._showing.item is None and item is not None:
            self._showing.open(item)
        elif item is None:
            self._showing.finish()

    def step(self, by: int) -> ItemId | None:
        """Return the item so many rows further down the worklist, decided ones included."""
        return self._worklist.step(self._showing.item, by)

    def go_to(self, item: ItemId) -> None:
        """Open an item wherever it is in the worklist, and remember that the reader is there."""
        self._showing.open(item)
        self.remember(item)

    def remember(self, item: ItemId) -> None:
        """Remember where the reader is."""
        self._runner.run(Lane.DECIDE, lambda: self._calls.remember_item(item), _nothing, key="remember")

    def coming(self, item: ItemId) -> tuple[ItemId, ...]:
        """Return the items that come next, to be fetched ahead."""
        return self._worklist.following(item, AHEAD)

    def advance(self, item: ItemId) -> None:
        """Go on to the next open item after one that was decided."""
        coming = self._worklist.following(item, 1)
        if coming:
            self._showing.open(coming[0])
            return
        self._runner.run(Lane.STORE, lambda: self._calls.next_open(item), self._elsewhere, key="advance")

    def _elsewhere(self, item: ItemId | None) -> None:
        if item is None or item == self._showing.item:
            self._showing.finish()
            return
        self._showing.open(item)


def _nothing(_: object) -> None:
    """Take a result nobody waits for."""
