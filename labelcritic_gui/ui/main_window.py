"""The one window: header, start page, reading screen, dialogs; menus and keys come from the tables. Layer: ui."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QIcon
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QStackedWidget, QVBoxLayout, QWidget

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.translation import tr
from labelcritic_gui.ui import theme as themes
from labelcritic_gui.ui.around_window import AroundWindow
from labelcritic_gui.ui.commands import BY_ID, COMMANDS, MENUS, Command, Hand
from labelcritic_gui.ui.keymap import Keys, shown
from labelcritic_gui.ui.screen import ReadingScreen
from labelcritic_gui.ui.screenshots import Screenshots
from labelcritic_gui.ui.session import WindowSession
from labelcritic_gui.ui.shortcuts import Shortcuts
from labelcritic_gui.ui.views.dialogs import TextDialog
from labelcritic_gui.ui.views.header import Header
from labelcritic_gui.ui.views.start_page import StartPage
from labelcritic_gui.viewmodels.context import Condition, holding
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.modes import mode_words
from labelcritic_gui.viewmodels.runner import Runner
from labelcritic_gui.viewmodels.station import Station

SIZE = (1366, 768)
POLL_MS = 100
PRESSING = {"Return", "Enter", "Space"}
"""Keys that press a button where they are not taken for something else."""
LEAVING = {"Decide", "Go", "Review"}
"""Menus whose commands may leave the item: a note that is being written is kept first."""


class MainWindow(AroundWindow):
    """Builds the window around a station. Commands reach it through the `Face` protocol."""

    def __init__(self, station: Station, runner: Runner, keys: Keys) -> None:
        super().__init__(station, runner, keys)
        self._dress_application()
        self.setWindowTitle("Label Critic")
        self.header = Header(self._theme)
        self.start = StartPage(self._theme)
        self.screen_ = ReadingScreen(station, self._theme, self.keys, self.header)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.start)
        self.pages.addWidget(self.screen_)
        self._lay_out()
        self._hand = Hand(station, self)
        self._build_menus()
        self._shortcuts = Shortcuts(self, self.keys, self.trigger)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(lambda: self.start.show_job(station.job))
        self._bind()
        self.session = WindowSession(self, self.screen_, station, runner)
        self.shots = Screenshots(station, runner, lambda: self.screen_.content, self.say, self)

    def _lay_out(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.pages, 1)
        self.setCentralWidget(body)
        self.setMinimumSize(1024, 600)

    def _bind(self) -> None:
        station = self._station
        station.review_changed.connect(self._review_changed)
        station.settings_changed.connect(self._settings_changed)
        station.job_changed.connect(self._job_changed)
        station.mode_changed.connect(lambda: self._shortcuts.set_mode(station.mode))
        station.mode_changed.connect(self.screen_.show_mode)
        for mode in (self.screen_.sheet, self.screen_.patchwork):
            mode.triggered.connect(lambda name: self.trigger(BY_ID[name]))
        station.said.connect(self.say)
        self.told.connect(self.say)
        self.command_chosen.connect(self.trigger)
        self.item_chosen.connect(self._go_to)
        self.structure_chosen.connect(self._show_structure)
        self.keys.changed.connect(self._keys_changed)
        self.start.opened.connect(station.open)
        self.start.new_wanted.connect(self.ask_new_review)
        self.start.open_wanted.connect(self.ask_review)
        self.start.demonstration_wanted.connect(self.ask_demonstration)
        self.start.cancel_wanted.connect(station.cancel_job)
        self.screen_.bar.triggered.connect(lambda name: self.trigger(BY_ID[name]))
        self.screen_.finished.triggered.connect(lambda name: self.trigger(BY_ID[name]))
        self.screen_.cards.sent_wanted.connect(self.show_sent)
        self.screen_.bar.note.returnPressed.connect(self.focus_stage)
        self.screen_.worklist.filter.returnPressed.connect(self.focus_stage)
        self.screen_.worklist.managing.connect(self.ask_filters)
        self.sheet_closed.connect(self.focus_stage)
        self.start.show_recent(station.settings.recent)

    # --- commands ----------------------------------------------------------------------------------------------

    def trigger(self, command: Command) -> None:
        """Run a command if its condition holds; say why not otherwise."""
        if command.menu in LEAVING:
            self.screen_.keep_note()
        if not command.acts_on(self._station.mode):
            return
        if command.when in holding(self._station):
            command.call(self._hand)
            self.heed(command)
        elif self._station.reading is not None:
            # short: it lies beside the reasons, and who pressed the key knows which
            self.say(Message(tr("Only when {condition}.").format(condition=tr(command.when.value))))
        elif PRESSING & set(self.keys[command.id]):
            self._press_button()

    def _press_button(self) -> None:
        """Press the button that has the focus on the start page: Return and Space mean nothing else there."""
        button = QApplication.focusWidget()
        if isinstance(button, QAbstractButton):
            button.click()

    def _go_to(self, item: ItemId) -> None:
        if self._station.reading is not None:
            self.screen_.keep_note()
            self._station.reading.go_to(item)

    def _show_structure(self, name: str) -> None:
        self.screen_.worklist.filter.setText(f"structure:{name}")

    def _keys_changed(self) -> None:
        """Bind the keys anew, and show them wherever they are shown."""
        self._shortcuts.rebind(self.keys)
        for menu in self._menus:
            menu.menuAction().setVisible(False)
            menu.deleteLater()
        self._build_menus()
        self.screen_.show_keys(self.keys)

    def _build_menus(self) -> None:
        self._entries: list[tuple[QAction, Condition]] = []
        self._menus: list[QMenu] = []
        for title in MENUS:
            menu = self.header.menus.addMenu(tr(title))
            self._menus.append(menu)
            menu.aboutToShow.connect(self._refresh_menus)
            for command in COMMANDS:
                if command.menu != title:
                    continue
                key = shown(self._keys[command.id])
                # the key is shown, not bound: keys are bound once, in Shortcuts
                words = tr(command.title)
                action = QAction(f"{words}\t{key}" if key else words, menu)
                if command.icon:
                    action.setIcon(themes.icon(self._theme, command.icon, "text-quiet"))
                action.triggered.connect(lambda _=False, chosen=command: self.trigger(chosen))
                menu.addAction(action)
                self._entries.append((action, command.when))

    def _refresh_menus(self) -> None:
        held = holding(self._station)
        for action, condition in self._entries:
            action.setEnabled(condition in held)

    def hint_parts(self) -> dict[str, Callable[[], QWidget | None]]:
        screen = self.screen_
        return {
            "stage": lambda: screen.stage,
            "bar": lambda: screen.bar,
            "verdict": lambda: screen.cards,
            "menus": lambda: self.header.menus,
        }

    # --- following the station ---------------------------------------------------------------------------------

    def say(self, message: Message) -> None:
        """Show a message; without a review, in place of it, as a dialog for errors."""
        if self.pages.currentWidget() is self.screen_:
            self.screen_.message.say(message)
        elif message.error and self._dialog is None:
            self._open(TextDialog(tr("That did not work"), f"{message.text}\n{message.hint}".strip(), self))

    def _review_changed(self) -> None:
        reading = self._station.reading
        self.screen_.attach()
        self.pages.setCurrentWidget(self.screen_ if reading else self.start)
        words = f"{reading.calls.title} [{mode_words(reading.calls.mode)}] – " if reading else ""
        self.setWindowTitle(f"{words}Label Critic")
        if reading:
            self.focus_stage()
            self._ask_consent_once()

    def _settings_changed(self) -> None:
        settings = self._station.settings
        self.start.show_recent(settings.recent)
        dressed = (self._theme.name, self._theme.scale, self._theme.palette)
        if (settings.theme, settings.font_scale, settings.palette) != dressed:
            self._theme = self.load_theme()
            self._dress_application()
            for part in (self.header, self.start, self.screen_):
                part.set_theme(self._theme)
            self.dress_hints()

    def _dress_application(self) -> None:
        application = QApplication.instance()
        if isinstance(application, QApplication):
            themes.apply(application, self._theme)
        self.setWindowIcon(QIcon(themes.pixmap("app", self._theme.colour("text"), 64)))

    def _job_changed(self) -> None:
        self.start.show_job(self._station.job)
        if self._station.job is not None:
            self._poll.start()
        else:
            self._poll.stop()

    # --- what commands reach for (Face) ------------------------------------------------------------------------

    def zoom(self, steps: int) -> None:
        self.screen_.stage.zoom(steps)

    def reset_view(self) -> None:
        self._station.looking.reset()

    def focus_note(self) -> None:
        self.screen_.bar.note.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_filter(self) -> None:
        self.screen_.worklist.window().activateWindow()
        self.screen_.worklist.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_list(self) -> None:
        self.screen_.worklist.window().activateWindow()
        self.screen_.worklist.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def clear_filter(self) -> None:
        self.screen_.worklist.clear()

    def choose_columns(self) -> None:
        self.screen_.worklist.table.choose_columns()

    def focus_stage(self) -> None:
        self.screen_.focus_content()

    def flash(self, command: str) -> None:
        self.screen_.bar.flash(command)

    def toggle_full_screen(self) -> None:
        self.session.toggle_full_screen()

    def toggle_list_apart(self) -> None:
        self.session.toggle_list()

    def shoot_to_file(self) -> None:
        self.shots.to_file()

    def shoot_to_clipboard(self) -> None:
        self.shots.to_clipboard()

    def quit(self) -> None:
        self.close()

    # --- coming and going --------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        self.session.close()
        self.screen_.keep_note()
        self._station.cancel_job()
        if self._new_review is not None:
            self._new_review.close()
        self._watch.stop()
        if self._model_server is not None:
            self._model_server.close()
        self._station.close_review()
        event.accept()
