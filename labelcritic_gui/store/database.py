"""Opens a review's database: SQLite in the review folder, durable at every commit. Layer: store.

Two engines on one file: decisions have a connection of their own, so that a decision never waits for a query.
Every connection runs in WAL mode with `synchronous=FULL` (https://sqlite.org/wal.html): a committed transaction is
on disk, and readers never block the writer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from labelcritic_gui.core.errors import ReviewError, StorageError
from labelcritic_gui.store import migrations, schema

BUSY_MS = 15_000


@dataclass(frozen=True)
class Database:
    """A review's database. `file` is the SQLite file."""

    file: Path
    engine: Engine
    decisions: Engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection for queries."""
        with translated(self.file), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection in a transaction that commits at the end, for everything but decisions."""
        with translated(self.file), self.engine.execution_options(write=True).begin() as connection:
            yield connection

    @contextmanager
    def deciding(self) -> Iterator[Connection]:
        """Give the connection reserved for events, in a transaction that commits at the end."""
        with translated(self.file), self.decisions.execution_options(write=True).begin() as connection:
            yield connection

    def pragmas(self) -> dict[str, dict[str, str]]:
        """Return journal mode and synchronous level as each kind of connection reports them."""
        found = {}
        for name, engine in (("queries", self.engine), ("decisions", self.decisions)):
            with translated(self.file), engine.connect() as connection:
                mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()
                level = connection.execute(text("PRAGMA synchronous")).scalar_one()
            found[name] = {"journal_mode": str(mode), "synchronous": "full" if int(level) == 2 else str(level)}
        return found

    def close(self) -> None:
        """Close every connection."""
        self.decisions.dispose()
        self.engine.dispose()


@contextmanager
def translated(file: Path) -> Iterator[None]:
    """Turn what the database says into one sentence a person can act on."""
    try:
        yield
    except OperationalError as error:
        raise StorageError(
            f"The review's database {file} could not be used: {error.orig}.",
            "Check free space and write permission, then repeat; everything committed before is kept.",
        ) from error
    except DBAPIError as error:
        raise ReviewError(
            f"The review's database {file} is damaged or no review database: {error.orig}.",
            "Restore review.db from a backup; the images and labels are untouched.",
        ) from error


def create_database(file: Path) -> Database:
    """Make a new, empty database; raises ReviewError when one is there."""
    if file.exists():
        raise ReviewError(f"There is already a review database at {file}.", "Choose another folder.")
    database = _connect(file)
    with database.writing() as connection:
        schema.metadata.create_all(connection)
        schema.create_aids(connection)
        connection.execute(insert(schema.meta).values(key="schema", value=str(schema.SCHEMA_VERSION)))
    return database


def open_database(file: Path) -> Database:
    """Open the database of a review; raises ReviewError when it is missing, damaged or newer than this program."""
    if not file.is_file():
        raise ReviewError(f"There is no review database at {file}.", "Name the folder of a review.")
    database = _connect(file)
    try:
        with database.reading() as connection:
            query = select(schema.meta.c.value).where(schema.meta.c.key == "schema")
            version = int(connection.execute(query).scalar_one_or_none() or 0)
    except StorageError as error:
        database.close()
        if "no such table" not in error.message:
            raise
        raise ReviewError(f"{file} is not a review database.", "Name the folder of a review.") from error
    except ReviewError:
        database.close()
        raise
    if version > schema.SCHEMA_VERSION or version < 1:
        database.close()
        raise ReviewError(f"{file} has schema {version}; this program knows {schema.SCHEMA_VERSION}.", "Update it.")
    if version < schema.SCHEMA_VERSION:
        _migrate(database)
    return database


def _migrate(database: Database) -> None:
    """Bring an older review to the present schema in one transaction: all of it, or nothing."""
    try:
        with database.writing() as connection:
            migrations.migrate(connection)
    except Exception:
        database.close()
        raise


def _connect(file: Path) -> Database:
    url = URL.create("sqlite", database=str(file))  # a folder's name may hold ? and %
    engine = create_engine(url, pool_size=8)
    decisions = create_engine(url, pool_size=1, max_overflow=0)
    for one in (engine, decisions):
        event.listen(one, "connect", _make_durable)
        event.listen(one, "begin", _begin)
    return Database(file, engine, decisions)


def _make_durable(connection: Any, record: Any) -> None:  # noqa: ARG001  (signature is SQLAlchemy's)
    # sqlite3's own transaction handling starts transactions late; SQLAlchemy's documented remedy is to take it over
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_MS}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # a writer takes the write lock at once: waiting for it is bounded by busy_timeout, upgrading later is not
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN")


def integrity(database: Database) -> str:
    """Return what SQLite finds wrong with the file, or an empty text."""
    with database.reading() as connection:
        found = connection.execute(text("PRAGMA integrity_check")).scalars().all()
    return "" if list(found) == ["ok"] else "; ".join(str(f) for f in found[:3])
