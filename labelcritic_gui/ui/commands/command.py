"""What a command is, and the hand that carries it out. Layer: ui."""

from collections.abc import Callable
from dataclasses import dataclass

from labelcritic_gui.ui.commands.face import Face
from labelcritic_gui.viewmodels.context import Condition
from labelcritic_gui.viewmodels.screens import ScreenMode
from labelcritic_gui.viewmodels.station import Station


@dataclass(frozen=True, slots=True)
class Hand:
    """What commands reach for: the station behind the window, and the window itself."""

    station: Station
    face: Face


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person can do. `keys` are alternatives in Qt's portable spelling; the first is shown.

    `mode` is the screen on which the keys act (None: on every one), `also` are others where they act too. `repeat`
    lets a held key repeat the command: never for decisions. `short` is the word on a button.
    """

    id: str
    title: str
    keys: tuple[str, ...]
    call: Callable[[Hand], None]
    when: Condition = Condition.ALWAYS
    menu: str = ""
    short: str = ""
    icon: str = ""
    repeat: bool = False
    mode: ScreenMode | None = ScreenMode.READING
    also: tuple[ScreenMode, ...] = ()

    def acts_on(self, screen: ScreenMode) -> bool:
        """Say whether the command has a meaning on a screen."""
        return self.mode in {None, screen} or screen in self.also
