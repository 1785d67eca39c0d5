"""The stage as it is drawn, pixel by pixel, against stored pictures."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from labelcritic_gui.app import build_window, name_application
from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.services.demonstration import create_demonstration
from labelcritic_gui.settings import change_settings
from labelcritic_gui.ui.scripted import wait_for
from tests.e2e.reader import press
from tests.snapshots import assert_looks_as_stored

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.gui,
    pytest.mark.pixel,
    pytest.mark.timeout(240),
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
LOOKS: dict[str, tuple[str, ...]] = {
    "projection": (),
    "projection-lateral": ("Q",),
    "projection-difference": ("D",),
    "slices": ("Space",),
    "slices-outline": ("Space", "F"),
    "slices-neighbours": ("Space", "H"),
    "slices-difference": ("Space", "D"),
    "slices-swipe": ("Space", "V"),
    "slices-bone": ("Space", "F5", "+", "+"),
    "three-planes": ("Space", "L"),
    "tour": ("Space", "N"),
}
"""The keys that lead to a look."""
FULL = ("Space", "L", "Q", "H", "D", "V")


class Stage:
    """The stage of the window on an item."""

    def __init__(self, window, station, runner) -> None:  # type: ignore[no-untyped-def]
        self.window, self.station, self.runner = window, station, runner
        self.widget = window.screen_.stage

    def press(self, key: str) -> None:
        press(self.window, key)
        self.settle()

    def settle(self) -> None:
        """Wait until what was asked for is drawn, the tour's first stop too."""
        wait_for(lambda: self.runner.idle and self.station.reading.ready, "the stage is quiet")
        wait_for(lambda: self.station.looking.mode == "projection" or self.station.looking.volume is not None, "slices")
        QApplication.processEvents()


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pixels")
    services = build_services(change_settings(reader="reader", notice_accepted=True))
    return create_demonstration(folder / "demo", services.structures, count=1, shape=(96, 96, 96)).review


@pytest.fixture
def stage(qapp: QApplication, review: Path) -> Iterator[Callable[[], Stage]]:
    name_application(qapp)
    window, station, runner = build_window(build_services(change_settings(reader="reader", notice_accepted=True)))
    window.resize(1366, 768)
    window.show()
    station.open(review)
    wait_for(lambda: station.reading is not None and station.reading.ready, "the review is open")
    station.reading.go_to(ItemId(CaseId("LC_0001"), "stomach"))
    made = Stage(window, station, runner)
    wait_for(lambda: station.reading.verdict is not None, "the critic has spoken")
    made.settle()
    yield made
    window.close()
    runner.shutdown()
    window.deleteLater()


@pytest.mark.parametrize("look", LOOKS)
def test_that_the_stage_is_drawn_as_stored(stage: Stage, look: str, tmp_path: Path) -> None:
    for key in LOOKS[look]:
        stage.press(key)
    assert_looks_as_stored(stage.widget, f"stage-{look}", tmp_path)
