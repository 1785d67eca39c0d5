"""The dialog that audits the critic: choose tests, see what they cost, watch, read the result. Layer: ui."""

from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.audit_table import AuditTable, flowing
from labelcritic_gui.ui.views.dialogs import POLL_MS, Sheet, numbers_line
from labelcritic_gui.ui.views.words import ElidedLabel, plain_label, set_state
from labelcritic_gui.viewmodels.audit import LARGEST_SAMPLE, MOST_REPEATS, TABLE, Audit, Auditor, AuditTest

AMOUNT_HINT = N_("35 pairs in all without a fault show that faults are fewer than one in ten.")
SIZE = (1080, 664)
GROUPS = (
    (N_("From what is there already"), N_("Counts verdicts and decisions of this review; nobody is asked.")),
    (N_("Asked on purpose"), N_("Puts questions to the critic whose right answer is known.")),
)


class AuditDialog(Sheet):
    """Follows an `Auditor`; closing it stops an audit under way."""

    def __init__(self, auditor: Auditor, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("Audit the critic"), parent, width=860)
        self._auditor, self._theme = auditor, theme
        self._shown: Audit | None = None
        self.rows.addWidget(plain_label(tr("Can this critic be trusted here?"), role="headline"))
        self.critic = ElidedLabel(auditor.critic, role="quiet")
        self.rows.addWidget(self.critic)
        self.pages = QStackedWidget()
        self._choosing = self._choosing_page()
        self.table = AuditTable(theme)
        self.pages.addWidget(self._choosing)
        self.pages.addWidget(self.table)
        self.rows.addWidget(self.pages, 1)
        self.bar, self.status = self.add_progress()
        self.back: QPushButton = self.add_button(tr("Other tests…"), auditor.again)
        self.export: QPushButton = self.add_button(tr("Save table as CSV…"), self._ask_file)
        self.close_button: QPushButton = self.add_button(tr("Close"), self._leave)
        self.start: QPushButton = self.add_button(tr("Start"), auditor.start, primary=True)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._show_progress)
        auditor.changed.connect(self._show)
        self._fit_screen()
        self._show()

    def _fit_screen(self) -> None:
        room = self.screen().availableGeometry()
        wanted = [self._theme.px(side) for side in SIZE]
        self.resize(min(wanted[0], room.width() - 24), min(wanted[1], room.height() - 48))

    # --- choosing --------------------------------------------------------------------------------------------------

    def _choosing_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(12)
        inner = QWidget()
        groups = QHBoxLayout(inner)
        groups.setContentsMargins(0, 0, 12, 0)
        groups.setSpacing(32)
        self.checks: dict[AuditTest, QCheckBox] = {}
        self._notes: dict[AuditTest, QLabel] = {}
        for purpose, (title, words) in zip((False, True), GROUPS, strict=True):
            side = QVBoxLayout()
            side.setSpacing(3)
            side.addWidget(plain_label(tr(title), role="strong"))
            side.addWidget(flowing(tr(words), role="quiet"))
            side.addSpacing(4)
            for test in AuditTest:
                if test.asks_on_purpose is purpose:
                    side.addWidget(self._check(test))
                    side.addWidget(self._notes[test])
            side.addStretch()
            groups.addLayout(side, 1)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        column.addWidget(area, 1)
        column.addLayout(self._amounts())
        column.addWidget(flowing(tr(AMOUNT_HINT), role="quiet"))
        return page

    def _check(self, test: AuditTest) -> QCheckBox:
        check = QCheckBox(test.shown)
        check.setChecked(test in self._auditor.request.tests)
        check.setToolTip(test.asks)
        check.toggled.connect(lambda _=False: self._chosen())
        self.checks[test] = check
        note = flowing(test.asks, role="quiet")
        note.setContentsMargins(self._theme.px(26), 0, 0, 0)
        self._notes[test] = note
        return check

    def _amounts(self) -> QHBoxLayout:
        request = self._auditor.request
        self.sample = QSpinBox(minimum=1, maximum=LARGEST_SAMPLE, value=request.sample)
        self.repeats = QSpinBox(minimum=2, maximum=MOST_REPEATS, value=request.repeats)
        self.sample.valueChanged.connect(self._auditor.set_sample)
        self.repeats.valueChanged.connect(self._auditor.set_repeats)
        fields = ((self.sample, tr("Pairs a structure")), (self.repeats, tr("Repeats of a question")))
        return numbers_line(fields, width=self._theme.px(72))

    def _chosen(self) -> None:
        self._auditor.choose([test for test, check in self.checks.items() if check.isChecked()])

    # --- following the view-model ----------------------------------------------------------------------------------

    def _show(self) -> None:
        auditor = self._auditor
        running, found = auditor.job is not None, auditor.found
        self.pages.setCurrentWidget(self.table if found else self._choosing)
        self._choosing.setEnabled(not running)
        if found is not None and found is not self._shown:
            self.table.show_report(found.report.headline, auditor.rows, found.report.reasons)
            self.close_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self._shown = found
        for test, note in self._notes.items():
            why = auditor.why_not(test)
            note.setText(why or test.asks)
            self._allow(test, allowed=not why)
        self.back.setVisible(found is not None)
        self.export.setVisible(found is not None)
        self.start.setVisible(found is None)
        self.start.setEnabled(auditor.ready)
        self.close_button.setText(tr("Stop") if running else tr("Close"))
        self.bar.setVisible(running)
        (self._poll.start if running else self._poll.stop)()
        self._show_progress()

    def _allow(self, test: AuditTest, *, allowed: bool) -> None:
        """Take the tick away from a test that cannot be put to this critic."""
        check = self.checks[test]
        check.setEnabled(allowed)
        if not allowed:
            check.blockSignals(True)
            check.setChecked(False)
            check.blockSignals(False)

    def _show_progress(self) -> None:
        auditor, job = self._auditor, self._auditor.job
        state = ""
        if job is not None:
            self.bar.setMaximum(job.total)
            self.bar.setValue(job.done)
            self.status.setText(
                tr("{done} of {total}, {what}").format(done=job.done, total=job.total, what=job.what)
                if job.total
                else tr("Beginning…")
            )
        elif auditor.failure is not None:
            state = "bad" if auditor.failure.error else ""
            self.status.setText(f"{auditor.failure.text} {auditor.failure.hint}".strip())
        elif auditor.found is not None:
            self.status.setText(auditor.saved or self._where(auditor.found.report.failures))
        else:
            self.status.setText(auditor.outlook)
        set_state(self.status, "state", state)

    def _where(self, failures: tuple[str, ...]) -> str:
        kept = tr("Kept as {files} in {folder}.").format(files=self._auditor.files, folder=self._auditor.folder)
        return (
            tr("{kept} Not everything was answered: {join}").format(kept=kept, join=" ".join(failures[:2]))
            if failures
            else kept
        )

    # --- coming and going ------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._auditor.plan is None:
            self._auditor.count()
        self.start.setFocus(Qt.FocusReason.OtherFocusReason)

    def _ask_file(self) -> None:
        suggestion = str(self._auditor.folder / TABLE)
        chosen, _ = QFileDialog.getSaveFileName(self, tr("Save the table"), suggestion, tr("CSV (*.csv)"))
        if chosen:
            self._auditor.save_table(Path(chosen))

    def _leave(self) -> None:
        if self._auditor.job is not None:
            self._auditor.cancel()
        else:
            self.reject()

    def done(self, result: int) -> None:
        self._auditor.changed.disconnect(self._show)
        self._auditor.cancel()
        self._poll.stop()
        super().done(result)
