"""Versions of candidates that were made in the review: a row, its event and its files together, or nothing.

Layer: store.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from labelcritic_gui.core.cases import CandidateId, CaseId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.patchwork.versions import FIRST_VERSION
from labelcritic_gui.core.review import Event, EventKind
from labelcritic_gui.store import journal
from labelcritic_gui.store.candidates import FoundMask, Names, insert_masks, number_of_case
from labelcritic_gui.store.database import Database


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What is to be entered: the mask with its file, and the event that says how it was made."""

    mask: FoundMask
    event: Event


def enter_version(database: Database, of: CandidateId, put: Callable[[CandidateId], NewVersion]) -> CandidateId:
    """Enter the next version of a candidate and return its id; its number was never used before, withdrawn or not.

    `put` is called with the id while nobody else can write, and puts the files in their places: they are there before
    the row is, and a kill in between leaves files that the review does not know, which the next version replaces.
    Raises ReviewError for a candidate that is not in the review, and what `put` raises.
    """
    query = (
        "SELECT max(version) FROM candidate WHERE case_no = ? AND structure_no = (SELECT no FROM name WHERE text = ?) "
        "AND set_no = (SELECT no FROM name WHERE text = ?)"
    )
    with database.deciding() as connection:
        case = number_of_case(connection, of.case)
        newest = connection.exec_driver_sql(query, (case, of.structure, of.label_set)).scalar_one_or_none()
        if newest is None:
            raise ReviewError(f"{of.item} has no candidate of label set {of.label_set!r}.")
        made = of._replace(version=int(newest) + 1)
        new = put(made)
        names = Names(connection)
        insert_masks(connection, names, {of.case: case}, [new.mask])
        which = "case_no = ? AND structure_no = ? AND set_no = ? AND version = ?"
        values = (of.version, case, names[of.structure], names[of.label_set], made.version)
        connection.exec_driver_sql(f"UPDATE candidate SET parent_version = ? WHERE {which}", values)
        journal.write(connection, new.event)
    return made


def making_events(database: Database) -> Iterator[Event]:
    """Yield the events that made versions, oldest first."""
    with database.reading() as connection:
        yield from journal.events_of(connection, None, [EventKind.MADE])


def made_versions(database: Database) -> frozenset[CandidateId]:
    """Return every version that is in the review beside the sources, withdrawn or not."""
    query = (
        'SELECT c."case", s.text, l.text, version FROM candidate JOIN cases c ON c.no = case_no '
        "JOIN name s ON s.no = structure_no JOIN name l ON l.no = set_no WHERE version > ?"
    )
    with database.reading() as connection:
        rows = connection.exec_driver_sql(query, (FIRST_VERSION,)).all()
    return frozenset(CandidateId(CaseId(case), structure, label_set, int(v)) for case, structure, label_set, v in rows)
