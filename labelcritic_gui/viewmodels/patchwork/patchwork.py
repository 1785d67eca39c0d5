"""The patchwork mode: entered with the item on the stage, left when it is made, or without. Layer: viewmodels."""

from collections.abc import Callable
from itertools import combinations

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.geometry import Point
from labelcritic_gui.core.measures.regions import DifferingRegion
from labelcritic_gui.core.patchwork.recipe import MOST_BASES, Recipe, Start
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.looking.session import Mode
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.patchwork.board import Board
from labelcritic_gui.viewmodels.patchwork.kept import Kept
from labelcritic_gui.viewmodels.patchwork.pieces import Pieces
from labelcritic_gui.viewmodels.patchwork.rows import ml_words
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.screens import ScreenMode


class Patchwork(Pieces):
    """Pieces the item on the stage together.

    The steps of an item are kept while the reader leaves the mode and comes back, until another item is opened.
    """

    def __init__(
        self, reading: Reading, looking: Looking, runner: Runner, *, enter: Callable[[ScreenMode], None]
    ) -> None:
        super().__init__(reading, looking, runner)
        self._enter = enter
        self.active = False
        self._kept = Kept()
        self._item: ItemId | None = None
        self._before: tuple[Mode, Point, float] = (looking.mode, looking.middle, looking.zoom)
        reading.item_changed.connect(self._item_changed)
        reading.stage_changed.connect(self._continue)
        reading.volume_changed.connect(self._continue)
        reading.opinions_changed.connect(self._ask_what_is_known)
        reading.activity_changed.connect(self._tell)

    # --- coming and going --------------------------------------------------------------------------------------

    def open(self) -> None:
        """Go to the mode, with the item on the stage; its slices are loaded where they are not here."""
        reading = self.reading
        if reading.stage is None or reading.item is None or reading.writing:
            reading.said.emit(Message(tr("The picture is not here yet; that key was not taken.")))
            return
        if not any(panel.candidate is not None for panel in reading.stage.panels):
            reading.said.emit(Message(tr("This item has no mask to piece together.")))
            return
        looking = self._looking
        self._before = (looking.mode, looking.middle, looking.zoom)
        self.active = True
        looking.show_mode("slices")
        reading.slicing.want()
        self._enter(ScreenMode.PATCHWORK)
        self._continue()

    def leave(self) -> None:
        """Go back to the reading without making anything; the steps are kept until another item is opened."""
        if not self.active:
            return
        self.active = False
        mode, middle, zoom = self._before
        self._looking.look_at(middle, zoom=zoom)
        self._looking.show_mode(mode)
        self._enter(ScreenMode.READING)
        self._tell()

    def _item_changed(self) -> None:
        if self.reading.item != self._item:
            self._forget()
        self.leave()

    def _forget(self) -> None:
        self._item = None
        self._kept = Kept()
        self.clear()

    def _continue(self) -> None:
        """Begin when all is here: the stage says which masks, the volume has them."""
        stage, volume = self.reading.stage, self.reading.volume
        if not self.active or stage is None:
            return
        if volume is None or volume.case != stage.item.case:
            self._tell()
            return
        wanted = [p.candidate for p in stage.panels if p.candidate is not None and p.candidate in volume.masks]
        candidates = tuple(wanted[:MOST_BASES])
        if self.board is not None and self._item == stage.item and self.candidates == candidates:
            self._tell()
            return
        if self._building:
            return
        if not candidates:
            self.failure = Message(tr("None of the masks can be read."), tr("Esc goes back."), error=True)
            self._tell()
            return
        self._keep()
        self.clear()
        self._item, self.candidates, self._building = stage.item, candidates, True
        masks = {c: volume.masks[c] for c in candidates}
        grid = volume.volume.geometry
        self._runner.run(Lane.CPU, lambda: Board(masks, grid), self._take_board, on_error=self._fail)
        self._tell()

    def _take_board(self, board: Board) -> None:
        self._building = False
        if self._item is None:  # the reader went to another item meanwhile
            return
        if tuple(base.candidate for base in board.bases) != self.candidates:
            self._continue()
            return
        self.board = board
        self.steps = self._kept.steps_for(board.bases) or (Start(1),)
        self.current = 0 if board.regions else -1
        self._look()
        self._compute()
        self._ask_what_is_known()

    def _ask_what_is_known(self) -> None:
        """Ask what was measured where the candidates differ: once they are here, and when more was said of them."""
        board, calls = self.board, self.reading.calls
        if board is None or not self.active:
            return

        def take(found: list[tuple[DifferingRegion, str]]) -> None:
            if board is self.board:
                self.judged = tuple(found)
                self._tell()

        pairs = list(combinations(self.candidates, 2))
        ask = lambda: [known for pair in pairs for known in calls.judged_regions(pair)]  # noqa: E731
        self._runner.run(Lane.STORE, ask, take, key="patchwork remarks")

    def _keep(self) -> None:
        if self.board is not None:
            self._kept = Kept(self.board.bases, self.steps)

    # --- the end -----------------------------------------------------------------------------------------------

    def make(self) -> None:
        """Make the candidate and accept it: one decision. The mode is left when both are on the disk."""
        board, preview, stage = self.board, self.preview, self.reading.stage
        if board is None or preview is None or stage is None or self.busy:
            self._say(tr("The preview is not ready; that key was not taken."))
            return
        if not preview.ml:
            self._say(tr("Nothing is left of the mask."), tr("Take a region, or take the last step back."))
            return
        if len(self.steps) == 1 and isinstance(self.start, int):
            hint = tr("Take a region from another one, or accept it on the stage.")
            self._say(tr("This is {name} as it is.").format(name=self.names[self.start - 1]), hint)
            return
        recipe = Recipe(board.bases, self.steps)
        slugs = [panel.label_set.slug for panel in stage.panels]
        position = slugs.index(recipe.started_from.label_set) + 1
        base = self.candidates.index(recipe.started_from)
        words = tr("Made and accepted: a new version of {name}, {ml}.")
        told = words.format(name=self.names[base], ml=ml_words(preview.ml))

        def made() -> None:
            self.leave()
            self._say(told)

        self.reading.accept_made(recipe, position, made)
