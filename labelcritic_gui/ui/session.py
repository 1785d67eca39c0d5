"""The session of the window: where it stands, where its parts are, where the reader is; kept while working. Layer: ui.

Everything is written on the lane of the store, a moment after it changed, so that a kill loses a moment and the window
never waits for a disk.
"""

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow

from labelcritic_gui.ui.list_window import ListWindow
from labelcritic_gui.ui.screen import ReadingScreen
from labelcritic_gui.ui.window_state import bring_back, is_seen, place_window, read_state, write_state
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.session import Session
from labelcritic_gui.viewmodels.station import Station

SOON_MS = 400
"""How long after a change it is written."""
SIZE = (1366, 768)


class WindowSession(QObject):
    """Restores a window, then follows it. `apart` is the worklist's own window while it has one."""

    def __init__(self, window: QMainWindow, screen: ReadingScreen, station: Station, runner: Runner) -> None:
        super().__init__(window)
        self._window, self._screen, self._station, self._runner = window, screen, station, runner
        self.session = Session(station, runner)
        self.apart: ListWindow | None = None
        self._before_full = Qt.WindowState.WindowNoState
        self._written: dict[str, object] = {}
        self._list_geometry: object = None
        self._list_wanted = False
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self.keep)
        self.session.touched.connect(self._later)
        self.session.restored.connect(self._show_filter)
        station.review_changed.connect(self._review_changed)
        screen.splitter.splitterMoved.connect(self._later)
        window.installEventFilter(self)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.screenRemoved.connect(self._screen_gone)
        self._restore()

    # --- restoring ---------------------------------------------------------------------------------------------

    def _restore(self) -> None:
        stored = self._written = read_state()
        self._window.resize(*SIZE)
        place_window(self._window, stored.get("geometry"))
        split = stored.get("splitter")
        if isinstance(split, QByteArray) and not split.isEmpty():
            self._screen.splitter.restoreState(split)
            self._screen.splitter_kept = True
        self._list_geometry = stored.get("list_geometry")
        self._list_wanted = str(stored.get("list_apart", "false")).lower() == "true"

    def _review_changed(self) -> None:
        """Show the list where it was: apart while a review is open, never without one."""
        if self._station.reading is None:
            self._bring_list_back()
        elif self._list_wanted:
            self._part_list()

    def _show_filter(self) -> None:
        worklist = self._station.worklist
        if worklist is not None:
            self._screen.worklist.filter.setText(worklist.query.text)

    # --- keeping -----------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.WindowStateChange}:
            self._later()
        return super().eventFilter(watched, event)

    def _later(self, *_: object) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def keep(self, *, at_end: bool = False) -> None:
        """Write what changed."""
        self.session.keep(at_end=at_end)
        state = self._state()
        if state != self._written:
            self._written = state
            lane = Lane.DECIDE if at_end else Lane.STORE
            self._runner.run(lane, lambda: write_state(state), _nothing)

    def _state(self) -> dict[str, object]:
        if self.apart is not None:
            self._list_geometry = self.apart.saveGeometry()
        state: dict[str, object] = {
            "geometry": self._window.saveGeometry(),
            "list_apart": "true" if self._list_wanted else "false",
        }
        if self._list_geometry is not None:
            state["list_geometry"] = self._list_geometry
        if self._screen.isVisible() and self.apart is None and self._screen.shows_all:
            state["splitter"] = self._screen.splitter.saveState()
        elif "splitter" in self._written:
            state["splitter"] = self._written["splitter"]
        return state

    def close(self) -> None:
        """Write everything once more, at the end: the lanes are still there. The list's window closes with it."""
        self._soon.stop()
        self.keep(at_end=True)
        if self.apart is not None:
            wanted = self._list_wanted
            self._bring_list_back()
            self._list_wanted = wanted

    # --- the whole screen, and the second one ------------------------------------------------------------------

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back to how the window stood."""
        window = self._window
        if window.isFullScreen():
            window.setWindowState(self._before_full & ~Qt.WindowState.WindowFullScreen)
        else:
            self._before_full = window.windowState()
            window.setWindowState(window.windowState() | Qt.WindowState.WindowFullScreen)

    def toggle_list(self) -> None:
        """Put the worklist into a window of its own, or bring it back."""
        self._list_wanted = self.apart is None
        if self._list_wanted:
            self._part_list()
        else:
            self._bring_list_back()
        self._later()

    def _part_list(self) -> None:
        if self.apart is not None:
            return
        self.apart = apart = ListWindow(self._screen.part_list(), self._window)
        apart.closing.connect(self._list_closed)
        apart.moved.connect(self._later)
        if self._list_geometry is None:
            self._propose(apart)
        place_window(apart, self._list_geometry)
        apart.show()
        self._window.activateWindow()
        self._screen.focus_content()

    def _propose(self, apart: ListWindow) -> None:
        """Put the list on another screen than the stage, where there is one."""
        here = self._window.screen()
        other = next((screen for screen in QGuiApplication.screens() if screen is not here), None)
        if other is not None:
            room = other.availableGeometry()
            apart.resize(apart.size().boundedTo(room.size()))
            apart.move(room.topLeft())

    def _list_closed(self) -> None:
        """Take the list back when a person closed its window."""
        if self.apart is not None:
            self._list_wanted = False
            self._bring_list_back()
            self._later()

    def _bring_list_back(self) -> None:
        apart, self.apart = self.apart, None
        if apart is None:
            return
        self._list_geometry = apart.saveGeometry()
        self._screen.take_list_back()
        apart.close()
        apart.deleteLater()
        self._screen.focus_content()

    def _screen_gone(self, *_: object) -> None:
        for window in (self._window, self.apart):
            if window is not None and not is_seen(window.frameGeometry()):
                bring_back(window)


def _nothing(_: object) -> None:
    """Take a result nobody waits for."""
