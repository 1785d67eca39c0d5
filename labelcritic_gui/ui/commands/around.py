"""The commands around the reading: theme, type, keys, what this program is. Layer: ui."""

from labelcritic_gui.ui.commands.command import Command, Hand

TYPE_STEP = 0.1


def _toggle_theme(hand: Hand) -> None:
    hand.station.change(theme="light" if hand.station.settings.theme == "dark" else "dark")


def _scale_type(hand: Hand, steps: int) -> None:
    """Make the type larger or smaller."""
    scale = round(hand.station.settings.font_scale + steps * TYPE_STEP, 2)
    hand.station.change(font_scale=min(2.5, max(0.7, scale)))


AROUND: tuple[Command, ...] = (
    Command("view.theme", "Dark or light", ("Ctrl+T",), _toggle_theme, menu="View", mode=None),
    Command("view.larger", "Larger type", ("Ctrl++", "Ctrl+="), lambda h: _scale_type(h, 1), menu="View", mode=None),
    Command("view.smaller", "Smaller type", ("Ctrl+-",), lambda h: _scale_type(h, -1), menu="View", mode=None),
    Command("help.keys", "Keys", ("F1",), lambda h: h.face.show_keys(), menu="Help", icon="info", mode=None),
    Command("help.about", "About Label Critic", (), lambda h: h.face.show_about(), menu="Help", mode=None),
)
