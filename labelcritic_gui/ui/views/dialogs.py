"""The few dialogs: introduction, export, plain text; and what all dialogs are made of. Layer: ui."""

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QFontDatabase, QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui.views.words import plain_label
from labelcritic_gui.viewmodels.calls import ExportReport
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.runner import Job
from labelcritic_gui.viewmodels.station import Station

NOTICE = N_("Label Critic is for research and dataset work. It is not a medical device and not for diagnosis.")
POLL_MS = 100
SHARE = 0.84
"""Of a large screen, for dialogs with much to show."""
MARGIN = 24
"""Left free of the screen around a dialog."""


def numbers_line(fields: Iterable[tuple[QSpinBox, str]], *, width: int) -> QHBoxLayout:
    """Return a line of number fields, each behind its name; a number is taken when it is whole."""
    line = QHBoxLayout()
    line.setSpacing(8)
    for field, name in fields:
        field.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        field.setFixedWidth(width)
        field.setAccessibleName(name)
        field.setKeyboardTracking(False)
        line.addWidget(plain_label(name, role="quiet"))
        line.addWidget(field)
        line.addSpacing(16)
    line.addStretch(1)
    return line


class Sheet(QDialog):
    """A dialog with a title, rows, and buttons at the lower right."""

    def __init__(self, title: str, parent: QWidget | None, *, width: int = 480) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(width)
        self.rows = QVBoxLayout()
        self.rows.setSpacing(12)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(8)
        self.buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(20)
        column.addLayout(self.rows, 1)
        column.addLayout(self.buttons)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        for field in self.findChildren(QAbstractSpinBox):
            # a style sheet's padding does not reach the text of a number field
            field.lineEdit().setTextMargins(6, 0, 0, 0)

    def fit_screen(self, width: int, height: int) -> None:
        """Be at least this large where the screen has room for it, and grow with a larger screen."""
        room = self.screen().availableGeometry()
        wanted = (max(width, round(SHARE * room.width())), max(height, round(SHARE * room.height())))
        self.resize(min(wanted[0], room.width() - MARGIN), min(wanted[1], room.height() - 2 * MARGIN))

    def add_progress(self) -> tuple[QProgressBar, QLabel]:
        """Add a bar that keeps its room when it is hidden, and a line for what is to be said, and return both."""
        bar = QProgressBar(textVisible=False)
        keep = bar.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        bar.setSizePolicy(keep)
        status = plain_label(wrap=True, copyable=True)
        self.rows.addWidget(bar)
        self.rows.addWidget(status)
        return bar, status

    def add_button(self, text: str, call: Callable[[], object], *, primary: bool = False) -> QPushButton:
        """Add a button; the primary one answers Enter."""
        button = QPushButton(text)
        button.setProperty("primary", primary)
        button.setDefault(primary)
        button.setAutoDefault(primary)
        button.clicked.connect(lambda _=False: call())
        self.buttons.addWidget(button)
        return button


def beside(*widgets: QWidget) -> QHBoxLayout:
    """Lay widgets side by side; the first takes the room."""
    line = QHBoxLayout()
    line.setSpacing(8)
    for place, widget in enumerate(widgets):
        line.addWidget(widget, 1 if place == 0 else 0)
    return line


class IntroductionDialog(Sheet):
    """Asks once for the reader's name and the consent to the notice."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(tr("Welcome"), parent, width=440)
        self.rows.addWidget(plain_label(tr("Welcome to Label Critic"), role="headline"))
        self.rows.addWidget(plain_label(tr("Every decision is kept with the name of who made it."), role="quiet"))
        form = QVBoxLayout()
        form.setSpacing(4)
        form.addWidget(plain_label(tr("Your name or initials"), role="caption"))
        self.reader = QLineEdit(name)
        self.reader.setAccessibleName(tr("Your name or initials"))
        self.reader.setMaxLength(80)
        form.addWidget(self.reader)
        self.rows.addLayout(form)
        self.rows.addWidget(plain_label(tr(NOTICE), wrap=True))
        self.agreed = QCheckBox(tr("I have read this"))
        self.rows.addWidget(self.agreed)
        self.start = self.add_button(tr("Start"), self.accept, primary=True)
        self.reader.textChanged.connect(self._check)
        self.agreed.toggled.connect(self._check)
        self._check()

    def _check(self) -> None:
        self.start.setEnabled(bool(self.reader.text().strip()) and self.agreed.isChecked())


class ExportDialog(Sheet):
    """Asks for a new folder, exports, shows progress and the outcome."""

    def __init__(self, station: Station, suggestion: Path, parent: QWidget | None = None) -> None:
        super().__init__(tr("Export"), parent, width=560)
        self._station = station
        self.rows.addWidget(plain_label(tr("Export what was accepted"), role="headline"))
        words = tr("Masks as a NIfTI tree with a manifest: who decided, when, which candidate, hashes.")
        self.rows.addWidget(plain_label(words, role="quiet", wrap=True))
        line = QHBoxLayout()
        line.setSpacing(8)
        self.folder = QLineEdit(str(suggestion))
        self.folder.setAccessibleName(tr("Folder"))
        line.addWidget(self.folder, 1)
        self._browse = QPushButton(tr("Browse…"))
        self._browse.clicked.connect(self._ask_folder)
        line.addWidget(self._browse)
        self.rows.addLayout(line)
        self.rows.addWidget(plain_label(tr("The folder must not exist yet; nothing is overwritten."), role="caption"))
        self.bar = QProgressBar(textVisible=False)
        self.status = plain_label(wrap=True, copyable=True)
        self.status.setMinimumHeight(40)
        self.rows.addWidget(self.bar)
        self.rows.addWidget(self.status)
        self.close_button = self.add_button(tr("Close"), self.reject)
        self.start = self.add_button(tr("Export"), self._start, primary=True)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._show_job)
        self._job: Job | None = None
        station.exported.connect(self._finished)
        station.said.connect(self._failed)
        self.bar.hide()

    def done(self, result: int) -> None:
        if self._job is not None:
            self._station.cancel_job()
            return
        self._poll.stop()
        self._station.exported.disconnect(self._finished)
        self._station.said.disconnect(self._failed)
        super().done(result)

    def _ask_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, tr("Folder to make the export in"), str(Path.home()))
        if chosen:
            self.folder.setText(str(Path(chosen) / Path(self.folder.text()).name))

    def _start(self) -> None:
        self.status.setText("")
        self._station.export(Path(self.folder.text()).expanduser())
        if self._station.job is None:  # it ended at once: the outcome is shown already
            return
        self._job = self._station.job
        self.bar.show()
        self._show_job()
        self._poll.start()

    def _show_job(self) -> None:
        running = self._job is not None
        self.start.setEnabled(not running)
        self.folder.setEnabled(not running)
        self._browse.setEnabled(not running)
        self.close_button.setText(tr("Cancel") if running else tr("Close"))
        if self._job is not None:
            self.bar.setMaximum(self._job.total)
            self.bar.setValue(self._job.done)
            self.status.setText(
                tr("{done} of {total}  {what}").format(done=self._job.done, total=self._job.total, what=self._job.what)
                if self._job.total
                else "…"
            )

    def _end(self, words: str) -> None:
        self._job = None
        self._poll.stop()
        self.bar.hide()
        self._show_job()
        self.status.setText(words)

    def _finished(self, report: ExportReport) -> None:
        self._end(report.summary)
        self.start.setEnabled(False)

    def _failed(self, message: Message) -> None:
        self._end(f"{message.text} {message.hint}".strip())


class TextDialog(Sheet):
    """Shows plain text that can be copied."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None, *, note: str = "") -> None:
        super().__init__(title, parent, width=680)
        self.rows.addWidget(plain_label(title, role="title"))
        if note:
            self.rows.addWidget(plain_label(note, wrap=True, copyable=True))
        self.text = QPlainTextEdit(text)
        self.text.setAccessibleName(title)
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setMinimumHeight(280)
        self.rows.addWidget(self.text, 1)
        self.add_button(tr("Copy"), lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        self.add_button(tr("Close"), self.accept, primary=True)
