"""Keeps a case's projected pictures in the review folder; they can always be made again. Layer: formats."""

import os
import tempfile
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_STAMP = "stamp"
_DAMAGED = (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError, RuntimeError, MemoryError, TypeError)
"""All that reading a damaged archive raises: also for sizes and kinds of compression that nobody wrote."""


def cache_file(folder: Path, case: str) -> Path:
    """Return where a case's pictures are kept; the name is safe whatever the case is called."""
    return folder / f"{sha256(case.encode()).hexdigest()[:24]}.npz"


def load_arrays(file: Path, stamp: str) -> dict[str, NDArray[Any]] | None:
    """Return the arrays kept under the same stamp; None when there are none, or they are old or damaged."""
    try:
        # numpy would leave a damaged file open
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
            if str(kept[_STAMP]) != stamp:
                return None
            return {name: kept[name] for name in kept.files if name != _STAMP}
    except _DAMAGED:
        return None


def save_arrays(file: Path, stamp: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Keep arrays under a stamp; a full disk is no error, since they can be made again."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".", suffix=".partial", delete=False) as stream:
            try:
                np.savez(stream, allow_pickle=False, **{_STAMP: np.array(stamp), **arrays})
            except OSError:
                Path(stream.name).unlink(missing_ok=True)
                return
        Path(stream.name).replace(file)
    except OSError:
        return


def file_stamp(*files: Path) -> str:
    """Return a text that changes when any of the files does (size and modification time)."""
    parts = [f"{file}:{part}" for file in files for part in _stamps(file)]
    return sha256("\n".join(parts).encode()).hexdigest()


def _stamps(file: Path) -> list[str]:
    """Return size and time of a file, or of every file in a folder (FOLDER#SERIES too)."""
    place = Path(str(file).split("#", 1)[0]) if "#" in file.name and not file.exists() else file
    try:
        entries = sorted(os.scandir(place), key=lambda e: e.name) if place.is_dir() else [place]
        return [f"{e.name}:{(found := e.stat()).st_size}:{found.st_mtime_ns}" for e in entries]
    except OSError:
        return ["missing"]
