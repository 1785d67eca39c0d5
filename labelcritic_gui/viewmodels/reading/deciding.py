"""The reader's word on the item on the screen: written first, then the screen moves on. Layer: viewmodels."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from psygnal import Signal

from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.review import Choice, ItemState
from labelcritic_gui.core.verdict import Outcome, Verdict
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.cards import colour_of
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.pace import Pace
from labelcritic_gui.viewmodels.reading.showing import Showing
from labelcritic_gui.viewmodels.reading.strip import Made, Strip
from labelcritic_gui.viewmodels.reading.walking import Walk
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.worklist import Worklist


class Deciding:
    """Writes decisions, undoes them, writes notes. `writing` while one is on its way to the disk."""

    activity_changed: ClassVar[Signal] = Signal()
    made_changed: ClassVar[Signal] = Signal()

    def __init__(
        self,
        calls: ReviewCalls,
        worklist: Worklist,
        runner: Runner,
        showing: Showing,
        walk: Walk,
        *,
        clock: Callable[[], float],
        seen: Callable[[], Mapping[str, Any]],
        say: Callable[[Message], None],
    ) -> None:
        self._calls = calls
        self._worklist = worklist
        self._runner = runner
        self._showing = showing
        self._walk = walk
        self._clock = clock
        self._seen = seen
        self._say = say
        self.reasons: tuple[str, ...] = ()
        self.writing = False
        self.strip = Strip()
        self.pace = Pace()
        showing.item_changed.connect(self._begin_item)

    def _begin_item(self) -> None:
        self.reasons = ()

    @property
    def ready(self) -> bool:
        """Say whether a decision key would be taken for the item on the screen."""
        return self._showing.settled and not self.writing

    def toggle_reason(self, code: str) -> None:
        """Attach a reason to the coming decision, or take it off."""
        kept = tuple(r for r in self.reasons if r != code)
        self.reasons = kept if code in self.reasons else (*self.reasons, code)
        self._showing.state_changed.emit()

    def accept(self, position: int) -> None:
        """Accept the candidate on a panel, counted from 1 as on the screen."""
        if not self._may_decide():
            return
        panels = self._showing.stage.panels if self._showing.stage else ()
        candidate = panels[position - 1].candidate if 0 < position <= len(panels) else None
        if candidate is None:
            self._say(Message(f"Panel {position} has no mask to accept.", "Press 0 if the absence is right."))
            return
        self._decide(Choice.ACCEPT, candidate=candidate, position=position)

    def accept_pick(self, verdict: Verdict | None) -> None:
        """Accept what the critic picked."""
        if not self._may_decide():
            return
        if verdict is not None and verdict.outcome is Outcome.ABSENT_RIGHT:
            self._decide(Choice.ABSENT)
            return
        pick = verdict.pick if verdict else None
        panels = self._showing.stage.panels if self._showing.stage else ()
        place = next((i for i, p in enumerate(panels, 1) if pick and p.candidate == pick), None)
        if place is None:
            self._say(Message("The critic has no pick to accept here.", "Decide with 1, 2, E, X, 0 or S."))
            return
        self._decide(Choice.ACCEPT, candidate=pick, position=place)

    def choose(self, choice: Choice) -> None:
        """Decide without a candidate: absent, edit, none or skip."""
        if self._may_decide():
            self._decide(choice)

    def _may_decide(self) -> bool:
        if self._showing.item is None:
            return False
        if self.busy():
            return False
        if self._showing.stage is None:
            self._say(Message("The picture is not here yet; that key was not taken."))
            return False
        if not self.ready:
            self._say(Message("This item has only just appeared; that key was not taken. Press it again."))
            return False
        return True

    def busy(self) -> bool:
        """Say whether a decision is being written, and tell the reader that the key was not taken."""
        if self.writing:
            self._say(Message("The last decision is still being written; that key was not taken."))
        return self.writing

    def _decide(self, choice: Choice, *, candidate: CandidateId | None = None, position: int = 0) -> None:
        item = self._showing.item
        if item is None:
            return
        reasons, seen = self.reasons, self._seen()
        self._begin_writing()
        colour = colour_of(self._calls.label_sets, candidate.label_set) if candidate else -1
        self._runner.run(
            Lane.DECIDE,
            lambda: self._calls.decide(
                item, choice, candidate=candidate, position=position, reasons=reasons, seen=seen
            ),
            lambda state: self._decided(Made(item, choice, colour), state),
            on_error=self._not_written,
        )

    def write_elsewhere(
        self,
        item: ItemId,
        choice: Choice,
        *,
        candidate: CandidateId | None = None,
        position: int = 0,
        seen: Mapping[str, Any],
        then: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Write a decision on an item that is not on the stage; `then` is told once it is on the disk."""
        self._begin_writing()
        colour = colour_of(self._calls.label_sets, candidate.label_set) if candidate else -1

        def written(state: ItemState) -> None:
            self._take(Made(item, choice, colour), state)
            then()

        def not_written(error: BaseException) -> None:
            self._end_writing()
            failed(error)

        self._runner.run(
            Lane.DECIDE,
            lambda: self._calls.decide(item, choice, candidate=candidate, position=position, reasons=(), seen=seen),
            written,
            on_error=not_written,
        )

    def _begin_writing(self) -> None:
        self.writing = True
        self.activity_changed.emit()

    def _end_writing(self) -> None:
        self.writing = False
        self.activity_changed.emit()

    def _decided(self, made: Made, state: ItemState) -> None:
        self._take(made, state)
        if made.item == self._showing.item:
            self._walk.advance(made.item)

    def _take(self, made: Made, state: ItemState) -> None:
        """Take note of a decision that is on the disk."""
        self.writing = False
        self.strip.add(made)
        self.pace.decided(self._clock())
        self._worklist.decided(made.item, state)
        self.made_changed.emit()
        self.activity_changed.emit()

    def _not_written(self, error: BaseException) -> None:
        self._end_writing()
        if not isinstance(error, UserError):
            self._say(Message("The decision was NOT written.", "The report says why; decide again.", error=True))
            raise error
        self._say(of_error(error, prefix="The decision was NOT written. "))

    def undo(self) -> None:
        """Cancel the reader's last decision and go back to its item."""
        if self.busy():
            return
        self._begin_writing()
        self._runner.run(Lane.DECIDE, self._calls.undo, self._undone, on_error=self._not_undone)

    def _undone(self, item: ItemId | None) -> None:
        self._end_writing()
        if item is None:
            self._say(Message("There is no decision of yours left to undo."))
            return
        self.strip.undone(item)
        self.pace.undone()
        self.made_changed.emit()
        self._worklist.refresh((item,))
        self._showing.open(item)
        self._say(Message(f"Undone: {item}."))

    def _not_undone(self, error: BaseException) -> None:
        self._end_writing()
        if not isinstance(error, UserError):
            raise error
        self._say(of_error(error, prefix="Nothing was undone. "))

    def set_note(self, text: str) -> None:
        """Write the item's note, if it changed."""
        item = self._showing.item
        if item is None or text == self._showing.state.note:
            return
        self._runner.run(Lane.DECIDE, lambda: self._calls.set_note(item, text), lambda state: self._noted(item, state))

    def _noted(self, item: ItemId, state: ItemState) -> None:
        if item == self._showing.item:
            self._showing.show_state(state)
        self._worklist.refresh((item,))
