"""The dialog about an item's files: what the image and each candidate's file are, side by side. Layer: ui."""

import re

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.card_parts import Swatch
from labelcritic_gui.ui.views.dialogs import POLL_MS, Sheet
from labelcritic_gui.ui.views.words import ElidedLabel, plain_label, set_state
from labelcritic_gui.viewmodels.inspection import NONE, Column, FileTable, Inspector, Line

WIDTH, HEIGHT = 920, 560
GAP = 24
NAME_WIDTH = 116
COLUMN_WIDTH = 232
LONG_WORD = 16
"""Longer words, such as file names, may be broken at their joints."""
_JOINTS = re.compile(r"(?<=[_\-./])")


class InspectionDialog(Sheet):
    """Shows what an `Inspector` finds: progress first, then the table; closing it stops the work."""

    def __init__(self, inspector: Inspector, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("About these files"), parent, width=WIDTH)
        self._inspector, self._theme = inspector, theme
        self.rows.addWidget(plain_label(tr("About these files"), role="headline"))
        self.rows.addWidget(plain_label(str(inspector.item), role="quiet"))
        self.bar = QProgressBar(textVisible=False)
        self.status = plain_label(wrap=True, copyable=True)
        self.rows.addWidget(self.bar)
        self.rows.addWidget(self.status)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows.addWidget(self.area, 1)
        self.copy: QPushButton = self.add_button(tr("Copy all as text"), self._copy)
        self.close_button = self.add_button(tr("Close"), self.accept, primary=True)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._show_progress)
        inspector.changed.connect(self._show)
        self.resize(WIDTH, HEIGHT)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._inspector.job is None and self._inspector.table is None:
            self._inspector.start()

    def done(self, result: int) -> None:
        self._inspector.changed.disconnect(self._show)
        self._inspector.cancel()
        self._poll.stop()
        super().done(result)

    def _copy(self) -> None:
        if self._inspector.table is not None:
            QGuiApplication.clipboard().setText(self._inspector.table.plain)

    def _show(self) -> None:
        table, failure = self._inspector.table, self._inspector.failure
        running = table is None and failure is None
        self.bar.setVisible(running)
        self.status.setVisible(table is None)
        self.copy.setEnabled(table is not None)
        self.close_button.setText(tr("Cancel") if running else tr("Close"))
        if running:
            self._show_progress()
            self._poll.start()
            return
        self._poll.stop()
        if table is not None:
            self.area.setWidget(self._laid_out(table))
            self.resize(max(WIDTH, NAME_WIDTH + COLUMN_WIDTH * len(table.columns)), self.height())
        elif failure is not None:
            self.status.setText(f"{failure.text} {failure.hint}".strip())

    def _show_progress(self) -> None:
        job = self._inspector.job
        self.bar.setMaximum(job.total if job else 0)
        self.bar.setValue(job.done if job else 0)
        self.status.setText(
            tr("Reading {what}, {done} of {total}").format(what=job.what, done=job.done + 1, total=job.total)
            if job and job.what
            else tr("Reading…")
        )

    def _laid_out(self, table: FileTable) -> QWidget:
        body = QWidget()
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 12, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(10)
        grid.setColumnMinimumWidth(0, self._theme.px(NAME_WIDTH))
        for place, column in enumerate(table.columns, start=1):
            grid.setColumnStretch(place, 1)
            grid.addLayout(self._heading(column), 0, place)
        for row, line in enumerate(table.lines, start=1):
            name = plain_label(line.name, role="quiet")
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            for place, cell in enumerate(self._cells(line, table.columns), start=1):
                grid.addWidget(cell, row, place, Qt.AlignmentFlag.AlignTop)
        grid.setRowStretch(len(table.lines) + 1, 1)
        return body

    def _heading(self, column: Column) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        if column.label_set >= 0:
            line.addWidget(Swatch(self._theme.label(column.label_set), size=self._theme.px(12)))
        line.addWidget(ElidedLabel(column.title[:1].upper() + column.title[1:], role="strong"), 1)
        return line

    def _cells(self, line: Line, columns: tuple[Column, ...]) -> list[QLabel]:
        cells = []
        for text, full, column in zip(line.texts, line.full, columns, strict=True):
            shown = _breakable(text)
            # what is broken would be copied with its joints; the whole can be copied below
            copyable = shown == text != NONE
            label = plain_label(shown, wrap=True, copyable=copyable, role="quiet" if text == NONE else "")
            policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            label.setSizePolicy(policy)
            label.setToolTip(full)
            if column.refused and line.name == "What it is":
                set_state(label, "state", "bad")
            cells.append(label)
        return cells


def _breakable(text: str) -> str:
    """Return a text whose long words have places to be broken at (a space of no width)."""
    words = re.split(r"(\s+)", text)
    return "".join(_JOINTS.sub("\u200b", word) if len(word) > LONG_WORD else word for word in words)
