"""The dialog of the mode: when the verdict is seen, and what share of the items comes again. Layer: ui."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QPushButton, QWidget

from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.dialogs import Sheet
from labelcritic_gui.ui.views.words import plain_label, set_state
from labelcritic_gui.viewmodels.modes import MODES, MOST_SHARE, Mode, ModeChoice, mode_meaning, mode_words

ABOUT = N_(
    "A machine that is wrong makes readers miss what they would have seen, and most when it speaks first. "
    "Every decision records what was on the screen, and each change of the mode is kept in the journal."
)
REPEATS = N_(
    "That share of your items comes again after 20 to 40 others, sides swapped and without a word. "
    "What you say then changes nothing; the ledger shows how far you agree with yourself."
)
PER_CENT = 100


def mode_box(mode: Mode) -> QComboBox:
    """Make a field to choose a mode in; its data are modes."""
    box = QComboBox()
    box.setAccessibleName(tr("When the verdict is seen"))
    for one in MODES:
        box.addItem(mode_words(one), one)
        box.setItemData(box.count() - 1, mode_meaning(one), Qt.ItemDataRole.ToolTipRole)
    box.setCurrentIndex(MODES.index(mode))
    return box


def mode_in(box: QComboBox) -> Mode:
    """Return the mode that a field has."""
    return Mode(box.currentData())


def share_box(share: float) -> QDoubleSpinBox:
    """Make a field for a share of hidden repeats, in percent."""
    box = QDoubleSpinBox(decimals=1, minimum=0.0, maximum=PER_CENT * MOST_SHARE, singleStep=1.0)
    box.setSuffix(tr(" % of the items"))
    box.setSpecialValueText(tr("no repeats"))
    box.setAccessibleName(tr("Share of items that come again"))
    box.setToolTip(tr(REPEATS))
    box.setValue(PER_CENT * share)
    return box


def share_in(box: QDoubleSpinBox) -> float:
    """Return the share that a field has, 0 to 0.5."""
    return round(box.value() / PER_CENT, 4)


class ModeFields(QWidget):
    """Two fields and what they mean: the mode, and the share of hidden repeats in percent."""

    def __init__(self, mode: Mode, repeats: float, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        self.mode = mode_box(mode)
        self.meaning = plain_label(role="quiet", wrap=True)
        self.meaning.setMinimumHeight(theme.px(36))
        self.share = share_box(repeats)
        form.addRow(tr("Read it"), self.mode)
        form.addRow("", self.meaning)
        form.addRow(tr("Hidden repeats"), self.share)
        form.addRow("", plain_label(tr(REPEATS), role="quiet", wrap=True))
        self.mode.currentIndexChanged.connect(self._explain)
        self._explain()

    @property
    def chosen(self) -> Mode:
        """The mode that is chosen."""
        return mode_in(self.mode)

    @property
    def repeats(self) -> float:
        """The share that is chosen, 0 to 0.5."""
        return share_in(self.share)

    def _explain(self) -> None:
        self.meaning.setText(mode_meaning(self.chosen))


class ModeDialog(Sheet):
    """Asks how the open review is read from now on."""

    def __init__(self, choice: ModeChoice, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("How this review is read"), parent, width=560)
        self._choice = choice
        self.rows.addWidget(plain_label(tr("When do you see the verdict?"), role="headline"))
        self.rows.addWidget(plain_label(tr(ABOUT), role="quiet", wrap=True))
        self.fields = ModeFields(choice.mode, choice.repeats, theme)
        self.rows.addWidget(self.fields)
        self.failure = plain_label(wrap=True)
        set_state(self.failure, "state", "bad")
        self.failure.hide()
        self.rows.addWidget(self.failure)
        self.cancel_button: QPushButton = self.add_button(tr("Cancel"), self.reject)
        self.take: QPushButton = self.add_button(tr("Read it so"), self._take, primary=True)
        choice.changed.connect(self._show_failure)

    def _take(self) -> None:
        self._choice.choose(self.fields.chosen, self.fields.repeats, self.accept)

    def _show_failure(self) -> None:
        failure = self._choice.failure
        self.failure.setText(f"{failure.text} {failure.hint}".strip() if failure else "")
        self.failure.setVisible(failure is not None)
