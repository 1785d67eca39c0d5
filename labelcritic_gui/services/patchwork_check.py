"""The versions made in a review: what the journal says of them, and whether it is still so. Layer: services."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress, stop_if
from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.errors import ReviewError, UserError
from labelcritic_gui.core.geometry import content_hash
from labelcritic_gui.core.patchwork.recipe import Recipe, recipe_from_json
from labelcritic_gui.core.review import Event
from labelcritic_gui.formats import nifti, volumes
from labelcritic_gui.services.patchwork import load_bases, named, pieced, read_back, recipe_path
from labelcritic_gui.services.review import EDITS, OpenReview
from labelcritic_gui.store import index, versions


@dataclass(frozen=True, slots=True)
class Patchwork:
    """A version that was made by a recipe. `said` is what was known of each region that the recipe names.

    `sha256` and `content_hash` are those of its file, `file` its place below `edits`; `standing` is False when every
    acceptance of it was undone.
    """

    candidate: CandidateId
    recipe: Recipe
    reader: str
    time: str
    software: str
    file: str
    content_hash: str
    sha256: str
    ml: float
    parts: int
    said: Mapping[tuple[int, ...], Mapping[str, Any]]
    standing: bool = True


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as the journal says of a made version, in a sentence."""

    candidate: CandidateId
    sentence: str


def patchworks_of(opened: OpenReview, item: ItemId | None = None) -> list[Patchwork]:
    """Return what was made in a review (of one item if named), oldest first; raises ReviewError for a damaged one."""
    found: list[Patchwork] = []
    standing: dict[ItemId, set[CandidateId]] = {}
    for event in versions.making_events(opened.database):
        if event.item is None or (item is not None and event.item != item):
            continue
        one = event.item
        if one not in standing:
            standing[one] = {c.id for c in index.candidates_of(opened.database, one.case, one.structure)}
        made = _patchwork_from(event)
        found.append(replace(made, standing=made.candidate in standing[one]))
    return found


def verify_patchworks(
    opened: OpenReview, *, progress: Progress = no_progress, cancel: Cancel | None = None
) -> tuple[int, tuple[Fault, ...]]:
    """Make every version again from its sources and compare it voxel by voxel; return how many, and what is wrong."""
    made = patchworks_of(opened)
    faults = list(check_patchworks(opened))
    bad = {fault.candidate for fault in faults}
    for n, one in enumerate(made):
        stop_if(cancel or NeverCancel())
        progress(n, len(made), one.candidate.case)
        if one.candidate in bad:
            continue
        try:
            problem = _made_again(opened, one)
        except UserError as error:
            problem = str(error)
        if problem:
            faults.append(Fault(one.candidate, problem))
    return len(made), tuple(faults)


def check_patchworks(opened: OpenReview) -> tuple[Fault, ...]:
    """Compare journal, rows and files of made versions, without making any again."""
    faults = []
    made = patchworks_of(opened)
    rows = versions.made_versions(opened.database)
    events = {p.candidate for p in made}
    faults += [Fault(c, f"{named(c)} of {c.item} is in no event of the journal.") for c in rows if c not in events]
    for one in made:
        problem = _checked(opened, one) if one.candidate in rows else "is not among the candidates of its item."
        if problem:
            faults.append(Fault(one.candidate, f"{named(one.candidate)} of {one.candidate.item}: {problem}"))
    return tuple(faults)


def _checked(opened: OpenReview, one: Patchwork) -> str:
    file = opened.folder / EDITS / one.file
    if not file.is_file():
        return f"{file} is missing."
    if nifti.file_sha256(file) != one.sha256:
        return f"{file} is not the file that was written (sha256 differs)."
    try:
        stored = json.loads(recipe_path(file).read_text("utf-8"))
        kept = recipe_from_json(one.candidate.item, stored["recipe"])
    except (OSError, ValueError, KeyError, TypeError, UserError):
        return f"{recipe_path(file)} is missing or damaged; the journal has the recipe too."
    return "" if kept == one.recipe else f"{recipe_path(file)} is not the recipe that the journal has."


def _made_again(opened: OpenReview, one: Patchwork) -> str:
    """Return what is different about a version that is made again; an empty text when it is the same to the bit."""
    grid = volumes.read_geometry(opened.image_path(one.candidate.case))
    again = pieced(one.recipe, load_bases(opened, one.recipe, grid=grid)).mask()
    stored = read_back(opened, one.candidate, opened.folder / EDITS / one.file)
    if content_hash(stored) != one.content_hash:
        return f"{named(one.candidate)} of {one.candidate.item} holds another mask than was made."
    if content_hash(replace(again, geometry=stored.geometry)) != one.content_hash:
        return f"The recipe of {named(one.candidate)} of {one.candidate.item} gives another mask than was made."
    return ""


def _patchwork_from(event: Event) -> Patchwork:
    body, item = event.payload, event.item
    if item is None:
        raise ReviewError("An event made a version of no item.", "See `labelcritic doctor`.")
    try:
        return Patchwork(
            candidate=CandidateId(item.case, item.structure, body["label_set"], body["version"]),
            recipe=recipe_from_json(item, body["recipe"]),
            reader=event.reader,
            time=event.time,
            software=event.software,
            file=body["file"],
            content_hash=body["content_hash"],
            sha256=body["sha256"],
            ml=body["ml"],
            parts=body["parts"],
            said={tuple(said["region"]): said for said in body["regions"]},
        )
    except (KeyError, TypeError) as error:
        raise ReviewError(f"The journal's record of a patchwork of {item} is damaged: {error!r}.") from error
