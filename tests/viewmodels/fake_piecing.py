"""Patchworks in memory, for view-models that are tested without files."""

from typing import Any

from labelcritic_gui.core.patchwork.recipe import Recipe
from labelcritic_gui.core.review import Choice


class FakePiecing:
    """The part of `FakeCalls` that makes patchworks: `pieced` are their recipes."""

    decide: Any
    broken: Exception | None

    def __init__(self) -> None:
        super().__init__()
        self.pieced: list[Recipe] = []
        self.judged: list[tuple[Any, str]] = []

    def judged_regions(self, pair: Any) -> list[tuple[Any, str]]:
        """Return what the test says is known of a pair's regions."""
        return self.judged

    def make_and_accept(self, recipe: Recipe, *, position: int = 0, remarks: Any = None, seen: Any) -> Any:
        """Remember the recipe and accept its version 2."""
        if self.broken is not None:
            raise self.broken
        self.pieced.append(recipe)
        made = recipe.started_from._replace(version=2)
        return self.decide(recipe.item, Choice.ACCEPT, candidate=made, position=position, remarks=remarks, seen=seen)
