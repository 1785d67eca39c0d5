"""The anatomy critic: compares and scores candidates by measured facts and rules, without a server. Layer: critic.

Of a pair it asks of every part that only one claims whether that part belongs to the structure
(`core.measures.belonging`), adds what the rules hold against each (`weighing`), and says so (`anatomy_reasons`). It
refuses to guess: of a structure of which nothing is known, and on a scan that does not show enough, it is undecided and
says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from labelcritic_gui.core.cancel import Cancel, stop_if
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.rules import findings_of, must_be_there, pre_check, quality, worst
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.core.verdict import CriticIdentity, Outcome, Quality, Verdict
from labelcritic_gui.critic.anatomy_reasons import names_of, sizes, why_picked, why_undecided
from labelcritic_gui.critic.base import Question, one_by_one
from labelcritic_gui.critic.weighing import MOST_SURE, SHELL_SHARE, weigh

IDENTITY = CriticIdentity(kind="anatomy", title="anatomy critic", version="2")
SAME_DICE = 0.97
"""Dice at which two candidates are interchangeable unless one of them has a serious finding."""
SHELL_DICE, THIN_DICE = 0.90, 0.95
"""Dice from which candidates that differ by a boundary shell only are interchangeable: with equal merits; always."""
SURE = 0.70
"""Probability from which the critic picks; below it the item goes to a person."""
CLEAR = 0.80
"""Probability from which it picks also when both are unusable: one is clearly less wrong."""
_SPECK_VOXELS = 10
_ELSEWHERE = frozenset({FindingCode.WRONG, FindingCode.SIDE, FindingCode.OUT, FindingCode.SHIFT})
"""Gross findings of these codes say that what is marked is something else."""
_ABSENT_SURE, _FLAWED_SURE, _FILLED_SURE = 0.85, 0.8, 0.9
"""Confidence where one is empty and the structure may be absent: in the absence, in a flawed mask, in a right one."""
_MOST_OF_IT = 0.7


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
        opinion = _refused(question) or _without_comparison(question) or _compared(question)
        return Verdict(IDENTITY, question.subject, opinion.outcome, opinion.confidence, opinion.reasons)

    def assess(self, question: Question, cancel: Cancel) -> Quality:
        """Say how good one candidate is, with its findings; raises CriticError unless there is exactly one."""
        stop_if(cancel)
        if len(question.facts) != 1:
            raise CriticError(f"{question.subject.item}: one candidate is assessed at a time.", "Measure it again.")
        facts = question.facts[0]
        why = _too_little(question)
        if why:
            return Quality(IDENTITY, question.subject, None, None, (), (why,))
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


def _without_comparison(question: Question) -> _Opinion | None:
    """Decide when a candidate is empty: by what must be in view, or by whether the other one looks right."""
    structure, (first, second) = question.structure, question.facts
    if not (first.empty or second.empty):
        return None
    needed = must_be_there(structure, first)
    decided = pre_check(structure, first, second)
    if decided is not None:
        return _Opinion(decided, _empty_confidence(decided, needed), (_empty_reason(structure, decided, needed),))
    names, filled = names_of(question), first if second.empty else second
    findings = findings_of(structure, filled)
    what = f"Only {names[0] if second.empty else names[1]} marks the {structure.shown} ({filled.volume_ml:.1f} ml)"
    if structure.expect is None:
        return _Opinion(Outcome.UNDECIDED, 0.5, (f"{what}; nothing is known about where it belongs.",))
    if filled.volume_ml <= _SPECK_VOXELS * filled.voxel_ml:
        return _Opinion(Outcome.UNDECIDED, 0.5, (f"{what}, too little to be judged.",))
    strange = [f for f in findings if _is_elsewhere(f, filled)]
    if strange:
        absence = Outcome.SECOND if second.empty else Outcome.FIRST
        return _Opinion(absence, _ABSENT_SURE, (f"{what}, which may be absent.", strange[0].text))
    flawed = worst(findings) in {Severity.MAJOR, Severity.GROSS}
    told = f"{what}; it lies where it belongs, but: {findings[0].text}" if flawed else f"{what}; it looks right."
    outcome = Outcome.FIRST if second.empty else Outcome.SECOND
    return _Opinion(outcome, _FLAWED_SURE if flawed else _FILLED_SURE, (told,))


def _is_elsewhere(finding: Finding, facts: CandidateFacts) -> bool:
    """Say whether a finding means that most of a mask is something else than the structure."""
    whole = finding.size_ml is None or finding.size_ml >= _MOST_OF_IT * facts.volume_ml
    return finding.severity is Severity.GROSS and finding.code in _ELSEWHERE and whole


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


def _refused(question: Question) -> _Opinion | None:
    """Refuse to guess where nothing is known of the structure, or the scan does not show enough."""
    structure, pair = question.structure, question.pair
    if pair is not None and pair.dice >= SAME_DICE:
        return None  # as good as one and the same: no knowledge of the anatomy is needed
    if structure.expect is None:
        return _Opinion(Outcome.UNDECIDED, 0.5, (f"Nothing is known of a right {structure.shown}; a person decides.",))
    why = _too_little(question)
    return _Opinion(Outcome.UNDECIDED, 0.5, (why,)) if why else None


def _too_little(question: Question) -> str:
    """Return why the scan does not show enough to judge the structure, in a sentence; empty when it does."""
    if question.scan is None:
        return ""
    expect = question.structure.expect
    span = expect.height if expect else None
    height = None if span is None else 0.5 * (span.low + span.high)
    return question.scan.refusal(question.structure.shown, height)


def _compared(question: Question) -> _Opinion:
    """Compare two candidates that both mark something."""
    structure, (first, second), pair = question.structure, question.facts, question.pair
    assert pair is not None  # checked by compare: two candidates that are not empty have pair facts
    alone = findings_of(structure, first), findings_of(structure, second)
    evidence = weigh(structure, first, second, pair=pair, claims=question.claims)
    tidy = tuple(worst(f) or Severity.NOTE for f in alone)
    same = _interchangeable(pair, first, second, clear=evidence.probability >= SURE)
    if same and tidy[0] == tidy[1]:
        return _Opinion(Outcome.EQUIVALENT, same, (sizes(pair, first, second), _shell(pair)))
    if all(worst(f) is Severity.GROSS for f in alone) and evidence.probability < CLEAR:
        told = (f"{name}: {f[0].text}" for name, f in zip(names_of(question), alone, strict=True))
        return _Opinion(Outcome.BOTH_WRONG, 0.75, (*told, sizes(pair, first, second)))
    if evidence.probability < SURE:
        return _Opinion(Outcome.UNDECIDED, evidence.probability, why_undecided(question)[:4])
    outcome = Outcome.FIRST if evidence.log_odds > 0 else Outcome.SECOND
    return _Opinion(outcome, evidence.probability, why_picked(question, outcome))


def _interchangeable(pair: PairFacts, first: CandidateFacts, second: CandidateFacts, *, clear: bool) -> float:
    """Return the confidence that the two are equivalent, 0 when they are not; `clear`: one has the better boundary."""
    if pair.dice >= SAME_DICE:
        return min(MOST_SURE, 0.85 + 4.0 * (pair.dice - SAME_DICE))
    solid = max(pair.solid_first_ml, pair.solid_second_ml)
    shell = pair.dice >= SHELL_DICE and solid <= SHELL_SHARE * max(first.volume_ml, second.volume_ml)
    return 0.7 if shell and (not clear or pair.dice >= THIN_DICE) else 0.0


def _shell(pair: PairFacts) -> str:
    return (
        f"They differ by {pair.only_first_ml:.1f} ml and {pair.only_second_ml:.1f} ml along the boundary, "
        f"{pair.solid_first_ml + pair.solid_second_ml:.1f} ml of it in solid regions."
    )
