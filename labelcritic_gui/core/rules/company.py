"""What other structures of the same label set say of a mask: overlap, contact, and its other side. Layer: core."""

from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.rules.grading import Found, graded
from labelcritic_gui.core.structures import Structure

_TOUCHES = 0.04
"""Share of the surface from which contact is more than a voxel here and there."""
_CUT = 0.85


def _spoken(name: str) -> str:
    words = name.split("_")
    if words[-1] in {"left", "right"}:
        words = [words[-1], *words[:-1]]
    return " ".join(words)


def _overlap(_: Structure, facts: CandidateFacts) -> Found:
    """Judge what another structure of the same label set claims too."""
    if not facts.overlaps or not facts.volume_ml:
        return
    name, ml = facts.overlaps[0]
    share = ml / facts.volume_ml
    severity = graded(share, 0.02, 0.06, 0.5)
    if severity is not None:
        code = FindingCode.WRONG if share >= 0.5 else FindingCode.LEAK
        text = f"{ml:.1f} ml ({share:.0%}) of it are marked as {_spoken(name)} too."
        yield Finding(code, severity, text, facts.centroid, ml)


def _contact(structure: Structure, facts: CandidateFacts) -> Found:
    """Judge contact with what it never touches."""
    if structure.expect is None or not facts.touches:
        return
    for name, share in facts.touches:
        if name in structure.expect.apart_from and share >= _TOUCHES:
            text = (
                f"{share:.0%} of its surface borders on the {_spoken(name)}, which a {structure.shown} never touches."
            )
            yield Finding(FindingCode.LEAK, Severity.MAJOR, text, facts.centroid)


def _other_side(structure: Structure, facts: CandidateFacts) -> Found:
    """Judge the volume against that of its counterpart in the same label set; milder where the image cuts it."""
    least = structure.expect.pair_share if structure.expect else None
    if least is None or not facts.other_side_ml or not set(facts.touches_border) <= {"I", "S"}:
        return
    least *= _CUT if facts.touches_border else 1.0
    share = facts.volume_ml * facts.largest_share / facts.other_side_ml
    severity = graded(least / max(share, 1e-3), 1.0001, 1.02, 3.0)
    if severity is not None:
        text = (
            f"{facts.volume_ml:.1f} ml are {share:.0%} of the {facts.other_side_ml:.1f} ml of the "
            f"{_spoken(structure.pair)}: one of both is wrong."
        )
        yield Finding(FindingCode.MISS, severity, text, facts.centroid, facts.other_side_ml - facts.volume_ml)


RULES = (_overlap, _contact, _other_side)
