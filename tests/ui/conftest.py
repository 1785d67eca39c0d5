"""The window offscreen, on a review in memory, with the real lanes; nothing may be left behind."""

import gc
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from labelcritic_gui.settings import Settings
from labelcritic_gui.ui.keymap import default_keys
from labelcritic_gui.ui.main_window import MainWindow
from labelcritic_gui.ui.tasks import TaskRunner, default_lanes
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.station import Station
from tests.viewmodels.fakes import FakeCalls, FakeServices

LANES = ("decide", "store", "cpu", "net")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.gui)
            # the offscreen platform has no window manager and says so
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@dataclass
class Scene:
    """A window on a fake review, and hands."""

    calls: FakeCalls
    services: FakeServices
    runner: TaskRunner
    station: Station
    window: MainWindow
    wait: Callable[..., None]
    failed: list[BaseException] = field(default_factory=list)

    @property
    def reading(self) -> Reading:
        assert self.station.reading is not None
        return self.station.reading

    def open(self) -> None:
        self.station.open(Path("/nowhere/review"))
        self.wait(lambda: self.station.reading is not None)
        self.ready()

    def ready(self) -> None:
        self.wait(lambda: self.station.reading is not None and (self.reading.ready or self.reading.finished))

    def heard(self) -> None:
        self.wait(lambda: self.reading.verdict is not None)

    def press(self, key: Any, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    def decide(self, key: Any) -> None:
        """Press a decision key when the item is on the screen; wait until the next one is."""
        self.ready()
        before = len(self.calls.written)
        self.press(key)
        self.wait(lambda: len(self.calls.written) != before and not self.reading.writing)
        self.ready()


@pytest.fixture
def nothing_left(qapp: QApplication) -> Iterator[None]:
    """No top-level widget and no worker thread outlives the test."""
    before = set(map(id, qapp.topLevelWidgets()))
    yield
    qapp.processEvents()
    _deliver_deletions()
    gc.collect()
    left = [w for w in qapp.topLevelWidgets() if id(w) not in before and w.parent() is None]
    assert left == []
    assert [t.name for t in threading.enumerate() if t.name.startswith(LANES)] == []


@pytest.fixture
def calls() -> FakeCalls:
    """The review in memory; a test module may override it."""
    return FakeCalls()


@pytest.fixture
def scene(nothing_left: None, qtbot: Any, calls: FakeCalls) -> Iterator[Scene]:
    """A shown window without a review."""
    services = FakeServices(Settings(reader="reader", notice_accepted=True), calls)
    runner = TaskRunner(default_lanes(2))
    station = Station(services, runner, bind=lambda opened, reader: opened)
    window = MainWindow(station, runner, default_keys())

    def wait(condition: Callable[[], object]) -> None:
        qtbot.waitUntil(lambda: bool(condition()), timeout=10_000)

    made = Scene(calls, services, runner, station, window, wait)
    runner.failed.connect(made.failed.append)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    yield made
    window.close()
    runner.shutdown()
    assert made.failed == []
    window.deleteLater()
    _deliver_deletions()
    del made.window


def _deliver_deletions() -> None:
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def opened(scene: Scene) -> Scene:
    """The window with the review open, its first item on the screen and the verdict there."""
    scene.open()
    scene.heard()
    return scene


def child(widget: QWidget, kind: type, name: str = "") -> Any:
    found = widget.findChild(kind, name)
    assert found is not None
    return found
