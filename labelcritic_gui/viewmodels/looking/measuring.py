"""A distance between two points of a picture. Layer: viewmodels."""

import math
from dataclasses import dataclass

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
