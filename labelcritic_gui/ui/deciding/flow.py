"""A layout that fills lines from left to right and begins a new one where the room ends. Layer: ui."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Keeps its items at their size hints; its height follows from its width."""

    def __init__(self, parent: QWidget | None = None, *, gap: int = 4) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        lines = self._lines(width)
        return lines[-1].bottom() + 1 if lines else 0

    def sizeHint(self) -> QSize:
        hints = [item.sizeHint() for item in self._shown()]
        width = sum(h.width() for h in hints) + self.gap * max(0, len(hints) - 1)
        return QSize(width, max((h.height() for h in hints), default=0))

    def minimumSize(self) -> QSize:
        hints = [item.minimumSize() for item in self._shown()]
        return QSize(max((h.width() for h in hints), default=0), max((h.height() for h in hints), default=0))

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        for item, place in zip(self._shown(), self._places(rect.width()), strict=True):
            item.setGeometry(place.translated(rect.topLeft()))

    def widest_gap(self) -> QRect:
        """Return the largest room right of the items of a line, in the coordinates of the widget it lies in."""
        area = self.geometry()
        lines = [line.translated(area.topLeft()) for line in self._lines(area.width())]
        rooms = [QRect(QPoint(n.right() + 1 + 2 * self.gap, n.top()), QPoint(area.right(), n.bottom())) for n in lines]
        return max(rooms, key=lambda room: room.width(), default=area)

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _places(self, width: int) -> list[QRect]:
        places: list[QRect] = []
        x = y = line = 0
        for item in self._shown():
            hint = item.sizeHint()
            if x and x + hint.width() > width:
                x, y, line = 0, y + line + self.gap, 0
            places.append(QRect(QPoint(x, y), hint))
            x += hint.width() + self.gap
            line = max(line, hint.height())
        return places

    def _lines(self, width: int) -> list[QRect]:
        lines: dict[int, QRect] = {}
        for place in self._places(width):
            lines[place.top()] = lines.get(place.top(), QRect(place)).united(place)
        return list(lines.values())
