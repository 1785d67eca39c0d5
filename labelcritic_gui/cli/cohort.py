"""The command that compares the cases of a review with each other. Layer: cli."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from labelcritic_gui.bootstrap import Services
from labelcritic_gui.cli.arguments import names
from labelcritic_gui.cli.output import Outcome, ProgressLine, table
from labelcritic_gui.core.cohort import LEAST_CASES, SHARE, Outlier
from labelcritic_gui.services.cohort import (
    ReviewOutliers,
    keep_outliers,
    review_outliers,
    save_outliers,
)

HEADER = ("case", "structure", "label set", "SDs off", "what is unusual")
MOST_LINES = 200


def cohort(arguments: argparse.Namespace, services: Services) -> Outcome:
    """List what is unusual among the cases of a review; what is found in all of it is kept with its items."""
    structures, label_sets = names(arguments.structures), names(arguments.label_sets)
    opened = services.open_review(Path(arguments.review))
    try:
        progress = ProgressLine(quiet=arguments.json)
        found = review_outliers(
            opened, structures=structures, label_sets=label_sets, together=arguments.together, progress=progress
        )
        whole = not (structures or label_sets or arguments.together)
        if whole:
            keep_outliers(opened, found.report)
    finally:
        opened.close()
    file = save_outliers(found.report, Path(arguments.out)) if arguments.out else None
    kept = "Kept: the window shows them among the findings of their items." if whole and found.report.outliers else ""
    lines = [*lines_of(found, most=0 if file else MOST_LINES), *([kept] if kept else [])]
    return Outcome(_body(found, file), [*lines, *([f"written: {file}"] if file else [])])


def _body(found: ReviewOutliers, file: Path | None) -> dict[str, Any]:
    report = found.report
    return {
        "headline": report.headline,
        "measured": found.measured,
        "cases": found.cases,
        "candidates": report.candidates,
        "together": report.together,
        "share": SHARE,
        "least_cases": LEAST_CASES,
        "outliers": [one.to_json() for one in report.outliers],
        "judged": [asdict(size) for size in report.judged],
        "too_few": [asdict(size) for size in report.too_few],
        "files": [str(file)] if file else [],
    }


def lines_of(found: ReviewOutliers, *, most: int) -> list[str]:
    """Return what was found as lines for people: one row a candidate's unusual measure, at most so many (0: none)."""
    report = found.report
    lines = [report.headline]
    shown = report.outliers[:most]
    lines += table([_row(one) for one in shown], header=HEADER) if shown else []
    left = len(report.outliers) - len(shown)
    if shown and left:
        lines.append(f"and {left} more: --out FILE.csv writes all")
    return [*lines, *(words for words in (report.left_out, found.not_measured) if words)]


def _row(one: Outlier) -> tuple[str, ...]:
    return one.case, one.structure, one.label_set, f"{one.deviation:+.1f}", one.sentence
