"""A main window that opens its dialogs, one at a time, and gives the keys back when one closes. Layer: ui."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QMainWindow

from labelcritic_gui import __version__
from labelcritic_gui.paths import cache_dir
from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui import theme as themes
from labelcritic_gui.ui.keymap import Keys
from labelcritic_gui.ui.views.dialogs import (
    NOTICE,
    ExportDialog,
    IntroductionDialog,
    Sheet,
    TextDialog,
)
from labelcritic_gui.ui.views.inspection_dialog import InspectionDialog
from labelcritic_gui.viewmodels.inspection import Inspector
from labelcritic_gui.viewmodels.runner import Runner
from labelcritic_gui.viewmodels.station import Station

if TYPE_CHECKING:
    from labelcritic_gui.viewmodels.new_review import NewReview
    from labelcritic_gui.viewmodels.served import ModelServer

LICENCES = N_("Apache-2.0. Type: Inter, SIL Open Font License 1.1.")
WATCH_MS = 1000
"""How often a model server of ours is looked at."""


class SheetWindow(QMainWindow):
    """What the commands open (commands reach it through the `Face` protocol). One dialog is open at a time.

    `sheet_closed` tells that the window has its keys back, `told` carries a Message for the reader.
    """

    sheet_closed = Signal()
    told = Signal(object)

    def __init__(self, station: Station, runner: Runner, keys: Keys) -> None:
        super().__init__()
        self._station, self._runner, self._keys = station, runner, keys
        self._theme = themes.load_theme(station.settings.theme, station.settings.font_scale, station.settings.palette)
        self._dialog: Sheet | None = None
        self._new_review: NewReview | None = None
        self._model_server: ModelServer | None = None
        self._asked_about: set[str] = set()
        """Hosts that the person was asked about since the window opened."""
        self._watch = QTimer(self, interval=WATCH_MS)
        self._watch.timeout.connect(self._watch_server)

    def ask_new_review(self) -> None:
        from labelcritic_gui.ui.views.new_review_dialog import NewReviewDialog

        dialog = NewReviewDialog(self._station.new_review(), self._theme, self)
        dialog.made.connect(self._station.open)
        self._new_review = dialog.review
        self._open(dialog)

    def ask_review(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, tr("Open a review folder"), str(Path.home()))
        if chosen:
            self._station.open(Path(chosen))

    def ask_demonstration(self) -> None:
        self._station.demonstrate(cache_dir() / "demonstration")

    def ask_export(self) -> None:
        if self._station.calls is not None:
            folder = self._station.calls.folder
            self._open(ExportDialog(self._station, folder.parent / f"{folder.name}-export", self))

    def ask_critic(self) -> None:
        from labelcritic_gui.ui.views.critic_dialog import CriticDialog
        from labelcritic_gui.viewmodels.servers import edit_servers

        editor = edit_servers(self._station, self._runner)
        dialog = CriticDialog(editor, self._theme, self)
        dialog.consent.clicked.connect(lambda _=False: self._asked_about.add(editor.host))  # it was answered there
        self._open(dialog)

    def ask_consent(self, then: Callable[[], None] | None = None) -> None:
        """Ask once whether pictures may go to the server of the open review's critic; until then nothing goes."""
        from labelcritic_gui.ui.views.consent_dialog import ConsentDialog

        host = self._station.host_to_agree
        if host and self._dialog is None:
            self._asked_about.add(host)
            dialog = ConsentDialog(host, self)
            dialog.accepted.connect(lambda: self._station.agree(host, then))
            self._open(dialog)

    def _ask_consent_once(self) -> None:
        if self._station.host_to_agree not in {"", *self._asked_about}:
            self.ask_consent()

    def ask_model_server(self) -> None:
        from labelcritic_gui.ui.views.server_dialog import ServerDialog
        from labelcritic_gui.viewmodels.served import ModelServer

        if self._model_server is None:
            self._model_server = ModelServer(self._station, self._runner)
            self._watch.start()
        self._open(ServerDialog(self._model_server, self._theme, self))

    def introduce(self, then: Callable[[], None]) -> None:
        """Ask for the reader's name and the consent to the notice, then go on; without them the window closes."""
        dialog = IntroductionDialog(self._station.settings.reader, self)
        dialog.accepted.connect(lambda: self._station.introduce(dialog.reader.text(), then))
        dialog.rejected.connect(self.close)
        self._open(dialog)

    def show_sent(self) -> None:
        reading = self._station.reading
        if reading is not None and reading.item is not None:
            from labelcritic_gui.ui.views.sent_dialog import SentDialog
            from labelcritic_gui.viewmodels.sent import SentViewer

            viewer = SentViewer(reading.item, reading.calls.sent, self._runner)
            self._open(SentDialog(viewer, self._theme, self))

    def ask_prompts(self) -> None:
        from labelcritic_gui.ui.views.prompt_editor import PromptEditorDialog
        from labelcritic_gui.viewmodels.prompt_editor import edit_prompts

        self._open(PromptEditorDialog(edit_prompts(self._station, self._runner), self._theme, self))

    def show_files(self) -> None:
        reading = self._station.reading
        if reading is not None and reading.item is not None:
            inspector = Inspector(reading.item, reading.calls.inspect_item, self._runner)
            self._open(InspectionDialog(inspector, self._theme, self))

    def ask_audit(self) -> None:
        from labelcritic_gui.ui.views.audit_dialog import AuditDialog

        if self._station.host_to_agree:
            self.ask_consent(self.ask_audit)
            return
        auditor = self._station.audit()
        if auditor is not None:
            self._open(AuditDialog(auditor, self._theme, self))

    def ask_bench(self) -> None:
        from labelcritic_gui.ui.views.bench_dialog import BenchDialog

        if self._station.host_to_agree:
            self.ask_consent(self.ask_bench)
            return
        bench = self._station.bench()
        if bench is not None:
            self._open(BenchDialog(bench, self._theme, self))

    def ask_mode(self) -> None:
        from labelcritic_gui.ui.views.mode_dialog import ModeDialog
        from labelcritic_gui.viewmodels.modes import mode_choice

        choice = mode_choice(self._station, self._runner)
        if choice is not None:
            self._open(ModeDialog(choice, self._theme, self))

    def show_ledger(self) -> None:
        from labelcritic_gui.ui.views.ledger_dialog import LedgerDialog
        from labelcritic_gui.viewmodels.ledger import ReviewLedger

        if self._station.calls is not None:
            self._open(LedgerDialog(ReviewLedger(self._station.calls, self._runner), self._theme, self))

    def show_outliers(self) -> None:
        from labelcritic_gui.ui.views.outlier_dialog import OutlierDialog

        search = self._station.outliers()
        if search is not None:
            self._open(OutlierDialog(search, self._theme, self))

    def ask_filters(self) -> None:
        from labelcritic_gui.ui.worklist.filters_dialog import FiltersDialog
        from labelcritic_gui.viewmodels.worklist.audit_share import AuditShare

        worklist, calls = self._station.worklist, self._station.calls
        if worklist is not None and calls is not None:
            share = AuditShare(calls, self._runner, redrawn=worklist.load)
            self._open(FiltersDialog(worklist, share, self))

    def show_about(self) -> None:
        text = f"Label Critic {__version__}\n{tr(NOTICE)}\n\n{tr(LICENCES)}"
        self._open(TextDialog(tr("About Label Critic"), text, self))

    def _watch_server(self) -> None:
        server = self._model_server
        if server is not None:
            server.tick()
            if (news := server.take_news()) is not None and self._dialog is None:
                self.told.emit(news)

    def _open(self, dialog: Sheet) -> None:
        if self._dialog is not None:
            self._dialog.raise_()
            dialog.deleteLater()
            return
        self._dialog = dialog
        dialog.finished.connect(lambda _: self._dialog_closed(dialog))
        dialog.open()

    def _dialog_closed(self, dialog: Sheet) -> None:
        self._dialog = None
        dialog.deleteLater()
        self.activateWindow()  # keys need an active window, and not every desktop hands it back
        self.sheet_closed.emit()
        self._ask_consent_once()
