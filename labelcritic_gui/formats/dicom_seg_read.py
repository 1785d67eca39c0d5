"""DICOM SEG files: their segments as masks, which may overlap, on their own grid or on their image's. Layer: formats.

A SEG stores planes, each with its place in the patient; planes without a voxel are often left out. Its own grid is the
smallest even stack that holds its planes; on an image's grid every plane must lie on one of the image's slices.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.errors import GeometryMismatchError, UnreadableFileError
from labelcritic_gui.core.geometry import NOTED_VOXELS, SILENT_VOXELS, Fit, Geometry, Orientation
from labelcritic_gui.formats.dicom import decoded, numbers, placed, read_dataset, require_directions
from labelcritic_gui.formats.streams import UNSCALED, Piece, Scaling, Wanted

_HINT = "Export the segmentation again, as binary segments or as a label map."
_GENERIC = re.compile(r"(segment(ation)?|label|roi|region|structure|object|mask)?[\s_-]*\d*", re.IGNORECASE)
_MAX_SIDE = 8192
_MAX_PLANES = 32767
_NATIVE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"}
"""Transfer syntaxes that keep bits as they are (the last one deflates the whole file, which pydicom undoes)."""


@dataclass(frozen=True, slots=True)
class Plane:
    """One stored frame: its number, the segment it shows (None in a label map), its slice on the grid."""

    frame: int
    segment: int | None
    k: int


class Frames:
    """The pictures of a SEG, decoded one by one: thousands of them would not fit into memory."""

    def __init__(self, path: Path, dataset: Any, *, size: tuple[int, int], count: int) -> None:
        """Check what the file promises; `size` (rows, columns). Raises UnreadableFileError."""
        kind = str(dataset.get("SegmentationType") or "")
        if kind not in {"BINARY", "FRACTIONAL", "LABELMAP"}:
            raise UnreadableFileError(f"{path} is a segmentation of an unknown type {kind!r}.", _HINT)
        if int(dataset.get("NumberOfFrames") or 1) != count:
            raise UnreadableFileError(f"{path} is damaged: it holds other frames than it promises.", _HINT)
        self._path, self._dataset, self._size, self._kind = path, dataset, size, kind
        self._most = int(dataset.get("MaximumFractionalValue") or 255)
        self._bits: NDArray[np.uint8] | None = None
        syntax = getattr(dataset.file_meta, "TransferSyntaxUID", None)
        if int(dataset.get("BitsAllocated") or 0) == 1 and syntax in _NATIVE:
            self._bits = np.frombuffer(dataset.get("PixelData") or b"", dtype=np.uint8)
            if self._bits.size * 8 < size[0] * size[1] * count:
                raise UnreadableFileError(f"{path} is truncated: it ends before its last frame.", _HINT)

    def picture(self, frame: int) -> NDArray[Any]:
        """Return a frame (rows, columns): 0 and not 0, or label values. Raises UnreadableFileError."""
        if self._bits is not None:
            voxels = self._size[0] * self._size[1]
            first = frame * voxels
            part = self._bits[first // 8 : (first + voxels + 7) // 8]
            return np.unpackbits(part, bitorder="little")[first % 8 : first % 8 + voxels].reshape(self._size)
        found = decoded(self._dataset, self._path, frame=frame)
        if found.shape != self._size:
            raise UnreadableFileError(f"{self._path} is damaged: a frame has another size than it says.", _HINT)
        if self._kind == "FRACTIONAL" and not np.isin(found, (0, self._most)).all():
            raise UnreadableFileError(f"{self._path} holds fractions (probabilities), which are no label.", _HINT)
        return found


@dataclass(frozen=True, eq=False, slots=True)
class SegStream:
    """The segments of a SEG on the grid `geometry`, (columns, rows, slices) as stored; frames are decoded as needed."""

    path: Path
    geometry: Geometry
    planes: tuple[Plane, ...]
    frames: "Frames"
    segments: tuple[int, ...]
    header: Scaling = UNSCALED

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the frames."""
        return np.dtype(np.uint8)

    def blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Raise UnreadableFileError: there is no one number per voxel."""
        raise UnreadableFileError(f"{self.path} is a segmentation (DICOM SEG), not an image.", "Name a CT.")

    def read_all(self) -> NDArray[Any]:
        """Raise UnreadableFileError, as `blocks` does."""
        raise UnreadableFileError(f"{self.path} is a segmentation (DICOM SEG), not an image.", "Name a CT.")

    def drawn(self, wanted: Wanted) -> Iterator[Piece]:
        """Yield the parts of each wanted mask, by rising slice; each is cropped to its box in its plane."""
        for plane in self.planes:
            asked = [n for n, values in enumerate(wanted) if values is None or plane.segment in (None, *values)]
            if not asked:
                continue
            picture = self.frames.picture(plane.frame).T
            for number in asked:
                yield from _cropped(number, _hits(picture, plane, wanted[number]), plane.k)

    def counts(self) -> dict[int, int]:
        """Return how many voxels each segment has (0: voxels in none). Raises UnreadableFileError."""
        counts = dict.fromkeys(self.segments, 0)
        covered = 0
        union = np.zeros(self.geometry.shape[1::-1], dtype=np.bool_)
        last = -1
        for plane in self.planes:
            picture = self.frames.picture(plane.frame)
            if plane.k != last:
                covered += int(np.count_nonzero(union))
                union[:] = False
                last = plane.k
            union |= picture != 0
            if plane.segment is not None:
                counts[plane.segment] = counts.get(plane.segment, 0) + int(np.count_nonzero(picture))
                continue
            for value, count in zip(*np.unique(picture[picture != 0], return_counts=True), strict=True):
                counts[int(value)] = counts.get(int(value), 0) + int(count)
        covered += int(np.count_nonzero(union))
        counts[0] = int(np.prod(self.geometry.shape)) - covered
        return {value: count for value, count in sorted(counts.items()) if count}


def _hits(picture: NDArray[Any], plane: Plane, values: tuple[int, ...] | None) -> NDArray[np.bool_]:
    """Return where a plane (columns, rows) that can show wanted values shows them."""
    hits: NDArray[np.bool_] = picture != 0
    if values is not None and plane.segment is None:
        hits = np.isin(picture, [v for v in values if v])
    return hits


def _cropped(number: int, hits: NDArray[np.bool_], k: int) -> Iterator[Piece]:
    rows = np.flatnonzero(hits.any(axis=1))
    if rows.size == 0:
        return
    columns = np.flatnonzero(hits.any(axis=0))
    i, j = int(rows[0]), int(columns[0])
    crop = hits[i : rows[-1] + 1, j : columns[-1] + 1].copy(order="F")
    yield Piece(number, i, j, k, crop)


def open_seg(path: Path) -> SegStream:
    """Return the segments of a SEG on its own grid. Raises UnreadableFileError."""
    dataset = read_dataset(path)
    geometry, planes = _own_grid(path, dataset)
    frames = Frames(path, dataset, size=(geometry.shape[1], geometry.shape[0]), count=len(planes))
    segments = tuple(sorted(int(s.SegmentNumber) for s in dataset.get("SegmentSequence") or []))
    planes = tuple(sorted(planes, key=lambda p: p.k))
    return SegStream(path, geometry, planes, frames, segments)


def read_geometry(path: Path) -> Geometry:
    """Return the stored grid that bounds a SEG's planes. Raises UnreadableFileError."""
    return _own_grid(path, read_dataset(path, pixels=False))[0]


def label_names(path: Path) -> dict[int, str]:
    """Return segment number -> name: its label, or what its code means where the label says nothing.

    Raises UnreadableFileError.
    """
    segments = list(read_dataset(path, pixels=False).get("SegmentSequence") or [])
    labels = {int(s.SegmentNumber): str(s.get("SegmentLabel") or "").strip() for s in segments}
    meanings = {int(s.SegmentNumber): _meaning(s) for s in segments}
    often = Counter(meanings.values())
    names = {}
    for number, label in labels.items():
        meaning = meanings[number] if often[meanings[number]] == 1 or not label else ""
        name = meaning if meaning and _GENERIC.fullmatch(label) else label
        if name:
            names[number] = name
    return names


def _meaning(segment: Any) -> str:
    """Return what a segment's type code means, with its side before it."""
    for code in segment.get("SegmentedPropertyTypeCodeSequence") or []:
        meaning = str(code.get("CodeMeaning") or "").strip()
        sides = [
            str(m.get("CodeMeaning") or "").strip() for m in code.get("SegmentedPropertyTypeModifierCodeSequence") or []
        ]
        return " ".join([*sides, meaning]).strip()
    return ""


def placed_on(stream: SegStream, image: Geometry) -> tuple[SegStream, Fit]:
    """Return the segments on their image's grid (canonical), and how well they fit.

    Every plane must lie on a slice of the image, within a tenth of a voxel. Raises GeometryMismatchError naming both.
    """
    own, turn = stream.geometry, stream.geometry.orientation()
    back = tuple(turn.axes.index(axis) for axis in range(3))
    flips = tuple(turn.flips[axis] for axis in back)
    target = image.canonical().reoriented(Orientation((back[0], back[1], back[2]), (flips[0], flips[1], flips[2])))
    ni, nj, _ = own.shape
    ends = np.array([[0, 0], [ni - 1, 0], [0, nj - 1], [ni - 1, nj - 1]], dtype=float)
    used = sorted({p.k for p in stream.planes})
    corners = np.array([[[i, j, k] for i, j in ends] for k in used]).reshape(-1, 4, 3)
    found = target.to_index(own.to_world(corners))
    slices = np.rint(found[..., 2].mean(axis=1))
    expected = corners.copy()
    expected[..., 2] = slices[:, None]
    deviation = float(np.abs(found - expected).max(initial=0.0))
    inside = bool(((slices >= 0) & (slices < target.shape[2])).all())
    if target.shape[:2] != (ni, nj) or not inside or deviation > NOTED_VOXELS:
        raise GeometryMismatchError(
            f"{stream.path} does not lie on its image's slices: the segmentation has "
            f"{own.canonical().describe()}, the image {image.canonical().describe()}.",
            "Use the segmentation made for this image; it is refused, never stretched.",
        )
    moved = dict(zip(used, (int(k) for k in slices), strict=True))
    planes = sorted((replace(p, k=moved[p.k]) for p in stream.planes), key=lambda p: p.k)
    fit = Fit.SAME if deviation <= SILENT_VOXELS else Fit.NOTED
    return replace(stream, geometry=target, planes=tuple(planes)), fit


def _own_grid(path: Path, dataset: Any) -> tuple[Geometry, tuple[Plane, ...]]:
    """Return the even stack that holds all planes, and each frame's place in it."""
    groups = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    shared = (list(dataset.get("SharedFunctionalGroupsSequence") or []) or [None])[0]
    if not groups:
        raise UnreadableFileError(f"{path} has no frames.", _HINT)
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    if min(rows, columns) < 1 or max(rows, columns) > _MAX_SIDE:
        raise UnreadableFileError(f"{path} has a damaged header: {rows} rows, {columns} columns.", _HINT)
    measures = _part(path, groups[0], shared, "PixelMeasuresSequence")
    spacing = numbers(measures, "PixelSpacing", 2, file=path)
    turns = [
        numbers(_part(path, g, shared, "PlaneOrientationSequence"), "ImageOrientationPatient", 6, file=path)
        for g in groups
    ]
    require_directions(turns[0], spacing, file=path)
    if np.abs(np.array(turns) - turns[0]).max() > 1e-3:
        raise UnreadableFileError(f"{path} has frames of different orientations.", _HINT)
    where = np.array(
        [numbers(_part(path, g, shared, "PlanePositionSequence"), "ImagePositionPatient", 3, file=path) for g in groups]
    )
    row, column = turns[0][:3], turns[0][3:]
    normal = np.cross(row, column)
    normal /= np.linalg.norm(normal)
    along = where @ normal
    step = _step(measures, along)
    first = float(along.min())
    numbered = np.rint((along - first) / step).astype(int)
    if numbered.max() >= _MAX_PLANES or np.abs(
        where - where[along.argmin()] - np.outer(numbered * step, normal)
    ).max() > NOTED_VOXELS * max(step, *spacing):
        raise UnreadableFileError(f"{path} has frames that are no even stack of slices.", _HINT)
    affine = placed(row, column, spacing=(spacing[0], spacing[1]), step=normal * step, origin=where[along.argmin()])
    planes = tuple(
        Plane(n, _segment(path, dataset, group, shared), int(k))
        for n, (group, k) in enumerate(zip(groups, numbered, strict=True))
    )
    return Geometry((columns, rows, int(numbered.max()) + 1), affine), planes


def _step(measures: Any, along: NDArray[np.float64]) -> float:
    """Return the distance of slices: the least between two frames, or what is said where there is one place only."""
    apart = np.diff(np.unique(np.round(along, 3)))
    said = [measures.get("SpacingBetweenSlices"), measures.get("SliceThickness")]
    told = next((float(s) for s in said if s is not None and 1e-3 < float(s) < 1e3), 1.0)
    if apart.size == 0:
        return told
    least = float(apart.min())
    # frames two slices apart throughout: trust the header, if it divides the distances
    times = apart / told
    return told if np.abs(times - np.rint(times)).max() < NOTED_VOXELS and told < least else least


def _part(path: Path, group: Any, shared: Any, name: str) -> Any:
    """Return a functional group's item, of the frame or shared by all."""
    for source in (group, shared):
        items = source.get(name) if source is not None else None
        if items:
            return items[0]
    raise UnreadableFileError(f"{path} does not say where its frames lie: {name} is missing.", _HINT)


def _segment(path: Path, dataset: Any, group: Any, shared: Any) -> int | None:
    """Return which segment a frame shows; None in a label map."""
    if str(dataset.get("SegmentationType") or "") == "LABELMAP":
        return None
    return int(_part(path, group, shared, "SegmentIdentificationSequence").get("ReferencedSegmentNumber") or 0)
