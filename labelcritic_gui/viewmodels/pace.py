"""How fast a reader decides, and how long the rest will take. Layer: viewmodels."""

from collections import deque
from itertools import pairwise

WINDOW = 20
"""Number of latest decisions that the pace is measured on."""
PAUSE_S = 300.0
"""A longer gap between two decisions was a break and does not count, in seconds."""
HINT_REST_S = 900.0
"""How long a pause is not suggested again, in seconds."""


class Pace:
    """Decisions per hour over the latest ones, breaks left out. Times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=WINDOW + 1)

    def decided(self, now: float) -> None:
        """Take note of a decision."""
        self._times.append(now)

    def undone(self) -> None:
        """Forget the latest decision."""
        if self._times:
            self._times.pop()

    @property
    def per_hour(self) -> float | None:
        """Items per hour, or None before two decisions without a break between them."""
        times = list(self._times)
        gaps = [late - early for early, late in pairwise(times) if late - early <= PAUSE_S]
        total = sum(gaps)
        return 3600.0 * len(gaps) / total if total > 0 else None

    def left(self, items: int) -> str:
        """Say how long `items` more will take, such as "1 h 20 min"; empty when the pace is unknown."""
        rate = self.per_hour
        if rate is None or items <= 0:
            return ""
        minutes = max(1, round(60.0 * items / rate))
        hours, rest = divmod(minutes, 60)
        if hours >= 100:
            return f"{hours} h"
        return f"{hours} h {rest:02d} min" if hours else f"{rest} min"


class PauseHint:
    """Says when a reader has read for long without a break. Times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._last: float | None = None
        self._hinted: float | None = None

    def due(self, now: float, minutes: int) -> int:
        """Take note of a decision; return for how many minutes was read when a pause is to be suggested, else 0.

        `minutes` is after how long to suggest one, 0 never. A break of PAUSE_S begins anew; a suggestion is not
        repeated for HINT_REST_S.
        """
        if self._since is None or self._last is None or now - self._last >= PAUSE_S:
            self._since = now
        self._last = now
        read = now - self._since
        resting = self._hinted is not None and now - self._hinted < HINT_REST_S
        if minutes <= 0 or read < 60.0 * minutes or resting:
            return 0
        self._hinted = now
        return round(read / 60.0)
