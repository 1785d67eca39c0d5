"""What `make test-vllm` says where vLLM cannot be had. Needs no vLLM."""

import sys

import pytest

from tests.vllm import environment
from tests.vllm.environment import FOLDER_VARIABLE, MODEL_VARIABLE, PROGRAM_VARIABLE, URL_VARIABLE, Environment


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """An empty folder for the environment, and no package index."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "vllm"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    return tmp_path / "vllm"


def test_that_without_packages_it_fails_with_one_sentence_and_runs_no_test(nowhere, capfd):
    ran = nowhere / "ran"
    assert environment.main([sys.executable, "-c", f"open({str(ran)!r}, 'w')"]) == 2
    said = capfd.readouterr().err.strip()
    assert said.startswith("There is no vLLM to test against: torch's CPU build could not be installed:")
    assert "\n" not in said
    assert not ran.exists()
    assert not Environment(nowhere).installed, "what is half there is not taken for whole"


def test_that_a_named_server_is_tested_all_the_same(tmp_path, monkeypatch, capfd):
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv(FOLDER_VARIABLE, str(blocked))
    monkeypatch.setenv(URL_VARIABLE, "http://127.0.0.1:9/v1")
    assert environment.main([sys.executable, "-c", "raise SystemExit(7)"]) == 7
    assert "none is started" in capfd.readouterr().out


def test_that_an_environment_that_is_there_is_taken_and_named_to_the_tests(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    made = Environment(tmp_path)
    made.program.parent.mkdir(parents=True)
    made.program.touch()
    monkeypatch.setattr(Environment, "model", lambda self, architecture="qwen2_vl": tmp_path / architecture)
    names = [FOLDER_VARIABLE, PROGRAM_VARIABLE, MODEL_VARIABLE, "HF_HUB_OFFLINE"]
    code = f"import os; print(*(os.environ[n] for n in {names!r}), sep='\\n')"
    assert environment.main([sys.executable, "-c", code]) == 0
    told = capfd.readouterr().out.splitlines()
    assert told == [str(tmp_path), str(made.program), str(tmp_path / "qwen2_vl"), "1"]
