"""A bench's report in words and rows, as the panel shows them. Layer: viewmodels."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from labelcritic_gui.core.bench import Band, BenchReport
from labelcritic_gui.core.bench_report import (
    Bin,
    Calibration,
    Detection,
    Group,
    Met,
    Row,
    Target,
    detections_of,
    false_alarms,
    position_of,
    rows_of,
    targets,
    timing_of,
)
from labelcritic_gui.core.statistics import Interval, Share
from labelcritic_gui.faults.kinds import FaultKind

KIND_TITLES: Mapping[FaultKind, str] = {
    FaultKind.LEAK: "leak into a neighbour",
    FaultKind.MISSING: "part missing",
    FaultKind.CUT: "cut off flat",
    FaultKind.SWAP: "left and right swapped",
    FaultKind.SHIFT: "shifted",
    FaultKind.OTHER: "another structure",
    FaultKind.ISLANDS: "stray islands",
    FaultKind.HOLES: "holes",
    FaultKind.OUTSIDE: "outside the body",
    FaultKind.EMPTY: "empty",
    FaultKind.ROUGH: "rough edge",
    FaultKind.OVER: "too large",
    FaultKind.UNDER: "too small",
    FaultKind.FRAGMENT: "only a fragment",
    FaultKind.MERGED: "merged with a neighbour",
}
"""What a reader calls the kinds of error."""
STATES = {Met.PASSES: "good", Met.FAILS: "bad", Met.TOO_FEW: "doubt"}
ASKED_SHOWN = 4
"""Different reasons of refused errors that are shown; the file has all."""


@dataclass(frozen=True, slots=True)
class TargetLine:
    """One published target in words; `value`, `low`, `high` and `limit` are 0..1, `state` is good, bad or doubt."""

    title: str
    asked: str
    told: str
    value: float | None
    low: float
    high: float
    limit: float
    verdict: str
    state: str


@dataclass(frozen=True, slots=True)
class BenchLine:
    """One group of pairs: how often right of those decided, how often decided; `beside` is told of single labels.

    Targets are 0..1, None where none is published for such a group.
    """

    title: str
    pairs: int
    accuracy: Share
    decided: Share
    target: float | None = None
    decided_target: float | None = None
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Lines under one heading."""

    title: str
    lines: tuple[BenchLine, ...]


def percent(value: float | None, interval: Interval) -> str:
    """Return a share and its interval in words that stay on one line."""
    if value is None:
        return "–"
    words = f"{100 * value:.0f} %  ({100 * interval.low:.0f} to {100 * interval.high:.0f})"
    return words.replace(" ", "\N{NO-BREAK SPACE}")


def kind_title(kind: str) -> str:
    """Return what a reader calls a kind of error; a name that is none stays as it is."""
    return KIND_TITLES[FaultKind(kind)] if kind in set(FaultKind) else kind.replace("_", " ")


def target_lines(report: BenchReport) -> tuple[TargetLine, ...]:
    """Return how the critic stands to each published target."""
    return tuple(_target_line(target) for target in targets(report))


def _target_line(target: Target) -> TargetLine:
    bound = "at least" if target.at_least is not None else "at most"
    return TargetLine(
        title=f"{target.name[:1].upper()}{target.name[1:]}",
        asked=f"{bound} {100 * target.limit:g} %",
        told=f"{percent(target.value, target.interval)}  of {target.n}" if target.n else "nothing to judge by",
        value=target.value,
        low=target.interval.low,
        high=target.interval.high,
        limit=target.limit,
        verdict=target.met.value,
        state=STATES[target.met],
    )


def parts_of(report: BenchReport) -> tuple[Part, ...]:
    """Return the rows by band of Dice, structure, error, severity and pairing; structures and errors weakest first."""
    single = {group: dict(detections_of(report.singles, group)) for group in (Group.STRUCTURE, Group.KIND)}
    parts = [
        Part("By overlap of the two labels", _bands(report)),
        Part(
            "By structure, weakest first",
            _lines(report, Group.STRUCTURE, _plain, single[Group.STRUCTURE], weakest_first=True),
        ),
        Part("By error, weakest first", _lines(report, Group.KIND, kind_title, single[Group.KIND], weakest_first=True)),
        Part("By how far the error goes", _lines(report, Group.SEVERITY, _plain, {})),
        Part("By what was compared", _lines(report, Group.PAIRING, _plain, {})),
    ]
    return tuple(part for part in parts if part.lines)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _bands(report: BenchReport) -> tuple[BenchLine, ...]:
    held = {target.name: target.at_least for target in targets(report)}
    lines = []
    for row in rows_of(report.trials, Group.ALL):
        band = row.band.value if row.band is not None else ""
        lines.append(
            BenchLine(
                title=band or "all pairs",
                pairs=row.n,
                accuracy=row.accuracy,
                decided=row.decided,
                target=held.get(f"accuracy on decided, {band}"),
                decided_target=held.get(f"decided share, {band}"),
                beside="no target is published: reported only" if row.band is Band.NEAR else "",
            )
        )
    return tuple(lines)


def _lines(
    report: BenchReport,
    group: Group,
    titled: Callable[[str], str],
    single: Mapping[str, Detection],
    *,
    weakest_first: bool = False,
) -> tuple[BenchLine, ...]:
    rows = {row.name: row for row in rows_of(report.trials, group, (None,))}
    names = list(dict.fromkeys((*rows, *sorted(single))))
    if weakest_first:
        names.sort(key=lambda name: _weakness(rows.get(name), single.get(name)))
    empty = {name: Row(group, name, None, 0, 0, 0, 0, 0) for name in names}
    return tuple(
        BenchLine(
            title=titled(name),
            pairs=row.n,
            accuracy=row.accuracy,
            decided=row.decided,
            beside=_alone(single.get(name), of_kind=group is Group.KIND),
        )
        for name, row in ((name, rows.get(name, empty[name])) for name in names)
    )


def _weakness(row: Row | None, alone: Detection | None) -> tuple[float, float, float]:
    """Order by accuracy, share decided, share of wrong labels called out; what was not asked or decided comes last."""
    if row is None or row.accuracy.value is None:
        return 2.0, 0.0, 0.0
    found = alone.found.value if alone is not None else None
    return row.accuracy.value, row.decided.value or 0.0, 2.0 if found is None else found


def _alone(found: Detection | None, *, of_kind: bool) -> str:
    """Say how labels shown by themselves were judged; right ones are not told by kind: they have none."""
    if found is None:
        return ""
    told = []
    if found.found.n:
        told.append(f"{found.found.k} of {found.found.n} wrong ones called out")
    if found.cleared.n and not of_kind:
        alarms = found.cleared.n - found.cleared.k
        told.append(f"{alarms} of {found.cleared.n} right ones not passed" if alarms else "every right one passed")
    return f"alone: {', '.join(told)}" if told else ""


def alarm_lines(report: BenchReport) -> tuple[str, ...]:
    """Return every right label that was called out, by name, with what was said of it."""
    return tuple(
        f"{one.case}, {_plain(one.structure)}: {one.finding or 'no reason given'}"
        for one in false_alarms(report.singles)
    )


def alarm_words(report: BenchReport) -> str:
    """Return how many right labels were called out, of how many shown by themselves."""
    right = sum(one.is_truth for one in report.singles)
    alarms = len(false_alarms(report.singles))
    if not right:
        return "No right label was shown by itself."
    return f"{alarms} of {right}:" if alarms else f"None of {right}."


def bin_line(one: Bin) -> str:
    """Return one range of stated confidence in words."""
    told = percent(one.right.value, one.right.interval)
    return f"sure {100 * one.low:.0f} to {100 * one.high:.0f} %: right {told}, {one.right.k} of {one.right.n}"


def calibration_words(found: Calibration) -> tuple[str, ...]:
    """Return the mean gap of confidence and being right, and each range that claims more than its interval allows."""
    if found.error is None:
        return ("No pair was decided, so nothing is known of its confidence.",)
    told = [f"On average {100 * found.error:.0f} points between how sure it says it is and how often it is right."]
    for one in found.bold:
        right = f"{percent(one.right.value, one.right.interval)}, {one.right.k} of {one.right.n}"
        told.append(f"Too sure: where it said {100 * one.stated:.0f} % on average, it was right {right}.")
    return tuple(told)


def notes_of(report: BenchReport) -> tuple[str, ...]:
    """Return what else a reader should know: a favoured place, equivalents, failures, refused errors, time."""
    told = [_place(report)]
    rows = rows_of(report.trials, Group.ALL, (None,))
    if rows and rows[0].equivalent:
        told.append(f"{_counted(rows[0].equivalent, 'pair')} that hardly differ were called equivalent: counted apart.")
    if rows and rows[0].failed:
        told.append(f"{_counted(rows[0].failed, 'pair')} got no answer that could be read; they count as undecided.")
    told += _refused(report)
    time = timing_of(report)
    if time.n:
        told.append(f"{time.median:.2g} s an opinion (median), {time.most:.2g} s at most.")
    return tuple(words for words in told if words)


def _place(report: BenchReport) -> str:
    first, second = position_of(report.trials)
    if first.value is None or second.value is None:
        return ""
    words = f"The better label was picked {_of(first)} when it stood first, {_of(second)} when it stood second."
    apart = first.interval.low > second.interval.high or second.interval.low > first.interval.high
    favoured = "first" if first.value > second.value else "second"
    return f"{words} It favours the {favoured} place." if apart else words


def _of(share: Share) -> str:
    return f"{share.k} of {share.n} times"


def _refused(report: BenchReport) -> list[str]:
    """Say how many errors could not be planted, and why, the most frequent reason first."""
    if not report.refused:
        return []
    why = Counter(one.why for one in report.refused).most_common()
    told = [f"{words}{f' ({n} times)' if n > 1 else ''}" for words, n in why[:ASKED_SHOWN]]
    more = f" And {len(why) - ASKED_SHOWN} other reasons." if len(why) > ASKED_SHOWN else ""
    return [f"{_counted(len(report.refused), 'error')} could not be planted or read: {' '.join(told)}{more}"]


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def listed(words: Iterable[str]) -> str:
    """Return words as a list with "and"."""
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last
