"""The decision bar: a button per decision with its key first, reasons as chips, the note. Layer: ui."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.review import Choice
from labelcritic_gui.ui.commands import BY_ID
from labelcritic_gui.ui.commands.deciding import CHIPS
from labelcritic_gui.ui.keymap import Keys, shown
from labelcritic_gui.ui.theme import Theme, ink_on
from labelcritic_gui.ui.views.words import plain_label
from labelcritic_gui.viewmodels.reading.strip import Made

FLASH_MS = 300
SIGNS = {Choice.ACCEPT: "", Choice.ABSENT: "0", Choice.EDIT: "E", Choice.NONE: "X", Choice.SKIP: "S"}
ACCEPTS = tuple(f"decide.accept_{n}" for n in range(1, 5))
OTHERS = ("decide.accept_pick", "decide.edit", "decide.none", "decide.absent", "decide.skip", "decide.undo")


class KeyButton(QAbstractButton):
    """A button that shows its key in a cap, then its word; the cap carries a label set's colour where it has one."""

    def __init__(self, theme: Theme, key: str, word: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._key = theme, key
        self._colour: QColor | None = None
        self._lit = False
        self.setText(word)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._flash = QTimer(self, singleShot=True, interval=FLASH_MS)
        self._flash.timeout.connect(self._dim)

    def dress(self, theme: Theme, *, colour: QColor | None = None, word: str | None = None) -> None:
        """Take over a theme, a colour, a word."""
        self._theme, self._colour = theme, colour
        if word is not None:
            self.setText(word)
        self.updateGeometry()
        self.update()

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
        return max(self._theme.px(18), cap + 8), word

    def sizeHint(self) -> QSize:
        cap, word = self._widths()
        return QSize(6 + cap + 6 + min(word, self._theme.px(150)) + 10, self._theme.px(28))

    def minimumSizeHint(self) -> QSize:
        cap, word = self._widths()
        return QSize(6 + cap + 6 + min(word, self._theme.px(44)) + 8, self._theme.px(28))

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
        cap = QRectF(6, (self.height() - theme.px(18)) / 2, width, theme.px(18))
        self._draw_cap(painter, cap)
        painter.setPen(theme.colour("text" if self.isEnabled() else "text-quiet"))
        painter.setFont(theme.font())
        room = QRectF(cap.right() + 6, 0, self.width() - cap.right() - 10, self.height())
        word = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, round(room.width()) + 1)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), word)

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


class Chip(QAbstractButton):
    """A reason that can be attached to the coming decision; attached is filled and bold, not only coloured."""

    def __init__(self, theme: Theme, code: FindingCode, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.code = code
        self._theme = theme
        self.setText(code.value)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        key = f" (Alt+{number})" if number <= 9 else ""
        self.setToolTip(f"{code.title}{key}")
        self.setAccessibleName(f"Reason {code.value}: {code.title}")

    def dress(self, theme: Theme) -> None:
        """Take over a theme."""
        self._theme = theme
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        width = QFontMetrics(self._theme.font("small", strong=True)).horizontalAdvance(self.text())
        return QSize(width + 14, self._theme.px(20))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isChecked()
        hover = self.isEnabled() and self.underMouse()
        painter.setBrush(theme.colour("text" if on else "hover" if hover else "surface"))
        painter.setPen(QPen(theme.colour("text" if on else "line"), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(theme.colour("ground" if on else "text-quiet"))
        painter.setFont(theme.font("small", strong=on))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.text())


class Strip(QWidget):
    """The last ten decisions, newest at the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._made: tuple[Made, ...] = ()

    def show_made(self, made: Sequence[Made]) -> None:
        """Show decisions."""
        self._made = tuple(made)
        words = [f"{m.choice.value}: {m.item}" for m in self._made]
        self.setToolTip("\n".join(("Your last decisions", *words)) if words else "")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(10 * self.theme.px(14), self.theme.px(20))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.theme.font("small", strong=True))
        step, size = self.theme.px(14), self.theme.px(10)
        for place, made in enumerate(reversed(self._made)):
            box = QRectF(self.width() - (place + 1) * step, (self.height() - size) / 2, size, size)
            if made.choice is Choice.ACCEPT and made.colour >= 0:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.theme.label(made.colour))
                painter.drawRoundedRect(box, 2, 2)
                continue
            painter.setPen(self.theme.colour("text-quiet"))
            painter.drawText(box.adjusted(-3, -3, 3, 3), int(Qt.AlignmentFlag.AlignCenter), SIGNS[made.choice])


class DecisionBar(QWidget):
    """Emits `triggered` with a command's id, `chip` with a code, `noted` with the note's text."""

    triggered = Signal(str)
    chip = Signal(str)
    noted = Signal(str)

    def __init__(self, theme: Theme, keys: Keys, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.buttons: dict[str, KeyButton] = {}
        for name in (*ACCEPTS, *OTHERS):
            command = BY_ID[name]
            button = KeyButton(theme, shown(keys[name]), command.short)
            button.setToolTip(command.title)
            button.setAccessibleName(command.title)
            button.clicked.connect(lambda _=False, chosen=name: self.triggered.emit(chosen))
            self.buttons[name] = button
        self.chips = [Chip(theme, code, number) for number, code in enumerate(CHIPS, 1)]
        for one in self.chips:
            one.clicked.connect(lambda _=False, code=one.code.value: self.chip.emit(code))
        self.strip = Strip(theme)
        self.note = QLineEdit(placeholderText=f"Note  ({shown(keys['note.focus'])})")
        self.note.setMinimumWidth(90)
        self.note.setMaximumWidth(360)
        self.note.editingFinished.connect(lambda: self.noted.emit(self.note.text().strip()))
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 6, 16, 8)
        column.setSpacing(6)
        reasons = QHBoxLayout()
        reasons.setSpacing(4)
        heading = plain_label("Reasons", role="caption")
        reasons.addWidget(heading)
        reasons.addSpacing(4)
        for one in self.chips:
            reasons.addWidget(one)
        reasons.addStretch(1)
        reasons.addWidget(self.strip)
        column.addLayout(reasons)
        line = QHBoxLayout()
        line.setSpacing(6)
        for name in ACCEPTS:
            line.addWidget(self.buttons[name])
        for name in OTHERS:
            if name in {"decide.edit", "decide.undo"}:
                line.addSpacing(10)
            line.addWidget(self.buttons[name])
        line.addSpacing(10)
        line.addStretch(1)
        line.addWidget(self.note, 2)
        column.addLayout(line)

    def dress(self, theme: Theme, titles: Sequence[tuple[str, int]], *, pick: int) -> None:
        """Name the accept buttons after the panels (title, colour index) and tint the pick's (-1: none)."""
        for place, name in enumerate(ACCEPTS):
            button = self.buttons[name]
            button.setVisible(place < len(titles))
            if place < len(titles):
                title, colour = titles[place]
                button.dress(theme, colour=theme.label(colour), word=title if len(titles) > 1 else "accept")
        for name in OTHERS:
            colour_of_pick = theme.label(pick) if name == "decide.accept_pick" and pick >= 0 else None
            self.buttons[name].dress(theme, colour=colour_of_pick)
        self.buttons["decide.accept_pick"].setVisible(len(titles) > 1)
        for one in self.chips:
            one.dress(theme)
        self.strip.theme = theme
        self.strip.update()

    def show_reasons(self, reasons: Sequence[str]) -> None:
        """Show which reasons are attached."""
        for one in self.chips:
            one.setChecked(one.code.value in reasons)

    def show_note(self, text: str, *, anew: bool = False) -> None:
        """Show the item's note, unless it is being written; `anew` for another item, whatever was being written."""
        if anew or not self.note.hasFocus():
            self.note.setText(text)

    def flash(self, command: str) -> None:
        """Light a decision's button."""
        if command in self.buttons:
            self.buttons[command].flash()
