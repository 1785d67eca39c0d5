"""One connection to a server, as it lives on the loop: bounded, repeated where that helps, paused while it is gone.

Everything here runs on the loop of `critic/loop.py`; `critic/client.py` is its face for everybody else. Layer: critic.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.critic.address import LvlmServer
from labelcritic_gui.critic.breaker import Breaker, OnState
from labelcritic_gui.critic.failures import Kind, Repeats, WireFailure, explained
from labelcritic_gui.critic.image_tokens import Size, family_of, fault_of_pictures
from labelcritic_gui.critic.loop import Flights, Lease
from labelcritic_gui.critic.parsing import Reply, plain_text
from labelcritic_gui.critic.wire import (
    ChatRequest,
    ModelIdentity,
    ModelList,
    ServerVersion,
    read_body,
    read_completion,
)

_LOG = logging.getLogger(__name__)
PROBE_S = 5.0
"""How long a sign of life may take."""
MOST_MODELS = 5
"""How often the model may change under one question."""
_REMEMBERED = 4096


class Door(Protocol):
    """Sends one request and returns the body of a 2xx answer as text; raises WireFailure."""

    async def post(self, path: str, body: bytes) -> str:
        """Send JSON to a path below /v1."""

    async def get(self, path: str) -> str:
        """Fetch a path below the server's root."""

    async def close(self) -> None:
        """Close every connection."""


class OtherModelError(Exception):
    """The model that a question was prepared for is not the one in force any more: prepare it anew."""


class Session:
    """Asks one server: the identity in force, questions, signs of life."""

    def __init__(self, server: LvlmServer, door: Door, lease: Lease, on_state: OnState) -> None:
        self.server = server
        self.lease = lease
        self.tasks: set[asyncio.Task[object]] = set()
        """What ends with the session."""
        self.last_words: set[asyncio.Task[object]] = set()
        """What the session's end waits for."""
        self.under_way = 0
        """How many questions the server has now."""
        self.breaker = Breaker(server, self._is_alive, on_state)
        self._door = door
        self._slots = asyncio.Semaphore(server.max_in_flight)
        self._finding: Flights[str, ModelIdentity] = Flights()
        self._identity: ModelIdentity | None = None
        self._known_since = 0
        self._fingerprints: set[str] = set()
        self._alone: dict[Size, int] = {}

    async def close(self) -> None:
        """End what is under way and close the connections."""
        current = asyncio.current_task()
        for task in (left := [task for task in self.tasks if task is not current]):
            task.cancel()
        if left:
            await asyncio.wait(left)
        if self.last_words:
            await asyncio.wait(self.last_words)
        await self._door.close()

    async def who(self) -> ModelIdentity:
        """Return the model in force; asked anew when the server was gone. Raises CriticError."""
        await self.breaker.passing()
        if self._identity is None or self._known_since != self.breaker.generation:
            self._identity = None
            found, _ = await self._finding.join("model", self._find)
            return found
        return self._identity

    async def answer(self, request: ChatRequest, body: bytes, who: ModelIdentity) -> Reply:
        """Send a question prepared for a model; raises CriticError, or OtherModelError to have it prepared anew."""
        async with self._slots:
            begun = time.monotonic()
            self.under_way += 1
            try:
                text, calls = await self._send(lambda: self._door.post("/chat/completions", body), who)
            finally:
                self.under_way -= 1
            seconds = time.monotonic() - begun
        reply = read_completion(text, self.server.root)
        await self._insist_on(who, reply.fingerprint)
        problem = self._fault_of_pictures(request, reply, who)
        return replace(reply, seconds=seconds, calls=calls, problem=problem)

    async def alive(self) -> bool:
        """Say whether the server gives a sign of life, now."""
        return await self.breaker.probe()

    async def _find(self) -> ModelIdentity:
        while True:
            generation = self.breaker.generation
            text, _ = await self._send(lambda: self._door.get("/v1/models"))
            found = self._chosen(text, await self._version())
            if generation == self.breaker.generation:
                break
        if found != self._identity:
            self._fingerprints.clear()
            self._alone.clear()
        self._identity, self._known_since = found, generation
        return found

    def _chosen(self, listed: str, version: str) -> ModelIdentity:
        served = read_body(ModelList, listed, self.server.root).data
        wanted = self.server.model
        found = [card for card in served if card.id == wanted or (not wanted and len(served) == 1)]
        if not found:
            names = ", ".join(plain_text(card.id, 60) for card in served[:8]) or "none"
            what = f"not serve the model {wanted!r}" if wanted else "not serve exactly one model"
            raise CriticError(f"The LVLM server at {self.server.root} does {what}.", f"It serves: {names}.")
        card = found[0]
        return ModelIdentity(card.id, card.root or "", card.max_model_len or 0, version)

    async def _version(self) -> str:
        try:
            async with asyncio.timeout(min(PROBE_S, self.server.timeout_s)):
                text = await self._door.get("/version")
            return plain_text(read_body(ServerVersion, text, self.server.root).version, 60)
        except (WireFailure, CriticError, TimeoutError):  # only vLLM has this page; its absence is no fault
            return ""

    async def _insist_on(self, who: ModelIdentity, fingerprint: str) -> None:
        """Raise OtherModelError when a fingerprint that is new betrays a server that has changed under its name."""
        if not fingerprint or fingerprint in self._fingerprints:
            return
        if self._fingerprints:
            await self._look_again(who)
        self._fingerprints.add(fingerprint)

    async def _look_again(self, who: ModelIdentity) -> None:
        if self._identity == who:
            known, self._identity = self._fingerprints.copy(), None
            if await self.who() == who:
                self._fingerprints |= known
        if await self.who() != who:
            raise OtherModelError

    def _fault_of_pictures(self, request: ChatRequest, reply: Reply, who: ModelIdentity) -> str:
        sizes = request.sizes
        fault = fault_of_pictures(
            sizes,
            family_of(who.root, who.model),
            image_tokens=reply.image_tokens,
            prompt_tokens=reply.prompt_tokens,
            known=self._alone,
        )
        if not fault and len(sizes) == 1 and reply.image_tokens and len(self._alone) < _REMEMBERED:
            self._alone[sizes[0]] = max(reply.image_tokens, self._alone.get(sizes[0], 0))
        return fault

    async def _send(self, call: Callable[[], Awaitable[str]], who: ModelIdentity | None = None) -> tuple[str, int]:
        """Return the body and how many requests it took."""
        repeats, calls, resumptions = Repeats(self.server), 0, 0
        while True:
            await self.breaker.passing()
            if who is not None and await self.who() != who:
                raise OtherModelError
            calls += 1
            try:
                async with asyncio.timeout(self.server.timeout_s):
                    return await call(), calls
            except TimeoutError:
                failure = WireFailure(Kind.LATE)
            except WireFailure as error:
                failure = error
            pause = repeats.pause_after(failure)
            if pause is not None:
                _LOG.info("The question is asked again in %.1f s: %s", pause, failure.note)
                await asyncio.sleep(pause)
                continue
            explanation = explained(failure, self.server)
            if failure.may_mean_gone and await self._waits_for_it(failure, explanation, resumptions):
                repeats, resumptions = Repeats(self.server), resumptions + 1
                continue
            if failure.status == 404 and who is not None:
                await self._look_again(who)
            raise explanation

    async def _waits_for_it(self, failure: WireFailure, explanation: CriticError, resumptions: int) -> bool:
        return await self.breaker.trip(explanation, resumptions, only_if_dead=not failure.is_broken_connection)

    async def _is_alive(self) -> bool:
        """Ask vLLM's /health, or the list of models where there is no such page; whoever answers at all is alive."""
        try:
            async with asyncio.timeout(min(PROBE_S, self.server.timeout_s)):
                return await self._answers("/health") or await self._answers("/v1/models")
        except (WireFailure, TimeoutError):
            return False

    async def _answers(self, path: str) -> bool:
        """Say whether a page is there; raises WireFailure when it says that the server is not well, or nobody does."""
        try:
            await self._door.get(path)
        except WireFailure as failure:
            if failure.kind is Kind.REFUSED and failure.status < 500:
                return path != "/health"
            raise
        return True
