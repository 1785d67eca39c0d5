"""What is shown while no review is open: recent reviews, open, demonstration. Layer: ui."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui import theme as themes
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.words import ElidedLabel, plain_label
from labelcritic_gui.viewmodels.runner import Job

WIDTH = 560


class StartPage(QWidget):
    """Emits `opened` with a folder, `new_wanted`, `open_wanted`, `demonstration_wanted`, `cancel_wanted`."""

    opened = Signal(object)
    new_wanted = Signal()
    open_wanted = Signal()
    demonstration_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("start")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._mark = plain_label()
        self.demonstration = QPushButton(tr("Try the demonstration"))
        self.demonstration.setProperty("primary", True)
        self.new = QPushButton(tr("New review…"))
        self.open = QPushButton(tr("Open a review…"))
        self.demonstration.clicked.connect(self.demonstration_wanted)
        self.new.clicked.connect(self.new_wanted)
        self.open.clicked.connect(self.open_wanted)
        self.again: QPushButton | None = None
        """Opens the review that was open last."""
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        self._work = QWidget()
        self._lay_out()
        self.set_theme(theme)

    def _lay_out(self) -> None:
        page = QHBoxLayout(self)
        page.addStretch()
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addStretch(2)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self._mark)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(plain_label(tr("Label Critic"), role="headline"))
        words.addWidget(plain_label(tr("Choose the better organ label, case by case."), role="quiet"))
        head.addLayout(words, 1)
        column.addLayout(head)
        column.addSpacing(12)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.new)
        buttons.addWidget(self.open)
        buttons.addWidget(self.demonstration)
        buttons.addStretch()
        column.addLayout(buttons)
        self._lay_out_work(column)
        column.addSpacing(12)
        column.addLayout(self._recent)
        column.addSpacing(12)
        hint = tr("New review… takes your own images and label sets; drop their folders into it.")
        column.addWidget(plain_label(hint, role="caption"))
        column.addStretch(3)
        frame = QWidget()
        frame.setLayout(column)
        frame.setMinimumWidth(WIDTH)
        page.addWidget(frame)
        page.addStretch()

    def _lay_out_work(self, column: QVBoxLayout) -> None:
        self._bar = QProgressBar(textVisible=False)
        self._doing = ElidedLabel(role="quiet")
        self._cancel = QPushButton(tr("Cancel"))
        self._cancel.clicked.connect(self.cancel_wanted)
        rows = QVBoxLayout(self._work)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        rows.addWidget(self._bar)
        line = QHBoxLayout()
        line.addWidget(self._doing, 1)
        line.addWidget(self._cancel)
        rows.addLayout(line)
        column.addWidget(self._work)
        self._work.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme
        self._mark.setPixmap(themes.pixmap("app", theme.colour("text"), 56, ratio=self.devicePixelRatioF()))

    def show_recent(self, recent: Sequence[str]) -> None:
        """List the reviews opened lately, newest first: the first one goes on where the reader was."""
        while (entry := self._recent.takeAt(0)) is not None:
            if (widget := entry.widget()) is not None:
                widget.deleteLater()
        self.again = None
        for place, folder in enumerate(map(Path, recent)):
            if place == 1:
                self._recent.addSpacing(8)
                self._recent.addWidget(plain_label(tr("Recent reviews"), role="caption"))
            button = QPushButton(f"{folder.name}    {folder.parent}")
            button.setProperty("link", True)
            if place == 0:
                self._recent.addWidget(plain_label(tr("Continue where you were"), role="caption"))
                self.again = button
                button.setAccessibleName(tr("Continue where you were: {review}").format(review=folder.name))
            button.clicked.connect(lambda _=False, chosen=folder: self.opened.emit(chosen))
            self._recent.addWidget(button)

    def showEvent(self, event: QShowEvent) -> None:
        """Give the keys to the review that was open last: Enter goes on reading."""
        super().showEvent(event)
        if self.again is not None:
            self.again.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_job(self, job: Job | None) -> None:
        """Show what is being prepared, and how far it is."""
        self._work.setVisible(job is not None)
        self.new.setEnabled(job is None)
        self.open.setEnabled(job is None)
        self.demonstration.setEnabled(job is None)
        if job is not None:
            self._bar.setMaximum(job.total)
            self._bar.setValue(job.done)
            far = tr("  {done} of {total}").format(done=job.done, total=job.total) if job.total else ""
            self._doing.setText(f"{job.title}{far}  {job.what}".rstrip())
