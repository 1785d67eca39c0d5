"""Slices of a volume and of masks as radiologists see them. Layer: imaging.

The patient's right on the left of the screen; anterior on top of axial slices, superior on top of the others, anterior
on the left of sagittal ones. `View.FRONTAL` is coronal, `View.LATERAL` sagittal. Slices run along the image's own axes
and are views of the volume: nothing is copied or resampled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Geometry, Mask, Point, Volume
from labelcritic_gui.imaging.frame import Edges, PictureFrame, View

_MOST_LABELS = 255


@dataclass(frozen=True, eq=False, slots=True)
class SliceFrame:
    """The frame of one slice of a canonical grid: a pixel is a voxel, so its sides may differ."""

    geometry: Geometry
    view: View
    index: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns: voxels up and across."""
        return self.geometry.shape[self.view.up], self.geometry.shape[self.view.across]

    @property
    def mm_per_pixel(self) -> tuple[float, float]:
        """How tall and wide a pixel is, in mm."""
        spacing = self.geometry.spacing
        return spacing[self.view.up], spacing[self.view.across]

    @property
    def edges(self) -> Edges:
        """The letters at the edges, from the affine; of an oblique grid the dominant direction."""
        return PictureFrame(self.geometry, self.view, self.shape).edges

    def to_picture(self, world: Point) -> tuple[float, float]:
        """Return (row, column) of a world point in mm, seen along the normal of the grid's slices."""
        index = self.geometry.to_index(np.array(world))
        rows, columns = self.shape
        return float(rows - 1 - index[self.view.up]), float(columns - 1 - index[self.view.across])

    def to_world(self, row: float, column: float) -> Point:
        """Return the world point in mm at a pixel of this slice."""
        rows, columns = self.shape
        index = [0.0, 0.0, 0.0]
        index[self.view.up], index[self.view.across] = rows - 1 - row, columns - 1 - column
        index[self.view.ray] = float(self.index)
        x, y, z = self.geometry.to_world(np.array(index))
        return float(x), float(y), float(z)


def slice_count(geometry: Geometry, view: View) -> int:
    """Return how many slices there are."""
    return geometry.shape[view.ray]


def slice_index(geometry: Geometry, view: View, world: Point) -> int:
    """Return the slice nearest to a world point in mm; of a point outside the image, the first or last."""
    index = float(geometry.to_index(np.array(world))[view.ray])
    return int(np.clip(round(index), 0, geometry.shape[view.ray] - 1))


def slice_span(masks: Sequence[Mask], view: View) -> tuple[int, int] | None:
    """Return the first and the last slice that any of the masks is on; None when all are empty."""
    boxes = [mask.box[view.ray] for mask in masks if not mask.is_empty]
    return (min(box.start for box in boxes), max(box.stop for box in boxes) - 1) if boxes else None


def hu_slice(volume: Volume, view: View, index: int) -> NDArray[Any]:
    """Return a slice in Hounsfield units, (rows, columns) in display orientation: a view with negative strides.

    Raises IndexError for a slice that is not there.
    """
    return _flat(volume.voxels, view, _checked(volume.geometry, view, index))


def mask_slice(mask: Mask, view: View, index: int) -> NDArray[np.bool_]:
    """Return a slice of a mask on its whole grid, bool (rows, columns); False outside its box.

    Raises IndexError for a slice that is not there.
    """
    inside = np.zeros(_shape(mask.geometry, view), dtype=np.bool_)
    cut = _cut(mask, view, index)
    if cut is not None:
        place, part = cut
        inside[place] = part
    return inside


def label_slice(masks: Sequence[Mask], view: View, index: int) -> NDArray[np.uint8]:
    """Return a slice of several masks of one grid, uint8 (rows, columns): n where the n-th is, counted from 1.

    A later mask lies over an earlier one. Raises ValueError for no masks, masks of grids of different shapes and more
    than 255, IndexError for a slice that is not there.
    """
    if not 0 < len(masks) <= _MOST_LABELS:
        raise ValueError(f"{len(masks)} masks do not fit one label slice")
    if len({mask.geometry.shape for mask in masks}) > 1:
        raise ValueError("the masks lie on different grids")
    labels = np.zeros(_shape(masks[0].geometry, view), dtype=np.uint8)
    for number, mask in enumerate(masks, 1):
        cut = _cut(mask, view, index)
        if cut is not None:
            place, part = cut
            labels[place][part] = number
    return labels


def hu_at(volume: Volume, world: Point) -> float | None:
    """Return the Hounsfield units of the voxel at a world point in mm; None outside the image."""
    x, y, z = (int(n) for n in np.rint(volume.geometry.to_index(np.array(world))))
    if not all(0 <= at < size for at, size in zip((x, y, z), volume.geometry.shape, strict=True)):
        return None
    return float(volume.voxels[x, y, z])


def _shape(geometry: Geometry, view: View) -> tuple[int, int]:
    return geometry.shape[view.up], geometry.shape[view.across]


def _checked(geometry: Geometry, view: View, index: int) -> int:
    """Return the index of a slice that is there; a negative one must not count from the end."""
    if not 0 <= index < geometry.shape[view.ray]:
        raise IndexError(f"there is no slice {index} among {geometry.shape[view.ray]}")
    return index


def _flat(voxels: NDArray[Any], view: View, at: int) -> NDArray[Any]:
    """Return a slice of a canonical array as a picture: growing index runs to the left and to the top."""
    if view is View.AXIAL:
        flat = voxels[:, :, at]
    elif view is View.FRONTAL:
        flat = voxels[:, at, :]
    else:
        flat = voxels[at]
    return flat.T[::-1, ::-1]


def _cut(mask: Mask, view: View, index: int) -> tuple[tuple[slice, slice], NDArray[np.bool_]] | None:
    """Return where a mask's box lies on a slice (rows, columns) and what it holds there; None where it does not."""
    at = _checked(mask.geometry, view, index) - mask.origin[view.ray]
    if mask.is_empty or not 0 <= at < mask.voxels.shape[view.ray]:
        return None
    rows, columns = (
        slice(mask.geometry.shape[axis] - mask.box[axis].stop, mask.geometry.shape[axis] - mask.box[axis].start)
        for axis in (view.up, view.across)
    )
    return (rows, columns), _flat(mask.voxels, view, at)
