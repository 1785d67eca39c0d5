"""From item to item: where reading begins, what comes next, and what is fetched ahead. Layer: viewmodels."""

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.repeats import Repeat
from labelcritic_gui.core.review import Status
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.calls.modes import Unfinished
from labelcritic_gui.viewmodels.reading.blinding import Blinding
from labelcritic_gui.viewmodels.reading.repeating import Repeating
from labelcritic_gui.viewmodels.reading.showing import Showing
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.worklist import Worklist

AHEAD = 3


class Walk:
    """Walks the worklist for one reader.

    Who leaves an open item to look at a decided one is expected back: when the decided item is decided again, reading
    goes on where it was left. Who goes to another open item and decides it goes on from there.
    """

    def __init__(
        self,
        calls: ReviewCalls,
        worklist: Worklist,
        runner: Runner,
        showing: Showing,
        blinding: Blinding,
        repeating: Repeating,
    ) -> None:
        self._calls = calls
        self._worklist = worklist
        self._runner = runner
        self._showing = showing
        self._blinding = blinding
        self._repeating = repeating
        self._left: ItemId | None = None
        showing.leaving.connect(self._leave)

    def start(self) -> None:
        """Fetch the list and open the item where the reader was, or the first open one."""
        self._worklist.load()
        self._runner.run(Lane.STORE, self._where_to_begin, self._begin_at)

    def _where_to_begin(self) -> ItemId | Unfinished | Repeat | None:
        """Return a commitment that was left in the middle, else the item to begin with, else what comes again."""
        unfinished = self._calls.unfinished()
        if unfinished is not None:
            return unfinished
        found = self._first_item()
        if found is not None and self._calls.item_state(found).status is Status.OPEN:
            return found
        return next(iter(self._calls.due_repeats(others_left=False)), found)

    def _begin_at(self, found: ItemId | Unfinished | Repeat | None) -> None:
        if isinstance(found, Repeat):
            self.open_repeat(found)
        elif not isinstance(found, Unfinished):
            self._start_at(found)
        elif self._showing.item is None:
            if found.repeat is not None:
                self._blinding.expect(found.repeat)
            self.open(found.item)
            self._blinding.resume(found)

    def _first_item(self) -> ItemId | None:
        here = self._calls.resume_item()
        if here is not None and self._calls.item_state(here).last is None:
            return here
        return self._calls.next_open(here) or here

    def _start_at(self, item: ItemId | None) -> None:
        if self._showing.item is None and item is not None:
            self.open(item)
        elif item is None:
            self._end()

    def _end(self) -> None:
        """Show what comes again although nothing else is left, or that nothing is."""

        def then(again: Repeat | None) -> None:
            if again is None:
                self._showing.finish()
            else:
                self.open_repeat(again)

        self._repeating.at_end(then)

    def open_repeat(self, repeat: Repeat) -> None:
        """Open an item as if it came for the first time."""
        self._blinding.expect(repeat)
        self.open(repeat.item)

    def step(self, by: int) -> ItemId | None:
        """Return the item so many rows further down the worklist, decided ones included."""
        return self._worklist.step(self._showing.item, by)

    def open(self, item: ItemId) -> None:
        """Open an item wherever it is in the worklist, and remember that the reader is there."""
        self._showing.open(item)
        self.remember(item)

    def remember(self, item: ItemId) -> None:
        """Remember where the reader is."""
        self._runner.run(Lane.DECIDE, lambda: self._calls.remember_item(item), _nothing, key="remember")

    def coming(self, item: ItemId) -> tuple[ItemId, ...]:
        """Return the items that come next, to be fetched ahead."""
        left = (self._left,) if self._left not in {None, item} else ()
        found = dict.fromkeys((self._repeating.due, *left, *self._worklist.following(item, AHEAD)))
        return tuple(i for i in found if i is not None)[:AHEAD]

    def _leave(self) -> None:
        showing = self._showing
        if showing.item is not None and showing.state_known and showing.state.status is Status.OPEN:
            self._left = showing.item

    def advance(self, item: ItemId, *, again: bool = False) -> None:
        """Go on to the next open item after one that was decided; `again`: it had been decided before."""
        back, self._left = self._left, None
        if again and back not in {None, item}:
            self._showing.unsettle()  # until it is known where to go, a key would hit the item that is left
            self._runner.run(Lane.STORE, lambda: self._still_open(back), lambda there: self._return(item, there))
            return
        self._go_on(item)

    def _still_open(self, item: ItemId | None) -> ItemId | None:
        return item if item is not None and self._calls.item_state(item).status is Status.OPEN else None

    def _return(self, item: ItemId, there: ItemId | None) -> None:
        if self._showing.item != item:  # the reader went elsewhere meanwhile
            return
        if there is not None:
            self.open(there)
            self._left = None
            return
        self._go_on(item)

    def _go_on(self, item: ItemId) -> None:
        again = self._repeating.take(item)
        if again is not None:
            self.open_repeat(again)
            return
        coming = self._worklist.following(item, 1)
        if coming:
            self.open(coming[0])
            self._left = None
            return
        self._showing.unsettle()
        self._runner.run(Lane.STORE, lambda: self._calls.next_open(item), self._elsewhere, key="advance")

    def _elsewhere(self, item: ItemId | None) -> None:
        if item is None or item == self._showing.item:
            self._end()
            return
        self.open(item)
        self._left = None


def _nothing(_: object) -> None:
    """Take a result nobody waits for."""
