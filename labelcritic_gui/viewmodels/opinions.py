"""Fills in missing opinions case by case in the background, one case at a time. Layer: viewmodels."""

from collections.abc import Callable

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.services.comparison import Changed
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Job, Runner


class CaseOpinions:
    """Asks the critic for the current case, then for the next ones; stops asking when the critic is down.

    One case at a time leaves a worker of the CPU lane free for pictures. `job` is what is being asked now; `failed`
    says why items have no opinion.
    """

    def __init__(
        self,
        calls: ReviewCalls,
        runner: Runner,
        arrived: Callable[[tuple[ItemId, ...]], None],
        say: Callable[[Message], None],
    ) -> None:
        self._calls = calls
        self._runner = runner
        self._arrived = arrived
        self._say = say
        self._wanted: list[CaseId] = []
        self._asked: set[CaseId] = set()
        self.job: Job | None = None
        self.down: Message | None = None
        self.failed: dict[ItemId, str] = {}
        self._said: set[str] = set()

    def want(self, *cases: CaseId) -> None:
        """Ask for these cases, nearest first; what was wanted before and not begun is dropped."""
        self._wanted = list(dict.fromkeys(c for c in cases if c not in self._asked))
        self._next()

    def retry(self, case: CaseId) -> None:
        """Ask for a case again, also when the critic was down."""
        self.down = None
        self._said.clear()
        self._asked.discard(case)
        self.want(case)

    def stop(self) -> None:
        """Stop asking for good."""
        self._wanted = []
        if self.job is not None:
            self.job.cancel()

    def _next(self) -> None:
        if self.job is not None or self.down is not None or not self._wanted:
            return
        case = self._wanted.pop(0)
        self._asked.add(case)
        job = self.job = Job(f"opinions on {case}")
        self._runner.run(
            self._calls.critic_lane,
            lambda: self._calls.ensure_opinions(case, job, job),
            self._done,
            on_error=self._failed,
        )

    def _done(self, changed: Changed) -> None:
        self.job = None
        for item in changed.items:
            self.failed.pop(item, None)
        self.failed.update(changed.failed)
        for notice in changed.notices:
            self._say(Message(notice, error=True))
        self._complain(tuple(changed.failed.values()))
        self._arrived((*changed.items, *changed.failed))
        self._next()

    def _complain(self, reasons: tuple[str, ...]) -> None:
        """Say each new reason once; one reason for several items means that the critic is down."""
        for reason in dict.fromkeys(reasons):
            if reason not in self._said:
                self._said.add(reason)
                self._say(Message(reason, error=True))
        if len(reasons) > 1 and len(set(reasons)) == 1:
            self.down = Message(reasons[0], error=True)

    def _failed(self, error: BaseException) -> None:
        self.job = None
        if isinstance(error, CancelledError):
            return
        if not isinstance(error, UserError):
            self.down = Message("The critic failed.", "The report says why.", error=True)
            raise error
        self.down = of_error(error)
        self._say(self.down)
        self._arrived(())
