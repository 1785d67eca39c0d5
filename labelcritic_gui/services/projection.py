"""Project a case: its image and all its masks, each file read once, as a stream. Layer: services."""

import os
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Generic, Protocol, TypeVar

from labelcritic_gui.core.cancel import Cancel, NeverCancel, stop_if
from labelcritic_gui.core.cases import CandidateId, MaskSource
from labelcritic_gui.core.errors import CancelledError, StorageError, UserError
from labelcritic_gui.core.geometry import Fit, Geometry
from labelcritic_gui.formats.volumes import VolumeStream, hounsfield, on_image, open_stream, pieces
from labelcritic_gui.imaging.frame import PictureFrame, View
from labelcritic_gui.imaging.overlay import Colour, Style, compose
from labelcritic_gui.imaging.panel import RED, encode_png
from labelcritic_gui.imaging.projection import (
    ALL_WINDOWS,
    Picture,
    ProjectionWindow,
    Ray,
    RayHits,
    RayMaxima,
    RaySums,
    Silhouette,
    Storage,
)

K = TypeVar("K", bound=Hashable)


class MapFunction(Protocol):
    """`map`, or the `map` of an executor: calls a function on each thing, possibly at the same time."""

    def __call__(self, function: Callable[[Any], Any], things: Iterable[Any], /) -> Iterable[Any]:
        """Return the results in the order of the things."""


@dataclass(frozen=True, eq=False, slots=True)
class CasePictures(Generic[K]):
    """The projections of a case. `pictures` by window name, uint8 (rows, columns) of `frame`.

    Of every source asked for, its key is either in `silhouettes` (bool, same shape) with how its grid fits in `fits`,
    or in `refused` with what is wrong with it.
    """

    frame: PictureFrame
    geometry: Geometry
    pictures: dict[str, Picture]
    silhouettes: dict[K, Silhouette]
    fits: dict[K, Fit]
    refused: dict[K, UserError]


def project_case(
    ct_path: Path,
    sources: Mapping[K, MaskSource],
    *,
    windows: Sequence[ProjectionWindow] = ALL_WINDOWS,
    view: View = View.FRONTAL,
    ray: Ray = "mean",
    percentile: float = 100.0,
    cancel: Cancel | None = None,
    map_function: MapFunction = map,
) -> CasePictures[K]:
    """Project an image and its masks along rays; every file is read once, and never held whole.

    Labels may be stored in another axis order than the image. One that does not lie on its grid, or cannot be read,
    is refused alone. `map_function` may run files at the same time. Raises UnreadableFileError for the image, and
    CancelledError.
    """
    wanted = cancel or NeverCancel()
    by_file: dict[str, list[K]] = {}
    for key, source in sources.items():
        by_file.setdefault(source.path, []).append(key)
    with open_stream(Path(ct_path)) as image:
        geometry = image.geometry.canonical()
        frame = PictureFrame.of(geometry, view=view)
        kind = RayMaxima if ray == "max" else RaySums
        sums: RaySums | RayMaxima = kind(Storage.of(image.geometry), windows=windows, view=view)
        work: list[Callable[[], list[_Outcome]]] = [partial(_sum_up, image, sums, cancel=wanted)]
        for path, keys in by_file.items():
            values = [sources[key].values for key in keys]
            work.append(partial(_shadows, Path(path), values, image=geometry, frame=frame, cancel=wanted))
        outcomes = list(map_function(_call, work))[1:]
    case: CasePictures[K] = CasePictures(frame, geometry, sums.pictures(frame, percentile=percentile), {}, {}, {})
    for keys, found in zip(by_file.values(), outcomes, strict=True):
        for key, outcome in zip(keys, found, strict=True):
            if isinstance(outcome, UserError):
                case.refused[key] = outcome
            else:
                case.silhouettes[key], case.fits[key] = outcome
    return case


_Outcome = tuple[Silhouette, Fit] | UserError


def _call(work: Callable[[], Any]) -> Any:
    return work()


def _sum_up(image: VolumeStream, sums: RaySums | RayMaxima, *, cancel: Cancel) -> list[_Outcome]:
    """Read the image to its end into the sums."""
    for first, block in image.blocks():
        stop_if(cancel)
        sums.add(first, hounsfield(block, image.header))
    return []


def _shadows(
    path: Path,
    values: Sequence[tuple[int, ...] | None],
    *,
    image: Geometry,
    frame: PictureFrame,
    cancel: Cancel,
) -> list[_Outcome]:
    """Read a file of masks once; return the silhouette of each, or why all are refused."""
    try:
        with open_stream(path) as opened:
            stream, fit = on_image(opened, image)
            storage = Storage.of(stream.geometry)
            shadows = [RayHits(storage, view=frame.view) for _ in values]
            for piece in pieces(stream, values):
                stop_if(cancel)
                shadows[piece.of].add((piece.i, piece.j, piece.k), piece.hits[:, :, None])
            return [(shadow.silhouette(frame), fit) for shadow in shadows]
    except CancelledError:
        raise
    except UserError as problem:
        return [problem] * len(values)


def stem_of(key: Hashable) -> str:
    """Return where a candidate's pictures go below its case: label set, then structure, and a later version."""
    if isinstance(key, CandidateId):
        version = f".v{key.version}" if key.version > 1 else ""
        return f"{key.label_set}/{key.structure}{version}"
    return str(key)


def write_pictures(
    out_dir: Path,
    case: str,
    pictures: CasePictures[K],
    *,
    colour_of: Callable[[K], Colour] = lambda _: RED,
    name_of: Callable[[K], str] = stem_of,
    style: Style = "fill",
    opacity: float = 0.5,
    map_function: MapFunction = map,
) -> list[Path]:
    """Write `OUT/CASE/WINDOW.png` and, per mask, `OUT/CASE/NAME_WINDOW.png` with the mask over the window.

    A picture is whole or not there. Returns the paths written. Raises StorageError.
    """
    work: dict[Path, Callable[[], bytes]] = {}
    for window, picture in pictures.pictures.items():
        work[_place(out_dir, case, window)] = partial(encode_png, picture)
        for key, silhouette in pictures.silhouettes.items():
            path = _place(out_dir, case, f"{name_of(key)}_{window}")
            if path in work:
                raise StorageError(f"Two masks would both be drawn as {path}.", "Give their label sets other names.")
            work[path] = partial(_overlay, picture, silhouette, colour_of(key), style=style, opacity=opacity)
    return list(map_function(_call, [partial(_write, path, draw) for path, draw in work.items()]))


def _overlay(picture: Picture, silhouette: Silhouette, colour: Colour, *, style: Style, opacity: float) -> bytes:
    return encode_png(compose(picture, silhouette, colour, style=style, opacity=opacity))


def _place(out_dir: Path, case: str, stem: str) -> Path:
    """Return where a picture goes; raise StorageError for a name that leads out of the folder."""
    inner = PurePosixPath(case) / f"{stem}.png"
    if inner.is_absolute() or ".." in inner.parts:
        raise StorageError(f"A picture cannot be named {inner}: it would leave {out_dir}.", "Rename the case or label.")
    return Path(out_dir) / inner


def _write(path: Path, draw: Callable[[], bytes]) -> Path:
    return written(path, draw())


def written(path: Path, content: bytes) -> Path:
    """Write a picture beside its place, then move it there; raises StorageError."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError as problem:
        with suppress(OSError):
            part.unlink()
        message = f"{path} could not be written: {problem.strerror}."
        raise StorageError(message, "Check the folder and the disk.") from problem
    return path
