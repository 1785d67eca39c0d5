"""What a mask looks like: parts, cavities, flat ends, a ragged boundary. Layer: core."""

from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.geometry import Point
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.rules.grading import LETTERS, Found, big_enough, graded, is_sliver
from labelcritic_gui.core.structures import Expectation, Structure

_CUT_OFF_MM, _AT_BORDER = 20.0, 0.18


def _islands(structure: Structure, facts: CandidateFacts) -> Found:
    wanted = structure.expect.parts if structure.expect else None
    extra = [island for island in facts.islands[(wanted or 1) - 1 :] if not _cut_off(island[1], facts)]
    if wanted is None or facts.parts <= wanted or not extra:
        return
    volume = sum(ml for ml, _ in extra)
    if wanted == 1 and len(extra) == len(facts.islands):
        volume = facts.volume_ml * (1.0 - facts.largest_share)  # more of them than are listed
    share = volume / facts.volume_ml
    severity = graded(share, 0.002, 0.12, 0.5) or Severity.NOTE
    if max(ml for ml, _ in extra) <= 2.0 * facts.voxel_ml:
        severity = Severity.NOTE
    text = f"{facts.parts} separate parts instead of {wanted}; {volume:.1f} ml ({share:.0%}) lie apart."
    yield Finding(FindingCode.ISLE, severity, text, extra[0][1], volume)


def _cut_off(place: Point, facts: CandidateFacts) -> bool:
    """Say whether a part lies where the image cuts the mask: what joins it to the rest may be beyond."""
    if facts.box_low is None or facts.box_high is None:
        return False
    ends = dict.fromkeys("LPI", facts.box_low) | dict.fromkeys("RAS", facts.box_high)
    axes = {"L": 0, "R": 0, "P": 1, "A": 1, "I": 2, "S": 2}
    return any(abs(ends[f][axes[f]] - place[axes[f]]) <= _CUT_OFF_MM for f in facts.touches_border)


def _holes(_: Structure, facts: CandidateFacts) -> Found:
    share = facts.holes_ml / facts.volume_ml if facts.volume_ml else 0.0
    severity = graded(share, 0.004, 0.03, 0.3)
    if severity is not None:
        text = f"Cavities of {facts.holes_ml:.1f} ml ({share:.0%} of the mask) inside it."
        yield Finding(FindingCode.HOLE, severity, text, facts.hole_place, facts.holes_ml)


def _flat(structure: Structure, facts: CandidateFacts) -> Found:
    expect = structure.expect or Expectation()
    along = facts.flat_facing in {"I", "S"}
    if expect.flat_ends or expect.thin or (expect.tubular and along) or not big_enough(facts) or is_sliver(facts):
        return
    thick = 0.03 * max(facts.slice_mm - 3.0, 0.0) if along else 0.0
    thick += _AT_BORDER if facts.touches_border else 0.0  # what the image leaves of a shape may well be flat
    known = structure.expect is not None
    severity = graded(facts.flat_face - thick, 0.5 if known else 0.6, 0.6 if known else 2.0, 2.0)
    if severity is not None:
        text = f"Ends in a flat plane towards the {LETTERS[facts.flat_facing]}, {facts.flat_face:.0%} of its section."
        yield Finding(FindingCode.CUT, severity, text, facts.flat_place)


def _ragged(structure: Structure, facts: CandidateFacts) -> Found:
    if facts.roughness is None or (structure.expect and structure.expect.thin) or not big_enough(facts):
        return
    if is_sliver(facts):
        return
    thick = 0.1 * max(facts.slice_mm - 3.0, 0.0)
    severity = graded(facts.roughness - thick, 1.35, 1.5, 4.0)
    if severity is not None:
        text = f"The boundary is ragged: {facts.roughness:.1f} times the surface of a smooth one."
        yield Finding(FindingCode.EDGE, severity, text, facts.centroid)


def _shape(structure: Structure, facts: CandidateFacts) -> Found:
    """Judge how like a ball it is, and how long for its thickness; not where the image cuts it."""
    expect = structure.expect
    if expect is None or facts.touches_border or not big_enough(facts):
        return
    if expect.sphericity is not None and facts.sphericity is not None:
        beyond = max(expect.sphericity.low - facts.sphericity, facts.sphericity - expect.sphericity.high)
        severity = graded(beyond, 0.0001, 0.05, 0.5)
        if severity is not None:
            much = "less" if facts.sphericity < expect.sphericity.low else "more"
            text = f"It is {much} like a ball than a {structure.shown} is (sphericity {facts.sphericity:.2f})."
            yield Finding(FindingCode.EDGE, severity, text, facts.centroid)
    if expect.elongation is not None and len(facts.axes_mm) == 3 and facts.axes_mm[2] > 0:
        stretch = facts.axes_mm[0] / facts.axes_mm[2]
        beyond = max(expect.elongation.low / stretch, stretch / expect.elongation.high)
        severity = graded(beyond, 1.0001, 1.25, 3.0)
        if severity is not None:
            text = f"It is {stretch:.1f} times as long as thick, which a {structure.shown} is not."
            yield Finding(FindingCode.EDGE, severity, text, facts.centroid)


RULES = (_islands, _holes, _flat, _ragged, _shape)
