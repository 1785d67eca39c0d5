"""A loopback server that answers as vLLM does, and perverts its answers on demand; also a judge with a rule.

Bodies have the shapes of vLLM 0.32 (`error` as an object, `error` as a string, `detail`); every request is kept.
"""

import base64
import hashlib
import json
import math
import socket
import struct
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
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
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def choices(self) -> list[str]:
        return list(self.body.get("structured_outputs", {}).get("choice", []))

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


@dataclass(frozen=True)
class Answer:
    """What goes back: a body (JSON when a dict or list), or a perverted connection.

    `cut` sends that many bytes of a body announced whole; `reset` breaks the connection without an answer; `hang`
    holds the answer back until the server closes.
    """

    status: int = 200
    body: Any = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    reset: bool = False
    hang: bool = False

    @property
    def payload(self) -> bytes:
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
    model: str = "fake-vlm",
) -> dict[str, Any]:
    """A chat completion; `tokens` are the first place's (token, logprob), the chosen one first, in this order."""
    logprobs = None
    if tokens is not None:
        listed = [{"token": t, "logprob": p, "bytes": list(t.encode())} for t, p in tokens]
        end = {"token": "<|endoftext|>", "logprob": -0.6, "bytes": []}
        logprobs = {"content": [{**listed[0], "top_logprobs": listed}, {**end, "top_logprobs": [end]}]}
    message = {"role": "assistant", "content": content, "refusal": None, "reasoning": None}
    choice = {"index": 0, "message": message, "logprobs": logprobs, "finish_reason": finish_reason, "stop_reason": 0}
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": 2, "total_tokens": prompt_tokens + 2}
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [choice],
        "system_fingerprint": "vllm-0.32.0-fake",
        "usage": usage,
    }


def judged(asked: Asked, weights: dict[str, float]) -> dict[str, Any]:
    """A completion whose choices have these probabilities; the rest of the choices are masked."""
    total = sum(weights.values())
    logs = {c: math.log(weights[c] / total) if weights.get(c) else MASKED for c in asked.choices}
    best = max(logs, key=lambda c: logs[c])
    others = sorted((c for c in logs if c != best), key=lambda c: logs[c])  # unsorted for a reader that expects order
    tokens = [(best, logs[best]), *((c, logs[c]) for c in others), ("<|im_start|>", MASKED)]
    return completion(best, tokens=tokens, prompt_tokens=40 + 64 * len(asked.pictures))


def prefers(picture: bytes, certainty: float = 0.9) -> Judge:
    """A judge who likes one picture, wherever it stands; of a single picture: good when it is that one."""

    def judge(asked: Asked) -> dict[str, float]:
        liked = [p == picture for p in asked.pictures]
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


class FakeLlm:
    """The server; use it as a context. `script` holds answers for the next chat requests, then `judge` answers."""

    def __init__(self, judge: Judge | None = None, *, models: tuple[str, ...] = ("fake-vlm",), key: str = "") -> None:
        self.judge = judge or always("A")
        self.models = models
        self.key = key
        self.version: str | None = "0.32.0"
        self.context: int | None = 8192
        self.script: list[Answer] = []
        self.models_script: list[Answer] = []
        self.asked: list[Asked] = []
        self._closing = threading.Event()
        handler = type("Handler", (_Handler,), {"fake": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def chats(self) -> list[Asked]:
        """The chat requests so far."""
        return [asked for asked in self.asked if asked.path == "/v1/chat/completions"]

    def __enter__(self) -> "FakeLlm":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait_for_close(self) -> None:
        self._closing.wait(30)

    def answer(self, asked: Asked) -> Answer:
        """Decide what goes back."""
        self.asked.append(asked)
        if asked.path == "/version":
            return Answer(body={"version": self.version}) if self.version else error_detail(404, "Not Found")
        if self.key and asked.headers.get("authorization") != f"Bearer {self.key}":
            return error_string(401, "Unauthorized")
        if asked.path == "/v1/models":
            return self.models_script.pop(0) if self.models_script else Answer(body=self._listed())
        if asked.path != "/v1/chat/completions":
            return error_detail(404, "Not Found")
        return self.script.pop(0) if self.script else self._chat(asked)

    def _listed(self) -> dict[str, Any]:
        cards = [
            {"id": m, "object": "model", "root": f"/weights/{m}", "max_model_len": self.context} for m in self.models
        ]
        return {"object": "list", "data": cards}

    def _chat(self, asked: Asked) -> Answer:
        if asked.body.get("model") not in self.models:
            return error(404, f"The model `{asked.body.get('model')}` does not exist.", "NotFoundError", "model")
        return Answer(body=judged(asked, self.judge(asked)))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    wbufsize = -1  # head and body in one packet: two would wait 40 ms for each other
    disable_nagle_algorithm = True
    fake: ClassVar[FakeLlm]

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _answer(self, raw: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.fake.answer(Asked(self.command, self.path, headers, json.loads(raw) if raw else {}))
        if answer.hang:
            self.fake.wait_for_close()
            self.close_connection = True
            return
        if answer.reset:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.content_type, **answer.headers}.items():
            self.send_header(name, value)
        payload = answer.payload
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload[: answer.cut])
        self.wfile.flush()
        if answer.cut is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Stay silent."""
