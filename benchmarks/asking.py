"""Pairs per minute: `python -m benchmarks.asking`. The whole way of a verdict against a bare AsyncOpenAI loop.

Both ask the same loopback server, a process of its own that takes 100 ms an answer, about the same pairs in both
orders, two pictures of 150 kB each, none of them used twice. The bare loops send requests prepared beforehand (as
keyword arguments, or even as bytes) and look at one letter of the answers. Ours renders the prompts, hashes, asks,
reads, weighs, and writes every reply to a review's database (durable before the verdict is heard). They take turns in
one run; ratios are medians over the turns. The target is a share of the loop that calls `create`. What the server
allows is the floor: so many answers at a time in 100 ms each.
"""

import argparse
import asyncio
import base64
import json
import multiprocessing
import statistics
import struct
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = 0.95
ANSWER_S = 0.1
SIDE = 224
"""224 x 224 pixels of noise in 8-bit RGB do not compress: 150 kB."""
WIDTHS = (8, 32)
NAMES = {
    "bare": "AsyncOpenAI, chat.completions.create     ",
    "bytes": "AsyncOpenAI, bodies ready as bytes       ",
    "ours": "ours, from two pictures to a kept verdict",
}


class Endpoint(asyncio.Protocol):
    """Answers every POST after 100 ms, in as little code as there can be."""

    answers: dict[bytes, bytes]

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self.transport, self.head, self.left, self.path = transport, b"", 0, b""

    def data_received(self, data: bytes) -> None:
        """Count the bytes of a request until it is whole."""
        if not self.left:
            self.head += data
            head, found, data = self.head.partition(b"\r\n\r\n")
            if not found:
                return
            self.head, self.path = b"", head.split(b" ", 2)[1]
            _, announced, length = head.lower().partition(b"content-length:")
            self.left = int(length.split(b"\r\n")[0]) if announced else 0
        self.left -= len(data)
        if self.left == 0:
            body = self.answers[self.path]
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
            wait = ANSWER_S if self.path == b"/v1/chat/completions" else 0.0
            asyncio.get_running_loop().call_later(wait, self.transport.write, head + body)


def completion() -> dict[str, Any]:
    """Return an answer as long as vLLM's."""
    tokens = [("A", -0.4), ("B", -1.1), ("C", -9.0), ("D", -9.0), *((f"<|mark_{n}|>", -9999.0) for n in range(4))]
    top = [{"token": t, "logprob": p, "bytes": list(t.encode())} for t, p in tokens]
    message = {"role": "assistant", "content": "A", "refusal": None, "annotations": None, "reasoning": None}
    content = [{**top[0], "top_logprobs": top}, {**top[4], "logprob": 0.0, "top_logprobs": top}]
    choice = {"index": 0, "message": message, "logprobs": {"content": content}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1200, "completion_tokens": 2, "total_tokens": 1202, "prompt_tokens_details": None}
    known = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return {**known, "system_fingerprint": "vllm-0.32.0-bench", "usage": usage}


def serve(ports: Any) -> None:
    """Run the server in this process; says its port."""
    models = {"object": "list", "data": [{"id": "m", "object": "model", "root": "/m", "max_model_len": 32768}]}
    pages = {
        "/v1/chat/completions": completion(),
        "/v1/models": models,
        "/version": {"version": "0.32.0"},
        "/health": {},
    }
    Endpoint.answers = {path.encode(): json.dumps(body).encode() for path, body in pages.items()}

    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(Endpoint, "127.0.0.1", 0, backlog=256)
        ports.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())


def pictures() -> Iterator[bytes]:
    """Yield pictures of 150 kB, all different."""
    import numpy as np

    rng = np.random.default_rng(4)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0))
    while True:
        rows = rng.integers(0, 256, (SIDE, 1 + 3 * SIDE), dtype=np.uint8)
        rows[:, 0] = 0
        yield head + chunk(b"IDAT", zlib.compress(rows.tobytes(), 0)) + chunk(b"IEND", b"")


def questions(count: int, source: Iterator[bytes], name: str) -> list[Any]:
    """Return questions about pairs of which no picture was used before."""
    from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
    from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
    from labelcritic_gui.core.structures import Structure
    from labelcritic_gui.core.verdict import Subject
    from labelcritic_gui.critic.base import Question

    asked = []
    for n in range(count):
        item = ItemId(CaseId(f"{name}_{n:05d}"), "liver")
        pair = tuple(CandidateId(item.case, item.structure, f"set{m}") for m in range(2))
        facts = (CandidateFacts(empty=False), CandidateFacts(empty=False))
        shown = (next(source), next(source))
        subject = Subject(item, pair, ("a", "b"))
        asked.append(Question(subject, Structure("liver"), facts, PairFacts(dice=0.8), shown))
    return asked


def as_bytes(critic: Any, asked: list[Any]) -> list[bytes]:
    """Return the bodies of the same requests."""
    from labelcritic_gui.critic.wire import request_body

    return [request_body(sent.request, "m") for question in asked for sent in critic.questions(question)]


def prepared(critic: Any, asked: list[Any]) -> list[dict[str, Any]]:
    """Return what the bare loop sends: the same requests in both orders, ready for `create`."""
    requests = []
    for question in asked:
        urls = {p: f"data:image/png;base64,{base64.b64encode(p).decode()}" for p in question.pictures}
        for sent in critic.questions(question):
            request = sent.request
            parts = [{"type": "image_url", "image_url": {"url": urls[picture]}} for picture in request.pictures]
            content = [*parts, {"type": "text", "text": request.text}]
            messages = [{"role": "system", "content": request.system}, {"role": "user", "content": content}]
            sampling = {"temperature": 0.0, "top_p": 1.0, "seed": 0, "max_tokens": request.max_tokens}
            held = {"structured_outputs": {"choice": list(request.choices)}}
            shown = {"logprobs": True, "top_logprobs": request.top_logprobs}
            requests.append({"model": "m", "messages": messages, **sampling, **shown, "extra_body": held})
    return requests


class Bare:
    """A loop around AsyncOpenAI as anybody would write it; `ready` for one that is given its bodies as bytes."""

    def __init__(self, url: str, width: int, *, ready: bool) -> None:
        from openai import AsyncOpenAI

        self.width = width
        self.ready = ready
        self.runner = asyncio.Runner()
        self.api = AsyncOpenAI(api_key="EMPTY", base_url=url, max_retries=0)

    def ask(self, requests: list[Any]) -> None:
        """Send all, so many at a time."""
        self.runner.run(self._all(requests))

    async def _all(self, requests: list[Any]) -> None:
        from openai.types.chat import ChatCompletion

        left = iter(requests)
        json_body: Any = {"headers": {"Content-Type": "application/json"}}

        async def one_after_the_other() -> None:
            for request in left:
                if self.ready:
                    sent = self.api.post(
                        "/chat/completions", content=request, cast_to=ChatCompletion, options=json_body
                    )
                else:
                    sent = self.api.chat.completions.create(**request)
                answer = await sent
                assert answer.choices[0].message.content == "A"

        await asyncio.gather(*[one_after_the_other() for _ in range(self.width)])

    def close(self) -> None:
        """Close the connections."""
        self.runner.run(self.api.close())
        self.runner.close()


def timed(work: Any, *arguments: Any) -> tuple[float, float]:
    """Return wall and processor seconds of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work(*arguments)
    return time.perf_counter() - wall, time.process_time() - cpu


def compare(url: str, width: int, pairs: int, turns: int, folder: Path) -> None:
    """Print how fast ours is, and as a share of the bare loops."""
    from labelcritic_gui.core.cancel import NeverCancel
    from labelcritic_gui.critic.client import LvlmServer
    from labelcritic_gui.critic.lvlm import LvlmCritic
    from labelcritic_gui.services.review import now
    from labelcritic_gui.store.database import create_database
    from labelcritic_gui.store.replies import StoredReplies

    source, never = pictures(), NeverCancel()
    database = create_database(folder / f"review_{width}.db")
    critic = LvlmCritic(LvlmServer(url, max_in_flight=width), cache=StoredReplies(database, now))
    bare, ready = Bare(url, width, ready=False), Bare(url, width, ready=True)
    asked_of_us = 0

    def ours(asked: list[Any]) -> None:
        verdicts = critic.compare_all(asked, never)
        assert all(len(verdict.orders) == 2 for verdict in verdicts)  # type: ignore[union-attr]

    warm = questions(width, source, "warm")
    bare.ask(prepared(critic, warm))
    ready.ask(as_bytes(critic, warm))
    ours(warm)
    asked_of_us += len(warm)
    rates: dict[str, list[float]] = {"bare": [], "bytes": [], "ours": []}
    costs: dict[str, list[float]] = {"bare": [], "bytes": [], "ours": []}
    for turn in range(turns):
        asked = questions(pairs, source, f"turn{turn}")
        asked_of_us += pairs
        order: list[tuple[str, Any, Any]] = [
            ("bare", bare.ask, prepared(critic, asked)),
            ("bytes", ready.ask, as_bytes(critic, asked)),
            ("ours", ours, asked),
        ]
        for name, work, content in order if turn % 2 else order[::-1]:
            wall, cpu = timed(work, content)
            rates[name].append(60 * pairs / wall)
            costs[name].append(1000 * cpu / (2 * pairs))
    with database.reading() as connection:
        kept = connection.exec_driver_sql("SELECT count(*) FROM reply").scalar_one()
    assert kept == 2 * asked_of_us, f"{kept} replies kept of {2 * asked_of_us}"
    critic.client.close()
    bare.close()
    ready.close()
    database.close()
    show(width, rates, costs)


def show(width: int, rates: dict[str, list[float]], costs: dict[str, list[float]]) -> None:
    """Print medians over the turns: rates, shares of what the server allows, and ours as a share of the others."""
    allowed = 60 * width / ANSWER_S / 2
    print(f"  {width} in flight, {len(rates['ours'])} turns; the server allows {allowed:.0f} pairs a minute:")
    for name, what in NAMES.items():
        rate, cost = statistics.median(rates[name]), statistics.median(costs[name])
        line = f"    {what}: {rate:6.0f} pairs a minute ({rate / allowed:.0%}), {cost:.2f} ms of processor a request"
        if name != "ours":
            share = statistics.median(o / b for o, b in zip(rates["ours"], rates[name], strict=True))
            line += f"; ours / {name} = {share:.3f}"
        if name == "bare":
            line += f" (target {TARGET}: {'met' if share >= TARGET else 'MISSED'})"
        print(line)


def main() -> None:
    """Run both widths."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=0, help="pairs a turn; 0 for about 1.5 s a turn")
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ports = context.Queue()
    server = context.Process(target=serve, args=(ports,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ports.get(timeout=30)}/v1"
    try:
        with tempfile.TemporaryDirectory() as folder:
            for width in WIDTHS:
                pairs = arguments.pairs or (60 if width == 8 else 200)
                compare(url, width, pairs, arguments.turns, Path(folder))
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()
