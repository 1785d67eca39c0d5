"""Verdicts, quality scores and facts of a review. Layer: store."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.findings import joined_codes
from labelcritic_gui.core.opinion_records import (
    quality_from_json,
    quality_to_json,
    verdict_from_json,
    verdict_to_json,
)
from labelcritic_gui.core.verdict import Quality, Verdict
from labelcritic_gui.store.candidates import set_hashes
from labelcritic_gui.store.database import Database
from labelcritic_gui.store.schema import case_record as case_records
from labelcritic_gui.store.schema import fact as facts
from labelcritic_gui.store.schema import item as items
from labelcritic_gui.store.schema import opinion as opinions

Kind = Literal["verdict", "quality"]


@dataclass(frozen=True, slots=True)
class ItemSummary:
    """What the worklist shows of a critic's opinions on an item."""

    item: ItemId
    outcome: str
    pick: str
    confidence: float | None
    orders_agree: bool | None
    dice: float | None
    findings: int
    severity: int
    attention: float
    codes: tuple[str, ...] = ()
    audit: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """One opinion with when it was stored and under which uuid."""

    uuid: str
    time: str
    opinion: Verdict | Quality


def save_opinions(
    database: Database,
    *,
    stored: Iterable[Stored],
    summaries: Iterable[ItemSummary],
    fact_rows: Iterable[tuple[ItemId, str, Mapping[str, Any]]] = (),
    hashes: Mapping[CandidateId, tuple[str, str]] | None = None,
) -> None:
    """Write a case's opinions, facts, mask hashes and worklist summaries in one transaction.

    `fact_rows` are (item, label sets joined by ":", body); `hashes` maps a candidate to its content hash and the
    sha256 of its source file.
    """
    with database.writing() as connection:
        for one in stored:
            connection.execute(insert(opinions).values(**_opinion_row(one)))
        for item, label_sets, body in fact_rows:
            _save_fact(connection, item, label_sets, body)
        set_hashes(connection, (hashes or {}).items())
        for summary in summaries:
            connection.execute(update(items).where(*_is_item(items, summary.item)).values(**_summary_row(summary)))


def opinions_of(database: Database, item: ItemId, critic: str) -> list[Stored]:
    """Return what a kind of critic ("anatomy", "lvlm") said of an item, newest first."""
    query = select(opinions).where(*_is_item(opinions, item), opinions.c.critic == critic)
    with database.reading() as connection:
        rows = connection.execute(query.order_by(opinions.c.id.desc())).mappings().all()
    return [Stored(row["uuid"], row["time"], _opinion_from(row["kind"], row["body"])) for row in rows]


def facts_of(database: Database, item: ItemId) -> dict[str, Mapping[str, Any]]:
    """Return the stored facts of an item by label sets (joined by ":" for a pair)."""
    with database.reading() as connection:
        rows = connection.execute(select(facts).where(*_is_item(facts, item))).mappings().all()
    return {row["label_sets"]: row["body"] for row in rows}


def mark_audited(database: Database, ranks: Sequence[int]) -> None:
    """Mark the items that are drawn for a human look, and no others."""
    chosen = set(ranks)
    with database.writing() as connection:
        marked = set(connection.exec_driver_sql("SELECT rank FROM item WHERE audit").scalars())
        for value, changed in ((0, marked - chosen), (1, chosen - marked)):
            if changed:
                text = "UPDATE item SET audit = ? WHERE rank = ?"
                connection.exec_driver_sql(text, [(value, rank) for rank in sorted(changed)])


def save_case_record(database: Database, case: CaseId, kind: str, body: Mapping[str, Any], *, time: str) -> None:
    """Keep something that is known of a case as a whole, such as its field of view; what was kept before goes."""
    with database.writing() as connection:
        connection.execute(delete(case_records).where(case_records.c.case == case, case_records.c.kind == kind))
        connection.execute(insert(case_records).values(case=case, kind=kind, time=time, body=dict(body)))


def case_record(database: Database, case: CaseId, kind: str) -> dict[str, Any] | None:
    """Return what is kept of a case under a kind, or None."""
    query = select(case_records.c.body).where(case_records.c.case == case, case_records.c.kind == kind)
    with database.reading() as connection:
        body = connection.execute(query).scalar_one_or_none()
    return dict(body) if body is not None else None


def _opinion_row(one: Stored) -> dict[str, Any]:
    opinion = one.opinion
    is_verdict = isinstance(opinion, Verdict)
    return {
        "uuid": one.uuid,
        "time": one.time,
        "kind": "verdict" if is_verdict else "quality",
        "case": opinion.subject.item.case,
        "structure": opinion.subject.item.structure,
        "critic": opinion.critic.kind,
        "body": verdict_to_json(opinion) if isinstance(opinion, Verdict) else quality_to_json(opinion),
    }


def _opinion_from(kind: str, body: Mapping[str, Any]) -> Verdict | Quality:
    return verdict_from_json(body) if kind == "verdict" else quality_from_json(body)


def _save_fact(connection: Connection, item: ItemId, label_sets: str, body: Mapping[str, Any]) -> None:
    connection.execute(delete(facts).where(*_is_item(facts, item), facts.c.label_sets == label_sets))
    connection.execute(
        insert(facts).values(case=item.case, structure=item.structure, label_sets=label_sets, body=dict(body))
    )


def _summary_row(summary: ItemSummary) -> dict[str, Any]:
    return {
        "outcome": summary.outcome,
        "pick": summary.pick,
        "confidence": summary.confidence,
        "orders_agree": summary.orders_agree,
        "dice": summary.dice,
        "findings": summary.findings,
        "severity": summary.severity,
        "attention": summary.attention,
        "codes": joined_codes(summary.codes),
        "audit": summary.audit,
    }


def _is_item(table: Any, item: ItemId) -> tuple[Any, ...]:
    return table.c.case == item.case, table.c.structure == item.structure
