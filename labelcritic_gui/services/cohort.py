"""Compares the cases of a review with each other: what is unusual, from facts that are stored. Layer: services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress, stop_if
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.cohort import LEAST_CASES, NEEDED, CohortReport, Outlier
from labelcritic_gui.core.errors import ReviewError, StorageError
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.outliers import Numbers, find_outliers
from labelcritic_gui.services.result_files import csv_text, write_whole
from labelcritic_gui.services.review import OpenReview, now
from labelcritic_gui.store import index
from labelcritic_gui.store.cohort import candidate_facts, keep_case_records, last_fact
from labelcritic_gui.store.opinions import case_record

OUTLIERS = "outliers"
"""Under which kind a case's outliers are kept."""
TABLE = "outliers.csv"
TABLE_COLUMNS = (
    "case",
    "structure",
    "label_set",
    "measure",
    "value",
    "low",
    "high",
    "deviation",
    "chance",
    "others",
    "sentence",
)


@dataclass(frozen=True, slots=True)
class ReviewOutliers:
    """What is unusual in a review. `measured` of its `cases` were measured, and only these are compared."""

    report: CohortReport
    measured: int
    cases: int

    @property
    def not_measured(self) -> str:
        """Say that facts are missing, in a sentence; empty when every case was measured."""
        left = self.cases - self.measured
        if left <= 0:
            return ""
        verb = "is" if left == 1 else "are"
        return f"{left} of {self.cases} cases {verb} not measured yet (`labelcritic compare` measures all)."


def review_outliers(
    review: OpenReview,
    *,
    structures: Sequence[str] = (),
    label_sets: Sequence[str] = (),
    together: bool = False,
    cancel: Cancel | None = None,
    progress: Progress = no_progress,
) -> ReviewOutliers:
    """Return what is unusual among the measured cases (all structures and label sets where none is named).

    Nothing is measured here. A few numbers a candidate are held, never the facts of all. Raises ReviewError when
    nothing was measured or every structure in too few cases, and CancelledError.
    """
    cancel = cancel or NeverCancel()
    numbers = _gathered(review, _structures(review, structures), _label_sets(review, label_sets), cancel, progress)
    cases = len(index.case_ids(review.database))
    if not len(numbers):
        raise ReviewError(
            "Nothing that could be compared was measured in this review yet.", "Run `labelcritic compare REVIEW` first."
        )
    pairs = {name: review.table.get(name).pair for name in numbers.structures}
    report = find_outliers(numbers, pairs=pairs, together=together, cancel=cancel, progress=progress)
    if not report.judged:
        most = max(size.cases for size in report.too_few)
        raise ReviewError(
            f"Too few cases to tell what is usual: it takes {LEAST_CASES} of one structure, and the most is {most}.",
            "Measure more cases: `labelcritic compare REVIEW`." if len(numbers.cases) < cases else "Add cases.",
        )
    return ReviewOutliers(report, len(numbers.cases), cases)


def find_and_keep(
    review: OpenReview, *, cancel: Cancel | None = None, progress: Progress = no_progress
) -> ReviewOutliers:
    """Look through a whole review, and keep what is found with its cases."""
    found = review_outliers(review, cancel=cancel, progress=progress)
    keep_outliers(review, found.report)
    return found


def keep_outliers(review: OpenReview, report: CohortReport) -> None:
    """Keep what was found in a whole review with its cases, in place of what was found before."""
    by_case: dict[Any, list[dict[str, Any]]] = {}
    for one in report.outliers:
        by_case.setdefault(one.case, []).append(one.to_json())
    bodies = [(case, {OUTLIERS: found}) for case, found in by_case.items()]
    keep_case_records(review.database, OUTLIERS, bodies, time=now())


def kept_outliers(review: OpenReview, item: ItemId, facts: Mapping[str, CandidateFacts]) -> dict[str, list[Outlier]]:
    """Return the kept outliers of an item by label set; one whose candidate measures otherwise now is left out."""
    body = case_record(review.database, item.case, OUTLIERS) or {}
    found: dict[str, list[Outlier]] = {}
    for one in map(Outlier.from_json, body.get(OUTLIERS, ())):
        own = facts.get(one.label_set)
        if one.structure == item.structure and own is not None and one.holds_for(own):
            found.setdefault(one.label_set, []).append(one)
    return found


def save_outliers(report: CohortReport, file: Path) -> Path:
    """Write a row for each outlier as CSV; raises StorageError."""
    try:
        return write_whole(file, csv_text(TABLE_COLUMNS, [one.to_json() for one in report.outliers]))
    except OSError as error:
        raise StorageError(f"{file} could not be written: {error.strerror or error}.", "Name another place.") from error


def _gathered(
    review: OpenReview, structures: Sequence[str], label_sets: Sequence[str], cancel: Cancel, progress: Progress
) -> Numbers:
    numbers = Numbers()
    total = last_fact(review.database)
    readable = set(index.case_ids(review.database))
    read = candidate_facts(review.database, NEEDED, structures=structures, label_sets=label_sets)
    for last, rows in read:
        stop_if(cancel)
        progress(last, total, "reading what was measured")
        for row in rows:
            if row.case in readable:
                numbers.add(row.case, row.structure, row.label_set, CandidateFacts(**row.facts))
    return numbers


def _structures(review: OpenReview, wanted: Sequence[str]) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(review.table.name_of(name) for name in wanted))
    return _checked(named, review.structures, "structure") or review.structures


def _label_sets(review: OpenReview, wanted: Sequence[str]) -> tuple[str, ...]:
    slugs = {s.title: s.slug for s in review.label_sets}
    named = tuple(dict.fromkeys(slugs.get(name, name) for name in wanted))
    return _checked(named, tuple(slugs.values()), "label set") or tuple(slugs.values())


def _checked(named: tuple[str, ...], known: Sequence[str], what: str) -> tuple[str, ...]:
    for name in named:
        if name not in known:
            raise ReviewError(f"There is no {what} {name} in this review.", f"It has: {', '.join(known)}.")
    return named
