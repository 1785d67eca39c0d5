"""The share of calm items that comes back for a human look, as the reader sets it. Layer: viewmodels."""

from collections.abc import Callable
from typing import ClassVar

from psygnal import Signal

from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.runner import Lane, Runner


class AuditShare:
    """Reads and changes the share of the open review. `share` is None until it is known; GUI thread only.

    `drawn` is how many items the last choice drew, `redrawn` is called after it: the order of the list has changed.
    """

    changed: ClassVar[Signal] = Signal()

    def __init__(self, calls: ReviewCalls, runner: Runner, *, redrawn: Callable[[], None]) -> None:
        self._calls = calls
        self._runner = runner
        self._redrawn = redrawn
        self.share: float | None = None
        self.drawn: int | None = None

    def load(self) -> None:
        """Find out which share is in force."""
        self._runner.run(Lane.STORE, self._calls.audit_share, self._take)

    def choose(self, share: float) -> None:
        """Draw another share (0 to 1)."""
        if share == self.share:
            return

        def done(drawn: int) -> None:
            self.share, self.drawn = share, drawn
            self.changed.emit()
            self._redrawn()

        self._runner.run(Lane.STORE, lambda: self._calls.set_audit_share(share), done, key="audit-share")

    def _take(self, share: float) -> None:
        self.share = share
        self.changed.emit()
