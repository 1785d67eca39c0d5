"""The person's own filters: saved, renamed, moved, deleted; and the audit share of the review. Layer: ui."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.translation import ntr, tr
from labelcritic_gui.ui.views.dialogs import Sheet
from labelcritic_gui.ui.views.words import plain_label, set_state
from labelcritic_gui.viewmodels.worklist import Worklist
from labelcritic_gui.viewmodels.worklist.audit_share import AuditShare

_NAME = Qt.ItemDataRole.UserRole


class FiltersDialog(Sheet):
    """Changes are in force at once; the filter in the list's field is offered to be saved."""

    def __init__(self, worklist: Worklist, audit: AuditShare, parent: QWidget | None) -> None:
        super().__init__(tr("Filters of the list"), parent, width=560)
        self._worklist, self._kept, self._audit = worklist, worklist.kept, audit
        self.name = QLineEdit()
        self.name.setAccessibleName(tr("Name of the filter"))
        self.name.setPlaceholderText(tr("A name, such as small livers"))
        self.text = QLineEdit(worklist.asking.combined.text)
        self.text.setAccessibleName(tr("The filter"))
        self.text.setPlaceholderText("structure:liver dice<0.8")
        self.save = QPushButton(tr("Save"))
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Your filters"))
        self.said = plain_label(wrap=True)
        self.share = QDoubleSpinBox(minimum=0.0, maximum=100.0, decimals=1, singleStep=1.0, suffix=" %")
        self.share.setAccessibleName(tr("Share of items that look fine that come back for a human look"))
        self.share.setKeyboardTracking(False)
        self.drawn = plain_label(role="quiet")
        self._lay_out()
        self._bind()
        self._fill()
        if worklist.told:
            audit.load()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setSpacing(8)
        form.addRow(tr("Filter"), self.text)
        line = QHBoxLayout()
        line.addWidget(self.name, 1)
        line.addWidget(self.save)
        form.addRow(tr("Name"), line)
        self.rows.addLayout(form)
        self.rows.addWidget(plain_label(tr("Your filters, in the order of the list"), role="caption"))
        middle = QHBoxLayout()
        middle.addWidget(self.list, 1)
        side = QVBoxLayout()
        self.up, self.down = self._button(tr("Up"), side), self._button(tr("Down"), side)
        self.rename, self.delete = self._button(tr("Rename"), side), self._button(tr("Delete"), side)
        side.addStretch()
        middle.addLayout(side)
        self.rows.addLayout(middle)
        self.rows.addWidget(self.said)
        if self._worklist.told:
            audit = QHBoxLayout()
            audit.addWidget(
                plain_label(tr("Of items that look fine, this share comes back for a human look (audit:yes)")), 1
            )
            audit.addWidget(self.share)
            self.rows.addLayout(audit)
            self.rows.addWidget(self.drawn)
        else:
            for part in (self.share, self.drawn):
                part.setParent(self)
                part.hide()
        self.add_button(tr("Close"), self.accept)

    def _button(self, title: str, column: QVBoxLayout) -> QPushButton:
        button = QPushButton(title)
        button.setAutoDefault(False)
        column.addWidget(button)
        return button

    def _bind(self) -> None:
        self.save.setAutoDefault(False)
        self.save.clicked.connect(lambda: self._try(lambda: self._kept.save(self.name.text(), self.text.text())))
        self.name.returnPressed.connect(self.save.click)
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        self.rename.clicked.connect(self._rename)
        self.delete.clicked.connect(self._delete)
        self.list.currentItemChanged.connect(lambda *_: self._chosen())
        self.share.valueChanged.connect(lambda value: self._audit.choose(value / 100))
        self._kept.filters_changed.connect(self._fill)
        self._audit.changed.connect(self._show_audit)

    def _fill(self) -> None:
        chosen = self._chosen_name()
        self.list.clear()
        for one in self._kept.filters:
            item = QListWidgetItem(f"{one.name}   {one.text}")
            item.setData(_NAME, one.name)
            self.list.addItem(item)
            if one.name == chosen:
                self.list.setCurrentItem(item)
        if not self._kept.filters:
            empty = QListWidgetItem(tr("No filter is saved yet: write one above, give it a name, save it."))
            empty.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(empty)
        self._chosen()

    def _chosen_name(self) -> str:
        item = self.list.currentItem()
        return str(item.data(_NAME) or "") if item is not None else ""

    def _chosen(self) -> None:
        name = self._chosen_name()
        for button in (self.up, self.down, self.rename, self.delete):
            button.setEnabled(bool(name))
        if name:
            self.name.setText(name)
            self.text.setText(self._kept.text_of(name) or "")

    def _move(self, by: int) -> None:
        self._kept.move(self._chosen_name(), by)

    def _rename(self) -> None:
        place, old, new = self.list.currentRow(), self._chosen_name(), self.name.text()
        self._try(lambda: self._kept.rename(old, new))
        self.list.setCurrentRow(place)

    def _delete(self) -> None:
        self._kept.delete(self._chosen_name())
        self._say("", bad=False)

    def _try(self, change: Callable[[], None]) -> None:
        try:
            change()
        except UserError as error:
            self._say(f"{error.message} {error.hint}", bad=True)
            return
        self._say(tr("Saved."), bad=False)

    def _say(self, words: str, *, bad: bool) -> None:
        self.said.setText(words)
        set_state(self.said, "state", "doubt" if bad else "")

    def _show_audit(self) -> None:
        if self._audit.share is not None:
            self.share.blockSignals(True)
            self.share.setValue(100 * self._audit.share)
            self.share.blockSignals(False)
        if self._audit.drawn is not None:
            n = self._audit.drawn
            self.drawn.setText(ntr("{n} item is drawn.", "{n} items are drawn.", n).format(n=n))

    def done(self, result: int) -> None:
        self._kept.filters_changed.disconnect(self._fill)
        self._audit.changed.disconnect(self._show_audit)
        super().done(result)
