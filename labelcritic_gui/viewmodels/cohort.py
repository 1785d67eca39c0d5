"""The outliers of a review: the search for them, what it found, and the way to their items. Layer: viewmodels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from psygnal import Signal

from labelcritic_gui.core.cancel import Cancel, Progress
from labelcritic_gui.core.cases import ItemId, LabelSet
from labelcritic_gui.core.cohort import Outlier
from labelcritic_gui.core.errors import CancelledError, ReviewError, UserError
from labelcritic_gui.services.cohort import TABLE, ReviewOutliers, save_outliers
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.cards import colour_of
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner

__all__ = ["TABLE", "OutlierCalls", "OutlierRow", "OutlierSearch", "rows_of"]

MOST_ROWS = 2000
"""Rows that are shown; the table that can be saved has all."""


class OutlierCalls(Protocol):
    """The use-case of a search."""

    @property
    def folder(self) -> Path:
        """The review folder."""

    @property
    def label_sets(self) -> tuple[LabelSet, ...]:
        """The label sets in the order that fixes their colours."""

    def find_outliers(self, cancel: Cancel, progress: Progress) -> ReviewOutliers:
        """Look for what is unusual among the cases, and keep it. Lane CPU."""


@dataclass(frozen=True, slots=True)
class OutlierRow:
    """One unusual candidate, in words. `colour` is its label set's index, `also` what else is unusual about it."""

    item: ItemId
    label_set: str
    colour: int
    how_much: str
    what: str
    also: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """All that is unusual, a line for each thing, the most unusual first."""
        return "\n".join([self.what, *(f"Also: {sentence}" for sentence in self.also)])

    @property
    def spoken(self) -> str:
        """The row for who hears it."""
        return f"{self.item}, {self.label_set}: {self.words}"


def rows_of(found: ReviewOutliers, label_sets: Sequence[LabelSet]) -> tuple[OutlierRow, ...]:
    """Return a row for each unusual candidate, the most unusual first."""
    return tuple(_row(those, label_sets) for those in found.report.by_candidate)


def _row(those: Sequence[Outlier], label_sets: Sequence[LabelSet]) -> OutlierRow:
    worst = those[0]
    colour = colour_of(label_sets, worst.label_set)
    return OutlierRow(
        item=worst.item,
        label_set=label_sets[colour].title if colour >= 0 else worst.label_set,
        colour=colour,
        how_much=f"{worst.deviation:+.1f} SD",
        what=worst.sentence[:1].upper() + worst.sentence[1:],
        also=tuple(one.sentence for one in those[1:]),
    )


class OutlierSearch:
    """What the dialog shows, for as long as the review is open. GUI thread only; the search runs on the lane CPU."""

    changed: ClassVar[Signal] = Signal()

    def __init__(
        self, calls: OutlierCalls, runner: Runner, *, found: Callable[[], None], go: Callable[[ItemId], bool]
    ) -> None:
        """Follow a review; `found` is told of every result, `go` opens an item and says whether it could."""
        self._calls = calls
        self._runner = runner
        self._tell = found
        self._go = go
        self.job: Job | None = None
        self.found: ReviewOutliers | None = None
        self.rows: tuple[OutlierRow, ...] = ()
        self.failure: Message | None = None
        self.saved = ""

    @property
    def folder(self) -> Path:
        """The review folder."""
        return self._calls.folder

    @property
    def headline(self) -> str:
        """What was found, in a sentence; empty before."""
        return self.found.report.headline if self.found is not None else ""

    @property
    def notes(self) -> str:
        """What the result does not cover, in sentences."""
        if self.found is None:
            return ""
        more = len(self.rows) - MOST_ROWS
        words = (
            [tr("The first {most_rows} are shown; the table has {more} more.").format(most_rows=MOST_ROWS, more=more)]
            if more > 0
            else []
        )
        return " ".join([*words, *filter(None, (self.found.report.left_out, self.found.not_measured))])

    @property
    def shown(self) -> tuple[OutlierRow, ...]:
        """The rows that are shown."""
        return self.rows[:MOST_ROWS]

    def start(self) -> None:
        """Look (anew); `changed` tells when there is a result or a failure."""
        if self.job is not None:
            return
        job = Job(tr("Looking for outliers"))
        self.job, self.found, self.rows, self.failure, self.saved = job, None, (), None, ""
        self.changed.emit()
        self._runner.run(Lane.CPU, lambda: self._calls.find_outliers(job, job), self._finished, on_error=self._failed)

    def cancel(self) -> None:
        """Ask the search to stop."""
        if self.job is not None:
            self.job.cancel()

    def go_to(self, row: OutlierRow) -> bool:
        """Open a row's item; say whether that could be done now."""
        return self._go(row.item)

    def save_table(self, file: Path) -> None:
        """Write all outliers as CSV."""
        found = self.found
        if found is not None:
            self._runner.run(
                Lane.CPU, lambda: save_outliers(found.report, file), self._written, on_error=self._not_written
            )

    def _finished(self, found: ReviewOutliers) -> None:
        self.job, self.found = None, found
        self.rows = rows_of(found, self._calls.label_sets)
        self.changed.emit()
        self._tell()

    def _failed(self, error: BaseException) -> None:
        self.job = None
        if not isinstance(error, UserError):
            self.failure = Message(tr("The search could not go on."), tr("The report says why."), error=True)
            self.changed.emit()
            raise error
        expected = isinstance(error, CancelledError | ReviewError)  # stopped, or too few cases: nothing went wrong
        self.failure = Message(error.message, error.hint) if expected else of_error(error)
        self.changed.emit()

    def _written(self, file: Path) -> None:
        self.saved = tr("Written: {file}").format(file=file)
        self.changed.emit()

    def _not_written(self, error: BaseException) -> None:
        if not isinstance(error, UserError):
            raise error
        self.saved = str(error)
        self.changed.emit()
