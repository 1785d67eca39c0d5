"""A share with its interval on a line from 0 to 100 %, and what it is held against. Layer: ui."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from labelcritic_gui.translation import tr

HEIGHT = 18
_TRACK, _BAND, _DOT = 2.0, 6.0, 4.0


class IntervalBar(QWidget):
    """The interval is a band, the share a dot in it, the limit (or a half) a tick across the line."""

    def __init__(
        self,
        share: float | None,
        low: float,
        high: float,
        *,
        tick: float | None,
        colour: QColor,
        ground: QColor,
        mark: QColor,
        width: int = 64,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.share, self.low, self.high, self.tick = share, low, high, tick
        self._colour, self._ground, self._mark = colour, ground, mark
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(width)
        self.setAccessibleName(tr("Share with its interval"))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._ground)
        painter.drawRoundedRect(QRectF(0, middle - _TRACK / 2, self.width(), _TRACK), 1, 1)
        if self.share is not None:
            band = QColor(self._colour)
            band.setAlphaF(0.45)
            painter.setBrush(band)
            left, right = self._at(self.low), self._at(self.high)
            painter.drawRoundedRect(QRectF(left, middle - _BAND / 2, max(2.0, right - left), _BAND), 2, 2)
        if self.tick is not None:
            painter.setPen(QPen(self._mark, 1.5))
            at = self._at(self.tick)
            painter.drawLine(QPointF(at, 2), QPointF(at, self.height() - 2))
        if self.share is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._colour)
            painter.drawEllipse(QPointF(self._at(self.share), middle), _DOT, _DOT)

    def _at(self, share: float) -> float:
        """Return where a share lies; the dot stays whole at both ends."""
        return _DOT + share * (self.width() - 2 * _DOT)
