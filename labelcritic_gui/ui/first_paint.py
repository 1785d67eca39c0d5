"""Does something once a window has been painted, so that the shell is on the screen before work begins. Layer: ui."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget


class FirstPaint(QObject):
    """Watches a window for its first paint event, then calls `do` from the event loop and goes away."""

    def __init__(self, window: QWidget, do: Callable[[], None]) -> None:
        super().__init__(window)
        self._do: Callable[[], None] | None = do
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._do is not None and event.type() == QEvent.Type.Paint:
            do, self._do = self._do, None
            watched.removeEventFilter(self)
            QTimer.singleShot(0, watched, do)
            self.deleteLater()
        return False
