"""Pauses every question to a server that is gone, and lets all go on when it answers again. Layer: critic.

Lives on the loop of `critic/loop.py`; one breaker per connection.
"""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.critic.address import LvlmServer
from labelcritic_gui.critic.loop import Flights

_LOG = logging.getLogger(__name__)
State = Literal["open", "closed"]
OnState = Callable[[State, str], None]
"""Told on the asking thread when questions begin to wait ("open") and go on ("closed"), with one sentence."""

MOST_RESUMPTIONS = 3
"""How often one question may be asked again after the server was gone and answered: a half-dead one is given up."""
LEAST_PAUSE_S = 0.01
_FRESH_S = 0.25
_FRESH_SHARE = 10.0
"""A failed sign of life is believed this long, or so many times as long as it took: an unreachable one takes long."""


class Breaker:
    """Knows whether the server is there; `alive` asks it for a sign of life."""

    def __init__(self, server: LvlmServer, alive: Callable[[], Awaitable[bool]], on_state: OnState) -> None:
        self.generation = 0
        """Counts how often the server came back: what was known of it before then may be wrong."""
        self._server = server
        self._alive = alive
        self._on_state = on_state
        self._gone: CriticError | None = None
        self._since = 0.0
        self._back = asyncio.Event()
        self._prober: asyncio.Task[None] | None = None
        self._waiting = 0
        self._probes: Flights[str, bool] = Flights()
        self._believed_until = 0.0

    @property
    def is_open(self) -> bool:
        """Say whether questions wait."""
        return self._gone is not None

    @property
    def is_probing(self) -> bool:
        """Say whether signs of life are being asked for, which is only while somebody waits."""
        return self._prober is not None

    async def passing(self) -> None:
        """Return when the server may be asked; raises CriticError when it stays away for longer than patience has."""
        while self._gone is not None:
            left = self._since + self._server.patience_s - time.monotonic()
            if left > 0:
                await self._wait(left)
            elif time.monotonic() < self._believed_until or not await self.probe():
                raise self._given_up(self._gone)

    async def trip(self, error: CriticError, resumptions: int, *, only_if_dead: bool) -> bool:
        """Take note that a question failed as if the server were gone; say whether to ask it again, after `passing`.

        `resumptions` is how often it was already asked again so. With `only_if_dead`, a server that gives a sign of
        life is believed to be there, and the failure stands.
        """
        if self._server.patience_s <= 0:
            if not only_if_dead:
                self._open(error)
            return False
        if resumptions >= MOST_RESUMPTIONS:
            return False
        if self._gone is not None or not await self.probe():
            self._open(error)
            return True
        if not only_if_dead:
            self.generation += 1  # it may have gone and come back in between
        return not only_if_dead

    async def probe(self) -> bool:
        """Ask for a sign of life, once however many want to know; one closes the breaker."""
        alive, _ = await self._probes.join("probe", self._probe)
        return alive

    def _open(self, error: CriticError) -> None:
        if self._gone is not None:
            return
        # a copy: the error that is raised keeps the frames of whoever asked alive, and with them the client
        self._gone, self._since = CriticError(error.message, error.hint), time.monotonic()
        self._back.clear()
        waits = self._server.patience_s > 0
        self._tell("open", f"Paused: {error.message} Asking goes on when it answers." if waits else error.message)

    def _close(self) -> None:
        if self._gone is None:
            return
        self._gone = None
        self.generation += 1
        self._back.set()
        self._tell("closed", f"The LVLM server at {self._server.root} answers again: asking goes on.")

    def _given_up(self, error: CriticError) -> CriticError:
        waited = self._server.patience_s
        if waited <= 0:
            return CriticError(error.message, error.hint)
        return CriticError(f"{error.message.rstrip('.')}, and it did not come back within {waited:g} s.", error.hint)

    async def _wait(self, longest: float) -> None:
        self._waiting += 1
        if self._prober is None:
            self._prober = asyncio.create_task(self._probe_until_it_answers())
        try:
            async with asyncio.timeout(None if math.isinf(longest) else longest):
                await self._back.wait()
        except TimeoutError:
            return
        finally:
            self._waiting -= 1
            if not self._waiting and self._prober is not None:
                self._prober.cancel()
                self._prober = None

    async def _probe_until_it_answers(self) -> None:
        pause = max(LEAST_PAUSE_S, self._server.pause_s)
        while not await self.probe():
            await asyncio.sleep(pause)
            pause = min(2 * pause, max(pause, self._server.longest_pause_s))

    async def _probe(self) -> bool:
        begun = time.monotonic()
        alive = await self._alive()
        if alive:
            self._close()
        else:
            now = time.monotonic()
            self._believed_until = now + max(min(_FRESH_S, self._server.longest_pause_s), _FRESH_SHARE * (now - begun))
        return alive

    def _tell(self, state: State, sentence: str) -> None:
        _LOG.info("%s", sentence)
        try:
            self._on_state(state, sentence)
        except Exception:  # noqa: BLE001 - it only watches: questions go on
            _LOG.exception("whoever watches the server failed")
