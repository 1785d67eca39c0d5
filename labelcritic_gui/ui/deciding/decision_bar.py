"""The decision bar: a button per decision with its key first, reasons, quality, last decisions, the note. Layer: ui."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from labelcritic_gui.core.review import Choice, ItemState
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.commands import BY_ID
from labelcritic_gui.ui.commands.deciding import CHIPS
from labelcritic_gui.ui.deciding.chips import QualityChip, ReasonChip
from labelcritic_gui.ui.deciding.flow import FlowLayout
from labelcritic_gui.ui.deciding.key_button import LEAST_WORD, WIDEST_WORD, FittingWords, KeyButton
from labelcritic_gui.ui.deciding.strip import StripView
from labelcritic_gui.ui.keymap import Keys, shown
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.words import plain_label
from labelcritic_gui.viewmodels.reading.remarks import Mark

ACCEPTS = tuple(f"decide.accept_{n}" for n in range(1, 5))
OTHERS = (
    "decide.accept_pick",
    "decide.edit",
    "decide.none",
    "decide.absent",
    "decide.unjudged",
    "decide.skip",
    "decide.undo",
    "decide.redo",
)
WIDEST_OF_MANY = 96
"""How much of a name is shown on a button where three or four stand side by side, in px at scale 1."""
_APART = {"decide.edit", "decide.undo"}
"""Buttons with some room before them."""


class DecisionBar(QWidget):
    """Emits `triggered` with a command's id, `chip` with a code, `rated` with a quality, `noted` with the note.

    `drafted` tells the text of the note while it is written.
    """

    triggered = Signal(str)
    chip = Signal(str)
    rated = Signal(int)
    noted = Signal(str)
    drafted = Signal(str)

    def __init__(self, theme: Theme, keys: Keys, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dressed: tuple[tuple[tuple[str, int], ...], int] = ((), -1)
        self.setObjectName("bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme, self._keys = theme, keys
        self.buttons = {name: self._button(name) for name in (*ACCEPTS, *OTHERS)}
        self.chips = [self._chip(number) for number in range(1, len(CHIPS) + 1)]
        self.qualities = [self._quality(quality) for quality in (3, 2, 1, 0)]
        self.strip = StripView(theme)
        self.note = QLineEdit(placeholderText=tr("Note  ({key})").format(key=shown(keys["note.focus"])))
        self.note.setAccessibleName(tr("Note on this item"))
        self.note.editingFinished.connect(lambda: self.noted.emit(self.note.text()))
        self.note.textEdited.connect(self.drafted.emit)
        self._lay_out()

    def _button(self, name: str) -> KeyButton:
        command = BY_ID[name]
        least = LEAST_WORD if name in ACCEPTS else 0
        cap = shown(self._keys[name]).replace("Shift+", "⇧").replace("Backspace", "⌫")
        button = KeyButton(self._theme, cap, tr(command.short), least=least)
        button.setToolTip(tr(command.title))
        button.setAccessibleName(tr(command.title))
        button.clicked.connect(lambda: self.triggered.emit(name))
        return button

    def _chip(self, number: int) -> ReasonChip:
        code = CHIPS[number - 1]
        made = ReasonChip(self._theme, code, shown(self._keys[f"reason.{number}"]))
        made.clicked.connect(lambda: self.chip.emit(code.value))
        return made

    def _quality(self, quality: int) -> QualityChip:
        made = QualityChip(self._theme, quality, shown(self._keys[f"quality.{quality}"]))
        made.clicked.connect(lambda: self.rated.emit(quality))
        return made

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 6, 16, 8)
        column.setSpacing(6)
        self._flow = FlowLayout()
        self._headings = [_heading(tr("Reasons")), _heading(tr("Quality"))]
        for widget in (self._headings[0], *self.chips, self._together(self._headings[1], *self.qualities)):
            self._flow.addWidget(widget)
        remarks = QHBoxLayout()
        remarks.setSpacing(12)
        remarks.addLayout(self._flow)
        remarks.addWidget(self.strip, 1, Qt.AlignmentFlag.AlignTop)
        column.addLayout(remarks)
        line = QHBoxLayout()
        line.setSpacing(6)
        for name, button in self.buttons.items():
            if name in _APART:
                line.addSpacing(8)
            line.addWidget(button)
        line.addSpacing(8)
        line.addStretch(1)
        line.addWidget(self.note, 2)
        column.addLayout(line)
        apart = 8 * (len(_APART) + 1) + 2 * 16
        FittingWords(
            self, self.buttons.values(), lambda: self.width() - self.note.minimumWidth() - apart, gap=line.spacing()
        )
        self._size_note()

    def _together(self, *widgets: QWidget) -> QWidget:
        """Keep widgets on one line."""
        group = QWidget(self)
        line = QHBoxLayout(group)
        line.setContentsMargins(12, 0, 0, 0)
        line.setSpacing(4)
        for widget in widgets:
            line.addWidget(widget)
        return group

    def _size_note(self) -> None:
        self.note.setMinimumWidth(self._theme.px(90))
        self.note.setMaximumWidth(self._theme.px(360))
        for heading in self._headings:
            width = QFontMetrics(self._theme.font("small")).horizontalAdvance(heading.text())
            heading.setFixedSize(width + self._theme.px(10), self._theme.px(20))

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme, whatever is on the stage."""
        titles, pick = self._dressed
        self.dress(theme, titles, pick=pick)

    def dress(self, theme: Theme, titles: Sequence[tuple[str, int]], *, pick: int) -> None:
        """Name the accept buttons after the panels (title, colour index) and tint the pick's (-1: none)."""
        self._theme, self._dressed = theme, (tuple(titles), pick)
        widest = WIDEST_WORD if len(titles) <= 2 else WIDEST_OF_MANY
        for place, name in enumerate(ACCEPTS):
            button = self.buttons[name]
            button.setVisible(place < len(titles))
            if place < len(titles):
                title, colour = titles[place]
                nameless = len(titles) == 1 or title == str(place + 1)
                word = tr("accept") if nameless else title
                button.dress(theme, colour=theme.label(colour) if colour >= 0 else None, word=word, widest=widest)
                button.setToolTip(tr(BY_ID[name].title) if nameless else f"{tr(BY_ID[name].title)}: {title}")
        for name in OTHERS:
            colour_of_pick = theme.label(pick) if name == "decide.accept_pick" and pick >= 0 else None
            self.buttons[name].dress(theme, colour=colour_of_pick)
        self.buttons["decide.accept_pick"].setVisible(len(titles) > 1)
        for one in (*self.chips, *self.qualities):
            one.dress(theme)
        self.strip.theme = theme
        self.strip.updateGeometry()
        self.strip.update()
        self._size_note()

    def show_return(self, *, advised: bool, revealed: bool, comes: bool = False) -> None:
        """Say what Return does: it accepts the critic's pick, where that is known; after a reveal it keeps the word.

        Where a reveal `comes`, the button has its place before: no other one moves under the mouse.
        """
        button = self.buttons["decide.accept_pick"]
        if not advised and not comes:
            button.hide()
            return
        keeps = revealed or not advised
        title = tr("Keep my decision") if keeps else tr(BY_ID["decide.accept_pick"].title)
        word = tr("keep mine") if keeps else tr(BY_ID["decide.accept_pick"].short)
        button.dress(self._theme, colour=None, word=word) if keeps else button.setText(word)
        button.setToolTip(title)
        button.setAccessibleName(title)
        button.updateGeometry()

    def show_keys(self, keys: Keys) -> None:
        """Show the keys in force: in the caps, in tooltips, in the note."""
        self._keys = keys
        for name, button in self.buttons.items():
            button.show_key(shown(keys[name]).replace("Shift+", "⇧").replace("Backspace", "⌫"))
        for number, chip in enumerate(self.chips, 1):
            chip.show_key(shown(keys[f"reason.{number}"]))
        for word in self.qualities:
            word.show_key(shown(keys[f"quality.{word.quality}"]))
        self.note.setPlaceholderText(tr("Note  ({key})").format(key=shown(keys["note.focus"])))

    def show_remarks(self, mark_of: Callable[[str], Mark], quality: int | None) -> None:
        """Show how every reason stands, and the quality word."""
        for one in self.chips:
            one.show_mark(mark_of(one.code.value))
        for word in self.qualities:
            word.setChecked(word.quality == quality)

    def show_in_force(self, command: str) -> None:
        """Mark the button of the decision that the item has; an empty name marks none."""
        for name, button in self.buttons.items():
            button.show_in_force(name == command)

    def show_note(self, text: str, *, anew: bool = False) -> None:
        """Show the item's note, unless it is being written; `anew` for another item, whatever was being written."""
        if anew or not self.note.hasFocus():
            self.note.setText(text)

    def message_room(self) -> QRect:
        """Return where news can lie for some seconds: right of the reasons, over the last decisions."""
        room = self._flow.widest_gap()
        return QRect(room.topLeft(), QPoint(self.width() - 16, room.bottom()))

    def flash(self, command: str) -> None:
        """Light a decision's button."""
        if command in self.buttons:
            self.buttons[command].flash()


def command_of(state: ItemState, sides: Sequence[str]) -> str:
    """Return the command that would decide an item as it was decided, as the sides stand; empty where there is none."""
    last = state.last
    if last is None:
        return ""
    decision = last.decision
    if decision.choice is Choice.ACCEPT:
        slug = decision.candidate.label_set if decision.candidate else ""
        return f"decide.accept_{sides.index(slug) + 1}" if slug in sides else ""
    return f"decide.{decision.choice.value}"


def _heading(text: str) -> QLabel:
    heading = plain_label(text, role="caption")
    heading.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return heading
