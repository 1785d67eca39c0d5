"""A real vLLM as a child: ready, asked, looked at, and ended whole, even when what watches over it is killed."""

import json
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labelcritic_gui.critic.served_models import served_models
from labelcritic_gui.critic.server import Phase, ServedProcess
from labelcritic_gui.services.serving import environment_for, find_vllm, plan_launch
from labelcritic_gui.settings import ServeSettings
from tests.critic.test_server import free_port, inner_of, is_alive

MODEL_VARIABLE = "LABELCRITIC_VLLM_MODEL_DIR"
START_S, END_S = 240.0, 30.0
# a tiny model on a CPU; without a compiler the first question with probabilities would end the engine
FLAGS = ("--dtype=float32", "--max-model-len=8192", "--max-num-seqs=8", "--enforce-eager", "--served-model-name=tiny")
VARIABLES = {"HF_HUB_OFFLINE": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "TORCHDYNAMO_DISABLE": "1"}

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(360)]


def until(condition: Callable[[], bool], within_s: float, what: str) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.05)


def group(pgid: int) -> list[int]:
    """The living processes of a group."""
    found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in found if _group(pid) == pgid and is_alive(pid)]


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedProcess]:
    folder = os.environ.get(MODEL_VARIABLE, "")
    if not os.environ.get("LABELCRITIC_VLLM") or not folder:
        pytest.skip(f"needs a vLLM of its own, named by LABELCRITIC_VLLM, and a model's folder by {MODEL_VARIABLE}")
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux ends a server with its watchdog")
    wish = ServeSettings(model=folder, port=free_port(), extra=FLAGS)
    program = find_vllm(wish)
    process = ServedProcess(plan_launch(wish, program=program), tmp_path / "server.log", served_models(), grace_s=5.0)
    process.start(environment_for(program, {**os.environ, **VARIABLES}))
    until(lambda: process.look().phase is not Phase.STARTING, START_S, "the server to be ready")
    yield process
    process.close()


def test_that_a_real_server_is_watched_and_stopped(served: ServedProcess) -> None:
    look = served.look()
    assert look.phase is Phase.READY, look.reason or look.log
    assert look.processes >= 2
    assert look.memory_mb > 300
    assert any("Application startup complete" in line for line in look.log)
    with urllib.request.urlopen(f"{served.launch.url}/models", timeout=10) as answer:
        assert [card["id"] for card in json.load(answer)["data"]] == ["tiny"]
    pgid, guards = served.pid, (served.guard_pid, inner_of(served.guard_pid))
    served.stop()
    assert served.wait(END_S)
    assert served.look().phase is Phase.ENDED
    assert group(pgid) == []
    assert not any(map(is_alive, guards))


@pytest.mark.parametrize("victim", ["outer", "inner"])
def test_that_a_real_engine_is_not_left_behind_when_somebody_is_killed(served: ServedProcess, victim: str) -> None:
    assert served.look().phase is Phase.READY
    outer, pgid = served.guard_pid, served.pid
    inner = inner_of(outer)
    engines = group(pgid)
    assert len(engines) >= 3
    os.kill(outer if victim == "outer" else inner, signal.SIGKILL)
    until(lambda: served.look().phase is Phase.FAILED, END_S, "the end to be noticed")
    until(lambda: not any(map(is_alive, (*engines, outer, inner))), END_S, f"the end of {engines}")
    assert group(pgid) == []
