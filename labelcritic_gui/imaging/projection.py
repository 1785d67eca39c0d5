"""The published projection: a sum along rays through the body, as a picture; masks as silhouettes. Layer: imaging.

Published by Label Critic (arXiv 2411.02753): clip to a window, sum along the rays, divide by the maximum, resize to
1 x 1 mm, top superior and left the patient's right. The LAS order that this needs exists only here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Geometry, Index3, Mask, Orientation, Volume
from labelcritic_gui.imaging.frame import PictureFrame, View

Picture = NDArray[np.uint8]
Silhouette = NDArray[np.bool_]
Ray = Literal["mean", "max"]
"""What a pixel shows of its ray: the mean, as published, or the brightest voxel."""


@dataclass(frozen=True, slots=True)
class ProjectionWindow:
    """What a projection shows: a range of Hounsfield units; `enhanced` for local contrast and gamma."""

    name: str
    low: int
    high: int
    enhanced: bool = False


class ProjectionWindows(Enum):
    """The three published windows."""

    ORGANS = ProjectionWindow("organs", -150, 250)
    BONE = ProjectionWindow("bone", -500, 1500)
    SKELETON = ProjectionWindow("skeleton", 400, 2000, enhanced=True)


ALL_WINDOWS = tuple(window.value for window in ProjectionWindows)
WINDOWS = {window.name: window for window in ALL_WINDOWS}


@dataclass(frozen=True, slots=True)
class Storage:
    """How a canonical grid lies in memory or in a file: stored shape, first axis fastest, and how to turn it."""

    shape: Index3
    orientation: Orientation

    @classmethod
    def of(cls, stored: Geometry) -> "Storage":
        """Describe a file by its stored grid."""
        return cls(stored.shape, stored.orientation())

    @classmethod
    def of_view(cls, canonical: NDArray[Any]) -> "Storage":
        """Describe a canonical view (any strides) by the order its voxels have in memory."""
        order = sorted(range(3), key=lambda axis: abs(canonical.strides[axis]))
        x, y, z = (order.index(axis) for axis in range(3))
        back = tuple(stride < 0 for stride in canonical.strides)
        shape = tuple(canonical.shape[axis] for axis in order)
        return cls((shape[0], shape[1], shape[2]), Orientation((x, y, z), (back[0], back[1], back[2])))

    def undo(self, canonical: NDArray[Any]) -> NDArray[Any]:
        """Return the stored view of a canonical array: the inverse of `orientation.view`."""
        turn = self.orientation
        unflipped = canonical[tuple(slice(None, None, -1 if flip else 1) for flip in turn.flips)]
        return unflipped.transpose(np.argsort(turn.axes))

    def without(self, ray: int) -> tuple[int, Index3]:
        """Return the stored axis along a canonical ray axis, and the shape after projecting along it."""
        axis = self.orientation.axes[ray]
        left = [1 if a == axis else n for a, n in enumerate(self.shape)]
        return axis, (left[0], left[1], left[2])


class RaySums:
    """Sums a volume along rays while its slabs go by, in whatever order the file stores them.

    Sums are of clipped Hounsfield units; they are scaled once, in `pictures`. Integers add up exactly.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        windows: Iterable[ProjectionWindow] = ALL_WINDOWS,
        view: View = View.FRONTAL,
    ) -> None:
        self._storage, self._view, self._windows = storage, view, tuple(windows)
        self._axis, shape = storage.without(view.ray)
        self._sums = {window: np.zeros(shape, dtype=np.float64, order="F") for window in self._windows}
        self._room: NDArray[Any] = np.empty(0, dtype=np.int16)
        # a float32 adds whole numbers exactly up to 2^24, and several times as fast as a float64
        highest = max((max(abs(w.low), abs(w.high)) for w in self._windows), default=0)
        self._narrow = storage.shape[self._axis] * highest < 2**24

    def add(self, first: int, slab: NDArray[Any]) -> None:
        """Take the next slab: Hounsfield units (ni, nj, n), int16 or float, `first` its place on the slowest axis."""
        if slab.dtype != np.int16:
            # padding stored as not-a-number is black, as air is
            slab = np.nan_to_num(slab.astype(np.float32), nan=-32768.0)
        planes = slab.transpose(2, 1, 0)
        if self._room.shape != planes.shape or self._room.dtype != slab.dtype:
            self._room = np.empty(planes.shape, dtype=slab.dtype)
        for window, sums in self._sums.items():
            np.clip(planes, slab.dtype.type(window.low), slab.dtype.type(window.high), out=self._room)
            for n, plane in enumerate(self._room):
                self._add_plane(sums, first + n, plane)

    def _add_plane(self, sums: NDArray[np.float64], k: int, plane: NDArray[Any]) -> None:
        """Add one clipped plane (nj, ni)."""
        import cv2

        narrow = self._narrow and plane.dtype == np.int16
        depth = cv2.CV_32F if narrow else cv2.CV_64F
        if self._axis == 2:
            sums[:, :, 0] += plane.T
        elif self._axis == 1:
            sums[:, 0, k] = cv2.reduce(plane, 0, cv2.REDUCE_SUM, dtype=depth)[0]
        else:
            sums[0, :, k] = cv2.reduce(plane, 1, cv2.REDUCE_SUM, dtype=depth)[:, 0]

    def pictures(self, frame: PictureFrame, *, percentile: float = 100.0) -> dict[str, Picture]:
        """Return the picture of each window, uint8 (rows, columns) of the frame.

        White is the brightest ray, as published; a lower `percentile` keeps metal from darkening all else.
        """
        depth = self._storage.shape[self._axis]
        return {
            window.name: _picture(
                _flat(total, self._storage, self._view) - float(window.low) * depth,
                window,
                frame=frame,
                percentile=percentile,
            )
            for window, total in self._sums.items()
        }


class RayMaxima:
    """Keeps the densest voxel along rays while a volume's slabs go by, in whatever order the file stores them."""

    def __init__(
        self,
        storage: Storage,
        *,
        windows: Iterable[ProjectionWindow] = ALL_WINDOWS,
        view: View = View.FRONTAL,
    ) -> None:
        self._storage, self._view, self._windows = storage, view, tuple(windows)
        self._axis, shape = storage.without(view.ray)
        self._highest = np.full(shape, -32768.0, dtype=np.float32, order="F")

    def add(self, first: int, slab: NDArray[Any]) -> None:
        """Take the next slab: Hounsfield units (ni, nj, n), int16 or float, `first` its place on the slowest axis."""
        if slab.dtype != np.int16:
            slab = np.nan_to_num(slab.astype(np.float32), nan=-32768.0)
        for n in range(slab.shape[2]):
            plane = slab[:, :, n]
            if self._axis == 2:
                np.maximum(self._highest[:, :, 0], plane, out=self._highest[:, :, 0])
            elif self._axis == 1:
                self._highest[:, 0, first + n] = plane.max(axis=1)
            else:
                self._highest[0, :, first + n] = plane.max(axis=0)

    def pictures(self, frame: PictureFrame, *, percentile: float = 100.0) -> dict[str, Picture]:  # noqa: ARG002
        """Return the picture of each window, uint8 (rows, columns) of the frame.

        A maximum has the scale of the image itself: black and white are the window's ends, whatever the brightest ray.
        """
        flat = _flat(self._highest, self._storage, self._view)
        return {
            window.name: _drawn(np.clip((flat - window.low) / (window.high - window.low), 0.0, 1.0), window, frame)
            for window in self._windows
        }


class RayHits:
    """Collects where rays hit a mask while its pieces go by in stored order."""

    def __init__(self, storage: Storage, *, view: View = View.FRONTAL) -> None:
        self._storage, self._view = storage, view
        self._axis, shape = storage.without(view.ray)
        self._hits = np.zeros(shape, dtype=np.bool_, order="F")

    def add(self, start: Index3, hits: NDArray[np.bool_]) -> None:
        """Take part of the mask: bool (ni', nj', nk') that starts at a stored index."""
        flat = hits.any(axis=self._axis, keepdims=True)
        place = [slice(s, s + n) for s, n in zip(start, flat.shape, strict=True)]
        place[self._axis] = slice(0, 1)
        self._hits[tuple(place)] |= flat

    def grid(self) -> NDArray[np.bool_]:
        """Return the silhouette on the voxel grid, bool [across, up] of the canonical axes."""
        return _flat(self._hits, self._storage, self._view)

    def silhouette(self, frame: PictureFrame) -> Silhouette:
        """Return the silhouette as a picture, bool (rows, columns) of the frame."""
        return _silhouette(self.grid(), frame)


def project(
    volume: Volume,
    *,
    windows: Iterable[ProjectionWindow] = ALL_WINDOWS,
    view: View = View.FRONTAL,
    percentile: float = 100.0,
) -> dict[str, Picture]:
    """Return the projections of a volume in memory, by window name; it is walked in the order it is stored."""
    storage = Storage.of_view(volume.voxels)
    stored = storage.undo(volume.voxels)
    sums = RaySums(storage, windows=windows, view=view)
    for k in range(stored.shape[2]):
        sums.add(k, stored[:, :, k : k + 1])
    return sums.pictures(PictureFrame.of(volume.geometry, view=view), percentile=percentile)


def silhouette_of(mask: Mask, *, view: View = View.FRONTAL) -> Silhouette:
    """Return the silhouette of a mask in memory, bool (rows, columns) of its grid's frame."""
    hits = RayHits(Storage(mask.geometry.shape, Orientation((0, 1, 2), (False, False, False))), view=view)
    if not mask.is_empty:
        hits.add(mask.origin, mask.voxels)
    return hits.silhouette(PictureFrame.of(mask.geometry, view=view))


def _flat(stored: NDArray[Any], storage: Storage, view: View) -> NDArray[Any]:
    """Return a projected array in canonical order, [across, up]."""
    flat: NDArray[Any] = storage.orientation.view(stored).take(0, axis=view.ray)
    return flat


def _picture(
    total: NDArray[np.float64], window: ProjectionWindow, *, frame: PictureFrame, percentile: float
) -> Picture:
    """Scale, resize and turn the sums [across, up] of one window."""
    peak = float(total.max() if percentile >= 100.0 else np.percentile(total, percentile))
    share = np.minimum(total / peak, 1.0) if peak > 0 else np.zeros_like(total)
    return _drawn(share, window, frame)


def _drawn(share: NDArray[Any], window: ProjectionWindow, frame: PictureFrame) -> Picture:
    """Resize and turn shares 0..1 [across, up] of one window."""
    resized = _resized(share.astype(np.float32), frame, smooth=True)
    if window.enhanced:
        resized = _enhanced(resized)
    return np.ascontiguousarray(np.rot90(np.rint(resized * 255.0).astype(np.uint8)))


def _silhouette(grid: NDArray[np.bool_], frame: PictureFrame) -> Silhouette:
    """Resize and turn a silhouette [across, up]."""
    resized = _resized(grid.view(np.uint8), frame, smooth=False)
    return np.ascontiguousarray(np.rot90(resized.view(np.bool_)))


def _resized(flat: NDArray[Any], frame: PictureFrame, *, smooth: bool) -> NDArray[Any]:
    """Resize [across, up] to millimetres, with the across axis reversed: LAS for the frontal view."""
    import cv2

    rows, columns = frame.shape
    method = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
    return cv2.resize(np.ascontiguousarray(flat[::-1]), (rows, columns), interpolation=method)


def _enhanced(share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Raise the local contrast of a picture of shares 0..1, as published for the skeleton."""
    import cv2

    local = cv2.createCLAHE(clipLimit=5.0, tileGridSize=(8, 8)).apply((share * 255.0).astype(np.uint8))
    levels = local.astype(np.float32)
    low, high = float(levels.min()), float(levels.max())
    if high <= low:
        return np.zeros_like(share)
    spread = (levels - low) / (high - low)
    spread[spread < 0.01] = 0.0
    bright: NDArray[np.float32] = np.power(spread, np.float32(0.6))
    return bright
