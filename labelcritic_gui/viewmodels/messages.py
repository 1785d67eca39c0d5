"""One thing said to the reader in the quiet line above the decision bar. Layer: viewmodels."""

from dataclasses import dataclass

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.translation import tr


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence and what to do about it; an error stays until it is read, anything else leaves by itself.

    One that `stays` is there as long as its item is on the screen, or until something else is said.
    """

    text: str
    hint: str = ""
    error: bool = False
    stays: bool = False


def of_error(error: UserError, *, prefix: str = "") -> Message:
    """Return what to say of an expected failure; sentences that are always the same are in the catalogues."""
    return Message(f"{prefix}{tr(error.message)}", tr(error.hint), error=True)
