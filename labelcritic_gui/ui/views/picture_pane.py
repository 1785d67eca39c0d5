"""A picture as a model gets it: fitted to its place, or pixel by pixel, together with its neighbours. Layer: ui."""

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QVBoxLayout, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.words import ElidedLabel

STEP = 1.25
LARGEST = 8.0
LEAST_SIDE = 96
PLATE = QColor(0, 0, 0, 150)


class PictureLook(QObject):
    """Where all pictures of a question are looked at. `scale` is Qt's pixels a picture pixel; 0 fits each picture.

    `centre` is a share of the picture's width and height, so that pictures of other sizes go along.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.scale = 0.0
        self.centre = QPointF(0.5, 0.5)

    def fit(self) -> None:
        """Show whole pictures."""
        self.set(0.0, QPointF(0.5, 0.5))

    def set(self, scale: float, centre: QPointF) -> None:
        """Look at another place, or closer."""
        self.scale = min(LARGEST, scale)
        self.centre = QPointF(min(1.0, max(0.0, centre.x())), min(1.0, max(0.0, centre.y())))
        self.changed.emit()


class PictureCanvas(QWidget):
    """Draws one PNG. A click or the space bar goes to 1:1 and back, the wheel zooms about the cursor, drag pans."""

    def __init__(self, png: bytes | None, look: PictureLook, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._theme = look, theme
        self._image = QImage.fromData(png) if png is not None else QImage()
        self._pressed: QPointF | None = None
        self._dragged = False
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setMinimumSize(LEAST_SIDE, LEAST_SIDE)
        if self.shown:
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setToolTip(tr("Click: pixel by pixel, and back. Wheel: closer. Drag: move."))
        look.changed.connect(self.update)

    @property
    def shown(self) -> bool:
        """Say whether there is a picture."""
        return not self._image.isNull()

    @property
    def scale(self) -> float:
        """Qt's pixels a picture pixel, as drawn now."""
        return self._look.scale or self._fitting()

    @property
    def size_words(self) -> str:
        """How large the picture is, in pixels."""
        return f"{self._image.width()} × {self._image.height()}" if self.shown else ""

    def _fitting(self) -> float:
        if not self.shown:
            return 1.0
        return min(self._one, self.width() / self._image.width(), self.height() / self._image.height())

    @property
    def _one(self) -> float:
        """The scale at which a picture pixel is a pixel of the screen."""
        return 1.0 / self.devicePixelRatioF()

    def _origin(self, scale: float) -> QPointF:
        """Return where the picture's upper left corner is drawn; what is smaller than its place stays in the middle."""

        def start(room: int, length: float, share: float) -> float:
            if length <= room:
                return (room - length) / 2
            return min(0.0, max(room - length, room / 2 - share * length))

        wide, high = self._image.width() * scale, self._image.height() * scale
        centre = self._look.centre
        return QPointF(start(self.width(), wide, centre.x()), start(self.height(), high, centre.y()))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("stage"))
        if not self.shown:
            painter.setPen(self._theme.colour("on-stage-quiet"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("no picture"))
            return
        scale = self.scale
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < self._one)  # enlarged ones stay pixels
        origin = self._origin(scale)
        painter.drawImage(QRectF(origin, self._image.size().toSizeF() * scale), self._image)
        words = "1:1" if abs(scale / self._one - 1.0) < 1e-6 else f"{100 * scale / self._one:.0f} %"
        painter.setFont(self._theme.font("small"))
        box = QRectF(self.rect()).adjusted(6, 4, -6, -4)
        plate = painter.boundingRect(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, words)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(PLATE)
        painter.drawRoundedRect(plate.adjusted(-4, -1, 4, 1), 4, 4)
        painter.setPen(self._theme.colour("on-stage"))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.colour("focus"), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    # --- hands -------------------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.shown or not event.angleDelta().y():
            event.ignore()
            return
        scale = self.scale * STEP ** (event.angleDelta().y() / 120)
        self._zoom(0.0 if scale <= self._fitting() else scale, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.shown:
            self._pressed, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        moved = event.position() - self._pressed
        if not self._dragged and moved.manhattanLength() < QApplication.startDragDistance():
            return
        self._dragged = True
        self._pressed = event.position()
        size = QPointF(self._image.width() * self.scale, self._image.height() * self.scale)
        centre = self._shown_centre() - QPointF(moved.x() / size.x(), moved.y() / size.y())
        self._look.set(self._look.scale, centre)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None and not self._dragged:
            self.turn(event.position())
        self._pressed = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self.shown:
            self.turn(QPointF(self.rect().center()))
            return
        super().keyPressEvent(event)

    def turn(self, about: QPointF) -> None:
        """Go to 1:1 at a place of this canvas, or back to the whole picture."""
        if self._look.scale:
            self._look.fit()
        else:
            self._zoom(self._one, about, middle=True)

    def _shown_centre(self) -> QPointF:
        """Return the middle of what is drawn, as a share of the picture."""
        return self._share(QPointF(self.width() / 2, self.height() / 2))

    def _share(self, place: QPointF) -> QPointF:
        scale = self.scale
        at = place - self._origin(scale)
        return QPointF(at.x() / (self._image.width() * scale), at.y() / (self._image.height() * scale))

    def _zoom(self, scale: float, about: QPointF, *, middle: bool = False) -> None:
        """Change the scale so that what is under a place stays there, or comes to the middle."""
        if not scale:
            self._look.fit()
            return
        under = self._share(about)
        scale = min(LARGEST, scale)
        away = QPointF() if middle else about - QPointF(self.width() / 2, self.height() / 2)
        size = QPointF(self._image.width() * scale, self._image.height() * scale)
        self._look.set(scale, under - QPointF(away.x() / size.x(), away.y() / size.y()))


class PicturePane(QWidget):
    """A canvas with its caption under it."""

    def __init__(
        self,
        png: bytes | None,
        caption: str,
        detail: str,
        look: PictureLook,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.canvas = PictureCanvas(png, look, theme)
        self.canvas.setAccessibleName(caption)
        self.caption = ElidedLabel(caption)
        size = self.canvas.size_words
        self.detail = ElidedLabel("  ·  ".join(part for part in (size, detail) if part), role="caption")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.canvas, 1)
        column.addSpacing(2)
        column.addWidget(self.caption)
        column.addWidget(self.detail)
