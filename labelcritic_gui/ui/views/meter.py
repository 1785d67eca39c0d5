"""A thin bar from 0 to 1. Layer: ui."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

HEIGHT = 4


class Meter(QWidget):
    """Shows a share. QProgressBar would repaint the whole window at once whenever its value is set."""

    def __init__(self, colour: QColor, ground: QColor, *, value: float = 0.0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.value = value
        self._colour, self._ground = colour, ground
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(32)

    def dress(self, colour: QColor, ground: QColor) -> None:
        """Take over colours."""
        self._colour, self._ground = colour, ground
        self.update()

    def show_value(self, value: float) -> None:
        """Show another share."""
        self.value = value
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._ground)
        painter.drawRoundedRect(QRectF(self.rect()), 2, 2)
        if self.value > 0:
            painter.setBrush(self._colour)
            painter.drawRoundedRect(QRectF(0, 0, max(4.0, self.width() * self.value), self.height()), 2, 2)
