"""The cards on the right: verdict, findings, quality and facts. Layer: ui."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.core.findings import Severity
from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.card_parts import Card, Swatch
from labelcritic_gui.ui.views.verdict_view import VerdictView
from labelcritic_gui.ui.views.words import ElidedLabel, plain_label
from labelcritic_gui.viewmodels.calls import Opinions, Stage
from labelcritic_gui.viewmodels.cards import (
    FindingRow,
    PlaceRow,
    QualityCell,
    VerdictCard,
    fact_rows,
    finding_rows,
    pair_lines,
    quality_cells,
    verdict_card,
)

SEVERITY_WORDS = {
    Severity.NOTE: N_("remark"),
    Severity.MINOR: N_("minor"),
    Severity.MAJOR: N_("major"),
    Severity.GROSS: N_("gross"),
}
SEVERITY_TOKENS = {
    Severity.NOTE: "text-quiet",
    Severity.MINOR: "doubt",
    Severity.MAJOR: "bad",
    Severity.GROSS: "bad",
}


class FindingButton(QPushButton):
    """One finding: its mark's number, its code, what it says; a click goes to its place."""

    def __init__(self, row: FindingRow, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row = row
        self.setProperty("flat", True)
        self.setEnabled(row.place is not None)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        line = QHBoxLayout(self)
        line.setContentsMargins(4, 4, 4, 4)
        line.setSpacing(8)
        swatch = Swatch(theme.label(max(0, row.colour)), size=theme.px(16), text=str(row.panel + 1))
        line.addWidget(swatch, 0, Qt.AlignmentFlag.AlignTop)
        finding = row.finding
        words = QVBoxLayout()
        words.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(plain_label(finding.code.value, role="strong"))
        severity = plain_label(tr(SEVERITY_WORDS[finding.severity]), role="caption")
        severity.setStyleSheet(f"color: {theme.tokens[SEVERITY_TOKENS[finding.severity]]}")
        head.addWidget(severity)
        head.addStretch()
        if finding.size_ml is not None:
            head.addWidget(plain_label(f"{finding.size_ml:.1f} ml", role="caption"))
        if row.number:
            head.addWidget(plain_label(f"({row.number})", role="caption"))
        words.addLayout(head)
        words.addWidget(plain_label(finding.text or str(finding.code.title), role="quiet", wrap=True))
        line.addLayout(words, 1)
        self.setAccessibleName(
            tr("Panel {panel}: {value}, {text}").format(
                panel=row.panel + 1, value=finding.code.value, text=finding.text
            )
        )

    def sizeHint(self) -> QSize:
        layout = self.layout()
        return layout.sizeHint() if layout is not None else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        return layout.heightForWidth(width) if layout is not None else -1


BUILD_MS = 40
"""Cards are built so much after the picture at the latest: whoever reads looks at the picture first."""


@dataclass(frozen=True, eq=False, slots=True)
class _Content:
    """What the cards are to show."""

    stage: Stage
    opinions: Opinions | None
    label_sets: tuple[LabelSet, ...]
    card: VerdictCard | None
    waiting: str
    asking: bool

    def same(self, other: "_Content | None") -> bool:
        """Say whether nothing would look different."""
        return (
            other is not None
            and self.stage is other.stage
            and self.opinions is other.opinions
            and (self.label_sets, self.waiting, self.asking) == (other.label_sets, other.waiting, other.asking)
        )


class SideCards(QScrollArea):
    """All cards in a column. `finding_chosen` carries a FindingRow or a PlaceRow; `sent_wanted`, `again_wanted` ask.

    `findings` and `places` are known at once; the widgets are made a moment later, so that the picture comes first.
    """

    finding_chosen = Signal(object)
    sent_wanted = Signal()
    again_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.findings: tuple[FindingRow, ...] = ()
        self.places: tuple[PlaceRow, ...] = ()
        self._wanted: _Content | None = None
        self._shown: _Content | None = None
        self._later = QTimer(self, singleShot=True, interval=BUILD_MS)
        self._later.timeout.connect(self.build)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme; the next opinions are drawn in it."""
        self._theme = theme
        self._shown = None

    def clear(self) -> None:
        """Show nothing."""
        self.findings, self.places = (), ()
        self._wanted = self._shown = None
        self._later.stop()
        page = self.widget()
        if page is not None:  # hidden now, gone when the next page comes: taking it down costs as much as building it
            page.hide()

    def show_opinions(
        self,
        stage: Stage,
        opinions: Opinions | None,
        label_sets: Sequence[LabelSet],
        *,
        waiting: str,
        asking: bool = False,
    ) -> None:
        """Show what the critic says; `waiting` is said where there is no verdict, `asking` while one may come."""
        verdict = opinions.verdict if opinions and len(stage.panels) > 1 else None
        other = opinions.other_prompts if opinions else ""
        card = verdict_card(verdict, label_sets, other_prompts=other) if verdict else None
        content = _Content(stage, opinions, tuple(label_sets), card, waiting, asking)
        if content.same(self._shown):
            self._wanted = self._shown
            return
        self._wanted = content
        self.places = card.places if card else ()
        measured = opinions is not None and any((*opinions.qualities, *opinions.facts))
        self.findings = finding_rows(stage.panels, opinions, label_sets) if opinions and measured else ()
        if not self._later.isActive():
            self._later.start()

    def build(self) -> None:
        """Make the cards that are wanted now."""
        self._later.stop()
        content = self._wanted
        if content is None or content is self._shown:
            return
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(12)
        opinions = content.opinions
        if len(content.stage.panels) > 1:
            view = VerdictView(content.card, content.waiting, self._theme, asking=content.asking)
            column.addWidget(self._verdict(view))
        if opinions is not None and any((*opinions.qualities, *opinions.facts)):
            if self.findings:  # before the numbers: a verdict is read with its places
                column.addWidget(self._findings())
            column.addWidget(self._scores(content.stage, opinions, content.label_sets))
        elif len(content.stage.panels) == 1:
            column.addWidget(plain_label(content.waiting, role="quiet", wrap=True))
        column.addStretch()
        self.setWidget(page)
        self._fit()
        self._shown = content

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Keep the page as wide as the column: it wraps and elides, and never scrolls sideways."""
        page = self.widget()
        if page is not None:
            page.setFixedWidth(self.viewport().width())

    def _heading(self, text: str) -> QLabel:
        return plain_label(text, role="caption")

    def _verdict(self, view: VerdictView) -> VerdictView:
        view.sent_wanted.connect(self.sent_wanted)
        view.again_wanted.connect(self.again_wanted)
        view.place_chosen.connect(self.finding_chosen)
        return view

    def _scores(self, stage: Stage, opinions: Opinions, label_sets: Sequence[LabelSet]) -> QWidget:
        box = Card(self._theme)
        grid = QGridLayout()
        tight = len(stage.panels) > 2
        quiet, plain = ("caption", "small") if tight else ("quiet", "")
        grid.setHorizontalSpacing(6 if tight else 14)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        cells = quality_cells(stage.panels, opinions, label_sets)
        scored = any(cell.score is not None for cell in cells)
        grid.addWidget(ElidedLabel(tr("Quality, 0 to 100") if scored else tr("Measured"), role="caption"), 0, 0)
        for column, cell in enumerate(cells, 1):
            swatch = Swatch(self._theme.label(max(0, cell.colour)), size=self._theme.px(16), text=str(column))
            grid.addWidget(swatch, 0, column, Qt.AlignmentFlag.AlignRight)
        if scored:
            grid.addWidget(plain_label(tr("Score"), role=quiet), 1, 0)
            grid.addWidget(plain_label(tr("Uncertainty"), role=quiet), 2, 0)
            for column, cell in enumerate(cells, 1):
                grid.addWidget(self._cell(cell), 1, column, Qt.AlignmentFlag.AlignRight)
                grid.addWidget(plain_label(cell.spread, role=plain), 2, column, Qt.AlignmentFlag.AlignRight)
        for line, row in enumerate(fact_rows(opinions.facts), 3):
            name = ElidedLabel(f"{row.name}, {row.unit}" if row.unit else row.name, role=quiet)
            grid.addWidget(name, line, 0)
            for column, value in enumerate(row.values, 1):
                number = plain_label(value, role=plain, copyable=True)
                grid.addWidget(number, line, column, Qt.AlignmentFlag.AlignRight)
        box.rows.addLayout(grid)
        self._suspected(box, cells)
        self._pair(box, opinions)
        return box

    def _suspected(self, box: Card, cells: Sequence[QualityCell]) -> None:
        """Show the errors that a model suggests; nobody has said that they are there."""
        for number, cell in enumerate(cells, 1):
            if not cell.suspected:
                continue
            line = QHBoxLayout()
            line.setSpacing(4)
            line.addWidget(Swatch(self._theme.label(max(0, cell.colour)), size=self._theme.px(16), text=str(number)))
            line.addWidget(plain_label(tr("suspects"), role="caption"))
            for code in cell.suspected:
                chip = plain_label(code.value, role="chip")
                chip.setToolTip(tr("The model suspects: {meaning}").format(meaning=tr(code.meaning)))
                line.addWidget(chip)
            line.addStretch(1)
            box.rows.addLayout(line)

    def _cell(self, cell: QualityCell) -> QLabel:
        return plain_label(cell.text, role="strong" if cell.score is not None else "quiet")

    def _pair(self, box: Card, opinions: Opinions) -> None:
        lines = pair_lines(opinions.pair)
        if not lines:
            return
        box.rows.addWidget(self._heading(tr("Between the two")))
        grid = QGridLayout()
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        for line, (name, value) in enumerate(lines):
            grid.addWidget(plain_label(name, role="quiet"), line, 0)
            grid.addWidget(plain_label(value, copyable=True), line, 1, Qt.AlignmentFlag.AlignRight)
        box.rows.addLayout(grid)

    def _findings(self) -> QWidget:
        box = Card(self._theme)
        box.rows.setContentsMargins(8, 8, 8, 8)
        box.rows.setSpacing(2)
        heading = self._heading(tr("Findings"))
        heading.setContentsMargins(4, 0, 0, 0)
        box.rows.addWidget(heading)
        for row in self.findings:
            button = FindingButton(row, self._theme)
            button.clicked.connect(lambda _=False, chosen=row: self.finding_chosen.emit(chosen))
            box.rows.addWidget(button)
        return box
