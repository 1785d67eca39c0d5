"""The protocol every critic keeps, and the question it is given. Layer: critic."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from labelcritic_gui.core.cancel import Cancel
from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.measures.regions import DifferingRegion
from labelcritic_gui.core.patient.field_of_view import FieldOfView
from labelcritic_gui.core.patient.scan import Scan
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.core.verdict import Cost, CriticIdentity, OrderRecord, Outcome, Quality, Subject, Verdict
from labelcritic_gui.settings import LvlmSettings

if TYPE_CHECKING:
    from labelcritic_gui.critic.prompts import Drawing


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
    the two candidates differ, largest first; `claims` everything that only one of them claims, rims too, with what
    speaks for it; `scan` says what can be judged on the image at all.
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
    claims: tuple[DifferingRegion, ...] = field(default=(), repr=False)
    scan: Scan | None = None


@dataclass(frozen=True, slots=True)
class CaseQuestion:
    """What is asked once a case: its skeleton picture (PNG, no label on it) and the structures under review."""

    case: CaseId
    picture: bytes = field(repr=False)
    structures: tuple[Structure, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a model says of a case: what is in view, and which structures are usually present within these limits.

    `presence` has True, False or None (not said) by structure name. `problem` says why an answer could not be read;
    then nothing is known. `asked` is the question as sent.
    """

    field_of_view: FieldOfView = field(default_factory=FieldOfView)
    presence: Mapping[str, bool | None] = field(default_factory=dict)
    asked: OrderRecord | None = None
    problem: str = ""
    cost: Cost = field(default_factory=Cost)


WORTH_REASONS = frozenset({Outcome.FIRST, Outcome.SECOND, Outcome.BOTH_WRONG})
"""Outcomes of a comparison that a critic is asked reasons for, where that is switched on."""

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


class PictureCritic(Critic, Protocol):
    """A critic that is shown pictures; `how` says which, and how much it is asked."""

    @property
    def how(self) -> LvlmSettings:
        """How this critic asks: views, examples, and what is asked beside the verdict."""

    @property
    def paused(self) -> str:
        """Why questions wait for the server at this moment, in a sentence; empty when they do not."""

    def watch(self, tell: Callable[[str], None]) -> None:
        """Have somebody told whenever questions begin to wait (the sentence) or go on (an empty text)."""

    def drawing(self, structure: Structure, asked_as: str, field_of_view: FieldOfView) -> "Drawing":
        """Say how a structure is drawn for this critic."""

    def survey(self, question: CaseQuestion, cancel: Cancel) -> Survey:
        """Say what a case shows; raises CriticError when nobody answers."""

    def afresh(self) -> "PictureCritic":
        """Return the same critic without its memory: every question is asked again, and nothing is kept."""

    def wordless(self) -> "PictureCritic":
        """Return the same critic that asks for no reasons in words, which cost calls and change no verdict."""


def seeing(critic: Critic) -> PictureCritic | None:
    """Return a critic that is shown pictures as what it is; None for one that is not."""
    return cast("PictureCritic", critic) if critic.wants_pictures else None
