"""What stands on the stage when nothing is left to decide. Layer: ui."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.keymap import Keys, shown
from labelcritic_gui.ui.views.words import plain_label


class FinishedPage(QWidget):
    """Says that everything is decided, and which keys lead on; `triggered` names the command that was clicked."""

    triggered = Signal(str)

    def __init__(self, keys: Keys, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._hint = plain_label(role="quiet")
        column = QVBoxLayout(self)
        column.addStretch()
        for label in (plain_label(tr("Everything in this review is decided."), role="headline"), self._hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        self.export = QPushButton(tr("Export what was accepted…"))
        self.export.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys stay the keys of the reading
        self.export.clicked.connect(lambda: self.triggered.emit("review.export"))
        column.addSpacing(12)
        column.addWidget(self.export, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch()
        self.show_keys(keys)
        self.hide()

    def show_keys(self, keys: Keys) -> None:
        """Name the keys in force."""
        words = tr("{out} exports what was accepted. {back} goes back to your last decision.")
        self._hint.setText(words.format(out=shown(keys["review.export"]), back=shown(keys["decide.undo"])))

    def follow(self, *, finished: bool) -> None:
        """Lie over the stage when the review is finished."""
        self.setVisible(finished)
        parent = self.parentWidget()
        if finished and parent is not None:
            self.setGeometry(parent.rect())
            self.raise_()
