"""Writes what a bench found: JSON, tables, a report to read, and plots, each whole or not at all. Layer: services."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from labelcritic_gui.core.bench import BenchReport, Single, Trial
from labelcritic_gui.core.bench_report import (
    Group,
    Row,
    calibration_of,
    detection_of,
    detections_of,
    false_alarms,
    headline,
    rows_of,
    share_json,
    targets,
    timing_of,
)
from labelcritic_gui.core.errors import StorageError, UnreadableFileError
from labelcritic_gui.core.statistics import Share
from labelcritic_gui.imaging.charts import accuracy_svg, calibration_svg
from labelcritic_gui.services.bench_text import chart_rows, report_text
from labelcritic_gui.services.result_files import csv_text, write_whole

REPORT, TRIALS, SUMMARY, TEXT = "bench.json", "trials.csv", "summary.csv", "report.md"
CALIBRATION, ACCURACY = "calibration.svg", "accuracy.svg"
TRIAL_COLUMNS = (
    "question",
    "case",
    "structure",
    "kind",
    "severity",
    "text",
    "rival_kind",
    "rival_text",
    "dice",
    "band",
    "dice_first",
    "dice_second",
    "better",
    "outcome",
    "answer",
    "confidence",
    "score",
    "flagged",
    "seconds",
    "reasons",
)
SUMMARY_COLUMNS = ("measure", "group", "name", "band", "k", "n", "share", "low", "high")


def save_bench(report: BenchReport, folder: Path) -> tuple[Path, ...]:
    """Write a report's files into a folder, over those of an earlier bench; return them. Raises StorageError."""
    texts = {
        REPORT: json.dumps(report_json(report), indent=1) + "\n",
        TRIALS: trials_text(report),
        SUMMARY: summary_text(report),
        TEXT: report_text(report, plots=(ACCURACY, CALIBRATION)),
        ACCURACY: accuracy_svg(chart_rows(report), title=f"Accuracy of the {report.critic.title}"),
        CALIBRATION: calibration_svg(calibration_of(report.trials), title=f"Calibration of the {report.critic.title}"),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(write_whole(folder / name, text) for name, text in texts.items())
    except OSError as error:
        raise StorageError(
            f"{folder} could not be written: {error.strerror or error}.", "Name another place."
        ) from error


def report_json(report: BenchReport) -> dict[str, Any]:
    """Return everything as plain JSON values: what it comes to, then every question."""
    told = report.to_json()
    questions = {name: told.pop(name) for name in ("trials", "singles", "refused")}
    return {
        **told,
        "headline": headline(report),
        "targets": [target.to_json() for target in targets(report)],
        "rows": [row.to_json() for group in Group for row in rows_of(report.trials, group)],
        "detection": detection_of(report.singles).to_json(),
        "false_alarms": [
            {"case": one.case, "structure": one.structure, "finding": one.finding}
            for one in false_alarms(report.singles)
        ],
        "calibration": calibration_of(report.trials).to_json(),
        "seconds": timing_of(report).to_json(),
        **questions,
    }


def load_bench(file: Path) -> BenchReport:
    """Read a report back from its bench.json; raises UnreadableFileError."""
    try:
        return BenchReport.from_json(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableFileError(
            f"{file} is no report of a bench: {error}.", "Run `labelcritic bench` again."
        ) from error


def trials_text(report: BenchReport) -> str:
    """Return every question as CSV: pairs, then single labels."""
    rows = [_trial(trial) for trial in report.trials] + [_single(single) for single in report.singles]
    return csv_text(TRIAL_COLUMNS, rows)


def _trial(trial: Trial) -> dict[str, Any]:
    told = trial.to_json()
    told |= {"question": "pair", "reasons": " ".join(trial.reasons)}
    return told


def _single(single: Single) -> dict[str, Any]:
    told = single.to_json()
    told |= {"question": "truth" if single.is_truth else "error", "reasons": single.finding}
    return told


def summary_text(report: BenchReport) -> str:
    """Return every share with its counts and interval as CSV."""
    rows: list[dict[str, Any]] = []
    for group in Group:
        for row in rows_of(report.trials, group):
            rows += [_share_row("accuracy", row, row.accuracy), _share_row("decided", row, row.decided)]
    detections: Iterable[tuple[str, str, Any]] = [
        ("all", "", detection_of(report.singles)),
        *((group.value, name, one) for group in _SINGLES for name, one in detections_of(report.singles, group)),
    ]
    for group_name, name, found in detections:
        for measure, share in (("errors called out", found.found), ("right labels left alone", found.cleared)):
            rows.append({"measure": measure, "group": group_name, "name": name, "band": "all", **share_json(share)})
    for one in calibration_of(report.trials).bins:
        named = {"measure": "calibration", "group": "confidence", "name": f"{one.low:g} to {one.high:g}"}
        rows.append({**named, "band": f"stated {one.stated:.3f}", **share_json(one.right)})
    return csv_text(SUMMARY_COLUMNS, rows)


_SINGLES = (Group.STRUCTURE, Group.KIND, Group.SEVERITY)


def _share_row(measure: str, row: Row, share: Share) -> dict[str, Any]:
    band = row.band.value if row.band is not None else "all"
    return {"measure": measure, "group": row.group.value, "name": row.name, "band": band, **share_json(share)}
