"""What the new-review dialog asks of the services, and what it shows of the answers. Layer: viewmodels."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from labelcritic_gui.core.cancel import Cancel, Progress
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.services import new_review, preview
from labelcritic_gui.services.new_review import MOST_LABEL_SETS, CreationReport, LabelSource, Request
from labelcritic_gui.services.preview import Dropped, FirstCase, FoundStructure, Preview, RefusalGroup, Suggestion
from labelcritic_gui.translation import N_, ntr, tr
from labelcritic_gui.viewmodels.runner import Job

__all__ = [
    "MOST_LABEL_SETS",
    "CreationReport",
    "Draft",
    "Dropped",
    "FirstCase",
    "FoundStructure",
    "LabelSource",
    "Preview",
    "PreviewCalls",
    "RefusalGroup",
    "Request",
    "Row",
    "ServicePreviews",
    "Suggestion",
    "clean_path",
    "in_dialog",
    "misfits_of",
    "recognised_as",
    "rows_of",
    "said",
    "shown_name",
    "slug_of",
    "summary_of",
]

THIN = "\u202f"
CLASSES_HINT = N_("Choose the file or the numbering scheme that says it, under “numbers”.")


class PreviewCalls(Protocol):
    """What the dialog asks of the services; each call is synchronous and belongs on the lane CPU."""

    @property
    def table(self) -> StructureTable:
        """The known structures."""

    def preview(
        self, images: Path, labels: tuple[LabelSource, ...], limit: int | None, *, job: Job
    ) -> tuple[Preview, Suggestion]:
        """Look at images and label sets, and suggest where the review goes."""

    def first_case(self, images: Path, labels: tuple[LabelSource, ...], cancel: Cancel) -> FirstCase | None:
        """Project the first case."""

    def sort_dropped(self, paths: Sequence[Path], cancel: Cancel) -> Dropped:
        """Tell images from label sets."""

    def create(self, request: Request, progress: Progress, cancel: Cancel) -> CreationReport:
        """Make the review."""


@dataclass(frozen=True)
class ServicePreviews:
    """The real thing."""

    table: StructureTable

    def preview(
        self, images: Path, labels: tuple[LabelSource, ...], limit: int | None, *, job: Job
    ) -> tuple[Preview, Suggestion]:
        """Look at images and label sets, and suggest where the review goes."""
        found = preview.preview(images, labels, self.table, progress=job, cancel=job, limit_cases=limit)
        return found, preview.suggest(images)

    def first_case(self, images: Path, labels: tuple[LabelSource, ...], cancel: Cancel) -> FirstCase | None:
        """Project the first case."""
        return preview.first_case(images, labels, self.table, cancel=cancel)

    def sort_dropped(self, paths: Sequence[Path], cancel: Cancel) -> Dropped:
        """Tell images from label sets."""
        return preview.sort_dropped(paths, self.table, cancel=cancel)

    def create(self, request: Request, progress: Progress, cancel: Cancel) -> CreationReport:
        """Make the review."""
        return new_review.create_review(request, self.table, progress=progress, cancel=cancel)


@dataclass(frozen=True, slots=True)
class Draft:
    """A label set as typed so far. `named` says that a person chose the name."""

    slug: str = ""
    path: str = ""
    classes: str = ""
    named: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A structure in the table: its names on disk, what it is, cases per label set (in their order), and a remark.

    `taken` is False for one that will be left out; `fixed` says that a person changed what it is.
    """

    name: str
    found_as: tuple[str, ...]
    stands_for: str
    cases: tuple[int, ...]
    remark: str
    taken: bool
    fixed: bool


def clean_path(text: str) -> str:
    """Return a path as typed, pasted or dropped without quotes or `file://`."""
    text = text.strip().strip("\"'")
    if text.startswith("file://"):
        text = unquote(urlsplit(text).path)
    return str(Path(text).expanduser()) if text else ""


def slug_of(name: str) -> str:
    """Return a name that can name a label set: other letters become underscores."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_.-")


def shown_name(path: str) -> str:
    """Return the name of the folder or file that a label set lies in."""
    parts = [part for part in Path(path).parts if "{" not in part]
    return slug_of(Path(parts[-1]).name.split(".")[0]) if parts else ""


def rows_of(
    preview: Preview,
    slugs: Sequence[str],
    renames: Mapping[str, str],
    *,
    knows: Callable[[str], bool],
    take_all: bool,
) -> tuple[Row, ...]:
    """Return the rows of the table, those with a remark first; `renames` says what structures found really are."""
    together: dict[str, set[str]] = {}
    for one in preview.structures:
        have = {slug for slug, count in one.cases.items() if count}
        together.setdefault(renames.get(one.name, one.name), set()).update(have)
    rows = []
    for one in preview.structures:
        name = renames.get(one.name, one.name)
        lone = len(slugs) > 1 and len(together[name]) == 1
        words = []
        if not knows(name):
            words.append(tr("unknown name"))
        if lone:
            words.append(
                ("" if take_all else tr("left out: ")) + tr("only in {next}").format(next=next(iter(together[name])))
            )
        cases = tuple(one.cases.get(slug, 0) for slug in slugs)
        taken, fixed = not lone or take_all, one.name in renames
        rows.append(Row(one.name, one.found_as, name, cases, ", ".join(words), taken=taken, fixed=fixed))
    return tuple(sorted(rows, key=lambda row: (row.taken and not row.remark, row.name)))


def _thin(words: str, **numbers: int) -> str:
    """Fill in numbers, thousands apart by a thin space."""
    return words.format(**numbers).replace(",", THIN)


def recognised_as(preview: Preview, what: str) -> str:
    """Say what the images ("images"), or a label set by its slug, turned out to be, and why."""
    words = [preview.layouts[what], preview.reasons.get(what, "").rstrip(".")]
    if what == "images":
        words.insert(0, _thin(ntr("{n:,} case", "{n:,} cases", preview.images), n=preview.images))
    elif preview.missing.get(what):
        words.insert(
            0,
            tr("no label for {missing} of {scanned} cases").format(
                missing=preview.missing[what], scanned=preview.scanned
            ),
        )
    return "  ·  ".join(word for word in words if word)


def summary_of(preview: Preview | None, rows: Sequence[Row]) -> str:
    """Say in one line what was recognised."""
    if preview is None or not rows:
        return ""
    names = len({row.stands_for for row in rows if row.taken})
    words = ntr("{n} structure to compare", "{n} structures to compare", names).format(n=names)
    if not preview.complete:
        counted = _thin(tr("counted in the first {scanned} of {n:,} cases"), scanned=preview.scanned, n=preview.images)
        words += f"  ·  {counted}"
    return words


def misfits_of(preview: Preview | None) -> str:
    """Say in one line what does not fit."""
    if preview is None:
        return ""
    if not preview.refused:
        return tr("Everything fits.") if preview.structures else ""
    return f"{preview.refused:,} found that cannot be used:".replace(",", THIN)


def said(error: UserError) -> str:
    """Return an error in the words of a dialog: what the command line would need is not said."""
    return in_dialog(str(error))


def in_dialog(text: str) -> str:
    """Return words that may end in advice for the command line with advice for the dialog instead."""
    kept, mark, advice = text.partition(" --")
    if not mark:
        return text
    kept = kept[: max(kept.rfind(". "), kept.rfind("! ")) + 1] or kept
    return f"{kept} {tr(CLASSES_HINT)}" if advice.startswith("classes") else kept
