"""Where a mask lies in the patient: side, midline, depth, level, skin. Layer: core."""

from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.rules.grading import Found, graded
from labelcritic_gui.core.structures import Span, Structure


def _side(structure: Structure, facts: CandidateFacts) -> Found:
    side = structure.expect.side if structure.expect else ""
    if not side or facts.side_share_right is None:
        return
    wrong = facts.side_share_right if side == "left" else 1.0 - facts.side_share_right
    limits = (0.6, 0.8, 0.95) if structure.expect and structure.expect.crosses_midline else (0.08, 0.15, 0.35)
    severity = graded(wrong, *limits)
    if severity is not None:
        where = "lies on the other side" if wrong > 0.7 else "lies across the midline"
        text = f"{wrong:.0%} of the {structure.shown} {where} of the patient."
        yield Finding(FindingCode.SIDE, severity, text, facts.centroid, wrong * facts.volume_ml)


def _place(structure: Structure, facts: CandidateFacts) -> Found:
    expect = structure.expect
    if expect is None:
        return
    anterior = facts.anterior_mm if facts.spine_visible else None
    measured = (
        ("to the right of", "to the left of", expect.lateral_mm, facts.lateral_mm),
        ("in front of", "behind", expect.anterior_mm, anterior),
    )
    for more, less, span, value in measured:
        if span is None or value is None:
            continue
        beyond = max(span.low - value, value - span.high)
        severity = graded(beyond, 5.0, 15.0, 45.0)
        if severity is not None:
            where = f"{abs(value):.0f} mm {more if value > 0 else less} the spine"
            yield _displaced(severity, f"Its centre lies {where}, {beyond:.0f} mm from where it belongs.", facts)
    yield from _level(structure, facts, expect.height)


def _level(structure: Structure, facts: CandidateFacts, span: Span | None) -> Found:
    if span is None or facts.height is None:
        return
    beyond = max(span.low - facts.height, facts.height - span.high)
    severity = graded(beyond, 0.1, 0.25, 0.7)
    if severity is not None:
        where = "too low" if facts.height < span.low else "too high"
        yield _displaced(severity, f"It lies {where} in the body for a {structure.shown}.", facts)


def _displaced(severity: Severity, text: str, facts: CandidateFacts) -> Finding:
    code = FindingCode.WRONG if severity is Severity.GROSS else FindingCode.SHIFT
    return Finding(code, severity, text, facts.centroid)


def _outside(_: Structure, facts: CandidateFacts) -> Found:
    share = facts.outside_body_ml / facts.volume_ml if facts.volume_ml else 0.0
    severity = graded(share, 0.005, 0.03, 0.25)
    if severity is not None:
        text = f"{facts.outside_body_ml:.1f} ml ({share:.0%}) lie outside the body."
        yield Finding(FindingCode.OUT, severity, text, facts.outside_place, facts.outside_body_ml)


RULES = (_side, _place, _outside)
