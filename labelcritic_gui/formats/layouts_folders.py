"""List folders in one pass without asking for each file's status, and say what they hold. Layer: formats."""

import os
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.formats.layouts_words import DICOM_SUFFIXES, SUFFIXES, bare_name

SHOWN = 4
PARTIAL = (".partial", ".tmp", ".crdownload")
PAIR_SUFFIXES = (".hdr", ".img")
SKIPPED_FOLDERS = frozenset({"__MACOSX", "__pycache__"})
PREAMBLE = 128
PEEKED = 1024
SEG_CLASS = re.compile(rb"1\.2\.840\.10008\.5\.1\.4\.1\.1\.66\.4[^0-9.]")


class Listing(NamedTuple):
    """The entries of a folder by kind, each sorted; hidden and half-written ones are left out."""

    folders: list[str]
    volumes: list[str]
    dicom: list[str]
    others: list[str]


def listing(folder: Path | str) -> Listing:
    """List a folder; raises UnreadableFileError when it cannot be read."""
    found = Listing([], [], [], [])
    pairs: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                lower = name.lower()
                if name.startswith(".") or lower.endswith(PARTIAL):
                    continue
                if entry.is_dir():
                    if name not in SKIPPED_FOLDERS:
                        found.folders.append(name)
                else:
                    _kind_of(lower, found, pairs).append(name)
    except OSError as error:
        raise UnreadableFileError(f"The folder {folder} cannot be read: {error.strerror}.", "Check it.") from error
    if pairs:
        _add_pairs(found, pairs)
    for names in found:
        names.sort()
    return found


def _kind_of(lower: str, found: Listing, pairs: list[str]) -> list[str]:
    """Return the list that a file belongs to by its name."""
    if lower.endswith(PAIR_SUFFIXES):
        return pairs
    if lower.endswith(SUFFIXES):
        return found.volumes
    return found.dicom if lower.endswith(DICOM_SUFFIXES) else found.others


def _add_pairs(found: Listing, names: list[str]) -> None:
    """Take the .hdr of each .hdr/.img pair as the volume; an .img alone is something else (a disk, a bitmap)."""
    headers = {bare_name(name) for name in names if name.lower().endswith(".hdr")}
    for name in names:
        if name.lower().endswith(".hdr"):
            found.volumes.append(name)
        elif bare_name(name) not in headers:
            found.others.append(name)


def listing_if_there(folder: Path | str) -> Listing | None:
    """List a folder, or return None when there is none of this name."""
    try:
        return listing(folder)
    except UnreadableFileError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            return None
        raise


def require_folder(path: Path, what: str) -> None:
    """Raise UnreadableFileError unless the path is a folder."""
    if not path.exists():
        raise UnreadableFileError(f"There is no folder {path} for the {what}.", "Check the path.")
    if not path.is_dir():
        raise UnreadableFileError(f"{path} is a file where a folder of {what} was expected.", "Check the path.")


def is_segmentation(path: Path) -> bool:
    """Say whether a DICOM file is a segmentation, by its first bytes."""
    start = _start(path)
    return start[PREAMBLE : PREAMBLE + 4] == b"DICM" and SEG_CLASS.search(start) is not None


def holds_series(folder: Path, found: Listing) -> bool:
    """Say whether a folder holds the slices of a DICOM series, and no NIfTI file."""
    if any(".nii" in name.lower() for name in found.volumes):
        return False
    if found.dicom:
        return any(not is_segmentation(folder / name) for name in found.dicom)
    bare = next((name for name in found.others if "." not in name or name.replace(".", "").isdigit()), None)
    return bare is not None and _start(folder / bare)[PREAMBLE : PREAMBLE + 4] == b"DICM"


def segmentations(folder: Path, found: Listing) -> list[str]:
    """Return the DICOM segmentations in a folder."""
    return [name for name in found.dicom if is_segmentation(folder / name)]


def what_is_in(folder: Path) -> str:
    """Say in a few words what a folder holds, for errors: counts by kind, and the first names."""
    found = listing(folder)
    files = found.volumes + found.dicom + found.others
    if not found.folders and not files:
        return "the folder is empty"
    said = []
    if found.folders:
        said.append(f"{_count(found.folders, 'folder')} ({_first([f'{name}/' for name in found.folders])})")
    if files:
        kinds = Counter(_kind(name) for name in files)
        counts = ", ".join(f"{n:,} {kind}" for kind, n in kinds.most_common(SHOWN))
        said.append(f"{_count(files, 'file')} ({counts}: {_first(files)})")
    return f"it holds {' and '.join(said)}"


def _count(names: list[str], what: str) -> str:
    return f"{len(names):,} {what}{'s' if len(names) != 1 else ''}"


def _first(names: list[str]) -> str:
    more = ", ..." if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def _kind(name: str) -> str:
    stem = bare_name(name)
    return (name[len(stem) :] or Path(name).suffix).lower() or "without suffix"


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(PEEKED)
    except OSError:
        return b""
