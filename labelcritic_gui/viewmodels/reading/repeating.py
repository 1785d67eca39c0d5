"""When an item comes again: looked up while the one before it is on the screen, so that nobody waits for it.

Layer: viewmodels.
"""

from collections.abc import Callable

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.repeats import Repeat
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.worklist import Worklist


class Repeating:
    """Knows which hidden repeat is due, if any. Within a filtered list, only its own items come again."""

    def __init__(self, calls: ReviewCalls, worklist: Worklist, runner: Runner) -> None:
        self._calls = calls
        self._worklist = worklist
        self._runner = runner
        self._due: Repeat | None = None

    @property
    def active(self) -> bool:
        """Say whether items come again in this review."""
        return self._calls.repeats > 0

    @property
    def due(self) -> ItemId | None:
        """The item that comes again next, to be fetched ahead."""
        return self._due.item if self._due is not None else None

    def look(self, found: Callable[[], None]) -> None:
        """Look up what is due; `found` is told when something is."""
        self._due = None
        if not self.active:
            return

        def take(due: tuple[Repeat, ...]) -> None:
            self._due = next((one for one in due if self._worklist.index_of(one.item) is not None), None)
            if self._due is not None:
                found()

        self._runner.run(Lane.STORE, lambda: self._calls.due_repeats(others_left=True), take, key="repeat")

    def take(self, after: ItemId) -> Repeat | None:
        """Return what comes again now, after an item that was decided; None when nothing does."""
        due, self._due = self._due, None
        return due if due is not None and due.item != after else None

    def at_end(self, then: Callable[[Repeat | None], None]) -> None:
        """Look up what comes again when no other item is left."""
        if not self.active:
            then(None)
            return
        self._runner.run(
            Lane.STORE,
            lambda: self._calls.due_repeats(others_left=False),
            lambda due: then(next(iter(due), None)),
            key="advance",
        )
