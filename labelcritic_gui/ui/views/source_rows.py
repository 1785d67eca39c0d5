"""The rows of the new-review dialog that say where images and label sets lie. Layer: ui."""

from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui import theme as themes
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.words import ElidedLabel, set_state
from labelcritic_gui.viewmodels.previews import Draft

NAME_W, NUMBERS_W = 132, 164
AUTOMATIC = N_("numbers: automatic")
CHOOSE = N_("from a file…")


class SourceRow(QWidget):
    """A place on disk: a field, a button to choose it, and a quiet line on what it turned out to be."""

    chosen = Signal(str)

    def __init__(self, what: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what = what
        self.path = QLineEdit()
        self.path.setPlaceholderText(tr("folder, file, pattern with {case}, or a CSV manifest"))
        self.path.setAccessibleName(tr("Where the {what} lie").format(what=what))
        self.path.editingFinished.connect(lambda: self.chosen.emit(self.path.text()))
        self.browse = QPushButton(tr("Browse…"))
        self.browse.setAccessibleName(tr("Browse for the {what}").format(what=what))
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(lambda _=False: self._ask())
        self.status = ElidedLabel(role="caption")
        self.status.setMinimumHeight(theme.px(15))
        self.line = QHBoxLayout()
        self.line.setSpacing(8)
        self.line.addWidget(self.path, 1)
        self.line.addWidget(self.browse)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addLayout(self.line)
        rows.addWidget(self.status)
        for field in self.findChildren(QLineEdit):
            field.setAcceptDrops(False)  # a field would take a folder as text; the dialog takes it as what it is

    def _ask(self) -> None:
        start = self.path.text() if Path(self.path.text()).is_dir() else str(Path.home())
        chosen = QFileDialog.getExistingDirectory(self, tr("Where the {what} lie").format(what=self._what), start)
        if chosen:
            self.path.setText(chosen)
            self.chosen.emit(chosen)

    def show_path(self, text: str) -> None:
        """Show a path, unless it is the one shown."""
        if self.path.text() != text:
            self.path.setText(text)

    def say(self, words: str, *, bad: bool = False) -> None:
        """Say what the place turned out to be, or what is wrong with it."""
        self.status.setText(words)
        set_state(self.status, "state", "bad" if bad else "")


class LabelRow(SourceRow):
    """A label set: its name, its place, what its numbers mean, whether it is trusted; and a way out."""

    named = Signal(str)
    numbered = Signal(str)
    trusted = Signal()
    removed = Signal()

    def __init__(self, schemes: tuple[str, ...], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("labels"), theme, parent)
        self.name = QLineEdit()
        self.name.setPlaceholderText(tr("name"))
        self.name.setAccessibleName(tr("Name of the label set"))
        self.name.setFixedWidth(theme.px(NAME_W))
        self.name.setAcceptDrops(False)
        self.name.editingFinished.connect(self._name_edited)
        self.numbers = QComboBox()
        self.numbers.setAccessibleName(tr("What the numbers of multi-label maps mean"))
        self.numbers.setToolTip(tr("What the numbers of multi-label maps mean"))
        self.numbers.setFixedWidth(theme.px(NUMBERS_W))
        self.numbers.addItem(tr(AUTOMATIC), "")
        for scheme in schemes:
            self.numbers.addItem(scheme, scheme)
        self.numbers.addItem(tr(CHOOSE), None)
        self.numbers.activated.connect(self._number)
        self.trust = QRadioButton(tr("trusted"))
        self.trust.setToolTip(tr("The label set a reader may lean on; a second click takes it back"))
        self.trust.setAutoExclusive(False)
        self.trust.clicked.connect(lambda _=False: self.trusted.emit())
        self.remove = QPushButton()
        self.remove.setIcon(themes.icon(theme, "close", "text-quiet"))
        self.remove.setProperty("flat", True)
        self.remove.setAutoDefault(False)
        self.remove.clicked.connect(lambda _=False: self.removed.emit())
        self.line.insertWidget(0, self.name)
        for widget in (self.numbers, self.trust, self.remove):
            self.line.addWidget(widget)
        order = (self.name, self.path, self.browse, self.numbers, self.trust, self.remove)
        for first, second in pairwise(order):
            QWidget.setTabOrder(first, second)

    def _name_edited(self) -> None:
        if self.name.isModified():
            self.name.setModified(False)
            self.named.emit(self.name.text())

    def _number(self, place: int) -> None:
        scheme = self.numbers.itemData(place)
        if scheme is not None:
            self.numbered.emit(scheme)
            return
        chosen, _ = QFileDialog.getOpenFileName(
            self, tr("What the numbers mean"), self.path.text(), tr("Class maps (*.json *.toml *.csv);;All files (*)")
        )
        if chosen:
            self.numbered.emit(chosen)
        else:
            self.numbers.setCurrentIndex(0)

    def show_draft(self, draft: Draft, *, trusted: bool) -> None:
        """Show a label set."""
        self.show_path(draft.path)
        if self.name.text() != draft.slug:
            self.name.setText(draft.slug)
        place = self.numbers.findData(draft.classes)
        if place < 0:
            file, _, key = draft.classes.partition("#")
            self.numbers.insertItem(1, Path(file).name + (f"#{key}" if key else ""), draft.classes)
            place = 1
        self.numbers.setCurrentIndex(place)
        self.numbers.setToolTip(draft.classes or tr("What the numbers of multi-label maps mean"))
        self.trust.setChecked(trusted)
        self.remove.setAccessibleName(tr("Take {value} away").format(value=draft.slug or "this label set"))
        self.remove.setToolTip(self.remove.accessibleName())
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
