"""Fills in missing opinions case by case in the background, one case at a time. Layer: viewmodels."""

import time
from collections.abc import Callable

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import CancelledError, GeometryMismatchError, UnreadableFileError, UserError
from labelcritic_gui.services.comparison import Changed
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner

RESUME_S = 20.0
"""How long a critic behind a server rests after it failed, before it is asked again by itself."""


class CaseOpinions:
    """Asks the critic for the current case, then for the next ones; stops asking when the critic is down.

    One case at a time leaves a worker of the CPU lane free for pictures. A critic behind a server is asked in two
    steps: what can be measured here comes first, and never waits for the server; when the server was down, it is asked
    again by itself (`tick`). What was answered to other prompts is asked only by `retry`. A case whose files cannot be
    read stops no other. `job` is what is being asked now; `failed` says why items have no opinion.
    """

    def __init__(
        self,
        calls: ReviewCalls,
        runner: Runner,
        arrived: Callable[[tuple[ItemId, ...]], None],
        say: Callable[[Message], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls = calls
        self._runner = runner
        self._arrived = arrived
        self._say = say
        self._wanted: list[CaseId] = []
        self._asked: set[CaseId] = set()
        self._renewed: list[CaseId] = []
        self.job: Job | None = None
        self._resting: Message | None = None
        self._unread: dict[CaseId, Message] = {}
        self.failed: dict[ItemId, str] = {}
        self._said: set[str] = set()
        self._anew: set[CaseId] = set()
        self._clock = clock
        self._down_since = 0.0
        self._current: CaseId | None = None

    @property
    def down(self) -> Message | None:
        """Why the current case is not judged: the critic is down, or the case's files cannot be read."""
        return self._resting or (self._unread.get(self._current) if self._current is not None else None)

    @property
    def pause(self) -> str:
        """Why the critic waits for its server at this moment; empty when it does not."""
        return self._calls.critic_pause if self.job is not None else ""

    def tick(self) -> None:
        """Take note that time passes: a server that was down is asked again after a rest."""
        resting = self._clock() - self._down_since < RESUME_S
        if self._resting is None or resting or self._current is None or self._calls.critic_lane is not Lane.NET:
            return
        case = self._current
        self._resting = None
        self._asked.discard(case)
        self._wanted = [case, *(c for c in self._wanted if c != case)]
        self._next()

    def want(self, *cases: CaseId) -> None:
        """Ask for these cases, nearest first; what was wanted before and not begun is dropped."""
        self._current = cases[0] if cases else self._current
        self._renewed = [c for c in self._renewed if c not in self._asked]
        self._wanted = list(dict.fromkeys(c for c in (*cases, *self._renewed) if c not in self._asked))
        self._next()

    def renew(self, case: CaseId) -> None:
        """Take note that a case has another candidate: it is asked for again, after what is wanted first."""
        self._asked.discard(case)
        self._renewed = [*(c for c in self._renewed if c != case), case]

    def retry(self, case: CaseId) -> None:
        """Ask for a case again, also when the critic was down, or answered to other prompts."""
        self._resting = None
        self._unread.pop(case, None)
        self._anew.add(case)
        self._said.clear()
        self._asked.discard(case)
        self.want(case)

    def stop(self) -> None:
        """Stop asking for good."""
        self._wanted = []
        if self.job is not None:
            self.job.cancel()

    def _next(self) -> None:
        if self.job is not None or self._resting is not None or not self._wanted:
            return
        case = self._wanted.pop(0)
        self._asked.add(case)
        job = self.job = Job(tr("opinions on {case}").format(case=case))
        if self._calls.critic_lane is not Lane.NET:
            self._ask(case, job)
            return
        self._runner.run(
            Lane.CPU,
            lambda: self._calls.ensure_findings(case, job),
            lambda changed: self._measured(case, job, changed),
            on_error=lambda error: self._failed(case, error),
        )

    def _measured(self, case: CaseId, job: Job, changed: Changed) -> None:
        if changed.items:
            self._arrived(changed.items)
        if job.is_set():
            self.job = None
            return
        self._ask(case, job)

    def _ask(self, case: CaseId, job: Job) -> None:
        anew = case in self._anew
        self._anew.discard(case)
        self._runner.run(
            self._calls.critic_lane,
            lambda: self._calls.ensure_opinions(case, job, job, anew=anew),
            self._done,
            on_error=lambda error: self._failed(case, error),
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
            self._rest(Message(reasons[0], error=True))

    def _rest(self, why: Message) -> None:
        self._resting = why
        self._down_since = self._clock()

    def _failed(self, case: CaseId, error: BaseException) -> None:
        self.job = None
        if isinstance(error, CancelledError):
            return
        if not isinstance(error, UserError):
            self._rest(Message(tr("The critic failed."), tr("The report says why."), error=True))
            self._current = None  # a defect does not go away by asking again
            raise error
        message = of_error(error)
        if isinstance(error, UnreadableFileError | GeometryMismatchError):
            self._unread[case] = message
        else:
            self._rest(message)
        if message.text not in self._said:
            self._said.add(message.text)
            self._say(message)
        self._arrived(())
        self._next()
