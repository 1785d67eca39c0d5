"""The worklist on the left or in a window of its own: filter, saved filters, table, progress. Layer: ui."""

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QTimer, Signal
from PySide6.QtGui import QActionGroup, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QMenu,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labelcritic_gui.core.cases import ItemId, LabelSet
from labelcritic_gui.core.query.fields import SORTS
from labelcritic_gui.translation import N_, ntr, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.meter import Meter
from labelcritic_gui.ui.views.words import ElidedLabel, plain_label, set_state
from labelcritic_gui.ui.worklist.filter_field import FilterField
from labelcritic_gui.ui.worklist.parts import Empty, Picker
from labelcritic_gui.ui.worklist.table import WorklistTable
from labelcritic_gui.viewmodels.worklist import Worklist
from labelcritic_gui.viewmodels.worklist.columns import COLUMNS
from labelcritic_gui.viewmodels.worklist.keeping import BUILT_IN_TITLES

TYPING_MS = 180
WIDE = 360
"""From this width on, in px at scale 1, the order stands beside the saved filter."""
SORT_TITLES = {
    "attention": N_("By attention"),
    "case": N_("By case"),
    "structure": N_("By structure"),
    "dice": N_("By Dice"),
    "confidence": N_("By confidence"),
    "findings": N_("By findings"),
    "status": N_("By status"),
    "pick": N_("By pick"),
    "quality": N_("By quality"),
    "reader": N_("By reader"),
    "decided": N_("By time"),
}
_FIRST: Mapping[str, bool] = {column.sort: column.first for column in COLUMNS if column.sort is not None}
_TELLING = {"confidence", "findings", "pick"}


class WorklistPanel(QWidget):
    """Emits `chosen` with the item of a row that was gone to, `managing` when the person's filters are to be changed.

    It stands by itself: it may be given another parent, and shows more columns where it is wider.
    """

    chosen = Signal(object)
    managing = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._worklist: Worklist | None = None
        self._item: ItemId | None = None
        self.filter = FilterField(theme, self)
        self.said = ElidedLabel(role="caption")
        self.saved = Picker(tr("Saved filter"))
        self.sort = QComboBox()
        self.sort.setAccessibleName(tr("Order of the list"))
        self.more = QToolButton()
        self.more.setText("⋯")
        self.more.setAccessibleName(tr("More of the list: save a filter, groups, columns"))
        self.more.setToolTip(tr("Save this filter, group by case, choose columns"))
        self.table = WorklistTable(theme)
        self.model = self.table.rows
        self.delegate = self.table.delegate
        self.empty = Empty()
        self.body = QStackedWidget()
        self.body.addWidget(self.table)
        self.body.addWidget(self.empty)
        self.bar = Meter(theme.colour("focus"), theme.colour("raised"))
        self.done = plain_label()
        self.left = plain_label(role="quiet")
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._lay_out()
        self._bind()

    def _bind(self) -> None:
        self._typing.timeout.connect(self._ask_typed)
        self.filter.textChanged.connect(lambda _: self._typing.start())
        self.filter.settled.connect(self._typing.start)
        self.saved.opening.connect(self._count_own)
        self.saved.activated.connect(lambda _: self._choose_saved())
        self.sort.activated.connect(lambda _: self._sort_by(str(self.sort.currentData())))
        self.more.clicked.connect(lambda: self.show_menu())
        self.empty.clear.clicked.connect(self.clear)
        self.table.chosen.connect(self._clicked)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 12)
        column.setSpacing(8)
        top = QVBoxLayout()
        top.setContentsMargins(12, 0, 12, 0)
        top.setSpacing(4)
        top.addWidget(self.filter)
        top.addWidget(self.said)
        pickers = QHBoxLayout()
        pickers.setSpacing(4)
        pickers.addWidget(self.saved, 1)
        pickers.addWidget(self.sort, 1)
        pickers.addWidget(self.more)
        top.addLayout(pickers)
        column.addLayout(top)
        column.addWidget(self.body, 1)
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
        self.table.set_theme(theme)
        self.filter.set_theme(theme)
        self.bar.dress(theme.colour("focus"), theme.colour("raised"))
        self.said.setFixedHeight(theme.px(16))
        self.more.setFixedWidth(theme.px(40))
        self._show_sort()
        for box in (self.saved, self.sort):
            box.setMinimumWidth(theme.px(80))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_sort()

    def _show_sort(self) -> None:
        """Show the order where there is room; a narrow list has it in the header and in its menu."""
        self.sort.setVisible(self.width() >= self.table.theme.px(WIDE))

    def attach(self, worklist: Worklist | None, label_sets: tuple[LabelSet, ...] = ()) -> None:
        """Show another worklist."""
        if self._worklist is not None:
            self._let_go(self._worklist)
        self._worklist = worklist
        self.delegate.label_sets = label_sets
        self.filter.clear()
        self._typing.stop()
        self.table.attach(worklist)
        self.filter.complete = worklist.complete if worklist is not None else None
        self._fill_sorts()
        if worklist is not None:
            worklist.counts_changed.connect(self._count)
            worklist.ordered.connect(self._mark_late)
            worklist.reset.connect(self._reset)
            worklist.lines.folded.connect(self._folded)
            worklist.asked.connect(self._asked)
            worklist.own_counts.changed.connect(self._fill_saved)
            worklist.kept.filters_changed.connect(self._fill_saved)
        self._fill_saved()
        self._asked()
        self._reset()

    def _let_go(self, worklist: Worklist) -> None:
        worklist.counts_changed.disconnect(self._count)
        worklist.ordered.disconnect(self._mark_late)
        worklist.reset.disconnect(self._reset)
        worklist.lines.folded.disconnect(self._folded)
        worklist.asked.disconnect(self._asked)
        worklist.own_counts.changed.disconnect(self._fill_saved)
        worklist.kept.filters_changed.disconnect(self._fill_saved)

    # --- the item on the stage ---------------------------------------------------------------------------------

    def show_item(self, item: ItemId | None) -> None:
        """Select the row of the item on the stage; its case is opened where it was folded."""
        if item != self._item and self._worklist is not None:
            self._worklist.lines.open_for(item)
        self._item = item
        self._mark()

    def show_pace(self, words: str) -> None:
        """Say how fast it goes and how long it takes."""
        self.left.setText(words)

    def _mark(self, *, scroll: bool = True) -> None:
        self.table.mark(self._worklist.lines.line_of(self._item) if self._worklist else None, scroll=scroll)

    def _mark_late(self) -> None:
        """Mark the item when its place was not known before; whoever has scrolled meanwhile stays where they are."""
        if not self.table.selectionModel().hasSelection():
            self._mark()

    def _reset(self) -> None:
        self._say()
        self._show_empty()
        self._mark()

    def _folded(self) -> None:
        """Show the lines anew without moving them more than the fold does."""
        bar = self.table.verticalScrollBar()
        before = bar.value()
        self.model.show_anew()
        bar.setValue(before)
        self._mark(scroll=False)

    def _clicked(self, index: QModelIndex) -> None:
        item = self.model.item(index)
        if item is not None:
            self.chosen.emit(item)

    # --- filters and orders ------------------------------------------------------------------------------------

    def _ask_typed(self) -> None:
        if self._worklist is not None:
            self._worklist.ask(text=self.filter.settled_text())

    def _choose_saved(self) -> None:
        name = self.saved.currentData()
        if self._worklist is not None and name is not None:
            self._worklist.ask(saved=name)

    def _sort_by(self, sort: str) -> None:
        if self._worklist is not None:
            self._worklist.ask(sort=sort, descending=_FIRST.get(sort, False))

    def _sort_menu(self, menu: QMenu, worklist: Worklist) -> None:
        orders = menu.addMenu(tr("Order"))
        group = QActionGroup(orders)
        for place in range(self.sort.count()):
            name = str(self.sort.itemData(place))
            action = orders.addAction(self.sort.itemText(place))
            action.triggered.connect(lambda _=False, name=name: self._sort_by(name))
            action.setCheckable(True)
            action.setChecked(name == worklist.query.sort)
            group.addAction(action)
        orders.addSeparator()
        turned = orders.addAction(tr("Turned around"))
        turned.setCheckable(True)
        turned.setChecked(worklist.query.descending != _FIRST.get(worklist.query.sort, False))
        turned.toggled.connect(lambda _: worklist.ask(descending=not worklist.query.descending))

    def clear(self) -> None:
        """Show every item again."""
        self.filter.clear()
        self._typing.stop()
        if self._worklist is not None:
            self._worklist.clear()

    def _asked(self) -> None:
        """Show the filter and order in force."""
        worklist = self._worklist
        self._say()
        if worklist is not None:
            self.saved.setCurrentIndex(max(0, self.saved.findData(worklist.asking.saved)))
            self.sort.setCurrentIndex(max(0, self.sort.findData(worklist.query.sort)))
            self._show_empty()

    def _say(self) -> None:
        """Say how many items there are and what is understood, or why not."""
        worklist = self._worklist
        problem = worklist.asking.problem if worklist is not None else None
        self.filter.problem = problem
        set_state(self.said, "state", "doubt" if problem is not None else "")
        if worklist is None:
            self.said.setText("")
            return
        words = f"⚠ {problem.message} {problem.hint}" if problem is not None else worklist.asking.understood
        if problem is None and worklist.loaded:
            number = ntr("{n} item", "{n} items", worklist.count).format(n=_spaced(worklist.count))
            words = f"{number}  ·  {words}" if words else number
        self.said.setText(words)
        self.said.setAccessibleName(words)

    def _fill_sorts(self) -> None:
        told = self._worklist is None or self._worklist.told
        self.sort.clear()
        for name in SORTS:
            if told or name not in _TELLING:
                self.sort.addItem(tr(SORT_TITLES[name]), name)

    def _fill_saved(self) -> None:
        """List the saved filters with how many items each has, so far as that is known."""
        worklist = self._worklist
        if worklist is None:
            self.saved.clear()
            return
        names = worklist.asking.saved_names
        if [self.saved.itemData(n) for n in range(self.saved.count())] != list(names):
            self.saved.clear()
            for name in names:
                self.saved.addItem("", name)
        counts = worklist.counts.filters if worklist.counts is not None else {}
        for place, name in enumerate(names):
            built_in = BUILT_IN_TITLES.get(name)
            number = counts.get(name) if built_in is not None else worklist.own_counts.of(name)
            title = tr(built_in) if built_in is not None else name
            self.saved.setItemText(place, title if number is None else f"{title}  {_spaced(number)}")
        if worklist.asking.saved not in names:
            worklist.ask(saved="all")
        self.saved.setCurrentIndex(max(0, self.saved.findData(worklist.asking.saved)))

    def _count_own(self) -> None:
        if self._worklist is not None:
            self._worklist.own_counts.refresh()

    def show_menu(self) -> QMenu | None:
        """Offer what else can be done with the list."""
        worklist = self._worklist
        if worklist is None:
            return None
        menu = QMenu(self)
        menu.addAction(tr("Save and manage filters…"), self.managing.emit)
        menu.addSeparator()
        self._sort_menu(menu, worklist)
        grouped = menu.addAction(tr("Group by case"))
        grouped.setCheckable(True)
        grouped.setChecked(worklist.kept.grouped)
        grouped.toggled.connect(worklist.kept.group)
        fold = menu.addAction(tr("Fold every case"), lambda: worklist.lines.fold_all(True))
        unfold = menu.addAction(tr("Open every case"), lambda: worklist.lines.fold_all(False))
        for action in (fold, unfold):
            action.setEnabled(worklist.kept.grouped)
        menu.addSeparator()
        menu.addMenu(self.table.columns_menu(menu))
        menu.addAction(tr("Show every item"), self.clear).setEnabled(worklist.asking.filtered)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))
        return menu

    # --- counts and states -------------------------------------------------------------------------------------

    def _count(self) -> None:
        counts = self._worklist.counts if self._worklist else None
        if counts is None:
            return
        self.bar.show_value(counts.decided / max(1, counts.total))
        self.done.setText(tr("{done} of {total}").format(done=_spaced(counts.decided), total=_spaced(counts.total)))
        self._fill_saved()
        self._show_empty()

    def _show_empty(self) -> None:
        worklist = self._worklist
        if worklist is None or worklist.count or not worklist.loaded:
            self.body.setCurrentWidget(self.table)
            return
        counts = worklist.counts
        finished = counts is not None and counts.total > 0 and counts.open == 0
        if worklist.asking.saved == "undecided" and not worklist.query.text and finished:
            self.empty.show_words(tr("Everything in this review is decided."), tr("Nothing is left to read."), True)
        elif worklist.asking.filtered:
            self.empty.show_words(tr("No item matches."), self._filter_words(worklist), True)
        else:
            self.empty.show_words(tr("This review has no items."), tr("Its label sets share no structure."), False)
        self.body.setCurrentWidget(self.empty)

    def _filter_words(self, worklist: Worklist) -> str:
        saved = worklist.asking.saved
        title = tr(BUILT_IN_TITLES[saved]) if saved in BUILT_IN_TITLES else saved
        parts = [title] if worklist.query.saved else []
        if worklist.query.text:
            parts.append(worklist.asking.understood)
        return tr("The filter is: {filter}").format(filter=" + ".join(parts))


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")
