"""Say of each multi-label map which number means what in it, as far as anything says so. Layer: formats."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.formats.layouts_cases import CaseIndex
from labelcritic_gui.formats.layouts_folders import Listing
from labelcritic_gui.formats.layouts_tables import Dataset
from labelcritic_gui.formats.layouts_words import Guess, Hints, LabelFile, bare_name

COMBINED = "combined_labels"
COMBINED_SCHEME = "abdomenatlas_1_1"
"""AbdomenAtlas 1.1 numbers the nine structures of 1.0 as 1.0 does, so that its table serves both."""
LABEL_FOLDER = re.compile(r"labels(Tr|Ts|Va|Val)?")


@dataclass(frozen=True, slots=True)
class LabelLook:
    """What a recogniser looks at: a folder and its entries, the cases, and how many folders in it at `most`."""

    root: Path
    top: Listing
    index: CaseIndex
    hints: Hints
    most: int | None
    images: frozenset[str]
    """The images in this folder, relative to it: never labels."""
    several: list[str]
    """Label sets that were found but cannot be told apart without a name; filled by the recognisers."""


@dataclass(frozen=True, slots=True)
class LabelLayout:
    """A layout that fits a folder; `files` lists its labels relative to `root`."""

    guess: Guess
    files: Callable[[], Iterator[LabelFile]]
    root: Path


class MapNames:
    """Makes label files of multi-label maps; equal tables are one object, of 25,000 files too."""

    def __init__(self, root: Path, hints: Hints, dataset: Dataset | None = None) -> None:
        self._root = root
        self._read = hints.label_names
        self._dataset = dataset
        self._known: dict[frozenset[tuple[int, str]], Mapping[int, str]] = {}
        table = hints.table
        self._scheme = table.scheme(COMBINED_SCHEME) if table and table.scheme_of(COMBINED_SCHEME) else None

    def file(self, case: CaseId, path: str, names: Mapping[int, str] | None = None) -> LabelFile:
        """Return the label file of a map, with the names given, the dataset's, its own, or AbdomenAtlas's."""
        if names is not None:
            return LabelFile(case, None, path, names)
        if self._dataset and (self._dataset.names or self._dataset.regions):
            return LabelFile(case, None, path, self._dataset.names, self._dataset.regions or None)
        own = self._own(path)
        if own is None and bare_name(path.rsplit("/", 1)[-1]).lower() == COMBINED:
            own = self._scheme
        return LabelFile(case, None, path, own)

    def _own(self, path: str) -> Mapping[int, str] | None:
        if self._read is None:
            return None
        try:
            found = self._read(self._root / path)
        except UserError:
            return None  # a damaged file is refused by its own sentence when it is read
        return self._known.setdefault(frozenset(found.items()), found) if found else None
