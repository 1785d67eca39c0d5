"""One candidate on the stage: its title, and one large picture or three planes. Layer: ui."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from labelcritic_gui.ui.stage.pane import GreyShelf, PaneView
from labelcritic_gui.ui.stage.titles import TitleStrip
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.viewmodels.looking import Looking

GAP = 1
WIDE = 1.15
"""A candidate that is wider than this, in parts of its height, has its small planes beside the large one."""
LARGE_DOWN, LARGE_ACROSS = 0.62, 0.66
"""The large plane's share of the height, or of the width."""


class CandidateView(QWidget):
    """A title strip over up to three panes, the first one large."""

    painted = Signal()

    def __init__(
        self, looking: Looking, theme: Theme, shelf: GreyShelf, position: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.title = TitleStrip(theme, self)
        self.panes = [PaneView(looking, theme, shelf, position, self, large=n == 0) for n in range(3)]
        self.panes[0].painted.connect(self.painted)
        self._count = 1
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.show_panes(1)

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self.title.set_theme(theme)
        for pane in self.panes:
            pane.set_theme(theme)
        self._lay_out()

    def show_panes(self, count: int) -> None:
        """Show one pane or three."""
        self._count = count
        for n, pane in enumerate(self.panes):
            pane.setVisible(n < count)
            if n >= count:
                pane.set_scene(None)
        self._lay_out()

    @property
    def shown(self) -> list[PaneView]:
        """The panes that are on the screen, the large one first."""
        return self.panes[: self._count]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 160)

    def _lay_out(self) -> None:
        top = self.title.height()
        self.title.setGeometry(0, 0, self.width(), top)
        room = QRect(0, top, self.width(), max(0, self.height() - top))
        for pane, place in zip(self.panes, places(room, self._count), strict=False):
            pane.setGeometry(place)


def places(room: QRect, count: int) -> list[QRect]:
    """Return where the panes lie: one everywhere; of three, two small ones beside or under the large one."""
    if count == 1:
        return [room]
    left, top, width, height = room.x(), room.y(), room.width(), room.height()
    if width > WIDE * height:
        large = round(width * LARGE_ACROSS)
        half, x, rest = (height - GAP) // 2, left + large + GAP, width - large - GAP
        return [
            QRect(left, top, large, height),
            QRect(x, top, rest, half),
            QRect(x, top + half + GAP, rest, height - half - GAP),
        ]
    large = round(height * LARGE_DOWN)
    half, y, rest = (width - GAP) // 2, top + large + GAP, height - large - GAP
    return [
        QRect(left, top, width, large),
        QRect(left, y, half, rest),
        QRect(left + half + GAP, y, width - half - GAP, rest),
    ]
