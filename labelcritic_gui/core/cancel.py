"""How long work is told to stop, and says how far it is; services take these, never a thread primitive. Layer: core."""

from typing import Protocol

from labelcritic_gui.core.errors import CancelledError


class Cancel(Protocol):
    """Anything that can say that the work is no longer wanted (a `threading.Event` fits)."""

    def is_set(self) -> bool:
        """Say whether the work should stop."""


class Progress(Protocol):
    """Told how much of the work is done."""

    def __call__(self, done: int, total: int, what: str) -> None:
        """Take note: `done` of `total` steps, now at `what`."""


class NeverCancel:
    """The `Cancel` of work that nobody can stop."""

    def is_set(self) -> bool:
        """Say no."""
        return False


def no_progress(done: int, total: int, what: str) -> None:
    """Take no note."""


def stop_if(cancel: Cancel) -> None:
    """Raise CancelledError when the work is no longer wanted."""
    if cancel.is_set():
        raise CancelledError("Stopped as asked.", "What was finished is kept.")
