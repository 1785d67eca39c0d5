"""The patchwork mode: picture, regions beside it, and a bar of its keys. Layer: ui."""

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from labelcritic_gui.core.geometry import Point
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.deciding.command_button import command_button
from labelcritic_gui.ui.deciding.key_button import FittingWords
from labelcritic_gui.ui.keymap import Keys, shown
from labelcritic_gui.ui.patchwork.picture import PatchworkPicture
from labelcritic_gui.ui.patchwork.side import PatchworkSide
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.words import ElidedLabel
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.patchwork.patchwork import Patchwork

FOOT = (
    "patchwork.take_1",
    "patchwork.take_2",
    "patchwork.take_3",
    "patchwork.take_4",
    "patchwork.drop",
    "patchwork.next",
    "patchwork.islands",
    "patchwork.holes",
    "patchwork.largest",
    "patchwork.undo",
    "patchwork.make",
    "patchwork.leave",
)
FOOT_H, SIDE_W = 44, 276
POLL_MS = 200
WORDS_W = 96
"""Left beside the buttons for what the patchwork says, in px at scale 1."""


class PatchworkView(QWidget):
    """Shows a patchwork. `triggered` carries the id of the command of a button."""

    triggered = Signal(str)

    def __init__(self, theme: Theme, keys: Keys, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("patchwork")
        self.setAccessibleName(tr("Patchwork"))
        self._theme = theme
        self._patchwork: Patchwork | None = None
        self.picture = PatchworkPicture(theme, looking, self)
        self.picture.clicked.connect(self._clicked)
        self.side = PatchworkSide(theme, keys, self)
        self.side.triggered.connect(self.triggered)
        self.side.chosen.connect(lambda row: self._patchwork.choose(row) if self._patchwork is not None else None)
        self.side.toggled.connect(self._toggled)
        self.side.islands.connect(self._choose_island)
        self.buttons = {name: command_button(name, theme, keys, self.triggered.emit) for name in FOOT}
        self.words = ElidedLabel(role="quiet")
        self._foot = QWidget()
        self._foot.setObjectName("bar")
        self._foot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._refresh)
        self._lay_out()
        self.set_theme(theme)

    def _lay_out(self) -> None:
        line = QHBoxLayout(self._foot)
        line.setContentsMargins(8, 0, 12, 0)
        line.setSpacing(4)
        for button in self.buttons.values():
            line.addWidget(button)
        line.addSpacing(4)
        line.addWidget(self.words, 1)
        ends = (self.buttons["patchwork.make"], self.buttons["patchwork.leave"])
        FittingWords(  # how to end it is said longest
            self._foot,
            sorted(self.buttons.values(), key=lambda button: button not in ends),
            lambda: self._foot.width() - self._theme.px(WORDS_W) - 24,
            gap=line.spacing(),
        )
        body = QHBoxLayout()
        body.setSpacing(1)
        body.addWidget(self.picture, 1)
        body.addWidget(self.side)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(body, 1)
        column.addWidget(self._foot)
        self.setFocusProxy(self.picture)

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme
        self._foot.setFixedHeight(theme.px(FOOT_H))
        self.side.setFixedWidth(theme.px(SIDE_W))
        self.side.set_theme(theme)
        self.picture.set_theme(theme)
        self._refresh()

    def show_keys(self, keys: Keys) -> None:
        """Show other keys on the buttons."""
        for name, button in self.buttons.items():
            button.show_key(shown(keys[name]))
        self.side.show_keys(keys)

    def message_room(self) -> QRect:
        """Return where a message may lie, in this widget: over the words of the foot."""
        return QRect(self._foot.mapTo(self, self.words.pos()), self.words.size())

    def foot_top(self) -> int:
        """Return where the foot begins, in px from the top."""
        return self._foot.y()

    # --- following the patchwork -------------------------------------------------------------------------------

    def attach(self, patchwork: Patchwork | None) -> None:
        """Show a patchwork, or none."""
        if patchwork is self._patchwork:
            return
        self._patchwork = patchwork
        self.picture.attach(patchwork)
        if patchwork is not None:
            patchwork.changed.connect(self._refresh)
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def _refresh(self) -> None:
        patchwork = self._patchwork
        if patchwork is None or not patchwork.active:
            self._poll.stop()
            return
        # while the slices are on their way, their share is asked for
        if patchwork.reading.volume is None and not self._poll.isActive():
            self._poll.start()
        elif patchwork.reading.volume is not None:
            self._poll.stop()
        self.picture.redraw()
        self.side.show_patchwork(patchwork)
        self._show_foot(patchwork)

    def _show_foot(self, patchwork: Patchwork) -> None:
        names, colours = patchwork.names, patchwork.colours
        for n in range(1, 5):
            button = self.buttons[f"patchwork.take_{n}"]
            button.setVisible(n <= len(names))
            if n <= len(names):
                button.dress(self._theme, colour=self._theme.label(colours[n - 1]), word=names[n - 1])
        ready = patchwork.board is not None
        for name, button in self.buttons.items():
            if not name.startswith("patchwork.take_"):
                button.dress(self._theme)
            button.setEnabled(ready or name == "patchwork.leave")
        self.buttons["patchwork.make"].setEnabled(ready and not patchwork.busy)
        self.buttons["patchwork.undo"].setEnabled(len(patchwork.steps) > 1)
        failure = patchwork.failure
        words = ""
        if failure is not None:
            words = f"{failure.text} {failure.hint}".strip()
        elif patchwork.reading.writing:
            words = tr("writing…")
        elif not ready:
            words = tr("cutting into regions…") if patchwork.reading.volume is not None else tr("loading the slices…")
        self.words.setText(words)

    def _clicked(self, place: Point) -> None:
        if self._patchwork is not None:
            self._patchwork.toggle_at(place)

    def _toggled(self, row: int) -> None:
        if self._patchwork is not None and row == self._patchwork.current:
            self._patchwork.toggle()

    def _choose_island(self, ml: float) -> None:
        if self._patchwork is not None:
            self._patchwork.choose_island(ml)
