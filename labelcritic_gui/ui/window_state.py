"""Where windows stand on the screens: kept in `window.ini`, and brought back to where they can be seen. Layer: ui."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, QRect, QSettings
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from labelcritic_gui.paths import config_dir

LEAST_SEEN = 120
"""Of a window's title, in px: less than this on any screen and nobody finds or moves it."""
TITLE_H = 32


def state_file() -> Path:
    """Return where the state of the windows is kept."""
    return config_dir() / "window.ini"


def read_state() -> dict[str, object]:
    """Return what was kept; it may be empty."""
    stored = QSettings(str(state_file()), QSettings.Format.IniFormat)
    return {key: stored.value(key) for key in stored.allKeys()}


def write_state(state: dict[str, object]) -> None:
    """Keep values; those of other keys stay. It takes a disk's time: not for the GUI thread."""
    stored = QSettings(str(state_file()), QSettings.Format.IniFormat)
    for key, value in state.items():
        stored.setValue(key, value)
    stored.sync()


def place_window(window: QWidget, geometry: object) -> None:
    """Put a window where it was, and where it can be seen: its screen may be gone, or smaller now."""
    if isinstance(geometry, QByteArray) and not geometry.isEmpty():
        window.restoreGeometry(geometry)
    if not is_seen(window.frameGeometry()):
        bring_back(window)


def is_seen(frame: QRect) -> bool:
    """Say whether enough of a window's title is on a screen."""
    title = QRect(frame.topLeft(), QPoint(frame.right(), frame.top() + TITLE_H))
    wanted = min(LEAST_SEEN, frame.width())
    parts = (screen.availableGeometry().intersected(title) for screen in QGuiApplication.screens())
    return any(part.width() >= wanted and part.height() >= TITLE_H // 2 for part in parts)


def bring_back(window: QWidget) -> None:
    """Put a window in the middle of the first screen, no larger than that."""
    room = QGuiApplication.primaryScreen().availableGeometry()
    size = window.size().boundedTo(room.size())
    window.resize(size)
    window.move(room.center() - QPoint(size.width() // 2, size.height() // 2))
