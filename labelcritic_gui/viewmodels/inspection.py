"""What the files of the open item are, side by side: image and candidates, as plain words. Layer: viewmodels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from psygnal import Signal

from labelcritic_gui.core.cancel import Cancel, Progress
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.services.inspection import InspectedFile, Inspection, LabelRow
from labelcritic_gui.services.inspection_words import as_lines
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner

NONE = "–"
"""What a cell says when there is nothing to say."""
SHORT_HASH = 12
FORMATS = {
    "nifti": "NIfTI",
    "nrrd": "NRRD",
    "metaimage": "MetaImage",
    "dicom series": "DICOM series",
    "dicom seg": "DICOM SEG",
}


class InspectItem(Protocol):
    """The use-case: inspect the files of an item. Lane CPU."""

    def __call__(self, item: ItemId, cancel: Cancel, progress: Progress) -> tuple[InspectedFile, ...]:
        """Inspect image and candidates."""


@dataclass(frozen=True, slots=True)
class Column:
    """One file: its title, its label set's index (-1 for the image), and whether it is refused."""

    title: str
    label_set: int
    refused: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One property: its name, one text per column, and the long form of each where the text is cut (else empty)."""

    name: str
    texts: tuple[str, ...]
    full: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileTable:
    """All files of an item; `plain` is the whole as text that can be copied."""

    item: ItemId
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    plain: str


def table_of(item: ItemId, files: tuple[InspectedFile, ...]) -> FileTable:
    """Lay the files of an item out side by side; a row that has nothing to say in any column is left out."""
    rows: tuple[tuple[str, Callable[[InspectedFile], str], Callable[[InspectedFile], str]], ...] = (
        (tr("File"), lambda f: _name(f.inspection), lambda f: f.inspection.path),
        (tr("What it is"), lambda f: _capital(f.inspection.sentence), _nothing),
        (_capital(item.structure.replace("_", " ")), _of_structure, _nothing),
        (tr("Format"), _format, _nothing),
        (tr("Voxels"), _shape, _nothing),
        (tr("Voxel size"), _spacing, _nothing),
        (tr("Stored as"), lambda f: f.inspection.orientation, _nothing),
        (
            tr("Oblique"),
            lambda f: tr("by {oblique:.1f}°").format(oblique=f.inspection.oblique) if f.inspection.oblique else "",
            _nothing,
        ),
        (tr("Grid"), lambda f: f.fitting.sentence if f.fitting else "", _nothing),
        (tr("Notes"), lambda f: "\n".join(_capital(n) for n in f.inspection.notes), _nothing),
        (tr("sha256 of voxels"), lambda f: _cut(f.inspection.voxel_sha256), lambda f: f.inspection.voxel_sha256),
        (tr("sha256 of file"), lambda f: _cut(f.inspection.file_sha256), lambda f: f.inspection.file_sha256),
    )
    lines = []
    for name, text, full in rows:
        texts = tuple(text(f) for f in files)
        if any(texts):
            lines.append(Line(name, tuple(t or NONE for t in texts), tuple(full(f) for f in files)))
    columns = tuple(Column(f.title, f.label_set, f.inspection.refused) for f in files)
    return FileTable(item, columns, tuple(lines), plain_text(item, files))


def plain_text(item: ItemId, files: tuple[InspectedFile, ...]) -> str:
    """Return everything that was found, as lines."""
    parts = [str(item)]
    for file in files:
        fits = [f"  {'grid':<12} {file.fitting.sentence}"] if file.fitting else []
        lines = as_lines(file.inspection)
        parts.append("\n".join([file.title.capitalize(), *lines[:2], *fits, *lines[2:]]))
    return "\n\n".join(parts) + "\n"


def _nothing(_: InspectedFile) -> str:
    return ""


def _name(found: Inspection) -> str:
    return "/".join(found.path.replace("\\", "/").split("/")[-2:])


def _format(file: InspectedFile) -> str:
    shown = FORMATS.get(file.inspection.format, file.inspection.format)
    return ", ".join(part for part in (shown, file.inspection.dtype) if part)


def _shape(file: InspectedFile) -> str:
    grid = file.inspection.canonical
    return " × ".join(map(str, grid.shape)) if grid else ""


def _spacing(file: InspectedFile) -> str:
    grid = file.inspection.canonical
    return " × ".join(f"{s:.4g}" for s in grid.spacing) + " mm" if grid else ""


def _of_structure(file: InspectedFile) -> str:
    """Return the values, voxels and volume of the item's structure in a candidate's file."""
    if file.label_set < 0 or file.inspection.refused:
        return ""
    rows: list[LabelRow] = [r for r in file.inspection.labels if file.values is None or r.value in file.values]
    if not rows:
        return tr("no voxel")
    value = tr(", value {join}").format(join=", ".join(str(r.value) for r in rows)) if file.values is not None else ""
    return tr("{value:.1f} ml ({value2} voxels{value3})").format(
        value=sum(r.ml for r in rows), value2=sum(r.voxels for r in rows), value3=value
    )


def _cut(digest: str) -> str:
    return f"{digest[:SHORT_HASH]}…" if digest else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class Inspector:
    """Inspects the files of one item off the GUI thread. GUI thread only."""

    changed: ClassVar[Signal] = Signal()

    def __init__(self, item: ItemId, inspect: InspectItem, runner: Runner) -> None:
        self.item = item
        self.table: FileTable | None = None
        self.failure: Message | None = None
        self.job: Job | None = None
        self._inspect = inspect
        self._runner = runner

    def start(self) -> None:
        """Begin; `changed` tells when there is a table or a failure."""
        job = Job(tr("Looking at the files of {item}").format(item=self.item))
        self.job, self.table, self.failure = job, None, None
        self.changed.emit()
        self._runner.run(
            Lane.CPU,
            lambda: table_of(self.item, self._inspect(self.item, job, job)),
            self._finished,
            key="inspect",
            on_error=self._failed,
        )

    def cancel(self) -> None:
        """Ask the work to stop; what it says of that is not shown to anyone who left."""
        if self.job is not None:
            self.job.cancel()

    def _finished(self, table: FileTable) -> None:
        self.job, self.table = None, table
        self.changed.emit()

    def _failed(self, error: BaseException) -> None:
        self.job = None
        if not isinstance(error, UserError):
            self.failure = Message(tr("These files could not be looked at."), tr("The report says why."), error=True)
            self.changed.emit()
            raise error
        self.failure = Message(error.message) if isinstance(error, CancelledError) else of_error(error)
        self.changed.emit()
