"""Who beat whom among an item's candidates, who stands best, and the answer for the item in words. Layer: core."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from labelcritic_gui.core.cases import CandidateId
from labelcritic_gui.core.verdict import Cost, Outcome, Subject, Verdict

Pair = tuple[CandidateId, CandidateId]
AS_GOOD = frozenset({Outcome.EQUIVALENT, Outcome.ABSENT_RIGHT})
"""Outcomes that leave either of a pair as good as the other."""
_OPEN = frozenset({Outcome.UNDECIDED, Outcome.UNPARSABLE, Outcome.FAILED})
_NOT_TOLD = {
    Outcome.UNDECIDED: "Undecided",
    Outcome.UNPARSABLE: "Not readable",
    Outcome.FAILED: "Not answered",
    Outcome.BOTH_WRONG: "Neither can be used",
}
_EVEN = 0.5
"""How sure a pair lets one be of a winner whom it leaves open; one that it lost lets one be no surer."""
_MOST_PLACES = 8


class Standings:
    """The verdicts on the pairs of some candidates, which stand in the review's order.

    Each pair counts once; a later verdict on it replaces an earlier one.
    """

    def __init__(self, candidates: Sequence[CandidateId]) -> None:
        self.candidates = tuple(dict.fromkeys(candidates))
        self._verdicts: dict[frozenset[CandidateId], Verdict] = {}

    def add(self, verdict: Verdict) -> None:
        """Take a verdict, its pair in any order; raises ValueError when it is not on a pair of these candidates."""
        pair = frozenset(verdict.subject.candidates)
        if not (len(verdict.subject.candidates) == len(pair) == 2 and pair <= set(self.candidates)):
            raise ValueError(f"a verdict on {len(pair)} candidates of {verdict.subject.item} is on no pair of these")
        self._verdicts[pair] = verdict

    def between(self, one: CandidateId, other: CandidateId) -> Verdict | None:
        """Return the verdict on a pair, or None."""
        return self._verdicts.get(frozenset((one, other)))

    def unasked(self) -> tuple[Pair, ...]:
        """Return the pairs without a verdict, in the review's order."""
        pairs = ((a, b) for n, a in enumerate(self.candidates) for b in self.candidates[n + 1 :])
        return tuple(pair for pair in pairs if frozenset(pair) not in self._verdicts)

    def unmet(self, candidate: CandidateId) -> tuple[Pair, ...]:
        """Return the pairs of a candidate that have no verdict, in the review's order."""
        return tuple(pair for pair in self.unasked() if candidate in pair)

    def verdicts(self, candidate: CandidateId | None = None) -> tuple[Verdict, ...]:
        """Return the verdicts, or those on one candidate's pairs, in the review's order of the pairs."""
        place = {c: n for n, c in enumerate(self.candidates)}
        mine = (v for pair, v in self._verdicts.items() if candidate is None or candidate in pair)
        return tuple(sorted(mine, key=lambda v: sorted(place[c] for c in v.subject.candidates)))

    def beats(self, one: CandidateId, other: CandidateId) -> bool:
        """Say whether a verdict prefers one candidate to the other."""
        verdict = self.between(one, other)
        return verdict is not None and _winner(verdict) == one

    def beaten_by(self, candidate: CandidateId) -> tuple[CandidateId, ...]:
        """Return the candidates that one beat, in the review's order."""
        return tuple(other for other in self.candidates if self.beats(candidate, other))

    def outcomes(self, candidate: CandidateId) -> tuple[Outcome, ...]:
        """Return the outcomes of a candidate's pairs so far: FIRST where it won, SECOND where it lost."""
        found = []
        for other in self.candidates:
            verdict = self.between(candidate, other)
            if verdict is not None and other != candidate:
                lost = Outcome.SECOND if _winner(verdict) == other else verdict.outcome
                found.append(Outcome.FIRST if _winner(verdict) == candidate else lost)
        return tuple(found)

    def stands(self, candidate: CandidateId) -> bool:
        """Say whether a candidate won or tied every pair it has a verdict on, and won at least one."""
        outcomes = self.outcomes(candidate)
        return Outcome.FIRST in outcomes and all(o is Outcome.FIRST or o in AS_GOOD for o in outcomes)

    def best(self) -> CandidateId | None:
        """Return the best candidate once every pair was asked, or None.

        It is the first that stands; where several do, they tie. Where none does, the most wins decide if one candidate
        alone has them, none of its verdicts calls it unusable, and every other candidate is beaten by it, ties with
        it, or is beaten by one that it beat.
        """
        standing = [c for c in self.candidates if self.stands(c)]
        if standing:
            return standing[0]
        wins = {c: len(self.beaten_by(c)) for c in self.candidates}
        most = [c for c in self.candidates if wins[c] == max(wins.values())]
        if len(most) != 1 or not wins[most[0]] or Outcome.BOTH_WRONG in self.outcomes(most[0]):
            return None
        return most[0] if all(self._settled(most[0], c) for c in self.candidates if c != most[0]) else None

    def _settled(self, best: CandidateId, other: CandidateId) -> bool:
        verdict = self.between(best, other)
        if self.beats(best, other) or (verdict is not None and verdict.outcome in AS_GOOD):
            return True
        return any(self.beats(mine, other) for mine in self.beaten_by(best))

    def circle(self) -> tuple[CandidateId, ...]:
        """Return candidates of which each beat the next one and the last one the first; empty when there are none."""
        for start in self.candidates:
            reached: dict[CandidateId, CandidateId | None] = {start: None}
            waiting = [start]
            while waiting:
                at = waiting.pop(0)
                if self.beats(at, start):
                    return _back_from(at, reached)
                for other in self.beaten_by(at):
                    if other not in reached:
                        reached[other] = at
                        waiting.append(other)
        return ()

    # --- the answer for the item ---------------------------------------------------------------------------------

    def won_by(self, winner: CandidateId) -> Verdict:
        """Return the answer that a candidate is the best: it rests on that candidate's pairs."""
        mine = self.verdicts(winner)
        confidence = min(_confidence(v, winner) for v in mine)
        return self._joined(mine, Outcome.FIRST, first=winner, confidence=confidence, reasons=(self._record(winner),))

    def alike(self, outcome: Outcome, verdicts: Sequence[Verdict]) -> Verdict:
        """Return the answer that one outcome goes for all candidates, as these verdicts say."""
        named = _named(self.candidates)
        said = {
            Outcome.EQUIVALENT: f"{named} are equivalent.",
            Outcome.BOTH_WRONG: f"None of {named} can be used.",
            Outcome.ABSENT_RIGHT: f"Absence is right, and {named} have it.",
            Outcome.UNPARSABLE: f"No answer about {named} could be read.",
            Outcome.FAILED: f"No question about {named} was answered.",
        }
        confidence = min(v.confidence for v in verdicts)
        first = self.candidates[0]
        return self._joined(verdicts, outcome, first=first, confidence=confidence, reasons=(said[outcome],))

    def undecided(self) -> Verdict:
        """Return the answer that there is no best candidate, and why: the verdicts circle, or are open."""
        reasons = []
        if loop := self.circle():
            steps = [f"{_name(a)} won against {_name(b)}" for a, b in zip(loop, (*loop[1:], loop[0]), strict=True)]
            reasons.append(f"The verdicts circle: {', '.join(steps)}.")
        for outcome, words in _NOT_TOLD.items():
            pairs = [_versus(v) for v in self.verdicts() if v.outcome is outcome]
            if pairs:
                reasons.append(f"{words}: {', '.join(pairs)}.")
        reasons = reasons or ["No candidate won more pairs than every other."]
        first = self.candidates[0]
        return self._joined(self.verdicts(), Outcome.UNDECIDED, first=first, confidence=0.0, reasons=reasons)

    def _record(self, winner: CandidateId) -> str:
        """Say how a candidate did in its pairs: "A won against B and C, and is equivalent to D."."""
        groups: dict[str, list[CandidateId]] = {}
        for other in self.candidates:
            if other != winner:
                groups.setdefault(self._relation(winner, other), []).append(other)
        said = [f"{words} {_named(others)}" for words, others in groups.items() if words]
        return f"{_name(winner)} {', and '.join(said)}."

    def _relation(self, winner: CandidateId, other: CandidateId) -> str:
        verdict = self.between(winner, other)
        if verdict is None:
            return ""
        if _winner(verdict) is not None:
            return "won against" if self.beats(winner, other) else "lost against"
        ties = {Outcome.EQUIVALENT: "is equivalent to", Outcome.ABSENT_RIGHT: "is as rightly absent as"}
        return ties.get(verdict.outcome, "was not told apart from")

    def _joined(
        self,
        verdicts: Sequence[Verdict],
        outcome: Outcome,
        *,
        first: CandidateId,
        confidence: float,
        reasons: Iterable[str],
    ) -> Verdict:
        """Return one verdict for the item. Orders and cost stay with the pairs', so that nothing counts twice."""
        hashes: dict[CandidateId, str] = {}
        for verdict in self._verdicts.values():
            hashes |= zip(verdict.subject.candidates, verdict.subject.hashes, strict=True)
        order = (first, *(c for c in self.candidates if c != first and c in hashes))
        model = verdicts[0]
        return replace(
            model,
            subject=Subject(model.subject.item, order, tuple(hashes[c] for c in order), model.subject.asked_as),
            outcome=outcome,
            confidence=confidence,
            reasons=(*reasons, *dict.fromkeys(_attributed(v, r) for v in verdicts for r in v.reasons)),
            orders=(),
            cost=Cost(),
            agreement=None,
            words=None,
            examples=tuple(dict.fromkeys(e for v in verdicts for e in v.examples)),
            places=tuple(dict.fromkeys(p for v in verdicts for p in v.places))[:_MOST_PLACES],
        )


def _winner(verdict: Verdict) -> CandidateId | None:
    """Return the candidate that a verdict on a pair prefers to the other; None for ties and open ones."""
    return verdict.pick if verdict.outcome in {Outcome.FIRST, Outcome.SECOND} else None


def _confidence(verdict: Verdict, winner: CandidateId) -> float:
    """Return how sure a verdict on one of the winner's pairs lets one be of the winner."""
    if _winner(verdict) == winner or verdict.outcome in AS_GOOD:
        return verdict.confidence
    return _EVEN if verdict.outcome in _OPEN else min(_EVEN, 1.0 - verdict.confidence)


def _back_from(last: CandidateId, reached: dict[CandidateId, CandidateId | None]) -> tuple[CandidateId, ...]:
    path: list[CandidateId] = []
    at: CandidateId | None = last
    while at is not None:
        path.insert(0, at)
        at = reached[at]
    return tuple(path)


def _attributed(verdict: Verdict, reason: str) -> str:
    """Say which pair a reason is about; "the first label" means the one named first."""
    return f"{_versus(verdict)}: {reason}"


def _versus(verdict: Verdict) -> str:
    return " against ".join(_name(c) for c in verdict.subject.candidates)


def _name(candidate: CandidateId) -> str:
    return candidate.label_set


def _named(candidates: Sequence[CandidateId]) -> str:
    names = [_name(c) for c in candidates]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
