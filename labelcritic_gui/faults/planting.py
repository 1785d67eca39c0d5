"""Plant an error of a recipe in a case and say what was done. Layer: faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.geometry import Mask, Point
from labelcritic_gui.faults.growing import over, rough, under
from labelcritic_gui.faults.kinds import NATURES, FaultKind
from labelcritic_gui.faults.leaking import leak, outside
from labelcritic_gui.faults.moving import merged, other, shift, swap
from labelcritic_gui.faults.recipe import FaultSeverity, Recipe
from labelcritic_gui.faults.removing import cut, empty, fragment, missing
from labelcritic_gui.faults.scattering import holes, islands
from labelcritic_gui.faults.scene import Scene
from labelcritic_gui.faults.site import GOALS, Outcome, Site
from labelcritic_gui.faults.space import place_of_change


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


PLANTERS: Mapping[FaultKind, Callable[[Site], Outcome]] = {
    FaultKind.LEAK: leak,
    FaultKind.MISSING: missing,
    FaultKind.CUT: cut,
    FaultKind.SWAP: swap,
    FaultKind.SHIFT: shift,
    FaultKind.OTHER: other,
    FaultKind.ISLANDS: islands,
    FaultKind.HOLES: holes,
    FaultKind.OUTSIDE: outside,
    FaultKind.EMPTY: empty,
    FaultKind.ROUGH: rough,
    FaultKind.OVER: over,
    FaultKind.UNDER: under,
    FaultKind.FRAGMENT: fragment,
    FaultKind.MERGED: merged,
}
"""How each error is planted."""


def plant(recipe: Recipe, structure: str, scene: Scene, rng: np.random.Generator) -> Faulty:
    """Return the structure's trusted mask with the recipe's error; the same generator state gives the same voxels.

    Raises CannotPlantError (a UserError) with the reason when it cannot be planted there, and GeometryMismatchError
    when the mask lies on another grid than the image.
    """
    truth = scene.truth(structure)
    goal = float(rng.uniform(*GOALS[recipe.severity]))
    site = Site(recipe, structure, truth, scene, rng, goal)
    made = PLANTERS[recipe.kind](site)
    place = place_of_change(truth, made.mask)
    if place is None:
        raise site.refusal("it would change nothing: the mask is too small for its grid", "Use a finer grid.")
    carried = replace(
        recipe,
        amount=made.amount if made.amount is not None else recipe.amount,
        where=recipe.where if made.where is None else made.where,
        target=made.target or recipe.target,
    )
    return Faulty(made.mask, carried, NATURES[recipe.kind].code, made.text, recipe.severity, place)
