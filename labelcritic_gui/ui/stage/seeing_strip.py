"""The strip under the panels while the difference tour is on: where one is, and the way on. Layer: ui."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.words import plain_label
from labelcritic_gui.viewmodels.tour import Touring

STRIP_H = 44


class TourStrip(QFrame):
    """A caption in at most two lines between the buttons for the tour; hidden while there is no tour."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tourStrip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._tour: Touring | None = None
        self.words: QLabel = plain_label(wrap=True)
        self.previous = self._button("‹", tr("Previous difference"))
        self.next = self._button("›", tr("Next difference"))
        self.end = self._button(tr("End"), tr("End of the tour"))
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(8)
        row.addWidget(self.previous)
        row.addWidget(self.next)
        row.addWidget(self.words, 1)
        row.addWidget(self.end)
        self.previous.clicked.connect(lambda: self._tour.previous() if self._tour is not None else None)
        self.next.clicked.connect(lambda: self._tour.next() if self._tour is not None else None)
        self.end.clicked.connect(lambda: self._tour.leave() if self._tour is not None else None)
        self.set_theme(theme)
        self.hide()

    def _button(self, word: str, name: str) -> QPushButton:
        button = QPushButton(word, self)
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self.setFixedHeight(theme.px(STRIP_H))
        for button in (self.previous, self.next):
            button.setFixedWidth(theme.px(32))

    def attach(self, tour: Touring | None) -> None:
        """Follow another tour, or none."""
        self._tour = tour
        self.show_tour()

    def show_tour(self) -> None:
        """Show where the tour is."""
        tour = self._tour
        on = tour is not None and (tour.current >= 0 or tour.waiting)
        if tour is not None and on:
            words = tour.caption or tr("Looking for the differences…")
            self.words.setText(words)
            self.words.setToolTip(words)
            self.setAccessibleName(words)
        self.setVisible(on)
