"""What a patchwork asks: to be made. Layer: viewmodels."""

from collections.abc import Mapping
from typing import Any, Protocol

from labelcritic_gui.core.measures.regions import DifferingRegion
from labelcritic_gui.core.patchwork.recipe import Recipe
from labelcritic_gui.core.review import ItemState, Remarks
from labelcritic_gui.services.tour import Pair, judged_regions
from labelcritic_gui.viewmodels.calls.bound import Bound


class PiecingCalls(Protocol):
    """What a patchwork asks: to be made."""

    def make_and_accept(
        self, recipe: Recipe, *, position: int = 0, remarks: Remarks | None = None, seen: Mapping[str, Any]
    ) -> ItemState:
        """Make a new version by a recipe and accept it; both are durable on return. Lane DECIDE."""

    def judged_regions(self, pair: Pair) -> list[tuple[DifferingRegion, str]]:
        """Return what is known of where two candidates differ, region by region, in words. Lane STORE."""


class Piecing(Bound):
    """The real thing."""

    def judged_regions(self, pair: Pair) -> list[tuple[DifferingRegion, str]]:
        """Return what is known of where two candidates differ, region by region, in words."""
        return [(region, self._naming.spoken(words)) for region, words in judged_regions(self._review, pair)]

    def make_and_accept(
        self, recipe: Recipe, *, position: int = 0, remarks: Remarks | None = None, seen: Mapping[str, Any]
    ) -> ItemState:
        """Make a new version by a recipe and accept it; both are durable on return."""
        from labelcritic_gui.services import patchwork  # what is not needed to open a review

        _, state = patchwork.make_and_accept(
            self._review, self._reader, recipe, position=position, remarks=remarks, seen=seen
        )
        return state
