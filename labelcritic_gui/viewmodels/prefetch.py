"""Shelves of what is shown: what is on the screen, what comes next, what was last, within a budget. Layer: viewmodels.

Stages of one case share their pictures, which count once.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

from labelcritic_gui.core.budget import BudgetStore
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.errors import CancelledError
from labelcritic_gui.services.comparison import Stage
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner

KEPT = 12
"""How many things are kept on a shelf at most: memory stays flat however long a reading lasts."""
BUDGET = 256 * 2**20
"""Bytes kept when nobody says how many."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Load = Callable[[K, Job], V]
Show = Callable[[V], None]
Fail = Callable[[K, BaseException], None]


class Shelf(Generic[K, V]):
    """Loads things on the CPU lane, never one twice, and drops and stops prefetches that are no longer wanted.

    `load` is given a job that says when it is to stop; `arrays_of` names the arrays that a thing holds.
    """

    def __init__(
        self,
        load: "Load[K, V]",
        arrays_of: Callable[[V], Iterable[NDArray[Any]]],
        runner: Runner,
        *,
        budget: int = BUDGET,
    ) -> None:
        self._loader = load
        self._runner = runner
        self._kept: BudgetStore[K, V] = BudgetStore(budget, arrays_of, KEPT)
        self._shown: set[K] = set()
        self._loading: dict[K, Job] = {}
        self._wanted: frozenset[K] = frozenset()
        self._current: tuple[K, Show[V], Fail[K]] | None = None

    @property
    def held(self) -> int:
        """How many bytes the things on the shelf take."""
        return self._kept.held

    @property
    def budget(self) -> int:
        """How many bytes they may take; what is on the screen is kept in any case."""
        return self._kept.capacity

    def resize(self, budget: int) -> None:
        """Change how many bytes may be kept, from the next thing on."""
        self._kept.capacity = budget

    def job_of(self, key: K) -> Job | None:
        """Return how far the loading of a thing is; None when it is not being loaded."""
        return self._loading.get(key)

    def fetch(self, key: K, show: Show[V], fail: Fail[K]) -> None:
        """Hand a thing to `show`, at once when it is on the shelf; a failure to `fail`."""
        self._current = (key, show, fail)
        if key not in self._wanted:  # the reader went elsewhere: what was fetched for the way there is not needed
            self._wanted = frozenset({key})
            self._tidy()
        found = self._kept.get(key)
        if found is not None:
            self._shown.add(key)
            show(found)
            return
        self._kept.make_room(self._usual_size(), spare=self._wanted)
        self._load(key)

    def prefetch(self, keys: Iterable[K]) -> None:
        """Load what is coming, nearest first; what was prefetched and is not among it is dropped."""
        coming = tuple(keys)
        here = {self._current[0]} if self._current else set()
        self._wanted = frozenset({*coming, *here})
        self._tidy()
        for key in coming:
            if key not in self._kept and not self._crowded():
                self._load(key)

    def forget(self, key: K) -> None:
        """Drop a thing so that it is loaded anew."""
        self._kept.drop(key)

    def __contains__(self, key: object) -> bool:
        """Say whether a thing is on the shelf."""
        return key in self._kept

    def clear(self) -> None:
        """Let go of everything."""
        self._kept.clear()
        self._shown.clear()

    def leave(self) -> None:
        """Want nothing any more: stop what is being loaded; what is kept stays while there is room."""
        self._current = None
        self._wanted = frozenset()
        self._tidy()

    def _usual_size(self) -> int:
        """Guess how many bytes the next thing takes: as many as the others."""
        return self._kept.held // len(self._kept) if len(self._kept) else 0

    def _crowded(self) -> bool:
        """Say whether what is wanted fills the budget, so that no more can be fetched ahead."""
        wanted = self._kept.held_by(key for key in self._kept if key in self._wanted)
        coming = self._usual_size() * (1 + len(self._loading))
        return wanted >= self._kept.capacity or wanted + coming > self._kept.capacity

    def _tidy(self) -> None:
        """Drop what was fetched ahead, never shown, and is not wanted any more; stop loading such things."""
        for key in [key for key in self._kept if key not in self._wanted and key not in self._shown]:
            self._kept.drop(key)
        self._shown = {key for key in self._shown if key in self._kept}
        for key, job in self._loading.items():
            if key not in self._wanted:
                job.cancel()

    def _load(self, key: K) -> None:
        if key in self._loading:
            return
        job = self._loading[key] = Job(str(key))
        self._runner.run(
            Lane.CPU,
            lambda: None if job.is_set() else self._loader(key, job),
            lambda found: self._arrived(key, found),
            on_error=lambda error: self._failed(key, error),
        )

    def _arrived(self, key: K, found: V | None) -> None:
        self._loading.pop(key, None)
        if found is None:
            self._load_if_wanted(key)
            return
        current = self._current
        if current is not None and current[0] == key:
            self._kept.put(key, found)
            self._shown.add(key)
            current[1](found)
        elif key in self._wanted:
            self._kept.put(key, found, spare=self._wanted)
            if self._kept.held > self._kept.capacity:  # not at the cost of the screen and of nearer things
                self._kept.drop(key)

    def _failed(self, key: K, error: BaseException) -> None:
        job = self._loading.pop(key, None)
        if isinstance(error, CancelledError) and job is not None and job.is_set():
            self._load_if_wanted(key)
        elif self._current is not None and self._current[0] == key:
            self._current[2](key, error)

    def _load_if_wanted(self, key: K) -> None:
        """Load anew what was dropped on its way here and is wanted again by now."""
        if key in self._wanted:
            self._load(key)


def stage_arrays(stage: Stage) -> Iterator[NDArray[Any]]:
    """Go through all arrays that a stage holds."""
    yield from stage.pictures.values()
    for panel in stage.panels:
        yield panel.silhouette
        if panel.companion is not None:
            yield panel.companion


class StageShelf(Shelf[ItemId, Stage]):
    """The stages of a reading: of the item on the screen, of those that come next, of the last ones."""

    def __init__(self, calls: ReviewCalls, runner: Runner, *, budget: int = BUDGET) -> None:
        super().__init__(lambda item, job: calls.load_stage(item, job), stage_arrays, runner, budget=budget)
