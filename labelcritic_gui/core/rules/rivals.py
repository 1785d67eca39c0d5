"""What the other candidate of a pair has that this one lacks, and the reverse. Layer: core."""

from labelcritic_gui.core.findings import Finding, FindingCode
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.rules.grading import Found, graded
from labelcritic_gui.core.structures import Structure


def against(structure: Structure, facts: CandidateFacts, rival: CandidateFacts, pair: PairFacts) -> Found:
    """Judge a candidate (the pair's first) by what only one of both claims; solid regions alone count."""
    fits, strange = pair.only_second_fit, pair.only_first_fit
    if rival.volume_ml and fits is not None and fits >= 0.6:
        share = pair.solid_second_ml / rival.volume_ml
        severity = graded(share, 0.03, 0.15, 0.6)
        if severity is not None:
            text = (
                f"{pair.solid_second_ml:.1f} ml that the other one has are missing; at {pair.only_second_hu:.0f} HU "
                f"they look like the rest ({pair.common_hu_mean:.0f} HU)."
            )
            yield Finding(FindingCode.MISS, severity, text, pair.second_place, pair.solid_second_ml)
    if facts.volume_ml and strange is not None and strange <= 0.4:
        share = pair.solid_first_ml / facts.volume_ml
        severity = graded(share, 0.03, 0.12, 0.5)
        if severity is not None:
            text = (
                f"{pair.solid_first_ml:.1f} ml at {pair.only_first_hu:.0f} HU do not look like the rest of the "
                f"{structure.shown} ({pair.common_hu_mean:.0f} HU)."
            )
            yield Finding(FindingCode.LEAK, severity, text, pair.first_place, pair.solid_first_ml)
