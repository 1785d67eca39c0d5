"""The ledger of a review as the window shows it: counted in the background, a table a reader. Layer: viewmodels."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from psygnal import Signal

from labelcritic_gui.core.cancel import Cancel, Progress
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.services.ledger import Ledger, save_ledger
from labelcritic_gui.services.ledger_text import LedgerFact, facts_of, headline_of
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner

__all__ = ["TABLE", "LedgerCalls", "LedgerFact", "ReaderTable", "ReviewLedger"]

TABLE = "ledger.csv"


class LedgerCalls(Protocol):
    """The use-case of a ledger."""

    @property
    def folder(self) -> Path:
        """The review folder."""

    def ledger(self, cancel: Cancel, progress: Progress) -> Ledger:
        """Count what the journal says of every reader. Lane CPU."""


@dataclass(frozen=True, slots=True)
class ReaderTable:
    """What is said of one reader."""

    reader: str
    facts: tuple[LedgerFact, ...]


class ReviewLedger:
    """What the dialog shows; `changed` tells of every step. GUI thread only; the counting runs on the lane CPU."""

    changed: ClassVar[Signal] = Signal()

    def __init__(self, calls: LedgerCalls, runner: Runner) -> None:
        self._calls = calls
        self._runner = runner
        self.job: Job | None = None
        self.found: Ledger | None = None
        self.failure: Message | None = None
        self.saved = ""

    @property
    def folder(self) -> Path:
        """The review folder."""
        return self._calls.folder

    @property
    def tables(self) -> tuple[ReaderTable, ...]:
        """A table for each reader, by name."""
        found = self.found
        if found is None:
            return ()
        return tuple(ReaderTable(line.reader, facts_of(line, found.trusted)) for line in found.lines)

    @property
    def words(self) -> str:
        """What is said above the tables: how the review is read, that there is nothing yet, or what failed."""
        if self.failure is not None:
            return f"{self.failure.text} {self.failure.hint}".strip()
        if self.found is None:
            return tr("Reading the journal…")
        return self.saved or tr(self.found.nothing) or headline_of(self.found)

    def start(self) -> None:
        """Count anew."""
        job = self.job = Job(tr("Reading the journal"))
        self.failure, self.saved = None, ""
        self.changed.emit()
        self._runner.run(Lane.CPU, lambda: self._calls.ledger(job, job), self._take, on_error=self._failed)

    def cancel(self) -> None:
        """Stop counting."""
        if self.job is not None:
            self.job.cancel()

    def save(self, file: Path) -> None:
        """Write the tables as CSV."""
        found = self.found
        if found is not None:
            self._runner.run(Lane.CPU, lambda: save_ledger(found, file), self._written, on_error=self._failed)

    def _take(self, found: Ledger) -> None:
        self.job, self.found = None, found
        self.changed.emit()

    def _written(self, file: Path) -> None:
        self.saved = tr("Written: {file}").format(file=file)
        self.changed.emit()

    def _failed(self, error: BaseException) -> None:
        self.job = None
        if isinstance(error, CancelledError):
            return
        if not isinstance(error, UserError):
            self.failure = Message(tr("The ledger could not be counted."), tr("The report says why."), error=True)
            self.changed.emit()
            raise error
        self.failure = of_error(error)
        self.changed.emit()
