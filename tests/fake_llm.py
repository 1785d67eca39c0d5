"""A loopback server that answers as vLLM does, and perverts its answers on demand; also a judge with a rule.

Bodies have the shapes of vLLM 0.32 (`error` as an object, `error` as a string, `detail`); every request is kept as it
came, and read only when somebody looks.
"""

import base64
import hashlib
import json
import math
import re
import select
import socket
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

MASKED = -9999.0
Judge = Callable[["Asked"], dict[str, float]]


def png(width: int = 32, height: int = 32, *, grey: int = 128, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG of one grey; `colour` 2 is RGB, 6 RGBA, 0 grey."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    samples = {0: 1, 2: 3, 6: 4}[colour]
    rows = (b"\x00" + bytes([grey]) * (width * samples * depth // 8)) * height
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Asked:
    """One request as the server got it."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes = b""

    @cached_property
    def body(self) -> dict[str, Any]:
        return json.loads(self.raw) if self.raw else {}

    @cached_property
    def key(self) -> str:
        """What makes the request what it is: the same question has the same key."""
        return sha256(self.raw)

    @property
    def pattern(self) -> str:
        return self.body.get("structured_outputs", {}).get("regex", "")

    @property
    def choices(self) -> list[str]:
        """The choices, or the letters that an answer of the pattern may begin with."""
        begun = re.match(r"(?:[A-Z]\|)*[A-Z]", self.pattern)
        return begun[0].split("|") if begun else list(self.body.get("structured_outputs", {}).get("choice", []))

    @property
    def parts(self) -> list[dict[str, Any]]:
        content = self.body["messages"][-1]["content"]
        return content if isinstance(content, list) else [{"type": "text", "text": content}]

    @property
    def text(self) -> str:
        return "\n".join(part["text"] for part in self.parts if part["type"] == "text")

    @property
    def pictures(self) -> list[bytes]:
        urls = [part["image_url"]["url"] for part in self.parts if part["type"] == "image_url"]
        return [base64.b64decode(url.removeprefix("data:image/png;base64,"), validate=True) for url in urls]

    @property
    def judged(self) -> list[bytes]:
        """The pictures in question, without the examples before them: one where a pattern is asked for, else two."""
        return self.pictures[-1:] if self.pattern else self.pictures[-2:]


@dataclass(frozen=True)
class Answer:
    """What goes back: a body (JSON when a dict or list), or a perverted connection.

    `cut` sends that many bytes of a body announced whole; `drip_s` sends the body byte by byte, so many seconds apart;
    `endless` sends it again and again, without an end; `reset` breaks the connection without an answer, `reset_next`
    at the next request on it, as vLLM does after a 500; `hang` holds the answer back until the server stops or the
    client leaves; `garbage` is sent in place of anything like HTTP.
    """

    status: int = 200
    body: Any = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    drip_s: float | None = None
    endless: bool = False
    reset: bool = False
    reset_next: bool = False
    hang: bool = False
    garbage: bytes = b""

    @property
    def payload(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


def error(status: int, message: str, kind: str = "BadRequestError", param: str | None = None) -> Answer:
    """The first shape: an object, its code the status."""
    return Answer(status, {"error": {"message": message, "type": kind, "param": param, "code": status}})


def error_string(status: int, message: str) -> Answer:
    """The second shape: a string (401)."""
    return Answer(status, {"error": message})


def error_detail(status: int, message: str) -> Answer:
    """The third shape: a detail (unknown routes)."""
    return Answer(status, {"detail": message})


def too_many_pictures(limit: int) -> Answer:
    message = f"At most {limit} image(s) may be provided in one prompt. (parameter=image)"
    return error(400, message, param="image")


INSIDE = error(
    500, "EngineCore encountered an issue. See stack trace (above) for the root cause.", "InternalServerError"
)
BUSY = error(503, "The engine is currently busy and cannot accept new requests.", "Service Unavailable")
RESET = Answer(reset=True)
HTML = Answer(200, "<!doctype html><html><body>Sign in</body></html>", "text/html")


def completion(
    content: str,
    *,
    tokens: list[tuple[str, float]] | None = None,
    finish_reason: str = "stop",
    prompt_tokens: int = 47,
    image_tokens: int | None = None,
    model: str = "fake-vlm",
    fingerprint: str = "vllm-0.32.0-fake",
) -> dict[str, Any]:
    """A chat completion; `tokens` are the first place's (token, logprob), the chosen one first, in this order."""
    logprobs = None
    if tokens is not None:
        listed = [{"token": t, "logprob": p, "bytes": list(t.encode())} for t, p in tokens]
        end = {"token": "<|endoftext|>", "logprob": -0.6, "bytes": []}
        logprobs = {"content": [{**listed[0], "top_logprobs": listed}, {**end, "top_logprobs": [end]}]}
    message = {"role": "assistant", "content": content, "refusal": None, "reasoning": None}
    choice = {"index": 0, "message": message, "logprobs": logprobs, "finish_reason": finish_reason, "stop_reason": 0}
    details = None if image_tokens is None else {"cached_tokens": 0, "multimodal_tokens": {"image": image_tokens}}
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": 2, "total_tokens": prompt_tokens + 2}
    usage |= {"prompt_tokens_details": details}
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [choice],
        "system_fingerprint": fingerprint,
        "usage": usage,
    }


def judged(asked: Asked, weights: dict[str, float], **more: Any) -> dict[str, Any]:
    """A completion whose choices have these probabilities; the rest of the choices are masked."""
    total = sum(weights.values())
    logs = {c: math.log(weights[c] / total) if weights.get(c) else MASKED for c in asked.choices}
    best = max(logs, key=lambda c: logs[c])
    others = sorted((c for c in logs if c != best), key=lambda c: logs[c])  # unsorted for a reader that expects order
    tokens = [(best, logs[best]), *((c, logs[c]) for c in others), ("<|im_start|>", MASKED)]
    return completion(best, tokens=tokens, **more)


def prefers(picture: bytes, certainty: float = 0.9) -> Judge:
    """A judge who likes one picture, wherever it stands; of a single picture: good when it is that one."""

    def judge(asked: Asked) -> dict[str, float]:
        liked = [p == picture for p in asked.judged]
        letter = "AB"[liked.index(True)] if True in liked else "B" if len(liked) == 1 else "C"
        rest = [c for c in asked.choices if c != letter]
        return {letter: certainty, **dict.fromkeys(rest, (1 - certainty) / len(rest))}

    return judge


def always(letter: str, certainty: float = 0.9) -> Judge:
    """A judge who never looks: the same letter for everything (letter B: always the second)."""

    def judge(asked: Asked) -> dict[str, float]:
        rest = [c for c in asked.choices if c != letter]
        return {letter: certainty, **dict.fromkeys(rest, (1 - certainty) / len(rest))}

    return judge


@dataclass
class Traffic:
    """What the server saw beside the requests: how many chats were under way at once, and clients that left early."""

    under_way: int = 0
    most_at_once: int = 0
    disconnects: int = 0


class FakeLlm:
    """The server; use it as a context. `script` holds answers for the next chat requests, then `judge` answers.

    Every chat takes `delay_s`. With `grid` (pixels) the tokens of pictures are reported, of which `lost` pictures'
    are missing. Questions that have lines to answer get `line_letter` in every one; free text is `words`. `health` is
    the answer at /health: None for a server that has no such page. `stop` and `start` let the server go and come
    back at the same address.
    """

    def __init__(self, judge: Judge | None = None, *, models: tuple[str, ...] = ("fake-vlm",), key: str = "") -> None:
        self.judge = judge or always("A")
        self.models = models
        self.key = key
        self.version: str | None = "0.32.0"
        self.context: int | None = 8192
        self.fingerprint = "vllm-0.32.0-fake"
        self.root = "/weights/{}"
        self.delay_s = 0.0
        self.picture_limit = 1000
        self.grid: int | None = None
        self.lost = 0
        self.line_letter = "U"
        self.words = "The first one follows the border."
        self.health: Answer | None = Answer(body="")
        self.script: list[Answer] = []
        self.models_script: list[Answer] = []
        self.asked: list[Asked] = []
        self.traffic = Traffic()
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.connections: set[socket.socket] = set()
        self._port = 0
        self._listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def chats(self) -> list[Asked]:
        """The chat requests so far."""
        return [asked for asked in self.asked if asked.path == "/v1/chat/completions"]

    @property
    def counts(self) -> Counter[str]:
        """How often each question came."""
        return Counter(asked.key for asked in self.chats)

    @property
    def most_at_once(self) -> int:
        return self.traffic.most_at_once

    @property
    def disconnects(self) -> int:
        return self.traffic.disconnects

    def __enter__(self) -> "FakeLlm":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Come back at the same address."""
        self.stopping.clear()
        self._listen()
        self._thread.start()

    def stop(self) -> None:
        """Go: every connection breaks, and new ones are refused."""
        if self.stopping.is_set():
            return
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.socket.close()
        with self.lock:
            open_ones = list(self.connections)
        for connection in open_ones:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    def _listen(self) -> None:
        handler = type("Handler", (_Handler,), {"fake": self})
        self._server = _Server(("127.0.0.1", self._port), handler)
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @contextmanager
    def counted(self) -> Any:
        """Count a chat as under way."""
        with self.lock:
            self.traffic.under_way += 1
            self.traffic.most_at_once = max(self.traffic.most_at_once, self.traffic.under_way)
        try:
            yield
        finally:
            with self.lock:
                self.traffic.under_way -= 1

    def answer(self, asked: Asked) -> Answer:
        """Decide what goes back."""
        self.asked.append(asked)
        if asked.path == "/health":
            return self.health or error_detail(404, "Not Found")
        if asked.path == "/version":
            return Answer(body={"version": self.version}) if self.version else error_detail(404, "Not Found")
        if self.key and asked.headers.get("authorization") != f"Bearer {self.key}":
            return error_string(401, "Unauthorized")
        if asked.path == "/v1/models":
            return self.models_script.pop(0) if self.models_script else Answer(body=self._listed())
        if asked.path != "/v1/chat/completions":
            return error_detail(404, "Not Found")
        with self.lock:
            if self.script:
                return self.script.pop(0)
        return self._chat(asked)

    def _listed(self) -> dict[str, Any]:
        cards = [
            {"id": m, "object": "model", "root": self.root.format(m), "max_model_len": self.context}
            for m in self.models
        ]
        return {"object": "list", "data": cards}

    def _chat(self, asked: Asked) -> Answer:
        model = asked.body.get("model")
        if model not in self.models:
            return error(404, f"The model `{model}` does not exist.", "NotFoundError", "model")
        if len(asked.pictures) > self.picture_limit:
            return too_many_pictures(self.picture_limit)
        said = {**self._counted(asked), "model": model, "fingerprint": self.fingerprint}
        if asked.choices:
            return Answer(body=judged(asked, self.judge(asked), **said))
        lines = [f"{n} {self.line_letter}" for n, _ in enumerate(asked.pattern.splitlines(), 1)]
        return Answer(body=completion("\n".join(lines) or self.words, **said))

    def _counted(self, asked: Asked) -> dict[str, int]:
        if self.grid is None:
            return {"prompt_tokens": 40 + 64 * len(asked.pictures)}
        kept = asked.pictures[self.lost :]
        sizes = [struct.unpack(">II", picture[16:24]) for picture in kept]
        tokens = sum(max(4, round(w / self.grid) * round(h / self.grid)) for w, h in sizes)
        return {"prompt_tokens": 40 + tokens, "image_tokens": tokens}


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: clients leave as they please."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    wbufsize = -1  # head and body in one packet: two would wait 40 ms for each other
    disable_nagle_algorithm = True
    fake: ClassVar[FakeLlm]
    resets_next = False

    def setup(self) -> None:
        super().setup()
        with self.fake.lock:
            self.fake.connections.add(self.connection)

    def finish(self) -> None:
        with self.fake.lock:
            self.fake.connections.discard(self.connection)
        with suppress(OSError, ValueError):
            super().finish()

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.fake.counted():
            self._answer(raw)

    def _answer(self, raw: bytes) -> None:
        if self.resets_next:
            self._reset()
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, raw)
        answer = self.fake.answer(asked)
        wait = math.inf if answer.hang else self.fake.delay_s if raw else 0.0
        if wait and not self._stays(wait):
            self.close_connection = True
            return
        if answer.reset:
            self._reset()
            return
        with suppress(OSError):
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        if answer.garbage:
            self.wfile.write(answer.garbage)
            self.wfile.flush()
            self.close_connection = True
            return
        payload = answer.payload
        self.send_response(answer.status)
        length = {} if answer.endless else {"Content-Length": str(len(payload))}
        for name, value in {"Content-Type": answer.content_type, **length, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.resets_next = answer.reset_next
        self.close_connection |= answer.cut is not None or answer.endless or answer.drip_s is not None
        if answer.endless:
            while not self.fake.stopping.is_set():
                self.wfile.write(payload)
                self.wfile.flush()
        elif answer.drip_s is not None:
            self._drip(payload, answer.drip_s)
        else:
            self.wfile.write(payload[: answer.cut])
            self.wfile.flush()

    def _drip(self, payload: bytes, seconds: float) -> None:
        for place in range(len(payload)):
            self.wfile.write(payload[place : place + 1])
            self.wfile.flush()
            if not self._stays(seconds):
                return

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _stays(self, seconds: float) -> bool:
        """Wait; return whether the client is still there and the server goes on."""
        until = time.monotonic() + seconds
        while not self.fake.stopping.is_set():
            left = until - time.monotonic()
            if left <= 0:
                return True
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.02))
            if readable and self._has_left():
                with self.fake.lock:
                    self.fake.traffic.disconnects += 1
                return False
        return False

    def _has_left(self) -> bool:
        try:
            return self.connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True

    def log_message(self, *_: object) -> None:
        """Stay silent."""
