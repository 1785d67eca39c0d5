"""A server of our own: started, watched and stopped, and whatever is killed, no process of it is left."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.critic.served_models import Launch, launch, served_models
from labelcritic_gui.critic.server import Look, Phase, ServedProcess, require_free

ROOT = Path(__file__).resolve().parents[2]
FAKE = Path(__file__).with_name("fake_vllm.py")
WAIT_S = 20.0

pytestmark = pytest.mark.skipif(os.name != "posix", reason="vLLM and its watchdog are for Linux and macOS")


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except FileNotFoundError:
        return False
    except NotADirectoryError:  # no /proc
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True
    return state not in b"ZX"


class Stage:
    """One start of the fake server, and the processes that came of it."""

    def __init__(self, folder: Path) -> None:
        self.pids_file = folder / "pids"
        self.log = folder / "logs" / "server.log"
        self.launch = launch(str(FAKE), "some/model", port=free_port(), table=served_models())
        self.process = self.make(self.launch, grace_s=0.5)

    def make(self, wanted: Launch, **more: float) -> ServedProcess:
        return ServedProcess(wanted, self.log, served_models(), **more)

    def environment(self, mode: str = "") -> dict[str, str]:
        return {**os.environ, "FAKE_VLLM_MODE": mode, "FAKE_VLLM_PIDS": str(self.pids_file)}

    def pids(self) -> dict[str, int]:
        if not self.pids_file.exists():
            return {}
        lines = self.pids_file.read_text("ascii").splitlines()
        return {who: int(pid) for who, pid in (line.split() for line in lines)}

    def look_until(self, phase: Phase) -> Look:
        found: list[Look] = []

        def reached() -> bool:
            found[:] = [self.process.look()]
            return found[0].phase is phase

        until(reached, f"the server to be {phase}")
        return found[0]

    def ready(self, mode: str = "") -> dict[str, int]:
        self.process.start(self.environment(mode))
        self.look_until(Phase.READY)
        until(lambda: len(self.pids()) == 3, "all three processes")
        return self.pids()

    def nothing_left(self) -> None:
        pids = self.pids()
        assert pids
        until(lambda: not any(is_alive(pid) for pid in pids.values()), f"the end of {pids}")
        until(lambda: _is_free(self.launch.port), "the port to be free")


def _is_free(port: int) -> bool:
    try:
        require_free(port)
    except CriticError:
        return False
    return True


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.process.close()
    for pid in made.pids().values():  # a failed test leaves nothing either
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)


def test_that_a_server_starts_is_watched_and_stops_with_all_its_processes(stage: Stage) -> None:
    pids = stage.ready()
    look = stage.process.look()
    assert stage.process.pid == pids["server"]
    assert look.processes == 3
    assert look.memory_mb > 5
    assert look.log[0].startswith(f"$ {FAKE} serve some/model --host 127.0.0.1 --port {stage.launch.port}")
    assert any("INFO starting serve some/model" in line for line in look.log)
    stage.process.stop()
    assert stage.process.look().phase is Phase.STOPPING
    assert stage.process.wait()
    ended = stage.process.look()
    assert (ended.phase, ended.reason, ended.processes) == (Phase.ENDED, "", 0)
    stage.nothing_left()
    assert not is_alive(stage.process.guard_pid)


def test_that_a_server_deaf_to_sigterm_is_killed_in_bounded_time(stage: Stage) -> None:
    stage.process = stage.make(stage.launch, grace_s=0.3)
    stage.ready("deaf")
    begun = time.monotonic()
    stage.process.close()
    assert time.monotonic() - begun < 5
    assert stage.process.look().phase is Phase.ENDED
    stage.nothing_left()


def test_that_a_server_can_be_stopped_while_it_starts(stage: Stage) -> None:
    stage.process = stage.make(stage.launch, grace_s=0.3)
    stage.process.start(stage.environment("never"))
    until(lambda: len(stage.pids()) == 3, "all three processes")
    assert stage.process.look().phase is Phase.STARTING
    stage.process.close()
    assert stage.process.look().phase is Phase.ENDED
    stage.nothing_left()


def test_that_a_server_which_cannot_start_says_why_in_words_and_shows_its_log(stage: Stage) -> None:
    stage.process.start(stage.environment("crash"))
    look = stage.look_until(Phase.FAILED)
    assert look.reason.startswith("The server could not start. The GPUs do not have enough free memory")
    assert "smaller or quantised model" in look.reason
    assert "Loading weights 20 %" in look.log
    assert "ERROR torch.OutOfMemoryError: CUDA out of memory. Tried to allocate" in look.log
    stage.nothing_left()


def test_that_an_unknown_failure_is_told_by_the_last_words(stage: Stage) -> None:
    stage.process.start(stage.environment("odd"))
    look = stage.look_until(Phase.FAILED)
    assert "could not start (exit code 7)" in look.reason
    assert look.reason.endswith("ERROR the moon is in the wrong place")


def test_that_a_server_which_ends_by_itself_later_has_failed_and_leaves_nothing(stage: Stage) -> None:
    stage.process.start(stage.environment("dies"))
    look = stage.look_until(Phase.FAILED)
    assert "exit code 3" in look.reason
    stage.nothing_left()


def test_that_a_taken_port_is_said_before_anything_starts(stage: Stage) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", stage.launch.port))
        taken.listen()
        with pytest.raises(CriticError, match=f"Port {stage.launch.port} of this machine is taken"):
            stage.process.start(stage.environment())
    assert stage.pids() == {}
    assert not stage.log.exists()


def test_that_a_program_that_is_not_there_is_said(stage: Stage, tmp_path: Path) -> None:
    gone = launch(str(tmp_path / "gone"), "some/model", port=free_port(), table=served_models())
    stage.process = stage.make(gone)
    stage.process.start(stage.environment())
    look = stage.look_until(Phase.FAILED)
    assert "No such file or directory" in look.reason


def test_that_the_name_of_a_file_that_is_no_program_is_said(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_text("hello", "utf-8")
    stage.process = stage.make(launch(str(file), "some/model", port=free_port(), table=served_models()))
    stage.process.start(stage.environment())
    assert "Permission denied" in stage.look_until(Phase.FAILED).reason


# --- kills ----------------------------------------------------------------------------------------------------

PARENT = """
import os, sys, time
from pathlib import Path
from labelcritic_gui.critic.server import ServedProcess, Phase
from labelcritic_gui.critic.served_models import launch, served_models
started = launch(sys.argv[1], "some/model", port=int(sys.argv[2]), table=served_models())
process = ServedProcess(started, Path(sys.argv[3]), served_models(), grace_s=0.3)
process.start(os.environ)
while process.look().phase is not Phase.READY:
    time.sleep(0.02)
print(process.guard_pid, flush=True)
while True:
    time.sleep(60)
"""


@pytest.fixture
def parent(stage: Stage) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", PARENT, str(FAKE), str(stage.launch.port), str(stage.log)]
    with subprocess.Popen(
        command, cwd=ROOT, env=stage.environment(), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as started:
        yield started
        if started.poll() is None:
            started.kill()


def guard_of(parent: "subprocess.Popen[str]", stage: Stage) -> int:
    assert parent.stdout is not None
    guard = int(parent.stdout.readline())
    until(lambda: len(stage.pids()) == 3, "all three processes")
    return guard


def inner_of(guard: int) -> int:
    (inner,) = [
        int(folder.name)
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit() and _parent_of(int(folder.name)) == guard
    ]
    return inner


def _parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a server with its watchdog")


@pytest.mark.crash
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_that_nothing_is_left_when_the_program_is_killed(
    stage: Stage, parent: "subprocess.Popen[str]", number: signal.Signals
) -> None:
    guard = guard_of(parent, stage)
    parent.send_signal(number)
    parent.wait(WAIT_S)
    stage.nothing_left()
    until(lambda: not is_alive(guard), "the end of the watchdog")


@pytest.mark.crash
@linux
@pytest.mark.parametrize("victim", ["outer", "inner", "both"])
def test_that_nothing_is_left_when_a_watchdog_is_killed(stage: Stage, victim: str) -> None:
    stage.process = stage.make(stage.launch, grace_s=0.3)
    stage.ready()
    outer, inner = stage.process.guard_pid, inner_of(stage.process.guard_pid)
    for pid in {"outer": [outer], "inner": [inner], "both": [outer, inner]}[victim]:
        os.kill(pid, signal.SIGKILL)
    assert stage.look_until(Phase.FAILED).reason
    if victim == "both":  # the worker in a session of its own is out of reach then: nobody is left to adopt it
        os.kill(stage.pids()["worker"], signal.SIGKILL)
    stage.nothing_left()
    until(lambda: not is_alive(outer) and not is_alive(inner), "the end of the watchdogs")


@pytest.mark.crash
@linux
@pytest.mark.parametrize("victim", ["outer", "inner"])
def test_that_nothing_is_left_when_the_program_and_a_watchdog_are_killed(
    stage: Stage, parent: "subprocess.Popen[str]", victim: str
) -> None:
    outer = guard_of(parent, stage)
    inner = inner_of(outer)
    parent.kill()
    os.kill(outer if victim == "outer" else inner, signal.SIGKILL)
    stage.nothing_left()
    until(lambda: not is_alive(outer) and not is_alive(inner), "the end of the watchdogs")


@pytest.mark.crash
@linux
def test_that_nothing_is_left_when_the_server_itself_is_killed(stage: Stage) -> None:
    pids = stage.ready()
    os.kill(pids["server"], signal.SIGKILL)
    assert "exit code -9" in stage.look_until(Phase.FAILED).reason
    stage.nothing_left()
