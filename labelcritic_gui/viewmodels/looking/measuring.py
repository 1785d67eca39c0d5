"""A distance between two points of a picture. Layer: viewmodels."""

import math
from dataclasses import dataclass, replace

from labelcritic_gui.core.geometry import Point
from labelcritic_gui.imaging.frame import View


@dataclass(frozen=True, slots=True)
class Measurement:
    """A line from one world point to another, in mm, seen along a view; `fixed` when both ends are set.

    `index` is the slice it was drawn on; None on a projection.
    """

    view: View
    index: int | None
    start: Point
    end: Point
    fixed: bool = False

    @property
    def mm(self) -> float:
        """How long it is."""
        return math.dist(self.start, self.end)


class Ruler:
    """Draws one line at a time, which every pane that shows its picture shows."""

    def __init__(self) -> None:
        self.measuring = False
        self.measure: Measurement | None = None

    def tell(self) -> None:
        """Say that something changed."""

    def slice_of(self, view: View) -> int | None:  # noqa: ARG002  (the whole reader knows)
        """Return the slice of a plane that is shown; None on projections."""
        return None

    def toggle_measuring(self) -> None:
        """Take the ruler, or put it away with what it measured."""
        self.measuring = not self.measuring
        self.measure = None
        self.tell()

    def clear_measure(self) -> bool:
        """Put the ruler away; say whether there was anything to put away."""
        had = self.measuring or self.measure is not None
        self.measuring, self.measure = False, None
        if had:
            self.tell()
        return had

    def measure_from(self, view: View, place: Point) -> None:
        """Begin a line."""
        self.measure = Measurement(view, self.slice_of(view), place, place)
        self.tell()

    def measure_to(self, place: Point, *, fixed: bool) -> None:
        """Draw the line to a place; `fixed` ends it."""
        if self.measure is not None:
            self.measure = replace(self.measure, end=place, fixed=fixed)
            self.tell()
