"""The worklist as a table of Qt: it knows how long the list is and asks for the rows that are looked at. Layer: ui."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QWidget

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.calls import ItemRow
from labelcritic_gui.viewmodels.cards import STATUS_WORDS
from labelcritic_gui.viewmodels.worklist import Worklist
from labelcritic_gui.viewmodels.worklist.columns import COLUMNS, explained
from labelcritic_gui.viewmodels.worklist.grouping import Heading

Index = QModelIndex | QPersistentModelIndex
WAITING = "…"
PLACE = {column.name: n for n, column in enumerate(COLUMNS)}
WAITING_COLUMN = PLACE["structure"]
_UP, _DOWN = "▴", "▾"


class WorklistModel(QAbstractTableModel):
    """Every line of the worklist, by every column there is; the table hides those that are not wanted."""

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
            old.asked.disconnect(self._asked)
        self._worklist = worklist
        if worklist is not None:
            worklist.reset.connect(self._reset)
            worklist.rows_changed.connect(self._changed)
            worklist.asked.connect(self._asked)
        self._reset()

    def _reset(self) -> None:
        self.beginResetModel()
        self._count = self._worklist.lines.count if self._worklist else 0
        self.endResetModel()

    def _changed(self, first: int, last: int) -> None:
        groups = self._worklist.groups if self._worklist is not None else None
        if groups is not None:
            # headings count what is decided, and stand between the lines that changed
            top, bottom = groups.group_of(first), groups.group_of(last)
            first = groups.heading_line(top)
            last = groups.heading_line(bottom + 1) - 1 if bottom + 1 < len(groups) else self._count - 1
        self.dataChanged.emit(self.index(first, 0), self.index(last, len(COLUMNS) - 1))

    def show_anew(self) -> None:
        """Show the lines anew, after groups were folded or opened."""
        self._reset()

    def _asked(self) -> None:
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._count

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def row(self, index: Index) -> ItemRow | None:
        """Return the row behind an index; one that is not here yet is fetched."""
        place = self._place(index)
        return self._worklist.row_at(place) if self._worklist is not None and place is not None else None

    def item(self, index: Index) -> ItemId | None:
        """Return the item behind an index, also where its row is not here yet."""
        place = self._place(index)
        return self._worklist.item_at(place) if self._worklist is not None and place is not None else None

    def heading(self, index: Index) -> Heading | None:
        """Return the heading of a group behind an index, or None."""
        return self._worklist.lines.heading_at(index.row()) if self._worklist is not None else None

    def decided_in(self, heading: Heading) -> int:
        """Count the decided items below a heading."""
        return self._worklist.lines.decided_in(heading) if self._worklist is not None else 0

    def _place(self, index: Index) -> int | None:
        if self._worklist is None or not 0 <= index.row() < self._count:
            return None
        return self._worklist.lines.place_at(index.row())

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            sorted_by = self._worklist.query.sort if self._worklist is not None else None
            sign = ""
            if column.sort is not None and column.sort == sorted_by and self._worklist is not None:
                sign = _DOWN if self._worklist.query.descending != column.first else _UP
            title = "" if column.name == "mark" else tr(column.title)
            return f"{title} {sign}".strip()
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return tr(column.title)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _header_words(column.sort, tr(column.title))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        heading = self.heading(index)
        if heading is not None:
            return self._heading_data(heading, index, role)
        row = self.row(index)
        if row is None:
            waiting = role == Qt.ItemDataRole.DisplayRole and index.column() == WAITING_COLUMN
            return WAITING if waiting else None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[index.column()].text(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return explained(row, told=self._worklist is None or self._worklist.told)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.item.case} {tr(row.title)} {tr(STATUS_WORDS[row.status])}"
        if role == Qt.ItemDataRole.TextAlignmentRole and COLUMNS[index.column()].right:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _heading_data(self, heading: Heading, index: Index, role: int) -> Any:
        texts = {Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole}
        if role == Qt.ItemDataRole.DisplayRole and index.column() == 0:
            return heading.case
        if role in texts:
            words = (
                tr("Case {case}: {done} of {total} decided")
                if not heading.folded
                else tr("Case {case}, folded: {done} of {total} decided")
            )
            return words.format(case=heading.case, done=self.decided_in(heading), total=heading.end - heading.first)
        return None


def _header_words(sort: str | None, title: str) -> str:
    return title if sort is None else tr("{title}: a click sorts by {sort}").format(title=title, sort=tr(sort))
