"""What goes wrong between here and a server: which failures are worth repeating, and their words. Layer: critic."""

import random
from enum import Enum

from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.critic.address import LvlmServer
from labelcritic_gui.critic.parsing import plain_text
from labelcritic_gui.critic.wire import said

BUSY = frozenset({429, 502, 503, 504})
ENGINE_DEAD = "EngineCore"
"""What vLLM says of its heart when that has stopped; the server follows it within about a second."""
_HINTS = {
    400: "The request does not fit this server: see its message; more pictures or tokens need other start options.",
    401: "Set the server's API key in the environment variable named in the settings.",
    403: "Set the server's API key in the environment variable named in the settings.",
    404: "Check the address and the model's name.",
    405: "Check the address: it should be that of an OpenAI-compatible server such as vLLM.",
    413: "Use smaller pictures.",
    422: "This server lacks what the critic needs (choices and probabilities); vLLM has both.",
    501: "This server lacks what the critic needs (choices and probabilities); vLLM has both.",
}


class Kind(Enum):
    """How a request failed."""

    UNREACHED = "no connection"
    BROKEN = "the connection broke"
    LATE = "no answer in time"
    TOO_LONG = "an answer without end"
    REFUSED = "a status that is an error"
    OTHER = "something else"


class WireFailure(Exception):
    """One request that failed. `status`, `body`, `retry_after` and `location` are of an answer that is an error."""

    def __init__(
        self,
        kind: Kind,
        why: str = "",
        *,
        status: int = 0,
        body: str = "",
        retry_after: str = "",
        location: str = "",
    ) -> None:
        super().__init__(why or kind.value)
        self.kind = kind
        self.why = plain_text(why, 120)
        self.status = status
        self.body = body
        self.retry_after = retry_after
        self.location = location

    @property
    def is_broken_connection(self) -> bool:
        """Say whether the server did not get the request, or did not get to answer it."""
        return self.kind in {Kind.UNREACHED, Kind.BROKEN}

    @property
    def may_mean_gone(self) -> bool:
        """Say whether this is how a server fails that has stopped, or one behind a gateway that has."""
        return self.is_broken_connection or self.is_dead_engine or self.status in {502, 503, 504}

    @property
    def is_dead_engine(self) -> bool:
        """Say whether the server says that its engine has stopped."""
        return self.status == 500 and ENGINE_DEAD in self.body

    @property
    def note(self) -> str:
        """What happened, for the log: plain text."""
        if self.kind is Kind.REFUSED:
            return f"{self.status}: {said(self.body)}"
        return self.why or self.kind.value


class Repeats:
    """The whole retry policy of one question: which failures are worth repeating, and after which pause."""

    def __init__(self, server: LvlmServer) -> None:
        self._server = server
        self._tried = 0
        self._broken = 0
        self._failed_inside = 0

    def pause_after(self, failure: WireFailure) -> float | None:
        """Return the seconds to pause before the next attempt, or None when there is none."""
        self._tried += 1
        if self._tried >= self._server.attempts:
            return None
        if failure.is_broken_connection:
            # vLLM resets the connection after every 500, so that the first break says nothing about the server.
            self._broken += 1
            if self._broken == 1:
                return 0.0
            # A question that may wait for the server waits for its sign of life instead of guessing.
            return None if self._server.patience_s > 0 else self._growing()
        if failure.status in BUSY:
            return self._asked_for(failure.retry_after)
        if failure.status == 500:
            # Many 500 are deterministic (a picture too large, say): once more, never again.
            self._failed_inside += 1
            return self._growing() if self._failed_inside == 1 else None
        return None

    def _asked_for(self, header: str) -> float:
        if header.isascii() and header.isdigit():
            return min(float(header), self._server.longest_pause_s)
        return self._growing()

    def _growing(self) -> float:
        least = self._server.pause_s * 2.0 ** min(self._tried - 1, 16)
        spread = random.uniform(0.0, self._server.pause_s)  # many that failed together do not return together
        return min(self._server.longest_pause_s, least + spread)


def explained(failure: WireFailure, server: LvlmServer) -> CriticError:
    """Translate a failure to what happened, where, and what to do."""
    root, why = server.root, failure.why or "no connection"
    if failure.kind is Kind.UNREACHED:
        return CriticError(f"No LVLM server answers at {root} ({why}).", "Start it, or choose the anatomy critic.")
    if failure.kind is Kind.BROKEN:
        return CriticError(
            f"The LVLM server at {root} broke the connection ({why}).", "Look at its log; it may have stopped."
        )
    if failure.kind is Kind.LATE:
        return CriticError(
            f"The LVLM server at {root} did not answer within {server.timeout_s:g} s.",
            "Allow it more time in the settings, or ask fewer questions at once.",
        )
    if failure.kind is Kind.TOO_LONG:
        return CriticError(
            f"The LVLM server at {root} sent an answer without end ({why}).",
            "Check that the address is that of an OpenAI-compatible server such as vLLM.",
        )
    if failure.kind is Kind.REFUSED:
        return _refused(failure, root)
    return CriticError(
        f"The LVLM server at {root} could not be asked: {why}.", "Look at the log of this program and of the server."
    )


def _refused(failure: WireFailure, root: str) -> CriticError:
    status, message = failure.status, said(failure.body).rstrip(".")
    if 300 <= status < 400:
        return CriticError(
            f"{root} points on to {plain_text(failure.location, 120) or 'somewhere else'}, where nothing was sent.",
            "Name that address as the server if you trust it.",
        )
    if status in BUSY:
        return CriticError(
            f"The LVLM server at {root} stayed too busy to answer ({status}: {message}).",
            "Try again later, or ask fewer questions at once.",
        )
    if status >= 500 and status not in _HINTS:
        return CriticError(
            f"The LVLM server at {root} failed inside ({status}: {message}).", "Look at its log; it may need a restart."
        )
    hint = _HINTS.get(status, "Look at the server's log.")
    return CriticError(f"The LVLM server at {root} refused the question ({status}: {message}).", hint)
