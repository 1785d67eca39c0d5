"""A door of this machine in front of a server: passes every byte on unchanged, and counts what was asked and answered.

It opens a connection of its own for each of the client's, ends one when the other ends, and adds nothing: whoever asks
through it meets the server itself. While the door is shut, connections are refused as by a machine on which nobody
listens.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from tests.fake_llm import sha256

CHAT = "/v1/chat/completions"
_LENGTH = re.compile(rb"^content-length:\s*(\d+)", re.IGNORECASE | re.MULTILINE)


@dataclass
class Passed:
    """One chat request that came through the door; `status` is None until its answer was passed on whole."""

    raw: bytes = field(repr=False)
    status: int | None = None
    cut: bool = False

    @property
    def body(self) -> dict[str, Any]:
        """What was asked."""
        found: dict[str, Any] = json.loads(self.raw)
        return found

    @property
    def sha256(self) -> str:
        """Names the request by all its bytes."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def canonical(self) -> dict[str, Any]:
        """The request in the form in which a review keeps it beside the reply: texts and pictures by sha256."""
        body = self.body
        system, user = body["messages"]
        *pictures, text = user["content"]
        held = body.get("structured_outputs", {})
        return {
            "system": sha256(system["content"].encode()),
            "text": sha256(text["text"].encode()),
            "pictures": [sha256(_picture(part["image_url"]["url"])) for part in pictures],
            "choices": held.get("choice", []),
            "pattern": held.get("regex", ""),
            **{name: body[name] for name in ("temperature", "top_p", "seed", "max_tokens")},
            "logprobs": body.get("logprobs", False),
            "top_logprobs": body.get("top_logprobs", 0),
        }


class CountingProxy:
    """The door to a server at an address such as http://127.0.0.1:8000; use it as a context."""

    def __init__(self, root: str) -> None:
        parts = urlsplit(root)
        self._host, self._port = parts.hostname, parts.port
        self.passed: list[Passed] = []
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="counting-proxy")
        self._door: asyncio.Server | None = None
        self._own_port = 0
        self._going: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The address to ask instead of the server's."""
        return f"http://127.0.0.1:{self._own_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()
        self._do(self._end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def open(self) -> None:
        """Listen, on the same port as before."""
        self._door = self._do(asyncio.start_server(self._connected, "127.0.0.1", self._own_port, limit=2**20))
        self._own_port = self._door.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """Listen no more: new connections are refused, those that are open go on."""
        if self._door is not None:
            self._loop.call_soon_threadsafe(self._door.close)
            self._do(asyncio.sleep(0))
            self._door = None

    def end_connections(self) -> None:
        """Break all connections, as when the server behind the door is killed."""
        self._do(self._end_all())

    def wait_for(self, condition: Callable[["CountingProxy"], bool], *, within_s: float = 60.0) -> None:
        """Wait until something holds of what has passed so far."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), within_s), f"passed so far: {self.counts}"

    @property
    def answered(self) -> list[Passed]:
        """The requests whose answers (200) were passed on whole."""
        return [one for one in self.passed if one.status == 200]

    @property
    def waiting(self) -> list[Passed]:
        """The requests that are under way."""
        return [one for one in self.passed if one.status is None and not one.cut]

    @property
    def counts(self) -> dict[str, int]:
        """How many were asked, answered with 200, answered otherwise, cut off, and are under way."""
        other = [one for one in self.passed if one.status not in (None, 200)]
        cut = [one for one in self.passed if one.cut]
        named = {"answered": self.answered, "other": other, "cut": cut, "waiting": self.waiting}
        return {"asked": len(self.passed), **{name: len(found) for name, found in named.items()}}

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _end_all(self) -> None:
        for task in self._going:
            task.cancel()
        await asyncio.gather(*self._going, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._going.add(task)
        upstream: asyncio.StreamWriter | None = None
        try:
            answers, upstream = await asyncio.open_connection(self._host, self._port, limit=2**20)
            while await self._pass_one(reader, writer, answers, upstream):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # one of the ends is gone, or all connections are broken on purpose: the other end is told so
        finally:
            self._going.discard(task)
            for end in (writer, upstream):
                if end is not None:
                    end.transport.abort()

    async def _pass_one(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answers: asyncio.StreamReader,
        upstream: asyncio.StreamWriter,
    ) -> bool:
        """Pass one request and its answer on; False when the client asks no more."""
        head, body = await _message(reader)
        one = Passed(body) if head.split(b" ", 2)[1] == CHAT.encode() else None
        if one is not None:
            self._note(lambda: self.passed.append(one))
        try:
            upstream.write(head + body)
            await upstream.drain()
            head, body = await _unless_gone(_message(answers), reader)
            writer.write(head + body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if one is not None:
                self._note(lambda: setattr(one, "cut", True))
            raise
        if one is not None:
            self._note(lambda: setattr(one, "status", int(head.split(b" ", 2)[1])))
        return b"connection: close" not in head.lower()

    def _note(self, change: Callable[[], object]) -> None:
        with self._changed:
            change()
            self._changed.notify_all()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Return the head and the body of one HTTP message, as they came."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise OSError("a head without an end") from error
    length = _LENGTH.search(head)
    return head, await reader.readexactly(int(length.group(1))) if length else b""


async def _unless_gone(
    work: Coroutine[Any, Any, tuple[bytes, bytes]], client: asyncio.StreamReader
) -> tuple[bytes, bytes]:
    """Return what comes of `work`, unless the client goes away before; then raises ConnectionResetError."""
    doing, gone = asyncio.ensure_future(work), asyncio.ensure_future(client.read(1))
    try:
        await asyncio.wait({doing, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise ConnectionResetError("the client went away")
        return doing.result()
    finally:
        for task in (doing, gone):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
                await task


def _picture(url: str) -> bytes:
    return base64.b64decode(url.removeprefix("data:image/png;base64,"), validate=True)
