"""The last ten decisions, for the strip above the bar. Layer: viewmodels."""

from collections import deque
from dataclasses import dataclass

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.review import Choice

STRIP = 10


@dataclass(frozen=True, slots=True)
class Made:
    """A decision as the strip of the last ten shows it. `colour` is the accepted label set's index, or -1."""

    item: ItemId
    choice: Choice
    colour: int


class Strip:
    """Keeps the last decisions, oldest first."""

    def __init__(self) -> None:
        self.made: deque[Made] = deque(maxlen=STRIP)

    def add(self, made: Made) -> None:
        """Take note of a decision."""
        self.made.append(made)

    def undone(self, item: ItemId) -> None:
        """Forget the last decision, if it was about this item."""
        if self.made and self.made[-1].item == item:
            self.made.pop()
