"""The note of the item on the screen: written when it is finished, and kept when one leaves in the middle of it.

Layer: viewmodels.
"""

from collections.abc import Callable, Mapping
from typing import Any

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.review import ItemState
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.reading.showing import Showing
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.worklist import Worklist


class Noting:
    """Keeps notes. `draft` is what is being written and not yet on its way to the disk.

    A note that could not be written stays with its item: it is there again when the reader comes back, and is written
    when the item is left the next time.
    """

    def __init__(
        self,
        calls: ReviewCalls,
        worklist: Worklist,
        runner: Runner,
        showing: Showing,
        *,
        seen: Callable[[], Mapping[str, Any]],
        say: Callable[[Message], None],
    ) -> None:
        self._calls = calls
        self._worklist = worklist
        self._runner = runner
        self._showing = showing
        self._seen = seen
        self._say = say
        self.draft: str | None = None
        self._unwritten: dict[ItemId, str] = {}
        showing.leaving.connect(self.keep)
        showing.item_changed.connect(self._recall)

    @property
    def text(self) -> str:
        """The note of the item on the screen, also when it is not on the disk."""
        item = self._showing.item
        note = self._showing.state.note
        return self._unwritten.get(item, note) if item is not None else note

    def _recall(self) -> None:
        item = self._showing.item
        self.draft = self._unwritten.get(item) if item is not None else None

    def write(self, text: str) -> None:
        """Take note of what is being written; it is kept when the item is left."""
        self.draft = text if self._showing.item is not None else None

    def keep(self) -> None:
        """Write what is being written."""
        if self.draft is not None:
            self.set(self.draft)

    def set(self, text: str) -> None:
        """Write the item's note, if it changed."""
        self.draft = None
        item, note = self._showing.item, text.strip()
        if item is None or note == self._showing.state.note or self._showing.veil.takes_note(note):
            if item is not None:
                self._unwritten.pop(item, None)
            return
        seen = self._seen()
        self._runner.run(
            Lane.DECIDE,
            lambda: self._calls.set_note(item, note, seen),
            lambda state: self._noted(item, state),
            on_error=lambda error: self._not_noted(item, note, error),
        )

    def _noted(self, item: ItemId, state: ItemState) -> None:
        self._unwritten.pop(item, None)
        if item == self._showing.item:
            self._showing.show_state(state)
        self._worklist.refresh((item,))

    def _not_noted(self, item: ItemId, note: str, error: BaseException) -> None:
        self._unwritten[item] = note
        if item == self._showing.item and self.draft is None:
            self.draft = note
        prefix = tr("The note on {item} was NOT written.").format(item=item)
        if not isinstance(error, UserError):
            self._say(Message(prefix, tr("The report says why."), error=True))
            raise error
        self._say(of_error(error, prefix=prefix + " "))
