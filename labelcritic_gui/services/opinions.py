"""Asks critics about a case and keeps what they said. Layer: services.

Forming opinions reads files and asks critics; keeping them writes the database. They are apart, so that a batch can
form many at once and write from one thread.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from labelcritic_gui.core.attention import attention
from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress
from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.patchwork.versions import FIRST_VERSION
from labelcritic_gui.core.tournament import verdict_of_quality
from labelcritic_gui.core.verdict import CriticIdentity, Outcome, Quality, Subject, Verdict
from labelcritic_gui.critic.base import WORTH_REASONS, Critic, seeing
from labelcritic_gui.critic.rule_based import RuleCritic
from labelcritic_gui.services.auditing import is_audited
from labelcritic_gui.services.judging import FIELD_OF_VIEW, Judged, Judging
from labelcritic_gui.services.measuring import MeasuredCase, measure_case
from labelcritic_gui.services.review import OpenReview, now
from labelcritic_gui.services.source_files import check_sources, forget_changed
from labelcritic_gui.store import index, opinions
from labelcritic_gui.store.opinions import ItemSummary, Stored

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
    """All opinions formed on a case, ready to be kept.

    `unfinished` are verdicts on some pairs of items that have no answer yet. They are not kept, since one of them would
    pass for the item's; their replies are remembered, and count among the `calls`.
    """

    case: CaseId
    opinions: list[Verdict | Quality] = field(default_factory=list)
    unfinished: list[Verdict] = field(default_factory=list)
    facts: list[tuple[ItemId, str, Mapping[str, Any]]] = field(default_factory=list)
    summaries: list[ItemSummary] = field(default_factory=list)
    hashes: dict[CandidateId, tuple[str, str]] = field(default_factory=dict)
    failed: dict[ItemId, str] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def calls(self) -> Counter[str]:
        """How many calls were made, by what was asked: "verdict", "quality", "reasons", "region"."""
        spent = Counter[str]()
        for opinion in (*self.opinions, *self.unfinished):
            spent["verdict" if isinstance(opinion, Verdict) else "quality"] += opinion.cost.calls
            spent["reasons"] += opinion.cost.words
        spent["region"] += self.record.get("calls", 0)
        return +spent


def missing_opinions(review: OpenReview, case: CaseId, *, critic: Critic | None = None) -> bool:
    """Say whether the critic has not yet said on some item of a case all that it is told to ask."""
    asked = critic or review.critic
    seer = seeing(asked)
    assess = seer is not None and seer.how.quality
    return any(not _is_answered(review, item, asked, assess=assess) for item in index.items_of(review.database, case))


def form_opinions(
    review: OpenReview,
    case: CaseId,
    *,
    critic: Critic | None = None,
    assess: bool = False,
    again: bool = False,
    other_prompts: bool = False,
    cancel: Cancel | None = None,
    progress: Progress = no_progress,
) -> CaseOpinions:
    """Measure a case's candidates and ask the critic about every item it has not answered yet.

    The anatomy findings are formed for every candidate whatever the critic is. `assess` also asks a costly critic
    for quality scores; `again` asks what was answered before as well; with `other_prompts`, what was answered to other
    prompts is taken as answered. Raises UserError when the image cannot be read.
    """
    asked = critic or review.critic
    seer = seeing(asked)
    assess = assess or (seer is not None and seer.how.quality)
    stop = cancel or NeverCancel()
    formed = CaseOpinions(case)
    items = index.items_of(review.database, case)
    known_as = {"assess": assess, "other_prompts": other_prompts}
    wanted = [i for i in items if again or not _is_answered(review, i, asked, **known_as)]
    if not wanted:
        return formed
    candidates = latest(index.candidates_of(review.database, case))
    known = measure_case(review, case, _with_other_sides(review, candidates, wanted), stop)
    formed.facts = known.fact_rows()
    formed.hashes = {c: (known.hashes[c], known.file_hashes[c]) for c in known.masks}
    own = {item: [c.id for c in candidates if c.id.item == item and c.id in known.masks] for item in wanted}
    judging = Judging(known, asked, cancel=stop)
    told = judging.judge(own, assess=assess, progress=progress)
    formed.record = judging.record
    for item in wanted:
        _take(formed, known, item, told[item], asked)
    progress(len(wanted), len(wanted), case)
    return formed


def form_findings(review: OpenReview, case: CaseId, *, cancel: Cancel | None = None) -> CaseOpinions:
    """Measure what was not measured of a case yet, and ask nobody: the findings need not wait for a server."""
    formed = CaseOpinions(case)
    wanted = [i for i in index.items_of(review.database, case) if not _is_measured(review, i)]
    if not wanted:
        return formed
    candidates = latest(index.candidates_of(review.database, case))
    known = measure_case(review, case, _with_other_sides(review, candidates, wanted), cancel or NeverCancel())
    formed.facts = known.fact_rows()
    formed.hashes = {c: (known.hashes[c], known.file_hashes[c]) for c in known.masks}
    for item in wanted:
        measured = _measured(known, item)
        formed.opinions += measured
        if not index.item_row(review.database, item)["outcome"]:
            formed.summaries.append(_summary(known, item, None, measured))
    return formed


def _with_other_sides(review: OpenReview, candidates: list[Candidate], wanted: Sequence[ItemId]) -> list[Candidate]:
    """Return the candidates of the items, and of the other side of a pair, which is drawn and asked together."""
    names = {i.structure for i in wanted}
    names |= {review.table.get(name).pair for name in names}
    return [c for c in candidates if c.id.structure in names]


def _measured(known: MeasuredCase, item: ItemId) -> list[Quality]:
    """Return the anatomy findings of each of an item's candidates."""
    anatomy = RuleCritic()
    plain = Judging(known, anatomy, cancel=NeverCancel())
    own = [c for c in known.facts if c.item == item]
    found = [anatomy.assess(plain.question(item, (c,)), NeverCancel()) for c in own]
    return found + [_refused_quality(item, c, error, anatomy) for c, error in known.refused.items() if c.item == item]


def _summary(
    known: MeasuredCase, item: ItemId, joined: Verdict | None, measured: Sequence[Quality], *, failed: bool = False
) -> ItemSummary:
    findings = [f for q in measured for f in q.findings]
    pairs = [facts for (first, _), facts in known.pairs.items() if first.item == item]
    made = summarise(
        item,
        joined,
        dice=min((facts.dice for facts in pairs), default=None),
        findings=findings,
        failed=failed,
        difference_ml=max((facts.only_first_ml + facts.only_second_ml for facts in pairs), default=0.0),
    )
    return drawn(known.review, made)


def drawn(review: OpenReview, summary: ItemSummary) -> ItemSummary:
    """Return a line for the list with whether the item is drawn for a human look although it is calm."""
    audit = is_audited(review, summary.item, attention=summary.attention, outcome=summary.outcome)
    return replace(summary, audit=audit)


def _take(formed: CaseOpinions, known: MeasuredCase, item: ItemId, told: Judged, critic: Critic) -> None:
    """Add what was said of an item, with the anatomy findings of each of its candidates and a line for the list."""
    measured = _measured(known, item)
    formed.opinions += [*_unsaid(known.review, item, measured), *told.qualities]
    joined = told.joined
    if told.failed:
        formed.failed[item] = told.failed
    if told.failed and joined is None:
        formed.unfinished += told.verdicts
        if _has_verdict(known.review, item, critic):
            return  # what was said before stays and is shown, also if it was asked otherwise
    else:
        formed.opinions += told.verdicts
    usable = sum(c.item == item for c in known.facts)
    if joined is None and 1 in {usable, len(measured)} and not told.failed:
        # the only one (usable ones are measured first); an empty one is shown to nobody: what was measured answers
        joined = replace(verdict_of_quality((told.qualities or measured)[0]), critic=critic.identity)
    if joined is not None and joined not in told.verdicts:
        formed.opinions.append(joined)
    formed.summaries.append(_summary(known, item, joined, measured, failed=bool(told.failed) and joined is None))


def _unsaid(review: OpenReview, item: ItemId, measured: Sequence[Quality]) -> list[Quality]:
    """Return the findings that are not stored already, word for word."""
    stored = [s.opinion for s in opinions.opinions_of(review.database, item, RuleCritic().identity.kind)]
    return [quality for quality in measured if quality not in stored]


def keep_opinions(review: OpenReview, formed: CaseOpinions) -> Changed:
    """Write the opinions formed on a case, in one transaction."""
    stamp = now()
    if formed.record:
        record = _with_earlier_answer(review, formed)
        opinions.save_case_record(review.database, formed.case, FIELD_OF_VIEW, record, time=stamp)
    opinions.save_opinions(
        review.database,
        stored=[Stored(str(uuid.uuid4()), stamp, o) for o in formed.opinions],
        summaries=formed.summaries,
        fact_rows=formed.facts,
        hashes=formed.hashes,
    )
    return Changed(tuple(s.item for s in formed.summaries), dict(formed.failed))


def _with_earlier_answer(review: OpenReview, formed: CaseOpinions) -> Mapping[str, Any]:
    """Return what is known of a case's field of view: an answer given before outlives a question that failed."""
    earlier = opinions.case_record(review.database, formed.case, FIELD_OF_VIEW) or {}
    if formed.record.get("record") or not earlier.get("record"):
        return formed.record
    return {**earlier, "computed": formed.record["computed"]}


def ensure_opinions(
    review: OpenReview,
    case: CaseId,
    *,
    anew: bool = True,
    cancel: Cancel | None = None,
    progress: Progress = no_progress,
) -> Changed:
    """Form and keep what the review's critic has not said yet on a case; unless `anew`, with whichever prompts.

    Files that changed since they were read are taken as they are now and judged anew; they and missing ones are named.
    """
    changes = check_sources(review, case)
    forget_changed(review, [c for c in changes if c.kind == "changed"])
    notices = tuple(c.sentence + "." for c in changes)
    formed = form_opinions(review, case, other_prompts=not anew, cancel=cancel, progress=progress)
    if not (formed.opinions or formed.hashes):
        return Changed(failed=dict(formed.failed), notices=notices)
    return replace(keep_opinions(review, formed), notices=notices)


def ensure_findings(review: OpenReview, case: CaseId, *, cancel: Cancel | None = None) -> Changed:
    """Measure and keep what was not measured of a case yet; the review's critic is not asked."""
    formed = form_findings(review, case, cancel=cancel)
    return keep_opinions(review, formed) if formed.opinions or formed.hashes else Changed()


def same_words(one: CriticIdentity, other: CriticIdentity) -> bool:
    """Say whether two critics would say the same: where a server stands does not matter, what it serves does."""
    return replace(one, title="") == replace(other, title="")


def latest(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the newest version of every candidate."""
    newest: dict[tuple[str, str], Candidate] = {}
    for candidate in candidates:
        newest[(candidate.id.structure, candidate.id.label_set)] = candidate
    return list(newest.values())


def _is_answered(
    review: OpenReview, item: ItemId, critic: Critic, *, assess: bool = False, other_prompts: bool = False
) -> bool:
    said = opinions.opinions_of(review.database, item, critic.identity.kind)
    left_out = {"prompts": ""} if other_prompts else {}
    who = replace(critic.identity, **left_out)
    known = _standing(review, item)
    about = (s.opinion for s in said if set(s.opinion.subject.candidates) <= known)
    mine = [o for o in about if same_words(replace(o.critic, **left_out), who)]
    verdicts = [o for o in mine if isinstance(o, Verdict) and o.outcome is not Outcome.FAILED]
    scores = [o for o in mine if isinstance(o, Quality)]
    seer = seeing(critic)
    if seer is None:
        made = any(c.version > FIRST_VERSION for c in known)  # findings alone may have been formed since
        return bool(verdicts or (scores and not made))
    if not verdicts:
        return _nothing_to_ask(review, item)
    if assess and _is_unscored(review, item, scores):
        return False
    newest = {v.subject.candidates: v for v in reversed(verdicts)}.values()
    return not (seer.how.reasons and any(v.orders and v.words is None and v.outcome in WORTH_REASONS for v in newest))


def _has_verdict(review: OpenReview, item: ItemId, critic: Critic) -> bool:
    """Say whether a critic of this kind, however it was told to ask, gave a verdict that stands."""
    said = opinions.opinions_of(review.database, item, critic.identity.kind)
    return any(isinstance(s.opinion, Verdict) and s.opinion.outcome is not Outcome.FAILED for s in said)


def _anatomy_of(review: OpenReview, item: ItemId) -> list[Quality]:
    said = opinions.opinions_of(review.database, item, RuleCritic().identity.kind)
    return [s.opinion for s in said if isinstance(s.opinion, Quality)]


def _is_measured(review: OpenReview, item: ItemId) -> bool:
    """Say whether an item was measured, and every version of a candidate that was made since."""
    measured = [q for q in _anatomy_of(review, item) if same_words(q.critic, RuleCritic().identity)]
    known = {c for q in measured for c in q.subject.candidates}
    return bool(measured) and all(c in known for c in _standing(review, item) if c.version > FIRST_VERSION)


def _standing(review: OpenReview, item: ItemId) -> set[CandidateId]:
    """Return the candidates that compete for an item now: the newest version of each."""
    return {c.id for c in latest(index.candidates_of(review.database, item.case, item.structure))}


def _is_unscored(review: OpenReview, item: ItemId, scores: Sequence[Quality]) -> bool:
    """Say whether a mask of an item lacks a score; an empty one has nothing to score."""
    known = {c.key for c in _standing(review, item)}
    measured = {key: body for key, body in opinions.facts_of(review.database, item).items() if key in known}
    scored = {score.subject.candidates[0].key for score in scores}
    return not measured or any(not body.get("empty") for key, body in measured.items() if key not in scored)


def _nothing_to_ask(review: OpenReview, item: ItemId) -> bool:
    """Say whether an item was measured and no candidate of it can be used."""
    measured = _anatomy_of(review, item)
    return bool(measured) and all(q.findings and q.findings[0].code is MASK_REFUSED for q in measured)


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
    difference_ml: float = 0.0,
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
        attention=attention(verdict, dice=dice, findings=findings, difference_ml=difference_ml)
        + (0.5 if failed else 0.0),
        codes=tuple(sorted(by_code)),
    )
