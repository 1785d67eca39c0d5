"""The one door to an OpenAI-compatible server, for any thread; requests themselves live on one loop. Layer: critic."""

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from labelcritic_gui.core.cancel import Cancel, NeverCancel
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.critic.address import LvlmServer
from labelcritic_gui.critic.breaker import OnState, State
from labelcritic_gui.critic.failures import Kind, WireFailure
from labelcritic_gui.critic.loop import Lease, Tell, WorkStoppedError, hold, opening
from labelcritic_gui.critic.parsing import Reply
from labelcritic_gui.critic.session import MOST_MODELS, OtherModelError, Session
from labelcritic_gui.critic.wire import ChatRequest, ModelIdentity, refuse_unsendable, request_body

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAIError

__all__ = ["Client", "LvlmServer", "State", "all_in_turn"]

T = TypeVar("T")
OnReply = Callable[[int, Reply | CriticError], None]
"""Told the place of a question among those asked, and its answer, as answers come; on the thread that asks."""

LONGEST_CONNECT_S = 10.0
LONGEST_BODY = 4 * 2**20
"""Bytes of an answer; the longest honest one has a few thousand."""


class Client:
    """Asks one server and nobody else: follows no redirects, uses no proxies, netrc or organisation headers.

    It may be used from any thread; whoever asks waits, and a cancel closes the request under way, so that the server
    stops working on it. `on_state` is told when questions begin to wait for a server that is gone, and go on.
    """

    def __init__(self, server: LvlmServer, on_state: OnState | None = None) -> None:
        self.server = server
        self.on_state = on_state
        self._opened: _Opened | None = None

    def close(self) -> None:
        """Close the connections; a question that is under way on another thread then fails."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def identity(self, cancel: Cancel) -> ModelIdentity:
        """Return who answers, asked once; raises CriticError when nobody does or the model is not served."""
        return self.run(lambda session, _: session.who(), cancel)

    def ask(self, request: ChatRequest, cancel: Cancel) -> Reply:
        """Send a request and return the reply; raises CriticError saying what is wrong, or CancelledError."""
        refuse_unsendable(request)
        return self.run(lambda session, _: _asked(session, request), cancel)

    def ask_all(
        self, requests: Sequence[ChatRequest], cancel: Cancel, on_reply: OnReply | None = None
    ) -> list[Reply | CriticError]:
        """Send many requests, as many at once as the server takes; each reply, or why there is none, in its place."""

        async def one(session: Session, request: ChatRequest) -> Reply:
            refuse_unsendable(request)
            return await _asked(session, request)

        return self.run(lambda session, tell: all_in_turn(session, one, requests, tell, on_reply), cancel)

    def alive(self, cancel: Cancel) -> bool:
        """Say whether the server gives a sign of life, without a question; one lets waiting questions go on."""
        return self.run(lambda session, _: session.alive(), cancel)

    def run(self, work: Callable[[Session, Tell], Coroutine[Any, Any, T]], cancel: Cancel) -> T:
        """Run work of several questions on the loop, for whoever builds on this; the calling thread waits."""
        if self.server.withheld:
            raise CriticError(self.server.withheld)
        with opening:  # two threads may ask first
            opened = self._opened = self._opened or _Opened(self)
        try:
            return opened.lease.run(lambda tell: opened.tracked(work, tell), cancel)
        except WorkStoppedError:
            raise CriticError(
                f"The connection to the LVLM server at {self.server.root} was closed.", "Ask again."
            ) from None


class _Opened:
    """A session with its hold on the loop, closed once: by its client, or after it."""

    def __init__(self, client: Client) -> None:
        door = _OpenAiDoor(client.server)  # first, as it refuses what is no address
        self.lease: Lease = hold()
        watching = weakref.ref(client)

        def on_state(state: State, sentence: str) -> None:
            watcher = watching()
            if watcher is not None and watcher.on_state is not None:
                watcher.on_state(state, sentence)

        async def opened(_: Tell) -> Session:
            return Session(client.server, door, self.lease, on_state)

        self.session = self.lease.run(opened, NeverCancel())
        # for owners who only let go of the critic: may be called anywhere, even on the loop, and waits for nothing
        self._forgotten = weakref.finalize(client, _abandon, self.session, self.lease)
        self._forgotten.atexit = False

    async def tracked(self, work: Callable[[Session, Tell], Coroutine[Any, Any, T]], tell: Tell) -> T:
        task = asyncio.current_task()
        assert task is not None
        self.session.tasks.add(task)
        try:
            return await work(self.session, tell)
        finally:
            self.session.tasks.discard(task)

    def close(self) -> None:
        if self._forgotten.detach() is not None:
            try:
                with suppress(WorkStoppedError):  # it has ended with the program
                    self.lease.run(lambda _: self.session.close(), NeverCancel())
            finally:
                self.lease.release()


def _abandon(session: Session, lease: Lease) -> None:
    async def end() -> None:
        try:
            await session.close()
        finally:
            lease.release()

    lease.soon(lambda: _ENDING.add(asyncio.ensure_future(end())))


_ENDING: "weakref.WeakSet[asyncio.Future[None]]" = weakref.WeakSet()


async def _asked(session: Session, request: ChatRequest) -> Reply:
    for _ in range(MOST_MODELS):
        who = await session.who()
        try:
            return await session.answer(request, request_body(request, who.model), who)
        except OtherModelError:
            continue
    raise keeps_changing(session.server)


def keeps_changing(server: LvlmServer) -> CriticError:
    """Return the error of a question under which the model changed time and again."""
    return CriticError(f"The LVLM server at {server.root} keeps changing its model.", "Ask a server with one model.")


async def all_in_turn(
    session: Session,
    ask: Callable[[Session, ChatRequest], Coroutine[Any, Any, T]],
    requests: Sequence[ChatRequest],
    tell: Tell,
    on_reply: Callable[[int, T | CriticError], None] | None = None,
) -> list[T | CriticError]:
    """Ask many, with enough under way to keep every slot of the server taken; a CriticError stands in its place."""
    answers: dict[int, T | CriticError] = {}
    places = iter(range(len(requests)))

    async def in_turn() -> None:
        for place in places:
            try:
                answers[place] = await ask(session, requests[place])
            except CriticError as error:
                answers[place] = error
            if on_reply is not None:
                tell(partial(on_reply, place, answers[place]))

    width = min(len(requests), 2 * session.server.max_in_flight)
    tasks = [asyncio.create_task(in_turn()) for _ in range(width)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
    return [answers[place] for place in range(len(requests))]


class _OpenAiDoor:
    """Sends single requests through `openai`; repeats nothing itself."""

    def __init__(self, server: LvlmServer) -> None:
        self._root = server.root
        self._api = _open(server)  # here rather than on the loop: the first import takes half a second

    async def post(self, path: str, body: bytes) -> str:
        return await _translated(self._api.post(path, content=body, cast_to=str))

    async def get(self, path: str) -> str:
        return await _translated(self._api.get(f"{self._root}{path}", cast_to=str))

    async def close(self) -> None:
        await self._api.close()


def _open(server: LvlmServer) -> "AsyncOpenAI":
    import openai

    # A proxy, a netrc entry or a redirect would carry patients' pictures or the key to somebody who was not named.
    http = openai.DefaultAsyncHttpxClient(follow_redirects=False, trust_env=False, event_hooks={"response": [_bound]})
    opened = openai.AsyncOpenAI(
        api_key=server.api_key or "EMPTY",
        base_url=f"{server.root}/v1",
        # the whole of a request is bounded by whoever sends it
        timeout=openai.Timeout(None, connect=min(server.timeout_s, LONGEST_CONNECT_S)),
        max_retries=0,
        http_client=http,
        organization="",
        project="",
        default_headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
    )
    opened.organization = opened.project = None  # given empty so that the environment is not asked, then left out
    return opened


async def _bound(response: Any) -> None:
    """Bound the body that is about to be read; packed ones are not unpacked, as they could be without bound."""
    response.headers.pop("content-encoding", None)
    response.stream = _bounded_stream()(response.stream)


@cache
def _bounded_stream() -> Any:
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            left = LONGEST_BODY
            async for chunk in self._stream:
                left -= len(chunk)
                if left < 0:
                    raise WireFailure(Kind.TOO_LONG, f"more than {LONGEST_BODY} bytes")
                yield chunk

        async def aclose(self) -> None:
            await self._stream.aclose()

    return Bounded


async def _translated(sent: Coroutine[Any, Any, str]) -> str:
    """Await an answer; raises WireFailure for every way in which there is none."""
    import openai

    try:
        return await sent
    except openai.OpenAIError as error:
        raise _failure(error) from error


def _failure(error: "OpenAIError") -> WireFailure:
    import openai

    cause = error.__cause__
    if isinstance(error, openai.APIConnectionError):
        why = str(cause or "")
        if type(cause).__name__ in {"ConnectError", "ConnectTimeout"}:
            return WireFailure(Kind.UNREACHED, why)
        return WireFailure(Kind.LATE if isinstance(error, openai.APITimeoutError) else Kind.BROKEN, why)
    if isinstance(error, openai.APIStatusError):
        headers = error.response.headers
        return WireFailure(
            Kind.REFUSED,
            str(error),
            status=error.status_code,
            body=error.response.text,
            retry_after=headers.get("retry-after", ""),
            location=headers.get("location", ""),
        )
    return WireFailure(Kind.OTHER, str(error))
