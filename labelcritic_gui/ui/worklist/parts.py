"""Small parts of the worklist's panel. Layer: ui."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QPushButton, QVBoxLayout, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.views.words import plain_label


class Picker(QComboBox):
    """Says when its list is about to be shown."""

    opening = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)

    def showPopup(self) -> None:
        self.opening.emit()
        super().showPopup()


class Empty(QWidget):
    """A list without items: why, and one button."""

    def __init__(self) -> None:
        super().__init__()
        self.title = plain_label(role="strong", wrap=True)
        self.words = plain_label(role="quiet", wrap=True)
        self.clear = QPushButton(tr("Show every item"))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 24, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.words)
        column.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch()

    def show_words(self, title: str, words: str, clearable: bool) -> None:
        """Say why there are no items."""
        self.title.setText(title)
        self.words.setText(words)
        self.clear.setVisible(clearable)
