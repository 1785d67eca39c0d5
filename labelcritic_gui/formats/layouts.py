"""Recognise how images and labels lie on disk and list them, with the reason for the guess. Layer: formats.

This is the door; nothing is opened but folders, small tables (dataset.json, a look-up table, a manifest), and what the
caller hands in to read the names a label file carries.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.formats.layouts_cases import CaseIndex
from labelcritic_gui.formats.layouts_folders import require_folder, what_is_in
from labelcritic_gui.formats.layouts_images import image_layouts
from labelcritic_gui.formats.layouts_labels import label_layouts
from labelcritic_gui.formats.layouts_manifest import Manifest, is_manifest
from labelcritic_gui.formats.layouts_maps import MapNames
from labelcritic_gui.formats.layouts_pattern import is_pattern, match_pattern
from labelcritic_gui.formats.layouts_words import (
    Guess,
    Hints,
    ImageFile,
    Images,
    ImageScan,
    LabelFile,
    LabelNames,
    Labels,
    LabelScan,
    SeriesOf,
    bare_name,
)

__all__ = [
    "CaseId",
    "Guess",
    "ImageFile",
    "ImageScan",
    "Images",
    "LabelFile",
    "LabelScan",
    "Labels",
    "bare_name",
    "find_images",
    "find_labels",
    "scan_images",
    "scan_labels",
]

LOOKED_INTO = 24
"""So many folders decide on the layout; only when they say nothing are all looked into."""


def find_images(path: Path, *, table: StructureTable | None = None, series_of: SeriesOf | None = None) -> Images:
    """List the cases of a folder, a pattern with {case}, a manifest, or a single file.

    With `table`, labels among images are known by their names; `series_of` returns the UIDs of the CT series in a
    DICOM folder, so that each becomes a case. Raises ReviewError when there is no image or a case has two, and
    UnreadableFileError when a folder cannot be read.
    """
    scan = scan_images(path, table=table, series_of=series_of)
    files = tuple(scan.files)
    return Images(scan.root, files, scan.guess.layout, scan.guess.reason, scan.guess.score, scan.alternatives)


def scan_images(path: Path, *, table: StructureTable | None = None, series_of: SeriesOf | None = None) -> ImageScan:
    """Recognise the layout as `find_images` does, and list the images while they are iterated.

    Raises as `find_images`; twins are met only while iterating.
    """
    if is_pattern(path):
        root, matched = match_pattern(path)
        guess = Guess(f"pattern {path.name}", "The pattern was given.", 1.0)
        return ImageScan(root, guess, _without_twins(root, (ImageFile(CaseId(case), f) for case, _, f in matched)))
    if is_manifest(path):
        guess = Guess("a manifest", f"{path.name} is a table of cases and their images.", 1.0)
        return _some_images(path, ImageScan(path.parent, guess, Manifest(path).images()), "its column image is empty")
    if path.is_file():
        guess = Guess("a single image", "One file was named.", 1.0)
        return ImageScan(path.parent, guess, iter([ImageFile(CaseId(bare_name(path.name)), path.name)]))
    if _names_series(path):
        folder = path.name.split("#", 1)[0]
        guess = Guess("a DICOM series", "One series of a folder was named.", 1.0)
        return ImageScan(path.parent, guess, iter([ImageFile(CaseId(folder), path.name)]))
    require_folder(path, "images")
    hints = Hints(table, series_of=series_of)
    found = image_layouts(path, hints, LOOKED_INTO) or image_layouts(path, hints, None)
    if not found:
        raise ReviewError(
            f"No image was found in {path}: looked for CASE/ct.nii.gz, *.nii.gz and other volumes, imagesTr, "
            f"sub-*/*_ct.nii.gz, and folders of DICOM files; {what_is_in(path)}.",
            "Name the folder of the images, a pattern such as 'DIR/{case}/image.nii.gz', or a manifest.csv.",
        )
    best = found[0]
    others = tuple(one.guess for one in found[1:])
    return ImageScan(best.root, best.guess, _without_twins(best.root, best.files()), others)


def find_labels(
    path: Path,
    cases: Sequence[CaseId],
    *,
    label_set: str = "",
    table: StructureTable | None = None,
    label_names: LabelNames | None = None,
    images: Images | None = None,
) -> Labels:
    """List the label files of the given cases under a folder, a pattern, in a manifest, or in a single file.

    `label_set` chooses among several in one place (rows of a manifest, sub-folders of each case, sibling folders);
    `table` says which names are structures; `label_names` reads the names that a multi-label file carries; `images`
    are never taken for labels. Raises ReviewError when there is none, or several and none is named, and
    UnreadableFileError when a folder or table cannot be read.
    """
    scan = scan_labels(path, cases, label_set=label_set, table=table, label_names=label_names, images=images)
    files = tuple(scan.files)
    return Labels(scan.root, files, scan.guess.layout, scan.guess.reason, scan.guess.score, scan.alternatives)


def scan_labels(
    path: Path,
    cases: Sequence[CaseId],
    *,
    label_set: str = "",
    table: StructureTable | None = None,
    label_names: LabelNames | None = None,
    images: Images | None = None,
) -> LabelScan:
    """Recognise the layout as `find_labels` does, and list the label files while they are iterated. Raises alike."""
    hints = Hints(table, label_set, label_names, images=images)
    if is_pattern(path):
        return _labels_of_pattern(path, cases, hints)
    if is_manifest(path):
        guess = Guess("a manifest", f"{path.name} is a table of cases and their labels.", 1.0)
        rows = Manifest(path).labels(label_set, CaseIndex(cases))
        return _some_labels(path, cases, LabelScan(path.parent, guess, rows), looked="rows of these cases")
    if path.is_file():
        if len(cases) != 1:
            raise ReviewError(
                f"{path} is one label file, but there are {len(cases)} images.",
                "Name a folder, or a pattern with {case}.",
            )
        guess = Guess("a single multi-label file", "One file was named.", 1.0)
        return LabelScan(path.parent, guess, iter([MapNames(path.parent, hints).file(cases[0], path.name)]))
    require_folder(path, "labels")
    index = CaseIndex(cases)
    found = label_layouts(path, index, hints, LOOKED_INTO) or label_layouts(path, index, hints, None)
    others = tuple(one.guess for one in found[1:])
    if not found:
        raise _no_labels(path, cases, looked="")
    return _some_labels(path, cases, LabelScan(found[0].root, found[0].guess, found[0].files(), others), looked="")


def _names_series(path: Path) -> bool:
    """Say whether a path is FOLDER#SERIES_UID."""
    return "#" in path.name and not path.exists() and path.with_name(path.name.split("#", 1)[0] or "#").is_dir()


def _without_twins(root: Path, files: Iterable[ImageFile]) -> Iterator[ImageFile]:
    seen: dict[CaseId, str] = {}
    for file in files:
        if file.case in seen:
            raise ReviewError(
                f"Two images of one case, {file.case}: {root / seen[file.case]} and {root / file.path}.",
                "Keep one of them, or name it by a pattern.",
            )
        seen[file.case] = file.path
        yield file


def _some_images(path: Path, scan: ImageScan, why: str) -> ImageScan:
    first = next(scan.files, None)
    if first is None:
        raise ReviewError(f"No image was found in {path}: {why}.", "Check it.")
    return ImageScan(scan.root, scan.guess, chain([first], scan.files), scan.alternatives)


def _some_labels(path: Path, cases: Sequence[CaseId], scan: LabelScan, *, looked: str) -> LabelScan:
    first = next(scan.files, None)
    if first is None:
        raise _no_labels(path, cases, looked=looked)
    return LabelScan(scan.root, scan.guess, chain([first], scan.files), scan.alternatives)


def _no_labels(path: Path, cases: Sequence[CaseId], *, looked: str) -> ReviewError:
    case = cases[0] if cases else "CASE"
    what = looked or (
        f"{case}/segmentations/STRUCTURE.nii.gz, {case}/STRUCTURE.nii.gz, {case}.nii.gz, {case}_STRUCTURE.nii.gz, "
        f"STRUCTURE/{case}.nii.gz, labelsTr, sub-*/*_dseg.nii.gz"
    )
    held = f"; {what_is_in(path)}" if path.is_dir() else ""
    return ReviewError(
        f"No label was found in {path} for {len(cases):,} case(s) such as {case}: looked for {what}{held}.",
        "Name the folder of the labels, a pattern such as 'DIR/{case}/{structure}.nii.gz', or a manifest.csv.",
    )


def _labels_of_pattern(path: Path, cases: Sequence[CaseId], hints: Hints) -> LabelScan:
    if "{case}" not in str(path) and len(cases) != 1:
        raise ReviewError(f"The pattern {path} has no {{case}}, but there are {len(cases)} images.", "Add {case}.")
    root, matched = match_pattern(path)
    index = CaseIndex(cases)
    maps = MapNames(root, hints)
    chosen = [
        (found, structure, file)
        for case, structure, file in matched
        if (found := index.of(case) if case else cases[0]) is not None
    ]
    if not chosen:
        raise ReviewError(
            f"The pattern {path} matches {len(matched)} file(s), none of a case of this review (such as {cases[0]}).",
            "Check how the cases are named.",
        )
    files = (
        LabelFile(case, structure, file) if structure else maps.file(case, file) for case, structure, file in chosen
    )
    return LabelScan(root, Guess(f"pattern {path.name}", "The pattern was given.", 1.0), files)
