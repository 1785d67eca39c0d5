"""What `labelcritic doctor` says of a real vLLM, and of one that lacks something."""

import pytest

from tests.vllm.reviews import Program, said
from tests.vllm.server import free_port

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(300)]


def lines_of(report: dict) -> dict[str, tuple[bool, str]]:
    return {check["name"]: (check["well"], check["sentence"]) for check in report["checks"]}


def test_that_doctor_says_in_words_what_the_server_can(server):
    lines = lines_of(said("doctor", "--server", server.url))
    about = {name.removeprefix("server "): told for name, told in lines.items() if name.startswith("server ")}
    assert [sentence for well, sentence in about.values() if not well] == []
    text = "\n".join(sentence for _, sentence in about.values())
    for word in (server.model_name, "8192", "Qwen2-VL", "probabilit", "choices", "4 pictures in one", "this machine"):
        assert word in text, f"{word!r} is said nowhere in:\n{text}"


def test_that_doctor_names_a_model_that_is_not_served(server):
    lines = lines_of(said("doctor", "--server", server.url, "--model", "qwen-of-elsewhere", code=1))
    failed = [sentence for well, sentence in lines.values() if not well]
    assert len(failed) == 1
    assert "qwen-of-elsewhere" in failed[0]
    assert server.model_name in failed[0]


def test_that_doctor_says_in_a_sentence_that_nobody_answers():
    code, out, err = Program("doctor", "--server", f"http://127.0.0.1:{free_port()}/v1").end()
    assert code == 1
    assert "No LVLM server answers" in out + err
    assert "Traceback" not in out + err
