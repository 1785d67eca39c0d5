"""The window's door: a scripted reading of a real review, surprises, what a system lacks."""

import gc
import logging
import os
import signal
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QtMsgType, qWarning
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from labelcritic_gui import app
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.review import Choice
from labelcritic_gui.paths import log_dir
from labelcritic_gui.services import review as reviews
from labelcritic_gui.ui.views.dialogs import TextDialog
from tests.making import make_dataset


def test_that_a_scripted_reading_decides_by_every_key_and_leaves_pictures(nothing_left, qtbot, tmp_path) -> None:
    dataset = make_dataset(tmp_path)
    report = app.run_scripted_reading(dataset.services, dataset.folder, tmp_path / "shots", decisions=7)
    qtbot.wait(1)
    made = {step.choice for step in report.steps}
    assert {Choice.ACCEPT, Choice.EDIT, Choice.NONE, Choice.ABSENT} <= made
    assert report.undone is not None
    for file in report.screenshots:
        image = QImage(str(file))
        assert image.width() >= 500
        colours = {image.pixel(x, y) for x in range(0, image.width(), 9) for y in range(0, image.height(), 9)}
        assert len(colours) > 5, file.name
    opened = dataset.open()
    try:
        last = {step.item: step.choice for step in report.steps}
        for item, choice in last.items():
            standing = reviews.item_state(opened, item).last
            assert standing is not None
            assert standing.decision.choice is choice
    finally:
        opened.close()


def test_that_a_scripted_reading_of_no_review_says_so(nothing_left, qtbot, tmp_path) -> None:
    dataset = make_dataset(tmp_path)
    with pytest.raises(UserError):
        app.run_scripted_reading(dataset.services, tmp_path / "nothing", tmp_path / "shots", decisions=1)
    qtbot.wait(1)


@pytest.fixture
def caught(scene):
    hooks = sys.excepthook, threading.excepthook, signal.getsignal(signal.SIGTERM)
    file = app.start_log()
    restore = app.catch_surprises(scene.window, scene.runner, file)
    yield file
    restore()
    assert (sys.excepthook, threading.excepthook, signal.getsignal(signal.SIGTERM)) == hooks
    for handler in list(logging.getLogger().handlers):
        if getattr(handler, "baseFilename", "").startswith(str(log_dir())):
            logging.getLogger().removeHandler(handler)
            handler.close()


def report_text(scene) -> str:
    scene.wait(lambda: isinstance(QApplication.activeModalWidget(), TextDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, TextDialog)
    text = dialog.text.toPlainText()
    dialog.accept()
    return text


def raise_defect() -> None:
    raise ZeroDivisionError("a defect")


def test_that_a_defect_on_the_gui_thread_becomes_a_report_and_a_log(scene, caught: Path) -> None:
    try:
        raise_defect()
    except ZeroDivisionError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert "raise_defect" in report_text(scene)
    assert "raise_defect" in caught.read_text("utf-8")


def test_that_a_defect_on_any_thread_becomes_a_report(scene, caught) -> None:
    thread = threading.Thread(target=raise_defect)
    thread.start()
    thread.join()
    assert "a defect" in report_text(scene)


def test_that_a_defect_in_a_lane_becomes_a_report(scene, caught) -> None:
    from labelcritic_gui.viewmodels.runner import Lane

    scene.runner.run(Lane.CPU, raise_defect, lambda _: None)
    assert "raise_defect" in report_text(scene)
    scene.failed.clear()


def test_that_what_qt_warns_of_is_logged(scene, caught: Path) -> None:
    qWarning("a warning of Qt")
    assert "a warning of Qt" in caught.read_text("utf-8")
    assert QtMsgType.QtWarningMsg is not None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGTERM to a window")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_that_a_signal_closes_the_window_cleanly(scene, caught, number) -> None:
    scene.open()
    os.kill(os.getpid(), number)
    scene.wait(lambda: not scene.window.isVisible())
    scene.wait(lambda: scene.calls.closed)


def test_that_missing_libraries_are_named_by_their_debian_packages(monkeypatch) -> None:
    monkeypatch.setattr(app, "find_library", lambda name: None if name == "xcb-cursor" else f"lib{name}.so")
    monkeypatch.setattr(sys, "platform", "linux")
    assert app.missing_libraries() == ("libxcb-cursor0",)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("QT_QPA_PLATFORM")
    with pytest.raises(UserError, match="sudo apt install libxcb-cursor0"):
        app._require_display()


def test_that_no_display_is_a_sentence(monkeypatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserError, match="no display"):
        app._require_display()


def test_that_starting_imports_nothing_heavy(tmp_path) -> None:
    import subprocess

    code = (
        "import sys\n"
        "from labelcritic_gui import app\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from labelcritic_gui.bootstrap import build_services\n"
        "from labelcritic_gui.settings import Settings\n"
        "a = QApplication([])\n"
        "w, s, r = app.build_window(build_services(Settings()))\n"
        "w.show(); a.processEvents()\n"
        "print([m for m in ('scipy', 'cv2', 'openai', 'pandas', 'pyqtgraph', 'nibabel') if m in sys.modules])\n"
        "w.close(); r.shutdown()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_that_a_bad_key_file_is_said_and_the_window_opens_with_the_default_keys(nothing_left, qtbot, tmp_path) -> None:
    from labelcritic_gui.ui.keymap import keys_file

    dataset = make_dataset(tmp_path)
    keys_file().parent.mkdir(parents=True, exist_ok=True)
    keys_file().write_text('"decide.edit" = ["X"]', "utf-8")
    window, _, runner = app.build_window(dataset.services)
    window.show()
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is not None)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, TextDialog)
    assert "gives X to" in dialog.text.toPlainText()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    window.close()
    runner.shutdown()
    window.deleteLater()


def test_that_another_language_builds_the_window_anew_and_ends_with_it(tmp_path) -> None:
    import subprocess

    code = (
        "from PySide6.QtCore import QTimer\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from labelcritic_gui import app\n"
        "from labelcritic_gui.bootstrap import build_services\n"
        "from labelcritic_gui.settings import change_settings\n"
        "from labelcritic_gui.ui.main_window import MainWindow\n"
        "services = build_services(change_settings(reader='r', notice_accepted=True, language='en'))\n"
        "a = QApplication([])\n"
        "seen = []\n"
        "def look():\n"
        "    shown = [w for w in a.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible()]\n"
        "    if not shown: return\n"
        "    words = shown[-1].header.menus.actions()[1].text()\n"
        "    if words in seen: return\n"
        "    seen.append(words)\n"
        "    shown[-1]._station.change(language='de') if len(seen) == 1 else shown[-1].close()\n"
        "timer = QTimer(interval=20); timer.timeout.connect(look); timer.start()\n"
        "print(app.run_window(services, None), *seen)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=50)
    assert done.stdout.strip() == "0 Decide Entscheiden", done.stderr


def test_that_the_collector_leaves_alone_what_was_loaded_to_start(opened) -> None:
    assert gc.get_freeze_count() == 0
    try:
        app.spare_collector(opened.station)
        before = gc.get_freeze_count()
        assert before > 10_000
        first = [[] for _ in range(5000)]
        opened.station.review_changed.emit()
        after = gc.get_freeze_count()
        assert after > before + len(first) - 1000  # some of what was loaded went by itself meanwhile
        second = [[] for _ in range(5000)]
        opened.station.review_changed.emit()
        app.spare_collector(opened.station)
        assert gc.get_freeze_count() < after + len(second) - 1000  # only what the first review brought
    finally:
        gc.unfreeze()
