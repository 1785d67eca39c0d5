"""What a review holds: cases, candidates, refusals, and the worklist paged by key. Layer: store."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Integer, and_, cast, delete, func, insert, or_, select, true

from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, ItemId, MaskSource
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.review import Status
from labelcritic_gui.store.database import Database
from labelcritic_gui.store.schema import candidate as candidates
from labelcritic_gui.store.schema import cases, meta, place, refusal
from labelcritic_gui.store.schema import item as items

Sort = Literal["attention", "case", "structure", "dice"]
Row = dict[str, Any]

SAVED_FILTERS: dict[str, ColumnElement[bool]] = {
    "all": true(),
    "undecided": items.c.status == Status.OPEN.value,
    "orders-disagree": items.c.orders_agree.is_(False),
    "findings": items.c.findings > 0,
    "queued": items.c.status == Status.QUEUED.value,
    "mine": items.c.reader != "",
}
_SKIPPED = cast(items.c.skipped, Integer)
_LAST = 9.0
"""A Dice above every real one: items without a Dice come last."""


@dataclass(frozen=True, slots=True)
class FoundCase:
    """A case to be entered: its image (relative to the image root) and what was refused of it as a whole."""

    case: CaseId
    image: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something found and not taken, with the reason in one sentence."""

    case: str
    structure: str
    label_set: str
    path: str
    reason: str


def enter(
    database: Database,
    *,
    found: Sequence[FoundCase],
    masks: Sequence[Candidate],
    refusals: Iterable[Refusal],
    order: Sequence[ItemId],
) -> None:
    """Enter what a scan found into a new review, in one transaction; items get the given order."""
    with database.writing() as connection:
        connection.execute(
            insert(cases),
            [{"case": c.case, "position": n, "image": c.image, "refused": c.refused} for n, c in enumerate(found)],
        )
        if masks:
            connection.execute(insert(candidates), [_candidate_row(mask) for mask in masks])
        refused = [
            {"case": r.case, "structure": r.structure, "label_set": r.label_set, "path": r.path, "reason": r.reason}
            for r in refusals
        ]
        if refused:
            connection.execute(insert(refusal), refused)
        if order:
            # unseen items come first in reading order: attention 0.5 until a critic has spoken
            connection.execute(
                insert(items),
                [
                    {"rank": n, "case": i.case, "structure": i.structure, "attention": 0.5}
                    for n, i in enumerate(order, start=1)
                ],
            )


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


def candidates_of(database: Database, one: CaseId, structure: str | None = None) -> tuple[Candidate, ...]:
    """Return the candidates of a case (of one structure if named), by structure, label set and version."""
    c = candidates.c
    query = select(candidates).where(c.case == one)
    if structure is not None:
        query = query.where(c.structure == structure)
    with database.reading() as connection:
        rows = connection.execute(query.order_by(c.structure, c.id)).mappings().all()
    return tuple(_candidate_from(row) for row in rows)


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


def page(
    database: Database,
    *,
    saved: str,
    text: str,
    sort: Sort,
    reader: str,
    after: Row | None,
    limit: int,
) -> list[Row]:
    """Return the next rows after a given one; by key, never by offset, so that any depth costs the same."""
    query = select(items).where(_filter(saved, text, reader))
    keys = _sort_keys(sort)
    if after is not None:
        query = query.where(_beyond(keys, _key_values(keys, after)))
    query = query.order_by(*(key.asc() for key in keys)).limit(limit)
    with database.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def next_open(database: Database, *, sort: Sort, after: Row | None, limit: int) -> list[Row]:
    """Return open items after a given one in the order of the list, starting again at the top when it ends."""
    keys = _sort_keys(sort)
    open_items = items.c.status == Status.OPEN.value
    base = select(items).where(open_items)
    order = tuple(key.asc() for key in keys)
    with database.reading() as connection:
        found: list[Row] = []
        if after is not None:
            beyond = base.where(_beyond(keys, _key_values(keys, after)))
            found = [dict(r) for r in connection.execute(beyond.order_by(*order).limit(limit)).mappings()]
        if len(found) < limit:
            seen = {r["rank"] for r in found} | ({after["rank"]} if after else set())
            top = base.where(items.c.rank.not_in(seen)).order_by(*order).limit(limit - len(found))
            found += [dict(r) for r in connection.execute(top).mappings()]
    return found


def counts(database: Database, reader: str) -> dict[str, int]:
    """Return how many items there are by status, skipped ones, and by saved filter (prefixed "filter:")."""
    columns = [func.count().label("total"), func.count().filter(items.c.skipped).label("skipped")]
    columns += [func.count().filter(items.c.status == s.value).label(s.value) for s in Status]
    columns += [func.count().filter(_filter(name, "", reader)).label(f"filter:{name}") for name in SAVED_FILTERS]
    with database.reading() as connection:
        return {k: int(v) for k, v in connection.execute(select(*columns)).mappings().one().items()}


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


def _filter(saved: str, text: str, reader: str) -> ColumnElement[bool]:
    if saved not in SAVED_FILTERS:
        raise ReviewError(f"There is no filter {saved!r}.", f"Known are: {', '.join(SAVED_FILTERS)}.")
    wanted = SAVED_FILTERS[saved]
    if saved == "mine":
        wanted = and_(wanted, items.c.reader == reader)
    for word in text.split():
        like = f"%{word}%"
        wanted = and_(wanted, or_(items.c.case.ilike(like), items.c.structure.ilike(like), items.c.note.ilike(like)))
    return wanted


def _sort_keys(sort: Sort) -> list[Any]:
    keys: dict[Sort, list[Any]] = {
        "attention": [_SKIPPED, -items.c.attention, items.c.rank],
        "case": [items.c.rank],
        "structure": [items.c.structure, items.c.rank],
        "dice": [func.coalesce(items.c.dice, _LAST), items.c.rank],
    }
    return keys[sort]


def _key_values(keys: Sequence[Any], row: Row) -> list[Any]:
    values: list[Any] = []
    for key in keys:
        if key is items.c.rank:
            values.append(row["rank"])
        elif key is items.c.structure:
            values.append(row["structure"])
        elif key is _SKIPPED:
            values.append(int(row["skipped"]))
        elif len(keys) == 2:
            values.append(_LAST if row["dice"] is None else row["dice"])
        else:
            values.append(-row["attention"])
    return values


def _beyond(keys: Sequence[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Compare (k1, k2, …) > (v1, v2, …) column by column."""
    clauses = []
    for n, (key, value) in enumerate(zip(keys, values, strict=True)):
        equal = [k == v for k, v in zip(keys[:n], values[:n], strict=True)]
        clauses.append(and_(*equal, key > value))
    return or_(*clauses)


def _candidate_row(mask: Candidate) -> Row:
    return {
        "case": mask.id.case,
        "structure": mask.id.structure,
        "label_set": mask.id.label_set,
        "version": mask.id.version,
        "path": mask.source.path,
        "label_values": list(mask.source.values) if mask.source.values is not None else None,
        "content_hash": mask.content_hash,
        "source_sha256": mask.source_sha256,
        "note": mask.note,
    }


def _candidate_from(row: Any) -> Candidate:
    values = row["label_values"]
    return Candidate(
        id=CandidateId(CaseId(row["case"]), row["structure"], row["label_set"], row["version"]),
        source=MaskSource(row["path"], tuple(values) if values is not None else None),
        content_hash=row["content_hash"],
        source_sha256=row["source_sha256"],
        note=row["note"],
    )
