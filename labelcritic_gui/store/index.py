"""What a review holds: cases, items, refusals, notes about the whole, and where readers are. Layer: store.

How it is filled is in `store.scan`, how the worklist is ordered in `store.ordering`.
"""

from collections.abc import Iterator

from sqlalchemy import delete, insert, select

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.review import Status
from labelcritic_gui.store.candidates import FoundMask, candidates_of
from labelcritic_gui.store.database import Database
from labelcritic_gui.store.filtering import Asker
from labelcritic_gui.store.ordering import (
    Keys,
    Ranks,
    Row,
    Sort,
    count,
    counts,
    first_ranks,
    keys,
    matching,
    next_open,
    occurring,
    order,
    rows_at,
    turns,
)
from labelcritic_gui.store.scan import (
    FoundCase,
    Refusal,
    ScannedCase,
    ScanTotals,
    begin_scan,
    enter,
    enter_cases,
    finish_scan,
    known_to,
    present_in,
    scanned_cases,
)
from labelcritic_gui.store.schema import cases, meta, place, refusal
from labelcritic_gui.store.schema import item as items

__all__ = [
    "Asker",
    "FoundCase",
    "FoundMask",
    "Keys",
    "Ranks",
    "Refusal",
    "Row",
    "ScanTotals",
    "ScannedCase",
    "Sort",
    "begin_scan",
    "bookmark",
    "bookmarked",
    "calm_items",
    "candidates_of",
    "case_ids",
    "count",
    "counts",
    "enter",
    "enter_cases",
    "finish_scan",
    "first_ranks",
    "image_of",
    "item_row",
    "items_of",
    "keys",
    "known_to",
    "matching",
    "meta_value",
    "next_open",
    "occurring",
    "order",
    "present_in",
    "refusals_of",
    "remember_meta",
    "rows_at",
    "scanned_cases",
    "settled_items",
    "turns",
]


def case_ids(database: Database) -> tuple[CaseId, ...]:
    """Return the cases that can be read, in order."""
    query = select(cases.c.case).where(cases.c.refused == "").order_by(cases.c.position)
    with database.reading() as connection:
        return tuple(CaseId(c) for c in connection.execute(query).scalars())


def image_of(database: Database, one: CaseId) -> str:
    """Return a case's image, relative to the image root; raises ReviewError for an unknown case."""
    with database.reading() as connection:
        found = connection.execute(select(cases.c.image).where(cases.c.case == one)).scalar_one_or_none()
    if found is None:
        raise ReviewError(f"There is no case {one} in this review.", "`labelcritic list REVIEW` shows all.")
    return str(found)


def refusals_of(database: Database, one: CaseId | None = None) -> tuple[Refusal, ...]:
    """Return what was refused, of one case or of all."""
    query = select(refusal).order_by(refusal.c.id)
    if one is not None:
        query = query.where(refusal.c.case == one)
    with database.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return tuple(Refusal(r["case"], r["structure"], r["label_set"], r["path"], r["reason"]) for r in rows)


def item_row(database: Database, item: ItemId) -> Row:
    """Return an item's row; raises ReviewError for an unknown item."""
    query = select(items).where(items.c.case == item.case, items.c.structure == item.structure)
    with database.reading() as connection:
        found = connection.execute(query).mappings().first()
    if found is None:
        raise ReviewError(f"There is no item {item} in this review.", "`labelcritic list REVIEW` shows all.")
    return dict(found)


def items_of(database: Database, one: CaseId) -> tuple[ItemId, ...]:
    """Return the items of a case, in reading order."""
    query = select(items.c.structure).where(items.c.case == one).order_by(items.c.rank)
    with database.reading() as connection:
        return tuple(ItemId(one, s) for s in connection.execute(query).scalars())


def calm_items(database: Database) -> Iterator[tuple[int, str, str, float, str]]:
    """Give the items that a critic has spoken about: rank, case, structure, attention and outcome."""
    text = "SELECT rank, \"case\", structure, attention, outcome FROM item WHERE outcome <> ''"
    with database.reading() as connection:
        for row in connection.exec_driver_sql(text):
            yield row[0], row[1], row[2], row[3], row[4]


def settled_items(database: Database, structure: str) -> tuple[tuple[ItemId, Status, str, int], ...]:
    """Return the items of a structure where a candidate was accepted or none was acceptable.

    Each with its status, and the accepted label set and version ("" and 0 where none was).
    """
    kinds = [Status.ACCEPTED.value, Status.NONE.value]
    query = select(items.c.case, items.c.status, items.c.label_set, items.c.version).where(
        items.c.structure == structure, items.c.status.in_(kinds)
    )
    with database.reading() as connection:
        rows = connection.execute(query.order_by(items.c.rank)).all()
    return tuple((ItemId(CaseId(c), structure), Status(status), chosen, int(v)) for c, status, chosen, v in rows)


def bookmark(database: Database, reader: str, item: ItemId) -> None:
    """Remember where a reader is."""
    with database.writing() as connection:
        connection.execute(delete(place).where(place.c.reader == reader))
        connection.execute(insert(place).values(reader=reader, case=item.case, structure=item.structure))


def bookmarked(database: Database, reader: str) -> ItemId | None:
    """Return where a reader was, or None."""
    with database.reading() as connection:
        row = connection.execute(select(place).where(place.c.reader == reader)).mappings().first()
    return ItemId(CaseId(row["case"]), row["structure"]) if row else None


def meta_value(database: Database, key: str) -> str:
    """Return a note about the review as a whole, or an empty text."""
    with database.reading() as connection:
        return str(connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none() or "")


def remember_meta(database: Database, key: str, value: str) -> None:
    """Write a note about the review as a whole; what was noted before goes."""
    with database.writing() as connection:
        connection.execute(delete(meta).where(meta.c.key == key))
        connection.execute(insert(meta).values(key=key, value=value))
