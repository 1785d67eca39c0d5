"""The reading: one item on the stage, its opinions, the reader's word, and the next one ready. Layer: viewmodels."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from psygnal import Signal

from labelcritic_gui.core.cases import CandidateId, ItemId, LabelSet
from labelcritic_gui.core.patchwork.recipe import Recipe
from labelcritic_gui.core.review import Choice, ItemState
from labelcritic_gui.core.verdict import Verdict
from labelcritic_gui.services.comparison import Opinions, Stage
from labelcritic_gui.services.slices import CaseVolume
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.cards import colour_of
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.opinions import CaseOpinions
from labelcritic_gui.viewmodels.pace import Pace
from labelcritic_gui.viewmodels.prefetch import BUDGET
from labelcritic_gui.viewmodels.reading.arranging import Arranging
from labelcritic_gui.viewmodels.reading.blinding import Blinding
from labelcritic_gui.viewmodels.reading.deciding import Deciding
from labelcritic_gui.viewmodels.reading.habits import Habits
from labelcritic_gui.viewmodels.reading.noting import Noting
from labelcritic_gui.viewmodels.reading.remarks import Mark, suggested_by
from labelcritic_gui.viewmodels.reading.repeating import Repeating
from labelcritic_gui.viewmodels.reading.seen import seen_of
from labelcritic_gui.viewmodels.reading.showing import Showing
from labelcritic_gui.viewmodels.reading.sides import Sides
from labelcritic_gui.viewmodels.reading.slicing import Slicing
from labelcritic_gui.viewmodels.reading.strip import Made
from labelcritic_gui.viewmodels.reading.walking import Walk
from labelcritic_gui.viewmodels.runner import Runner
from labelcritic_gui.viewmodels.volumes import shares_of
from labelcritic_gui.viewmodels.worklist import Worklist


class Reading:
    """Walks the worklist item by item. All methods and signals belong to the GUI thread.

    The parts do the work and can be reached: `showing` (the item on the screen), `ordering` (which label sets stand
    there, left to right), `path` (from item to item), `deciding` (the reader's word), `noting` (the note), `critic`
    (opinions that are being formed), `slicing` (the case's volume).
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
        habits: Callable[[], Habits] = Habits,
        reader: str = "",
        budget: int = BUDGET,
    ) -> None:
        self.calls = calls
        self.worklist = worklist
        self._view = view
        self._habits = habits
        self.ordering = Sides(calls.label_sets, seed=calls.seed, reader=reader or calls.reader, shuffled=self._mixed)
        stages, volumes = shares_of(budget)
        self.slicing = Slicing(calls, runner, budget=volumes)
        self.volume_changed = self.slicing.volume_changed
        self.showing = Showing(calls, runner, self.ordering, clock=clock, budget=stages, appeared=self._fetch_ahead)
        self.showing.item_changed.connect(lambda: self.slicing.open(self.item))
        say = self.said.emit
        self.noting = Noting(calls, worklist, runner, self.showing, seen=self._seen, say=say)
        self.blinding = Blinding(
            calls, worklist, runner, self.showing, self.ordering, habits=habits, seen=self._seen, say=say
        )
        self._repeating = Repeating(calls, worklist, runner)
        self.path = Walk(calls, worklist, runner, self.showing, self.blinding, self._repeating)
        self.deciding = Deciding(
            calls,
            worklist,
            runner,
            self.showing,
            self.path,
            self.blinding,
            clock=clock,
            habits=habits,
            seen=self._seen,
            say=say,
        )
        self.arranging = Arranging(
            self.ordering, self.showing, self.blinding, writing=lambda: self.deciding.writing, say=say
        )
        self.showing.opinions_changed.connect(self._suggest)
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

    @property
    def volume(self) -> CaseVolume | None:
        """The case in slices; None while nobody asked for it or it is loaded."""
        return self.slicing.volume

    @property
    def loading(self) -> float | None:
        """How much of the volume on its way to the screen is here, 0..1; None when none is on its way."""
        return self.slicing.loading

    # --- what may be seen of it, and where it stands ---------------------------------------------------------------

    @property
    def verdict_visible(self) -> bool:
        """Say whether the reader sees what the critic says."""
        return self.blinding.visible.advice

    @property
    def named(self) -> bool:
        """Say whether the reader sees which label set is which."""
        return self.blinding.visible.names

    @property
    def label_sets(self) -> tuple[LabelSet, ...]:
        """The label sets as this reader knows them; their order gives their colours."""
        return self.blinding.label_sets()

    def colour_of(self, slug: str) -> int:
        """Return the index of the colour that a label set is drawn in; -1 when the review has no such set."""
        return colour_of(self.label_sets, slug)

    @property
    def revealed(self) -> bool:
        """Say whether the verdict on the reader's commitment is on the screen, to be weighed."""
        return self.blinding.revealed is not None

    @property
    def list_follows(self) -> bool:
        """Say whether the worklist may show which item is on the stage: not where items come again, unannounced."""
        return not self._repeating.active

    @property
    def sides(self) -> tuple[str, ...]:
        """The label sets on the stage, left to right; empty while the item is loaded."""
        return self.ordering.shown

    def swap_sides(self) -> None:
        """Let the sides of this item change places; of more than two, each moves on by one."""
        self.arranging.swap()

    def choose_sides(self, slugs: Sequence[str]) -> None:
        """Say which label sets stand on the stage from now on, at most four; none: as usual."""
        self.arranging.choose(slugs)

    def page_sides(self, by: int) -> None:
        """Put the next (1) or previous (-1) label sets on the stage, in reviews of more than four."""
        self.arranging.page(by)

    def toggle_side(self, number: int) -> None:
        """Put a label set, counted from 1 in the order of the review, on the stage or take it off."""
        self.arranging.toggle(number)

    def _mixed(self) -> bool:
        return self.shuffles

    @property
    def shuffles(self) -> bool:
        """Say whether chance puts the candidates left and right."""
        return self._habits().shuffle_sides or self.blinding.mode.hides

    def painted(self) -> None:
        """Take note that the item's picture is on the screen: from now on keys are meant for it."""
        self.showing.painted()

    def reload(self) -> None:
        """Load the item anew after a failure."""
        self.showing.reload()

    # --- from item to item ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Fetch the list and open the item where the reader was, or the first open one."""
        self.deciding.start()
        self.path.start()

    def open_item(self, item: ItemId) -> None:
        """Show an item; a newer request supersedes this one."""
        self.path.open(item)

    def walk(self, by: int) -> None:
        """Go up or down the worklist, decided items included."""
        there = self.path.step(by)
        if there is not None:
            self.go_to(there)

    def go_to(self, item: ItemId) -> bool:
        """Open an item wherever it is in the worklist; say whether that could be done now."""
        if self.writing:
            return False
        self.path.open(item)
        return True

    def go_on(self) -> None:
        """Go on to the next open item without deciding this one, or after it was decided."""
        if self.item is not None and not self.writing:
            self.path.advance(self.item, again=self.state.last is not None)

    def recall(self, by: int) -> None:
        """Go to the decision before (-1) or after (1) among the last ten; after the last one, go on reading."""
        there, beyond = self.deciding.strip.beside(self.item, by)
        if there is not None:
            self.go_to(there)
        elif beyond:
            self.go_on()

    def _fetch_ahead(self, item: ItemId) -> None:
        self._repeating.look(lambda: self.showing.shelf.prefetch(self.path.coming(item)))
        coming = self.path.coming(item)
        self.showing.shelf.prefetch(coming)
        self.slicing.ahead(coming)
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

    def _suggest(self) -> None:
        self.deciding.remarking.suggest(suggested_by(self.opinions) if self.verdict_visible else ())
        self.showing.state_changed.emit()

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
        return self.deciding.remarking.confirmed

    @property
    def denied(self) -> tuple[str, ...]:
        """The reasons that the reader says are not there."""
        return self.deciding.remarking.denied

    @property
    def suggested(self) -> tuple[str, ...]:
        """The reasons that critics put forward, as far as they may be seen."""
        return self.deciding.remarking.suggested

    @property
    def quality(self) -> int | None:
        """The quality word that the coming decision will carry."""
        return self.deciding.remarking.quality

    @property
    def auto_advance(self) -> bool:
        """Say whether a decision goes on to the next item by itself."""
        return self._habits().auto_advance

    @property
    def made(self) -> tuple[Made, ...]:
        """The last ten decisions, oldest first."""
        return self.deciding.strip.made

    @property
    def pace(self) -> Pace:
        """How fast this reader decides."""
        return self.deciding.pace

    def toggle_reason(self, code: str) -> None:
        """Move a reason to its next state: nothing or suggested, confirmed, denied, and back."""
        if self.item is not None:
            self.deciding.remarking.go_round(code)
            self.showing.state_changed.emit()

    def mark_of(self, code: str) -> Mark:
        """Say how a reason stands."""
        return self.deciding.remarking.mark_of(code)

    def rate(self, quality: int) -> None:
        """Attach a quality word to the coming decision; the same one again takes it off."""
        if self.item is not None:
            self.deciding.remarking.rate(quality)
            self.showing.state_changed.emit()

    def accept(self, position: int) -> None:
        """Accept the candidate on a panel, counted from 1 as on the screen."""
        self.deciding.accept(position)

    def accept_pick(self) -> None:
        """Accept what the critic picked."""
        self.deciding.accept_pick(self.verdict if self.verdict_visible else None)

    def choose(self, choice: Choice) -> None:
        """Decide without a candidate: absent, edit, none, skip, or cannot judge."""
        self.deciding.choose(choice)

    def accept_made(self, recipe: Recipe, position: int, then: Callable[[], None]) -> None:
        """Make a new version of a candidate by a recipe and accept it; `then` is told once both are on the disk."""

        def made(item: ItemId) -> None:
            self.critic.renew(item.case)
            self.slicing.renew()
            self.showing.renew()
            then()

        self.deciding.make(recipe, position, made)

    def undo(self) -> None:
        """Cancel the reader's last decision and go back to its item."""
        self.deciding.undo()

    def redo(self) -> None:
        """Decide again what the reader undid last."""
        self.deciding.redo()

    def draft_note(self, text: str) -> None:
        """Take note of a note that is being written; it is kept when the item is left."""
        self.noting.write(text)

    def set_note(self, text: str) -> None:
        """Write the item's note, if it changed."""
        self.noting.set(text)

    def _seen(self) -> dict[str, Any]:
        said, since = self.verdict if self.verdict_visible else None, self.showing.seconds
        return {**seen_of(self.calls.mode, self.stage, said, since), "named": self.named, **self._view()}

    def close(self) -> None:
        """Stop what runs and remember where the reader is."""
        self.critic.stop()
        self.showing.shelf.leave()
        self.slicing.close()
        self.noting.keep()
        if self.item is not None:
            self.path.remember(self.item)
