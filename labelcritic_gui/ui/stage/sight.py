"""How a pane sees its picture: from world mm to px of the pane and back. Layer: ui."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

from labelcritic_gui.core.geometry import Point
from labelcritic_gui.imaging.composition import Placement
from labelcritic_gui.imaging.frame import Frame


@dataclass(frozen=True, eq=False, slots=True)
class Sight:
    """One pane's mapping: `down` and `across` are px per picture pixel, (`left`, `top`) the picture's corner, in px."""

    frame: Frame
    down: float
    across: float
    top: float
    left: float
    px_per_mm: float

    def to_pane(self, place: Point) -> QPointF:
        """Return where a world point is seen; of one off the plane, where it is seen along the rays."""
        row, column = self.frame.to_picture(place)
        return QPointF(self.left + (column + 0.5) * self.across, self.top + (row + 0.5) * self.down)

    def to_picture(self, point: QPointF) -> tuple[float, float]:
        """Return (row, column) under a point of the pane; pixel centres are whole numbers."""
        return (point.y() - self.top) / self.down - 0.5, (point.x() - self.left) / self.across - 0.5

    def to_world(self, point: QPointF) -> Point:
        """Return the world point in mm under a point of the pane: on the slice, or in the middle of the ray."""
        return self.frame.to_world(*self.to_picture(point))

    def placement(self, ratio: float) -> Placement:
        """Return where the picture lies on a canvas with `ratio` device px a px."""
        return Placement(self.down * ratio, self.across * ratio, self.top * ratio, self.left * ratio)

    @property
    def picture(self) -> QRectF:
        """Where the whole picture lies, in px of the pane."""
        rows, columns = self.frame.shape
        return QRectF(self.left, self.top, columns * self.across, rows * self.down)


def sight(frame: Frame, area: QRectF, *, middle: Point, zoom: float) -> Sight:
    """Return how an area sees a picture: whole at zoom 1, else with the world point `middle` in its middle."""
    rows, columns = frame.shape
    tall, wide = frame.mm_per_pixel
    scale = max(1e-6, min(area.width() / (columns * wide), area.height() / (rows * tall))) * zoom
    row, column = frame.to_picture(middle) if zoom > 1.0 else ((rows - 1) / 2, (columns - 1) / 2)
    down, across = scale * tall, scale * wide
    return Sight(
        frame,
        down,
        across,
        top=area.center().y() - (row + 0.5) * down,
        left=area.center().x() - (column + 0.5) * across,
        px_per_mm=scale,
    )
