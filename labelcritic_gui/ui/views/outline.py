"""A silhouette's outline as a vector path, crisp at any zoom. Layer: ui."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath, QPolygonF

# Marching squares. A cell lies between four pixel centres; its corners are bits TL 8, TR 4, BR 2, BL 1. Each segment
# runs between the middles of two sides, with the inside on its right, so that segments join end to start.
_T, _R, _B, _L = (1, 0), (2, 1), (1, 2), (0, 1)
_SEGMENTS: dict[int, tuple[tuple[tuple[int, int], tuple[int, int]], ...]] = {
    1: ((_L, _B),),
    2: ((_B, _R),),
    3: ((_L, _R),),
    4: ((_R, _T),),
    5: ((_R, _T), (_L, _B)),
    6: ((_B, _T),),
    7: ((_L, _T),),
    8: ((_T, _L),),
    9: ((_T, _B),),
    10: ((_T, _L), (_B, _R)),
    11: ((_T, _R),),
    12: ((_R, _L),),
    13: ((_R, _B),),
    14: ((_B, _L),),
}
_WORTH_SMOOTHING = 8


def outline(silhouette: NDArray[np.bool_]) -> QPainterPath:
    """Return the closed outlines of a silhouette [row, column] in picture pixels (x is column, corners are whole)."""
    path = QPainterPath()
    for loop in _loops(silhouette):
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in _rounded(loop).tolist()]))
        path.closeSubpath()
    return path


def _loops(silhouette: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    inside = np.pad(silhouette.astype(np.uint8), 1)
    cells = inside[:-1, :-1] * 8 + inside[:-1, 1:] * 4 + inside[1:, 1:] * 2 + inside[1:, :-1]
    following: dict[tuple[int, int], tuple[int, int]] = {}
    for row, column in np.argwhere((cells > 0) & (cells < 15)).tolist():
        for (x0, y0), (x1, y1) in _SEGMENTS[int(cells[row, column])]:
            # in half pixels, so that points compare exactly
            following[2 * column + x0, 2 * row + y0] = (2 * column + x1, 2 * row + y1)
    loops = []
    while following:
        start, point = following.popitem()
        points = [start]
        while point != start:
            points.append(point)
            point = following.pop(point)
        # half pixels to pixels; one pixel was padded, a pixel's centre lies half a pixel from its corner
        loops.append(np.array(points, dtype=float) / 2 - 0.5)
    return loops


def _rounded(loop: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut the corners of the pixel steps; no point moves by more than a quarter of a pixel."""
    if len(loop) < _WORTH_SMOOTHING:
        return loop
    smooth: NDArray[np.float64] = loop / 2 + (np.roll(loop, 1, axis=0) + np.roll(loop, -1, axis=0)) / 4
    return smooth
