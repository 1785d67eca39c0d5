"""The command that says whether a critic can be trusted on a review. Layer: cli."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labelcritic_gui.bootstrap import Services
from labelcritic_gui.cli.arguments import names
from labelcritic_gui.cli.batch import asked_settings
from labelcritic_gui.cli.consent import with_consent
from labelcritic_gui.cli.output import Outcome, ProgressLine, table
from labelcritic_gui.core.audit import Line, Report, Ruling
from labelcritic_gui.core.audit_measures import Measure
from labelcritic_gui.critic.base import Critic
from labelcritic_gui.services.audit import Audit, AuditRequest, audit, parsed_tests
from labelcritic_gui.services.audit_files import save_audit
from labelcritic_gui.services.review import OpenReview

HEADER = ("  structure", "k of n", "share", "95 % interval", "verdict")


def audit_critic(arguments: argparse.Namespace, services: Services) -> Outcome:
    """Audit a critic on a review, print the report and write its files."""
    request = AuditRequest(
        tests=parsed_tests(names(arguments.tests)),
        sample=arguments.sample,
        repeats=arguments.repeats,
        structures=names(arguments.structures),
        seed=arguments.seed,
    )
    chosen = services.with_settings(with_consent(arguments, asked_settings(arguments, services.settings)))
    opened = chosen.open_review(Path(arguments.review))
    try:
        critic = _critic(arguments, chosen, opened)
        found = audit(opened, request, critic=critic, progress=ProgressLine(quiet=arguments.json))
        files = save_audit(found, Path(arguments.out) if arguments.out else opened.folder)
    finally:
        opened.close()
    body: dict[str, Any] = {**found.report.to_json(), "files": [str(file) for file in files]}
    return Outcome(body, lines_of(found, files), found.report.failures)


def _critic(arguments: argparse.Namespace, services: Services, opened: OpenReview) -> Critic:
    """Return whom to audit: who is named, else the review's own; the review keeps its critic either way."""
    if arguments.critic or arguments.server:
        return services.critic_of(arguments.critic or "lvlm", opened.database)
    return opened.critic


def lines_of(found: Audit, files: Sequence[Path]) -> list[str]:
    """Return a report as lines for people: a sentence for every measure, below it a row for each structure."""
    report = found.report
    groups = [(line.of, [line, *_single(report, line)]) for line in report.over_all()]
    rows = table([_row(line) for _, group in groups for line in group], header=HEADER) if groups else []
    lines = [f"{report.critic.title}: {report.headline}", *rows[:1]]
    below = iter(rows[1:])
    for measure, group in groups:
        lines += ["", f"{measure.test.value}: {_lower(measure.asks)}{_limit(measure)}"]
        lines += [next(below) for _ in group]
    lines += ["", *(f"{test.value}: {why}" for test, why in report.reasons.items()), _took(report)]
    return [*lines, *(f"written: {file}" for file in files)]


def _single(report: Report, line: Line) -> tuple[Line, ...]:
    """Return a measure's lines of single structures, where there are several and they tell more than none of none."""
    single = report.per_structure(line.measure)
    return single if len(single) > 1 and (line.k or line.of.is_preference) else ()


def _row(line: Line) -> tuple[str, ...]:
    share = "–" if line.share is None else f"{100 * line.share:.0f} %"
    interval = f"{100 * line.low:.0f} to {100 * line.high:.0f} %"
    return f"  {line.structure or 'all'}", f"{line.k:g} of {line.n}", share, interval, _verdict(line)


def _limit(measure: Measure) -> str:
    return "" if measure.limit is None else f" At most {100 * measure.limit:.0f} %."


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _verdict(line: Line) -> str:
    beside = [f"{word} {n}" for word, n in line.words.items()]
    if "kappa" in line.values:
        beside.append(f"kappa {line.values['kappa']:.2f}")
    if "p_spread_most" in line.values:
        beside.append(f"p differs by {line.values['p_spread_most']:.2f} at most")
    said = line.ruling.value.upper() if line.ruling is Ruling.FAILS else line.ruling.value
    return f"{said} ({', '.join(beside)})" if beside else said


def _took(report: Report) -> str:
    calls = ", ".join(f"{name} {n}" for name, n in report.calls.items() if n)
    said = f"{report.stored} stored verdict(s) looked at, {report.sampled} pair(s) asked about on purpose"
    return f"{said}; {sum(report.calls.values())} call(s)" + (f": {calls}" if calls else "")
