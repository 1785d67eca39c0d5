"""The site of an error: the mask it is planted in, its case, how far it shall go; and what a planter returns.

Layer: faults.
"""

from dataclasses import dataclass

import numpy as np

from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.faults.kinds import GROSS, MILD, MODERATE, CannotPlantError
from labelcritic_gui.faults.recipe import Recipe
from labelcritic_gui.faults.scene import Scene, shown

GOALS = {MILD: (0.92, 0.96), MODERATE: (0.74, 0.86), GROSS: (0.45, 0.62)}
"""Dice with the truth that each severity aims at where the recipe names no amount and the kind allows it."""


@dataclass(frozen=True, eq=False, slots=True)
class Site:
    """Where an error is planted: recipe, structure, its trusted mask, the case, the generator, the Dice aimed at."""

    recipe: Recipe
    structure: str
    truth: Mask
    scene: Scene
    rng: np.random.Generator
    goal: float

    @property
    def lost_share(self) -> float:
        """The share of the mask whose loss brings the goal."""
        return 2 * (1 - self.goal) / (2 - self.goal)

    @property
    def added_share(self) -> float:
        """What has to be added, in volumes of the mask, to bring the goal."""
        return 2 * (1 / self.goal - 1)

    def by_severity(self, mild: float, moderate: float, gross: float) -> float:
        """Pick one of three by the recipe's severity."""
        return {MILD: mild, MODERATE: moderate, GROSS: gross}[self.recipe.severity]

    def count_for(self, share: float) -> int:
        """Return the number of voxels that is this share of the mask, at least one."""
        return max(round(share * self.truth.count), 1)

    def refusal(self, reason: str, hint: str = "") -> CannotPlantError:
        """Return the error that says why this cannot be planted here."""
        what = f"{self.recipe.text!r} cannot be planted in the {shown(self.structure)}"
        return CannotPlantError(f"{what}: {reason}.", hint)


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """What a planter made: the mask, what was done in plain words, and what the recipe had left open."""

    mask: Mask
    text: str
    amount: float | None = None
    where: str | None = None
    target: str = ""
