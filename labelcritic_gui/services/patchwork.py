"""Makes a new version of a candidate by a recipe. Layer: services.

The mask lies in the review's `edits` folder, its recipe beside it; the journal has the recipe too. Files come before
the row that names them, in one transaction: whatever stops the program, the version is there whole or not at all.
"""

import json
import os
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from labelcritic_gui.core.cancel import Cancel, NeverCancel
from labelcritic_gui.core.cases import Candidate, CandidateId, ItemId, MaskSource
from labelcritic_gui.core.errors import ReviewError, StorageError
from labelcritic_gui.core.geometry import Geometry, Mask, content_hash
from labelcritic_gui.core.patchwork.partition import Partition, Region
from labelcritic_gui.core.patchwork.patch import Patch
from labelcritic_gui.core.patchwork.recipe import Drop, Recipe, Take
from labelcritic_gui.core.review import PAYLOAD_SCHEMA, Choice, Event, EventKind, ItemState, Remarks
from labelcritic_gui.formats import nifti, volumes
from labelcritic_gui.formats.volumes import file_sha256
from labelcritic_gui.services import masks, review
from labelcritic_gui.services.result_files import write_whole
from labelcritic_gui.services.review import EDITS, OpenReview
from labelcritic_gui.services.source_files import file_stamp
from labelcritic_gui.store import index, versions
from labelcritic_gui.store.candidates import FoundMask

STALE_S = 3600.0
"""What a killed program left half written is removed when it is so old, in seconds."""


def edit_path(candidate: CandidateId) -> str:
    """Return where a made version lies below `edits`, with forward slashes; the name never leads out of it."""
    parts = [p for p in candidate.case.replace("\\", "/").split("/") if p not in {"", ".", ".."}]
    structure = candidate.structure.replace("\\", "_").replace("/", "_")
    name = f"{structure}.{candidate.label_set}.v{candidate.version}.nii.gz"
    return str(PurePosixPath(*(parts or ["unnamed"]), name))


def recipe_path(mask: Path) -> Path:
    """Return where the recipe of a made mask lies."""
    return mask.with_name(f"{mask.name.removesuffix('.nii.gz')}.json")


def make_and_accept(
    opened: OpenReview,
    reader: str,
    recipe: Recipe,
    *,
    position: int = 0,
    remarks: Remarks | None = None,
    seen: Mapping[str, Any] | None = None,
) -> tuple[CandidateId, ItemState]:
    """Make a version and accept it; both are on disk when this returns. Raises what `make_version` raises."""
    made = make_version(opened, reader, recipe, seen=seen)
    state = review.decide(
        opened,
        reader,
        recipe.item,
        Choice.ACCEPT,
        candidate=made,
        position=position,
        remarks=remarks,
        seen={**(seen or {}), "patchwork": made.version},
    )
    return made, state


def make_version(
    opened: OpenReview, reader: str, recipe: Recipe, *, seen: Mapping[str, Any] | None = None
) -> CandidateId:
    """Make the next version of the label set that a recipe started from; it is on disk when this returns.

    The bases are read from their files anew. Raises ReviewError when one is not what the recipe was made of, or when
    nothing would be left; StorageError when the disk will not take it, and UnreadableFileError.
    """
    index.item_row(opened.database, recipe.item)
    grid = volumes.read_geometry(opened.image_path(recipe.item.case))
    patch = pieced(recipe, load_bases(opened, recipe, grid=grid))
    if not patch.count:
        raise ReviewError(
            f"Nothing is left of {recipe.item} after these steps.", "If the structure is absent, decide that instead."
        )
    of = recipe.started_from
    folder = (opened.folder / EDITS / edit_path(of)).parent
    part = folder / f".{uuid.uuid4().hex}.part.nii.gz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        _write_mask(opened, recipe.item, part, patch.mask())
        kept = content_hash(read_back(opened, of, part)), file_sha256(part)
        writing = _Writing(opened, reader, recipe, patch, part, *kept, dict(seen or {}))
        return versions.enter_version(opened.database, of, writing.put)
    except OSError as error:
        raise StorageError(
            f"The patchwork of {recipe.item} could not be written to {folder}: {error.strerror or error}.",
            "Free space or mend the folder; nothing was changed.",
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@dataclass
class _Writing:
    """Puts a mask that is written whole into its place, with its recipe, while nobody else writes."""

    opened: OpenReview
    reader: str
    recipe: Recipe
    patch: Patch
    part: Path
    content_hash: str
    sha256: str
    seen: dict[str, Any]

    def put(self, made: CandidateId) -> versions.NewVersion:
        """Put the files of a version in their places; raises OSError."""
        file = self.opened.folder / EDITS / edit_path(made)
        payload = self._payload(made)
        event = Event(
            uuid=str(uuid.uuid4()),
            time=review.now(),
            reader=self.reader or review.default_reader(),
            item=made.item,
            kind=EventKind.MADE,
            payload=payload,
            seen=self.seen,
            software=review.SOFTWARE,
        )
        self.part.replace(file)
        write_whole(recipe_path(file), recipe_text(event))
        _sync_folder(file.parent)
        stamp = file_stamp(file) or (None, None)
        candidate = Candidate(made, MaskSource(edit_path(made)), self.content_hash, self.sha256, _note(self.recipe))
        return versions.NewVersion(FoundMask(candidate, True, *stamp), event)

    def _payload(self, made: CandidateId) -> dict[str, Any]:
        known = {s.region for s in self.recipe.steps if isinstance(s, Take | Drop)}
        partition = self.patch.partition
        said = [_said(partition.region(partition.number_of(name))) for name in sorted(known)]
        return {
            "schema": PAYLOAD_SCHEMA,
            "label_set": made.label_set,
            "version": made.version,
            "parent_version": self.recipe.started_from.version,
            "file": edit_path(made),
            "content_hash": self.content_hash,
            "sha256": self.sha256,
            "ml": round(self.patch.ml, 4),
            "parts": self.patch.parts(),
            "recipe": self.recipe.to_json(),
            "regions": said,
        }


def recipe_text(event: Event) -> str:
    """Return what the recipe's file says of a made version: the event, readable without the review."""
    item = event.item
    who = {"case": item.case if item else "", "structure": item.structure if item else ""}
    body = {**who, "reader": event.reader, "time": event.time, "software": event.software, **event.payload}
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def load_bases(opened: OpenReview, recipe: Recipe, *, grid: Geometry, cancel: Cancel | None = None) -> list[Mask]:
    """Read the masks that a recipe is made of, on their image's grid, and check that they are what they were.

    Raises ReviewError naming the file that changed, or the candidate that is gone, and UnreadableFileError.
    """
    case = recipe.item.case
    known = {c.id: c for c in index.candidates_of(opened.database, case, recipe.item.structure, withdrawn=True)}
    lacking = [b.candidate for b in recipe.bases if b.candidate not in known]
    if lacking:
        raise ReviewError(
            f"{named(lacking[0])} of {recipe.item}, which the patchwork is made of, is not in the review."
        )
    bases = [known[b.candidate] for b in recipe.bases]
    files = {c.id: opened.mask_path(c) for c in bases}
    loaded = masks.load_masks(files, bases, image=grid, cancel=cancel or NeverCancel())
    for base in recipe.bases:
        if base.candidate in loaded.refused:
            raise loaded.refused[base.candidate]
        if content_hash(loaded.masks[base.candidate]) != base.content_hash:
            raise ReviewError(
                f"{named(base.candidate)} of {recipe.item} is not what the patchwork is made of: "
                f"{files[base.candidate]} changed.",
                "Put the file back as it was, or piece the patchwork together anew.",
            )
    return [replace(loaded.masks[base.candidate], geometry=grid) for base in recipe.bases]


def named(candidate: CandidateId) -> str:
    """Return a version's short name: "nnunet v2"."""
    return f"{candidate.label_set} v{candidate.version}"


def pieced(recipe: Recipe, bases: Sequence[Mask]) -> Patch:
    """Return a recipe applied to the masks of its bases."""
    patch = Patch(Partition(bases))
    patch.show(recipe.steps)
    return patch


def _said(region: Region) -> dict[str, Any]:
    """Return what is worth keeping of a region, so that a recipe can be read without its masks."""
    place = [round(n, 1) for n in region.place]
    return {
        "region": list(region.name),
        "claimants": list(region.claimants),
        "ml": round(region.ml, 4),
        "place": place,
    }


def _note(recipe: Recipe) -> str:
    steps = len(recipe.in_force) - 1
    return f"Patchwork of {', '.join(named(b.candidate) for b in recipe.bases)}: {steps} step(s)."


def _write_mask(opened: OpenReview, item: ItemId, part: Path, mask: Mask) -> None:
    """Write a mask on its image's grid as stored, and make sure that what is on the disk is the mask."""
    image = opened.image_path(item.case)
    like = image if volumes.format_of(image) == volumes.NIFTI else None
    nifti.write_mask(part, mask, like=like)
    back = volumes.load_masks_on(part, [None], mask.geometry)[0]
    if content_hash(replace(back, geometry=mask.geometry)) != content_hash(mask):
        raise StorageError(f"The disk gave back another mask than was written to {part.parent}.", "Check the disk.")


def read_back(opened: OpenReview, made: CandidateId, file: Path) -> Mask:
    """Read a made version as whoever accepts or exports it reads it."""
    grid = volumes.read_geometry(opened.image_path(made.case))
    return masks.load_one(file, Candidate(made, MaskSource(edit_path(made))), image=grid)


def _sweep(folder: Path) -> None:
    """Remove what killed programs left half written in a folder."""
    for left in folder.glob(".*.part*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE_S:
                left.unlink()


def _sync_folder(folder: Path) -> None:
    """Make the new names last through a power cut, where folders can be synced."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
