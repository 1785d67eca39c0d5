"""What does not fit, by reason: how often, one sentence, and the first few under it. Layer: ui."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.viewmodels.previews import RefusalGroup, in_dialog

COUNT_W = 84
GAP = 4
THIN = "\u202f"


class WholeText(QStyledItemDelegate):
    """Gives every row the height that its whole text needs."""

    def __init__(self, tree: QTreeWidget) -> None:
        super().__init__(tree)
        self._tree = tree

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        width = self._tree.columnWidth(index.column()) - 4 * GAP
        flags = int(Qt.TextFlag.TextWordWrap)
        needed = self._tree.fontMetrics().boundingRect(0, 0, max(40, width), 10_000, flags, str(index.data() or ""))
        return QSize(super().sizeHint(option, index).width(), needed.height() + GAP)


class MisfitList(QTreeWidget):
    """Lists groups of refusals; Right unfolds one."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._groups: tuple[RefusalGroup, ...] = ()
        self.setAccessibleName(tr("What does not fit, and why"))
        self.setHeaderHidden(True)
        self.setColumnCount(2)
        self.setColumnWidth(0, theme.px(COUNT_W))
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setItemDelegateForColumn(1, WholeText(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setMinimumHeight(theme.px(48))
        self.header().sectionResized.connect(lambda *_: self.scheduleDelayedItemsLayout())

    def show_groups(self, groups: Sequence[RefusalGroup]) -> None:
        """Show groups; what is unfolded stays so while they are the same."""
        self.setVisible(bool(groups))
        if tuple(groups) != self._groups:
            self._groups = tuple(groups)
            self.clear()
            self.addTopLevelItems([_item(group, self._theme) for group in groups])


def _item(group: RefusalGroup, theme: Theme) -> QTreeWidgetItem:
    count = f"{group.count:,} ×".replace(",", THIN)
    reason = in_dialog(group.reason)
    item = QTreeWidgetItem([count, reason])
    item.setTextAlignment(0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
    item.setForeground(0, theme.colour("doubt"))
    item.setToolTip(1, reason)
    item.setData(
        0, Qt.ItemDataRole.AccessibleTextRole, tr("{count} times: {reason}").format(count=group.count, reason=reason)
    )
    for example in group.examples:
        parts = (example.case, example.structure, example.label_set, example.path)
        child = QTreeWidgetItem(["", "  ·  ".join(part for part in parts if part)])
        child.setToolTip(1, in_dialog(example.reason))
        child.setForeground(1, theme.colour("text-quiet"))
        item.addChild(child)
    if group.count > len(group.examples):
        more = QTreeWidgetItem(["", f"and {group.count - len(group.examples):,} more".replace(",", THIN)])
        more.setForeground(1, theme.colour("text-quiet"))
        item.addChild(more)
    return item
