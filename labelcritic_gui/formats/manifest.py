"""Writes and reads the tables of an export; the only importer of pandas. Layer: formats."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from labelcritic_gui.core.errors import UnreadableFileError

MANIFEST = "manifest.csv"
LEFT_OUT = "left_out.csv"
FIRST_COLUMNS = (
    "case",
    "structure",
    "status",
    "label_set",
    "version",
    "file",
    "sha256",
    "reader",
    "time",
    "verdict",
    "verdict_pick",
    "verdict_confidence",
    "stance",
    "reasons",
    "note",
    "content_hash",
    "source",
    "source_values",
    "source_sha256",
    "resampled",
    "software",
)
"""The columns of every manifest that was ever written."""
MANIFEST_COLUMNS = (*FIRST_COLUMNS, "recipe", "mode", "revealed", "commitment", "denied", "quality")
_ALWAYS_LEFT_OUT = ("case", "structure", "label_set", "why", "explanation", "reader", "time", "reasons", "note")
LEFT_OUT_COLUMNS = (*_ALWAYS_LEFT_OUT, "quality")


def write_table(file: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV (UTF-8, LF, header always), flushed to disk; the same rows give the same bytes."""
    import pandas as pd

    frame = pd.DataFrame(
        [[_plain(row.get(c, "")) for c in columns] for row in rows], columns=list(columns), dtype=object
    )
    with file.open("w", encoding="utf-8", newline="") as stream:
        frame.to_csv(stream, index=False, lineterminator="\n")
        stream.flush()
        os.fsync(stream.fileno())


def read_table(file: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read a table back as texts; raises UnreadableFileError when it is missing, damaged or has other columns."""
    import pandas as pd

    try:
        frame = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8")
    except OSError as error:
        raise UnreadableFileError(
            f"There is no readable {file}: {error.strerror}.", "Name an export folder."
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"{file} is no table: {error}.", "Export again.") from error
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise UnreadableFileError(f"{file} has no column {missing[0]}.", "It was not written by this program.")
    return [{str(k): _unquoted(str(v)) for k, v in row.items()} for row in frame.to_dict("records")]


_FORMULA = ("=", "+", "-", "@")


def _plain(value: Any) -> str:
    # a cell that a spreadsheet would run as a formula is written as text
    text = "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _unquoted(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text
