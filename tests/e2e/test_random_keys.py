"""Keys and clicks at random in the real window: nothing fails, and the journal stays whole."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

from labelcritic_gui.app import build_window, name_application
from labelcritic_gui.bootstrap import Services, build_services
from labelcritic_gui.services.demonstration import create_demonstration
from labelcritic_gui.settings import change_settings
from labelcritic_gui.store import journal
from labelcritic_gui.ui.commands import COMMANDS
from labelcritic_gui.ui.scripted import wait_for

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.gui,
    pytest.mark.timeout(400),
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
STEPS = int(os.environ.get("LABELCRITIC_RANDOM_STEPS", "350"))
LEFT_OUT = {"app.quit", "review.close", "review.demonstrate"}
"""What leaves the review."""


@pytest.fixture(autouse=True)
def nobody_chooses_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own dialogs wait for a person; here they are cancelled."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: "")
    for name in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *_, **__: ("", ""))


@pytest.fixture
def services() -> Services:
    return build_services(change_settings(reader="reader", notice_accepted=True))


@pytest.fixture
def review(tmp_path: Path, services: Services, request: pytest.FixtureRequest) -> Path:
    made = create_demonstration(tmp_path / "demo", services.structures, count=2, shape=(80, 80, 80))
    file = made.review / "review.toml"
    file.write_text(file.read_text("utf-8").replace('mode = "assisted"', f'mode = "{request.param}"'), "utf-8")
    return made.review


@pytest.fixture
def scene(qapp: QApplication, services: Services, review: Path) -> Iterator[tuple]:  # type: ignore[type-arg]
    name_application(qapp)
    window, station, runner = build_window(services)
    caught: list[BaseException] = []
    runner.failed.connect(caught.append)
    window.resize(1366, 768)
    window.show()
    station.open(review)
    wait_for(lambda: bool(caught) or (station.reading is not None and station.reading.ready), "the review is open")
    yield window, station, runner, caught
    window.close()
    runner.shutdown()
    window.deleteLater()


@pytest.mark.parametrize(
    ("review", "seed"), [("assisted", 1), ("blind-first", 2), ("blind", 3)], indirect=["review"], ids=str
)
def test_that_random_keys_and_clicks_break_nothing(scene: tuple, review: Path, services: Services, seed: int) -> None:  # type: ignore[type-arg]
    window, station, runner, caught = scene
    rng = random.Random(seed)
    keys = [key for command in COMMANDS if command.id not in LEFT_OUT for key in command.keys]
    done: list[str] = []
    for _ in range(STEPS):
        done.append(_act(window, rng, keys))
        for _ in range(rng.randrange(4)):
            QApplication.processEvents()
        if rng.random() < 0.1:
            wait_for(lambda: bool(caught) or runner.idle, f"quiet lanes after {done[-5:]}")
        assert not caught, (done[-8:], caught)
        _close_what_opened(window, rng)
    wait_for(lambda: bool(caught) or runner.idle, "quiet lanes")
    assert not caught, (done[-8:], caught)
    assert station.reading is not None
    opened = services.open_review(review)
    try:
        assert journal.differences(opened.database) == []
    finally:
        opened.close()


def _act(window: QWidget, rng: random.Random, keys: list[str]) -> str:
    """Press a key, or click, wheel or drag somewhere; return what was done."""
    if rng.random() < 0.75:
        key = rng.choice(keys)
        combination = QKeySequence.fromString(key, QKeySequence.SequenceFormat.PortableText)[0]
        target = QApplication.focusWidget() or window
        QTest.keyClick(target, combination.key(), combination.keyboardModifiers())
        return key
    widgets = [w for w in window.findChildren(QWidget) if w.isVisible() and w.width() > 4 and w.height() > 4]
    chosen = rng.choice(widgets)
    at = QPoint(rng.randrange(chosen.width()), rng.randrange(chosen.height()))
    where = f"{type(chosen).__name__} {chosen.accessibleName()}"
    kind = rng.randrange(4)
    if isinstance(chosen, QMenu) or kind == 0:
        turn = QWheelEvent(
            QPointF(at),
            QPointF(chosen.mapToGlobal(at)),
            QPoint(),
            QPoint(0, rng.choice((-120, 120))),
            Qt.MouseButton.NoButton,
            rng.choice((Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier)),
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(chosen, turn)
        return f"wheel on {where}"
    if chosen.window().metaObject().className() != window.metaObject().className() or "menu" in where.lower():
        return "nothing"
    button = rng.choice((Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton))
    if kind == 1:
        to = QPoint(rng.randrange(chosen.width()), rng.randrange(chosen.height()))
        QTest.mousePress(chosen, button, Qt.KeyboardModifier.NoModifier, at)
        QTest.mouseMove(chosen, to)
        QTest.mouseRelease(chosen, button, Qt.KeyboardModifier.NoModifier, to)
        return f"drag on {where}"
    QTest.mouseClick(chosen, button, Qt.KeyboardModifier.NoModifier, at)
    return f"click on {where}"


def _close_what_opened(window: QWidget, rng: random.Random) -> None:
    """Close a dialog or a menu after a while, so that the reading goes on."""
    popup = QApplication.activePopupWidget()
    if popup is not None:
        popup.close()
    dialog = QApplication.activeModalWidget()
    if dialog is not None and rng.random() < 0.4:
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
