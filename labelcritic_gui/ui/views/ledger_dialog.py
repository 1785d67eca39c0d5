"""The dialog of the ledger: how each reader reads, a table for each. Layer: ui."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QGridLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.dialogs import Sheet
from labelcritic_gui.ui.views.words import plain_label, set_state
from labelcritic_gui.viewmodels.ledger import TABLE, ReaderTable, ReviewLedger

SIZE = (760, 560)
ABOUT = N_(
    "Counted from the journal alone: each reader's latest word on each item, with what was on the screen when it was "
    "said. Agreement with the critic is not correctness."
)
NAME_W, VALUE_W = 220, 140


class ReaderCard(QFrame):
    """What is said of one reader: name, value, and what it rests on."""

    def __init__(self, table: ReaderTable, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName(tr("Reader {name}").format(name=table.reader))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(plain_label(table.reader, role="title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, theme.px(NAME_W))
        grid.setColumnMinimumWidth(1, theme.px(VALUE_W))
        grid.setColumnStretch(2, 1)
        for line, fact in enumerate(table.facts):
            value = plain_label(fact.value, role="strong", copyable=True)
            value.setAccessibleName(f"{fact.name}: {fact.value}. {fact.note}")
            note = plain_label(fact.note, role="caption", wrap=True, copyable=True)
            for place, label in enumerate((plain_label(fact.name, role="quiet"), value, note)):
                grid.addWidget(label, line, place, Qt.AlignmentFlag.AlignTop)
        column.addLayout(grid)


class LedgerDialog(Sheet):
    """Follows a `ReviewLedger`; closing stops the counting."""

    def __init__(self, ledger: ReviewLedger, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("Ledger of the readers"), parent, width=640)
        self._ledger, self._theme = ledger, theme
        self.rows.addWidget(plain_label(tr("How does each reader read?"), role="headline"))
        self.rows.addWidget(plain_label(tr(ABOUT), role="quiet", wrap=True))
        self.words: QLabel = plain_label(wrap=True, copyable=True)
        self.rows.addWidget(self.words)
        self.area = QScrollArea(widgetResizable=True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setAccessibleName(tr("A table for each reader"))
        self.rows.addWidget(self.area, 1)
        self.cards: list[ReaderCard] = []
        self.save: QPushButton = self.add_button(tr("Save as CSV…"), self._ask_file)
        self.close_button: QPushButton = self.add_button(tr("Close"), self.reject, primary=True)
        ledger.changed.connect(self._show)
        self.finished.connect(lambda _: ledger.cancel())
        room = self.screen().availableGeometry()
        self.resize(min(theme.px(SIZE[0]), room.width() - 24), min(theme.px(SIZE[1]), room.height() - 48))
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._ledger.found is None and self._ledger.job is None:
            self._ledger.start()

    def _show(self) -> None:
        self.words.setText(self._ledger.words)
        set_state(self.words, "state", "bad" if self._ledger.failure else "")
        tables = self._ledger.tables
        self.save.setEnabled(bool(tables))
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(12)
        self.cards = [ReaderCard(table, self._theme) for table in tables]
        for card in self.cards:
            column.addWidget(card)
        column.addStretch()
        self.area.setWidget(page)

    def _ask_file(self) -> None:
        place = str(self._ledger.folder / TABLE)
        chosen, _ = QFileDialog.getSaveFileName(self, tr("Save the ledger"), place, tr("Tables (*.csv)"))
        if chosen:
            self._ledger.save(Path(chosen))
