"""Half a million items: `python -m benchmarks.worklist`. Builds them in a temporary folder, then uses the real list.

Prints medians and 95th percentiles of 20 against the targets, the plain way (every row a Python object) beside them.
The whole order of a list is fetched after its first page; what a filter or sort costs until then has a line of its own.
"""

import argparse
import gc
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

STRUCTURES = [f"structure_{n:02d}" for n in range(20)]
SETS = ("first", "second", "third")
FILTERS = (
    "status:open",
    "structure:structure_07 dice<0.8",
    "finding:LEAK -structure:structure_1* orders:disagree",
    "case:BDMAP_00012345",
    "case:BDMAP_0001*",
    "note:lobe",
    "audit:yes quality<=1",
    "dice<0.00001",
    "00012 structure_1",
)
BATCH = 100
REPEATS = 20


def build(folder: Path, cases: int) -> dict[str, float]:
    """Fill a review through the scan's own door; return seconds and megabytes."""
    from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, MaskSource
    from labelcritic_gui.store import index, schema
    from labelcritic_gui.store.database import create_database
    from labelcritic_gui.store.review_file import LabelSetEntry, ReviewFile, write_review_file

    folder.mkdir()
    database = create_database(folder / "review.db")

    def scanned(n: int) -> index.ScannedCase:
        case = CaseId(f"BDMAP_{n:08d}")
        masks = [
            index.FoundMask(
                Candidate(CandidateId(case, s, slug), MaskSource(f"{case}/segmentations/{s}.nii.gz")),
                size=20_000 + n,
                mtime=1_700_000_000_000_000_000 + n,
            )
            for slug in SETS
            for s in STRUCTURES
        ]
        return index.ScannedCase(index.FoundCase(case, f"{case}/ct.nii.gz"), n, masks, size=10**8, mtime=17 * 10**17)

    start = time.perf_counter()
    index.begin_scan(database, "benchmark", SETS)
    for first in range(0, cases, BATCH):
        index.enter_cases(database, [scanned(n) for n in range(first, min(cases, first + BATCH))])
    entered = time.perf_counter()
    totals = index.finish_scan(database)
    finished = time.perf_counter()
    assert totals.items == cases * len(STRUCTURES)
    assert totals.in_every_set == totals.items
    rng = random.Random(5)
    rows = [
        (
            rng.choice(("open", "open", "open", "accepted", "queued")),
            rng.choice(("", "", "ann", "bob")),
            rng.choice((None, 1, 1, 0)),
            rng.choice((None, rng.random())),
            rng.choice((0, 0, 0, 2)),
            round(rng.random() * 2, 4),
            rng.choice(("", "", "", " LEAK ", " ISLE MISS ")),
            rng.choice((None, None, 0, 1, 2, 3)),
            rng.choice(("", "first")),
            rng.choice(("", *SETS)),
            rng.choice((None, rng.random())),
            rng.random() < 0.02,
            "left lobe" if rng.random() < 0.001 else "",
            rank,
        )
        for rank in range(1, totals.items + 1)
    ]
    with database.writing() as connection:
        schema.drop_aids(connection)
        connection.exec_driver_sql(
            "UPDATE item SET status = ?, reader = ?, orders_agree = ?, dice = ?, findings = ?, attention = ?, "
            "codes = ?, quality = ?, outcome = ?, pick = ?, confidence = ?, audit = ?, note = ? WHERE rank = ?",
            rows,
        )
        schema.create_aids(connection)
        connection.exec_driver_sql("ANALYZE")
    with database.reading() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    entries = tuple(LabelSetEntry(slug=s, title=s, root="labels") for s in SETS)
    description = ReviewFile(
        title="benchmark", created="", software="", images="images", structures=tuple(STRUCTURES), label_sets=entries
    )
    write_review_file(folder, description)
    return {
        "enter": entered - start,
        "finish": finished - entered,
        "size": (folder / "review.db").stat().st_size / 1e6,
        "candidates": totals.candidates,
        "items": totals.items,
    }


def times(work: Callable[[int], object], repeats: int = REPEATS) -> list[float]:
    found = []
    for n in range(repeats):
        start = time.perf_counter()
        work(n)
        found.append(1000 * (time.perf_counter() - start))
    return sorted(found)


def line(name: str, found: list[float], target: float | None = None) -> None:
    p50, p95 = found[len(found) // 2], found[min(len(found) - 1, round(0.95 * (len(found) - 1)))]
    said = "" if target is None else f"   target {target:5.0f}   {'ok' if p95 <= target else 'MISSED'}"
    print(f"{name:58}{p50:9.1f}{p95:9.1f} ms{said}", flush=True)


def resident() -> float:
    """Megabytes of this process that are in memory now."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize() / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def measure(folder: Path) -> None:
    from PySide6.QtWidgets import QApplication

    from labelcritic_gui.bootstrap import build_services
    from labelcritic_gui.services import worklist as service
    from labelcritic_gui.settings import Settings

    application = QApplication([])
    services = build_services(Settings(reader="ann"))
    print(f"{'':58}{'p50':>9}{'p95':>9}")

    def first_page(_: int) -> None:
        opened = services.open_review(folder)
        service.page(opened, service.WorklistQuery(reader="ann"), limit=200)
        service.counts(opened, "ann")
        opened.close()

    line("open the review, first page, counts", times(first_page), 1000)
    opened = services.open_review(folder)
    everything = service.WorklistQuery(reader="ann")
    line("store: page of 30 rows, everything", times(lambda _: service.page(opened, everything, limit=30)), 5)
    for text in FILTERS:
        for sort in ("attention", "dice", "findings", "reader"):
            query = service.WorklistQuery(text=text, sort=sort, reader="ann")
            found = times(lambda _, q=query: service.page(opened, q, limit=30), 7)
            line(f"store: {text}, by {sort}: page", found, 100)
    for text in FILTERS:
        query = service.WorklistQuery(text=text, reader="ann")
        number = service.count(opened, text, "ann")
        found = times(lambda _, q=query: service.head(opened, q, 200), 7)
        line(f"store: {text}: first 200 rows and which all are ({number:,})", found, 150)
    line("store: counts of every status and filter", times(lambda _: service.counts(opened, "ann")), 50)
    for sort in ("attention", "dice", "reader"):
        query = service.WorklistQuery(sort=sort, reader="ann")
        line(f"store: whole order by {sort} (in the background)", times(lambda _, q=query: service.order(opened, q), 5))
    line("store: how every item stands (in the background)", times(lambda _: service.turns(opened), 5))
    line("store: which item every rank is (once, in the background)", times(lambda _: service.keys(opened), 5))
    line("store: what occurs (once, in the background)", times(lambda _: service.occurring(opened), 5))
    deciding(opened)
    window(application, opened)
    opened.close()


def deciding(opened: Any) -> None:
    """What a decision costs with every index there is."""
    from labelcritic_gui.core.review import Choice
    from labelcritic_gui.services import review, worklist

    items = [row.item for row in worklist.page(opened, worklist.WorklistQuery(), limit=60)]
    found = times(lambda n: review.decide(opened, "ann", items[n], Choice.SKIP), 60)
    line("store: a decision on disk", found, 20)


class Hands:
    """The real list of the window, offscreen, and what a person does with it; each act ends with the rows painted."""

    def __init__(self, application: Any, opened: Any) -> None:
        from labelcritic_gui.ui.tasks import TaskRunner, default_lanes
        from labelcritic_gui.ui.theme import load_theme
        from labelcritic_gui.ui.worklist.panel import WorklistPanel
        from labelcritic_gui.viewmodels.calls import ServiceCalls
        from labelcritic_gui.viewmodels.worklist import Worklist

        self.application = application
        self.runner = TaskRunner(default_lanes(2))
        theme = load_theme("dark")
        self.panel = WorklistPanel(theme)
        self.panel.set_theme(theme)
        self.panel.resize(320, 900)
        self.panel.show()
        application.processEvents()
        self.rows = Worklist(ServiceCalls(opened, "ann"), self.runner, reader="ann")
        self.panel.attach(self.rows, opened.label_sets)
        self.table = self.panel.table
        self.bar = self.table.verticalScrollBar()
        self.resets = 0
        self.rows.reset.connect(self._count)

    def _count(self) -> None:
        self.resets += 1

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the window live until a condition holds."""
        end = time.perf_counter() + 20
        while not condition():
            self.application.processEvents()
            time.sleep(0.0005)  # as the event loop does, leave the processor to the other threads
            if time.perf_counter() > end:
                sys.exit("the list did not get there")

    def visible(self) -> range:
        """Return the places on the screen."""
        first, last = self.table.rowAt(1), self.table.rowAt(self.table.viewport().height() - 2)
        return range(max(0, first), (last if last >= 0 else self.rows.count - 1) + 1)

    def shown(self) -> bool:
        """Say whether every row on the screen is here."""
        return self.rows.count > 0 and all(self.rows.held(n) is not None for n in self.visible())

    def painted(self) -> None:
        """Wait until the rows on the screen are here, and paint them."""
        self.application.processEvents()
        self.until(self.shown)
        self.table.viewport().repaint()

    def settled(self) -> None:
        """Wait until nothing is on its way."""
        self.until(lambda: self.rows.item_at(self.rows.count - 1) is not None and self.runner.idle)

    def waited(self, work: Callable[[int], None]) -> list[float]:
        """Return how long an act took, in ms, again and again."""
        found = []
        for n in range(REPEATS):
            start = time.perf_counter()
            work(n)
            found.append(1000 * (time.perf_counter() - start))
            self.settled()
        return sorted(found)

    def asked(self, **wish: str) -> None:
        """Filter, sort or search, to the first rows painted."""
        before = self.resets
        self.rows.ask(**wish)
        self.until(lambda: self.resets > before)
        self.table.scrollToTop()
        self.painted()

    def jumped(self, place: float) -> None:
        """Pull the scroll bar to a place (0 to 1), to the rows painted."""
        self.bar.setValue(round(self.bar.maximum() * place))
        self.painted()

    def folded(self, n: int) -> None:
        """Fold a case, or open it again."""
        self.rows.lines.fold(n // 2, n % 2 == 0)
        self.painted()

    def undecided(self, start: int) -> None:
        """Go from a place to the next undecided item, to its row painted."""
        (item,) = self.rows.following(self.rows.item_at(start), 1)
        self.panel.show_item(item)
        self.painted()
        assert self.rows.index_of(item) in self.visible()


def window(application: Any, opened: Any) -> None:
    hands = Hands(application, opened)
    gc.collect()
    before = resident()
    start = time.perf_counter()
    hands.rows.load()
    hands.until(lambda: hands.resets > 0)
    hands.painted()
    line("window: load, first rows painted", [1000 * (time.perf_counter() - start)], 1000)
    hands.settled()
    line("window: load, the whole order known", [1000 * (time.perf_counter() - start)], 1000)
    sorts, filters = ("case", "attention", "structure", "dice"), ("undecided", "findings", "queued", "all")
    line("window: another sort, first rows painted", hands.waited(lambda n: hands.asked(sort=sorts[n % 4])), 50)
    line("window: another filter, first rows painted", hands.waited(lambda n: hands.asked(saved=filters[n % 4])), 50)
    hands.asked(sort="attention")
    hands.settled()
    line("window: search as typed, painted", hands.waited(lambda n: hands.asked(text=f"BDMAP_{n:07d}")), 50)
    texts = ("structure:structure_07", "dice<0.2 finding:LEAK", "note:lobe", "status:open reader:bob|ann")
    line("window: filter as typed, painted", hands.waited(lambda n: hands.asked(text=texts[n % 4])), 150)
    hands.asked(text="")
    hands.settled()
    hands.rows.kept.group(True)
    hands.until(lambda: hands.rows.groups is not None)
    line("window: fold and open a case, painted", hands.waited(hands.folded), 50)
    hands.rows.kept.group(False)
    hands.settled()
    rng = random.Random(3)
    line("window: scroll bar to the end and back, painted", hands.waited(lambda n: hands.jumped(1 - n % 2)), 100)
    line("window: scroll bar anywhere, painted", hands.waited(lambda _: hands.jumped(rng.random())), 100)
    far = hands.waited(lambda _: hands.undecided(rng.randrange(hands.rows.count)))
    line("window: to the next undecided from anywhere, painted", far, 100)
    for n in range(400):
        hands.jumped(n / 399)
    grown = resident() - before
    print(f"{'window: memory growth after scrolling through all of it':58}{grown:9.0f} MB   target   300", flush=True)
    hands.panel.attach(None)
    hands.runner.shutdown()


def plain(folder: Path) -> None:
    """The plain way, in a process of its own: every row of the item table becomes a Python object."""
    import sqlite3

    connection = sqlite3.connect(folder / "review.db")
    connection.row_factory = lambda cursor, row: dict(zip((c[0] for c in cursor.description), row, strict=True))
    before = peak()
    start = time.perf_counter()
    rows = connection.execute("SELECT * FROM item ORDER BY skipped, -attention, rank").fetchall()
    loaded = time.perf_counter() - start
    start = time.perf_counter()
    rows.sort(key=lambda r: (r["dice"] is None, r["dice"]))
    ordered = time.perf_counter() - start
    start = time.perf_counter()
    kept = [r for r in rows if "structure_07" in r["structure"]]
    searched = time.perf_counter() - start
    body = {"load": loaded, "sort": ordered, "search": searched, "memory": peak() - before, "kept": len(kept)}
    print(json.dumps(body))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=25_000)
    parser.add_argument("--review", default="", help="measure one that was built before")
    parser.add_argument("--keep", default="", help="build here and keep it")
    parser.add_argument("--plain", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.plain:
        plain(Path(arguments.plain))
        return
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["LABELCRITIC_HOME"] = str(Path(temporary) / "home")
        folder = Path(arguments.review or arguments.keep or Path(temporary) / "review")
        if not arguments.review:
            built = build(folder, arguments.cases)
            print(
                f"built {built['items']:,} items, {built['candidates']:,} candidates: entered in "
                f"{built['enter']:.1f} s, finished in {built['finish']:.1f} s, {built['size']:.0f} MB"
            )
        measure(folder)
        command = [sys.executable, "-m", "benchmarks.worklist", "--plain", str(folder)]
        said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(
            f"the plain way: load {1000 * said['load']:.0f} ms, sort {1000 * said['sort']:.0f} ms, "
            f"search {1000 * said['search']:.0f} ms, {said['memory']:.0f} MB"
        )


if __name__ == "__main__":
    main()
