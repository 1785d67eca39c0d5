"""The header line: menus, what is being read, who advises. Layer: ui."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenuBar, QSizePolicy, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.words import ElidedLabel, plain_label, set_state

_LEAST = 32
"""A label with less room than this, in px, is left out: an ellipsis alone says nothing."""


class Lamp(QWidget):
    """Full when the critic answers, a ring while it works, a cross when it is down."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.state = "good"
        self.setFixedSize(QSize(14, 14))

    def show_state(self, state: str) -> None:
        """Show good, busy or bad."""
        self.state = state
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(self.theme.colour({"good": "good", "busy": "text-quiet", "bad": "bad"}[self.state]))
        pen = painter.pen()
        pen.setColor(colour)
        pen.setWidthF(1.75)
        painter.setPen(pen)
        box = QRectF(3, 3, 8, 8)
        if self.state == "bad":
            painter.drawLine(box.topLeft(), box.bottomRight())
            painter.drawLine(box.topRight(), box.bottomLeft())
            return
        if self.state == "good":
            painter.setBrush(colour)
        painter.drawEllipse(box)


class Header(QWidget):
    """One quiet line at the top. Where room is short the review's name gives way first, the item's last."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.menus = QMenuBar()
        self.menus.setNativeMenuBar(False)
        self.menus.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.review = ElidedLabel(role="quiet")
        self.item = ElidedLabel(role="title", keep_end=True)  # the structure is said last and matters most
        self.place = ElidedLabel(role="quiet")
        self.mode = plain_label(role="caption")
        self.server = plain_label()
        set_state(self.server, "state", "doubt")
        self.critic = ElidedLabel(role="quiet")
        self.lamp = Lamp(theme)
        line = QHBoxLayout(self)
        line.setContentsMargins(8, 0, 16, 0)
        line.setSpacing(16)
        line.addWidget(self.menus, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.item)
        line.addWidget(self.place)
        line.addStretch(1)
        line.addWidget(self.server)
        line.addWidget(self.review)
        line.addWidget(self.mode)
        line.addWidget(self.critic)
        line.addWidget(self.lamp)
        self._giving = (self.item, self.place, self.critic, self.review)
        for label in self._giving:
            label.setMinimumWidth(0)
            label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.set_theme(theme)
        self.show_review("", "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_out()

    def _share_out(self) -> None:
        """Give the labels what the menus and the short words leave, to the most needed one first."""
        layout = self.layout()
        rigid = [w for w in (self.menus, self.server, self.mode, self.lamp) if not w.isHidden()]
        shown = len(rigid) + len(self._giving)
        margins = layout.contentsMargins() if layout is not None else self.contentsMargins()
        gaps = (shown + 1) * (layout.spacing() if layout is not None else 0)
        left = self.width() - margins.left() - margins.right() - gaps - sum(w.sizeHint().width() for w in rigid)
        for label in self._giving:
            wanted = label.fontMetrics().horizontalAdvance(label.text()) + 2 if label.text() else 0
            given = max(0, min(wanted, left))
            label.setFixedWidth(given if given == wanted or given >= _LEAST else 0)
            left -= label.width()

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self.lamp.theme = theme
        self.lamp.update()
        self.setFixedHeight(theme.px(36))
        self._share_out()

    def show_review(self, title: str, mode: str) -> None:
        """Name the open review."""
        self.review.setText(title)
        self.mode.setText(mode)
        self.lamp.setVisible(bool(title))
        if not title:
            self.show_item("", "", "")
            self.show_critic("", "good", "")
        self._share_out()

    def show_item(self, case: str, structure: str, place: str) -> None:
        """Name the item on the stage."""
        self.item.setText(f"{case}  ·  {structure}" if case else "")
        self.place.setText(place)
        self._share_out()

    def show_critic(self, title: str, state: str, remote: str, *, withheld: bool = False) -> None:
        """Name the critic, how it is, and the server when it is not this machine.

        `withheld` says that nothing goes there, as the person has not agreed to it.
        """
        self.critic.setText(title)
        self.lamp.show_state(state)
        words = (
            tr("Nothing goes to {remote} yet (Ctrl+L)").format(remote=remote)
            if withheld
            else tr("Pictures go to {remote}").format(remote=remote)
        )
        self.server.setText(words if remote else "")
        self.server.setVisible(bool(remote))
        self._share_out()
