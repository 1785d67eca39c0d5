"""The commands of windows and screens: full screen, the list apart, screenshots. Layer: ui."""

from labelcritic_gui.translation import N_
from labelcritic_gui.ui.commands.command import Command
from labelcritic_gui.viewmodels.context import Condition

_OPEN = Condition.REVIEW_OPEN

WINDOWS: tuple[Command, ...] = (
    Command(
        "window.full_screen",
        N_("Full screen"),
        ("F11",),
        lambda h: h.face.toggle_full_screen(),
        menu="View",
        mode=None,
    ),
    Command(
        "window.list_apart",
        N_("Worklist in a window of its own"),
        ("Ctrl+Shift+L",),
        lambda h: h.face.toggle_list_apart(),
        _OPEN,
        "View",
        mode=None,
    ),
    Command(
        "shot.file",
        N_("Screenshot to a file"),
        ("Ctrl+Shift+S",),
        lambda h: h.face.shoot_to_file(),
        _OPEN,
        "View",
        mode=None,
    ),
    Command(
        "shot.clipboard",
        N_("Screenshot to the clipboard"),
        ("Ctrl+Shift+C",),
        lambda h: h.face.shoot_to_clipboard(),
        _OPEN,
        "View",
        mode=None,
    ),
)
