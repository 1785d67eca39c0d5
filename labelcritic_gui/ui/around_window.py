"""A window with what is around the reading: palette, preferences, keys in force, key sheet, hints. Layer: ui."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.translation import N_, language, tr, use_language
from labelcritic_gui.ui import theme as themes
from labelcritic_gui.ui.commands import BY_ID, COMMANDS, Command
from labelcritic_gui.ui.keymap import Keys, shown, write_keys
from labelcritic_gui.ui.keys_in_force import KeysInForce
from labelcritic_gui.ui.sheet_window import SheetWindow
from labelcritic_gui.ui.views.hints import Bubble, Hint
from labelcritic_gui.viewmodels.context import holding
from labelcritic_gui.viewmodels.messages import of_error
from labelcritic_gui.viewmodels.palette import Entry, Kind, used
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.screens import ScreenMode
from labelcritic_gui.viewmodels.station import Station

_MODE_REASONS = {
    ScreenMode.READING: N_("only while items are read one by one"),
    ScreenMode.SHEET: N_("only on the contact sheet"),
    ScreenMode.PATCHWORK: N_("only in the patchwork"),
}
GOING_ON = {"Decide", "Go"}
"""Menus whose commands say that the reader goes on: the next hint is shown."""


class AroundWindow(SheetWindow):
    """Emits what was chosen in the palette, and `anew_wanted` when the window has to be built again (language)."""

    command_chosen = Signal(object)
    item_chosen = Signal(object)
    structure_chosen = Signal(str)
    anew_wanted = Signal()

    def __init__(self, station: Station, runner: Runner, keys: Keys) -> None:
        self.keys = KeysInForce(keys, self._keep_keys)
        super().__init__(station, runner, self.keys)
        self._recent: tuple[str, ...] = ()
        self._bubble: Bubble | None = None
        station.settings_changed.connect(self._speak)

    def load_theme(self) -> themes.Theme:
        """Return the theme that the settings ask for."""
        settings = self._station.settings
        return themes.load_theme(settings.theme, settings.font_scale, settings.palette)

    def _keep_keys(self, overrides: dict[str, tuple[str, ...]]) -> None:
        kept = dict(overrides)
        self._runner.run(Lane.STORE, lambda: write_keys(kept), lambda _: None, on_error=self._not_kept)

    def _not_kept(self, error: BaseException) -> None:
        if not isinstance(error, UserError):
            raise error
        self.told.emit(of_error(error))

    def _speak(self) -> None:
        """Take over another language: every text is made anew with the window."""
        before = language()
        try:
            now = use_language(self._station.settings.language)
        except UserError as error:
            self.told.emit(of_error(error))
            return
        if now != before:
            self.anew_wanted.emit()

    @property
    def review_folder(self) -> Path | None:
        """The folder of the open review."""
        return self._station.calls.folder if self._station.calls is not None else None

    # --- palette -----------------------------------------------------------------------------------------------

    def show_palette(self) -> None:
        from labelcritic_gui.ui.views.palette import PaletteDialog
        from labelcritic_gui.viewmodels.palette import CommandPalette

        palette = CommandPalette(
            palette_entries(self._station, self.keys),
            self._runner,
            calls=self._station.calls,
            title_of=self._station.structure_title,
            recent=self._recent,
        )
        dialog = PaletteDialog(palette, self._theme, self)
        dialog.chosen.connect(self._chosen)
        self._open(dialog)

    def _chosen(self, entry: Entry) -> None:
        if entry.kind is Kind.COMMAND:
            self._recent = used(self._recent, entry.name)
            self.command_chosen.emit(BY_ID[entry.name])
        elif entry.kind is Kind.ITEM:
            self.item_chosen.emit(entry.item)
        elif entry.kind is Kind.STRUCTURE:
            self.structure_chosen.emit(entry.name)
        else:
            self.show_preferences(at=entry.name)

    # --- preferences and keys ----------------------------------------------------------------------------------

    def show_preferences(self, at: str = "") -> None:
        from labelcritic_gui.ui.views.preferences_dialog import PreferencesDialog
        from labelcritic_gui.viewmodels.preferences import Preferences

        if self._dialog is None:
            self._open(PreferencesDialog(Preferences(self._station), self.keys, self._theme, self, at=at))

    def show_keys(self) -> None:
        from labelcritic_gui.ui.views.key_sheet import KeySheet

        sheet = KeySheet(self.keys, self._theme, self)
        sheet.change_wanted.connect(lambda: self.show_preferences(at="keys"))
        self._open(sheet)

    # --- hints -------------------------------------------------------------------------------------------------

    def show_hints(self) -> None:
        """Show the hints from the first one on."""
        self.end_hints()
        bubble = Bubble(self.hints(), self._theme, self)
        bubble.ended.connect(self._hints_ended)
        self._bubble = bubble

    def show_hints_once(self) -> None:
        """Show the hints to a reader who has not seen them."""
        if not self._station.settings.hints_seen and self._station.reading is not None and self._bubble is None:
            self.show_hints()

    def end_hints(self) -> None:
        """Send the hints away."""
        if self._bubble is not None:
            self._bubble.end()

    def dress_hints(self) -> None:
        """Take the theme over for the hints."""
        if self._bubble is not None:
            self._bubble.set_theme(self._theme)

    def _hints_ended(self) -> None:
        self._bubble = None
        if not self._station.settings.hints_seen:
            self._station.change(hints_seen=True)

    def heed(self, command: Command) -> None:
        """Let the hints follow what the reader does: Esc ends them, going on turns to the next one."""
        if self._bubble is None:
            return
        if command.id == "go.stage":
            self.end_hints()
        elif command.menu in GOING_ON and command.id not in {"help.hints", "go.palette"}:
            self._bubble.go_on()

    def hints(self) -> Sequence[Hint]:
        """Return the five hints, with the keys in force."""

        def key(name: str) -> str:
            return shown(self.keys.get(name, ())) or "–"

        decide, keys = tr("One key, one decision"), tr("Every key")
        parts = self.hint_parts()
        return (
            Hint(
                tr("The stage"),
                tr("The same anatomy once for every label set. What stands side by side moves and zooms together."),
                parts["stage"],
            ),
            Hint(
                decide,
                tr("{one} and {two} accept what stands on the left or the right; {undo} takes it back.").format(
                    one=key("decide.accept_1"), two=key("decide.accept_2"), undo=key("decide.undo")
                ),
                parts["bar"],
            ),
            Hint(
                tr("The verdict"),
                tr("What the critic thinks, and where. It advises; the decision is yours."),
                parts["verdict"],
            ),
            Hint(
                tr("Look closer"),
                tr("{slices} shows slices, {tour} the next difference, {blink} lets the masks blink.").format(
                    slices=key("view.mode"), tour=key("tour.next"), blink=key("see.blink")
                ),
                parts["stage"],
            ),
            Hint(
                keys,
                tr("{palette} finds all by name, {sheet} shows all keys. {hints}: these hints again.").format(
                    palette=key("go.palette"), sheet=key("help.keys"), hints=key("help.hints")
                ),
                parts["menus"],
            ),
        )

    def hint_parts(self) -> dict[str, Callable[[], QWidget | None]]:
        """Return what the hints stand beside."""
        return {name: lambda: None for name in ("stage", "bar", "verdict", "menus")}


def palette_entries(station: Station, keys: Keys) -> list[Entry]:
    """Return every command and every preference as the palette lists them."""
    from labelcritic_gui.settings.table import PREFERENCES
    from labelcritic_gui.settings.table import Kind as Setting

    held = holding(station)
    found: list[Entry] = []
    for command in COMMANDS:
        reason = ""
        if not command.acts_on(station.mode):
            reason = tr(_MODE_REASONS[command.mode]) if command.mode is not None else ""
        elif command.when not in held:
            reason = tr("only when {condition}").format(condition=tr(command.when.value))
        found.append(
            Entry(
                Kind.COMMAND,
                command.id,
                tr(command.title),
                group=tr(command.menu) if command.menu else "",
                keys=shown(keys[command.id]),
                also=f"{command.title} {tr(command.short) if command.short else ''}",
                reason=reason,
            )
        )
    here = {entry.title for entry in found if not entry.reason}
    # what another screen does by the same name is no second line
    found = [entry for entry in found if not entry.reason or entry.title not in here]
    for row in PREFERENCES:
        title = f"{tr(row.group)}: {tr(row.label)}" if row.kind is Setting.WINDOW else tr(row.label)
        found.append(Entry(Kind.SETTING, row.field, title, group=tr(row.group), also=row.label))
    return found
