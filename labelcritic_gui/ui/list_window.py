"""The worklist in a window of its own, for a second screen. Layer: ui."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QMoveEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.worklist.panel import WorklistPanel

SIZE = (560, 760)


class ListWindow(QWidget):
    """Holds the worklist while it is apart. `closing` is emitted before it closes: the list goes back then."""

    closing = Signal()
    moved = Signal()

    def __init__(self, panel: WorklistPanel, owner: QWidget) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setObjectName("left")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(tr("Worklist – Label Critic"))
        self.setWindowIcon(owner.windowIcon())
        self.setAccessibleName(tr("Worklist in a window of its own"))
        self.setMinimumSize(240, 320)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(panel)
        panel.show()
        self.resize(*SIZE)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        event.accept()

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self.moved.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.moved.emit()
