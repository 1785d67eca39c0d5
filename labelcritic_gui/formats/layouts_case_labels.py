"""Recognise labels in a folder per case: masks, multi-label maps, several label sets a case. Layer: formats."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.structures import normal_name
from labelcritic_gui.formats.layouts_folders import Listing, listing, listing_if_there, segmentations
from labelcritic_gui.formats.layouts_maps import COMBINED, LabelLayout, LabelLook, MapNames
from labelcritic_gui.formats.layouts_words import MAP_NAMES, MASK_FOLDERS, Guess, LabelFile, means, sample

AS_CASE = "CASE"
DICOM = "*.dcm"
OF_ABDOMENATLAS = ("segmentations", "predictions")
OF_TOTALSEGMENTATOR = frozenset(
    {"gallbladder", "inferior_vena_cava", "vertebrae_L1", "autochthon_left", "urinary_bladder"}
)
"""Names that TotalSegmentator gives and AbdomenAtlas does not."""


class _Place(NamedTuple):
    """Where labels lie in a case's folder: `sub` below it ("": in it), and the map's name (None: masks)."""

    sub: str
    map: str | None

    @property
    def shown(self) -> str:
        """What the files are called, for a person."""
        last = "STRUCTURE" if self.map is None else self.map
        return "/".join(part for part in ("CASE", self.sub, last) if part)

    @property
    def rank(self) -> tuple[int, int]:
        """The order of choice when several places hold labels: mask folders, masks, maps."""
        first = self.sub.rsplit("/", 1)[-1].lower()
        folder = MASK_FOLDERS.index(first) if first in MASK_FOLDERS else len(MASK_FOLDERS)
        kind = 0 if self.map is None else 1 + (MAP_NAMES.index(self.map) if self.map in MAP_NAMES else len(MAP_NAMES))
        return (kind, folder)

    @property
    def set(self) -> str:
        """The label set within the case, or "" when the labels are the case's own."""
        first = self.sub.split("/", 1)[0]
        return "" if not first or first.lower() in MASK_FOLDERS else first


def case_folder_labels(look: LabelLook) -> list[LabelLayout]:
    """Return the layouts with a folder per case that fit, one for each place that holds labels."""
    return _layouts(look, list(look.index.folders(look.top.folders)))


def one_case_labels(look: LabelLook) -> list[LabelLayout]:
    """Return the layouts that fit when the folder itself is the only case's."""
    return _layouts(look, [(look.index.cases[0], "")]) if len(look.index) == 1 else []


def _layouts(look: LabelLook, folders: list[tuple[CaseId, str]]) -> list[LabelLayout]:
    looked = sample(folders, look.most)
    counts: Counter[_Place] = Counter()
    names: set[str] = set()
    for _, path in looked:
        places = _places(look, path)
        counts.update(places.keys())
        names.update(name for found in places.values() for name in found)
    asked = normal_name(look.hints.label_set)
    named = {p for p in counts if asked and asked in {normal_name(part) for part in p.sub.split("/")}}
    own = {p for p in counts if not p.set}
    sets = sorted({p.set for p in counts if p.set})
    if not named and not own and len(sets) > 1:
        look.several.extend(f"CASE/{name}" for name in sets)
        return []
    made = []
    for place, hits in counts.items():
        if place not in named and place not in own and (own or named):
            score = 0.3
        else:
            score = (0.99 if place in named else 0.9) * (0.9 + 0.1 * hits / len(looked))
        score -= 0.01 * place.rank[0] + 0.002 * place.rank[1]
        made.append(_layout(look, folders, place, hits=hits, looked=len(looked), score=score, names=names))
    return made


def _layout(
    look: LabelLook,
    folders: list[tuple[CaseId, str]],
    place: _Place,
    *,
    hits: int,
    looked: int,
    score: float,
    names: set[str],
) -> LabelLayout:
    total = place.map is None and not OF_TOTALSEGMENTATOR.isdisjoint(names)
    atlas = place.map == COMBINED or (place.map is None and place.sub in OF_ABDOMENATLAS)
    kind = "TotalSegmentator" if total else "AbdomenAtlas" if atlas else "a folder per case"
    suffix = "" if place.map == DICOM else ".nii.gz"
    if folders == [(look.index.cases[0], "")]:
        reason = f"The folder is that of the only case, and holds {place.shown.removeprefix('CASE/')}{suffix}."
    else:
        reason = f"{hits:,} of {looked:,} case folders looked into hold {place.shown.removeprefix('CASE/')}{suffix}."

    def files() -> Iterator[LabelFile]:
        maps = MapNames(look.root, look.hints)
        for case, path in folders:
            yield from _files(look, maps, case, path=path, place=place)

    return LabelLayout(Guess(f"{kind} ({place.shown}{suffix})", reason, round(score, 3)), files, look.root)


def _files(look: LabelLook, maps: MapNames, case: CaseId, *, path: str, place: _Place) -> Iterator[LabelFile]:
    folder = _joined(path, place.sub)
    found = listing_if_there(f"{look.root}/{folder}")
    if found is None:
        return
    last = path.rsplit("/", 1)[-1]
    if place.map == DICOM:
        for name in segmentations(look.root / folder, found):
            yield maps.file(case, _joined(folder, name))
        return
    own = place.sub.rsplit("/", 1)[-1].lower() in MASK_FOLDERS
    for name in found.volumes:
        bare, is_image, is_map = means(name)
        file = f"{folder}/{name}" if folder else name
        if is_image or (look.images and file in look.images):
            continue
        if place.map is None:
            if own or not (is_map or bare == last):
                yield LabelFile(case, bare, file)
        elif (bare == last) if place.map == AS_CASE else (normal_name(bare) == place.map):
            yield maps.file(case, file)


def _places(look: LabelLook, path: str) -> dict[_Place, list[str]]:
    """Return where labels lie in a case's folder, with the bare names found there, down to SET/segmentations."""
    at = look.root / path
    found = listing_if_there(at)
    if found is None:
        return {}
    last = path.rsplit("/", 1)[-1]
    places = _places_in(look, at, found, path=path, sub="", last=last)
    for name in found.folders:
        inner = listing(at / name)
        places |= _places_in(look, at / name, inner, path=path, sub=name, last=last)
        if name.lower() in MASK_FOLDERS:
            continue
        for below in inner.folders:
            if below.lower() in MASK_FOLDERS:
                deep = listing(at / name / below)
                places |= _places_in(look, at, deep, path=path, sub=f"{name}/{below}", last=last)
    return places


def _places_in(look: LabelLook, at: Path, found: Listing, *, path: str, sub: str, last: str) -> dict[_Place, list[str]]:
    places: dict[_Place, list[str]] = {}
    masks: list[str] = []
    own = sub.rsplit("/", 1)[-1].lower() in MASK_FOLDERS
    for name in found.volumes:
        bare, is_image, is_map = means(name)
        if is_image or _joined(_joined(path, sub), name) in look.images:
            continue
        if own or not (is_map or bare == last):
            masks.append(bare)
        else:
            places[_Place(sub, AS_CASE if bare == last and not is_map else normal_name(bare))] = []
    sure = sub.rsplit("/", 1)[-1].lower() in OF_ABDOMENATLAS
    if masks and (sure or any(look.hints.knows(bare) for bare in masks)):
        places[_Place(sub, None)] = masks
    if found.dicom and segmentations(at, found):
        places[_Place(sub, DICOM)] = []
    return places


def _joined(*parts: str) -> str:
    return "/".join(part for part in parts if part)
