"""The reader's word on the item on the screen: written first, then the screen moves on. Layer: viewmodels."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from psygnal import Signal

from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.patchwork.recipe import Recipe
from labelcritic_gui.core.repeats import Repeat
from labelcritic_gui.core.review import Choice, Decision, ItemState, Standing
from labelcritic_gui.core.verdict import Outcome, Verdict
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.pace import Pace, PauseHint
from labelcritic_gui.viewmodels.reading.blinding import Blinding, Word
from labelcritic_gui.viewmodels.reading.habits import Habits
from labelcritic_gui.viewmodels.reading.remarks import Remarking
from labelcritic_gui.viewmodels.reading.showing import Showing
from labelcritic_gui.viewmodels.reading.strip import STRIP, Strip, made_here
from labelcritic_gui.viewmodels.reading.walking import Walk
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.worklist import Worklist

_REFILL = 6 * STRIP
_UNSEEN = frozenset({Choice.UNJUDGED, Choice.EDIT, Choice.SKIP})
"""What can be said of an item whose picture cannot be shown."""


class Deciding:
    """Writes decisions, undoes them and does them again. `writing` while one is on its way to the disk."""

    activity_changed: ClassVar[Signal] = Signal()
    made_changed: ClassVar[Signal] = Signal()

    def __init__(
        self,
        calls: ReviewCalls,
        worklist: Worklist,
        runner: Runner,
        showing: Showing,
        walk: Walk,
        blinding: Blinding,
        *,
        clock: Callable[[], float],
        habits: Callable[[], Habits],
        seen: Callable[[], Mapping[str, Any]],
        say: Callable[[Message], None],
    ) -> None:
        self._calls = calls
        self._worklist = worklist
        self._runner = runner
        self._showing = showing
        self._walk = walk
        self._blinding = blinding
        self._clock = clock
        self._habits = habits
        self._seen = seen
        self._say = say
        self.writing = False
        self._again = False
        self.remarking = Remarking()
        self.strip = Strip(calls.label_sets, by_place=blinding.mode.hides)
        self.pace = Pace()
        self._pause = PauseHint()
        showing.leaving.connect(self._leave_item)
        showing.state_changed.connect(self._recall)

    def start(self) -> None:
        """Fetch the last decisions from the journal."""
        self._runner.run(Lane.STORE, lambda: self._calls.last_decisions(_REFILL), self._refill)

    def _refill(self, found: Any) -> None:
        self.strip.refill(found)
        self.made_changed.emit()

    def _leave_item(self) -> None:
        if self._showing.item is not None and self.remarking.changed:
            text = tr("The reasons on {item} were not kept.").format(item=self._showing.item)
            self._say(Message(text, tr("They are kept with a decision.")))
        self.remarking.begin()

    def _recall(self) -> None:
        last = self._showing.state.last
        if last is not None:
            self.remarking.restore(last.decision.remarks)

    @property
    def ready(self) -> bool:
        """Say whether a decision key would be taken for the item on the screen."""
        return self._showing.settled and not self.writing and not self._blinding.waits_for_state

    # --- the word ------------------------------------------------------------------------------------------------

    def accept(self, position: int) -> None:
        """Accept the candidate on a panel, counted from 1 as on the screen."""
        if not self._may_decide():
            return
        panels = self._showing.stage.panels if self._showing.stage else ()
        candidate = panels[position - 1].candidate if 0 < position <= len(panels) else None
        if candidate is None:
            text = tr("Panel {n} has no mask to accept.").format(n=position)
            self._say(Message(text, tr("Press 0 if the absence is right.")))
            return
        self._decide(Choice.ACCEPT, candidate=candidate, position=position)

    def accept_pick(self, verdict: Verdict | None) -> None:
        """Accept what the critic picked; `verdict` is what the reader can see of it."""
        if not self._may_decide():
            return
        if self._blinding.revealed is not None:
            self._keep()
            return
        if verdict is not None and verdict.outcome is Outcome.ABSENT_RIGHT:
            self._decide(Choice.ABSENT)
            return
        pick = verdict.pick if verdict else None
        panels = self._showing.stage.panels if self._showing.stage else ()
        place = next((i for i, p in enumerate(panels, 1) if pick and p.candidate == pick), None)
        if pick is not None and place is None:
            text = tr("The critic's pick, {name}, is not on the stage.").format(name=pick.label_set)
            self._say(Message(text, tr("F9 brings other label sets there.")))
            return
        if place is None:
            hint = tr("Decide with 1, 2, E, X, 0, U or S.")
            self._say(Message(tr("The critic has no pick to accept here."), hint))
            return
        self._decide(Choice.ACCEPT, candidate=pick, position=place)

    def choose(self, choice: Choice) -> None:
        """Decide without a candidate: absent, edit, none, skip, or cannot judge."""
        if self._may_decide(unseen=choice in _UNSEEN):
            self._decide(choice)

    def _may_decide(self, *, unseen: bool = False) -> bool:
        if self._showing.item is None or self.busy():
            return False
        if unseen and self._showing.failure_seen:
            return True
        if self._showing.failure is not None:
            text = tr("There is no picture to decide by; that key was not taken.")
            self._say(Message(text, tr("U says that it cannot be judged, E queues it for editing, S skips it.")))
            return False
        if self._showing.stage is None:
            self._say(Message(tr("The picture is not here yet; that key was not taken.")))
            return False
        if not self.ready:
            self._say(Message(tr("This item has only just appeared; that key was not taken. Press it again.")))
            return False
        return True

    def busy(self) -> bool:
        """Say whether a decision is being written, and tell the reader that the key was not taken."""
        if self.writing:
            self._say(Message(tr("The last decision is still being written; that key was not taken.")))
        return self.writing

    # --- writing it ----------------------------------------------------------------------------------------------

    def _decide(self, choice: Choice, *, candidate: CandidateId | None = None, position: int = 0) -> None:
        item, blinding = self._showing.item, self._blinding
        if item is None:
            return
        if blinding.keeps(choice, candidate):
            self._keep()
            return
        remarks, seen = self.remarking.remarks, {**self._seen(), **blinding.phase(choice)}
        again, commits = self._showing.state.last is not None, blinding.commits(choice)
        self._again = again or (blinding.revealed is not None and self._again)
        repeat_of = blinding.repeat.of if blinding.repeat is not None else ""
        said = Decision(choice, candidate, position=position) if repeat_of else None
        word = Word(choice, candidate.label_set if candidate else "", position) if commits else None
        self._begin_writing()
        self._runner.run(
            Lane.DECIDE,
            lambda: self._calls.decide(
                item, choice, candidate=candidate, position=position, remarks=remarks, repeat_of=repeat_of, seen=seen
            ),
            lambda state: self._decided(item, state, again=again, said=said, commitment=word),
            on_error=self._not_written,
        )

    def _decided(
        self,
        item: ItemId,
        state: ItemState,
        *,
        again: bool,
        said: Decision | None = None,
        commitment: Word | None = None,
    ) -> None:
        """Go on after a word that is on the disk; after a commitment, its verdict comes first."""
        self._take(item, state, said=said)
        if item != self._showing.item:
            return
        if commitment is None:
            self._move_on(item, state, again=again)
            return
        self._begin_writing()
        self._blinding.reveal(commitment, lambda: self._move_on(item, state, again=again), self._end_writing)

    def _keep(self) -> None:
        """Keep what was said before the verdict, and go on."""
        item = self._showing.item
        if item is not None:
            self.remarking.begin()
            self._walk.advance(item, again=self._again)

    def make(self, recipe: Recipe, position: int, then: Callable[[ItemId], None]) -> None:
        """Make a version by a recipe and accept it: one decision; `then` is told of it before the screen moves on."""
        item = self._showing.item
        if item is None or not self._may_decide():
            return
        blinding = self._blinding
        remarks, seen = self.remarking.remarks, {**self._seen(), **blinding.phase(Choice.ACCEPT)}
        # a mask that was made is kept, also on a hidden repeat: work is never lost, and it is no answer to the repeat
        again = self._showing.state.last is not None
        word = Word(Choice.ACCEPT, position=position) if blinding.commits(Choice.ACCEPT) else None
        self._begin_writing()

        def made(state: ItemState) -> None:
            then(item)
            self._decided(item, state, again=again, commitment=word)

        self._runner.run(
            Lane.DECIDE,
            lambda: self._calls.make_and_accept(recipe, position=position, remarks=remarks, seen=seen),
            made,
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

        def written(state: ItemState) -> None:
            self._take(item, state)
            then()

        def not_written(error: BaseException) -> None:
            self._end_writing()
            failed(error)

        self._runner.run(
            Lane.DECIDE,
            lambda: self._calls.decide(item, choice, candidate=candidate, position=position, seen=seen),
            written,
            on_error=not_written,
        )

    def _begin_writing(self) -> None:
        self.writing = True
        self.activity_changed.emit()

    def _end_writing(self) -> None:
        self.writing = False
        self.activity_changed.emit()

    def _move_on(self, item: ItemId, state: ItemState, *, again: bool) -> None:
        self.remarking.begin()
        if self._habits().auto_advance:
            self._walk.advance(item, again=again)
        else:
            self._showing.show_state(state)

    def _take(self, item: ItemId, state: ItemState, *, said: Decision | None = None) -> None:
        """Take note of a decision that is on the disk; of the answer to a repeat, what it said."""
        self.writing = False
        if said is not None:
            self.strip.add(item, Standing("", self._calls.reader, "", said))
        elif state.last is not None:
            self.strip.add(item, state.last)
        now = self._clock()
        if self._blinding.revealed is None:  # a change of mind is no item of its own
            self.pace.decided(now)
        self._worklist.decided(item, state)
        self.made_changed.emit()
        self.activity_changed.emit()
        minutes = self._pause.due(now, self._habits().pause_after_min)
        if minutes:
            text = tr("You have been reading for {n} minutes.").format(n=minutes)
            self._say(Message(text, tr("A short break rests the eyes.")))

    def _not_written(self, error: BaseException) -> None:
        self._end_writing()
        if not isinstance(error, UserError):
            text = tr("The decision was NOT written.")
            self._say(Message(text, tr("The report says why; decide again."), error=True))
            raise error
        self._say(of_error(error, prefix=tr("The decision was NOT written.") + " "))

    # --- back and forth ------------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Cancel the reader's last decision and go back to its item."""
        if self.busy():
            return
        self._begin_writing()
        seen = self._seen()

        def undo() -> tuple[ItemId | None, Repeat | None]:
            item = self._calls.undo(seen)
            return item, self._calls.undone_repeat() if item is not None else None

        self._runner.run(Lane.DECIDE, undo, lambda found: self._undone(*found), on_error=self._not_undone)

    def _undone(self, item: ItemId | None, repeat: Repeat | None) -> None:
        self._end_writing()
        if item is None:
            self._say(Message(tr("There is no decision of yours left to undo.")))
            return
        if self.strip.undone(item):
            self._showing.shelf.forget(item)
        self.pace.undone()
        self.made_changed.emit()
        self._worklist.refresh((item,))
        if repeat is not None:
            self._walk.open_repeat(repeat)
        else:
            self._walk.open(item)
        self._say(Message(tr("Undone: {item}.").format(item=item)))

    def _not_undone(self, error: BaseException) -> None:
        self._end_writing()
        if not isinstance(error, UserError):
            raise error
        self._say(of_error(error, prefix=tr("Nothing was undone.") + " "))

    def redo(self) -> None:
        """Decide again, as it was, what the reader undid last; from its item reading goes on as after a decision."""
        if self.busy():
            return
        self._begin_writing()
        seen = self._seen()
        self._runner.run(Lane.DECIDE, lambda: self._calls.redo(seen), self._redone, on_error=self._not_redone)

    def _redone(self, found: tuple[ItemId, ItemState] | None) -> None:
        if found is None:
            self._end_writing()
            self._say(Message(tr("There is nothing left to do again."), tr("A new decision leaves nothing to redo.")))
            return
        item, state = found
        self._take(item, state)
        if made_here(state):
            self._showing.shelf.forget(item)
        if item == self._showing.item:
            self._move_on(item, state, again=len(state.standing) > 1)
        self._say(Message(tr("Done again: {item}.").format(item=item)))

    def _not_redone(self, error: BaseException) -> None:
        self._end_writing()
        if not isinstance(error, UserError):
            raise error
        self._say(of_error(error, prefix=tr("Nothing was done again.") + " "))
