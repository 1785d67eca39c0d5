"""Recognise how labels lie in a folder, for the cases at hand: how well each layout fits, and why. Layer: formats."""

from collections.abc import Iterator
from pathlib import Path

from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.structures import normal_name
from labelcritic_gui.formats.layouts_bids import bids_labels
from labelcritic_gui.formats.layouts_case_labels import case_folder_labels, one_case_labels
from labelcritic_gui.formats.layouts_cases import CaseIndex
from labelcritic_gui.formats.layouts_folders import listing, segmentations
from labelcritic_gui.formats.layouts_maps import LABEL_FOLDER, LabelLayout, LabelLook, MapNames
from labelcritic_gui.formats.layouts_tables import find_dataset
from labelcritic_gui.formats.layouts_words import Guess, Hints, Images, LabelFile, bare_name, sample

MOST_SETS = 12


def label_layouts(root: Path, index: CaseIndex, hints: Hints, most: int | None) -> list[LabelLayout]:
    """Return the layouts that fit, the best first, looking into `most` folders at most (None: all).

    Raises ReviewError when the folder holds several label sets and nobody said which is meant.
    """
    look = _look(root, index, hints, most)
    named = [n for n in look.top.folders if _is_named(look, n)]
    if named:
        below = _fitting(_look(root / named[0], index, hints, most))
        if below:
            return [_within(one, named[0], "is named as the label set") for one in below]
    found = _fitting(look) or one_case_labels(look)
    if not found:
        found = _only_set(look)
    return sorted(found, key=lambda one: -one.guess.score)


def _look(root: Path, index: CaseIndex, hints: Hints, most: int | None) -> LabelLook:
    return LabelLook(root, listing(root), index, hints, most, _images_in(root, hints.images), [])


def _images_in(root: Path, images: Images | None) -> frozenset[str]:
    """Return the images that lie in a folder, relative to it."""
    if images is None:
        return frozenset()
    here, there = root.resolve(), images.root.resolve()
    if here == there:
        return frozenset(image.path for image in images.files)
    if there.is_relative_to(here):
        prefix = there.relative_to(here).as_posix()
        return frozenset(f"{prefix}/{image.path}" for image in images.files)
    if here.is_relative_to(there):
        prefix = f"{here.relative_to(there).as_posix()}/"
        return frozenset(i.path.removeprefix(prefix) for i in images.files if i.path.startswith(prefix))
    return frozenset()


def _is_named(look: LabelLook, folder: str) -> bool:
    """Say whether a folder is named as the label set, and is neither a case nor a structure."""
    asked = look.hints.label_set
    if not asked or normal_name(folder) != normal_name(asked) or look.index.of(folder) is not None:
        return False
    return look.hints.table is None or not look.hints.table.knows(folder)


def _within(one: LabelLayout, folder: str, why: str) -> LabelLayout:
    guess = one.guess
    return LabelLayout(
        Guess(guess.layout, f"The folder {folder} {why}: {guess.reason}", guess.score), one.files, one.root
    )


def _fitting(look: LabelLook) -> list[LabelLayout]:
    recognisers = (_dataset, bids_labels, case_folder_labels, _flat, _structure_folders)
    found = [one for recognise in recognisers for one in recognise(look)]
    return sorted(found, key=lambda one: -one.guess.score)


def _only_set(look: LabelLook) -> list[LabelLayout]:
    """Return the layouts of the only folder below that fits; raises ReviewError when several do."""
    folders = [name for name in look.top.folders if look.index.of(name) is None]
    fitting = {}
    for name in folders if len(folders) <= MOST_SETS else ():
        below = _fitting(_look(look.root / name, look.index, look.hints, look.most))
        if below:
            fitting[name] = below
    several = look.several or (list(fitting) if len(fitting) > 1 else [])
    if several:
        example = several[0].removeprefix("CASE/").rsplit("/", 1)[-1]
        raise ReviewError(
            f"{look.root} holds several label sets: {', '.join(several)}.",
            f"Say which is meant by its name (--labels {example}={look.root}), once for each.",
        )
    return [_within(one, name, "is the only one with labels") for name, below in fitting.items() for one in below]


def _dataset(look: LabelLook) -> list[LabelLayout]:
    folders = [name for name in look.top.folders if LABEL_FOLDER.fullmatch(name)]
    held = {name: listing(look.root / name).volumes for name in folders}
    hits = [name for name in folders if any(look.index.of_map(bare_name(file)) for file in held[name])]
    if not hits:
        return []
    dataset = find_dataset(look.root)

    def files() -> Iterator[LabelFile]:
        maps = MapNames(look.root, look.hints, dataset)
        for name in hits:
            yield from _maps_in(look, held[name], maps, prefix=f"{name}/")

    kind = "a Decathlon dataset" if dataset and dataset.decathlon else "an nnU-Net dataset" if dataset else "maps"
    said = ", and dataset.json says what the numbers mean" if dataset else ""
    reason = f"{' and '.join(hits)} {'hold' if len(hits) > 1 else 'holds'} maps named as the case{said}."
    return [LabelLayout(Guess(f"{kind} ({hits[0]}/CASE)", reason[0].upper() + reason[1:], 1.0), files, look.root)]


def _maps_in(look: LabelLook, names: list[str], maps: MapNames, *, prefix: str) -> Iterator[LabelFile]:
    for name in names:
        case = look.index.of_map(bare_name(name))
        if case is not None and f"{prefix}{name}" not in look.images:
            yield maps.file(case, f"{prefix}{name}")


def _flat(look: LabelLook) -> list[LabelLayout]:
    volumes = [name for name in look.top.volumes if name not in look.images]
    if look.top.dicom:
        volumes += segmentations(look.root, look.top)
    whole = [name for name in volumes if look.index.of_map(bare_name(name)) is not None]
    rest = [name for name in volumes if look.index.of_map(bare_name(name)) is None]
    parts = [(name, found) for name in rest if (found := look.index.split(bare_name(name)))]
    if parts and not any(look.hints.knows(structure) for _, (_, structure) in parts):
        parts = []
    if not whole and not parts:
        return []
    dataset = find_dataset(look.root, look.root.parent) if whole else None

    def files() -> Iterator[LabelFile]:
        yield from _maps_in(look, whole, MapNames(look.root, look.hints, dataset), prefix="")
        for name, (case, structure) in parts:
            yield LabelFile(case, structure, name)

    share = (len(whole) + len(parts)) / len(volumes)
    if len(parts) > len(whole):
        reason = f"{len(parts):,} of {len(volumes):,} files are named as a case, followed by a structure."
        return [LabelLayout(Guess("a flat folder (CASE_STRUCTURE)", reason, 0.7 + 0.2 * share), files, look.root)]
    reason = f"{len(whole):,} of {len(volumes):,} files are named as a case"
    reason += f", and {dataset.path} says what the numbers mean." if dataset else "."
    layout = "nnU-Net predictions (CASE, dataset.json)" if dataset else "multi-label maps named as the case"
    return [LabelLayout(Guess(layout, reason, 0.7 + 0.2 * share), files, look.root)]


def _structure_folders(look: LabelLook) -> list[LabelLayout]:
    folders = [n for n in look.top.folders if look.index.of(n) is None and not LABEL_FOLDER.fullmatch(n)]
    hits = [n for n in sample(folders, look.most) if any(True for _ in _of_structure(look, n))]
    known = [name for name in hits if look.hints.knows(name)]
    if not known:
        return []

    def files() -> Iterator[LabelFile]:
        for name in folders:
            yield from _of_structure(look, name)

    reason = f"{len(known):,} folders are named as a structure ({known[0]}) and hold files named as a case."
    return [LabelLayout(Guess("a folder per structure (STRUCTURE/CASE)", reason, 0.8), files, look.root)]


def _of_structure(look: LabelLook, folder: str) -> Iterator[LabelFile]:
    for name in listing(look.root / folder).volumes:
        case = look.index.of_map(bare_name(name))
        if case is not None and f"{folder}/{name}" not in look.images:
            yield LabelFile(case, folder, f"{folder}/{name}")
