"""A real `vllm serve` of the tests: started with given flags, watched, killed, started again, and never left behind."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Self

from tests.vllm.environment import SETTINGS, Environment

NAME = "tiny-vlm"
CONTEXT = 8192
MOST_PICTURES = 4
AT_ONCE = 32
FLAGS = (
    # Whole prompts in float32, none from a cache: only then are answers the same to the last bit whatever else is in
    # flight. A prompt that is computed in other parts differs in its seventh digit.
    "--dtype=float32",
    "--no-enable-prefix-caching",
    "--no-enable-chunked-prefill",
    "--max-num-batched-tokens=32768",
    f"--max-model-len={CONTEXT}",
    f'--limit-mm-per-prompt={{"image":{MOST_PICTURES},"video":0}}',
    f"--max-num-seqs={AT_ONCE}",
    "--enforce-eager",
    "--enable-prompt-tokens-details",
)
LONGEST_START_S = 180.0
LONGEST_STOP_S = 30.0
_GUARD = """
import contextlib, os, signal, sys
sys.stdin.read()
with contextlib.suppress(ProcessLookupError):
    os.killpg(int(sys.argv[1]), signal.SIGKILL)
"""
"""Waits for the end of its input, which comes when the tests end in whatever way, and kills the server's processes."""


class RunningServer:
    """A vLLM server at an address without /v1, wherever it came from."""

    def __init__(self, root: str) -> None:
        self.root = root

    @property
    def url(self) -> str:
        """Its address as the program is told."""
        return f"{self.root}/v1"

    @property
    def healthy(self) -> bool:
        """Say whether it would answer a question now."""
        try:
            with urllib.request.urlopen(f"{self.root}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    @property
    def model_name(self) -> str:
        """The one model it serves, by name."""
        with urllib.request.urlopen(f"{self.root}/v1/models", timeout=10) as answer:
            (card,) = json.load(answer)["data"]
        return str(card["id"])

    def metric(self, name: str) -> float:
        """Return the sum of one of vLLM's counters or gauges, such as vllm:num_requests_running."""
        with urllib.request.urlopen(f"{self.root}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        found = re.findall(rf"^{re.escape(name)}(?:_total)?(?:{{[^}}]*}})? ([0-9.e+-]+)$", text, re.MULTILINE)
        assert found, f"vLLM counts no {name}"
        return sum(map(float, found))

    @property
    def running(self) -> int:
        """How many requests it works on or holds back."""
        return int(self.metric("vllm:num_requests_running") + self.metric("vllm:num_requests_waiting"))

    def idle_within(self, seconds: float) -> bool:
        """Say whether it has nothing to do within so many seconds; it is asked again and again."""
        begun = time.monotonic()
        while busy := self.running:
            if time.monotonic() - begun > seconds:
                break
        return not busy


class VllmServer(RunningServer):
    """A server on one port of this machine. `start` may be called again after `kill` or `stop`: the port stays."""

    def __init__(
        self, environment: Environment, log: Path, *, flags: tuple[str, ...] = FLAGS, architecture: str = "qwen2_vl"
    ) -> None:
        self.environment = environment
        self.log = log
        self.flags = flags
        self.model = environment.model(architecture)
        self.port = free_port()
        super().__init__(f"http://127.0.0.1:{self.port}")
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def is_started(self) -> bool:
        """Say whether it was started, and not stopped or killed since."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The process that was started; its group is the server's."""
        assert self._process is not None, "the server was not started"
        return self._process.pid

    def launch(self) -> Self:
        """Start the server without waiting for it."""
        command: list[str | Path] = [self.environment.program, "serve", self.model, f"--served-model-name={NAME}"]
        command += ["--host=127.0.0.1", f"--port={self.port}", *self.flags]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, **SETTINGS}, start_new_session=True
            )
        self._guard = subprocess.Popen([sys.executable, "-c", _GUARD, str(self.pid)], stdin=subprocess.PIPE)
        return self

    def start(self) -> Self:
        """Start the server and wait until it is healthy."""
        self.launch()
        self.wait_until_healthy()
        return self

    def wait_until_healthy(self) -> None:
        """Wait until it answers; fails with the end of its log when it ends before."""
        assert self._process is not None
        waited = 0.0
        while not self.healthy:
            assert waited < LONGEST_START_S, f"vLLM was not ready after {waited:.0f} s:\n{self.tail()}"
            try:
                self._process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                waited += 0.2
            else:
                raise AssertionError(f"vLLM ended by itself ({self._process.returncode}):\n{self.tail()}")

    @property
    def engine(self) -> int:
        """The process that computes, beside the one that answers HTTP."""
        (found,) = [pid for pid in self.processes() if "EngineCor" in _name(pid)]
        return found

    def freeze(self) -> None:
        """Let all its processes stand still, so that what is in flight stays in flight."""
        os.killpg(self.pid, signal.SIGSTOP)

    def freeze_engine(self) -> None:
        """Let the computing process stand still: what is asked now is taken, and not answered."""
        os.kill(self.engine, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let what stands still go on."""
        os.killpg(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Kill it and its children at once (SIGKILL), as an out-of-memory killer or an operator would."""
        os.killpg(self.pid, signal.SIGKILL)
        self._ended()

    def kill_engine(self) -> None:
        """Kill the computing process alone; vLLM then answers what is under way with 500, and ends by itself."""
        os.kill(self.engine, signal.SIGKILL)

    def wait_until_ended(self) -> None:
        """Wait until the server has ended by itself, and clear up."""
        assert self._process is not None
        self._process.wait(LONGEST_STOP_S)
        self._ended()

    def stop(self) -> None:
        """Stop it as an operator would (SIGTERM), kill what is left; a server that is not running is left alone."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self.thaw()
            self._process.terminate()
            try:
                self._process.wait(LONGEST_STOP_S)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
        self._ended()

    def _ended(self) -> None:
        """Let the guard kill whatever is left of the group, and see to it that nothing is."""
        assert self._process is not None
        assert self._guard is not None
        left = self.processes()
        self._guard.communicate(timeout=LONGEST_STOP_S)
        self._process.wait(LONGEST_STOP_S)
        for pid in left:
            wait_until_gone(pid)
        self._process = self._guard = None

    def processes(self) -> list[int]:
        """Return the living processes of the server's group, the server itself among them."""
        return of_group(self.pid)

    def tail(self, lines: int = 30) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def of_group(group: int) -> list[int]:
    """Return the living processes of a process group."""
    return [pid for pid in _all_processes() if _group(pid) == group]


def named(*words: str) -> list[int]:
    """Return the living processes that have all these words in their command lines."""
    return [pid for pid in _all_processes() if _group(pid) and set(words) <= set(_command(pid))]


def _all_processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name: state, parent, group ...; empty when there is no process."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []


def _group(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[2]) if fields and fields[0] != "Z" else 0


def _name(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "comm").read_text("utf-8", "replace")
    except OSError:
        return ""


def _command(pid: int) -> list[str]:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return []


def wait_until_gone(pid: int) -> None:
    """Wait for the end of a process that is not our child."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = select.select([handle], [], [], LONGEST_STOP_S)
        assert ready, f"process {pid} of the server did not end"
    finally:
        os.close(handle)
