"""The commands around the reading: theme, type, keys, what this program is. Layer: ui."""

from labelcritic_gui.translation import N_
from labelcritic_gui.ui.commands.command import Command, Hand
from labelcritic_gui.viewmodels.context import Condition

_C = Condition

TYPE_STEP = 0.1


def _toggle_theme(hand: Hand) -> None:
    hand.station.change(theme="light" if hand.station.settings.theme == "dark" else "dark")


def _scale_type(hand: Hand, steps: int) -> None:
    """Make the type larger or smaller."""
    scale = round(hand.station.settings.font_scale + steps * TYPE_STEP, 2)
    hand.station.change(font_scale=min(2.5, max(0.7, scale)))


AROUND: tuple[Command, ...] = (
    Command(
        "go.palette",
        N_("Command palette…"),
        ("Ctrl+K",),
        lambda h: h.face.show_palette(),
        menu="Go",
        icon="search",
        mode=None,
    ),
    Command("view.theme", N_("Dark or light"), ("Ctrl+T",), _toggle_theme, menu="View", mode=None),
    Command(
        "view.larger", N_("Larger type"), ("Ctrl++", "Ctrl+="), lambda h: _scale_type(h, 1), menu="View", mode=None
    ),
    Command("view.smaller", N_("Smaller type"), ("Ctrl+-",), lambda h: _scale_type(h, -1), menu="View", mode=None),
    Command(
        "view.preferences",
        N_("Preferences…"),
        ("Ctrl+,",),
        lambda h: h.face.show_preferences(),
        menu="View",
        mode=None,
    ),
    Command("help.keys", N_("Keys"), ("F1",), lambda h: h.face.show_keys(), menu="Help", icon="info", mode=None),
    Command(
        "help.hints", N_("Hints"), ("Ctrl+Shift+H",), lambda h: h.face.show_hints(), _C.REVIEW_OPEN, "Help", mode=None
    ),
    Command("help.about", N_("About Label Critic"), (), lambda h: h.face.show_about(), menu="Help", mode=None),
)
