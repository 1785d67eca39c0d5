"""The last ten decisions as small cells; a click goes back to one. Layer: ui."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.review import Choice
from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui.theme import Theme, ink_on
from labelcritic_gui.viewmodels.reading.strip import STRIP, Made

SIGNS = {
    Choice.ACCEPT: "",
    Choice.ABSENT: "0",
    Choice.EDIT: "E",
    Choice.NONE: "X",
    Choice.SKIP: "S",
    Choice.UNJUDGED: "U",
}
CHOICE_WORDS = {
    Choice.ACCEPT: N_("accepted"),
    Choice.ABSENT: N_("absence accepted"),
    Choice.EDIT: N_("queued for editing"),
    Choice.NONE: N_("none acceptable"),
    Choice.SKIP: N_("skipped"),
    Choice.UNJUDGED: N_("cannot be judged"),
}
LEAST, NAMED, MOST = 22, 62, 96
"""Widths of a cell in px at scale 1: with a sign alone, from where the structure is named, the most."""


class StripView(QWidget):
    """The newest at the right; the one on the stage is framed. Emits `chosen` with an item."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._made: tuple[Made, ...] = ()
        self._here: ItemId | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Your last ten decisions"))

    def show_made(self, made: Sequence[Made], here: ItemId | None) -> None:
        """Show decisions, oldest first, and which of them is about the item on the stage."""
        self._made, self._here = tuple(made), here
        self.setAccessibleDescription("\n".join(_words(m) for m in self._made))
        self.update()

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(STRIP * self.theme.px(LEAST), self.theme.px(20))

    def cell(self, place: int) -> QRectF:
        """Return where a decision is drawn; 0 is the oldest of those shown."""
        room = self.width() / STRIP
        step = min(self.theme.px(MOST), room) if room >= self.theme.px(NAMED) else self.theme.px(LEAST)
        left = self.width() - (len(self._made) - place) * step
        return QRectF(left, 0, step, self.height())

    def _at(self, x: float) -> Made | None:
        return next((m for n, m in enumerate(self._made) if self.cell(n).left() <= x < self.cell(n).right()), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        made = self._at(event.position().x())
        if made is not None and event.button() is Qt.MouseButton.LeftButton:
            self.chosen.emit(made.item)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            made = self._at(event.pos().x())
            QToolTip.showText(event.globalPos(), _words(made) if made else tr("Your last ten decisions"), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, made in enumerate(self._made):
            self._draw(painter, self.cell(place).adjusted(1, 0.5, -1, -0.5), made)

    def _draw(self, painter: QPainter, cell: QRectF, made: Made) -> None:
        theme = self.theme
        here = made.item == self._here
        painter.setPen(QPen(theme.colour("text" if here else "line"), 1.5 if here else 1))
        painter.setBrush(theme.colour("pressed" if here else "surface"))
        painter.drawRoundedRect(cell.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        size = theme.px(14)
        sign = QRectF(cell.left() + theme.px(3), cell.center().y() - size / 2, size, size)
        named = cell.width() >= theme.px(NAMED)
        if not named:
            sign.moveCenter(cell.center())
        painter.setFont(theme.font("small", strong=True))
        if made.choice is Choice.ACCEPT:
            colour = theme.label(made.colour) if made.colour >= 0 else theme.colour("text-quiet")
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(sign, 3, 3)
            painter.setPen(ink_on(colour))
            painter.drawText(sign, int(Qt.AlignmentFlag.AlignCenter), str(made.position or "✓"))
        else:
            painter.setPen(theme.colour("text"))
            painter.drawText(sign, int(Qt.AlignmentFlag.AlignCenter), SIGNS[made.choice])
        if named:
            room = cell.adjusted(theme.px(20), 0, -theme.px(3), 0)
            painter.setPen(theme.colour("text" if here else "text-quiet"))
            painter.setFont(theme.font("small"))
            words = painter.fontMetrics().elidedText(made.structure, Qt.TextElideMode.ElideMiddle, round(room.width()))
            painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)


def _words(made: Made) -> str:
    return f"{made.structure}, {made.item.case}: {tr(CHOICE_WORDS[made.choice])}"
