"""How often the anatomy critic is right, `python -m benchmarks.critic`: phantoms, other phantoms, trusted real labels.

Three benches, each held against the published targets: phantoms as usual, phantoms of settings that nothing was tuned
on, and the labels of real scans that `trusted.toml` lists, where they are beside the checkout. Two processes at a time.
What is printed is Markdown; `--write FILE` also keeps it, `--out DIR` keeps every question.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import reduce
from pathlib import Path

from benchmarks.trusted_labels import TrustedLabels
from labelcritic_gui.catalogue import load_catalogue
from labelcritic_gui.core.bench import Band, BenchReport
from labelcritic_gui.core.bench_report import (
    BAND_TARGETS,
    Group,
    Met,
    Row,
    calibration_of,
    detection_of,
    detections_of,
    false_alarms,
    headline,
    rows_of,
    targets,
    timing_of,
)
from labelcritic_gui.critic.rule_based import RuleCritic
from labelcritic_gui.services.bench import bench
from labelcritic_gui.services.bench_cases import CaseSource, PhantomCases
from labelcritic_gui.services.bench_files import save_bench
from labelcritic_gui.services.bench_plan import BenchRequest
from labelcritic_gui.services.bench_text import percent, share_text, spoken, target_text

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
PROCESSES = 2
AT_ONCE = 5
"""Phantoms that a process takes at a time."""
STRUCTURES_AT_ONCE = 9
"""Structures of a real case that a process takes at a time."""
SHORT_OF = 5
"""Decided pairs from which a structure or error is named where it falls short."""


# --- running ---------------------------------------------------------------------------------------------------------


def put_on_bench(task: tuple[CaseSource, BenchRequest]) -> BenchReport:
    """Bench the anatomy critic on some cases; in a process of its own."""
    source, request = task
    return bench(source, request, RuleCritic(), load_catalogue())


def phantoms(seeds: Sequence[int], size: int, request: BenchRequest, *, other: bool) -> BenchReport:
    """Bench the critic on phantoms in several processes; the same as in one."""
    chunks = [tuple(seeds[n : n + AT_ONCE]) for n in range(0, len(seeds), AT_ONCE)]
    whole = all_of([(PhantomCases(chunk, size, other), request) for chunk in chunks])
    return replace(whole, source=PhantomCases(tuple(seeds), size, other).words)


def all_of(tasks: Sequence[tuple[CaseSource, BenchRequest]]) -> BenchReport:
    """Do several tasks in several processes, and return them as one report."""
    with ProcessPoolExecutor(PROCESSES) as pool:
        return reduce(BenchReport.joined, pool.map(put_on_bench, tasks))


def real(folder: Path, request: BenchRequest) -> BenchReport | None:
    """Bench the critic on the trusted labels of real scans; None where there are none."""
    source = TrustedLabels(folder, load_catalogue())
    tasks = [
        (replace(source, only=(name,)), replace(request, structures=structures[n : n + STRUCTURES_AT_ONCE]))
        for name, structures in source.structures.items()
        for n in range(0, len(structures), STRUCTURES_AT_ONCE)
    ]
    return replace(all_of(tasks), source=source.words) if tasks else None


# --- what is printed -------------------------------------------------------------------------------------------------


def told(title: str, report: BenchReport, seconds: float) -> Iterator[str]:
    """Yield a report as Markdown, short: counts by structure and error, in every band, and where it falls short."""
    yield f"## {title}"
    yield ""
    yield f"{report.source}. {headline(report)}"
    yield f"{len(report.trials)} pairs, {len(report.singles)} single labels, {len(report.refused)} errors refused, "
    yield f"{seconds:.0f} s on {PROCESSES} cores; {timing_of(report).median:.3f} s per opinion (median)."
    yield from ("", "| target | asked | found (95 % interval) | of | verdict |", "|---|---|---|---|---|")
    for one in targets(report):
        met = f"**{one.met.value}**" if one.met is Met.FAILS else one.met.value
        yield f"| {one.name} | {target_text(one)} | {percent(one.value, one.interval)} | {one.n} | {met} |"
    for group in (Group.ALL, Group.STRUCTURE, Group.KIND, Group.SEVERITY, Group.PAIRING):
        yield from matrix(report, group)
    yield from alone(report)
    yield from short(report)
    error = calibration_of(report.trials)
    yield from ("", f"Calibration: expected error {percent(error.error)}.")
    for one in error.bins:
        yield f"- stated {one.low:g} to {one.high:g} (mean {one.stated:.2f}): right {share_text(one.right)}"
    yield ""


def matrix(report: BenchReport, group: Group) -> Iterator[str]:
    """Yield right of decided and decided of all, one row a name, two columns a band."""
    rows = rows_of(report.trials, group, Band)
    names = list(dict.fromkeys(row.name for row in rows))
    found = {(row.name, row.band): row for row in rows}
    heads = [f"{word}, {band.value[5:]}" for band in Band for word in ("right", "decided")]
    yield from ("", f"| {group.value} | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|")
    for name in names:
        cells = [cell for band in Band for cell in _cells(found.get((name, band)))]
        yield f"| {spoken(name) or 'all'} | {' | '.join(cells)} |"


def _cells(row: Row | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    accuracy, decided = BAND_TARGETS.get(row.band, (0.0, 0.0)) if row.band else (0.0, 0.0)
    cells = []
    for share, limit in ((row.accuracy, accuracy), (row.decided, decided)):
        text = f"{share.k} of {share.n}"
        cells.append(f"**{text}**" if share.value is not None and share.value < limit else text)
    return cells[0], cells[1]


def alone(report: BenchReport) -> Iterator[str]:
    """Yield how single labels were judged."""
    yield from ("", "| single labels | errors called out | right ones left alone | balanced |", "|---|---|---|---|")
    named = [("all", detection_of(report.singles))]
    named += [*detections_of(report.singles, Group.STRUCTURE), *detections_of(report.singles, Group.KIND)]
    for name, one in named:
        counts = f"{one.found.k} of {one.found.n} | {one.cleared.k} of {one.cleared.n}"
        yield f"| {spoken(name)} | {counts} | {percent(one.balanced)} |"
    alarms = false_alarms(report.singles)
    truths = sum(one.is_truth for one in report.singles)
    yield from ("", f"False alarms: {len(alarms)} of {truths}.")
    for one in alarms:
        yield f"- {one.case}, {spoken(one.structure)}: {one.finding}"


def short(report: BenchReport) -> Iterator[str]:
    """Yield structures and errors that fall short of a target, worst first."""
    found = []
    for group in (Group.STRUCTURE, Group.KIND):
        for row in rows_of(report.trials, group, BAND_TARGETS):
            if row.band is not None and row.n >= SHORT_OF:
                shares = zip((row.accuracy, row.decided), BAND_TARGETS[row.band], ("right", "decided"), strict=True)
                for share, limit, what in shares:
                    if share.value is not None and share.value < limit:
                        line = f"{spoken(row.name)}, {row.band.value}: {what} {share_text(share)}"
                        found.append((share.value - limit, line))
    title = f"Falls short, of those with {SHORT_OF} pairs or more, farthest first:"
    yield from ("", title if found else "Nowhere short.")
    for _, line in sorted(found):
        yield f"- {line}"


def main() -> None:
    """Run what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100, help="how many phantoms of each set")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--size", type=int, default=192, help="voxels along an edge")
    parser.add_argument("--per-structure", type=int, default=4, help="errors planted in each structure of a case")
    parser.add_argument("--usual", action="store_true", help="only the usual phantoms")
    parser.add_argument("--other", action="store_true", help="only the phantoms of other settings")
    parser.add_argument("--real", metavar="DIR", nargs="?", const=str(SHARED), help="only the real labels (of DIR)")
    parser.add_argument("--real-per-structure", type=int, default=8, help="the same for real labels; 0: every error")
    parser.add_argument("--write", metavar="FILE", help="keep what is printed")
    parser.add_argument("--out", metavar="DIR", help="keep every question, a folder for each set")
    asked = parser.parse_args()
    every = not (asked.usual or asked.other or asked.real)
    request = BenchRequest(per_structure=asked.per_structure)
    seeds = range(asked.start, asked.start + asked.seeds)
    lines: list[str] = []
    for name, title, wanted in (
        ("usual", "Phantoms", asked.usual or every),
        ("other", "Phantoms of settings never used for tuning", asked.other or every),
        ("real", "Trusted labels of real scans", bool(asked.real) or every),
    ):
        if not wanted:
            continue
        start = time.perf_counter()
        if name == "real":
            report = real(Path(asked.real or SHARED), BenchRequest(per_structure=asked.real_per_structure))
        else:
            report = phantoms(seeds, asked.size, request, other=name == "other")
        if report is None:
            print(f"No real scans in {asked.real or SHARED}: not benched.", flush=True)
            continue
        own = list(told(title, report, time.perf_counter() - start))
        print("\n".join(own), flush=True)
        lines += own
        if asked.out:
            save_bench(report, Path(asked.out) / name)
    if asked.write and lines:
        Path(asked.write).write_text("# The anatomy critic on the bench\n\n" + "\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
