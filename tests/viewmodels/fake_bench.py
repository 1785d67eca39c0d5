"""What a bench finds, without one: a report with every kind of row, and the calls of the panel."""

import threading
from pathlib import Path

import numpy as np

from labelcritic_gui.core.bench import BenchReport, Refusal, Single, Trial
from labelcritic_gui.core.cancel import Cancel, Progress, stop_if
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.verdict import CriticIdentity, Outcome
from labelcritic_gui.faults.kinds import FaultKind, FaultSeverity
from labelcritic_gui.faults.recipe import Recipe
from labelcritic_gui.services.bench import BenchPlan
from labelcritic_gui.viewmodels.bench_choice import BenchChoice, Benched

STRUCTURES = (
    "liver",
    "spleen",
    "pancreas",
    "kidney_left",
    "kidney_right",
    "adrenal_gland_left",
    "inferior_vena_cava",
    "aorta",
    "stomach",
)
FILES = ("bench.json", "trials.csv", "summary.csv", "report.md", "accuracy.svg", "calibration.svg")
OVERLAP = {FaultSeverity.MILD: 0.96, FaultSeverity.MODERATE: 0.87, FaultSeverity.GROSS: 0.55}
RIGHT = {FaultSeverity.MILD: 0.72, FaultSeverity.MODERATE: 0.9, FaultSeverity.GROSS: 0.99}


def fake_report(*, cases: int = 4, seed: int = 1) -> BenchReport:
    """Return the report of a critic that is good at gross errors, poor at the pancreas, and a little too sure."""
    rng = np.random.default_rng(seed)
    trials, singles = [], []
    for case in (f"case_{n:03d}" for n in range(cases)):
        for structure in STRUCTURES:
            singles.append(_truth(case, structure))
            for kind in rng.permutation(list(FaultKind))[:4]:
                severity = list(FaultSeverity)[int(rng.integers(3))]
                trials.append(_trial(rng, case, structure, str(kind), severity))
                flagged = bool(rng.random() < RIGHT[severity])
                singles.append(
                    Single(case, structure, str(kind), severity, "an error", OVERLAP[severity], flagged, seconds=0.2)
                )
    refused = (
        Refusal("case_001", "aorta", "swap left and right", "The aorta has no other side."),
        Refusal("case_002", "aorta", "swap left and right", "The aorta has no other side."),
        Refusal("case_003", "adrenal_gland_left", "punch holes", "The mask is too small for its grid."),
    )
    names = tuple(f"case_{n:03d}" for n in range(cases))
    return BenchReport(
        CriticIdentity("anatomy", "fake critic", "1"),
        f'{cases} cases of "Fake review", truth: alpha',
        cases=names,
        trials=tuple(trials),
        singles=tuple(singles),
        refused=refused,
    )


def _truth(case: str, structure: str) -> Single:
    alarm = structure == "pancreas" and case in {"case_000", "case_002"}
    words = "touches the stomach over 31 mm, as a leak does <b>there</b>" if alarm else ""
    return Single(case, structure, "", "", "", 1.0, flagged=alarm, finding=words, trusted=True)


def _trial(rng: np.random.Generator, case: str, structure: str, kind: str, severity: FaultSeverity) -> Trial:
    better = "first" if rng.random() < 0.5 else "second"
    worse = "second" if better == "first" else "first"
    chance = RIGHT[severity] - (0.3 if structure == "pancreas" else 0.0)
    said = Outcome(better if rng.random() < chance else worse)
    sure = float(np.clip(chance + 0.06 * rng.standard_normal(), 0.5, 1.0))
    if rng.random() < 0.12:
        said = Outcome.UNDECIDED
    dice = float(np.clip(OVERLAP[severity] + 0.02 * rng.standard_normal(), 0, 1))
    own = (1.0, dice) if better == "first" else (dice, 1.0)
    seconds = float(rng.uniform(0.1, 0.6))
    return Trial(case, structure, kind, severity, "an error", dice, *own, better, said, sure, seconds)


class FakeBench:
    """The bench's part of a review in memory; `bench_gate` holds it until it is set or stopped."""

    folder: Path

    def __init__(self) -> None:
        self.benched: BenchChoice | None = None
        self.bench_gate: threading.Event | None = None
        self.bench_broken: Exception | None = None
        self.bench_cases = 4

    def bench_errors(self, text: str) -> tuple[Recipe, ...]:
        if "lower" not in text:
            raise UserError(f'"{text}" is no error that is known.', 'Say "remove the lower third", for example.')
        return (Recipe(FaultKind.MISSING, FaultSeverity.MODERATE, 0.33, "bottom"),)

    def bench_plan(self, choice: BenchChoice) -> BenchPlan:
        cases = choice.cases if choice.truth.is_phantom else min(choice.cases, self.bench_cases)
        labels = cases * len(STRUCTURES)
        wanted = min(choice.per_structure, len(choice.recipes)) or len(choice.recipes)
        return BenchPlan(cases, labels * (wanted + 1), labels * (wanted + 1), asks=False)

    def bench(self, choice: BenchChoice, cancel: Cancel, progress: Progress) -> Benched:
        progress(1, 4, "case_001")
        while self.bench_gate is not None and not self.bench_gate.wait(0.01):
            stop_if(cancel)
        if self.bench_broken is not None:
            raise self.bench_broken
        self.benched = choice
        return Benched(fake_report(), self.folder / "bench", FILES)
