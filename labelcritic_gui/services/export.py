"""Writes the accepted label set with its provenance, and re-checks an export. Layer: services.

An export is written into OUT.partial and renamed when it is whole: a killed export leaves nothing that looks finished.
The same decisions give the same bytes.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from labelcritic_gui.core.blinding import CHANGE
from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress, stop_if
from labelcritic_gui.core.cases import Candidate, CandidateId, ItemId
from labelcritic_gui.core.errors import ReviewError, StorageError, UserError
from labelcritic_gui.core.geometry import Mask, content_hash
from labelcritic_gui.core.patchwork.versions import FIRST_VERSION
from labelcritic_gui.core.review import DECISIONS, Choice, Event, ItemState, Standing, Status, fold
from labelcritic_gui.formats import manifest, nifti, volumes
from labelcritic_gui.services import masks
from labelcritic_gui.services.patchwork import recipe_path
from labelcritic_gui.services.review import EDITS, OpenReview
from labelcritic_gui.store import index, journal

Row = dict[str, Any]
_WHY = {
    Choice.EDIT: "queued",
    Choice.NONE: "none acceptable",
    Choice.SKIP: "skipped",
    Choice.UNJUDGED: "cannot be judged",
}


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote: masks (absent ones among them) and items left out."""

    out: Path
    written: int
    absent: int
    left_out: int
    changed: int

    @property
    def summary(self) -> str:
        """The export in one sentence."""
        return (
            f"{self.written} mask(s) written to {self.out} ({self.absent} of them absent); "
            f"{self.left_out} item(s) left out, see {manifest.LEFT_OUT}."
        )


def export_review(
    review: OpenReview,
    out: Path,
    *,
    form: str = "abdomenatlas",
    progress: Progress = no_progress,
    cancel: Cancel | None = None,
) -> ExportReport:
    """Write what was accepted into a new folder; raises UserError when nothing was, or the disk will not take it."""
    if form not in FORMATS:
        raise ReviewError(f"There is no export format {form!r}.", f"Known are: {', '.join(FORMATS)}.")
    if out.exists():
        raise ReviewError(f"{out} exists already.", "Name a new folder; an export is never written over another.")
    states = fold(journal.all_events(review.database))
    if not any(s.status in {Status.ACCEPTED, Status.ABSENT} for s in states.values()):
        raise ReviewError(f"Nothing was accepted yet in {review.folder}.", "Decide some items first.")
    partial = out.with_name(f"{out.name}.partial")
    try:
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
        report = _write(review, states, partial, out, FORMATS[form], progress, cancel or NeverCancel())
        _sync_folder(partial)
        partial.rename(out)
        _sync_folder(out.parent)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StorageError(
            f"The export could not be written to {out}: {error.strerror or error}.",
            "Free space or choose another folder; the review is untouched.",
        ) from error
    except UserError:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return report


def _write(
    review: OpenReview,
    states: Mapping[ItemId, ItemState],
    partial: Path,
    out: Path,
    place: Callable[[ItemId], str],
    progress: Progress,
    stop: Cancel,
) -> ExportReport:
    advice = {e.uuid: e for e in journal.all_events(review.database) if e.kind in DECISIONS}
    written: list[Row] = []
    left_out: list[Row] = []
    cases = index.case_ids(review.database)
    for n, case in enumerate(cases):
        progress(n, len(cases), case)
        stop_if(stop)
        known = {c.id: c for c in index.candidates_of(review.database, case)}
        for item in sorted(index.items_of(review.database, case)):
            last = states.get(item, ItemState()).last
            note = states.get(item, ItemState()).note
            if last is None or last.decision.choice in _WHY:
                left_out.append(_left_out(item, last, note))
                continue
            try:
                row = _write_mask(review, item, last, known, partial, place(item))
                written.append(row | _provenance(advice[last.event], states[item], last))
            except UserError as error:
                left_out.append(_left_out(item, last, note, why="changed or unreadable", explanation=str(error)))
    left_out += [_refused(r) for r in index.refusals_of(review.database)]
    progress(len(cases), len(cases), "tables")
    manifest.write_table(partial / manifest.MANIFEST, manifest.MANIFEST_COLUMNS, written)
    manifest.write_table(partial / manifest.LEFT_OUT, manifest.LEFT_OUT_COLUMNS, left_out)
    changed = sum(r["why"] == "changed or unreadable" for r in left_out)
    if not written:
        raise ReviewError(
            f"None of the accepted masks could be exported: {left_out[0]['explanation']}", "See `labelcritic doctor`."
        )
    absent = sum(r["status"] == "absent" for r in written)
    return ExportReport(out, len(written), absent, len(left_out), changed)


def _write_mask(
    review: OpenReview,
    item: ItemId,
    last: Standing,
    known: Mapping[CandidateId, Candidate],
    partial: Path,
    name: str,
) -> Row:
    """Write one accepted mask (or an all-zero one for an accepted absence) and return its manifest row."""
    target = partial / name
    target.parent.mkdir(parents=True, exist_ok=True)
    image = review.image_path(item.case)
    grid = volumes.read_geometry(image)
    like = image if volumes.format_of(image) == volumes.NIFTI else None
    row: Row = {"case": item.case, "structure": item.structure, "file": name}
    candidate = last.decision.candidate
    if candidate is None:
        empty = Mask(np.zeros((0, 0, 0), dtype=np.bool_), (0, 0, 0), grid)
        nifti.write_mask(target, empty, like=like)
        return row | {"status": "absent", "sha256": nifti.file_sha256(target), "content_hash": content_hash(empty)}
    found = known[candidate]
    source = review.mask_path(found)
    mask = masks.load_one(source, found, image=grid)
    if content_hash(mask) != last.decision.content_hash:
        raise ReviewError(f"{source} is not what was accepted: its mask changed since {last.time}.", "Decide it again.")
    resampled = masks.is_resampled(found)
    if candidate.version > FIRST_VERSION:
        row["recipe"] = _copy_recipe(source, partial, item, candidate)
    if found.source.values is None and not resampled and volumes.is_single_nifti(source):
        target = _copy(source, target)
        row["file"] = target.relative_to(partial).as_posix()
    else:
        nifti.write_mask(target, replace(mask, geometry=grid), like=like)
    return row | {
        "status": "accepted",
        "resampled": "nearest" if resampled else "no",
        "label_set": candidate.label_set,
        "version": candidate.version,
        "sha256": nifti.file_sha256(target),
        "content_hash": last.decision.content_hash,
        "source": f"{EDITS}/{found.source.path}" if candidate.version > FIRST_VERSION else found.source.path,
        "source_values": " ".join(str(v) for v in found.source.values or ()),
        "source_sha256": volumes.file_sha256(source),
    }


def _copy(source: Path, target: Path) -> Path:
    """Copy a single mask byte for byte, keeping whether it is compressed."""
    if not source.name.lower().endswith(".gz"):
        target = target.with_name(target.name.removesuffix(".gz"))
    shutil.copyfile(source, target)
    with target.open("rb") as stream:
        os.fsync(stream.fileno())
    return target


def _copy_recipe(mask: Path, partial: Path, item: ItemId, made: CandidateId) -> str:
    """Copy the recipe of a made mask into the export and return its place there; raises ReviewError without one."""
    name = f"recipes/{_safe(item.case)}/{_safe(item.structure)}.{made.label_set}.v{made.version}.json"
    target = partial / name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _copy(recipe_path(mask), target)
    except FileNotFoundError:
        raise ReviewError(f"The recipe of {mask} is missing.", "See `labelcritic doctor`.") from None
    return name


def _provenance(event: Event, state: ItemState, last: Standing) -> Row:
    seen = event.seen.get("verdict") or {}
    committed = state.standing[-2] if event.seen.get("phase") == CHANGE and len(state.standing) > 1 else None
    return {
        "reader": last.reader,
        "time": last.time,
        "verdict": seen.get("outcome", ""),
        "verdict_pick": seen.get("pick", ""),
        "verdict_confidence": seen.get("confidence"),
        "stance": last.decision.stance.value,
        "reasons": " ".join(last.decision.reasons),
        "denied": " ".join(last.decision.denied),
        "quality": last.decision.quality,
        "note": state.note,
        "mode": event.seen.get("mode", ""),
        "revealed": "yes" if last.reader in state.revealed else "no",
        "commitment": _said(committed) if committed else "",
        "software": event.software,
    }


def _said(standing: Standing) -> str:
    """Return the label set that was accepted, or what else was decided."""
    decision = standing.decision
    return decision.candidate.label_set if decision.candidate else decision.choice.value


def _left_out(item: ItemId, last: Standing | None, note: str, *, why: str = "", explanation: str = "") -> Row:
    row: Row = {"case": item.case, "structure": item.structure, "note": note, "explanation": explanation}
    if last is None:
        return row | {"why": "undecided"}
    candidate = last.decision.candidate
    return row | {
        "label_set": candidate.label_set if candidate else "",
        "why": why or _WHY[last.decision.choice],
        "reader": last.reader,
        "time": last.time,
        "reasons": " ".join(last.decision.reasons),
        "quality": last.decision.quality,
    }


def _refused(refusal: index.Refusal) -> Row:
    return {
        "case": refusal.case,
        "structure": refusal.structure,
        "label_set": refusal.label_set,
        "why": "refused",
        "explanation": refusal.reason,
    }


def _abdomenatlas(item: ItemId) -> str:
    """Return a mask's place in the AbdomenAtlas layout."""
    return f"{_safe(item.case)}/segmentations/{_safe(item.structure)}.nii.gz"


def _safe(name: str) -> str:
    """Return a name that stays inside the export folder."""
    parts = [p for p in name.replace("\\", "/").split("/") if p not in {"", ".", ".."}]
    return "/".join(parts) or "unnamed"


FORMATS: dict[str, Callable[[ItemId], str]] = {"abdomenatlas": _abdomenatlas}


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; systems that cannot sync a folder need not."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in an export that is not as its manifest says."""

    file: str
    problem: str


def verify_export(out: Path, *, progress: Progress = no_progress) -> tuple[int, tuple[Fault, ...]]:
    """Re-check every file of an export against its manifest; return how many were checked, and what is wrong.

    Raises UserError when the folder is no export, or its manifest is empty.
    """
    if not out.is_dir():
        raise ReviewError(f"There is no export at {out}.", "Name the folder of an export.")
    rows = manifest.read_table(out / manifest.MANIFEST, manifest.FIRST_COLUMNS)
    if not rows:
        raise ReviewError(f"The manifest of {out} lists no file.", "Export again.")
    faults = []
    listed = set()
    for n, row in enumerate(rows):
        progress(n, len(rows), row["file"])
        listed.add(row["file"])
        problem = _problem(out, row)
        if problem:
            faults.append(Fault(row["file"], problem))
    on_disk = {p.relative_to(out).as_posix() for p in out.rglob("*.nii*") if p.is_file()}
    faults += [Fault(extra, "is not in the manifest") for extra in sorted(on_disk - listed)]
    return len(rows), tuple(faults)


def _problem(out: Path, row: Mapping[str, str]) -> str:
    file = out / _safe(row["file"])
    if not file.is_file():
        return "is missing"
    if nifti.file_sha256(file) != row["sha256"]:
        return "is not the file that was written (sha256 differs)"
    if row.get("recipe") and not (out / _safe(row["recipe"])).is_file():
        return f"has lost its recipe {row['recipe']}"
    if row["status"] == "absent" and nifti.load_mask(file).count:
        return "stands for an absence, but is not empty"
    return ""
