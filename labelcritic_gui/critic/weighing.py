"""What speaks for either of two candidates, and how sure that makes the anatomy critic. Layer: critic.

Every term changes sign when the pair is swapped, so swapping the candidates swaps the outcome and keeps the confidence.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from labelcritic_gui.core.findings import Severity
from labelcritic_gui.core.measures.belonging import balance
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.measures.regions import DifferingRegion
from labelcritic_gui.core.measures.strangeness import strangeness
from labelcritic_gui.core.rules import findings_of, worst
from labelcritic_gui.core.structures import Structure

SHELL_SHARE = 0.005
"""Share of both candidates from which a solid difference makes a pair more than two boundaries of one thing."""
MOST_SURE = 0.99
_FAINT, _FAINT_SHARE = 0.05, 0.02
_TELLING_SHARE, _LEAST_STEP = 0.15, 20.0
_MOST_LOPSIDED, _MOST_STRANGE = 1.5, 8.0

WEIGHTS: Mapping[str, float] = {
    "claims": 1.04,
    "relative": 3.53,
    "findings": 1.37,
    "edge": 0.13,
    "symmetry": 2.30,
    "usual": 0.65,
}
"""Weights of the evidence: a logistic regression on pairs whose better one is known (`python -m benchmarks.fit`)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the first candidate (positive) or the second (negative), term by term.

    `claims` from whether what only one claims belongs to the structure, nearly full already where a twentieth of both
    differs; `relative` the same as a share of all that differs; `findings` from which of both a rule holds something
    serious against; `edge` from whose boundary follows an edge in the image; `symmetry` from whose volume is nearer to
    the other side's; `usual` from which is nearer to what is usual of the structure.
    """

    claims: float
    relative: float
    findings: float
    edge: float
    symmetry: float
    usual: float

    @property
    def log_odds(self) -> float:
        """Log-odds that the first candidate is the better one."""
        terms = [WEIGHTS[name] * value for name, value in asdict(self).items()]
        return math.fsum(terms)

    @property
    def probability(self) -> float:
        """Probability, 0.5 to `MOST_SURE`, that the candidate for which more speaks is the better one."""
        return min(MOST_SURE, 1.0 / (1.0 + math.exp(-min(abs(self.log_odds), 50.0))))


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
    claimed, differing = balance(claims), math.fsum(claim.signs.share for claim in claims if claim.signs)
    return Evidence(
        claims=claimed / (abs(claimed) + _FAINT),
        relative=claimed / (differing + _FAINT_SHARE),
        findings=_serious(structure, second) - _serious(structure, first),
        edge=edge * telling,
        symmetry=_lopsided(second) - _lopsided(first),
        usual=_within(strangeness(structure, second) - strangeness(structure, first), _MOST_STRANGE),
    )


def _serious(structure: Structure, facts: CandidateFacts) -> float:
    """Return 1 when a rule holds something major or gross against a candidate, else 0."""
    return float((worst(findings_of(structure, facts)) or Severity.NOTE) >= Severity.MAJOR)


def _lopsided(facts: CandidateFacts) -> float:
    """Return how unlike its counterpart on the other side a candidate is: the log of the volumes' ratio, 0 unknown."""
    if not facts.other_side_ml or facts.volume_ml <= 0:
        return 0.0
    return min(_MOST_LOPSIDED, abs(math.log(facts.volume_ml / facts.other_side_ml)))


def _within(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))
