"""What speaks for either of two candidates, and how sure that makes the anatomy critic. Layer: critic.

Every term changes sign when the pair is swapped, so swapping the candidates swaps the outcome and keeps the confidence.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from labelcritic_gui.core.belonging import balance
from labelcritic_gui.core.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.findings import Finding, Severity
from labelcritic_gui.core.regions import DifferingRegion
from labelcritic_gui.core.rules import findings_of
from labelcritic_gui.core.structures import Structure

SHELL_SHARE = 0.005
"""Share of both candidates from which a solid difference makes a pair more than two boundaries of one thing."""
POINTS = {Severity.NOTE: 0.05, Severity.MINOR: 0.5, Severity.MAJOR: 2.0, Severity.GROSS: 5.0}
"""What a finding counts against a candidate."""
MOST_SURE = 0.99
_MOST_POINTS, _FAINT = 6.0, 0.05
_TELLING_SHARE = 0.15
_LEAST_SD, _LEAST_STEP = 12.0, 20.0

WEIGHTS: Mapping[str, float] = {
    "claims": 4.0,
    "claims_sign": 2.0,
    "findings": 1.0,
    "fit": 0.4,
    "mean": 0.3,
    "edge": 1.0,
    "shape": 1.2,
    "size": -0.5,
}
"""Weights of the evidence: a logistic regression on pairs whose better one is known (`python -m benchmarks.fit`)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the first candidate (positive) or the second (negative), term by term.

    `claims` from whether what only one claims belongs to the structure, by its share; `claims_sign` the same, full
    already where little differs; `findings` from what the rules hold against each; `fit` and `mean` from the density of
    what only one claims; `edge` from whose boundary follows an edge in the image; `shape` from the more compact one;
    `size` from who claims more.
    """

    claims: float
    claims_sign: float
    findings: float
    fit: float
    mean: float
    edge: float
    shape: float
    size: float

    @property
    def log_odds(self) -> float:
        """Log-odds that the first candidate is the better one."""
        terms = [WEIGHTS[name] * value for name, value in asdict(self).items()]
        return math.fsum(terms)

    @property
    def probability(self) -> float:
        """Probability, 0.5 to `MOST_SURE`, that the candidate for which more speaks is the better one."""
        return min(MOST_SURE, 1.0 / (1.0 + math.exp(-min(abs(self.log_odds), 50.0))))


def points_of(findings: Sequence[Finding]) -> float:
    """Sum the worst finding of each code."""
    worst_of: dict[str, float] = {}
    for finding in findings:
        worst_of[finding.code] = max(worst_of.get(finding.code, 0.0), POINTS[finding.severity])
    return math.fsum(worst_of.values())


def _within(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))


def _claim(ml: float, union: float, fit: float | None) -> float:
    """Weigh a claimed region: its size (full at 15 % of both) times how well it fits, -1..1."""
    return 0.0 if fit is None or union <= 0 else min(1.0, ml / (_TELLING_SHARE * union)) * (2.0 * fit - 1.0)


def _likeness(hu: float | None, pair: PairFacts) -> float | None:
    """Return how close a region's mean density is to the common part's, in its deviations, 1 (same) to 0."""
    if hu is None or pair.common_hu_mean is None or pair.common_hu_sd is None:
        return None
    return 1.0 - min(1.0, abs(hu - pair.common_hu_mean) / max(_LEAST_SD, pair.common_hu_sd))


def weigh(
    structure: Structure,
    first: CandidateFacts,
    second: CandidateFacts,
    *,
    pair: PairFacts,
    claims: Sequence[DifferingRegion] = (),
) -> Evidence:
    """Return the evidence on a pair; swapping the pair changes the sign of every term, exactly."""
    union = pair.both_ml + (pair.only_first_ml + pair.only_second_ml)
    solid = max(pair.solid_first_ml, pair.solid_second_ml) > SHELL_SHARE * union
    telling = min(1.0, (1.0 - pair.dice) / (_TELLING_SHARE if solid else 2.0 * _TELLING_SHARE))
    edge = 0.0
    if pair.edge_first is not None and pair.edge_second is not None:
        scale = (abs(pair.edge_first) + abs(pair.edge_second)) + max(_LEAST_STEP, pair.common_hu_sd or 0.0)
        edge = (pair.edge_first - pair.edge_second) / scale
    alike = _likeness(pair.only_first_hu, pair), _likeness(pair.only_second_hu, pair)
    shape = 0.0
    if first.compactness and second.compactness:
        shape = _within(math.log(first.compactness) - math.log(second.compactness), 1.0)
    claimed = balance(claims)
    against = points_of(findings_of(structure, first)), points_of(findings_of(structure, second))
    return Evidence(
        claims=claimed,
        claims_sign=claimed / (abs(claimed) + _FAINT),
        findings=_within(against[1] - against[0], _MOST_POINTS),
        fit=_claim(pair.only_first_ml, union, pair.only_first_fit)
        - _claim(pair.only_second_ml, union, pair.only_second_fit),
        mean=_claim(pair.only_first_ml, union, alike[0]) - _claim(pair.only_second_ml, union, alike[1]),
        edge=edge * telling,
        shape=shape * telling,
        size=_claim(pair.only_first_ml, union, 1.0) - _claim(pair.only_second_ml, union, 1.0),
    )
