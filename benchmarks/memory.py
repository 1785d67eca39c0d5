"""Measure whether memory stays flat, `python -m benchmarks.memory`: 200 cases opened in a row, with and without window.

Makes one synthetic case and a review that has it under 200 names, then opens them one after the other in a fresh
process: by `services.comparison.load_stage` alone; with opinions formed on every case; and by the reading of the real
window, offscreen, which fetches ahead and forms opinions besides, in projections and in slices. Prints the resident
memory every ten cases; after the tenth it may grow by 5 %, with slices after the twentieth, when their shelf is full.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.body_review import link_review

CASES = 200
SHAPE = (192, 160, 128)
LABEL_SETS = ("one", "two")
STRUCTURES = ("liver", "spleen", "kidney_left", "kidney_right", "pancreas", "aorta", "stomach", "gall_bladder")
EVERY = 10
ALLOWED = 1.05
FULL = 20
"""Slices are held of up to twelve cases: until so many were opened the shelf only fills."""


def make_review(folder: Path, *, cases: int) -> None:
    """Write one case, link it under many names, and make a review of them."""
    from labelcritic_gui.core.geometry import Geometry, Mask, Volume
    from labelcritic_gui.formats import nifti

    rng = np.random.default_rng(5)
    grid = Geometry(SHAPE, np.diag([2.0, 2.0, 3.0, 1.0]))
    x, y, z = (
        np.linspace(-1, 1, n)[tuple(slice(None) if a == i else None for a in range(3))] for i, n in enumerate(SHAPE)
    )
    hu = np.where((x / 0.8) ** 2 + (y / 0.7) ** 2 < 1, 40.0, -1000.0) + 20 * rng.standard_normal(SHAPE)
    one = folder / "one_case"
    one.mkdir(parents=True)
    nifti.write_ct(one / "ct.nii.gz", Volume(np.asfortranarray(hu.astype(np.int16)), grid))
    for number, label_set in enumerate(LABEL_SETS):
        (one / label_set).mkdir()
        for n, name in enumerate(STRUCTURES):
            centre = rng.uniform(-0.4, 0.4, 3) if number == 0 else np.full(3, 0.1 * n - 0.4)
            ball = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 < 0.04
            nifti.write_mask(one / label_set / f"{name}.nii.gz", Mask.from_array(ball, grid))
    link_review(folder, one, cases=cases, label_sets=LABEL_SETS, structures=STRUCTURES)


def resident_mb() -> float:
    """Return the resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def services():
    from labelcritic_gui.bootstrap import build_services
    from labelcritic_gui.settings import change_settings

    return build_services(change_settings(reader="benchmark", notice_accepted=True))


def open_stages(review: Path, *, opinions: bool) -> list[float]:
    """Open every case by the services; return the memory after each."""
    from labelcritic_gui.core.cases import ItemId
    from labelcritic_gui.services.comparison import ensure_opinions, load_stage
    from labelcritic_gui.store import index

    opened, found = services().open_review(review), []
    for case in index.case_ids(opened.database):
        load_stage(opened, ItemId(case, STRUCTURES[0]))
        if opinions:
            ensure_opinions(opened, case)
        found.append(resident_mb())
    opened.close()
    return found


def look_at_all(looking) -> None:
    """Look at three planes, with the differences and all structures of the case."""
    looking.show_mode("slices")
    looking.toggle_planes()
    looking.show_difference(shown=True)
    looking.toggle_neighbours()


def open_window(review: Path, *, slices: bool = False) -> list[float]:
    """Open every case in the real window, each until its picture is painted and nothing runs any more.

    With `slices`, three planes of every case are looked at, with the differences and all structures of the case.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from labelcritic_gui.app import build_window
    from labelcritic_gui.core.cases import ItemId
    from labelcritic_gui.store import index

    application = QApplication([])
    own = services()
    opened = own.open_review(review)
    cases = index.case_ids(opened.database)
    opened.close()
    window, station, runner = build_window(own)
    failed: list[BaseException] = []
    runner.failed.connect(failed.append)
    window.resize(1366, 768)
    window.show()

    def settle(done) -> None:
        end = time.monotonic() + 120
        while not (done() and runner.idle):
            application.processEvents()
            if failed or time.monotonic() > end:
                raise SystemExit(f"the window did not get there: {failed}")
            time.sleep(0.001)

    station.open(review)
    settle(lambda: station.reading is not None and station.reading.stage is not None)
    reading, found = station.reading, []
    if slices:
        look_at_all(station.looking)
    for case in cases:
        item = ItemId(case, STRUCTURES[0])
        reading.open_item(item)
        settle(lambda: reading.stage is not None and reading.stage.item == item)  # noqa: B023  (called at once)
        if slices:
            settle(lambda: reading.volume is not None and reading.volume.case == case)  # noqa: B023  (called at once)
            station.looking.step_slice(3)
            application.processEvents()
        found.append(resident_mb())
    window.close()
    runner.shutdown()
    return found


WAYS = {
    "stages": lambda review: open_stages(review, opinions=False),
    "stages and opinions": lambda review: open_stages(review, opinions=True),
    "the window": open_window,
    "slices in the window": lambda review: open_window(review, slices=True),
}


def contest(folder: Path, *, cases: int, ways: list[str]) -> int:
    """Run every way in a fresh process with a review of its own; return 1 when memory is not flat."""
    bad = 0
    for way in ways:
        place = folder / way.replace(" ", "_")
        environment = {**os.environ, "LABELCRITIC_HOME": str(place / "home")}
        command = [sys.executable, "-m", "benchmarks.memory", "--cases", str(cases)]
        subprocess.run([*command, "--make", str(place)], check=True, env=environment)
        start = time.perf_counter()
        done = subprocess.run(
            [*command, "--run", way, str(place / "review")], check=True, env=environment, stdout=subprocess.PIPE
        )
        seconds = time.perf_counter() - start
        found = json.loads(done.stdout.splitlines()[-1])
        shown = [f"{found[n]:.0f}" for n in range(EVERY - 1, len(found), EVERY)]
        first = FULL if "slices" in way else EVERY
        most = max(found[first:]) / found[first - 1]
        # slices come and go by tens of megabytes: what stays is judged, what was highest is told
        growth = statistics.median(found[-EVERY:]) / found[first - 1] if "slices" in way else most
        bad += growth > ALLOWED
        print(f"{way}: {len(found)} cases in {seconds:.0f} s; MB after every {EVERY}: {' '.join(shown)}")
        print(f"  most after {first} cases: {100 * (most - 1):+.1f} %", end="")
        print(f"; judged: {100 * (growth - 1):+.1f} % (allowed {100 * (ALLOWED - 1):.0f} %)", flush=True)
    return 1 if bad else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--way", choices=list(WAYS), action="append", help="only this way (may be given again)")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.make:
        make_review(asked.make, cases=asked.cases)
    elif asked.run:
        print(json.dumps(WAYS[asked.run[0]](Path(asked.run[1]))))
    else:
        with tempfile.TemporaryDirectory() as folder:
            raise SystemExit(contest(Path(folder), cases=asked.cases, ways=asked.way or list(WAYS)))


if __name__ == "__main__":
    main()
