"""What exactly a critic was asked about an item, and what it answered: texts, pictures, shares. Layer: services."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labelcritic_gui.core.cancel import Cancel
from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.core.measures.regions import DifferingRegion
from labelcritic_gui.core.opinion_records import order_from_json
from labelcritic_gui.core.patient.field_of_view import FieldOfView
from labelcritic_gui.core.verdict import OrderRecord, Quality, Verdict
from labelcritic_gui.critic.base import seeing
from labelcritic_gui.critic.lvlm import views_of
from labelcritic_gui.services.examples import ExampleShelf, taught_by
from labelcritic_gui.services.judging import FIELD_OF_VIEW, completed
from labelcritic_gui.services.measuring import REGIONS
from labelcritic_gui.services.model_pictures import ModelPictures
from labelcritic_gui.services.review import OpenReview, now
from labelcritic_gui.store import opinions
from labelcritic_gui.store.opinions import Stored
from labelcritic_gui.store.replies import StoredReplies

OTHERWISE_NOW = "drawn otherwise now: not shown"
NOTHING = "Nothing was asked about this item yet."
_TITLES = {
    "AB": "Order AB",
    "BA": "Order BA",
    "words": "Reasons, asked after the verdict",
    "region": "What is in view, asked once for the case",
}


@dataclass(frozen=True, slots=True)
class SentPicture:
    """A picture as it was sent: its sha256 and what it shows; `png` is None where it cannot be made again alike."""

    sha256: str
    caption: str
    png: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SentQuestion:
    """One question and its answer. Texts are empty where an older program asked and did not keep them.

    `record` is None for a question that was not sent, only prepared.
    """

    title: str
    record: OrderRecord | None
    system: str = ""
    text: str = ""
    held_to: str = ""
    sampling: str = ""
    pictures: tuple[SentPicture, ...] = ()


@dataclass(frozen=True, slots=True)
class SentItem:
    """All that was asked about an item: a few lines about the opinions, and every question."""

    item: ItemId
    lines: tuple[str, ...]
    questions: tuple[SentQuestion, ...] = ()

    @property
    def as_text(self) -> str:
        """The whole as plain text, without the pictures themselves."""
        return "\n".join([*self.lines, *(line for question in self.questions for line in told(question))])


def sent_item(review: OpenReview, item: ItemId, *, pictures: bool = True, cancel: Cancel | None = None) -> SentItem:
    """Return what the review's critic was asked about an item; with `pictures` they are made again where they can be.

    A picture is shown only if it is the very one that was sent: its sha256 stands in the question.
    """
    said = opinions.opinions_of(review.database, item, review.critic.identity.kind)
    newest = _newest(said)
    if not newest:
        return SentItem(item, (NOTHING,))
    record = opinions.case_record(review.database, item.case, FIELD_OF_VIEW) or {}
    records = list(_records(newest))
    if record.get("record") and records:
        records.append((_TITLES["region"], order_from_json(record["record"])))
    made = _pictures_again(review, item, newest, record, cancel) if pictures and records else None
    stored = StoredReplies(review.database, now)
    questions = tuple(laid_out(title, one, stored.request(one.key), made) for title, one in records)
    return SentItem(item, tuple(_lines(newest, record)), questions)


def _newest(said: Sequence[Stored]) -> list[Stored]:
    """Return the newest opinion on each subject, by the newest critic that spoke: verdicts first, each as asked."""
    found: dict[tuple[str, object], Stored] = {}
    for one in said:
        if one.opinion.critic == said[0].opinion.critic:
            kind = "verdict" if isinstance(one.opinion, Verdict) else "quality"
            found.setdefault((kind, one.opinion.subject.candidates), one)
    as_asked = list(found.values())[::-1]
    return sorted(as_asked, key=lambda one: isinstance(one.opinion, Quality))


def _records(newest: Sequence[Stored]) -> Iterator[tuple[str, OrderRecord]]:
    """Yield the questions behind opinions with their titles; of several pairs, each says which it is about."""
    several = sum(isinstance(one.opinion, Verdict) and bool(one.opinion.orders) for one in newest) > 1
    for one in newest:
        opinion = one.opinion
        sets = [candidate.label_set for candidate in opinion.subject.candidates]
        if isinstance(opinion, Quality):
            if opinion.asked is not None:
                yield f"Quality of {sets[0]}", opinion.asked
            continue
        which = f": {' and '.join(sets)}" if several else ""
        for record in opinion.orders:
            yield f"{_TITLES.get(record.order, record.order)}{which}", record
        if opinion.words is not None:
            yield f"{_TITLES['words']}{which}", opinion.words


def _lines(newest: Sequence[Stored], record: Mapping[str, Any]) -> Iterator[str]:
    critic = newest[0].opinion.critic
    yield f"Critic: {critic.title}, version {critic.version}" + (f", {critic.options}" if critic.options else "")
    if critic.prompts:
        yield f"Prompt set: {critic.prompts[:16]}"
    if not any(_records(newest)):
        yield "Nothing was sent anywhere: this was computed from the masks and the CT on this machine."
    for one in newest:
        yield from _opinion_lines(one)
    computed = FieldOfView.from_json(record.get("computed", {}))
    if computed.seen:
        yield "In view, by the bones: " + (", ".join(limit.shown for limit in computed.in_view) or "nothing known")
    if record.get("asked"):
        asked = FieldOfView.from_json(record["asked"])
        yield "In view, by the model: " + (", ".join(limit.shown for limit in asked.in_view) or "nothing it would say")
    if record.get("contradictions"):
        yield "They contradict each other on: " + ", ".join(record["contradictions"]) + "; the bones count."
    if record.get("problem"):
        yield f"The question what is in view was not answered: {record['problem']}"


def _opinion_lines(one: Stored) -> Iterator[str]:
    opinion = one.opinion
    who = ", ".join(f"{c.label_set} v{c.version}" for c in opinion.subject.candidates)
    masks = ", ".join(h[:16] for h in opinion.subject.hashes)
    together = f", drawn together as {opinion.subject.asked_as}" if opinion.subject.asked_as else ""
    spent = opinion.cost
    cost = f"; {spent.calls} call(s), {spent.prompt_tokens} + {spent.completion_tokens} tokens, {spent.seconds:.2f} s"
    if isinstance(opinion, Verdict):
        agreement = f", orders: {opinion.agreement.value}" if opinion.agreement else ""
        yield f"Verdict on {who}{together}: {opinion.outcome.value} ({opinion.confidence:.2f}{agreement})"
    else:
        score = "no score" if opinion.score is None else f"{opinion.score:.0f} ± {opinion.uncertainty or 0:.0f}"
        codes = f", suspects {' '.join(opinion.suspected)}" if opinion.suspected else ""
        yield f"Quality of {who}{together}: {score}{codes}"
    yield f"  {one.time}; masks (sha256) {masks}{cost if spent.calls else ''}"
    if opinion.examples:
        yield f"  examples shown: {', '.join(opinion.examples)}"
    yield from (f"  {reason}" for reason in opinion.reasons)


def laid_out(
    title: str,
    record: OrderRecord | None,
    request: Mapping[str, Any] | None,
    made: Mapping[str, tuple[str, bytes]] | None,
) -> SentQuestion:
    """Lay a question out by its request in canonical form.

    `made` are its pictures by sha256, with what they show; None where nobody looked.
    """
    if request is None:
        return SentQuestion(title, record)
    unknown = ("" if made is None else OTHERWISE_NOW, None)
    named = [(sha, *(made or {}).get(sha, unknown)) for sha in request["pictures"]]
    sampling = ", ".join(f"{name} {request[name]}" for name in ("temperature", "top_p", "seed", "max_tokens"))
    return SentQuestion(
        title=title,
        record=record,
        system=str(request["system"]),
        text=str(request["text"]),
        held_to=" | ".join(request.get("choices", ())) or str(request.get("pattern", "")),
        sampling=sampling,
        pictures=tuple(SentPicture(*one) for one in named),
    )


def told(question: SentQuestion) -> Iterator[str]:
    """Yield a question, and its answer where there is one, as lines of plain text."""
    record = question.record
    yield f"\n--- {question.title}"
    if question.text:
        for picture in question.pictures:
            yield f"[picture {picture.sha256[:16]}{picture.caption and f': {picture.caption}'}]"
        yield f"system: {question.system}"
        yield question.text
        yield f"Held to: {question.held_to or 'free text'}; {question.sampling}"
    if record is None:
        return
    shares = ", ".join(f"{name} {share:.3f}" for name, share in record.distribution.items())
    yield f"Answered: {record.answer} ({record.finish_reason})" + (f"; {shares}" if shares else "")
    if record.raw:
        yield f"As sent: {record.raw!r}" + (f" by {record.server}" if record.server else "")
    if record.first_token:
        yield "First token: " + ", ".join(f"{token!r} {logprob:.3f}" for token, logprob in record.first_token)
    yield (
        f"Request {record.key[:16]}, {record.prompt_tokens} + {record.completion_tokens} tokens, {record.seconds:.2f} s"
    )


def _pictures_again(
    review: OpenReview, item: ItemId, newest: Iterable[Stored], record: Mapping[str, Any], cancel: Cancel | None
) -> dict[str, tuple[str, bytes]]:
    """Return the pictures of an item as they are made now, by sha256, with what they show."""
    seer = seeing(review.critic)
    if seer is None:
        return {}
    view = known_view(record)
    pictures = ModelPictures(review, item.case, seer, field_of_view=view, cancel=cancel)
    shelf = ExampleShelf(review, item.case, seer, cancel=cancel)
    found: dict[str, tuple[str, bytes]] = {}
    try:
        _add(found, "the skeleton, without any label", pictures.skeleton())
        for one in newest:
            views = views_of(one.opinion.critic.options)
            subject = one.opinion.subject
            regions = regions_between(review, item, subject.candidates, both_sides=bool(subject.asked_as))
            shown = pictures.of(item, subject.candidates, regions=regions, views=views)
            for candidate, png in zip(subject.candidates, shown.pictures, strict=True):
                _add(found, candidate.label_set, png)
            for name in one.opinion.examples:
                if (
                    example := shelf.again(
                        name, taught_by(review.table.get(item.structure), one.opinion.subject.asked_as), views
                    )
                ) is not None:
                    _add(found, f"an example: {name}", example.picture)
    except CancelledError:
        raise
    except UserError:  # an image or a mask went away: what was said of it can still be read
        return found
    return found


def known_view(record: Mapping[str, Any]) -> FieldOfView:
    """Return what is in view of a case by its record: as computed from the bones, and as asked beside that."""
    asked = FieldOfView.from_json(record.get("asked", {}))
    return completed(FieldOfView.from_json(record.get("computed", {})), asked)


def _add(found: dict[str, tuple[str, bytes]], caption: str, png: bytes) -> None:
    found[hashlib.sha256(png).hexdigest()] = (caption, png)


def regions_between(
    review: OpenReview, item: ItemId, candidates: Sequence[CandidateId], *, both_sides: bool
) -> tuple[DifferingRegion, ...]:
    """Return the stored regions in which a pair differs, largest first; of both sides where it is drawn together."""
    if len(candidates) != 2:
        return ()
    first, second = candidates
    structures = [item.structure]
    if both_sides:
        structures.append(review.table.get(item.structure).pair)
    joint: list[DifferingRegion] = []
    for structure in structures:
        stored = opinions.facts_of(review.database, ItemId(item.case, structure))
        straight = stored.get(f"{first.key}:{second.key}", {}).get(REGIONS)
        turned = stored.get(f"{second.key}:{first.key}", {}).get(REGIONS)
        joint += [DifferingRegion.from_json(body) for body in straight or ()]
        joint += [DifferingRegion.from_json(body).swapped() for body in turned or ()]
    return tuple(sorted(joint, key=lambda r: (-r.volume_ml, r.place)))
