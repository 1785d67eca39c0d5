"""The worklist as it is asked for: filters, orders, pages, counts, what comes next. Layer: store.

An item's `rank` (its place by case and structure) never changes, so an order is an array of ranks. A filter is answered
by one reading of the index `item_facets`; its first page is looked for among the first items of the order before that.
The texts of the queries are made of the constants here and of `store.filtering`; what a person typed is bound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.query.query import Query
from labelcritic_gui.core.review import Status
from labelcritic_gui.store.database import Database
from labelcritic_gui.store.filtering import Asker, condition, is_pointed, source

Sort = Literal[
    "attention", "case", "structure", "dice", "confidence", "findings",
    "status", "pick", "quality", "reader", "decided",
]  # fmt: skip
Row = dict[str, Any]
Ranks = NDArray[np.int32]
DECIDED, SKIPPED = 2, 1
"""What an item's `turn` says; 0 is open."""
PROBE = 3_000
"""So many items of an order are looked at before the whole index is read."""
_FACETS = "item_facets"
"""The index that knows everything, in no order that is asked for."""
_LISTED = 20_000
"""So many matching items are put in order by themselves."""


class _Way(NamedTuple):
    """How an order is found: what it is sorted by, in parts that follow each other, and its index."""

    keys: tuple[str, ...]
    through: str = _FACETS
    parts: tuple[str, ...] = ("1",)


# turned around, an order keeps its parts: what is undecided stays before what is decided, what is unknown at the end
_WAYS: Mapping[Sort, _Way] = {
    "attention": _Way(("turn", "pressing", "rank"), "item_by_attention", ("turn = 0", "turn = 1", "turn = 2")),
    "case": _Way(("rank",), "item_by_rank"),
    "structure": _Way(("structure", "rank"), "item_by_structure"),
    "dice": _Way(("dice_key", "rank"), "item_by_dice", ("dice_key < 9.0", "dice_key >= 9.0")),
    "confidence": _Way(
        ("confidence_key", "rank"), "item_by_confidence", ("confidence_key < 9.0", "confidence_key >= 9.0")
    ),
    "findings": _Way(("findings", "rank"), "item_by_findings"),
    "status": _Way(("status", "rank")),
    "pick": _Way(("pick", "rank"), parts=("pick <> ''", "pick = ''")),
    "quality": _Way(("quality", "rank"), parts=("quality IS NOT NULL", "quality IS NULL")),
    "reader": _Way(("reader", "rank"), parts=("reader <> ''", "reader = ''")),
    "decided": _Way(("decided", "rank"), parts=("decided <> ''", "decided = ''")),
}
_ROW = (
    'rank, "case", structure, status, skipped, event, reader, decided, choice, label_set, version, note, outcome, '
    "pick, confidence, orders_agree, dice, findings, severity, attention, codes, reasons, quality, edited, audit"
)
_NAMES = tuple(name.strip().strip('"') for name in _ROW.split(","))
_TRUTHS = ("skipped", "edited", "audit", "orders_agree")


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


def matching(database: Database, query: Query, asker: Asker) -> Ranks | None:
    """Return the ranks of the items that a filter leaves, in no order; None when it leaves every one."""
    if not query.terms:
        return None
    wanted, values = condition(query, asker)
    text = f"SELECT group_concat(rank, ' ') FROM {source(query)} WHERE {wanted}"
    with database.reading() as connection:
        return _numbers(connection.exec_driver_sql(text, values).scalar_one())


def first_ranks(
    database: Database,
    query: Query,
    asker: Asker,
    *,
    sort: Sort,
    descending: bool,
    limit: int,
    among: Ranks | None = None,
) -> list[int]:
    """Return the first ranks of a filter in an order; `among` is what `matching` said, if it was asked."""
    way, direction = _WAYS[sort], " DESC" if descending else ""
    keys = ", ".join(key + direction for key in way.keys)
    wanted, values = condition(query, asker)
    with database.reading() as connection:
        if among is not None and among.size <= _LISTED:
            listed = f"SELECT rank FROM item WHERE rank IN ({', '.join(map(str, among.tolist()))}) AND"
            return _in_parts(connection, listed, (), way, keys, limit, descending)
        if query.terms and way.through != _FACETS and not is_pointed(query):
            probe = f"SELECT rank FROM (SELECT * FROM item INDEXED BY {way.through} WHERE %s ORDER BY {keys} LIMIT ?)"
            part = way.parts[0] if descending else "1"
            text = f"{probe % part} WHERE {wanted} LIMIT ?"
            found = connection.exec_driver_sql(text, (PROBE, *values, limit)).scalars().all()
            if len(found) == limit:
                return list(found)
        read = source(query) if query.terms else f"item INDEXED BY {way.through}"
        return _in_parts(
            connection,
            f"SELECT rank FROM {read} WHERE {wanted} AND",
            values,
            way,
            keys,
            limit,
            descending,
        )


def _in_parts(
    connection: Connection,
    select: str,
    values: tuple[Any, ...],
    way: _Way,
    keys: str,
    limit: int,
    descending: bool,
) -> list[int]:
    found: list[int] = []
    for part in way.parts if descending else ("1",):
        if len(found) < limit:
            text = f"{select} ({part}) ORDER BY {_blanks_last(way, keys, descending)} LIMIT ?"
            found += connection.exec_driver_sql(text, (*values, limit - len(found))).scalars().all()
    return found


def _blanks_last(way: _Way, keys: str, descending: bool) -> str:
    """Sort what has no value last where the keys by themselves do not."""
    if descending or way.through != _FACETS or len(way.parts) == 1:
        return keys
    return f"NOT ({way.parts[0]}), {keys}"


def order(database: Database, *, sort: Sort, descending: bool = False) -> Ranks:
    """Return the rank of every item, in an order."""
    way, direction = _WAYS[sort], " DESC" if descending else ""
    keys = ", ".join(key + direction for key in way.keys)
    found = []
    with database.reading() as connection:
        for part in way.parts if descending else ("1",):
            # the database joins the numbers into one text: no Python object per item, and other threads run meanwhile;
            # the LIMIT keeps the inner order
            text = (
                f"SELECT group_concat(rank, ' ') FROM (SELECT rank FROM item INDEXED BY {way.through} WHERE {part} "
                f"ORDER BY {_blanks_last(way, keys, descending)} LIMIT -1)"
            )
            found.append(_numbers(connection.exec_driver_sql(text).scalar_one()))
    return np.concatenate(found)


def turns(database: Database) -> NDArray[np.uint8]:
    """Return how every item stands, by rank: 0 open, SKIPPED, DECIDED."""
    text = "SELECT group_concat(turn, '') FROM (SELECT turn FROM item INDEXED BY item_by_rank ORDER BY rank LIMIT -1)"
    ranks = "SELECT count(*), max(rank) FROM item"
    with database.reading() as connection:
        joined = connection.exec_driver_sql(text).scalar_one() or ""
        number, last = connection.exec_driver_sql(ranks).one()
        places: Any = slice(1, None)
        if number != (last or 0):
            places = list(connection.exec_driver_sql("SELECT rank FROM item ORDER BY rank").scalars())
    found = np.zeros((last or 0) + 1, dtype=np.uint8)
    found[places] = np.frombuffer(joined.encode("ascii"), dtype=np.uint8) - ord("0")
    return found


def rows_at(database: Database, ranks: Sequence[int]) -> list[Row]:
    """Return the rows of some ranks, in the order asked for; ranks that are not there are left out."""
    wanted = [int(rank) for rank in ranks]
    found: dict[int, Row] = {}
    with database.reading() as connection:
        for start in range(0, len(wanted), _LISTED):
            part = ", ".join(map(str, wanted[start : start + _LISTED]))
            text = f"SELECT {_ROW} FROM item WHERE rank IN ({part})"
            found |= {row[0]: _row(row) for row in connection.exec_driver_sql(text)}
    return [found[rank] for rank in wanted if rank in found]


def next_open(database: Database, *, after: Row | None, limit: int) -> list[ItemId]:
    """Return open items after a given one in the order of attention, starting again at the top when it ends."""
    base = "SELECT \"case\", structure FROM item INDEXED BY item_by_status WHERE status = 'open'"
    keys = "skipped, pressing, rank"
    with database.reading() as connection:
        found: list[Any] = []
        here: tuple[Any, ...] = ()
        if after is not None:
            here = (int(after["skipped"]), after["pressing"], after["rank"])
            text = f"{base} AND ({keys}) > (?, ?, ?) ORDER BY {keys} LIMIT ?"
            found += connection.exec_driver_sql(text, (*here, limit)).all()
        if len(found) < limit:
            before = f"AND ({keys}) < (?, ?, ?)" if here else ""
            text = f"{base} {before} ORDER BY {keys} LIMIT ?"
            found += connection.exec_driver_sql(text, (*here, limit - len(found))).all()
    return [ItemId(CaseId(case), structure) for case, structure in found]


def keys(database: Database) -> Keys:
    """Return which case and structure every rank is."""
    query = (
        "SELECT group_concat(rank, ' '), group_concat(case_no, ' '), group_concat(structure_no, ' ') FROM "
        "(SELECT rank, case_no, structure_no FROM item INDEXED BY item_by_rank ORDER BY rank LIMIT -1)"
    )
    with database.reading() as connection:
        ranks, case_nos, structure_nos = (_numbers(found) for found in connection.exec_driver_sql(query).one())
        cases = connection.exec_driver_sql('SELECT no, "case" FROM cases ORDER BY no').all()
        wanted = "SELECT no, text FROM name WHERE no IN (SELECT DISTINCT structure_no FROM item) ORDER BY no"
        structures = connection.exec_driver_sql(wanted).all()
    size = int(ranks.max(initial=0)) + 1
    case_of, structure_of = (np.full(size, -1, dtype=np.int32) for _ in range(2))
    case_of[ranks] = np.searchsorted([no for no, _ in cases], case_nos)
    structure_of[ranks] = np.searchsorted([no for no, _ in structures], structure_nos)
    return Keys(tuple(c for _, c in cases), tuple(s for _, s in structures), case_of, structure_of)


def counts(database: Database, reader: str) -> dict[str, int]:
    """Count the items by status, the skipped ones, and by built-in filter (prefixed "filter:")."""
    with database.reading() as connection:
        text = "SELECT status, skipped, disagree, found, audit, reader, n FROM tally"
        tally = connection.exec_driver_sql(text).all()
    counted = {"total": sum(t.n for t in tally), "skipped": sum(t.n for t in tally if t.skipped)}
    counted |= {s.value: sum(t.n for t in tally if t.status == s.value) for s in Status}
    filters = {
        "all": counted["total"],
        "undecided": counted[Status.OPEN.value],
        "orders-disagree": sum(t.n for t in tally if t.disagree),
        "findings": sum(t.n for t in tally if t.found),
        "queued": counted[Status.QUEUED.value],
        "skipped": counted["skipped"],
        "audit": sum(t.n for t in tally if t.audit),
        "mine": sum(t.n for t in tally if t.reader and t.reader == reader),
    }
    return counted | {f"filter:{name}": n for name, n in filters.items()}


def count(database: Database, query: Query, asker: Asker) -> int:
    """Count the items of a filter."""
    wanted, values = condition(query, asker)
    text = f"SELECT count(*) FROM {source(query)} WHERE {wanted}"
    with database.reading() as connection:
        return int(connection.exec_driver_sql(text, values).scalar_one())


def occurring(database: Database) -> dict[str, tuple[str, ...]]:
    """Return which values occur: of the fields "finding", "reason", "reader", "pick", "outcome", "accepted"."""
    found: dict[str, tuple[str, ...]] = {}
    columns = {"pick": "pick", "outcome": "outcome", "accepted": "label_set", "finding": "codes", "reason": "reasons"}
    with database.reading() as connection:
        readers = connection.exec_driver_sql("SELECT DISTINCT reader FROM tally WHERE n > 0 AND reader <> ''")
        found["reader"] = tuple(sorted(readers.scalars()))
        for name, column in columns.items():
            text = f"SELECT DISTINCT {column} FROM item INDEXED BY item_facets WHERE {column} <> ''"
            texts = connection.exec_driver_sql(text).scalars().all()
            codes = {code for one in texts for code in (one.split() if name in {"finding", "reason"} else (one,))}
            found[name] = tuple(sorted(codes))
    return found


def _row(values: Any) -> Row:
    row = dict(zip(_NAMES, values, strict=True))
    for name in _TRUTHS:
        if row[name] is not None:
            row[name] = bool(row[name])
    return row


def _numbers(joined: str | int | None) -> Ranks:
    # fewer than two numbers are no text to the database
    if joined is None or joined == "":
        return np.zeros(0, dtype=np.int32)
    return np.fromstring(str(joined), dtype=np.int32, sep=" ")
