"""What a reading asks about how it is read: the mode, reveals, hidden repeats, the ledger. Layer: viewmodels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from labelcritic_gui.core.blinding import said_of
from labelcritic_gui.core.cancel import Cancel, Progress
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.repeats import Repeat
from labelcritic_gui.core.review import Choice
from labelcritic_gui.services import modes, repeats
from labelcritic_gui.services.modes import Revealed
from labelcritic_gui.services.repeats import RepeatBook
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.viewmodels.calls.bound import Bound

if TYPE_CHECKING:  # what is not needed to open a review is imported when it is asked for
    from labelcritic_gui.services.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A commitment that its reader has not left yet: what was said, and of which repeat it is the answer."""

    item: ItemId
    choice: Choice
    label_set: str
    position: int
    repeat: Repeat | None


class ModeCalls(Protocol):
    """What a reading asks about how it is read."""

    @property
    def reader(self) -> str:
        """Under which name the reader decides."""

    @property
    def seed(self) -> str:
        """What sides are shuffled by."""

    @property
    def repeats(self) -> float:
        """The share of items that come again."""

    def reveal(self, item: ItemId, seen: Mapping[str, Any]) -> Revealed | None:
        """Write that the verdict on the reader's commitment is shown; None when the critic was silent. Lane DECIDE."""

    def unfinished(self) -> Unfinished | None:
        """Return the commitment that the reader has not left yet. Lane STORE."""

    def due_repeats(self, *, others_left: bool) -> tuple[Repeat, ...]:
        """Return what may come again now, first what waits longest. Lane STORE."""

    def undone_repeat(self) -> Repeat | None:
        """Return the repeat whose answer is what the reader undid last, or None. Lane DECIDE."""

    def disguise(self, item: ItemId | None) -> None:
        """List an item as if nobody had decided it, as long as it is on the stage again. Any thread."""

    def change_mode(self, mode: str, repeats: float) -> None:
        """Have the review read otherwise; the review is opened anew after it. Raises UserError. Lane DECIDE."""

    def ledger(self, cancel: Cancel, progress: Progress) -> "Ledger":
        """Count what the journal says of every reader. Lane CPU."""


class Moded(Bound):
    """The real thing."""

    def __init__(self, opened: OpenReview, reader: str) -> None:
        super().__init__(opened, reader)
        self._book = RepeatBook(opened, self._reader)
        self._disguised: ItemId | None = None

    @property
    def reader(self) -> str:
        """Under which name the reader decides."""
        return self._reader

    @property
    def seed(self) -> str:
        """What sides are shuffled by."""
        return self._review.file.seed or self._review.title

    @property
    def repeats(self) -> float:
        """The share of items that come again."""
        return self._review.file.repeats

    def reveal(self, item: ItemId, seen: Mapping[str, Any]) -> Revealed | None:
        """Write that the verdict on the reader's commitment is shown."""
        return modes.reveal(self._review, self._reader, item, seen=seen)

    def unfinished(self) -> Unfinished | None:
        """Return the commitment that the reader has not left yet."""
        event = modes.unfinished(self._review, self._reader)
        if event is None or event.item is None:
            return None
        choice, label_set = said_of(event)
        return Unfinished(event.item, choice, label_set, event.payload.get("position", 0), repeats.repeat_of(event))

    def due_repeats(self, *, others_left: bool) -> tuple[Repeat, ...]:
        """Return what may come again now, first what waits longest."""
        return self._book.due(others_left=others_left)

    def undone_repeat(self) -> Repeat | None:
        """Return the repeat whose answer is what the reader undid last, or None."""
        return repeats.undone_repeat(self._review, self._reader)

    def disguise(self, item: ItemId | None) -> None:
        """List an item as if nobody had decided it."""
        self._disguised = item

    def change_mode(self, mode: str, repeats: float) -> None:
        """Have the review read otherwise."""
        modes.change_mode(self._review, self._reader, mode=mode, repeats=repeats)

    def ledger(self, cancel: Cancel, progress: Progress) -> "Ledger":
        """Count what the journal says of every reader."""
        from labelcritic_gui.services.ledger import ledger

        return ledger(self._review, cancel=cancel, progress=progress)
