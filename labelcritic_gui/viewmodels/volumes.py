"""The shelf of volumes: of the case on the screen and of those that come next, within a budget. Layer: viewmodels.

One volume serves all items of its case. A volume of 512 x 512 x 400 takes 210 MB and a stage about 2 MB, so they have
budgets of their own: stages could never push a volume out, but one volume would push out every stage.
"""

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.geometry import Volume
from labelcritic_gui.services.slices import CaseVolume, volume_arrays
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.prefetch import BUDGET, Shelf
from labelcritic_gui.viewmodels.runner import Job, Runner

STAGE_SHARE = 4
"""Stages may take one part in so many of the memory budget, but never more than `prefetch.BUDGET`, which is plenty."""


def shares_of(budget: int) -> tuple[int, int]:
    """Return how many bytes of a memory budget stages may take, and how many volumes."""
    stages = min(BUDGET, budget // STAGE_SHARE)
    return stages, budget - stages


class VolumeShelf(Shelf[CaseId, CaseVolume]):
    """The volumes of a reading, by case."""

    def __init__(self, calls: ReviewCalls, runner: Runner, *, budget: int = BUDGET) -> None:
        super().__init__(self._read, volume_arrays, runner, budget=budget)
        self._calls = calls
        self._images: dict[CaseId, Volume] = {}

    def renew(self, case: CaseId) -> None:
        """Have a case's masks read anew at the next `fetch`, because a version was added; its image is kept."""
        held = self._kept.get(case)
        if held is not None:
            self._images = {case: held.volume}
        self._kept.drop(case)
        job = self.job_of(case)
        if job is not None:  # it may have read the masks already
            job.cancel()

    def _read(self, case: CaseId, job: Job) -> CaseVolume:
        return self._calls.load_volume(case, job, job, image=self._images.pop(case, None))
