"""What stands beside the picture: volume, what it starts from, the regions, the steps. Layer: ui."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from labelcritic_gui.core.patchwork.recipe import Source
from labelcritic_gui.translation import ntr, tr
from labelcritic_gui.ui.commands import BY_ID
from labelcritic_gui.ui.deciding.key_button import KeyButton
from labelcritic_gui.ui.keymap import Keys, shown
from labelcritic_gui.ui.patchwork.region_list import RegionList
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.words import ElidedLabel, plain_label
from labelcritic_gui.viewmodels.patchwork.patchwork import Patchwork
from labelcritic_gui.viewmodels.patchwork.pieces import ISLAND_ML, islands_words
from labelcritic_gui.viewmodels.patchwork.rows import ml_words

SHOWN_STEPS = 5
LEAST_WORD = 20
STARTS: tuple[tuple[Source, str], ...] = (
    *((n, f"patchwork.start_{n}") for n in range(1, 5)),
    ("intersection", "patchwork.start_all"),
    ("union", "patchwork.start_any"),
)


class PatchworkSide(QWidget):
    """Follows a patchwork; `triggered` carries the id of the command of a button."""

    triggered = Signal(str)
    chosen = Signal(int)
    toggled = Signal(int)
    islands = Signal(float)

    def __init__(self, theme: Theme, keys: Keys, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("right")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self.volume = plain_label(role="headline")
        self.volume.setAccessibleName(tr("Volume of the patchwork"))
        self.parts = plain_label(role="quiet")
        self.starts = {source: self._start_button(name, keys) for source, name in STARTS}
        self.regions = RegionList(theme)
        self.regions.chosen.connect(self.chosen)
        self.regions.toggled.connect(self.toggled)
        self.rest = plain_label(role="caption", wrap=True)
        self.island = QComboBox()
        self.island.setAccessibleName(tr("What counts as an island"))
        self.island.addItems(list(islands_words()))
        self.island.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.island.activated.connect(lambda n: self.islands.emit(ISLAND_ML[n]))
        self.steps = [ElidedLabel(role="quiet") for _ in range(SHOWN_STEPS)]
        self._lay_out()

    def _start_button(self, name: str, keys: Keys) -> KeyButton:
        button = KeyButton(self._theme, shown(keys[name]), "", least=LEAST_WORD)
        button.setAccessibleName(tr(BY_ID[name].title))
        button.clicked.connect(lambda _=False: self.triggered.emit(name))
        return button

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 8)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.volume)
        head.addWidget(self.parts, 1, Qt.AlignmentFlag.AlignBottom)
        column.addLayout(head)
        column.addSpacing(4)
        column.addWidget(plain_label(tr("Start from"), role="caption"))
        for pair in (STARTS[:2], STARTS[2:4], STARTS[4:]):
            line = QHBoxLayout()
            line.setSpacing(4)
            for source, _ in pair:
                line.addWidget(self.starts[source])
            line.addStretch()
            column.addLayout(line)
        column.addSpacing(8)
        column.addWidget(plain_label(tr("Regions"), role="caption"))
        column.addWidget(self.regions, 1)
        column.addWidget(self.rest)
        line = QHBoxLayout()
        line.addWidget(plain_label(tr("Islands are parts under"), role="caption"))
        line.addWidget(self.island)
        line.addStretch()
        column.addSpacing(4)
        column.addLayout(line)
        column.addSpacing(4)
        column.addWidget(plain_label(tr("Steps"), role="caption"))
        for label in self.steps:
            column.addWidget(label)

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme
        self.regions.set_theme(theme)
        for button in self.starts.values():
            button.dress(theme)

    def show_keys(self, keys: Keys) -> None:
        """Show other keys on the buttons."""
        for source, name in STARTS:
            self.starts[source].show_key(shown(keys[name]))

    def show_patchwork(self, patchwork: Patchwork) -> None:
        """Show how a patchwork stands."""
        preview = patchwork.preview
        self.volume.setText(ml_words(preview.ml) if preview is not None else "–")
        parts = ntr("in {n} part", "in {n} parts", preview.parts).format(n=preview.parts) if preview is not None else ""
        self.parts.setText(parts if not patchwork.busy else parts + " …")
        self._show_starts(patchwork)
        self.regions.show_rows(patchwork.rows, patchwork.current)
        self.rest.setText(patchwork.rest_words)
        self.rest.setVisible(bool(patchwork.rest_words))
        self.island.setCurrentIndex(ISLAND_ML.index(patchwork.island_ml))
        self._show_steps(patchwork.step_lines)

    def _show_starts(self, patchwork: Patchwork) -> None:
        names = patchwork.names
        for source, button in self.starts.items():
            if isinstance(source, int):
                there = source <= len(names)
                word = names[source - 1] if there else ""
                colour: QColor | None = self._theme.label(patchwork.colours[source - 1]) if there else None
            else:
                there, colour = len(names) > 1, None
                word = tr("all agree") if source == "intersection" else tr("any claims")
            button.setVisible(there)
            button.dress(self._theme, colour=colour, word=word)
            button.show_in_force(source == patchwork.start)
            button.setAccessibleName(tr("Start from {what}").format(what=word))

    def _show_steps(self, lines: tuple[str, ...]) -> None:
        first = max(0, len(lines) - SHOWN_STEPS)
        shown_lines = [f"{n}. {line}" for n, line in enumerate(lines, start=1)][first:]
        for label, words in zip(self.steps, [*shown_lines, *[""] * SHOWN_STEPS], strict=False):
            label.setText(words)
