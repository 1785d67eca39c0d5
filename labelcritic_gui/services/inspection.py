"""Says what a file is to us: format, kind, grid, values or labels, identity, and what was assumed. Layer: services."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress, stop_if
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import CancelledError, GeometryMismatchError, UserError
from labelcritic_gui.core.geometry import (
    NOTED_VOXELS,
    SILENT_VOXELS,
    Fit,
    Fitting,
    Geometry,
    axis_codes,
    content_hash,
    fitting,
    oblique_degrees,
    slabs,
    voxel_hash,
)
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.core.survey import Survey
from labelcritic_gui.formats import volumes
from labelcritic_gui.formats.class_maps import read_class_map
from labelcritic_gui.formats.nifti_notes import header_notes
from labelcritic_gui.formats.streams import VolumeStream, whole_numbers
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index

OBLIQUE_DEGREES = 0.1
"""Less than this is rounding in a header."""


class Kind(StrEnum):
    """What a file is to us."""

    CT = "CT"
    LABEL_MAP = "label map"
    MASK = "mask"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label value of a file: its name where one is known (else empty), its voxels and millilitres."""

    value: int
    name: str
    voxels: int
    ml: float


@dataclass(frozen=True, eq=False, slots=True)
class Inspection:
    """What a file is to us, and why.

    `stored` is the grid as the file has it; `dtype` the type of its numbers; `low` and `high` bound the values of a CT.
    `voxel_sha256` identifies the canonical voxels: of a CT and a label map by `geometry.voxel_hash` (a label map in the
    smallest unsigned type that holds its values), of a mask by `geometry.content_hash`, as journals and manifests have
    it. A refused file has what could be found out before it was refused.
    """

    path: str
    kind: Kind
    why: str
    format: str = ""
    stored: Geometry | None = None
    dtype: str = ""
    low: float | None = None
    high: float | None = None
    labels: tuple[LabelRow, ...] = ()
    voxel_sha256: str = ""
    file_sha256: str = ""
    notes: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Say whether the file cannot be used."""
        return self.kind is Kind.REFUSED

    @property
    def sentence(self) -> str:
        """The kind and why, in one line."""
        return f"{self.kind}: {self.why}"

    @property
    def canonical(self) -> Geometry | None:
        """The grid as everything here is shown and compared."""
        return self.stored.canonical() if self.stored else None

    @property
    def orientation(self) -> str:
        """The direction of growing index per stored axis, such as LPS."""
        return axis_codes(self.stored.affine) if self.stored else ""

    @property
    def oblique(self) -> float | None:
        """By how many degrees the grid is turned away from the body's axes; None when it is not."""
        angle = oblique_degrees(self.stored) if self.stored else 0.0
        return angle if angle >= OBLIQUE_DEGREES else None


@dataclass(frozen=True, eq=False, slots=True)
class InspectedFile:
    """A file of an item: the image (`label_set` is -1) or a candidate's; `values` are those of its structure."""

    title: str
    label_set: int
    inspection: Inspection
    values: tuple[int, ...] | None = None
    fitting: Fitting | None = None


def classes_of(reference: str, table: StructureTable) -> dict[int, str]:
    """Return label value -> name of FILE.json[#KEY], or of a numbering scheme by its name. Raises UserError."""
    return read_class_map(reference, table)


def stored_geometry(path: Path) -> Geometry:
    """Return the grid of a file as it is stored, not canonical. Raises UnreadableFileError."""
    with volumes.open_stream(path) as stream:
        return stream.geometry


def fitting_of(path: Path, image: Geometry) -> Fitting:
    """Say how a label file fits its image, whose grid is given as it is stored. Raises UnreadableFileError.

    The frames of a DICOM SEG are looked for on the image's slices; then the deviation is the rule's own bound.
    """
    return _fitting(image, path, stored_geometry(path))


def _fitting(image: Geometry, path: Path, label: Geometry) -> Fitting:
    found = fitting(image, label)
    if found.fit is not Fit.REFUSED or volumes.format_of(path) != volumes.DICOM_SEG:
        return found
    try:
        fit = volumes.fit_on(path, image)
    except GeometryMismatchError as error:
        return replace(found, sentence=error.message)
    bound = SILENT_VOXELS if fit is Fit.SAME else NOTED_VOXELS
    return Fitting(fit, found.reoriented, bound, "On its image's grid: its frames lie on slices of the image.")


def inspect_file(
    path: Path,
    *,
    classes: Mapping[int, str] | None = None,
    progress: Progress = no_progress,
    cancel: Cancel | None = None,
) -> Inspection:
    """Find out what a file is; a file that cannot be used is `Kind.REFUSED` and says why.

    `classes` names label values; without, the file's own names are used. The image is read a second time only when the
    first reading left open what it is; at most the image itself is held. Raises CancelledError.
    """
    cancel = cancel or NeverCancel()
    found = Inspection(str(path), Kind.REFUSED, "")
    try:
        found = replace(found, format=volumes.format_of(path))
        found = replace(found, file_sha256=volumes.file_sha256(path))
        stop_if(cancel)
        return _inside(found, path, classes=classes, progress=progress, cancel=cancel)
    except CancelledError:
        raise
    except UserError as error:
        return replace(found, kind=Kind.REFUSED, why=str(error))


def _inside(
    found: Inspection, path: Path, *, classes: Mapping[int, str] | None, progress: Progress, cancel: Cancel
) -> Inspection:
    names = volumes.label_names(path)
    survey = Survey(certain_label=bool(names) or found.format == volumes.DICOM_SEG)
    with volumes.open_stream(path) as stream:
        found = replace(found, stored=stream.geometry, dtype=stream.dtype.name)
        if not survey.certain_label:
            _survey(survey, stream, progress=progress, cancel=cancel)
    if found.format == volumes.NIFTI:
        found = replace(found, notes=header_notes(path))
    progress(1, 2, "identifying the voxels")
    if not survey.is_label:
        return _image(found, path, survey)
    counts = survey.counts if not survey.certain_label else volumes.count_values(path)
    found = replace(found, labels=_rows(found, counts, {**names, **(classes or {})}))
    return _label_map(found, path, counts) if names or len(found.labels) > 1 else _mask(found, path, counts)


def _survey(survey: Survey, stream: VolumeStream, *, progress: Progress, cancel: Cancel) -> None:
    slices = stream.geometry.shape[2]
    for first, block in stream.blocks():
        stop_if(cancel)
        progress(first, 2 * slices, "reading")
        values = whole_numbers(block, stream.header)
        if isinstance(values, float):
            header = stream.header
            survey.take_real(block.astype(np.float64) * header.slope + header.inter)
        else:
            survey.take_whole(values)
        # what an integer CT is, is clear at the first air; a real one may still hold what is not a number
        if block.dtype.kind in "iu" and survey.settled:
            return


def _image(found: Inspection, path: Path, survey: Survey) -> Inspection:
    volume = volumes.load_ct(path)
    lows, highs = zip(*((part.min(), part.max()) for part in slabs(volume.voxels)), strict=True)
    low, high = float(min(lows)), float(max(highs))
    return replace(
        found,
        kind=Kind.CT,
        why=f"{found.dtype}, values {low:g} to {high:g}",
        low=low,
        high=high,
        voxel_sha256=voxel_hash(volume.voxels, volume.geometry),
        notes=(*found.notes, *survey.notes(low, high)),
    )


def _rows(found: Inspection, counts: Mapping[int, int], names: Mapping[int, str]) -> tuple[LabelRow, ...]:
    ml = found.stored.voxel_ml if found.stored else 0.0
    return tuple(LabelRow(v, names.get(v, ""), n, n * ml) for v, n in sorted(counts.items()) if v and n)


def _mask(found: Inspection, path: Path, counts: Mapping[int, int]) -> Inspection:
    if not found.labels:
        why = "empty, every voxel is 0"
    elif counts.get(0):
        why = f"two values, 0 and {found.labels[0].value}"
    else:
        why = f"every voxel is {found.labels[0].value}"
    return replace(found, kind=Kind.MASK, why=why, voxel_sha256=content_hash(volumes.load_mask(path)))


def _label_map(found: Inspection, path: Path, counts: Mapping[int, int]) -> Inspection:
    why = "one label value" if len(found.labels) == 1 else f"{len(found.labels)} label values"
    digest = _label_map_hash(path, counts, overlapping=found.format == volumes.DICOM_SEG)
    return replace(found, kind=Kind.LABEL_MAP, why=why, voxel_sha256=digest)


def _label_map_hash(path: Path, counts: Mapping[int, int], *, overlapping: bool) -> str:
    if overlapping:
        return _segments_hash(path, counts)
    dtype = np.min_scalar_type(max(counts, default=0))
    with volumes.open_stream(path) as stream:
        voxels: NDArray[Any] = np.zeros(stream.geometry.shape, dtype=dtype, order="F")
        for first, block in stream.blocks():
            values = whole_numbers(block, stream.header)
            if not isinstance(values, float):
                voxels[:, :, first : first + block.shape[2]] = values
        return voxel_hash(stream.geometry.orientation().view(voxels), stream.geometry.canonical())


def _segments_hash(path: Path, counts: Mapping[int, int]) -> str:
    """Return the identity of segments that may overlap: sha256 over each value and the hash of its mask."""
    from hashlib import sha256

    digest = sha256()
    for value in sorted(v for v, n in counts.items() if v and n):
        mask = volumes.load_mask(path, values=(value,))
        digest.update(f"{value}:{content_hash(mask)}\n".encode())
    return digest.hexdigest()


def inspect_item(
    review: OpenReview, item: ItemId, *, progress: Progress = no_progress, cancel: Cancel | None = None
) -> tuple[InspectedFile, ...]:
    """Inspect the image and each candidate's file of an item, each file once. Raises CancelledError."""
    cancel = cancel or NeverCancel()
    candidates = index.candidates_of(review.database, item.case, item.structure)
    total = 1 + len(candidates)
    progress(0, total, "image")
    image = inspect_file(review.image_path(item.case), cancel=cancel)
    files = [InspectedFile("image", -1, image)]
    slugs = [s.slug for s in review.label_sets]
    for done, candidate in enumerate(candidates, start=1):
        stop_if(cancel)
        place = slugs.index(candidate.id.label_set)
        title = review.label_sets[place].title
        progress(done, total, title)
        names = _names_in(review, item.case, candidate.id.label_set)
        path = review.mask_path(candidate)
        seen = inspect_file(path, classes=names.get(candidate.source.path), cancel=cancel)
        fits = _fitting(image.stored, path, seen.stored) if image.stored and seen.stored else None
        files.append(InspectedFile(title, place, seen, candidate.source.values, fits))
    progress(total, total, "")
    return tuple(files)


def _names_in(review: OpenReview, case: CaseId, label_set: str) -> dict[str, dict[int, str]]:
    """Return which value means which structure in each file of a label set, as the review has it."""
    names: dict[str, dict[int, str]] = {}
    for candidate in index.candidates_of(review.database, case):
        if candidate.id.label_set == label_set and candidate.source.values:
            known = names.setdefault(candidate.source.path, {})
            known |= dict.fromkeys(candidate.source.values, candidate.id.structure)
    return names
