"""The quiet line above the decision bar: news leave by themselves, errors stay until read. Layer: ui."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui import theme as themes
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.words import ElidedLabel, plain_label, set_state
from labelcritic_gui.viewmodels.messages import Message

NEWS_MS = 5000


class MessageLine(QWidget):
    """Shows one message; an error is not replaced by news. It lies over the screen, so that nothing moves for it."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self.message: Message | None = None
        self._sign = plain_label()
        self._text = ElidedLabel()
        self._words = plain_label(wrap=True, copyable=True)
        self._close = QPushButton(tr("Dismiss"))
        self._close.setProperty("flat", True)
        self._close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._close.clicked.connect(self.dismiss)
        line = QHBoxLayout(self)
        line.setContentsMargins(16, 0, 8, 0)
        line.setSpacing(8)
        line.addWidget(self._sign)
        line.addWidget(self._text, 1)
        line.addWidget(self._words, 1)
        line.addWidget(self._close)
        self._leave = QTimer(self, singleShot=True, interval=NEWS_MS)
        self._leave.timeout.connect(self.dismiss)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme

    def say(self, message: Message) -> None:
        """Show a message."""
        if self.message is not None and self.message.error and not message.error and self.isVisible():
            return
        self.message = message
        wide = message.error or message.stays
        for label, shown in ((self._text, not wide), (self._words, wide)):
            label.setText(f"{message.text} {message.hint}".strip())
            label.setVisible(shown)
        colour = self._theme.colour("bad" if message.error else "text-quiet")
        self._sign.setPixmap(
            themes.pixmap("warning" if message.error else "info", colour, ratio=self.devicePixelRatioF())
        )
        set_state(self, "error", message.error)
        self._close.setVisible(message.error)
        self.changed.emit()
        self.show()
        self.raise_()
        if message.error or message.stays:
            self._leave.stop()
        else:
            self._leave.start()

    def leave(self) -> None:
        """Take away what stayed for the sake of an item that is left now."""
        if self.message is not None and self.message.stays:
            self.dismiss()

    def dismiss(self) -> None:
        """Take the message away."""
        self._leave.stop()
        self.message = None
        self.hide()
