"""The list of regions beside the picture: two lines each, by key and by mouse. Layer: ui."""

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.viewmodels.patchwork.rows import RegionRow

Index = QModelIndex | QPersistentModelIndex
LINE_H, EDGE, SWATCH = 20, 8, 12
STATE_W = 92


class RegionModel(QAbstractListModel):
    """The rows of a patchwork."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[RegionRow, ...] = ()

    def show_rows(self, rows: tuple[RegionRow, ...]) -> None:
        """Take over rows; as long as they are of the same regions, nothing is selected or scrolled anew."""
        same = [row.region.name for row in rows] == [row.region.name for row in self.rows]
        if same:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        texts = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole)
        return row.sentence if role in texts else None


class RegionDelegate(QStyledItemDelegate):
    """Draws colour, number, size and claim; how it stands; and what the critic says under it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002  (signature is Qt's)
        model = index.model()
        row = model.rows[index.row()] if isinstance(model, RegionModel) else None
        lines = 2 if row is None or not row.remark else 3
        return QSize(120, self.theme.px(LINE_H) * lines + 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, RegionModel):
            return
        row, theme = model.rows[index.row()], self.theme
        rect: QRect = option.rect
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & state.State_Selected:
            painter.fillRect(rect, theme.colour("pressed"))
        size, line = theme.px(SWATCH), theme.px(LINE_H)
        left = rect.left() + EDGE
        painter.setPen(Qt.PenStyle.NoPen)
        shown = [theme.label(c) for c in row.colours] if not row.region.common or len(row.colours) == 1 else []
        for n, colour in enumerate(shown or [theme.colour("both")]):
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(left + n * (size + 2), rect.top() + 4 + (line - size) / 2, size, size), 3, 3)
        left += max(1, len(shown)) * (size + 2) + 6
        room = QRect(left, rect.top() + 4, rect.right() - EDGE - left, line)
        self._words(painter, room, f"{row.number}  {row.size}", strong=True)
        token = "text" if row.choice is not None else "text-quiet"
        sign = "●" if row.inside else "○"
        self._words(painter, room, f"{sign} {row.state}", token=token, right=True, wide=room.width() - theme.px(76))
        self._words(painter, room.translated(0, line), row.claim, token="text-quiet")
        if row.remark:
            self._words(painter, room.translated(0, 2 * line), row.remark, token="doubt", size="small")
        painter.restore()

    def _words(
        self,
        painter: QPainter,
        room: QRect,
        words: str,
        *,
        strong: bool = False,
        token: str = "text",
        right: bool = False,
        wide: int = 0,
        size: str = "base",
    ) -> None:
        painter.setFont(self.theme.font(size, strong=strong))
        painter.setPen(self.theme.colour(token))
        text = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, wide or room.width())
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, int(side | Qt.AlignmentFlag.AlignVCenter), text)


class RegionList(QListView):
    """Shows regions; `chosen` carries the row that was clicked, `toggled` one that was double-clicked."""

    chosen = Signal(int)
    toggled = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Regions"))
        self.model_ = RegionModel(self)
        self._delegate = RegionDelegate(theme, self)
        self.setModel(self.model_)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(lambda index: self.chosen.emit(index.row()))
        self.doubleClicked.connect(lambda index: self.toggled.emit(index.row()))

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._delegate.theme = theme
        self.scheduleDelayedItemsLayout()

    def show_rows(self, rows: tuple[RegionRow, ...], current: int) -> None:
        """Show rows, the current one selected and in sight."""
        self.model_.show_rows(rows)
        index = self.model_.index(current)
        if index.isValid() and index != self.currentIndex():
            self.setCurrentIndex(index)
            self.scrollTo(index)
        elif not index.isValid():
            self.clearSelection()
