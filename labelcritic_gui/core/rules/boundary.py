"""Whether a mask's boundary lies on the edges of the CT, beside them, or amid tissue. Layer: core.

How sharp a right boundary is differs from structure to structure: the structure files say it (`edge_share`,
`blind_share`), and what they leave out is judged by the wide bounds here.
"""

from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.rules.grading import LETTERS, Found, big_enough, graded, is_sliver
from labelcritic_gui.core.structures import Expectation, Structure

_LEAST_VOXELS = 120
LEAST_EDGE_SHARE = 0.5
LEAST_PEAK = 0.6
_TOO_SMALL, _TOO_LARGE, _NARROW = 0.35, -0.1, 0.38
_STRANGE = (0.055, 0.075, 0.4)
_FAINT_EDGE, _FAINT_BLIND, _ALONE_BLIND = 0.85, 1.6, 2.0
_WITH_CONTRAST = {"arterial", "portal", "late"}
_FLAT, _FLAT_CUT, _FLAT_BLIND, _HALF_BLIND, _CUT_BLIND = 0.33, 0.5, 0.25, 0.55, 1.5


def _judged(facts: CandidateFacts) -> bool:
    """Say whether there is boundary enough to judge: not of a speck, nor of what the image leaves of a structure."""
    return big_enough(facts, _LEAST_VOXELS) and not is_sliver(facts)


def _loose(expect: Expectation, facts: CandidateFacts) -> float:
    """Return by how much a patch may be larger: of faint tissue, in thick slices, cut by the image, without company."""
    factor = _FAINT_BLIND if _faint(expect, facts) else 1.0
    factor *= _CUT_BLIND if facts.touches_border else 1.0
    factor *= _ALONE_BLIND if facts.touches is None else 1.0
    return factor * (1.0 + 0.1 * max(facts.slice_mm - 3.0, 0.0))


def _unknowable(expect: Expectation, facts: CandidateFacts) -> bool:
    """Say whether a missing edge means nothing: faint tissue, and no other label says what lies beyond."""
    return facts.touches is None and _faint(expect, facts)


def _faint(expect: Expectation, facts: CandidateFacts) -> bool:
    """Say whether it may be hard to tell from what is around: it takes up contrast, and none is known to be given."""
    return expect.hu_portal is not None and facts.phase not in _WITH_CONTRAST


def _edges(structure: Structure, facts: CandidateFacts) -> Found:
    """Judge how much of the surface follows an edge."""
    expect = structure.expect
    if expect is None or facts.edge_share is None or not _judged(facts):
        return
    least = LEAST_EDGE_SHARE if expect.edge_share is None else expect.edge_share
    least *= _FAINT_EDGE if _faint(expect, facts) else 1.0
    severity = graded(least - facts.edge_share, 0.0001, 0.02, 0.3)
    if severity is not None:
        text = (
            f"Only {facts.edge_share:.0%} of its surface lies on an edge in the image; "
            f"of a {structure.shown} at least {least:.0%} does."
        )
        yield Finding(FindingCode.SHIFT, severity, text, facts.blind_place or facts.centroid)


def _beside(structure: Structure, facts: CandidateFacts) -> Found:
    """Judge whether the edge lies inside or outside of the boundary."""
    expect = structure.expect
    if expect is None or expect.thin or facts.edge_peak is None or facts.edge_beyond is None or not _judged(facts):
        return
    if expect.tubular and expect.hu_portal is not None and facts.edge_beyond > _NARROW:
        text = "The edges of the image lie outside of its boundary all along: it is drawn too narrow."
        yield Finding(FindingCode.MISS, Severity.MAJOR, text, facts.centroid)
        return
    least = LEAST_PEAK if expect.edge_peak is None else expect.edge_peak
    severity = graded(least - facts.edge_peak, 0.0001, 0.01, 0.5)
    if severity is None:
        return
    if facts.edge_beyond > _TOO_SMALL:
        where, code = "outside of its boundary: it is drawn too small", FindingCode.MISS
    elif facts.edge_beyond < _TOO_LARGE:
        where, code = "inside its boundary: it is drawn too large", FindingCode.LEAK
    else:
        where, code = "beside its boundary", FindingCode.SHIFT
    text = f"The edges of the image lie {where} (its own step is {facts.edge_peak:.0%} of the strongest beside it)."
    yield Finding(code, severity, text, facts.centroid)


def _blind(structure: Structure, facts: CandidateFacts) -> Found:
    """Judge the largest patch of the surface where nothing ends."""
    expect = structure.expect
    if expect is None or expect.blind_share is None or facts.blind_share is None or not _judged(facts):
        return
    most = expect.blind_share * _loose(expect, facts)
    severity = None if _unknowable(expect, facts) else graded(facts.blind_share / most, 1.0, 1.1, 8.0)
    if severity is not None:
        text = (
            f"It ends amid tissue like its own, without an edge, over a patch of {facts.blind_share:.0%} of its "
            f"section (at most {most:.0%} in a {structure.shown})."
        )
        yield Finding(FindingCode.MISS, severity, text, facts.blind_place, None)


def _cut(structure: Structure, facts: CandidateFacts) -> Found:
    """Judge a flat end, less flat than what is cut for certain, that lies amid like tissue."""
    expect = structure.expect
    if expect is None or expect.blind_share is None or expect.flat_ends or expect.thin or expect.tubular:
        return
    if facts.blind_share is None or not _judged(facts) or _unknowable(expect, facts):
        return
    thick = 0.03 * max(facts.slice_mm - 3.0, 0.0) if facts.flat_facing in {"I", "S"} else 0.0
    usual = _HALF_BLIND * expect.blind_share * _loose(expect, facts)
    if facts.flat_face - thick < (_FLAT_CUT if facts.touches_border else _FLAT) or facts.blind_share < max(
        _FLAT_BLIND, usual
    ):
        return
    text = (
        f"A flat end towards the {LETTERS[facts.flat_facing]}, {facts.flat_face:.0%} of its section, "
        "and amid tissue like its own, without an edge."
    )
    yield Finding(FindingCode.CUT, Severity.MAJOR, text, facts.flat_place)


def _strange(structure: Structure, facts: CandidateFacts) -> Found:
    """Judge the largest region inside that is unlike the rest."""
    expect = structure.expect
    if expect is None or not expect.uniform or not facts.strange_share or facts.strange_hu is None:
        return
    if facts.phase == "arterial" and not expect.tubular:
        return  # spleen and kidneys are patchy then
    severity = graded(facts.strange_share, *_STRANGE)
    if severity is not None and facts.core_hu is not None and _judged(facts):
        text = (
            f"{facts.strange_share:.0%} of it, well inside, is one region of {facts.strange_hu:.0f} HU, "
            f"unlike the rest ({facts.core_hu:.0f} HU)."
        )
        size = facts.strange_share * facts.volume_ml
        yield Finding(FindingCode.LEAK, severity, text, facts.strange_place, size)


RULES = (_edges, _beside, _blind, _cut, _strange)
