"""The command table: menus, buttons, tooltips, key sheet and the README's key table come from it. Layer: ui."""

from labelcritic_gui.translation import N_
from labelcritic_gui.ui.commands.around import AROUND
from labelcritic_gui.ui.commands.command import Command
from labelcritic_gui.ui.commands.deciding import DECIDING
from labelcritic_gui.ui.commands.differing import DIFFERING
from labelcritic_gui.ui.commands.going import GOING
from labelcritic_gui.ui.commands.listing import LISTING
from labelcritic_gui.ui.commands.patching import PATCHING, lent
from labelcritic_gui.ui.commands.reviews import REVIEWS
from labelcritic_gui.ui.commands.sheet import SHEET
from labelcritic_gui.ui.commands.sides import SIDES
from labelcritic_gui.ui.commands.viewing import VIEWING
from labelcritic_gui.ui.commands.windows import WINDOWS

MENUS = (
    N_("Review"),
    N_("Decide"),
    N_("View"),
    N_("Slices"),
    N_("Differences"),
    N_("Label sets"),
    N_("Go"),
    N_("List"),
    N_("Help"),
)

COMMANDS: tuple[Command, ...] = (
    *REVIEWS,
    *DECIDING,
    *SIDES,
    *lent(VIEWING),
    *DIFFERING,
    *GOING,
    *LISTING,
    *SHEET,
    *PATCHING,
    *WINDOWS,
    *AROUND,
)

BY_ID = {command.id: command for command in COMMANDS}


def key_table_markdown() -> str:
    """Return the keys as a Markdown table, for the README."""
    lines = ["| key | what it does |", "|---|---|"]
    for command in COMMANDS:
        if command.keys:
            keys = " or ".join(f"`{key}`" for key in command.keys)
            lines.append(f"| {keys} | {command.title} |")
    return "\n".join(lines) + "\n"
