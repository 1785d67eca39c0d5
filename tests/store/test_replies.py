"""The memory of replies: the first one stays, texts are kept once, and what was asked can be read back."""

from pathlib import Path

import pytest

from labelcritic_gui.store.database import create_database
from labelcritic_gui.store.replies import StoredReplies

REQUEST = {"system": "S", "text": "T", "choices": ["A", "B"], "pictures": ["aa", "bb"], "seed": 0}


@pytest.fixture
def database(tmp_path: Path):
    made = create_database(tmp_path / "review.db")
    yield made
    made.close()


@pytest.fixture
def replies(database):
    return StoredReplies(database, lambda: "2026-11-25T12:00:00.000+00:00")


def rows_of(database, table: str) -> int:
    with database.reading() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def test_that_a_reply_and_its_request_are_read_back(replies):
    replies.put_all([("k1", {"content": "A"}, REQUEST)])
    assert replies.get("k1") == {"content": "A"}
    assert replies.request("k1") == REQUEST
    assert replies.get("k2") is None
    assert replies.request("k2") is None


def test_that_the_first_reply_under_a_key_stays(replies):
    replies.put_all([("k", {"content": "A"}, REQUEST)])
    replies.put_all([("k", {"content": "B"}, REQUEST), ("other", {"content": "C"}, REQUEST)])
    assert replies.get("k") == {"content": "A"}
    assert replies.get("other") == {"content": "C"}


def test_that_texts_are_kept_once_however_often_they_are_sent(database, replies):
    replies.put_all([(f"k{n}", {"content": "A"}, REQUEST) for n in range(50)])
    replies.put_all([("more", {"content": "A"}, {**REQUEST, "text": "another"})])
    assert rows_of(database, "reply") == 51
    assert rows_of(database, "sent_text") == 3


def test_that_nothing_to_keep_writes_nothing(database, replies):
    replies.put_all([])
    assert rows_of(database, "reply") == 0


def test_that_a_reply_of_an_older_program_is_still_read(database, replies):
    with database.writing() as connection:
        connection.exec_driver_sql(
            'INSERT INTO reply VALUES (\'old\', \'t\', \'{"content": "A", "finish_reason": "stop"}\')'
        )
    assert replies.get("old") == {"content": "A", "finish_reason": "stop"}
    assert replies.request("old") is None
