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
_LEAST_MARK, _MARK_GAP = 4, 2
"""In pixels: the least side of a mark, and what is left between it and the picture's edges."""
COLOURED = 40
"""Least difference of a pixel's red, green and blue that makes it part of a label."""
_ROUNDING = 1e-4
"""In voxels: what world mm lose on their way through an affine."""


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
    anterior on the left in sagittal ones. Along the image's own axes; of a place outside the image, the nearest slice.
    Cropped to `extent` (two corners in world mm; the mask's box without it; the whole image for an empty mask) and a
    margin, with square pixels, the longest side `longest` pixels.
    """
    along, across, up = _ACROSS[axis]
    at = int(np.clip(round(float(ct.geometry.to_index(np.array(place))[along])), 0, ct.geometry.shape[along] - 1))
    ends = _mask_ends(mask) if extent is None else _extent_ends(ct.geometry, extent)
    box = _box(ct.geometry, ends, margin_mm)
    box[along] = slice(at, at + 1)
    spans = (box[0], box[1], box[2])
    grey = to_grey(_flat(ct.voxels[spans], along), window)
    inside = _flat(mask.within(spans), along)
    spacing = ct.geometry.spacing
    width, height = grey.shape[1] * spacing[across], grey.shape[0] * spacing[up]
    scale = longest / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return compose(_resized(grey, size), _resized_mask(inside, size), colour, style=style, opacity=opacity)


def _mask_ends(mask: Mask) -> NDArray[np.float64]:
    """Return opposite corners of a mask's box as indices, shape (2, 3); of an empty one, the grid's."""
    if mask.is_empty:
        return np.array([(0.0, 0.0, 0.0), mask.geometry.shape]) - 0.5
    return np.array([[getattr(s, end) - 0.5 for s in mask.box] for end in ("start", "stop")])


def _extent_ends(geometry: Geometry, extent: tuple[Point, Point]) -> NDArray[np.float64]:
    """Return the eight corners of a box in world mm as indices, shape (8, 3); two do not hold it on an oblique grid."""
    return geometry.to_index(np.array(np.meshgrid(*np.array(extent).T, indexing="ij")).reshape(3, -1).T)


def _box(geometry: Geometry, ends: NDArray[np.float64], margin_mm: float) -> list[slice]:
    """Return the voxels that lie between indices or within a margin of them, inside the grid; never nothing."""
    box = []
    for axis in range(3):
        margin = margin_mm / geometry.spacing[axis]
        last = geometry.shape[axis] - 1
        # voxel i reaches from i - 0.5 to i + 0.5; one that is only touched, or by a rounding, is not in the box
        low = int(np.clip(np.floor(ends[:, axis].min() - margin + 0.5 + _ROUNDING), 0, last))
        high = int(np.clip(np.ceil(ends[:, axis].max() + margin - 0.5 - _ROUNDING), low, last))
        box.append(slice(low, high + 1))
    return box


def _flat(block: NDArray[Any], along: int) -> NDArray[Any]:
    """Return a slice [across, up] of a canonical grid as a picture: growing index runs to the left and to the top."""
    return np.ascontiguousarray(block.take(0, axis=along).T[::-1, ::-1])


def _resized(grey: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize to (columns, rows): averaged along a side that shrinks, interpolated along one that grows."""
    import cv2

    shrunk = cv2.resize(grey, _no_larger(grey, size), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(shrunk, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _resized_mask(inside: NDArray[np.bool_], size: tuple[int, int]) -> Silhouette:
    """Resize to (columns, rows): exactly its voxels along a side that grows, none lost along one that shrinks."""
    import cv2

    share = cv2.resize(inside.astype(np.float32), _no_larger(inside, size), interpolation=cv2.INTER_AREA)
    grown = cv2.resize((share > 0).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(grown, dtype=np.bool_)


def _no_larger(picture: NDArray[Any], size: tuple[int, int]) -> tuple[int, int]:
    return min(size[0], picture.shape[1]), min(size[1], picture.shape[0])


def labelled(picture: RgbPicture) -> Silhouette:
    """Return where a picture shows a label: its only colour."""
    return np.asarray(np.ptp(picture, axis=2) >= COLOURED, dtype=np.bool_)


def corner_mark(picture: RgbPicture, *, corner: Corner = "upper-left") -> RgbPicture:
    """Return a picture with a white square, black inside, burnt into a corner.

    Where a label is there, the next corner without one; where one is in every corner, the corner with least of it.
    """
    label = labelled(picture)
    places = [_corner_of(picture, c) for c in (corner, *(c for c in CORNERS if c != corner))]
    rows, columns = min(places, key=lambda place: int(np.count_nonzero(label[place])))
    marked = picture.copy()
    marked[rows, columns] = 255
    inner = max(1, (rows.stop - rows.start) // 4)
    marked[rows.start + inner : rows.stop - inner, columns.start + inner : columns.stop - inner] = 0
    return marked


def _corner_of(picture: RgbPicture, corner: Corner) -> tuple[slice, slice]:
    rows, columns = picture.shape[:2]
    shorter = min(rows, columns)
    side = min(max(_LEAST_MARK, round(MARK_SHARE * shorter)), max(1, shorter // 2))
    gap = min(_MARK_GAP, (shorter - side) // 2)
    top = gap if corner.startswith("upper") else rows - side - gap
    left = gap if corner.endswith("left") else columns - side - gap
    return slice(top, top + side), slice(left, left + side)


def blanked(picture: RgbPicture, keep: Silhouette, *, margin_px: int) -> RgbPicture:
    """Return a picture that is black but for the box around `keep` (bool, same size) and a margin.

    Give the same `keep` for every candidate of a pair, so that the box says nothing about either. Nothing to keep
    leaves nothing. Raises ValueError for sizes that differ.
    """
    if keep.shape != picture.shape[:2]:
        raise ValueError(f"what to keep has {keep.shape} pixels, the picture {picture.shape[:2]}")
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
