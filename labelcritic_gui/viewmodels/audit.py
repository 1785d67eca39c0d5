"""The audit panel: what to test, how many calls it takes, the audit under way, and what it found. Layer: viewmodels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Protocol

from psygnal import Signal

from labelcritic_gui.core.audit import Line, Report, Ruling
from labelcritic_gui.core.audit_measures import AuditTest
from labelcritic_gui.core.cancel import Cancel, Progress
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.services.audit import LARGEST_SAMPLE, MOST_REPEATS, Audit, AuditPlan, AuditRequest
from labelcritic_gui.services.audit_files import CORRECT, REPORT, TABLE, save_table
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner

__all__ = [
    "LARGEST_SAMPLE",
    "MOST_REPEATS",
    "TABLE",
    "Audit",
    "AuditCalls",
    "AuditTest",
    "Auditor",
    "Row",
    "rows_of",
]

STATES = {Ruling.PASSES: "good", Ruling.FAILS: "bad", Ruling.TOO_FEW: "doubt", Ruling.NOT_JUDGED: ""}


class AuditCalls(Protocol):
    """The use-cases of an audit."""

    @property
    def folder(self) -> Path:
        """The review folder."""

    @property
    def critic_title(self) -> str:
        """The critic's name."""

    @property
    def critic_lane(self) -> Lane:
        """Where the critic works."""

    def audit_plan(self, request: AuditRequest) -> AuditPlan:
        """Say how many calls an audit takes at most; it may look through many cases. Lane CPU."""

    def audit(self, request: AuditRequest, cancel: Cancel, progress: Progress) -> Audit:
        """Audit the review's critic and keep the report in its folder. Lane `critic_lane`."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the result table, in words.

    `low`, `high` and `share` are 0..1; `limit` is where a share of bad cases begins to fail, None for a preference,
    which is held against a half. `state` is good, bad, doubt or empty; `parts` are the rows of single structures.
    """

    title: str
    asks: str
    counted: str
    share: float | None
    low: float
    high: float
    limit: float | None
    preference: bool
    verdict: str
    state: str
    beside: str
    parts: tuple["Row", ...] = ()

    @property
    def percent(self) -> str:
        """The share and its interval in words."""
        if self.share is None:
            return "–"
        return tr("{value:.0f} %  ({value2:.0f} to {value3:.0f})").format(
            value=100 * self.share, value2=100 * self.low, value3=100 * self.high
        )


def rows_of(report: Report) -> tuple[Row, ...]:
    """Return a report's rows: one a measure, with those of its single structures where there are several."""
    rows = []
    for line in report.over_all():
        single = report.per_structure(line.measure)
        parts = tuple(_row(one, title=one.structure.replace("_", " ")) for one in single) if len(single) > 1 else ()
        rows.append(replace(_row(line, title=line.of.title, asks=line.of.asks), parts=parts))
    return tuple(rows)


def _row(line: Line, *, title: str, asks: str = "") -> Row:
    return Row(
        title=title,
        asks=asks,
        counted=tr("{k:g} of {n}").format(k=line.k, n=line.n),
        share=line.share,
        low=line.low,
        high=line.high,
        limit=line.of.limit,
        preference=line.of.is_preference,
        verdict=line.ruling.value,
        state=STATES[line.ruling],
        beside=_beside(line, named=bool(asks)),
    )


def _beside(line: Line, *, named: bool) -> str:
    """Return what is told beside the share: what a failure means (`named`), kinds, kappa, spread of p."""
    told = [line.says] if line.says and named else []
    told += [f"{word}: {n}" for word, n in line.words.items()]
    values = line.values
    if "kappa" in values:
        span = (
            tr(" ({values:.2f} to {values2:.2f})").format(values=values["kappa_low"], values2=values["kappa_high"])
            if "kappa_low" in values
            else ""
        )
        told.append(tr("kappa {values:.2f}{span}").format(values=values["kappa"], span=span))
    if "p_spread_most" in values:
        told.append(
            tr("p differs by {values:.2f} on average, {values2:.2f} at most").format(
                values=values["p_spread_mean"], values2=values["p_spread_most"]
            )
        )
    return " · ".join(told)


class Auditor:
    """What the panel shows. GUI thread only; the work runs on the runner's lanes."""

    changed: ClassVar[Signal] = Signal()

    def __init__(self, calls: AuditCalls, runner: Runner) -> None:
        self._calls = calls
        self._runner = runner
        self.request = AuditRequest()
        self.plan: AuditPlan | None = None
        self.job: Job | None = None
        self.found: Audit | None = None
        self.failure: Message | None = None
        self.saved: str = ""
        self._why_not: Mapping[AuditTest, str] = {}

    @property
    def critic(self) -> str:
        """Who is audited."""
        return self._calls.critic_title

    @property
    def folder(self) -> Path:
        """Where the report is kept."""
        return self._calls.folder

    @property
    def files(self) -> str:
        """The names of the files that the report was kept as, in words."""
        named = [REPORT, TABLE, *([CORRECT] if self.found and self.found.correct else [])]
        return tr("{join} and {named}").format(join=", ".join(named[:-1]), named=named[-1])

    @property
    def rows(self) -> tuple[Row, ...]:
        """The result table; empty before there is a report."""
        return rows_of(self.found.report) if self.found else ()

    @property
    def ready(self) -> bool:
        """Say whether an audit can begin."""
        return self.job is None and self.plan is not None and bool(self._possible())

    @property
    def outlook(self) -> str:
        """What the audit will take, in one or two sentences."""
        if not self.request.tests:
            return tr("Choose at least one test.")
        if self.plan is None:
            return tr("Counting…")
        if not self._possible():
            return tr("None of these tests can be put to this critic.")
        if not self.plan.pairs:
            asks = any(test.asks_on_purpose for test in self._possible())
            left = tr(" No pair of this review is left to ask about.") if asks else ""
            return tr("Nobody is asked: only verdicts and decisions that are there are counted.{left}").format(
                left=left
            )
        most = self.plan.most_calls
        if not most:
            return tr("{pairs} pairs; this critic computes, so nothing is sent.").format(pairs=self.plan.pairs)
        return tr("{pairs} pairs, {most} calls at most. What it answered before is not asked again.").format(
            pairs=self.plan.pairs, most=most
        )

    def why_not(self, test: AuditTest) -> str:
        """Say why a test cannot be put to this critic; empty where it can."""
        return self._why_not.get(test, "")

    def _possible(self) -> tuple[AuditTest, ...]:
        return tuple(test for test in self.request.tests if not self.why_not(test))

    # --- choosing --------------------------------------------------------------------------------------------------

    def choose(self, tests: Iterable[AuditTest]) -> None:
        """Choose the tests."""
        wanted = set(tests)
        self._take(replace(self.request, tests=tuple(test for test in AuditTest if test in wanted)))

    def set_sample(self, pairs: int) -> None:
        """Say how many pairs a structure are asked about on purpose."""
        self._take(replace(self.request, sample=pairs))

    def set_repeats(self, times: int) -> None:
        """Say how often a question is repeated."""
        self._take(replace(self.request, repeats=times))

    def _take(self, request: AuditRequest) -> None:
        if request != self.request:
            self.request = request
            self.count()

    def count(self) -> None:
        """Count anew what the audit will take."""
        self.plan = None
        self.changed.emit()
        request = self.request
        if request.tests:
            self._runner.run(
                Lane.CPU,
                lambda: self._calls.audit_plan(request),
                self._counted,
                key="audit-plan",
                on_error=self._failed,
            )

    def _counted(self, plan: AuditPlan) -> None:
        self.plan, self._why_not = plan, plan.reasons
        self.changed.emit()

    # --- auditing --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; `changed` tells when there is a report or a failure."""
        if not self.ready:
            return
        job, request = Job(tr("Auditing the critic")), self.request
        self.job, self.found, self.failure, self.saved = job, None, None, ""
        self.changed.emit()
        self._runner.run(
            self._calls.critic_lane,
            lambda: self._calls.audit(request, job, job),
            self._finished,
            on_error=self._failed,
        )

    def cancel(self) -> None:
        """Ask the audit to stop; what was answered is kept, so that the next one goes on from there."""
        if self.job is not None:
            self.job.cancel()

    def again(self) -> None:
        """Go back to choosing."""
        self.found = None
        self.failure = None
        self.count()

    def _finished(self, found: Audit) -> None:
        self.job, self.found = None, found
        self.changed.emit()

    def _failed(self, error: BaseException) -> None:
        self.job = None
        if not isinstance(error, UserError):
            self.failure = Message(tr("The audit could not go on."), tr("The report says why."), error=True)
            self.changed.emit()
            raise error
        self.failure = Message(error.message, error.hint) if isinstance(error, CancelledError) else of_error(error)
        self.changed.emit()

    # --- taking it along -------------------------------------------------------------------------------------------

    def save_table(self, file: Path) -> None:
        """Write the result table as CSV."""
        found = self.found
        if found is not None:
            self._runner.run(Lane.CPU, lambda: save_table(found, file), self._written, on_error=self._not_written)

    def _written(self, file: Path) -> None:
        self.saved = tr("Written: {file}").format(file=file)
        self.changed.emit()

    def _not_written(self, error: BaseException) -> None:
        if not isinstance(error, UserError):
            raise error
        self.saved = str(error)
        self.changed.emit()
