"""The dialog of outliers: what is unusual among the cases of the review, and the way to each. Layer: ui."""

from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, QTimer
from PySide6.QtGui import QIcon, QPainter, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QFrame,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.dialogs import POLL_MS, Sheet
from labelcritic_gui.ui.views.misfit_list import WholeText
from labelcritic_gui.ui.views.words import plain_label, set_state
from labelcritic_gui.viewmodels.cohort import TABLE, OutlierRow, OutlierSearch

SIZE = (1000, 600)
ABOUT = N_(
    "Each candidate is held against the same structure and label set in all other cases: size, shape, place and "
    "density. Unusual is not wrong, and what is wrong in every case is not unusual."
)
HEADINGS = (N_("Case"), N_("Structure"), N_("Label set"), N_("Off by"), N_("What is unusual"))
CASE, STRUCTURE, LABEL_SET, HOW_MUCH, WHAT = range(5)
WIDTHS = (190, 120, 120, 76)
SWATCH, DOWN = 10, 4


class TopSwatch(QStyledItemDelegate):
    """Keeps a row's swatch beside the first line of its text."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        option.decorationAlignment = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop


class OutlierList(QTreeWidget):
    """One row a candidate; the last column takes the room and as many lines as it needs."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: tuple[OutlierRow, ...] = ()
        self.setAccessibleName(tr("What is unusual, the most unusual first"))
        self.setHeaderLabels([tr(heading) for heading in HEADINGS])
        for column, width in enumerate(WIDTHS):
            self.setColumnWidth(column, theme.px(width))
        self.header().setStretchLastSection(True)
        self.header().setSectionResizeMode(WHAT, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionsMovable(False)
        self.setRootIsDecorated(False)
        self.setIconSize(QSize(theme.px(SWATCH), theme.px(SWATCH + DOWN)))
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setItemDelegateForColumn(WHAT, WholeText(self))
        self.setItemDelegateForColumn(LABEL_SET, TopSwatch(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabKeyNavigation(False)
        self.header().sectionResized.connect(lambda *_: self.scheduleDelayedItemsLayout())

    def show_rows(self, rows: tuple[OutlierRow, ...]) -> None:
        """Show rows, the first one chosen; the same ones again change nothing."""
        if rows == self._rows:
            return
        self._rows = rows
        self.clear()
        self.addTopLevelItems([self._item(row) for row in rows])
        if rows:
            self.setCurrentIndex(self.model().index(0, 0))

    @property
    def chosen(self) -> OutlierRow | None:
        """The row that is chosen."""
        at = self.currentIndex().row()
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def _item(self, row: OutlierRow) -> QTreeWidgetItem:
        structure = row.item.structure.replace("_", " ")
        item = QTreeWidgetItem([row.item.case, structure, row.label_set, row.how_much, row.words])
        for column in range(len(HEADINGS)):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        item.setTextAlignment(HOW_MUCH, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        item.setIcon(LABEL_SET, self._swatch(row.colour))
        item.setToolTip(CASE, row.item.case)
        item.setToolTip(HOW_MUCH, tr("Robust standard deviations from the middle of the other cases"))
        item.setData(CASE, Qt.ItemDataRole.AccessibleTextRole, row.spoken)
        return item

    def _swatch(self, colour: int) -> QIcon:
        """Return a square in a label set's colour, as far down as a line's text stands."""
        size, down = self._theme.px(SWATCH), self._theme.px(DOWN)
        picture = QPixmap(size, size + down)
        picture.fill(Qt.GlobalColor.transparent)
        if colour >= 0:
            painter = QPainter(picture)
            painter.fillRect(0, down, size, size, self._theme.label(colour))
            painter.end()
        return QIcon(picture)


class OutlierDialog(Sheet):
    """Follows an `OutlierSearch`; Enter or a double click opens the item, closing stops a search under way."""

    def __init__(self, search: OutlierSearch, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("Outliers of this review"), parent, width=720)
        self._search = search
        self.rows.addWidget(plain_label(tr("What is unusual in this review?"), role="headline"))
        self.rows.addWidget(plain_label(tr(ABOUT), role="quiet", wrap=True))
        self.list = OutlierList(theme)
        self.list.itemDoubleClicked.connect(lambda *_: self._go())
        self.bar = QProgressBar(textVisible=False)
        self.status = plain_label(wrap=True, copyable=True)
        for widget in (self.list, self.bar):  # what is said stays where it is, with and without them
            keep = widget.sizePolicy()
            keep.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(keep)
        self.rows.addWidget(self.bar)
        self.rows.addWidget(self.status)
        self.rows.addWidget(self.list, 1)
        self.again: QPushButton = self.add_button(tr("Look again"), search.start)
        self.export: QPushButton = self.add_button(tr("Save table as CSV…"), self._ask_file)
        self.close_button: QPushButton = self.add_button(tr("Close"), self._leave)
        self.go: QPushButton = self.add_button(tr("Open this item"), self._go, primary=True)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._show_status)
        search.changed.connect(self._show)
        room = self.screen().availableGeometry()
        self.resize(min(theme.px(SIZE[0]), room.width() - 24), min(theme.px(SIZE[1]), room.height() - 48))
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._search.found is None:
            self._search.start()

    def done(self, result: int) -> None:
        self._search.changed.disconnect(self._show)
        self._search.cancel()
        self._poll.stop()
        super().done(result)

    def _show(self) -> None:
        search = self._search
        running = search.job is not None
        self.list.show_rows(search.shown)
        self.list.setVisible(bool(search.rows))
        self.again.setEnabled(not running)
        self.export.setEnabled(bool(search.rows))
        self.go.setEnabled(bool(search.rows))
        self.close_button.setText(tr("Stop") if running else tr("Close"))
        self.bar.setVisible(running)
        (self._poll.start if running else self._poll.stop)()
        (self.list if search.rows else self.close_button).setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_status()

    def _show_status(self) -> None:
        search, job = self._search, self._search.job
        state = ""
        if job is not None:
            self.bar.setMaximum(job.total)
            self.bar.setValue(job.done)
            words = f"{job.what[:1].upper()}{job.what[1:]}…" if job.what else tr("Beginning…")
        elif search.failure is not None:
            state = "bad" if search.failure.error else ""
            words = f"{search.failure.text} {search.failure.hint}".strip()
        else:
            words = search.saved or f"{search.headline} {search.notes}".strip()
        self.status.setText(words)
        set_state(self.status, "state", state)

    def _go(self) -> None:
        row = self.list.chosen
        if row is None:
            return
        if self._search.go_to(row):
            self.accept()
        else:
            self.status.setText(tr("The last decision is still being written; try again."))

    def _ask_file(self) -> None:
        suggestion = str(self._search.folder / TABLE)
        chosen, _ = QFileDialog.getSaveFileName(self, tr("Save the table"), suggestion, tr("CSV (*.csv)"))
        if chosen:
            self._search.save_table(Path(chosen))

    def _leave(self) -> None:
        if self._search.job is not None:
            self._search.cancel()
        else:
            self.reject()
