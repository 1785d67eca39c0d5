"""The item on the screen: its stage, its opinions, where it stands, and since when it is seen. Layer: viewmodels."""

from collections.abc import Callable
from typing import ClassVar

from psygnal import Signal

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.review import ItemState
from labelcritic_gui.services.comparison import Opinions, Stage
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.prefetch import StageShelf
from labelcritic_gui.viewmodels.reading.sides import Sides
from labelcritic_gui.viewmodels.reading.veil import Veil
from labelcritic_gui.viewmodels.runner import Lane, Runner

SETTLE_S = 0.15
"""No eye judges a picture faster than this, in seconds: an earlier decision key was meant for the item before."""


class Showing:
    """Fetches what is shown of one item; a newer request supersedes an older one.

    `stage` and `opinions` are in the order of the screen, as `sides` says, and as far as the `veil` lets them be seen.
    `leaving` is told while the item that is left is still there.
    """

    leaving: ClassVar[Signal] = Signal()
    item_changed: ClassVar[Signal] = Signal()
    stage_changed: ClassVar[Signal] = Signal()
    opinions_changed: ClassVar[Signal] = Signal()
    state_changed: ClassVar[Signal] = Signal()

    def __init__(
        self,
        calls: ReviewCalls,
        runner: Runner,
        sides: Sides,
        *,
        clock: Callable[[], float],
        budget: int,
        appeared: Callable[[ItemId], None],
    ) -> None:
        self._calls = calls
        self._runner = runner
        self._sides = sides
        self._clock = clock
        self._appeared = appeared
        self.shelf = StageShelf(calls, runner, budget=budget)
        self.veil = Veil()
        self.item: ItemId | None = None
        self._loaded: Stage | None = None
        self._heard: Opinions | None = None
        self.stage: Stage | None = None
        self.failure: Message | None = None
        self.opinions: Opinions | None = None
        self.state = ItemState()
        self.state_known = False
        self.finished = False
        self.shown_at: float | None = None
        """When the item was first seen."""
        self.settled_at: float | None = None
        """When it was first seen as it stands now."""

    def open(self, item: ItemId) -> None:
        """Show an item."""
        self._clear(item)
        self.item_changed.emit()
        self.shelf.fetch(item, self._show_stage, self._stage_failed)
        self.load_opinions()
        self._runner.run(Lane.STORE, lambda: self._calls.item_state(item), self.show_state, key="state")

    def finish(self) -> None:
        """Show that nothing is left to decide."""
        self._clear(None)
        self.finished = True
        self.item_changed.emit()

    def _clear(self, item: ItemId | None) -> None:
        self.leaving.emit()
        self._sides.begin(item)
        self.item = item
        self._loaded = self.stage = None
        self.failure = None
        self._heard = self.opinions = None
        self.state = ItemState()
        self.state_known = False
        self.finished = False
        self.shown_at = self.settled_at = None

    def reload(self) -> None:
        """Load the item anew after a failure."""
        if self.item is not None:
            self.shelf.forget(self.item)
            self.open(self.item)

    def load_opinions(self) -> None:
        """Load what is stored of verdicts and facts on the item, now or anew."""
        item = self.item
        if item is not None:
            self._runner.run(Lane.STORE, lambda: self._calls.load_opinions(item), self._show_opinions, key="opinions")

    def painted(self) -> None:
        """Take note that the item's picture is on the screen: from now on keys are meant for it."""
        if self.stage is None:
            return
        if self.shown_at is None:
            self.shown_at = self._clock()
        if self.settled_at is None:
            self.settled_at = self._clock()

    @property
    def settled(self) -> bool:
        """Say whether an eye can have seen the item, as it stands, by now."""
        return self.stage is not None and self.settled_at is not None and self._clock() - self.settled_at >= SETTLE_S

    @property
    def failure_seen(self) -> bool:
        """Say whether an eye can have read by now that the item cannot be shown."""
        since = self.settled_at
        return self.failure is not None and since is not None and self._clock() - since >= SETTLE_S

    def unsettle(self) -> None:
        """Take no key for the item until it was seen again."""
        self.settled_at = None

    @property
    def seconds(self) -> float:
        """How long the item has been seen."""
        return self._clock() - self.shown_at if self.shown_at is not None else 0.0

    def renew(self) -> None:
        """Load the panels of the item on the screen anew, because one of its masks is another now."""
        if self.item is not None:
            self.settled_at = None
            self.shelf.forget(self.item)
            self.shelf.fetch(self.item, self._show_stage, self._stage_failed)
            self.load_opinions()

    def rearrange(self) -> None:
        """Put the panels into their order anew; a key is taken only when the new order was seen."""
        if self._loaded is None:
            return
        self.settled_at = None
        self._place()
        self.stage_changed.emit()
        self.opinions_changed.emit()

    def _place(self) -> None:
        if self._loaded is not None:
            self.stage = self.veil.stage(self._sides.arrange(self._loaded))
        if self._heard is not None:
            self.opinions = self.veil.opinions(self._sides.opinions(self._heard))

    def _show_stage(self, stage: Stage) -> None:
        if stage.item != self.item:
            return
        self._loaded = stage
        self._place()
        self.stage_changed.emit()
        self._appeared(stage.item)

    def _stage_failed(self, item: ItemId, error: BaseException) -> None:
        if item != self.item:
            return
        self.shown_at = self.settled_at = self._clock()
        if not isinstance(error, UserError):
            self.failure = Message(tr("This item could not be shown."), tr("The report says why."), error=True)
            self.stage_changed.emit()
            raise error
        self.failure = of_error(error)
        self.stage_changed.emit()

    def _show_opinions(self, opinions: Opinions) -> None:
        self._heard = opinions
        self.opinions = self.veil.opinions(self._sides.opinions(opinions))
        self.opinions_changed.emit()

    def show_state(self, state: ItemState) -> None:
        """Show where the item stands."""
        self.state_known = True
        self.state = self.veil.state(state)
        self.state_changed.emit()
