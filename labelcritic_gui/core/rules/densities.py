"""What a mask holds: its density, air, and what is unlike the rest. Layer: core."""

from labelcritic_gui.core.findings import Finding, FindingCode
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.rules.grading import Found, graded
from labelcritic_gui.core.structures import Structure

_GAS_HU = -300.0


def _tissue(structure: Structure, facts: CandidateFacts) -> Found:
    span = structure.expect.hu_in(facts.phase) if structure.expect else None
    if span is None or facts.hu_mean is None:
        return
    beyond = max(span.low - facts.hu_mean, facts.hu_mean - span.high)
    severity = graded(beyond, 0.1, 15.0, 60.0)
    if severity is not None:
        text = f"Mean density {facts.hu_mean:.0f} HU; a {structure.shown} has {span.low:.0f} to {span.high:.0f} HU."
        yield Finding(FindingCode.WRONG, severity, text, facts.centroid)
    air = graded(facts.air_share or 0.0, 0.06, 0.15, 0.4) if span.low > _GAS_HU else None
    if air is not None:
        text = f"{facts.air_share:.0%} of the mask is air or lung."
        yield Finding(FindingCode.LEAK, air, text, facts.centroid, (facts.air_share or 0.0) * facts.volume_ml)


RULES = (_tissue,)
