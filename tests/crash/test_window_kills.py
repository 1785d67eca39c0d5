"""The window killed at random moments after a key: what the reader saw move on is in the journal."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from labelcritic_gui.core.review import Event, EventKind
from labelcritic_gui.services import checkup
from labelcritic_gui.services.new_review import create_review
from labelcritic_gui.services.opinions import ensure_opinions
from labelcritic_gui.services.pictures import case_pictures
from labelcritic_gui.settings import change_settings
from labelcritic_gui.store import index, journal
from tests.making import Dataset, request, write_dataset

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("LABELCRITIC_KILLS", "3"))
CASES = max(4, KILLS // 2)
pytestmark = [pytest.mark.crash, pytest.mark.gui, pytest.mark.e2e, pytest.mark.timeout(120 + 20 * KILLS)]


def start(folder: Path, home: Path, reader: str = "reader", *more: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "LABELCRITIC_HOME": str(home)}
    command = [sys.executable, "-m", f"tests.crash.{reader}", str(folder), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)


def make_review(dataset: Dataset, root: Path, cases: int = CASES) -> Path:
    """Make a review whose pictures and opinions are ready."""
    change_settings(reader="ann", notice_accepted=True)
    write_dataset(root, tuple(f"case_{n}" for n in range(cases)))
    create_review(request(root), dataset.services.structures)
    opened = dataset.services.open_review(root / "review")
    for case in index.case_ids(opened.database):
        case_pictures(opened, case)
        ensure_opinions(opened, case)
    opened.close()
    return root / "review"


def test_killing_the_window_after_a_key_loses_nothing_that_moved_on(
    dataset: Dataset, tmp_path: Path, own_home: Path
) -> None:
    folder = make_review(dataset, tmp_path / "many")
    rng = random.Random(11)
    acknowledged: Counter[tuple[str, ...]] = Counter()
    keys = 0
    for _ in range(KILLS):
        process = start(folder, own_home)
        assert process.stdout is not None
        mine = rng.randint(1, 4)
        for line in process.stdout:
            kind, *rest = line.split()
            if kind == "done":
                acknowledged[tuple(rest)] += 1
                continue
            keys += 1
            mine -= 1
            if mine == 0:
                time.sleep(rng.uniform(0.0, 0.08))  # the moment of the kill is the point, not a wait
                process.kill()
                break
        acknowledged.update(tuple(line.split()[1:]) for line in process.stdout if line.startswith("done"))
        process.stdout.close()
        process.wait()
    opened = dataset.services.open_review(folder)
    try:
        results = checkup.check_review(opened)
        kept = Counter(
            (str(e.item.case), e.item.structure, str(e.payload["choice"]))
            for e in journal.all_events(opened.database)
            if e.kind is EventKind.DECIDED and e.item is not None
        )
    finally:
        opened.close()
    print(f"{KILLS} kills, {keys} keys, {acknowledged.total()} acknowledged, {kept.total()} in the journal")
    assert [r.sentence for r in results if not r.well] == []
    assert acknowledged - kept == Counter()
    assert kept.total() - acknowledged.total() <= KILLS
    assert keys >= KILLS


WORDS = {"undo": EventKind.UNDONE, "redo": EventKind.REDONE, "note": EventKind.NOTED}


def written(event: Event) -> tuple[str, ...]:
    """Return an event as the window acknowledges it."""
    assert event.item is not None
    word = {kind: word for word, kind in WORDS.items()}.get(event.kind, str(event.payload.get("choice")))
    more = (str(event.payload["text"]),) if event.kind is EventKind.NOTED else ()
    return (word, str(event.item.case), event.item.structure, *more)


def test_killing_the_window_while_undoing_redoing_and_noting_loses_nothing_and_comes_back_there(
    dataset: Dataset, tmp_path: Path, own_home: Path
) -> None:
    folder = make_review(dataset, tmp_path / "many", KILLS + 3)
    rng = random.Random(5)
    acknowledged: Counter[tuple[str, ...]] = Counter()
    was_at: tuple[str, ...] | None = None
    returned = 0
    for turn in range(KILLS + 2):
        # every other time the reader rests after some keys, so that it is known where it was
        mine, idle = rng.randint(3, 9), turn % 2 == 0
        process = start(folder, own_home, "second_thoughts", str(mine if idle else 99))
        assert process.stdout is not None
        lines = (line.split() for line in process.stdout)
        first = next(lines)
        assert first[0] == "at"
        if was_at is not None:
            assert tuple(first[1:]) == was_at
            returned += 1
        was_at = tuple(first[1:])
        for kind, *rest in lines:
            if kind == "done":
                acknowledged[tuple(rest)] += 1
            was_at = tuple(rest) if kind == "at" else None
            mine -= kind == "key"
            if mine <= 0 and kind == ("at" if idle else "key"):
                if not idle:
                    time.sleep(rng.uniform(0.0, 0.05))  # the moment of the kill is the point, not a wait
                process.kill()
                break
        for kind, *rest in lines:
            if kind == "done":
                acknowledged[tuple(rest)] += 1
            was_at = None
        process.stdout.close()
        process.wait()
    opened = dataset.services.open_review(folder)
    try:
        results = checkup.check_review(opened)
        kept = Counter(written(e) for e in journal.all_events(opened.database) if e.item is not None)
    finally:
        opened.close()
    print(f"{KILLS + 2} kills, {acknowledged.total()} acknowledged, {kept.total()} kept, {returned} returns checked")
    assert [r.sentence for r in results if not r.well] == []
    assert acknowledged - kept == Counter()
    assert kept.total() - acknowledged.total() <= KILLS + 2
    assert {"undo", "redo", "note"} <= {words[0] for words in acknowledged}
    assert returned
