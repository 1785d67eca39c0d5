"""A `vllm serve` of our own: started as a child, watched, stopped, and never left behind. Layer: critic."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.critic import watchdog
from labelcritic_gui.critic.footprint import Gpu, gpus, memory_of
from labelcritic_gui.critic.parsing import plain_text
from labelcritic_gui.critic.served_models import Launch, ModelTable

GRACE_S = 10.0
"""How long a server that is asked to end may take before it is killed."""
LONGEST_STOP_S = 2 * GRACE_S + watchdog.MARGIN_S + 2 * watchdog.LAST_S
SIGN_OF_LIFE_S = 2.0
TAIL_LINES, TAIL_BYTES, LONGEST_LINE = 400, 256 * 1024, 400
REASON_LINES = 6
GUARDS = 1
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")


class Phase(StrEnum):
    """Where a server is in its life."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    ENDED = "ended"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Say whether nothing runs any more."""
        return self in {Phase.ENDED, Phase.FAILED}


@dataclass(frozen=True, slots=True)
class Look:
    """A server at one moment. `reason` says why it failed; memory in MB of 2**20 bytes, of all its processes."""

    phase: Phase
    reason: str = ""
    seconds: float = 0.0
    memory_mb: int = 0
    processes: int = 0
    gpus: tuple[Gpu, ...] = ()
    log: tuple[str, ...] = ()


class ServedProcess:
    """One start of a server. `look` and `stop` may be called from different threads, each from one at a time.

    Whatever becomes of this process, the server ends with it: a watchdog of its own sees to that.
    """

    def __init__(self, launch: Launch, log: Path, table: ModelTable, *, grace_s: float | None = None) -> None:
        self.launch = launch
        self.log = log
        self.phase = Phase.STARTING
        self.pid = 0
        """The server's process and group, once it is known."""
        self._table = table
        self._grace_s = GRACE_S if grace_s is None else grace_s
        self._begun = 0.0
        self._heard = b""
        self._code: int | None = None
        self._silent = False
        self._asked_to_stop = False
        self._reason = ""
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def guard_pid(self) -> int:
        """The process that watches over the server; 0 before the start."""
        return self._guard.pid if self._guard else 0

    def start(self, environment: Mapping[str, str]) -> None:
        """Start the server; raises CriticError when the port is taken or nothing can be started."""
        _require_posix()
        require_free(self.launch.port)
        command = [sys.executable, "-I", "-S", watchdog.__file__, str(self._grace_s), str(GUARDS)]
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            with self.log.open("ab") as log:
                log.write(f"$ {self.launch.text}\n".encode())
                log.flush()
                self._guard = subprocess.Popen(
                    [*command, *self.launch.command],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=dict(environment),
                    start_new_session=True,  # Ctrl+C in a terminal is for us, who then stop it in order
                )
        except OSError as error:
            raise CriticError(
                f"The server could not be started: {error.strerror}.", f"Its log is {self.log}."
            ) from None
        assert self._guard.stdout is not None
        os.set_blocking(self._guard.stdout.fileno(), False)
        self._begun = time.monotonic()

    def look(self) -> Look:
        """Look how the server is; takes a moment (a sign of life, the memory of its processes)."""
        self._listen()
        if self._silent:
            self._over()
        elif self._asked_to_stop:
            self.phase = Phase.STOPPING
        elif self.phase is Phase.STARTING and self.pid and _answers(self.launch.port):
            self.phase = Phase.READY
        memory, count = memory_of(self.pid) if self.pid and not self.phase.is_over else (0, 0)
        return Look(
            self.phase,
            self._reason,
            time.monotonic() - self._begun if self._begun else 0.0,
            memory,
            count,
            gpus() if count else (),
            self.tail(),
        )

    def stop(self) -> None:
        """Ask the server to end, and return at once; it is killed when it takes longer than its grace."""
        self._asked_to_stop = True
        if self._guard is not None and self._guard.stdin is not None:
            with suppress(OSError):
                self._guard.stdin.close()

    def wait(self, seconds: float = LONGEST_STOP_S) -> bool:
        """Wait until nothing of the server is left; return whether that came in time."""
        until = time.monotonic() + seconds
        while self._guard is not None and not self._silent and time.monotonic() < until:
            self._listen()
            time.sleep(0.02)
        if self._silent:
            self._over()
        return self._silent or self._guard is None

    def close(self) -> None:
        """Stop it and wait for its end."""
        self.stop()
        self.wait()

    def tail(self) -> tuple[str, ...]:
        """Return the last lines of the log, as plain text."""
        try:
            with self.log.open("rb") as stream:
                stream.seek(max(0, stream.seek(0, os.SEEK_END) - TAIL_BYTES))
                text = stream.read(TAIL_BYTES).decode("utf-8", "replace")
        except OSError:
            return ()
        return tuple(_plain_line(line) for line in text.split("\n") if line.strip())[-TAIL_LINES:]

    def _listen(self) -> None:
        """Hear what the watchdogs say; silence means that both are gone."""
        if self._guard is None or self._guard.stdout is None or self._silent:
            return
        with suppress(BlockingIOError):
            while (heard := os.read(self._guard.stdout.fileno(), 4096)) or self._fall_silent():
                self._heard += heard
        for line in self._heard.split(b"\n")[:-1]:
            word, _, number = line.partition(b" ")
            if word == b"started":
                self.pid = int(number)
            elif word == b"ended":
                self._code = int(number)
        self._heard = self._heard.rpartition(b"\n")[2]

    def _fall_silent(self) -> bool:
        self._silent = True
        return False

    def _over(self) -> None:
        """Take note of the end, once; where both watchdogs were killed, what they could not do is done here."""
        if self.phase.is_over or self._guard is None:
            return
        if self._code is None and self.pid:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self._guard.wait()
        for pipe in (self._guard.stdin, self._guard.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        was_ready = self.phase is Phase.READY
        self.phase = Phase.ENDED if self._asked_to_stop else Phase.FAILED
        if self.phase is Phase.FAILED:
            self._reason = self._why(was_ready=was_ready)

    def _why(self, *, was_ready: bool) -> str:
        log = self.tail()
        if self._code is None:
            return "What watches over the server was killed, so the server was ended as well."
        how = "ended by itself" if was_ready else "could not start"
        known = self._table.explain(log)
        if known is not None:
            return f"The server {how}. {known.means} {known.hint}"
        last = " | ".join(log[-REASON_LINES:]) or "it said nothing"
        return f"The server {how} (exit code {self._code}). Its last words: {plain_text(last, 1200)}"


def require_free(port: int) -> None:
    """Raise CriticError when something listens on a port of this machine already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            raise CriticError(
                f"Port {port} of this machine is taken, perhaps by a server that runs already ({error.strerror}).",
                f"Use that one, http://127.0.0.1:{port}/v1, or choose another port.",
            ) from None


def _require_posix() -> None:
    if os.name != "posix":
        raise CriticError(
            "vLLM does not run on Windows itself.",
            "Start it in WSL or on a Linux machine, and name its address under Critic and server.",
        )


def _answers(port: int) -> bool:
    """Say whether a server on a port of this machine is healthy; asks no proxy and follows nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SIGN_OF_LIFE_S)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _plain_line(line: str) -> str:
    """Make a line of a log fit to be shown: of a progress bar its last state, no colours, no control characters."""
    shown = _ESCAPES.sub("", line.rstrip("\r").rpartition("\r")[2])
    indent = len(shown) - len(shown.lstrip(" "))
    return " " * min(indent, 20) + plain_text(shown, LONGEST_LINE)
