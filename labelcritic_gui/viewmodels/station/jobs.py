"""Long jobs of the window, one at a time, with progress and cancel. Layer: viewmodels."""

from collections.abc import Callable
from typing import Any, ClassVar

from psygnal import Signal

from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner


class Jobs:
    """Runs one long job at a time; `job` is what runs. What goes wrong is said. GUI thread only."""

    job_changed: ClassVar[Signal] = Signal()
    said: ClassVar[Signal] = Signal(Message)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.job: Job | None = None

    def cancel_job(self) -> None:
        """Ask the running job to stop."""
        if self.job is not None:
            self.job.cancel()

    def _begin(self, job: Job, work: Callable[[Job], Any], done: Callable[[Any], None]) -> None:
        if self.job is not None:
            self.said.emit(
                Message(
                    tr("{title} is still running.").format(title=self.job.title), tr("Wait for it or cancel it first.")
                )
            )
            return
        self.job = job
        self.job_changed.emit()

        def finished(result: Any) -> None:
            self._end()
            done(result)
            self._after_job()

        self._runner.run(Lane.CPU, lambda: work(job), finished, on_error=self._job_failed)

    def _end(self) -> None:
        self.job = None
        self.job_changed.emit()

    def _job_failed(self, error: BaseException) -> None:
        self._end()
        self._after_job()
        self._failed(error)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, CancelledError):
            self.said.emit(Message(error.message, error.hint))
        elif isinstance(error, UserError):
            self.said.emit(of_error(error))
        else:
            raise error

    def _after_job(self) -> None:
        """Do what waited for the end of a job."""
