"""The contact sheet on the screen: nine cells, and a foot with what can be done. Layer: ui."""

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from labelcritic_gui.translation import ntr, tr
from labelcritic_gui.ui.deciding.command_button import command_button
from labelcritic_gui.ui.deciding.key_button import FittingWords
from labelcritic_gui.ui.keymap import Keys, shown
from labelcritic_gui.ui.sheet.cell_view import CellView
from labelcritic_gui.ui.sheet.cell_words import Told
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.words import ElidedLabel
from labelcritic_gui.viewmodels.sheet.board import CELLS, SIDE
from labelcritic_gui.viewmodels.sheet.sheet import ContactSheet

FOOT = ("sheet.write", "sheet.sure", "sheet.open", "sheet.undo", "sheet.previous", "sheet.next", "sheet.back")
FOOT_H = 44
GAP = 4
WORDS_W = 190
"""Left beside the buttons for what the sheet says, in px at scale 1."""


class SheetView(QWidget):
    """Shows a contact sheet. `triggered` carries the id of the command of a button."""

    triggered = Signal(str)

    def __init__(self, theme: Theme, keys: Keys, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Contact sheet"))
        self._theme = theme
        self._sheet: ContactSheet | None = None
        self.cells = [CellView(place, theme, self) for place in range(CELLS)]
        self.buttons = {name: command_button(name, theme, keys, self.triggered.emit) for name in FOOT}
        self.words = ElidedLabel(role="quiet")
        self._foot = QWidget()
        self._foot.setObjectName("bar")
        self._foot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._wanting: list[CellView] = []
        self._composing = QTimer(self, interval=0)
        self._composing.timeout.connect(self._compose_next)
        self._lay_out()
        for place, cell in enumerate(self.cells):
            self._connect(place, cell)
        self.set_theme(theme)

    def _lay_out(self) -> None:
        self._grid = QGridLayout()
        for place, cell in enumerate(self.cells):
            self._grid.addWidget(cell, *divmod(place, SIDE))
        for n in range(SIDE):
            self._grid.setRowStretch(n, 1)
            self._grid.setColumnStretch(n, 1)
        line = QHBoxLayout(self._foot)
        line.setContentsMargins(8, 0, 12, 0)
        line.setSpacing(6)
        for button in self.buttons.values():
            line.addWidget(button)
        line.addSpacing(8)
        line.addWidget(self.words, 1)
        FittingWords(
            self._foot,
            self.buttons.values(),
            lambda: self._foot.width() - self._theme.px(WORDS_W) - 28,
            gap=line.spacing(),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._grid, 1)
        column.addWidget(self._foot)

    def _connect(self, place: int, cell: CellView) -> None:
        cell.selected.connect(lambda: self._tell_board("select", place))
        cell.chosen.connect(lambda position: self._tell_board("choose", place, position))
        cell.left_open.connect(lambda: self._tell_board("leave_open", place))
        cell.painted.connect(lambda: self._tell_board("painted", place))
        cell.wanting.connect(lambda: self._want(cell))
        cell.again.connect(lambda: self._sheet.reload(place) if self._sheet is not None else None)

    def _want(self, cell: CellView) -> None:
        if cell not in self._wanting:
            self._wanting.append(cell)
            self._composing.start()

    def _compose_next(self) -> None:
        """Compose one cell a turn of the event loop: keys come in between."""
        if self._wanting:
            self._wanting.pop(0).compose()
        if not self._wanting:
            self._composing.stop()

    def _tell_board(self, method: str, *arguments: int) -> None:
        if self._sheet is not None and arguments[0] < len(self._sheet.board.cells):
            getattr(self._sheet.board, method)(*arguments)

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme
        gap = theme.px(GAP)
        self._grid.setContentsMargins(gap, gap, gap, gap)
        self._grid.setSpacing(gap)
        self._foot.setFixedHeight(theme.px(FOOT_H))
        for cell in self.cells:
            cell.set_theme(theme)
        for button in self.buttons.values():
            button.dress(theme)

    def show_keys(self, keys: Keys) -> None:
        """Show other keys on the buttons."""
        for name, button in self.buttons.items():
            button.show_key(shown(keys[name]))

    def message_room(self) -> QRect:
        """Return where a message may lie, in this widget: over the words of the foot."""
        return QRect(self._foot.mapTo(self, self.words.pos()), self.words.size()).adjusted(-8, 4, 0, -4)

    def foot_top(self) -> int:
        """Return where the foot begins, in px from the top."""
        return self._foot.y()

    # --- following the sheet -----------------------------------------------------------------------------------

    def attach(self, sheet: ContactSheet | None) -> None:
        """Show a contact sheet, or none."""
        if sheet is self._sheet:
            return
        self._sheet = sheet
        if sheet is not None:
            sheet.filled.connect(self._refresh)
            sheet.activity_changed.connect(self._show_foot)
            sheet.board.cell_changed.connect(self._show_cell)
            sheet.board.selected_changed.connect(self._refresh)
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def _told(self, sheet: ContactSheet) -> Told:
        return Told(sheet.advised, sheet.named, sheet.reading.calls.label_sets)

    def _refresh(self) -> None:
        sheet = self._sheet
        count = len(sheet.board.cells) if sheet is not None else 0
        for place, view in enumerate(self.cells):
            if sheet is not None and place < count:
                lit = place == sheet.board.selected
                view.show_cell(sheet.board.cells[place], self._told(sheet), lit=lit)
            elif sheet is not None:
                view.show_cell(None, self._told(sheet), lit=False)
        self._show_foot()

    def _show_cell(self, place: int) -> None:
        sheet = self._sheet
        if sheet is not None:
            lit = place == sheet.board.selected
            self.cells[place].show_cell(sheet.board.cells[place], self._told(sheet), lit=lit)
            self._show_foot()

    def _show_foot(self) -> None:
        sheet = self._sheet
        if sheet is None:
            return
        marked, count = len(sheet.board.marked), len(sheet.board.cells)
        self.buttons["sheet.write"].setEnabled(marked > 0 and not sheet.writing)
        self.buttons["sheet.sure"].setEnabled(sheet.advised and not sheet.writing)
        parts = [ntr("{n} of {count} marked", "{n} of {count} marked", marked).format(n=marked, count=count)]
        if sheet.writing:
            parts = [tr("writing…")]
        elif sheet.loaded < count:
            parts.append(tr("pictures: {n} of {count}, Esc stops").format(n=sheet.loaded, count=count))
        if sheet.advised:
            parts.append(tr("sure from {least} %").format(least=round(100 * sheet.least)))
        self.words.setText("   ".join(parts))
