"""`labelcritic serve` with a real vLLM: it gets ready, is of use, and never outlives whoever started it."""

import signal
from collections.abc import Iterator

import pytest

from tests.vllm.environment import SETTINGS
from tests.vllm.reviews import Program, said
from tests.vllm.server import RunningServer, free_port, named, of_group, wait_until_gone

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(300)]


class Served:
    """A `labelcritic serve` under way, and the processes of its vLLM."""

    def __init__(self, environment) -> None:
        self.port = free_port()
        own = ("--", "--dtype=float32", "--enforce-eager")
        words = ("--model", environment.model(), "--port", self.port, "--vllm", environment.program.parent.parent)
        self.program = Program("serve", *words, *own)
        self.server = RunningServer(f"http://127.0.0.1:{self.port}")

    @property
    def own(self) -> list[int]:
        """vLLM's own process, and those that watch over it."""
        return [pid for pid in named("serve", "--port", str(self.port)) if pid != self.program.process.pid]

    def all_processes(self) -> set[int]:
        """Everything that must not be left behind."""
        return {pid for own in self.own for pid in of_group(own)} | set(self.own)

    def wait_until_ready(self) -> None:
        self.program.wait_until(lambda: self.server.healthy, within_s=180)


@pytest.fixture
def served(own_environment, monkeypatch) -> Iterator[Served]:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    served = Served(own_environment)
    yield served
    if served.program.process.poll() is None:
        served.program.kill()
    for pid in served.all_processes():
        wait_until_gone(pid)


def test_that_a_served_model_is_fit_for_the_critic_and_dies_with_a_killed_program(served):
    served.wait_until_ready()
    checks = {c["name"]: c for c in said("doctor", "--server", served.server.url)["checks"]}
    assert [c["sentence"] for c in checks.values() if not c["well"]] == []
    assert "12 pictures" in checks["server pictures at once"]["sentence"], "a pair and ten examples"
    processes = served.all_processes()
    assert len(processes) >= 4, "vLLM, its engine, its worker, and who watches"
    served.program.kill()
    for pid in processes:
        wait_until_gone(pid)
    assert served.all_processes() == set()
    assert not served.server.healthy


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM])
def test_that_a_server_that_is_still_starting_is_stopped_with_the_program(served, word):
    served.program.wait_until(lambda: len(served.all_processes()) >= 3)
    processes = served.all_processes()
    served.program.process.send_signal(word)
    code, out, err = served.program.end(within_s=60)
    assert "Traceback" not in out + err
    assert code in (0, -word, 128 + word)
    for pid in processes:
        wait_until_gone(pid)
    assert served.all_processes() == set()
