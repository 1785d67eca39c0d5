"""Whether a structure must be in view, may be absent, and what an empty mask means. Layer: core."""

from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.rules.grading import Found
from labelcritic_gui.core.structures import Span, Structure
from labelcritic_gui.core.verdict import Outcome

_COURSE_SEEN = 0.3
"""So much of a vessel's course in view, in units of anatomical height, that the vessel must be there."""


def expected_in_view(structure: Structure, facts: CandidateFacts) -> bool | None:
    """Say whether the image shows the level where the structure lies; None when that is not known.

    True when the middle half of its usual heights is in view, False when none of them is. One that passes through goes
    by its course: True when a good part of that is in view.
    """
    expect = structure.expect
    if expect is None or facts.view_low is None or facts.view_high is None:
        return None
    span = expect.height
    if span is None:
        return None if expect.reach is None else _passes(expect.reach, facts.view_low, facts.view_high)
    quarter = 0.25 * (span.high - span.low)
    if facts.view_low <= span.low + quarter and span.high - quarter <= facts.view_high:
        return True
    return False if facts.view_high < span.low or span.high < facts.view_low else None


def _passes(reach: Span, low: float, high: float) -> bool | None:
    seen = min(reach.high, high) - max(reach.low, low)
    return True if seen >= _COURSE_SEEN else False if seen <= 0 else None


def must_be_there(structure: Structure, facts: CandidateFacts) -> bool | None:
    """Say whether an adult's image must show the structure: True, False (outside the view), None (may be absent)."""
    in_view = expected_in_view(structure, facts)
    may_be_absent = bool(structure.expect and structure.expect.may_be_absent)
    return None if in_view and may_be_absent else in_view


def whole_in_view(facts: CandidateFacts, structure: Structure) -> bool:
    """Say whether the mask is not cut by the image and the structure's level is in view."""
    return not facts.touches_border and expected_in_view(structure, facts) is not False


def absence(structure: Structure, facts: CandidateFacts) -> Found:
    """Say what an empty mask means."""
    if not facts.empty or structure.expect is None:
        return
    if must_be_there(structure, facts):
        yield Finding(FindingCode.EMPTY, Severity.GROSS, f"The {structure.shown} is in view, but nothing is marked.")
    elif facts.other_side_ml and expected_in_view(structure, facts) is not False and not structure.expect.often_absent:
        text = f"Nothing is marked, although its other side is, with {facts.other_side_ml:.0f} ml."
        yield Finding(FindingCode.EMPTY, Severity.MAJOR, text)
    elif expected_in_view(structure, facts) and not structure.expect.often_absent:
        text = f"Nothing is marked where the {structure.shown} should be in view; it is rarely removed."
        yield Finding(FindingCode.EMPTY, Severity.MAJOR, text)
    else:
        why = "may have been removed" if structure.expect.may_be_absent else "may lie outside the field of view"
        yield Finding(FindingCode.ABSENT_OK, Severity.NOTE, f"Nothing is marked; the {structure.shown} {why}.")


def pre_check(
    structure: Structure,
    first: CandidateFacts,
    second: CandidateFacts,
    *,
    asked_presence: bool | None = None,
) -> Outcome | None:
    """Decide what needs no comparison because a candidate is empty; None when there is something to compare.

    An empty one loses where the structure must be there and wins where it cannot be; two empty ones are both wrong or
    the right absence. Of a structure whose level is not known nothing is decided here, unless somebody was asked
    whether it is usually present in this field of view (`asked_presence`).
    """
    if not (first.empty or second.empty):
        return None
    needed = must_be_there(structure, first)
    may_be_absent = structure.expect is not None and structure.expect.may_be_absent
    if expected_in_view(structure, first) is None and not (asked_presence and may_be_absent):
        needed = asked_presence
    if first.empty and second.empty:
        if structure.expect is None and asked_presence is None:
            return Outcome.UNDECIDED
        return Outcome.BOTH_WRONG if needed else Outcome.ABSENT_RIGHT
    if needed is None:
        return None
    return Outcome.FIRST if second.empty == needed else Outcome.SECOND
