"""What a bench comes to: shares with their intervals, calibration, false alarms, time, and the targets. Layer: core."""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from labelcritic_gui.core.bench import PLAIN_ERROR, Answer, Band, BenchReport, Single, Trial
from labelcritic_gui.core.statistics import Interval, Share, share_of
from labelcritic_gui.core.verdict import Outcome

LEAST = 40
"""Observations below which a share whose interval holds the target says nothing: one more error would turn it."""
EDGES = (0.0, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Bins of stated confidence."""


class Group(StrEnum):
    """What rows are counted by."""

    ALL = "all"
    STRUCTURE = "structure"
    KIND = "kind"
    SEVERITY = "severity"
    PAIRING = "pairing"


_KEYS: dict[Group, Callable[[Trial], str]] = {
    Group.ALL: lambda _: "",
    Group.STRUCTURE: lambda t: t.structure,
    Group.KIND: lambda t: t.kind,
    Group.SEVERITY: lambda t: t.severity,
    Group.PAIRING: lambda t: "truth against error" if t.against_truth else "error against worse error",
}


_RANK = {"mild": 1, "moderate": 2, "gross": 3}
"""Severities in their own order; everything else is sorted by name."""


@dataclass(frozen=True, slots=True)
class Row:
    """Pairs of one group and band (None: all bands): how many, how answered.

    `accuracy` is right of decided; `decided` is decided of those that are not SAME (see `bench.Answer`).
    """

    group: Group
    name: str
    band: Band | None
    n: int
    right: int
    wrong: int
    equivalent: int
    failed: int

    @property
    def accuracy(self) -> Share:
        """Right of decided."""
        return share_of(self.right, self.right + self.wrong)

    @property
    def decided(self) -> Share:
        """Decided of all that should have been."""
        return share_of(self.right + self.wrong, self.n - self.equivalent)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        told = {"group": self.group.value, "name": self.name, "band": self.band.value if self.band else "all"}
        counts = {name: getattr(self, name) for name in ("n", "right", "wrong", "equivalent", "failed")}
        return {**told, **counts, "accuracy": share_json(self.accuracy), "decided": share_json(self.decided)}


def share_json(share: Share) -> dict[str, Any]:
    """Return a share as plain JSON values."""
    return {"k": share.k, "n": share.n, "share": share.value, "low": share.interval.low, "high": share.interval.high}


def rows_of(trials: Sequence[Trial], group: Group, bands: Iterable[Band | None] = (None, *Band)) -> tuple[Row, ...]:
    """Count trials by a group, each over all bands and in every band that has any."""
    named: dict[str, list[Trial]] = {}
    for trial in trials:
        named.setdefault(_KEYS[group](trial), []).append(trial)
    wanted = tuple(bands)
    names = sorted(named, key=lambda name: (_RANK.get(name, 0), name))
    rows = [_row(group, name, band, named[name]) for name in names for band in wanted]
    return tuple(row for row in rows if row.n)


def _row(group: Group, name: str, band: Band | None, trials: Sequence[Trial]) -> Row:
    own = [t for t in trials if band is None or t.band is band]
    answers = [t.answer for t in own]
    silent = sum(t.outcome in {Outcome.FAILED, Outcome.UNPARSABLE} for t in own)
    counts = {answer: answers.count(answer) for answer in Answer}
    return Row(group, name, band, len(own), counts[Answer.RIGHT], counts[Answer.WRONG], counts[Answer.SAME], silent)


# --- single labels -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Detection:
    """Single labels: `found` errors called out of those below Dice 0.90, `cleared` right ones not called out.

    `unsaid` could not be judged by the critic and count as neither called out nor cleared.
    """

    found: Share
    cleared: Share
    unsaid: int

    @property
    def balanced(self) -> float | None:
        """Balanced accuracy, the mean of both shares; None unless both were observed."""
        if self.found.value is None or self.cleared.value is None:
            return None
        return (self.found.value + self.cleared.value) / 2

    @property
    def interval(self) -> Interval:
        """Its 95 % interval, from those of both shares (Zou and Donner 2008, Stat Med 27:1693)."""
        value = self.balanced
        if value is None:
            return Interval(0.0, 1.0)
        both = [(s.value or 0.0, s.interval) for s in (self.found, self.cleared)]
        low = math.hypot(*(v - i.low for v, i in both)) / 2
        high = math.hypot(*(i.high - v for v, i in both)) / 2
        return Interval(max(0.0, value - low), min(1.0, value + high))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        shares = {"found": share_json(self.found), "cleared": share_json(self.cleared), "unsaid": self.unsaid}
        return {**shares, "balanced": self.balanced, "low": self.interval.low, "high": self.interval.high}


def detection_of(singles: Sequence[Single]) -> Detection:
    """Count errors below Dice 0.90 called out, and right labels left alone; errors that come closer are not counted."""
    errors = [s for s in singles if not s.is_truth and s.dice < PLAIN_ERROR]
    truths = [s for s in singles if s.is_truth]
    found, cleared = sum(s.flagged is True for s in errors), sum(s.flagged is False for s in truths)
    unsaid = sum(s.flagged is None for s in (*errors, *truths))
    return Detection(share_of(found, len(errors)), share_of(cleared, len(truths)), unsaid)


def detections_of(singles: Sequence[Single], group: Group) -> tuple[tuple[str, Detection], ...]:
    """Count single labels by structure, or errors by kind or severity against all right ones, by name."""
    if group is Group.STRUCTURE:
        names = sorted({s.structure for s in singles})
        return tuple((name, detection_of([s for s in singles if s.structure == name])) for name in names)
    told: Callable[[Single], str] = (lambda s: s.kind) if group is Group.KIND else (lambda s: s.severity)
    names = sorted({told(s) for s in singles if not s.is_truth}, key=lambda name: (_RANK.get(name, 0), name))
    return tuple((n, detection_of([s for s in singles if s.is_truth or told(s) == n])) for n in names)


def false_alarms(singles: Sequence[Single]) -> tuple[Single, ...]:
    """Return the right labels that were called out, in the order asked."""
    return tuple(s for s in singles if s.false_alarm)


# --- calibration and time ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bin:
    """Decided pairs of one range of stated confidence: its mean, and how often they were right."""

    low: float
    high: float
    stated: float
    right: Share

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"from": self.low, "to": self.high, "stated": self.stated, **share_json(self.right)}


@dataclass(frozen=True, slots=True)
class Calibration:
    """Stated confidence against the frequency of being right; `error` is the expected calibration error, 0..1.

    Bins without a pair are left out. Naeini, Cooper and Hauskrecht 2015, AAAI 29:2901. `error` is None for nothing.
    """

    bins: tuple[Bin, ...]
    error: float | None

    @property
    def bold(self) -> tuple[Bin, ...]:
        """The bins that claim more than their interval allows."""
        return tuple(b for b in self.bins if b.stated > b.right.interval.high)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"bins": [one.to_json() for one in self.bins], "expected_calibration_error": self.error}


def calibration_of(trials: Sequence[Trial]) -> Calibration:
    """Compare the confidence of decided pairs with how often they were right."""
    told = [(t.confidence, t.correct) for t in trials if t.correct is not None]
    bins: list[Bin] = []
    for low, high in itertools.pairwise(EDGES):
        own = [(c, r) for c, r in told if low <= c < high or (high == EDGES[-1] and c >= high)]
        if own:
            stated = math.fsum(c for c, _ in own) / len(own)
            bins.append(Bin(low, high, stated, share_of(sum(bool(r) for _, r in own), len(own))))
    if not bins:
        return Calibration((), None)
    gaps = (b.right.n * abs(b.stated - (b.right.value or 0.0)) for b in bins)
    return Calibration(tuple(bins), math.fsum(gaps) / len(told))


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds per opinion, pairs and single labels together; zeros for nothing."""

    n: int
    mean: float
    median: float
    most: float

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self)


def timing_of(report: BenchReport) -> Timing:
    """Return how long the opinions took."""
    seconds = sorted([t.seconds for t in report.trials] + [s.seconds for s in report.singles])
    if not seconds:
        return Timing(0, 0.0, 0.0, 0.0)
    return Timing(len(seconds), math.fsum(seconds) / len(seconds), seconds[len(seconds) // 2], seconds[-1])


def position_of(trials: Sequence[Trial]) -> tuple[Share, Share]:
    """Return how often the better one was picked when it stood first, and when second, of those decided.

    A critic that favours a place has two shares whose intervals do not meet.
    """
    decided = [t for t in trials if t.outcome in {Outcome.FIRST, Outcome.SECOND}]
    first, second = ([t for t in decided if t.better == place] for place in ("first", "second"))
    return share_of(sum(bool(t.correct) for t in first), len(first)), share_of(
        sum(bool(t.correct) for t in second), len(second)
    )


# --- targets -----------------------------------------------------------------------------------------------------


class Met(StrEnum):
    """Whether a target is met."""

    PASSES = "passes"
    FAILS = "fails"
    TOO_FEW = "too few to say"


@dataclass(frozen=True, slots=True)
class Target:
    """One published target, and how the critic stands to it.

    `at_least` is the least share that passes, or None where `at_most` is the largest; `value` is None for nothing.
    """

    name: str
    at_least: float | None
    at_most: float | None
    n: int
    value: float | None
    interval: Interval
    met: Met

    @property
    def limit(self) -> float:
        """The share that it is held against."""
        return self.at_least if self.at_least is not None else self.at_most or 0.0

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        told = {"name": self.name, "at_least": self.at_least, "at_most": self.at_most, "n": self.n}
        return {
            **told,
            "value": self.value,
            "low": self.interval.low,
            "high": self.interval.high,
            "met": self.met.value,
        }


BAND_TARGETS = {Band.FAR: (0.97, 0.90), Band.MIDDLE: (0.92, 0.80)}
"""Least accuracy on decided and least decided share, by band; above Dice 0.95 nothing is asked."""


def targets(report: BenchReport) -> tuple[Target, ...]:
    """Hold a report against the published targets, in a fixed order.

    False alarms are those on trusted labels of real cases where there are any, else on the phantoms' own masks.
    """
    found: list[Target] = []
    for band, (accuracy, decided) in BAND_TARGETS.items():
        row = _row(Group.ALL, "", band, report.trials)
        found.append(_of_share(f"accuracy on decided, {band.value}", row.accuracy, at_least=accuracy))
        found.append(_of_share(f"decided share, {band.value}", row.decided, at_least=decided))
    singles = detection_of(report.singles)
    n = min(singles.found.n, singles.cleared.n)
    found.append(_target("single labels, balanced accuracy", n, singles.balanced, singles.interval, at_least=0.90))
    truths = [s for s in report.singles if s.is_truth]
    real = [s for s in truths if s.trusted]
    alarms = share_of(len(false_alarms(real or truths)), len(real or truths))
    name = "false alarms on trusted labels" if real else "false alarms on right labels"
    return (*found, _of_share(name, alarms, at_most=0.05))


def _of_share(name: str, share: Share, *, at_least: float | None = None, at_most: float | None = None) -> Target:
    return _target(name, share.n, share.value, share.interval, at_least=at_least, at_most=at_most)


def _target(
    name: str,
    n: int,
    value: float | None,
    interval: Interval,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Target:
    """Apply the rule: by the share itself, unless there are few and their interval holds the limit."""
    limit = at_least if at_least is not None else at_most or 0.0
    if value is None or (n < LEAST and interval.holds(limit)):
        met = Met.TOO_FEW
    else:
        good = value >= limit if at_least is not None else value <= limit
        met = Met.PASSES if good else Met.FAILS
    return Target(name, at_least, at_most, n, value, interval, met)


def headline(report: BenchReport) -> str:
    """Return the whole in one or two sentences."""
    judged = targets(report)
    failed = [t.name for t in judged if t.met is Met.FAILS]
    few = sum(t.met is Met.TOO_FEW for t in judged)
    tail = f" {few} of {len(judged)} targets had too few labels to say." if few else ""
    if failed:
        return f"Falls short of {len(failed)} of {len(judged)} targets: {'; '.join(failed)}.{tail}"
    met = len(judged) - few
    return f"Meets {met} of {len(judged)} targets.{tail}" if met else f"Nothing can be said yet.{tail}"
