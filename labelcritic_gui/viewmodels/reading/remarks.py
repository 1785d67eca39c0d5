"""What a reader adds to the coming decision: reasons in three states, and a word on the quality. Layer: viewmodels."""

from collections.abc import Iterable
from enum import StrEnum

from labelcritic_gui.core.findings import Severity
from labelcritic_gui.core.review import QUALITIES, Remarks
from labelcritic_gui.services.comparison import Opinions


class Mark(StrEnum):
    """How a reason stands: nobody said anything, a critic suggests it, the reader says present, or not present."""

    OFF = "off"
    SUGGESTED = "suggested"
    CONFIRMED = "confirmed"
    DENIED = "denied"


class Remarking:
    """The remarks on the item on the screen, as they would go into a decision now."""

    def __init__(self) -> None:
        self.suggested: tuple[str, ...] = ()
        self.confirmed: tuple[str, ...] = ()
        self.denied: tuple[str, ...] = ()
        self.quality: int | None = None
        self._kept = Remarks()
        self._touched = False

    def begin(self) -> None:
        """Begin with another item."""
        self.suggested = self.confirmed = self.denied = ()
        self.quality = None
        self._kept = Remarks()
        self._touched = False

    def suggest(self, codes: Iterable[str]) -> None:
        """Take over what a critic suggests, as far as the reader may see it."""
        self.suggested = tuple(dict.fromkeys(str(code) for code in codes))

    def restore(self, remarks: Remarks) -> None:
        """Show what was said with the decision in force, unless the reader has begun to say something else."""
        self._kept = remarks
        if not self._touched:
            self.confirmed, self.denied, self.quality = remarks.reasons, remarks.denied, remarks.quality

    def mark_of(self, code: str) -> Mark:
        """Say how a reason stands."""
        if code in self.confirmed:
            return Mark.CONFIRMED
        if code in self.denied:
            return Mark.DENIED
        return Mark.SUGGESTED if code in self.suggested else Mark.OFF

    def go_round(self, code: str) -> None:
        """Move a reason to its next state: nothing or suggested, confirmed, denied, and back."""
        mark = self.mark_of(code)
        self.confirmed = tuple(c for c in self.confirmed if c != code)
        self.denied = tuple(c for c in self.denied if c != code)
        if mark is Mark.CONFIRMED:
            self.denied = (*self.denied, code)
        elif mark is not Mark.DENIED:
            self.confirmed = (*self.confirmed, code)
        self._touched = True

    def rate(self, quality: int) -> None:
        """Say how good the accepted (otherwise the best) candidate is, 0 to 3; the same word again takes it back."""
        if quality in QUALITIES:
            self.quality = None if self.quality == quality else quality
            self._touched = True

    @property
    def remarks(self) -> Remarks:
        """What a decision made now would carry."""
        return Remarks(self.confirmed, self.denied, self.suggested, self.quality)

    @property
    def changed(self) -> bool:
        """Say whether the reader said something that no decision carries yet."""
        said = (set(self.confirmed), set(self.denied), self.quality)
        return self._touched and said != (set(self._kept.reasons), set(self._kept.denied), self._kept.quality)


def suggested_by(opinions: Opinions | None) -> tuple[str, ...]:
    """Return the error codes that critics put forward: what was found in the masks, then what a model suspects."""
    if opinions is None:
        return ()
    qualities = [q for q in opinions.qualities if q is not None]
    found = [f.code.value for q in qualities for f in q.findings if f.severity > Severity.NOTE]
    return tuple(dict.fromkeys([*found, *(code.value for q in qualities for code in q.suspected)]))
