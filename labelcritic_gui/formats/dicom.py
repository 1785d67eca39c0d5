"""DICOM CT series: a folder of slices, checked and sorted into one volume (pydicom). Layer: formats.

Slices are sorted by position along the normal of the image plane. What is not one evenly spaced stack of CT slices is
refused by name: a volume with a hole would show every organ below it at the wrong height.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.geometry import Geometry
from labelcritic_gui.formats.streams import UNSCALED, Scaling, hounsfield, out_of_memory

_MAX_SIDE = 8192
_UNEVEN = 0.01
"""How much the distance of two slices may differ from the others', as a part of it."""
_ROUNDING_MM = 0.005
_TILT_DEGREES = 0.5
_TAGS = [
    "SOPClassUID",
    "Modality",
    "SeriesInstanceUID",
    "SeriesDescription",
    "ImageType",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "PixelSpacing",
    "SliceThickness",
    "ImagePositionPatient",
    "ImageOrientationPatient",
]
_SEGMENTATIONS = {"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"}
_ONE_SERIES = "Give the folder of one CT series."


@dataclass(frozen=True, slots=True)
class Series:
    """A series in a folder: its files in name order. `localizer`: an overview picture, not a volume."""

    uid: str
    modality: str
    description: str
    files: tuple[Path, ...]
    localizer: bool = False

    @property
    def count(self) -> int:
        """Number of files."""
        return len(self.files)


@dataclass(frozen=True, slots=True)
class Slice:
    """What the header of one slice says; position and directions in LPS mm."""

    file: Path
    modality: str
    size: tuple[int, int]
    spacing: tuple[float, float]
    thickness: float
    position: tuple[float, float, float]
    row: tuple[float, float, float]
    column: tuple[float, float, float]


@dataclass(frozen=True, eq=False, slots=True)
class SeriesStream:
    """A CT series ready to be read slice by slice, in Hounsfield units: (columns, rows, slices) as stored."""

    path: Path
    geometry: Geometry
    files: tuple[Path, ...]
    header: Scaling = UNSCALED

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type a slice has when it is whole numbers of 16 bits; one that is not comes as float32."""
        return np.dtype(np.float32)

    def blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield (slice, Hounsfield units of shape (columns, rows, 1)). Raises UnreadableFileError."""
        for number, file in enumerate(self.files):
            yield number, self._read(file).T[:, :, None]

    def read_all(self) -> NDArray[Any]:
        """Return the volume as float32. Raises UnreadableFileError."""
        whole = np.empty(self.geometry.shape, dtype=np.float32, order="F")
        for number, block in self.blocks():
            whole[:, :, number : number + 1] = block
        return whole

    def _read(self, file: Path) -> NDArray[Any]:
        """Return one decoded slice (rows, columns)."""
        dataset = read_dataset(file)
        pixels = decoded(dataset, file)
        columns, rows, _ = self.geometry.shape
        if pixels.shape != (rows, columns):
            raise UnreadableFileError(f"{file} is damaged: its picture has another size than it says.", _ONE_SERIES)
        slope, inter = _number(dataset, "RescaleSlope", 1.0), _number(dataset, "RescaleIntercept", 0.0)
        return hounsfield(pixels, Scaling(slope or 1.0, inter))


def is_dicom(first: bytes) -> bool:
    """Say whether a file begins as DICOM does: 128 bytes of anything, then DICM."""
    return first[128:132] == b"DICM"


def is_segmentation(path: Path) -> bool:
    """Say whether a DICOM file is a SEG. Raises UnreadableFileError for files that are neither SEG nor readable."""
    return _text(_peek(path), "SOPClassUID") in _SEGMENTATIONS


def refuse_file(path: Path) -> UnreadableFileError:
    """Return why a single DICOM file that is no SEG cannot be opened."""
    header = _peek(path)
    modality = _text(header, "Modality") or "unknown"
    if modality == "CT" and int(_number(header, "NumberOfFrames", 1)) > 1:
        return UnreadableFileError(f"{path} is an enhanced (multi-frame) CT, which is not supported.", _ONE_SERIES)
    if modality == "CT":
        return UnreadableFileError(f"{path} is one slice of a CT series.", f"Name its folder: {path.parent}")
    return UnreadableFileError(f"{path} is DICOM of the modality {modality}, not CT.", _ONE_SERIES)


def series_of(folder: Path) -> list[Series]:
    """Return the series in a folder (its own files, not those below), by UID. Raises UnreadableFileError."""
    groups: dict[str, list[tuple[Path, Any]]] = defaultdict(list)
    for file in _dicom_files(folder):
        header = _peek(file)
        if _text(header, "SeriesInstanceUID"):
            groups[_text(header, "SeriesInstanceUID")].append((file, header))
        elif file.name.upper() != "DICOMDIR":
            raise UnreadableFileError(f"{file} is damaged: it does not say which series it is of.", "Copy it again.")
    found = []
    for uid, members in sorted(groups.items()):
        first = members[0][1]
        localizer = all("LOCALIZER" in str(h.get("ImageType", "")) for _, h in members)
        files = tuple(file for file, _ in members)
        modality = _text(first, "Modality") or "unknown"
        found.append(Series(uid, modality, _text(first, "SeriesDescription"), files, localizer))
    return found


def _dicom_files(folder: Path) -> list[Path]:
    try:
        names = sorted(p for p in folder.iterdir() if p.is_file())
    except OSError as problem:
        raise UnreadableFileError(f"{folder} cannot be opened: {problem.strerror}.", "Check the folder.") from problem
    found = []
    for name in names:
        try:
            with name.open("rb") as file:
                if is_dicom(file.read(132)):
                    found.append(name)
        except OSError as problem:
            raise UnreadableFileError(f"{name} cannot be opened: {problem.strerror}.", "Check the file.") from problem
    return found


def chosen_series(folder: Path, uid: str | None) -> Series:
    """Return the series named, or the only CT series of a folder. Raises UnreadableFileError naming what there is."""
    known = series_of(folder)
    if not known:
        raise UnreadableFileError(f"{folder} holds no DICOM files.", "Name the folder that holds the slices.")
    if uid is not None:
        match = [s for s in known if s.uid == uid]
        if not match:
            raise UnreadableFileError(f"{folder} has no series {uid}.", f"It has {_listed(folder, known)}.")
        return match[0]
    ct = [s for s in known if s.modality == "CT"]
    volumes = [s for s in ct if not s.localizer] or ct
    if not volumes:
        kinds = ", ".join(f"{n} of {m}" for m, n in sorted(Counter(s.modality for s in known).items()))
        raise UnreadableFileError(
            f"{folder} holds no CT series, only series of other modalities: {kinds}.", _ONE_SERIES
        )
    if len(volumes) > 1:
        raise UnreadableFileError(
            f"{folder} holds {len(volumes)} CT series: {_listed(folder, volumes)}.", "Name one of them as FOLDER#UID."
        )
    return volumes[0]


def _listed(folder: Path, series: list[Series]) -> str:
    return "; ".join(f'"{s.description or s.modality}" of {s.count} files ({folder}#{s.uid})' for s in series)


def open_series(path: Path, folder: Path, uid: str | None) -> SeriesStream:
    """Return a CT series as a stream of slices. Raises UnreadableFileError for what is no even stack of CT slices."""
    series = chosen_series(folder, uid)
    if series.modality != "CT":
        raise UnreadableFileError(f"{path} is a series of the modality {series.modality}, not CT.", _ONE_SERIES)
    slices = [_slice(file) for file in series.files]
    for part, what in (("size", "sizes"), ("spacing", "pixel spacings")):
        if len({getattr(s, part) for s in slices}) > 1:
            raise UnreadableFileError(f"{path} has slices of different {what}.", _ONE_SERIES)
    turns = np.array([[*s.row, *s.column] for s in slices])
    if np.abs(turns - turns[0]).max() > 1e-3:
        raise UnreadableFileError(f"{path} has slices of different orientations (such as a localizer).", _ONE_SERIES)
    return _stacked(path, slices)


def _stacked(path: Path, slices: list[Slice]) -> SeriesStream:
    """Sort slices along their normal and require an even, upright stack."""
    first = slices[0]
    normal = np.cross(first.row, first.column)
    normal /= np.linalg.norm(normal)
    order = sorted(slices, key=lambda s: (float(np.dot(s.position, normal)), s.file.name))
    along = np.array([np.dot(s.position, normal) for s in order])
    steps = np.diff(along)
    _require_apart(path, order, steps)
    if len(order) == 1:
        step = normal * (first.thickness or 1.0)
    else:
        _require_even(path, along, steps)
        step = (np.array(order[-1].position) - np.array(order[0].position)) / (len(order) - 1)
        tilt = np.degrees(np.arccos(np.clip(np.dot(step, normal) / np.linalg.norm(step), -1.0, 1.0)))
        if tilt > _TILT_DEGREES:
            raise UnreadableFileError(
                f"{path} was scanned with the gantry tilted by {tilt:.1f} degrees, so its slices are sheared.",
                "Correct the tilt first (for example with dcm2niix), and use its NIfTI file.",
            )
    affine = placed(first.row, first.column, spacing=first.spacing, step=step, origin=order[0].position)
    shape = (first.size[1], first.size[0], len(order))
    return SeriesStream(path, Geometry(shape, affine), tuple(s.file for s in order))


def _require_apart(path: Path, order: list[Slice], steps: NDArray[np.float64]) -> None:
    for number in np.flatnonzero(steps < _ROUNDING_MM):
        one, two = order[number].file.name, order[number + 1].file.name
        raise UnreadableFileError(
            f"{path} has two slices at the same position: {one} and {two}.", "Remove one of them, or split the series."
        )


def _require_even(path: Path, along: NDArray[np.float64], steps: NDArray[np.float64]) -> None:
    """Raise UnreadableFileError where slices are missing or unevenly spaced, saying where."""
    usual = float(np.median(steps))
    off = np.flatnonzero(np.abs(steps - usual) > max(_UNEVEN * usual, _ROUNDING_MM))
    if off.size == 0:
        return
    at = int(off[0])
    where = f"between {along[at]:.2f} and {along[at + 1]:.2f} mm along the scan"
    missing = steps[at] / usual - 1.0
    if missing > 0.5 and abs(missing - round(missing)) < 0.05:
        what = f"has {round(missing)} missing slice(s) {where}"
    else:
        what = f"has slices {usual:.3g} mm apart, but {steps[at]:.3g} mm {where}"
    more = f", and {off.size - 1} more such place(s)" if off.size > 1 else ""
    raise UnreadableFileError(f"{path} {what}{more}.", "Copy the series again, or name a whole one.")


def placed(
    row: tuple[float, ...],
    column: tuple[float, ...],
    *,
    spacing: tuple[float, float],
    step: NDArray[np.float64],
    origin: tuple[float, ...],
) -> NDArray[np.float64]:
    """Return the RAS+ affine of [column index, row index, slice] from DICOM's LPS words.

    `row` is the direction along a row of pixels, `spacing` (between rows, between columns) as in PixelSpacing.
    """
    affine = np.eye(4)
    affine[:3, 0] = np.array(row) * spacing[1]
    affine[:3, 1] = np.array(column) * spacing[0]
    affine[:3, 2] = step
    affine[:3, 3] = origin
    affine[:2] *= -1.0
    return affine


def _slice(file: Path) -> Slice:
    """Read and check the header of one slice."""
    header = _peek(file)
    if int(_number(header, "NumberOfFrames", 1)) > 1:
        raise UnreadableFileError(f"{file} is an enhanced (multi-frame) CT, which is not supported.", _ONE_SERIES)
    if int(_number(header, "SamplesPerPixel", 1)) != 1 or _text(header, "PhotometricInterpretation") != "MONOCHROME2":
        message = f"{file} holds {_text(header, 'PhotometricInterpretation') or 'colour'} pictures, which are no CT."
        raise UnreadableFileError(message, _ONE_SERIES)
    size = int(_number(header, "Rows", 0)), int(_number(header, "Columns", 0))
    if not (min(size) >= 1 and max(size) <= _MAX_SIDE):
        raise UnreadableFileError(f"{file} has a damaged header: {size[0]} rows, {size[1]} columns.", _ONE_SERIES)
    spacing = numbers(header, "PixelSpacing", 2, file=file)
    position = numbers(header, "ImagePositionPatient", 3, file=file)
    turn = numbers(header, "ImageOrientationPatient", 6, file=file)
    require_directions(turn, spacing, file=file)
    return Slice(
        file=file,
        modality=_text(header, "Modality"),
        size=size,
        spacing=(spacing[0], spacing[1]),
        thickness=_number(header, "SliceThickness", 1.0),
        position=(position[0], position[1], position[2]),
        row=(turn[0], turn[1], turn[2]),
        column=(turn[3], turn[4], turn[5]),
    )


def require_directions(turn: tuple[float, ...], spacing: tuple[float, ...], *, file: Path) -> None:
    """Raise UnreadableFileError unless directions are two unit vectors at a right angle, and spacings sane."""
    row, column = np.array(turn[:3]), np.array(turn[3:])
    unit = abs(np.linalg.norm(row) - 1) < 1e-2 and abs(np.linalg.norm(column) - 1) < 1e-2
    if not (unit and abs(row @ column) < 1e-2 and all(1e-4 < s < 1e4 for s in spacing)):
        raise UnreadableFileError(f"{file} has a damaged header: it does not place its pixels in space.", _ONE_SERIES)


def numbers(header: Any, name: str, count: int, *, file: Path) -> tuple[float, ...]:
    """Return a field of several numbers. Raises UnreadableFileError when it is not there or not finite."""
    value = header.get(name)
    try:
        found = tuple(float(v) for v in value) if value is not None else ()
    except (TypeError, ValueError):
        found = ()
    if len(found) != count or not np.isfinite(found).all():
        raise UnreadableFileError(f"{file} does not say where it lies: {name} is missing or damaged.", _ONE_SERIES)
    return found


def _text(header: Any, name: str) -> str:
    return str(header.get(name) or "").strip()


def _number(header: Any, name: str, default: float) -> float:
    value = header.get(name)
    try:
        found = float(value) if value is not None else default
    except (TypeError, ValueError):
        return default
    return found if np.isfinite(found) else default


def _peek(path: Path) -> Any:
    """Read the few fields that place a file."""
    return read_dataset(path, tags=_TAGS)


def read_dataset(path: Path, *, tags: list[str] | None = None, pixels: bool = True) -> Any:
    """Return a DICOM file (`tags`: only these; `pixels`: also the pictures). Raises UnreadableFileError."""
    import warnings

    import pydicom

    logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # what it logs is raised here, in one sentence
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if tags is None:
                return pydicom.dcmread(path, stop_before_pixels=not pixels)
            return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(tags))
    except MemoryError:
        raise out_of_memory(path) from None
    except OSError as problem:
        message = f"{path} cannot be opened: {problem.strerror or problem}."
        raise UnreadableFileError(message, "Check that it exists and may be read.") from problem
    except Exception as problem:  # pydicom raises whatever its parser stumbles over
        raise UnreadableFileError(f"{path} is damaged: {_short(problem)}.", "Copy it again.") from problem


def decoded(dataset: Any, path: Path, *, frame: int | None = None) -> NDArray[Any]:
    """Return the pixels of a file (or of one of its frames), decompressed. Raises UnreadableFileError."""
    import warnings

    from pydicom.pixels.utils import pixel_array

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pixel_array(dataset, index=frame)
    except MemoryError:
        raise out_of_memory(path) from None
    except Exception as problem:  # the decoders raise whatever they stumble over
        raise UnreadableFileError(f"{path} has no readable picture: {_short(problem)}.", "Copy it again.") from problem


def _short(problem: Exception) -> str:
    """Return the first sentence of a library's message."""
    lines = str(problem).strip().splitlines() or [type(problem).__name__]
    return lines[0].split(". ")[0].rstrip(".")[:160]
