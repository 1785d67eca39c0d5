"""Opening a review's database: wherever it lies, and what is said when it cannot be used."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from labelcritic_gui.core.errors import ReviewError, StorageError
from labelcritic_gui.store import database


@pytest.mark.parametrize("name", ["what? 100% #1 & more", "a%20b", "r=1;x", "Röntgen 🫀", "x" * 200])
def test_that_a_review_may_lie_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    database.create_database(folder / "review.db").close()
    database.open_database(folder / "review.db").close()
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    assert (folder / "review.db").is_file()


def test_that_a_review_that_cannot_be_used_now_is_not_called_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "review.db"
    database.create_database(file).close()
    monkeypatch.setattr(database, "BUSY_MS", 10)
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError, match="locked") as said:
            database.open_database(file)
    assert "permission" in said.value.hint
    database.open_database(file).close()


def test_that_a_database_of_something_else_is_named_so(tmp_path: Path) -> None:
    file = tmp_path / "review.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(ReviewError, match="not a review database"):
        database.open_database(file)
    file.write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(ReviewError):
        database.open_database(file)
