"""What a bench found: targets, rows by overlap, structure and error, the calibration, false alarms. Layer: ui."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from labelcritic_gui.core.statistics import Share
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.audit_table import flowing
from labelcritic_gui.ui.views.calibration_curve import CalibrationCurve
from labelcritic_gui.ui.views.interval_bar import IntervalBar
from labelcritic_gui.ui.views.words import plain_label, set_state
from labelcritic_gui.viewmodels.bench import Bench, BenchLine, Part, TargetLine, percent

WHAT, RIGHT, BAR, ACCURACY, DECIDED, DECIDED_BAR, COVERAGE = range(7)
LEAST_WHAT, LEAST_BAR, SIDE = 176, 64, 344
GAP, BETWEEN, EDGE = 12, 32, 12
TIGHT, APART, PARTS_APART = 1, 6, 16
"""Between a line and what is told beside it, between lines, and between parts, px."""


class BenchTable(QScrollArea):
    """Two columns: counts on the left; the calibration, false alarms by name and what else to know on the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(tr("What the bench found"))
        self.counts: QWidget | None = None
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight)

    def show_report(self, bench: Bench) -> None:
        """Lay a report out anew."""
        body = QWidget()
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._sides.setSpacing(BETWEEN)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 4, EDGE, 0)
        column.setSpacing(6)
        column.addWidget(flowing(bench.headline, role="title"))
        column.addWidget(flowing(tr("On {source}.").format(source=bench.source), role="quiet"))
        column.addSpacing(10)
        column.addLayout(self._sides)
        column.addStretch()
        self.counts = self._counted(bench)
        self._aside = self._told(bench)
        self._sides.addWidget(self.counts, 1)
        self._sides.addWidget(self._aside, 0, Qt.AlignmentFlag.AlignTop)
        self._lay_out()
        self.setWidget(body)
        self.verticalScrollBar().setValue(0)

    def _lay_out(self) -> None:
        """Put both columns side by side where they fit, else one below the other."""
        if self.counts is None:
            return
        wanted = self.counts.minimumSizeHint().width() + BETWEEN + self._theme.px(SIDE) + EDGE
        fits = wanted <= self.viewport().width()
        way = QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom
        self._sides.setDirection(way)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    # --- the left: counts ------------------------------------------------------------------------------------------

    def _counted(self, bench: Bench) -> QWidget:
        counts = QWidget()
        left = QVBoxLayout(counts)
        left.setContentsMargins(0, 0, 0, 0)
        left.addLayout(self._targets(bench.target_lines))
        left.addLayout(self._parts(bench.parts))
        left.addStretch()
        return counts

    def _targets(self, lines: tuple[TargetLine, ...]) -> QGridLayout:
        grid = self._grid()
        for place, words in enumerate(
            (tr("Published targets"), tr("asked"), tr("0 to 100 %"), tr("found (95 % interval)"), tr("verdict"))
        ):
            grid.addWidget(plain_label(words, role="caption" if place else "strong"), 0, place)
        for at, line in enumerate(lines, start=1):
            verdict = plain_label(line.verdict, role="strong")
            set_state(verdict, "state", line.state)
            bar = self._bar(line.value, line.low, line.high, line.limit, line.state)
            cells = (plain_label(line.title), plain_label(line.asked), bar, plain_label(line.told), verdict)
            for place, widget in enumerate(cells):
                grid.addWidget(widget, at, place, Qt.AlignmentFlag.AlignTop)
        grid.setVerticalSpacing(APART)
        grid.setColumnStretch(2, 1)
        return grid

    def _parts(self, parts: tuple[Part, ...]) -> QGridLayout:
        grid = self._grid()
        grid.setColumnStretch(BAR, 1)
        grid.setColumnStretch(DECIDED_BAR, 1)
        for part in parts:
            at = grid.rowCount()
            grid.setRowMinimumHeight(at, PARTS_APART)
            at += 1
            grid.addWidget(plain_label(part.title, role="strong"), at, WHAT)
            for place, words in (
                (RIGHT, tr("right")),
                (ACCURACY, tr("of decided")),
                (DECIDED, tr("decided")),
                (COVERAGE, tr("of all")),
            ):
                grid.addWidget(plain_label(words, role="caption"), at, place)
            for line in part.lines:
                grid.setRowMinimumHeight(at + 1, APART)
                at = self._add(grid, line, at + 2)
        return grid

    def _add(self, grid: QGridLayout, line: BenchLine, at: int) -> int:
        """Add a line and what is told beside it; return the last row taken."""
        grid.addWidget(flowing(line.title), at, WHAT, Qt.AlignmentFlag.AlignTop)
        for share, target, state, places in (
            (line.accuracy, line.target, "focus", (RIGHT, BAR, ACCURACY)),
            (line.decided, line.decided_target, "text-quiet", (DECIDED, DECIDED_BAR, COVERAGE)),
        ):
            low, high = share.interval.low, share.interval.high
            counted = plain_label(
                tr("{k} of {n}").format(k=share.k, n=share.n) if share.n else tr("none told"), role="quiet"
            )
            cells = (counted, self._bar(share.value, low, high, target, state), plain_label(_percent(share)))
            for place, widget in zip(places, cells, strict=True):
                grid.addWidget(widget, at, place, Qt.AlignmentFlag.AlignTop)
        if line.beside:
            at += 1
            grid.addWidget(flowing(line.beside, role="caption"), at, WHAT, 1, COVERAGE + 1)
        return at

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(TIGHT)
        grid.setColumnMinimumWidth(WHAT, self._theme.px(LEAST_WHAT))
        grid.setColumnStretch(WHAT, 1)
        return grid

    def _bar(self, share: float | None, low: float, high: float, tick: float | None, state: str) -> IntervalBar:
        theme = self._theme
        return IntervalBar(
            share,
            low,
            high,
            tick=tick,
            colour=theme.colour(state),
            ground=theme.colour("line"),
            mark=theme.colour("text"),
            width=theme.px(LEAST_BAR),
        )

    # --- the right: calibration, false alarms, notes ---------------------------------------------------------------

    def _told(self, bench: Bench) -> QWidget:
        aside = QWidget()
        aside.setFixedWidth(self._theme.px(SIDE))
        side = QVBoxLayout(aside)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(6)
        side.addWidget(plain_label(tr("Is it as sure as it should be?"), role="strong"))
        found = bench.calibration
        if found.bins:
            self.curve = CalibrationCurve(found, self._theme)
            side.addWidget(self.curve)
        for words in bench.calibration_words:
            side.addWidget(flowing(words, role="quiet"))
        side.addSpacing(12)
        side.addWidget(plain_label(tr("Right labels that were called out"), role="strong"))
        side.addWidget(flowing(bench.alarm_words, role="quiet"))
        for words in bench.alarms:
            side.addWidget(_copied(flowing(words)))
        if bench.notes:
            side.addSpacing(12)
            side.addWidget(plain_label(tr("Also to know"), role="strong"))
        for words in bench.notes:
            side.addWidget(_copied(flowing(words, role="quiet")))
        return aside


def _copied(label: QLabel) -> QLabel:
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _percent(share: Share) -> str:
    return percent(share.value, share.interval)
