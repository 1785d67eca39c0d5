"""The critic that shows pictures to a vision-language model and asks in both orders. Layer: critic."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from labelcritic_gui.core.cancel import Cancel
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.core.verdict import Cost, CriticIdentity, OrderRecord, Outcome, Quality, Verdict
from labelcritic_gui.critic.base import Question, one_by_one
from labelcritic_gui.critic.client import Client, LvlmServer
from labelcritic_gui.critic.parsing import Reading, Reply, plain_text, read_choice, stored_reply
from labelcritic_gui.critic.prompts import Conversation, PromptSet, load_prompts
from labelcritic_gui.critic.wire import ChatRequest, ModelIdentity, request_key

VERSION = "1"
"""Changes with how replies are combined."""
EQUIVALENT_DICE = 0.9
"""Least Dice at which "equally good" is believed: silhouettes hide what differs in depth."""
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
_SAME_PICTURES = "Not asked: both labels give the same picture, so they differ in depth only."
_SWAPPED: Mapping[str, str] = {"first": "second", "second": "first"}


class ReplyCache(Protocol):
    """Keeps replies by the sha256 of their request; safe to use from several lanes."""

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the reply kept under a key, or None."""

    def put(self, key: str, reply: dict[str, Any]) -> None:
        """Keep a reply."""


class NoReplyCache:
    """Keeps nothing."""

    def get(self, key: str) -> dict[str, Any] | None:  # noqa: ARG002 - the protocol's signature
        """Return None."""
        return None

    def put(self, key: str, reply: dict[str, Any]) -> None:
        """Forget the reply."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """One request as answered: what it says in the words of the question, and what it cost."""

    order: str
    answer: str
    distribution: Mapping[str, float]
    reading: Reading
    reply: Reply
    key: str
    cost: Cost

    @property
    def record(self) -> OrderRecord:
        return OrderRecord(
            order=self.order,
            answer=self.answer or Outcome.UNPARSABLE.value,  # never the model's own text, which might pose as a vote
            distribution=self.distribution,
            finish_reason=plain_text(self.reply.finish_reason, 40),
            key=self.key,
            seconds=self.reply.seconds,
            prompt_tokens=self.reply.prompt_tokens,
            completion_tokens=self.reply.completion_tokens,
        )


class LvlmCritic:
    """Asks a model behind an OpenAI-compatible server; nothing is sent before the first question.

    Its identity follows from the settings alone, so that it is known while the server is down; which model the
    server really ran stands in each opinion's reasons and in the keys of its replies.
    """

    def __init__(
        self,
        server: LvlmServer,
        *,
        cache: ReplyCache | None = None,
        prompts: PromptSet | None = None,
    ) -> None:
        self._client = Client(server)
        self._cache = cache if cache is not None else NoReplyCache()
        self._prompts = prompts or load_prompts()
        model = server.model.rstrip("/").rsplit("/", 1)[-1]
        title = f"LVLM {model} at {server.host}" if model else f"LVLM at {server.host}"
        self._identity = CriticIdentity("lvlm", title, VERSION, server.model, self._prompts.hash)

    @property
    def identity(self) -> CriticIdentity:
        """Who this critic is."""
        return self._identity

    @property
    def wants_pictures(self) -> bool:
        """Say yes: one picture per candidate."""
        return True

    @property
    def client(self) -> Client:
        """The connection, for `check` and `close`."""
        return self._client

    def compare(self, question: Question, cancel: Cancel) -> Verdict:
        """Ask in both orders; only answers that name the same candidate decide. Raises CriticError, CancelledError."""
        first, second = _pictures(question, 2)
        if first == second:
            return Verdict(self._identity, question.subject, Outcome.UNDECIDED, 0.0, reasons=(_SAME_PICTURES,))
        conversation = self._prompts.compare(question.structure, question.subject.asked_as)
        heard = (
            self._hear(conversation, (first, second), cancel, order="AB"),
            self._hear(conversation, (second, first), cancel, order="BA"),
        )
        outcome, confidence, reasons = _combined(heard, question)
        return Verdict(
            critic=self._identity,
            subject=question.subject,
            outcome=outcome,
            confidence=confidence,
            reasons=(*reasons, self._asked_whom(cancel)),
            orders=tuple(one.record for one in heard),
            cost=_total(heard),
        )

    def assess(self, question: Question, cancel: Cancel) -> Quality:
        """Ask whether one label can be used: the score is 100 x p(good). Raises CriticError, CancelledError."""
        pictures = _pictures(question, 1)
        conversation = self._prompts.assess(question.structure, question.subject.asked_as)
        heard = self._hear(conversation, pictures, cancel, order="")
        score, uncertainty, reasons = _score(heard)
        return Quality(
            critic=self._identity,
            subject=question.subject,
            score=score,
            uncertainty=uncertainty,
            reasons=(*reasons, self._asked_whom(cancel)),
            cost=heard.cost,
        )

    def compare_all(self, questions: Sequence[Question], cancel: Cancel) -> list[Verdict | CriticError]:
        """Compare many pairs."""
        return one_by_one(self.compare, questions, cancel)

    def assess_all(self, questions: Sequence[Question], cancel: Cancel) -> list[Quality | CriticError]:
        """Assess many candidates."""
        return one_by_one(self.assess, questions, cancel)

    def _hear(self, conversation: Conversation, pictures: tuple[bytes, ...], cancel: Cancel, *, order: str) -> _Heard:
        request = ChatRequest(conversation.system, pictures, conversation.text, conversation.choices)
        key = request_key(request, self._client.identity(cancel))
        kept = self._cache.get(key)
        reply = stored_reply(kept) if kept is not None else None
        reading = read_choice(reply, request.choices) if reply is not None else None
        cost = Cost()
        if reply is None or reading is None or not reading.answer:
            reply = self._client.ask(request, cancel)
            reading = read_choice(reply, request.choices)
            cost = Cost(reply.calls, reply.prompt_tokens, reply.completion_tokens, reply.seconds)
            if reading.answer:  # an unparsable reply is asked again once the server is set right
                self._cache.put(key, reply.to_json())
        said = {conversation.meanings[letter]: p for letter, p in reading.distribution.items()}
        return _Heard(order, conversation.meanings.get(reading.answer, ""), said, reading, reply, key, cost)

    def _asked_whom(self, cancel: Cancel) -> str:
        who: ModelIdentity = self._client.identity(cancel)
        return f"Asked {plain_text(who.model, 80)}" + (f" (server version {who.server})." if who.server else ".")


def _pictures(question: Question, wanted: int) -> tuple[bytes, ...]:
    if len(question.pictures) != wanted or len(question.subject.candidates) != wanted:
        raise CriticError(
            f"The LVLM critic needs {wanted} picture(s) of {question.subject.item}, and got {len(question.pictures)}.",
            "Render the item's pictures again.",
        )
    return question.pictures


def _as_ordered(one: _Heard, meaning: str) -> str:
    """Translate what was said in an order to what it means for the pair as ordered in the subject."""
    return _SWAPPED.get(meaning, meaning) if one.order == "BA" else meaning


def _combined(heard: Sequence[_Heard], question: Question) -> tuple[Outcome, float, tuple[str, ...]]:
    """Return outcome, probability that it is right (0 where it claims nothing), and why."""
    problems = tuple(f"Order {one.order}: {one.reading.problem}" for one in heard if not one.answer)
    if problems:
        return Outcome.UNPARSABLE, 0.0, problems
    answers = [_as_ordered(one, one.answer) for one in heard]
    if len(set(answers)) > 1:
        return Outcome.UNDECIDED, 0.0, (_disagreement(heard),)
    answer = answers[0]
    dice = question.pair.dice if question.pair is not None else None
    if answer == "equal" and (dice is None or dice < EQUIVALENT_DICE):
        measured = "was not measured" if dice is None else f"is {dice:.2f}"
        return Outcome.UNDECIDED, 0.0, (f"The model sees no difference, but the Dice {measured}.",)
    outcome = _OUTCOMES[answer]
    if not all(one.reading.measured for one in heard):
        return outcome, CONFIDENCE_WITHOUT_PROBABILITIES, ("The server gave no probabilities: confidence is coarse.",)
    confidence = math.fsum(one.distribution[_as_ordered(one, answer)] for one in heard) / len(heard)
    return outcome, min(1.0, confidence), (f"Both orders say the same: {_SAID[answer]}.",)


_SAID: Mapping[str, str] = {
    "first": "the first label is better",
    "second": "the second label is better",
    "equal": "both are right and equally good",
    "wrong": "neither can be used",
}


def _disagreement(heard: Sequence[_Heard]) -> str:
    shown = {one.answer for one in heard}
    if shown == {"first"} or shown == {"second"}:
        return f"The orders disagree: the {shown.pop()} picture is preferred whichever label it shows."
    said = " and ".join(f"{_SAID[_as_ordered(one, one.answer)]} ({one.order})" for one in heard)
    return f"The orders disagree: {said}."


def _score(heard: _Heard) -> tuple[float | None, float | None, tuple[str, ...]]:
    """Return score, standard deviation (both 0..100, None when unparsable), and why."""
    if not heard.answer:
        return None, None, (heard.reading.problem,)
    good = heard.distribution["good"]
    reason = f"The model calls it {heard.answer}."
    if not heard.reading.measured:
        good = GOOD_WITHOUT_PROBABILITIES if heard.answer == "good" else 1 - GOOD_WITHOUT_PROBABILITIES
        reason += " The server gave no probabilities: the score is coarse."
    return 100 * good, max(LEAST_UNCERTAINTY, 100 * math.sqrt(good * (1 - good))), (reason,)


def _total(heard: Sequence[_Heard]) -> Cost:
    return Cost(
        calls=sum(one.cost.calls for one in heard),
        prompt_tokens=sum(one.cost.prompt_tokens for one in heard),
        completion_tokens=sum(one.cost.completion_tokens for one in heard),
        seconds=math.fsum(one.cost.seconds for one in heard),
    )
