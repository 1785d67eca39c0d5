"""The key sheet (F1): every command with the keys in force, by group, searchable. Layer: ui."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.commands.command import Command
from labelcritic_gui.ui.commands.groups import grouped
from labelcritic_gui.ui.keymap import Keys, shown
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.dialogs import Sheet
from labelcritic_gui.ui.views.words import plain_label
from labelcritic_gui.viewmodels.palette import fit

SIZE = (1180, 660)
COLUMNS = 3
MOST_KEYS, KEYS_W = 2, 112
"""How many keys of a command are shown, and in how much room, in px at scale 1; the tooltip has all."""


class KeySheet(Sheet):
    """Commands without a key are shown too: they can be given one. Emits `change_wanted` after it is closed."""

    change_wanted = Signal()

    def __init__(self, keys: Keys, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("Keys"), parent, width=theme.px(640))
        self._keys, self._theme = keys, theme
        self.filter = QLineEdit(placeholderText=tr("Find a command or a key"), clearButtonEnabled=True)
        self.filter.setAccessibleName(tr("Find a command or a key"))
        self.filter.textChanged.connect(self._show)
        self.rows.addWidget(self.filter)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.rows.addWidget(self._area, 1)
        hint = tr("Keys act wherever the focus is, except in a text field (it has a ring; Esc leaves it).")
        self.rows.addWidget(plain_label(hint, role="quiet", wrap=True))
        self.change = self.add_button(tr("Change keys…"), self._change)
        self.add_button(tr("Close"), self.accept, primary=True)
        self.fit_screen(*(theme.px(side) for side in SIZE))
        self._show("")

    @property
    def words(self) -> list[str]:
        """Every text that is listed now."""
        inner = self._area.widget()
        return [label.text() for label in inner.findChildren(QLabel)] if inner is not None else []

    def _change(self) -> None:
        self.accept()
        self.change_wanted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F1:
            self.accept()
        else:
            super().keyPressEvent(event)

    def _show(self, asked: str) -> None:
        found = matching(asked, self._keys)
        inner = QWidget()
        columns = QHBoxLayout(inner)
        columns.setContentsMargins(0, 0, 12, 0)
        columns.setSpacing(28)
        if not found:
            columns.addWidget(plain_label(tr("No command and no key is called that."), role="quiet"))
        for share in _columns(found, COLUMNS):
            column = QVBoxLayout()
            column.setSpacing(4)
            for title in share:
                column.addWidget(plain_label(tr(title), role="caption"))
                column.addLayout(self._group(found[title]))
                column.addSpacing(12)
            column.addStretch(1)
            columns.addLayout(column, 1)
        self._area.setWidget(inner)

    def _group(self, commands: tuple[Command, ...]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for line, command in enumerate(commands):
            keys = self._keys[command.id]
            name = plain_label(all_shown(keys[:MOST_KEYS]), role="strong")
            name.setFixedWidth(self._theme.px(KEYS_W))
            name.setToolTip(all_shown(keys))
            grid.addWidget(name, line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(plain_label(tr(command.title), wrap=True), line, 1)
        return grid


def all_shown(keys: tuple[str, ...]) -> str:
    """Return every key of a command as it is shown."""
    return "  ".join(dict.fromkeys(shown([key]) for key in keys)) or "–"


def matching(asked: str, keys: Keys) -> dict[str, tuple[Command, ...]]:
    """Return the commands whose title, group or key fits, by group."""
    found: dict[str, tuple[Command, ...]] = {}
    for title, commands in grouped().items():
        fits = tuple(c for c in commands if _fits(asked, title, c, keys))
        if fits:
            found[title] = fits
    return found


def _fits(asked: str, group: str, command: Command, keys: Keys) -> bool:
    wanted = asked.strip().casefold()
    if not wanted:
        return True
    written = {key.casefold() for key in keys[command.id]} | {shown([key]).casefold() for key in keys[command.id]}
    return wanted in written or fit(wanted, tr(command.title), f"{command.title} {tr(group)}") is not None


def _columns(found: Mapping[str, tuple[Command, ...]], most: int) -> list[list[str]]:
    """Share the groups out over columns in their order, so that the columns are about equally long."""
    heights = {title: len(commands) + 2 for title, commands in found.items()}
    goal = sum(heights.values()) / most
    columns: list[list[str]] = [[] for _ in range(most)]
    filled = 0.0
    for title, height in heights.items():
        columns[min(most - 1, int((filled + height / 2) / goal))].append(title)
        filled += height
    return columns
