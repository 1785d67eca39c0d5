"""The list of regions beside the picture: two lines each, by key and by mouse. Layer: ui."""

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.viewmodels.patchwork.rows import RegionRow

Index = QModelIndex | QPersistentModelIndex
LINE_H, EDGE, GAP, SWATCH = 20, 8, 4, 12
STATE = 0.45
"""The share of a line that its state may take."""
MOST_LINES = 6
"""A remark on the current region is shown whole, up to so many lines."""
WRAP = int(Qt.TextFlag.TextWordWrap)


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
    """Draws colour, number, size and claim; how it stands; and what the critic says under it, whole where one is."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        model = index.model()
        row = model.rows[index.row()] if isinstance(model, RegionModel) else None
        height = self.theme.px(LINE_H)
        if row is not None and row.remark:
            height += self._remark_height(row.remark, option.rect.width(), whole=self._is_current(index))
        return QSize(120, height + 2 * GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, RegionModel):
            return
        row, theme, rect, line = model.rows[index.row()], self.theme, option.rect, self.theme.px(LINE_H)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & option.state.State_Selected:
            painter.fillRect(rect, theme.colour("pressed"))
        left = self._swatches(painter, row, QRect(rect.left() + EDGE, rect.top() + GAP, rect.width(), line))
        room = QRect(left, rect.top() + GAP, rect.right() - EDGE - left, line)
        used = self._words(painter, room, f"{row.number}  {row.size}", strong=True)
        token = "text" if row.choice is not None else "text-quiet"
        sign = "●" if row.inside else "○"
        state = self._words(painter, room, f"{sign} {row.state}", token, right=True, widest=round(STATE * room.width()))
        between = room.adjusted(used + 2 * GAP, 0, -state - 2 * GAP, 0)
        self._words(painter, between, row.claim, "text-quiet")
        if row.remark:
            below = QRect(room.left(), room.bottom() + 1, room.width(), rect.bottom() - GAP - room.bottom())
            painter.setFont(theme.font("small"))
            painter.setPen(theme.colour("text"))
            words = row.remark
            if not self._is_current(index):
                words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, below.width())
            painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap), words)
        painter.restore()

    def _is_current(self, index: Index) -> bool:
        view = self.parent()
        return isinstance(view, QListView) and view.currentIndex().row() == index.row()

    def _remark_height(self, words: str, width: int, *, whole: bool) -> int:
        metrics = QFontMetrics(self.theme.font("small"))
        if not whole:
            return metrics.height()
        room = max(80, width - 2 * EDGE - self.theme.px(SWATCH) - 8)
        return min(MOST_LINES * metrics.height(), metrics.boundingRect(0, 0, room, 1000, WRAP, words).height())

    def _swatches(self, painter: QPainter, row: RegionRow, room: QRect) -> int:
        """Draw the claimants' colours, or that all claim it; return where the words begin."""
        size = self.theme.px(SWATCH)
        alone = not row.region.common or len(row.colours) == 1
        colours = [self.theme.label(c) for c in row.colours] if alone else [self.theme.colour("both")]
        painter.setPen(Qt.PenStyle.NoPen)
        for n, colour in enumerate(colours):
            painter.setBrush(colour)
            top = room.top() + (room.height() - size) / 2
            painter.drawRoundedRect(QRectF(room.left() + n * (size + 2), top, size, size), 3, 3)
        return room.left() + len(colours) * (size + 2) + 6

    def _words(
        self,
        painter: QPainter,
        room: QRect,
        words: str,
        token: str = "text",
        *,
        strong: bool = False,
        right: bool = False,
        widest: int = 0,
    ) -> int:
        """Write one line, elided where it must be; return its width."""
        painter.setFont(self.theme.font(strong=strong))
        painter.setPen(self.theme.colour(token))
        text = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, widest or room.width())
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, int(side | Qt.AlignmentFlag.AlignVCenter), text)
        return painter.fontMetrics().horizontalAdvance(text)


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
            self.scheduleDelayedItemsLayout()
            self.scrollTo(index)
        elif not index.isValid():
            self.clearSelection()
