"""What recognised layouts are made of, and how file names are read. Layer: formats."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.structures import StructureTable, normal_name

SUFFIXES = (".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".nhdr", ".mha", ".mhd", ".hdr", ".img")
DICOM_SUFFIXES = (".dcm", ".ima", ".dicom")
SEGMENTATION_SUFFIX = ".seg.nrrd"
CT_NAME = "ct"
IMAGE_NAMES = (CT_NAME, "image", "imaging", "img", "volume", "scan", "ct_image", "ct_scan")
"""File names that mean the image of the case whose folder they are in, the surest first."""
MAP_NAMES = ("combined_labels", "segmentation", "segmentations", "seg", "labelmap", "label_map", "labels", "label")
"""File names that mean a multi-label map of the case whose folder they are in, the surest first."""
MASK_FOLDERS = ("segmentations", "segmentation", "predictions", "masks", "labels")
"""Folders of a case that hold one file per structure, the surest first."""
MAP_WORDS = frozenset({*MAP_NAMES, "pred", "prediction", "mask", "dseg", "gt", "multilabel"})
"""Words around a case's name that make it the name of a multi-label map."""
SEPARATORS = "_-. "
CHANNEL = re.compile(r"(.+)_(\d{4})")

Item = TypeVar("Item")
LabelNames = Callable[[Path], Mapping[int, str]]
"""Reads which number means what from a file itself; {} when it does not say."""
SeriesOf = Callable[[Path], Sequence[str]]
"""Returns the UIDs of the CT series in a DICOM folder."""


class ImageFile(NamedTuple):
    """A case and its image, `path` relative to the layout's root: a file, a DICOM folder, or FOLDER#SERIES_UID."""

    case: CaseId
    path: str


class LabelFile(NamedTuple):
    """A label file of a case; `structure` is the name as found, or None for a multi-label map.

    `names` is the value -> name table that this very file is known to use (None: nobody said), `regions` the names
    that stand for several values (nnU-Net regions), which are not in `names`. `value` is the one label value that
    means `structure` in this file (a manifest may say so); None: every voxel that is not zero.
    """

    case: CaseId
    structure: str | None
    path: str
    names: Mapping[int, str] | None = None
    regions: Mapping[str, tuple[int, ...]] | None = None
    value: int | None = None


@dataclass(frozen=True, slots=True)
class Guess:
    """A layout that fits: its name, one sentence why, and how well (0-1)."""

    layout: str
    reason: str
    score: float


@dataclass(frozen=True, slots=True)
class Images:
    """What an --images PATH turned out to be; `alternatives` fit too, less well."""

    root: Path
    files: tuple[ImageFile, ...]
    layout: str
    reason: str = ""
    score: float = 1.0
    alternatives: tuple[Guess, ...] = ()


@dataclass(frozen=True, slots=True)
class Labels:
    """What a --labels PATH turned out to be; `path`s are relative to `root`, `alternatives` fit too, less well."""

    root: Path
    files: tuple[LabelFile, ...]
    layout: str
    reason: str = ""
    score: float = 1.0
    alternatives: tuple[Guess, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageScan:
    """A recognised image layout whose files are listed while they are iterated (once)."""

    root: Path
    guess: Guess
    files: Iterator[ImageFile]
    alternatives: tuple[Guess, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelScan:
    """A recognised label layout whose files are listed while they are iterated (once)."""

    root: Path
    guess: Guess
    files: Iterator[LabelFile]
    alternatives: tuple[Guess, ...] = ()


@dataclass(frozen=True)
class Hints:
    """What the caller knows besides the path: the structure table, readers of files, the label set's name."""

    table: StructureTable | None = None
    label_set: str = ""
    label_names: LabelNames | None = None
    series_of: SeriesOf | None = None
    images: Images | None = None
    """The images that the labels are for; these files are never labels."""

    def knows(self, name: str) -> bool:
        """Say whether a structure of this name is known; without a table every name may be one."""
        return self.table is None or self.table.knows(name)


def bare_name(name: str) -> str:
    """Return a file name without the suffix of a volume or DICOM file."""
    lower = name.lower()
    for suffix in (*SUFFIXES, *DICOM_SUFFIXES):
        if lower.endswith(suffix):
            return name[: -len(suffix)]
    return name


@lru_cache(maxsize=8192)
def means(name: str) -> tuple[str, bool, bool]:
    """Return a file's bare name, whether it means the image of its folder's case, and whether a multi-label map."""
    bare = bare_name(name)
    folded = normal_name(bare)
    return bare, folded in IMAGE_NAMES, folded in MAP_NAMES


def cuts(stem: str) -> Iterator[tuple[str, str]]:
    """Yield every (before, after) at a separator, the longest `before` first."""
    for n in range(len(stem) - 1, 0, -1):
        if stem[n] in SEPARATORS and n + 1 < len(stem):
            yield stem[:n], stem[n + 1 :]


def without_words(stem: str, words: frozenset[str] | tuple[str, ...]) -> str:
    """Return a name without one leading or trailing word of these; unchanged when there is none."""
    for before, after in cuts(stem):
        if normal_name(after) in words:
            return before
        if normal_name(before) in words:
            return after
    return stem


def sample(items: Sequence[Item], most: int | None) -> Sequence[Item]:
    """Return at most so many items, evenly spread from the first to the last; all with None."""
    if most is None or len(items) <= most:
        return items
    return [items[n * (len(items) - 1) // (most - 1)] for n in range(most)]


def channels(stems: Sequence[str]) -> dict[str, list[str]] | None:
    """Return case -> its channel files (CASE_0000, ...) when all names are of that form, else None.

    Every case must have channel 0000, and the numbers must be few and without gaps: a running number of four digits is
    no channel.
    """
    cases: dict[str, list[str]] = {}
    for stem in stems:
        match = CHANNEL.fullmatch(stem)
        if not match:
            return None
        cases.setdefault(match[1], []).append(match[2])
    for found in cases.values():
        if sorted(set(found)) != [f"{n:04d}" for n in range(len(set(found)))] or len(set(found)) > 8:
            return None
    return cases or None
