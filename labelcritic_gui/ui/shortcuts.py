"""Keys that act whichever widget has the focus, unless a text field has it. Layer: ui."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from labelcritic_gui.ui.commands import COMMANDS, Command
from labelcritic_gui.ui.keymap import Keys
from labelcritic_gui.viewmodels.screens import ScreenMode

TEXT_FIELDS = (QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox)


class Shortcuts(QObject):
    """One application-wide shortcut per key.

    Those of other screens rest, and those that a text field needs itself rest while one has the focus.
    """

    def __init__(self, window: QWidget, keys: Keys, trigger: Callable[[Command], None]) -> None:
        super().__init__(window)
        self._made: list[tuple[QShortcut, Command, bool]] = []
        self._mode, self._writing = ScreenMode.READING, False
        self._window, self._trigger = window, trigger
        self._bind(keys)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._focus_moved)

    def rebind(self, keys: Keys) -> None:
        """Put other keys in force."""
        for shortcut, _, _ in self._made:
            shortcut.setEnabled(False)
            shortcut.deleteLater()
        self._made.clear()
        self._bind(keys)
        self._apply()

    def _bind(self, keys: Keys) -> None:
        for command in COMMANDS:
            for key in keys[command.id]:
                self._add(self._window, command, key, self._trigger)

    def _add(self, window: QWidget, command: Command, key: str, trigger: Callable[[Command], None]) -> None:
        sequence = QKeySequence.fromString(key, QKeySequence.SequenceFormat.PortableText)
        shortcut = QShortcut(sequence, window)
        shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
        # a held decision key must never run on into the next item
        shortcut.setAutoRepeat(command.repeat)
        shortcut.activated.connect(lambda: trigger(command))
        self._made.append((shortcut, command, _works_in_text(key)))
        shortcut.setEnabled(command.acts_on(self._mode))

    def set_mode(self, mode: ScreenMode) -> None:
        """Put the keys of a screen in force."""
        self._mode = mode
        self._apply()

    def _focus_moved(self, old: QWidget | None, new: QWidget | None) -> None:  # noqa: ARG002  (signature is Qt's)
        self._writing = isinstance(new, TEXT_FIELDS)
        self._apply()

    def _apply(self) -> None:
        for shortcut, command, works_in_text in self._made:
            shortcut.setEnabled(command.acts_on(self._mode) and (works_in_text or not self._writing))


def _works_in_text(key: str) -> bool:
    """Say whether a key means nothing to a text field: function keys, Esc, Alt and Ctrl combinations."""
    return key == "Esc" or "Ctrl+" in key or "Alt+" in key or (key[0] == "F" and key[1:].isdigit())
