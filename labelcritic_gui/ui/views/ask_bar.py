"""A question asked inside a dialog, with its answers as buttons. Layer: ui."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QPushButton, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.views.words import plain_label


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its word, what it does; the `primary` one answers Enter."""

    word: str
    call: Callable[[], None]
    primary: bool = False


class AskBar(QFrame):
    """Hidden until it asks; every answer hides it, and so does Escape."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("askBar")
        self.text = plain_label(wrap=True)
        self.field = QComboBox(editable=True)
        self.field.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.field.setMinimumWidth(200)
        self.field.setAccessibleName(tr("Answer"))
        self.buttons: list[QPushButton] = []
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(12, 8, 12, 8)
        self._line.setSpacing(8)
        self._line.addWidget(self.text, 1)
        self._line.addWidget(self.field)
        self._before: QWidget | None = None
        self.hide()

    def ask(
        self, text: str, answers: Sequence[Answer], *, offered: Sequence[str] | None = None, hint: str = ""
    ) -> None:
        """Ask; with `offered`, also for a word, which may be another one than those offered (see `word`)."""
        for button in self.buttons:
            self._line.removeWidget(button)
            button.deleteLater()
        self.text.setText(text)
        self.field.setAccessibleName(text)
        self.field.setVisible(offered is not None)
        self.field.clear()
        line = self.field.lineEdit()
        if line is not None:
            line.setPlaceholderText(hint)
        self.field.addItems(list(offered or ()))
        self.buttons = [self._button(answer) for answer in answers]
        if not self.isVisible():
            self._before = self.window().focusWidget()
        self.show()
        first = next((b for b, a in zip(self.buttons, answers, strict=True) if a.primary), self.buttons[0])
        (self.field if offered is not None else first).setFocus()

    @property
    def word(self) -> str:
        """The word that was asked for."""
        return self.field.currentText().strip()

    def dismiss(self) -> None:
        """Leave the question unanswered."""
        self.hide()
        if self._before is not None:
            self._before.setFocus()
        self._before = None

    def _button(self, answer: Answer) -> QPushButton:
        button = QPushButton(answer.word)
        button.setProperty("primary", answer.primary)
        button.setAutoDefault(False)

        def chosen() -> None:
            self.dismiss()
            answer.call()

        button.clicked.connect(lambda _=False: chosen())
        self._line.addWidget(button)
        return button

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
            return
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            focused = next((b for b in self.buttons if b.hasFocus()), None)
            chosen = focused or next((b for b in self.buttons if b.property("primary")), None)
            if chosen is not None:
                chosen.click()
            return
        super().keyPressEvent(event)
