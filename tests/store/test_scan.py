"""A scan is entered case by case, goes on after a kill, and ranks come out right."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, ItemId, MaskSource
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.store import candidates, index
from labelcritic_gui.store.candidates import FileFacts
from labelcritic_gui.store.database import Database, create_database, integrity, open_database

STRUCTURES = ("liver", "spleen", "aorta")
SETS = ("zeta", "alpha")
ROOT = Path(__file__).resolve().parents[2]


def scanned(n: int, structures: tuple[str, ...] = STRUCTURES, sets: tuple[str, ...] = SETS) -> index.ScannedCase:
    case = CaseId(f"case {n:04d}")
    masks = [
        index.FoundMask(
            Candidate(CandidateId(case, s, slug), MaskSource(f"{case}/{s}.nii.gz", (3, 5) if s == "liver" else None)),
            present=s != "aorta" or n % 2 == 0,
            size=100 + n,
            mtime=7,
        )
        for slug in sets
        for s in structures
    ]
    refused = [index.Refusal(case, "heart", "zeta", "x", "Two files.")]
    return index.ScannedCase(index.FoundCase(case, f"{case}.nii.gz"), n, masks, refused, size=9, mtime=8)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = create_database(tmp_path / "review.db")
    yield made
    made.close()


def ranks(database: Database) -> list[tuple[int, str, str]]:
    with database.reading() as connection:
        return [tuple(r) for r in connection.exec_driver_sql('SELECT rank, "case", structure FROM item ORDER BY rank')]


def test_that_cases_entered_in_any_order_are_ranked_by_case_and_structure(database: Database) -> None:
    assert not index.begin_scan(database, "plan", SETS)
    for batch in ([3, 1], [0], [2]):
        index.enter_cases(database, [scanned(n) for n in batch])
    totals = index.finish_scan(database)
    expected = [(f"case {n:04d}", s) for n in range(4) for s in sorted(STRUCTURES) if s != "aorta" or n % 2 == 0]
    assert ranks(database) == [(n, *e) for n, e in enumerate(expected, start=1)]
    assert (totals.cases, totals.items, totals.candidates, totals.in_every_set) == (4, 10, 20, 10)
    assert index.counts(database, "ann")["open"] == 10
    assert len(index.refusals_of(database)) == 4
    with pytest.raises(ReviewError, match="other data"):
        index.begin_scan(database, "plan")


def test_that_an_interrupted_scan_goes_on_and_another_one_is_refused(database: Database) -> None:
    index.begin_scan(database, "plan", SETS)
    index.enter_cases(database, [scanned(0), scanned(1)])
    assert index.begin_scan(database, "plan", SETS)
    assert index.scanned_cases(database) == {"case 0000", "case 0001"}
    with pytest.raises(ReviewError, match="other data"):
        index.begin_scan(database, "another plan")
    with pytest.raises(ReviewError):
        index.enter_cases(database, [scanned(2), scanned(1)])
    assert len(index.scanned_cases(database)) == 2


def test_that_a_structure_left_out_leaves_no_item_and_no_candidate(database: Database) -> None:
    index.begin_scan(database, "plan", SETS)
    index.enter_cases(database, [scanned(0), scanned(1, sets=("zeta",))])
    assert index.known_to(database) == {s: set(SETS) for s in STRUCTURES}
    totals = index.finish_scan(database, left_out=["spleen"])
    assert {s for _, _, s in ranks(database)} == {"liver", "aorta"}
    assert totals.in_every_set == 2
    assert all(c.id.structure != "spleen" for c in index.candidates_of(database, CaseId("case 0000")))


def test_that_label_sets_keep_the_order_they_were_named_in_even_if_the_first_case_lacks_one(database: Database) -> None:
    index.begin_scan(database, "plan", SETS)
    index.enter_cases(database, [scanned(0, sets=("alpha",)), scanned(1)])
    index.finish_scan(database)
    found = index.candidates_of(database, CaseId("case 0001"), "liver")
    assert [c.id.label_set for c in found] == list(SETS)
    assert found[0].source == MaskSource("case 0001/liver.nii.gz", (3, 5))


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.store.test_scan import SETS, index, open_database, scanned
database = open_database(Path({file!r}))
index.begin_scan(database, "plan", SETS)
done = index.scanned_cases(database)
for n in range(400):
    one = scanned(n)
    if one.found.case not in done:
        index.enter_cases(database, [one])
        print(n, flush=True)
index.finish_scan(database)
print("end", flush=True)
"""


def test_that_a_scan_killed_again_and_again_ends_as_if_never_killed(tmp_path: Path) -> None:
    file = tmp_path / "review.db"
    create_database(file).close()
    code = KILLED.format(root=str(ROOT), file=str(file))
    seen: list[str] = []
    for lines in (37, 90, None):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            seen.append(line.strip())
            if lines is not None and int(line) % 200 >= lines:
                process.send_signal(signal.SIGKILL)
                break
        process.stdout.close()
        process.wait()
    assert seen[-1] == "end"
    whole = create_database(tmp_path / "whole.db")
    index.begin_scan(whole, "plan", SETS)
    index.enter_cases(whole, [scanned(n) for n in range(400)])
    index.finish_scan(whole)
    resumed = open_database(file)
    try:
        assert ranks(resumed) == ranks(whole)
        assert integrity(resumed) == ""
        for case in index.case_ids(whole):
            assert index.candidates_of(resumed, case) == index.candidates_of(whole, case)
    finally:
        resumed.close()
        whole.close()


TEXT = st.text(st.sampled_from("ab/1\x01\x02\x03{}. é"), max_size=12)


@given(case=TEXT, structure=TEXT, path=TEXT)
def test_that_a_path_comes_back_from_its_template_exactly(case: str, structure: str, path: str) -> None:
    mask = Candidate(CandidateId(CaseId(case), structure, "a"), MaskSource(path))
    template = candidates._template(mask)
    if not any(mark in case + structure for mark in "\x01\x02\x03"):
        assert candidates._path(template, case, structure) == path


def test_that_hashes_and_file_facts_come_back_as_they_were_written(database: Database) -> None:
    index.begin_scan(database, "plan", SETS)
    index.enter_cases(database, [scanned(0)])
    index.finish_scan(database)
    mask = CandidateId(CaseId("case 0000"), "liver", "zeta")
    for content, sha in (("ab" * 32, "0f" * 32), ("h", ""), ("AB", "a b")):
        candidates.save_facts(database, [(mask, FileFacts(5, 6, sha, content))], [(mask.case, FileFacts(1, 2, "cd"))])
        (found, facts), *_ = [f for f in candidates.sources_of(database, mask.case, "liver") if f[0].id == mask]
        assert (found.content_hash, found.source_sha256) == (content, sha)
        assert facts == FileFacts(5, 6, sha, content)
        assert candidates.image_facts(database, mask.case) == FileFacts(1, 2, "cd")


def test_that_the_tally_counts_what_the_items_say_after_any_change(database: Database) -> None:
    index.begin_scan(database, "plan", SETS)
    index.enter_cases(database, [scanned(n) for n in range(3)])
    index.finish_scan(database)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE item SET status = 'queued', reader = 'ann' WHERE rank < 4")
        connection.exec_driver_sql("UPDATE item SET orders_agree = 0, findings = 2 WHERE rank IN (2, 5)")
        connection.exec_driver_sql("UPDATE item SET status = 'open', skipped = 1 WHERE rank = 1")
        connection.exec_driver_sql("DELETE FROM item WHERE rank = 6")
    counted = index.counts(database, "ann")
    assert counted["total"] == 7
    assert counted["queued"] == counted["filter:queued"] == 2
    assert counted["skipped"] == 1
    assert counted["filter:orders-disagree"] == counted["filter:findings"] == 2
    assert counted["filter:mine"] == 3
    plain = sqlite3.connect(database.file)
    assert plain.execute("SELECT count(*) FROM item WHERE status = 'open'").fetchone() == (counted["open"],)
    plain.close()


def test_that_keys_name_the_item_of_every_rank(database: Database) -> None:
    index.begin_scan(database, "plan", SETS)
    index.enter_cases(database, [scanned(n) for n in range(5)])
    index.finish_scan(database)
    keys = index.keys(database)
    for rank, case, structure in ranks(database):
        item = ItemId(CaseId(case), structure)
        assert keys.item(rank) == item
        assert keys.rank(item) == rank
    assert keys.item(0) is keys.item(-1) is keys.item(999) is None
    assert keys.rank(ItemId(CaseId("case 0001"), "aorta")) is None
    assert keys.rank(ItemId(CaseId("nowhere"), "liver")) is None
