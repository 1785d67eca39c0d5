"""What a person can do, as a table with one row a command; one module per family. Layer: ui."""

from labelcritic_gui.ui.commands.command import Command, Hand
from labelcritic_gui.ui.commands.table import BY_ID, COMMANDS, MENUS, key_table_markdown

__all__ = ["BY_ID", "COMMANDS", "MENUS", "Command", "Hand", "key_table_markdown"]
