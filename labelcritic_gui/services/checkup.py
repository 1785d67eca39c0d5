"""Looks a review over: is its journal consistent, are its files where they were. Layer: services."""

from dataclasses import dataclass

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.formats import nifti
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index, journal
from labelcritic_gui.store.database import integrity

LISTED = 10


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing looked at: whether it is well, and a sentence."""

    name: str
    well: bool
    sentence: str


def check_review(review: OpenReview) -> list[CheckResult]:
    """Check the database, the fold of the journal, durability, and that images and labels are still there."""
    return [_durability(review), _integrity(review), _fold(review), _images(review), _labels(review)]


def rebuild(review: OpenReview) -> CheckResult:
    """Write the item rows anew from the journal."""
    count = journal.rebuild(review.database)
    return CheckResult("rebuild", True, f"{count} item(s) written anew from the journal")


def _durability(review: OpenReview) -> CheckResult:
    found = review.database.pragmas()
    well = all(p == {"journal_mode": "wal", "synchronous": "full"} for p in found.values())
    said = ", ".join(f"{name}: {p['journal_mode']} {p['synchronous']}" for name, p in found.items())
    return CheckResult("durability", well, f"connections run {said}")


def _integrity(review: OpenReview) -> CheckResult:
    problem = integrity(review.database)
    return CheckResult("database", not problem, problem or "the database is whole")


def _fold(review: OpenReview) -> CheckResult:
    found = journal.differences(review.database)
    if not found:
        return CheckResult("journal", True, "every item is as its events say")
    first = found[0]
    return CheckResult(
        "journal",
        False,
        f"{len(found)} entries differ from the journal, first {first.item}: {first.column} is {first.row!r}, "
        f"events say {first.events!r}; `labelcritic doctor REVIEW --rebuild` writes them anew",
    )


def _images(review: OpenReview) -> CheckResult:
    bad = []
    cases = index.case_ids(review.database)
    for case in cases:
        try:
            nifti.read_geometry(review.image_path(case))
        except UserError as error:
            bad.append(error.message)
    return CheckResult("images", not bad, _listed(bad) or f"{len(cases)} image(s) can be opened")


def _labels(review: OpenReview) -> CheckResult:
    bad: dict[str, None] = {}
    files: set[str] = set()
    for case in index.case_ids(review.database):
        for candidate in index.candidates_of(review.database, case):
            path = review.mask_path(candidate)
            if str(path) in files:
                continue
            files.add(str(path))
            if not path.is_file():
                bad[f"{path} is missing"] = None
    return CheckResult("labels", not bad, _listed(list(bad)) or f"{len(files)} label file(s) are there")


def _listed(problems: list[str]) -> str:
    more = f" and {len(problems) - LISTED} more" if len(problems) > LISTED else ""
    return "; ".join(problems[:LISTED]) + more
