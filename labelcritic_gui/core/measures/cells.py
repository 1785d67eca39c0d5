"""The coarse cells on which two masks are told apart, and what of a difference is more than a boundary. Layer: core."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Geometry, Index3, Mask, Point

_SHELL_CELLS = 2
"""As many cells beyond the other mask are a boundary drawn elsewhere; one, along an axis that is much coarser."""
_MUCH_COARSER = 1.5


class Cells:
    """A coarse grid within a box: every n-th voxel along each axis, the first one half a step from the box's corner.

    A `margin` adds so many cells on every side, as far as the image goes. `origin` is the first cell's voxel, `mm` the
    size of a cell, `samples` the slices of the image that are the cells.
    """

    def __init__(self, geometry: Geometry, box: tuple[slice, slice, slice], *, margin: int = 0) -> None:
        self.geometry = geometry
        self.steps = metrics.thinning(geometry.spacing)
        starts, stops = [], []
        for span, step, size in zip(box, self.steps, geometry.shape, strict=True):
            at = span.start + (step - 1) // 2
            starts.append(at - min(margin, at // step) * step)  # whole cells, so that a margin moves no cell
            stops.append(min(span.stop + margin * step, size))
        self.origin: Index3 = (starts[0], starts[1], starts[2])
        self.samples = tuple(slice(at, stop, n) for at, stop, n in zip(starts, stops, self.steps, strict=True))
        x, y, z = (s * n for s, n in zip(geometry.spacing, self.steps, strict=True))
        self.mm: Point = (x, y, z)
        self.shell = tuple(_SHELL_CELLS if m <= _MUCH_COARSER * min(self.mm) else 1 for m in self.mm)

    def of(self, mask: Mask) -> metrics.Voxels:
        """Return a mask on the cells, without ever holding it on all voxels of the box; what is beyond is left out."""
        out = np.zeros([len(range(*s.indices(s.stop))) for s in self.samples], dtype=np.bool_, order="F")
        if mask.is_empty:
            return out
        first = [-(-(own.start - at) // n) for own, at, n in zip(mask.box, self.origin, self.steps, strict=True)]
        first = [max(cell, 0) for cell in first]
        picked = mask.voxels[
            tuple(
                slice(at + cell * n - own.start, None, n)
                for own, at, n, cell in zip(mask.box, self.origin, self.steps, first, strict=True)
            )
        ]
        held = [max(min(n, size - cell), 0) for n, size, cell in zip(picked.shape, out.shape, first, strict=True)]
        into = tuple(slice(cell, cell + n) for cell, n in zip(first, held, strict=True))
        out[into] = picked[tuple(slice(n) for n in held)]
        return out

    def world(self, cell: NDArray[Any]) -> NDArray[np.float64]:
        """Return world positions in mm of cells, shape (..., 3)."""
        return self.geometry.to_world(np.multiply(cell, self.steps) + np.array(self.origin))


def telling_part(part: metrics.Voxels, rival: metrics.Voxels, shell: tuple[int, ...]) -> metrics.Voxels:
    """Return what is more than a boundary in what the rival lacks: far from it, thick, or between its slices."""
    near = rival
    for step in range(_SHELL_CELLS):
        near = _spread(near, tuple(axis for axis in range(3) if step < shell[axis]))
    return (part & ~near) | metrics.opened(part) | _left_out(part, rival)


def _left_out(part: metrics.Voxels, rival: metrics.Voxels) -> metrics.Voxels:
    """Return sheets of one to three slices that have the rival below and above."""
    from scipy import ndimage

    below, above = np.zeros_like(rival), np.zeros_like(rival)
    for step in range(1, _SHELL_CELLS + 1):
        below[:, :, step:] |= rival[:, :, :-step]
        above[:, :, :-step] |= rival[:, :, step:]
    sheets = part & below & above
    cross = ndimage.generate_binary_structure(2, 1)[None]
    return np.asarray(ndimage.binary_opening(sheets.T, structure=cross).T, dtype=np.bool_)


def with_rim(telling: metrics.Voxels, part: metrics.Voxels) -> metrics.Voxels:
    """Return the telling part of a difference with the thin rim around it, but not the shell that it may stand on."""
    return _spread(telling, (0, 1, 2)) & part


def _spread(voxels: metrics.Voxels, axes: tuple[int, ...]) -> metrics.Voxels:
    """Return a mask grown by one along some axes, corners included."""
    for axis in axes:
        grown = voxels.copy(order="F")
        mine, source = np.moveaxis(grown, axis, 0), np.moveaxis(voxels, axis, 0)
        mine[1:] |= source[:-1]
        mine[:-1] |= source[1:]
        voxels = grown
    return voxels


def largest_parts(voxels: metrics.Voxels, most: int) -> Iterator[NDArray[np.int64]]:
    """Yield the cells, shape (n, 3), of the largest 26-connected parts."""
    from scipy import ndimage

    numbers, sizes = metrics.components(voxels)
    boxes = ndimage.find_objects(numbers.T)
    for number in np.argsort(-sizes, kind="stable")[:most]:
        box = boxes[number][::-1]
        yield np.argwhere(numbers[box] == number + 1) + np.array([span.start for span in box])
