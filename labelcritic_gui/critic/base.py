"""The protocol every critic keeps, and the question it is given. Layer: critic."""

from dataclasses import dataclass, field
from typing import Protocol

from labelcritic_gui.core.cancel import Cancel
from labelcritic_gui.core.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.core.verdict import CriticIdentity, Quality, Subject, Verdict


@dataclass(frozen=True, slots=True)
class Question:
    """All that a critic may know: made by services, so that a critic reads neither disk nor database.

    `subject` names one candidate (for `assess`) or an ordered pair (for `compare`); `facts` has one entry per
    candidate of the subject; `pair` is None for one candidate; `pictures` are PNG bytes, one overlay per candidate,
    in the subject's order, and may be empty for a critic that needs none.
    """

    subject: Subject
    structure: Structure
    facts: tuple[CandidateFacts, ...]
    pair: PairFacts | None = None
    pictures: tuple[bytes, ...] = field(default=(), repr=False)


class Critic(Protocol):
    """Gives opinions; raises CriticError when it cannot, and says what to do about it."""

    @property
    def identity(self) -> CriticIdentity:
        """Who this critic is, to the version of its words."""

    @property
    def wants_pictures(self) -> bool:
        """Say whether questions must carry pictures."""

    def compare(self, question: Question, cancel: Cancel) -> Verdict:
        """Say which candidate of an ordered pair is better."""

    def assess(self, question: Question, cancel: Cancel) -> Quality:
        """Say how good one candidate is."""
