"""Read the tables that datasets carry: dataset.json (nnU-Net, Decathlon), BIDS look-up tables. Layer: formats."""

import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from labelcritic_gui.core.errors import ReviewError, UnreadableFileError

DATASET = "dataset.json"
NOT_CT = re.compile(r"\b(mri?|t1\w*|t2\w*|flair|adc|dwi|pet|ultrasound|us)\b", re.IGNORECASE)
NO_STRUCTURE = frozenset({"background", "ignore", "unlabeled"})


class Dataset(NamedTuple):
    """What a dataset.json says: value -> name, the names of several values, and the kind of channel 0."""

    path: Path
    names: Mapping[int, str]
    regions: Mapping[str, tuple[int, ...]]
    channel: str
    decathlon: bool


def find_dataset(*folders: Path) -> Dataset | None:
    """Read the dataset.json of the first folder that has one; raises UnreadableFileError when it is damaged."""
    for folder in folders:
        file = folder / DATASET
        if file.is_file():
            return read_dataset(file)
    return None


def read_dataset(file: Path) -> Dataset:
    """Read a dataset.json, in the form of nnU-Net 1 or 2 or of the Decathlon; raises UnreadableFileError."""
    try:
        content = json.loads(file.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UnreadableFileError(f"{file} cannot be read: {error}.", "Correct it or remove it.") from error
    labels = content.get("labels", {}) if isinstance(content, dict) else None
    if not isinstance(labels, dict):
        raise UnreadableFileError(f"{file} has no table of labels.", 'It must hold {"labels": {"liver": 1, ...}}.')
    names: dict[int, str] = {}
    regions: dict[str, tuple[int, ...]] = {}
    for left, right in labels.items():
        name, values = _entry(file, left, right)
        if name.lower() in NO_STRUCTURE:
            continue
        if len(values) > 1:
            regions[name] = values
        elif values != (0,):
            if values[0] in names:
                raise UnreadableFileError(f"{file} names the value {values[0]} twice.", "Correct its labels.")
            names[values[0]] = name
    kinds = content.get("channel_names") or content.get("modality") or {}
    channel = str(kinds.get("0", "")) if isinstance(kinds, dict) else ""
    return Dataset(file, names, regions, channel, "tensorImageSize" in content or "modality" in content)


def _entry(file: Path, left: str, right: Any) -> tuple[str, tuple[int, ...]]:
    """Return name and values of an entry: {"liver": 1}, {"tumour": [1, 2]}, or {"1": "liver"}."""
    name, found = (right, left) if isinstance(right, str) and not right.strip().lstrip("-").isdigit() else (left, right)
    try:
        values = tuple(int(str(v)) for v in (found if isinstance(found, list) else [found]))
    except ValueError:
        values = ()
    if not values or min(values) < 0:
        raise UnreadableFileError(
            f"{file} has a label that cannot be understood: {left!r}: {right!r}.", 'Write {"liver": 1}.'
        )
    return str(name), values


def require_ct(dataset: Dataset | None) -> None:
    """Raise ReviewError when a dataset.json says that its images are no CT."""
    if dataset and NOT_CT.search(dataset.channel):
        raise ReviewError(
            f"{dataset.path} says that its images are {dataset.channel}, not CT.", "Only CT can be reviewed."
        )


def read_lookup(file: Path) -> dict[int, str]:
    """Read a BIDS look-up table (index, name, tab-separated) into value -> name; raises UnreadableFileError."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = list(csv.DictReader(text, delimiter="\t"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFileError(f"{file} cannot be read: {error}.", "Correct it or remove it.") from error
    names: dict[int, str] = {}
    for number, row in enumerate(rows, 2):
        index, name = (row.get("index") or "").strip(), (row.get("name") or "").strip()
        if not index.isdigit() or not name:
            raise UnreadableFileError(
                f"Line {number} of {file} has no whole number as index or no name.",
                "The table needs the columns index and name.",
            )
        if int(index) and name.lower() not in NO_STRUCTURE:
            names[int(index)] = name
    return names
