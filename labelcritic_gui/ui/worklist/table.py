"""The table of the worklist: columns that fit, a header that sorts, keys of a list. Layer: ui."""

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from labelcritic_gui.settings.listing import ListColumn
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.worklist.delegate import ROW_H, RowDelegate
from labelcritic_gui.ui.worklist.model import PLACE, WorklistModel
from labelcritic_gui.viewmodels.worklist import Worklist
from labelcritic_gui.viewmodels.worklist.columns import ALWAYS, COLUMNS, fitting, wanted

SAVE_MS = 400
_OWN_KEYS = {Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End}
"""The list's own where it has the focus, whatever they do elsewhere."""


class WorklistTable(QTableView):
    """Emits `chosen` with the index of a row that was clicked or gone to by a key of the list's own."""

    chosen = Signal(QModelIndex)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._worklist: Worklist | None = None
        self._laying_out = False
        self._arranged = False
        """The person has moved or widened a column, and that is not kept yet."""
        self._rows = WorklistModel(self)
        self.setModel(self._rows)
        self.delegate = RowDelegate(theme, self)
        self.setItemDelegate(self.delegate)
        self.setAccessibleName(tr("Worklist"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self._dress_header()
        self._saving = QTimer(self, singleShot=True, interval=SAVE_MS)
        self._saving.timeout.connect(self._save_columns)
        self.clicked.connect(self._clicked)

    @property
    def theme(self) -> Theme:
        """The theme in force."""
        return self._theme

    @property
    def rows(self) -> WorklistModel:
        """The model behind the table."""
        return self._rows

    def _dress_header(self) -> None:
        header = self.horizontalHeader()
        header.setAccessibleName(tr("Columns of the worklist"))
        header.setHighlightSections(False)
        header.setMinimumSectionSize(16)
        header.setSectionsMovable(True)
        header.setSectionsClickable(True)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(lambda at: self.choose_columns(header.mapToGlobal(at)))
        header.sectionClicked.connect(self._sort)
        header.sectionMoved.connect(lambda *_: self._touched())
        header.sectionResized.connect(lambda *_: self._touched())
        for place, column in enumerate(COLUMNS):
            stretch, free = QHeaderView.ResizeMode.Stretch, QHeaderView.ResizeMode.Interactive
            header.setSectionResizeMode(place, stretch if column.stretch else free)
        header.setSectionResizeMode(PLACE["mark"], QHeaderView.ResizeMode.Fixed)

    def attach(self, worklist: Worklist | None) -> None:
        """Show another worklist."""
        self._save_columns()
        if self._worklist is not None:
            self._worklist.kept.columns_changed.disconnect(self.lay_out_columns)
            self._worklist.kept.grouped_changed.disconnect(self.lay_out_columns)
        self._worklist = worklist
        self.delegate.told = worklist is None or worklist.told
        self._rows.attach(worklist)
        if worklist is not None:
            worklist.kept.columns_changed.connect(self.lay_out_columns)
            worklist.kept.grouped_changed.connect(self.lay_out_columns)
        self.lay_out_columns()

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = self.delegate.theme = theme
        lines = self.verticalHeader()
        lines.setDefaultSectionSize(theme.px(ROW_H))
        lines.setMinimumSectionSize(theme.px(ROW_H))
        self.lay_out_columns()
        self.viewport().update()

    # --- columns -----------------------------------------------------------------------------------------------

    def lay_out_columns(self) -> None:
        """Show the wanted columns that fit, in their order and width."""
        header, kept = self.horizontalHeader(), self._worklist.kept.columns if self._worklist else ()
        columns = wanted(kept, told=self.delegate.told)
        # the room beside the scroll bar, also where there is none: columns do not come and go with it
        room = round((self.width() - self.verticalScrollBar().sizeHint().width()) / self._theme.scale)
        grouped = self._worklist is not None and self._worklist.kept.grouped
        # the headings of the groups name the case
        shown = fitting([one for one in columns if not (grouped and one[0].name == "case")], room)
        self._laying_out = True
        for visual, (column, width) in enumerate(columns):
            place = PLACE[column.name]
            header.moveSection(header.visualIndex(place), visual)
            if not column.stretch:
                header.resizeSection(place, self._theme.px(width))
        for place, column in enumerate(COLUMNS):
            header.setSectionHidden(place, column.name not in shown)
        self._laying_out = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.lay_out_columns()

    def _touched(self) -> None:
        if not self._laying_out and self._worklist is not None:
            self._arranged = True
            self._saving.start()

    def _save_columns(self) -> None:
        """Keep the columns as the person has arranged them."""
        touched, self._arranged = self._arranged, False
        self._saving.stop()
        if self._worklist is None or not touched:
            return
        header, scale = self.horizontalHeader(), self._theme.scale
        told = {column.name for column, _ in wanted((), told=self.delegate.told)}
        before = wanted(self._worklist.kept.columns, told=True)
        known = {column.name: width for column, width in before}
        names = [COLUMNS[header.logicalIndex(n)].name for n in range(header.count())]
        names = [name for name in names if name in known]
        made = []
        for name in names:
            place = PLACE[name]
            seen = name in told and not header.isSectionHidden(place) and not COLUMNS[place].stretch
            made.append(ListColumn(name=name, width=round(header.sectionSize(place) / scale) if seen else known[name]))
        self._worklist.kept.show_columns(tuple(made))

    def choose_columns(self, at: QPoint | None = None) -> QMenu | None:
        """Offer the columns in a menu."""
        if self._worklist is None:
            return None
        menu = self.columns_menu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at or self.mapToGlobal(QPoint(0, self.horizontalHeader().height())))
        return menu

    def columns_menu(self, parent: QWidget) -> QMenu:
        """Return a menu in which columns are switched on and off."""
        menu = QMenu(tr("Columns"), parent)
        kept = self._worklist.kept if self._worklist is not None else None
        now = wanted(kept.columns if kept else (), told=self.delegate.told)
        names = {column.name for column, _ in now}
        for column, _ in wanted((), told=self.delegate.told):
            if column.name in ALWAYS:
                continue
            action = menu.addAction(tr(column.title))
            action.setCheckable(True)
            action.setChecked(column.name in names)
            action.setObjectName(column.name)
            action.toggled.connect(lambda on, name=column.name: self.show_column(name, on))
        menu.addSeparator()
        menu.addAction(tr("A wider list shows more of them")).setEnabled(False)
        menu.addAction(tr("Usual columns"), lambda: kept.show_columns(()) if kept else None)
        return menu

    def show_column(self, name: str, on: bool) -> None:
        """Show a column behind the others, or put it away."""
        if self._worklist is None:
            return
        kept = self._worklist.kept
        now = [ListColumn(name=c.name, width=w) for c, w in wanted(kept.columns, told=True) if c.name != name]
        if on:
            now.append(ListColumn(name=name))
        kept.show_columns(tuple(now))

    def _sort(self, section: int) -> None:
        column = COLUMNS[section]
        if column.sort is not None and self._worklist is not None:
            self._worklist.sort_by(column.sort, first=column.first)

    # --- walking -----------------------------------------------------------------------------------------------

    def mark(self, line: int | None, *, scroll: bool = True) -> None:
        """Select a line, or none."""
        if line is None:
            self.clearSelection()
            return
        index = self._rows.index(line, PLACE["structure"])
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().setCurrentIndex(index, flags)
        if scroll:
            self.scrollTo(index)

    def _clicked(self, index: QModelIndex) -> None:
        heading = self._rows.heading(index)
        if heading is None:
            self.chosen.emit(index)
        elif self._worklist is not None:
            self._worklist.lines.fold(heading.number, not heading.folded)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_own(event):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not _is_own(event) or self._rows.rowCount() == 0:
            super().keyPressEvent(event)
            return
        page = max(1, self.viewport().height() // self.rowHeight(0) - 1)
        last = self._rows.rowCount() - 1
        here = self.currentIndex().row() if self.selectionModel().hasSelection() else 0
        there = {
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
            Qt.Key.Key_PageUp: here - page,
            Qt.Key.Key_PageDown: here + page,
        }[Qt.Key(event.key())]
        line = min(last, max(0, there))
        while line < last and self._rows.heading(self._rows.index(line, 0)) is not None:
            line += 1
        index = self._rows.index(line, PLACE["structure"])
        if self._rows.heading(index) is None:
            self.chosen.emit(index)


def _is_own(event: QKeyEvent) -> bool:
    plain = event.modifiers() in {Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier}
    return plain and event.key() in _OWN_KEYS
