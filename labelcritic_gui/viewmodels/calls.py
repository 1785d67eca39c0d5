"""What a reading asks of the services, bound to one review so that tests can hand in another. Layer: viewmodels."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.cancel import Cancel, Progress
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId, LabelSet
from labelcritic_gui.core.review import Choice, ItemState
from labelcritic_gui.critic.base import seeing
from labelcritic_gui.services import cohort, comparison, export, inspection, opinions, review, switching, worklist
from labelcritic_gui.services.comparison import Changed, Opinions, Panel, Stage
from labelcritic_gui.services.export import ExportReport
from labelcritic_gui.services.inspection import InspectedFile
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.services.worklist import Counts, ItemRow, Keys, WorklistQuery
from labelcritic_gui.viewmodels.runner import Lane

if TYPE_CHECKING:  # what is not needed to open a review is imported when it is asked for
    from labelcritic_gui.critic.lvlm import LvlmCritic
    from labelcritic_gui.faults.recipe import Recipe
    from labelcritic_gui.services.audit import Audit, AuditPlan, AuditRequest
    from labelcritic_gui.services.bench import BenchPlan
    from labelcritic_gui.services.prompt_preview import Ask, Preview
    from labelcritic_gui.services.sent import SentItem
    from labelcritic_gui.store.database import Database
    from labelcritic_gui.viewmodels.bench_choice import BenchChoice, Benched

__all__ = [
    "Changed",
    "Counts",
    "ExportReport",
    "ItemRow",
    "OpenReview",
    "Opinions",
    "Panel",
    "ReviewCalls",
    "ServiceCalls",
    "Stage",
    "WorklistQuery",
]


class ReviewCalls(Protocol):
    """The use-cases of one open review; each is synchronous and belongs on the lane that its comment names."""

    @property
    def folder(self) -> Path:
        """The review folder."""

    @property
    def title(self) -> str:
        """What the review is called."""

    @property
    def mode(self) -> str:
        """How verdicts are shown, such as "assisted"."""

    @property
    def label_sets(self) -> tuple[LabelSet, ...]:
        """The label sets in the order that fixes their colours."""

    @property
    def worded_names(self) -> tuple[str, ...]:
        """The names that words for a model can be written for: structures, and titles of pairs shown together."""

    @property
    def critic_title(self) -> str:
        """The critic's name."""

    @property
    def critic_lane(self) -> Lane:
        """Where the critic works: CPU, or NET when it asks a server."""

    def decide(
        self,
        item: ItemId,
        choice: Choice,
        *,
        candidate: CandidateId | None = None,
        position: int = 0,
        reasons: tuple[str, ...] = (),
        seen: Mapping[str, Any],
    ) -> ItemState:
        """Write a decision; it is durable on return. Lane DECIDE."""

    def undo(self) -> ItemId | None:
        """Cancel the reader's last decision. Lane DECIDE."""

    def set_note(self, item: ItemId, text: str) -> ItemState:
        """Write the note of an item. Lane DECIDE."""

    def item_state(self, item: ItemId) -> ItemState:
        """Return where an item stands. Lane STORE."""

    def resume_item(self) -> ItemId | None:
        """Return where the reader was. Lane STORE."""

    def remember_item(self, item: ItemId) -> None:
        """Remember where the reader is. Lane DECIDE."""

    def page(self, query: WorklistQuery, after: ItemRow | None, limit: int) -> tuple[ItemRow, ...]:
        """Return the next rows of the worklist. Lane STORE."""

    def total(self, query: WorklistQuery) -> int:
        """Count the items of a query without text. Lane STORE."""

    def order(self, query: WorklistQuery) -> NDArray[np.int32]:
        """Return the whole order of a query, its text left aside; see `services.worklist.order`. Lane STORE."""

    def keys(self) -> Keys:
        """Return which case and structure every rank is. Lane STORE."""

    def search(self, text: str, keys: Keys) -> NDArray[np.bool_]:
        """Say of every rank whether a text matches it. Lane STORE."""

    def rows(self, ranks: Sequence[int]) -> tuple[ItemRow, ...]:
        """Return the rows of some ranks. Lane STORE."""

    def counts(self) -> Counts:
        """Count items by state. Lane STORE."""

    def next_open(self, after: ItemId | None) -> ItemId | None:
        """Return the next open item in the order of attention. Lane STORE."""

    def row(self, item: ItemId) -> ItemRow:
        """Return an item's row. Lane STORE."""

    def load_stage(self, item: ItemId) -> Stage:
        """Load pictures and silhouettes. Lane CPU."""

    def load_opinions(self, item: ItemId) -> Opinions:
        """Load what is stored of verdicts and facts. Lane STORE."""

    @property
    def critic_pause(self) -> str:
        """Why the critic waits for its server at this moment; empty when it does not. Any thread."""

    def ensure_findings(self, case: CaseId, cancel: Cancel) -> Changed:
        """Measure what was not measured of a case, asking nobody. Lane CPU."""

    def ensure_opinions(self, case: CaseId, cancel: Cancel, progress: Progress, *, anew: bool = False) -> Changed:
        """Compute what opinions a case lacks; `anew`: also where other prompts were answered. Lane `critic_lane`."""

    def sent(self, item: ItemId, cancel: Cancel) -> "SentItem":
        """Return what the critic was asked and answered, with the pictures. Lane CPU."""

    def preview(
        self, item: ItemId, ask: "Ask", render: "Callable[[Database], LvlmCritic]", words_of: str, cancel: Cancel
    ) -> "Preview":
        """Return what a critic would send about an item; see `services.prompt_preview.preview`. Lane CPU."""

    def export(self, out: Path, cancel: Cancel, progress: Progress) -> ExportReport:
        """Write what was accepted. Lane CPU."""

    def inspect_item(self, item: ItemId, cancel: Cancel, progress: Progress) -> tuple[InspectedFile, ...]:
        """Say what the image and each candidate's file are. Lane CPU."""

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

    def choose_critic(self, kind: str) -> None:
        """Make a kind of critic the review's own; the review is opened anew after it. Lane STORE."""

    def close(self) -> None:
        """Let go of the review's files."""


class ServiceCalls:
    """The real thing: the service functions with the review and the reader filled in."""

    def __init__(self, opened: OpenReview, reader: str) -> None:
        self._review = opened
        self._reader = reader or review.default_reader()

    @property
    def folder(self) -> Path:
        """The review folder."""
        return self._review.folder

    @property
    def title(self) -> str:
        """What the review is called."""
        return self._review.title

    @property
    def mode(self) -> str:
        """How verdicts are shown."""
        return self._review.mode

    @property
    def label_sets(self) -> tuple[LabelSet, ...]:
        """The label sets in the order that fixes their colours."""
        return self._review.label_sets

    @property
    def worded_names(self) -> tuple[str, ...]:
        """The names that words for a model can be written for."""
        known = [self._review.table.get(name) for name in self._review.structures]
        return tuple(dict.fromkeys(name for s in known for name in (s.name, s.pair_title) if name))

    @property
    def critic_title(self) -> str:
        """The critic's name."""
        return self._review.critic.identity.title

    @property
    def critic_lane(self) -> Lane:
        """NET for a critic behind a server."""
        return Lane.NET if self._review.critic.identity.kind == "lvlm" else Lane.CPU

    def decide(
        self,
        item: ItemId,
        choice: Choice,
        *,
        candidate: CandidateId | None = None,
        position: int = 0,
        reasons: tuple[str, ...] = (),
        seen: Mapping[str, Any],
    ) -> ItemState:
        """Write a decision; it is durable on return."""
        return review.decide(
            self._review,
            self._reader,
            item,
            choice,
            candidate=candidate,
            position=position,
            reasons=reasons,
            seen=seen,
        )

    def undo(self) -> ItemId | None:
        """Cancel the reader's last decision."""
        return review.undo(self._review, self._reader)

    def set_note(self, item: ItemId, text: str) -> ItemState:
        """Write the note of an item."""
        return review.set_note(self._review, self._reader, item, text)

    def item_state(self, item: ItemId) -> ItemState:
        """Return where an item stands."""
        return review.item_state(self._review, item)

    def resume_item(self) -> ItemId | None:
        """Return where the reader was."""
        return review.resume_item(self._review, self._reader)

    def remember_item(self, item: ItemId) -> None:
        """Remember where the reader is."""
        review.remember_item(self._review, self._reader, item)

    def page(self, query: WorklistQuery, after: ItemRow | None, limit: int) -> tuple[ItemRow, ...]:
        """Return the next rows of the worklist."""
        return worklist.page(self._review, query, after=after, limit=limit)

    def total(self, query: WorklistQuery) -> int:
        """Count the items of a query without text."""
        return worklist.total(self._review, query)

    def order(self, query: WorklistQuery) -> NDArray[np.int32]:
        """Return the whole order of a query, its text left aside."""
        return worklist.order(self._review, query)

    def keys(self) -> Keys:
        """Return which case and structure every rank is."""
        return worklist.keys(self._review)

    def search(self, text: str, keys: Keys) -> NDArray[np.bool_]:
        """Say of every rank whether a text matches it."""
        return worklist.search(self._review, text, keys)

    def rows(self, ranks: Sequence[int]) -> tuple[ItemRow, ...]:
        """Return the rows of some ranks."""
        return worklist.rows(self._review, ranks)

    def counts(self) -> Counts:
        """Count items by state."""
        return worklist.counts(self._review, self._reader)

    def next_open(self, after: ItemId | None) -> ItemId | None:
        """Return the next open item in the order of attention."""
        return worklist.next_open(self._review, self._reader, after=after)

    def row(self, item: ItemId) -> ItemRow:
        """Return an item's row."""
        return worklist.row(self._review, item)

    def load_stage(self, item: ItemId) -> Stage:
        """Load pictures and silhouettes."""
        return comparison.load_stage(self._review, item)

    def load_opinions(self, item: ItemId) -> Opinions:
        """Load what is stored of verdicts and facts."""
        return comparison.load_opinions(self._review, item)

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

    def sent(self, item: ItemId, cancel: Cancel) -> "SentItem":
        """Return what the critic was asked and answered, with the pictures."""
        from labelcritic_gui.services.sent import sent_item

        return sent_item(self._review, item, cancel=cancel)

    def preview(
        self, item: ItemId, ask: "Ask", render: "Callable[[Database], LvlmCritic]", words_of: str, cancel: Cancel
    ) -> "Preview":
        """Return what a critic would send about an item."""
        from labelcritic_gui.services.prompt_preview import preview

        critic = render(self._review.database)
        return preview(self._review, item, critic, ask, words_of=words_of, cancel=cancel)

    def export(self, out: Path, cancel: Cancel, progress: Progress) -> ExportReport:
        """Write what was accepted."""
        return export.export_review(self._review, out, progress=progress, cancel=cancel)

    def inspect_item(self, item: ItemId, cancel: Cancel, progress: Progress) -> tuple[InspectedFile, ...]:
        """Say what the image and each candidate's file are."""
        return inspection.inspect_item(self._review, item, progress=progress, cancel=cancel)

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

    def choose_critic(self, kind: str) -> None:
        """Make a kind of critic the review's own."""
        switching.choose_critic(self._review, kind)

    def close(self) -> None:
        """Let go of the review's files."""
        self._review.close()
