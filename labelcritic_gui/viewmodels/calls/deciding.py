"""What a reading asks about decisions: writing, undoing, noting, and where the reader is. Layer: viewmodels."""

from collections.abc import Mapping
from typing import Any, Protocol

from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.review import Choice, ItemState, Remarks, Standing
from labelcritic_gui.services import review, summaries
from labelcritic_gui.viewmodels.calls.bound import Bound


class DecidingCalls(Protocol):
    """What a reading asks about decisions: writing, undoing, noting, and where the reader is."""

    def decide(
        self,
        item: ItemId,
        choice: Choice,
        *,
        candidate: CandidateId | None = None,
        position: int = 0,
        remarks: Remarks | None = None,
        repeat_of: str = "",
        seen: Mapping[str, Any],
    ) -> ItemState:
        """Write a decision, or the answer to a repeat of one; it is durable on return. Lane DECIDE."""

    def undo(self, seen: Mapping[str, Any]) -> ItemId | None:
        """Cancel the reader's last decision. Lane DECIDE."""

    def redo(self, seen: Mapping[str, Any]) -> tuple[ItemId, ItemState] | None:
        """Do again what the reader undid last; None when nothing can be redone. Lane DECIDE."""

    def set_note(self, item: ItemId, text: str, seen: Mapping[str, Any]) -> ItemState:
        """Write the note of an item. Lane DECIDE."""

    def last_decisions(self, limit: int) -> tuple[tuple[ItemId, Standing], ...]:
        """Return the reader's latest decisions that stand, oldest first. Lane STORE."""

    def item_state(self, item: ItemId) -> ItemState:
        """Return where an item stands. Lane STORE."""

    def resume_item(self) -> ItemId | None:
        """Return where the reader was. Lane STORE."""

    def remember_item(self, item: ItemId) -> None:
        """Remember where the reader is. Lane DECIDE."""


class Deciding(Bound):
    """The real thing."""

    def decide(
        self,
        item: ItemId,
        choice: Choice,
        *,
        candidate: CandidateId | None = None,
        position: int = 0,
        remarks: Remarks | None = None,
        repeat_of: str = "",
        seen: Mapping[str, Any],
    ) -> ItemState:
        """Write a decision; it is durable on return."""
        return review.decide(
            self._review,
            self._reader,
            item,
            choice,
            candidate=candidate,
            position=position,
            remarks=remarks,
            repeat_of=repeat_of,
            seen=seen,
        )

    def undo(self, seen: Mapping[str, Any]) -> ItemId | None:
        """Cancel the reader's last decision."""
        item = review.undo(self._review, self._reader, seen=seen)
        if item is not None:
            summaries.renew_summary(self._review, item)
        return item

    def redo(self, seen: Mapping[str, Any]) -> tuple[ItemId, ItemState] | None:
        """Do again what the reader undid last."""
        found = review.redo(self._review, self._reader, seen=seen)
        if found is not None:
            summaries.renew_summary(self._review, found[0])
        return found

    def set_note(self, item: ItemId, text: str, seen: Mapping[str, Any]) -> ItemState:
        """Write the note of an item."""
        return review.set_note(self._review, self._reader, item, text, seen=seen)

    def last_decisions(self, limit: int) -> tuple[tuple[ItemId, Standing], ...]:
        """Return the reader's latest decisions that stand, oldest first."""
        return review.last_decisions(self._review, self._reader, limit)

    def item_state(self, item: ItemId) -> ItemState:
        """Return where an item stands."""
        return review.item_state(self._review, item)

    def resume_item(self) -> ItemId | None:
        """Return where the reader was."""
        return review.resume_item(self._review, self._reader)

    def remember_item(self, item: ItemId) -> None:
        """Remember where the reader is."""
        review.remember_item(self._review, self._reader, item)
