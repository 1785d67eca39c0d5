"""Finds what is unusual among the cases of a review, each candidate against all other cases. Layer: core.

A candidate is named when a clean one would be as unusual at most once in 50, all that is measured of it counted
(Bonferroni: the chances of one candidate's measures are multiplied by their number).
"""

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress, stop_if
from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.cohort import (
    ANTERIOR,
    COMPACTNESS,
    COURSE,
    DENSITY,
    DENSITY_IN_CASE,
    HEIGHT,
    LATERAL,
    LEAST_CASES,
    LEAST_FOR_BODY,
    LENGTH,
    MEASURES,
    OWN_NUMBER,
    RATIO,
    SHARE,
    SPHERICITY,
    VOLUME,
    VOLUME_FOR_BODY,
    CohortReport,
    CohortSize,
    Measure,
    Outlier,
    measured_of,
    sentence_of,
)
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.robust import (
    Floats,
    Ints,
    Judged,
    judge,
    medians_beside,
    slope_without,
    usual_span,
)

SIZE, WIDTH = "body-size", "body-width"
_PLAIN = (VOLUME, LENGTH, COURSE, DENSITY, HEIGHT, LATERAL, ANTERIOR, SPHERICITY, COMPACTNESS)
_INSTEAD = {DENSITY: DENSITY_IN_CASE, COMPACTNESS: SPHERICITY, LENGTH: COURSE}
"""A measure that is left out where a better one can be had."""
LEAST_BESIDE = 3
"""Other structures of a case that its contrast is told by, at least."""
NARROW = 0.02
"""Where the bodies of the cases differ less than so (a share), volumes are not held against them."""


class Numbers:
    """What was measured of many candidates, a few numbers each: some 80 bytes a candidate."""

    def __init__(self) -> None:
        self.cases: dict[str, int] = {}
        self.structures: dict[str, int] = {}
        self.label_sets: dict[str, int] = {}
        self.phases: dict[str, int] = {}
        self._places = {name: array("i") for name in ("case", "structure", "label_set", "phase")}
        self._columns = {name: array("d") for name in (*(m.name for m in _PLAIN), SIZE, WIDTH)}

    def __len__(self) -> int:
        """Return how many candidates there are."""
        return len(self._places["case"])

    def add(self, case: CaseId, structure: str, label_set: str, facts: CandidateFacts) -> None:
        """Take a candidate in; an empty one has nothing to compare and is left out."""
        found = measured_of(facts)
        if not found:
            return
        for name, known, one in (
            ("case", self.cases, case),
            ("structure", self.structures, structure),
            ("label_set", self.label_sets, label_set),
            ("phase", self.phases, facts.phase),
        ):
            self._places[name].append(known.setdefault(one, len(known)))
        found |= {SIZE: facts.body_size or math.nan, WIDTH: facts.body_width_mm or math.nan}
        for name, column in self._columns.items():
            column.append(found.get(name, math.nan))

    def place(self, name: str) -> Ints:
        """Return the numbers of every candidate's case, structure, label set or contrast phase."""
        return np.frombuffer(self._places[name], dtype=np.int32).astype(np.int64)

    def column(self, name: str) -> Floats:
        """Return what was measured of every candidate; NaN where it was not."""
        return np.frombuffer(self._columns[name], dtype=np.float64).copy()

    def value(self, name: str, row: int) -> float:
        """Return what was measured of one candidate."""
        return self._columns[name][row]


def find_outliers(
    numbers: Numbers,
    *,
    pairs: Mapping[str, str],
    together: bool = False,
    cancel: Cancel | None = None,
    progress: Progress = no_progress,
) -> CohortReport:
    """Return what is unusual; `pairs` maps a structure to its counterpart on the other side.

    Each label set is compared within itself, or (`together`) all of them as one; either way a candidate's reference
    holds no candidate of its own case. Raises CancelledError.
    """
    if not len(numbers):
        return CohortReport((), 0, (), (), together)
    return _Search(numbers, pairs, together, cancel or NeverCancel()).run(progress)


@dataclass(frozen=True, slots=True)
class _Told:
    """A measure of a cohort: the candidates that have it (`known`, of the cohort's), their values, how they compare."""

    measure: Measure
    known: NDArray[np.bool_]
    values: Floats
    judged: Judged


@dataclass(frozen=True, slots=True)
class _Hit:
    """One unusual thing: the candidate's row, and where it stands in what was told of a measure."""

    row: int
    told: _Told
    n: int
    chance: float


class _Search:
    """One search under way."""

    def __init__(self, numbers: Numbers, pairs: Mapping[str, str], together: bool, cancel: Cancel) -> None:
        self._numbers = numbers
        self._together = together
        self._cancel = cancel
        self._cases, self._structures, self._sets = map(tuple, (numbers.cases, numbers.structures, numbers.label_sets))
        self._case, self._structure, self._set = (numbers.place(n) for n in ("case", "structure", "label_set"))
        self._columns = {m.name: numbers.column(m.name) for m in _PLAIN}
        self._phase = numbers.place("phase")
        for measure in _PLAIN:
            if measure.logarithmic:
                self._columns[measure.name] = np.log(self._columns[measure.name])
        self._bodies = [np.log(numbers.column(name)) for name in (SIZE, WIDTH)]
        self._partner = self._partners(pairs)
        self._volume_off = np.zeros(len(numbers))
        self._cohorts = self._split()
        self._columns[RATIO.name] = self._ratio()
        self._columns[DENSITY_IN_CASE.name] = self._density_in_case()

    def _split(self) -> list[Ints]:
        """Return the rows of each cohort."""
        key = self._structure * len(self._numbers.label_sets) + (0 if self._together else self._set)
        order = np.argsort(key, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(key[order])) + 1)

    def run(self, progress: Progress) -> CohortReport:
        hits: list[_Hit] = []
        sizes: tuple[list[CohortSize], list[CohortSize]] = ([], [])
        candidates = 0
        for n, rows in enumerate(self._cohorts):
            stop_if(self._cancel)
            size = self._size(rows)
            progress(n, len(self._cohorts), f"comparing {size.structure}")
            enough = size.cases >= LEAST_CASES
            sizes[not enough].append(size)
            if enough:
                candidates += self._judge_cohort(rows, hits)
        found = [self._outlier(hit) for hit in hits if not self._is_the_other_sides(hit)]
        found.sort(key=lambda o: (o.chance, -abs(o.deviation), o.case, o.structure, o.label_set, o.measure))
        return CohortReport(tuple(found), candidates, tuple(sizes[0]), tuple(sizes[1]), self._together)

    def _size(self, rows: Ints) -> CohortSize:
        structure = self._structures[self._structure[rows[0]]]
        label_set = "" if self._together else self._sets[self._set[rows[0]]]
        return CohortSize(structure, label_set, len(np.unique(self._case[rows])))

    # --- measures made from several numbers ------------------------------------------------------------------------

    def _partners(self, pairs: Mapping[str, str]) -> Ints:
        """Return for every row that of the other side, of the same case and label set; -1 where there is none."""
        other = np.full(len(self._numbers.structures), -1)
        for name, number in self._numbers.structures.items():
            other[number] = self._numbers.structures.get(pairs.get(name, ""), -1)
        sizes = len(self._numbers.label_sets), len(self._numbers.structures)
        own = (self._case * sizes[0] + self._set) * sizes[1]
        order = np.argsort(own + self._structure, kind="stable")
        ordered = (own + self._structure)[order]
        wanted = own + other[self._structure]
        at = np.minimum(np.searchsorted(ordered, wanted), len(order) - 1)
        return np.where((other[self._structure] >= 0) & (ordered[at] == wanted), order[at], -1)

    def _ratio(self) -> Floats:
        volume = self._columns[VOLUME.name]
        return np.where(self._partner >= 0, volume - volume[self._partner], np.nan)

    def _density_in_case(self) -> Floats:
        """Return densities with each case's own contrast taken off.

        That is the median of how far its other structures are off their cohorts' medians: a candidate's own density
        is not in it.
        """
        density = self._columns[DENSITY.name]
        off = np.full(len(density), np.nan)
        for rows in (part for cohort in self._cohorts for part in self._by_phase(cohort)):
            known = density[rows][np.isfinite(density[rows])]
            if known.size:
                off[rows] = density[rows] - np.median(known)
        contrast = np.full(len(density), np.nan)
        for label_set in range(len(self._numbers.label_sets)):
            rows = np.flatnonzero(self._set == label_set)
            table = np.full((len(self._numbers.cases), len(self._numbers.structures)), np.nan)
            table[self._case[rows], self._structure[rows]] = off[rows]
            beside = medians_beside(table, least=LEAST_BESIDE)
            contrast[rows] = beside[self._case[rows], self._structure[rows]]
        beside_the_case: Floats = density - contrast
        return beside_the_case

    # --- judging ---------------------------------------------------------------------------------------------------

    def _judge_cohort(self, rows: Ints, hits: list[_Hit]) -> int:
        """Judge every measure of a cohort, add what is unusual; return how many candidates were judged."""
        told = [one for measure in self._measures(rows) for one in self._judge_measure(rows, measure)]
        for_body = self._for_body(rows)
        told += [for_body] if for_body is not None else []
        tried = np.zeros(len(rows), dtype=np.int64)
        for one in told:
            tried += one.known
            if one.measure is VOLUME:
                self._volume_off[rows[one.known]] = np.abs(one.judged.deviation)
        for one in told:
            chance = np.minimum(one.judged.chance * tried[one.known], 1.0)
            own = rows[one.known]
            hits += [_Hit(int(own[n]), one, int(n), float(chance[n])) for n in np.flatnonzero(chance <= SHARE)]
        return int(np.count_nonzero(tried))

    def _judge_measure(self, rows: Ints, measure: Measure) -> Iterator[_Told]:
        """Judge a measure among all cases, or among those of each contrast phase that has enough of them."""
        values = self._columns[measure.name][rows]
        for own in self._by_phase(rows) if measure.by_contrast else [rows]:
            if self._cases_with(own, measure) >= LEAST_CASES:
                known = np.isfinite(values) & np.isin(rows, own)
                judged = judge(values[known], self._groups(rows[known]), floor=measure.floor)
                yield _Told(measure, known, values[known], judged)

    def _by_phase(self, rows: Ints) -> list[Ints]:
        """Return the rows of each contrast phase."""
        return [rows[self._phase[rows] == phase] for phase in np.unique(self._phase[rows])]

    def _measures(self, rows: Ints) -> Sequence[Measure]:
        """Return the measures that a cohort has enough cases for, the better one where there are two."""
        enough = set()
        for measure in MEASURES:
            parts = self._by_phase(rows) if measure.by_contrast else [rows]
            if measure is not VOLUME_FOR_BODY and any(self._cases_with(p, measure) >= LEAST_CASES for p in parts):
                enough.add(measure)
        return [m for m in MEASURES if m in enough and _INSTEAD.get(m) not in enough]

    def _cases_with(self, rows: Ints, measure: Measure) -> int:
        return len(np.unique(self._case[rows][np.isfinite(self._columns[measure.name][rows])]))

    def _groups(self, rows: Ints) -> Ints:
        """Return which case every row is of, numbered from 0."""
        return np.unique(self._case[rows], return_inverse=True)[1].astype(np.int64)

    def _for_body(self, rows: Ints) -> _Told | None:
        """Judge volumes that the size of the body (its width, for want of that) does not explain; None if too few."""
        volume = self._columns[VOLUME.name][rows]
        for body in self._bodies:
            known = np.isfinite(volume) & np.isfinite(body[rows])
            groups = self._groups(rows[known])
            if int(groups.max(initial=-1)) + 1 >= LEAST_FOR_BODY:
                break
        else:
            return None
        y, x = volume[known], body[rows][known]
        x = x - np.median(x)
        if np.median(np.abs(x)) < NARROW:
            return None
        slopes = slope_without(x, y, groups)
        values = y - slopes[groups] * x
        parts = {name: np.full(len(y), np.nan) for name in ("deviation", "chance", "centre", "spread")}
        for slope in np.unique(slopes):  # few: leaving one out moves a median by a place at most
            judged = judge(y - slope * x, groups, floor=VOLUME_FOR_BODY.floor)
            mine = slopes[groups] == slope
            for name, part in parts.items():
                part[mine] = getattr(judged, name)[mine]
        return _Told(VOLUME_FOR_BODY, known, values, Judged(**parts, others=judged.others))

    # --- what is told ----------------------------------------------------------------------------------------------

    def _is_the_other_sides(self, hit: _Hit) -> bool:
        """Say whether a ratio is unusual rather because of the other side, whose own volume is further off."""
        partner = int(self._partner[hit.row])
        if hit.told.measure is not RATIO or partner < 0:
            return False
        return (self._volume_off[partner], partner) > (self._volume_off[hit.row], hit.row)

    def _outlier(self, hit: _Hit) -> Outlier:
        row, n, measure, judged = hit.row, hit.n, hit.told.measure, hit.told.judged
        value = float(hit.told.values[n])
        low, high = usual_span(float(judged.centre[n]), float(judged.spread[n]))
        if measure.logarithmic:
            value, low, high = math.exp(value), math.exp(low), math.exp(high)
        others = judged.others
        return Outlier(
            case=CaseId(self._cases[self._case[row]]),
            structure=self._structures[self._structure[row]],
            label_set=self._sets[self._set[row]],
            measure=measure.name,
            value=value,
            low=low,
            high=high,
            deviation=float(judged.deviation[n]),
            chance=hit.chance,
            others=others,
            measured=self._numbers.value(OWN_NUMBER.get(measure.name, measure.name), row),
            sentence=sentence_of(measure, value, low, high, others),
        )
