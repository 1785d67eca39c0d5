"""The model server of this machine as the panel sees it: planned, started, watched, stopped, used."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labelcritic_gui.settings import ServerSettings, ServeSettings, change_settings, load_settings
from labelcritic_gui.viewmodels.served import ModelServer, Phase
from labelcritic_gui.viewmodels.station import Station
from tests.critic.test_server import FAKE, free_port, is_alive, until
from tests.viewmodels.fakes import FakeCalls, FakeServices, HeldRunner

pytestmark = pytest.mark.skipif(os.name != "posix", reason="vLLM is for Linux and macOS")


class Scene:
    """A station with a model server that plays."""

    def __init__(self, folder: Path) -> None:
        self.pids_file = folder / "pids"
        wish = ServeSettings(model="some/model", vllm=str(FAKE), port=free_port())
        self.runner = HeldRunner()
        stored = change_settings(served=wish)
        self.station = Station(FakeServices(stored, FakeCalls()), self.runner, bind=lambda opened, reader: opened)
        self.server = ModelServer(self.station, self.runner)
        self.runner.settle()

    def until(self, condition: Callable[[], object], what: str) -> None:
        def reached() -> bool:
            self.server.tick()
            self.runner.settle()
            return bool(condition())

        until(reached, what)

    def pids(self) -> list[int]:
        lines = self.pids_file.read_text("ascii").splitlines() if self.pids_file.exists() else []
        return [int(line.split()[1]) for line in lines]

    def start(self) -> None:
        self.server.start()
        self.until(lambda: self.server.ready, "the server to be ready")
        until(lambda: len(self.pids()) == 3, "all three processes")

    def nothing_left(self) -> None:
        until(lambda: not any(map(is_alive, self.pids())), f"the end of {self.pids()}")


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setenv("FAKE_VLLM_PIDS", str(tmp_path / "pids"))
    monkeypatch.setattr("labelcritic_gui.critic.server.GRACE_S", 0.5)
    made = Scene(tmp_path)
    yield made
    made.server.close()
    made.runner.settle()
    made.nothing_left()


def test_that_the_command_line_is_shown_and_follows_every_change(scene: Scene) -> None:
    server = scene.server
    assert server.command.startswith(f"{FAKE} serve some/model ")
    assert server.startable
    assert "not among the documented models" in server.remarks
    server.set(model="Qwen/Qwen2.5-VL-72B-Instruct", gpus=4)
    server.set_extra("--max-model-len '8192'")
    scene.runner.settle()
    assert server.gpu_choices == (2, 4)
    assert "--tensor-parallel-size 4" in server.command
    assert server.command.endswith("--max-model-len 8192")
    server.set(model="Qwen/Qwen3-VL-8B-Instruct")
    scene.runner.settle()
    assert server.wish.gpus == 0
    assert not scene.pids()


def test_that_what_cannot_be_served_is_said_and_not_started(scene: Scene) -> None:
    server = scene.server
    server.set_extra("'open")
    assert "cannot be read" in server.remarks
    assert not server.startable
    server.set_extra("--api-key secret")
    scene.runner.settle()
    assert "VLLM_API_KEY" in server.remarks
    server.set_extra("")
    server.set(vllm="/nowhere")
    scene.runner.settle()
    assert server.remarks.startswith("There is no program vllm at /nowhere")
    assert server.command.startswith("vllm serve some/model")
    server.start()
    scene.runner.settle()
    assert not server.running


def test_that_it_starts_is_watched_used_and_stopped(scene: Scene) -> None:
    server = scene.server
    scene.start()
    news = server.take_news()
    assert news is not None
    assert news.text == f"some/model is ready at http://127.0.0.1:{server.wish.port}/v1."
    assert server.take_news() is None
    assert server.state.startswith(f"Ready at http://127.0.0.1:{server.wish.port}/v1")
    scene.until(lambda: "3 processes" in server.memory, "all three to be counted")
    assert server.look is not None
    assert any("INFO starting" in line for line in server.look.log)
    assert load_settings().served == server.wish
    server.use()
    scene.runner.settle()
    stored = load_settings()
    assert (stored.critic, stored.server.url) == ("lvlm", f"http://127.0.0.1:{server.wish.port}/v1")
    assert stored.server in stored.profiles
    server.stop()
    scene.until(lambda: not server.running, "the server to end")
    assert server.state == "Stopped."
    assert server.startable or server.planned is None
    scene.nothing_left()


def test_that_a_failure_is_news_with_its_reason_and_its_log(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_VLLM_MODE", "crash")
    server = scene.server
    server.start()
    scene.until(lambda: not server.running, "the server to fail")
    assert "enough free memory" in server.state
    news = server.take_news()
    assert news is not None
    assert news.error
    assert server.look is not None
    assert server.look.phase is Phase.FAILED
    assert any("CUDA out of memory" in line for line in server.look.log)


def test_that_closing_ends_a_server_even_one_that_was_just_asked_for(scene: Scene) -> None:
    server = scene.server
    server.start()
    server.close()
    scene.runner.settle()
    assert not server.running
    scene.nothing_left()


def test_that_a_taken_port_is_said(scene: Scene) -> None:
    scene.start()
    other = ModelServer(scene.station, scene.runner)
    scene.runner.settle()
    other.start()
    scene.runner.settle()
    assert not other.running
    assert "is taken" in other.state


def test_that_a_known_profile_of_the_address_is_used_again(scene: Scene) -> None:
    port = scene.server.wish.port
    mine = ServerSettings(name="mine", url=f"http://127.0.0.1:{port}/v1", max_in_flight=3)
    scene.station.change(profiles=(mine.model_dump(),))
    scene.runner.settle()
    scene.start()
    scene.server.use()
    scene.runner.settle()
    assert load_settings().profiles == (mine,)
    assert load_settings().server == mine
