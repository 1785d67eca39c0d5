"""Brings older reviews to the present schema, step by numbered step. Layer: store."""

import json
from collections.abc import Callable

from sqlalchemy import Connection

from labelcritic_gui.store import schema

_CHUNK = 5_000
CASE, STRUCTURE, AS_IS = "\x01", "\x02", "\x03"


def migrate(connection: Connection) -> None:
    """Apply every step that a database has not seen; belongs in one transaction."""
    version = int(connection.exec_driver_sql("SELECT value FROM meta WHERE key = 'schema'").scalar_one())
    for step in STEPS[version - 1 :]:
        step(connection)
    connection.exec_driver_sql("UPDATE meta SET value = ? WHERE key = 'schema'", (str(schema.SCHEMA_VERSION),))


def _to_2(connection: Connection) -> None:
    """Candidates become rows of integers, items know their numbers, and a tally counts them."""
    run = connection.exec_driver_sql
    for index in ("item_by_attention", "item_by_status"):
        run(f"DROP INDEX IF EXISTS {index}")
    for table in ("cases", "candidate", "item"):
        run(f"ALTER TABLE {table} RENAME TO {table}_1")
    schema.metadata.create_all(connection)
    run(
        'INSERT INTO cases (no, "case", position, image, refused, image_sha256) '
        'SELECT position + 1, "case", position, image, refused, image_sha256 FROM cases_1'
    )
    # label sets first, in the order they were entered: that is the order of an item's panels
    run("INSERT OR IGNORE INTO name (text) SELECT label_set FROM candidate_1 GROUP BY label_set ORDER BY min(id)")
    run("INSERT OR IGNORE INTO name (text) SELECT structure FROM candidate_1 UNION SELECT structure FROM item_1")
    _move_candidates(connection)
    kept = (
        'rank, "case", structure, status, skipped, event, reader, decided, choice, label_set, version, note, outcome, '
        "pick, confidence, orders_agree, dice, findings, severity, attention"
    )
    run(
        f"INSERT INTO item ({kept}, case_no, structure_no) SELECT {kept}, "
        '(SELECT no FROM cases c WHERE c."case" = item_1."case"), (SELECT no FROM name WHERE text = item_1.structure) '
        "FROM item_1"
    )
    for table in ("cases", "candidate", "item"):
        run(f"DROP TABLE {table}_1")
    schema.create_aids(connection)


def _to_3(connection: Connection) -> None:
    """What is known of a case as a whole gets a table, and so do the texts of what was sent."""
    run = connection.exec_driver_sql
    run("CREATE TABLE IF NOT EXISTS sent_text (sha256 VARCHAR NOT NULL, body TEXT NOT NULL, PRIMARY KEY (sha256))")
    run(
        'CREATE TABLE IF NOT EXISTS case_record ("case" VARCHAR NOT NULL, kind VARCHAR NOT NULL, '
        'time VARCHAR NOT NULL, body JSON NOT NULL, PRIMARY KEY ("case", kind))'
    )


def _to_4(connection: Connection) -> None:
    """The reading room: items know their finding codes, reasons, quality word, edits and whether they are audited."""
    schema.drop_aids(connection)
    _add_columns(
        connection,
        "item",
        "codes VARCHAR DEFAULT '' NOT NULL",
        "reasons VARCHAR DEFAULT '' NOT NULL",
        "quality INTEGER",
        "edited BOOLEAN DEFAULT 0 NOT NULL",
        "audit BOOLEAN DEFAULT 0 NOT NULL",
        "turn INTEGER GENERATED ALWAYS AS (CASE WHEN status = 'open' THEN skipped ELSE 2 END) VIRTUAL",
        "pressing FLOAT GENERATED ALWAYS AS (-max(attention, CASE WHEN audit THEN 0.8 ELSE 0.0 END)) VIRTUAL",
        "confidence_key FLOAT GENERATED ALWAYS AS (coalesce(confidence, 9.0)) VIRTUAL",
    )
    if "calm" in _columns(connection, "item"):
        connection.exec_driver_sql("ALTER TABLE item DROP COLUMN calm")
    connection.exec_driver_sql("DROP TABLE tally")  # it is counted anew, by one more thing
    schema.tally.create(connection)
    schema.create_aids(connection)


def _add_columns(connection: Connection, table: str, *columns: str) -> None:
    """Add the columns that a table lacks: one that an earlier step made anew has them already."""
    known = _columns(connection, table)
    for column in columns:
        if column.split()[0] not in known:
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {column}")


def _columns(connection: Connection, table: str) -> set[str]:
    return {row[1] for row in connection.exec_driver_sql(f"PRAGMA table_xinfo({table})")}


def _move_candidates(connection: Connection) -> None:
    run = connection.exec_driver_sql
    last = 0
    read = (
        'SELECT id, "case", structure, label_set, version, path, label_values, content_hash, source_sha256, '
        "parent_version, note FROM candidate_1 WHERE id > ? ORDER BY id LIMIT ?"
    )
    write = (
        "INSERT INTO candidate (case_no, structure_no, set_no, version, template_no, present, label_values, "
        'content_hash, source_sha256, parent_version, note) VALUES ((SELECT no FROM cases WHERE "case" = ?), '
        "(SELECT no FROM name WHERE text = ?), (SELECT no FROM name WHERE text = ?), ?, "
        "(SELECT no FROM name WHERE text = ?), 1, ?, ?, ?, ?, ?)"
    )
    while rows := run(read, (last, _CHUNK)).all():
        last = rows[-1][0]
        moved = []
        for _, case, structure, label_set, version, path, values, content, source, parent, note in rows:
            stored = json.loads(values) if values is not None else None
            moved.append(
                (
                    *(case, structure, label_set, version, _template(path, case, structure)),
                    json.dumps(stored) if stored is not None else None,
                    *(_packed(content), _packed(source), parent, note or None),
                )
            )
        run("INSERT OR IGNORE INTO name (text) VALUES (?)", [(row[4],) for row in moved])
        run(write, moved)


def _template(path: str, case: str, structure: str) -> str:
    # steps keep what they need of their time: the code that reads candidates may change later, this may not
    if any(mark in path for mark in (CASE, STRUCTURE, AS_IS)):
        return AS_IS + path
    return path.replace(case, CASE).replace(structure, STRUCTURE)


def _packed(text: str) -> bytes | str | None:
    if not text:
        return None
    try:
        packed = bytes.fromhex(text)
    except ValueError:
        return text
    return packed if packed.hex() == text else text


STEPS: tuple[Callable[[Connection], None], ...] = (_to_2, _to_3, _to_4)
"""Step n brings a database from version n to n + 1."""
