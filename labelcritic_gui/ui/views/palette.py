"""The command palette (Ctrl+K): a line to type in, and what fits below it. Layer: ui."""

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.dialogs import Sheet
from labelcritic_gui.ui.views.words import plain_label
from labelcritic_gui.viewmodels.palette import CommandPalette, Entry, Kind

Index = QModelIndex | QPersistentModelIndex
SIZE = (640, 440)
ROW_H = 30
PAGE = 10
_FORWARDED = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -PAGE, Qt.Key.Key_PageDown: PAGE}
_ENTRY = Qt.ItemDataRole.UserRole


class EntryModel(QAbstractListModel):
    """The palette's entries by place."""

    def __init__(self, palette: CommandPalette, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._palette = palette
        self._entries = palette.entries

    def refresh(self) -> None:
        """Take over what is listed now."""
        self.beginResetModel()
        self._entries = self._palette.entries
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not 0 <= index.row() < len(self._entries):
            return None
        entry = self._entries[index.row()]
        if role == _ENTRY:
            return entry
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (entry.title, beside(entry), entry.keys)))
        if role == Qt.ItemDataRole.ToolTipRole:
            return entry.reason or None
        return None


def beside(entry: Entry) -> str:
    """Return what stands quietly beside a title: why not now, else what kind of thing it is."""
    if entry.reason:
        return entry.reason
    kinds = {Kind.SETTING: tr("Preference"), Kind.STRUCTURE: tr("Show only these"), Kind.ITEM: tr("Go there")}
    return entry.group if entry.kind is Kind.COMMAND else kinds[entry.kind]


class EntryDelegate(QStyledItemDelegate):
    """Title, what stands beside it, and the key at the right; what cannot be done now is quiet."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), self._theme.px(ROW_H))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry, theme, rect = index.data(_ENTRY), self._theme, QRect(option.rect)
        assert isinstance(entry, Entry)
        if option.state & option.state.State_Selected:
            painter.fillRect(rect, theme.colour("pressed"))
            painter.fillRect(QRect(rect.left(), rect.top(), 2, rect.height()), theme.colour("focus"))
        room = rect.adjusted(theme.px(12), 0, -theme.px(8), 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        if entry.keys:
            painter.setFont(theme.font("small", strong=True))
            width = painter.fontMetrics().horizontalAdvance(entry.keys) + theme.px(12)
            cap = QRect(room.right() - width, rect.center().y() - theme.px(9), width, theme.px(18))
            painter.setPen(QPen(theme.colour("text-quiet"), 1))
            painter.drawRoundedRect(cap, 3, 3)
            painter.drawText(cap, int(Qt.AlignmentFlag.AlignCenter), entry.keys)
            room.setRight(cap.left() - theme.px(12))
        painter.setFont(theme.font())
        painter.setPen(theme.colour("text-quiet" if entry.reason else "text"))
        metrics = painter.fontMetrics()
        title = metrics.elidedText(entry.title, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | middle), title)
        room.setLeft(room.left() + metrics.horizontalAdvance(title) + theme.px(16))
        painter.setPen(theme.colour("text-quiet"))
        painter.setFont(theme.font("small"))
        words = painter.fontMetrics().elidedText(beside(entry), Qt.TextElideMode.ElideRight, max(0, room.width()))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | middle), words)


class PaletteDialog(Sheet):
    """Emits `chosen` with the entry after it is closed."""

    chosen = Signal(object)

    def __init__(self, palette: CommandPalette, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("What do you want to do?"), parent, width=theme.px(SIZE[0]))
        self._palette = palette
        self._picked: Entry | None = None
        self.line = QLineEdit(placeholderText=tr("A command, an item such as “liver 0007”, a structure, a preference"))
        self.line.setAccessibleName(tr("What do you want to do?"))
        self.model = EntryModel(palette, self)
        self.list = QListView()
        self.list.setAccessibleName(tr("What fits"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setModel(self.model)
        self.list.setItemDelegate(EntryDelegate(theme, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.nothing = plain_label(tr("Nothing is called that."), role="quiet")
        self.rows.setSpacing(8)
        self.rows.addWidget(self.line)
        self.rows.addWidget(self.list, 1)
        self.rows.addWidget(self.nothing)
        self.rows.addWidget(plain_label(tr("↑ ↓ choose  ·  ↵ do it  ·  Esc leave"), role="caption"))
        layout = self.layout()
        if layout is not None:
            layout.setContentsMargins(12, 12, 12, 8)
            layout.setSpacing(0)
        self.line.installEventFilter(self)
        self.line.textEdited.connect(palette.ask)
        self.list.clicked.connect(self._pick)
        palette.changed.connect(self._refresh)
        self.resize(*(theme.px(side) for side in SIZE))
        self._refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the line keep the focus while the arrows walk the list."""
        if watched is self.line and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = Qt.Key(event.key())
            if key in _FORWARDED:
                self._walk(_FORWARDED[key])
                return True
            if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self._pick(self.list.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def done(self, result: int) -> None:
        self._palette.changed.disconnect(self._refresh)
        super().done(result)
        if self._picked is not None:
            self.chosen.emit(self._picked)

    def _refresh(self) -> None:
        self.model.refresh()
        some = self.model.rowCount() > 0
        self.nothing.setVisible(not some)
        if some:
            self.list.setCurrentIndex(self.model.index(0))
            self.list.scrollToTop()

    def _walk(self, by: int) -> None:
        count = self.model.rowCount()
        if not count:
            return
        here = self.list.currentIndex().row()
        # one step past an end comes in at the other; a page stops there
        place = (here + by) % count if abs(by) == 1 else min(count - 1, max(0, here + by))
        self.list.setCurrentIndex(self.model.index(place))

    def _pick(self, index: Index) -> None:
        entry = index.data(_ENTRY) if index.isValid() else None
        if isinstance(entry, Entry) and not entry.reason:
            self._picked = entry
            self.accept()
