"""How a review is read, in words, and changing it. Layer: viewmodels."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from psygnal import Signal

from labelcritic_gui.core.blinding import Mode
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.repeats import MOST_SHARE
from labelcritic_gui.translation import N_, tr
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Lane, Runner

if TYPE_CHECKING:
    from labelcritic_gui.viewmodels.station import Station

__all__ = ["MODES", "MOST_SHARE", "Mode", "ModeChoice", "mode_choice", "mode_meaning", "mode_words"]

MODES: tuple[Mode, ...] = tuple(Mode)
_WORDS = {Mode.ASSISTED: N_("assisted"), Mode.BLIND_FIRST: N_("blind-first"), Mode.BLIND: N_("blind")}
_MEANINGS = {
    Mode.ASSISTED: N_("What the critic says is on the screen while you decide."),
    Mode.BLIND_FIRST: N_(
        "You decide first. Then the verdict is shown on the same item, and you may change your decision; both are kept."
    ),
    Mode.BLIND: N_("What the critic says, and whose mask is which, is never shown."),
}


def mode_words(mode: str) -> str:
    """Return the name of a mode."""
    return tr(_WORDS[Mode(mode)])


def mode_meaning(mode: str) -> str:
    """Say in a sentence what a mode means for the reader."""
    return tr(_MEANINGS[Mode(mode)])


class ModeCalls(Protocol):
    """The part of a review's calls that changing the mode needs."""

    @property
    def folder(self) -> Path:
        """The review folder."""

    @property
    def mode(self) -> str:
        """How the review is read now."""

    @property
    def repeats(self) -> float:
        """The share of items that come again."""

    def change_mode(self, mode: str, repeats: float) -> None:
        """Have the review read otherwise; raises UserError. Lane DECIDE."""


def mode_choice(station: "Station", runner: Runner) -> "ModeChoice | None":
    """Return what the dialog of the mode follows; None without a review. A changed review is opened anew."""
    calls, reading = station.calls, station.reading
    if calls is None or reading is None:
        return None
    return ModeChoice(calls, runner, revealed=lambda: reading.revealed, done=station.open)


class ModeChoice:
    """What the dialog of the mode shows; `changed` tells when something failed. GUI thread only."""

    changed: ClassVar[Signal] = Signal()

    def __init__(
        self, calls: ModeCalls, runner: Runner, *, revealed: Callable[[], bool], done: Callable[[Path], None]
    ) -> None:
        """`revealed` says whether a commitment waits to be kept or changed; `done` is told when the mode changed."""
        self._calls = calls
        self._runner = runner
        self._revealed = revealed
        self._done = done
        self.failure: Message | None = None

    @property
    def mode(self) -> Mode:
        """How the review is read now."""
        return Mode(self._calls.mode)

    @property
    def repeats(self) -> float:
        """The share of items that come again now."""
        return self._calls.repeats

    def choose(self, mode: Mode, repeats: float, then: Callable[[], None]) -> None:
        """Have the review read so from now on; `then` is called when it is, or was already."""
        if (mode, repeats) == (self.mode, self.repeats):
            then()
            return
        if mode is not self.mode and self._revealed():
            words = tr("The verdict on this item is on the screen, and waits for your last word.")
            self._fail(Message(words, tr("Keep your decision or change it first."), error=True))
            return

        def changed(_: None) -> None:
            then()
            self._done(self._calls.folder)

        self._runner.run(
            Lane.DECIDE, lambda: self._calls.change_mode(mode.value, repeats), changed, on_error=self._failed
        )

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, UserError):
            self._fail(Message(tr("The mode was not changed."), tr("The report says why."), error=True))
            raise error
        self._fail(of_error(error))

    def _fail(self, message: Message) -> None:
        self.failure = message
        self.changed.emit()
