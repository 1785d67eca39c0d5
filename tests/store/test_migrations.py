"""A review made by the first released schema opens, with everything in it."""

import json
import sqlite3
from pathlib import Path

import pytest

from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, ItemId, MaskSource
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.review import Choice, Decision, Event, EventKind, Status, decision_payload
from labelcritic_gui.store import index, journal
from labelcritic_gui.store.database import create_database, integrity, open_database
from labelcritic_gui.store.schema import SCHEMA_VERSION

VERSION_1 = """
CREATE TABLE candidate (
    id INTEGER NOT NULL,
    "case" VARCHAR NOT NULL,
    structure VARCHAR NOT NULL,
    label_set VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    path VARCHAR NOT NULL,
    label_values JSON,
    content_hash VARCHAR NOT NULL,
    source_sha256 VARCHAR NOT NULL,
    parent_version INTEGER,
    note TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE ("case", structure, label_set, version)
);
CREATE TABLE cases (
    "case" VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    image VARCHAR NOT NULL,
    refused TEXT NOT NULL,
    image_sha256 VARCHAR NOT NULL,
    PRIMARY KEY ("case")
);
CREATE TABLE event (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    uuid VARCHAR NOT NULL,
    time VARCHAR NOT NULL,
    reader VARCHAR NOT NULL,
    "case" VARCHAR,
    structure VARCHAR,
    kind VARCHAR NOT NULL,
    payload JSON NOT NULL,
    seen JSON NOT NULL,
    software VARCHAR NOT NULL,
    UNIQUE (uuid)
);
CREATE INDEX event_by_item ON event ("case", structure, id);
CREATE TABLE fact (
    id INTEGER NOT NULL,
    "case" VARCHAR NOT NULL,
    structure VARCHAR NOT NULL,
    label_sets VARCHAR NOT NULL,
    body JSON NOT NULL,
    PRIMARY KEY (id),
    UNIQUE ("case", structure, label_sets)
);
CREATE TABLE item (
    rank INTEGER NOT NULL,
    "case" VARCHAR NOT NULL,
    structure VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    skipped BOOLEAN NOT NULL,
    event VARCHAR NOT NULL,
    reader VARCHAR NOT NULL,
    decided VARCHAR NOT NULL,
    choice VARCHAR NOT NULL,
    label_set VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    note TEXT NOT NULL,
    outcome VARCHAR NOT NULL,
    pick VARCHAR NOT NULL,
    confidence FLOAT,
    orders_agree BOOLEAN,
    dice FLOAT,
    findings INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    attention FLOAT NOT NULL,
    PRIMARY KEY (rank),
    UNIQUE ("case", structure)
);
CREATE INDEX item_by_status ON item (status, rank);
CREATE INDEX item_by_attention ON item (skipped, attention, rank);
CREATE TABLE meta (
    "key" VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    PRIMARY KEY ("key")
);
CREATE TABLE opinion (
    id INTEGER NOT NULL,
    uuid VARCHAR NOT NULL,
    time VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    "case" VARCHAR NOT NULL,
    structure VARCHAR NOT NULL,
    critic VARCHAR NOT NULL,
    body JSON NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (uuid)
);
CREATE INDEX opinion_by_item ON opinion ("case", structure, critic);
CREATE TABLE place (
    reader VARCHAR NOT NULL,
    "case" VARCHAR NOT NULL,
    structure VARCHAR NOT NULL,
    PRIMARY KEY (reader)
);
CREATE TABLE refusal (
    id INTEGER NOT NULL,
    "case" VARCHAR NOT NULL,
    structure VARCHAR NOT NULL,
    label_set VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE reply (
    "key" VARCHAR NOT NULL,
    time VARCHAR NOT NULL,
    body JSON NOT NULL,
    PRIMARY KEY ("key")
);
"""
HASH = "ab" * 32


def version_1(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.executescript(VERSION_1)
    connection.execute("INSERT INTO meta VALUES ('schema', '1')")
    connection.executemany(
        "INSERT INTO cases VALUES (?, ?, ?, ?, '')",
        [("b/2", 0, "b/2/ct.nii.gz", ""), ("a", 1, "a/ct.nii.gz", ""), ("c", 2, "c.nii.gz", "It is damaged.")],
    )
    masks = [
        ("b/2", "liver", "zeta", 1, "b/2/liver.nii.gz", "null", HASH, "0f" * 32, None, ""),
        ("b/2", "liver", "alpha", 1, "b/2.nii.gz", "[5]", "", "", None, "accepted: near"),
        ("b/2", "liver", "zeta", 2, "edits/1.nii.gz", None, "h", "", 1, ""),
        ("a", "aorta", "alpha", 1, "a/x\x01.nii.gz", "[1, 2]", "", "", None, ""),
    ]
    connection.executemany(
        'INSERT INTO candidate ("case", structure, label_set, version, path, label_values, content_hash, '
        "source_sha256, parent_version, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        masks,
    )
    decision = decision_payload(Decision(Choice.ACCEPT, CandidateId(CaseId("b/2"), "liver", "zeta"), HASH))
    connection.execute(
        'INSERT INTO event (uuid, time, reader, "case", structure, kind, payload, seen, software) '
        "VALUES ('e1', 't', 'ann', 'b/2', 'liver', 'decided', ?, '{}', 's')",
        (json.dumps(decision),),
    )
    connection.executemany(
        "INSERT INTO item VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, '', 0.9, ?, ?, ?, 1, 0.7)",
        [
            (1, "b/2", "liver", "accepted", "e1", "ann", "t", "accept", "zeta", 1, "", "first", 0, 0.8, 2),
            (2, "a", "aorta", "open", "", "", "", "", "", 0, "", "", None, None, 0),
        ],
    )
    connection.execute("INSERT INTO refusal VALUES (1, 'c', '', '', 'c.nii.gz', 'It is damaged.')")
    connection.execute("INSERT INTO place VALUES ('ann', 'a', 'aorta')")
    connection.commit()
    connection.close()


def test_that_a_review_of_version_1_is_migrated_with_all_it_holds(tmp_path: Path) -> None:
    file = tmp_path / "review.db"
    version_1(file)
    for _ in range(2):
        database = open_database(file)
        try:
            assert index.meta_value(database, "schema") == str(SCHEMA_VERSION)
            assert index.case_ids(database) == ("b/2", "a")
            liver = ItemId(CaseId("b/2"), "liver")
            assert index.candidates_of(database, liver.case) == (
                Candidate(CandidateId(*liver, "zeta"), MaskSource("b/2/liver.nii.gz"), HASH, "0f" * 32),
                Candidate(CandidateId(*liver, "zeta", 2), MaskSource("edits/1.nii.gz"), "h"),
                Candidate(CandidateId(*liver, "alpha"), MaskSource("b/2.nii.gz", (5,)), note="accepted: near"),
            )
            assert index.candidates_of(database, CaseId("a"))[0].source == MaskSource("a/x\x01.nii.gz", (1, 2))
            row = index.item_row(database, liver)
            assert (row["status"], row["orders_agree"], row["dice"], row["attention"]) == ("accepted", False, 0.8, 0.7)
            assert journal.differences(database) == []
            counted = index.counts(database, "ann")
            assert (counted["total"], counted["accepted"], counted["filter:mine"], counted["filter:findings"]) == (
                2,
                1,
                1,
                1,
            )
            assert index.bookmarked(database, "ann") == ItemId(CaseId("a"), "aorta")
            assert len(index.refusals_of(database)) == 1
            assert integrity(database) == ""
        finally:
            database.close()


def test_that_a_migrated_review_takes_decisions_and_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    file = tmp_path / "review.db"
    version_1(file)
    database = open_database(file)
    aorta = ItemId(CaseId("a"), "aorta")
    event = Event("e2", "t", "ann", aorta, EventKind.DECIDED, decision_payload(Decision(Choice.NONE)))
    state = journal.append(database, event)
    assert state is not None
    assert state.status is Status.NONE
    assert index.counts(database, "ann")["none"] == 1
    database.close()
    create_database(tmp_path / "new.db").close()
    assert described(file) == described(tmp_path / "new.db")


def described(file: Path) -> set[tuple[str, str, str]]:
    connection = sqlite3.connect(file)
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
    connection.close()
    return {(kind, name, "".join(sql.split())) for kind, name, sql in rows}


def test_that_a_migration_that_fails_leaves_the_review_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "review.db"
    version_1(file)
    connection = sqlite3.connect(file)
    connection.execute(
        'INSERT INTO item (rank, "case", structure, status, skipped, event, reader, decided, choice, '
        "label_set, version, note, outcome, pick, findings, severity, attention) "
        "VALUES (3, 'lost', 'liver', 'open', 0, '', '', '', '', '', 0, '', '', '', 0, 0, 0.5)"
    )
    connection.commit()
    before = "\n".join(connection.iterdump())
    with pytest.raises(ReviewError):
        open_database(file)
    assert "\n".join(connection.iterdump()) == before
    connection.close()


def test_that_a_review_of_version_2_gets_the_tables_of_a_new_one(tmp_path: Path) -> None:
    file = tmp_path / "review.db"
    create_database(file).close()
    as_new = described(file)
    connection = sqlite3.connect(file)
    connection.executescript(
        "DROP TABLE sent_text; DROP TABLE case_record; UPDATE meta SET value = '2' WHERE key = 'schema'"
    )
    connection.close()
    open_database(file).close()
    assert described(file) == as_new


def test_that_a_review_of_version_3_gets_what_items_of_version_4_know(tmp_path: Path) -> None:
    file = tmp_path / "review.db"
    create_database(file).close()
    as_new = described(file)
    connection = sqlite3.connect(file)
    kept = connection.execute("SELECT type, name FROM sqlite_master WHERE type IN ('index', 'trigger')").fetchall()
    for kind, name in kept:
        if not name.startswith(("sqlite_", "event_", "opinion_")):
            connection.execute(f"DROP {kind} {name}")
    for column in ("turn", "pressing", "confidence_key", "codes", "reasons", "quality", "edited", "audit"):
        connection.execute(f"ALTER TABLE item DROP COLUMN {column}")
    connection.execute("ALTER TABLE item ADD COLUMN calm FLOAT GENERATED ALWAYS AS (-attention) VIRTUAL")
    connection.execute("UPDATE meta SET value = '3' WHERE key = 'schema'")
    connection.commit()
    connection.close()
    open_database(file).close()
    assert described(file) == as_new
