"""The frame of a picture: which way it looks, its edges, and where a point of the body lies in it.

Layer: imaging.
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

import numpy as np

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.geometry import Geometry, Point, axis_codes

MAX_SIDE_MM = 8192
"""A body that large is a damaged header, and would take the memory of one."""
_OPPOSITE = dict(zip("RASLPI", "LPIRAS", strict=True))


class View(Enum):
    """Which way the rays go. Of a canonical grid: the axis along the rays, across the picture, and up it.

    Growing index runs to the left and to the top of the picture: so left is the patient's right (lateral: anterior),
    top is superior (axial: anterior).
    """

    FRONTAL = "frontal"
    LATERAL = "lateral"
    AXIAL = "axial"

    @property
    def ray(self) -> int:
        """The canonical axis along the rays."""
        return {"frontal": 1, "lateral": 0, "axial": 2}[self.value]

    @property
    def across(self) -> int:
        """The canonical axis along a row of the picture."""
        return 1 if self is View.LATERAL else 0

    @property
    def up(self) -> int:
        """The canonical axis along a column of the picture."""
        return 1 if self is View.AXIAL else 2


class Edges(NamedTuple):
    """The letters at the four edges of a picture: towards R, L, A, P, S or I."""

    left: str
    right: str
    top: str
    bottom: str


class Frame(Protocol):
    """Where a picture lies in the body, whether it is a projection or a slice. Pixel centres are whole numbers."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""

    @property
    def mm_per_pixel(self) -> tuple[float, float]:
        """How tall and wide a pixel is, in mm."""

    @property
    def edges(self) -> Edges:
        """The letters at the edges, from the affine."""

    def to_picture(self, world: Point) -> tuple[float, float]:
        """Return (row, column) of a world point in mm; of one off the picture's plane, where it is seen."""

    def to_world(self, row: float, column: float) -> Point:
        """Return the world point in mm at a pixel: on the slice, or in the middle of the ray."""


@dataclass(frozen=True, eq=False, slots=True)
class PictureFrame:
    """The frame of a picture of a canonical grid: `shape` (rows, columns), about 1 mm per pixel."""

    geometry: Geometry
    view: View
    shape: tuple[int, int]

    @classmethod
    def of(cls, geometry: Geometry, *, view: View = View.FRONTAL) -> "PictureFrame":
        """Make the frame of a canonical grid; raise UserError when the grid is absurdly large."""
        columns, rows = (_side(geometry, axis) for axis in (view.across, view.up))
        return cls(geometry, view, (rows, columns))

    @property
    def mm_per_pixel(self) -> tuple[float, float]:
        """How tall and wide a pixel is, in mm: 1 but for the truncated last part of a millimetre."""
        size = np.array(self.geometry.shape) * np.array(self.geometry.spacing)
        rows, columns = self.shape
        return float(size[self.view.up]) / rows, float(size[self.view.across]) / columns

    @property
    def edges(self) -> Edges:
        """The letters at the edges, from the affine; of an oblique grid the dominant direction."""
        left, right = _letters(self.geometry, self.view.across)
        top, bottom = _letters(self.geometry, self.view.up)
        return Edges(left, right, top, bottom)

    def to_picture(self, world: Point) -> tuple[float, float]:
        """Return (row, column) of a world point in mm; pixel centres are whole numbers."""
        index = self.geometry.to_index(np.array(world))
        rows, columns = self.shape
        row, column = (
            (self.geometry.shape[axis] - 0.5 - index[axis]) * size / self.geometry.shape[axis] - 0.5
            for axis, size in ((self.view.up, rows), (self.view.across, columns))
        )
        return float(row), float(column)

    def to_world(self, row: float, column: float, *, depth: float = 0.5) -> Point:
        """Return the world point in mm at a pixel, `depth` (0..1) of the way along its ray."""
        index = [0.0, 0.0, 0.0]
        rows, columns = self.shape
        for axis, place, size in ((self.view.up, row, rows), (self.view.across, column, columns)):
            index[axis] = self.geometry.shape[axis] - 0.5 - (place + 0.5) * self.geometry.shape[axis] / size
        index[self.view.ray] = depth * (self.geometry.shape[self.view.ray] - 1)
        x, y, z = self.geometry.to_world(np.array(index))
        return float(x), float(y), float(z)

    def to_world_xz(self, row: float, column: float) -> tuple[float, float]:
        """Return world (x, z) in mm at a pixel of a frontal picture, in the middle of its ray."""
        x, _, z = self.to_world(row, column)
        return x, z


def _side(geometry: Geometry, axis: int) -> int:
    """Return a side in whole millimetres, truncated as published; at least 1."""
    # the small addend keeps 122 * 2.9999999 mm, a rounding of 366 mm, from losing a pixel
    size = geometry.shape[axis] * geometry.spacing[axis] + 1e-4
    if not size < MAX_SIDE_MM:
        raise UserError(f"The image would be {size / 1000:.1f} m long.", "Check its voxel size; it is not drawn.")
    return max(1, int(size))


def _letters(geometry: Geometry, axis: int) -> tuple[str, str]:
    """Return the letters towards growing and falling index along a canonical axis.

    All three axes are matched together: of a grid turned by more than 45 degrees two may have one dominant direction.
    """
    code = axis_codes(geometry.affine)[axis]
    return code, _OPPOSITE[code]
