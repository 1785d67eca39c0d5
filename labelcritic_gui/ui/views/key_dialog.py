"""The page of the keys: every command by group; press a key to give it, see at once whose it was. Layer: ui."""

from PySide6.QtCore import QEvent, QKeyCombination, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.commands import BY_ID, Command
from labelcritic_gui.ui.keymap import is_key, shown
from labelcritic_gui.ui.keys_in_force import KeysInForce
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.key_sheet import all_shown, matching
from labelcritic_gui.ui.views.words import plain_label

_MODIFIERS = {
    Qt.Key.Key_Shift,
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_Meta,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_CapsLock,
    Qt.Key.Key_unknown,
}
ROW_H = 22
_ID = Qt.ItemDataRole.UserRole
_PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)


def key_of(event: QKeyEvent) -> str:
    """Return the key that was pressed in Qt's portable spelling; empty for a modifier alone."""
    if event.key() in _MODIFIERS:
        return ""
    held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    text = event.text()
    # a sign that needs Shift on this keyboard is the sign, not Shift and something
    if held in _PLAIN and text.strip() and text.isprintable() and not text.isalnum():
        held &= ~Qt.KeyboardModifier.ShiftModifier
    pressed = QKeySequence(QKeyCombination(held, Qt.Key(event.key())))
    name = pressed.toString(QKeySequence.SequenceFormat.PortableText)
    return name if is_key(name) else ""


class KeyCatcher(QPushButton):
    """Once clicked, takes the next key pressed, Tab and Return too, and tells it as `caught`; Esc leaves it."""

    caught = Signal(str)

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(words, parent)
        self._words = words
        self.listening = False
        self.setAutoDefault(False)
        self.clicked.connect(lambda _=False: self.listen())

    def listen(self) -> None:
        """Wait for a key."""
        self.listening = True
        self.setText(tr("Press a key…"))
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def stop(self) -> None:
        """Wait no more."""
        self.listening = False
        self.setText(self._words)

    def event(self, event: QEvent) -> bool:
        if self.listening and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if self.listening and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape and event.modifiers() == Qt.KeyboardModifier.NoModifier:
                self.stop()
            elif key := key_of(event):
                self.stop()
                self.caught.emit(key)
            event.accept()
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.stop()
        super().focusOutEvent(event)


class KeyEditor(QWidget):
    """Lists commands with their keys; the chosen one can be given keys, lose them, or be reset."""

    def __init__(self, keys: KeysInForce, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys, self._theme = keys, theme
        self._wanted, self._instead = "", False
        self._listed: dict[str, QTreeWidgetItem] = {}
        self.filter = QLineEdit(placeholderText=tr("Find a command or a key"), clearButtonEnabled=True)
        self.filter.setAccessibleName(tr("Find a command or a key"))
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(tr("Commands and their keys"))
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.chosen = plain_label(role="strong", wrap=True)
        self.news = plain_label(wrap=True)
        self.news.setMinimumHeight(theme.px(36))
        self.give = KeyCatcher(tr("Give another key"))
        self.change = KeyCatcher(tr("Change the key"))
        self.remove = self._button(tr("Take the key away"), self._remove)
        self.take = self._button(tr("Take it"), self._take)
        self.leave = self._button(tr("Leave it"), self._leave)
        self.reset = self._button(tr("Reset"), self._reset)
        self.reset_all = self._button(tr("Reset all keys"), self._reset_all)
        self._lay_out()
        self.filter.textChanged.connect(lambda _: self._fill())
        self.tree.currentItemChanged.connect(lambda now, before: self._choose())  # noqa: ARG005
        self.give.caught.connect(lambda key: self._offer(key, instead=False))
        self.change.caught.connect(lambda key: self._offer(key, instead=True))
        keys.changed.connect(self._fill)
        self._fill()

    def close_editor(self) -> None:
        """Stop following the keys."""
        self._keys.changed.disconnect(self._fill)

    def _button(self, words: str, call: object) -> QPushButton:
        button = QPushButton(words)
        button.setAutoDefault(False)
        assert callable(call)
        button.clicked.connect(lambda _=False: call())
        return button

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.filter, 1)
        top.addWidget(self.reset_all)
        column.addLayout(top)
        column.addWidget(self.tree, 1)
        column.addWidget(self.chosen)
        first, second = QHBoxLayout(), QHBoxLayout()
        for line, widgets in (
            (first, (self.change, self.give, self.remove, self.reset)),
            (second, (self.take, self.leave)),
        ):
            line.setSpacing(8)
            for widget in widgets:
                line.addWidget(widget)
            line.addStretch(1)
        column.addLayout(first)
        second.insertWidget(0, self.news, 1)
        column.addLayout(second)

    # --- the list ----------------------------------------------------------------------------------------------

    @property
    def command(self) -> Command | None:
        """The command that is chosen."""
        item = self.tree.currentItem()
        name = item.data(0, _ID) if item is not None else None
        return BY_ID[name] if name else None

    def choose(self, name: str) -> None:
        """Choose a command of the list, where it is listed."""
        if name in self._listed:
            self.tree.setCurrentItem(self._listed[name])

    def _fill(self) -> None:
        """List the commands that fit, keeping the one that is chosen."""
        before = self.command
        self.tree.blockSignals(True)
        self.tree.clear()
        self._listed.clear()
        for title, commands in matching(self.filter.text(), self._keys).items():
            group = QTreeWidgetItem([tr(title)])
            group.setSizeHint(0, QSize(0, self._theme.px(ROW_H)))
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            group.setForeground(0, self._theme.colour("text-quiet"))
            self.tree.addTopLevelItem(group)
            for command in commands:
                changed = "" if self._keys[command.id] == command.keys else "  •"
                row = QTreeWidgetItem([tr(command.title), all_shown(self._keys[command.id]) + changed])
                row.setData(0, _ID, command.id)
                row.setSizeHint(0, QSize(0, self._theme.px(ROW_H)))
                row.setToolTip(0, tr(command.title))
                group.addChild(row)
                self._listed[command.id] = row
        self.tree.expandAll()
        self.tree.blockSignals(False)
        if before is not None:
            self.choose(before.id)
        self._choose()

    def _choose(self) -> None:
        self._wanted = ""
        command = self.command
        self.chosen.setText(tr(command.title) if command is not None else tr("Choose a command."))
        has = command is not None and bool(self._keys[command.id])
        self.change.setEnabled(has)
        self.remove.setEnabled(has)
        self.give.setEnabled(command is not None)
        self.reset.setEnabled(command is not None and self._keys[command.id] != command.keys)
        self.reset_all.setEnabled(bool(self._keys.overrides))
        self._say("")

    # --- changing ----------------------------------------------------------------------------------------------

    def _offer(self, key: str, *, instead: bool) -> None:
        """Give a key at once where it is free; else say whose it is and let the person choose."""
        command = self.command
        if command is None:
            return
        self._wanted, self._instead = key, instead
        owners = self._keys.owners(command.id, key)
        if owners:
            titles = ", ".join(tr("“{title}”").format(title=tr(BY_ID[owner].title)) for owner in owners)
            self._say(tr("{key} belongs to {commands}.").format(key=shown([key]), commands=titles), choice=True)
            self.take.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._take()

    def _take(self) -> None:
        command, key = self.command, self._wanted
        if command is not None and key:
            first = next(iter(self._keys[command.id]), "")
            self._keys.assign(command.id, key, instead=first if self._instead else "")
            self._say(tr("{key} is in force.").format(key=shown([key])))
            self.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave(self) -> None:
        self._wanted = ""
        self._say(tr("Nothing was changed."))
        self.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _remove(self) -> None:
        command = self.command
        if command is not None and self._keys[command.id]:
            self._keys.take_away(command.id, self._keys[command.id][0])

    def _reset(self) -> None:
        if self.command is not None:
            self._keys.reset(self.command.id)

    def _reset_all(self) -> None:
        self._keys.reset_all()
        self._say(tr("Every key is as it was."))

    def _say(self, words: str, *, choice: bool = False) -> None:
        self.news.setText(words)
        self.take.setVisible(choice)
        self.leave.setVisible(choice)
