"""From what a model answered in two orders to one outcome, and from one answer to a score. Layer: critic."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.verdict import Agreement, Cost, OrderRecord, Outcome
from labelcritic_gui.critic.parsing import Reading, Reply, plain_text

EQUIVALENT_DICE = 0.9
"""Least Dice at which "equally good" is believed: silhouettes hide what differs in depth."""
UNCLEAR_MARGIN = 0.1
"""An order whose two likeliest answers lie closer together than this has not decided."""
CONFIDENCE_WITHOUT_PROBABILITIES = 0.75
"""Of two agreeing answers that came without probabilities: Laplace's rule of succession, (2 + 1) / (2 + 2)."""
GOOD_WITHOUT_PROBABILITIES = 2 / 3
"""Of one answer without probabilities, by the same rule."""
LEAST_UNCERTAINTY = 10.0
"""Floor of a quality score's standard deviation: models are surer than they are right."""

_OUTCOMES: Mapping[str, Outcome] = {
    "first": Outcome.FIRST,
    "second": Outcome.SECOND,
    "equal": Outcome.EQUIVALENT,
    "wrong": Outcome.BOTH_WRONG,
}
_SAID: Mapping[str, str] = {
    "first": "the first label is better",
    "second": "the second label is better",
    "equal": "both are right and equally good",
    "wrong": "neither can be used",
}
_SWAPPED: Mapping[str, str] = {"first": "second", "second": "first"}


@dataclass(frozen=True, slots=True)
class Heard:
    """One question as answered: what it says in the words of the question, and what it cost.

    `order` is "AB", "BA", or "" for a question about one label; `answer` is empty when nothing could be read.
    """

    order: str
    answer: str
    distribution: Mapping[str, float]
    reading: Reading
    reply: Reply
    key: str
    server: str
    calls: int

    @property
    def record(self) -> OrderRecord:
        """The question and its answer as they are kept."""
        return OrderRecord(
            order=self.order,
            answer=self.answer or Outcome.UNPARSABLE.value,  # never the model's own text, which might pose as a vote
            distribution=self.distribution,
            finish_reason=plain_text(self.reply.finish_reason, 40),
            key=self.key,
            seconds=self.reply.seconds,
            prompt_tokens=self.reply.prompt_tokens,
            completion_tokens=self.reply.completion_tokens,
            raw=plain_text(self.reply.content),
            server=self.server,
            first_token=tuple((plain_text(t, 40), p) for t, p in self.reply.first_token or ()),
        )

    @property
    def meant(self) -> str:
        """The answer as it is meant for the pair as ordered in the subject."""
        return self._as_ordered(self.answer)

    @property
    def share(self) -> float:
        """The probability of the answer."""
        return self.distribution[self.answer]

    @property
    def undecided(self) -> bool:
        """Say whether it names neither label, or only just."""
        if self.answer == "equal":
            return True
        first, second, *_ = sorted(self.distribution.values(), reverse=True)
        return self.reading.measured and first - second < UNCLEAR_MARGIN

    def _as_ordered(self, meaning: str) -> str:
        return _SWAPPED.get(meaning, meaning) if self.order == "BA" else meaning


@dataclass(frozen=True, slots=True)
class Combined:
    """What two orders say together. `confidence` is the probability that the outcome is right, 0 if it claims none."""

    outcome: Outcome
    agreement: Agreement | None
    confidence: float
    reasons: tuple[str, ...]


def combine(heard: Sequence[Heard], dice: float | None) -> Combined:
    """Combine both orders: only two that clearly say the same decide; `dice` is the 3-D Dice, None if not measured."""
    problems = tuple(f"Order {one.order}: {one.reading.problem}" for one in heard if not one.answer)
    if problems:
        return Combined(Outcome.UNPARSABLE, None, 0.0, problems)
    if all(one.answer == "equal" for one in heard):
        return _equal(heard, dice)
    undecided = [one for one in heard if one.undecided]
    if len(undecided) == len(heard):
        return Combined(Outcome.UNDECIDED, Agreement.BOTH_UNCLEAR, 0.0, ("Neither order decides clearly.",))
    if undecided:
        clear = next(one for one in heard if not one.undecided)
        reason = f"Only one order decides ({clear.order}): {_SAID[clear.meant]}; the other one does not."
        return Combined(Outcome.UNDECIDED, Agreement.ONE_UNDECIDED, 0.0, (reason,))
    if len({one.meant for one in heard}) > 1:
        return Combined(Outcome.UNDECIDED, Agreement.DISAGREE, 0.0, (_disagreement(heard),))
    return _agreed(heard)


def _agreed(heard: Sequence[Heard]) -> Combined:
    outcome = _OUTCOMES[heard[0].meant]
    if not all(one.reading.measured for one in heard):
        coarse = ("The server gave no probabilities: confidence is coarse.",)
        return Combined(outcome, Agreement.AGREE, CONFIDENCE_WITHOUT_PROBABILITIES, coarse)
    confidence = min(1.0, math.fsum(one.share for one in heard) / len(heard))
    return Combined(outcome, Agreement.AGREE, confidence, (f"Both orders say the same: {_SAID[heard[0].meant]}.",))


def _equal(heard: Sequence[Heard], dice: float | None) -> Combined:
    if dice is not None and dice >= EQUIVALENT_DICE:
        return _agreed(heard)
    measured = "was not measured" if dice is None else f"is {dice:.2f}"
    reason = f"The model sees no difference, but the Dice {measured}."
    return Combined(Outcome.UNDECIDED, Agreement.BOTH_UNCLEAR, 0.0, (reason,))


def _disagreement(heard: Sequence[Heard]) -> str:
    shown = {one.answer for one in heard}
    if shown in ({"first"}, {"second"}):
        return f"The orders disagree: the {shown.pop()} picture is preferred whichever label it shows."
    said = " and ".join(f"{_SAID[one.meant]} ({one.order})" for one in heard)
    return f"The orders disagree: {said}."


@dataclass(frozen=True, slots=True)
class Score:
    """A score of 0 to 100 with its standard deviation (None when nothing could be read), suspected errors, and why."""

    value: float | None
    uncertainty: float | None
    suspected: tuple[FindingCode, ...]
    reasons: tuple[str, ...]


def score(heard: Heard) -> Score:
    """Turn the answer about one label into a score: 100 x p(good)."""
    if not heard.answer:
        return Score(None, None, (), (heard.reading.problem,))
    good = heard.distribution["good"]
    codes = tuple(dict.fromkeys(FindingCode(word) for word in heard.reading.rest.split()))
    reason = f"The model calls it {heard.answer}."
    if codes:
        reason = f"The model calls it {heard.answer} and suspects: {', '.join(code.meaning for code in codes)}."
    if not heard.reading.measured:
        good = GOOD_WITHOUT_PROBABILITIES if heard.answer == "good" else 1 - GOOD_WITHOUT_PROBABILITIES
        reason += " The server gave no probabilities: the score is coarse."
    return Score(100 * good, max(LEAST_UNCERTAINTY, 100 * math.sqrt(good * (1 - good))), codes, (reason,))


def total_cost(heard: Sequence[Heard]) -> Cost:
    """Return what questions took now; answers remembered from before cost nothing."""
    asked = [one for one in heard if one.calls]
    return Cost(
        calls=sum(one.calls for one in asked),
        prompt_tokens=sum(one.reply.prompt_tokens for one in asked),
        completion_tokens=sum(one.reply.completion_tokens for one in asked),
        seconds=math.fsum(one.reply.seconds for one in asked),
    )
