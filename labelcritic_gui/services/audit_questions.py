"""Makes the questions of an audit: a pair as it is always asked, and tampered with on purpose. Layer: services."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from labelcritic_gui.core.audit_masks import larger_and_smaller
from labelcritic_gui.core.audit_measures import AuditTest
from labelcritic_gui.core.cancel import Cancel, NeverCancel, stop_if
from labelcritic_gui.core.cases import CandidateId, CaseId
from labelcritic_gui.core.geometry import Mask, content_hash
from labelcritic_gui.core.measures.candidate_facts import measure
from labelcritic_gui.core.measures.pair_facts import measure_pair
from labelcritic_gui.core.measures.regions import Differences
from labelcritic_gui.core.patient.landmarks import Landmarks, find_landmarks
from labelcritic_gui.core.review import Status
from labelcritic_gui.critic.base import Critic, Question
from labelcritic_gui.critic.rule_based import RuleCritic
from labelcritic_gui.services.audit_pictures import marked, without_background
from labelcritic_gui.services.audit_sample import Sampled
from labelcritic_gui.services.judging import EQUIVALENT_DICE, Judging
from labelcritic_gui.services.measuring import MeasuredCase, measure_case
from labelcritic_gui.services.opinions import latest
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index

PLAIN, MARK_FIRST, MARK_SECOND = "plain", "mark on the first", "mark on the second"
BLANKED, SIZE, REPEAT = "blanked", "size", "repeat"
LARGER, SMALLER = -1, -2
"""Versions of candidates that exist only in an audit."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of an audit: about which pair, in which role, and under which test its calls are counted.

    `test` is None for a pair as it is always asked; `larger_first` says where the larger mask of a SIZE question is.
    """

    of: Sampled
    role: str
    test: AuditTest | None
    question: Question
    larger_first: bool = False


class CaseQuestions:
    """The questions of an audit about one case; reads its files once. `calls` is what asking for its view took.

    Raises UnreadableFileError when the image cannot be read, CriticError when what is in view cannot be asked, and
    CancelledError.
    """

    def __init__(
        self, review: OpenReview, case: CaseId, critic: Critic, *, tests: Sequence[AuditTest], seed: str, cancel: Cancel
    ) -> None:
        self._review = review
        self._case = case
        self._critic = critic
        self._tests = frozenset(tests)
        self._seed = seed
        self._cancel = cancel
        self.calls = 0

    def of(self, sampled: Sequence[Sampled]) -> list[tuple[Sampled, list[Asked]]]:
        """Return the questions about those of the pairs that leave something to ask."""
        known = self._measured(sampled)
        usable = [one for one in sampled if _leaves_something(known, one)]
        if not usable:
            return []
        resized: dict[Sampled, tuple[CandidateId, CandidateId]] = {}
        if AuditTest.SIZE in self._tests:
            known, resized = self._with_resized(known, usable)
        judging = Judging(known, self._critic, cancel=self._cancel)
        judging.look()
        self.calls = judging.survey_calls
        found = []
        for one in usable:
            stop_if(self._cancel)
            questions = list(self._about(judging, one, resized.get(one)))
            if questions:
                found.append((one, questions))
        return found

    def _measured(self, sampled: Sequence[Sampled]) -> MeasuredCase:
        names = {one.item.structure for one in sampled}
        names |= {self._review.table.get(name).pair for name in names}
        candidates = [
            c for c in latest(index.candidates_of(self._review.database, self._case)) if c.id.structure in names
        ]
        return measure_case(self._review, self._case, candidates, self._cancel)

    # --- a pair as it is, and tampered with ----------------------------------------------------------------------

    def _about(
        self, judging: Judging, one: Sampled, resized: tuple[CandidateId, CandidateId] | None
    ) -> Iterator[Asked]:
        question = judging.question(one.item, one.pair)
        if self._critic.wants_pictures:
            if question.pictures[0] == question.pictures[1]:
                return  # they differ in depth only: such a pair is never asked about
            yield Asked(one, PLAIN, None, question)
            yield from self._tampered(one, question)
        else:
            yield Asked(one, PLAIN, None, question)
        if resized is not None:
            yield self._size(judging, one, resized)
        if AuditTest.REPEAT in self._tests:
            yield Asked(one, REPEAT, AuditTest.REPEAT, question)

    def _tampered(self, one: Sampled, question: Question) -> Iterator[Asked]:
        first, second = question.pictures
        if AuditTest.MARK in self._tests:
            yield Asked(one, MARK_FIRST, AuditTest.MARK, replace(question, pictures=(marked(first), second)))
            yield Asked(one, MARK_SECOND, AuditTest.MARK, replace(question, pictures=(first, marked(second))))
        if AuditTest.BACKGROUND in self._tests:
            alone = replace(question, pictures=without_background(question.pictures))
            yield Asked(one, BLANKED, AuditTest.BACKGROUND, alone)

    def _size(self, judging: Judging, one: Sampled, resized: tuple[CandidateId, CandidateId]) -> Asked:
        """Ask which of the larger and the smaller is better; which stands first is drawn by lot."""
        digit = sha256(f"{self._seed}\n{one.item}".encode()).digest()[0]
        larger_first = digit % 2 == 0
        pair = resized if larger_first else resized[::-1]
        return Asked(one, SIZE, AuditTest.SIZE, judging.question(one.item, pair), larger_first)

    # --- masks that exist only here --------------------------------------------------------------------------------

    def _with_resized(
        self, known: MeasuredCase, usable: Sequence[Sampled]
    ) -> tuple[MeasuredCase, dict[Sampled, tuple[CandidateId, CandidateId]]]:
        """Add a larger and a smaller version of one mask of every pair, measured like any other."""
        landmarks = find_landmarks(known.volume)
        found: dict[Sampled, tuple[CandidateId, CandidateId]] = {}
        for one in usable:
            stop_if(self._cancel)
            base = self._best(known, one)
            made = larger_and_smaller(known.masks[base])
            if made is not None:
                found[one] = base._replace(version=LARGER), base._replace(version=SMALLER)
                known = _added(known, base, dict(zip(found[one], made, strict=True)), landmarks)
        return known, found

    def _best(self, known: MeasuredCase, one: Sampled) -> CandidateId:
        """Return the candidate that is nearest to right, as far as is known: of a mask too small the larger is better.

        The trusted one, else the accepted one, else the anatomy critic's pick, else the first of the pair.
        """
        own = [c for c, facts in known.facts.items() if c.item == one.item and c.version > 0 and not facts.empty]
        trusted = {s.slug for s in self._review.label_sets if s.trusted}
        row = index.item_row(self._review.database, one.item)
        accepted = row["label_set"] if row["status"] == Status.ACCEPTED.value else ""
        for candidate in (*(c for c in own if c.label_set in trusted), *(c for c in own if c.label_set == accepted)):
            return candidate
        question = Judging(known, RuleCritic(), cancel=NeverCancel()).question(one.item, one.pair)
        return RuleCritic().compare(question, NeverCancel()).pick or one.pair[0]


def _leaves_something(known: MeasuredCase, one: Sampled) -> bool:
    """Say whether both masks of a pair could be read, are not empty, and differ enough to be asked about."""
    if not all(c in known.masks and not known.facts[c].empty for c in one.pair):
        return False
    return known.pair_facts(*one.pair).dice < EQUIVALENT_DICE


def _added(
    known: MeasuredCase, base: CandidateId, made: Mapping[CandidateId, Mask], landmarks: Landmarks
) -> MeasuredCase:
    """Return a case with two more masks of one item; the other side of a pair is drawn beside them as it is."""
    first, second = made
    structure = known.review.table.get(base.structure)
    other = base._replace(structure=structure.pair)
    beside = {c._replace(structure=other.structure): known.masks[other] for c in made if other in known.masks}
    facts = {c: measure(mask, known.volume, landmarks, structure=structure) for c, mask in made.items()}
    pair = measure_pair(made[first], made[second], known.volume)
    return replace(
        known,
        masks={**known.masks, **made, **beside},
        hashes={**known.hashes, **{c: content_hash(mask) for c, mask in made.items()}},
        facts={**known.facts, **facts},
        pairs={**known.pairs, (first, second): pair},
        differences={**known.differences, (first, second): Differences()},
    )
