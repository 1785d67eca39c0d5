"""What a model would be sent about an item with prompts that are being written; nothing is sent. Layer: services.

What was measured before is taken from the review; a case that nobody measured yet is measured for this.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from labelcritic_gui.core.cancel import Cancel, NeverCancel
from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.measures.regions import DifferingRegion
from labelcritic_gui.core.patient.field_of_view import FieldOfView
from labelcritic_gui.core.rules import pre_check
from labelcritic_gui.core.structures import Structure, normal_name
from labelcritic_gui.core.verdict import Outcome, Subject, Verdict
from labelcritic_gui.critic.base import WORTH_REASONS, CaseQuestion, Question, seeing
from labelcritic_gui.critic.lvlm import LvlmCritic, Sent
from labelcritic_gui.critic.prompts import Conversation, PromptSet
from labelcritic_gui.critic.wire import ChatRequest
from labelcritic_gui.services.examples import ExampleShelf, taught_by
from labelcritic_gui.services.judging import EQUIVALENT_DICE, FIELD_OF_VIEW
from labelcritic_gui.services.measuring import measure_case
from labelcritic_gui.services.model_pictures import ModelPictures
from labelcritic_gui.services.opinions import latest
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.services.sent import SentQuestion, known_view, laid_out, regions_between
from labelcritic_gui.store import index, opinions

SAMPLE = "liver"
"""The structure that is shown where nobody named one."""


class Ask(StrEnum):
    """The conversations with a model."""

    COMPARE = "compare"
    ASSESS = "assess"
    REGION = "region"
    REASONS = "reasons"


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be sent: each question with its pictures; `notes` say what else is to know, in sentences.

    `item` is None for a sample without a case. `prompts` is the hash of the prompts.
    """

    item: ItemId | None
    questions: tuple[SentQuestion, ...]
    prompts: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Known:
    """What is known of an item's candidates, and the pictures of its case."""

    item: ItemId
    structure: Structure
    candidates: tuple[CandidateId, ...]
    facts: Mapping[CandidateId, CandidateFacts]
    pair: PairFacts | None
    regions: tuple[DifferingRegion, ...]
    view: FieldOfView
    pictures: ModelPictures = field(repr=False)


def preview(
    review: OpenReview, item: ItemId, critic: LvlmCritic, ask: Ask, *, words_of: str = "", cancel: Cancel | None = None
) -> Preview:
    """Return what a critic would send about an item: both orders of a pair, every candidate, the case, or reasons.

    Of several candidates the first two are the pair. `words_of` names a structure (or a pair's title) whose words are
    looked at: another item of the case is taken if it is about that. Raises UserError when the case cannot be read,
    and CancelledError.
    """
    stop = cancel or NeverCancel()
    notes = []
    if seeing(review.critic) is None:
        notes.append(
            f"This review is judged by the {review.critic.identity.title}, which sends nothing. Shown is what the LVLM "
            "critic of the settings would send."
        )
    shown = _item_for(review, item, words_of)
    if words_of and not _is_about(review, shown, words_of):
        notes.append(f"Nothing in this case is asked about with these words; shown is the {shown.structure}.")
    known = _known(review, shown, critic, stop)
    found, told = _questions(review, known, critic, ask, words_of=words_of, cancel=stop)
    return Preview(shown, tuple(found), critic.identity.prompts, (*notes, *told))


def sample(prompts: PromptSet, ask: Ask, *, words_of: str = "") -> Preview:
    """Return a question without a case and without pictures, as far as it can be told then."""
    structure = Structure(words_of or SAMPLE)
    rendered: Conversation
    if ask is Ask.REGION:
        rendered = prompts.region([structure])
    elif ask is Ask.REASONS:
        rendered = prompts.reasons(structure, outcome=Outcome.FIRST.value)
    else:
        rendered = prompts.compare(structure) if ask is Ask.COMPARE else prompts.assess(structure)
    choices = () if rendered.pattern else rendered.choices
    request = ChatRequest(rendered.system, (), rendered.text, choices, rendered.pattern, max_tokens=rendered.max_tokens)
    question = laid_out("Without a case", None, request.canonical(), {})
    note = f"No review is open: the words are shown for the {structure.shown}, without a case and its pictures."
    return Preview(None, (question,), prompts.hash, (note,))


# --- the item ----------------------------------------------------------------------------------------------------


def _is_about(review: OpenReview, item: ItemId, words_of: str) -> bool:
    structure = review.table.get(item.structure)
    return normal_name(words_of) in {normal_name(structure.name), normal_name(structure.pair_title)}


def _item_for(review: OpenReview, item: ItemId, words_of: str) -> ItemId:
    if not words_of or _is_about(review, item, words_of):
        return item
    others = index.items_of(review.database, item.case)
    return next((other for other in others if _is_about(review, other, words_of)), item)


def _known(review: OpenReview, item: ItemId, critic: LvlmCritic, cancel: Cancel) -> _Known:
    """Take what the review knows of an item, or measure it now."""
    structure = review.table.get(item.structure)
    of_case = latest(index.candidates_of(review.database, item.case))
    own = tuple(c.id for c in of_case if c.id.item == item)
    stored = opinions.facts_of(review.database, item)
    facts = {c: CandidateFacts.from_json(stored[c.key]) for c in own if c.key in stored}
    record = opinions.case_record(review.database, item.case, FIELD_OF_VIEW)
    if len(facts) < len(own) or record is None:
        return _measured(review, item, critic, cancel)
    asked = tuple(c for c in own if c in facts)[:2]
    view = known_view(record)
    pair: PairFacts | None = None
    if len(asked) == 2:
        sets = f"{asked[0].key}:{asked[1].key}"
        pair = PairFacts.from_json(stored[sets]) if sets in stored else None
    pictures = ModelPictures(review, item.case, critic, field_of_view=view, cancel=cancel)
    both_sides = pictures.shows_both_sides(structure, asked)
    return _Known(
        item=item,
        structure=structure,
        candidates=own,
        facts=facts,
        pair=pair,
        regions=regions_between(review, item, asked, both_sides=both_sides),
        view=view,
        pictures=pictures,
    )


def _measured(review: OpenReview, item: ItemId, critic: LvlmCritic, cancel: Cancel) -> _Known:
    structure = review.table.get(item.structure)
    of_case = latest(index.candidates_of(review.database, item.case))
    both = [c for c in of_case if c.id.structure in {item.structure, structure.pair}]
    known = measure_case(review, item.case, both, cancel)
    own = tuple(c.id for c in both if c.id.item == item and c.id in known.masks)
    view = known.field_of_view
    pictures = ModelPictures(
        review, item.case, critic, field_of_view=view, volume=known.volume, masks=known.masks, cancel=cancel
    )
    regions: list[DifferingRegion] = []
    if len(own) > 1:
        regions += known.regions_of(own[0], own[1])
        if pictures.shows_both_sides(structure, own[:2]):
            regions += known.regions_of(*(c._replace(structure=structure.pair) for c in own[:2]))
    return _Known(
        item=item,
        structure=structure,
        candidates=own,
        facts={c: known.facts[c] for c in own},
        pair=known.pair_facts(own[0], own[1]) if len(own) > 1 else None,
        regions=tuple(sorted(regions, key=lambda r: (-r.volume_ml, r.place))),
        view=view,
        pictures=pictures,
    )


# --- the questions -----------------------------------------------------------------------------------------------


def _questions(
    review: OpenReview, known: _Known, critic: LvlmCritic, ask: Ask, *, words_of: str, cancel: Cancel
) -> tuple[list[SentQuestion], list[str]]:
    """Return the questions of one conversation, and what is to be said about them."""
    notes: list[str] = []
    if ask is Ask.REGION:
        structures = tuple(review.table.get(name) for name in review.structures)
        asked = CaseQuestion(known.item.case, known.pictures.skeleton(), structures)
        if not critic.how.region:
            notes.append("The settings say not to ask this: what is in view is told by the bones alone.")
        made = {_sha256(asked.picture): ("the skeleton, without any label", asked.picture)}
        return [_prepared("What is in view, once for the case", critic.survey_question(asked), made)], notes
    if not known.candidates:
        raise ReviewError(f"No label set has a mask of {known.item} that can be drawn.", "Nothing would be asked.")
    shelf = ExampleShelf(review, known.item.case, critic, cancel=cancel)
    if ask is Ask.ASSESS:
        if not critic.how.quality:
            notes.append("The settings say not to ask for scores; `labelcritic assess` does.")
        asked_of = [(f"Quality of {c.label_set}", _question(known, (c,), shelf)) for c in known.candidates]
        notes += _words_notes(asked_of[0][1], words_of)
        return [_prepared(title, critic.questions(q)[0], _shown(q)) for title, q in asked_of], notes
    if len(known.candidates) < 2:
        raise ReviewError(f"{known.item} has one candidate only: no pair is asked about.", "Look at its quality.")
    pair = _question(known, known.candidates[:2], shelf)
    notes += [*_words_notes(pair, words_of), *_pair_notes(known, pair)]
    if ask is Ask.REASONS:
        outcome = _outcome(review, known, critic)
        notes.append(f"Reasons follow a verdict; this one takes for granted: {outcome.value}.")
        if not critic.how.reasons:
            notes.append("The settings say not to ask for reasons.")
        return [_prepared("Reasons, after the verdict", critic.reasons_question(pair, outcome), _shown(pair))], notes
    return [_prepared(f"Order {sent.order}", sent, _shown(pair)) for sent in critic.questions(pair)], notes


def _question(known: _Known, candidates: Sequence[CandidateId], shelf: ExampleShelf) -> Question:
    alone = len(candidates) == 1
    regions = () if alone else known.regions
    shown = known.pictures.of(known.item, candidates, regions=regions)
    return Question(
        subject=Subject(known.item, tuple(candidates), ("",) * len(candidates), shown.asked_as),
        structure=known.structure,
        facts=tuple(known.facts[c] for c in candidates),
        pair=None if alone else known.pair,
        pictures=shown.pictures,
        views=shown.views,
        examples=shelf.of(taught_by(known.structure, shown.asked_as)),
        field_of_view=known.view,
        regions=regions,
    )


def _pair_notes(known: _Known, pair: Question) -> Iterator[str]:
    """Say why this pair would not be asked about at all."""
    if len(known.candidates) > 2:
        yield f"Shown are the first two of {len(known.candidates)} candidates."
    if pre_check(known.structure, *pair.facts) is not None:
        yield "This pair is decided without asking: one label is empty or absent."
    elif known.pair is not None and known.pair.dice >= EQUIVALENT_DICE:
        yield f"This pair is decided without asking: the labels are nearly equal (Dice {known.pair.dice:.3f})."
    elif pair.pictures[0] == pair.pictures[1]:
        yield "This pair is not asked about: both labels give the same picture."


def _words_notes(question: Question, words_of: str) -> Iterator[str]:
    """Say that a structure's own words are not used where it is asked about together with its pair."""
    together = question.subject.asked_as
    if together and words_of and normal_name(words_of) != normal_name(together):
        yield f"Here both sides are asked about together, with the words for the {together}."


def _outcome(review: OpenReview, known: _Known, critic: LvlmCritic) -> Outcome:
    """Return what the newest verdict says that reasons are asked for; without one, that the first label is better."""
    said = (one.opinion for one in opinions.opinions_of(review.database, known.item, critic.identity.kind))
    found = (v.outcome for v in said if isinstance(v, Verdict) and v.subject.candidates == known.candidates[:2])
    return next((outcome for outcome in found if outcome in WORTH_REASONS), Outcome.FIRST)


def _shown(question: Question) -> dict[str, tuple[str, bytes]]:
    """Return the pictures of a question by sha256, with what they show."""
    made = {
        _sha256(example.picture): (f"an example, {'good' if example.good else 'bad'}: {example.name}", example.picture)
        for example in question.examples
    }
    for candidate, png in zip(question.subject.candidates, question.pictures, strict=True):
        made[_sha256(png)] = (candidate.label_set, png)
    return made


def _prepared(title: str, sent: Sent, made: Mapping[str, tuple[str, bytes]]) -> SentQuestion:
    return laid_out(title, None, sent.request.canonical(), made)


def _sha256(png: bytes) -> str:
    return hashlib.sha256(png).hexdigest()
