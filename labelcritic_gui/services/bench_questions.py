"""Makes the questions of a bench about one case: masks measured as in a review, and drawn where they are to be seen.

Layer: services.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from labelcritic_gui.core.bench import Better
from labelcritic_gui.core.cancel import Cancel, stop_if
from labelcritic_gui.core.cases import CandidateId, CaseId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.geometry import Mask, content_hash
from labelcritic_gui.core.measures.candidate_facts import measure
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.measures.neighbours import Neighbours
from labelcritic_gui.core.measures.pair_facts import measure_pair
from labelcritic_gui.core.measures.regions import Context, Differences, differences
from labelcritic_gui.core.patient.field_of_view import field_of_view
from labelcritic_gui.core.patient.landmarks import find_landmarks
from labelcritic_gui.core.patient.phase import phase_from_masks
from labelcritic_gui.core.patient.scan import judgeable
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.core.verdict import Subject
from labelcritic_gui.critic.base import Critic, Question
from labelcritic_gui.services.bench_cases import BenchCase
from labelcritic_gui.services.judging import Judging
from labelcritic_gui.services.measuring import MeasuredCase, Pair

FIRST, SECOND, ALONE = "first", "second", "label"
"""What candidates are called on the bench: by their place, which tells nothing of their worth."""


@dataclass(eq=False, slots=True)
class Label:
    """One mask on the bench: the truth or an error; measured once, however often it is asked about."""

    mask: Mask = field(repr=False)
    dice: float
    kind: str = ""
    severity: str = ""
    text: str = ""
    facts: CandidateFacts | None = field(default=None, repr=False)
    digest: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Ask:
    """A question to be put: about which structure, about one label or an ordered pair."""

    structure: str
    labels: tuple[Label, ...]


@dataclass(frozen=True, eq=False, slots=True)
class PairAsk(Ask):
    """A pair to be put, and which of its two labels is which."""

    worse: Label
    better: Label

    @property
    def right(self) -> Better:
        """Where the better one stands."""
        return "first" if self.labels[0] is self.better else "second"


@dataclass(frozen=True, eq=False, slots=True)
class Put:
    """A question as the critic is given it, and the seconds that measuring for it took."""

    question: Question
    seconds: float


class BenchQuestions:
    """Makes the questions about one case for one critic.

    A critic that looks at pictures needs a case of a review: its pictures, examples and memory are there. Raises
    ReviewError for a phantom without one.
    """

    def __init__(self, case: BenchCase, table: StructureTable, critic: Critic, *, cancel: Cancel) -> None:
        if critic.wants_pictures and case.review is None:
            raise ReviewError(
                f"{critic.identity.title} looks at pictures, which are made of a review.",
                "Make a review of the phantoms.",
            )
        self._case = case
        self._table = table
        self._critic = critic
        self._cancel = cancel
        self._landmarks = find_landmarks(case.volume)
        self._view = field_of_view(case.volume, self._landmarks)
        self._scan = judgeable(case.volume, self._landmarks, self._view)
        others = ((name, *one) for name in (FIRST, SECOND, ALONE) for one in case.masks.items())
        self._neighbours = Neighbours.of(others, case.volume.geometry)
        self._phase = phase_from_masks(case.masks.items(), case.volume).name

    def made(self, asks: Sequence[Ask]) -> list[Put]:
        """Return the questions, in their order; all that are drawn at once belong in one call."""
        plain = [self._plain(ask, number) for number, ask in enumerate(asks)]
        return self._drawn(asks, plain) if self._critic.wants_pictures else plain

    # --- what is measured ------------------------------------------------------------------------------------------

    def measured(
        self, structure: str, labels: Sequence[Label]
    ) -> tuple[tuple[CandidateFacts, ...], PairFacts | None, Differences]:
        """Measure one label or two as a review's are: facts of each, of the pair, and where they differ.

        Each stands among the true labels of the other structures, as if the rest of its label set were right.
        """
        facts = tuple(self._facts(structure, label) for label in labels)
        if len(labels) != 2:
            return facts, None, Differences()
        (first, second), volume = (label.mask for label in labels), self._case.volume
        pair = measure_pair(first, second, volume)
        return facts, pair, differences(first, second, volume, self.context(structure))

    def context(self, structure: str) -> Context:
        """Return what is known beside two labels of a structure."""
        return Context(self._landmarks, self._neighbours, self._table.get(structure), (FIRST, SECOND))

    def _facts(self, structure: str, label: Label) -> CandidateFacts:
        if label.facts is None:
            start = perf_counter()
            known = self._table.get(structure)
            label.facts = measure(
                label.mask,
                self._case.volume,
                self._landmarks,
                structure=known,
                neighbours=self._neighbours,
                label_set=ALONE,
                phase=self._phase,
            )
            label.digest = content_hash(label.mask)
            label.seconds = perf_counter() - start
        return label.facts

    def _plain(self, ask: Ask, number: int) -> Put:
        """Make a question without pictures; a label's own measuring counts wherever it is asked about."""
        stop_if(self._cancel)
        start, known = perf_counter(), sum(label.seconds for label in ask.labels)
        facts, pair, found = self.measured(ask.structure, ask.labels)
        question = Question(
            subject=Subject(
                self._candidates(ask, number)[0].item,
                self._candidates(ask, number),
                tuple(label.digest for label in ask.labels),
            ),
            structure=self._table.get(ask.structure),
            facts=facts,
            pair=pair,
            field_of_view=self._view,
            regions=found.regions,
            claims=found.claims,
            scan=self._scan,
        )
        return Put(question, perf_counter() - start + known)

    def _candidates(self, ask: Ask, number: int) -> tuple[CandidateId, ...]:
        """Name the labels of a question by their place; versions below zero are of no review."""
        places = (FIRST, SECOND) if len(ask.labels) == 2 else (ALONE,)
        case = CaseId(self._case.name)
        return tuple(CandidateId(case, ask.structure, place, -1 - number) for place in places)

    # --- what is drawn -----------------------------------------------------------------------------------------------

    def _drawn(self, asks: Sequence[Ask], plain: Sequence[Put]) -> list[Put]:
        """Make the same questions with pictures, and whatever else this critic is told of a case of a review."""
        judging = Judging(self._known(asks, plain), self._critic, cancel=self._cancel)
        judging.look()
        found = []
        for one in plain:
            stop_if(self._cancel)
            start = perf_counter()
            question = judging.question(one.question.subject.item, one.question.subject.candidates)
            found.append(Put(question, one.seconds + perf_counter() - start))
        return found

    def _known(self, asks: Sequence[Ask], plain: Sequence[Put]) -> MeasuredCase:
        """Return the case as if the bench's labels were candidates; beside each stands the truth of its other side."""
        review = self._case.review
        assert review is not None  # checked when this was made
        masks: dict[CandidateId, Mask] = {}
        hashes: dict[CandidateId, str] = {}
        facts: dict[CandidateId, CandidateFacts] = {}
        pairs: dict[Pair, PairFacts] = {}
        found: dict[Pair, Differences] = {}
        for ask, put in zip(asks, plain, strict=True):
            ids, question = put.question.subject.candidates, put.question
            other = self._table.get(ask.structure).pair
            for candidate, label, own in zip(ids, ask.labels, question.facts, strict=True):
                masks[candidate], hashes[candidate], facts[candidate] = label.mask, label.digest, own
                if other in self._case.masks:
                    masks[candidate._replace(structure=other)] = self._case.masks[other]
            if question.pair is not None:
                pairs[ids[0], ids[1]] = question.pair
                rims = tuple(claim for claim in question.claims if claim.rim)
                found[ids[0], ids[1]] = Differences(question.regions, rims)
        return MeasuredCase(
            review=review,
            case=CaseId(self._case.name),
            volume=self._case.volume,
            masks=masks,
            hashes=hashes,
            file_hashes={},
            refused={},
            facts=facts,
            pairs=pairs,
            differences=found,
            field_of_view=self._view,
            scan=self._scan,
        )
