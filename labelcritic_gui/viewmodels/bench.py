"""The bench panel: the truth, the errors planted in it, the bench under way, and what it found. Layer: viewmodels."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Protocol

from psygnal import Signal

from labelcritic_gui.core.bench_report import Calibration, calibration_of, headline
from labelcritic_gui.core.cancel import Cancel, Progress
from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.faults.kinds import FaultKind, FaultSeverity
from labelcritic_gui.faults.recipe import STANDARD, Recipe
from labelcritic_gui.services.bench import BenchPlan
from labelcritic_gui.translation import N_, ntr, tr
from labelcritic_gui.viewmodels.bench_choice import (
    PHANTOMS,
    BenchChoice,
    Benched,
    Truth,
    TruthKind,
    truths_of,
)
from labelcritic_gui.viewmodels.bench_words import (
    KIND_TITLES,
    SEVERITY_TITLES,
    BenchLine,
    Part,
    TargetLine,
    alarm_lines,
    alarm_words,
    bin_line,
    calibration_words,
    listed,
    notes_of,
    parts_of,
    percent,
    target_lines,
)
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner

__all__ = [
    "KIND_TITLES",
    "MOST_CASES",
    "MOST_ERRORS",
    "SEVERITY_TITLES",
    "Bench",
    "BenchCalls",
    "BenchChoice",
    "BenchLine",
    "BenchPlan",
    "Benched",
    "Calibration",
    "FaultKind",
    "FaultSeverity",
    "Part",
    "TargetLine",
    "Truth",
    "TruthKind",
    "bin_line",
    "percent",
]

ERRORS_AT_FIRST, CASES_AT_FIRST = 4, 4
MOST_ERRORS, MOST_CASES = 100, 1000
WORDS_HINT = N_(
    "What is written here takes the place of the boxes: each error is planted in every structure. Separate several by "
    "a semicolon."
)
STOPPED = Message(N_("Stopped as asked."), N_("No report was written."))


class BenchCalls(Protocol):
    """The use-cases of a bench."""

    @property
    def critic_title(self) -> str:
        """The critic's name."""

    @property
    def critic_lane(self) -> Lane:
        """Where the critic works."""

    @property
    def label_sets(self) -> tuple[LabelSet, ...]:
        """The review's label sets, in their fixed order."""

    def bench_errors(self, text: str) -> tuple[Recipe, ...]:
        """Return the errors that a text describes; raises UserError that says what is understood. Any thread."""

    def bench_plan(self, choice: BenchChoice) -> BenchPlan:
        """Say what a bench takes at most. Lane CPU."""

    def bench(self, choice: BenchChoice, cancel: Cancel, progress: Progress) -> Benched:
        """Put the review's critic on the bench and keep the report in the review's folder. Lane `critic_lane`."""


class Bench:
    """What the panel shows. GUI thread only; the work runs on the runner's lanes.

    `text`, where it is filled, takes the place of the chosen kinds and severities.
    """

    changed: ClassVar[Signal] = Signal()

    def __init__(self, calls: BenchCalls, runner: Runner) -> None:
        self._calls = calls
        self._runner = runner
        self.truths = truths_of(calls.label_sets)
        trusted = [truth for truth in self.truths if truth.trusted]
        self.truth = trusted[0] if trusted else PHANTOMS
        self.kinds = frozenset(FaultKind)
        self.severities = frozenset(FaultSeverity)
        self.text = ""
        self.per_structure, self.cases = ERRORS_AT_FIRST, CASES_AT_FIRST
        self.plan: BenchPlan | None = None
        self.job: Job | None = None
        self.found: Benched | None = None
        self.failure: Message | None = None
        self.misread: Message | None = None
        self._described: tuple[Recipe, ...] = ()

    @property
    def critic(self) -> str:
        """Who is put on the bench."""
        return self._calls.critic_title

    @property
    def advice(self) -> str:
        """What to do where the review has no truth of its own; empty where it has."""
        if any(truth.trusted for truth in self.truths):
            return ""
        return tr(
            "No label set of this review is marked as trusted, so nothing of your own scans is known to be right. "
            "Choose the labels that you believe most, or begin with phantoms. A label set is marked as trusted when "
            "its review is made."
        )

    # --- choosing --------------------------------------------------------------------------------------------------

    @property
    def in_words(self) -> bool:
        """Say whether errors are described in words: each of them is then planted in every structure."""
        return bool(self.text.strip())

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The errors to plant: those described in words, else the standard ones of the chosen kinds and severities."""
        if self.in_words:
            return self._described
        return tuple(one for one in STANDARD if one.kind in self.kinds and one.severity in self.severities)

    @property
    def reading(self) -> str:
        """What the words were understood as, or why they cannot be read; empty without words."""
        if self.misread is not None:
            return self.misread.text
        return (
            tr("Understood: {join}.").format(join="; ".join(recipe.text for recipe in self._described))
            if self._described
            else ""
        )

    @property
    def reading_hint(self) -> str:
        """How the words are to be written."""
        return self.misread.hint if self.misread is not None else tr(WORDS_HINT)

    def choose_truth(self, place: int) -> None:
        """Choose what the truth is, by its place among `truths`."""
        if self.truths[place] != self.truth:
            self.truth = self.truths[place]
            self.count()

    def choose_kinds(self, kinds: Iterable[FaultKind]) -> None:
        """Choose the kinds of error."""
        self.kinds = frozenset(kinds)
        self.count()

    def choose_severities(self, severities: Iterable[FaultSeverity]) -> None:
        """Choose how far the errors go."""
        self.severities = frozenset(severities)
        self.count()

    def describe(self, text: str) -> None:
        """Describe the errors in words; `misread` says what cannot be read of them."""
        self.text, self.misread, self._described = text, None, ()
        if text.strip():
            try:
                self._described = self._calls.bench_errors(text)
            except UserError as error:
                self.misread = of_error(error)
        self.count()

    def set_per_structure(self, errors: int) -> None:
        """Say how many errors are planted in a structure of a case."""
        if errors != self.per_structure:
            self.per_structure = errors
            self.count()

    def set_cases(self, cases: int) -> None:
        """Say how many cases, or phantoms, are put on the bench at most."""
        if cases != self.cases:
            self.cases = cases
            self.count()

    def count(self) -> None:
        """Count anew what the bench will take."""
        self.plan, self.failure = None, None
        self.changed.emit()
        if self.recipes:
            choice = self._choice()
            self._runner.run(
                Lane.CPU,
                lambda: self._calls.bench_plan(choice),
                lambda plan: self._counted(choice, plan),
                key="bench-plan",
                on_error=self._failed,
            )

    def _choice(self) -> BenchChoice:
        return BenchChoice(self.truth, self.recipes, 0 if self.in_words else self.per_structure, self.cases)

    def _counted(self, choice: BenchChoice, plan: BenchPlan) -> None:
        if choice == self._choice():  # not for a choice that can no longer begin
            self.plan = plan
            self.changed.emit()

    @property
    def ready(self) -> bool:
        """Say whether a bench can begin."""
        return self.job is None and bool(self.recipes) and self.plan is not None and self.plan.pairs > 0

    @property
    def outlook(self) -> str:
        """What the bench will take, in one or two sentences."""
        if self.misread is not None:
            return tr("The words above cannot be read.")
        if not self.recipes:
            return _nothing_chosen(self.kinds, self.severities)
        if self.plan is None:
            return tr("Counting…")
        if not self.plan.pairs:
            return tr("There is no label to plant an error in: choose another truth.")
        n, made = self.plan.cases, self.truth.is_phantom
        size = ntr("{n} phantom", "{n} phantoms", n) if made else ntr("{n} case", "{n} cases", n)
        size = size.format(n=n)
        words = tr("{size}: up to {pairs} pairs and {singles} labels by themselves.").format(
            size=size, pairs=self.plan.pairs, singles=self.plan.singles
        )
        return tr("{words} Each is put to the server.").format(words=words) if self.plan.asks else words

    # --- under way -------------------------------------------------------------------------------------------------

    @property
    def progress(self) -> str:
        """How far the bench is; empty when none is under way."""
        job = self.job
        if job is None:
            return ""
        if not job.total:
            return tr("Beginning…")
        return tr("{done} of {total} done, now {what}").format(done=job.done, total=job.total, what=job.what)

    def start(self) -> None:
        """Begin; `changed` tells when there is a report or a failure."""
        if not self.ready:
            return
        job, choice = Job(tr("Benching the critic")), self._choice()
        self.job, self.found, self.failure = job, None, None
        self.changed.emit()
        self._runner.run(
            self._calls.critic_lane,
            lambda: self._calls.bench(choice, job, job),
            self._finished,
            on_error=self._failed,
        )

    def cancel(self) -> None:
        """Ask the bench to stop."""
        if self.job is not None:
            self.job.cancel()

    def again(self) -> None:
        """Go back to choosing."""
        self.found = None
        self.count()

    def _finished(self, found: Benched) -> None:
        self.job, self.found = None, found
        self.changed.emit()

    def _failed(self, error: BaseException) -> None:
        self.job = None
        if not isinstance(error, UserError):
            self.failure = Message(tr("The bench could not go on."), tr("The report says why."), error=True)
            self.changed.emit()
            raise error
        self.failure = STOPPED if isinstance(error, CancelledError) else of_error(error)
        self.changed.emit()

    # --- what it found ---------------------------------------------------------------------------------------------

    @property
    def headline(self) -> str:
        """The whole in one or two sentences; empty before there is a report."""
        return headline(self.found.report) if self.found else ""

    @property
    def source(self) -> str:
        """What was on the bench, in words."""
        return self.found.report.source if self.found else ""

    @property
    def target_lines(self) -> tuple[TargetLine, ...]:
        """How the critic stands to each published target."""
        return target_lines(self.found.report) if self.found else ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """The rows by overlap, structure, error, severity and pairing."""
        return parts_of(self.found.report) if self.found else ()

    @property
    def calibration(self) -> Calibration:
        """Stated confidence against the frequency of being right."""
        return calibration_of(self.found.report.trials if self.found else ())

    @property
    def calibration_words(self) -> tuple[str, ...]:
        """What the calibration comes to: the mean gap, and where the critic is surer than it is right."""
        return calibration_words(self.calibration)

    @property
    def alarms(self) -> tuple[str, ...]:
        """Right labels that were called out, by name."""
        return alarm_lines(self.found.report) if self.found else ()

    @property
    def alarm_words(self) -> str:
        """How many right labels were called out, of how many shown by themselves."""
        return alarm_words(self.found.report) if self.found else ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What else a reader should know."""
        return notes_of(self.found.report) if self.found else ()

    @property
    def kept(self) -> str:
        """Where the report was written, in one sentence."""
        found = self.found
        return (
            tr("Kept as {listed} in {folder}.").format(listed=listed(found.files), folder=found.folder) if found else ""
        )


def _nothing_chosen(kinds: Iterable[FaultKind], severities: Iterable[FaultSeverity]) -> str:
    missing: Mapping[str, bool] = {"one kind of error": not any(kinds), "one severity": not any(severities)}
    wanted = [what for what, lacks in missing.items() if lacks]
    return (
        tr("Choose at least {listed}.").format(listed=listed(wanted))
        if wanted
        else tr("No such error goes that far: choose other severities.")
    )
