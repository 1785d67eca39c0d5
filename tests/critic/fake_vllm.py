#!/usr/bin/env python3
"""Plays `vllm serve MODEL --port PORT`: answers /health, and has an engine that will not end by itself.

Its engine ignores SIGTERM, as does a worker of the engine in a session of its own: the worst that a real one could
do. FAKE_VLLM_PIDS names a file that gets the process id of each. FAKE_VLLM_MODE: "crash" ends at the start, "deaf"
ignores SIGTERM itself, "never" is never healthy, "dies" ends a moment after it was healthy.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

ENGINE = "engine"
WORKER = "worker"


def note(who: str) -> None:
    with Path(os.environ["FAKE_VLLM_PIDS"]).open("a", encoding="ascii") as stream:
        stream.write(f"{who} {os.getpid()}\n")


def sleep_on() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(60)


def start(who: str, **options: object) -> None:
    subprocess.Popen([sys.executable, "-S", str(Path(__file__).resolve()), who], **options)  # type: ignore[call-overload]


class Handler(BaseHTTPRequestHandler):
    healthy = True

    def do_GET(self) -> None:
        self.send_response(200 if self.healthy and self.path == "/health" else 503)
        self.end_headers()
        if os.environ.get("FAKE_VLLM_MODE") == "dies":
            threading.Timer(0.2, lambda: os._exit(3)).start()

    def log_message(self, *_: object) -> None:
        pass


def serve(arguments: list[str]) -> None:
    mode = os.environ.get("FAKE_VLLM_MODE", "")
    note("server")
    print("INFO starting", " ".join(arguments), flush=True)
    if mode == "crash":
        print("Loading weights\rLoading weights 10 %\rLoading weights 20 %", file=sys.stderr)
        print("\x1b[31mERROR\x1b[0m torch.OutOfMemoryError: CUDA out of memory. Tried to allocate", file=sys.stderr)
        raise SystemExit(1)
    if mode == "odd":
        print("ERROR the moon is in the wrong place", file=sys.stderr)
        raise SystemExit(7)
    if mode == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    start(ENGINE)
    Handler.healthy = mode != "never"
    port = int(arguments[arguments.index("--port") + 1])
    HTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == ENGINE:
        note(ENGINE)
        start(WORKER, start_new_session=True)
        sleep_on()
    if sys.argv[1] == WORKER:
        note(WORKER)
        sleep_on()
    serve(sys.argv[1:])
