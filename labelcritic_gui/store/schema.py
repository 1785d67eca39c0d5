"""The tables of a review, as SQLAlchemy Core; no ORM classes. Layer: store.

`event` is append-only. `item` is the materialised fold of the events with the critic's summary beside it, written in
the same transaction as the event; `doctor` rebuilds and compares it.
"""

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

SCHEMA_VERSION = 1

metadata = MetaData()

meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))

cases = Table(
    "cases",
    metadata,
    Column("case", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("image", String, nullable=False),
    Column("refused", Text, nullable=False, default=""),
    Column("image_sha256", String, nullable=False, default=""),
)

candidate = Table(
    "candidate",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", String, nullable=False),
    Column("structure", String, nullable=False),
    Column("label_set", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("path", String, nullable=False),
    Column("label_values", JSON),
    Column("content_hash", String, nullable=False, default=""),
    Column("source_sha256", String, nullable=False, default=""),
    Column("parent_version", Integer),
    Column("note", Text, nullable=False, default=""),
    UniqueConstraint("case", "structure", "label_set", "version"),
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
    UniqueConstraint("case", "structure"),
    Index("item_by_attention", "skipped", "attention", "rank"),
    Index("item_by_status", "status", "rank"),
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

place = Table(
    "place",
    metadata,
    Column("reader", String, primary_key=True),
    Column("case", String, nullable=False),
    Column("structure", String, nullable=False),
)
