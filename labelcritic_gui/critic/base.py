"""The protocol every critic keeps, and the question it is given. Layer: critic."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from labelcritic_gui.core.cancel import Cancel
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.core.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.field_of_view import FieldOfView
from labelcritic_gui.core.regions import DifferingRegion
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.core.verdict import CriticIdentity, Quality, Subject, Verdict


@dataclass(frozen=True, slots=True)
class Example:
    """A label of another case whose worth is known: its picture (PNG), whether it is good, and where it comes from."""

    picture: bytes = field(repr=False)
    good: bool
    name: str


@dataclass(frozen=True, slots=True)
class Question:
    """All that a critic may know: made by services, so that a critic reads neither disk nor database.

    `subject` names one candidate (for `assess`) or an ordered pair (for `compare`); `facts` has one entry per
    candidate of the subject; `pair` is None for one candidate; `pictures` are PNG bytes, one overlay per candidate,
    in the subject's order, and may be empty for a critic that needs none; `views` says what each picture shows, from
    left to right. `examples` are of other cases; `field_of_view` is what is known of the image; `regions` are where
    the two candidates differ, largest first.
    """

    subject: Subject
    structure: Structure
    facts: tuple[CandidateFacts, ...]
    pair: PairFacts | None = None
    pictures: tuple[bytes, ...] = field(default=(), repr=False)
    views: tuple[str, ...] = ("frontal",)
    examples: tuple[Example, ...] = ()
    field_of_view: FieldOfView = field(default_factory=FieldOfView)
    regions: tuple[DifferingRegion, ...] = ()


Opinion = TypeVar("Opinion", Verdict, Quality)


def one_by_one(
    ask: Callable[[Question, Cancel], Opinion], questions: Sequence[Question], cancel: Cancel
) -> list[Opinion | CriticError]:
    """Ask about each question in turn; what could not be answered is in its place."""
    told: list[Opinion | CriticError] = []
    for question in questions:
        try:
            told.append(ask(question, cancel))
        except CriticError as error:
            told.append(error)
    return told


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

    def compare_all(self, questions: Sequence[Question], cancel: Cancel) -> list[Verdict | CriticError]:
        """Compare many pairs, at the same time where that helps; each answer, or why there is none, in its place."""

    def assess_all(self, questions: Sequence[Question], cancel: Cancel) -> list[Quality | CriticError]:
        """Assess many candidates, as `compare_all`."""
