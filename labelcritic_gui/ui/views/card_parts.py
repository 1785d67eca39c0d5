"""The parts that cards are made of: the raised ground with its coloured edge, a swatch, a link. Layer: ui."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from labelcritic_gui.ui import theme as themes
from labelcritic_gui.ui.theme import Theme


class Swatch(QWidget):
    """A small square in a label set's colour, with its panel number where there is room."""

    def __init__(self, colour: QColor, *, size: int = 10, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour, self._text = colour, text
        self.setFixedSize(QSize(size, size))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        painter.drawRoundedRect(QRectF(self.rect()), 3, 3)
        if self._text:
            font = painter.font()
            font.setPixelSize(round(self.height() * 0.66))
            font.setWeight(themes.STRONG)
            painter.setFont(font)
            painter.setPen(themes.ink_on(self._colour))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._text)


class Card(QFrame):
    """A raised card; `edge` paints its left edge in a colour."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.edge: QColor | None = None
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(12, 8, 12, 10)
        self.rows.setSpacing(6)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("raised"))
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        if self.edge is not None:
            painter.setBrush(self.edge)
            painter.drawRoundedRect(QRectF(0, 0, 4, self.height()), 2, 2)


def link(text: str) -> QPushButton:
    """Return a button that looks like a link."""
    button = QPushButton(text)
    button.setProperty("link", True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
