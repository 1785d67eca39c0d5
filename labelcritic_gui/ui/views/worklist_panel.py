"""The worklist on the left: filter, saved filters, rows, progress. Layer: ui."""

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from labelcritic_gui.core.cases import ItemId, LabelSet
from labelcritic_gui.core.review import Status
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.meter import Meter
from labelcritic_gui.ui.views.words import plain_label
from labelcritic_gui.viewmodels.calls import ItemRow
from labelcritic_gui.viewmodels.cards import STATUS_WORDS, colour_of
from labelcritic_gui.viewmodels.worklist import SAVED, SAVED_TITLES, SORT_TITLES, Worklist

Index = QModelIndex | QPersistentModelIndex
ROW_H = 24
COLUMNS = ("", "Case", "Structure", "Dice")
TYPING_MS = 180
WAITING = "…"
WAITING_COLUMN = 2


class WorklistModel(QAbstractTableModel):
    """The worklist view-model by place: it knows how long the list is, and asks for the rows that are looked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._worklist: Worklist | None = None
        self._count = 0

    def attach(self, worklist: Worklist | None) -> None:
        """Show another worklist."""
        old = self._worklist
        if old is not None:
            old.reset.disconnect(self._reset)
            old.rows_changed.disconnect(self._changed)
        self._worklist = worklist
        if worklist is not None:
            worklist.reset.connect(self._reset)
            worklist.rows_changed.connect(self._changed)
        self._reset()

    def _reset(self) -> None:
        self.beginResetModel()
        self._count = self._worklist.count if self._worklist else 0
        self.endResetModel()

    def _changed(self, first: int, last: int) -> None:
        self.dataChanged.emit(self.index(first, 0), self.index(last, len(COLUMNS) - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._count

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def row(self, index: Index) -> ItemRow | None:
        """Return the row behind an index; one that is not here yet is fetched."""
        if self._worklist is None or not 0 <= index.row() < self._count:
            return None
        return self._worklist.row_at(index.row())

    def item(self, index: Index) -> ItemId | None:
        """Return the item behind an index, also where its row is not here yet."""
        if self._worklist is None or not 0 <= index.row() < self._count:
            return None
        return self._worklist.item_at(index.row())

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row(index)
        if row is None:
            waiting = role == Qt.ItemDataRole.DisplayRole and index.column() == WAITING_COLUMN
            return WAITING if waiting else None
        if role == Qt.ItemDataRole.DisplayRole:
            return ("", row.item.case, row.title, "" if row.dice is None else f"{row.dice:.2f}")[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _explained(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.item.case} {row.title} {STATUS_WORDS[row.status]}"
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == len(COLUMNS) - 1:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None


def _explained(row: ItemRow) -> str:
    lines = [f"{row.item.case}  {row.title}: {STATUS_WORDS[row.status]}"]
    if row.pick:
        sure = f", {row.confidence:.2f}" if row.confidence is not None else ""
        lines.append(f"Critic picks {row.pick}{sure}")
    elif row.outcome:
        lines.append(f"Critic says {row.outcome.replace('-', ' ')}")
    if row.orders_agree is False:
        lines.append("The two orders disagree")
    if row.findings:
        lines.append(f"{row.findings} finding{'s' if row.findings > 1 else ''}")
    if row.note:
        lines.append("Has a note")
    if row.skipped:
        lines.append("Skipped: comes again at the end")
    return "\n".join(lines)


class RowDelegate(QStyledItemDelegate):
    """Draws status as a shape, the critic's pick as a swatch, and decided rows quietly."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.label_sets: tuple[LabelSet, ...] = ()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), self.theme.px(ROW_H))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        row = model.row(index) if isinstance(model, WorklistModel) else None
        if row is None:
            self._placeholder(painter, option, index)
            return
        theme, rect = self.theme, QRect(option.rect)
        chosen = bool(option.state & option.state.State_Selected)
        if chosen:
            painter.fillRect(rect, theme.colour("pressed"))
        quiet = row.status is not Status.OPEN or row.skipped
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.column() == 0:
            if chosen:
                painter.fillRect(QRect(rect.left(), rect.top(), 2, rect.height()), theme.colour("focus"))
            self._status(painter, row, QRectF(rect))
            return
        painter.setFont(theme.font("base", strong=chosen and index.column() > 1))
        painter.setPen(theme.colour("text-quiet" if quiet or index.column() != 2 else "text"))
        text = str(index.data() or "")
        room = rect.adjusted(4, 0, -4, 0)
        if index.column() == 2 and (row.findings or row.orders_agree is False):
            room.adjust(0, 0, -12, 0)
            self._flag(painter, row, QRectF(rect))
        # a case id differs at its end, a structure's name at both
        mode = Qt.TextElideMode.ElideLeft if index.column() == 1 else Qt.TextElideMode.ElideMiddle
        words = painter.fontMetrics().elidedText(text, mode, room.width())
        side = Qt.AlignmentFlag.AlignRight if index.column() == 3 else Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, int(side | Qt.AlignmentFlag.AlignVCenter), words)

    def _placeholder(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Say quietly that a row is on its way."""
        painter.setFont(self.theme.font("base"))
        painter.setPen(self.theme.colour("text-quiet"))
        room = QRect(option.rect).adjusted(4, 0, -4, 0)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), str(index.data() or ""))

    def _status(self, painter: QPainter, row: ItemRow, rect: QRectF) -> None:
        """Open: a ring in the picked colour. Accepted: a filled dot in the accepted colour. Others: their sign."""
        theme, centre = self.theme, rect.center()
        picked = row.pick if row.status is Status.OPEN else row.accepted or row.pick
        place = colour_of(self.label_sets, picked)
        colour = theme.label(place) if place >= 0 else theme.colour("text-quiet")
        radius = theme.px(4)
        if row.status is Status.ACCEPTED:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(centre, radius, radius)
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if row.status is Status.OPEN:
            painter.setPen(QPen(colour, 1.5))
            painter.drawEllipse(centre, radius - 0.5, radius - 0.5)
            return
        painter.setPen(theme.colour("text"))
        painter.setFont(theme.font("small", strong=True))
        sign = {Status.QUEUED: "E", Status.NONE: "X", Status.ABSENT: "0"}[row.status]
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, sign)

    def _flag(self, painter: QPainter, row: ItemRow, rect: QRectF) -> None:
        """A triangle for findings, two crossing strokes for orders that disagree."""
        theme = self.theme
        x, y = rect.right() - theme.px(9), rect.center().y()
        painter.save()
        if row.orders_agree is False:
            painter.setPen(QPen(theme.colour("doubt"), 1.5))
            painter.drawLine(round(x - 3), round(y - 3), round(x + 3), round(y + 3))
            painter.drawLine(round(x - 3), round(y + 3), round(x + 3), round(y - 3))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("bad" if row.severity >= 2 else "doubt"))
            painter.drawPolygon([QPointF(x - 4, y + 3.5), QPointF(x + 4, y + 3.5), QPointF(x, y - 4)])
        painter.restore()


class WorklistPanel(QWidget):
    """Emits `chosen` with the item of a row that was clicked."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._worklist: Worklist | None = None
        self._item: ItemId | None = None
        self.model = WorklistModel(self)
        self.delegate = RowDelegate(theme, self)
        self.filter = QLineEdit(placeholderText="Filter the list", clearButtonEnabled=True)
        self.saved = QComboBox()
        self.sort = QComboBox()
        for key, title in SORT_TITLES.items():
            self.sort.addItem(title, key)
        self.table = self._table()
        self.bar = Meter(theme.colour("focus"), theme.colour("raised"))
        self.done = plain_label()
        self.left = plain_label(role="quiet")
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._lay_out()
        self._typing.timeout.connect(lambda: self._ask(text=self.filter.text()))
        self.filter.textChanged.connect(lambda _: self._typing.start())
        self.saved.activated.connect(lambda _: self._ask(saved=self.saved.currentData()))
        self.sort.activated.connect(lambda _: self._ask(sort=self.sort.currentData()))
        self.table.clicked.connect(self._clicked)
        self.model.modelReset.connect(self._mark)

    def _table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setItemDelegate(self.delegate)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(16)
        for column, mode in enumerate(("Fixed", "Fixed", "Stretch", "Fixed")):
            header.setSectionResizeMode(column, getattr(QHeaderView.ResizeMode, mode))
        return table

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 12)
        column.setSpacing(8)
        top = QVBoxLayout()
        top.setContentsMargins(12, 0, 12, 0)
        top.setSpacing(8)
        top.addWidget(self.filter)
        pickers = QHBoxLayout()
        pickers.setSpacing(8)
        pickers.addWidget(self.saved, 1)
        pickers.addWidget(self.sort, 1)
        top.addLayout(pickers)
        column.addLayout(top)
        column.addWidget(self.table, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(12, 4, 12, 0)
        foot.setSpacing(6)
        words = QHBoxLayout()
        words.addWidget(self.done)
        words.addStretch()
        words.addWidget(self.left)
        foot.addWidget(self.bar)
        foot.addLayout(words)
        column.addLayout(foot)

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self.delegate.theme = theme
        self.bar.dress(theme.colour("focus"), theme.colour("raised"))
        rows = self.table.verticalHeader()
        rows.setDefaultSectionSize(theme.px(ROW_H))
        rows.setMinimumSectionSize(theme.px(ROW_H))
        for column, width in ((0, 22), (1, 76), (3, 42)):
            self.table.setColumnWidth(column, theme.px(width))
        for box in (self.saved, self.sort):
            box.setMinimumWidth(theme.px(80))
        self.table.viewport().update()

    def attach(self, worklist: Worklist | None, label_sets: tuple[LabelSet, ...] = ()) -> None:
        """Show another worklist."""
        if self._worklist is not None:
            self._worklist.counts_changed.disconnect(self._count)
            self._worklist.ordered.disconnect(self._mark_late)
        self._worklist = worklist
        self.delegate.label_sets = label_sets
        self.filter.clear()
        self._typing.stop()
        self.model.attach(worklist)
        self.saved.clear()
        for key in SAVED:
            self.saved.addItem(SAVED_TITLES[key], key)
        self.sort.setCurrentIndex(0)
        if worklist is not None:
            worklist.counts_changed.connect(self._count)
            worklist.ordered.connect(self._mark_late)

    def show_item(self, item: ItemId | None) -> None:
        """Select the row of the item on the stage."""
        self._item = item
        self._mark()

    def show_pace(self, words: str) -> None:
        """Say how fast it goes and how long it takes."""
        self.left.setText(words)

    def _mark(self) -> None:
        row = self._worklist.index_of(self._item) if self._worklist else None
        if row is None:
            self.table.clearSelection()
            return
        index = self.model.index(row, 0)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.table.selectionModel().setCurrentIndex(index, flags)
        self.table.scrollTo(index)

    def _mark_late(self) -> None:
        """Mark the item when its place was not known before; whoever has scrolled meanwhile stays where they are."""
        if not self.table.selectionModel().hasSelection():
            self._mark()

    def _clicked(self, index: QModelIndex) -> None:
        item = self.model.item(index)
        if item is not None:
            self.chosen.emit(item)

    def _ask(self, **wanted: str) -> None:
        if self._worklist is not None:
            self._worklist.ask(**wanted)

    def _count(self) -> None:
        counts = self._worklist.counts if self._worklist else None
        if counts is None:
            return
        self.bar.show_value(counts.decided / max(1, counts.total))
        self.done.setText(f"{counts.decided:,} of {counts.total:,}".replace(",", "\u202f"))
        for place, key in enumerate(SAVED):
            number = counts.total if key == "all" else counts.filters.get(key)
            title = SAVED_TITLES[key]
            self.saved.setItemText(place, title if number is None else f"{title}  {number:,}".replace(",", "\u202f"))
