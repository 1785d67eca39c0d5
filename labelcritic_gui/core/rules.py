"""What a structure's mask may look like: findings from facts and expectations, never from names. Layer: core."""

from collections.abc import Callable, Iterator

from labelcritic_gui.core.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.geometry import Point
from labelcritic_gui.core.structures import Expectation, Span, Structure
from labelcritic_gui.core.verdict import Outcome

Found = Iterator[Finding]
_LEAST_VOXELS = 300
"""Masks smaller than this are all boundary: flatness and roughness say nothing about them."""
_GAS_HU = -300.0
_LETTERS = {"L": "left", "R": "right", "P": "back", "A": "front", "I": "foot end", "S": "head end"}
PENALTY = {Severity.NOTE: 0.02, Severity.MINOR: 0.1, Severity.MAJOR: 0.4, Severity.GROSS: 0.8}
"""Share of the remaining quality that a finding takes away."""
_CLEAN, _KNOWN_SD, _UNKNOWN_SD = 90.0, 12.0, 25.0


def _graded(value: float, minor: float, major: float, gross: float) -> Severity | None:
    """Return the severity of a growing evil, or None below `minor`."""
    for severity, least in ((Severity.GROSS, gross), (Severity.MAJOR, major), (Severity.MINOR, minor)):
        if value >= least:
            return severity
    return None


def expected_in_view(structure: Structure, facts: CandidateFacts) -> bool | None:
    """Say whether the image shows the level where the structure lies; None when that is not known.

    True when the middle half of its usual heights is in view, False when none of them is.
    """
    span = structure.expect.height if structure.expect else None
    if span is None or facts.view_low is None or facts.view_high is None:
        return None
    quarter = 0.25 * (span.high - span.low)
    if facts.view_low <= span.low + quarter and span.high - quarter <= facts.view_high:
        return True
    return False if facts.view_high < span.low or span.high < facts.view_low else None


def must_be_there(structure: Structure, facts: CandidateFacts) -> bool | None:
    """Say whether an adult's image must show the structure: True, False (outside the view), None (may be absent)."""
    in_view = expected_in_view(structure, facts)
    may_be_absent = bool(structure.expect and structure.expect.may_be_absent)
    return None if in_view and may_be_absent else in_view


def _whole_in_view(facts: CandidateFacts, structure: Structure) -> bool:
    """Say whether the mask is not cut by the image and the structure's level is in view."""
    return not facts.touches_border and expected_in_view(structure, facts) is not False


def _absence(structure: Structure, facts: CandidateFacts) -> Found:
    if not facts.empty or structure.expect is None:
        return
    if must_be_there(structure, facts):
        yield Finding(FindingCode.EMPTY, Severity.GROSS, f"The {structure.shown} is in view, but nothing is marked.")
    else:
        why = "may have been removed" if structure.expect.may_be_absent else "may lie outside the field of view"
        yield Finding(FindingCode.ABSENT_OK, Severity.NOTE, f"Nothing is marked; the {structure.shown} {why}.")


def _islands(structure: Structure, facts: CandidateFacts) -> Found:
    wanted = structure.expect.parts if structure.expect else None
    extra = facts.islands[(wanted or 1) - 1 :]
    if wanted is None or facts.parts <= wanted or not extra:
        return
    volume = facts.volume_ml * (1.0 - facts.largest_share) if wanted == 1 else sum(ml for ml, _ in extra)
    share = volume / facts.volume_ml
    severity = _graded(share, 0.002, 0.12, 0.5) or Severity.NOTE
    if max(ml for ml, _ in extra) <= 2.0 * facts.voxel_ml:
        severity = Severity.NOTE
    text = f"{facts.parts} separate parts instead of {wanted}; {volume:.1f} ml ({share:.0%}) lie apart."
    yield Finding(FindingCode.ISLE, severity, text, extra[0][1], volume)


def _holes(_: Structure, facts: CandidateFacts) -> Found:
    share = facts.holes_ml / facts.volume_ml if facts.volume_ml else 0.0
    severity = _graded(share, 0.004, 0.03, 0.3)
    if severity is not None:
        text = f"Cavities of {facts.holes_ml:.1f} ml ({share:.0%} of the mask) inside it."
        yield Finding(FindingCode.HOLE, severity, text, facts.hole_place, facts.holes_ml)


def _side(structure: Structure, facts: CandidateFacts) -> Found:
    side = structure.expect.side if structure.expect else ""
    if not side or facts.side_share_right is None:
        return
    wrong = facts.side_share_right if side == "left" else 1.0 - facts.side_share_right
    severity = _graded(wrong, 0.08, 0.15, 0.35)
    if severity is not None:
        where = "lies on the other side" if wrong > 0.7 else "lies across the midline"
        text = f"{wrong:.0%} of the {structure.shown} {where} of the patient."
        yield Finding(FindingCode.SIDE, severity, text, facts.centroid, wrong * facts.volume_ml)


def _tissue(structure: Structure, facts: CandidateFacts) -> Found:
    span = structure.expect.hu if structure.expect else None
    if span is None or facts.hu_mean is None:
        return
    beyond = max(span.low - facts.hu_mean, facts.hu_mean - span.high)
    severity = _graded(beyond, 0.1, 15.0, 60.0)
    if severity is not None:
        text = f"Mean density {facts.hu_mean:.0f} HU; a {structure.shown} has {span.low:.0f} to {span.high:.0f} HU."
        yield Finding(FindingCode.WRONG, severity, text, facts.centroid)
    air = _graded(facts.air_share or 0.0, 0.06, 0.15, 0.4) if span.low > _GAS_HU else None
    if air is not None:
        text = f"{facts.air_share:.0%} of the mask is air or lung."
        yield Finding(FindingCode.LEAK, air, text, facts.centroid, (facts.air_share or 0.0) * facts.volume_ml)


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
        severity = _graded(beyond, 5.0, 15.0, 45.0)
        if severity is not None:
            where = f"{abs(value):.0f} mm {more if value > 0 else less} the spine"
            yield _displaced(severity, f"Its centre lies {where}, {beyond:.0f} mm from where it belongs.", facts)
    yield from _level(structure, facts, expect.height)


def _level(structure: Structure, facts: CandidateFacts, span: Span | None) -> Found:
    if span is None or facts.height is None:
        return
    beyond = max(span.low - facts.height, facts.height - span.high)
    severity = _graded(beyond, 0.1, 0.25, 0.7)
    if severity is not None:
        where = "too low" if facts.height < span.low else "too high"
        yield _displaced(severity, f"It lies {where} in the body for a {structure.shown}.", facts)


def _displaced(severity: Severity, text: str, facts: CandidateFacts) -> Finding:
    code = FindingCode.WRONG if severity is Severity.GROSS else FindingCode.SHIFT
    return Finding(code, severity, text, facts.centroid)


def _outside(_: Structure, facts: CandidateFacts) -> Found:
    share = facts.outside_body_ml / facts.volume_ml if facts.volume_ml else 0.0
    severity = _graded(share, 0.005, 0.03, 0.25)
    if severity is not None:
        text = f"{facts.outside_body_ml:.1f} ml ({share:.0%}) lie outside the body."
        yield Finding(FindingCode.OUT, severity, text, facts.outside_place, facts.outside_body_ml)


def _big_enough(facts: CandidateFacts) -> bool:
    return facts.voxel_ml > 0 and facts.volume_ml / facts.voxel_ml >= _LEAST_VOXELS


def _flat(structure: Structure, facts: CandidateFacts) -> Found:
    expect = structure.expect or Expectation()
    along = facts.flat_facing in {"I", "S"}
    if expect.flat_ends or expect.thin or (expect.tubular and along) or not _big_enough(facts):
        return
    thick = 0.03 * max(facts.slice_mm - 3.0, 0.0) if along else 0.0
    known = structure.expect is not None
    severity = _graded(facts.flat_face - thick, 0.5 if known else 0.6, 0.6 if known else 2.0, 2.0)
    if severity is not None:
        text = f"Ends in a flat plane towards the {_LETTERS[facts.flat_facing]}, {facts.flat_face:.0%} of its section."
        yield Finding(FindingCode.CUT, severity, text, facts.flat_place)


def _amount(structure: Structure, facts: CandidateFacts) -> Found:
    span = structure.expect.volume_ml if structure.expect else None
    if span is None:
        return
    if facts.volume_ml > span.high:
        severity = Severity.GROSS if facts.volume_ml > 2.0 * span.high else Severity.MAJOR
        text = f"{facts.volume_ml:.0f} ml; a {structure.shown} has at most about {span.high:.0f} ml."
        yield Finding(FindingCode.LEAK, severity, text, facts.centroid, facts.volume_ml - span.high)
    elif facts.volume_ml < span.low and _whole_in_view(facts, structure):
        severity = Severity.GROSS if facts.volume_ml < 0.35 * span.low else Severity.MAJOR
        text = f"Only {facts.volume_ml:.1f} ml; a {structure.shown} has at least about {span.low:.0f} ml."
        yield Finding(FindingCode.MISS, severity, text, facts.centroid, span.low - facts.volume_ml)


def _length(structure: Structure, facts: CandidateFacts) -> Found:
    span = structure.expect.tall_mm if structure.expect else None
    if span is None or facts.box_low is None or facts.box_high is None:
        return
    tall = facts.box_high[2] - facts.box_low[2]
    if tall > span.high:
        severity = _graded(tall / span.high, 1.0, 1.2, 1.8) or Severity.MINOR
        text = f"{tall:.0f} mm from head to foot; a {structure.shown} has at most about {span.high:.0f} mm."
        yield Finding(FindingCode.LEAK, severity, text, facts.centroid)
    elif tall < span.low and _whole_in_view(facts, structure):
        severity = _graded(span.low / max(tall, 0.1), 1.0, 1.3, 3.0) or Severity.MINOR
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
    severity = None if covered is None else _graded(1.0 - covered, 0.2, 0.4, 0.7)
    if severity is not None:
        text = f"It covers {covered:.0%} of the course that a {structure.shown} has in this image."
        yield Finding(FindingCode.MISS, severity, text, facts.centroid)


def _ragged(structure: Structure, facts: CandidateFacts) -> Found:
    if facts.roughness is None or (structure.expect and structure.expect.thin) or not _big_enough(facts):
        return
    severity = _graded(facts.roughness, 1.4, 1.8, 4.0)
    if severity is not None:
        text = f"The boundary is ragged: {facts.roughness:.1f} times the surface of a smooth one."
        yield Finding(FindingCode.EDGE, severity, text, facts.centroid)


_MASK_RULES: tuple[Callable[[Structure, CandidateFacts], Found], ...] = (
    _islands,
    _holes,
    _side,
    _tissue,
    _place,
    _outside,
    _flat,
    _amount,
    _length,
    _course,
    _ragged,
)
"""The rules for a mask that is not empty, in no order."""


def _against(structure: Structure, facts: CandidateFacts, rival: CandidateFacts, pair: PairFacts) -> Found:
    """Judge a candidate (the pair's first) by what only one of both claims; solid regions alone count."""
    fits, strange = pair.only_second_fit, pair.only_first_fit
    if rival.volume_ml and fits is not None and fits >= 0.6:
        share = pair.solid_second_ml / rival.volume_ml
        severity = _graded(share, 0.03, 0.15, 0.6)
        if severity is not None:
            text = (
                f"{pair.solid_second_ml:.1f} ml that the other one has are missing; at {pair.only_second_hu:.0f} HU "
                f"they look like the rest ({pair.common_hu_mean:.0f} HU)."
            )
            yield Finding(FindingCode.MISS, severity, text, pair.second_place, pair.solid_second_ml)
    if facts.volume_ml and strange is not None and strange <= 0.4:
        share = pair.solid_first_ml / facts.volume_ml
        severity = _graded(share, 0.03, 0.12, 0.5)
        if severity is not None:
            text = (
                f"{pair.solid_first_ml:.1f} ml at {pair.only_first_hu:.0f} HU do not look like the rest of the "
                f"{structure.shown} ({pair.common_hu_mean:.0f} HU)."
            )
            yield Finding(FindingCode.LEAK, severity, text, pair.first_place, pair.solid_first_ml)


def _order(finding: Finding) -> tuple[int, str, str]:
    return -int(finding.severity), finding.code.value, finding.text


def findings_of(
    structure: Structure,
    facts: CandidateFacts,
    *,
    rival: CandidateFacts | None = None,
    pair: PairFacts | None = None,
) -> tuple[Finding, ...]:
    """Return what is wrong with a candidate, worst first; an unknown structure is judged only on what needs no ranges.

    With a `rival` and the facts of the `pair` (this candidate first), what only one of both claims is judged too.
    """
    if facts.empty:
        return tuple(_absence(structure, facts))
    found = [finding for rule in _MASK_RULES for finding in rule(structure, facts)]
    if rival is not None and pair is not None and not rival.empty:
        found += _against(structure, facts, rival, pair)
    return tuple(sorted(found, key=_order))


def worst(findings: tuple[Finding, ...]) -> Severity | None:
    """Return the severity of the worst finding, or None."""
    return max((f.severity for f in findings), default=None)


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
