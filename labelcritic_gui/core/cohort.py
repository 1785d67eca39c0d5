"""A cohort: what is measured of a structure in many cases, and what of it is unusual. Layer: core."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.measures.facts import CandidateFacts

LEAST_CASES = 12
"""Fewer cases are no reference: with 11 others, a clean value lies 8.5 robust standard deviations off once in 500."""
LEAST_FOR_BODY = 30
"""Cases from which on volume is also held against the body's size."""
SHARE = 1 / 50
"""A candidate is named when a clean one would be as unusual, in any of its measures, at most this often."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is compared over cases.

    `title` goes into sentences; `floor` is the least spread that is believed, in `unit`, or for a logarithmic measure
    (compared by ratios) as a share. `by_contrast` measures are compared among cases of one contrast phase only.
    """

    name: str
    title: str
    unit: str
    digits: int
    floor: float
    logarithmic: bool = False
    by_contrast: bool = False

    def shown(self, value: float) -> str:
        """Return a value in words, such as "95 ml"."""
        digits = self.digits + (self.digits == 0 and self.logarithmic and abs(value) < 10)
        return f"{round(value, digits) + 0.0:.{digits}f} {self.unit}".strip()  # adding zero turns -0 into 0


VOLUME = Measure("volume", "the volume", "ml", 0, 0.03, logarithmic=True)
VOLUME_FOR_BODY = Measure("volume-for-body", "the volume for a body of this size", "ml", 0, 0.03, logarithmic=True)
RATIO = Measure("side-ratio", "the volume as a multiple of the other side's", "", 2, 0.03, logarithmic=True)
LENGTH = Measure("length", "the length from head to foot", "mm", 0, 0.02, logarithmic=True)
COURSE = Measure("course", "the length along its course", "mm", 0, 0.02, logarithmic=True)
DENSITY = Measure("density", "the mean density", "HU", 0, 2.0, by_contrast=True)
DENSITY_IN_CASE = Measure(
    "density-in-case", "the mean density, beside what else is in the case,", "HU", 0, 2.0, by_contrast=True
)
HEIGHT = Measure("height", "the height of its centre (0 iliac crest, 1 lowest lung)", "", 2, 0.01)
LATERAL = Measure("lateral", "the distance from the midline (right positive)", "mm", 0, 1.0)
ANTERIOR = Measure("anterior", "the distance from the spine (front positive)", "mm", 0, 1.0)
SPHERICITY = Measure("sphericity", "the sphericity", "", 2, 0.01)
COMPACTNESS = Measure("compactness", "the compactness", "", 2, 0.01)

MEASURES = (
    VOLUME,
    VOLUME_FOR_BODY,
    RATIO,
    LENGTH,
    COURSE,
    DENSITY,
    DENSITY_IN_CASE,
    HEIGHT,
    LATERAL,
    ANTERIOR,
    SPHERICITY,
    COMPACTNESS,
)
BY_NAME: Mapping[str, Measure] = {measure.name: measure for measure in MEASURES}
NEEDED = (
    "empty",
    "volume_ml",
    "hu_mean",
    "height",
    "lateral_mm",
    "anterior_mm",
    "box_low",
    "box_high",
    "course_mm",
    "touches_border",
    "compactness",
    "sphericity",
    "body_size",
    "body_width_mm",
    "phase",
)
"""The names of the stored facts that a cohort is made of."""


def measured_of(facts: CandidateFacts) -> dict[str, float]:
    """Return what of a candidate can be compared, by the measure's name; only finite numbers.

    A mask that the image cuts off is not compared by size, shape or height, and by its place only where it is not cut
    on that side; an empty one not at all.
    """
    if facts.empty:
        return {}
    found: dict[str, float | None] = {DENSITY.name: facts.hu_mean}
    touched = set(facts.touches_border)
    if not touched & {"L", "R"}:
        found[LATERAL.name] = facts.lateral_mm
    if not touched & {"A", "P"}:
        found[ANTERIOR.name] = facts.anterior_mm
    if not touched:
        found |= {
            VOLUME.name: facts.volume_ml or None,
            LENGTH.name: _length(facts),
            COURSE.name: facts.course_mm or None,
            HEIGHT.name: facts.height,
            SPHERICITY.name: facts.sphericity,
            COMPACTNESS.name: facts.compactness,
        }
    return {name: float(value) for name, value in found.items() if value is not None and math.isfinite(value)}


def _length(facts: CandidateFacts) -> float | None:
    if facts.box_low is None or facts.box_high is None:
        return None
    return (facts.box_high[2] - facts.box_low[2]) or None


@dataclass(frozen=True, slots=True)
class Outlier:
    """One thing about one candidate that is unusual among the other cases.

    Attributes:
        value: as it was compared, in the measure's unit.
        low: the middle 95 % of the others lie from here; `high` to here.
        deviation: distance from the others' median in their robust standard deviations, signed.
        chance: how often a clean candidate is at least this unusual, all that is measured of it counted.
        others: how many candidates of other cases it was held against.
        measured: the candidate's own number as it was measured (before anything was taken off it).
        sentence: all of it in words, without a capital.
    """

    case: CaseId
    structure: str
    label_set: str
    measure: str
    value: float
    low: float
    high: float
    deviation: float
    chance: float
    others: int
    measured: float
    sentence: str

    @property
    def item(self) -> ItemId:
        """The item that the candidate competes for."""
        return ItemId(self.case, self.structure)

    @property
    def text(self) -> str:
        """What stands among an item's findings."""
        return f"Unusual in this review: {self.sentence}"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Outlier":
        """Read one back; unknown names (of a newer version) are ignored."""
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})

    def holds_for(self, facts: CandidateFacts) -> bool:
        """Say whether a candidate still measures what it measured when it was found unusual."""
        return measured_of(facts).get(OWN_NUMBER.get(self.measure, self.measure)) == self.measured


OWN_NUMBER: Mapping[str, str] = {
    VOLUME_FOR_BODY.name: VOLUME.name,
    RATIO.name: VOLUME.name,
    DENSITY_IN_CASE.name: DENSITY.name,
}
"""Which number of the candidate's own a derived measure is made from."""


def sentence_of(measure: Measure, value: float, low: float, high: float, others: int) -> str:
    """Say in words what is unusual."""
    usual = f"{measure.shown(low).removesuffix(measure.unit).strip()} to {measure.shown(high)}"
    cases = "cases of its contrast" if measure.by_contrast else "cases"
    return f"{measure.title} is {measure.shown(value)}; in the other {others} {cases} it is usually {usual}."


@dataclass(frozen=True, slots=True)
class CohortSize:
    """How many cases a structure was measured in; `label_set` is empty where label sets are taken together."""

    structure: str
    label_set: str
    cases: int


@dataclass(frozen=True, slots=True)
class CohortReport:
    """The outliers of a review, the most unusual first.

    Attributes:
        candidates: how many were judged in at least one measure.
        judged: the cohorts with enough cases; `too_few` those with fewer than LEAST_CASES.
        together: label sets were taken as one.
    """

    outliers: tuple[Outlier, ...]
    candidates: int
    judged: tuple[CohortSize, ...]
    too_few: tuple[CohortSize, ...]
    together: bool = False

    @property
    def by_candidate(self) -> tuple[tuple[Outlier, ...], ...]:
        """The outliers of each candidate together, the most unusual candidate first."""
        found: dict[tuple[str, str, str], list[Outlier]] = {}
        for one in self.outliers:
            found.setdefault((one.case, one.structure, one.label_set), []).append(one)
        return tuple(tuple(those) for those in found.values())

    @property
    def headline(self) -> str:
        """What was found, in a sentence."""
        named = len(self.by_candidate)
        expected = math.ceil(SHARE * self.candidates)
        verb = "is" if named < 2 else "are"
        return (
            f"{named or 'None'} of {self.candidates} candidates {verb} unusual among the other cases; "
            f"among clean ones, up to about {expected} would be."
        )

    @property
    def left_out(self) -> str:
        """Say which cohorts are too small, in a sentence; empty when none is."""
        if not self.too_few:
            return ""
        return f"Too few cases (fewer than {LEAST_CASES}): {_listed(self.too_few)}."


def _listed(sizes: Sequence[CohortSize], most: int = 6) -> str:
    named = [f"{s.structure} of {s.label_set} {s.cases}" if s.label_set else f"{s.structure} {s.cases}" for s in sizes]
    more = f" and {len(named) - most} more" if len(named) > most else ""
    return f"{', '.join(named[:most])}{more}"
