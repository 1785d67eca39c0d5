"""The reading: one item on the stage, its opinions, the reader's word, and the next one ready. Layer: viewmodels."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from psygnal import Signal

from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.review import Choice, ItemState
from labelcritic_gui.core.verdict import Outcome, Verdict
from labelcritic_gui.services.comparison import Opinions, Stage
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.cards import colour_of
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.opinions import CaseOpinions
from labelcritic_gui.viewmodels.pace import Pace
from labelcritic_gui.viewmodels.prefetch import BUDGET, StageShelf
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.worklist import Worklist

SETTLE_S = 0.15
"""No eye judges a picture faster than this, in seconds: an earlier decision key was meant for the item before."""
AHEAD = 3
STRIP = 10


@dataclass(frozen=True, slots=True)
class Made:
    """A decision as the strip of the last ten shows it. `colour` is the accepted label set's index, or -1."""

    item: ItemId
    choice: Choice
    colour: int


class Reading:
    """Walks the worklist item by item. All methods and signals belong to the GUI thread."""

    item_changed: ClassVar[Signal] = Signal()
    stage_changed: ClassVar[Signal] = Signal()
    opinions_changed: ClassVar[Signal] = Signal()
    state_changed: ClassVar[Signal] = Signal()
    activity_changed: ClassVar[Signal] = Signal()
    made_changed: ClassVar[Signal] = Signal()
    said: ClassVar[Signal] = Signal(Message)

    def __init__(
        self,
        calls: ReviewCalls,
        worklist: Worklist,
        runner: Runner,
        *,
        clock: Callable[[], float] = time.monotonic,
        view: Callable[[], Mapping[str, Any]] = dict,
        budget: int = BUDGET,
    ) -> None:
        self.calls = calls
        self.worklist = worklist
        self._runner = runner
        self._clock = clock
        self._view = view
        self.item: ItemId | None = None
        self.stage: Stage | None = None
        self.failure: Message | None = None
        self.opinions: Opinions | None = None
        self.state = ItemState()
        self.reasons: tuple[str, ...] = ()
        self.finished = False
        self.writing = False
        self.made: deque[Made] = deque(maxlen=STRIP)
        self.pace = Pace()
        self._shown_at: float | None = None
        self._shelf = StageShelf(calls, runner, budget=budget)
        self.critic = CaseOpinions(calls, runner, self._opinions_arrived, self.said.emit, clock=clock)

    # --- walking -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Fetch the list and open the item where the reader was, or the first open one."""
        self.worklist.load()
        self._runner.run(Lane.STORE, self._first_item, self._start_at)

    def _first_item(self) -> ItemId | None:
        here = self.calls.resume_item()
        if here is not None and self.calls.item_state(here).last is None:
            return here
        return self.calls.next_open(here) or here

    def _start_at(self, item: ItemId | None) -> None:
        if self.item is None and item is not None:
            self.open_item(item)
        elif item is None:
            self._finish()

    def open_item(self, item: ItemId) -> None:
        """Show an item; a newer request supersedes this one."""
        self.item = item
        self.stage = None
        self.failure = None
        self.opinions = None
        self.state = ItemState()
        self.reasons = ()
        self.finished = False
        self._shown_at = None
        self.item_changed.emit()
        self._shelf.fetch(item, self._show_stage, self._stage_failed)
        self._runner.run(Lane.STORE, lambda: self.calls.load_opinions(item), self._show_opinions, key="opinions")
        self._runner.run(Lane.STORE, lambda: self.calls.item_state(item), self._show_state, key="state")

    def walk(self, by: int) -> None:
        """Go up or down the worklist, decided items included."""
        there = self.worklist.step(self.item, by)
        if there is not None:
            self.go_to(there)

    def go_to(self, item: ItemId) -> bool:
        """Open an item wherever it is in the worklist; say whether that could be done now."""
        if self.writing:
            return False
        self.open_item(item)
        self._runner.run(Lane.DECIDE, lambda: self.calls.remember_item(item), _nothing, key="remember")
        return True

    def _show_stage(self, stage: Stage) -> None:
        if stage.item != self.item:
            return
        self.stage = stage
        self.stage_changed.emit()
        coming = self.worklist.following(stage.item, AHEAD)
        self._shelf.prefetch(coming)
        self.critic.want(stage.item.case, *(item.case for item in coming))

    def _stage_failed(self, item: ItemId, error: BaseException) -> None:
        if item != self.item:
            return
        if not isinstance(error, UserError):
            self.failure = Message("This item could not be shown.", "The report says why.", error=True)
            self.stage_changed.emit()
            raise error
        self.failure = of_error(error)
        self.stage_changed.emit()

    def reload(self) -> None:
        """Load the item anew after a failure."""
        if self.item is not None:
            self._shelf.forget(self.item)
            self.open_item(self.item)

    def painted(self) -> None:
        """Take note that the item's picture is on the screen: from now on keys are meant for it."""
        if self.stage is not None and self._shown_at is None:
            self._shown_at = self._clock()

    # --- opinions ----------------------------------------------------------------------------------------------

    @property
    def verdict(self) -> Verdict | None:
        """The critic's verdict on the item, when there is one."""
        return self.opinions.verdict if self.opinions else None

    @property
    def pick(self) -> CandidateId | None:
        """The candidate that the critic would accept."""
        return self.verdict.pick if self.verdict else None

    def ask_again(self) -> None:
        """Ask the critic for what the case lacks, also after it failed."""
        if self.item is not None:
            self.critic.retry(self.item.case)

    def _show_opinions(self, opinions: Opinions) -> None:
        self.opinions = opinions
        self.opinions_changed.emit()

    def _show_state(self, state: ItemState) -> None:
        self.state = state
        self.state_changed.emit()

    def refresh_opinions(self) -> None:
        """Load anew what is known of the item on the screen."""
        if self.item is not None:
            self._opinions_arrived((self.item,))

    def _opinions_arrived(self, items: tuple[ItemId, ...]) -> None:
        self.worklist.refresh(items)
        item = self.item
        if item is not None and item in items:
            self._runner.run(Lane.STORE, lambda: self.calls.load_opinions(item), self._show_opinions, key="opinions")

    # --- deciding ----------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Say whether a decision key would be taken for the item on the screen."""
        return (
            self.stage is not None
            and not self.writing
            and self._shown_at is not None
            and self._clock() - self._shown_at >= SETTLE_S
        )

    def toggle_reason(self, code: str) -> None:
        """Attach a reason to the coming decision, or take it off."""
        kept = tuple(r for r in self.reasons if r != code)
        self.reasons = kept if code in self.reasons else (*self.reasons, code)
        self.state_changed.emit()

    def accept(self, position: int) -> None:
        """Accept the candidate on a panel, counted from 1 as on the screen."""
        if not self._may_decide():
            return
        panels = self.stage.panels if self.stage else ()
        candidate = panels[position - 1].candidate if 0 < position <= len(panels) else None
        if candidate is None:
            self.said.emit(Message(f"Panel {position} has no mask to accept.", "Press 0 if the absence is right."))
            return
        self._decide(Choice.ACCEPT, candidate=candidate, position=position)

    def accept_pick(self) -> None:
        """Accept what the critic picked."""
        if not self._may_decide():
            return
        if self.verdict is not None and self.verdict.outcome is Outcome.ABSENT_RIGHT:
            self._decide(Choice.ABSENT)
            return
        panels = self.stage.panels if self.stage else ()
        place = next((i for i, p in enumerate(panels, 1) if self.pick and p.candidate == self.pick), None)
        if place is None:
            self.said.emit(Message("The critic has no pick to accept here.", "Decide with 1, 2, E, X, 0 or S."))
            return
        self._decide(Choice.ACCEPT, candidate=self.pick, position=place)

    def choose(self, choice: Choice) -> None:
        """Decide without a candidate: absent, edit, none or skip."""
        if self._may_decide():
            self._decide(choice)

    def _may_decide(self) -> bool:
        if self.item is None:
            return False
        if self.writing:
            self.said.emit(Message("The last decision is still being written; that key was not taken."))
            return False
        if self.stage is None:
            self.said.emit(Message("The picture is not here yet; that key was not taken."))
            return False
        if not self.ready:
            self.said.emit(Message("This item has only just appeared; that key was not taken. Press it again."))
            return False
        return True

    def _decide(self, choice: Choice, *, candidate: CandidateId | None = None, position: int = 0) -> None:
        item = self.item
        if item is None:
            return
        reasons, seen = self.reasons, self._seen()
        self.writing = True
        self.activity_changed.emit()
        colour = colour_of(self.calls.label_sets, candidate.label_set) if candidate else -1
        self._runner.run(
            Lane.DECIDE,
            lambda: self.calls.decide(item, choice, candidate=candidate, position=position, reasons=reasons, seen=seen),
            lambda state: self._decided(Made(item, choice, colour), state),
            on_error=self._not_written,
        )

    def _seen(self) -> dict[str, Any]:
        verdict, pick = self.verdict, self.pick
        shown = self._shown_at if self._shown_at is not None else self._clock()
        seen: dict[str, Any] = {
            "mode": self.calls.mode,
            "sides": [p.label_set.slug for p in self.stage.panels] if self.stage else [],
            "ms": round(1000 * (self._clock() - shown)),
            "verdict": None,
        }
        if verdict is not None:
            seen["verdict"] = {
                "critic": verdict.critic.title,
                "outcome": verdict.outcome.value,
                "pick": pick.label_set if pick else "",
                "confidence": verdict.confidence,
            }
        return {**seen, **self._view()}

    def _decided(self, made: Made, state: ItemState) -> None:
        self.writing = False
        self.made.append(made)
        self.pace.decided(self._clock())
        self.worklist.decided(made.item, state)
        self.made_changed.emit()
        self.activity_changed.emit()
        if made.item == self.item:
            self._advance(made.item)

    def _not_written(self, error: BaseException) -> None:
        self.writing = False
        self.activity_changed.emit()
        if not isinstance(error, UserError):
            self.said.emit(Message("The decision was NOT written.", "The report says why; decide again.", error=True))
            raise error
        self.said.emit(of_error(error, prefix="The decision was NOT written. "))

    def _advance(self, item: ItemId) -> None:
        coming = self.worklist.following(item, 1)
        if coming:
            self.open_item(coming[0])
            return
        self._runner.run(Lane.STORE, lambda: self.calls.next_open(item), self._elsewhere, key="advance")

    def _elsewhere(self, item: ItemId | None) -> None:
        if item is None or item == self.item:
            self._finish()
            return
        self.open_item(item)

    def _finish(self) -> None:
        self.finished = True
        self.stage = None
        self.item = None
        self.item_changed.emit()

    def undo(self) -> None:
        """Cancel the reader's last decision and go back to its item."""
        if self.writing:
            self.said.emit(Message("The last decision is still being written; that key was not taken."))
            return
        self.writing = True
        self.activity_changed.emit()
        self._runner.run(Lane.DECIDE, self.calls.undo, self._undone, on_error=self._not_undone)

    def _undone(self, item: ItemId | None) -> None:
        self.writing = False
        self.activity_changed.emit()
        if item is None:
            self.said.emit(Message("There is no decision of yours left to undo."))
            return
        if self.made and self.made[-1].item == item:
            self.made.pop()
        self.pace.undone()
        self.made_changed.emit()
        self.worklist.refresh((item,))
        self.open_item(item)
        self.said.emit(Message(f"Undone: {item}."))

    def _not_undone(self, error: BaseException) -> None:
        self.writing = False
        self.activity_changed.emit()
        if not isinstance(error, UserError):
            raise error
        self.said.emit(of_error(error, prefix="Nothing was undone. "))

    def set_note(self, text: str) -> None:
        """Write the item's note, if it changed."""
        item = self.item
        if item is None or text == self.state.note:
            return
        self._runner.run(Lane.DECIDE, lambda: self.calls.set_note(item, text), lambda state: self._noted(item, state))

    def _noted(self, item: ItemId, state: ItemState) -> None:
        if item == self.item:
            self._show_state(state)
        self.worklist.refresh((item,))

    def close(self) -> None:
        """Stop what runs and remember where the reader is."""
        self.critic.stop()
        item = self.item
        if item is not None:
            self._runner.run(Lane.DECIDE, lambda: self.calls.remember_item(item), _nothing)


def _nothing(_: object) -> None:
    """Take a result nobody waits for."""
