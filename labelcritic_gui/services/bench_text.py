"""A bench's report as a text to read, and the rows of its plots. Layer: services."""

from collections import Counter
from collections.abc import Iterator, Sequence

from labelcritic_gui.core.bench import BenchReport
from labelcritic_gui.core.bench_report import (
    BAND_TARGETS,
    Detection,
    Group,
    Row,
    Target,
    calibration_of,
    detection_of,
    detections_of,
    false_alarms,
    headline,
    position_of,
    rows_of,
    targets,
    timing_of,
)
from labelcritic_gui.core.statistics import Interval, Share
from labelcritic_gui.imaging.charts import AccuracyRow

WORST = 12
"""Wrong answers that are told with their reasons."""
PLACES = {
    Group.STRUCTURE: "By structure",
    Group.KIND: "By error",
    Group.SEVERITY: "By severity",
    Group.PAIRING: "By what was compared",
}


def percent(value: float | None, interval: Interval | None = None) -> str:
    """Return a share in words, with its interval where there is one."""
    if value is None:
        return "–"
    told = f"{100 * value:.1f} %"
    return told if interval is None else f"{told} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def share_text(share: Share) -> str:
    """Return a share with counts and interval."""
    return f"{share.k} of {share.n}, {percent(share.value, share.interval)}" if share.n else "–"


def target_text(target: Target) -> str:
    """Return what a target asks for."""
    return f"at least {100 * target.limit:g} %" if target.at_least is not None else f"at most {100 * target.limit:g} %"


def chart_rows(report: BenchReport) -> list[AccuracyRow]:
    """Return the rows of the accuracy plot: by band with their targets, then by structure, error and severity."""
    rows = []
    for row in rows_of(report.trials, Group.ALL):
        asked = BAND_TARGETS.get(row.band) if row.band else None
        name = row.band.value if row.band else "all pairs"
        accuracy, decided = asked or (None, None)
        rows.append(AccuracyRow(name, row.accuracy, row.decided, accuracy, decided, "By overlap"))
    for group, heading in PLACES.items():
        rows += [
            AccuracyRow(spoken(row.name), row.accuracy, row.decided, heading=heading)
            for row in rows_of(report.trials, group, (None,))
        ]
    return rows


def spoken(name: str) -> str:
    """Return a name as it is read."""
    return name.replace("_", " ").replace("|", "/")


def report_text(report: BenchReport, *, plots: Sequence[str] = ()) -> str:
    """Return the whole report as Markdown; `plots` are the files of the pictures beside it."""
    return "\n".join(_lines(report, plots)) + "\n"


def _lines(report: BenchReport, plots: Sequence[str]) -> Iterator[str]:
    yield f"# {report.critic.title} on the bench"
    yield ""
    yield headline(report)
    yield ""
    yield f"{_critic(report)}. {report.source}. Seed {report.seed}. {report.software}, {report.time}."
    yield f"{len(report.cases)} cases, {len(report.trials)} pairs, {len(report.singles)} single labels."
    yield from _targets(report)
    for plot in plots:
        yield from ("", f"![{plot.partition('.')[0]}]({plot})")
    yield from _table("By overlap of the two labels", report, Group.ALL, each_band=True)
    for group, heading in PLACES.items():
        yield from _table(heading, report, group, each_band=group in {Group.STRUCTURE, Group.KIND})
    yield from _singles(report)
    yield from _alarms(report)
    yield from _calibration(report)
    yield from _wrong(report)
    yield from _rest(report)


def _critic(report: BenchReport) -> str:
    who = report.critic
    parts = [f"{who.kind} {who.version}", who.model, f"prompts {who.prompts[:12]}" if who.prompts else "", who.options]
    return ", ".join(part for part in parts if part)


def _targets(report: BenchReport) -> Iterator[str]:
    yield from ("", "## Targets", "", "| target | asked | found | of | verdict |", "|---|---|---|---|---|")
    for one in targets(report):
        found = percent(one.value, one.interval)
        yield f"| {one.name} | {target_text(one)} | {found} | {one.n} | {_loud(one.met.value)} |"


def _loud(word: str) -> str:
    return f"**{word}**" if word == "fails" else word


def _table(heading: str, report: BenchReport, group: Group, *, each_band: bool) -> Iterator[str]:
    rows = rows_of(report.trials, group) if each_band else rows_of(report.trials, group, (None,))
    if not rows:
        return
    yield from ("", f"## {heading}", "")
    yield "| what | overlap | pairs | accuracy on decided | decided | equivalent | no answer |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        yield f"| {spoken(row.name) or 'all'} | {_band(row)} | {row.n} | {share_text(row.accuracy)} | " + (
            f"{share_text(row.decided)} | {row.equivalent} | {row.failed} |"
        )


def _band(row: Row) -> str:
    return row.band.value if row.band is not None else "all"


def _singles(report: BenchReport) -> Iterator[str]:
    if not report.singles:
        return
    yield from ("", "## Single labels", "")
    yield "Errors below Dice 0.90 should be called out, right labels should not."
    yield ""
    yield "| what | errors called out | right labels left alone | balanced accuracy | cannot say |"
    yield "|---|---|---|---|---|"
    yield _single("all", detection_of(report.singles))
    for group in (Group.STRUCTURE, Group.KIND, Group.SEVERITY):
        for name, found in detections_of(report.singles, group):
            yield _single(spoken(name), found)


def _single(name: str, found: Detection) -> str:
    balanced = percent(found.balanced, found.interval)
    return f"| {name} | {share_text(found.found)} | {share_text(found.cleared)} | {balanced} | {found.unsaid} |"


def _alarms(report: BenchReport) -> Iterator[str]:
    truths = [single for single in report.singles if single.is_truth]
    if not truths:
        return
    alarms = false_alarms(truths)
    yield from ("", "## False alarms", "", f"{len(alarms)} of {len(truths)} right labels were called out.", "")
    for one in alarms:
        yield f"- {one.case}, {spoken(one.structure)}: {one.finding or 'no reason given'}"


def _calibration(report: BenchReport) -> Iterator[str]:
    found = calibration_of(report.trials)
    if found.error is None:
        return
    yield from ("", "## Calibration", "", f"Expected calibration error {percent(found.error)}.", "")
    yield from ("| stated confidence | mean | right |", "|---|---|---|")
    for one in found.bins:
        yield f"| {one.low:g} to {one.high:g} | {one.stated:.3f} | {share_text(one.right)} |"


def _wrong(report: BenchReport) -> Iterator[str]:
    """Tell the surest of the wrong answers with their reasons: what to look at first."""
    wrong = sorted((t for t in report.trials if t.correct is False), key=lambda t: -t.confidence)
    if not wrong:
        return
    yield from ("", "## Surest of the wrong answers", "")
    for t in wrong[:WORST]:
        rival = f"against {t.rival_text}" if t.rival_text else "against the truth"
        said = f"said {t.outcome.value} at {t.confidence:.2f}; {t.better} is better"
        why = " ".join(t.reasons)
        yield f"- {t.case}, {spoken(t.structure)}: {t.text} {rival}, Dice {t.dice:.3f}: {said}. {why}"


def _rest(report: BenchReport) -> Iterator[str]:
    yield from ("", "## Order, time, and what could not be done", "")
    first, second = position_of(report.trials)
    yield f"The better label was picked when it stood first: {share_text(first)}; when second: {share_text(second)}."
    time = timing_of(report)
    told = f"{time.median:.3f} (median), {time.mean:.3f} (mean), {time.most:.3f} (most)"
    yield f"Seconds per opinion, measuring included: {told}."
    if not report.refused:
        return
    yield from ("", f"{len(report.refused)} could not be planted or read:", "")
    for (text, structure, why), n in sorted(Counter((r.text, r.structure, r.why) for r in report.refused).items()):
        yield f"- {spoken(structure) or 'case'}, {text}: {why}" + (f" ({n} times)" if n > 1 else "")
