"""A short shelf of stages: the one on the screen, the next ones, the last ones. Layer: viewmodels."""

from collections import OrderedDict
from collections.abc import Callable, Iterable

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.services.comparison import Stage
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.runner import Lane, Runner

KEPT = 8

Show = Callable[[Stage], None]
Fail = Callable[[ItemId, BaseException], None]


class StageShelf:
    """Loads stages on the CPU lane, never one twice, and drops prefetches that are no longer wanted."""

    def __init__(self, calls: ReviewCalls, runner: Runner) -> None:
        self._calls = calls
        self._runner = runner
        self._kept: OrderedDict[ItemId, Stage] = OrderedDict()
        self._loading: set[ItemId] = set()
        self._wanted: frozenset[ItemId] = frozenset()
        self._current: tuple[ItemId, Show, Fail] | None = None

    def fetch(self, item: ItemId, show: Show, fail: Fail) -> None:
        """Hand the item's stage to `show`, at once when it is on the shelf; a failure to `fail`."""
        self._current = (item, show, fail)
        self._wanted = frozenset({item})
        stage = self._kept.get(item)
        if stage is not None:
            self._kept.move_to_end(item)
            show(stage)
            return
        self._load(item)

    def prefetch(self, items: Iterable[ItemId]) -> None:
        """Load the stages of coming items, nearest first."""
        coming = tuple(items)
        here = {self._current[0]} if self._current else set()
        self._wanted = frozenset({*coming, *here})
        for item in coming:
            if item not in self._kept:
                self._load(item)

    def forget(self, item: ItemId) -> None:
        """Drop a stage so that it is loaded anew."""
        self._kept.pop(item, None)

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
        self._kept[item] = stage
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        if current is not None and current[0] == item:
            current[1](stage)

    def _failed(self, item: ItemId, error: BaseException) -> None:
        self._loading.discard(item)
        if self._current is not None and self._current[0] == item:
            self._current[2](item, error)
