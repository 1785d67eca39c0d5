"""The anatomy critic: compares and scores candidates by measured facts and rules, without a server. Layer: critic.

Its opinion of a pair is the log-odds of a small linear model over differences that change sign when the pair is
swapped, so swapping the candidates swaps the outcome and keeps the confidence.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from labelcritic_gui.core.cancel import Cancel, stop_if
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.core.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.findings import Finding, Severity
from labelcritic_gui.core.rules import findings_of, must_be_there, pre_check, quality, worst
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.core.verdict import CriticIdentity, Outcome, Quality, Verdict
from labelcritic_gui.critic.base import Question, one_by_one

IDENTITY = CriticIdentity(kind="anatomy", title="anatomy critic", version="1")
SAME_DICE = 0.97
"""Dice at which two candidates are interchangeable unless one of them has a serious finding."""
SHELL_DICE, SHELL_SHARE = 0.90, 0.005
"""Dice from which candidates that differ by a boundary shell only are interchangeable; share of solid difference."""
SURE = 0.60
"""Probability from which the critic picks; below it the item goes to a person."""
_MOST_SURE = 0.97
_SPECK_VOXELS = 10
_POINTS = {Severity.NOTE: 0.05, Severity.MINOR: 0.5, Severity.MAJOR: 2.0, Severity.GROSS: 5.0}
_TELLING_SHARE = 0.15
_LEAST_SD, _LEAST_STEP = 12.0, 20.0

WEIGHT_FINDINGS = 1.0
WEIGHT_FIT = 0.8
WEIGHT_MEAN = 0.5
WEIGHT_EDGE = 3.0
WEIGHT_SHAPE = 1.2
WEIGHT_SIZE = -0.8
"""Weights of the evidence: a logistic regression on faults planted in real and synthetic scans, shrunk by a quarter
since real errors are subtler than planted ones."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the first candidate (positive) or the second (negative), term by term.

    `findings` from what the rules hold against each; `fit` and `mean` from the density of what only one claims; `edge`
    from whose boundary follows an edge in the image; `shape` from the more compact one; `size` from who claims more.
    """

    findings: float
    fit: float
    mean: float
    edge: float
    shape: float
    size: float

    @property
    def log_odds(self) -> float:
        """Log-odds that the first candidate is the better one."""
        return (
            WEIGHT_FINDINGS * self.findings
            + WEIGHT_FIT * self.fit
            + WEIGHT_MEAN * self.mean
            + WEIGHT_EDGE * self.edge
            + WEIGHT_SHAPE * self.shape
            + WEIGHT_SIZE * self.size
        )


def _points(findings: tuple[Finding, ...]) -> float:
    """Sum the worst finding of each code."""
    worst_of: dict[str, float] = {}
    for finding in findings:
        worst_of[finding.code] = max(worst_of.get(finding.code, 0.0), _POINTS[finding.severity])
    return sum(worst_of[code] for code in sorted(worst_of))


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


def weigh(structure: Structure, first: CandidateFacts, second: CandidateFacts, *, pair: PairFacts) -> Evidence:
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
    return Evidence(
        findings=_within(_points(findings_of(structure, second)) - _points(findings_of(structure, first)), 6.0),
        fit=_claim(pair.only_first_ml, union, pair.only_first_fit)
        - _claim(pair.only_second_ml, union, pair.only_second_fit),
        mean=_claim(pair.only_first_ml, union, alike[0]) - _claim(pair.only_second_ml, union, alike[1]),
        edge=edge * telling,
        shape=shape * telling,
        size=_claim(pair.only_first_ml, union, 1.0) - _claim(pair.only_second_ml, union, 1.0),
    )


@dataclass(frozen=True, slots=True)
class _Opinion:
    outcome: Outcome
    confidence: float
    reasons: tuple[str, ...]


class RuleCritic:
    """The anatomy critic; needs facts, no pictures and no network, and always answers the same."""

    @property
    def identity(self) -> CriticIdentity:
        """Who this critic is."""
        return IDENTITY

    @property
    def wants_pictures(self) -> bool:
        """Say that facts are enough."""
        return False

    def compare(self, question: Question, cancel: Cancel) -> Verdict:
        """Say which candidate of a pair is better; raises CriticError when the question has no pair of facts."""
        stop_if(cancel)
        if len(question.facts) != 2 or (question.pair is None and not any(f.empty for f in question.facts)):
            raise CriticError(
                f"{question.subject.item} was asked without the facts of two candidates.", "Measure it again."
            )
        opinion = _without_comparison(question) or _compared(question)
        return Verdict(IDENTITY, question.subject, opinion.outcome, opinion.confidence, opinion.reasons)

    def assess(self, question: Question, cancel: Cancel) -> Quality:
        """Say how good one candidate is, with its findings; raises CriticError unless there is exactly one."""
        stop_if(cancel)
        if len(question.facts) != 1:
            raise CriticError(f"{question.subject.item}: one candidate is assessed at a time.", "Measure it again.")
        facts = question.facts[0]
        findings = findings_of(question.structure, facts)
        score, uncertainty = quality(findings, facts, question.structure)
        reasons = tuple(f.text for f in findings[:4]) or (_clean(question.structure, facts),)
        return Quality(IDENTITY, question.subject, score, uncertainty, findings, reasons)

    def compare_all(self, questions: Sequence[Question], cancel: Cancel) -> list[Verdict | CriticError]:
        """Compare many pairs, one after the other."""
        return one_by_one(self.compare, questions, cancel)

    def assess_all(self, questions: Sequence[Question], cancel: Cancel) -> list[Quality | CriticError]:
        """Assess many candidates, one after the other."""
        return one_by_one(self.assess, questions, cancel)


def _clean(structure: Structure, facts: CandidateFacts) -> str:
    if structure.expect is None:
        return f"Nothing was noticed, but no expectations are known for {structure.shown}."
    return f"Nothing was noticed: {facts.volume_ml:.0f} ml at {facts.hu_mean or 0.0:.0f} HU, where it belongs."


def _names(question: Question) -> tuple[str, str]:
    """Return what the reasons call the two candidates."""
    ids = question.subject.candidates
    if len(ids) == 2 and ids[0].label_set != ids[1].label_set:
        return ids[0].label_set, ids[1].label_set
    return ("version 1", "version 2") if len(ids) != 2 else (f"version {ids[0].version}", f"version {ids[1].version}")


def _without_comparison(question: Question) -> _Opinion | None:
    """Decide when a candidate is empty: by what must be in view, or by whether the other one looks right."""
    structure, (first, second) = question.structure, question.facts
    if not (first.empty or second.empty):
        return None
    needed = must_be_there(structure, first)
    decided = pre_check(structure, first, second)
    if decided is not None:
        return _Opinion(decided, _empty_confidence(decided, needed), (_empty_reason(structure, decided, needed),))
    names, filled = _names(question), first if second.empty else second
    findings = findings_of(structure, filled)
    what = f"Only {names[0] if second.empty else names[1]} marks the {structure.shown} ({filled.volume_ml:.1f} ml)"
    if structure.expect is None:
        return _Opinion(Outcome.UNDECIDED, 0.5, (f"{what}; nothing is known about where it belongs.",))
    if filled.volume_ml <= _SPECK_VOXELS * filled.voxel_ml:
        return _Opinion(Outcome.UNDECIDED, 0.5, (f"{what}, too little to be judged.",))
    bad = worst(findings) in {Severity.MAJOR, Severity.GROSS}
    winner = second if bad == second.empty else first
    outcome = Outcome.FIRST if winner is first else Outcome.SECOND
    told = (f"{what}, which may be absent.", findings[0].text) if bad else (f"{what}; it looks right.",)
    return _Opinion(outcome, 0.65 if bad else 0.75, told)


def _empty_confidence(outcome: Outcome, needed: bool | None) -> float:
    if outcome is Outcome.UNDECIDED:
        return 0.5
    if needed is None:
        return 0.65
    return 0.95 if needed and outcome is not Outcome.BOTH_WRONG else 0.85


def _empty_reason(structure: Structure, outcome: Outcome, needed: bool | None) -> str:
    if outcome is Outcome.UNDECIDED:
        return f"Both are empty, and nothing is known about when {structure.shown} is in view."
    if outcome is Outcome.BOTH_WRONG:
        return f"The {structure.shown} must be in view, and both are empty."
    if outcome is Outcome.ABSENT_RIGHT:
        return f"Both are empty, and the {structure.shown} may be absent or out of view."
    return f"The {structure.shown} {'is' if needed else 'is not'} in view, and one candidate is empty."


def _compared(question: Question) -> _Opinion:
    """Compare two candidates that both mark something."""
    structure, (first, second), pair = question.structure, question.facts, question.pair
    assert pair is not None  # checked by compare: two candidates that are not empty have pair facts
    alone = findings_of(structure, first), findings_of(structure, second)
    log_odds = weigh(structure, first, second, pair=pair).log_odds
    tidy = tuple(worst(f) or Severity.NOTE for f in alone)
    sizes = f"Dice {pair.dice:.3f}; {first.volume_ml:.1f} ml against {second.volume_ml:.1f} ml."
    same = _interchangeable(pair, first, second)
    if same and tidy[0] == tidy[1]:
        return _Opinion(Outcome.EQUIVALENT, same, (sizes, _shell(pair)))
    if all(worst(f) is Severity.GROSS for f in alone):
        told = (f"{name}: {f[0].text}" for name, f in zip(_names(question), alone, strict=True))
        return _Opinion(Outcome.BOTH_WRONG, 0.75, (*told, sizes))
    probability = 1.0 / (1.0 + math.exp(-abs(log_odds)))
    if probability < SURE:
        reasons = ("The measurements do not tell which one is better.", *_density(question), sizes)
        return _Opinion(Outcome.UNDECIDED, probability, reasons[:4])
    outcome = Outcome.FIRST if log_odds > 0 else Outcome.SECOND
    return _Opinion(outcome, min(probability, _MOST_SURE), _why(question, outcome, sizes))


def _interchangeable(pair: PairFacts, first: CandidateFacts, second: CandidateFacts) -> float:
    """Return the confidence that the two are equivalent, 0 when they are not."""
    if pair.dice >= SAME_DICE:
        return min(_MOST_SURE, 0.85 + 4.0 * (pair.dice - SAME_DICE))
    solid = max(pair.solid_first_ml, pair.solid_second_ml)
    shell = pair.dice >= SHELL_DICE and solid <= SHELL_SHARE * max(first.volume_ml, second.volume_ml)
    return 0.7 if shell else 0.0


def _shell(pair: PairFacts) -> str:
    return (
        f"They differ by {pair.only_first_ml:.1f} ml and {pair.only_second_ml:.1f} ml along the boundary, "
        f"{pair.solid_first_ml + pair.solid_second_ml:.1f} ml of it in solid regions."
    )


def _why(question: Question, outcome: Outcome, sizes: str) -> tuple[str, ...]:
    """Return one to four sentences: what speaks against the loser first, then density, edges and sizes."""
    first_wins = outcome is Outcome.FIRST
    names, facts = _names(question), question.facts
    pair = question.pair if question.pair is None or not first_wins else question.pair.swapped()
    loser, rival = (facts[1], facts[0]) if first_wins else (facts[0], facts[1])
    name = names[1] if first_wins else names[0]
    against = findings_of(question.structure, loser, rival=rival, pair=pair)
    told = [f"{name}: {finding.text}" for finding in against if finding.severity > Severity.NOTE][:2]
    return (*(*told, *_density(question), *_edges(question, outcome))[:3], sizes)


def _density(question: Question) -> tuple[str, ...]:
    """Say what the region that matters most looks like, if there is one."""
    pair, names = question.pair, _names(question)
    if pair is None or not pair.largest_claimant or pair.largest_hu is None or pair.common_hu_mean is None:
        return ()
    who = names[0] if pair.largest_claimant == "first" else names[1]
    return (
        f"Only {who} claims a region of {pair.largest_ml:.1f} ml at {pair.largest_hu:.0f} HU; what both claim has "
        f"{pair.common_hu_mean:.0f} HU.",
    )


def _edges(question: Question, outcome: Outcome) -> tuple[str, ...]:
    """Say whose boundary follows the image, when the winner's does."""
    pair, names = question.pair, _names(question)
    if pair is None or pair.edge_first is None or pair.edge_second is None:
        return ()
    first_wins = outcome is Outcome.FIRST
    winner, loser = (pair.edge_first, pair.edge_second) if first_wins else (pair.edge_second, pair.edge_first)
    if winner <= max(loser, 0.0):
        return ()
    return (
        f"Where they part, the boundary of {names[0] if first_wins else names[1]} follows a step of {winner:.0f} HU "
        f"above the noise, the other one's {max(loser, 0.0):.0f} HU.",
    )
