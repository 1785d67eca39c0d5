"""The pieces of a patchwork: steps back and forth, regions, and the preview of them. Layer: viewmodels."""

import math
from collections.abc import Sequence
from typing import ClassVar

from psygnal import Signal

from labelcritic_gui.core.cases import CandidateId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.geometry import Index3, Point
from labelcritic_gui.core.measures.regions import DifferingRegion
from labelcritic_gui.core.patchwork.recipe import (
    Drop,
    DropIslands,
    FillHoles,
    KeepLargest,
    Source,
    Start,
    Step,
    Take,
    choices_of,
)
from labelcritic_gui.services.patchwork_words import ml_words, step_words, version_words
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.patchwork.board import Board, Preview
from labelcritic_gui.viewmodels.patchwork.kept import remarks_on
from labelcritic_gui.viewmodels.patchwork.rows import RegionRow, region_rows
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.runner import Lane, Runner

ISLAND_ML = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Below which volume a part is an island, to choose from."""
HALF = 0.5
LEAST_SIGHT_MM = 60.0
"""Of each region, so much is shown at least."""


class Pieces:
    """What is done with the pieces on the table. GUI thread only; the computing goes through the CPU lane.

    `board` is None until the masks are here, `preview` until the first one is computed; `current` is the place in
    `rows` of the region looked at, -1 for none.
    """

    changed: ClassVar[Signal] = Signal()

    def __init__(self, reading: Reading, looking: Looking, runner: Runner) -> None:
        self.reading, self._looking, self._runner = reading, looking, runner
        self.board: Board | None = None
        self.preview: Preview | None = None
        self.failure: Message | None = None
        self.candidates: tuple[CandidateId, ...] = ()
        self.judged: tuple[tuple[DifferingRegion, str], ...] = ()
        self.steps: tuple[Step, ...] = ()
        self.current = -1
        self.island_ml = 1.0
        self._undone: list[Step] = []
        self._shown: tuple[tuple[Step, ...], Index3 | None] | None = None
        self._building = self._computing = False

    def clear(self) -> None:
        """Take everything off the table."""
        self.board = self.preview = self.failure = None
        self.steps, self._undone, self.current, self._shown, self.judged = (), [], -1, None, ()

    # --- what is shown -----------------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """What the bases are called, in their order; numbers where the reader may not know the label sets."""
        titles = {s.slug: s.title for s in self.reading.calls.label_sets}
        if not self.reading.named:
            return tuple(str(n) for n in range(1, len(self.candidates) + 1))
        return tuple(version_words(c, titles.get(c.label_set, "")) for c in self.candidates)

    @property
    def colours(self) -> tuple[int, ...]:
        """The bases' places among the colours of label sets."""
        return tuple(max(0, self.reading.colour_of(c.label_set)) for c in self.candidates)

    @property
    def rows(self) -> tuple[RegionRow, ...]:
        """The regions that are listed."""
        board, preview = self.board, self.preview
        if board is None:
            return ()
        visible = self.reading.verdict_visible
        remarks = remarks_on(board, self.reading.opinions, self.judged) if visible else {}
        return region_rows(
            board.regions,
            names=self.names,
            colours=self.colours,
            choices=choices_of(self.steps),
            inside=preview.inside if preview is not None else {},
            remarks=remarks,
        )

    @property
    def start(self) -> Source:
        """What the steps start from."""
        return next((s.source for s in reversed(self.steps) if isinstance(s, Start)), 1)

    @property
    def step_lines(self) -> tuple[str, ...]:
        """The steps in words, oldest first."""
        board = self.board
        if board is None:
            return ()
        numbers = {region.name: n for n, region in enumerate(board.regions, start=1)}
        region = lambda name: tr("region {n}").format(n=numbers.get(name, "?"))  # noqa: E731
        return tuple(step_words(s, self.names, region, voxel_ml=board.voxel_ml) for s in self.steps)

    @property
    def rest_words(self) -> str:
        """Say what is not listed; empty when everything is."""
        rest = self.board.rest if self.board is not None else None
        if rest is None or not rest.count:
            return ""
        return tr("{n} smaller differences, {ml} in all, stay as the start has them").format(
            n=rest.count, ml=ml_words(rest.ml)
        )

    @property
    def can_redo(self) -> bool:
        """Say whether a step was undone that can be done again."""
        return bool(self._undone)

    @property
    def busy(self) -> bool:
        """Say whether the picture lags behind the steps, or something is being written."""
        return self._computing or self._building or self.reading.writing

    # --- steps -------------------------------------------------------------------------------------------------

    def begin_with(self, source: Source) -> None:
        """Start again from a base, from what all claim, or from what any claims; one step back undoes it."""
        if isinstance(source, int) and source > len(self.candidates):
            return
        self._do(Start(source))

    def take(self, source: int) -> None:
        """Let a base say whether the current region is inside."""
        region = self._current_name()
        if region is not None and source <= len(self.candidates):
            self._do(Take(region, source))

    def drop(self) -> None:
        """Leave the current region out."""
        region = self._current_name()
        if region is not None:
            self._do(Drop(region))

    def drop_islands(self) -> None:
        """Drop the parts smaller than `island_ml`."""
        if self.board is not None:
            self._do(DropIslands(max(1, math.ceil(self.island_ml / self.board.voxel_ml - 1e-9))))

    def choose_island(self, ml: float) -> None:
        """Say below which volume a part is an island."""
        self.island_ml = ml
        self._tell()

    def fill_holes(self) -> None:
        """Fill the cavities."""
        self._do(FillHoles())

    def keep_largest(self) -> None:
        """Keep only the largest part."""
        self._do(KeepLargest())

    def undo(self) -> None:
        """Take the last step back; the first start stays."""
        if len(self.steps) > 1:
            self._undone.append(self.steps[-1])
            self.steps = self.steps[:-1]
            self._compute()
        elif self.board is not None:
            self._say(tr("There is no step left to take back."), tr("Esc leaves without making anything."))

    def redo(self) -> None:
        """Do the step again that was taken back last."""
        if self._undone:
            self.steps = (*self.steps, self._undone.pop())
            self._compute()

    def _do(self, step: Step) -> None:
        if self.board is None:
            self._say(tr("The masks are not here yet; that key was not taken."))
            return
        if self.steps and self.steps[-1] == step:
            return
        self.steps = (*self.steps, step)
        self._undone.clear()
        self._compute()

    # --- regions -----------------------------------------------------------------------------------------------

    def go(self, by: int) -> None:
        """Go to the next (1) or previous (-1) region, around at the ends."""
        count = len(self.board.regions) if self.board is not None else 0
        if count:
            self.choose((self.current + by) % count if self.current >= 0 else 0)

    def choose(self, row: int) -> None:
        """Go to a region of the list."""
        if self.board is not None and 0 <= row < len(self.board.regions):
            self.current = row
            self._look()
            self._compute()

    def toggle_at(self, place: Point) -> None:
        """Let the other opinion count for the region at a world point, and make it the current one."""
        board = self.board
        row = board.region_at(place) if board is not None else None
        if board is None or row is None:
            return
        self.current = row
        self.toggle()

    def toggle(self) -> None:
        """Let the other opinion count for the current region: in becomes out, out becomes in."""
        if self.board is None or self.current < 0:
            return
        region = self.board.regions[self.current]
        others = [n for n in range(1, len(self.candidates) + 1) if n not in region.claimants]
        if not self._is_inside(region.name):
            self._do(Take(region.name, region.claimants[0]))
        elif others:
            self._do(Take(region.name, others[0]))
        else:
            self._do(Drop(region.name))

    def _is_inside(self, name: Index3) -> bool:
        """Say whether a region will be inside after all steps, also those that are not computed yet."""
        for step in reversed(self.steps):
            if isinstance(step, Take | Drop) and step.region == name:
                claimants = next(r.claimants for r in self.board.regions if r.name == name) if self.board else ()
                return isinstance(step, Take) and step.source in claimants
            if not isinstance(step, Take | Drop):
                break
        return self.preview is not None and self.preview.inside.get(name, 0.0) > HALF

    def _current_name(self) -> Index3 | None:
        if self.board is None or not 0 <= self.current < len(self.board.regions):
            self._say(tr("No region is chosen."), tr("N goes to the next one."))
            return None
        return self.board.regions[self.current].name

    def _look(self) -> None:
        if self.board is not None and 0 <= self.current < len(self.board.regions):
            region = self.board.regions[self.current]
            low, high = with_surroundings(region.low, region.high)
            self._looking.go_to(region.place, low=low, high=high)

    # --- computing ---------------------------------------------------------------------------------------------

    def _compute(self) -> None:
        """Compute the preview of the steps as they are now; one at a time, and never one that is out of date."""
        self._tell()
        board = self.board
        if board is None or self._computing:
            return
        lit = board.regions[self.current].name if 0 <= self.current < len(board.regions) else None
        wanted = (self.steps, lit)
        if wanted == self._shown:
            return
        self._computing = True

        def take(preview: Preview) -> None:
            self._computing = False
            if board is self.board:
                self.preview, self._shown = preview, wanted
            self._compute()

        self._runner.run(Lane.CPU, lambda: board.preview(*wanted), take, on_error=self._fail)

    def _fail(self, error: BaseException) -> None:
        self._computing = self._building = False
        if not isinstance(error, UserError):
            self.failure = Message(tr("The masks cannot be pieced together."), tr("The report says why."), error=True)
            self._tell()
            raise error
        self.failure = of_error(error)
        self._tell()

    def _say(self, text: str, hint: str = "") -> None:
        self.reading.said.emit(Message(text, hint))

    def _tell(self) -> None:
        self.changed.emit()


def with_surroundings(low: Point, high: Point, least: float = LEAST_SIGHT_MM) -> tuple[Point, Point]:
    """Return a box grown about its middle to at least so many mm a side: a region is judged by what is around it."""
    sides = [(a, b, max(0.0, least - (b - a)) / 2) for a, b in zip(low, high, strict=True)]
    x, y, z = ((a - more, b + more) for a, b, more in sides)
    return (x[0], y[0], z[0]), (x[1], y[1], z[1])


def islands_words(choices: Sequence[float] = ISLAND_ML) -> tuple[str, ...]:
    """Return the sizes of islands to choose from, in words."""
    return tuple(ml_words(ml) for ml in choices)
