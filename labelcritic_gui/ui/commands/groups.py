"""The commands in the groups that people look for them in, for the key sheet and the keys' page. Layer: ui."""

from collections.abc import Mapping

from labelcritic_gui.translation import N_
from labelcritic_gui.ui.commands.command import Command
from labelcritic_gui.ui.commands.table import COMMANDS
from labelcritic_gui.viewmodels.screens import ScreenMode

_OF_MODE: Mapping[ScreenMode | None, str] = {
    ScreenMode.SHEET: N_("Contact sheet"),
    ScreenMode.PATCHWORK: N_("Patchwork"),
}
_REASONS, _SLICES = N_("Reasons and quality"), N_("Slices")
_OF_FAMILY = {"slice": _SLICES}
"""The group of commands that are in no menu, by the first word of their id."""
_ORDER = ("Decide", _REASONS, "Go", "View", _SLICES)
"""What is needed most comes first; the rest as in the table."""


def grouped() -> dict[str, tuple[Command, ...]]:
    """Return every command once, by group; titles are marked for translation, not translated."""
    found: dict[str, list[Command]] = {title: [] for title in _ORDER}
    for command in COMMANDS:
        family = command.id.split(".")[0]
        title = _OF_MODE.get(command.mode) or command.menu or _OF_FAMILY.get(family, _REASONS)
        found.setdefault(title, []).append(command)
    return {title: tuple(listed) for title, listed in found.items() if listed}
