"""The table of what was recognised: names on disk, what they are, cases per label set. Layer: ui."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCompleter,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.first_case_view import structure_colour
from labelcritic_gui.viewmodels.new_review import NewReview
from labelcritic_gui.viewmodels.previews import Row

Index = QModelIndex | QPersistentModelIndex
ROW_H = 24
SWATCH = 10
NAME, IS = 0, 1
FIRST_SET = 2
THIN = "\u202f"
EMPTY = N_("What is recognised will be listed here: every structure, and in how many cases each label set has it.")


class RecognisedModel(QAbstractTableModel):
    """The rows of the view-model; the column "is" can be edited."""

    def __init__(self, review: NewReview, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._review = review
        self._theme = theme
        self.rows: tuple[Row, ...] = ()
        self.sets: tuple[str, ...] = ()
        self.held = False
        self._swatches: dict[str, QPixmap] = {}
        review.found.connect(self.refresh)
        review.pictured.connect(self._colour)

    def detach(self) -> None:
        """Stop following the view-model."""
        self._review.found.disconnect(self.refresh)
        self._review.pictured.disconnect(self._colour)

    def refresh(self) -> None:
        """Take over the rows of the view-model, unless a name is being edited (`held`)."""
        if self.held:
            return
        rows, sets = self._review.rows, self._review.usable
        named = {row.name: row for row in rows}
        if sets == self.sets and rows and named.keys() == {row.name for row in self.rows}:
            # nothing moves under the reader's hand: a row keeps its place when its name was put right
            self.rows = tuple(named[row.name] for row in self.rows)
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, self.columnCount() - 1))
            return
        self.beginResetModel()
        self.rows, self.sets = rows, sets
        self.endResetModel()

    def _colour(self) -> None:
        picture = self._review.picture
        self._swatches = {}
        for number, name in enumerate(picture.structures if picture else ()):
            self._swatches[name] = _swatch(structure_colour(self._theme, number))
        if self.rows:
            self.dataChanged.emit(self.index(0, NAME), self.index(len(self.rows) - 1, NAME))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else FIRST_SET + len(self.sets) + 1

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == IS else flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (tr("Name on disk"), tr("Structure"), *self.sets, "")[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int((_RIGHT if self._is_count(section) else Qt.AlignmentFlag.AlignLeft) | _MIDDLE)
        if role == Qt.ItemDataRole.ToolTipRole and self._is_count(section):
            return tr("Cases in which {sets} has the structure").format(sets=self.sets[section - FIRST_SET])
        return None

    def _is_count(self, column: int) -> bool:
        return FIRST_SET <= column < FIRST_SET + len(self.sets)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not 0 <= index.row() < len(self.rows):
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.EditRole and column == IS:
            return row.stands_for
        if role == Qt.ItemDataRole.DecorationRole and column == NAME:
            return self._swatches.get(row.name) or _swatch(QColor(Qt.GlobalColor.transparent))
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._ink(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and self._is_count(column):
            return int(_RIGHT | _MIDDLE)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr("F2 or a double click says what it is") if column == IS else self._text(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self.headerData(column, Qt.Orientation.Horizontal) or tr('remark')}: {self._text(row, column)}"
        return None

    def _text(self, row: Row, column: int) -> str:
        if column == NAME:
            return ", ".join(row.found_as)
        if column == IS:
            return row.stands_for
        if self._is_count(column):
            return f"{row.cases[column - FIRST_SET]:,}".replace(",", THIN) if row.cases[column - FIRST_SET] else "–"
        return row.remark

    def _ink(self, row: Row, column: int) -> QColor:
        if column == IS:
            return self._theme.colour("focus" if row.fixed else "text" if row.taken else "text-quiet")
        if column > IS and not self._is_count(column):
            return self._theme.colour("text-quiet" if row.taken else "doubt")
        return self._theme.colour("text" if row.taken and column != NAME else "text-quiet")

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or index.column() != IS:
            return False
        name = self.rows[index.row()].name
        # not from within the editor's commit: the rows may change
        QTimer.singleShot(0, self, lambda: self._review.rename(name, str(value)))
        return True


_RIGHT, _MIDDLE = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter


def _swatch(colour: QColor) -> QPixmap:
    made = QPixmap(SWATCH, SWATCH)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(0, 0, SWATCH, SWATCH, 3, 3)
    painter.end()
    return made


class NameDelegate(QStyledItemDelegate):
    """Edits a name with the known structures as suggestions."""

    opened = Signal()

    def __init__(self, names: tuple[str, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self._names = names

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: ARG002
        self.opened.emit()
        field = QLineEdit(parent)
        field.setAccessibleName(tr("What it is"))
        field.setProperty("cell", True)
        completer = QCompleter(self._names, field)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        field.setCompleter(completer)
        return field


class RecognisedTable(QTableView):
    """The table; Enter leaves it to the dialog, F2, a double click or typing edits a name."""

    def __init__(self, review: NewReview, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model_ = RecognisedModel(review, theme, self)
        self.setModel(self.model_)
        self._theme = theme
        self._delegate = NameDelegate(review.structures, self)
        self._delegate.opened.connect(self._hold)
        self._delegate.closeEditor.connect(self._let_go)
        self.setItemDelegateForColumn(IS, self._delegate)
        self.setAccessibleName(tr("Structures recognised"))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.DoubleClicked | trigger.EditKeyPressed | trigger.AnyKeyPressed)
        self.setIconSize(QSize(SWATCH, SWATCH))
        rows = self.verticalHeader()
        rows.hide()
        rows.setMinimumSectionSize(theme.px(ROW_H))
        rows.setDefaultSectionSize(theme.px(ROW_H))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.model_.modelReset.connect(self._fit)

    def _hold(self) -> None:
        self.model_.held = True

    def _let_go(self) -> None:
        self.model_.held = False
        QTimer.singleShot(0, self.model_, self.model_.refresh)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.model_.rows:
            painter = QPainter(self.viewport())
            painter.setPen(self._theme.colour("text-quiet"))
            area = self.viewport().rect().adjusted(24, 16, -24, -16)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), tr(EMPTY))
            painter.end()

    def _fit(self) -> None:
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        room = self.viewport().width()
        widths = [max(124, room // 5), max(124, room // 5)]
        ink = self.fontMetrics()
        widths += [max(56, min(140, ink.horizontalAdvance(name) + 16)) for name in self.model_.sets]
        for column, width in enumerate(widths):
            self.setColumnWidth(column, width)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.state() != self.State.EditingState:
            event.ignore()
            return
        if (event.text().isprintable() and event.text() and event.text() != " ") or event.key() == Qt.Key.Key_F2:
            self.setCurrentIndex(self.model_.index(max(0, self.currentIndex().row()), IS))
        super().keyPressEvent(event)
