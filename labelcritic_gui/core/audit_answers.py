"""From verdicts to what they say about the critic that gave them. Layer: core."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labelcritic_gui.core.audit import Observation
from labelcritic_gui.core.review import Choice, Decision
from labelcritic_gui.core.verdict import OrderRecord, Outcome, Verdict

MOVED = 0.15
"""A probability that moves by more than this has moved, even where the verdict stays."""
TRUSTED_MARGIN = 0.02
"""Of two candidates whose Dice to the trusted label differ by no more, neither is right."""
PICTURES = ("first", "second")
_SCORE = {Outcome.FIRST: 1.0, Outcome.SECOND: 0.0}
_NUMBER = {Outcome.FIRST: "1", Outcome.SECOND: "2"}


def asked_about(verdict: Verdict) -> str:
    """Return what the question was about: the structure, or the pair (the kidneys) that is asked about as one."""
    return verdict.subject.asked_as or verdict.subject.item.structure


def has_answer(verdict: Verdict) -> bool:
    """Say whether the critic answered, and the answer could be read."""
    return verdict.outcome not in {Outcome.UNPARSABLE, Outcome.FAILED}


def was_asked(verdict: Verdict, *, shows_pictures: bool) -> bool:
    """Say whether the critic itself spoke; of one that is shown pictures, not what followed from the masks alone."""
    return not shows_pictures or bool(verdict.orders) or not has_answer(verdict)


def leaning(verdict: Verdict) -> float:
    """Return the probability that the first candidate is the better one, 0..1; what names neither counts half."""
    if not verdict.orders:
        return {Outcome.FIRST: verdict.confidence, Outcome.SECOND: 1 - verdict.confidence}.get(verdict.outcome, 0.5)
    return sum(_order_leaning(record) for record in verdict.orders) / len(verdict.orders)


def _order_leaning(record: OrderRecord) -> float:
    shares = [record.distribution.get(name, float(record.answer == name)) for name in PICTURES]
    difference = shares[0] - shares[1]
    return (1 - difference if record.order == "BA" else 1 + difference) / 2


def moved(before: Verdict, after: Verdict) -> int:
    """Return which way a verdict moved: 1 toward the first candidate, -1 toward the second, 0 it stands.

    The outcome counts first; where it is the same, a probability that moved by more than MOVED.
    """
    change = _SCORE.get(after.outcome, 0.5) - _SCORE.get(before.outcome, 0.5)
    if not change:
        shift = leaning(after) - leaning(before)
        change = shift if abs(shift) > MOVED else 0.0
    return (change > 0) - (change < 0)


def of_orders(verdict: Verdict) -> Iterator[Observation]:
    """Say whether the two orders of a pair name different candidates, and whether a place was preferred."""
    if len(verdict.orders) != 2 or not has_answer(verdict):
        return
    structure = asked_about(verdict)
    yield Observation("orders-disagree", structure, int(verdict.orders_agree is False))
    answers = [record.answer for record in verdict.orders]
    if all(answer in PICTURES for answer in answers):
        same = answers[0] == answers[1]
        yield Observation("first-picture", structure, (1 if answers[0] == "first" else -1) if same else 0)


def of_outcome(verdict: Verdict) -> Iterator[Observation]:
    """Say whether a pair was left undecided, could not be read, or failed: three different things."""
    structure, outcome = asked_about(verdict), verdict.outcome
    yield Observation("failed", structure, int(outcome is Outcome.FAILED))
    if outcome is not Outcome.FAILED:
        yield Observation("unparsable", structure, int(outcome is Outcome.UNPARSABLE))
    if has_answer(verdict):
        word = verdict.agreement.value if verdict.agreement and outcome is Outcome.UNDECIDED else ""
        yield Observation("undecided", structure, int(outcome is Outcome.UNDECIDED), word)


def of_no_answer(structure: str) -> Observation:
    """Say that a pair got no answer."""
    return Observation("failed", structure, 1)


def of_reader(verdict: Verdict, decision: Decision, *, advised: bool) -> Iterator[Observation]:
    """Compare an accepted candidate with the one the critic picked, where both decided.

    `advised` says that the reader had seen a critic name one.
    """
    if decision.choice is not Choice.ACCEPT or decision.candidate is None or verdict.outcome not in _SCORE:
        return
    pick = verdict.pick
    if pick is None or decision.candidate not in verdict.subject.candidates:
        return
    measure = "readers-assisted" if advised else "readers-unadvised"
    rated = (decision.candidate.label_set, pick.label_set)
    yield Observation(measure, verdict.subject.item.structure, int(pick != decision.candidate), rated=rated)


def of_mark(plain: Verdict, on_first: Verdict, on_second: Verdict) -> Iterator[Observation]:
    """Say whether a pair's verdict moved when a mark was burnt into the first picture, then into the second."""
    if not all(has_answer(v) for v in (plain, on_first, on_second)):
        return
    toward, other = moved(plain, on_first), -moved(plain, on_second)
    words = {1: "toward", -1: "away", 0: "either way"}
    bad = bool(toward or other)
    way = (toward + other > 0) - (toward + other < 0)
    yield Observation("mark", asked_about(plain), int(bad), words[way] if bad else "")


def of_background(plain: Verdict, blanked: Verdict) -> Iterator[Observation]:
    """Say whether a pair's verdict changed when everything far from the structure was blanked."""
    if not (has_answer(plain) and has_answer(blanked)):
        return
    word = ""
    if plain.outcome is not blanked.outcome:
        decided = [v.outcome in _SCORE for v in (plain, blanked)]
        word = {(True, True): "the other candidate", (True, False): "no longer decided"}.get(
            (decided[0], decided[1]), "another outcome"
        )
    elif moved(plain, blanked):
        word = "only the probability"
    yield Observation("background", asked_about(plain), int(bool(word)), word)


def of_size(verdict: Verdict, *, larger_first: bool) -> Iterator[Observation]:
    """Say which of one mask made larger and made smaller was preferred; 0 for neither."""
    if not has_answer(verdict):
        return
    way = {Outcome.FIRST: 1, Outcome.SECOND: -1}.get(verdict.outcome, 0)
    value = way if larger_first else -way
    word = {1: "larger", -1: "smaller", 0: "neither"}[value]
    yield Observation("larger-mask", asked_about(verdict), value, word)


def of_repeats(verdicts: Sequence[Verdict]) -> Iterator[Observation]:
    """Say whether the same question asked several times got one verdict, and how far its probability wandered."""
    if len(verdicts) < 2 or not all(has_answer(v) for v in verdicts):
        return
    shares = [leaning(v) for v in verdicts]
    differ = len({v.outcome for v in verdicts}) > 1
    yield Observation("repeat", asked_about(verdicts[0]), int(differ), spread=max(shares) - min(shares))


@dataclass(frozen=True, slots=True)
class Correct:
    """One pair against the trusted label. Numbers are 1 or 2 for the pair's candidates, empty where there is none.

    `answer` is the verdict's, `label` the candidate that is right, `correct` 1 or 0; `answer_1` and `answer_2` are what
    each order named, as candidates. `why` says why a pair is not counted.
    """

    case: str
    answer: str
    label: str
    correct: str
    structure: str
    answer_1: str
    answer_2: str
    outcome: str
    confidence: float
    first: str
    second: str
    dice_first: float
    dice_second: float
    why: str = ""

    @property
    def observations(self) -> Iterator[Observation]:
        """What a counted pair says."""
        if not self.why:
            yield Observation("trusted-open", self.structure, int(not self.answer))
            if self.answer:
                yield Observation("trusted-wrong", self.structure, int(self.correct == "0"))


def against_trusted(verdict: Verdict, dice: tuple[float, float], *, shows_pictures: bool) -> Correct:
    """Hold a verdict on a pair against the 3-D Dice of its candidates to the trusted label.

    Right is the candidate with the higher Dice (the trusted one itself has 1), and neither where the two differ by no
    more than TRUSTED_MARGIN. What followed from the masks without asking, or got no answer, is listed, not counted.
    """
    first, second = verdict.subject.candidates
    label = "" if round(abs(dice[0] - dice[1]), 9) <= TRUSTED_MARGIN else "1" if dice[0] > dice[1] else "2"
    answer = _NUMBER.get(verdict.outcome, "")
    why = ""
    if not label:
        why = "both are about as close to the trusted label"
    elif not was_asked(verdict, shows_pictures=shows_pictures):
        why = "decided without asking"
    elif not has_answer(verdict):
        why = verdict.outcome.value
    named = [_candidate_number(record) for record in verdict.orders]
    return Correct(
        case=verdict.subject.item.case,
        answer=answer,
        label=label,
        correct=str(int(answer == label)) if answer and label else "",
        structure=verdict.subject.item.structure,
        answer_1=named[0] if named else "",
        answer_2=named[1] if len(named) > 1 else "",
        outcome=verdict.outcome.value,
        confidence=verdict.confidence,
        first=first.label_set,
        second=second.label_set,
        dice_first=dice[0],
        dice_second=dice[1],
        why=why,
    )


def _candidate_number(record: OrderRecord) -> str:
    """Return which candidate an order named: 1, 2 or nothing."""
    if record.answer not in PICTURES:
        return ""
    return str(1 + (PICTURES.index(record.answer) + (record.order == "BA")) % 2)
