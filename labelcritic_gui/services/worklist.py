"""The worklist: pages, counts, and what to read next. Layer: services."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.review import Status
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index
from labelcritic_gui.store.index import Keys, Sort
from labelcritic_gui.store.ordering import DECIDED, RANK_SHIFT, SKIPPED

__all__ = [
    "DECIDED",
    "RANK_SHIFT",
    "SKIPPED",
    "Counts",
    "ItemRow",
    "Keys",
    "Sort",
    "WorklistQuery",
    "counts",
    "keys",
    "next_open",
    "order",
    "page",
    "row",
    "rows",
    "search",
    "total",
    "upcoming",
]


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One line of the worklist. `pick` is a label set's slug or empty; `rank` is the item's fixed number from 1."""

    item: ItemId
    title: str
    rank: int
    status: Status
    skipped: bool
    outcome: str
    pick: str
    confidence: float | None
    orders_agree: bool | None
    dice: float | None
    findings: int
    severity: int
    reader: str
    note: bool
    attention: float
    accepted: str = ""


@dataclass(frozen=True, slots=True)
class WorklistQuery:
    """Which items, in which order. `saved` names a saved filter; words of `text` must all occur."""

    text: str = ""
    saved: str = "all"
    sort: Sort = "attention"
    reader: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a review is. `filters` counts the items of every saved filter."""

    total: int
    decided: int
    open: int
    queued: int
    skipped: int
    accepted: int
    absent: int
    none: int
    filters: dict[str, int] = field(default_factory=dict)


def page(
    review: OpenReview, query: WorklistQuery, *, after: ItemRow | None = None, limit: int = 300
) -> tuple[ItemRow, ...]:
    """Return the next rows of a query after a row (from the top when None)."""
    rows = index.page(
        review.database,
        saved=query.saved,
        text=query.text,
        sort=query.sort,
        reader=query.reader,
        after=_key(after) if after else None,
        limit=limit,
    )
    return tuple(_shown(review, row) for row in rows)


def row(review: OpenReview, item: ItemId) -> ItemRow:
    """Return the line of one item."""
    return _shown(review, index.item_row(review.database, item))


def rows(review: OpenReview, ranks: Sequence[int]) -> tuple[ItemRow, ...]:
    """Return the lines of some ranks, in the order asked for."""
    return tuple(_shown(review, row) for row in index.rows_at(review.database, ranks))


def total(review: OpenReview, query: WorklistQuery) -> int:
    """Return how many items a query without text has."""
    return index.total(review.database, query.saved, query.reader)


def order(review: OpenReview, query: WorklistQuery) -> NDArray[np.int32]:
    """Return every item of a query, its text left aside: `rank << RANK_SHIFT` with the bits SKIPPED and DECIDED."""
    return index.order(review.database, saved=query.saved, sort=query.sort, reader=query.reader)


def keys(review: OpenReview) -> Keys:
    """Return which case and structure every rank is; it never changes while a review is open."""
    return index.keys(review.database)


def search(review: OpenReview, text: str, known: Keys) -> NDArray[np.bool_]:
    """Say of every rank whether each word of a text is in its case id, its structure's names or its note."""
    found = np.ones(len(known.case_of), dtype=np.bool_)
    titles = [f"{s} {review.table.get(s).shown}".lower() for s in known.structures]
    for word in text.lower().split():
        cases = np.array([word in case.lower() for case in known.cases], dtype=np.bool_)
        structures = np.array([word in title for title in titles], dtype=np.bool_)
        hit = cases[known.case_of] | structures[known.structure_of] if known.cases else np.zeros_like(found)
        hit[index.noted(review.database, word)] = True
        found &= hit
    return found


def counts(review: OpenReview, reader: str = "") -> Counts:
    """Count the items by status and by saved filter."""
    found = index.counts(review.database, reader)
    return Counts(
        total=found["total"],
        decided=found["total"] - found[Status.OPEN.value],
        open=found[Status.OPEN.value],
        queued=found[Status.QUEUED.value],
        skipped=found["skipped"],
        accepted=found[Status.ACCEPTED.value],
        absent=found[Status.ABSENT.value],
        none=found[Status.NONE.value],
        filters={k.removeprefix("filter:"): v for k, v in found.items() if k.startswith("filter:")},
    )


def next_open(review: OpenReview, reader: str, *, after: ItemId | None = None) -> ItemId | None:
    """Return the open item to read next, or None when all are decided."""
    found = upcoming(review, reader, after=after, count=1)
    return found[0] if found else None


def upcoming(
    review: OpenReview,
    reader: str,  # noqa: ARG001  (several readers will each have an order of their own)
    *,
    after: ItemId | None = None,
    count: int = 3,
) -> tuple[ItemId, ...]:
    """Return the open items that come next in the order of attention; at its end it starts again at the top."""
    start = index.item_row(review.database, after) if after else None
    rows = index.next_open(review.database, sort="attention", after=start, limit=count)
    return tuple(ItemId(CaseId(r["case"]), r["structure"]) for r in rows)


def _key(after: ItemRow) -> dict[str, Any]:
    return {
        "rank": after.rank,
        "structure": after.item.structure,
        "skipped": after.skipped,
        "dice": after.dice,
        "attention": after.attention,
    }


def _shown(review: OpenReview, row: dict[str, Any]) -> ItemRow:
    return ItemRow(
        item=ItemId(CaseId(row["case"]), row["structure"]),
        title=review.table.get(row["structure"]).shown,
        rank=row["rank"],
        status=Status(row["status"]),
        skipped=row["skipped"],
        outcome=row["outcome"],
        pick=row["pick"],
        confidence=row["confidence"],
        orders_agree=row["orders_agree"],
        dice=row["dice"],
        findings=row["findings"],
        severity=row["severity"],
        reader=row["reader"],
        note=bool(row["note"]),
        attention=row["attention"],
        accepted=row["label_set"],
    )
