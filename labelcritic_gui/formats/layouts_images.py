"""Recognise how images lie in a folder: how well each layout fits, why, and its cases. Layer: formats.

Fitting looks into a few folders only; listing goes through all of them, one scan per folder.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.structures import normal_name
from labelcritic_gui.formats.layouts_folders import Listing, holds_series, listing
from labelcritic_gui.formats.layouts_tables import find_dataset, require_ct
from labelcritic_gui.formats.layouts_words import (
    IMAGE_NAMES,
    MAP_WORDS,
    MASK_FOLDERS,
    SEGMENTATION_SUFFIX,
    Guess,
    Hints,
    ImageFile,
    bare_name,
    channels,
    cuts,
    sample,
)

IMAGE_FOLDER = re.compile(r"images(Tr|Ts|Va|Val)?")
SUBJECT = re.compile(r"sub-[A-Za-z0-9]+")
SESSION = re.compile(r"ses-[A-Za-z0-9]+")
BIDS_CT = re.compile(r"(sub-[A-Za-z0-9]+(?:_[a-z]+-[A-Za-z0-9]+)*)_ct")
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Look:
    """What a recogniser looks at: a folder and its entries, and how many folders in it at `most` (None: all)."""

    root: Path
    top: Listing
    hints: Hints
    most: int | None


@dataclass(frozen=True, slots=True)
class ImageLayout:
    """A layout that fits a folder; `files` lists its images, in the order of their names, relative to `root`."""

    guess: Guess
    files: Callable[[], Iterator[ImageFile]]
    root: Path


def image_layouts(root: Path, hints: Hints, most: int | None) -> list[ImageLayout]:
    """Return the layouts that fit, the best first, looking into `most` folders at most (None: all)."""
    look = Look(root, listing(root), hints, most)
    recognisers = (_dataset, _bids, _one_series, _one_case, _case_folders, _series_folders, _flat, _lone_files)
    found = [one for recognise in recognisers if (one := recognise(look)) is not None]
    return sorted(found, key=lambda one: -one.guess.score)


def _dataset(look: Look) -> ImageLayout | None:
    root, top = look.root, look.top
    folders = [name for name in top.folders if IMAGE_FOLDER.fullmatch(name)]
    held = {name: _volumes(listing(root / name)) for name in folders}
    folders = [name for name in folders if held[name]]
    if not folders:
        return None
    dataset = find_dataset(root)
    require_ct(dataset)
    numbered = any(channels([bare_name(n) for n in held[name]]) for name in folders)
    kind = "an nnU-Net dataset" if numbered or not dataset or not dataset.decathlon else "a Decathlon dataset"
    reason = f"{' and '.join(folders)} {'hold' if len(folders) > 1 else 'holds'} the images"
    reason += " (CASE_0000: channel 0 is taken)" if numbered else ""
    reason += ", and dataset.json stands beside." if dataset else "."

    def files() -> Iterator[ImageFile]:
        for name in folders:
            for image in _flat_images(held[name], look.hints):
                yield ImageFile(image.case, f"{name}/{image.path}")

    return ImageLayout(Guess(f"{kind} ({folders[0]})", reason[0].upper() + reason[1:], 1.0), files, root)


def _bids(look: Look) -> ImageLayout | None:
    root, top = look.root, look.top
    subjects = [name for name in top.folders if SUBJECT.fullmatch(name)]
    if not any(True for name in sample(subjects, look.most) for _ in _bids_subject(root, name)):
        return None

    def files() -> Iterator[ImageFile]:
        for name in subjects:
            yield from _bids_subject(root, name)

    reason = f"{len(subjects):,} folders are named sub-LABEL, and hold files named sub-LABEL_..._ct."
    return ImageLayout(Guess("BIDS (sub-LABEL/.../sub-LABEL_ct)", reason, 0.97), files, root)


def _bids_subject(root: Path, subject: str) -> Iterator[ImageFile]:
    below = listing(root / subject).folders
    sessions = [f"{subject}/{name}" for name in below if SESSION.fullmatch(name)]
    for session in [subject, *sessions]:
        inner = listing(root / session)
        folders = ["", *(f"/{name}" for name in inner.folders if not SESSION.fullmatch(name))]
        for folder in folders:
            for name in listing(root / f"{session}{folder}").volumes:
                match = BIDS_CT.fullmatch(bare_name(name))
                if match:
                    yield ImageFile(CaseId(match[1]), f"{session}{folder}/{name}")


def _one_series(look: Look) -> ImageLayout | None:
    root, top = look.root, look.top
    if not holds_series(root, top):
        return None
    whole = root.resolve()

    def files() -> Iterator[ImageFile]:
        yield from _series(whole, whole.name, whole.name, look.hints)

    reason = "The folder holds DICOM files and no NIfTI file, so it is one case."
    return ImageLayout(Guess("a DICOM series", reason, 0.9), files, whole.parent)


def _series(folder: Path, path: str, case: str, hints: Hints) -> Iterator[ImageFile]:
    uids = hints.series_of(folder) if hints.series_of else ()
    if len(uids) < 2:
        yield ImageFile(CaseId(case), path)
        return
    for uid in uids:
        yield ImageFile(CaseId(f"{case}/{uid}"), f"{path}#{uid}")


def _one_case(look: Look) -> ImageLayout | None:
    root, top = look.root, look.top
    names = _named_images(top, "")
    others = [n for n in top.volumes if n not in names]
    if not names or not (others or any(f.lower() in MASK_FOLDERS for f in top.folders)):
        return None
    rest = [bare_name(n) for n in others]
    if any(normal_name(word) in IMAGE_NAMES for stem in rest for cut in cuts(stem) for word in cut):
        return None
    known = [stem for stem in rest if look.hints.table and look.hints.table.knows(stem)]
    if rest and not known:
        return None

    def files() -> Iterator[ImageFile]:
        for name in names:
            yield ImageFile(CaseId(root.resolve().name), name)

    reason = f"The folder holds {names[0]} beside labels, so it is the folder of one case."
    return ImageLayout(Guess("the folder of one case", reason, 0.92), files, root)


def _case_folders(look: Look) -> ImageLayout | None:
    root, top = look.root, look.top
    looked = sample(_case_candidates(top), look.most)
    hits = [found for name in looked if (found := list(_case_images(root, name, 1)))]
    if not hits:
        return None

    def files() -> Iterator[ImageFile]:
        for name in _case_candidates(top):
            yield from _case_images(root, name, 1)

    example = hits[0][0].path
    fixed = example.rsplit("/", 1)[-1]
    named = fixed if normal_name(bare_name(fixed)) in IMAGE_NAMES else f"CASE{fixed[len(bare_name(fixed)) :]}"
    kind = "AbdomenAtlas" if normal_name(bare_name(fixed)) == IMAGE_NAMES[0] else "a folder per case"
    reason = f"{len(hits):,} of {len(looked):,} folders looked into hold {named}, so each is a case."
    return ImageLayout(
        Guess(f"{kind} (CASE/{named})", reason, round(0.85 + 0.1 * len(hits) / len(looked), 3)), files, root
    )


def _case_candidates(found: Listing) -> list[str]:
    return [name for name in found.folders if name.lower() not in (*MASK_FOLDERS, "derivatives")]


def _case_images(root: Path, path: str, depth: int) -> Iterator[ImageFile]:
    """Yield the image of a case folder (twins: both), or those of the folders below when it is no case."""
    folder = listing(root / path)
    last = path.rsplit("/", 1)[-1]
    names = _named_images(folder, last)
    for name in names:
        yield ImageFile(CaseId(path), f"{path}/{name}")
    if names:
        return
    for inner in folder.folders:
        if inner.lower() in MASK_FOLDERS:
            for name in _named_images(listing(root / path / inner), ""):
                yield ImageFile(CaseId(path), f"{path}/{inner}/{name}")
                names.append(name)
    if not names and depth < DEEPEST - 1:
        for inner in _case_candidates(folder):
            yield from _case_images(root, f"{path}/{inner}", depth + 1)


def _named_images(folder: Listing, case: str) -> list[str]:
    """Return the volumes whose name says that they are the image, of the surest name only."""
    by_name: dict[str, list[str]] = {}
    for name in _volumes(folder):
        by_name.setdefault(normal_name(bare_name(name)), []).append(name)
    for wanted in (*IMAGE_NAMES, normal_name(case)):
        if wanted and wanted in by_name:
            return by_name[wanted]
    return []


def _series_folders(look: Look) -> ImageLayout | None:
    root, top = look.root, look.top
    looked = sample(top.folders, look.most)
    hits = [name for name in looked if any(True for _ in _series_below(root, name, 1, Hints()))]
    if not hits:
        return None

    def files() -> Iterator[ImageFile]:
        for name in top.folders:
            yield from _series_below(root, name, 1, look.hints)

    reason = f"{len(hits):,} of {len(looked):,} folders looked into hold DICOM files and no NIfTI file."
    return ImageLayout(
        Guess("DICOM series (a folder each)", reason, round(0.84 + 0.1 * len(hits) / len(looked), 3)), files, root
    )


def _series_below(root: Path, path: str, depth: int, hints: Hints) -> Iterator[ImageFile]:
    found = listing(root / path)
    if holds_series(root / path, found):
        yield from _series(root / path, path, path, hints)
    elif depth < DEEPEST:
        for name in found.folders:
            yield from _series_below(root, f"{path}/{name}", depth + 1, hints)


def _flat(look: Look) -> ImageLayout | None:
    root, top = look.root, look.top
    images = _flat_images(_volumes(top), look.hints)
    if not images:
        return None
    numbered = channels([bare_name(name) for name in _volumes(top)])
    if numbered:
        require_ct(find_dataset(root, root.parent))
        reason = f"All {len(top.volumes):,} files are named CASE_0000: the channels of nnU-Net, of which 0 is taken."
        return ImageLayout(Guess("nnU-Net images (CASE_0000)", reason, 0.95), lambda: iter(images), root)
    labels = len(_volumes(top)) - len(images)
    many = f"{len(images):,} volumes, each" if len(images) != 1 else "one volume,"
    reason = f"The folder holds {many} a case of its own"
    reason += f"; {labels:,} more are named as labels of them." if labels else "."
    return ImageLayout(Guess("a folder of images", reason, 0.8), lambda: iter(images), root)


def _flat_images(names: list[str], hints: Hints) -> list[ImageFile]:
    """Return the images among the volumes of one folder; labels named after an image or a case are left out."""
    stems = [bare_name(name) for name in names]
    if channels(stems):
        return [ImageFile(CaseId(s[:-5]), n) for s, n in zip(stems, names, strict=True) if s.endswith("_0000")]
    marked = {s: before for s in stems for before, after in cuts(s) if normal_name(after) in IMAGE_NAMES}
    if marked and len(marked) < len(set(stems)):
        heads = set(marked.values())
        rest = [s for s in stems if s not in marked]
        if all(any(before in heads for before, _ in cuts(s)) or s in heads for s in rest):
            return [ImageFile(CaseId(marked[s]), n) for s, n in zip(stems, names, strict=True) if s in marked]
    labels = _labels_among(set(stems), hints)
    return [ImageFile(CaseId(s), n) for s, n in zip(stems, names, strict=True) if s not in labels]


def _labels_among(stems: set[str], hints: Hints) -> set[str]:
    """Return the names made of another file's name and a structure, or a word such as `_seg` or `segmentation-`."""
    labels: set[str] = set()
    numbers = {after for stem in stems for before, after in cuts(stem) if normal_name(before) in IMAGE_NAMES}
    for stem in stems:
        for before, after in cuts(stem):
            known = hints.table is not None and hints.table.knows(after)
            named = before in stems and (known or normal_name(after) in MAP_WORDS)
            if named or (after in numbers and normal_name(before) in MAP_WORDS):
                labels.add(stem)
    return labels


def _lone_files(look: Look) -> ImageLayout | None:
    root, top = look.root, look.top
    looked = sample(_case_candidates(top), look.most)
    counts = [n for name in looked for n in _volumes_below(root, name, 1)]
    if top.volumes or not counts or set(counts) != {1}:
        return None

    def files() -> Iterator[ImageFile]:
        for name in _case_candidates(top):
            yield from _files_below(root, name, 1)

    reason = f"Each of the {len(looked):,} folders looked into that hold volumes holds exactly one."
    return ImageLayout(Guess("a tree with one image a folder", reason, 0.5), files, root)


def _volumes_below(root: Path, path: str, depth: int) -> Iterator[int]:
    found = listing(root / path)
    if _volumes(found):
        yield len(_volumes(found))
    if depth < DEEPEST:
        for name in found.folders:
            yield from _volumes_below(root, f"{path}/{name}", depth + 1)


def _files_below(root: Path, path: str, depth: int) -> Iterator[ImageFile]:
    found = listing(root / path)
    for name in _volumes(found):
        yield ImageFile(CaseId(f"{path}/{bare_name(name)}"), f"{path}/{name}")
    if depth < DEEPEST:
        for name in found.folders:
            yield from _files_below(root, f"{path}/{name}", depth + 1)


def _volumes(found: Listing) -> list[str]:
    """Return the volumes that may be images: all but what its suffix says to be a segmentation."""
    return [name for name in found.volumes if not name.lower().endswith(SEGMENTATION_SUFFIX)]
