"""Surprises become a report with the log's place; expected failures become a message. Layer: ui."""

import logging
import traceback
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from labelcritic_gui import __version__
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.views.dialogs import TextDialog
from labelcritic_gui.viewmodels.messages import Message, of_error

log = logging.getLogger("labelcritic")


class Notifier(QObject):
    """Takes errors from any thread, tells the reader on the GUI thread; one report is open at a time."""

    _caught = Signal(object)

    def __init__(self, say: Callable[[Message], None], log_file: Path | None, window: QWidget | None) -> None:
        super().__init__(window)
        self._say = say
        self._log_file = log_file
        self._window = window
        self.report: TextDialog | None = None
        self._caught.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def caught(self, error: BaseException) -> None:
        """Log an error and show it soon."""
        log.error("%s", error, exc_info=(type(error), error, error.__traceback__))
        self._caught.emit(error)

    @Slot(object)
    def _show(self, error: BaseException) -> None:
        if isinstance(error, UserError):
            self._say(of_error(error))
            return
        if self.report is not None:
            return
        where = tr("It is also in {log_file}.").format(log_file=self._log_file) if self._log_file else ""
        note = tr("Something went wrong that should not have: this is a defect. No decision is lost. {where}").format(
            where=where
        )
        text = tr("Label Critic {version__}\n\n{join}").format(
            version__=__version__, join="".join(traceback.format_exception(error))
        )
        self.report = TextDialog(tr("Report"), text, self._window, note=note)
        self.report.finished.connect(self._closed)
        self.report.open()

    def _closed(self) -> None:
        if self.report is not None:
            self.report.deleteLater()
            self.report = None
