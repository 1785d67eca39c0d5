"""The command that puts a critic on the bench: pairs and labels whose truth is known. Layer: cli."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labelcritic_gui.bootstrap import Services
from labelcritic_gui.cli.arguments import names
from labelcritic_gui.cli.batch import asked_settings
from labelcritic_gui.cli.consent import with_consent
from labelcritic_gui.cli.output import Outcome, ProgressLine, table
from labelcritic_gui.core.bench import BenchReport
from labelcritic_gui.core.bench_report import (
    Group,
    calibration_of,
    detection_of,
    detections_of,
    false_alarms,
    headline,
    rows_of,
    targets,
    timing_of,
)
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.critic.base import Critic
from labelcritic_gui.critic.rule_based import RuleCritic
from labelcritic_gui.services.bench import ASKING, READING, BenchPlan, bench, plan_bench
from labelcritic_gui.services.bench_cases import PHANTOMS, CaseSource, PhantomCases, ReviewCases
from labelcritic_gui.services.bench_files import report_json, save_bench
from labelcritic_gui.services.bench_phantoms import make_phantom_review
from labelcritic_gui.services.bench_plan import BenchRequest, chosen_recipes, described_recipes
from labelcritic_gui.services.bench_text import percent, share_text, spoken, target_text
from labelcritic_gui.services.review import OpenReview

FOLDER, OUTPUT = "bench", "bench-output"
"""Where the files go when nothing is said: into the review's folder; of phantoms, beside."""
MOST_TOLD = 8
MOST_PHANTOMS = 100_000


def bench_critic(arguments: argparse.Namespace, services: Services) -> Outcome:
    """Put a critic on the bench, print what it comes to, and write its files."""
    request = _request(arguments, services)
    arguments.critic = _critic_kind(arguments, services)
    chosen = services.with_settings(with_consent(arguments, asked_settings(arguments, services.settings)))
    progress = ProgressLine(quiet=arguments.json)
    out = _out(arguments)
    opened = _opened(arguments, chosen, out, progress)
    try:
        source = _source(arguments, opened)
        critic = _critic(arguments, chosen, opened)
        _say_how_many(plan_bench(source, request, critic), quiet=arguments.json)
        report = bench(source, request, critic, services.structures, progress=progress)
        files = save_bench(report, out)
    finally:
        if opened is not None:
            opened.close()
    body: dict[str, Any] = {**report_json(report), "files": [str(file) for file in files]}
    lines = [*lines_of(report), *(f"written: {file}" for file in files)]
    return Outcome(body, lines, _failures(report))


def _request(arguments: argparse.Namespace, services: Services) -> BenchRequest:
    """Return what is to be put on the bench; raises UserError for what makes no sense."""
    kinds, severities = names(arguments.kinds), names(arguments.severities)
    if arguments.errors and (kinds or severities):
        raise UserError("--errors says everything: --kinds and --severities do not go with it.", "Leave them out.")
    if arguments.errors:
        recipes = described_recipes(arguments.errors, services.structures.name_of)
    else:
        recipes = chosen_recipes(kinds, severities)
    per_structure = arguments.per_structure
    if per_structure is None:
        per_structure = 0 if arguments.errors else BenchRequest().per_structure
    return BenchRequest(
        structures=tuple(dict.fromkeys(services.structures.name_of(name) for name in names(arguments.structures))),
        recipes=recipes,
        per_structure=per_structure,
        worse_worst=arguments.worse,
        singles=not arguments.no_singles,
        seed=arguments.seed,
    )


def _critic_kind(arguments: argparse.Namespace, services: Services) -> str:
    """Return whom to ask: who is named, else a review's own (empty), else the settings' one for phantoms."""
    named: str = arguments.critic or ("lvlm" if arguments.server else "")
    return named if named or arguments.review else services.settings.critic


def _out(arguments: argparse.Namespace) -> Path:
    if arguments.out:
        return Path(arguments.out)
    return Path(arguments.review) / FOLDER if arguments.review else Path(OUTPUT)


def _phantoms(arguments: argparse.Namespace) -> PhantomCases:
    count = PHANTOMS if arguments.phantoms is None else arguments.phantoms
    if not 1 <= count <= MOST_PHANTOMS:
        raise UserError(f"{count} phantoms cannot be put on the bench.", f"Ask for 1 to {MOST_PHANTOMS}.")
    if arguments.start < 0:
        raise UserError("The first phantom's seed must not be negative.", "Say 0 or more.")
    return PhantomCases(tuple(range(arguments.start, arguments.start + count)), arguments.size, arguments.other)


def _opened(arguments: argparse.Namespace, services: Services, out: Path, progress: ProgressLine) -> OpenReview | None:
    """Open the review whose cases are asked about; None for phantoms and a critic that needs no pictures.

    For a critic that looks at pictures the phantoms are made a review of, beside the files.
    """
    if arguments.review:
        if arguments.phantoms is not None or arguments.other:
            raise UserError("Either a review or phantoms are put on the bench.", "Leave one of them out.")
        return services.open_review(Path(arguments.review))
    if arguments.trusted:
        raise UserError("--trusted names a label set of a review, and none was named.", "Name the review.")
    if arguments.critic != "lvlm":
        return None
    source = _phantoms(arguments)
    folder = make_phantom_review(source, out / "phantoms", services.structures, progress=progress)
    return services.open_review(folder)


def _source(arguments: argparse.Namespace, opened: OpenReview | None) -> CaseSource:
    if opened is None:
        return _phantoms(arguments)
    return ReviewCases(opened, arguments.trusted, names(arguments.cases))


def _critic(arguments: argparse.Namespace, services: Services, opened: OpenReview | None) -> Critic:
    """Return whom to ask: who is named, else the review's own; the review keeps its critic either way."""
    if opened is None:
        return RuleCritic()
    return services.critic_of(arguments.critic, opened.database) if arguments.critic else opened.critic


def _say_how_many(plan: BenchPlan, *, quiet: bool) -> None:
    """Say on standard error how much a server will be asked, before it is."""
    if plan.asks and not quiet:
        calls = 2 * plan.pairs + plan.singles
        sys.stderr.write(f"At most {plan.pairs} pairs and {plan.singles} single labels are asked: {calls} calls.\n")
        sys.stderr.flush()


def _failures(report: BenchReport) -> list[str]:
    """Name cases and labels that could not be read, and questions that got no answer."""
    unread = [f"{f'{r.case} {r.structure}'.strip()}: {r.why}" for r in report.refused if r.text in {READING, ASKING}]
    silent = [t for t in report.trials if t.outcome.value == "failed"]
    if silent:
        unread.append(f"{len(silent)} pair(s) got no answer: {silent[0].reasons[0]}")
    return unread


# --- words -----------------------------------------------------------------------------------------------------------


def lines_of(report: BenchReport) -> list[str]:
    """Return a report as lines for people."""
    lines = [f"{report.critic.title}: {headline(report)}", f"{report.source}; seed {report.seed}", ""]
    rows = [
        (t.name, target_text(t), percent(t.value, t.interval), str(t.n), _loud(t.met.value)) for t in targets(report)
    ]
    lines += table(rows, header=("target", "asked", "found (95 % interval)", "of", "verdict"))
    for group in Group:
        lines += _group_lines(report, group)
    lines += _single_lines(report)
    lines += _rest(report)
    return lines


def _loud(word: str) -> str:
    return word.upper() if word == "fails" else word


def _group_lines(report: BenchReport, group: Group) -> Iterator[str]:
    """Tell a group of pairs: all by band, the others over all bands; what there is only one of says nothing new."""
    rows = rows_of(report.trials, group) if group is Group.ALL else rows_of(report.trials, group, (None,))
    if group is not Group.ALL and len(rows) < 2:
        return
    cells = []
    for row in rows:
        name = spoken(row.name) or (row.band.value if row.band is not None else "all pairs")
        cells.append((name, str(row.n), share_text(row.accuracy), share_text(row.decided), str(row.equivalent)))
    yield ""
    head = "pairs" if group is Group.ALL else f"pairs by {group.value}"
    yield from table(cells, header=(head, "n", "accuracy on decided", "decided", "equivalent"))


def _single_lines(report: BenchReport) -> Iterator[str]:
    if not report.singles:
        return
    named = [("all", detection_of(report.singles)), *detections_of(report.singles, Group.STRUCTURE)]
    cells = [(spoken(n), share_text(d.found), share_text(d.cleared), percent(d.balanced, d.interval)) for n, d in named]
    yield ""
    header = ("single labels", "errors called out (Dice below 0.90)", "right ones left alone", "balanced accuracy")
    yield from table(cells, header=header)


def _rest(report: BenchReport) -> Iterator[str]:
    alarms = false_alarms(report.singles)
    yield ""
    for one in alarms[:MOST_TOLD]:
        yield f"false alarm: {one.case}, {spoken(one.structure)}: {one.finding or 'no reason given'}"
    if len(alarms) > MOST_TOLD:
        yield f"and {len(alarms) - MOST_TOLD} more false alarms: see report.md"
    error = calibration_of(report.trials).error
    time = timing_of(report)
    told = f"expected calibration error {percent(error)}" if error is not None else "no pair was decided"
    yield f"{told}; {time.median:.3f} s per opinion (median), {time.most:.3f} s at most"
    if report.refused:
        first = report.refused[0]
        where = f"{first.case} {spoken(first.structure)}".strip()
        yield f"{len(report.refused)} could not be planted or read, for example {where}, {first.text}: {first.why}"
