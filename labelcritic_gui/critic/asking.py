"""Asks each question once: what was answered is remembered, who asks the same at the same time is told the same.

A reply is on disk before anybody hears it; replies that nothing can be read from are never kept. Layer: critic.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from labelcritic_gui.core.cancel import Cancel
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.critic.client import Client, all_in_turn, keeps_changing
from labelcritic_gui.critic.loop import Flights
from labelcritic_gui.critic.parsing import Reading, Reply, read_choice, read_pattern, read_text, stored_reply
from labelcritic_gui.critic.session import MOST_MODELS, OtherModelError, Session
from labelcritic_gui.critic.wire import ChatRequest, ModelIdentity, key_of, refuse_unsendable, request_body

Row = tuple[str, Mapping[str, Any], Mapping[str, Any]]
"""A request's key, its reply as JSON, and the request in canonical form."""


class ReplyCache(Protocol):
    """Keeps replies by the sha256 of their request; safe to use from several threads."""

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the reply kept under a key, or None."""

    def put_all(self, rows: Sequence[Row]) -> None:
        """Keep replies with their requests; they are durable when this returns."""


class NoReplyCache:
    """Keeps nothing."""

    def get(self, key: str) -> dict[str, Any] | None:  # noqa: ARG002 - the protocol's signature
        """Return None."""
        return None

    def put_all(self, rows: Sequence[Row]) -> None:
        """Forget the replies."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply with the key it is kept under and the model that gave it.

    `calls` counts the requests it took now: 0 when it was remembered, or asked by somebody else at the same time.
    """

    reply: Reply
    key: str
    identity: ModelIdentity
    calls: int


def reading_of(request: ChatRequest, reply: Reply) -> Reading:
    """Read a reply as its request asks for it: a choice, a pattern (see `ChatRequest.letters`), or free text.

    Free text is the reading's `answer`, as are answers to a pattern that begins with no letter.
    """
    if request.pattern:
        return read_pattern(reply, request.pattern, request.letters)
    if request.choices:
        return read_choice(reply, request.choices)
    text = read_text(reply) if reply.finish_reason in {"stop", "length"} else ""
    return Reading(text, problem="" if text else reply.problem or "The answer is empty.")


class Asker:
    """Asks through a client and remembers in a cache; for any thread, and all threads together."""

    def __init__(self, client: Client, cache: ReplyCache | None = None) -> None:
        self.client = client
        self._cache: ReplyCache = cache if cache is not None else NoReplyCache()
        self._flights: Flights[str, Answered] = Flights()
        self._keeper = _Keeper(self._cache)

    @property
    def waiting(self) -> int:
        """How many questions wait for an answer, those that share one counted each."""
        return self._flights.waiting

    def ask_all(
        self, requests: Sequence[ChatRequest], cancel: Cancel, *, fresh: bool = False
    ) -> list[Answered | CriticError]:
        """Answer many requests, each in its place; one that fails does not fail the others.

        Every key is asked once, however many threads want it at the same time, and never when it is remembered. With
        `fresh`, every request is asked, and nothing is remembered. Raises CancelledError, and StorageError when
        replies cannot be kept.
        """

        async def one(session: Session, request: ChatRequest) -> Answered:
            refuse_unsendable(request)
            return await self._answer(session, request, fresh=fresh)

        return self.client.run(lambda session, tell: all_in_turn(session, one, requests, tell), cancel)

    def ask(self, request: ChatRequest, cancel: Cancel, *, fresh: bool = False) -> Answered:
        """Answer one request, as `ask_all`; raises CriticError when it fails."""
        (answer,) = self.ask_all([request], cancel, fresh=fresh)
        if isinstance(answer, CriticError):
            raise answer
        return answer

    async def _answer(self, session: Session, request: ChatRequest, *, fresh: bool) -> Answered:
        canonical = await session.lease.aside(request.canonical)
        for _ in range(MOST_MODELS):
            who = await session.who()
            question = _Question(request, canonical, key_of(canonical, who), who)
            try:
                if fresh:
                    return await _sent(session, question, await session.lease.aside(_body, question))
                answer, own = await self._flights.join(question.key, partial(self._once, session, question))
            except OtherModelError:
                continue
            return answer if own else replace(answer, calls=0)
        raise keeps_changing(session.server)

    async def _once(self, session: Session, question: "_Question") -> Answered:
        remembered, body = await session.lease.aside(self._looked_up, question)
        if remembered is not None:
            return Answered(remembered, question.key, question.who, 0)
        answer = await _sent(session, question, body)
        if reading_of(question.request, answer.reply).answer:  # an unreadable one is asked again another time
            await self._keeper.keep(session, (question.key, answer.reply.to_json(), question.canonical))
        return answer

    def _looked_up(self, question: "_Question") -> tuple[Reply | None, bytes]:
        """Return what is remembered, or else what to send."""
        reply = self._remembered(question)
        return (reply, b"") if reply is not None else (None, _body(question))

    def _remembered(self, question: "_Question") -> Reply | None:
        kept = self._cache.get(question.key)
        reply = stored_reply(kept) if kept is not None else None
        return reply if reply is not None and reading_of(question.request, reply).answer else None


@dataclass(frozen=True, slots=True)
class _Question:
    """A request as prepared for a model."""

    request: ChatRequest
    canonical: Mapping[str, Any]
    key: str
    who: ModelIdentity


def _body(question: _Question) -> bytes:
    return request_body(question.request, question.who.model)


async def _sent(session: Session, question: _Question, body: bytes) -> Answered:
    reply = await session.answer(question.request, body, question.who)
    return Answered(reply, question.key, question.who, reply.calls)


class _Keeper:
    """Writes replies: all that have come while one lot was being written are the next lot, and one commit."""

    def __init__(self, cache: ReplyCache) -> None:
        self._cache = cache
        self._lot: list[tuple[Row, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def keep(self, session: Session, row: Row) -> None:
        """Return when a reply is durable; it is written even when nobody waits for that any more."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lot.append((row, written))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(session))
            session.last_words.add(self._writer)
        await written

    async def _write(self, session: Session) -> None:
        while self._lot:
            lot, self._lot = self._lot, []
            fault: Exception | None = None
            try:
                await session.lease.aside(self._cache.put_all, [row for row, _ in lot])
            except Exception as error:  # noqa: BLE001 - handed on to everybody whose reply was in the lot
                fault = error
            for _, written in lot:
                if written.done():
                    continue
                if fault is None:
                    written.set_result(None)
                else:
                    written.set_exception(fault)
        if self._writer is not None:
            session.last_words.discard(self._writer)
        self._writer = None
