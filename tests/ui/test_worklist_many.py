"""A hundred thousand items in the real list: filtered, sorted, grouped, folded, scrolled; few rows are objects."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, MaskSource
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.settings import Settings
from labelcritic_gui.store import index
from labelcritic_gui.store.database import create_database
from labelcritic_gui.store.review_file import LabelSetEntry, ReviewFile, write_review_file
from labelcritic_gui.ui.tasks import TaskRunner, default_lanes
from labelcritic_gui.ui.theme import load_theme
from labelcritic_gui.ui.worklist.panel import WorklistPanel
from labelcritic_gui.viewmodels.calls import ServiceCalls
from labelcritic_gui.viewmodels.worklist import Worklist
from labelcritic_gui.viewmodels.worklist.listing import HELD

CASES = 5_000
STRUCTURES = tuple(f"structure_{n:02d}" for n in range(20))


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenReview]:
    folder = tmp_path_factory.mktemp("many") / "review"
    folder.mkdir()
    database = create_database(folder / "review.db")
    index.begin_scan(database, "many", ("only",))
    for start in range(0, CASES, 500):
        index.enter_cases(database, [scanned(n) for n in range(start, start + 500)])
    index.finish_scan(database)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE item SET dice = (rank * 7 % 100) / 100.0 WHERE rank % 3 = 0")
    database.close()
    description = ReviewFile(
        title="many",
        created="",
        software="",
        images="images",
        structures=STRUCTURES,
        label_sets=(LabelSetEntry(slug="only", title="Only", root="labels"),),
    )
    write_review_file(folder, description)
    opened = build_services(Settings(reader="ann")).open_review(Path(folder))
    yield opened
    opened.close()


def scanned(n: int) -> index.ScannedCase:
    case = CaseId(f"BDMAP_{n:08d}")
    masks = [
        index.FoundMask(Candidate(CandidateId(case, s, "only"), MaskSource(f"{case}/{s}.nii.gz"))) for s in STRUCTURES
    ]
    return index.ScannedCase(index.FoundCase(case, f"{case}.nii.gz"), n, masks)


def test_that_a_hundred_thousand_items_are_filtered_grouped_folded_and_scrolled(qtbot, review: OpenReview) -> None:
    runner = TaskRunner(default_lanes(2))
    panel = WorklistPanel(load_theme("dark"))
    qtbot.addWidget(panel)
    panel.set_theme(panel.table.theme)
    panel.resize(272, 700)
    panel.show()
    worklist = Worklist(ServiceCalls(review, "ann"), runner, reader="ann")
    panel.attach(worklist, review.label_sets)

    def wait(condition) -> None:
        qtbot.waitUntil(lambda: bool(condition()), timeout=20_000)

    def painted() -> bool:
        first, last = panel.table.rowAt(1), panel.table.rowAt(panel.table.viewport().height() - 2)
        places = (worklist.lines.place_at(n) for n in range(max(0, first), last + 1))
        return last >= 0 and all(worklist.held(n) is not None for n in places if n is not None)

    worklist.load()
    wait(lambda: worklist.item_at(99_999) is not None)
    bar = panel.table.verticalScrollBar()
    for share in (1.0, 0.5, 0.25, 0.0):
        bar.setValue(round(bar.maximum() * share))
        wait(painted)
    worklist.ask(text="structure:structure_07 dice<0.5")
    wait(lambda: 0 < worklist.count < 5_000)
    wait(painted)
    worklist.ask(text="", sort="dice", descending=True)
    wait(lambda: worklist.count == 100_000 and worklist.item_at(99_999) is not None)
    row = worklist.held(0)
    assert row is not None
    assert row.dice == 0.99
    worklist.kept.group(True)
    wait(lambda: worklist.groups is not None)
    assert panel.model.rowCount() == 105_000
    worklist.lines.fold_all(True)
    assert panel.model.rowCount() == CASES
    panel.show_item(worklist.item_at(50_000))
    assert panel.model.rowCount() == CASES + 20
    wait(painted)
    assert len(list(worklist.rows)) <= HELD
    panel.attach(None)
    wait(lambda: runner.idle)
    runner.shutdown()
