"""The tables of a review, as SQLAlchemy Core; no ORM classes. Layer: store.

`event` is append-only. `item` is the materialised fold of the events with the critic's summary beside it, written in
the same transaction as the event; `doctor` rebuilds and compares it. `tally` counts the items by what the worklist
filters on; triggers keep it in the transaction of whatever changes an item. A review may hold half a million items and
three times as many candidates, so a candidate is a row of integers: names and path templates stand once in `name`.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Computed,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

SCHEMA_VERSION = 4
AUDITED = 0.8
"""Attention, at least, of a calm item that was drawn for a human look: `core.attention.AUDITED`."""

_PRESSING = f"-max(attention, CASE WHEN audit THEN {AUDITED} ELSE 0.0 END)"

metadata = MetaData()

meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))

name = Table(
    "name", metadata, Column("no", Integer, primary_key=True), Column("text", String, nullable=False, unique=True)
)

cases = Table(
    "cases",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("case", String, nullable=False, unique=True),
    Column("position", Integer, nullable=False),
    Column("image", String, nullable=False),
    Column("refused", Text, nullable=False, default=""),
    Column("image_sha256", String, nullable=False, default=""),
    Column("image_size", Integer),
    Column("image_mtime", Integer),
)

candidate = Table(
    "candidate",
    metadata,
    Column("case_no", Integer, primary_key=True, autoincrement=False),
    Column("structure_no", Integer, primary_key=True, autoincrement=False),
    Column("set_no", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("template_no", Integer, nullable=False),
    Column("present", Integer, nullable=False),
    Column("label_values", Text),
    Column("content_hash", LargeBinary),
    Column("source_sha256", LargeBinary),
    Column("size", Integer),
    Column("mtime", Integer),
    Column("parent_version", Integer),
    Column("note", Text),
    sqlite_with_rowid=False,
)

refusal = Table(
    "refusal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", String, nullable=False),
    Column("structure", String, nullable=False),
    Column("label_set", String, nullable=False),
    Column("path", String, nullable=False),
    Column("reason", Text, nullable=False),
)

item = Table(
    "item",
    metadata,
    Column("rank", Integer, primary_key=True),
    Column("case", String, nullable=False),
    Column("structure", String, nullable=False),
    Column("case_no", Integer, nullable=False),
    Column("structure_no", Integer, nullable=False),
    Column("status", String, nullable=False, default="open"),
    Column("skipped", Boolean, nullable=False, default=False),
    Column("event", String, nullable=False, default=""),
    Column("reader", String, nullable=False, default=""),
    Column("decided", String, nullable=False, default=""),
    Column("choice", String, nullable=False, default=""),
    Column("label_set", String, nullable=False, default=""),
    Column("version", Integer, nullable=False, default=0),
    Column("note", Text, nullable=False, default=""),
    Column("outcome", String, nullable=False, default=""),
    Column("pick", String, nullable=False, default=""),
    Column("confidence", Float),
    Column("orders_agree", Boolean),
    Column("dice", Float),
    Column("findings", Integer, nullable=False, default=0),
    Column("severity", Integer, nullable=False, default=0),
    Column("attention", Float, nullable=False, default=0.0),
    # what is sorted by
    Column("dice_key", Float, Computed("coalesce(dice, 9.0)", persisted=False)),
    # since version 4; codes as `core.findings.joined_codes` writes them
    Column("codes", String, nullable=False, server_default=text("''")),
    Column("reasons", String, nullable=False, server_default=text("''")),
    Column("quality", Integer),
    Column("edited", Boolean, nullable=False, server_default=text("0")),
    Column("audit", Boolean, nullable=False, server_default=text("0")),
    Column("turn", Integer, Computed("CASE WHEN status = 'open' THEN skipped ELSE 2 END", persisted=False)),
    Column("pressing", Float, Computed(_PRESSING, persisted=False)),
    Column("confidence_key", Float, Computed("coalesce(confidence, 9.0)", persisted=False)),
    UniqueConstraint("case", "structure"),
)

tally = Table(
    "tally",
    metadata,
    Column("status", String, primary_key=True),
    Column("skipped", Integer, primary_key=True),
    Column("disagree", Integer, primary_key=True),
    Column("found", Integer, primary_key=True),
    Column("audit", Integer, primary_key=True),
    Column("reader", String, primary_key=True),
    Column("n", Integer, nullable=False),
    sqlite_with_rowid=False,
)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("uuid", String, nullable=False, unique=True),
    Column("time", String, nullable=False),
    Column("reader", String, nullable=False),
    Column("case", String),
    Column("structure", String),
    Column("kind", String, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("seen", JSON, nullable=False),
    Column("software", String, nullable=False),
    Index("event_by_item", "case", "structure", "id"),
    sqlite_autoincrement=True,
)

opinion = Table(
    "opinion",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", String, nullable=False, unique=True),
    Column("time", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("case", String, nullable=False),
    Column("structure", String, nullable=False),
    Column("critic", String, nullable=False),
    Column("body", JSON, nullable=False),
    Index("opinion_by_item", "case", "structure", "critic"),
)

fact = Table(
    "fact",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", String, nullable=False),
    Column("structure", String, nullable=False),
    Column("label_sets", String, nullable=False),
    Column("body", JSON, nullable=False),
    UniqueConstraint("case", "structure", "label_sets"),
)

reply = Table(
    "reply",
    metadata,
    Column("key", String, primary_key=True),
    Column("time", String, nullable=False),
    Column("body", JSON, nullable=False),
)

sent_text = Table(
    "sent_text", metadata, Column("sha256", String, primary_key=True), Column("body", Text, nullable=False)
)

case_record = Table(
    "case_record",
    metadata,
    Column("case", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("time", String, nullable=False),
    Column("body", JSON, nullable=False),
)

place = Table(
    "place",
    metadata,
    Column("reader", String, primary_key=True),
    Column("case", String, nullable=False),
    Column("structure", String, nullable=False),
)

# One narrow index for every order that is offered first hand, and one wide one that answers any filter without
# touching the table: it begins with the case, so that a filter by case reads that case alone.
_INDEXES = {
    "item_by_attention": "turn, pressing, rank",
    "item_by_rank": "rank, skipped, status, case_no, structure_no",
    "item_by_structure": "structure, rank",
    "item_by_dice": "dice_key, rank",
    "item_by_confidence": "confidence_key, rank",
    "item_by_findings": "findings, rank",
    "item_by_status": "status, skipped, pressing, rank",
    "item_facets": (
        "case_no, structure_no, rank, status, skipped, orders_agree, findings, severity, dice, confidence, attention, "
        "quality, audit, edited, outcome, pick, label_set, reader, codes, reasons, decided"
    ),
}
# few items have one of these: their ranks stand by themselves
_PARTIAL = {
    "item_with_note": "item(rank) WHERE note <> ''",
    "item_audited": "item(rank) WHERE audit",
    "item_edited_since": "item(rank) WHERE edited",
}

_COUNTED = ("status", "skipped", "orders_agree", "findings", "audit", "reader")
_KEY = "{0}.status, {0}.skipped, {0}.orders_agree IS 0, {0}.findings > 0, {0}.audit, {0}.reader"
_MORE = (
    f"INSERT INTO tally VALUES ({_KEY.format('new')}, 1) "
    "ON CONFLICT (status, skipped, disagree, found, audit, reader) DO UPDATE SET n = n + 1;"
)
_LESS = (
    "UPDATE tally SET n = n - 1 WHERE status = old.status AND skipped = old.skipped "
    "AND disagree = (old.orders_agree IS 0) AND found = (old.findings > 0) AND audit = old.audit "
    "AND reader = old.reader;"
)
_EDITED = (
    'UPDATE item SET edited = 1 WHERE "case" = (SELECT "case" FROM cases WHERE no = new.case_no) '
    "AND structure = (SELECT text FROM name WHERE no = new.structure_no);"
)
_TRIGGERS = {
    "tally_insert": f"AFTER INSERT ON item BEGIN {_MORE} END",
    "tally_delete": f"AFTER DELETE ON item BEGIN {_LESS} END",
    "tally_update": (
        f"AFTER UPDATE OF {', '.join(_COUNTED)} ON item "
        f"WHEN {' OR '.join(f'old.{c} IS NOT new.{c}' for c in _COUNTED)} BEGIN {_LESS} {_MORE} END"
    ),
    "item_edited": f"AFTER INSERT ON candidate WHEN new.version > 1 BEGIN {_EDITED} END",
}


def drop_aids(connection: Connection) -> None:
    """Drop the indexes and triggers of the item table, before very many rows are written."""
    for index in (*_INDEXES, *_PARTIAL):
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS {index}")
    for trigger in _TRIGGERS:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger}")


def create_aids(connection: Connection) -> None:
    """Make the indexes and triggers of the item table, and count its items anew."""
    for index, columns in _INDEXES.items():
        connection.exec_driver_sql(f"CREATE INDEX {index} ON item({columns})")
    for index, part in _PARTIAL.items():
        connection.exec_driver_sql(f"CREATE INDEX {index} ON {part}")
    connection.exec_driver_sql("DELETE FROM tally")
    key = _KEY.format("item")
    connection.exec_driver_sql(f"INSERT INTO tally SELECT {key}, count(*) FROM item GROUP BY 1, 2, 3, 4, 5, 6")
    for trigger, what in _TRIGGERS.items():
        connection.exec_driver_sql(f"CREATE TRIGGER {trigger} {what}")
