"""The projections that are not on the stage from the start: loaded when first asked for. Layer: viewmodels."""

from typing import ClassVar

from psygnal import Signal

from labelcritic_gui.core.cases import CandidateId, CaseId
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.imaging.projection import Ray
from labelcritic_gui.services.projection import CasePictures
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner

CaseView = CasePictures[CandidateId]


class CaseViews:
    """Keeps the projections of the case on the stage, and nothing of cases before. GUI thread only."""

    changed: ClassVar[Signal] = Signal()

    def __init__(self, calls: ReviewCalls, runner: Runner) -> None:
        self._calls, self._runner = calls, runner
        self._case: CaseId | None = None
        self._kept: dict[tuple[View, Ray], CaseView] = {}
        self._job: Job | None = None
        self._loading: tuple[View, Ray] | None = None
        self.failure: Message | None = None

    @property
    def waiting(self) -> bool:
        """Say whether something is being loaded."""
        return self._loading is not None

    def go_to(self, case: CaseId | None) -> None:
        """Turn to a case; what was kept or asked for of another one is dropped."""
        if case != self._case:
            self.cancel()
            self._kept.clear()
            self.failure = None
            self._case = case

    def get(self, view: View, ray: Ray) -> CaseView | None:
        """Return the projections along a view, or None and load them; `changed` tells when they are there."""
        found = self._kept.get((view, ray))
        case = self._case
        if found is None and case is not None and self._loading != (view, ray) and self.failure is None:
            self.cancel()
            job = self._job = Job("")
            self._loading = (view, ray)
            self._runner.run(
                Lane.CPU,
                lambda: self._calls.load_pictures(case, view, ray, job),
                lambda made: self._arrived(case, (view, ray), made),
                key="views",
                on_error=lambda error: self._failed(case, error),
            )
            found = self._kept.get((view, ray))
        return found

    def again(self) -> None:
        """Forget a failure, so that it is tried anew."""
        self.failure = None
        self.changed.emit()

    def cancel(self) -> None:
        """Give up what is being loaded."""
        if self._job is not None:
            self._job.cancel()
        self._job = self._loading = None

    def _arrived(self, case: CaseId, which: tuple[View, Ray], made: CaseView) -> None:
        if case == self._case:
            self._kept[which] = made
            self._job = self._loading = None
            self.changed.emit()

    def _failed(self, case: CaseId, error: BaseException) -> None:
        if case != self._case:
            return
        self._job = self._loading = None
        if isinstance(error, CancelledError):
            return
        if not isinstance(error, UserError):
            raise error
        self.failure = of_error(error)
        self.changed.emit()
