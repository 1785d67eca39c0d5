"""What stands on the stage instead of pictures, or over them: a failure, and a wait that can be given up. Layer: ui."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.views.words import plain_label
from labelcritic_gui.viewmodels.messages import Message


class Failure(QWidget):
    """A sentence, the cause, one button."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(48, 48, 48, 48)
        column.setSpacing(12)
        column.addStretch()
        self._text: QLabel = plain_label(role="title", wrap=True)
        self._hint: QLabel = plain_label(role="quiet", wrap=True)
        self.again = QPushButton(tr("Try again"))
        self.again.setAccessibleName(tr("Try again"))
        column.addWidget(self._text)
        column.addWidget(self._hint)
        column.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch()

    def say(self, message: Message) -> None:
        """Show a failure."""
        self._text.setText(message.text)
        self._hint.setText(message.hint)
        self.setAccessibleName(message.text)


class WaitCard(QFrame):
    """A quiet line over the pictures: what is being loaded, how far, and a button that gives it up."""

    cancelled = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("waitCard")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 4, 4)
        row.setSpacing(12)
        self._words: QLabel = plain_label()
        self.button = QPushButton(tr("Cancel"))
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.button.clicked.connect(self.cancelled)
        row.addWidget(self._words)
        row.addWidget(self.button)
        self.hide()

    def say(self, words: str, *, button: str = "") -> None:
        """Show what is waited for; `button` is the word on the button."""
        self._words.setText(words)
        self.button.setText(button or tr("Cancel"))
        self.button.setAccessibleName(self.button.text())
        self.setAccessibleName(words)
        self.adjustSize()

    def place(self, width: int, top: int) -> None:
        """Lie in the middle of the stage's upper edge."""
        self.adjustSize()
        self.move((width - self.width()) // 2, top)
