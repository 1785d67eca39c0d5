"""What Esc leaves: a text field first, then the screen. Layer: ui."""

from collections.abc import Callable

from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit

from labelcritic_gui.ui.commands.command import Hand


def field_first(leave: Callable[[Hand], None]) -> Callable[[Hand], None]:
    """Return a command that leaves a text field, or, where none has the focus, does what it is told."""

    def call(hand: Hand) -> None:
        if isinstance(QApplication.focusWidget(), QLineEdit | QPlainTextEdit | QTextEdit):
            hand.face.focus_stage()
        else:
            leave(hand)

    return call
