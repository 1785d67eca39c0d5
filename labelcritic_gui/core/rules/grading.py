"""What rules have in common: what they yield, and how an evil is graded. Layer: core."""

from collections.abc import Iterator

from labelcritic_gui.core.findings import Finding, Severity
from labelcritic_gui.core.measures.facts import CandidateFacts

Found = Iterator[Finding]
LETTERS = {"L": "left", "R": "right", "P": "back", "A": "front", "I": "foot end", "S": "head end"}
SLIVER_MM = 20.0
LEAST_VOXELS = 300
"""Masks smaller than this are all boundary: flatness and roughness say nothing about them."""


def graded(value: float, minor: float, major: float, gross: float) -> Severity | None:
    """Return the severity of a growing evil, or None below `minor`."""
    for severity, least in ((Severity.GROSS, gross), (Severity.MAJOR, major), (Severity.MINOR, minor)):
        if value >= least:
            return severity
    return None


def big_enough(facts: CandidateFacts, least: int = LEAST_VOXELS) -> bool:
    """Say whether a mask is more than boundary: of that many voxels at least."""
    return facts.voxel_ml > 0 and facts.volume_ml / facts.voxel_ml >= least


def is_sliver(facts: CandidateFacts) -> bool:
    """Say whether the image leaves less than `SLIVER_MM` of the mask, along an axis along which it cuts it."""
    if facts.box_low is None or facts.box_high is None:
        return False
    cut = {0 if face in "LR" else 1 if face in "PA" else 2 for face in facts.touches_border}
    return any(facts.box_high[axis] - facts.box_low[axis] < SLIVER_MM for axis in cut)
