"""Serving a model on this machine: where vLLM is found, what is warned of, and what a server is told."""

from pathlib import Path

import pytest

from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.critic.footprint import Gpu, read_gpus
from labelcritic_gui.critic.served_models import launch, served_models
from labelcritic_gui.paths import log_dir
from labelcritic_gui.services.serving import (
    LOGS_KEPT,
    PROGRAM_VARIABLE,
    _log_file,
    environment_for,
    find_vllm,
    plan_launch,
    profile_of,
    version_of,
)
from labelcritic_gui.settings import ServerSettings, ServeSettings, Settings

MODEL = "Qwen/Qwen2.5-VL-72B-Instruct-AWQ"


def program(folder: Path, version: str = "") -> Path:
    file = folder / "bin" / "vllm"
    file.parent.mkdir(parents=True)
    file.write_text("#!/bin/sh\n", "ascii")
    file.chmod(0o755)
    if version:
        (folder / "lib" / "python3.12" / "site-packages" / f"vllm-{version}.dist-info").mkdir(parents=True)
    return file


@pytest.fixture(autouse=True)
def no_vllm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.delenv(PROGRAM_VARIABLE, raising=False)


def test_that_vllm_is_found_by_setting_then_environment_then_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three = (program(tmp_path / name) for name in ("one", "two", "three"))
    monkeypatch.setenv("PATH", str(three.parent))
    assert find_vllm(ServeSettings()) == three
    monkeypatch.setenv(PROGRAM_VARIABLE, str(two))
    assert find_vllm(ServeSettings()) == two
    for place in (one, one.parent, one.parent.parent):
        assert find_vllm(ServeSettings(vllm=str(place))) == one


def test_that_it_is_said_how_to_get_vllm_and_what_was_not_there(tmp_path: Path) -> None:
    with pytest.raises(CriticError, match="was not found on this machine") as caught:
        find_vllm(ServeSettings())
    assert "pip install vllm" in caught.value.hint
    with pytest.raises(CriticError, match="There is no program vllm at"):
        find_vllm(ServeSettings(vllm=str(tmp_path)))


def test_that_too_few_or_too_small_gpus_are_warned_of() -> None:
    wish = ServeSettings(model=MODEL, gpus=2)

    def said(*sizes_mb: int) -> str:
        cards = tuple(Gpu(n, "card", 0, size) for n, size in enumerate(sizes_mb))
        return " ".join(plan_launch(wish, program=None, cards=cards).warnings)

    assert "No NVIDIA GPU was found here; this model wants 2 GPUs of 48 GB." in said()
    assert "This machine has 1 GPU;" in said(81920)
    assert "A GPU here has 26 GB;" in said(49140, 24576)
    assert "GPU" not in said(46068, 46068).replace("GPUs at", "")


def test_that_an_old_vllm_is_warned_of(tmp_path: Path) -> None:
    old, new = program(tmp_path / "old", "0.9.2"), program(tmp_path / "new", "0.32.0+cpu")
    assert (version_of(old), version_of(new)) == ("0.9.2", "0.32.0+cpu")
    wish, cards = ServeSettings(model=MODEL), (Gpu(0, "card", 0, 81920),)
    assert "This is vLLM 0.9.2; 0.12 or newer is needed." in plan_launch(wish, program=old, cards=cards).warnings
    assert plan_launch(wish, program=new, cards=cards).warnings == ()


def test_that_a_server_gets_no_key_of_ours_and_reports_nothing() -> None:
    base = {"PATH": "/bin", "LABELCRITIC_API_KEY": "secret", "PYTHONPATH": "/x", "HF_HOME": "/models"}
    found = environment_for(Path("/v/bin/vllm"), base, secrets=("LABELCRITIC_API_KEY",))
    assert "secret" not in found.values()
    assert "PYTHONPATH" not in found
    assert found["PATH"] == "/v/bin:/bin"
    assert (found["HF_HOME"], found["VLLM_NO_USAGE_STATS"], found["DO_NOT_TRACK"]) == ("/models", "1", "1")


def test_that_few_logs_are_kept() -> None:
    log_dir().mkdir(parents=True)
    for _ in range(LOGS_KEPT + 3):
        _log_file(8000).write_text("log", "ascii")
    assert len(list(log_dir().glob("vllm-*.log"))) == LOGS_KEPT


def test_that_the_profile_of_a_server_has_a_name_of_its_own() -> None:
    made = launch("vllm", MODEL, port=8123, table=served_models())
    taken = ServerSettings(name="Qwen2.5-VL-72B-Instruct-AWQ here", url="http://gpu/v1")
    found = profile_of(made, Settings(profiles=(taken,)))
    assert found.name == "Qwen2.5-VL-72B-Instruct-AWQ here 2"
    assert found.url == "http://127.0.0.1:8123/v1"
    assert profile_of(made, Settings(profiles=(found,))) == found


def test_that_a_lost_card_is_left_out() -> None:
    listed = "0, NVIDIA H100 80GB HBM3, 1024, 81559\n1, [GPU is lost], [N/A], [N/A]\nnonsense\n"
    assert tuple(read_gpus(listed)) == (Gpu(0, "NVIDIA H100 80GB HBM3", 1024, 81559),)
