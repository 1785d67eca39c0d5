"""One candidate on the anatomy: picture, mask, letters, scale bar, marks. Raster only. Layer: ui."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from labelcritic_gui.imaging.frame import PictureFrame, View
from labelcritic_gui.imaging.overlay import dimmed, fuse, fuse_table, label_picture
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.camera import STEP, Camera
from labelcritic_gui.ui.views.outline import outline

TITLE_H = 32
EDGE = 8
LINE_PX = 1.75
COMPANION_SHARE = 0.35
ROOMY = 560
PLATE = QColor(0, 0, 0, 150)
BARS_MM = (1, 2, 5, 10, 20, 50, 100, 200)
_AXES = {View.FRONTAL: ((0, "x"), (2, "z")), View.LATERAL: ((1, "y"), (2, "z")), View.AXIAL: ((0, "x"), (1, "y"))}


@dataclass(frozen=True)
class Mark:
    """A place in picture pixels (column, row) with its numbers; `own`: of this panel's candidate; `lit`: chosen."""

    number: str
    point: QPointF
    own: bool
    lit: bool


@dataclass(frozen=True, eq=False)
class Scene:
    """What a panel shows. `note` is said over the picture (empty mask); `refusal` instead of it."""

    frame: PictureFrame
    picture: NDArray[np.uint8]
    silhouette: NDArray[np.bool_]
    companion: NDArray[np.bool_] | None
    title: str
    key: str
    colour: int
    caption: str
    note: str = ""
    refusal: str = ""


class PanelView(QWidget):
    """Draws a scene. Wheel zooms about the cursor, drag pans, both through the shared camera."""

    painted = Signal()
    picked = Signal()

    def __init__(self, camera: Camera, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._camera = camera
        self._theme = theme
        self._scene: Scene | None = None
        self._waiting = ""
        self._overlay, self._style, self._opacity = True, "both", 0.45
        self._image: QImage | None = None
        self._outlines: tuple[QPainterPath, QPainterPath] | None = None
        self._marks: tuple[Mark, ...] = ()
        self._drag: QPointF | None = None
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setMinimumSize(160, 160)
        camera.changed.connect(self.update)
        camera.cursor_moved.connect(self.update)

    # --- what to show ------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme
        self._image = None
        self.update()

    def set_scene(self, scene: Scene | None, *, waiting: str = "") -> None:
        """Show a scene, or a word while there is none."""
        if scene is None or self._scene is None or scene.silhouette is not self._scene.silhouette:
            self._outlines = None
        self._scene = scene
        self._waiting = waiting
        self._image = None
        self.setAccessibleName(scene.title if scene else waiting)
        self.update()

    def set_overlay(self, *, shown: bool, style: str, opacity: float) -> None:
        """Draw the mask so."""
        self._overlay, self._style, self._opacity = shown, style, opacity
        self._image = None
        self.update()

    def set_marks(self, marks: Sequence[Mark]) -> None:
        """Show numbered places."""
        self._marks = tuple(marks)
        self.update()

    @property
    def area(self) -> QRectF:
        """Where the picture is drawn."""
        top = self._theme.px(TITLE_H)
        return QRectF(0, top, self.width(), self.height() - top)

    # --- drawing -----------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("stage"))
        scene = self._scene
        if scene is None:
            self._say(painter, self._waiting)
            return
        if scene.refusal:
            self._say(painter, scene.refusal)
        else:
            painter.save()
            painter.setClipRect(self.area)
            look = self._camera.look(self.area)
            self._draw_picture(painter, scene, look.transform)
            self._draw_marks(painter, look.transform)
            painter.restore()
            self._draw_letters(painter, scene)
            self._draw_foot(painter, scene, look.px_per_mm)
            if scene.note:
                self._say(painter, scene.note, low=True)
        self._draw_title(painter, scene)
        painter.end()
        self.painted.emit()

    def _draw_picture(self, painter: QPainter, scene: Scene, transform: QTransform) -> None:
        if self._image is None:
            self._image = self._composed(scene)
        painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.setTransform(transform, combine=True)
        painter.drawImage(QPointF(0, 0), self._image)
        if self._overlay and self._style != "fill":
            self._draw_outlines(painter, scene)
        painter.restore()
        cursor = self._camera.cursor
        if cursor is not None and not self.underMouse():
            self._draw_cursor(painter, transform.map(cursor))

    def _composed(self, scene: Scene) -> QImage:
        """Fuse picture and mask into one opaque image: the fastest thing a raster painter can draw."""
        colour = self._theme.label(scene.colour)
        paint = (colour.red(), colour.green(), colour.blue())
        filled = self._overlay and self._style != "outline"
        layers = [scene.silhouette] if scene.companion is None else [scene.companion, scene.silhouette]
        colours = [paint] if scene.companion is None else [dimmed(paint), paint]
        table = fuse_table(colours, opacity=self._opacity if filled else 0.0)
        pixels = fuse(scene.picture, label_picture(layers), table)
        rows, columns = pixels.shape
        # the copy owns its pixels: Qt would otherwise read an array that is gone
        return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32).copy()

    def _draw_outlines(self, painter: QPainter, scene: Scene) -> None:
        if self._outlines is None:
            second = QPainterPath() if scene.companion is None else outline(scene.companion)
            self._outlines = (outline(scene.silhouette), second)
        colour = self._theme.label(scene.colour)
        for path, strength in zip(self._outlines, (1.0, COMPANION_SHARE), strict=True):
            shade = QColor(colour)
            shade.setAlphaF(strength)
            pen = QPen(shade, LINE_PX)
            pen.setCosmetic(True)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.strokePath(path, pen)

    def _draw_cursor(self, painter: QPainter, at: QPointF) -> None:
        painter.setPen(QPen(self._theme.colour("on-stage"), 1))
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(at + QPointF(4 * dx, 4 * dy), at + QPointF(11 * dx, 11 * dy))

    def _draw_marks(self, painter: QPainter, transform: QTransform) -> None:
        painter.setFont(self._theme.font("small", strong=True))
        for mark in self._marks:
            at = transform.map(mark.point)
            radius = self._theme.px(14 if mark.lit else 9)
            colour = self._theme.colour("both" if mark.own else "on-stage-quiet")
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(0, 0, 0, 170), 4))
            painter.drawEllipse(at, radius, radius)
            painter.setPen(QPen(colour, 2 if mark.lit else 1.5))
            painter.drawEllipse(at, radius, radius)
            box = QRectF(at.x() + radius, at.y() - radius - 8, 60, 16)
            self._plated(painter, box, mark.number, colour, Qt.AlignmentFlag.AlignLeft)

    def _draw_letters(self, painter: QPainter, scene: Scene) -> None:
        painter.setFont(self._theme.font("title", strong=True))
        foot = 0 if self.width() > self._theme.px(ROOMY) else self._theme.px(18)  # a narrow foot is full of words
        area = self.area.adjusted(EDGE, EDGE - 4, -EDGE, -EDGE + 4 - foot)
        edges = scene.frame.edges
        flag = Qt.AlignmentFlag
        for letter, align in (
            (edges.left, flag.AlignLeft | flag.AlignVCenter),
            (edges.right, flag.AlignRight | flag.AlignVCenter),
            (edges.top, flag.AlignTop | flag.AlignHCenter),
            (edges.bottom, flag.AlignBottom | flag.AlignHCenter),
        ):
            self._plated(painter, area, letter, self._theme.colour("on-stage"), align)

    def _draw_foot(self, painter: QPainter, scene: Scene, px_per_mm: float) -> None:
        quiet = self._theme.colour("on-stage-quiet")
        painter.setFont(self._theme.font("small"))
        area = self.area.adjusted(EDGE, EDGE, -EDGE, -EDGE)
        length = max((mm for mm in BARS_MM if mm * px_per_mm <= 0.22 * self.width()), default=BARS_MM[0])
        y = area.bottom() - 1
        right = area.left() + length * px_per_mm
        for colour, width in ((QColor(0, 0, 0, 170), 3), (self._theme.colour("on-stage"), 1)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(area.left(), y), QPointF(right, y))
            painter.drawLine(QPointF(area.left(), y - 4), QPointF(area.left(), y))
            painter.drawLine(QPointF(right, y - 4), QPointF(right, y))
        words = f"{length // 10} cm" if length >= 10 else f"{length} mm"
        flag = Qt.AlignmentFlag
        self._plated(painter, area.adjusted(0, 0, 0, -6), words, quiet, flag.AlignLeft | flag.AlignBottom)
        place = self._place(scene)
        words = f"{scene.caption}   {place}" if place else scene.caption
        self._plated(painter, area.adjusted(0, 0, 0, 2), words, quiet, flag.AlignRight | flag.AlignBottom)

    def _place(self, scene: Scene) -> str:
        cursor = self._camera.cursor
        if cursor is None:
            return ""
        world = scene.frame.to_world(cursor.y() - 0.5, cursor.x() - 0.5)
        return " ".join(f"{name} {world[axis]:.0f}" for axis, name in _AXES[scene.frame.view]) + " mm"

    def _draw_title(self, painter: QPainter, scene: Scene) -> None:
        theme = self._theme
        height = theme.px(TITLE_H)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(EDGE, (height - theme.px(18)) / 2, theme.px(18), theme.px(18))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.label(scene.colour))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor("#000000"))
        painter.setFont(theme.font("small", strong=True))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, scene.key)
        painter.setPen(theme.colour("on-stage"))
        painter.setFont(theme.font("base", strong=True))
        room = QRectF(box.right() + 8, 0, self.width() - box.right() - 16, height)
        words = painter.fontMetrics().elidedText(scene.title, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)

    def _say(self, painter: QPainter, words: str, *, low: bool = False) -> None:
        painter.setFont(self._theme.font("base"))
        area = self.area.adjusted(32, 32, -32, -48)
        align = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
        align |= Qt.AlignmentFlag.AlignBottom if low else Qt.AlignmentFlag.AlignVCenter
        self._plated(painter, area, words, self._theme.colour("on-stage" if low else "on-stage-quiet"), align)

    def _plated(self, painter: QPainter, box: QRectF, words: str, colour: QColor, align: int) -> None:
        """Draw words on a dark plate, legible on any anatomy."""
        if not words:
            return
        flags = int(align) | int(Qt.TextFlag.TextDontClip)
        plate = painter.boundingRect(box, flags, words).adjusted(-4, -1, 4, 1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(PLATE)
        painter.drawRoundedRect(plate, 4, 4)
        painter.setPen(colour)
        painter.drawText(box, flags, words)

    # --- the mouse ---------------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120
        self._camera.zoom_by(STEP**steps, about=self._under(event.position()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in {Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton}:
            self._drag = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            before, now = self._under(self._drag), self._under(event.position())
            self._drag = event.position()
            self._camera.pan(now - before)
        self._camera.point_at(self._under(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        self._drag = None

    def leaveEvent(self, event: object) -> None:  # noqa: ARG002  (signature is Qt's)
        self._camera.point_at(None)

    def _under(self, point: QPointF) -> QPointF:
        return self._camera.look(self.area).to_picture(point)
