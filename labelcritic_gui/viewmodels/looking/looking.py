"""What the reader looks at, shared by every panel: the intents of the stage. Layer: viewmodels."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from psygnal import Signal

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.geometry import Mask, Point
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.imaging.projection import Ray
from labelcritic_gui.imaging.slices import slice_count, slice_index, slice_span
from labelcritic_gui.imaging.telling import telling_place
from labelcritic_gui.imaging.window import PRESETS, Window
from labelcritic_gui.services.comparison import Stage
from labelcritic_gui.settings import Settings
from labelcritic_gui.viewmodels.looking.camera import Camera
from labelcritic_gui.viewmodels.looking.drawing import Drawing
from labelcritic_gui.viewmodels.looking.ledger import SeenOf
from labelcritic_gui.viewmodels.looking.measuring import Ruler
from labelcritic_gui.viewmodels.looking.session import Kept, Mode, Planes, kept_of, state_of
from labelcritic_gui.viewmodels.looking.windows import PRESET_NAMES, named, starting_window

if TYPE_CHECKING:
    from labelcritic_gui.services.slices import CaseVolume

SLICE_ORDER = (View.AXIAL, View.FRONTAL, View.LATERAL)
PROJECTION_ORDER = (View.FRONTAL, View.LATERAL, View.AXIAL)
ZOOM_STEP = 1.25
DRAG_HU = 2.0
"""Hounsfield units of width or level for each px that a window is dragged."""


class Looking(Camera, Drawing, Ruler):
    """One for the whole station; going on to the next item keeps mode, zoom and planes. GUI thread only.

    `centre` is the crosshair in world mm, `middle` (see `Camera`) what lies in the middle of the panels.
    """

    changed: ClassVar[Signal] = Signal()
    pointed: ClassVar[Signal] = Signal()
    mode_changed: ClassVar[Signal] = Signal()

    def __init__(self, settings: Settings, remember: Callable[..., Any]) -> None:
        Camera.__init__(self)
        Drawing.__init__(self, settings, remember)
        Ruler.__init__(self)
        self.mode: Mode = "projection"
        self.plane: View = View.AXIAL
        self.side: View = View.FRONTAL
        self.planes: Planes = "one"
        self.ray: Ray = "mean"
        self.presets: dict[str, Window] = {name: settings.preset(name) for name in PRESETS}
        self.window: Window = self.presets["abdomen"]
        self.stage: Stage | None = None
        self.volume: CaseVolume | None = None
        self.cursor: tuple[View, Point] | None = None
        self.difference = False
        self.swipe: float | None = None
        self.blink = 0
        self._windows: dict[str, tuple[float, float]] = dict(settings.windows)
        self._seen = SeenOf()
        self._placed = self._told = False
        self._resume: Kept | None = None
        self._item: ItemId | None = None

    def tell(self) -> None:
        """Say that something changed."""
        self.changed.emit()

    def take_settings(self, settings: Settings) -> None:
        """Take over the reader's own numbers of the presets."""
        self.presets = {name: settings.preset(name) for name in PRESETS}

    # --- going from item to item -------------------------------------------------------------------------------

    def begin(self, stage: Stage, volume: "CaseVolume | None" = None) -> None:
        """Look at an item: from its structure's middle, or on from where it is when it is the same one."""
        again, self._item = self._item == stage.item, stage.item
        self.stage, self.volume = stage, volume
        self.take_geometry(stage.frame.geometry)
        if not again:
            self.measure, self.cursor, self.blink = None, None, 0
            self._seen = SeenOf(stage.frame.geometry)
            self._placed = self._told = False
            self.window = starting_window(stage.structure, self._windows, self.presets)
            self.centre = self._first_place(stage)
            self._recentre()
            self._tell_place()
            self._take_up(stage)
        self.tell()

    def take_volume(self, volume: "CaseVolume | None") -> None:
        """Take the case's slices, or None when they are gone."""
        self.volume = volume
        self._tell_place()
        self.tell()

    def end(self, *, for_good: bool = False) -> None:
        """Let go of the item; its place is kept for when it comes again next, but not where it ends `for_good`."""
        self.stage = self.volume = self.cursor = None
        if for_good:
            self._item, self.measure, self._seen = None, None, SeenOf()
        self.tell()

    def own_masks(self) -> list[Mask]:
        """Return the masks of the item's candidates that are there, in the order of the panels."""
        if self.volume is None or self.stage is None:
            return []
        found = (self.volume.masks.get(p.candidate) for p in self.stage.panels if p.candidate is not None)
        return [mask for mask in found if mask is not None]

    def _tell_place(self) -> None:
        """Go to the slice that tells most, as soon as slices are looked at and until the reader goes elsewhere."""
        if self._placed or self._told or self.mode != "slices" or self.volume is None:
            return
        place = telling_place(self.own_masks())
        self._told = True
        # a magnified picture shows what the reader chose to see: only a place within it is gone to
        if place is not None and self.in_sight(self.view, place):
            self.centre = place

    def _first_place(self, stage: Stage) -> Point:
        """Return the middle of the structure's silhouettes, else the image's."""
        frame = stage.frame
        shown = [panel.silhouette for panel in stage.panels if panel.silhouette.any()]
        if not shown:
            return self.whole_middle
        rows, columns = (sum(axis) for axis in zip(*(_centroid(one) for one in shown), strict=True))
        return frame.to_world(rows / len(shown), columns / len(shown))

    def _take_up(self, stage: Stage) -> None:
        """Go on where the last session was, when this is the item of then."""
        kept, self._resume = self._resume, None
        if kept is None or kept.item != (stage.item.case, stage.item.structure):
            return
        self.centre, self.middle, self.zoom = self.inside(kept.centre), self.inside(kept.middle), kept.zoom
        self.window = named(kept.window[0], kept.window[1], self.presets)
        self._placed = True

    # --- where -------------------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """The view that the large picture shows now: a plane of slices, or the direction of the rays."""
        return self.plane if self.mode == "slices" else self.side

    @property
    def views(self) -> tuple[View, ...]:
        """The views of every candidate, the large one first."""
        if self.mode == "projection" or self.planes == "one":
            return (self.view,)
        return (self.plane, *(view for view in SLICE_ORDER if view is not self.plane))

    def toggle_mode(self) -> None:
        """Go from projections to slices and back, keeping the place."""
        self.show_mode("slices" if self.mode == "projection" else "projection")

    def show_mode(self, mode: Mode) -> None:
        """Show projections or slices."""
        if mode != self.mode:
            before, self.mode = self.view, mode
            if self.in_sight(before, self.centre):
                self._tell_place()
            self.mode_changed.emit()
            self._turned(before)

    def cycle_plane(self) -> None:
        """Show the next plane of slices, or the next direction of the rays."""
        order = SLICE_ORDER if self.mode == "slices" else PROJECTION_ORDER
        self.show_plane(order[(order.index(self.view) + 1) % len(order)])

    def show_plane(self, view: View) -> None:
        """Show a plane large."""
        before = self.view
        if self.mode == "slices":
            self.plane = view
        else:
            self.side = view
        self._turned(before)

    def _turned(self, before: View) -> None:
        """Keep the place after another view became the large one."""
        self.measuring, self.measure = False, None
        if not self.in_sight(before, self.centre):  # the reader went elsewhere with the picture: so does the crosshair
            self.centre, self._placed = self.drawn_in(before, self.centre), True
        self.keep_scale(before, self.view)
        self.keep_in_sight(self.view, self.centre)
        self.tell()

    def toggle_planes(self) -> None:
        """Show one large plane or three."""
        self.planes = "three" if self.planes == "one" or self.mode == "projection" else "one"
        self.show_mode("slices")
        self.tell()

    def toggle_ray(self) -> None:
        """Show the mean or the maximum along the rays."""
        self.ray = "max" if self.ray == "mean" else "mean"
        self.tell()

    def show_usual(self) -> None:
        """Go back to the projection that is always here: frontal, mean, the structure alone."""
        self.side, self.ray, self.neighbours = View.FRONTAL, "mean", False
        self.show_mode("projection")
        self.tell()

    @property
    def placed(self) -> bool:
        """Say whether the reader put the crosshair somewhere on this item."""
        return self._placed

    def at_depth_of_centre(self, place: Point, view: View) -> Point:
        """Return a place moved along a view's rays to where the crosshair is."""
        return self.with_depth(place, view, self.depth_of(self.centre, view))

    def mm_off(self, place: Point, view: View) -> float:
        """Return how far a place lies from the slice of a plane that is shown, in mm."""
        return abs(self.depth_of(place, view) - self.index_of(view)) * self.spacing[view.ray]

    def set_centre(self, place: Point) -> None:
        """Put the crosshair somewhere, inside the image."""
        self.centre = self.inside(place)
        self._placed = True
        self.tell()

    def go_to(self, place: Point, *, low: Point | None = None, high: Point | None = None, zoom: float = 2.5) -> None:
        """Bring a place to the middle of every panel, near enough to see it; its box, from `low` to `high`, whole."""
        self.centre = self.inside(place)
        near = max(self.zoom, zoom) if low is None or high is None else self.zoom_for(low, high)
        self.look_at(self.centre, zoom=near)
        self._placed = True
        self.tell()

    def _recentre(self) -> None:
        """Bring the structure to the middle where the picture is magnified."""
        self.look_at(self.centre, zoom=self.zoom)

    # --- slices ------------------------------------------------------------------------------------------------

    def index_of(self, view: View) -> int:
        """Return the slice of a plane that the crosshair is on."""
        return slice_index(self.geometry, view, self.centre) if self.geometry is not None else 0

    def slice_of(self, view: View) -> int | None:
        """Return the slice of a plane that is shown; None on projections."""
        return self.index_of(view) if self.mode == "slices" and self.volume is not None else None

    def step_slice(self, by: int, view: View | None = None) -> None:
        """Go some slices on; the growing way is to the patient's left, front or head as the plane has it."""
        plane = view or self.plane
        if self.geometry is not None and self.mode == "slices":
            self.show_slice(self.index_of(plane) + by, plane)

    def show_slice(self, index: int, view: View | None = None) -> None:
        """Show a slice of a plane, counted from 0; the first or last one instead of one that is not there."""
        plane = view or self.plane
        geometry = self.geometry
        if geometry is None:
            return
        index = min(slice_count(geometry, plane) - 1, max(0, index))
        if index == self.index_of(plane):
            return
        self.centre = self.with_depth(self.centre, plane, float(index))
        self._placed = True
        self.tell()

    def slice_span(self, view: View) -> tuple[int, int] | None:
        """Return the first and last slice of the structure in a plane; None without slices or masks."""
        return slice_span(self.own_masks(), view)

    def to_end(self, *, last: bool) -> None:
        """Go to the first or the last slice of the structure; of the image where it has none."""
        if self.mode != "slices" or self.geometry is None:
            return
        first, final = self.slice_span(self.plane) or (0, slice_count(self.geometry, self.plane) - 1)
        self.show_slice(final if last else first)

    # --- windows -----------------------------------------------------------------------------------------------

    def show_window(self, name: str) -> None:
        """Show slices through a preset, and keep it for the structure."""
        self.window = self.presets[name]
        self.keep_window()
        self.tell()

    def cycle_window(self) -> None:
        """Go to the next window: of the projections on the stage, or the next preset of slices."""
        if self.mode == "projection":
            if self.stage is not None:
                self.cycle_projection(tuple(self.stage.pictures))
            return
        here = PRESET_NAMES.index(self.window.name) if self.window.name in PRESET_NAMES else -1
        self.show_window(PRESET_NAMES[(here + 1) % len(PRESET_NAMES)])

    def drag_window(self, start: Window, right: float, up: float) -> None:
        """Widen a window by a drag to the right, lower its level (that is: brighten) by one upwards; px since `start`.

        A narrow window is dragged in small steps, a wide one in large ones; back where it began it is as it was.
        """
        step = DRAG_HU * max(0.25, start.width / 400.0)
        self.window = named(start.width + right * step, start.level - up * step, self.presets)
        self.tell()

    def keep_window(self) -> None:
        """Remember the window for this structure."""
        if self.stage is not None:
            self._windows[self.stage.structure.name] = (self.window.width, self.window.level)
            self._remember(windows=dict(self._windows))

    # --- pointing --------------------------------------------------------------------------------

    def point_at(self, view: View | None, place: Point | None) -> None:
        """Move the linked cursor."""
        self.cursor = None if view is None or place is None else (view, place)
        self.pointed.emit()

    # --- differences -------------------------------------------------------------------------------------------

    def show_difference(self, shown: bool) -> None:
        """Colour what only one candidate claims, or not."""
        self.difference = shown
        self._seen.difference |= shown
        self.tell()

    def show_swipe(self, share: float | None) -> None:
        """Put the divider at a share of the width; None takes it away."""
        self.swipe = None if share is None else min(1.0, max(0.0, share))
        self.tell()

    def shift_masks(self, places: int) -> None:
        """Show every mask so many panels on; 0 puts each on its own."""
        self.blink = places
        self.tell()

    # --- the ledger and the session ----------------------------------------------------------------------------

    def saw(self, view: View, *, projection: str = "") -> None:
        """Take note of what is on the screen: the slice of a plane, or a projection of this name."""
        if projection:
            self._seen.projections.add(f"{projection}-{view.value}" if self.ray == "mean" else f"max-{view.value}")
        else:
            self._seen.take_slice(view, self.index_of(view))
        self._seen.masks |= self.overlay

    def toured(self) -> None:
        """Take note of one more place of the tour."""
        self._seen.tour += 1

    def seen(self) -> dict[str, Any]:
        """Return what was seen of the item, for the ledger."""
        return {
            "projection": self.projection,
            "overlay": self.style if self.overlay else "off",
            "window": [self.window.width, self.window.level],
            **self._seen.as_record(),
        }

    def state(self) -> dict[str, Any]:
        """Return where the reader is, for the next session; plain values."""
        return state_of(self)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over where a reader was; what is missing or not understood stays as it is."""
        self._resume = kept_of(self, state)
        self.mode_changed.emit()
        self.tell()


def _centroid(silhouette: Any) -> tuple[float, float]:
    rows, columns = silhouette.nonzero()
    return float(rows.mean()), float(columns.mean())
