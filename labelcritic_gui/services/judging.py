"""Puts the questions about a measured case to a critic, and joins its answers per item. Layer: services.

A critic that is shown pictures costs calls: what the masks alone answer is not asked, a pair such as the kidneys is
asked once for both sides, and of more than two candidates no more pairs are asked than the best one needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labelcritic_gui.core.cancel import Cancel, Progress, no_progress, stop_if
from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.errors import CancelledError, CriticError, UserError
from labelcritic_gui.core.measures.facts import PairFacts
from labelcritic_gui.core.measures.regions import DifferingRegion
from labelcritic_gui.core.opinion_records import order_to_json
from labelcritic_gui.core.patient.field_of_view import FieldOfView
from labelcritic_gui.core.rules import pre_check
from labelcritic_gui.core.tournament import BestOf, verdict_of_pairs
from labelcritic_gui.core.verdict import Outcome, Quality, Subject, Verdict
from labelcritic_gui.critic.base import CaseQuestion, Critic, PictureCritic, Question, Survey, seeing
from labelcritic_gui.services.examples import ExampleShelf, taught_by
from labelcritic_gui.services.measuring import MeasuredCase, Pair, pairs_of
from labelcritic_gui.services.model_pictures import ModelPictures, Shown

EQUIVALENT_DICE = 0.97
"""From this 3-D Dice on a pair is recorded as equivalent without asking a server (published: most pairs are)."""
CERTAIN = 0.97
"""Confidence of what follows from the masks alone."""
FIELD_OF_VIEW = "field-of-view"
"""The kind of case record that holds what is in view: computed, asked, and where the two contradict each other."""


@dataclass
class Judged:
    """What a critic said of an item: verdicts on pairs, scores, the answer for the item, or why there is none."""

    verdicts: list[Verdict] = field(default_factory=list)
    qualities: list[Quality] = field(default_factory=list)
    joined: Verdict | None = None
    failed: str = ""


class _AllPairs:
    """Asks every pair at once: for a critic whose questions cost nothing."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._pairs = tuple(pairs)
        self._verdicts: list[Verdict] = []

    def next_pairs(self) -> tuple[Pair, ...]:
        """Return all pairs, once."""
        return self._pairs[len(self._verdicts) :]

    def record(self, verdict: Verdict) -> None:
        """Take a verdict, in the order of the pairs."""
        self._verdicts.append(verdict)

    def result(self) -> Verdict | None:
        """Return the answer for the item."""
        return verdict_of_pairs(self._verdicts)


class Judging:
    """One critic's round through the items of one measured case."""

    def __init__(self, known: MeasuredCase, critic: Critic, *, cancel: Cancel) -> None:
        self._known = known
        self._critic = critic
        self._seer: PictureCritic | None = seeing(critic)
        self._cancel = cancel
        self._survey = Survey()
        self._view = known.field_of_view
        self._pictures: ModelPictures | None = None
        self._shelf: ExampleShelf | None = None
        self.record: dict[str, Any] = {"computed": known.field_of_view.to_json()}

    def judge(
        self,
        items: Mapping[ItemId, Sequence[CandidateId]],
        *,
        assess: bool = False,
        progress: Progress = no_progress,
    ) -> dict[ItemId, Judged]:
        """Ask about every item's candidates that have a mask; a failure concerns its item alone.

        Scores are asked for with `assess`, and always where an item has one candidate only: it is good or bad.
        """
        told = {item: Judged() for item in items}
        self.look()
        rounds = {item: self._tournament(own) for item, own in items.items() if len(own) > 1}
        done = 0
        while asked := self._next(rounds, told):
            stop_if(self._cancel)
            progress(done, len(asked) + done, self._known.case)
            for (item, _), verdict in zip(asked, self._verdicts(asked), strict=True):
                if isinstance(verdict, UserError):
                    told[item].failed = str(verdict)
                else:
                    told[item].verdicts.append(verdict)
                    rounds[item].record(verdict)
            done += len(asked)
        for item, tournament in rounds.items():
            told[item].joined = None if told[item].failed else tournament.result()
        if self._seer is not None:
            self._assess(self._seer, {i: own for i, own in items.items() if assess or len(own) == 1}, told)
        return told

    # --- once a case ---------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Ask what is in view, where that is wanted, and prepare the pictures; nothing for a critic without pictures.

        All structures of the review are asked about, so that a case is asked once whatever is judged of it. What was
        computed from the bones stands where the two differ, and alone where nobody answers.
        """
        seer, known = self._seer, self._known
        if seer is None or self._pictures is not None:
            return
        if seer.how.region:
            pictures = ModelPictures(known.review, known.case, seer, cancel=self._cancel)
            structures = tuple(known.review.table.get(name) for name in known.review.structures)
            try:
                self._survey = seer.survey(CaseQuestion(known.case, pictures.skeleton(), structures), self._cancel)
                self.record |= _survey_record(self._survey, known.field_of_view)
            except CancelledError:
                raise
            except UserError as error:  # the questions themselves will say it where it matters
                self.record |= {"problem": str(error)}
        self._view = completed(known.field_of_view, self._survey.field_of_view)
        self._pictures = ModelPictures(
            known.review,
            known.case,
            seer,
            field_of_view=self._view,
            volume=known.volume,
            masks=known.masks,
            cancel=self._cancel,
        )
        self._shelf = ExampleShelf(known.review, known.case, seer, cancel=self._cancel)

    @property
    def survey_calls(self) -> int:
        """How many calls the question what is in view took now: 0 when it was remembered or not asked."""
        return self._survey.cost.calls

    # --- pairs ---------------------------------------------------------------------------------------------------

    def _tournament(self, candidates: Sequence[CandidateId]) -> "BestOf | _AllPairs":
        return BestOf(candidates) if self._seer is not None else _AllPairs(pairs_of(candidates))

    def _next(
        self, rounds: Mapping[ItemId, "BestOf | _AllPairs"], told: Mapping[ItemId, Judged]
    ) -> list[tuple[ItemId, Pair]]:
        return [(item, pair) for item, one in rounds.items() if not told[item].failed for pair in one.next_pairs()]

    def _verdicts(self, asked: Sequence[tuple[ItemId, Pair]]) -> list[Verdict | UserError]:
        found: list[Verdict | UserError | None] = []
        questions: list[Question] = []
        for item, pair in asked:
            try:
                one = self._without_asking(item, pair) if self._seer is not None else None
                if one is None:
                    questions.append(self.question(item, pair))
                found.append(one)
            except CancelledError:
                raise
            except UserError as error:
                found.append(error)
        answers = iter(self._critic.compare_all(questions, self._cancel) if questions else [])
        return [next(answers) if one is None else one for one in found]

    def _without_asking(self, item: ItemId, pair: Pair) -> Verdict | None:
        """Return what the masks alone answer, so that nobody has to be asked: an empty label, or nearly equal ones."""
        known = self._known
        structure = known.review.table.get(item.structure)
        facts, dice = known.pair_facts(*pair), known.pair_facts(*pair).dice
        first, second = (known.facts[c] for c in pair)
        presence = self._survey.presence.get(item.structure)
        outcome = pre_check(structure, first, second, asked_presence=presence)
        reason = "Decided without asking: one label is empty or absent."
        if outcome is None and dice >= EQUIVALENT_DICE:
            outcome = Outcome.EQUIVALENT
            reason = f"Decided without asking: the labels are nearly equal (Dice {facts.dice:.3f})."
        if outcome is None:
            return None
        subject = Subject(item, pair, tuple(known.hashes[c] for c in pair))
        places = tuple(region.place for region in known.regions_of(*pair)[:4])
        return Verdict(self._critic.identity, subject, outcome, confidence=CERTAIN, reasons=(reason,), places=places)

    def question(self, item: ItemId, candidates: Sequence[CandidateId]) -> Question:
        """Return the question about a pair or one candidate as this critic is given it."""
        known = self._known
        structure = known.review.table.get(item.structure)
        pair: PairFacts | None = None
        regions: tuple[DifferingRegion, ...] = ()
        claims: tuple[DifferingRegion, ...] = ()
        if len(candidates) == 2:
            pair, found = known.pair_facts(*candidates), known.differences_of(*candidates)
            regions, claims = found.regions, found.claims
        shown = Shown((), ("frontal",), "")
        if self._pictures is not None:
            if len(candidates) == 2 and self._pictures.shows_both_sides(structure, candidates):
                regions = self._both_sides(structure.pair, candidates, regions)
            shown = self._pictures.of(item, candidates, regions=regions)
        subject = Subject(item, tuple(candidates), tuple(known.hashes[c] for c in candidates), shown.asked_as)
        return Question(
            subject=subject,
            structure=structure,
            facts=tuple(known.facts[c] for c in candidates),
            pair=pair,
            pictures=shown.pictures,
            views=shown.views,
            examples=self._shelf.of(taught_by(structure, shown.asked_as)) if self._shelf is not None else (),
            field_of_view=self._view,
            regions=regions,
            claims=claims,
            scan=known.scan,
        )

    def _both_sides(
        self, other: str, candidates: Sequence[CandidateId], regions: tuple[DifferingRegion, ...]
    ) -> tuple[DifferingRegion, ...]:
        """Return where a pair's both sides differ, largest first: it is one question for both."""
        first, second = (c._replace(structure=other) for c in candidates)
        joint = [*regions, *self._known.regions_of(first, second)]
        return tuple(sorted(joint, key=lambda r: (-r.volume_ml, r.place)))

    # --- scores --------------------------------------------------------------------------------------------------

    def _assess(
        self, seer: PictureCritic, items: Mapping[ItemId, Sequence[CandidateId]], told: Mapping[ItemId, Judged]
    ) -> None:
        wanted = [(item, c) for item, own in items.items() for c in own if not self._known.facts[c].empty]
        questions: list[Question] = []
        asked: list[ItemId] = []
        for item, candidate in wanted:
            try:
                questions.append(self.question(item, (candidate,)))
                asked.append(item)
            except CancelledError:
                raise
            except UserError as error:  # a file of examples as well as a critic
                told[item].failed = str(error)
        for item, quality in zip(asked, seer.assess_all(questions, self._cancel), strict=True):
            if isinstance(quality, CriticError):
                told[item].failed = str(quality)
            else:
                told[item].qualities.append(quality)


def completed(computed: FieldOfView, asked: FieldOfView) -> FieldOfView:
    """Return what is in view: as computed from the bones, and as asked where that does not tell."""
    if not asked.seen:
        return computed
    return FieldOfView({**asked.seen, **computed.seen}, computed.source or asked.source)


def _survey_record(survey: Survey, computed: FieldOfView) -> dict[str, Any]:
    return {
        "asked": survey.field_of_view.to_json(),
        "presence": dict(survey.presence),
        "problem": survey.problem,
        "calls": survey.cost.calls,
        "contradictions": [limit.value for limit in computed.contradicted_by(survey.field_of_view)],
        "record": order_to_json(survey.asked) if survey.asked else None,
    }
