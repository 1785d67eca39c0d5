"""Whether a critic can be trusted: what is tested, by which rule it passes or fails, and the report. Layer: core.

Every measure is a share of bad cases held against a limit, or a preference held against none at all. The rule is the
same for all: a critic fails when the whole 95 % interval lies beyond the limit, passes when the whole interval lies
within it, and otherwise there were too few pairs to say. A preference fails when its interval excludes a half, and
passes when it stays close to it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from labelcritic_gui.core.audit_measures import MEASURE, MEASURES, AuditTest, Measure
from labelcritic_gui.core.statistics import Interval, concordance_of, preference_of, share_of
from labelcritic_gui.core.verdict import CriticIdentity

NO_PREFERENCE = 0.5
PREFERENCE_MARGIN = 0.15
"""An interval of a preference that stays this close to a half shows that there is hardly any."""


class Ruling(StrEnum):
    """What a measure says about a critic."""

    PASSES = "passes"
    FAILS = "fails"
    TOO_FEW = "too few to say"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Observation:
    """What one pair says about one measure.

    `value` is 1 for a bad case and 0 for a good one; of a preference 1, -1 or 0 for neither. `word` names a kind that
    is counted beside it; `rated` is what two raters said; `spread` how far apart the probabilities of repeats lie.
    """

    measure: str
    structure: str
    value: int
    word: str = ""
    rated: tuple[str, str] | None = None
    spread: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a report: a measure, over one structure or (empty) all of them.

    `k` of `n` with the 95 % interval `low`..`high`; `share` is None for nothing counted. Of a preference `k` counts
    neither as half. `words` counts kinds ("toward": 3); `values` holds further numbers (kappa, spread of p).
    """

    measure: str
    structure: str
    k: float
    n: int
    share: float | None
    low: float
    high: float
    ruling: Ruling
    words: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)

    @property
    def of(self) -> Measure:
        """The measure."""
        return MEASURE[self.measure]

    @property
    def says(self) -> str:
        """What a failing line says about the critic; empty for any other."""
        if self.ruling is not Ruling.FAILS:
            return ""
        if self.measure == "mark":
            toward, away = self.words.get("toward", 0), self.words.get("away", 0)
            if toward == away:
                return "A mark in the corner of a picture throws it off, either way."
            return self.of.fails if toward > away else self.of.fails_low
        low = self.of.is_preference and self.share is not None and self.share < NO_PREFERENCE
        return self.of.fails_low if low else self.of.fails

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        rounded = {name: getattr(self, name) for name in ("k", "n", "share", "low", "high")}
        named = {"test": self.of.test.value, "measure": self.measure, "structure": self.structure}
        told = {"ruling": self.ruling.value, "says": self.says, "asks": self.of.asks, "limit": self.of.limit}
        return {**named, **rounded, **told, "words": dict(self.words), "values": dict(self.values)}


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit found. `reasons` says of a test why nothing could be counted; `calls` counts per test.

    `sampled` pairs were asked about on purpose; `stored` verdicts were looked at; `failures` are sentences.
    """

    critic: CriticIdentity
    time: str
    software: str
    tests: tuple[AuditTest, ...]
    sample: int
    seed: str
    repeats: int
    lines: tuple[Line, ...]
    reasons: Mapping[AuditTest, str] = field(default_factory=dict)
    calls: Mapping[str, int] = field(default_factory=dict)
    sampled: int = 0
    stored: int = 0
    failures: tuple[str, ...] = ()

    def over_all(self) -> tuple[Line, ...]:
        """Return the lines over all structures, in the order of the measures."""
        return tuple(line for line in self.lines if not line.structure)

    def per_structure(self, measure: str) -> tuple[Line, ...]:
        """Return a measure's lines of single structures, by name."""
        return tuple(line for line in self.lines if line.structure and line.measure == measure)

    @property
    def headline(self) -> str:
        """The whole in one or two sentences."""
        failed = [line for line in self.over_all() if line.ruling is Ruling.FAILS]
        few = [line for line in self.over_all() if line.ruling is Ruling.TOO_FEW]
        passed = [line for line in self.over_all() if line.ruling is Ruling.PASSES]
        tail = f" {_counted(len(few), 'measure')} had too few pairs to say." if few else ""
        if failed:
            return f"Do not trust it blindly. {' '.join(line.says for line in failed)}{tail}"
        if not passed:
            return f"Nothing can be said yet.{tail}"
        return f"Nothing speaks against it in {_counted(len(passed), 'measure')}.{tail}"

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        critic = {name: getattr(self.critic, name) for name in ("kind", "title", "version", "model", "prompts")}
        return {
            "critic": {**critic, "options": self.critic.options},
            "time": self.time,
            "software": self.software,
            "headline": self.headline,
            "tests": [test.value for test in self.tests],
            "sample": self.sample,
            "seed": self.seed,
            "repeats": self.repeats,
            "sampled": self.sampled,
            "stored": self.stored,
            "lines": [line.to_json() for line in self.lines],
            "reasons": {test.value: why for test, why in self.reasons.items()},
            "calls": dict(self.calls),
            "failures": list(self.failures),
        }


def _counted(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def judged(measure: Measure, share: float | None, interval: Interval) -> Ruling:
    """Apply the rule (see above) to a share or a preference."""
    if measure.told_only:
        return Ruling.NOT_JUDGED
    if share is None:
        return Ruling.TOO_FEW
    if measure.limit is None:
        if not interval.holds(NO_PREFERENCE):
            return Ruling.FAILS
        near = interval.low >= NO_PREFERENCE - PREFERENCE_MARGIN and interval.high <= NO_PREFERENCE + PREFERENCE_MARGIN
        return Ruling.PASSES if near else Ruling.TOO_FEW
    if interval.low > measure.limit:
        return Ruling.FAILS
    return Ruling.PASSES if interval.high <= measure.limit else Ruling.TOO_FEW


class _Tally:
    """Counts the observations of one line as they come."""

    def __init__(self) -> None:
        self.values: Counter[int] = Counter()
        self.words: Counter[str] = Counter()
        self.rated: Counter[tuple[str, str]] = Counter()
        self.spreads: list[float] = []

    def add(self, seen: Observation) -> None:
        self.values[seen.value] += 1
        if seen.word:
            self.words[seen.word] += 1
        if seen.rated is not None:
            self.rated[seen.rated] += 1
        if seen.spread is not None:
            self.spreads.append(seen.spread)

    def line(self, measure: Measure, structure: str) -> Line:
        k, n, share, interval = self._counted(measure)
        ruling = judged(measure, share, interval)
        words = dict(sorted(self.words.items()))
        return Line(measure.name, structure, k, n, share, interval.low, interval.high, ruling, words, self._further())

    def _counted(self, measure: Measure) -> tuple[float, int, float | None, Interval]:
        if measure.is_preference:
            found = preference_of(self.values[1], self.values[-1], self.values[0])
            k = (found.plus + found.neither / 2) * measure.answers
            return k, found.n * measure.answers, found.value, found.interval
        share = share_of(self.values[1], self.values.total())
        return share.k, share.n, share.value, share.interval

    def _further(self) -> dict[str, float]:
        further: dict[str, float] = {}
        if self.spreads:
            further |= {"p_spread_mean": sum(self.spreads) / len(self.spreads), "p_spread_most": max(self.spreads)}
        if self.rated:
            found = concordance_of(self.rated.elements())
            if found.kappa is not None:
                further["kappa"] = found.kappa
            if found.kappa_interval is not None:
                further |= {"kappa_low": found.kappa_interval.low, "kappa_high": found.kappa_interval.high}
        return further


class Counting:
    """Counts observations as they come, so that any number of them needs little memory."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str], _Tally] = {}

    def add(self, observations: Iterable[Observation]) -> None:
        """Count observations: each for its structure, and for all of them."""
        for seen in observations:
            for structure in ("", seen.structure):
                self._tallies.setdefault((seen.measure, structure), _Tally()).add(seen)

    def lines(self, tests: Sequence[AuditTest]) -> tuple[Line, ...]:
        """Return the lines of the tests' measures: each first over all structures, then by name."""
        lines = []
        for measure in MEASURES:
            if measure.test in tests:
                names = sorted(structure for name, structure in self._tallies if name == measure.name)
                lines += [self._tallies[measure.name, name].line(measure, name) for name in names]
        return tuple(lines)


def lines_of(observations: Iterable[Observation], tests: Sequence[AuditTest]) -> tuple[Line, ...]:
    """Count observations into lines."""
    counting = Counting()
    counting.add(observations)
    return counting.lines(tests)
