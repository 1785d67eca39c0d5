"""The field in which a filter is typed, with what may stand there in a list below it. Layer: ui."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from labelcritic_gui.core.query.completing import Completion, Option
from labelcritic_gui.core.query.query import QueryError
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.worklist.model import Index

LINES = 9
LINE_H = 24
_OPTION, _WORDS = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
Complete = Callable[[str, int], Completion]


class _OptionLine(QStyledItemDelegate):
    """An option, and quietly behind it what it means; both as plain text."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002  (signature is Qt's)
        return QSize(40, self.theme.px(LINE_H))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, rect = self.theme, QRect(option.rect)
        if option.state & option.state.State_Selected:
            painter.fillRect(rect, theme.colour("pressed"))
        room = rect.adjusted(theme.px(8), 0, -theme.px(4), 0)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(theme.font("base"))
        painter.setPen(theme.colour("text"))
        metrics = painter.fontMetrics()
        text = metrics.elidedText(str(index.data() or ""), Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, middle, text)
        room.setLeft(room.left() + metrics.horizontalAdvance(text) + theme.px(12))
        if room.width() > theme.px(40):
            painter.setFont(theme.font("small"))
            painter.setPen(theme.colour("text-quiet"))
            words = str(index.data(_WORDS) or "")
            painter.drawText(
                room, middle, painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room.width())
            )


class OptionList(QListWidget):
    """What may stand where somebody is typing. It never takes the focus. Emits `taken` with an option."""

    taken = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("options")
        self.setAccessibleName(tr("What may stand here"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.line = _OptionLine(theme, self)
        self.setItemDelegate(self.line)
        self.itemClicked.connect(lambda item: self.taken.emit(item.data(_OPTION)))
        self.hide()

    def show_options(self, options: tuple[Option, ...]) -> None:
        """Show options, or nothing."""
        self.clear()
        for option in options:
            item = QListWidgetItem(option.text)
            item.setData(_OPTION, option)
            item.setData(_WORDS, tr(option.meaning))
            item.setToolTip(f"{option.text}  {tr(option.meaning)}".strip())
            self.addItem(item)
        self.setCurrentRow(-1)
        self.setVisible(bool(options))

    def step(self, by: int) -> None:
        """Go up or down the options, around at the ends; from none to the first or the last."""
        if self.count():
            here = self.currentRow()
            self.setCurrentRow((here + by) % self.count() if here >= 0 else (0 if by > 0 else self.count() - 1))

    @property
    def option(self) -> Option | None:
        """The option that is chosen, or None."""
        item = self.currentItem()
        return item.data(_OPTION) if item is not None and self.currentRow() >= 0 else None


class FilterField(QLineEdit):
    """Down and Up choose an option, Return or Tab takes it, Esc puts the options away, Ctrl+Space shows them.

    Tab without a choice takes the first option. Return without one emits `returnPressed`, unless the text is not
    understood: then the place that is meant is marked.
    """

    settled = Signal()
    """What was being typed is meant as it stands."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setPlaceholderText(tr("Filter the list"))
        self.setClearButtonEnabled(True)
        self.setAccessibleName(tr("Filter the list"))
        self.setAccessibleDescription(tr("Words, or terms such as structure:liver dice<0.8"))
        self.complete: Complete | None = None
        self.problem: QueryError | None = None
        self.options = OptionList(theme, parent)
        self.options.taken.connect(self._take)
        self._completion = Completion(0, 0)
        self.textEdited.connect(lambda _: self.offer())

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self.options.line.theme = theme
        self.options.hide()

    def settled_text(self) -> str:
        """Return the text without the beginning of a field that is being typed: nothing is looked for by half."""
        if not self.options.isVisible() or not any(option.more for option in self._completion.options):
            return self.text()
        start = self._completion.start
        start -= start > 0 and self.text()[start - 1] == "-"
        return self.text()[:start] + self.text()[self._completion.end :]

    def _hide_options(self) -> None:
        if self.options.isVisible():
            self.options.hide()
            self.settled.emit()

    def offer(self) -> None:
        """Show what may stand at the cursor."""
        if self.complete is None or not self.hasFocus():
            self.options.hide()
            return
        self._completion = self.complete(self.text(), self.cursorPosition())
        typed = self.text()[self._completion.start : self._completion.end]
        # what is there already is no offer
        options = tuple(option for option in self._completion.options if option.text != typed)
        self.options.show_options(options)
        if options:
            self._place_options(len(options))

    def _place_options(self, count: int) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        at = self.mapTo(parent, QPoint(0, self.height() + 2))
        line = self.options.sizeHintForRow(0)
        height = min(count, LINES) * line + 2 * self.options.frameWidth() + 2
        self.options.setGeometry(at.x(), at.y(), self.width(), min(height, parent.height() - at.y()))
        self.options.raise_()

    def _take(self, option: Option) -> None:
        text, cursor = self._completion.applied(self.text(), option)
        self.setText(text)
        self.setCursorPosition(cursor)
        self.options.hide()
        if option.more:
            self.offer()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and self.options.isVisible():
            takes = event.key() in {Qt.Key.Key_Tab, Qt.Key.Key_Escape}
            if event.type() == QEvent.Type.ShortcutOverride and takes:
                event.accept()
                return True
            # Tab would go to the next widget before it came to keyPressEvent
            if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Tab:
                self._take_chosen(or_first=True)
                return True
        return bool(super().event(event))

    def _take_chosen(self, *, or_first: bool = False) -> bool:
        if self.options.isVisible() and self.options.option is None and or_first:
            self.options.step(1)
        option = self.options.option if self.options.isVisible() else None
        if option is not None:
            self._take(option)
        return option is not None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shown = event.key(), self.options.isVisible()
        if shown and key in {Qt.Key.Key_Down, Qt.Key.Key_Up}:
            self.options.step(1 if key == Qt.Key.Key_Down else -1)
        elif shown and key == Qt.Key.Key_Escape:
            self._hide_options()
        elif _asks(event, shown=shown):
            self.offer()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._return(event)
        else:
            super().keyPressEvent(event)

    def _return(self, event: QKeyEvent) -> None:
        if self._take_chosen():
            return
        self._hide_options()
        if self.problem is not None:
            end = min(self.problem.end, len(self.text()))
            self.setSelection(min(self.problem.start, end), max(0, end - self.problem.start))
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._hide_options()
        super().focusOutEvent(event)


def _asks(event: QKeyEvent, *, shown: bool) -> bool:
    """Say whether a key asks for the options: Ctrl+Space, or Down where they are not shown."""
    spaced = event.key() == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.ControlModifier
    return spaced or (event.key() == Qt.Key.Key_Down and not shown)
