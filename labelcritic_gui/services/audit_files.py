"""Writes what an audit found: audit.json, audit.csv and correct.csv, each whole or not at all. Layer: services."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from labelcritic_gui.core.audit import PREFERENCE_MARGIN, Line
from labelcritic_gui.core.audit_answers import MOVED, TRUSTED_MARGIN
from labelcritic_gui.core.audit_masks import RATIO
from labelcritic_gui.core.errors import StorageError
from labelcritic_gui.services.audit import Audit
from labelcritic_gui.services.audit_pictures import SURROUNDINGS_PX
from labelcritic_gui.services.result_files import csv_text, write_whole

REPORT, TABLE, CORRECT = "audit.json", "audit.csv", "correct.csv"
TABLE_COLUMNS = (
    "test",
    "structure",
    "n",
    "k",
    "share",
    "low",
    "high",
    "verdict",
    "measure",
    "limit",
    "says",
    "kinds",
    "kappa",
    "kappa_low",
    "kappa_high",
    "p_spread_mean",
    "p_spread_most",
)
CORRECT_COLUMNS = (
    "case",
    "answer",
    "label",
    "correct",
    "structure",
    "answer_1",
    "answer_2",
    "outcome",
    "confidence",
    "first",
    "second",
    "dice_first",
    "dice_second",
    "why",
)
"""The first seven are those of the published program."""
HELD_AGAINST = {
    "probability_moved": MOVED,
    "preference_margin": PREFERENCE_MARGIN,
    "trusted_dice_margin": TRUSTED_MARGIN,
    "size_ratio": RATIO,
    "surroundings_px": SURROUNDINGS_PX,
}
"""What the numbers of a report depend on beside the limits of its lines."""


def save_audit(found: Audit, folder: Path) -> tuple[Path, ...]:
    """Write an audit's files into a folder, over those of an earlier audit; return them. Raises StorageError.

    correct.csv is there when there was something to hold against a trusted label set, and goes when there was not:
    the files of one folder are of one audit.
    """
    body = {**found.report.to_json(), "held_against": HELD_AGAINST}
    texts = {TABLE: table_text(found), REPORT: json.dumps(body, indent=1) + "\n"}
    if found.correct:
        texts[CORRECT] = csv_text(CORRECT_COLUMNS, [asdict(row) for row in found.correct])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = tuple(write_whole(folder / name, text) for name, text in texts.items())
        if not found.correct:
            (folder / CORRECT).unlink(missing_ok=True)
    except OSError as error:
        raise _not_written(folder, error) from error
    return written


def save_table(found: Audit, file: Path) -> Path:
    """Write the table alone to a file of any name; raises StorageError."""
    try:
        return write_whole(file, table_text(found))
    except OSError as error:
        raise _not_written(file, error) from error


def table_text(found: Audit) -> str:
    """Return the report's lines as CSV."""
    return csv_text(TABLE_COLUMNS, [_row(line) for line in found.report.lines])


def _row(line: Line) -> dict[str, Any]:
    return {
        "test": line.of.test.value,
        "structure": line.structure or "all",
        "n": line.n,
        "k": line.k,
        "share": line.share,
        "low": line.low,
        "high": line.high,
        "verdict": line.ruling.value,
        "measure": line.measure,
        "limit": line.of.limit,
        "says": line.says,
        "kinds": "; ".join(f"{word} {n}" for word, n in line.words.items()),
        **line.values,
    }


def _not_written(place: Path, error: OSError) -> StorageError:
    return StorageError(f"{place} could not be written: {error.strerror or error}.", "Name another place.")
