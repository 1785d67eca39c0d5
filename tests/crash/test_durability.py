"""What was acknowledged survives: the process killed at any moment, and the power cut at any moment."""

import os
import random
import shutil
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelcritic_gui.services import checkup
from labelcritic_gui.store import journal
from tests.making import Dataset

HERE = Path(__file__).parent
pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]
KILLS = int(os.environ.get("LABELCRITIC_KILLS", "12"))


def start(folder: Path, count: int, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crash.decider", str(folder), str(count)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE.parents[1],
        env={**os.environ, **environment},
    )


def events_of(dataset: Dataset) -> list[str]:
    opened = dataset.open()
    try:
        assert all(r.well for r in checkup.check_review(opened))
        return [e.uuid for e in journal.all_events(opened.database)]
    finally:
        opened.close()


def test_killing_the_process_at_any_moment_loses_nothing_acknowledged(dataset: Dataset) -> None:
    rng = random.Random(7)
    acknowledged: list[str] = []
    for _ in range(KILLS):
        process = start(dataset.folder, 100_000)
        assert process.stdout is not None
        acknowledged.append(process.stdout.readline().strip())
        timer = threading.Timer(rng.uniform(0.0, 0.05), process.kill)
        timer.start()
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
        process.wait()
        timer.join()
        process.stdout.close()
    kept = events_of(dataset)
    assert set(acknowledged) <= set(kept)
    assert len(set(kept)) == len(kept)
    # at most the one decision under way at each kill is there without having been acknowledged
    assert len(kept) - len(acknowledged) <= KILLS


def shim(folder: Path) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs a C compiler on Linux to record what is synced")
    library = folder / "powerloss.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(HERE / "powerloss.c"), "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return library


def entries(log: bytes) -> Iterator[tuple[str, str, int, bytes]]:
    """Yield (kind, file, offset or size, bytes) as they were recorded."""
    at = 0
    while at < len(log):
        kind = chr(log[at])
        (length,) = struct.unpack_from("<i", log, at + 1)
        name = log[at + 5 : at + 5 + length].decode()
        offset, count = struct.unpack_from("<qq", log, at + 5 + length)
        start = at + 21 + length
        size = count if kind == "W" else 0
        yield kind, name, offset, log[start : start + size]
        at = start + size


def after_power_cut(before: dict[str, bytes], log: list[tuple[str, str, int, bytes]]) -> dict[str, bytes]:
    """Return the files as the disk has them when every write that was not yet synced is dropped."""
    disk = {name: bytearray(content) for name, content in before.items()}
    pending: dict[str, list[tuple[str, int, bytes]]] = {}
    for kind, name, offset, content in log:
        if kind != "S":
            pending.setdefault(name, []).append((kind, offset, content))
            continue
        file = disk.setdefault(name, bytearray())
        for action, place, written in pending.pop(name, []):
            if action == "T":
                del file[place:]
                file.extend(b"\0" * (place - len(file)))
            else:
                file.extend(b"\0" * max(0, place + len(written) - len(file)))
                file[place : place + len(written)] = written
    return {name: bytes(content) for name, content in disk.items()}


def test_a_power_cut_that_drops_every_unsynced_write_loses_nothing_acknowledged(
    dataset: Dataset, tmp_path: Path
) -> None:
    before = {p.name: p.read_bytes() for p in dataset.folder.glob("review.db*") if not p.name.endswith("-shm")}
    log = tmp_path / "log"
    process = start(dataset.folder, 40, LD_PRELOAD=str(shim(tmp_path)), POWERLOSS_LOG=str(log))
    assert process.stdout is not None
    # the log's length at each acknowledgement is not known from outside, so the cut comes after the last one,
    # before anything else (the closing checkpoint) is believed to have happened
    acknowledged = [process.stdout.readline().strip() for _ in range(40)]
    recorded = list(entries(log.read_bytes()))
    process.stdout.read()
    process.stdout.close()
    assert process.wait() == 0
    syncs = [n for n, entry in enumerate(recorded) if entry[0] == "S"]
    assert len(syncs) >= 40
    disk = after_power_cut(before, recorded)
    for file in dataset.folder.glob("review.db*"):
        file.unlink()
    for name, content in disk.items():
        (dataset.folder / name).write_bytes(content)
    assert set(acknowledged) <= set(events_of(dataset))
