"""The window's own thread never works for long, whatever the reader does. What it waits for is not counted here:
tests share their machine with others."""

import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QTimer

from tests.ui.conftest import Scene
from tests.viewmodels.fakes import FakeCalls

K = Qt.Key
LONGEST_MS = 50.0
BEAT_MS = 2


@pytest.fixture
def calls() -> FakeCalls:
    return FakeCalls(12)


class Heart:
    """Beats in the event loop; notes how long the thread worked between two beats."""

    def __init__(self, scene: Scene) -> None:
        self.worked: list[float] = []
        self._last = time.thread_time()
        self._timer = QTimer(scene.window, interval=BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.thread_time()
        self.worked.append(1000 * (now - self._last))
        self._last = now


@pytest.fixture
def heart(opened: Scene) -> Iterator[Heart]:
    """A heartbeat that begins once the window is warm: fonts and styles are read at first use."""
    opened.decide(K.Key_1)
    made = Heart(opened)
    yield made
    assert len(made.worked) > 20
    assert max(made.worked) < LONGEST_MS, f"the window's thread worked {max(made.worked):.0f} ms without a pause"


def test_that_deciding_never_holds_the_window(opened: Scene, heart: Heart) -> None:
    for n in range(12):
        opened.decide((K.Key_1, K.Key_2, K.Key_X, K.Key_S)[n % 4])


def test_that_the_contact_sheet_never_holds_the_window(opened: Scene, heart: Heart) -> None:
    opened.press(K.Key_G)
    sheet = opened.station.sheet()
    assert sheet is not None
    for _ in range(2):
        opened.wait(lambda: sheet.loaded == len(sheet.board.cells) > 0 and sheet.board.settled)
        written = len(opened.calls.written)
        opened.press(K.Key_3)
        opened.press(K.Key_A)
        opened.press(K.Key_Return)
        opened.wait(lambda written=written: len(opened.calls.written) > written and not sheet.writing)


def test_that_the_list_and_its_filter_never_hold_the_window(opened: Scene, heart: Heart) -> None:
    for key in (K.Key_J, K.Key_J, K.Key_K, K.Key_Slash, K.Key_L, K.Key_I, K.Key_V):
        opened.press(key)
    opened.wait(lambda: opened.reading.worklist.query.text == "liv")
    opened.press(K.Key_Escape)
    opened.ready()
