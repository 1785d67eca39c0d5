"""A whole review of 54 items in the real window, by keys alone and by mouse alone: the journal says what was meant."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from labelcritic_gui.app import build_window, name_application
from labelcritic_gui.bootstrap import Services, build_services
from labelcritic_gui.core.review import EventKind, decision_from
from labelcritic_gui.services.demonstration import create_demonstration
from labelcritic_gui.settings import change_settings
from labelcritic_gui.store import journal
from labelcritic_gui.ui.tasks import TaskRunner
from tests.e2e.reader import WAYS, Keyboard, Meant, Mouse, Reader, mark_sheet, patch

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.gui,
    pytest.mark.timeout(540),
    # the offscreen platform has no window manager and says so
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
SEED = 54
PATCHED, SHEETS = {9, 33}, {14, 30}
"""After so many decisions the next item is pieced together, or nine are decided on the contact sheet."""


@pytest.fixture
def services() -> Services:
    return build_services(change_settings(reader="reader", notice_accepted=True, theme="dark"))


@pytest.fixture
def review(tmp_path: Path, services: Services) -> Path:
    made = create_demonstration(tmp_path / "demo", services.structures, shape=(96, 96, 96))
    return made.review


@pytest.fixture
def reader(request: pytest.FixtureRequest, qapp: QApplication, services: Services, review: Path) -> Iterator[Reader]:
    name_application(qapp)
    window, station, runner = build_window(services)
    caught: list[BaseException] = []
    runner.failed.connect(caught.append)

    def check() -> None:
        if caught:
            raise caught[0]

    window.resize(1366, 768)
    window.show()
    window.activateWindow()
    hands = request.param(window, random.Random(SEED))
    found = Reader(window, station, hands, check)
    station.open(review)
    found.until(lambda: station.reading is not None, "the review is open")
    yield found
    window.close()
    runner.shutdown()
    window.deleteLater()
    assert isinstance(runner, TaskRunner)


@pytest.mark.parametrize("reader", [Keyboard, Mouse], indirect=True, ids=["keys", "mouse"])
def test_that_the_journal_of_54_items_is_what_was_meant(reader: Reader, review: Path, services: Services) -> None:
    ways = list(WAYS)
    turn = patched = sheets = 0
    while not reader.reading.finished:
        if turn in SHEETS:
            sheets += bool(mark_sheet(reader))
        elif turn in PATCHED:
            item = reader.at_item()
            meant = patch(reader)
            assert meant is not None
            reader.until(lambda: reader.reading.finished or reader.reading.item != item, "the next item")  # noqa: B023
            reader.meant[item] = meant
            patched += meant.version == 2
        else:
            reader.decide(_way(reader, ways[turn % len(ways)]))
        turn += 1
        reader.until(lambda: reader.reading.finished or reader.reading.ready, "the next item, or the end")
        assert turn < 120
    assert reader.ways == set(WAYS)
    assert sheets == len(SHEETS)
    assert patched == len(PATCHED)
    _compare(reader, review, services)


def _way(reader: Reader, way: str) -> str:
    """Skip an item once only: a second time it is accepted."""
    item = reader.at_item()
    skipped = way == "skip" and item in reader.meant
    return "first" if skipped else way


def _compare(reader: Reader, review: Path, services: Services) -> None:
    opened = services.open_review(review)
    try:
        states = {item: journal.item_state(opened.database, item) for item in reader.meant}
        events = list(journal.all_events(opened.database))
        assert journal.differences(opened.database) == []
    finally:
        opened.close()
    assert len(reader.meant) == 54
    for item, meant in reader.meant.items():
        last = states[item].last
        assert last is not None, item
        decision = last.decision
        candidate = decision.candidate
        said = Meant(
            decision.choice.value,
            candidate.label_set if candidate else "",
            candidate.version if candidate else 1,
            tuple(sorted(decision.reasons)),
            tuple(sorted(decision.denied)),
            decision.quality,
            states[item].note,
        )
        assert said == meant, item
    decided = [e for e in events if e.kind is EventKind.DECIDED and e.item is not None]
    assert all(decision_from(e.item, e.payload).choice.value for e in decided if e.item is not None)
