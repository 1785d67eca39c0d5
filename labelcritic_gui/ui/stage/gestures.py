"""What the mouse does on a pane. Layer: ui.

| gesture | slices | projections |
|---|---|---|
| wheel | slice | zoom |
| Ctrl + wheel | zoom | zoom |
| left drag | crosshair | pan |
| left click | crosshair | crosshair |
| Ctrl + left drag | slice | - |
| middle drag, Shift + left drag | pan | pan |
| right drag | window: width to the right, level downwards | - |
| double click | this plane large | near to the place, and back |
| drag on the bar at the right edge | slice | - |

A tool (`Gestures.tool`) takes the left button from all of them while it is in force.
"""

from typing import Generic, Protocol, TypeVar

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from labelcritic_gui.core.geometry import Point
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.ui.stage.marking import slice_bar_of
from labelcritic_gui.ui.stage.scene import Scene
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.looking.looking import ZOOM_STEP

CLICK_PX = 4
"""A press that moves less than this is a click."""
PX_PER_SLICE = 4.0
BAR_REACH = 12
_BUTTON, _KEY = Qt.MouseButton, Qt.KeyboardModifier


class Pane(Protocol):
    """The part of a pane that the mouse needs to know."""

    @property
    def view(self) -> View | None:
        """Which way it looks; None while it shows nothing."""

    @property
    def scene(self) -> Scene | None:
        """What it shows."""

    @property
    def area(self) -> QRectF:
        """Where its picture is drawn."""

    def to_world(self, point: QPointF) -> Point | None:
        """Return the world point in mm under a point of the pane."""


P = TypeVar("P", bound=Pane)
P_in = TypeVar("P_in", bound=Pane, contravariant=True)


class Tool(Protocol[P_in]):
    """Takes the left button of the panes; each method says whether it took the event."""

    def press(self, pane: P_in, event: QMouseEvent) -> bool:
        """Take a press."""

    def move(self, pane: P_in, event: QMouseEvent) -> bool:
        """Take a move, with or without a button."""

    def release(self, pane: P_in, event: QMouseEvent) -> bool:
        """Take a release."""


class Gestures(Generic[P]):
    """Turns the mouse on one pane into what `Looking` is told."""

    def __init__(self, looking: Looking, pane: P) -> None:
        self._looking, self._pane = looking, pane
        self._doing = ""
        self._from = QPointF()
        self._last = QPointF()
        self._rest = 0.0
        self._window = looking.window
        self.tool: Tool[P] | None = None

    # --- events ------------------------------------------------------------------------------------------------

    def wheel(self, event: QWheelEvent) -> None:
        """Scroll through slices, or zoom about the cursor."""
        event.accept()
        steps = (event.angleDelta().y() or event.angleDelta().x()) / 120
        zooming = event.modifiers() & _KEY.ControlModifier or self._looking.mode == "projection"
        if zooming:
            self._looking.zoom_by(ZOOM_STEP**steps, about=self._under(event.position()), view=self._pane.view)
            return
        self._rest += steps
        whole = int(self._rest)
        self._rest -= whole
        if whole and self._pane.view is not None:
            self._looking.step_slice(whole, self._pane.view)

    def press(self, event: QMouseEvent) -> None:
        """Begin what the button and the modifiers mean."""
        if self.tool is not None and self.tool.press(self._pane, event):
            return
        self._from = self._last = event.position()
        self._rest = 0.0
        self._window = self._looking.window
        self._doing = self._meaning(event)
        if self._doing in {"centre", "bar"}:
            self._follow(event)
        elif self._doing == "measure":
            self._measure_press(event)

    def move(self, event: QMouseEvent) -> None:
        """Go on with it; the linked cursor follows in any case."""
        if self.tool is not None and self.tool.move(self._pane, event):
            return
        place = self._under(event.position())
        if self._doing:
            self._follow(event)
        elif self._looking.measuring and self._drawing() and place is not None:
            self._looking.measure_to(place, fixed=False)
        self._last = event.position()
        self._looking.point_at(self._pane.view, place)

    def release(self, event: QMouseEvent) -> None:
        """End it."""
        doing, self._doing = self._doing, ""
        if self.tool is not None and self.tool.release(self._pane, event):
            return
        moved = (event.position() - self._from).manhattanLength() >= CLICK_PX
        place = self._under(event.position())
        if doing == "window" and self._looking.window != self._window:
            self._looking.keep_window()
        elif doing == "measure" and moved and place is not None:
            self._looking.measure_to(place, fixed=True)
        elif doing == "look" and not moved and place is not None:
            self._looking.set_centre(place)

    def double(self, event: QMouseEvent) -> None:
        """Show this plane large; on a projection go near, or back."""
        looking, place = self._looking, self._under(event.position())
        if event.button() is not _BUTTON.LeftButton or looking.measuring or place is None or self._pane.view is None:
            return
        if looking.mode == "slices" and self._pane.view is not looking.plane:
            looking.show_plane(self._pane.view)
        elif looking.zoom > 1.0:
            looking.reset()
        else:
            looking.go_to(place)

    # --- what it means -----------------------------------------------------------------------------------------

    def _meaning(self, event: QMouseEvent) -> str:
        button, keys = event.button(), event.modifiers()
        slices = self._looking.mode == "slices"
        if button is _BUTTON.MiddleButton or (button is _BUTTON.LeftButton and keys & _KEY.ShiftModifier):
            return "pan"
        if button is _BUTTON.RightButton:
            return "window" if slices else ""
        if button is not _BUTTON.LeftButton:
            return ""
        if self._looking.measuring:
            return "measure"
        if not slices:
            return "look"
        if keys & _KEY.ControlModifier:
            return "scroll"
        return "bar" if event.position().x() >= slice_bar_of(self._pane.area).left() - BAR_REACH else "centre"

    def _follow(self, event: QMouseEvent) -> None:
        looking, view = self._looking, self._pane.view
        place, before = self._under(event.position()), self._under(self._last)
        by = event.position() - self._last
        if view is None or place is None or before is None:
            return
        if self._doing in {"pan", "look"}:
            looking.pan(before, place, view)
        elif self._doing == "centre":
            looking.set_centre(place)
        elif self._doing == "window":
            off = event.position() - self._from
            looking.drag_window(self._window, off.x(), -off.y())
        elif self._doing == "measure" and self._drawing():
            looking.measure_to(place, fixed=False)
        elif self._doing == "bar":
            bar = slice_bar_of(self._pane.area)
            count = self._pane.scene.count if self._pane.scene is not None else 1
            looking.show_slice(int((bar.bottom() - event.position().y()) / bar.height() * count), view)
        elif self._doing == "scroll":
            self._rest -= by.y() / PX_PER_SLICE
            whole = int(self._rest)
            self._rest -= whole
            looking.step_slice(whole, view)

    def _measure_press(self, event: QMouseEvent) -> None:
        place, view = self._under(event.position()), self._pane.view
        if place is None or view is None:
            return
        if self._drawing():
            self._looking.measure_to(place, fixed=True)
            self._doing = ""
        else:
            self._looking.measure_from(view, place)

    def _drawing(self) -> bool:
        """Say whether a line of this view waits for its other end."""
        measure = self._looking.measure
        return measure is not None and not measure.fixed and measure.view is self._pane.view

    def _under(self, point: QPointF) -> Point | None:
        return self._pane.to_world(point)
