"""Servers by command line: consent before anything is done, doctor's words, and `labelcritic serve`."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from labelcritic_gui.__main__ import main
from labelcritic_gui.settings import ServerSettings, change_settings, load_settings
from tests.critic.test_server import FAKE, free_port, is_alive, until
from tests.fake_llm import Answer, Asked, FakeLlm
from tests.making import Dataset

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]
FAR = "http://gpu.invalid:9/v1"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def files_of(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


# --- consent ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["compare", "assess", "audit"])
def test_that_without_consent_nothing_is_done_and_one_sentence_says_how_to_give_it(
    dataset: Dataset, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    before = files_of(dataset.folder)
    code, out, err = run(capsys, command, dataset.folder, "--server", FAR)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    for part in ("Nothing was sent to gpu.invalid, which is not this machine", "no names", "--allow gpu.invalid"):
        assert part in err
    assert files_of(dataset.folder) == before
    assert load_settings().consented == ()


def test_that_a_reviews_own_critic_needs_consent_just_so(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    change_settings(critic="lvlm", server=ServerSettings(url=FAR))
    assert run(capsys, "compare", dataset.folder)[0] == 2
    assert run(capsys, "compare", dataset.folder, "--critic", "anatomy")[0] == 0
    assert run(capsys, "compare", dataset.folder, "--critic", "lvlm")[0] == 2


def test_that_allow_is_kept_for_that_host_and_then_the_server_is_asked(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (dataset.folder, "--server", FAR, "--wait", 0)
    code, _, err = run(capsys, "compare", *words, "--allow", "GPU.invalid")
    assert code == 1
    assert "No LVLM server answers" in err
    assert load_settings().consented == ("gpu.invalid",)
    assert run(capsys, "compare", *words)[0] == 1


def test_that_allow_for_another_host_is_refused_and_not_kept(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "compare", dataset.folder, "--server", FAR, "--allow", "gpu2.invalid")
    assert code == 2
    assert "--allow names 'gpu2.invalid', but the server is gpu.invalid." in err
    assert load_settings().consented == ()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("said", "code", "kept"), [("y\n", 1, ("gpu.invalid",)), ("\n", 2, ()), ("", 2, ())])
def test_that_a_terminal_is_asked_once(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, said: str, code: int, kept: tuple[str, ...]
) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(said))
    monkeypatch.setattr(sys, "stderr", shown)
    assert main(["compare", str(dataset.folder), "--server", FAR, "--wait", "0"]) == code
    assert "Send to gpu.invalid, now and from now on? [y/N]" in shown.getvalue()
    assert load_settings().consented == kept


def test_that_this_machine_is_asked_without_a_question(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    with FakeLlm() as server:
        assert run(capsys, "compare", dataset.folder, "--server", server.url)[0] == 0
        assert server.chats


# --- doctor ----------------------------------------------------------------------------------------------------


def test_that_doctor_names_what_a_server_can_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    with FakeLlm() as server:
        change_settings(profiles=(ServerSettings(name="mine", url=server.url),))
        code, out, _ = run(capsys, "doctor", "--server", "mine")
    assert code == 0
    for words in (
        "ok   server place: The server is this machine: nothing leaves it.",
        f"ok   server server: A server answers at {server.url.removesuffix('/v1')}",
        "ok   server model: It serves fake-vlm",
        "ok   server choices: Answers are held to the choices.",
        "ok   server probabilities: Answers come with ",
    ):
        assert words in out


def test_that_doctor_tells_what_is_wrong_with_a_server_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    class Loose(FakeLlm):
        def answer(self, asked: Asked) -> Answer:
            answer = super().answer(asked)
            if asked.path.endswith("/chat/completions"):
                body = json.loads(answer.payload)
                body["choices"][0]["message"]["content"] = "Well, <b>A</b>"
                body["choices"][0]["logprobs"] = None
                return Answer(body=body)
            return answer

    with Loose() as server:
        code, out, err = run(capsys, "doctor", "--server", server.url)
    assert code == 1
    assert "BAD  server choices: Answers are not held to the choices" in out
    assert "BAD  server probabilities" in out
    assert "failed: server choices" in err


def test_that_doctor_sends_nothing_but_grey_squares_and_needs_no_consent(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "doctor", "--server", FAR)
    assert code == 1
    assert "The server is gpu.invalid, not this machine: pictures go there; you have not agreed to that yet." in out
    assert "No LVLM server answers" in out


def test_that_doctor_knows_no_profile_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "doctor", "--server", "nobody")
    assert code == 2
    assert "There is no server profile 'nobody'" in err


# --- serve -----------------------------------------------------------------------------------------------------


def test_that_a_dry_run_prints_the_command_line_and_starts_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_VLLM_PIDS", str(tmp_path / "pids"))
    words = ("--model", "Qwen/Qwen2-VL-72B-Instruct-AWQ", "--gpus", 2, "--port", 8123, "--vllm", FAKE, "--dry-run")
    code, out, err = run(capsys, "serve", *words, "--", "--max-model-len", 8192)
    assert code == 0
    assert out.startswith(f"{FAKE} serve Qwen/Qwen2-VL-72B-Instruct-AWQ --host 127.0.0.1 --port 8123 ")
    assert "--tensor-parallel-size 2" in out
    assert out.count("--max-model-len") == 1
    assert "--max-model-len 8192" in out
    assert "padded" in err
    assert not (tmp_path / "pids").exists()
    listed = json.loads(run(capsys, "serve", *words, "--json")[1])
    assert listed["url"] == "http://127.0.0.1:8123/v1"
    assert listed["command"][1] == "serve"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "No model is named."),
        (("--model", "m", "--gpus", "99"), "--gpus cannot be used"),
        (("--model", "m", "--vllm", "/nowhere/vllm"), "There is no program vllm at /nowhere/vllm"),
        (("--model", "Qwen/Qwen2.5-VL-72B-Instruct", "--gpus", "1", "--dry-run"), "is not documented for 1 GPU."),
        (("--model", "m", "--dry-run", "--", "--api-key", "secret"), "Set the environment variable VLLM_API_KEY"),
    ],
)
def test_that_what_cannot_be_served_is_one_sentence(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    code, out, err = run(capsys, "serve", *words)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert said in err


def test_that_every_documented_model_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "serve", "--list")
    assert code == 0
    assert "Qwen/Qwen2-VL-72B-Instruct-AWQ" in out
    assert "1 x 80 GB" in out


@pytest.mark.skipif(os.name != "posix", reason="vLLM is for Linux and macOS")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_that_serve_says_when_it_is_ready_and_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    pids, port = tmp_path / "pids", free_port()
    command = [
        sys.executable,
        "-m",
        "labelcritic_gui",
        "serve",
        "--model",
        "m",
        "--vllm",
        str(FAKE),
        "--port",
        str(port),
    ]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "FAKE_VLLM_PIDS": str(pids)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == f"Ready: http://127.0.0.1:{port}/v1 serves m. Ctrl+C stops it.\n"
        until(lambda: len(pids.read_text("ascii").splitlines()) == 3, "all three processes")
        started.send_signal(number)
        out, err = started.communicate(timeout=40)
        assert started.returncode == (0 if number is signal.SIGINT else -number)
    if number is signal.SIGINT:
        assert out == "The server has ended.\n"
        assert "Stopping the server" in err
    found = [int(line.split()[1]) for line in pids.read_text("ascii").splitlines()]
    until(lambda: not any(map(is_alive, found)), f"the end of {found}")
