"""The review's own description, `review.toml`: roots, label sets, structures, mode. Layer: store."""

import os
import re
import tempfile
import tomllib
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from labelcritic_gui.core.errors import ReviewError, StorageError

REVIEW_FILE = "review.toml"
REVIEW_VERSION = 1


class LabelSetEntry(BaseModel):
    """One label set: its slug never changes; `root` is where its files lie."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slug: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    title: str
    root: str
    layout: str = ""
    classes: str = ""
    trusted: bool = False


class ReviewFile(BaseModel):
    """What a review compares, and how it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = REVIEW_VERSION
    title: str
    created: str
    software: str
    images: str
    layout: str = ""
    mode: Literal["assisted", "blind-first", "blind"] = "assisted"
    repeats: float = Field(default=0.0, ge=0.0, le=0.5)
    """The share of items that come again, unannounced, to hold a reader against himself."""
    seed: str = ""
    """What decides which items come again and how sides are shuffled; never changed once it is there."""
    critic: Literal["", "anatomy", "lvlm"] = ""
    database: str = "review.db"
    structures: tuple[str, ...]
    label_sets: tuple[LabelSetEntry, ...] = Field(min_length=1, max_length=8)


def read_review_file(folder: Path) -> ReviewFile:
    """Read a review's description; raises ReviewError naming the file and what is wrong with it."""
    file = folder / REVIEW_FILE
    if not folder.is_dir():
        raise ReviewError(f"There is no review at {folder}.", "Make one with `labelcritic new`.")
    if not file.is_file():
        raise ReviewError(f"{folder} is not a review: it has no {REVIEW_FILE}.", "Name the folder of a review.")
    try:
        content = tomllib.loads(file.read_text("utf-8"))
        found = ReviewFile.model_validate(content)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReviewError(f"{file} is not valid TOML: {error}.", "Restore it from a backup.") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ReviewError(f"{file} has a bad entry {field}: {first['msg']}.", "Correct it.") from error
    if found.version > REVIEW_VERSION:
        raise ReviewError(f"{file} is of version {found.version}; this program knows {REVIEW_VERSION}.", "Update it.")
    return found


def write_review_file(folder: Path, content: ReviewFile) -> None:
    """Write a review's description: temporary file, fsync, atomic replace."""
    import tomli_w

    try:
        with tempfile.NamedTemporaryFile("wb", dir=folder, prefix=".review", delete=False) as stream:
            tomli_w.dump(content.model_dump(mode="json"), stream)
            stream.flush()
            os.fsync(stream.fileno())
        Path(stream.name).replace(folder / REVIEW_FILE)
    except OSError as error:
        raise StorageError(f"The review could not be written to {folder}: {error.strerror}.") from error


def stored_path(folder: Path, path: Path) -> str:
    """Return a path as it is stored in a review: relative to the review where that is short, else absolute.

    A path of another system (C:/data on Linux) is stored as it is meant there, with forward slashes.
    """
    if is_foreign(str(path)):
        text = str(path)
        return PureWindowsPath(text).as_posix() if os.name != "nt" else str(PurePosixPath(text.replace("\\", "/")))
    target, here = path.resolve(), folder.resolve()
    try:
        relative = os.path.relpath(target, here)
    except ValueError:  # another drive on Windows
        return target.as_posix()
    near = relative.count("..") <= 3
    return Path(relative).as_posix() if near else target.as_posix()


def resolved_path(folder: Path, stored: str) -> Path:
    """Return where a stored path points; raises ReviewError for a path of another system (C:/data on Linux)."""
    if is_foreign(stored):
        system = "Windows" if os.name != "nt" else "Linux or macOS"
        raise ReviewError(
            f"The data of this review is at {stored}, a path of {system}.",
            "Say where it is on this machine with `labelcritic relocate`.",
        )
    if os.name != "nt" and "\\" in stored and not (folder / stored).exists():
        stored = stored.replace("\\", "/")
    path = Path(stored)
    return path if path.is_absolute() else Path(os.path.normpath(folder.resolve() / path))


def is_foreign(stored: str, *, windows: bool = os.name == "nt") -> bool:
    """Say whether a path is absolute on the other family of systems only: a drive or a share, or a root on Windows."""
    drive = bool(re.match(r"[A-Za-z]:[\\/]", stored))
    share = stored.startswith(("\\\\", "//"))
    if windows:
        return stored.startswith("/") and not share
    return drive or share
