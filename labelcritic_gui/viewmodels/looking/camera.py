"""How near, and what is in the middle: one camera for every panel, in world mm. Layer: viewmodels."""

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Geometry, Point
from labelcritic_gui.imaging.frame import View

MAX_ZOOM = 24.0
SURROUNDINGS = 1.8
"""A box is shown with so many times its size around it."""
IN_SIGHT = 0.35
"""A place that is off the middle by more than this share of what is seen is brought to the middle."""


class Camera:
    """Zoom 1 shows the whole picture in every panel; `middle` is the world point in mm that panels centre on.

    Everything is worked out along the axes of the image's grid, so that what happens in one plane leaves the depth of
    the others alone. `centre` is the crosshair.
    """

    def __init__(self) -> None:
        self.geometry: Geometry | None = None
        self.zoom = 1.0
        self.centre: Point = (0.0, 0.0, 0.0)
        self.middle: Point = (0.0, 0.0, 0.0)

    def tell(self) -> None:
        """Say that something changed."""

    @property
    def whole_middle(self) -> Point:
        """The middle of the image."""
        if self.geometry is None:
            return (0.0, 0.0, 0.0)
        return self._world((np.array(self.geometry.shape) - 1.0) / 2.0)

    def take_geometry(self, geometry: Geometry) -> None:
        """Look at a grid; the zoom stays, places are brought inside."""
        self.geometry = geometry
        self.centre, self.middle = self.inside(self.centre), self.inside(self.middle)

    def inside(self, place: Point) -> Point:
        """Return the nearest point of the image."""
        if self.geometry is None:
            return place
        index = np.clip(self._index(place), 0.0, np.array(self.geometry.shape) - 1.0)
        return self._world(index)

    def with_depth(self, place: Point, view: View, index: float) -> Point:
        """Return a place moved along a view's rays to a slice."""
        moved = self._index(place)
        moved[view.ray] = index
        return self._world(moved)

    def depth_of(self, place: Point, view: View) -> float:
        """Return the slice that a place lies on, as a number with its fraction."""
        return float(self._index(place)[view.ray])

    def look_at(self, place: Point, *, zoom: float) -> None:
        """Bring a place to the middle; at zoom 1 the whole picture is what is seen."""
        self.zoom = min(MAX_ZOOM, max(1.0, zoom))
        self.middle = self.inside(place) if self.zoom > 1.0 else self.whole_middle

    def reset(self) -> None:
        """Show the whole picture."""
        self.look_at(self.whole_middle, zoom=1.0)
        self.tell()

    def zoom_by(self, factor: float, *, about: Point | None = None, view: View | None = None) -> None:
        """Zoom in or out, keeping a place where it is on the screen (the crosshair when None); only within `view`."""
        zoom = min(MAX_ZOOM, max(1.0, self.zoom * factor))
        if zoom == self.zoom:
            return
        middle, fixed = self._index(self.middle), self._index(self.centre if about is None else about)
        if view is not None:
            fixed[view.ray] = middle[view.ray]
        moved = fixed + (middle - fixed) * (self.zoom / zoom)
        self.look_at(self._world(moved), zoom=zoom)
        self.tell()

    def pan(self, start: Point, end: Point, view: View) -> None:
        """Move the picture so that what was at `start` comes to `end`, within a view."""
        if self.zoom <= 1.0:
            return
        step = self._index(end) - self._index(start)
        step[view.ray] = 0.0
        self.middle = self.inside(self._world(self._index(self.middle) - step))
        self.tell()

    def extent(self, view: View) -> float:
        """Return the longer side of a view's picture, in mm."""
        return max(self._sides()[view.across], self._sides()[view.up])

    def zoom_for(self, low: Point, high: Point) -> float:
        """Return how near to go so that a box, with some of what is around it, fills the panels."""
        one, other = self._index(low), self._index(high)
        box = np.abs(other - one) * np.array(self.spacing) * SURROUNDINGS + 30.0
        return float(min(MAX_ZOOM, max(1.0, min(max(self._sides()) / side for side in box))))

    def keep_scale(self, before: View, after: View) -> None:
        """Keep a magnified picture's scale when another view with other sides is shown."""
        if self.zoom > 1.0 and before is not after:
            zoom = self.zoom * self.extent(after) / self.extent(before)
            self.look_at(self.middle, zoom=max(1.05, zoom))

    def keep_in_sight(self, view: View, place: Point) -> None:
        """Bring a place to the middle where it would not be seen."""
        if not self.in_sight(view, place):
            self.middle = place

    def drawn_in(self, view: View, place: Point) -> Point:
        """Return a place, or what is in the middle of a view where the place is out of its sight."""
        if self.in_sight(view, place):
            return place
        return self.with_depth(self.middle, view, self.depth_of(place, view))

    def in_sight(self, view: View, place: Point) -> bool:
        """Say whether a place is seen along a view."""
        if self.zoom <= 1.0:
            return True
        off = np.abs(self._index(place) - self._index(self.middle)) * np.array(self.spacing)
        return bool(max(off[view.across], off[view.up]) <= IN_SIGHT * self.extent(view) / self.zoom)

    @property
    def spacing(self) -> Point:
        """Voxel size along each axis of the grid, in mm."""
        return self.geometry.spacing if self.geometry is not None else (1.0, 1.0, 1.0)

    def _sides(self) -> Point:
        shape = self.geometry.shape if self.geometry is not None else (1, 1, 1)
        x, y, z = (n * mm for n, mm in zip(shape, self.spacing, strict=True))
        return x, y, z

    def _index(self, place: Point) -> NDArray[np.float64]:
        return np.array(place) if self.geometry is None else self.geometry.to_index(np.array(place))

    def _world(self, index: NDArray[np.float64]) -> Point:
        world = index if self.geometry is None else self.geometry.to_world(index)
        x, y, z = (float(n) for n in world)
        return x, y, z
