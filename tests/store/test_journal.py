"""The journal: what is acknowledged is on disk, and the rows are what the events say."""

import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, ItemId, MaskSource
from labelcritic_gui.core.errors import ReviewError, StorageError
from labelcritic_gui.core.review import Choice, Decision, Event, EventKind, Status, decision_payload, fold
from labelcritic_gui.store import index, journal
from labelcritic_gui.store.database import Database, create_database, integrity, open_database

ITEMS = [ItemId(CaseId(f"case {c}"), s) for c in range(2) for s in ("liver", "spleen", "aorta")]


def make(folder: Path) -> Database:
    database = create_database(folder / "review.db")
    found = [index.FoundCase(CaseId(f"case {n}"), f"{n}.nii.gz") for n in range(2)]
    masks = [Candidate(CandidateId(*i, label_set), MaskSource("x")) for i in ITEMS for label_set in ("a", "b")]
    index.enter(database, found=found, masks=masks, refusals=[], order=ITEMS)
    return database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = make(tmp_path)
    yield made
    made.close()


def decided(item: ItemId, choice: Choice, reader: str = "ann", label_set: str = "a") -> Event:
    candidate = CandidateId(*item, label_set) if choice is Choice.ACCEPT else None
    payload = decision_payload(Decision(choice, candidate, content_hash="h"))
    return Event(str(uuid.uuid4()), "2026-01-01T00:00:00+00:00", reader, item, EventKind.DECIDED, payload)


def undone(event: Event, reader: str = "ann") -> Event:
    return Event(str(uuid.uuid4()), "t", reader, event.item, EventKind.UNDONE, {"schema": 1, "of": event.uuid})


def test_every_connection_is_durable(database: Database) -> None:
    assert database.pragmas() == {
        "queries": {"journal_mode": "wal", "synchronous": "full"},
        "decisions": {"journal_mode": "wal", "synchronous": "full"},
    }


def test_a_decision_is_in_the_file_when_append_returns(database: Database) -> None:
    journal.append(database, decided(ITEMS[0], Choice.ACCEPT))
    other = sqlite3.connect(database.file)
    assert other.execute("select status, label_set from item where structure = 'liver'").fetchone() == ("accepted", "a")
    other.close()


def test_an_event_on_an_unknown_item_is_refused_and_leaves_no_trace(database: Database) -> None:
    with pytest.raises(ReviewError, match="no item"):
        journal.append(database, decided(ItemId(CaseId("case 0"), "brain"), Choice.NONE))
    assert list(journal.all_events(database)) == []


def test_only_ones_own_decision_is_undone(database: Database) -> None:
    mine, theirs = decided(ITEMS[0], Choice.NONE), decided(ITEMS[0], Choice.ABSENT, reader="bob")
    journal.append(database, mine)
    journal.append(database, theirs)
    state = journal.append(database, undone(theirs, reader="ann"))
    assert state is not None
    assert state.status is Status.ABSENT
    assert journal.last_decision(database, "ann") == mine


STEP = st.tuples(
    st.integers(0, len(ITEMS) - 1), st.sampled_from([*Choice, "undo", "note"]), st.sampled_from(["ann", "bob"])
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=25))
def test_rows_are_what_the_events_say_after_any_sequence(tmp_path_factory: pytest.TempPathFactory, steps: list) -> None:
    database = make(tmp_path_factory.mktemp("law"))
    try:
        for number, what, reader in steps:
            if what == "undo":
                last = journal.last_decision(database, reader)
                if last is not None:
                    journal.append(database, undone(last, reader))
            elif what == "note":
                payload = {"schema": 1, "text": f"note {number}"}
                event = Event(str(uuid.uuid4()), "t", reader, ITEMS[number], EventKind.NOTED, payload)
                journal.append(database, event)
            else:
                journal.append(database, decided(ITEMS[number], what, reader))
        assert journal.differences(database) == []
        states = fold(journal.all_events(database))
        counted = index.counts(database, "ann")
        assert counted["accepted"] == sum(s.status is Status.ACCEPTED for s in states.values())
        assert counted["skipped"] == sum(s.skipped for s in states.values())
    finally:
        database.close()


def test_a_row_that_was_tampered_with_is_found_and_rebuilt(database: Database) -> None:
    journal.append(database, decided(ITEMS[1], Choice.NONE))
    with database.writing() as connection:
        connection.execute(text("update item set status = 'accepted' where structure = 'spleen'"))
    found = journal.differences(database)
    assert {(d.item, d.column) for d in found} >= {(ITEMS[1], "status")}
    journal.rebuild(database)
    assert journal.differences(database) == []


def test_skipped_items_come_last_and_again(database: Database) -> None:
    journal.append(database, decided(ITEMS[0], Choice.SKIP))
    assert index.next_open(database, after=None, limit=10)[-1] == ITEMS[0]
    last = index.item_row(database, ITEMS[0])
    assert len(index.next_open(database, after=last, limit=10)) == len(ITEMS) - 1


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "review.db").write_text("this is not a database, only some text that is long enough " * 20)
    with pytest.raises(ReviewError, match=r"review\.db"):
        open_database(tmp_path / "review.db")


def test_a_database_that_cannot_be_written_is_one_sentence(database: Database, tmp_path: Path) -> None:
    with pytest.raises((StorageError, ReviewError)), database.deciding() as connection:
        connection.execute(text("insert into nowhere values (1)"))
    assert integrity(database) == ""
