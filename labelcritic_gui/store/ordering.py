"""The worklist's order in the database: pages by key, rows by rank, the whole order as an array, counts. Layer: store.

Nothing here costs more deep in the list than at its top, and no call returns an object per item of the review.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, and_, or_, select, text, true
from sqlalchemy.sql.elements import ColumnElement

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.review import Status
from labelcritic_gui.store.database import Database
from labelcritic_gui.store.schema import item as items

Sort = Literal["attention", "case", "structure", "dice"]
Row = dict[str, Any]
DECIDED, SKIPPED, RANK_SHIFT = 1, 2, 2

SAVED_FILTERS: Mapping[str, str] = {
    "all": "",
    "undecided": "status = 'open'",
    "orders-disagree": "orders_agree = 0",
    "findings": "findings > 0",
    "queued": "status = 'queued'",
    "mine": "reader <> '' AND reader = :reader",
}
_KEYS: Mapping[Sort, tuple[str, ...]] = {
    "attention": ("skipped", "calm", "rank"),
    "case": ("rank",),
    "structure": ("structure", "rank"),
    "dice": ("dice_key", "rank"),
}
_INDEX: Mapping[Sort, str] = {
    "attention": "item_by_attention",
    "case": "item_by_rank",
    "structure": "item_by_structure",
    "dice": "item_by_dice",
}
_LAST = 9.0
"""A Dice above every real one: items without a Dice come last."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Which case and which structure every rank is: `case_of[rank]` is a place in `cases`, likewise structures.

    The arrays are indexed by rank (place 0 is unused): 8 bytes an item.
    """

    cases: tuple[str, ...]
    structures: tuple[str, ...]
    case_of: NDArray[np.int32]
    structure_of: NDArray[np.int32]

    def item(self, rank: int) -> ItemId | None:
        """Return the item of a rank, or None."""
        if not 0 <= rank < len(self.case_of) or self.case_of[rank] < 0:
            return None
        return ItemId(CaseId(self.cases[self.case_of[rank]]), self.structures[self.structure_of[rank]])

    def rank(self, item: ItemId) -> int | None:
        """Return the rank of an item, or None."""
        if item.case not in self.cases or item.structure not in self.structures:
            return None
        case, structure = self.cases.index(item.case), self.structures.index(item.structure)
        found = np.flatnonzero((self.case_of == case) & (self.structure_of == structure))
        return int(found[0]) if found.size else None


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
    query = _sorted(select(items).where(_filter(saved, text, reader)), sort, after)
    with database.reading() as connection:
        return [dict(row) for row in connection.execute(query.limit(limit)).mappings()]


def next_open(database: Database, *, sort: Sort, after: Row | None, limit: int) -> list[Row]:
    """Return open items after a given one in the order of the list, starting again at the top when it ends."""
    base = select(items).where(items.c.status == Status.OPEN.value)
    with database.reading() as connection:
        found: list[Row] = []
        if after is not None:
            found = [dict(r) for r in connection.execute(_sorted(base, sort, after).limit(limit)).mappings()]
        if len(found) < limit:
            seen = {r["rank"] for r in found} | ({after["rank"]} if after else set())
            top = _sorted(base.where(items.c.rank.not_in(seen)), sort, None).limit(limit - len(found))
            found += [dict(r) for r in connection.execute(top).mappings()]
    return found


def rows_at(database: Database, ranks: Sequence[int]) -> list[Row]:
    """Return the rows of some ranks, in the order asked for; ranks that are not there are left out."""
    query = select(items).where(items.c.rank.in_([int(r) for r in ranks]))
    with database.reading() as connection:
        found = {row["rank"]: dict(row) for row in connection.execute(query).mappings()}
    return [found[rank] for rank in map(int, ranks) if rank in found]


def order(database: Database, *, saved: str, sort: Sort, reader: str) -> NDArray[np.int32]:
    """Return every item of a saved filter in an order: rank << 2, with the bits SKIPPED and DECIDED."""
    _known(saved)
    where = f"WHERE {SAVED_FILTERS[saved]}" if SAVED_FILTERS[saved] else ""
    # The database joins the numbers into one text: no Python object per item, and other threads run meanwhile.
    # The LIMIT keeps the inner order.
    query = (
        f"SELECT group_concat((rank << {RANK_SHIFT}) | (skipped << 1) | (status <> 'open'), ' ') FROM "
        f"(SELECT rank, skipped, status FROM item INDEXED BY {_INDEX[sort]} {where} "
        f"ORDER BY {', '.join(_KEYS[sort])} LIMIT -1)"
    )
    values = {"reader": reader} if ":reader" in where else {}
    with database.reading() as connection:
        return _numbers(connection.execute(text(query), values).scalar_one())


def keys(database: Database) -> Keys:
    """Return which case and structure every rank is."""
    query = (
        "SELECT group_concat(rank, ' '), group_concat(case_no, ' '), group_concat(structure_no, ' ') FROM "
        "(SELECT rank, case_no, structure_no FROM item INDEXED BY item_by_rank ORDER BY rank LIMIT -1)"
    )
    with database.reading() as connection:
        ranks, case_nos, structure_nos = (_numbers(found) for found in connection.execute(text(query)).one())
        cases = connection.exec_driver_sql('SELECT no, "case" FROM cases ORDER BY no').all()
        wanted = "SELECT no, text FROM name WHERE no IN (SELECT DISTINCT structure_no FROM item) ORDER BY no"
        structures = connection.exec_driver_sql(wanted).all()
    size = int(ranks.max(initial=0)) + 1
    case_of, structure_of = (np.full(size, -1, dtype=np.int32) for _ in range(2))
    case_of[ranks] = np.searchsorted([no for no, _ in cases], case_nos)
    structure_of[ranks] = np.searchsorted([no for no, _ in structures], structure_nos)
    return Keys(tuple(c for _, c in cases), tuple(s for _, s in structures), case_of, structure_of)


def noted(database: Database, word: str) -> NDArray[np.int32]:
    """Return the ranks of the items whose note has a word in it, whatever its case (of ASCII letters)."""
    query = "SELECT rank FROM item INDEXED BY item_with_note WHERE note <> '' AND note LIKE ?"
    with database.reading() as connection:
        return np.array(list(connection.exec_driver_sql(query, (f"%{word}%",)).scalars()), dtype=np.int32)


def counts(database: Database, reader: str) -> dict[str, int]:
    """Return how many items there are by status, skipped ones, and by saved filter (prefixed "filter:")."""
    with database.reading() as connection:
        tally = connection.exec_driver_sql("SELECT status, skipped, disagree, found, reader, n FROM tally").all()
    counted = {"total": sum(t.n for t in tally), "skipped": sum(t.n for t in tally if t.skipped)}
    counted |= {s.value: sum(t.n for t in tally if t.status == s.value) for s in Status}
    filters = {
        "all": counted["total"],
        "undecided": counted[Status.OPEN.value],
        "orders-disagree": sum(t.n for t in tally if t.disagree),
        "findings": sum(t.n for t in tally if t.found),
        "queued": counted[Status.QUEUED.value],
        "mine": sum(t.n for t in tally if t.reader and t.reader == reader),
    }
    return counted | {f"filter:{name}": n for name, n in filters.items()}


def total(database: Database, saved: str, reader: str) -> int:
    """Return how many items a saved filter has."""
    _known(saved)
    return counts(database, reader)[f"filter:{saved}"]


def _known(saved: str) -> None:
    if saved not in SAVED_FILTERS:
        raise ReviewError(f"There is no filter {saved!r}.", f"Known are: {', '.join(SAVED_FILTERS)}.")


def _filter(saved: str, words: str, reader: str) -> ColumnElement[bool]:
    _known(saved)
    wanted: ColumnElement[bool] = true()
    if SAVED_FILTERS[saved]:
        chosen = text(SAVED_FILTERS[saved])
        wanted = and_(wanted, chosen.bindparams(reader=reader) if saved == "mine" else chosen)
    for word in words.split():
        like = f"%{word}%"
        wanted = and_(wanted, or_(items.c.case.ilike(like), items.c.structure.ilike(like), items.c.note.ilike(like)))
    return wanted


def _sorted(query: Select[Any], sort: Sort, after: Row | None) -> Select[Any]:
    """Order a query, from the row after a given one."""
    columns = _KEYS[sort]
    if after is not None:
        values = _key_values(columns, after)
        left, right = ", ".join(columns), ", ".join(f":after_{n}" for n in range(len(columns)))
        beyond = text(f"({left}) > ({right})" if len(columns) > 1 else f"{left} > {right}")
        query = query.where(beyond.bindparams(**{f"after_{n}": value for n, value in enumerate(values)}))
    return query.order_by(*(text(column) for column in columns))


def _key_values(columns: Sequence[str], row: Row) -> list[Any]:
    known = {
        "rank": row["rank"],
        "structure": row.get("structure"),
        "skipped": int(row.get("skipped") or 0),
        "calm": -(row.get("attention") or 0.0),
        "dice_key": _LAST if row.get("dice") is None else row["dice"],
    }
    return [known[column] for column in columns]


def _numbers(joined: str | None) -> NDArray[np.int32]:
    if not joined:
        return np.zeros(0, dtype=np.int32)
    return np.fromstring(joined, dtype=np.int32, sep=" ")
