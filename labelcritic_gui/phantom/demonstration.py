"""The demonstration review: drawn cases, two label sets that differ as models do, planted errors. Layer: phantom."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.geometry import Index3, Mask, Point
from labelcritic_gui.faults.kinds import KIND_OF, CannotPlantError, FaultKind, FaultSeverity
from labelcritic_gui.faults.planting import Faulty, plant
from labelcritic_gui.faults.recipe import Recipe
from labelcritic_gui.faults.scene import Scene
from labelcritic_gui.faults.varying import vary
from labelcritic_gui.phantom.anatomy import Phantom, PhantomSettings, make_phantom
from labelcritic_gui.phantom.person import STRUCTURES, Phase

LABEL_SETS = ("model_a", "model_b")
NO_GALL_BLADDER, ONE_KIDNEY = 1, 3
"""Which case (counted from 0) lacks the gallbladder, and which has lost the left kidney."""

_PHASES: tuple[Phase, ...] = ("portal", "portal", "portal", "arterial", "portal", "plain")
_SCOLIOSIS = (0.0, 0.0, 9.0, 0.0, 0.0, -6.0)
_FAT = (0.35, 0.6, 0.12, 0.45, 0.85, 0.25)
_SIZES = (1.0, 0.95, 1.03, 1.05, 1.0, 0.97)
_SEVERITIES = (FaultSeverity.MODERATE, FaultSeverity.GROSS, FaultSeverity.MILD, FaultSeverity.MODERATE)
_CODES: dict[str, tuple[FindingCode, ...]] = {
    "liver": (FindingCode.LEAK, FindingCode.MISS, FindingCode.CUT, FindingCode.OUT, FindingCode.HOLE),
    "spleen": (FindingCode.CUT, FindingCode.ISLE, FindingCode.WRONG, FindingCode.LEAK, FindingCode.HOLE),
    "kidney_left": (FindingCode.SIDE, FindingCode.MISS, FindingCode.SHIFT, FindingCode.EDGE, FindingCode.LEAK),
    "kidney_right": (FindingCode.MISS, FindingCode.SIDE, FindingCode.EDGE, FindingCode.ISLE, FindingCode.SHIFT),
    "pancreas": (FindingCode.ISLE, FindingCode.EMPTY, FindingCode.LEAK, FindingCode.MISS, FindingCode.EDGE),
    "stomach": (FindingCode.HOLE, FindingCode.LEAK, FindingCode.ISLE, FindingCode.CUT, FindingCode.OUT),
    "gall_bladder": (FindingCode.EMPTY, FindingCode.WRONG, FindingCode.ISLE, FindingCode.SHIFT, FindingCode.EDGE),
    "aorta": (FindingCode.CUT, FindingCode.SHIFT, FindingCode.MISS, FindingCode.ISLE, FindingCode.LEAK),
    "postcava": (FindingCode.MISS, FindingCode.CUT, FindingCode.SHIFT, FindingCode.HOLE, FindingCode.WRONG),
}
"""The errors that models make on each structure, in the order the demonstration shows them."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An error to plant: which item, in which label set, and what."""

    case: int
    structure: str
    label_set: str
    code: FindingCode
    severity: FaultSeverity


@dataclass(frozen=True, slots=True)
class Planted:
    """An error that was planted; `place` is a world point (RAS+ mm) in it."""

    case: str
    structure: str
    label_set: str
    code: FindingCode
    severity: FaultSeverity
    text: str
    place: Point


@dataclass(frozen=True, eq=False, slots=True)
class DemoCase:
    """A case of the demonstration: the CT with its truth, both label sets' masks by structure, and what was planted."""

    case_id: str
    phantom: Phantom
    label_sets: dict[str, dict[str, Mask]]
    planted: tuple[Planted, ...]


def absent_in(case: int) -> tuple[str, ...]:
    """Return the structures that were removed in a case of the demonstration."""
    return {NO_GALL_BLADDER: ("gall_bladder",), ONE_KIDNEY: ("kidney_left",)}.get(case, ())


def demonstration_plan(*, count: int, seed: int) -> tuple[tuple[Planned, ...], frozenset[tuple[int, str]]]:
    """Return the errors to plant and the items whose two masks are equal, both drawn from the seed.

    A third of the items has an error in one label set, one in 25 in both, one in 12 is equal in both.
    """
    rng = np.random.default_rng([seed, 11])
    items = [(c, s) for c in range(count) for s in STRUCTURES if s not in absent_in(c)]
    order = [items[i] for i in rng.permutation(len(items))]
    single, double = round(len(items) / 3), max(round(len(items) / 25), 1)
    turn = dict.fromkeys(STRUCTURES, int(rng.integers(5)))
    planned = []
    for number, (case, structure) in enumerate(order[: single + double]):
        sets = LABEL_SETS if number >= single else (LABEL_SETS[number % 2],)
        for label_set in sets:
            code = _CODES[structure][turn[structure] % 5]
            turn[structure] += 1
            severity = _SEVERITIES[(number // 2) % len(_SEVERITIES)]
            planned.append(Planned(case, structure, label_set, code, severity))
    alike = frozenset(order[single + double :][: round(len(items) / 12)])
    return tuple(planned), alike


def demonstration_cases(count: int = 6, *, shape: Index3 = (192, 192, 192), seed: int = 912) -> Iterator[DemoCase]:
    """Yield the cases of the demonstration one by one; the same arguments give the same voxels.

    Raises UserError when `count` is below 1.
    """
    if count < 1:
        raise UserError("A demonstration needs at least one case.", "Ask for 1 or more.")
    planned, alike = demonstration_plan(count=count, seed=seed)
    return (_case(i, shape, seed, planned, alike) for i in range(count))


def _case(
    index: int, shape: Index3, seed: int, planned: tuple[Planned, ...], alike: frozenset[tuple[int, str]]
) -> DemoCase:
    """Build one case: the phantom, both label sets, the planted errors."""
    phantom = make_phantom(
        PhantomSettings(
            shape=shape,
            seed=seed + index,
            phase=_PHASES[index % len(_PHASES)],
            fat=_FAT[index % len(_FAT)],
            body_size=_SIZES[index % len(_SIZES)],
            scoliosis_mm=_SCOLIOSIS[index % len(_SCOLIOSIS)],
            absent=absent_in(index),
        )
    )
    case_id = f"LC_{index + 1:04d}"
    sets: dict[str, dict[str, Mask]] = {slug: {} for slug in LABEL_SETS}
    planted = []
    for number, structure in enumerate(STRUCTURES):
        rng = np.random.default_rng([seed, 23, index, number])
        if structure in phantom.absent:
            planted += _removed(phantom, structure, case_id, sets, rng)
            continue
        truth = phantom.masks[structure]
        drawn = [vary(truth, rng), vary(truth, rng)]
        if (index, structure) in alike:
            drawn[1] = drawn[0]
        for slug, mask in zip(LABEL_SETS, drawn, strict=True):
            todo = [p for p in planned if (p.case, p.structure, p.label_set) == (index, structure, slug)]
            sets[slug][structure] = mask
            for plan in todo:
                made = _plant(plan, phantom.scene.with_mask(structure, mask), rng)
                sets[slug][structure] = made.mask
                planted.append(Planted(case_id, structure, slug, made.code, made.severity, made.text, made.place))
    return DemoCase(case_id, phantom, sets, tuple(planted))


def _plant(plan: Planned, scene: Scene, rng: np.random.Generator) -> Faulty:
    """Plant what was planned; where the grid is too coarse to show it, an end of the structure is missing instead."""
    try:
        return plant(Recipe(KIND_OF[plan.code], plan.severity), plan.structure, scene, rng)
    except CannotPlantError:
        return plant(Recipe(FaultKind.MISSING, plan.severity), plan.structure, scene, rng)


def _removed(
    phantom: Phantom, structure: str, case_id: str, sets: dict[str, dict[str, Mask]], rng: np.random.Generator
) -> list[Planted]:
    """Fill in a removed structure: empty in both sets, but the second hallucinates the gallbladder."""
    nothing = Mask.from_array(np.zeros((1, 1, 1), dtype=np.bool_), phantom.volume.geometry)
    for slug in LABEL_SETS:
        sets[slug][structure] = nothing
    if structure != "gall_bladder":
        return []
    ghost = vary(phantom.ghosts[structure], rng)
    sets[LABEL_SETS[1]][structure] = ghost
    index = np.argwhere(ghost.voxels)[ghost.count // 2] + np.array(ghost.origin)
    x, y, z = ghost.geometry.to_world(index)
    text = "marks a gallbladder that was removed"
    place = (float(x), float(y), float(z))
    return [Planted(case_id, structure, LABEL_SETS[1], FindingCode.WRONG, FaultSeverity.GROSS, text, place)]
