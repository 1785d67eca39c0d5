"""Asks critics about a case and keeps what they said. Layer: services.

Forming opinions reads files and asks critics; keeping them writes the database. They are apart, so that a batch can
form many at once and write from one thread.
"""

import itertools
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from labelcritic_gui.core.attention import attention
from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress, stop_if
from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import CriticError, UserError
from labelcritic_gui.core.facts import CandidateFacts, PairFacts, measure, measure_pair
from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.geometry import Mask, content_hash
from labelcritic_gui.core.landmarks import find_landmarks
from labelcritic_gui.core.rules import pre_check
from labelcritic_gui.core.tournament import verdict_of_pairs, verdict_of_quality
from labelcritic_gui.core.verdict import CriticIdentity, Outcome, Quality, Subject, Verdict
from labelcritic_gui.critic.base import Critic, Question, one_by_one
from labelcritic_gui.critic.rule_based import RuleCritic
from labelcritic_gui.formats import volumes
from labelcritic_gui.services import pictures
from labelcritic_gui.services.masks import load_masks
from labelcritic_gui.services.review import OpenReview, now
from labelcritic_gui.services.source_files import check_sources, forget_changed
from labelcritic_gui.store import index, opinions
from labelcritic_gui.store.opinions import ItemSummary, Stored

EQUIVALENT_DICE = 0.97
"""From this 3-D Dice on a pair is recorded as equivalent without asking a server (published: most pairs are)."""

MASK_REFUSED = FindingCode.GEOM


@dataclass(frozen=True, slots=True)
class Changed:
    """What an operation changed: the items whose line or card must be drawn anew, and what could not be done.

    `notices` are sentences for the reader: files that are not what they were.
    """

    items: tuple[ItemId, ...] = ()
    failed: Mapping[ItemId, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


@dataclass
class CaseOpinions:
    """All opinions formed on a case, ready to be kept."""

    case: CaseId
    opinions: list[Verdict | Quality] = field(default_factory=list)
    facts: list[tuple[ItemId, str, Mapping[str, Any]]] = field(default_factory=list)
    summaries: list[ItemSummary] = field(default_factory=list)
    hashes: dict[CandidateId, tuple[str, str]] = field(default_factory=dict)
    failed: dict[ItemId, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Silent:
    """A critic that just failed: its words stay its own, and it is not asked again."""

    critic: Critic
    why: str

    @property
    def wants_pictures(self) -> bool:
        return self.critic.wants_pictures

    @property
    def identity(self) -> CriticIdentity:
        return self.critic.identity

    def compare(self, question: Question, cancel: Cancel) -> Verdict:  # noqa: ARG002
        raise CriticError(self.why)

    def assess(self, question: Question, cancel: Cancel) -> Quality:  # noqa: ARG002
        raise CriticError(self.why)

    def compare_all(self, questions: Sequence[Question], cancel: Cancel) -> list[Verdict | CriticError]:
        return one_by_one(self.compare, questions, cancel)

    def assess_all(self, questions: Sequence[Question], cancel: Cancel) -> list[Quality | CriticError]:
        return one_by_one(self.assess, questions, cancel)


@dataclass(frozen=True)
class _Case:
    """What is known of a case while opinions are formed."""

    review: OpenReview
    masks: Mapping[CandidateId, Mask]
    hashes: Mapping[CandidateId, str]
    facts: Mapping[CandidateId, CandidateFacts]
    refused: Mapping[CandidateId, UserError]
    cancel: Cancel


def missing_opinions(review: OpenReview, case: CaseId, *, critic: Critic | None = None) -> bool:
    """Say whether the critic has not yet spoken on some item of a case."""
    asked = critic or review.critic
    return any(not _is_answered(review, item, asked) for item in index.items_of(review.database, case))


def form_opinions(
    review: OpenReview,
    case: CaseId,
    *,
    critic: Critic | None = None,
    assess: bool = False,
    again: bool = False,
    cancel: Cancel | None = None,
    progress: Progress = no_progress,
) -> CaseOpinions:
    """Measure a case's candidates and ask the critic about every item it has not answered yet.

    The anatomy findings are formed for every candidate whatever the critic is. `assess` also asks a costly critic
    for quality scores; `again` asks what was answered before as well. Raises UserError when the image cannot be read.
    """
    asked = critic or review.critic
    stop = cancel or NeverCancel()
    formed = CaseOpinions(case)
    items = index.items_of(review.database, case)
    wanted = [i for i in items if again or not _is_answered(review, i, asked, assess=assess)]
    if not wanted:
        return formed
    candidates = latest(index.candidates_of(review.database, case))
    wanted_names = {i.structure for i in wanted}
    known = _measured(review, case, [c for c in candidates if c.id.structure in wanted_names], stop, formed)
    for n, item in enumerate(wanted):
        stop_if(stop)
        progress(n, len(wanted), str(item))
        own = [c for c in candidates if c.id.item == item]
        _form_item(known, item, own, asked, formed, assess=assess)
        if item in formed.failed:
            # a server that is down is not asked again for the rest of the case; the anatomy findings go on
            asked = _Silent(critic or review.critic, formed.failed[item])
    progress(len(wanted), len(wanted), case)
    return formed


def keep_opinions(review: OpenReview, formed: CaseOpinions) -> Changed:
    """Write the opinions formed on a case, in one transaction."""
    stamp = now()
    opinions.save_opinions(
        review.database,
        stored=[Stored(str(uuid.uuid4()), stamp, o) for o in formed.opinions],
        summaries=formed.summaries,
        fact_rows=formed.facts,
        hashes=formed.hashes,
    )
    return Changed(tuple(s.item for s in formed.summaries), dict(formed.failed))


def ensure_opinions(
    review: OpenReview, case: CaseId, *, cancel: Cancel | None = None, progress: Progress = no_progress
) -> Changed:
    """Form and keep what the review's critic has not said yet on a case.

    Files that changed since they were read are taken as they are now and judged anew; they and missing ones are named.
    """
    changes = check_sources(review, case)
    forget_changed(review, [c for c in changes if c.kind == "changed"])
    notices = tuple(c.sentence + "." for c in changes)
    formed = form_opinions(review, case, cancel=cancel, progress=progress)
    if not (formed.opinions or formed.hashes):
        return Changed(failed=dict(formed.failed), notices=notices)
    return replace(keep_opinions(review, formed), notices=notices)


def same_words(one: CriticIdentity, other: CriticIdentity) -> bool:
    """Say whether two critics would say the same: where a server stands does not matter, what it serves does."""
    return replace(one, title="") == replace(other, title="")


def latest(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the newest version of every candidate."""
    newest: dict[tuple[str, str], Candidate] = {}
    for candidate in candidates:
        newest[(candidate.id.structure, candidate.id.label_set)] = candidate
    return list(newest.values())


def _is_answered(review: OpenReview, item: ItemId, critic: Critic, *, assess: bool = False) -> bool:
    said = opinions.opinions_of(review.database, item, critic.identity.kind)
    mine = [s.opinion for s in said if same_words(s.opinion.critic, critic.identity)]
    settled = [o for o in mine if not (isinstance(o, Verdict) and o.outcome is Outcome.FAILED)]
    if assess and critic.wants_pictures:
        return any(isinstance(o, Quality) for o in settled)
    return bool(settled)


def _measured(
    review: OpenReview, case: CaseId, candidates: list[Candidate], stop: Cancel, formed: CaseOpinions
) -> _Case:
    volume = volumes.load_ct(review.image_path(case))
    stop_if(stop)
    landmarks = find_landmarks(volume)
    files = {c.id: review.mask_path(c) for c in candidates}
    loaded = load_masks(files, candidates, image=volume.geometry, cancel=stop, keep=review.folder)
    hashes = {c: content_hash(mask) for c, mask in loaded.masks.items()}
    facts = {}
    for candidate, mask in loaded.masks.items():
        stop_if(stop)
        structure = review.table.get(candidate.structure)
        facts[candidate] = measure(mask, volume, landmarks, structure=structure)
        formed.facts.append((candidate.item, candidate.label_set, facts[candidate].to_json()))
        formed.hashes[candidate] = (hashes[candidate], loaded.file_hashes[candidate])
    known = _Case(review, loaded.masks, hashes, facts, loaded.refused, stop)
    for item in dict.fromkeys(c.id.item for c in candidates):
        for first, second in _pairs(known, [c for c in candidates if c.id.item == item]):
            pair = measure_pair(loaded.masks[first], loaded.masks[second], volume)
            formed.facts.append((item, f"{first.label_set}:{second.label_set}", pair.to_json()))
    return known


def _pairs(known: _Case, candidates: Sequence[Candidate]) -> list[tuple[CandidateId, CandidateId]]:
    return list(itertools.combinations([c.id for c in candidates if c.id in known.masks], 2))


def _form_item(
    known: _Case, item: ItemId, candidates: list[Candidate], critic: Critic, formed: CaseOpinions, *, assess: bool
) -> None:
    anatomy = RuleCritic()
    pair_facts = {sets: PairFacts.from_json(body) for i, sets, body in formed.facts if i == item and ":" in sets}
    present = [c.id for c in candidates if c.id in known.masks]
    qualities = [anatomy.assess(_question(known, item, (c,)), known.cancel) for c in present]
    verdicts: list[Verdict] = []
    try:
        for first, second in _pairs(known, candidates):
            pair = pair_facts[f"{first.label_set}:{second.label_set}"]
            verdicts.append(_compare(known, item, (first, second), pair, critic))
        if assess and critic.wants_pictures:
            formed.opinions += [critic.assess(_question(known, item, (c,), critic), known.cancel) for c in present]
    except UserError as error:
        formed.failed[item] = str(error)
    refused = {c.id: known.refused[c.id] for c in candidates if c.id in known.refused}
    qualities += [_refused_quality(item, c, error, anatomy) for c, error in refused.items()]
    formed.opinions += [*qualities, *verdicts]
    if item in formed.failed and _is_answered(known.review, item, critic):
        return  # what the critic said before stays
    joined = verdict_of_pairs(verdicts) if item not in formed.failed else None
    if joined is None and len(present) == 1 and item not in formed.failed:
        joined = verdict_of_quality(qualities[0])
    if joined is not None and joined not in verdicts:
        formed.opinions.append(joined)
    findings = [f for q in qualities for f in q.findings]
    dice = min((p.dice for p in pair_facts.values()), default=None)
    formed.summaries.append(summarise(item, joined, dice=dice, findings=findings, failed=item in formed.failed))


def _compare(
    known: _Case, item: ItemId, pair: tuple[CandidateId, CandidateId], facts: PairFacts, critic: Critic
) -> Verdict:
    """Ask a critic about a pair; a critic that costs calls is not asked what the masks alone answer."""
    if not critic.wants_pictures:
        return critic.compare(_question(known, item, pair, pair=facts), known.cancel)
    structure = known.review.table.get(item.structure)
    outcome = pre_check(structure, known.facts[pair[0]], known.facts[pair[1]])
    reason = "Decided without asking: one label is empty or absent."
    if outcome is None and facts.dice >= EQUIVALENT_DICE:
        outcome, reason = (
            Outcome.EQUIVALENT,
            f"Decided without asking: the labels are nearly equal (Dice {facts.dice:.3f}).",
        )
    if outcome is None:
        return critic.compare(_question(known, item, pair, critic, pair=facts), known.cancel)
    subject = _question(known, item, pair).subject
    return Verdict(critic.identity, subject, outcome, confidence=0.97, reasons=(reason,))


def _question(
    known: _Case,
    item: ItemId,
    candidates: tuple[CandidateId, ...],
    critic: Critic | None = None,
    *,
    pair: PairFacts | None = None,
) -> Question:
    structure = known.review.table.get(item.structure)
    shown: tuple[bytes, ...] = ()
    asked_as = ""
    if critic is not None and critic.wants_pictures:
        shown, together = pictures.question_pictures(known.review, item, candidates, cancel=known.cancel)
        asked_as = structure.pair_title if together else ""
    subject = Subject(item, candidates, tuple(known.hashes[c] for c in candidates), asked_as)
    return Question(subject, structure, tuple(known.facts[c] for c in candidates), pair, shown)


def _refused_quality(item: ItemId, candidate: CandidateId, error: UserError, anatomy: Critic) -> Quality:
    """Say of a mask that could not be read what is wrong with it; it is shown, and never compared."""
    finding = Finding(MASK_REFUSED, Severity.GROSS, error.message)
    return Quality(anatomy.identity, Subject(item, (candidate,), ("",)), None, None, (finding,), (error.message,))


def summarise(
    item: ItemId,
    verdict: Verdict | None,
    *,
    dice: float | None,
    findings: Sequence[Finding],
    failed: bool = False,
) -> ItemSummary:
    """Return what the worklist shows of the opinions on an item."""
    by_code: dict[str, int] = defaultdict(int)
    for finding in findings:
        if finding.severity > Severity.NOTE:
            by_code[finding.code.value] += 1
    pick = verdict.pick if verdict else None
    return ItemSummary(
        item=item,
        outcome=Outcome.FAILED.value if failed else verdict.outcome.value if verdict else "",
        pick=pick.label_set if pick and not failed else "",
        confidence=verdict.confidence if verdict and not failed else None,
        orders_agree=verdict.orders_agree if verdict else None,
        dice=dice,
        findings=sum(by_code.values()),
        severity=max((int(f.severity) for f in findings), default=0),
        attention=attention(verdict, dice=dice, findings=findings) + (0.5 if failed else 0.0),
    )
