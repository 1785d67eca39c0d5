"""The result of an audit as a quiet table: what was counted, share with interval, verdict. Layer: ui."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.interval_bar import IntervalBar
from labelcritic_gui.ui.views.words import plain_label, set_state
from labelcritic_gui.viewmodels.audit import AuditTest, Row

GAP = 16
WHAT, TOGGLE, COUNTED, BAR, PERCENT, VERDICT = range(6)
HALF = 0.5
LEAST_WHAT, LEAST_BAR, LEAST_VERDICT = 150, 90, 96


class AuditTable(QScrollArea):
    """One row a measure, the single structures below it on request; below all, what could not be counted."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("What the audit found"))
        self._theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.toggles: list[QPushButton] = []

    def show_report(self, headline: str, rows: Sequence[Row], reasons: Mapping[AuditTest, str]) -> None:
        """Lay a report out anew."""
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 8, 12, 0)
        column.setSpacing(12)
        column.addWidget(flowing(headline, role="title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(WHAT, 4)
        grid.setColumnStretch(BAR, 1)
        for place, least in ((WHAT, LEAST_WHAT), (BAR, LEAST_BAR), (VERDICT, LEAST_VERDICT)):
            grid.setColumnMinimumWidth(place, self._theme.px(least))
        self.toggles = []
        self._headings(grid)
        for row in rows:
            self._add(grid, row)
        column.addLayout(grid)
        for test, why in reasons.items():
            column.addWidget(flowing(f"{test.shown}: {why}", role="quiet"))
        column.addStretch()
        self.setWidget(body)

    def _headings(self, grid: QGridLayout) -> None:
        for place, words in ((COUNTED, tr("counted")), (BAR, tr("0 to 100 %")), (PERCENT, tr("95 % interval"))):
            grid.addWidget(plain_label(words, role="caption"), 0, place)
        grid.addWidget(plain_label(tr("verdict"), role="caption"), 0, VERDICT)

    def _add(self, grid: QGridLayout, row: Row) -> None:
        at = grid.rowCount()
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(plain_label(row.title, role="strong"))
        words.addWidget(flowing(row.asks, role="quiet"))
        if row.beside:
            words.addWidget(flowing(row.beside, state=row.state if row.state == "bad" else ""))
        grid.addLayout(words, at, WHAT)
        self._numbers(grid, row, at)
        if row.parts:
            hidden = [self._part(grid, part, at + 1 + n) for n, part in enumerate(row.parts)]
            grid.addWidget(self._toggle(row, hidden), at, TOGGLE, Qt.AlignmentFlag.AlignTop)

    def _part(self, grid: QGridLayout, part: Row, at: int) -> list[QWidget]:
        words = f"{part.title}  {part.beside}".strip()
        name = flowing(words, role="quiet")
        name.setContentsMargins(self._theme.px(16), 0, 0, 0)
        grid.addWidget(name, at, WHAT, 1, 2)
        shown: list[QWidget] = [name, *self._numbers(grid, part, at)]
        for widget in shown:
            widget.hide()
        return shown

    def _toggle(self, row: Row, hidden: list[list[QWidget]]) -> QPushButton:
        button = QPushButton(tr("{n} structures").format(n=len(row.parts)))
        button.setProperty("link", True)
        button.setCheckable(True)
        button.setAutoDefault(False)
        button.setAccessibleName(tr("{title}: each structure").format(title=row.title))

        def turn(on: bool) -> None:
            for widget in (w for part in hidden for w in part):
                widget.setVisible(on)

        button.toggled.connect(turn)
        self.toggles.append(button)
        return button

    def _numbers(self, grid: QGridLayout, row: Row, at: int) -> list[QWidget]:
        theme = self._theme
        verdict = plain_label(row.verdict, role="strong" if row.asks else "")
        set_state(verdict, "state", row.state)
        bar = IntervalBar(
            row.share,
            row.low,
            row.high,
            tick=HALF if row.preference else row.limit,
            colour=theme.colour(row.state or "text-quiet"),
            ground=theme.colour("line"),
            mark=theme.colour("text"),
        )
        bar.setToolTip(_held_against(row))
        cells: list[tuple[int, QWidget]] = [
            (COUNTED, plain_label(row.counted)),
            (BAR, bar),
            (PERCENT, plain_label(row.percent)),
            (VERDICT, verdict),
        ]
        for place, widget in cells:
            grid.addWidget(widget, at, place, Qt.AlignmentFlag.AlignTop)
        return [widget for _, widget in cells]


def flowing(words: str, *, role: str = "", state: str = "") -> QLabel:
    """Return a label of plain text that takes the width there is, and only as many lines as that needs."""
    label = plain_label(words, role=role, wrap=True)
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    if state:
        set_state(label, "state", state)
    return label


def _held_against(row: Row) -> str:
    if row.preference:
        return tr("The tick is 50 %: no preference. It fails when the interval does not reach it.")
    if row.limit is None:
        return tr("Reported, not judged.")
    return tr("The tick is the limit, {value:.0f} %. It fails when the whole interval lies beyond it.").format(
        value=100 * row.limit
    )
