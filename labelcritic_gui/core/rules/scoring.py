"""From findings to a score with its uncertainty. Layer: core."""

from labelcritic_gui.core.findings import Finding, Severity
from labelcritic_gui.core.geometry import Point
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.rules.presence import must_be_there
from labelcritic_gui.core.structures import Structure

PENALTY = {Severity.NOTE: 0.02, Severity.MINOR: 0.08, Severity.MAJOR: 0.2, Severity.GROSS: 0.6}
"""Share of the remaining quality that the worst finding of each code takes away: near the Dice to the truth of masks
with errors planted in phantoms and in trusted real labels (least squares by a grid)."""
_CLEAN = 90.0
_SD, _DOUBT_BELOW, _SD_PER_POINT = 18.0, 60.0, 0.45
"""Root mean square of score minus 100 x Dice there: about 18 above a score of 60, growing to 40 for the worst."""
_UNKNOWN_SD = 30.0


def worst(findings: tuple[Finding, ...]) -> Severity | None:
    """Return the severity of the worst finding, or None."""
    return max((f.severity for f in findings), default=None)


def quality(
    findings: tuple[Finding, ...], facts: CandidateFacts, structure: Structure
) -> tuple[float | None, float | None]:
    """Return a score of 0 to 100 and its standard deviation; None where the rules cannot say (empty, and unknown).

    Each finding takes its share (`PENALTY`) of what is left; without findings the score is 90, since rules do not
    see everything. It stands for 100 times the Dice to the truth, and the deviation is how far it was off where the
    truth was known; a structure without expectations is scored with more doubt.
    """
    if facts.empty and (structure.expect is None or must_be_there(structure, facts) is None):
        return None, None
    score = _CLEAN
    for code in sorted({f.code for f in findings}):  # in one order: a product of floats depends on it
        score *= 1.0 - PENALTY[max(f.severity for f in findings if f.code is code)]
    spread = _SD + _SD_PER_POINT * max(_DOUBT_BELOW - score, 0.0)
    return score, spread if structure.expect else max(spread, _UNKNOWN_SD)


def place_of(findings: tuple[Finding, ...]) -> Point | None:
    """Return where to look first."""
    return next((f.place for f in findings if f.place is not None), None)
