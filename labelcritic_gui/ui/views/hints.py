"""The hints of the first run: five bubbles beside what they speak of, one at a time, never in the way. Layer: ui."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.words import plain_label

WIDTH = 320
GAP = 12


@dataclass(frozen=True, slots=True)
class Hint:
    """One hint: a heading, a sentence or two, and the part of the window it stands beside (None: in the middle)."""

    heading: str
    words: str
    beside: Callable[[], QWidget | None]


class Bubble(QWidget):
    """Shows hints one after the other over a window. It never takes the focus, so that every key goes where it went.

    Emits `ended` when the last one was seen or the person sends them away.
    """

    ended = Signal()

    def __init__(self, hints: Sequence[Hint], theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._hints, self._theme, self._window = tuple(hints), theme, window
        self._place = 0
        self._over = False
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.heading = plain_label(role="strong", wrap=True)
        self.words = plain_label(wrap=True)
        self.count = plain_label(role="caption")
        self.onward = self._button("", self.go_on)
        self.away = self._button(tr("No hints"), self.end)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 10)
        column.setSpacing(8)
        column.addWidget(self.heading)
        column.addWidget(self.words)
        line = QHBoxLayout()
        line.addWidget(self.count)
        line.addStretch(1)
        line.addWidget(self.away)
        line.addWidget(self.onward)
        column.addLayout(line)
        window.installEventFilter(self)
        self._show()
        self.show()
        self.raise_()

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme
        self._show()

    @property
    def place(self) -> int:
        """Which hint is shown, from 0."""
        return self._place

    def go_on(self) -> None:
        """Show the next hint; after the last one they are over."""
        if self._place + 1 >= len(self._hints):
            self.end()
            return
        self._place += 1
        self._show()

    def end(self) -> None:
        """Send the hints away."""
        if not self._over:
            self._over = True
            self._window.removeEventFilter(self)
            self.hide()
            self.ended.emit()
            self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() in {QEvent.Type.Resize, QEvent.Type.Show}:
            self._put()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour("focus"), 2))
        painter.setBrush(self._theme.colour("raised"))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)

    def _button(self, words: str, call: Callable[[], None]) -> QPushButton:
        button = QPushButton(words)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setProperty("flat", True)
        button.clicked.connect(lambda _=False: call())
        return button

    def _show(self) -> None:
        hint = self._hints[self._place]
        self.heading.setText(hint.heading)
        self.words.setText(hint.words)
        self.count.setText(tr("{n} of {total}").format(n=self._place + 1, total=len(self._hints)))
        last = self._place + 1 == len(self._hints)
        self.onward.setText(tr("Done") if last else tr("Next"))
        self.away.setVisible(not last)
        self._put()

    def _put(self) -> None:
        """Stand beside what is spoken of, wholly inside the window."""
        width = self._theme.px(WIDTH)
        self.resize(width, self.heightForWidth(width))
        room, part = self._window.rect(), self._hints[self._place].beside()
        if part is None or not part.isVisible():
            self.move(room.center() - self.rect().center())
            return
        box = QRect(part.mapTo(self._window, QPoint(0, 0)), part.size())
        spots: tuple[QPoint, ...] = (
            QPoint(box.left() - self.width() - GAP, box.top() + GAP),
            QPoint(box.right() + GAP, box.top() + GAP),
            QPoint(box.left() + GAP, box.top() - self.height() - GAP),
            QPoint(box.left() + GAP, box.bottom() + GAP),
        )
        if box.width() > 1.5 * width and box.height() > 3 * self.height():  # room inside it, low
            low = box.bottom() - self.height() - 4 * GAP
            spots = (QPoint(box.center().x() - width // 2, low), *spots)
        elif box.height() < self.height():  # a line: above or below it, never over its end
            spots = (*spots[2:], *spots[:2])
        inside = (spot for spot in spots if room.contains(QRect(spot, self.size())))
        centred = box.center() - self.rect().center()
        self.move(next(inside, QPoint(max(GAP, centred.x()), max(GAP, box.bottom() - self.height() - GAP))))
