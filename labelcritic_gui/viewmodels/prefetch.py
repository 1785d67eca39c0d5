"""A shelf of stages: the one on the screen, the next ones, the last ones, within a budget of bytes. Layer: viewmodels.

Stages of one case share their pictures, which count once.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from numpy.typing import NDArray

from labelcritic_gui.core.budget import BudgetStore
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.services.comparison import Stage
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.runner import Lane, Runner

KEPT = 12
"""How many stages are kept at most: memory stays flat however long a reading lasts."""
BUDGET = 256 * 2**20
"""Bytes kept when nobody says how many."""

Show = Callable[[Stage], None]
Fail = Callable[[ItemId, BaseException], None]


def stage_arrays(stage: Stage) -> Iterator[NDArray[Any]]:
    """Go through all arrays that a stage holds."""
    yield from stage.pictures.values()
    for panel in stage.panels:
        yield panel.silhouette
        if panel.companion is not None:
            yield panel.companion


class StageShelf:
    """Loads stages on the CPU lane, never one twice, and drops prefetches that are no longer wanted."""

    def __init__(self, calls: ReviewCalls, runner: Runner, *, budget: int = BUDGET) -> None:
        self._calls = calls
        self._runner = runner
        self._kept: BudgetStore[ItemId, Stage] = BudgetStore(budget, stage_arrays, KEPT)
        self._shown: set[ItemId] = set()
        self._loading: set[ItemId] = set()
        self._wanted: frozenset[ItemId] = frozenset()
        self._current: tuple[ItemId, Show, Fail] | None = None

    @property
    def held(self) -> int:
        """How many bytes the stages on the shelf take."""
        return self._kept.held

    @property
    def budget(self) -> int:
        """How many bytes they may take; the stage on the screen is kept in any case."""
        return self._kept.capacity

    def resize(self, budget: int) -> None:
        """Change how many bytes may be kept, from the next stage on."""
        self._kept.capacity = budget

    def fetch(self, item: ItemId, show: Show, fail: Fail) -> None:
        """Hand the item's stage to `show`, at once when it is on the shelf; a failure to `fail`."""
        self._current = (item, show, fail)
        if item not in self._wanted:  # the reader went elsewhere: what was fetched for the way there is not needed
            self._wanted = frozenset({item})
            self._tidy()
        stage = self._kept.get(item)
        if stage is not None:
            self._shown.add(item)
            show(stage)
            return
        self._load(item)

    def prefetch(self, items: Iterable[ItemId]) -> None:
        """Load the stages of coming items, nearest first; prefetched ones that are not among them are dropped."""
        coming = tuple(items)
        here = {self._current[0]} if self._current else set()
        self._wanted = frozenset({*coming, *here})
        self._tidy()
        for item in coming:
            if item not in self._kept and not self._crowded():
                self._load(item)

    def _crowded(self) -> bool:
        """Say whether the wanted stages alone fill the budget, so that no more can be fetched ahead."""
        return self._kept.full and all(item in self._wanted for item in self._kept)

    def forget(self, item: ItemId) -> None:
        """Drop a stage so that it is loaded anew."""
        self._kept.drop(item)

    def _tidy(self) -> None:
        """Drop what was fetched ahead, never shown, and is not wanted any more."""
        for item in [item for item in self._kept if item not in self._wanted and item not in self._shown]:
            self._kept.drop(item)
        self._shown = {item for item in self._shown if item in self._kept}

    def _load(self, item: ItemId) -> None:
        if item in self._loading:
            return
        self._loading.add(item)
        self._runner.run(
            Lane.CPU,
            lambda: self._calls.load_stage(item) if item in self._wanted else None,
            lambda stage: self._arrived(item, stage),
            on_error=lambda error: self._failed(item, error),
        )

    def _arrived(self, item: ItemId, stage: Stage | None) -> None:
        self._loading.discard(item)
        current = self._current
        if stage is None:
            if current is not None and current[0] == item:  # wanted again after it was dropped
                self._load(item)
            return
        if current is not None and current[0] == item:
            self._kept.put(item, stage)
            self._shown.add(item)
            current[1](stage)
        elif item in self._wanted:
            self._kept.put(item, stage, spare=self._wanted)
            if self._kept.held > self._kept.capacity:  # not at the cost of the screen and of nearer items
                self._kept.drop(item)

    def _failed(self, item: ItemId, error: BaseException) -> None:
        self._loading.discard(item)
        if self._current is not None and self._current[0] == item:
            self._current[2](item, error)
