"""Fills a new review case by case: resumable after any kill, items ranked when all is found. Layer: store."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from labelcritic_gui.core.attention import UNSEEN
from labelcritic_gui.core.cases import Candidate, CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.store import schema
from labelcritic_gui.store.candidates import FoundMask, Names, insert_masks
from labelcritic_gui.store.database import Database

_PLAN = "scan"


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


@dataclass(frozen=True, slots=True)
class ScannedCase:
    """One case as a scan found it. `position` is its place among all cases; `size` and `mtime` (ns) are the image's."""

    found: FoundCase
    position: int
    masks: Sequence[FoundMask] = ()
    refusals: Sequence[Refusal] = ()
    size: int | None = None
    mtime: int | None = None


@dataclass(frozen=True, slots=True)
class ScanTotals:
    """What a finished scan holds; `in_every_set` counts the items that every label set has voxels of."""

    cases: int
    items: int
    candidates: int
    in_every_set: int


def begin_scan(database: Database, plan: str, label_sets: Sequence[str] = ()) -> bool:
    """Begin a scan, or go on with one that was interrupted; return whether it goes on.

    `plan` says what is scanned and how, in a text that is the same for the same request; `label_sets` fixes their
    order. Raises ReviewError when another scan was begun here, or one was finished.
    """
    with database.writing() as connection:
        known = connection.exec_driver_sql("SELECT value FROM meta WHERE key = ?", (_PLAN,)).scalar_one_or_none()
        if known == plan:
            return True
        if known is not None or connection.exec_driver_sql("SELECT 1 FROM cases LIMIT 1").first():
            raise ReviewError(f"{database.file} was filled from other data.", "Make the review in another folder.")
        connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES (?, ?)", (_PLAN, plan))
        Names(connection).learn(label_sets)
    return False


def scanned_cases(database: Database) -> frozenset[CaseId]:
    """Return the cases that are entered already."""
    with database.reading() as connection:
        return frozenset(connection.exec_driver_sql('SELECT "case" FROM cases').scalars())


def known_to(database: Database) -> dict[str, set[str]]:
    """Return which label sets have a candidate of each structure, in what is entered so far."""
    query = (
        "SELECT DISTINCT s.text, l.text FROM (SELECT DISTINCT structure_no, set_no FROM candidate) "
        "JOIN name s ON s.no = structure_no JOIN name l ON l.no = set_no"
    )
    found: dict[str, set[str]] = {}
    with database.reading() as connection:
        for structure, label_set in connection.exec_driver_sql(query):
            found.setdefault(structure, set()).add(label_set)
    return found


def present_in(database: Database) -> dict[str, dict[str, int]]:
    """Return in how many cases each label set has voxels of each structure, in what is entered so far."""
    query = (
        "SELECT s.text, l.text, n FROM (SELECT structure_no, set_no, count(*) AS n FROM candidate WHERE present "
        "GROUP BY structure_no, set_no) JOIN name s ON s.no = structure_no JOIN name l ON l.no = set_no"
    )
    found: dict[str, dict[str, int]] = {}
    with database.reading() as connection:
        for structure, label_set, count in connection.exec_driver_sql(query):
            found.setdefault(structure, {})[label_set] = count
    return found


def enter_cases(database: Database, batch: Sequence[ScannedCase]) -> None:
    """Enter some cases with their candidates and refusals: all of them in one transaction, or none."""
    with database.writing() as connection:
        numbers = _enter_found(connection, batch)
        insert_masks(connection, Names(connection), numbers, [m for one in batch for m in one.masks])
        _enter_refusals(connection, [r for one in batch for r in one.refusals])


def finish_scan(database: Database, left_out: Iterable[str] = ()) -> ScanTotals:
    """Rank the items by case and structure, drop the candidates of the structures left out, and end the scan.

    An item is what at least one label set has a voxel of. Doing it again after a kill gives the same.
    """
    with database.writing() as connection:
        names = Names(connection)
        gone = tuple(left_out)
        names.learn(gone)
        connection.exec_driver_sql("DELETE FROM item")
        schema.drop_aids(connection)
        if gone:
            connection.exec_driver_sql("DELETE FROM candidate WHERE structure_no = ?", [(names[s],) for s in gone])
        connection.exec_driver_sql(
            'INSERT INTO item (rank, "case", structure, case_no, structure_no, status, skipped, event, reader, '
            "decided, choice, label_set, version, note, outcome, pick, findings, severity, attention) "
            'SELECT row_number() OVER (ORDER BY c.position, s.text), c."case", s.text, c.no, s.no, '
            "'open', 0, '', '', '', '', '', 0, '', '', '', 0, 0, ? "
            "FROM (SELECT DISTINCT case_no, structure_no FROM candidate WHERE present) "
            "JOIN cases c ON c.no = case_no JOIN name s ON s.no = structure_no",
            (UNSEEN,),
        )
        if connection.exec_driver_sql("SELECT 1 FROM candidate WHERE NOT present LIMIT 1").first():
            connection.exec_driver_sql(
                "DELETE FROM candidate WHERE (case_no, structure_no) NOT IN (SELECT case_no, structure_no FROM item)"
            )
        schema.create_aids(connection)
        connection.exec_driver_sql("DELETE FROM meta WHERE key = ?", (_PLAN,))
        connection.exec_driver_sql("ANALYZE")
        return _totals(connection)


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
        names = Names(connection)
        numbers = _enter_found(connection, [ScannedCase(one, n) for n, one in enumerate(found)])
        insert_masks(connection, names, numbers, [FoundMask(mask) for mask in masks])
        _enter_refusals(connection, refusals)
        names.learn(item.structure for item in order)
        if order:
            # unseen items come first in reading order until a critic has spoken
            connection.exec_driver_sql(
                'INSERT INTO item (rank, "case", structure, case_no, structure_no, status, skipped, event, reader, '
                "decided, choice, label_set, version, note, outcome, pick, findings, severity, attention) "
                "VALUES (?, ?, ?, ?, ?, 'open', 0, '', '', '', '', '', 0, '', '', '', 0, 0, ?)",
                [
                    (n, i.case, i.structure, numbers[i.case], names[i.structure], UNSEEN)
                    for n, i in enumerate(order, start=1)
                ],
            )


def _enter_found(connection: Connection, batch: Sequence[ScannedCase]) -> dict[str, int]:
    """Write the rows of cases; return their numbers."""
    if batch:
        connection.exec_driver_sql(
            'INSERT INTO cases (no, "case", position, image, refused, image_sha256, image_size, image_mtime) '
            "VALUES (?, ?, ?, ?, ?, '', ?, ?)",
            [
                (
                    one.position + 1,
                    one.found.case,
                    one.position,
                    one.found.image,
                    one.found.refused,
                    one.size,
                    one.mtime,
                )
                for one in batch
            ],
        )
    return {one.found.case: one.position + 1 for one in batch}


def _enter_refusals(connection: Connection, refusals: Iterable[Refusal]) -> None:
    rows = [(r.case, r.structure, r.label_set, r.path, r.reason) for r in refusals]
    if rows:
        connection.exec_driver_sql(
            'INSERT INTO refusal ("case", structure, label_set, path, reason) VALUES (?, ?, ?, ?, ?)', rows
        )


def _totals(connection: Connection) -> ScanTotals:
    row = connection.exec_driver_sql(
        "SELECT (SELECT count(DISTINCT case_no) FROM item), (SELECT count(*) FROM item), "
        "(SELECT count(*) FROM candidate), (SELECT count(*) FROM (SELECT 1 FROM candidate WHERE present "
        "GROUP BY case_no, structure_no "
        "HAVING count(DISTINCT set_no) = (SELECT count(DISTINCT set_no) FROM candidate)))"
    ).one()
    return ScanTotals(*row)
