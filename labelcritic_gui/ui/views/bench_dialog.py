"""The dialog that puts the critic on the bench: the truth, the errors, watch, read the result. Layer: ui."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.audit_table import flowing
from labelcritic_gui.ui.views.bench_table import BenchTable
from labelcritic_gui.ui.views.dialogs import POLL_MS, Sheet, numbers_line
from labelcritic_gui.ui.views.words import plain_label, set_state
from labelcritic_gui.viewmodels.bench import (
    KIND_TITLES,
    MOST_CASES,
    MOST_ERRORS,
    SEVERITY_TITLES,
    Bench,
    Benched,
    FaultKind,
    FaultSeverity,
)

WIDTH, HEIGHT = 1240, 664
KINDS_ACROSS = 3
EXAMPLE = N_("remove the lower third; leak 15 mm into the stomach")
WHAT_IT_IS = N_(
    "Known errors are planted in copies of labels that are taken as right; the critic is asked which of two is better, "
    "and about each by itself. It sees neither the truth nor what was planted. No file and no decision changes."
)


class BenchDialog(Sheet):
    """Follows a `Bench`; closing it stops one that is under way."""

    def __init__(self, bench: Bench, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("Bench the critic"), parent, width=860)
        self._bench, self._theme = bench, theme
        self._shown: Benched | None = None
        self.rows.setSpacing(8)
        self.rows.addWidget(plain_label(tr("Can I trust this critic on my data?"), role="headline"))
        self.rows.addWidget(flowing(bench.critic, role="quiet"))
        self.pages = QStackedWidget()
        self._choosing = self._choosing_page()
        self.table = BenchTable(theme)
        self.pages.addWidget(self._choosing)
        self.pages.addWidget(self.table)
        self.rows.addWidget(self.pages, 1)
        self.bar, self.status = self.add_progress()
        self.back: QPushButton = self.add_button(tr("Other errors…"), bench.again)
        self.close_button: QPushButton = self.add_button(tr("Close"), self._leave)
        self.start: QPushButton = self.add_button(tr("Start"), bench.start, primary=True)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._show_progress)
        bench.changed.connect(self._show)
        self.fit_screen(WIDTH, HEIGHT)
        self._show()

    # --- choosing --------------------------------------------------------------------------------------------------

    def _choosing_page(self) -> QWidget:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 4, 12, 0)
        column.setSpacing(8)
        column.addWidget(flowing(tr(WHAT_IT_IS), role="quiet"))
        column.addSpacing(4)
        self._add_truth(column)
        column.addSpacing(6)
        sides = QHBoxLayout()
        sides.setSpacing(40)
        sides.addLayout(self._kinds_side(), 3)
        sides.addLayout(self._words_side(), 2)
        column.addLayout(sides)
        column.addSpacing(6)
        column.addLayout(self._amounts())
        column.addStretch()
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        return area

    def _add_truth(self, column: QVBoxLayout) -> None:
        bench = self._bench
        column.addWidget(plain_label(tr("What is right"), role="strong"))
        advice = flowing(bench.advice, state="doubt")
        advice.setVisible(bool(bench.advice))
        column.addWidget(advice)
        self.truth = QComboBox()
        self.truth.addItems([tr(truth.title) for truth in bench.truths])
        self.truth.setCurrentIndex(bench.truths.index(bench.truth))
        self.truth.setAccessibleName(tr("What is right"))
        self.truth.setMinimumWidth(self._theme.px(420))
        self.truth.currentIndexChanged.connect(bench.choose_truth)
        line = QHBoxLayout()
        line.addWidget(self.truth)
        line.addStretch()
        column.addLayout(line)
        self._truth_note = flowing("", role="quiet")
        column.addWidget(self._truth_note)

    def _kinds_side(self) -> QVBoxLayout:
        side = QVBoxLayout()
        side.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(plain_label(tr("Which errors"), role="strong"))
        head.addSpacing(12)
        self._all = self._link(tr("all"), tr("All errors"), lambda: self._tick_kinds(True))
        self._none = self._link(tr("none of them"), tr("No error"), lambda: self._tick_kinds(False))
        head.addWidget(self._all)
        head.addWidget(self._none)
        head.addStretch()
        side.addLayout(head)
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(2)
        self.kinds: dict[FaultKind, QCheckBox] = {}
        deep = -(-len(KIND_TITLES) // KINDS_ACROSS)
        for place, (kind, title) in enumerate(KIND_TITLES.items()):
            self.kinds[kind] = self._check(tr(title), on=kind in self._bench.kinds, call=self._kinds_chosen)
            grid.addWidget(self.kinds[kind], place % deep, place // deep)
        side.addLayout(grid)
        side.addSpacing(8)
        side.addWidget(plain_label(tr("How far they go"), role="strong"))
        line = QHBoxLayout()
        line.setSpacing(20)
        self.severities: dict[FaultSeverity, QCheckBox] = {}
        for severity in FaultSeverity:
            on = severity in self._bench.severities
            self.severities[severity] = self._check(tr(SEVERITY_TITLES[severity]), on=on, call=self._severities_chosen)
            line.addWidget(self.severities[severity])
        line.addStretch()
        side.addLayout(line)
        side.addStretch()
        return side

    def _words_side(self) -> QVBoxLayout:
        side = QVBoxLayout()
        side.setSpacing(4)
        side.addWidget(plain_label(tr("Or in your own words"), role="strong"))
        self.words = QLineEdit(self._bench.text)
        self.words.setPlaceholderText(tr(EXAMPLE))
        self.words.setAccessibleName(tr("Errors in your own words"))
        self.words.textChanged.connect(self._bench.describe)
        side.addWidget(self.words)
        self.read, self.hint = flowing(""), flowing("", role="quiet")
        side.addWidget(self.read)
        side.addWidget(self.hint)
        side.addStretch()
        return side

    def _check(self, title: str, *, on: bool, call: object) -> QCheckBox:
        check = QCheckBox(title)
        check.setChecked(on)
        check.toggled.connect(call)
        return check

    def _link(self, text: str, name: str, call: object) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("link", True)
        button.setAutoDefault(False)
        button.setAccessibleName(name)
        button.clicked.connect(call)
        return button

    def _amounts(self) -> QHBoxLayout:
        self.errors = QSpinBox(minimum=1, maximum=MOST_ERRORS, value=self._bench.per_structure)
        self.cases = QSpinBox(minimum=1, maximum=MOST_CASES, value=self._bench.cases)
        self.errors.valueChanged.connect(self._bench.set_per_structure)
        self.cases.valueChanged.connect(self._bench.set_cases)
        fields = ((self.errors, tr("Errors in each structure of a case")), (self.cases, tr("Cases at most")))
        return numbers_line(fields, width=self._theme.px(72))

    def _tick_kinds(self, on: bool) -> None:
        for check in self.kinds.values():
            check.blockSignals(True)
            check.setChecked(on)
            check.blockSignals(False)
        self._kinds_chosen()

    def _kinds_chosen(self) -> None:
        self._bench.choose_kinds([kind for kind, check in self.kinds.items() if check.isChecked()])

    def _severities_chosen(self) -> None:
        self._bench.choose_severities([one for one, check in self.severities.items() if check.isChecked()])

    # --- following the view-model ----------------------------------------------------------------------------------

    def _show(self) -> None:
        bench = self._bench
        running, found = bench.job is not None, bench.found
        if found is not None and found is not self._shown:
            self.table.show_report(bench)
        self.pages.setCurrentWidget(self.table if found else self._choosing)
        self._choosing.setEnabled(not running)
        self._show_choice()
        self.back.setVisible(found is not None)
        self.start.setVisible(found is None)
        self.start.setEnabled(bench.ready)
        self.close_button.setText(tr("Stop") if running else tr("Close"))
        self.bar.setVisible(running)
        (self._poll.start if running else self._poll.stop)()
        if found is not None and found is not self._shown:
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)  # arrows and Page Down read on
        self._shown = found
        self._show_progress()

    def _show_choice(self) -> None:
        """Show what follows from the choice: the truth's note, how the words were read, and that they go first."""
        bench = self._bench
        self._truth_note.setText(tr(bench.truth.note))
        widgets: list[QWidget] = [*self.kinds.values(), *self.severities.values(), self._all, self._none, self.errors]
        for widget in widgets:
            widget.setEnabled(not bench.in_words)
        self.read.setText(bench.reading)
        self.read.setVisible(bool(bench.reading))
        self.hint.setText(bench.reading_hint)
        set_state(self.read, "state", "bad" if bench.misread is not None else "")

    def _show_progress(self) -> None:
        bench, job = self._bench, self._bench.job
        state = ""
        if job is not None:
            self.bar.setMaximum(job.total)
            self.bar.setValue(job.done)
            self.status.setText(bench.progress)
        elif bench.failure is not None:
            state = "bad" if bench.failure.error else ""
            self.status.setText(f"{bench.failure.text} {bench.failure.hint}".strip())
        else:
            self.status.setText(bench.kept or bench.outlook)
        set_state(self.status, "state", state)

    # --- coming and going ------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._bench.plan is None:
            self._bench.count()
        self.start.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave(self) -> None:
        if self._bench.job is not None:
            self._bench.cancel()
        else:
            self.reject()

    def done(self, result: int) -> None:
        self._bench.changed.disconnect(self._show)
        self._bench.cancel()
        self._poll.stop()
        super().done(result)
