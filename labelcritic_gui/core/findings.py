"""What can be wrong with a mask: the taxonomy, and one thing noticed. Layer: core."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class FindingCode(StrEnum):
    """Error taxonomy of candidates; a member's `meaning` says it in words."""

    LEAK = "LEAK"
    MISS = "MISS"
    CUT = "CUT"
    SIDE = "SIDE"
    SHIFT = "SHIFT"
    WRONG = "WRONG"
    ISLE = "ISLE"
    HOLE = "HOLE"
    OUT = "OUT"
    EMPTY = "EMPTY"
    ABSENT_OK = "ABSENT-OK"
    GEOM = "GEOM"
    VALUE = "VALUE"
    EDGE = "EDGE"
    IMG = "IMG"
    ODD = "ODD"

    @property
    def meaning(self) -> str:
        """What the code means, in words for a reader."""
        return _MEANINGS[self]


_MEANINGS = {
    FindingCode.LEAK: "spills into a neighbour",
    FindingCode.MISS: "part of the structure is missing",
    FindingCode.CUT: "flat artificial plane through it",
    FindingCode.SIDE: "left and right swapped, or one side takes both",
    FindingCode.SHIFT: "identity or position shifted",
    FindingCode.WRONG: "another structure, or an impossible place",
    FindingCode.ISLE: "spurious islands",
    FindingCode.HOLE: "holes",
    FindingCode.OUT: "outside the body or in padding",
    FindingCode.EMPTY: "expected in the field of view, but empty",
    FindingCode.ABSENT_OK: "removed or outside the field of view: not an error",
    FindingCode.GEOM: "does not fit the image grid",
    FindingCode.VALUE: "unexpected label values or impossible overlap",
    FindingCode.EDGE: "boundary rough or one to two voxels off",
    FindingCode.IMG: "image artefact or wrong phase",
    FindingCode.ODD: "unusual among the cases of this review",
}


class Severity(IntEnum):
    """How much a finding matters: NOTE (shown), MINOR (a minute's edit), MAJOR, GROSS (unusable)."""

    NOTE = 0
    MINOR = 1
    MAJOR = 2
    GROSS = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing noticed about one candidate.

    `place` is a world point in RAS+ mm, or None when it has no place; `text` is a plain sentence; `size_ml` is the
    volume concerned, in millilitres, or None.
    """

    code: FindingCode
    severity: Severity
    text: str
    place: tuple[float, float, float] | None = None
    size_ml: float | None = None


def joined_codes(codes: Iterable[str]) -> str:
    """Return codes as one text in which every code stands between spaces (" ISLE LEAK "), sorted, each once."""
    kept = sorted({str(code) for code in codes})
    return f" {' '.join(kept)} " if kept else ""


def split_codes(text: str) -> tuple[str, ...]:
    """Return the codes of a text made by `joined_codes`."""
    return tuple(text.split())
