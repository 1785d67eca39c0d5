"""The button of a command: its key, its short word, its full title for whoever asks. Layer: ui."""

from collections.abc import Callable

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.commands import BY_ID
from labelcritic_gui.ui.deciding.key_button import KeyButton
from labelcritic_gui.ui.keymap import Keys, shown
from labelcritic_gui.ui.theme import Theme


def command_button(name: str, theme: Theme, keys: Keys, triggered: Callable[[str], None]) -> KeyButton:
    """Return the button of a command; `triggered` is told its id when it is clicked."""
    command = BY_ID[name]
    button = KeyButton(theme, shown(keys[name]), tr(command.short), least=0)
    button.setAccessibleName(tr(command.title))
    button.setToolTip(tr(command.title))
    button.clicked.connect(lambda _=False: triggered(name))
    return button
