"""From the opinions on pairs, or on the only candidate, to one answer for the item. Layer: core."""

from collections.abc import Sequence
from dataclasses import replace

from labelcritic_gui.core.cases import CandidateId
from labelcritic_gui.core.findings import FindingCode, Severity
from labelcritic_gui.core.verdict import Outcome, Quality, Subject, Verdict

GOOD_SCORE = 65.0
"""A quality score from which the only candidate of an item is called good."""
BAD_SCORE = 35.0
"""A quality score up to which it is called not acceptable."""


def verdict_of_pairs(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Combine the verdicts on all pairs of an item's candidates.

    One pair: that verdict. More: the candidate that no other beats and that beats at least one, where it is unique
    (a Condorcet winner); if every pair is equivalent, the first; else undecided. Confidence is that of its weakest
    pair.
    """
    if not verdicts:
        return None
    if len(verdicts) == 1:
        return verdicts[0]
    for outcome in (Outcome.ABSENT_RIGHT, Outcome.BOTH_WRONG, Outcome.EQUIVALENT):
        if all(v.outcome is outcome for v in verdicts):
            return _joined(verdicts, outcome, verdicts[0].subject.candidates[0])
    names = list(dict.fromkeys(c for v in verdicts for c in v.subject.candidates))
    winners = [c for c in names if _stands(c, verdicts)]
    if len(winners) != 1:
        return _joined(verdicts, Outcome.UNDECIDED, names[0])
    return _joined([v for v in verdicts if winners[0] in v.subject.candidates], Outcome.FIRST, winners[0])


def _stands(candidate: CandidateId, verdicts: Sequence[Verdict]) -> bool:
    """Say whether no verdict prefers another to the candidate, or leaves it open, and at least one prefers it."""
    mine = [v for v in verdicts if candidate in v.subject.candidates]
    wins = sum(v.outcome in {Outcome.FIRST, Outcome.SECOND} and v.pick == candidate for v in mine)
    ties = sum(v.outcome is Outcome.EQUIVALENT for v in mine)
    return wins > 0 and wins + ties == len(mine)


def _joined(verdicts: Sequence[Verdict], outcome: Outcome, winner: CandidateId) -> Verdict:
    others = [c for v in verdicts for c in v.subject.candidates if c != winner]
    hashes = {c: h for v in verdicts for c, h in zip(v.subject.candidates, v.subject.hashes, strict=True)}
    order = (winner, *dict.fromkeys(others))
    subject = Subject(verdicts[0].subject.item, order, tuple(hashes[c] for c in order), verdicts[0].subject.asked_as)
    reasons = tuple(dict.fromkeys(r for v in verdicts for r in v.reasons))
    if outcome is Outcome.UNDECIDED:
        reasons = ("No candidate wins or ties all its pairs.", *reasons)
    return replace(
        verdicts[0],
        subject=subject,
        outcome=outcome,
        confidence=min(v.confidence for v in verdicts),
        reasons=reasons,
        orders=(),
    )


def verdict_of_quality(quality: Quality) -> Verdict:
    """Judge the only candidate of an item: good (FIRST), not acceptable (BOTH_WRONG), absent, or undecided."""
    worst = max((f.severity for f in quality.findings), default=Severity.NOTE)
    if any(f.code is FindingCode.ABSENT_OK for f in quality.findings):
        outcome = Outcome.ABSENT_RIGHT
    elif quality.score is None:
        outcome = Outcome.UNDECIDED
    elif quality.score <= BAD_SCORE or worst is Severity.GROSS:
        outcome = Outcome.BOTH_WRONG
    elif quality.score >= GOOD_SCORE and worst < Severity.MAJOR:
        outcome = Outcome.FIRST
    else:
        outcome = Outcome.UNDECIDED
    score = 50.0 if quality.score is None else quality.score
    confidence = {Outcome.FIRST: score / 100, Outcome.BOTH_WRONG: 1 - score / 100}.get(outcome, 0.5)
    return Verdict(
        critic=quality.critic,
        subject=quality.subject,
        outcome=outcome,
        confidence=min(max(confidence, 0.5), 0.99),
        reasons=quality.reasons or tuple(f.text for f in quality.findings[:3]),
    )
