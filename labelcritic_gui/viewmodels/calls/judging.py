"""What is asked of and about the critic: opinions, audits, the bench, outliers. Layer: viewmodels."""

from typing import TYPE_CHECKING, Protocol

from labelcritic_gui.core.cancel import Cancel, Progress
from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.critic.base import seeing
from labelcritic_gui.services import cohort, comparison, opinions, switching
from labelcritic_gui.services.comparison import Changed
from labelcritic_gui.viewmodels.calls.bound import Bound
from labelcritic_gui.viewmodels.runner import Lane

if TYPE_CHECKING:  # what is not needed to open a review is imported when it is asked for
    from labelcritic_gui.faults.recipe import Recipe
    from labelcritic_gui.services.audit import Audit, AuditPlan, AuditRequest
    from labelcritic_gui.services.bench import BenchPlan
    from labelcritic_gui.viewmodels.bench_choice import BenchChoice, Benched


class JudgingCalls(Protocol):
    """What is asked of and about the critic: opinions, audits, the bench, outliers."""

    @property
    def critic_title(self) -> str:
        """The critic's name."""

    @property
    def critic_lane(self) -> Lane:
        """Where the critic works: CPU, or NET when it asks a server."""

    @property
    def critic_pause(self) -> str:
        """Why the critic waits for its server at this moment; empty when it does not. Any thread."""

    def ensure_findings(self, case: CaseId, cancel: Cancel) -> Changed:
        """Measure what was not measured of a case, asking nobody. Lane CPU."""

    def ensure_opinions(self, case: CaseId, cancel: Cancel, progress: Progress, *, anew: bool = False) -> Changed:
        """Compute what opinions a case lacks; `anew`: also where other prompts were answered. Lane `critic_lane`."""

    def choose_critic(self, kind: str) -> None:
        """Make a kind of critic the review's own; the review is opened anew after it. Lane STORE."""

    def audit_plan(self, request: "AuditRequest") -> "AuditPlan":
        """Say how many calls an audit of the critic takes at most. Lane CPU."""

    def audit(self, request: "AuditRequest", cancel: Cancel, progress: Progress) -> "Audit":
        """Audit the critic and keep the report in the review's folder. Lane `critic_lane`."""

    def bench_errors(self, text: str) -> "tuple[Recipe, ...]":
        """Return the errors that a text describes; raises UserError that says what is understood. Any thread."""

    def bench_plan(self, choice: "BenchChoice") -> "BenchPlan":
        """Say what a bench of the critic takes at most. Lane CPU."""

    def bench(self, choice: "BenchChoice", cancel: Cancel, progress: Progress) -> "Benched":
        """Put the critic on the bench and keep the report in the review's folder. Lane `critic_lane`."""

    def find_outliers(self, cancel: Cancel, progress: Progress) -> cohort.ReviewOutliers:
        """Look for what is unusual among the cases, and keep it. Lane CPU."""


class Judging(Bound):
    """The real thing."""

    @property
    def critic_title(self) -> str:
        """The critic's name."""
        return self._review.critic.identity.title

    @property
    def critic_lane(self) -> Lane:
        """NET for a critic behind a server."""
        return Lane.NET if self._review.critic.identity.kind == "lvlm" else Lane.CPU

    @property
    def critic_pause(self) -> str:
        """Why the critic waits for its server at this moment; empty when it does not."""
        seer = seeing(self._review.critic)
        return seer.paused if seer is not None else ""

    def ensure_findings(self, case: CaseId, cancel: Cancel) -> Changed:
        """Measure what was not measured of a case, asking nobody."""
        return opinions.ensure_findings(self._review, case, cancel=cancel)

    def ensure_opinions(self, case: CaseId, cancel: Cancel, progress: Progress, *, anew: bool = False) -> Changed:
        """Compute what opinions a case lacks."""
        return comparison.ensure_opinions(self._review, case, anew=anew, cancel=cancel, progress=progress)

    def choose_critic(self, kind: str) -> None:
        """Make a kind of critic the review's own."""
        switching.choose_critic(self._review, kind)

    def audit_plan(self, request: "AuditRequest") -> "AuditPlan":
        """Say how many calls an audit of the critic takes at most."""
        from labelcritic_gui.services.audit import plan_audit

        return plan_audit(self._review, request)

    def audit(self, request: "AuditRequest", cancel: Cancel, progress: Progress) -> "Audit":
        """Audit the critic and keep the report in the review's folder."""
        from labelcritic_gui.services.audit import audit
        from labelcritic_gui.services.audit_files import save_audit

        found = audit(self._review, request, cancel=cancel, progress=progress)
        save_audit(found, self._review.folder)
        return found

    def bench_errors(self, text: str) -> "tuple[Recipe, ...]":
        """Return the errors that a text describes."""
        from labelcritic_gui.viewmodels import bench_calls

        return bench_calls.recipes_of(self._review, text)

    def bench_plan(self, choice: "BenchChoice") -> "BenchPlan":
        """Say what a bench of the critic takes at most."""
        from labelcritic_gui.viewmodels import bench_calls

        return bench_calls.plan_of(self._review, choice)

    def bench(self, choice: "BenchChoice", cancel: Cancel, progress: Progress) -> "Benched":
        """Put the critic on the bench and keep the report in the review's folder."""
        from labelcritic_gui.viewmodels import bench_calls

        return bench_calls.run(self._review, choice, cancel, progress)

    def find_outliers(self, cancel: Cancel, progress: Progress) -> cohort.ReviewOutliers:
        """Look for what is unusual among the cases, and keep it."""
        return cohort.find_and_keep(self._review, cancel=cancel, progress=progress)
