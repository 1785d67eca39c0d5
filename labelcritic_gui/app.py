"""The window's door: starts Qt, catches what nobody caught, opens the shell first and the review next. Layer: app."""

import argparse
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from ctypes.util import find_library
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from labelcritic_gui.bootstrap import Services, build_services
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.paths import cache_dir, config_dir, log_dir
from labelcritic_gui.settings import load_settings
from labelcritic_gui.translation import SOURCE_LANGUAGE, use_language

if TYPE_CHECKING:
    from PySide6.QtCore import QMessageLogContext, QtMsgType
    from PySide6.QtWidgets import QApplication

    from labelcritic_gui.ui.main_window import MainWindow
    from labelcritic_gui.ui.scripted import ReadingReport
    from labelcritic_gui.ui.tasks import TaskRunner
    from labelcritic_gui.viewmodels.messages import Message
    from labelcritic_gui.viewmodels.station import Station

    Begin = Callable[[Station], None]

log = logging.getLogger("labelcritic")

LOG_BYTES = 2_000_000
HEARTBEAT_MS = 200
LIBRARIES = {
    "xcb-cursor": "libxcb-cursor0",
    "xcb-icccm": "libxcb-icccm4",
    "xcb-keysyms": "libxcb-keysyms1",
    "EGL": "libegl1",
    "GL": "libgl1",
    "xkbcommon-x11": "libxkbcommon-x11-0",
}
"""What Qt's window needs on Linux: library name, and the Debian package that has it."""


def missing_libraries() -> tuple[str, ...]:
    """Return the Debian packages that a real window lacks here; empty where there is nothing to miss."""
    if not sys.platform.startswith("linux"):
        return ()
    return tuple(package for library, package in LIBRARIES.items() if find_library(library) is None)


def has_display() -> bool:
    """Say whether a window can be shown: a display is there, or Qt was told to do without one."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def start(arguments: argparse.Namespace) -> int:
    """Start the window as the command line asked: `open REVIEW`, `demo FOLDER`, or neither."""
    services = build_services(load_settings())
    if arguments.command == "open":
        return run_window(services, Path(arguments.review))
    if arguments.command == "demo":
        return run_window(services, Path(arguments.folder), demonstration=True)
    return run_window(services, None)


def run_window(services: Services, review_folder: Path | None, *, demonstration: bool = False) -> int:
    """Show the window until it is closed; return the exit code.

    With `demonstration`, `review_folder` is where it is made, or opened when it was made there before (None: the
    cache folder). Raises UserError where no window can be shown.
    """
    _require_display()
    from PySide6.QtWidgets import QApplication

    log_file = start_log()
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    name_application(application)

    def first(station: "Station") -> None:
        if demonstration:
            station.demonstrate(review_folder or cache_dir() / "demonstration")
        elif review_folder is not None:
            station.open(review_folder)

    begin: Begin = first
    while True:
        code, anew = _show_until_closed(application, services, begin, log_file)
        if anew is None:
            return code
        services, begin = build_services(load_settings()), anew


def _show_until_closed(
    application: "QApplication", services: Services, begin: "Begin", log_file: Path | None
) -> "tuple[int, Begin | None]":
    """Show one window; return its exit code, and what the next one begins with when it is to be built anew."""
    from PySide6.QtCore import Qt

    from labelcritic_gui.ui.first_paint import FirstPaint

    problem = speak(services.settings.language)
    window, station, runner = build_window(services)
    restore = catch_surprises(window, runner, log_file)
    next_one: list[Begin] = []

    def build_anew() -> None:
        folder = window.review_folder

        def go_on(station: "Station") -> None:
            if folder is not None:
                station.open(folder)

        next_one.append(go_on)
        window.close()

    def fill() -> None:
        if problem is not None:
            window.say(problem)
        if station.needs_introduction:
            window.introduce(lambda: begin(station))
        else:
            begin(station)

    window.anew_wanted.connect(build_anew, Qt.ConnectionType.QueuedConnection)
    station.review_changed.connect(window.show_hints_once)
    spare_collector(station)
    FirstPaint(window, fill)
    window.show()
    try:
        return application.exec(), (next_one[0] if next_one else None)
    finally:
        runner.shutdown()
        restore()
        window.deleteLater()


def speak(language: str) -> "Message | None":
    """Speak the reader's language; return what went wrong, in English, where its catalogue cannot be read."""
    from labelcritic_gui.viewmodels.messages import of_error

    try:
        use_language(language)
    except UserError as error:
        use_language(SOURCE_LANGUAGE)
        return of_error(error)
    return None


def spare_collector(station: "Station") -> None:
    """Let the garbage collector leave alone what is loaded by now, and by the time the first review is open.

    Modules, classes and tables live as long as the program. Going through them took the window's thread up to 70 ms
    each time that the oldest generation was collected: longer than a frame. Done once: what a window that was built
    anew leaves behind is collected.
    """
    if gc.get_freeze_count():
        return

    def first_review() -> None:
        station.review_changed.disconnect(first_review)
        gc.freeze()

    gc.freeze()
    station.review_changed.connect(first_review)


def build_window(services: Services) -> "tuple[MainWindow, Station, TaskRunner]":
    """Make the window and what it stands on; the caller shows it and shuts the runner down."""
    from labelcritic_gui.ui.keymap import default_keys, load_keys
    from labelcritic_gui.ui.main_window import MainWindow
    from labelcritic_gui.ui.tasks import TaskRunner, default_lanes
    from labelcritic_gui.viewmodels.messages import of_error
    from labelcritic_gui.viewmodels.station import Station

    runner = TaskRunner(default_lanes(services.settings.server.max_in_flight))
    station = Station(services, runner)
    try:
        keys, problem = load_keys(), None
    except UserError as error:
        keys, problem = default_keys(), error
    window = MainWindow(station, runner, keys)
    if problem is not None:
        window.say(of_error(problem))
    return window, station, runner


def run_scripted_reading(services: Services, review_folder: Path, out_dir: Path, *, decisions: int) -> "ReadingReport":
    """Read a review by real key events in the real window and leave screenshots; for machines without a display.

    The caller sets QT_QPA_PLATFORM=offscreen before Qt is imported. Raises UserError when a decision was not taken.
    """
    from PySide6.QtWidgets import QApplication

    from labelcritic_gui.ui.scripted import ScriptedReading

    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    name_application(application)
    speak(services.settings.language)
    window, station, runner = build_window(services)
    caught: list[BaseException] = []
    runner.failed.connect(caught.append)
    try:
        return ScriptedReading(window, station, out_dir, caught).read(review_folder, decisions)
    finally:
        window.close()
        runner.shutdown()
        window.deleteLater()


def name_application(application: object) -> None:
    """Tell the desktop who this is."""
    from PySide6.QtGui import QGuiApplication

    if isinstance(application, QGuiApplication):
        application.setApplicationName("labelcritic")
        application.setApplicationDisplayName("")
        application.setDesktopFileName("labelcritic")


def _require_display() -> None:
    if not has_display():
        raise UserError(
            "There is no display to show a window on.", "Use the command line, or `labelcritic demo --headless`."
        )
    missing = missing_libraries() if os.environ.get("DISPLAY") and not os.environ.get("QT_QPA_PLATFORM") else ()
    if missing:
        raise UserError(
            f"The window needs system libraries that are missing: {', '.join(missing)}.",
            f"On Debian or Ubuntu: sudo apt install {' '.join(missing)}",
        )


def start_log() -> Path | None:
    """Write the log to a file in the log folder; return it, or None where it cannot be written."""
    try:
        log_dir().mkdir(parents=True, exist_ok=True)
        config_dir().mkdir(parents=True, exist_ok=True)
        file = log_dir() / "labelcritic.log"
        handler = RotatingFileHandler(file, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8", delay=True)
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    return file


def catch_surprises(window: "MainWindow", runner: "TaskRunner", log_file: Path | None) -> Callable[[], None]:
    """Route every error nobody caught to a report, Qt's warnings to the log, signals to a clean close.

    Returns what puts everything back.
    """
    from PySide6.QtCore import QTimer, qInstallMessageHandler

    from labelcritic_gui.ui.notify import Notifier

    notifier = Notifier(window.say, log_file, window)
    runner.failed.connect(notifier.caught)

    def main_hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            window.close()
        else:
            notifier.caught(error.with_traceback(trace))

    def thread_hook(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            notifier.caught(arguments.exc_value)

    def from_qt(kind: "QtMsgType", context: "QMessageLogContext", message: str) -> None:  # noqa: ARG001
        log.warning("Qt: %s", message)

    def asked_to_stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  (signature is Python's)
        window.close()

    before = sys.excepthook, threading.excepthook
    sys.excepthook, threading.excepthook = main_hook, thread_hook
    qInstallMessageHandler(from_qt)
    handlers = {number: signal.signal(number, asked_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    heartbeat = QTimer(window, interval=HEARTBEAT_MS)
    heartbeat.timeout.connect(lambda: None)  # lets Python see a signal while Qt waits
    heartbeat.start()

    def restore() -> None:
        heartbeat.stop()
        sys.excepthook, threading.excepthook = before
        qInstallMessageHandler(None)
        for number, handler in handlers.items():
            signal.signal(number, handler)

    return restore
