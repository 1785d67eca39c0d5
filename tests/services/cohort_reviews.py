"""A review of many small cases whose stored facts are made by chance, one of them odd."""

import shutil
from dataclasses import replace
from pathlib import Path

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.services.new_review import create_review
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.settings import Settings
from labelcritic_gui.store import index
from labelcritic_gui.store.opinions import save_opinions
from tests.core.cohorts import clean
from tests.making import STRUCTURES, request, write_dataset

ODD = ItemId(CaseId("case_07"), "spleen")


def many_cases(root: Path, count: int) -> Path:
    """Make a review of so many cases with label sets good and bad; nothing is measured yet."""
    write_dataset(root, tuple(f"case_{n:02d}" for n in range(count)))
    services = build_services(Settings(reader="ann"))
    create_review(request(root), services.structures)
    return root / "review"


def copy_of(folder: Path, name: str) -> Path:
    """Copy a review to beside it."""
    return Path(shutil.copytree(folder, folder.with_name(name)))


def opened_at(folder: Path) -> OpenReview:
    """Open a review."""
    return build_services(Settings(reader="ann")).open_review(folder)


def measured(review: OpenReview, *, cases: int | None = None, seed: int = 3) -> None:
    """Store clean facts of the first cases; the spleen of the bad set in one of them lies at another place."""
    names = index.case_ids(review.database)[:cases]
    facts = clean(len(names), seed, sets=("good", "bad"))
    rows = []
    for n, case in enumerate(names):
        for structure in STRUCTURES:
            for label_set in ("good", "bad"):
                one = facts[CaseId(f"case_{n}"), structure, label_set]
                if (case, structure, label_set) == (*ODD, "bad"):
                    one = replace(one, lateral_mm=900.0)
                rows.append((ItemId(case, structure), label_set, one.to_json()))
    save_opinions(review.database, stored=(), summaries=(), fact_rows=rows)
