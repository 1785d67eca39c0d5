"""What an audit learns from verdicts and decisions that are stored already; nobody is asked. Layer: services."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from labelcritic_gui.core.audit import Observation
from labelcritic_gui.core.audit_answers import (
    Correct,
    against_trusted,
    of_orders,
    of_outcome,
    of_reader,
    was_asked,
)
from labelcritic_gui.core.audit_measures import AuditTest
from labelcritic_gui.core.blinding import Mode
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.review import DECISIONS, Decision, Event, Stance, fold
from labelcritic_gui.core.verdict import Verdict
from labelcritic_gui.critic.base import Critic
from labelcritic_gui.services.opinions import latest, same_words
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index, journal
from labelcritic_gui.store.audit import StoredSizes, sizes_of_case, verdicts_of_case


@dataclass(frozen=True, slots=True)
class Decided:
    """A reader's decision in force, and whether the reader had seen a critic name a candidate."""

    decision: Decision
    advised: bool


def decisions_of(review: OpenReview) -> dict[ItemId, Decided]:
    """Return the decision in force on every decided item."""
    advised: dict[str, bool] = {}

    def followed() -> Iterator[Event]:
        for event in journal.all_events(review.database):
            if event.kind in DECISIONS:
                advised[event.uuid] = _was_advised(event)
            yield event

    states = fold(followed())
    standing = {item: state.last for item, state in states.items() if state.last is not None}
    return {item: Decided(last.decision, advised[last.event]) for item, last in standing.items()}


def _was_advised(event: Event) -> bool:
    """Say whether a pick was on the screen; a blind reading hides it, and a verdict that names nobody leads nobody."""
    if event.seen.get("mode") == Mode.BLIND:
        return False
    if "verdict" not in event.seen:
        return bool(event.payload.get("stance", Stance.UNADVISED) != Stance.UNADVISED)
    shown = event.seen["verdict"]
    return bool(isinstance(shown, Mapping) and shown.get("pick"))


class StoredVerdicts:
    """One critic's verdicts on one case that still hold: on the newest masks, in its present words."""

    def __init__(self, review: OpenReview, case: CaseId, critic: Critic) -> None:
        self._review = review
        self._case = case
        self._critic = critic
        newest = {c.id: c.content_hash for c in latest(index.candidates_of(review.database, case))}
        said = verdicts_of_case(review.database, case, critic.identity.kind)
        held = [v for v in said if same_words(v.critic, critic.identity) and _holds(v, newest)]
        self.by_candidates: dict[tuple[CandidateId, ...], Verdict] = {}
        for verdict in held:
            self.by_candidates.setdefault(verdict.subject.candidates, verdict)

    @property
    def pairs(self) -> list[Verdict]:
        """The verdicts on pairs."""
        return [v for candidates, v in self.by_candidates.items() if len(candidates) == 2]

    def knows(self, verdict: Verdict) -> bool:
        """Say whether a verdict is stored: of the same pair, or the same question (of the kidneys, asked as one)."""
        pair = set(verdict.subject.candidates)
        return any(set(v.subject.candidates) == pair or _same_question(v, verdict) for v in self.pairs)

    def observations(self, structures: Sequence[str]) -> Iterator[Observation]:
        """Yield what the answers themselves say: orders, places, undecided; a question asked as one counts once."""
        counted: list[Verdict] = []
        for verdict in self.pairs:
            asked = was_asked(verdict, shows_pictures=self._critic.wants_pictures)
            if verdict.subject.item.structure in structures and asked:
                if not any(_same_question(verdict, other) for other in counted if verdict.subject.asked_as):
                    yield from of_orders(verdict)
                    yield from of_outcome(verdict)
                counted.append(verdict)

    def against_readers(self, structures: Sequence[str], decided: Mapping[ItemId, Decided]) -> Iterator[Observation]:
        """Yield how the answer to each item compares with what was accepted: one observation an item."""
        answers: dict[ItemId, Verdict] = {}
        for candidates, verdict in self.by_candidates.items():
            item = verdict.subject.item
            if len(candidates) > len(answers[item].subject.candidates if item in answers else "1"):
                answers[item] = verdict
        for item, verdict in answers.items():
            found = decided.get(item)
            if found is not None and item.structure in structures:
                yield from of_reader(verdict, found.decision, advised=found.advised)

    def against_trusted(self, structures: Sequence[str], trusted: str) -> Iterator[Correct]:
        """Yield every pair whose candidates were both compared with the trusted one."""
        sizes = sizes_of_case(self._review.database, self._case)
        for verdict in self.pairs:
            dice = _dice_to(trusted, verdict, sizes)
            if verdict.subject.item.structure in structures and dice is not None:
                yield against_trusted(verdict, dice, shows_pictures=self._critic.wants_pictures)


def trusted_set(review: OpenReview) -> str:
    """Return the slug of the trusted label set, or an empty text."""
    return next((s.slug for s in review.label_sets if s.trusted), "")


def nothing_said(test: AuditTest, *, trusted: str) -> str:
    """Say why a test of stored answers counted nothing, and what was looked for."""
    if test is AuditTest.READERS:
        return "No item has both an accepted candidate and a verdict that picks one."
    if test is AuditTest.TRUSTED and not trusted:
        return "No label set of this review is marked as trusted."
    if test is AuditTest.TRUSTED:
        return f"No verdict is on a pair whose Dice to the trusted label set {trusted} differ enough to tell."
    if test in {AuditTest.ORDERS, AuditTest.POSITION}:
        return "No verdict of this critic was asked in two orders."
    return "This critic has given no verdict on any pair yet."


def _holds(verdict: Verdict, newest: Mapping[CandidateId, str]) -> bool:
    """Say whether a verdict is on the newest masks as they are now, as far as their contents are known."""
    subject = verdict.subject
    then = dict(zip(subject.candidates, subject.hashes, strict=False))
    return all(c in newest and (not newest[c] or then.get(c, "") in {"", newest[c]}) for c in subject.candidates)


def _same_question(one: Verdict, other: Verdict) -> bool:
    keys = [record.key for record in one.orders]
    return bool(keys) and all(keys) and keys == [record.key for record in other.orders]


def _dice_to(trusted: str, verdict: Verdict, sizes: StoredSizes) -> tuple[float, float] | None:
    found = [sizes.dice_of(c.structure, c.label_set, trusted) for c in verdict.subject.candidates]
    first, second = found
    return None if first is None or second is None else (first, second)
