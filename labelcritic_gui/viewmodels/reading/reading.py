"""The reading: one item on the stage, its opinions, the reader's word, and the next one ready. Layer: viewmodels."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from psygnal import Signal

from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.review import Choice, ItemState
from labelcritic_gui.core.verdict import Verdict
from labelcritic_gui.services.comparison import Opinions, Stage
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.opinions import CaseOpinions
from labelcritic_gui.viewmodels.pace import Pace
from labelcritic_gui.viewmodels.prefetch import BUDGET
from labelcritic_gui.viewmodels.reading.deciding import Deciding
from labelcritic_gui.viewmodels.reading.seen import seen_of
from labelcritic_gui.viewmodels.reading.showing import Showing
from labelcritic_gui.viewmodels.reading.strip import Made
from labelcritic_gui.viewmodels.reading.walking import Walk
from labelcritic_gui.viewmodels.runner import Runner
from labelcritic_gui.viewmodels.worklist import Worklist


class Reading:
    """Walks the worklist item by item. All methods and signals belong to the GUI thread.

    The parts do the work and can be reached: `showing` (the item on the screen), `path` (from item to item),
    `deciding` (the reader's word), `critic` (opinions that are being formed).
    """

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
        self._clock = clock
        self._view = view
        self.showing = Showing(calls, runner, clock=clock, budget=budget, appeared=self._fetch_ahead)
        self.path = Walk(calls, worklist, runner, self.showing)
        self.deciding = Deciding(
            calls, worklist, runner, self.showing, self.path, clock=clock, seen=self._seen, say=self.said.emit
        )
        self.critic = CaseOpinions(calls, runner, self._opinions_arrived, self.said.emit, clock=clock)
        self.item_changed = self.showing.item_changed
        self.stage_changed = self.showing.stage_changed
        self.opinions_changed = self.showing.opinions_changed
        self.state_changed = self.showing.state_changed
        self.activity_changed = self.deciding.activity_changed
        self.made_changed = self.deciding.made_changed

    # --- what is on the screen -----------------------------------------------------------------------------------

    @property
    def item(self) -> ItemId | None:
        """The item on the screen."""
        return self.showing.item

    @property
    def stage(self) -> Stage | None:
        """Its pictures and panels, in the order of the screen; None while they are loaded."""
        return self.showing.stage

    @property
    def failure(self) -> Message | None:
        """Why the item cannot be shown."""
        return self.showing.failure

    @property
    def opinions(self) -> Opinions | None:
        """What is known of the item, in the order of the panels."""
        return self.showing.opinions

    @property
    def state(self) -> ItemState:
        """Where the item stands."""
        return self.showing.state

    @property
    def finished(self) -> bool:
        """Say whether nothing is left to decide."""
        return self.showing.finished

    @property
    def verdict(self) -> Verdict | None:
        """The critic's verdict on the item, when there is one."""
        return self.opinions.verdict if self.opinions else None

    @property
    def pick(self) -> CandidateId | None:
        """The candidate that the critic would accept."""
        return self.verdict.pick if self.verdict else None

    def painted(self) -> None:
        """Take note that the item's picture is on the screen: from now on keys are meant for it."""
        self.showing.painted()

    def reload(self) -> None:
        """Load the item anew after a failure."""
        self.showing.reload()

    # --- from item to item ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Fetch the list and open the item where the reader was, or the first open one."""
        self.path.start()

    def open_item(self, item: ItemId) -> None:
        """Show an item; a newer request supersedes this one."""
        self.showing.open(item)

    def walk(self, by: int) -> None:
        """Go up or down the worklist, decided items included."""
        there = self.path.step(by)
        if there is not None:
            self.go_to(there)

    def go_to(self, item: ItemId) -> bool:
        """Open an item wherever it is in the worklist; say whether that could be done now."""
        if self.writing:
            return False
        self.path.go_to(item)
        return True

    def _fetch_ahead(self, item: ItemId) -> None:
        coming = self.path.coming(item)
        self.showing.shelf.prefetch(coming)
        self.critic.want(item.case, *(other.case for other in coming))

    # --- opinions ------------------------------------------------------------------------------------------------

    def ask_again(self) -> None:
        """Ask the critic for what the case lacks, also after it failed."""
        if self.item is not None:
            self.critic.retry(self.item.case)

    def refresh_opinions(self) -> None:
        """Load anew what is known of the item on the screen."""
        if self.item is not None:
            self._opinions_arrived((self.item,))

    def _opinions_arrived(self, items: tuple[ItemId, ...]) -> None:
        self.worklist.refresh(items)
        if self.item in items:
            self.showing.load_opinions()

    # --- deciding ------------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Say whether a decision key would be taken for the item on the screen."""
        return self.deciding.ready

    @property
    def writing(self) -> bool:
        """Say whether a decision is on its way to the disk."""
        return self.deciding.writing

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons that the coming decision will carry."""
        return self.deciding.reasons

    @property
    def made(self) -> deque[Made]:
        """The last ten decisions, oldest first."""
        return self.deciding.strip.made

    @property
    def pace(self) -> Pace:
        """How fast this reader decides."""
        return self.deciding.pace

    def toggle_reason(self, code: str) -> None:
        """Attach a reason to the coming decision, or take it off."""
        self.deciding.toggle_reason(code)

    def accept(self, position: int) -> None:
        """Accept the candidate on a panel, counted from 1 as on the screen."""
        self.deciding.accept(position)

    def accept_pick(self) -> None:
        """Accept what the critic picked."""
        self.deciding.accept_pick(self.verdict)

    def choose(self, choice: Choice) -> None:
        """Decide without a candidate: absent, edit, none or skip."""
        self.deciding.choose(choice)

    def undo(self) -> None:
        """Cancel the reader's last decision and go back to its item."""
        self.deciding.undo()

    def set_note(self, text: str) -> None:
        """Write the item's note, if it changed."""
        self.deciding.set_note(text)

    def _seen(self) -> dict[str, Any]:
        shown = self.showing
        since = self._clock() - (shown.shown_at if shown.shown_at is not None else self._clock())
        return {**seen_of(self.calls.mode, shown.stage, self.verdict, since), **self._view()}

    def close(self) -> None:
        """Stop what runs and remember where the reader is."""
        self.critic.stop()
        if self.item is not None:
            self.path.remember(self.item)
