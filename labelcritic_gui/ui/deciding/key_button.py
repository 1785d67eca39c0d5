"""A button that shows its key first, then its word. Layer: ui."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme, ink_on

FLASH_MS = 300
WIDEST_WORD, LEAST_WORD = 150, 54
"""A word on a button is elided beyond the first, in px at scale 1; where room is short, down to the second."""


class KeyButton(QAbstractButton):
    """A button that shows its key in a cap, then its word; the cap carries a label set's colour where it has one.

    `least` is how much of the word stays where room is short, in px at scale 1: with 0 only the key. The decision that
    is in force is underlined (`show_in_force`).
    """

    def __init__(
        self, theme: Theme, key: str, word: str, parent: QWidget | None = None, *, least: int = LEAST_WORD
    ) -> None:
        super().__init__(parent)
        self._theme, self._key, self._least = theme, key, least
        self._widest = WIDEST_WORD
        self._in_force = self._bare = False
        self._colour: QColor | None = None
        self._lit = False
        self.setText(word)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._flash = QTimer(self, singleShot=True, interval=FLASH_MS)
        self._flash.timeout.connect(self._dim)

    def dress(
        self, theme: Theme, *, colour: QColor | None = None, word: str | None = None, widest: int = WIDEST_WORD
    ) -> None:
        """Take over a theme, a colour, a word that is elided beyond `widest` px at scale 1."""
        self._widest = widest
        self._theme, self._colour = theme, colour
        if word is not None:
            self.setText(word)
        self.updateGeometry()
        self.update()

    def show_key(self, key: str) -> None:
        """Show another key in the cap."""
        self._key = key
        self.updateGeometry()
        self.update()

    def show_in_force(self, in_force: bool) -> None:
        """Say whether this is the decision that the item has now."""
        if in_force != self._in_force:
            self._in_force = in_force
            self.setAccessibleDescription(tr("This is what was decided.") if in_force else "")
            self.update()

    def show_bare(self, bare: bool) -> None:
        """Show the key alone, or the word behind it too."""
        if bare != self._bare:
            self._bare = bare
            self.updateGeometry()
            self.update()

    def widths(self) -> tuple[int, int]:
        """Return how wide the button is with its word, and with its key alone."""
        return self._width(self._widest), self._width(0)

    def flash(self) -> None:
        """Light up for a moment."""
        self._lit = True
        self._flash.start()
        self.update()

    def _dim(self) -> None:
        self._lit = False
        self.update()

    def _widths(self) -> tuple[int, int]:
        cap = QFontMetrics(self._theme.font("small", strong=True)).horizontalAdvance(self._key)
        word = QFontMetrics(self._theme.font()).horizontalAdvance(self.text())
        return max(self._theme.px(18), cap + self._theme.px(8)), word

    def _width(self, widest_word: int) -> int:
        px = self._theme.px
        cap, word = self._widths()
        shown = min(word, px(widest_word)) if widest_word else 0
        return px(6) + cap + (px(6) + shown + px(10) if shown else px(6))

    def sizeHint(self) -> QSize:
        return QSize(self._width(0 if self._bare else self._widest), self._theme.px(28))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._width(0 if self._bare else self._least), self._theme.px(28))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        ground = "raised"
        if self.isEnabled() and (self._lit or self.isDown()):
            ground = "pressed"
        elif self.isEnabled() and self.underMouse():
            ground = "hover"
        painter.setBrush(theme.colour(ground) if self.isEnabled() else Qt.BrushStyle.NoBrush)
        frame = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        if self._lit:
            painter.setPen(QPen(self._colour or theme.colour("focus"), 1.5))
        painter.drawRoundedRect(frame, 4, 4)
        width, _ = self._widths()
        gap = theme.px(6)
        cap = QRectF(gap, (self.height() - theme.px(18)) / 2, width, theme.px(18))
        self._draw_cap(painter, cap)
        painter.setPen(theme.colour("text" if self.isEnabled() else "text-quiet"))
        painter.setFont(theme.font())
        room = QRectF(cap.right() + gap, 0, self.width() - cap.right() - theme.px(10), self.height())
        if not self._bare and room.width() >= min(theme.px(36), painter.fontMetrics().horizontalAdvance(self.text())):
            word = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, round(room.width()) + 1)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), word)
        if self._in_force:
            painter.fillRect(QRectF(gap, self.height() - 3, self.width() - 2 * gap, 2), theme.colour("text"))

    def _draw_cap(self, painter: QPainter, cap: QRectF) -> None:
        theme = self._theme
        if self._colour is not None and self.isEnabled():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._colour)
            painter.drawRoundedRect(cap, 3, 3)
            painter.setPen(ink_on(self._colour))
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour("text-quiet" if self.isEnabled() else "line"), 1))
            painter.drawRoundedRect(cap.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.setPen(theme.colour("text" if self.isEnabled() else "text-quiet"))
        painter.setFont(theme.font("small", strong=True))
        painter.drawText(cap, int(Qt.AlignmentFlag.AlignCenter), self._key)


class FittingWords(QObject):
    """Keeps a line of buttons within its room: the last ones lose their words first, and are keys alone.

    `room` says how many px there are for them, the `gap` between two of them included.
    """

    def __init__(self, line: QWidget, buttons: Iterable[KeyButton], room: Callable[[], int], *, gap: int) -> None:
        super().__init__(line)
        self._buttons, self._room, self._gap = tuple(buttons), room, gap
        line.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.Resize, QEvent.Type.LayoutRequest}:
            self.fit()
        return super().eventFilter(watched, event)

    def fit(self) -> None:
        """Give and take words."""
        shown = [button for button in self._buttons if not button.isHidden()]
        widths = [button.widths() for button in shown]
        over = sum(worded for worded, _ in widths) + self._gap * len(shown) - self._room()
        for button, (worded, bare) in zip(reversed(shown), reversed(widths), strict=True):
            button.show_bare(over > 0)
            over -= worded - bare
