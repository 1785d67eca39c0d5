"""The title over a candidate: colour, key, label set, version. Layer: ui."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from labelcritic_gui.ui.theme import Theme, ink_on

TITLE_H = 32
EDGE = 8


class TitleStrip(QWidget):
    """Draws a swatch with the key that accepts the candidate, its name, and a quiet mark of its version."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.key, self.title, self.mark, self.colour = "", "", "", -1
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme
        self.setFixedHeight(theme.px(TITLE_H))
        self.update()

    def show_title(self, key: str, title: str, mark: str, colour: int) -> None:
        """Show what the candidate is called; `colour` is a label set's place, -1 shows nothing."""
        said = (key, title, mark, colour)
        if said != (self.key, self.title, self.mark, self.colour):
            self.key, self.title, self.mark, self.colour = said
            self.setAccessibleName(" ".join(filter(None, (key, self._said, mark))))
            self.setToolTip(title)
            self.update()

    @property
    def _said(self) -> str:
        """The title, but where a candidate without a name is called by its place: that is in the swatch."""
        return "" if self.title == self.key else self.title

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        theme, painter = self._theme, QPainter(self)
        painter.fillRect(self.rect(), theme.colour("stage"))
        if self.colour >= 0:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            size = theme.px(18)
            box = QRectF(EDGE, (self.height() - size) / 2, size, size)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.label(self.colour))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(ink_on(theme.label(self.colour)))
            painter.setFont(theme.font("small", strong=True))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.key)
            self._write(painter, box.right() + 8)
        painter.end()

    def _write(self, painter: QPainter, left: float) -> None:
        theme, align = self._theme, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font("small"))
        room = self.width() - left - EDGE
        mark = painter.fontMetrics().horizontalAdvance(self.mark) + 8 if self.mark else 0
        painter.setFont(theme.font("base", strong=True))
        words = painter.fontMetrics().elidedText(self._said, Qt.TextElideMode.ElideRight, max(0, int(room - mark)))
        wide = painter.fontMetrics().horizontalAdvance(words)
        painter.setPen(theme.colour("on-stage"))
        painter.drawText(QRectF(left, 0, room, self.height()), align, words)
        if self.mark:
            painter.setFont(theme.font("small"))
            painter.setPen(theme.colour("on-stage-quiet"))
            painter.drawText(QRectF(left + wide + 8, 0, mark, self.height()), align, self.mark)
