"""Makes a review from images and label sets on disk, saying what it took and what it refused. Layer: services."""

import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress, stop_if
from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, ItemId, MaskSource
from labelcritic_gui.core.errors import ReviewError, StorageError, UserError
from labelcritic_gui.core.geometry import Fit, Geometry, require_fit
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.formats import layouts, nifti
from labelcritic_gui.formats.class_maps import read_class_map
from labelcritic_gui.services.review import SOFTWARE, now
from labelcritic_gui.store import index
from labelcritic_gui.store.database import create_database
from labelcritic_gui.store.index import FoundCase, Refusal
from labelcritic_gui.store.review_file import LabelSetEntry, ReviewFile, stored_path, write_review_file

MOST_LABEL_SETS = 8
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class LabelSource:
    """A label set to be compared: its slug, where it lies, and its class map (FILE.json or FILE.json#KEY) if any."""

    slug: str
    path: Path
    classes: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A review to be made. Empty `structures` and `cases` mean all that are found.

    Of several label sets a structure that only one of them knows has no competitor; it becomes an item only with
    `unmatched`, or when it is named in `structures`.
    """

    folder: Path
    images: Path
    labels: tuple[LabelSource, ...]
    trusted: str = ""
    structures: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    title: str = ""
    unmatched: bool = False


@dataclass(frozen=True, slots=True)
class CreationReport:
    """What a scan found: sizes, recognised layouts, names that stand for another, and what was refused."""

    folder: Path
    cases: int
    items: int
    candidates: int
    in_every_set: int
    structures: tuple[str, ...]
    layouts: Mapping[str, str]
    renamed: Mapping[str, str]
    refused: tuple[Refusal, ...]
    missing: Mapping[str, int]
    unmatched: Mapping[str, str]


@dataclass
class _Scan:
    """What is gathered while scanning."""

    table: StructureTable
    wanted: frozenset[str]
    geometries: dict[CaseId, Geometry] = field(default_factory=dict)
    found_cases: list[FoundCase] = field(default_factory=list)
    candidates: dict[CandidateId, Candidate] = field(default_factory=dict)
    present: set[CandidateId] = field(default_factory=set)
    refused: list[Refusal] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    known_to: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def name(self, found: str) -> str:
        known = self.table.name_of(found)
        if known != found:
            self.renamed[found] = known
        return known

    def refuse(self, case: str, structure: str, label_set: str, path: str, reason: str) -> None:
        self.refused.append(Refusal(case, structure, label_set, path, reason))

    def is_wanted(self, structure: str) -> bool:
        return not self.wanted or structure in self.wanted


def create_review(
    request: Request,
    table: StructureTable,
    *,
    progress: Progress = no_progress,
    cancel: Cancel | None = None,
) -> CreationReport:
    """Scan and make the review folder; raises UserError when nothing can be reviewed, leaving nothing behind."""
    _check(request)
    stop = cancel or NeverCancel()
    images = layouts.find_images(request.images)
    files = _chosen_cases(images.files, request)
    scan = _Scan(table, frozenset(table.name_of(s) for s in request.structures))
    _scan_images(scan, images.root, files, stop)
    kinds = {"images": images.layout}
    entries = []
    for n, source in enumerate(request.labels):
        progress(n, len(request.labels), f"label set {source.slug}")
        labels = layouts.find_labels(source.path, [f.case for f in files])
        kinds[source.slug] = labels.layout
        _scan_labels(scan, source, labels, stop)
        entries.append(_entry(request, source, labels))
    progress(len(request.labels), len(request.labels), "writing the review")
    unmatched = _unmatched(scan, request)
    order = _items(scan, unmatched)
    _check_found(scan, request, order)
    structures = tuple(dict.fromkeys(i.structure for i in order))
    description = ReviewFile(
        title=request.title or request.folder.resolve().name,
        created=now(),
        software=SOFTWARE,
        images=stored_path(request.folder, images.root),
        layout=images.layout,
        structures=tuple(sorted(structures)),
        label_sets=tuple(entries),
    )
    _write(request.folder, description, scan, order)
    return _report(request, scan, order, kinds=kinds, unmatched=unmatched)


def _check(request: Request) -> None:
    slugs = [source.slug for source in request.labels]
    if not slugs:
        raise ReviewError("No label set was named.", "Give --labels NAME=PATH, once per label set.")
    if len(slugs) > MOST_LABEL_SETS:
        raise ReviewError(f"{len(slugs)} label sets were named; a review holds {MOST_LABEL_SETS}.", "Name fewer.")
    for slug in slugs:
        if slugs.count(slug) > 1:
            raise ReviewError(f"The label set name {slug!r} is used twice.", "Give each its own name.")
        if not SLUG.fullmatch(slug):
            raise ReviewError(
                f"{slug!r} cannot name a label set.", "Use letters, digits, '.', '_' and '-', a letter or digit first."
            )
    if request.trusted and request.trusted not in slugs:
        raise ReviewError(f"The trusted label set {request.trusted!r} is not among {', '.join(slugs)}.")
    if request.folder.exists() and (not request.folder.is_dir() or any(request.folder.iterdir())):
        raise ReviewError(f"{request.folder} exists already and is not empty.", "Choose another folder.")


def _chosen_cases(files: tuple[layouts.ImageFile, ...], request: Request) -> tuple[layouts.ImageFile, ...]:
    if not request.cases:
        return files
    wanted = dict.fromkeys(request.cases)
    unknown = [case for case in wanted if case not in {f.case for f in files}]
    if unknown:
        raise ReviewError(
            f"{len(unknown)} of the cases asked for have no image under {request.images}, such as {unknown[0]}.",
            "Case ids are the images' paths under the image root, without suffixes.",
        )
    return tuple(f for f in files if f.case in wanted)


def _scan_images(scan: _Scan, root: Path, files: tuple[layouts.ImageFile, ...], stop: Cancel) -> None:
    for file in files:
        stop_if(stop)
        refused = ""
        try:
            scan.geometries[file.case] = nifti.read_geometry(root / file.path)
        except UserError as error:
            refused = error.message
            scan.refuse(file.case, "", "", file.path, error.message)
        scan.found_cases.append(FoundCase(file.case, file.path, refused))


def _scan_labels(scan: _Scan, source: LabelSource, labels: layouts.Labels, stop: Cancel) -> None:
    classes = _classes_for(source, labels)
    by_case: dict[CaseId, list[layouts.LabelFile]] = defaultdict(list)
    for file in labels.files:
        by_case[file.case].append(file)
    scan.missing[source.slug] = sum(1 for case in scan.geometries if case not in by_case)
    for case, files in by_case.items():
        stop_if(stop)
        if case in scan.geometries:
            for file, names in _without_twins(scan, source.slug, files):
                _take_file(scan, source.slug, labels.root, file, names if file.structure else classes)


def _classes_for(source: LabelSource, labels: layouts.Labels) -> dict[int, str]:
    if source.classes:
        return read_class_map(source.classes)
    maps = [f for f in labels.files if f.structure is None]
    if maps:
        raise ReviewError(
            f"The label set {source.slug!r} has multi-label maps such as {maps[0].path}, and nobody said which "
            "number is which structure.",
            f"Give --classes {source.slug}=FILE.json (or FILE.json#KEY).",
        )
    return {}


def _without_twins(
    scan: _Scan, slug: str, files: Iterable[layouts.LabelFile]
) -> list[tuple[layouts.LabelFile, dict[int, str]]]:
    """Drop files that stand for the same structure: which of them is meant cannot be known."""
    by_structure: dict[str, list[layouts.LabelFile]] = defaultdict(list)
    for file in files:
        by_structure[scan.name(file.structure) if file.structure else ""].append(file)
    kept = []
    for structure, same in by_structure.items():
        if not scan.is_wanted(structure) and structure:
            continue
        if len(same) > 1:
            both = " and ".join(f.path for f in same)
            what = f"of {structure}" if structure else "of all structures"
            scan.refuse(same[0].case, structure, slug, both, f"Two label files {what} in label set {slug}: {both}.")
            continue
        kept.append((same[0], {0: structure}))
    return kept


def _take_file(scan: _Scan, slug: str, root: Path, file: layouts.LabelFile, classes: Mapping[int, str]) -> None:
    path = root / file.path
    single = file.structure is not None
    structure = classes[0] if single else ""
    try:
        fitting = require_fit(scan.geometries[file.case], nifti.read_geometry(path), name=str(path))
        counts = {} if single else nifti.count_values(path)
    except UserError as error:
        scan.refuse(file.case, structure, slug, file.path, error.message)
        return
    note = "accepted: its grid is within a tenth of a voxel of the image's" if fitting is Fit.NOTED else ""
    if single:
        candidate = CandidateId(file.case, structure, slug)
        scan.known_to[structure].add(slug)
        scan.candidates[candidate] = Candidate(candidate, MaskSource(file.path), note=note)
        scan.present.add(candidate)
        return
    _take_map(scan, slug, file, classes=classes, counts=counts, note=note)


def _take_map(
    scan: _Scan,
    slug: str,
    file: layouts.LabelFile,
    *,
    classes: Mapping[int, str],
    counts: Mapping[int, int],
    note: str,
) -> None:
    unknown = sorted(v for v, n in counts.items() if v and n and v not in classes)
    for value in unknown:
        reason = f"The label value {value} in {file.path} is not in the class map of label set {slug}."
        scan.refuse(file.case, "", slug, file.path, reason)
    by_structure: dict[str, list[int]] = defaultdict(list)
    for value, found in classes.items():
        by_structure[scan.name(found)].append(value)
    for structure, values in by_structure.items():
        if not scan.is_wanted(structure):
            continue
        if len(values) > 1:
            reason = f"The class map of label set {slug} gives {structure} the values {values}."
            scan.refuse(file.case, structure, slug, file.path, reason)
            continue
        candidate = CandidateId(file.case, structure, slug)
        scan.known_to[structure].add(slug)
        scan.candidates[candidate] = Candidate(candidate, MaskSource(file.path, (values[0],)), note=note)
        if counts.get(values[0], 0):
            scan.present.add(candidate)


def _items(scan: _Scan, unmatched: Mapping[str, str]) -> list[ItemId]:
    """Return the items to decide: what at least one label set has (a map without a voxel of it does not count)."""
    named = {c.item for c in scan.present if c.structure not in unmatched}
    position = {c.case: n for n, c in enumerate(scan.found_cases)}
    return sorted(named, key=lambda item: (position[item.case], item.structure))


def _unmatched(scan: _Scan, request: Request) -> dict[str, str]:
    """Return the structures left out because only one of several label sets knows them, with that set."""
    if len(request.labels) == 1 or request.unmatched:
        return {}
    present = {c.structure for c in scan.present} - scan.wanted
    return {s: next(iter(sets)) for s, sets in sorted(scan.known_to.items()) if len(sets) == 1 and s in present}


def _check_found(scan: _Scan, request: Request, order: list[ItemId]) -> None:
    if order:
        return
    lone = _unmatched(scan, request)
    if lone:
        raise ReviewError(
            f"The label sets have no structure in common: {', '.join(lone)} are each known to one of them only.",
            "Check names and class maps, or take them all with --unmatched.",
        )
    why = f" The first of {len(scan.refused)} refusals: {scan.refused[0].reason}" if scan.refused else ""
    asked = f" of {', '.join(request.structures)}" if request.structures else ""
    raise ReviewError(
        f"Nothing can be reviewed: {len(scan.found_cases)} image(s), no usable label{asked}.{why}",
        "Check that the labels were made for these images.",
    )


def _entry(request: Request, source: LabelSource, labels: layouts.Labels) -> LabelSetEntry:
    return LabelSetEntry(
        slug=source.slug,
        title=source.slug.replace("_", " "),
        root=stored_path(request.folder, labels.root),
        layout=labels.layout,
        classes=source.classes,
        trusted=source.slug == request.trusted,
    )


def _write(folder: Path, description: ReviewFile, scan: _Scan, order: list[ItemId]) -> None:
    """Make the review beside its place and move it there when it is whole."""
    partial = folder.with_name(f"{folder.name}.partial")
    items = set(order)
    masks = [c for c in scan.candidates.values() if c.id.item in items]
    try:
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
        database = create_database(partial / description.database)
        try:
            index.enter(database, found=scan.found_cases, masks=masks, refusals=scan.refused, order=order)
        finally:
            database.close()
        write_review_file(partial, description)
        for name in ("pictures", "edits", "logs"):
            (partial / name).mkdir()
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StorageError(f"The review could not be written to {folder}: {error.strerror or error}.") from error


def _report(
    request: Request, scan: _Scan, order: list[ItemId], *, kinds: Mapping[str, str], unmatched: Mapping[str, str]
) -> CreationReport:
    everywhere = sum(
        all(CandidateId(i.case, i.structure, s.slug) in scan.present for s in request.labels) for i in order
    )
    return CreationReport(
        folder=request.folder,
        cases=len({i.case for i in order}),
        items=len(order),
        candidates=sum(1 for c in scan.candidates if c.item in set(order)),
        in_every_set=everywhere,
        structures=tuple(sorted({i.structure for i in order})),
        layouts=kinds,
        renamed=dict(sorted(scan.renamed.items())),
        refused=tuple(scan.refused),
        missing={slug: n for slug, n in scan.missing.items() if n},
        unmatched=unmatched,
    )
