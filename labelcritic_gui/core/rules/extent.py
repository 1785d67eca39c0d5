"""How much of a structure a mask takes: volume, length, course. Layer: core."""

from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.rules.grading import Found, graded
from labelcritic_gui.core.rules.presence import whole_in_view
from labelcritic_gui.core.structures import Structure


def _amount(structure: Structure, facts: CandidateFacts) -> Found:
    span = structure.expect.volume_ml if structure.expect else None
    if span is None:
        return
    if facts.volume_ml > span.high:
        severity = Severity.GROSS if facts.volume_ml > 2.0 * span.high else Severity.MAJOR
        text = f"{facts.volume_ml:.0f} ml; a {structure.shown} has at most about {span.high:.0f} ml."
        yield Finding(FindingCode.LEAK, severity, text, facts.centroid, facts.volume_ml - span.high)
    elif _connected_ml(structure, facts) < span.low and whole_in_view(facts, structure):
        found = _connected_ml(structure, facts)
        severity = Severity.GROSS if found < 0.35 * span.low else Severity.MAJOR
        text = f"Only {found:.1f} ml hang together; a {structure.shown} has at least about {span.low:.0f} ml."
        yield Finding(FindingCode.MISS, severity, text, facts.centroid, span.low - found)


def _connected_ml(structure: Structure, facts: CandidateFacts) -> float:
    """Return the volume without islands, which make nothing complete; all of it where several parts are right."""
    alone = structure.expect is not None and structure.expect.parts == 1
    return facts.volume_ml * (facts.largest_share if alone else 1.0)


def _by_size(structure: Structure, facts: CandidateFacts) -> Found:
    """Judge the volume for a patient of this size; milder than the range that holds for everybody."""
    span = structure.expect.volume_by_size if structure.expect else None
    if span is None or not facts.body_size:
        return
    scale = facts.body_size**3
    low, high = span.low * scale, span.high * scale
    found = _connected_ml(structure, facts)
    beside = f"for a {structure.shown} in a body of this size {low:.0f} to {high:.0f} ml are usual"
    if facts.volume_ml > high:
        severity = graded(facts.volume_ml / high, 1.0, 1.15, 2.5) or Severity.MINOR
        text = f"{facts.volume_ml:.0f} ml; {beside}."
        yield Finding(FindingCode.LEAK, severity, text, facts.centroid, facts.volume_ml - high)
    elif found < low and whole_in_view(facts, structure):
        severity = graded(low / max(found, 1e-3), 1.0, 1.15, 2.5) or Severity.MINOR
        text = f"Only {found:.0f} ml; {beside}."
        yield Finding(FindingCode.MISS, severity, text, facts.centroid, low - found)


def _calibre(structure: Structure, facts: CandidateFacts) -> Found:
    """Judge how wide a vessel is, and whether it breaks off on its way."""
    span = structure.expect.diameter_mm if structure.expect else None
    if span is not None and facts.radius_mm is not None and facts.voxel_ml:
        width = 2.0 * facts.radius_mm
        severity = graded(max(span.low / max(width, 0.1), width / span.high), 1.0001, 1.25, 2.5)
        if severity is not None:
            code = FindingCode.MISS if width < span.low else FindingCode.LEAK
            text = f"{width:.0f} mm wide halfway along; a {structure.shown} has {span.low:.0f} to {span.high:.0f} mm."
            yield Finding(code, severity, text, facts.centroid)
    if structure.expect and structure.expect.tubular and facts.gaps:
        times = "once" if facts.gaps == 1 else f"{facts.gaps} times"
        text = f"It breaks off {times} on its way; a {structure.shown} is one tube."
        yield Finding(FindingCode.MISS, Severity.MAJOR, text, facts.islands[0][1] if facts.islands else facts.centroid)


def _length(structure: Structure, facts: CandidateFacts) -> Found:
    span = structure.expect.tall_mm if structure.expect else None
    if span is None or facts.box_low is None or facts.box_high is None:
        return
    tall = facts.box_high[2] - facts.box_low[2]
    if tall > span.high:
        severity = graded(tall / span.high, 1.0, 1.2, 1.8) or Severity.MINOR
        text = f"{tall:.0f} mm from head to foot; a {structure.shown} has at most about {span.high:.0f} mm."
        yield Finding(FindingCode.LEAK, severity, text, facts.centroid)
    elif tall < span.low and whole_in_view(facts, structure):
        severity = graded(span.low / max(tall, 0.1), 1.0, 1.3, 3.0) or Severity.MINOR
        text = f"Only {tall:.0f} mm from head to foot; a {structure.shown} has at least about {span.low:.0f} mm."
        yield Finding(FindingCode.MISS, severity, text, facts.centroid)


def covered_reach(structure: Structure, facts: CandidateFacts) -> float | None:
    """Return which share of the visible part of the structure's usual course the mask covers, 0..1; None if unknown."""
    span = structure.expect.reach if structure.expect else None
    if span is None or facts.height_low is None or facts.height_high is None:
        return None
    low, high = max(span.low, facts.view_low or span.low), min(span.high, facts.view_high or span.high)
    if high - low < 0.15:
        return None
    return min(max(min(high, facts.height_high) - max(low, facts.height_low), 0.0) / (high - low), 1.0)


def _course(structure: Structure, facts: CandidateFacts) -> Found:
    covered = covered_reach(structure, facts)
    severity = None if covered is None else graded(1.0 - covered, 0.12, 0.25, 0.7)
    if severity is not None:
        text = f"It covers {covered:.0%} of the course that a {structure.shown} has in this image."
        yield Finding(FindingCode.MISS, severity, text, facts.centroid)


RULES = (_amount, _by_size, _length, _course, _calibre)
