"""What one pane shows, ready to be drawn. Layer: ui."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from labelcritic_gui.core.geometry import Point
from labelcritic_gui.imaging.composition import Layer
from labelcritic_gui.imaging.frame import Frame, View
from labelcritic_gui.imaging.overlay import Colour
from labelcritic_gui.imaging.projection import Picture


@dataclass(frozen=True, slots=True)
class Mark:
    """A numbered place in the body; `own`: of this panel's candidate; `lit`: the chosen one."""

    number: str
    place: Point
    own: bool
    lit: bool


@dataclass(frozen=True, eq=False, slots=True)
class Neighbours:
    """The other structures of the case: uint8 (rows, columns), n for the n-th; with their names and colours."""

    labels: NDArray[np.uint8]
    names: tuple[str, ...]
    colours: tuple[Colour, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """A picture with its masks. `grey` makes the anatomy, uint8 (rows, columns) of `frame`; same key, same anatomy.

    `span` is where the structure lies on the pane's slices (first, last), `index` and `count` where among the slices
    the pane is; None on projections. `density` returns the Hounsfield units at a world point. `note` is said over the
    picture, `refusal` instead of it.
    """

    view: View
    frame: Frame
    grey: Callable[[], Picture]
    grey_key: Hashable
    layers: Sequence[Layer]
    head: str = ""
    foot: str = ""
    note: str = ""
    refusal: str = ""
    neighbours: Neighbours | None = None
    index: int | None = None
    count: int = 0
    span: tuple[int, int] | None = None
    colour: QColor = field(default_factory=QColor)
    density: Callable[[Point], float | None] | None = None

    def name_at(self, row: float, column: float) -> str:
        """Return the neighbour that is at a pixel of the picture; empty for none."""
        if self.neighbours is None:
            return ""
        at = round(row), round(column)
        rows, columns = self.neighbours.labels.shape
        if not (0 <= at[0] < rows and 0 <= at[1] < columns):
            return ""
        number = int(self.neighbours.labels[at])
        return self.neighbours.names[number - 1] if number else ""
