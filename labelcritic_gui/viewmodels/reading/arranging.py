"""What a reader does to the sides: swap them, choose who stands there. Layer: viewmodels."""

from collections.abc import Callable, Sequence

from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.reading.blinding import Blinding
from labelcritic_gui.viewmodels.reading.showing import Showing
from labelcritic_gui.viewmodels.reading.sides import Sides


class Arranging:
    """Changes the sides of the item on the screen, and shows it anew."""

    def __init__(
        self,
        sides: Sides,
        showing: Showing,
        blinding: Blinding,
        *,
        writing: Callable[[], bool],
        say: Callable[[Message], None],
    ) -> None:
        self._sides = sides
        self._showing = showing
        self._blinding = blinding
        self._writing = writing
        self._say = say

    def swap(self) -> None:
        """Let the sides of this item change places."""
        self._change(self._sides.swap)

    def choose(self, slugs: Sequence[str]) -> None:
        """Say which label sets stand on the stage from now on; none: as usual."""
        self._change(lambda: self._sides.choose(slugs))

    def page(self, by: int) -> None:
        """Put the next (1) or previous (-1) label sets on the stage."""
        self._change(lambda: self._sides.page(by))

    def toggle(self, number: int) -> None:
        """Put a label set, counted from 1 in the order of the review, on the stage or take it off."""
        if not self._blinding.visible.names:
            self._say(Message(tr("Label sets cannot be chosen while their names are hidden.")))
            return
        self._change(lambda: self._sides.toggle(number))

    def _change(self, change: Callable[[], str | None]) -> None:
        if self._showing.stage is None or self._writing():
            return
        against = change()
        if against:
            self._say(Message(against))
            return
        self._showing.rearrange()
