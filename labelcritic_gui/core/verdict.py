"""Opinions of critics: verdicts on pairs, quality scores, and what a question carries. Layer: core."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.findings import Finding, FindingCode
from labelcritic_gui.core.geometry import Point


class Outcome(StrEnum):
    """What a verdict says. FIRST and SECOND mean the pair as ordered in the verdict's subject."""

    FIRST = "first"
    SECOND = "second"
    EQUIVALENT = "equivalent"
    UNDECIDED = "undecided"
    BOTH_WRONG = "both-wrong"
    ABSENT_RIGHT = "absent-right"
    UNPARSABLE = "unparsable"
    FAILED = "failed"

    @property
    def is_pick(self) -> bool:
        """Say whether the outcome names something to accept."""
        return self in {Outcome.FIRST, Outcome.SECOND, Outcome.EQUIVALENT, Outcome.ABSENT_RIGHT}


class Agreement(StrEnum):
    """How the two orders of a pair go together; only the first decides anything."""

    AGREE = "agree"
    DISAGREE = "disagree"
    ONE_UNDECIDED = "one-undecided"
    BOTH_UNCLEAR = "both-unclear"


@dataclass(frozen=True, slots=True)
class CriticIdentity:
    """Who gave an opinion: `kind` is "anatomy" or "lvlm"; version, model and prompt hash make it repeatable.

    `options` says how a critic was told to ask (views, examples, reasons), in a fixed form; other options are another
    critic, and what one said is never mixed with the other's.
    """

    kind: str
    title: str
    version: str
    model: str = ""
    prompts: str = ""
    options: str = ""


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """One question as sent and answered. `order` is "AB" or "BA" (which candidate's picture came first).

    `distribution` maps each choice to its probability in the words of the question asked; `key` is the sha256 of the
    request (the reply cache's key); `raw` is the answer as the server sent it, made plain; `server` names the model
    and the server's version; `first_token` are (token, natural logarithm of its probability) as the server sent them.
    """

    order: str
    answer: str
    distribution: Mapping[str, float]
    finish_reason: str = ""
    key: str = ""
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    raw: str = ""
    server: str = ""
    first_token: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """What an opinion took: calls sent (cached answers are not calls), tokens, seconds.

    `words` counts the calls for reasons in words, which are apart from the rest.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    words: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """What an opinion is about: an ordered pair or one candidate, with the hashes of the masks judged."""

    item: ItemId
    candidates: tuple[CandidateId, ...]
    hashes: tuple[str, ...]
    asked_as: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A critic's answer to "which of these is better".

    `confidence` is the probability that the outcome is right. `orders` is empty for a critic without orders, and
    `agreement` None. `examples` names the candidates (or files) that were shown as examples, `places` are the regions
    that differ (world RAS+ mm, largest first), computed here and never taken from a model. `words` is the further
    question for reasons, where one was sent; `cost` is that of the verdict alone.
    """

    critic: CriticIdentity
    subject: Subject
    outcome: Outcome
    confidence: float
    reasons: tuple[str, ...] = ()
    orders: tuple[OrderRecord, ...] = ()
    cost: Cost = field(default_factory=Cost)
    agreement: Agreement | None = None
    examples: tuple[str, ...] = ()
    places: tuple[Point, ...] = ()
    words: OrderRecord | None = None

    @property
    def pick(self) -> CandidateId | None:
        """The candidate to accept, or None. Of equivalent candidates it is the first."""
        if self.outcome in {Outcome.FIRST, Outcome.EQUIVALENT}:
            return self.subject.candidates[0]
        return self.subject.candidates[1] if self.outcome is Outcome.SECOND else None

    @property
    def orders_agree(self) -> bool | None:
        """Say whether both orders named the same candidate; None without orders, or where one names none clearly."""
        if self.agreement is not None:
            return {Agreement.AGREE: True, Agreement.DISAGREE: False}.get(self.agreement)
        picks = [_picked(record) for record in self.orders]
        return len(set(picks)) == 1 if len(picks) == 2 else None


def _picked(record: OrderRecord) -> str:
    """Translate an order's answer ("first", "second", other) to the candidate it means ("A", "B")."""
    swap = {"first": "second", "second": "first"} if record.order == "BA" else {}
    return swap.get(record.answer, record.answer)


@dataclass(frozen=True, slots=True)
class Quality:
    """A critic's answer to "how good is this one": 0 to 100 with its uncertainty (one standard deviation).

    `score` is None when the critic cannot say; `findings` are what it noticed, worst first. `suspected` are error codes
    that a model suspects: a suggestion without a place. `asked` is the question behind the score, where one was sent.
    """

    critic: CriticIdentity
    subject: Subject
    score: float | None
    uncertainty: float | None
    findings: tuple[Finding, ...] = ()
    reasons: tuple[str, ...] = ()
    cost: Cost = field(default_factory=Cost)
    suspected: tuple[FindingCode, ...] = ()
    asked: OrderRecord | None = None
    examples: tuple[str, ...] = ()
