"""Makes a review from images and label sets on disk, saying what it took and what it refused. Layer: services."""

import json
import re
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress
from labelcritic_gui.core.cases import CandidateId
from labelcritic_gui.core.errors import ReviewError, StorageError, UserError
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.services.modes import known_mode, known_share, new_seed
from labelcritic_gui.services.review import SOFTWARE, now
from labelcritic_gui.services.scanning import CaseScan, LabelSource, Plan, PlannedSet, Request, plan_scan, scan
from labelcritic_gui.store import index
from labelcritic_gui.store.database import Database, create_database, open_database
from labelcritic_gui.store.index import Refusal, ScannedCase, ScanTotals
from labelcritic_gui.store.review_file import LabelSetEntry, ReviewFile, stored_path, write_review_file

__all__ = ["CreationReport", "LabelSource", "Request", "create_review", "scan_review"]

MOST_LABEL_SETS = 8
DATABASE = "review.db"
BATCH = 100
"""Cases entered in one transaction."""
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class CreationReport:
    """What a scan found: sizes, recognised layouts, names that stand for another, and what was refused.

    `by_structure` counts the cases by structure and label set; `missing` the cases a label set has no file for;
    `unmatched` maps the structures left out, known to one label set only, to that set; `reasons` says why a layout
    was recognised.
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
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Tally:
    """What is counted while scanning; no list of all items is held."""

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
        self.refused += one.scanned.refusals
        self.cases += bool(one.items)
        for mask in one.scanned.masks:
            self.known_to[mask.candidate.id.structure].add(mask.candidate.id.label_set)
            self.candidates[mask.candidate.id.structure] += 1
        present = one.present
        for candidate in present:
            self.by_structure[candidate.structure][candidate.label_set] += 1
        for item in one.items:
            self.items[item.structure] += 1
            self.everywhere[item.structure] += all(CandidateId(*item, slug) in present for slug in slugs)


def create_review(
    request: Request,
    table: StructureTable,
    *,
    progress: Progress = no_progress,
    cancel: Cancel | None = None,
) -> CreationReport:
    """Scan and make the review folder; raises UserError when nothing can be reviewed, leaving nothing behind.

    The review is made beside its place and moved there when it is whole; a scan that was killed is taken up where it
    stopped when the same is asked for again.
    """
    _check(request)
    known_mode(request.mode)
    known_share(request.repeats)
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
    slugs = [one.source.slug for one in plan.sets]
    for n, one in enumerate(scan(plan, skip=frozenset(), cancel=cancel or NeverCancel())):
        progress(n, len(plan.files), one.scanned.found.case)
        tally.take(one, slugs)
    progress(len(plan.files), len(plan.files), "done")
    unmatched = _unmatched(plan, tally.known_to, set(tally.items))
    kept = [s for s in tally.items if s not in unmatched]
    totals = ScanTotals(
        cases=tally.cases,
        items=sum(tally.items[s] for s in kept),
        candidates=sum(tally.candidates[s] for s in kept),
        in_every_set=sum(tally.everywhere[s] for s in kept),
    )
    return _report(plan, totals, present=tally.by_structure, refused=tuple(tally.refused), unmatched=unmatched)


def _make(plan: Plan, partial: Path, progress: Progress, cancel: Cancel) -> CreationReport:
    database = _begun(plan, partial)
    try:
        _enter_all(plan, database, progress, cancel)
        present = index.present_in(database)
        refused = index.refusals_of(database)
        unmatched = _unmatched(plan, index.known_to(database), set(present))
        _check_found(plan, set(present) - set(unmatched), refused, unmatched)
        totals = index.finish_scan(database, left_out=unmatched)
    finally:
        database.close()
    structures = tuple(sorted(set(present) - set(unmatched)))
    write_review_file(partial, _description(plan, structures))
    for name in ("pictures", "edits", "logs"):
        (partial / name).mkdir(exist_ok=True)
    return _report(plan, totals, present=present, refused=refused, unmatched=unmatched)


def _begun(plan: Plan, partial: Path) -> Database:
    """Begin a scan in its folder, or take up the same one that was interrupted there."""
    text = json.dumps(asdict(plan.request), default=str, sort_keys=True)
    slugs = [one.source.slug for one in plan.sets]
    file = partial / DATABASE
    if file.is_file():
        try:
            database = open_database(file)
            index.begin_scan(database, text, slugs)
        except ReviewError:
            shutil.rmtree(partial)
        else:
            return database
    partial.mkdir(parents=True, exist_ok=True)
    database = create_database(file)
    index.begin_scan(database, text, slugs)
    return database


def _enter_all(plan: Plan, database: Database, progress: Progress, cancel: Cancel) -> None:
    done = index.scanned_cases(database)
    total = len(plan.files)
    batch: list[ScannedCase] = []
    for n, one in enumerate(scan(plan, skip=done, cancel=cancel), start=len(done)):
        progress(n, total, one.scanned.found.case)
        batch.append(one.scanned)
        if len(batch) >= BATCH:
            index.enter_cases(database, batch)
            batch = []
    index.enter_cases(database, batch)
    progress(total, total, "writing the review")


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


def _unmatched(plan: Plan, known_to: Mapping[str, set[str]], present: set[str]) -> dict[str, str]:
    """Return the structures left out because only one of several label sets knows them, with that set."""
    if len(plan.sets) == 1 or plan.request.unmatched:
        return {}
    asked = present - plan.wanted
    return {s: next(iter(sets)) for s, sets in sorted(known_to.items()) if len(sets) == 1 and s in asked}


def _check_found(plan: Plan, kept: set[str], refused: Sequence[Refusal], unmatched: Mapping[str, str]) -> None:
    if kept:
        return
    if unmatched:
        raise ReviewError(
            f"The label sets have no structure in common: {', '.join(unmatched)} are each known to one of them only.",
            "Check names and class maps, or take them all with --unmatched.",
        )
    why = f" The first of {len(refused)} refusals: {refused[0].reason}" if refused else ""
    asked = f" of {', '.join(plan.request.structures)}" if plan.request.structures else ""
    raise ReviewError(
        f"Nothing can be reviewed: {len(plan.files)} image(s), no usable label{asked}.{why}",
        "Check that the labels were made for these images.",
    )


def _description(plan: Plan, structures: tuple[str, ...]) -> ReviewFile:
    folder = plan.request.folder
    return ReviewFile(
        title=plan.request.title or folder.resolve().name,
        created=now(),
        software=SOFTWARE,
        images=stored_path(folder, plan.images.root),
        layout=plan.images.layout,
        mode=known_mode(plan.request.mode).value,
        repeats=known_share(plan.request.repeats),
        seed=new_seed(),
        database=DATABASE,
        structures=structures,
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


def _report(
    plan: Plan,
    totals: ScanTotals,
    *,
    present: Mapping[str, Mapping[str, int]],
    refused: tuple[Refusal, ...],
    unmatched: Mapping[str, str],
) -> CreationReport:
    missing = {one.source.slug: sum(f.case not in one.by_case for f in plan.files) for one in plan.sets}
    return CreationReport(
        folder=plan.request.folder,
        cases=totals.cases,
        items=totals.items,
        candidates=totals.candidates,
        in_every_set=totals.in_every_set,
        structures=tuple(sorted(set(present) - set(unmatched))),
        layouts={"images": plan.images.layout, **{one.source.slug: one.labels.layout for one in plan.sets}},
        renamed=dict(sorted(plan.names.renamed.items())),
        refused=refused,
        missing={slug: n for slug, n in missing.items() if n},
        unmatched=unmatched,
        by_structure={s: dict(present[s]) for s in sorted(present)},
        reasons={"images": plan.images.reason, **{one.source.slug: one.labels.reason for one in plan.sets}},
    )
