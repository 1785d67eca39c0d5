"""Makes a review from images and label sets on disk, saying what it took and what it refused. Layer: services."""

import re
import shutil
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress
from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.errors import ReviewError, StorageError, UserError
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.services.review import SOFTWARE, now
from labelcritic_gui.services.scanning import CaseScan, LabelSource, Plan, PlannedSet, Request, plan_scan, scan
from labelcritic_gui.store import index
from labelcritic_gui.store.database import create_database
from labelcritic_gui.store.index import Refusal
from labelcritic_gui.store.review_file import LabelSetEntry, ReviewFile, stored_path, write_review_file

__all__ = ["CreationReport", "LabelSource", "Request", "create_review", "scan_review"]

MOST_LABEL_SETS = 8
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class CreationReport:
    """What a scan found: sizes, recognised layouts, names that stand for another, and what was refused.

    `by_structure` counts the cases by structure and label set; `missing` the cases a label set has no file for;
    `unmatched` maps the structures left out, known to one label set only, to that set.
    """

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
    by_structure: Mapping[str, Mapping[str, int]]


@dataclass
class _Tally:
    """What is counted while scanning; no list of all items is held for the report."""

    cases: int = 0
    images: int = 0
    items: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    everywhere: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    candidates: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    known_to: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_structure: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    refused: list[Refusal] = field(default_factory=list)

    def take(self, one: CaseScan, slugs: list[str]) -> None:
        """Count one case."""
        self.images += 1
        self.refused += one.refused
        self.cases += bool(one.items)
        for candidate in one.candidates:
            self.known_to[candidate.id.structure].add(candidate.id.label_set)
            self.candidates[candidate.id.structure] += 1
        for candidate_id in one.present:
            self.by_structure[candidate_id.structure][candidate_id.label_set] += 1
        for item in one.items:
            self.items[item.structure] += 1
            self.everywhere[item.structure] += all(CandidateId(*item, slug) in one.present for slug in slugs)


def create_review(
    request: Request,
    table: StructureTable,
    *,
    progress: Progress = no_progress,
    cancel: Cancel | None = None,
) -> CreationReport:
    """Scan and make the review folder; raises UserError when nothing can be reviewed, leaving nothing behind.

    The review is made beside its place and moved there when it is whole.
    """
    _check(request)
    if request.folder.exists() and (not request.folder.is_dir() or any(request.folder.iterdir())):
        raise ReviewError(f"{request.folder} exists already and is not empty.", "Choose another folder.")
    plan = plan_scan(request, table)
    partial = request.folder.with_name(f"{request.folder.name}.partial")
    try:
        report = _make(plan, partial, progress, cancel or NeverCancel())
        if request.folder.exists():
            request.folder.rmdir()
        partial.rename(request.folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StorageError(
            f"The review could not be written to {request.folder}: {error.strerror or error}."
        ) from error
    except UserError:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return report


def scan_review(
    request: Request,
    table: StructureTable,
    *,
    progress: Progress = no_progress,
    cancel: Cancel | None = None,
) -> CreationReport:
    """Report what `create_review` would find, writing nothing; an empty find is a report too, not an error."""
    _check(request)
    plan = plan_scan(request, table)
    tally = _Tally()
    for _ in _scanned(plan, tally, progress, cancel or NeverCancel()):
        pass
    return _report(plan, tally)


def _make(plan: Plan, partial: Path, progress: Progress, cancel: Cancel) -> CreationReport:
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    tally = _Tally()
    scanned = list(_scanned(plan, tally, progress, cancel))
    unmatched = _unmatched(plan, tally)
    _check_found(plan, tally, unmatched)
    order = [i for one in scanned for i in one.items if i.structure not in unmatched]
    description = _description(plan, order)
    database = create_database(partial / description.database)
    items = set(order)
    try:
        index.enter(
            database,
            found=[one.found for one in scanned],
            masks=[c for one in scanned for c in one.candidates if c.id.item in items],
            refusals=tally.refused,
            order=order,
        )
    finally:
        database.close()
    write_review_file(partial, description)
    for name in ("pictures", "edits", "logs"):
        (partial / name).mkdir()
    return _report(plan, tally)


def _scanned(plan: Plan, tally: _Tally, progress: Progress, cancel: Cancel) -> "list[CaseScan]":
    slugs = [one.source.slug for one in plan.sets]
    scanned = []
    for n, one in enumerate(scan(plan, skip=frozenset(), cancel=cancel)):
        progress(n, len(plan.files), one.found.case)
        tally.take(one, slugs)
        scanned.append(one)
    progress(len(plan.files), len(plan.files), "writing the review")
    return scanned


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


def _unmatched(plan: Plan, tally: _Tally) -> dict[str, str]:
    """Return the structures left out because only one of several label sets knows them, with that set."""
    if len(plan.sets) == 1 or plan.request.unmatched:
        return {}
    present = set(tally.items) - plan.wanted
    return {s: next(iter(sets)) for s, sets in sorted(tally.known_to.items()) if len(sets) == 1 and s in present}


def _check_found(plan: Plan, tally: _Tally, unmatched: Mapping[str, str]) -> None:
    if set(tally.items) - set(unmatched):
        return
    if unmatched:
        raise ReviewError(
            f"The label sets have no structure in common: {', '.join(unmatched)} are each known to one of them only.",
            "Check names and class maps, or take them all with --unmatched.",
        )
    why = f" The first of {len(tally.refused)} refusals: {tally.refused[0].reason}" if tally.refused else ""
    asked = f" of {', '.join(plan.request.structures)}" if plan.request.structures else ""
    raise ReviewError(
        f"Nothing can be reviewed: {tally.images} image(s), no usable label{asked}.{why}",
        "Check that the labels were made for these images.",
    )


def _description(plan: Plan, order: list[ItemId]) -> ReviewFile:
    folder = plan.request.folder
    return ReviewFile(
        title=plan.request.title or folder.resolve().name,
        created=now(),
        software=SOFTWARE,
        images=stored_path(folder, plan.images.root),
        layout=plan.images.layout,
        structures=tuple(sorted({i.structure for i in order})),
        label_sets=tuple(_entry(plan.request, one) for one in plan.sets),
    )


def _entry(request: Request, one: PlannedSet) -> LabelSetEntry:
    return LabelSetEntry(
        slug=one.source.slug,
        title=one.source.slug.replace("_", " "),
        root=stored_path(request.folder, one.labels.root),
        layout=one.labels.layout,
        classes=one.source.classes,
        trusted=one.source.slug == request.trusted,
    )


def _report(plan: Plan, tally: _Tally) -> CreationReport:
    unmatched = _unmatched(plan, tally)
    kept = [s for s in tally.items if s not in unmatched]
    missing = {one.source.slug: sum(f.case not in one.by_case for f in plan.files) for one in plan.sets}
    return CreationReport(
        folder=plan.request.folder,
        cases=tally.cases,
        items=sum(tally.items[s] for s in kept),
        candidates=sum(tally.candidates[s] for s in kept),
        in_every_set=sum(tally.everywhere[s] for s in kept),
        structures=tuple(sorted(kept)),
        layouts={"images": plan.images.layout, **{one.source.slug: one.labels.layout for one in plan.sets}},
        renamed=dict(sorted(plan.names.renamed.items())),
        refused=tuple(tally.refused),
        missing={slug: n for slug, n in missing.items() if n},
        unmatched=unmatched,
        by_structure={s: dict(tally.by_structure[s]) for s in sorted(tally.by_structure)},
    )
