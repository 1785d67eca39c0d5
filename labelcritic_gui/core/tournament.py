"""From the opinions on pairs, or on the only candidate, to one answer for the item. Layer: core.

Best of N: an adjacent knock-out, after which the champion must hold against those it has not met; where the verdicts
circle or leave open what matters, every pair is asked.
"""

from collections.abc import Iterable, Sequence

from labelcritic_gui.core.cases import CandidateId
from labelcritic_gui.core.findings import FindingCode, Severity
from labelcritic_gui.core.standings import AS_GOOD, Pair, Standings
from labelcritic_gui.core.verdict import Outcome, Quality, Verdict

GOOD_SCORE = 65.0
"""A quality score from which the only candidate of an item is called good."""
BAD_SCORE = 35.0
"""A quality score up to which it is called not acceptable."""
_OF_ALL = (Outcome.ABSENT_RIGHT, Outcome.BOTH_WRONG, Outcome.EQUIVALENT, Outcome.UNPARSABLE, Outcome.FAILED)
"""Outcomes that hold for the item when all its pairs have them."""


class BestOf:
    """Finds the best of an item's candidates by asking about pairs; its whole state is the verdicts recorded so far.

    `candidates` stand in the review's order. `answered` are verdicts of before: those on pairs of these candidates
    are taken, a FAILED one is no answer and is asked again. At most N (N - 1) / 2 pairs are asked, and no more than
    2 N - 3 where every verdict decides and they do not circle.
    """

    def __init__(self, candidates: Sequence[CandidateId], answered: Iterable[Verdict] = ()) -> None:
        self._standings = Standings(candidates)
        known = set(self._standings.candidates)
        for verdict in answered:
            own = set(verdict.subject.candidates)
            if len(own) == 2 and own <= known and verdict.outcome is not Outcome.FAILED:
                self.record(verdict)

    def next_pairs(self) -> tuple[Pair, ...]:
        """Return the pairs to ask now, each in the review's order; none when finished.

        They do not depend on each other's answers. Those that are not recorded before the next call are named again.
        """
        champion, challenge = self._knock_out()
        if challenge is not None:
            return (challenge,)
        if champion is None:
            return self._standings.unasked()
        return self._standings.unmet(champion)

    def record(self, verdict: Verdict) -> None:
        """Take the verdict on a pair, in any order of the pair; a second one on the same pair replaces the first.

        Raises ValueError when it is not about two of the candidates.
        """
        self._standings.add(verdict)

    def result(self) -> Verdict | None:
        """Return the answer for the item; None while pairs are to be asked, or when there are none.

        Of two candidates it is the verdict as recorded. Of more, its subject names the winner first, its reasons say
        on which pairs it rests, and its confidence is that of the weakest of these.
        """
        table = self._standings
        if len(table.candidates) < 2 or self.next_pairs():
            return None
        if len(table.candidates) == 2:
            return table.between(*table.candidates)
        champion, _ = self._knock_out()
        return _decided(table, champion)

    def _knock_out(self) -> tuple[CandidateId | None, Pair | None]:
        """Replay the knock-out: the champion so far and the next pair; no champion where every pair must be asked.

        Only a verdict for the challenger dethrones a champion. What it did not win or tie matters if it is the last.
        """
        table = self._standings
        if not table.candidates:
            return None, None
        champion = table.candidates[0]
        for challenger in table.candidates[1:]:
            if table.between(champion, challenger) is None:
                return champion, (champion, challenger)
            if table.beats(challenger, champion):
                champion = challenger
        return (champion if _holds(table, champion) else None), None


def _holds(table: Standings, champion: CandidateId) -> bool:
    """Say whether a champion won or tied all its pairs so far, or is called unusable in all of them."""
    outcomes = set(table.outcomes(champion))
    return outcomes == {Outcome.BOTH_WRONG} or outcomes <= {Outcome.FIRST, *AS_GOOD}


def _decided(table: Standings, champion: CandidateId | None) -> Verdict:
    """Return the answer for the item from all verdicts that were asked; `champion` met all others and holds."""
    verdicts = table.verdicts() if champion is None else table.verdicts(champion)
    said = {v.outcome for v in verdicts}
    for outcome in _OF_ALL:
        if said == {outcome}:
            return table.alike(outcome, verdicts)
    if said <= AS_GOOD:
        return table.alike(Outcome.EQUIVALENT, verdicts)
    best = champion or table.best()
    return table.undecided() if best is None else table.won_by(best)


def verdict_of_pairs(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Combine the verdicts on all pairs of an item's candidates.

    One pair: that verdict. More: what is said of all of them, or the candidate that no other beats and that beats at
    least one (of several, which then tie, the first); see `Standings.best` where there is none. None without verdicts.
    """
    if len(verdicts) < 2:
        return verdicts[0] if verdicts else None
    table = Standings([c for v in verdicts for c in v.subject.candidates])
    for verdict in verdicts:
        table.add(verdict)
    return _decided(table, None)


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
