"""How much of a structure a mask takes: volume, length, course. Layer: core."""

from labelcritic_gui.core.facts import CandidateFacts
from labelcritic_gui.core.findings import Finding, FindingCode, Severity
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
    elif facts.volume_ml < span.low and whole_in_view(facts, structure):
        severity = Severity.GROSS if facts.volume_ml < 0.35 * span.low else Severity.MAJOR
        text = f"Only {facts.volume_ml:.1f} ml; a {structure.shown} has at least about {span.low:.0f} ml."
        yield Finding(FindingCode.MISS, severity, text, facts.centroid, span.low - facts.volume_ml)


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
    severity = None if covered is None else graded(1.0 - covered, 0.2, 0.4, 0.7)
    if severity is not None:
        text = f"It covers {covered:.0%} of the course that a {structure.shown} has in this image."
        yield Finding(FindingCode.MISS, severity, text, facts.centroid)


RULES = (_amount, _length, _course)
