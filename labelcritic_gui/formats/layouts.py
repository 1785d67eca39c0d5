"""Recognise how images and labels lie on disk and list them; nothing is opened but folders. Layer: formats.

Recognised now: the AbdomenAtlas layout (`CASE/ct.nii.gz`, `CASE/segmentations/STRUCTURE.nii.gz`), flat folders of
images or of multi-label maps named as the case, patterns with `{case}` and `{structure}`, and single files.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.errors import ReviewError, UnreadableFileError

SUFFIXES = (".nii.gz", ".nii")
CT_NAME = "ct"
MASK_FOLDER = "segmentations"
LISTED = 6


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A case and its image, `path` relative to the layout's root."""

    case: CaseId
    path: str


@dataclass(frozen=True, slots=True)
class Images:
    """What an --images PATH turned out to be."""

    root: Path
    files: tuple[ImageFile, ...]
    layout: str


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A label file of a case; `structure` is the name as found, or None for a multi-label map."""

    case: CaseId
    structure: str | None
    path: str


@dataclass(frozen=True, slots=True)
class Labels:
    """What a --labels PATH turned out to be; `path`s are relative to `root`."""

    root: Path
    files: tuple[LabelFile, ...]
    layout: str


def bare_name(name: str) -> str:
    """Return a file name without its NIfTI suffix."""
    lower = name.lower()
    for suffix in SUFFIXES:
        if lower.endswith(suffix):
            return name[: -len(suffix)]
    return name


def find_images(path: Path) -> Images:
    """List the cases of a folder, a pattern with {case}, or a single file; raises when there is none."""
    if "{case}" in str(path):
        root, found = _match_pattern(path)
        files = tuple(ImageFile(CaseId(case), file) for case, _, file in found)
        return Images(root, files, f"pattern {path.name}")
    if path.is_file():
        return Images(path.parent, (ImageFile(CaseId(bare_name(path.name)), path.name),), "a single image")
    _require_folder(path, "images")
    nested = sorted(p for p in path.glob("*/*") if bare_name(p.name) == CT_NAME and p.name.lower().endswith(SUFFIXES))
    if nested:
        _refuse_twins(nested, key=lambda p: p.parent)
        files = tuple(ImageFile(CaseId(p.parent.name), p.relative_to(path).as_posix()) for p in nested)
        return Images(path, files, "AbdomenAtlas (CASE/ct.nii.gz)")
    flat = _nifti_files(path)
    if flat:
        _refuse_twins(flat, key=lambda p: bare_name(p.name))
        return Images(path, tuple(ImageFile(CaseId(bare_name(p.name)), p.name) for p in flat), "a folder of images")
    raise ReviewError(
        f"No image was found in {path}: looked for CASE/ct.nii.gz and *.nii.gz; {_what_is_in(path)}.",
        "Name the folder of the images, or a pattern such as 'DIR/{case}/image.nii.gz'.",
    )


def find_labels(path: Path, cases: Sequence[CaseId]) -> Labels:
    """List the label files of the given cases under a folder, a pattern, or a single file; raises when none."""
    if "{case}" in str(path) or "{structure}" in str(path):
        return _labels_of_pattern(path, cases)
    if path.is_file():
        if len(cases) != 1:
            raise ReviewError(
                f"{path} is one label file, but there are {len(cases)} images.",
                "Name a folder, or a pattern with {case}.",
            )
        return Labels(path.parent, (LabelFile(cases[0], None, path.name),), "a single multi-label file")
    _require_folder(path, "labels")
    nested = [
        LabelFile(case, bare_name(p.name), p.relative_to(path).as_posix())
        for case in cases
        for p in _nifti_files(path / case / MASK_FOLDER)
    ]
    if nested:
        return Labels(path, tuple(nested), "AbdomenAtlas (CASE/segmentations/STRUCTURE.nii.gz)")
    wanted = set(cases)
    flat = [LabelFile(CaseId(bare_name(p.name)), None, p.name) for p in _nifti_files(path)]
    flat = [file for file in flat if file.case in wanted]
    if flat:
        return Labels(path, tuple(flat), "multi-label maps named as the case")
    raise ReviewError(
        f"No label was found in {path} for {len(cases)} case(s) such as {cases[0]}: looked for "
        f"{cases[0]}/{MASK_FOLDER}/STRUCTURE.nii.gz and {cases[0]}.nii.gz; {_what_is_in(path)}.",
        "Name the folder of the labels, or a pattern such as 'DIR/{case}/{structure}.nii.gz'.",
    )


def _labels_of_pattern(path: Path, cases: Sequence[CaseId]) -> Labels:
    if "{case}" not in str(path) and len(cases) != 1:
        raise ReviewError(f"The pattern {path} has no {{case}}, but there are {len(cases)} images.", "Add {case}.")
    root, found = _match_pattern(path)
    wanted = set(cases)
    files = tuple(
        LabelFile(CaseId(case) if case else cases[0], structure or None, file)
        for case, structure, file in found
        if not case or case in wanted
    )
    if not files:
        raise ReviewError(
            f"The pattern {path} matches {len(found)} file(s), none of a case of this review (such as {cases[0]}).",
            "Check how the cases are named.",
        )
    return Labels(root, files, f"pattern {path.name}")


def _match_pattern(path: Path) -> tuple[Path, list[tuple[str, str, str]]]:
    """Return the fixed root of a pattern and every (case, structure, relative path) that matches it."""
    parts = path.parts
    first = next(n for n, part in enumerate(parts) if "{" in part)
    root = Path(*parts[:first]) if first else Path()
    _require_folder(root, "files of the pattern")
    relative = "/".join(parts[first:])
    expression = re.escape(relative).replace(r"\*", "[^/]*")
    for name in ("case", "structure"):
        expression = expression.replace(rf"\{{{name}\}}", f"(?P<{name}>[^/]+?)", 1)
        expression = expression.replace(rf"\{{{name}\}}", f"(?P={name})")
    matcher = re.compile(expression)
    glob = relative.replace("{case}", "*").replace("{structure}", "*")
    found = []
    for file in sorted(root.glob(glob)):
        match = matcher.fullmatch(file.relative_to(root).as_posix())
        if match and file.is_file():
            groups = match.groupdict()
            found.append((groups.get("case", ""), groups.get("structure", ""), file.relative_to(root).as_posix()))
    if not found:
        raise ReviewError(
            f"No file matches the pattern {path}: looked for {glob} under {root}; {_what_is_in(root)}.",
            "Check the pattern.",
        )
    return root, found


def _nifti_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.name.lower().endswith(SUFFIXES) and p.is_file())


def _require_folder(path: Path, what: str) -> None:
    if not path.exists():
        raise UnreadableFileError(f"There is no folder {path} for the {what}.", "Check the path.")
    if not path.is_dir():
        raise UnreadableFileError(f"{path} is a file where a folder of {what} was expected.", "Check the path.")


def _refuse_twins(files: Iterable[Path], *, key: Callable[[Path], Hashable]) -> None:
    seen: dict[Hashable, Path] = {}
    for file in files:
        name = key(file)
        if name in seen:
            raise ReviewError(
                f"Two images of one case: {seen[name]} and {file}.", "Keep one of them, or name it by a pattern."
            )
        seen[name] = file


def _what_is_in(folder: Path) -> str:
    """Say in a few words what a folder holds, for errors."""
    names = sorted(p.name + ("/" if p.is_dir() else "") for p in folder.iterdir())
    if not names:
        return "the folder is empty"
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"it holds {', '.join(names[:LISTED])}{more}"
