"""Verdicts and quality scores to and from plain JSON values. Layer: core."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any, TypeVar

from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.verdict import (
    Agreement,
    Cost,
    CriticIdentity,
    OrderRecord,
    Outcome,
    Quality,
    Subject,
    Verdict,
)

Stored = TypeVar("Stored", CriticIdentity, Cost, OrderRecord)


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as plain JSON values."""
    return {
        "critic": asdict(verdict.critic),
        "subject": _subject_to_json(verdict.subject),
        "outcome": verdict.outcome.value,
        "confidence": verdict.confidence,
        "reasons": list(verdict.reasons),
        "orders": [order_to_json(o) for o in verdict.orders],
        "cost": asdict(verdict.cost),
        "agreement": verdict.agreement.value if verdict.agreement else None,
        "examples": list(verdict.examples),
        "places": [list(p) for p in verdict.places],
        "words": order_to_json(verdict.words) if verdict.words else None,
    }


def verdict_from_json(body: Mapping[str, Any]) -> Verdict:
    """Read a verdict back."""
    return Verdict(
        critic=_known(CriticIdentity, body["critic"]),
        subject=_subject_from_json(body["subject"]),
        outcome=Outcome(body["outcome"]),
        confidence=body["confidence"],
        reasons=tuple(body["reasons"]),
        orders=tuple(order_from_json(o) for o in body["orders"]),
        cost=_known(Cost, body["cost"]),
        agreement=Agreement(body["agreement"]) if body.get("agreement") else None,
        examples=tuple(body.get("examples", ())),
        places=tuple((p[0], p[1], p[2]) for p in body.get("places", ())),
        words=order_from_json(body["words"]) if body.get("words") else None,
    )


def quality_to_json(quality: Quality) -> dict[str, Any]:
    """Return a quality score as plain JSON values."""
    return {
        "critic": asdict(quality.critic),
        "subject": _subject_to_json(quality.subject),
        "score": quality.score,
        "uncertainty": quality.uncertainty,
        "findings": [finding_to_json(f) for f in quality.findings],
        "reasons": list(quality.reasons),
        "cost": asdict(quality.cost),
        "suspected": [code.value for code in quality.suspected],
        "asked": order_to_json(quality.asked) if quality.asked else None,
        "examples": list(quality.examples),
    }


def quality_from_json(body: Mapping[str, Any]) -> Quality:
    """Read a quality score back."""
    return Quality(
        critic=_known(CriticIdentity, body["critic"]),
        subject=_subject_from_json(body["subject"]),
        score=body["score"],
        uncertainty=body["uncertainty"],
        findings=tuple(finding_from_json(f) for f in body["findings"]),
        reasons=tuple(body["reasons"]),
        cost=_known(Cost, body["cost"]),
        suspected=tuple(FindingCode(code) for code in body.get("suspected", ())),
        asked=order_from_json(body["asked"]) if body.get("asked") else None,
        examples=tuple(body.get("examples", ())),
    )


def order_to_json(record: OrderRecord) -> dict[str, Any]:
    """Return one question and its answer as plain JSON values."""
    return {**asdict(record), "distribution": dict(record.distribution)}


def order_from_json(body: Mapping[str, Any]) -> OrderRecord:
    """Read one question and its answer back."""
    first = tuple((str(token), float(logprob)) for token, logprob in body.get("first_token", ()))
    return replace(_known(OrderRecord, body), first_token=first)


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain JSON values; its place is in world mm."""
    place = list(finding.place) if finding.place else None
    return {**asdict(finding), "code": finding.code.value, "severity": int(finding.severity), "place": place}


def finding_from_json(body: Mapping[str, Any]) -> Finding:
    """Read a finding back."""
    place = body["place"]
    return Finding(
        code=FindingCode(body["code"]),
        severity=Severity(body["severity"]),
        text=body["text"],
        place=(place[0], place[1], place[2]) if place else None,
        size_ml=body["size_ml"],
    )


def _known(kind: type[Stored], body: Mapping[str, Any]) -> Stored:
    """Read a record back; what a newer program added to it is left out."""
    names = {f.name for f in fields(kind)}
    return kind(**{name: value for name, value in body.items() if name in names})


def _subject_to_json(subject: Subject) -> dict[str, Any]:
    return {
        "case": subject.item.case,
        "structure": subject.item.structure,
        "candidates": [
            {"structure": c.structure, "label_set": c.label_set, "version": c.version} for c in subject.candidates
        ],
        "hashes": list(subject.hashes),
        "asked_as": subject.asked_as,
    }


def _subject_from_json(body: Mapping[str, Any]) -> Subject:
    case = CaseId(body["case"])
    candidates = tuple(CandidateId(case, c["structure"], c["label_set"], c["version"]) for c in body["candidates"])
    return Subject(ItemId(case, body["structure"]), candidates, tuple(body["hashes"]), body["asked_as"])
