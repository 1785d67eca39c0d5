"""Where all panels look: one zoom, one centre, one cursor, shared so that the panels stay linked. Layer: ui."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtGui import QTransform

from labelcritic_gui.imaging.frame import PictureFrame

MAX_ZOOM = 16.0
STEP = 1.25


@dataclass(frozen=True)
class Look:
    """One panel's mapping: `transform` takes picture pixels (column, row; corners are whole) to widget px."""

    transform: QTransform
    px_per_mm: float

    def to_picture(self, point: QPointF) -> QPointF:
        """Return the picture point (column, row) under a widget point."""
        inverse, _ = self.transform.inverted()
        return inverse.map(point)


class Camera(QObject):
    """Zoom 1 shows the whole picture. `centre` is in picture pixels (column, row); `cursor` too, or None."""

    changed = Signal()
    cursor_moved = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._frame: PictureFrame | None = None
        self.zoom = 1.0
        self.centre = QPointF()
        self.cursor: QPointF | None = None

    def set_frame(self, frame: PictureFrame) -> None:
        """Look at another picture; the view is kept when the picture has the same size."""
        before = self._frame
        self._frame = frame
        if before is None or before.shape != frame.shape:
            self.reset()

    def reset(self) -> None:
        """Show the whole picture."""
        self.zoom = 1.0
        if self._frame is not None:
            rows, columns = self._frame.shape
            self.centre = QPointF(columns / 2, rows / 2)
        self.changed.emit()

    def look(self, area: QRectF) -> Look:
        """Return the mapping into an area of a panel; the same scale in every panel of the same size."""
        if self._frame is None or area.isEmpty():
            return Look(QTransform(), 1.0)
        rows, columns = self._frame.shape
        tall, wide = self._frame.mm_per_pixel
        scale = min(area.width() / (columns * wide), area.height() / (rows * tall)) * self.zoom
        transform = QTransform.fromTranslate(area.center().x(), area.center().y())
        transform.scale(scale * wide, scale * tall)
        transform.translate(-self.centre.x(), -self.centre.y())
        return Look(transform, scale)

    def zoom_by(self, factor: float, *, about: QPointF | None = None) -> None:
        """Zoom in or out, keeping a picture point where it is (the centre when None)."""
        zoom = min(MAX_ZOOM, max(1.0, self.zoom * factor))
        if zoom == self.zoom:
            return
        if about is not None:
            self.centre = about + (self.centre - about) * (self.zoom / zoom)
        self.zoom = zoom
        self._keep_inside()
        self.changed.emit()

    def pan(self, by: QPointF) -> None:
        """Move the view by picture pixels."""
        self.centre -= by
        self._keep_inside()
        self.changed.emit()

    def go_to(self, point: QPointF, *, zoom: float) -> None:
        """Bring a picture point to the middle."""
        self.zoom = min(MAX_ZOOM, max(1.0, zoom))
        self.centre = QPointF(point)
        self._keep_inside()
        self.changed.emit()

    def point_at(self, cursor: QPointF | None) -> None:
        """Move the linked cursor."""
        self.cursor = cursor
        self.cursor_moved.emit()

    def _keep_inside(self) -> None:
        if self._frame is None:
            return
        rows, columns = self._frame.shape
        if self.zoom == 1.0:
            self.centre = QPointF(columns / 2, rows / 2)
            return
        self.centre = QPointF(min(columns, max(0.0, self.centre.x())), min(rows, max(0.0, self.centre.y())))
