"""Views of one candidate for a model: slices, several views side by side, and pictures tampered with on purpose.

Layer: imaging.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Geometry, Mask, Point, Volume
from labelcritic_gui.imaging.overlay import Colour, RgbPicture, Style, compose
from labelcritic_gui.imaging.panel import LONGEST_SIDE, RED, side_by_side
from labelcritic_gui.imaging.projection import Silhouette
from labelcritic_gui.imaging.window import Window, to_grey

Axis = Literal["axial", "coronal", "sagittal"]
Corner = Literal["upper-left", "upper-right", "lower-left", "lower-right"]
_ACROSS: dict[Axis, tuple[int, int, int]] = {"sagittal": (0, 1, 2), "coronal": (1, 0, 2), "axial": (2, 0, 1)}
"""Of a canonical grid: the axis that a slice is taken along, the one across the picture, and the one up it."""
CORNERS: tuple[Corner, ...] = ("upper-left", "upper-right", "lower-left", "lower-right")
MARK_SHARE = 0.07
"""Side of a corner mark, as a share of the picture's shorter side."""
COLOURED = 40
"""Least difference of a pixel's red, green and blue that makes it part of a label."""


def montage(panels: Sequence[RgbPicture]) -> RgbPicture:
    """Return views side by side in one picture, uint8 (rows, columns, 3): same height, a white gap between them.

    Lower ones are centred on black. Raises ValueError for no panels.
    """
    if not panels:
        raise ValueError("there is no panel to show")
    rows = max(panel.shape[0] for panel in panels)
    return side_by_side([_padded(panel, rows) for panel in panels]) if len(panels) > 1 else panels[0]


def _padded(panel: RgbPicture, rows: int) -> RgbPicture:
    spare = rows - panel.shape[0]
    return np.pad(panel, ((spare // 2, spare - spare // 2), (0, 0), (0, 0)))


def slice_picture(
    ct: Volume,
    mask: Mask,
    *,
    axis: Axis,
    place: Point,
    window: Window,
    margin_mm: float = 40.0,
    colour: Colour = RED,
    style: Style = "both",
    opacity: float = 0.3,
    extent: tuple[Point, Point] | None = None,
    longest: int = LONGEST_SIDE,
) -> RgbPicture:
    """Return the slice through a place (world RAS+ mm), with a mask over it, uint8 (rows, columns, 3).

    As radiologists see it: the patient's right on the left; anterior up in axial slices, superior up in the others,
    anterior on the left in sagittal ones. Cropped to `extent` (two corners in world mm; the mask's box without it) and
    a margin, with square pixels, the longest side `longest` pixels.
    """
    along, across, up = _ACROSS[axis]
    at = int(np.clip(round(float(ct.geometry.to_index(np.array(place))[along])), 0, ct.geometry.shape[along] - 1))
    box = _box(ct.geometry, extent or _corners(mask, ct.geometry), margin_mm)
    box[along] = slice(at, at + 1)
    spans = (box[0], box[1], box[2])
    grey = to_grey(_flat(ct.voxels[spans], along), window)
    inside = _flat(mask.within(spans), along)
    spacing = ct.geometry.spacing
    width, height = grey.shape[1] * spacing[across], grey.shape[0] * spacing[up]
    scale = longest / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return compose(_resized(grey, size, smooth=True), _resized_mask(inside, size), colour, style=style, opacity=opacity)


def _corners(mask: Mask, geometry: Geometry) -> tuple[Point, Point]:
    """Return opposite corners of a mask's box in world mm; of an empty one, the image's."""
    if mask.is_empty:
        low, high = np.array([-0.5] * 3), np.array(geometry.shape) - 0.5
    else:
        low, high = (np.array([getattr(s, end) - 0.5 for s in mask.box]) for end in ("start", "stop"))
    a, b = geometry.to_world(low), geometry.to_world(high)
    return (float(a[0]), float(a[1]), float(a[2])), (float(b[0]), float(b[1]), float(b[2]))


def _box(geometry: Geometry, extent: tuple[Point, Point], margin_mm: float) -> list[slice]:
    """Return the voxels around a box in world mm, inside the grid; never nothing."""
    ends = np.array(extent)
    eight = np.array([[ends[i, 0], ends[j, 1], ends[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    index = geometry.to_index(eight)
    box = []
    for axis in range(3):
        margin = margin_mm / geometry.spacing[axis]
        last = geometry.shape[axis] - 1
        low = int(np.clip(np.floor(index[:, axis].min() - margin), 0, last))
        high = int(np.clip(np.ceil(index[:, axis].max() + margin), low, last))
        box.append(slice(low, high + 1))
    return box


def _flat(block: NDArray[Any], along: int) -> NDArray[Any]:
    """Return a slice [across, up] of a canonical grid as a picture: growing index runs to the left and to the top."""
    return np.ascontiguousarray(block.take(0, axis=along).T[::-1, ::-1])


def _resized(grey: NDArray[np.uint8], size: tuple[int, int], *, smooth: bool) -> NDArray[np.uint8]:
    import cv2

    method = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(grey, size, interpolation=method), dtype=np.uint8)


def _resized_mask(inside: NDArray[Any], size: tuple[int, int]) -> Silhouette:
    return _resized(inside.astype(np.uint8), size, smooth=False).astype(np.bool_)


def labelled(picture: RgbPicture) -> Silhouette:
    """Return where a picture shows a label: its only colour."""
    return np.asarray(np.ptp(picture, axis=2) >= COLOURED, dtype=np.bool_)


def corner_mark(picture: RgbPicture, *, corner: Corner = "upper-left") -> RgbPicture:
    """Return a picture with a white square, black inside, burnt into a corner; another corner if a label is there."""
    side = max(4, round(MARK_SHARE * min(picture.shape[:2])))
    label = labelled(picture)
    order = (corner, *(c for c in CORNERS if c != corner))
    places = [_corner_of(picture, c, side) for c in order]
    rows, columns = next((p for p in places if not label[p].any()), places[0])
    marked = picture.copy()
    marked[rows, columns] = 255
    inner = max(1, side // 4)
    marked[rows.start + inner : rows.stop - inner, columns.start + inner : columns.stop - inner] = 0
    return marked


def _corner_of(picture: RgbPicture, corner: Corner, side: int) -> tuple[slice, slice]:
    rows, columns = picture.shape[:2]
    top = slice(2, 2 + side) if corner.startswith("upper") else slice(rows - side - 2, rows - 2)
    return top, slice(2, 2 + side) if corner.endswith("left") else slice(columns - side - 2, columns - 2)


def blanked(picture: RgbPicture, keep: Silhouette, *, margin_px: int) -> RgbPicture:
    """Return a picture that is black but for the box around `keep` (bool, same size) and a margin.

    Give the same `keep` for every candidate of a pair, so that the box says nothing about either. Nothing to keep
    leaves nothing.
    """
    shown = np.zeros_like(picture)
    rows, columns = np.flatnonzero(keep.any(axis=1)), np.flatnonzero(keep.any(axis=0))
    if rows.size == 0:
        return shown
    box = (
        slice(max(int(rows[0]) - margin_px, 0), int(rows[-1]) + margin_px + 1),
        slice(max(int(columns[0]) - margin_px, 0), int(columns[-1]) + margin_px + 1),
    )
    shown[box] = picture[box]
    return shown
