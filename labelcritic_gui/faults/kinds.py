"""The kinds of planted error, how far each goes, and what may be asked of it. Layer: faults."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.findings import FindingCode


class CannotPlantError(UserError):
    """An error cannot be planted there: too small, no neighbour, no counterpart, nothing to reach."""


class RecipeError(UserError):
    """A recipe or a sentence asks for something that is no error."""


class FaultKind(StrEnum):
    """What is done to a right mask."""

    LEAK = "leak"
    MISSING = "missing"
    CUT = "cut"
    SWAP = "swap"
    SHIFT = "shift"
    OTHER = "other"
    ISLANDS = "islands"
    HOLES = "holes"
    OUTSIDE = "outside"
    EMPTY = "empty"
    ROUGH = "rough"
    OVER = "over"
    UNDER = "under"
    FRAGMENT = "fragment"
    MERGED = "merged"


class FaultSeverity(StrEnum):
    """How far a planted error goes; where the kind allows it, Dice .92-.96, .74-.86 and .45-.62."""

    MILD = "mild"
    MODERATE = "moderate"
    GROSS = "gross"


MILD, MODERATE, GROSS = FaultSeverity.MILD, FaultSeverity.MODERATE, FaultSeverity.GROSS

DIRECTIONS: Mapping[str, tuple[float, float, float]] = {
    "top": (0.0, 0.0, 1.0),
    "bottom": (0.0, 0.0, -1.0),
    "left": (-1.0, 0.0, 0.0),
    "right": (1.0, 0.0, 0.0),
    "front": (0.0, 1.0, 0.0),
    "back": (0.0, -1.0, 0.0),
}
"""The patient's directions in world RAS+: their right is +x."""

Measure = Literal["mm", "share", "count", "share or count", "none"]


@dataclass(frozen=True, slots=True)
class Nature:
    """What a kind of error takes and how its amount is read.

    `code` is the taxonomy's word for it; `measure` says what the amount counts and `least`..`most` its range (a share
    of 1 is the whole); amounts below `mild_below` are mild, below `moderate_below` moderate, others gross, and
    `unsaid` is how far it goes when nothing is said. `wheres` lists the places it takes besides none.
    """

    code: FindingCode
    measure: Measure
    least: float
    most: float
    mild_below: float
    moderate_below: float
    unsaid: FaultSeverity
    wheres: tuple[str, ...] = ()
    takes_target: bool = False


_WAYS = tuple(DIRECTIONS)

NATURES: Mapping[FaultKind, Nature] = {
    FaultKind.LEAK: Nature(FindingCode.LEAK, "mm", 0.5, 100, 10, 25, MODERATE, ("tissue",), takes_target=True),
    FaultKind.MISSING: Nature(FindingCode.MISS, "share", 0.01, 0.99, 0.2, 0.45, MODERATE, (*_WAYS, "lobe")),
    FaultKind.CUT: Nature(FindingCode.CUT, "share", 0.01, 0.99, 0.2, 0.45, MODERATE, (*_WAYS, "oblique")),
    FaultKind.SWAP: Nature(FindingCode.SIDE, "share", 0.01, 1.0, 0.5, 1.01, GROSS),
    FaultKind.SHIFT: Nature(FindingCode.SHIFT, "mm", 0.1, 300, 10, 22, MODERATE, _WAYS),
    FaultKind.OTHER: Nature(FindingCode.WRONG, "share", 0.01, 0.99, 0.15, 0.45, GROSS, ("far",), takes_target=True),
    FaultKind.ISLANDS: Nature(FindingCode.ISLE, "count", 1, 50, 4, 8, MODERATE),
    FaultKind.HOLES: Nature(FindingCode.HOLE, "count", 1, 50, 3, 5, MODERATE),
    FaultKind.OUTSIDE: Nature(FindingCode.OUT, "mm", 1, 150, 15, 28, MODERATE, _WAYS),
    FaultKind.EMPTY: Nature(FindingCode.EMPTY, "none", 0, 0, 0, 0, GROSS),
    FaultKind.ROUGH: Nature(FindingCode.EDGE, "mm", 0.1, 20, 1.5, 3, MODERATE),
    FaultKind.OVER: Nature(FindingCode.EDGE, "mm", 0.1, 50, 2, 4, MODERATE),
    FaultKind.UNDER: Nature(FindingCode.EDGE, "mm", 0.1, 50, 2, 4, MODERATE),
    FaultKind.FRAGMENT: Nature(FindingCode.MISS, "share or count", 0.01, 20, 4, 8, GROSS),
    FaultKind.MERGED: Nature(FindingCode.LEAK, "share", 0.01, 0.99, 0.3, 0.6, GROSS, takes_target=True),
}
"""Every kind as data."""

KIND_OF: Mapping[FindingCode, FaultKind] = {
    FindingCode.LEAK: FaultKind.LEAK,
    FindingCode.MISS: FaultKind.MISSING,
    FindingCode.CUT: FaultKind.CUT,
    FindingCode.SIDE: FaultKind.SWAP,
    FindingCode.SHIFT: FaultKind.SHIFT,
    FindingCode.WRONG: FaultKind.OTHER,
    FindingCode.ISLE: FaultKind.ISLANDS,
    FindingCode.HOLE: FaultKind.HOLES,
    FindingCode.OUT: FaultKind.OUTSIDE,
    FindingCode.EMPTY: FaultKind.EMPTY,
    FindingCode.EDGE: FaultKind.ROUGH,
}
"""The kind that shows each code of the taxonomy at its plainest."""


def usual_severity(kind: FaultKind, amount: float | None) -> FaultSeverity:
    """Return how far an error of that amount usually goes; without an amount, how far it goes when nothing is said."""
    nature = NATURES[kind]
    if amount is None:
        return nature.unsaid
    if kind is FaultKind.FRAGMENT and amount < 1:  # the share that is kept: the less, the graver
        return MILD if amount > 0.8 else MODERATE if amount > 0.55 else GROSS
    return MILD if amount < nature.mild_below else MODERATE if amount < nature.moderate_below else GROSS
