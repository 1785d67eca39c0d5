"""Recognise BIDS derivatives: discrete segmentations with look-up tables, and masks named by label. Layer: formats."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.structures import normal_name
from labelcritic_gui.formats.layouts_cases import CaseIndex
from labelcritic_gui.formats.layouts_folders import listing
from labelcritic_gui.formats.layouts_maps import LabelLayout, LabelLook, MapNames
from labelcritic_gui.formats.layouts_tables import read_lookup
from labelcritic_gui.formats.layouts_words import Guess, LabelFile, bare_name, sample

DERIVATIVES = "derivatives"
SUBJECT = re.compile(r"sub-[A-Za-z0-9]+")
PLACE = re.compile(r"(sub-[A-Za-z0-9]+)(?:[_/](ses-[A-Za-z0-9]+))?")
OF_LABELS = frozenset({"space", "res", "den", "desc", "label", "seg", "hemi", "atlas", "model"})
"""Entities that a derivative adds to the name of its image."""
DEEPEST = 3


class _Name(NamedTuple):
    entities: dict[str, str]
    suffix: str


def bids_labels(look: LabelLook) -> list[LabelLayout]:
    """Return the derivatives in a folder of subjects, or the one (or the named one) below `derivatives`."""
    for root, why in _pipelines(look):
        subjects = [name for name in listing(root).folders if SUBJECT.fullmatch(name)]
        finder = _Finder(root, look)
        if any(True for name in sample(subjects, look.most) for _ in finder.below(name, 1)):
            reason = (
                f"{why} {len(subjects):,} folders named sub-LABEL with files named ..._dseg or ..._label-NAME_mask."
            )
            guess = Guess("BIDS derivatives (sub-LABEL/.../..._dseg, ..._mask)", reason, 0.97)
            return [LabelLayout(guess, partial(_all, subjects, finder), root)]
    return []


def _all(subjects: list[str], finder: "_Finder") -> Iterator[LabelFile]:
    for name in subjects:
        yield from finder.below(name, 1)


def _pipelines(look: LabelLook) -> Iterator[tuple[Path, str]]:
    """Yield the folders that may hold the derivatives asked for, the surest first, with a word on each."""
    for at in (look.root / DERIVATIVES, look.root):
        if at != look.root and DERIVATIVES not in look.top.folders:
            continue
        if at == look.root and at.name != DERIVATIVES:
            yield at, "There are"
            continue
        names = [n for n in listing(at).folders if any(map(SUBJECT.fullmatch, listing(at / n).folders))]
        asked = [n for n in names if normal_name(n) == normal_name(look.hints.label_set)]
        if asked or len(names) == 1:
            chosen = (asked or names)[0]
            yield at / chosen, f"{DERIVATIVES}/{chosen} holds"
        look.several.extend(f"{at.name}/{n}" if at != look.root else n for n in names if not asked and len(names) > 1)


class _Finder:
    """Lists the labels of a subject, each with its case and its names."""

    def __init__(self, root: Path, look: LabelLook) -> None:
        self._root = root
        self._index = look.index
        self._maps = MapNames(root, look.hints)
        self._places = _by_place(look.index)
        self._tables: dict[Path, Mapping[int, str]] = {}
        self._beside: dict[str, list[str]] = {}

    def below(self, path: str, depth: int) -> Iterator[LabelFile]:
        found = listing(self._root / path)
        self._beside[path] = [name for name in found.others if name.endswith("dseg.tsv")]
        for name in found.volumes:
            parsed = _parse(bare_name(name))
            case = self._case(parsed)
            if case is None:
                continue
            if parsed.suffix == "mask" and "label" in parsed.entities:
                yield LabelFile(case, parsed.entities["label"], f"{path}/{name}")
            elif parsed.suffix == "dseg":
                yield self._maps.file(case, f"{path}/{name}", self._table(path, parsed))
        if depth < DEEPEST:
            for name in found.folders:
                yield from self.below(f"{path}/{name}", depth + 1)

    def _case(self, name: _Name) -> CaseId | None:
        kept = "_".join(f"{key}-{value}" for key, value in name.entities.items() if key not in OF_LABELS)
        case = self._index.of(kept) or self._index.of(f"{kept}_ct")
        if case is None and "sub" in name.entities:
            case = self._places.get((f"sub-{name.entities['sub']}", f"ses-{name.entities.get('ses', '')}"))
        return case

    def _table(self, folder: str, name: _Name) -> Mapping[int, str] | None:
        """Return the look-up table of the nearest folder upwards whose name claims nothing that the map lacks."""
        while True:
            if folder not in self._beside:
                others = listing(self._root / folder).others
                self._beside[folder] = [n for n in others if n.endswith("dseg.tsv")]
            fitting = [
                n for n in self._beside[folder] if _parse(n[: -len(".tsv")]).entities.items() <= name.entities.items()
            ]
            if fitting:
                file = self._root / folder / max(fitting, key=lambda n: n.count("-"))
                if file not in self._tables:
                    self._tables[file] = read_lookup(file)
                return self._tables[file]
            if not folder:
                return None
            folder = folder.rpartition("/")[0]


def _parse(stem: str) -> _Name:
    parts = stem.split("_")
    return _Name(dict(p.split("-", 1) for p in parts[:-1] if "-" in p), parts[-1])


def _by_place(index: CaseIndex) -> dict[tuple[str, str], CaseId]:
    """Return (subject, session) -> the one case that is of it; none where there are several."""
    found: dict[tuple[str, str], list[CaseId]] = {}
    for case in index.cases:
        match = PLACE.search(case)
        if match:
            found.setdefault((match[1], match[2] or "ses-"), []).append(case)
    return {place: cases[0] for place, cases in found.items() if len(cases) == 1}
