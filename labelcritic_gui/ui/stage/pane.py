"""One picture of one candidate: anatomy and masks at device pixels, and what is written on them. Layer: ui."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from labelcritic_gui.core.geometry import Geometry, Point
from labelcritic_gui.imaging.composition import Canvas, Placement, composed, draw, magnified, tinted
from labelcritic_gui.imaging.frame import Edges, View
from labelcritic_gui.imaging.projection import Picture
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.stage.gestures import Gestures, Tool
from labelcritic_gui.ui.stage.marking import AXES, EDGE, RAY_NAME, Ink
from labelcritic_gui.ui.stage.scene import Mark, Scene
from labelcritic_gui.ui.stage.sight import Sight, sight
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.viewmodels.looking import Looking

BAR_ROOM = 10
MARK_REACH_MM = 8.0
"""A finding is marked on slices that are no farther from it than this."""
SMALL = 250
"""Px of a pane that has room for few words."""
_FLAG = Qt.AlignmentFlag
Painter = Callable[[Ink, "PaneView", Sight], None]
"""Draws something of its own over a pane: the difference tour, a patchwork in the making."""


class GreyShelf:
    """The magnified anatomy of each view, made once for all the panes that show the same."""

    def __init__(self) -> None:
        self._kept: dict[tuple[View, tuple[int, int]], tuple[object, Picture, bool]] = {}

    def get(self, scene: Scene, placement: Placement, shape: tuple[int, int]) -> tuple[Picture, bool]:
        """Return the anatomy as it lies on a canvas, and whether all of it has one and the same grey."""
        place, key = (scene.view, shape), (scene.grey_key, placement)
        kept = self._kept.get(place)
        if kept is None or kept[0] != key:
            grey = scene.grey()
            flat = bool(grey.min() == grey.max())
            kept = (key, magnified(grey, placement, shape), flat)
            self._kept[place] = kept
        return kept[1], kept[2]

    def clear(self) -> None:
        """Let go of everything."""
        self._kept.clear()


class PaneView(QWidget):
    """Draws a scene as `Looking` has it, and hands the mouse to `Gestures`.

    `overlays` draw over the picture, in order. `position` is the panel's place on the stage, from 0; a `large` pane
    says what window it shows.
    """

    painted = Signal()

    def __init__(
        self,
        looking: Looking,
        theme: Theme,
        shelf: GreyShelf,
        position: int,
        parent: QWidget | None = None,
        *,
        large: bool = True,
    ) -> None:
        super().__init__(parent)
        self.position = position
        self.large = large
        self.overlays: list[Painter] = []
        self.marks: tuple[Mark, ...] = ()
        self.scene: Scene | None = None
        self._looking, self._theme, self._shelf = looking, theme, shelf
        self._waiting = ""
        self._canvas: Canvas | None = None
        self._canvas_key: object = None
        self._flat = False
        self._edges: tuple[Geometry | None, View, Edges] | None = None
        self._gestures: Gestures[PaneView] = Gestures(looking, self)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setMinimumSize(80, 80)

    def take_tool(self, tool: "Tool[PaneView] | None") -> None:
        """Let a tool have the left button, or take it away."""
        self._gestures.tool = tool

    # --- what to show ------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme
        self.update()

    def set_scene(self, scene: Scene | None, *, waiting: str = "") -> None:
        """Show a scene, or a word while there is none."""
        self.scene, self._waiting = scene, waiting
        if scene is None:
            self._canvas = self._canvas_key = None
        self.setAccessibleName(scene.head if scene else waiting)
        self.update()

    def set_marks(self, marks: Sequence[Mark]) -> None:
        """Show numbered places."""
        if self.marks or marks:
            self.marks = tuple(marks)
            self.update()

    @property
    def view(self) -> View | None:
        """Which way the pane looks; None while it shows nothing."""
        return self.scene.view if self.scene is not None else None

    @property
    def area(self) -> QRectF:
        """Where the picture is drawn."""
        return QRectF(self.rect())

    @property
    def sight(self) -> Sight | None:
        """How the pane sees its picture now; None while it shows nothing."""
        if self.scene is None or self.scene.refusal or self.area.isEmpty():
            return None
        return sight(self.scene.frame, self.area, middle=self._looking.middle, zoom=self._looking.zoom)

    def to_world(self, point: QPointF) -> Point | None:
        """Return the world point in mm under a point of the pane; on a projection, at the crosshair's depth."""
        seen = self.sight
        if seen is None or self.scene is None:
            return None
        place = seen.to_world(point)
        if self.scene.index is None:
            place = self._looking.at_depth_of_centre(place, self.scene.view)
        return place

    def to_pane(self, place: Point) -> QPointF | None:
        """Return where a world point is seen; None while the pane shows nothing."""
        seen = self.sight
        return None if seen is None else seen.to_pane(place)

    # --- drawing -----------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        painter = QPainter(self)
        ink = Ink(painter, self._theme)
        scene, seen = self.scene, self.sight
        whole = seen is not None and self.devicePixelRatioF().is_integer()
        if not whole:  # a picture leaves part of a pixel uncovered at its edges
            painter.fillRect(self.rect(), self._theme.colour("stage"))
        if scene is None or seen is None:
            self._say(ink, scene.refusal if scene is not None else self._waiting)
        else:
            self._draw_picture(painter, scene, seen)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._draw_over(ink, scene, seen)
            self._say(ink, self._note(scene), low=True)
        painter.end()
        if scene is not None:
            self.painted.emit()

    def _draw_picture(self, painter: QPainter, scene: Scene, seen: Sight) -> None:
        """Copy the canvas to the screen, a device pixel each."""
        ratio = self.devicePixelRatioF()
        shape = (round(self.height() * ratio), round(self.width() * ratio))
        key = (scene, seen.placement(ratio), shape)
        if self._canvas is None or self._canvas_key != key:
            self._canvas, self._canvas_key = self._composed(scene, seen.placement(ratio), shape), key
        image = QImage(self._canvas.data, shape[1], shape[0], 4 * shape[1], QImage.Format.Format_RGB32)
        painter.save()
        painter.scale(1.0 / ratio, 1.0 / ratio)
        painter.drawImage(QPointF(0, 0), image)
        painter.restore()

    def _composed(self, scene: Scene, placement: Placement, shape: tuple[int, int]) -> Canvas:
        grey, self._flat = self._shelf.get(scene, placement, shape)
        spare = self._canvas if self._canvas is not None and self._canvas.shape[:2] == shape else None
        if scene.neighbours is None:
            return composed(grey, scene.layers, placement, into=spare)
        canvas = composed(grey, (), placement, into=spare)
        tinted(canvas, scene.neighbours.labels, scene.neighbours.colours, placement)
        draw(canvas, scene.layers, placement)
        return canvas

    def _draw_over(self, ink: Ink, scene: Scene, seen: Sight) -> None:
        looking, area = self._looking, self.area
        small = self.width() < self._theme.px(SMALL)
        if looking.zoom > 1.0 and not small:
            ink.rulers(area, seen)
        if looking.crosshair and (scene.index is not None or looking.placed):
            ink.crosshair(area, seen.to_pane(looking.centre))
        ink.marks(self._near_marks(scene), seen)
        for overlay in self.overlays:
            overlay(ink, self, seen)
        measure = looking.measure
        if measure is not None and measure.view is scene.view and measure.index == scene.index:
            ink.distance(measure, seen)
        cursor = looking.cursor
        if cursor is not None and cursor[0] is scene.view and not self.underMouse():
            ink.cursor(seen.to_pane(cursor[1]))
        if scene.index is not None:
            ink.slice_bar(area, index=scene.index, count=scene.count, span=scene.span, colour=scene.colour)
        self._draw_words(ink, scene, seen, small=small)

    def _note(self, scene: Scene) -> str:
        """Return what has to be said over the picture."""
        looking = self._looking
        if looking.measuring and looking.measure is None:
            return tr("Measure: click two points, or drag")
        if self._flat and self.large:  # beside it there is no room to say it again
            return tr("This picture has no contrast: everything in it is as bright. W shows the next window.")
        return scene.note

    def _edges_of(self, scene: Scene) -> Edges:
        """Return the letters of the scene's edges; they are the same on every slice of a plane."""
        geometry = self._looking.geometry
        if self._edges is None or self._edges[0] is not geometry or self._edges[1] is not scene.view:
            self._edges = (geometry, scene.view, scene.frame.edges)
        return self._edges[2]

    def _near_marks(self, scene: Scene) -> list[Mark]:
        """Return the marks that belong to what is seen: on a slice those that are near it."""
        if scene.index is None:
            return list(self.marks)
        off = self._looking.mm_off
        return [mark for mark in self.marks if off(mark.place, scene.view) <= MARK_REACH_MM]

    def _draw_words(self, ink: Ink, scene: Scene, seen: Sight, *, small: bool) -> None:
        """Write head, foot and letters; a letter gives way to the words that would lie under it."""
        area, line = self.area, self._theme.px(18)
        right = ink.scale_bar(area, seen.px_per_mm)
        ink.painter.setFont(self._theme.font("small"))
        inner = area.adjusted(EDGE, EDGE - 2, -EDGE, -EDGE + 2)
        head = ink.words(inner, self._head(scene, ink, inner.width()), _FLAG.AlignLeft | _FLAG.AlignTop, "on-stage")
        reach = area.center().x() - 2 * EDGE
        foot = 0 if small else self._draw_foot(ink, scene, inner, right)
        side = 0 if scene.index is None else BAR_ROOM
        below = line if right > reach and not foot else foot
        ink.letters(area, self._edges_of(scene), head=line if head.right() > reach else 0, foot=below, side=side)

    def _draw_foot(self, ink: Ink, scene: Scene, inner: QRectF, start: float) -> int:
        """Write the window at the left and what is under the cursor at the right; return how high they reach."""
        line, reach = self._theme.px(18), self.area.center().x() - 2 * EDGE
        room = inner.adjusted(start - EDGE + 12, 0, 0, 0)
        window = scene.foot if self.large else ""
        taken = ink.words(room, window, _FLAG.AlignLeft | _FLAG.AlignBottom).right() if window else start
        under = self._under_cursor(scene)
        if under is None:
            return line if taken > reach else 0
        wide = ink.painter.fontMetrics().horizontalAdvance(under[0])
        raised = line if inner.right() - wide - EDGE < taken else 0
        for text, up in ((under[0], raised), (under[1], raised + line)):
            ink.words(inner.adjusted(0, 0, 0, -up), text, _FLAG.AlignRight | _FLAG.AlignBottom, "on-stage")
        high = inner.right() - wide - EDGE < self.area.center().x() + 2 * EDGE
        return (raised + line if high or raised else 0) or (line if taken > reach else 0)

    def _head(self, scene: Scene, ink: Ink, room: float) -> str:
        """Return the plane, the position in mm and the number of the slice; fewer words where there is no room."""
        words = self._place_words(scene)
        if ink.painter.fontMetrics().horizontalAdvance(words) + EDGE <= room:
            return words
        return words.removeprefix(scene.head).strip() or words

    def _place_words(self, scene: Scene) -> str:
        """Return the plane, the position in mm and the number of the slice."""
        if scene.index is None:
            return scene.head
        at = self._looking.centre[scene.view.ray]
        return f"{scene.head}  {RAY_NAME[scene.view]} {at:.0f} mm · {scene.index + 1}/{scene.count}"

    def _under_cursor(self, scene: Scene) -> tuple[str, str] | None:
        """Return the words on what is under the linked cursor: density and position, and the neighbour's name."""
        cursor = self._looking.cursor
        if cursor is None or cursor[0] is not scene.view:
            return None
        place = cursor[1]
        hu = scene.density(place) if scene.density is not None else None
        axes = ((0, "x"), (1, "y"), (2, "z")) if scene.index is not None else AXES[scene.view]
        where = " ".join(f"{name} {place[axis]:.0f}" for axis, name in axes)
        words = f"{where} mm" if hu is None else f"HU {hu:.0f}   {where} mm"
        return words, scene.name_at(*scene.frame.to_picture(place))

    def _say(self, ink: Ink, words: str, *, low: bool = False) -> None:
        ink.painter.setFont(self._theme.font("base"))
        area = self.area.adjusted(32, 32, -32, -48)
        align = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap)
        align |= int(Qt.AlignmentFlag.AlignBottom if low else Qt.AlignmentFlag.AlignVCenter)
        ink.words(area, words, align, "on-stage" if low else "on-stage-quiet")

    # --- the mouse ---------------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._gestures.wheel(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._gestures.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._gestures.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._gestures.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._gestures.double(event)

    def leaveEvent(self, event: object) -> None:  # noqa: ARG002  (signature is Qt's)
        self._looking.point_at(None, None)
