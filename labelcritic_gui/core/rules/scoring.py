"""From findings to a score with its uncertainty. Layer: core."""

from labelcritic_gui.core.facts import CandidateFacts
from labelcritic_gui.core.findings import Finding, Severity
from labelcritic_gui.core.geometry import Point
from labelcritic_gui.core.rules.presence import must_be_there
from labelcritic_gui.core.structures import Structure

PENALTY = {Severity.NOTE: 0.02, Severity.MINOR: 0.1, Severity.MAJOR: 0.4, Severity.GROSS: 0.8}
"""Share of the remaining quality that a finding takes away."""
_CLEAN, _KNOWN_SD, _UNKNOWN_SD = 90.0, 12.0, 25.0


def worst(findings: tuple[Finding, ...]) -> Severity | None:
    """Return the severity of the worst finding, or None."""
    return max((f.severity for f in findings), default=None)


def quality(
    findings: tuple[Finding, ...], facts: CandidateFacts, structure: Structure
) -> tuple[float | None, float | None]:
    """Return a score of 0 to 100 and its standard deviation; None where the rules cannot say (empty, and unknown).

    Each finding takes its share (`PENALTY`) of what is left; without findings the score is 90, since rules do not
    see everything. A structure without expectations is scored with twice the uncertainty.
    """
    if facts.empty and (structure.expect is None or must_be_there(structure, facts) is None):
        return None, None
    score = _CLEAN
    for code in sorted({f.code for f in findings}):  # in one order: a product of floats depends on it
        score *= 1.0 - PENALTY[max(f.severity for f in findings if f.code is code)]
    return score, _KNOWN_SD if structure.expect else _UNKNOWN_SD


def place_of(findings: tuple[Finding, ...]) -> Point | None:
    """Return where to look first."""
    return next((f.place for f in findings if f.place is not None), None)
