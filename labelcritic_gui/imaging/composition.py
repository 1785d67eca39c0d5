"""One opaque picture for the screen: grey anatomy at the screen's own pixels, masks filled and outlined over it.

Everything is drawn at device pixels, so that a view only copies it to the screen. The anatomy is interpolated
linearly; a mask's edge is where its linear interpolation is one half, which keeps every voxel's centre on its side.
Layer: imaging.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.imaging.overlay import Colour
from labelcritic_gui.imaging.projection import Picture

Canvas = NDArray[np.uint8]
"""uint8 (rows, columns, 4): blue, green, red, 255. Little-endian, that is Qt's Format_RGB32."""

SHRINK_BELOW = 0.6
"""Anatomy drawn smaller than this is averaged first: linear interpolation alone would skip voxels."""
INSIDE, THIN_INSIDE = 128, 56
"""Of 255: a mask's share of a pixel from which the pixel is inside; less where the mask is drawn smaller."""
LEAST_POINTS = 8
"""An outline of fewer points has no steps to take off."""
MARGIN = 6
TINT = 0.32
"""How much of a neighbour's colour is laid over the anatomy."""


class Placement(NamedTuple):
    """Where a source picture lies on the canvas: device px per source pixel, and where its upper left corner is.

    The source's corner (row 0, column 0) lies at (`top`, `left`); values are device px, corners are whole.
    """

    down: float
    across: float
    top: float
    left: float

    def shrunk(self, before: tuple[int, int], after: tuple[int, int]) -> "Placement":
        """Return where the source lies after it was resized."""
        return self._replace(down=self.down * before[0] / after[0], across=self.across * before[1] / after[1])

    def moved(self, top: int, left: int) -> "Placement":
        """Return the placement on a part of the canvas that starts there."""
        return self._replace(top=self.top - top, left=self.left - left)

    def inverse(self) -> NDArray[np.float64]:
        """Return the 2x3 matrix from canvas pixels (x, y) to source pixels, both by their centres."""
        return np.array(
            [
                [1.0 / self.across, 0.0, (0.5 - self.left) / self.across - 0.5],
                [0.0, 1.0 / self.down, (0.5 - self.top) / self.down - 0.5],
            ]
        )


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """A mask over the anatomy, bool (rows, columns) of the source. `fill` is its opacity, `line` its outline in px.

    `strength` (0..1) is how strong the outline is. Zero `fill` or `line` draws none. `hatch` fills stripes so many px
    wide; `between` draws only from one share of the canvas's width to another; `halo` lays a black line so many px
    wide under the outline.
    """

    mask: NDArray[np.bool_]
    colour: Colour
    fill: float = 0.0
    line: float = 0.0
    strength: float = 1.0
    hatch: float = 0.0
    between: tuple[float, float] | None = None
    halo: float = 0.0


def magnified(grey: Picture, placement: Placement, shape: tuple[int, int]) -> Picture:
    """Return a grey source as it lies on a canvas of `shape` (rows, columns); black around it."""
    import cv2

    source, placed = grey, placement
    rows, columns = grey.shape
    smaller = (_smaller(rows, placement.down), _smaller(columns, placement.across))
    if smaller != grey.shape:
        source = np.asarray(cv2.resize(source, smaller[::-1], interpolation=cv2.INTER_AREA), dtype=np.uint8)
        placed = placement.shrunk(grey.shape, smaller)
    drawn = _warped(source, placed, shape)
    top, left = round(placement.top), round(placement.left)
    bottom, right = round(placement.top + rows * placement.down), round(placement.left + columns * placement.across)
    for beyond in (drawn[: max(0, top)], drawn[max(0, bottom) :], drawn[:, : max(0, left)], drawn[:, max(0, right) :]):
        beyond[...] = 0
    return drawn


def composed(grey: Picture, layers: Sequence[Layer], placement: Placement, *, into: Canvas | None = None) -> Canvas:
    """Return a canvas: grey at device pixels (see `magnified`) with layers over it, the last on top.

    `into` is a canvas of that size that is not needed any more: a new one costs more than to draw it.
    """
    import cv2

    canvas: Canvas = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGRA, dst=into), dtype=np.uint8)
    draw(canvas, layers, placement)
    return canvas


def draw(canvas: Canvas, layers: Sequence[Layer], placement: Placement) -> None:
    """Draw layers over a canvas, the last on top."""
    for layer in layers:
        _draw(canvas, layer, placement)


def tinted(canvas: Canvas, labels: NDArray[np.uint8], colours: Sequence[Colour], placement: Placement) -> None:
    """Draw many labels (uint8 (rows, columns) of the source; n has `colours[n - 1]`) dimly, edges a bit stronger."""
    import cv2

    table = np.zeros((256, 1, 4), dtype=np.float64)
    table[1 : len(colours) + 1, 0] = [(blue, green, red, 255 / TINT) for red, green, blue in colours]
    inner, outer = (np.minimum(255, np.rint(table * share)).astype(np.uint8) for share in (TINT, 1.6 * TINT))
    grid = np.ascontiguousarray(labels)
    four = cv2.merge([grid, grid, grid, grid])
    paint = cv2.LUT(four, inner)
    edge = cv2.morphologyEx(grid, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8))
    cv2.copyTo(cv2.LUT(four, outer), cv2.min(edge, grid), paint)
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    spread = cv2.warpAffine(paint, placement.inverse(), canvas.shape[1::-1], flags=flags)
    where = cv2.extractChannel(spread, 3)
    dimmed = cv2.convertScaleAbs(canvas, alpha=1.0 - TINT)
    cv2.copyTo(cv2.add(dimmed, spread, dst=dimmed), where, canvas)


def _smaller(size: int, scale: float) -> int:
    """Return to how many pixels a side is averaged before it is drawn at a scale."""
    factor = 1
    while scale * factor < SHRINK_BELOW and factor < 16:
        factor *= 2
    return max(1, -(-size // factor))


def _warped(source: NDArray[np.uint8], placement: Placement, shape: tuple[int, int]) -> NDArray[np.uint8]:
    import cv2

    drawn = cv2.warpAffine(
        np.ascontiguousarray(source),
        placement.inverse(),
        shape[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(drawn, dtype=np.uint8)


def _draw(canvas: Canvas, layer: Layer, placement: Placement) -> None:
    """Fill and outline one mask where it is on the canvas."""
    import cv2

    grid = layer.mask.view(np.uint8)
    column, row, columns, rows = cv2.boundingRect(grid)
    if rows == 0 or columns == 0:
        return
    # one pixel of outside all around, so that the edge is interpolated there too
    source = cv2.copyMakeBorder(
        np.ascontiguousarray(grid[row : row + rows, column : column + columns]) * np.uint8(255),
        1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0,
    )  # fmt: skip
    placed = placement._replace(
        top=placement.top + (row - 1) * placement.down, left=placement.left + (column - 1) * placement.across
    )
    top, bottom = _span(placed.top, placed.down * (rows + 2), canvas.shape[0])
    left, right = _span(placed.left, placed.across * (columns + 2), canvas.shape[1])
    if top >= bottom or left >= right:
        return
    shape = (bottom - top, right - left)
    thin = min(placement.down, placement.across) < 1.0
    share = magnified(np.asarray(source, dtype=np.uint8), placed.moved(top, left), shape)
    least = THIN_INSIDE if thin else INSIDE - 1
    inside = np.asarray(cv2.threshold(share, least, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8)
    if layer.between is not None:
        first, end = (round(share * canvas.shape[1]) - left for share in layer.between)
        inside[:, : max(0, first)] = 0
        inside[:, max(0, end) :] = 0
    red, green, blue = layer.colour
    if layer.fill > 0:
        filled = _striped(inside, (top, left), layer.hatch) if layer.hatch > 0 else inside
        _fill(canvas, filled, (top, left), (blue, green, red), layer.fill)
    if layer.line > 0:
        _line(canvas, inside, (top, left), (blue, green, red), layer)


def _striped(inside: Picture, at: tuple[int, int], width: float) -> Picture:
    """Leave diagonal stripes of what is inside, which hold still on the canvas whatever part of it is drawn."""
    rows, columns = inside.shape
    period = max(2, round(2 * width))
    steps = (np.arange(rows + columns) + at[0] + at[1]) % period < period // 2
    # every row shows the stripes of the one above it, one pixel further to the left: a view, no copy
    stripes = np.lib.stride_tricks.sliding_window_view(steps, columns)[:rows]
    return np.where(stripes, inside, np.uint8(0))


def _span(start: float, size: float, limit: int) -> tuple[int, int]:
    """Return the whole pixels that something covers on the canvas, with a margin that reaches beyond its edges."""
    return max(-MARGIN, int(np.floor(start))), min(limit + MARGIN, int(np.ceil(start + size)))


def _fill(canvas: Canvas, inside: Picture, at: tuple[int, int], colour: Colour, opacity: float) -> None:
    import cv2

    top, left = max(0, at[0]), max(0, at[1])
    # a mask in the margin beyond the canvas ends before it begins: a negative end would count from behind
    end = max(0, canvas.shape[0] - at[0]), max(0, canvas.shape[1] - at[1])
    visible = inside[top - at[0] : end[0], left - at[1] : end[1]]
    if visible.size == 0:
        return
    part = canvas[top : top + visible.shape[0], left : left + visible.shape[1]]
    mixed = cv2.LUT(np.ascontiguousarray(part), _mixing(colour, opacity))
    cv2.copyTo(mixed, np.ascontiguousarray(visible), part)


def _mixing(colour: Colour, opacity: float) -> NDArray[np.uint8]:
    """Return the table, uint8 (256, 1, 4), that lays a colour (blue, green, red) over every level."""
    level = np.arange(256, dtype=np.float64)[:, None]
    return np.rint(level * (1.0 - opacity) + np.array([(*colour, 255)]) * opacity).astype(np.uint8)[:, None, :]


def _line(canvas: Canvas, inside: Picture, at: tuple[int, int], colour: Colour, layer: Layer) -> None:
    import cv2

    contours, _ = cv2.findContours(inside, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE, offset=(at[1], at[0]))
    # a second stroke half a pixel off makes one and a half: lines of two pixels are too heavy for thin structures
    width, half = max(1, int(layer.line)), layer.line % 1.0 >= 0.25
    if not contours:
        return
    drawn = _rounded(contours)
    target = canvas if layer.strength >= 1.0 else canvas.copy()
    if layer.halo > 0:
        cv2.polylines(target, drawn, True, (0, 0, 0, 255), max(1, round(layer.halo)), cv2.LINE_AA, 4)
    cv2.polylines(target, drawn, True, (*colour, 255), width, cv2.LINE_AA, 4)
    if half:
        cv2.polylines(target, [line + 8 for line in drawn], True, (*colour, 255), width, cv2.LINE_AA, 4)
    if target is not canvas:
        cv2.addWeighted(target, layer.strength, canvas, 1.0 - layer.strength, 0.0, dst=canvas)


def _rounded(contours: Sequence[NDArray[Any]]) -> list[NDArray[np.int32]]:
    """Take the steps off outlines on pixels: no point moves by a whole pixel. In sixteenths of a pixel.

    All outlines are worked on together, because a mask may have hundreds of small ones.
    """
    sizes = np.array([len(contour) for contour in contours])
    ends = np.cumsum(sizes)
    points = np.concatenate(contours).astype(np.float32)
    after = np.arange(1, len(points) + 1)
    after[ends - 1] = ends - sizes
    before = np.empty_like(after)
    before[after] = np.arange(len(points))
    wide = points[before[before]] + points[after[after]]
    round_ = (2.0 * points + 2.0 * (points[before] + points[after]) + wide) / np.float32(8.0)
    kept = np.repeat(sizes < LEAST_POINTS, sizes)
    round_[kept] = points[kept]
    return np.split(np.rint(round_ * 16.0).astype(np.int32), ends[:-1])
