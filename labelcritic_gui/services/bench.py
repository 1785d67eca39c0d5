"""Puts a critic on the bench: plants known errors in trusted labels, asks, and holds the answers against the truth.

Layer: services. Nothing is written, no thread started; the same request gives the same questions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from labelcritic_gui.core.bench import BenchReport, Refusal, Single, Trial
from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress, stop_if
from labelcritic_gui.core.errors import CancelledError, CriticError, ReviewError, UserError
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.core.metrics import dice
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.core.verdict import Outcome
from labelcritic_gui.critic.base import Critic, seeing
from labelcritic_gui.faults.planting import plant
from labelcritic_gui.faults.recipe import FaultSeverity, Recipe
from labelcritic_gui.faults.scene import Scene
from labelcritic_gui.services.bench_answers import single_of, trial_of
from labelcritic_gui.services.bench_cases import BenchCase, CaseSource
from labelcritic_gui.services.bench_plan import BenchRequest, pairs_of_errors
from labelcritic_gui.services.bench_questions import Ask, BenchQuestions, Label, PairAsk
from labelcritic_gui.services.review import SOFTWARE, now

READING, ASKING = "reading", "asking"
"""What could not be done with a case or a trusted label, where it was no error that could not be planted."""

GHOST = "ghost"
"""The kind of a label of something that was removed."""


def bench(
    source: CaseSource,
    request: BenchRequest,
    critic: Critic,
    table: StructureTable,
    *,
    cancel: Cancel | None = None,
    progress: Progress = no_progress,
) -> BenchReport:
    """Put a critic on the bench and return what it said.

    Raises ReviewError when nothing at all could be asked and says what was looked for, CriticError when no question
    was answered, and CancelledError.
    """
    total = source.labels(request.structures)
    round_ = _Round(request, _wordless(critic), table, cancel or NeverCancel(), progress, total)
    for case in source.cases(round_.cancel):
        if isinstance(case, BenchCase):
            round_.take(case)
        else:
            name, error = case
            round_.refused.append(Refusal(name, "", READING, str(error)))
    report = BenchReport(
        critic=critic.identity,
        source=source.words,
        seed=request.seed,
        time=now(),
        software=SOFTWARE,
        cases=tuple(round_.cases),
        trials=tuple(round_.trials),
        singles=tuple(round_.singles),
        refused=tuple(round_.refused),
    )
    _require_something(report, request, source)
    progress(total, total, "done")
    return report


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """What a bench takes at most: cases, pairs and single labels; `asks` says that each goes to a server."""

    cases: int
    pairs: int
    singles: int
    asks: bool


def plan_bench(source: CaseSource, request: BenchRequest, critic: Critic) -> BenchPlan:
    """Say what a bench takes at most, without reading an image."""
    labels = source.labels(request.structures)
    errors = labels * request.wanted
    worse = labels * math.ceil(request.worse_worst * request.wanted)
    singles = labels + errors if request.singles else 0
    return BenchPlan(source.count, errors + worse, singles, critic.wants_pictures)


def _wordless(critic: Critic) -> Critic:
    """Return the same critic that is not asked for reasons in words: they cost calls, and change no verdict."""
    seer = seeing(critic)
    return seer.wordless() if seer is not None and seer.how.reasons else critic


def _require_something(report: BenchReport, request: BenchRequest, source: CaseSource) -> None:
    if not report.trials:
        wanted = ", ".join(request.structures) or "every structure with a trusted label"
        why = f" {report.refused[0].why}" if report.refused else ""
        raise ReviewError(
            f"Nothing could be put on the bench: {len(request.recipes)} error(s) were to be planted in {wanted} of "
            f"{source.words}; {len(report.refused)} were refused.{why}",
            "Name other structures, errors or cases.",
        )
    if all(trial.outcome is Outcome.FAILED for trial in report.trials):
        raise CriticError(f"The critic did not answer a single question: {report.trials[0].reasons[0]}")


@dataclass
class _Round:
    """One bench under way."""

    request: BenchRequest
    critic: Critic
    table: StructureTable
    cancel: Cancel
    progress: Progress
    total: int
    done: int = 0
    cases: list[str] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)
    singles: list[Single] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def take(self, case: BenchCase) -> None:
        """Put one case on the bench; one that cannot be asked about (nothing can be drawn) is named."""
        try:
            self._take(case)
        except (CancelledError, CriticError):
            raise
        except UserError as error:
            self.refused.append(Refusal(case.name, "", ASKING, str(error)))

    def _take(self, case: BenchCase) -> None:
        """Put one case on the bench, structure by structure; all at once for a critic that asks a server."""
        scene = Scene(case.volume, case.masks, {s.name: s.pair for s in self.table if s.pair})
        names = self._structures(case)
        if not names:
            return
        self.cases.append(case.name)
        maker = BenchQuestions(case, self.table, self.critic, cancel=self.cancel)
        waiting: list[Ask] = []
        for name in names:
            self.progress(min(self.done, self.total), self.total, f"{case.name}, {name.replace('_', ' ')}")
            self.done += 1
            waiting += self._asks(case, scene, name)
            if not self.critic.wants_pictures:
                self._put(case, maker, waiting)
                waiting = []
        self._put(case, maker, [*waiting, *self._absences(case)])

    def _structures(self, case: BenchCase) -> list[str]:
        """Return what is asked about in a case; what was wanted and cannot be used is named."""
        wanted = self.request.structures or sorted({*case.masks, *case.refused})
        found = []
        for name in wanted:
            if name in case.refused:
                self.refused.append(Refusal(case.name, name, READING, str(case.refused[name])))
            elif name not in case.masks or case.masks[name].is_empty:
                if self.request.structures:
                    self.refused.append(Refusal(case.name, name, "any error", "It has no trusted label of it."))
            else:
                found.append(name)
        return found

    # --- what is asked -----------------------------------------------------------------------------------------------

    def _asks(self, case: BenchCase, scene: Scene, structure: str) -> list[Ask]:
        """Return the questions about one structure: truth and error, error and worse error, each label by itself."""
        truth = Label(case.masks[structure], 1.0)
        errors = self._planted(case, scene, structure, truth.mask)
        rng = self.request.rng(case.name, structure, 1)
        count = math.ceil(self.request.worse_worst * len(errors) - rng.random()) if errors else 0
        pairs = [(error, truth) for error in errors]
        chosen = pairs_of_errors([e.dice for e in errors], count, rng)
        pairs += [(errors[worse], errors[better]) for worse, better in chosen]
        asks: list[Ask] = []
        for worse, better in pairs:
            labels = (worse, better) if rng.random() < 0.5 else (better, worse)
            asks.append(PairAsk(structure, labels, worse=worse, better=better))
        if self.request.singles:
            asks += [Ask(structure, (label,)) for label in (truth, *errors)]
        return asks

    def _absences(self, case: BenchCase) -> list[Ask]:
        """Return the questions about structures that are not there: nothing marked is right, a ghost is wrong."""
        asks: list[Ask] = []
        for name, ghost in case.ghosts.items():
            if ghost.is_empty or (self.request.structures and name not in self.request.structures):
                continue
            nothing = Label(Mask.from_array(np.zeros((1, 1, 1), dtype=np.bool_), ghost.geometry), 1.0)
            worse = Label(ghost, 0.0, GHOST, FaultSeverity.GROSS.value, "marks what is not there")
            labels = (worse, nothing) if self.request.rng(case.name, name, 3).random() < 0.5 else (nothing, worse)
            asks.append(PairAsk(name, labels, worse=worse, better=nothing))
        return asks

    def _planted(self, case: BenchCase, scene: Scene, structure: str, truth: Mask) -> list[Label]:
        """Plant errors in turn until there are enough; those that cannot be planted are named."""
        errors: list[Label] = []
        for recipe in self.request.turn(structure, case.number):
            stop_if(self.cancel)
            if len(errors) == self.request.wanted:
                break
            error = self._plant(case, scene, structure, truth, recipe)
            if isinstance(error, Label):
                errors.append(error)
            else:
                self.refused.append(Refusal(case.name, structure, recipe.text, str(error)))
        return errors

    def _plant(self, case: BenchCase, scene: Scene, structure: str, truth: Mask, recipe: Recipe) -> Label | UserError:
        number = self.request.recipes.index(recipe)
        try:
            made = plant(recipe, structure, scene, self.request.rng(case.name, structure, 2, number))
        except UserError as error:
            return error
        return Label(made.mask, dice(truth, made.mask), recipe.kind.value, made.severity.value, made.text)

    # --- what is answered --------------------------------------------------------------------------------------------

    def _put(self, case: BenchCase, maker: BenchQuestions, asks: Sequence[Ask]) -> None:
        """Put questions to the critic and keep its answers."""
        if not asks:
            return
        pairs = [ask for ask in asks if isinstance(ask, PairAsk)]
        alone = [ask for ask in asks if not isinstance(ask, PairAsk)]
        made = maker.made([*pairs, *alone])
        start = perf_counter()
        verdicts = self.critic.compare_all([one.question for one in made[: len(pairs)]], self.cancel)
        each = (perf_counter() - start) / max(len(verdicts), 1)
        if self.critic.wants_pictures and verdicts and all(isinstance(one, CriticError) for one in verdicts):
            raise CriticError(
                f"The critic answered nothing about {case.name}: {verdicts[0]}",
                "Begin the bench again: what was answered before is kept.",
            )
        for ask, put, verdict in zip(pairs, made, verdicts, strict=False):
            self.trials.append(trial_of(ask, case.name, verdict, put.seconds + each))
        start = perf_counter()
        qualities = self.critic.assess_all([one.question for one in made[len(pairs) :]], self.cancel)
        each = (perf_counter() - start) / max(len(qualities), 1)
        for one, put, quality in zip(alone, made[len(pairs) :], qualities, strict=True):
            self.singles.append(single_of(one, case.name, quality, put.seconds + each, trusted=case.trusted))
