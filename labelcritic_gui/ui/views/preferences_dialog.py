"""The preferences: a page a group of the settings table, and the keys; changes hold at once. Layer: ui."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QStackedWidget,
    QWidget,
)

from labelcritic_gui.settings.table import PREFERENCES, Kind, Preference, group_titles
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.keys_in_force import KeysInForce
from labelcritic_gui.ui.theme import Theme, palettes
from labelcritic_gui.ui.views.card_parts import Swatch
from labelcritic_gui.ui.views.dialogs import MARGIN, Sheet
from labelcritic_gui.ui.views.key_dialog import KeyEditor
from labelcritic_gui.ui.views.words import plain_label
from labelcritic_gui.viewmodels.preferences import Preferences, Value

SIZE = (860, 560)
WIDEST_HU = 8000
Show = Callable[[Value], None]


class Hounsfield(QDoubleSpinBox):
    """A number with at most one decimal, shown without one that is nought."""

    def textFromValue(self, value: float) -> str:
        return f"{value:.1f}".removesuffix(".0")


class PreferencesDialog(Sheet):
    """Built from the settings table: no OK and no Cancel, each row can be put back."""

    def __init__(
        self, preferences: Preferences, keys: KeysInForce, theme: Theme, parent: QWidget | None = None, *, at: str = ""
    ) -> None:
        super().__init__(tr("Preferences"), parent, width=theme.px(640))
        self._preferences, self._theme = preferences, theme
        self._rows: dict[str, tuple[Preference, Show, QPushButton]] = {}
        self._fields: dict[str, QWidget] = {}
        self.groups = QListWidget()
        self.groups.setAccessibleName(tr("Groups of preferences"))
        self.groups.setFixedWidth(theme.px(150))
        self.pages = QStackedWidget()
        for group in group_titles():
            self._add_page(tr(group), self._page(group))
        self.keys = KeyEditor(keys, theme)
        self._add_page(tr("Keys"), self.keys)
        line = QHBoxLayout()
        line.setSpacing(16)
        line.addWidget(self.groups)
        line.addWidget(self.pages, 1)
        self.rows.addLayout(line, 1)
        self.add_button(tr("Close"), self.accept, primary=True)
        self.groups.currentRowChanged.connect(self.pages.setCurrentIndex)
        self.groups.setCurrentRow(0)
        preferences.changed.connect(self._show)
        self._show()
        room = self.screen().availableGeometry()
        self.resize(
            *(
                min(theme.px(side), most - MARGIN)
                for side, most in zip(SIZE, (room.width(), room.height()), strict=True)
            )
        )
        if at:
            self.go_to(at)

    def done(self, result: int) -> None:
        for row in PREFERENCES:  # what is being typed counts as well
            field = self._fields[row.field]
            if isinstance(field, QLineEdit):
                self._preferences.change(row, field.text().strip())
            for number in (field, *field.findChildren(QAbstractSpinBox)):
                if isinstance(number, QAbstractSpinBox):
                    number.interpretText()
        self._preferences.changed.disconnect(self._show)
        self._preferences.close()
        self.keys.close_editor()
        super().done(result)

    def go_to(self, field: str) -> None:
        """Show a row and give it the focus; "keys" is the page of the keys."""
        if field == "keys":
            self.groups.setCurrentRow(self.pages.count() - 1)
            self.keys.filter.setFocus()
            return
        row, _, _ = self._rows[field]
        self.groups.setCurrentRow(group_titles().index(row.group))
        self._fields[field].setFocus(Qt.FocusReason.OtherFocusReason)

    def field(self, name: str) -> QWidget:
        """Return the control of a row."""
        return self._fields[name]

    def back(self, name: str) -> QPushButton:
        """Return the button that puts a row back."""
        return self._rows[name][2]

    # --- building ----------------------------------------------------------------------------------------------

    def _add_page(self, title: str, page: QWidget) -> None:
        self.groups.addItem(title)
        self.pages.addWidget(page)

    def _page(self, group: str) -> QWidget:
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(0, 0, 12, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        line = 0
        for row in PREFERENCES:
            if row.group != group:
                continue
            label = plain_label(tr(row.label), wrap=True)
            label.setMinimumWidth(self._theme.px(150))
            field, show = self._control(row)
            back = self._back_button(row)
            self._rows[row.field], self._fields[row.field] = (row, show, back), field
            grid.addWidget(label, line, 0)
            grid.addWidget(_holding(field, row.unit), line, 1)
            grid.addWidget(back, line, 2, Qt.AlignmentFlag.AlignTop)
            line += 1
            if row.note:
                grid.addWidget(plain_label(tr(row.note), role="caption", wrap=True), line, 1)
                line += 1
        grid.setRowStretch(line, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inner)
        return area

    def _back_button(self, row: Preference) -> QPushButton:
        back = QPushButton(tr("Reset"))
        back.setProperty("flat", True)
        back.setAutoDefault(False)
        back.setAccessibleName(tr("Put {setting} back").format(setting=tr(row.label)))
        keep = back.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        back.setSizePolicy(keep)
        back.clicked.connect(lambda _=False: self._preferences.reset(row))
        return back

    def _control(self, row: Preference) -> tuple[QWidget, Show]:
        """Return the widget of a row and what shows a value in it."""
        made = {
            Kind.CHOICE: self._choice,
            Kind.SWITCH: self._switch,
            Kind.NUMBER: self._number,
            Kind.TEXT: self._text,
            Kind.WINDOW: self._window,
        }[row.kind](row)
        made[0].setAccessibleName(tr(row.label))
        return made

    def _choice(self, row: Preference) -> tuple[QWidget, Show]:
        box = QComboBox()
        for value, words in row.choices:
            box.addItem(tr(words), value)
        box.activated.connect(lambda place: self._preferences.change(row, row.choices[place][0]))
        box.setSizePolicy(box.sizePolicy().Policy.Maximum, box.sizePolicy().Policy.Fixed)
        if row.field == "palette":
            return self._with_swatches(box), lambda value: box.setCurrentIndex(box.findData(value))
        return box, lambda value: box.setCurrentIndex(box.findData(value))

    def _with_swatches(self, box: QComboBox) -> QWidget:
        """Show the colours of the palette that is chosen, each with its number."""
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(box)
        line.addSpacing(8)
        box.setAccessibleName(tr("Colours of label sets"))
        swatches: list[Swatch] = []

        def show() -> None:
            while swatches:
                swatches.pop().deleteLater()
            for number, colour in enumerate(palettes()[str(box.currentData())].labels, 1):
                swatch = Swatch(QColor(colour), size=self._theme.px(16), text=str(number))
                swatches.append(swatch)
                line.insertWidget(line.count() - 1, swatch)

        line.addStretch(1)
        box.currentIndexChanged.connect(lambda _: show())
        show()
        holder.setFocusProxy(box)
        return holder

    def _switch(self, row: Preference) -> tuple[QWidget, Show]:
        box = QCheckBox()
        box.clicked.connect(lambda on: self._preferences.change(row, bool(on)))
        return box, lambda value: box.setChecked(bool(value))

    def _number(self, row: Preference) -> tuple[QWidget, Show]:
        box = QSpinBox()
        box.setRange(int(row.low), int(row.high))
        box.setSingleStep(int(row.step))
        box.setKeyboardTracking(False)
        box.setFixedWidth(self._theme.px(88))
        box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        box.valueChanged.connect(lambda value: self._preferences.change(row, float(value)))
        return box, lambda value: _quietly(box, lambda: box.setValue(round(float(str(value)))))

    def _text(self, row: Preference) -> tuple[QWidget, Show]:
        line = QLineEdit()
        line.setMaxLength(400)
        line.editingFinished.connect(lambda: self._preferences.change(row, line.text()))
        return line, lambda value: line.setText(str(value)) if not line.hasFocus() else None

    def _window(self, row: Preference) -> tuple[QWidget, Show]:
        """Width and level beside each other."""
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        fields = (Hounsfield(), Hounsfield())
        names = (tr("Width"), tr("Level"))
        for box, name, low in zip(fields, names, (1, -WIDEST_HU), strict=True):
            box.setDecimals(1)
            box.setRange(low, WIDEST_HU)
            box.setKeyboardTracking(False)
            box.setSingleStep(10)
            box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
            box.setFixedWidth(self._theme.px(80))
            box.setAccessibleName(f"{tr(row.label)}: {name}")
            box.valueChanged.connect(lambda _: self._preferences.change(row, (fields[0].value(), fields[1].value())))
            line.addWidget(plain_label(name, role="caption"))
            line.addWidget(box)
        line.addStretch(1)
        holder.setFocusProxy(fields[0])

        def show(value: Value) -> None:
            assert isinstance(value, tuple)
            for box, number in zip(fields, value, strict=True):
                _quietly(box, lambda box=box, number=number: box.setValue(number))  # type: ignore[misc]

        return holder, show

    # --- showing -----------------------------------------------------------------------------------------------

    def _show(self) -> None:
        for row, show, back in self._rows.values():
            show(self._preferences.value(row))
            back.setVisible(not self._preferences.is_usual(row))


def _holding(field: QWidget, unit: str) -> QWidget:
    """Return a field with its unit behind it."""
    if not unit:
        return field
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    line.addWidget(field)
    line.addWidget(plain_label(unit, role="quiet"))
    line.addStretch(1)
    return holder


def _quietly(widget: QWidget, act: Callable[[], None]) -> None:
    """Show something without telling it as the person's wish."""
    before = widget.blockSignals(True)
    act()
    widget.blockSignals(before)
