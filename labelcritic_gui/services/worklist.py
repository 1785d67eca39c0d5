"""The worklist: filters, orders, pages, counts, and what to read next. Layer: services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.findings import split_codes
from labelcritic_gui.core.query.parsing import parse
from labelcritic_gui.core.query.query import Query
from labelcritic_gui.core.review import Status
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index
from labelcritic_gui.store.index import Asker, Keys, Ranks, Sort
from labelcritic_gui.store.ordering import DECIDED, SKIPPED

__all__ = [
    "BUILT_IN",
    "DECIDED",
    "SKIPPED",
    "Counts",
    "Head",
    "ItemRow",
    "Keys",
    "Sort",
    "WorklistQuery",
    "count",
    "counts",
    "head",
    "keys",
    "matching",
    "next_open",
    "occurring",
    "order",
    "page",
    "row",
    "rows",
    "turns",
    "upcoming",
]

BUILT_IN: Mapping[str, str] = {
    "all": "",
    "undecided": "status:open",
    "orders-disagree": "orders:disagree",
    "findings": "findings>0",
    "queued": "status:queued",
    "skipped": "skipped:yes",
    "audit": "audit:yes",
    "mine": "reader:me",
}
"""The filters that every review has, by name, in the language of `core.query`."""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One line of the worklist. `pick` is a label set's slug or empty; `rank` is the item's fixed number from 1.

    `decided` is a time in UTC (ISO 8601) or empty; `codes` and `reasons` are codes of the taxonomy.
    """

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
    note_text: str = ""
    decided: str = ""
    quality: int | None = None
    codes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    edited: bool = False
    audit: bool = False


@dataclass(frozen=True, slots=True)
class WorklistQuery:
    """Which items, in which order. `saved` and `text` are filters that must both hold; `reader` is who asks."""

    text: str = ""
    saved: str = ""
    sort: Sort = "attention"
    reader: str = ""
    descending: bool = False

    @property
    def query(self) -> Query:
        """Both filters as one; raises QueryError for a text that cannot be understood."""
        return parse(self.saved) & parse(self.text)


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a review is. `filters` counts the items of every built-in filter."""

    total: int
    decided: int
    open: int
    queued: int
    skipped: int
    accepted: int
    absent: int
    none: int
    filters: dict[str, int] = field(default_factory=dict)
    unjudged: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a list: its first rows, how long it is, and which ranks it has (None: not asked yet)."""

    rows: tuple[ItemRow, ...]
    total: int
    ranks: Ranks | None


def head(review: OpenReview, query: WorklistQuery, limit: int) -> Head:
    """Return the first rows of a query and its length; raises QueryError."""
    wanted = query.query
    name = next((name for name, text in BUILT_IN.items() if text == query.saved), None)
    if name is not None and not query.text:
        # how many there are is known from the tally: which they are can wait
        total = index.counts(review.database, query.reader)[f"filter:{name}"]
        return Head(_page(review, query, wanted, limit, None), total, None)
    among = index.matching(review.database, wanted, _asker(review, query.reader))
    total = index.counts(review.database, query.reader)["total"] if among is None else int(among.size)
    return Head(_page(review, query, wanted, limit, among), total, among)


def page(review: OpenReview, query: WorklistQuery, limit: int = 300) -> tuple[ItemRow, ...]:
    """Return the first rows of a query; raises QueryError."""
    return _page(review, query, query.query, limit, None)


def _page(
    review: OpenReview, query: WorklistQuery, wanted: Query, limit: int, among: Ranks | None
) -> tuple[ItemRow, ...]:
    ranks = index.first_ranks(
        review.database,
        wanted,
        _asker(review, query.reader),
        sort=query.sort,
        descending=query.descending,
        limit=limit,
        among=among,
    )
    return rows(review, ranks)


def matching(review: OpenReview, query: WorklistQuery) -> Ranks | None:
    """Return the ranks that a query leaves, in no order; None when it leaves every one. Raises QueryError."""
    return index.matching(review.database, query.query, _asker(review, query.reader))


def row(review: OpenReview, item: ItemId) -> ItemRow:
    """Return the line of one item."""
    return _shown(review, index.item_row(review.database, item))


def rows(review: OpenReview, ranks: Sequence[int]) -> tuple[ItemRow, ...]:
    """Return the lines of some ranks, in the order asked for."""
    return tuple(_shown(review, row) for row in index.rows_at(review.database, ranks))


def order(review: OpenReview, query: WorklistQuery) -> Ranks:
    """Return the rank of every item in the order of a query, its filters left aside."""
    return index.order(review.database, sort=query.sort, descending=query.descending)


def turns(review: OpenReview) -> NDArray[np.uint8]:
    """Return how every item stands, by rank: 0 open, SKIPPED or DECIDED."""
    return index.turns(review.database)


def keys(review: OpenReview) -> Keys:
    """Return which case and structure every rank is; it never changes while a review is open."""
    return index.keys(review.database)


def counts(review: OpenReview, reader: str = "") -> Counts:
    """Count the items by status and by built-in filter."""
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
        unjudged=found[Status.UNJUDGED.value],
        filters={k.removeprefix("filter:"): v for k, v in found.items() if k.startswith("filter:")},
    )


def count(review: OpenReview, text: str, reader: str = "") -> int:
    """Count the items of a filter; raises QueryError."""
    return index.count(review.database, parse(text), _asker(review, reader))


def occurring(review: OpenReview) -> dict[str, tuple[str, ...]]:
    """Return which values of a filter's fields occur in a review, cases and structures left aside (see `keys`)."""
    found = index.occurring(review.database)
    slugs = tuple(label_set.slug for label_set in review.label_sets)
    return found | {name: tuple(dict.fromkeys((*slugs, *found[name]))) for name in ("pick", "accepted")}


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
    return tuple(index.next_open(review.database, after=start, limit=count))


def _asker(review: OpenReview, reader: str) -> Asker:
    return Asker(reader, {name: review.table.get(name).shown for name in review.structures})


def _shown(review: OpenReview, row: Mapping[str, Any]) -> ItemRow:
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
        note_text=row["note"],
        decided=row["decided"],
        quality=row["quality"],
        codes=split_codes(row["codes"]),
        reasons=split_codes(row["reasons"]),
        edited=row["edited"],
        audit=row["audit"],
    )
