"""What a new review would hold, before it is made: names, counts, what does not fit, a picture. Layer: services."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress, stop_if
from labelcritic_gui.core.cases import MaskSource
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.formats import layouts, volumes
from labelcritic_gui.imaging.frame import PictureFrame
from labelcritic_gui.imaging.projection import ALL_WINDOWS, Picture
from labelcritic_gui.services.new_review import CreationReport, scan_review
from labelcritic_gui.services.projection import project_case
from labelcritic_gui.services.scanning import LabelSource, Plan, Request, plan_scan, scan_case
from labelcritic_gui.store.index import Refusal

EXAMPLES = 5
TRIES = 5
"""How many readable cases are tried for one that the first label set has labels of."""
MOST_DRAWN = 255
WINDOW = "bone"
AIR_HU = -200.0
"""A volume that goes below is an image: labels do not."""
PLAIN_NAMES = frozenset({"images", "image", "imagestr", "imagests", "img", "ct", "cts", "scans", "data", "volumes"})
"""Folder names that say nothing of the dataset; its parent's name is taken."""


@dataclass(frozen=True, slots=True)
class FoundStructure:
    """A structure as the scan took it: the names on disk that stand for it, and its cases by label set."""

    name: str
    found_as: tuple[str, ...]
    known: bool
    cases: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RefusalGroup:
    """Refusals of one kind: the first one's sentence, how many there are, and the first few."""

    reason: str
    count: int
    examples: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be reviewed.

    `images` is the number of images there are, `scanned` how many of them were looked at, `readable` those that can be
    read. `missing` counts, of the scanned cases, those a label set has no file for. `problems` says, by label set, why
    nothing of it can be used, `reasons` why it was recognised as it was.
    """

    images: int
    scanned: int
    readable: int
    layouts: Mapping[str, str]
    reasons: Mapping[str, str] = field(default_factory=dict)
    structures: tuple[FoundStructure, ...] = ()
    refusals: tuple[RefusalGroup, ...] = ()
    refused: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, UserError] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Say whether every image was looked at."""
        return self.scanned == self.images


@dataclass(frozen=True, eq=False, slots=True)
class FirstCase:
    """A case's frontal projection with its labels.

    `picture` and `labels` are uint8 (rows, columns) of `frame`; a label 0 is none, n is `structures[n - 1]`; where
    structures overlap the smaller one is seen.
    """

    case: str
    label_set: str
    frame: PictureFrame
    picture: Picture
    labels: NDArray[np.uint8]
    structures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a handful of paths turned out to be."""

    images: Path | None
    labels: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A title and a folder for a review of some images."""

    title: str
    folder: Path


def preview(
    images: Path,
    labels: tuple[LabelSource, ...],
    table: StructureTable,
    *,
    progress: Progress = no_progress,
    cancel: Cancel | None = None,
    limit_cases: int | None = None,
) -> Preview:
    """Look at images and label sets, at the first `limit_cases` cases only if given; nothing is written.

    A label set that cannot be used is named in `problems` and the others are looked at all the same. Raises UserError
    when there are no images, and CancelledError.
    """
    stop = cancel or NeverCancel()
    progress(0, 0, "listing the images")
    plan = plan_scan(Request(Path(), images, ()), table)
    files = plan.files[:limit_cases]
    chosen = tuple(f.case for f in files) if len(files) < len(plan.files) else ()
    request = Request(Path(), images, labels, cases=chosen, unmatched=True)
    kinds, reasons = {"images": plan.images.layout}, {"images": plan.images.reason}
    problems = _problems(request, table, reasons, progress=progress, cancel=stop)
    request = replace(request, labels=tuple(s for s in labels if s.slug not in problems))
    made = Preview(len(plan.files), len(files), len(files), kinds, reasons, problems=problems)
    if not request.labels:
        return made
    report = scan_review(request, table, progress=progress, cancel=stop)
    return replace(
        made,
        readable=len(files) - sum(not r.label_set and not r.structure for r in report.refused),
        layouts=kinds | dict(report.layouts),
        structures=_structures(report, table),
        refusals=grouped(report.refused),
        refused=len(report.refused),
        missing=report.missing,
    )


def _problems(
    request: Request, table: StructureTable, reasons: dict[str, str], *, progress: Progress, cancel: Cancel
) -> dict[str, UserError]:
    """List every label set by itself: say why it was recognised in `reasons`, or return what is wrong with it."""
    found: dict[str, UserError] = {}
    for source in request.labels:
        stop_if(cancel)
        progress(0, 0, f"listing {source.slug}")
        try:
            listed = plan_scan(replace(request, labels=(source,)), table).sets[0].labels
            reasons[source.slug] = listed.reason
        except CancelledError:
            raise
        except UserError as error:
            found[source.slug] = error
    return found


def _structures(report: CreationReport, table: StructureTable) -> tuple[FoundStructure, ...]:
    found_as: dict[str, list[str]] = {}
    for found, name in report.renamed.items():
        found_as.setdefault(name, []).append(found)
    return tuple(
        FoundStructure(name, tuple(found_as.get(name, [name])), table.knows(name), dict(cases))
        for name, cases in sorted(report.by_structure.items())
    )


def grouped(refusals: Iterable[Refusal]) -> tuple[RefusalGroup, ...]:
    """Gather refusals that differ only in where and how much, most frequent first."""
    kinds: dict[str, list[Refusal]] = {}
    for refusal in refusals:
        kinds.setdefault(_kind(refusal), []).append(refusal)
    groups = [RefusalGroup(_short(same[0]), len(same), tuple(same[:EXAMPLES])) for same in kinds.values()]
    return tuple(sorted(groups, key=lambda group: -group.count))


def _short(refusal: Refusal) -> str:
    """Return the reason with the file's name in place of its long path."""
    if not refusal.path or " and " in refusal.path:
        return refusal.reason
    return re.sub(rf"\S*{re.escape(refusal.path)}", lambda _: Path(refusal.path).name, refusal.reason)


def _kind(refusal: Refusal) -> str:
    """Return the reason without what tells two refusals of one kind apart: places, names and numbers."""
    text = re.sub(rf"\S*{re.escape(refusal.path)}", "…", refusal.reason) if refusal.path else refusal.reason
    for word in filter(None, (refusal.case, refusal.structure, refusal.label_set)):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "…", text)
    return re.sub(r"-?\d+(\.\d+)?", "#", text)


# --- a first picture -------------------------------------------------------------------------------------------


def first_case(
    images: Path, labels: Sequence[LabelSource], table: StructureTable, *, cancel: Cancel | None = None
) -> FirstCase | None:
    """Project the first readable case with the first label set that has labels of it; None when there is none.

    Raises CancelledError.
    """
    stop = cancel or NeverCancel()
    try:
        files = plan_scan(Request(Path(), images, ()), table).files
    except UserError:
        return None
    picture = None
    for file in files[:TRIES]:
        for source in labels:
            stop_if(stop)
            drawn = _drawn(Request(Path(), images, (source,), cases=(file.case,)), table, stop)
            if drawn is not None and drawn.structures:
                return drawn
            picture = picture or drawn
    return picture


def _drawn(request: Request, table: StructureTable, cancel: Cancel) -> FirstCase | None:
    try:
        plan = plan_scan(request, table)
        scanned = scan_case(plan, plan.files[0])
        sources = {
            c.id.structure: MaskSource(str(_root(plan) / c.source.path), c.source.values)
            for c in scanned.candidates
            if c.id in scanned.present
        }
        window = [w for w in ALL_WINDOWS if w.name == WINDOW]
        image = plan.images.root / plan.files[0].path
        made = project_case(image, sources, windows=window, cancel=cancel)
    except CancelledError:
        raise
    except UserError:
        return None
    names = tuple(sorted(made.silhouettes))[:MOST_DRAWN]
    numbers = np.zeros(made.frame.shape, dtype=np.uint8)
    for name in sorted(names, key=lambda n: -int(made.silhouettes[n].sum())):
        numbers[made.silhouettes[name]] = names.index(name) + 1
    return FirstCase(
        plan.files[0].case, request.labels[0].slug, made.frame, made.pictures[WINDOW], numbers, structures=names
    )


def _root(plan: Plan) -> Path:
    return plan.sets[0].labels.root


# --- what was dropped, and where the review goes -----------------------------------------------------------------


def sort_dropped(paths: Sequence[Path], table: StructureTable, *, cancel: Cancel | None = None) -> Dropped:
    """Say which of some paths has images, and which label sets are in or below the others.

    A dataset's folder alone stands for what is in it. Raises CancelledError.
    """
    stop = cancel or NeverCancel()
    for path in paths:
        stop_if(stop)
        images = _images_in(path, table)
        if images is None:
            continue
        rest = [p for p in paths if p != path]
        if rest:
            found = [label for p in rest for label in _labels_in(p, images, table) or [p]]
        else:
            inner = _inner(path, images)
            images = images if inner == path else layouts.find_images(inner, table=table)
            siblings = [] if inner == path else [folder for folder in _folders(path) if folder != inner]
            found = [label for p in (inner, *siblings) for label in _labels_in(p, images, table, deep=p != inner)]
            path = inner
        return Dropped(path, tuple(dict.fromkeys(found)))
    return Dropped(None, tuple(paths))


def _images_in(path: Path, table: StructureTable) -> layouts.Images | None:
    """Return the images of a path; None when they are labels: an image has something darker than any label."""
    try:
        images = layouts.find_images(path, table=table)
        with volumes.open_stream(images.root / images.files[0].path) as stream:
            dark = any(bool((volumes.hounsfield(b, stream.header) < AIR_HU).any()) for _, b in stream.blocks())
    except UserError:
        return None
    return images if dark else None


def _inner(path: Path, images: layouts.Images) -> Path:
    """Return the folder within a dataset that all its images are in: DATASET/images of cases images/CASE."""
    first = {file.case.split("/")[0] for file in images.files if "/" in file.case}
    whole = len(first) == 1 and all("/" in file.case for file in images.files)
    return images.root / first.pop() if whole else path


def _labels_in(path: Path, images: layouts.Images, table: StructureTable, *, deep: bool = True) -> list[Path]:
    """Return the path when it is a label set, else the label sets among its folders."""
    if _is_label_set(path, images, table):
        return [path]
    return [folder for folder in _folders(path) if _is_label_set(folder, images, table)] if deep else []


def _is_label_set(path: Path, images: layouts.Images, table: StructureTable) -> bool:
    try:
        return bool(layouts.find_labels(path, [f.case for f in images.files], table=table, images=images).files)
    except UserError:
        return False


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError:
        return []


def suggest(images: Path) -> Suggestion:
    """Return a title and a folder that does not exist yet, beside the images where one may write, else at home."""
    parts = [part for part in images.absolute().parts if "{" not in part]
    root = Path(*parts)
    if root.is_file():
        root = root.parent
    title = root.parent.name if root.name.lower() in PLAIN_NAMES and root.parent.name else root.name
    title = title or "review"
    place = root.parent if os.access(root.parent, os.W_OK) else Path.home()
    folder, number = place / f"{title}-review", 2
    while folder.exists():
        folder, number = place / f"{title}-review-{number}", number + 1
    return Suggestion(title, folder)
