"""A program killed while it makes patchworks leaves each of them whole, or nothing that anybody would see."""

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from labelcritic_gui.core.review import EventKind
from labelcritic_gui.services import checkup
from labelcritic_gui.services.patchwork_check import patchworks_of, verify_patchworks
from labelcritic_gui.store import index, journal
from tests.making import Dataset

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]
KILLS = int(os.environ.get("LABELCRITIC_KILLS", "12"))


def test_that_a_kill_leaves_patchworks_whole_or_unseen(dataset: Dataset) -> None:
    rng = random.Random(11)
    acknowledged: list[int] = []
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.piecer", str(dataset.folder)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert process.stdout is not None
        acknowledged.append(int(process.stdout.readline()))
        timer = threading.Timer(rng.uniform(0.0, 0.12), process.kill)
        timer.start()
        acknowledged += [int(line) for line in process.stdout if line.endswith("\n")]
        process.wait()
        timer.join()
        process.stdout.close()
    opened = dataset.open()
    made = patchworks_of(opened)
    versions = [p.candidate.version for p in made]
    assert versions == sorted(set(versions)), "no number is used twice"
    assert set(acknowledged) <= set(versions)
    assert len(versions) - len(acknowledged) <= KILLS, "at most the one under way at each kill"
    assert verify_patchworks(opened) == (len(made), ())
    assert all(r.well for r in checkup.check_review(opened))
    shown = index.candidates_of(opened.database, made[0].candidate.case, "liver")
    assert {c.id.version for c in shown if c.id.version > 1} == set(versions)
    events = [e for e in journal.all_events(opened.database) if e.kind is EventKind.DECIDED]
    assert {e.payload["version"] for e in events} <= set(versions)
    assert len(versions) - len(events) <= KILLS
    opened.close()
