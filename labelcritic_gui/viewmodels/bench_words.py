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
from labelcritic_gui.faults.kinds import FaultKind, FaultSeverity
from labelcritic_gui.translation import N_, ntr, tr

KIND_TITLES: Mapping[FaultKind, str] = {
    FaultKind.LEAK: N_("leak into a neighbour"),
    FaultKind.MISSING: N_("part missing"),
    FaultKind.CUT: N_("cut off flat"),
    FaultKind.SWAP: N_("left and right swapped"),
    FaultKind.SHIFT: N_("shifted"),
    FaultKind.OTHER: N_("another structure"),
    FaultKind.ISLANDS: N_("stray islands"),
    FaultKind.HOLES: N_("holes"),
    FaultKind.OUTSIDE: N_("outside the body"),
    FaultKind.EMPTY: N_("empty"),
    FaultKind.ROUGH: N_("rough edge"),
    FaultKind.OVER: N_("too large"),
    FaultKind.UNDER: N_("too small"),
    FaultKind.FRAGMENT: N_("only a fragment"),
    FaultKind.MERGED: N_("merged with a neighbour"),
}
"""What a reader calls the kinds of error."""
SEVERITY_TITLES: Mapping[FaultSeverity, str] = {
    FaultSeverity.MILD: N_("mild"),
    FaultSeverity.MODERATE: N_("moderate"),
    FaultSeverity.GROSS: N_("gross"),
}
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
    words = tr("{value:.0f} %  ({value2:.0f} to {value3:.0f})").format(
        value=100 * value, value2=100 * interval.low, value3=100 * interval.high
    )
    return words.replace(" ", "\N{NO-BREAK SPACE}")


def kind_title(kind: str) -> str:
    """Return what a reader calls a kind of error; a name that is none stays as it is."""
    return tr(KIND_TITLES[FaultKind(kind)]) if kind in set(FaultKind) else kind.replace("_", " ")


def target_lines(report: BenchReport) -> tuple[TargetLine, ...]:
    """Return how the critic stands to each published target."""
    return tuple(_target_line(target) for target in targets(report))


def _target_line(target: Target) -> TargetLine:
    bound = tr("at least") if target.at_least is not None else tr("at most")
    return TargetLine(
        title=f"{target.name[:1].upper()}{target.name[1:]}",
        asked=f"{bound} {100 * target.limit:g} %",
        told=tr("{percent}  of {n}").format(percent=percent(target.value, target.interval), n=target.n)
        if target.n
        else tr("nothing to judge by"),
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
        Part(tr("By overlap of the two labels"), _bands(report)),
        Part(
            tr("By structure, weakest first"),
            _lines(report, Group.STRUCTURE, _plain, single[Group.STRUCTURE], weakest_first=True),
        ),
        Part(
            tr("By error, weakest first"),
            _lines(report, Group.KIND, kind_title, single[Group.KIND], weakest_first=True),
        ),
        Part(tr("By how far the error goes"), _lines(report, Group.SEVERITY, _plain, {})),
        Part(tr("By what was compared"), _lines(report, Group.PAIRING, _plain, {})),
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
                title=band or tr("all pairs"),
                pairs=row.n,
                accuracy=row.accuracy,
                decided=row.decided,
                target=held.get(f"accuracy on decided, {band}"),
                decided_target=held.get(f"decided share, {band}"),
                beside=tr("no target is published: reported only") if row.band is Band.NEAR else "",
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
        told.append(tr("{k} of {n} wrong ones called out").format(k=found.found.k, n=found.found.n))
    if found.cleared.n and not of_kind:
        alarms = found.cleared.n - found.cleared.k
        told.append(
            tr("{alarms} of {n} right ones not passed").format(alarms=alarms, n=found.cleared.n)
            if alarms
            else tr("every right one passed")
        )
    return tr("alone: {told}").format(told=", ".join(told)) if told else ""


def alarm_lines(report: BenchReport) -> tuple[str, ...]:
    """Return every right label that was called out, by name, with what was said of it."""
    return tuple(
        f"{one.case}, {_plain(one.structure)}: {one.finding or tr('no reason given')}"
        for one in false_alarms(report.singles)
    )


def alarm_words(report: BenchReport) -> str:
    """Return how many right labels were called out, of how many shown by themselves."""
    right = sum(one.is_truth for one in report.singles)
    alarms = len(false_alarms(report.singles))
    if not right:
        return tr("No right label was shown by itself.")
    return (
        tr("{alarms} of {right}:").format(alarms=alarms, right=right)
        if alarms
        else tr("None of {right}.").format(right=right)
    )


def bin_line(one: Bin) -> str:
    """Return one range of stated confidence in words."""
    told = percent(one.right.value, one.right.interval)
    return tr("sure {value:.0f} to {value2:.0f} %: right {told}, {k} of {n}").format(
        value=100 * one.low, value2=100 * one.high, told=told, k=one.right.k, n=one.right.n
    )


def calibration_words(found: Calibration) -> tuple[str, ...]:
    """Return the mean gap of confidence and being right, and each range that claims more than its interval allows."""
    if found.error is None:
        return (tr("No pair was decided, so nothing is known of its confidence."),)
    told = [
        tr("On average {value:.0f} points between how sure it says it is and how often it is right.").format(
            value=100 * found.error
        )
    ]
    for one in found.bold:
        right = tr("{percent}, {k} of {n}").format(
            percent=percent(one.right.value, one.right.interval), k=one.right.k, n=one.right.n
        )
        told.append(
            tr("Too sure: where it said {value:.0f} % on average, it was right {right}.").format(
                value=100 * one.stated, right=right
            )
        )
    return tuple(told)


def notes_of(report: BenchReport) -> tuple[str, ...]:
    """Return what else a reader should know: a favoured place, equivalents, failures, refused errors, time."""
    told = [_place(report)]
    rows = rows_of(report.trials, Group.ALL, (None,))
    if rows and rows[0].equivalent:
        told.append(
            tr("{counted} that hardly differ were called equivalent: counted apart.").format(
                counted=_pairs(rows[0].equivalent)
            )
        )
    if rows and rows[0].failed:
        told.append(
            tr("{counted} got no answer that could be read; they count as undecided.").format(
                counted=_pairs(rows[0].failed)
            )
        )
    told += _refused(report)
    time = timing_of(report)
    if time.n:
        told.append(
            tr("{median:.2g} s an opinion (median), {most:.2g} s at most.").format(median=time.median, most=time.most)
        )
    return tuple(words for words in told if words)


def _place(report: BenchReport) -> str:
    first, second = position_of(report.trials)
    if first.value is None or second.value is None:
        return ""
    words = tr("The better label was picked {of} when it stood first, {of2} when it stood second.").format(
        of=_of(first), of2=_of(second)
    )
    apart = first.interval.low > second.interval.high or second.interval.low > first.interval.high
    favoured = tr("It favours the first place.") if first.value > second.value else tr("It favours the second place.")
    return f"{words} {favoured}" if apart else words


def _of(share: Share) -> str:
    return tr("{k} of {n} times").format(k=share.k, n=share.n)


def _refused(report: BenchReport) -> list[str]:
    """Say how many errors could not be planted, and why, the most frequent reason first."""
    if not report.refused:
        return []
    why = Counter(one.why for one in report.refused).most_common()
    told = [f"{words}{tr(' ({n} times)').format(n=n) if n > 1 else ''}" for words, n in why[:ASKED_SHOWN]]
    more = tr(" And {n} other reasons.").format(n=len(why) - ASKED_SHOWN) if len(why) > ASKED_SHOWN else ""
    return [
        tr("{counted} could not be planted or read: {join}{more}").format(
            counted=_errors(len(report.refused)), join=" ".join(told), more=more
        )
    ]


def _pairs(n: int) -> str:
    return ntr("{n} pair", "{n} pairs", n).format(n=n)


def _errors(n: int) -> str:
    return ntr("{n} error", "{n} errors", n).format(n=n)


def listed(words: Iterable[str]) -> str:
    """Return words as a list with "and"."""
    *head, last = words
    return tr("{join} and {last}").format(join=", ".join(head), last=last) if head else last
