"""How often a critic was right over how sure it said it was, drawn small. Layer: ui."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.viewmodels.bench import Calibration, bin_line

DOT, CAP, COUNTS = 4.0, 3.0, 34
"""Radius of a dot, half the stroke across an interval's end, and the height of the counts, px."""
WIDE, TALL = 320, 320
RIGHT, STATED, MANY = N_("how often right"), N_("how sure it says it is"), N_("pairs")
BEGINS = 0.5
"""Where the axis of confidence begins when no bin is less sure: a coin is as sure as that."""


class CalibrationCurve(QWidget):
    """Dots with their 95 % intervals, the diagonal where stated and observed are the same, and counts below."""

    def __init__(self, found: Calibration, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found, self._theme = found, theme
        self.least = BEGINS if all(one.stated >= BEGINS for one in found.bins) else 0.0
        self.setMinimumSize(theme.px(WIDE), theme.px(TALL))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Calibration: how often right over stated confidence"))
        told = "; ".join(bin_line(one) for one in found.bins) or tr("no pair was decided")
        self.setAccessibleDescription(told)
        self.setToolTip("\n".join(bin_line(one) for one in found.bins))

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(WIDE), self._theme.px(TALL))

    def place(self, stated: float, right: float) -> QPointF:
        """Return where a stated confidence and a frequency lie, in px of the widget."""
        square = self._square()
        across = square.left() + square.width() * (stated - self.least) / (1 - self.least)
        return QPointF(across, square.bottom() - square.height() * right)

    def _square(self) -> QRectF:
        theme, letters = self._theme, QFontMetrics(self._theme.font("small"))
        left, line = letters.horizontalAdvance("100 % "), letters.height()
        below = 3 * line + theme.px(COUNTS)
        return QRectF(left, 1.5 * line, self.width() - left - theme.px(16), self.height() - below - 1.5 * line)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font("small"))
        self._draw_axes(painter)
        self._draw_counts(painter)
        self._draw_bins(painter)

    def _draw_axes(self, painter: QPainter) -> None:
        square, letters, theme = self._square(), painter.fontMetrics(), self._theme
        for step in range(0, 11, 2):
            value = step / 10
            left, right = self.place(self.least, value), self.place(1.0, value)
            painter.setPen(theme.colour("line"))
            painter.drawLine(left, right)
            painter.setPen(theme.colour("text-quiet"))
            room = QRectF(0, left.y() - letters.height() / 2, square.left() - 6, letters.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{100 * value:.0f} %")
        steps = range(5, 11) if self.least else range(0, 11, 2)
        for value in (step / 10 for step in steps):
            at = self.place(value, 0.0)
            painter.setPen(theme.colour("line"))
            painter.drawLine(at, self.place(value, 1.0))
            painter.setPen(theme.colour("text-quiet"))
            room = QRectF(at.x() - 24, at.y() + 2, 48, letters.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, f"{100 * value:.0f} %")
        painter.drawText(QPointF(0, letters.ascent()), tr(RIGHT))
        room = QRectF(square.left(), square.bottom() + letters.height(), square.width(), letters.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, tr(STATED))
        painter.setPen(QPen(theme.colour("text-quiet"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(self.place(self.least, self.least), self.place(1.0, 1.0))

    def _draw_counts(self, painter: QPainter) -> None:
        letters, theme = painter.fontMetrics(), self._theme
        floor = self.height() - letters.height() / 2
        painter.setPen(theme.colour("text-quiet"))
        painter.drawText(QPointF(0, floor), tr(MANY))
        most = max((one.right.n for one in self._found.bins), default=1)
        for one in self._found.bins:
            left = self.place(max(one.low, self.least), 0.0).x() + 1
            right = self.place(one.high, 0.0).x() - 1
            tall = max(1.0, theme.px(COUNTS - 14) * one.right.n / most)
            painter.fillRect(QRectF(left, floor - tall, right - left, tall), theme.colour("line"))
            painter.setPen(theme.colour("text-quiet"))
            room = QRectF(left - 16, floor - tall - letters.height(), right - left + 32, letters.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, str(one.right.n))

    def _draw_bins(self, painter: QPainter) -> None:
        colour = self._theme.colour("focus")
        dots = [self.place(one.stated, one.right.value or 0.0) for one in self._found.bins]
        painter.setPen(QPen(colour, 1.5))
        painter.drawPolyline(dots)
        for one, dot in zip(self._found.bins, dots, strict=True):
            low, high = (self.place(one.stated, end) for end in (one.right.interval.low, one.right.interval.high))
            painter.setPen(QPen(self._theme.colour("text"), 1.2))
            painter.drawLine(low, high)
            for end in (low, high):
                painter.drawLine(QPointF(end.x() - CAP, end.y()), QPointF(end.x() + CAP, end.y()))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(dot, DOT, DOT)
