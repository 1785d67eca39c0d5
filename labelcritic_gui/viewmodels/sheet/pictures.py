"""The small pictures of the contact sheet: loaded case by case, the next nine ahead. Layer: viewmodels."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from numpy.typing import NDArray

from labelcritic_gui.core.budget import BudgetStore
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import CancelledError
from labelcritic_gui.services.thumbnails import SmallStage
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner

KEPT = 36
"""Small pictures kept at most: the sheet, the next one, and what one may go back to."""
Show = Callable[[SmallStage], None]
Fail = Callable[[ItemId, BaseException], None]


class SmallPictures:
    """Fetches small pictures on the CPU lane, those of one case together; what nobody wants any more is cancelled."""

    def __init__(self, calls: ReviewCalls, runner: Runner, *, budget: int, show: Show, fail: Fail) -> None:
        self._calls = calls
        self._runner = runner
        self._show = show
        self._fail = fail
        self._kept: BudgetStore[ItemId, SmallStage] = BudgetStore(budget, _arrays, KEPT)
        self._window = ""
        self._wanted: tuple[ItemId, ...] = ()
        self._jobs: dict[CaseId, tuple[Job, frozenset[ItemId]]] = {}

    @property
    def held(self) -> int:
        """How many bytes the pictures take."""
        return self._kept.held

    def get(self, item: ItemId) -> SmallStage | None:
        """Return a picture that is here."""
        return self._kept.get(item)

    def want(self, shown: Sequence[ItemId], coming: Sequence[ItemId], window: str) -> None:
        """Load what is missing of the sheet, then of the next one; drop what was on its way for anything else."""
        if window != self._window:
            self.drop()
            self._window = window
        self._wanted = tuple(dict.fromkeys((*shown, *coming)))
        for case, (job, items) in list(self._jobs.items()):
            if not items & set(self._wanted):
                job.cancel()
                del self._jobs[case]
        self._load(shown)
        if not self._kept.full:
            self._load(coming)

    def forget(self, item: ItemId) -> None:
        """Drop a picture so that it is made anew."""
        self._kept.drop(item)

    def drop(self) -> None:
        """Keep nothing and wait for nothing."""
        for job, _ in self._jobs.values():
            job.cancel()
        self._jobs.clear()
        for item in list(self._kept):
            self._kept.drop(item)

    def _load(self, items: Iterable[ItemId]) -> None:
        on_way = {item for _, waited in self._jobs.values() for item in waited}
        missing: dict[CaseId, list[ItemId]] = {}
        for item in items:
            if item not in self._kept and item not in on_way and item.case not in self._jobs:
                missing.setdefault(item.case, []).append(item)
        for case, waited in missing.items():
            self._ask(case, tuple(waited))

    def _ask(self, case: CaseId, items: tuple[ItemId, ...]) -> None:
        job, window = Job(tr("small pictures of {case}").format(case=case)), self._window
        self._jobs[case] = (job, frozenset(items))
        self._runner.run(
            Lane.CPU,
            lambda: self._calls.load_small_stages(items, window, job),
            lambda found: self._arrived(job, case, found),
            on_error=lambda error: self._failed(job, case, items, error),
        )

    def _arrived(self, job: Job, case: CaseId, found: tuple[SmallStage, ...]) -> None:
        if job.is_set():
            return
        del self._jobs[case]
        for small in found:
            self._kept.put(small.item, small, spare=self._wanted)
            self._show(small)
        # other items of the case may have been wanted while it was read
        self._load(item for item in self._wanted if item.case == case)

    def _failed(self, job: Job, case: CaseId, items: tuple[ItemId, ...], error: BaseException) -> None:
        if job.is_set() or isinstance(error, CancelledError):
            return
        del self._jobs[case]
        for item in items:
            self._fail(item, error)


def _arrays(small: SmallStage) -> Iterator[NDArray[Any]]:
    yield small.picture
    for panel in small.panels:
        yield panel.silhouette
        if panel.companion is not None:
            yield panel.companion
