"""Plant an error of a recipe in a case and say what was done. Layer: faults."""

from dataclasses import dataclass

import numpy as np

from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.geometry import Mask, Point
from labelcritic_gui.faults.recipe import FaultSeverity, Recipe
from labelcritic_gui.faults.scene import Scene


@dataclass(frozen=True, eq=False, slots=True)
class Faulty:
    """A mask with a planted error and its truth: code, plain text, severity, and a world point (RAS+ mm) in it.

    `recipe` is the recipe as it was carried out: what it left open (amount, place, target) is filled in.
    """

    mask: Mask
    recipe: Recipe
    code: FindingCode
    text: str
    severity: FaultSeverity
    place: Point


def plant(recipe: Recipe, structure: str, scene: Scene, rng: np.random.Generator) -> Faulty:
    """Return the structure's trusted mask with the recipe's error; the same generator state gives the same voxels.

    Raises CannotPlantError (a UserError) with the reason when it cannot be planted there, and GeometryMismatchError
    when the mask lies on another grid than the image.
    """
    raise NotImplementedError
