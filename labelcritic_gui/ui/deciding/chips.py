"""Small buttons that say something about a decision: a reason in three states, a quality word. Layer: ui."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QWidget

from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.viewmodels.reading.remarks import Mark

MARK_WORDS = {
    Mark.OFF: N_("not attached"),
    Mark.SUGGESTED: N_("suggested by a critic"),
    Mark.CONFIRMED: N_("confirmed"),
    Mark.DENIED: N_("denied"),
}
QUALITY_WORDS = {3: N_("as is"), 2: N_("minor"), 1: N_("major"), 0: N_("redo")}
QUALITY_MEANINGS = {
    3: N_("Use as is"),
    2: N_("Minor edit: at most a minute"),
    1: N_("Major edit: three regions or more, or half missed"),
    0: N_("Redo: wrong structure, or not worth editing"),
}


class Chip(QAbstractButton):
    """A word in a frame. Whether it is attached is seen by its filling and weight, never by colour alone."""

    TICK = 0

    def __init__(self, theme: Theme, word: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setText(word)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def dress(self, theme: Theme) -> None:
        """Take over a theme."""
        self._theme = theme
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        width = QFontMetrics(self._theme.font("small", strong=True)).horizontalAdvance(self.text())
        return QSize(width + self._theme.px(14 + self.TICK), self._theme.px(20))

    def draw(self, *, on: bool, dashed: bool = False, struck: bool = False, ticked: bool = False) -> None:
        """Draw the chip; its size is the same in every state, so that its neighbours stay where they are."""
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hover = self.isEnabled() and self.underMouse()
        painter.setBrush(theme.colour("text" if on else "hover" if hover else "surface"))
        edge = QPen(theme.colour("text" if on or dashed else "line"), 1)
        if dashed:
            edge.setDashPattern([3, 3])
        painter.setPen(edge)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(theme.colour("ground" if on else "text" if dashed else "text-quiet"))
        font = theme.font("small", strong=on)
        font.setStrikeOut(struck)
        painter.setFont(font)
        left = theme.px(self.TICK) if ticked else 0
        painter.drawText(self.rect().adjusted(left, 0, 0, 0), int(Qt.AlignmentFlag.AlignCenter), self.text())
        if ticked:
            self._draw_tick(painter)

    def _draw_tick(self, painter: QPainter) -> None:
        unit, middle = self._theme.scale, self.height() / 2
        painter.setPen(QPen(self._theme.colour("ground"), 1.6 * unit))
        points = [
            QPointF(5 * unit, middle),
            QPointF(7 * unit, middle + 2 * unit),
            QPointF(11 * unit, middle - 2.5 * unit),
        ]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))


class ReasonChip(Chip):
    """An error code: a critic suggests it (dashed), the reader confirms it (filled, ticked) or denies it (struck)."""

    TICK = 10

    def __init__(self, theme: Theme, code: FindingCode, key: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, code.value, parent)
        self.code = code
        self.mark = Mark.OFF
        self._key = key
        self._say()

    def show_mark(self, mark: Mark) -> None:
        """Show how the reason stands."""
        if mark is not self.mark:
            self.mark = mark
            self._say()
            self.update()

    def show_key(self, key: str) -> None:
        """Name another key in the tooltip."""
        self._key = key
        self._say()

    def _say(self) -> None:
        meaning, key = tr(self.code.meaning), f" ({self._key})" if self._key else ""
        self.setAccessibleName(tr("Reason {code}: {meaning}").format(code=self.code.value, meaning=meaning))
        self.setAccessibleDescription(tr(MARK_WORDS[self.mark]))
        hint = tr("Once confirms, twice denies, three times takes it back.")
        self.setToolTip(f"{self.code.value}{key}: {meaning}. {tr(MARK_WORDS[self.mark])}.\n{hint}")

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        on = self.mark is Mark.CONFIRMED
        self.draw(on=on, ticked=on, dashed=self.mark is Mark.SUGGESTED, struck=self.mark is Mark.DENIED)


class QualityChip(Chip):
    """A quality word for the coming decision."""

    def __init__(self, theme: Theme, quality: int, key: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, f"{quality} {tr(QUALITY_WORDS[quality])}", parent)
        self.quality = quality
        self.setCheckable(True)
        meaning = tr(QUALITY_MEANINGS[quality])
        self.setAccessibleName(tr("Quality {n}: {meaning}").format(n=quality, meaning=meaning))
        self.show_key(key)

    def show_key(self, key: str) -> None:
        """Name another key in the tooltip."""
        meaning = tr(QUALITY_MEANINGS[self.quality])
        self.setToolTip(f"{meaning} ({key})" if key else meaning)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        self.draw(on=self.isChecked())
