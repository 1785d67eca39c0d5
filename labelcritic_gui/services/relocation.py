"""Points a review at data that was moved: another drive, another machine, another system. Layer: services.

Only `review.toml` and what is known of file times change, after the files were looked for in their new place; the
data itself is never touched.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress, stop_if
from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.formats.volumes import file_sha256
from labelcritic_gui.services.source_files import file_stamp
from labelcritic_gui.store import candidates, index
from labelcritic_gui.store.candidates import FileFacts
from labelcritic_gui.store.database import Database, open_database
from labelcritic_gui.store.review_file import (
    ReviewFile,
    is_foreign,
    read_review_file,
    stored_path,
    write_review_file,
)

ALL = 2_000
"""Up to so many files of a root are all looked for; of more, the first, the last and SAMPLE others."""
SAMPLE = 50
HASHED = 5
"""So many files of a root are compared by their sha256, where it is known."""


@dataclass(frozen=True, slots=True)
class Move:
    """One root that was re-pointed. `name` is "images" or a label set's; `files` are known, `checked` of them seen."""

    name: str
    old: str
    new: str
    files: int
    checked: int
    hashed: int


@dataclass(frozen=True, slots=True)
class _File:
    """A file as the review knows it, relative to its root."""

    path: str
    facts: FileFacts


def relocate(
    folder: Path,
    *,
    images: str = "",
    labels: Mapping[str, str] | None = None,
    unchecked: bool = False,
    progress: Progress = no_progress,
    cancel: Cancel | None = None,
) -> tuple[Move, ...]:
    """Re-point the roots of a review folder; return what was moved.

    `labels` maps label sets to their new roots. Files must be in the new place with the size and sha256 that are known
    of them; otherwise ReviewError says which is not, and nothing is changed. `unchecked` leaves that out: for data that
    only another machine sees, where a path such as C:/data means something.
    """
    file = read_review_file(folder)
    wanted = {"": images} if images else {}
    wanted |= dict(labels or {})
    _check_names(file, wanted)
    database = open_database(folder / file.database)
    try:
        moves = []
        for n, (slug, new) in enumerate(wanted.items()):
            progress(n, len(wanted), slug or "images")
            moves.append(_looked_over(folder, file, database, slug, new, unchecked, cancel or NeverCancel()))
        write_review_file(folder, _pointed(folder, file, wanted))
        candidates.forget_times(database, images=bool(images), label_sets=[slug for slug in wanted if slug])
    finally:
        database.close()
    progress(len(wanted), len(wanted), "done")
    return tuple(moves)


def _check_names(file: ReviewFile, wanted: Mapping[str, str]) -> None:
    if not wanted:
        raise ReviewError("Nothing was named to relocate.", "Give --images DIR or --labels NAME=DIR.")
    known = [entry.slug for entry in file.label_sets]
    for slug in wanted:
        if slug and slug not in known:
            raise ReviewError(f"This review has no label set {slug!r}.", f"It has: {', '.join(known)}.")


def _pointed(folder: Path, file: ReviewFile, wanted: Mapping[str, str]) -> ReviewFile:
    new = {slug: stored_path(folder, Path(root)) for slug, root in wanted.items()}
    entries = tuple(e.model_copy(update={"root": new.get(e.slug, e.root)}) for e in file.label_sets)
    return file.model_copy(update={"images": new.get("", file.images), "label_sets": entries})


def _looked_over(
    folder: Path, file: ReviewFile, database: Database, slug: str, new: str, unchecked: bool, cancel: Cancel
) -> Move:
    name = slug or "images"
    old = next((e.root for e in file.label_sets if e.slug == slug), file.images)
    files = list(_files(database, slug))
    if unchecked:
        return Move(name, old, stored_path(folder, Path(new)), len(files), 0, 0)
    if is_foreign(new):
        raise ReviewError(
            f"{new} is a path of another system, so the files of {name} cannot be looked for there.",
            "Run this where the data is, or add --unchecked.",
        )
    root = Path(new)
    if not root.is_dir():
        raise ReviewError(f"There is no folder {root} for {name}.", "Name the folder that the data was moved to.")
    chosen = _chosen(files)
    missing = []
    for one in chosen:
        stop_if(cancel)
        stamp = file_stamp(root / one.path)
        if stamp is None:
            missing.append(one.path)
        elif one.facts.size is not None and stamp[0] != one.facts.size:
            raise ReviewError(
                f"{root / one.path} has {stamp[0]:,} bytes, but {one.facts.size:,} when it was last seen; {name} was "
                "not relocated.",
                "Name the folder with the same data.",
            )
    if missing:
        raise ReviewError(
            f"{len(missing)} of {len(chosen)} files of {name} looked for are not in {root}, such as {missing[0]}; "
            "nothing was relocated.",
            "Name the folder that holds the same tree.",
        )
    hashed = _compare_hashes(root, name, chosen, cancel)
    return Move(name, old, stored_path(folder, root), len(files), len(chosen), hashed)


def _compare_hashes(root: Path, name: str, chosen: list[_File], cancel: Cancel) -> int:
    known = [one for one in chosen if one.facts.sha256][:HASHED]
    for one in known:
        stop_if(cancel)
        if file_sha256(root / one.path) != one.facts.sha256:
            raise ReviewError(
                f"{root / one.path} is not the file that was read (sha256 differs); {name} was not relocated.",
                "Name the folder with the same data.",
            )
    return len(known)


def _files(database: Database, slug: str) -> Iterator[_File]:
    """Give the files of a root, each once, in the order of the cases."""
    for case in index.case_ids(database):
        yield from _files_of(database, slug, case)


def _files_of(database: Database, slug: str, case: CaseId) -> list[_File]:
    if not slug:
        return [_File(index.image_of(database, case), candidates.image_facts(database, case))]
    found: dict[str, _File] = {}
    for candidate, facts in candidates.sources_of(database, case):
        if candidate.id.label_set == slug and candidate.id.version == 1:
            found.setdefault(candidate.source.path, _File(candidate.source.path, facts))
    return list(found.values())


def _chosen(files: list[_File]) -> list[_File]:
    if len(files) <= ALL:
        return files
    between = random.Random(len(files)).sample(files[1:-1], SAMPLE)
    return [files[0], *between, files[-1]]
