"""Notices source files that vanished or changed since they were read: by size and time, then by hash. Layer: services.

What a file looked like is remembered at the scan or when a case is first checked (size, time), and when its mask is
first read (sha256). A time that changed alone proves nothing: where a hash is known, it decides.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress, stop_if
from labelcritic_gui.core.cases import CandidateId, CaseId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.formats.volumes import file_sha256
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import candidates, index
from labelcritic_gui.store.candidates import FileFacts

Kind = Literal["missing", "changed"]
LISTED = 10


@dataclass(frozen=True, slots=True)
class SourceChange:
    """A file that is not what it was. `label_set` is empty for the case's image; `masks` are those read from it."""

    case: CaseId
    label_set: str
    path: Path
    kind: Kind
    masks: tuple[CandidateId, ...] = ()

    @property
    def sentence(self) -> str:
        """Say what happened to which file."""
        what = f"the labels of {self.label_set}" if self.label_set else "the image"
        happened = "is missing" if self.kind == "missing" else "changed after it was read"
        return f"{self.path} ({what} of {self.case}) {happened}"


@dataclass(frozen=True, slots=True)
class SourceReport:
    """All files of a review, looked at."""

    checked: int
    changes: tuple[SourceChange, ...]

    @property
    def well(self) -> bool:
        """Say whether every file is there and as it was."""
        return not self.changes

    @property
    def sentence(self) -> str:
        """Say it in one line, the first problems by name."""
        if self.well:
            return f"{self.checked} image and label file(s) are there and as they were"
        more = f" and {len(self.changes) - LISTED} more" if len(self.changes) > LISTED else ""
        return "; ".join(c.sentence for c in self.changes[:LISTED]) + more


def file_stamp(path: Path) -> tuple[int, int] | None:
    """Return size in bytes and time of change in ns of a file or folder (FOLDER#SERIES too); None when missing.

    A folder's size is that of all files directly in it, its time the latest of theirs.
    """
    place = path
    if not place.exists() and "#" in path.name:
        place = path.with_name(path.name.split("#", 1)[0])
    try:
        if not place.is_dir():
            found = place.stat()
            return found.st_size, found.st_mtime_ns
        with os.scandir(place) as entries:
            stats = [entry.stat() for entry in entries if entry.is_file()]
    except OSError:
        return None
    return sum(s.st_size for s in stats), max((s.st_mtime_ns for s in stats), default=0)


def check_sources(review: OpenReview, case: CaseId) -> tuple[SourceChange, ...]:
    """Return which files of a case vanished or changed; size and time of files met for the first time are noted."""
    return _check(review, case)[0]


def check_all_sources(
    review: OpenReview, *, progress: Progress = no_progress, cancel: Cancel | None = None
) -> SourceReport:
    """Check every case of a review."""
    stop = cancel or NeverCancel()
    cases = index.case_ids(review.database)
    changes: list[SourceChange] = []
    checked = 0
    for n, case in enumerate(cases):
        stop_if(stop)
        progress(n, len(cases), case)
        found, files = _check(review, case)
        changes += found
        checked += files
    return SourceReport(checked, tuple(changes))


def forget_changed(review: OpenReview, changes: Iterable[SourceChange]) -> int:
    """Take changed files as they are now: their masks count as never read; return how many masks that are.

    The facts of their items are dropped, verdicts and scores on them are set aside (kept, but no longer shown or
    counted as answers), so that the critic is asked anew. Decisions stay. Missing files are left alone.
    """
    changed = [c for c in changes if c.kind == "changed"]
    masks = [(mask, _now(c.path)) for c in changed for mask in c.masks]
    images = [(c.case, _now(c.path)) for c in changed if not c.label_set]
    items = {mask.item for mask, _ in masks}
    for case, _ in images:
        items |= set(index.items_of(review.database, case))
    candidates.save_facts(review.database, masks, images)
    candidates.forget_opinions(review.database, items)
    return len(masks)


def _check(review: OpenReview, case: CaseId) -> tuple[tuple[SourceChange, ...], int]:
    noted: list[tuple[CandidateId, FileFacts]] = []
    images: list[tuple[CaseId, FileFacts]] = []
    changes: list[SourceChange] = []
    path = review.image_path(case)
    known = candidates.image_facts(review.database, case)
    kind, seen = _compare(path, known)
    if kind is not None:
        changes.append(SourceChange(case, "", path, kind))
    elif seen != known:
        images.append((case, seen))
    by_file: dict[tuple[str, Path], list[tuple[CandidateId, FileFacts]]] = {}
    for candidate, facts in candidates.sources_of(review.database, case):
        place = (candidate.id.label_set, review.mask_path(candidate))
        by_file.setdefault(place, []).append((candidate.id, facts))
    for (label_set, file), read in by_file.items():
        hashed = _once(file)
        found = [(mask, facts, *_compare(file, facts, hashed)) for mask, facts in read]
        kinds: list[Kind] = [kind for _, _, kind, _ in found if kind is not None]
        if kinds:
            touched = tuple(mask for mask, _, kind, _ in found if kind is not None)
            changes.append(SourceChange(case, label_set, file, kinds[0], touched))
        noted += [(mask, seen) for mask, facts, kind, seen in found if kind is None and seen != facts]
    if noted or images:
        candidates.save_facts(review.database, noted, images)
    return tuple(changes), len(by_file) + 1


def _once(file: Path) -> Callable[[], str]:
    """Return a function that hashes a file at the first call only; an unreadable file has an empty hash."""
    found: list[str] = []

    def hashed() -> str:
        if not found:
            try:
                found.append(file_sha256(file))
            except UserError:
                found.append("")
        return found[0]

    return hashed


def _compare(path: Path, known: FileFacts, hashed: Callable[[], str] | None = None) -> tuple[Kind | None, FileFacts]:
    """Return what happened to a file, if anything, and what is known of it now."""
    stamp = file_stamp(path)
    if stamp is None:
        return "missing", known
    size, mtime = stamp
    seen = replace(known, size=size, mtime=mtime)
    if known.size is not None and size != known.size:
        return "changed", seen
    if known.mtime == mtime and known.size == size:
        return None, seen
    if not known.sha256:
        # a copy keeps its size and has another time; without a hash only a known time that moved is suspicious
        return ("changed" if known.mtime is not None else None), seen
    return ("changed" if (hashed or _once(path))() != known.sha256 else None), seen


def _now(path: Path) -> FileFacts:
    stamp = file_stamp(path)
    return FileFacts(*stamp) if stamp is not None else FileFacts()
