"""A server is tried out with grey squares, and what is found is told in words, with what to do."""

from collections.abc import Iterator
from typing import Any

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.errors import CancelledError
from labelcritic_gui.critic.checkup import STEPS, TINY, Check, check_up, tiny_picture
from labelcritic_gui.critic.client import Client, LvlmServer
from tests.fake_llm import MASKED, Answer, FakeLlm, completion, error

NAMES = ["server", "model", "context", "answer", "choices", "pattern", "probabilities", "pictures", "picture tokens"]
ALL = [*NAMES, "pictures at once"]
NEVER = NeverCancel()


@pytest.fixture
def server() -> Iterator[FakeLlm]:
    with FakeLlm() as fake:
        yield fake


@pytest.fixture
def client(server: FakeLlm) -> Iterator[Client]:
    client = Client(LvlmServer(server.url, pause_s=0.0, attempts=1))
    yield client
    client.close()


def found(client: Client, **more: int) -> dict[str, Check]:
    return {check.name: check for check in check_up(client, NEVER, **more)}


def failed(client: Client) -> set[str]:
    return {name for name, check in found(client).items() if not check.ok}


def test_that_a_server_that_has_all_is_told_so(server: FakeLlm, client: Client) -> None:
    steps: list[tuple[int, int, str]] = []
    checks = {check.name: check for check in check_up(client, NEVER, lambda *step: steps.append(step))}
    assert list(checks) == ALL
    assert [check.sentence for check in checks.values() if not check.ok] == []
    assert "version 0.32.0" in checks["server"].sentence
    assert "/weights/fake-vlm" in checks["model"].sentence
    assert [(done, total) for done, total, _ in steps] == [(n, STEPS) for n in range(len(steps))]
    assert len(steps) <= STEPS


def test_that_nothing_but_grey_squares_is_sent(server: FakeLlm, client: Client) -> None:
    check_up(client, NEVER)
    assert {picture for asked in server.chats for picture in asked.pictures} == {tiny_picture()}
    assert tiny_picture()[16:24] == TINY.to_bytes(4, "big") * 2


def test_that_a_server_that_ignores_what_answers_are_held_to_is_found_out(server: FakeLlm, client: Client) -> None:
    server.context = 2048
    free = completion("A", tokens=[("A", -0.1), ("B", -2.4), ("C", -9.0)])
    server.script = [Answer(body=free), Answer(body=free), Answer(body=free)]
    checks = found(client)
    assert {name for name, check in checks.items() if not check.ok} >= {"context", "choices", "pattern"}
    assert "--max-model-len" in checks["context"].sentence
    assert "'A' came instead of K or W" in checks["choices"].sentence
    assert "0.12 or newer" in checks["pattern"].sentence
    assert "0 of 2 choices" in checks["probabilities"].sentence


def test_that_an_answer_without_probabilities_is_said_to_be_coarse(server: FakeLlm, client: Client) -> None:
    server.script = [Answer(body=completion("K", prompt_tokens=90)), Answer(body=completion("K", prompt_tokens=40))]
    checks = found(client)
    assert not checks["probabilities"].ok
    assert "coarse" in checks["probabilities"].sentence
    assert checks["choices"].ok


def test_that_probabilities_from_before_the_choices_are_told_from_those_after(server: FakeLlm, client: Client) -> None:
    raw = completion("K", tokens=[("K", -3.0), ("A", -0.2), ("W", -4.0)], prompt_tokens=90)
    server.script = [Answer(body=raw), Answer(body=completion("K", prompt_tokens=40))]
    check = found(client)["probabilities"]
    assert check.ok
    assert "before the choices" in check.sentence
    masked = completion("K", tokens=[("K", -0.4), ("W", -1.1), ("A", MASKED)], prompt_tokens=90)
    server.script = [Answer(body=masked), Answer(body=completion("K", prompt_tokens=40))]
    assert found(client)["probabilities"].sentence == "Answers come with the probabilities of the choices."


def test_that_a_model_that_does_not_see_is_told(server: FakeLlm, client: Client) -> None:
    server.script = [Answer(body=completion("K", prompt_tokens=40)), Answer(body=completion("K", prompt_tokens=40))]
    check = found(client)["pictures"]
    assert not check.ok
    assert "do not reach the model" in check.sentence


def test_that_it_is_said_how_the_tokens_of_pictures_are_counted() -> None:
    with FakeLlm(models=("Qwen2.5-VL-7B",)) as fake:
        fake.grid = 28
        client = Client(LvlmServer(fake.url, pause_s=0.0))
        assert "checked as one to Qwen2-VL or Qwen2.5-VL" in found(client)["picture tokens"].sentence
        fake.grid = None
        assert "--enable-prompt-tokens-details" in found(client)["picture tokens"].sentence
        client.close()


def test_that_an_unknown_family_is_no_fault(client: Client) -> None:
    check = found(client)["picture tokens"]
    assert check.ok
    assert "unknown family" in check.sentence


@pytest.mark.parametrize(
    ("limit", "ok", "says"),
    [
        (0, False, "a pair needs 2"),
        (1, False, "a pair needs 2"),
        (2, True, "0 examples"),
        (3, True, "1 example."),
        (4, True, "2 examples"),
        (11, True, "9 examples"),
        (12, True, "at least 12 pictures in one question: a pair and 10 examples"),
    ],
)
def test_that_it_is_said_how_many_pictures_fit(
    server: FakeLlm, client: Client, limit: int, ok: bool, says: str
) -> None:
    server.picture_limit = limit
    checks = found(client)
    check = checks["pictures at once" if limit else "answer"]
    assert check.ok is ok
    assert limit == 0 or says in check.sentence


def test_that_a_server_that_takes_fewer_pictures_than_the_settings_ask_for_is_told(
    server: FakeLlm, client: Client
) -> None:
    server.picture_limit = 4
    check = found(client, need=8)["pictures at once"]
    assert not check.ok
    assert "the settings ask for 8" in check.sentence
    assert "at most 2 examples" in check.sentence
    assert found(client, need=4)["pictures at once"].ok


def test_that_a_refusal_without_a_number_is_told_as_it_came(server: FakeLlm, client: Client) -> None:
    fine: list[Any] = [Answer(body=completion("K")), Answer(body=completion("K")), Answer(body=completion("1 U"))]
    server.script = [*fine, Answer(body=completion("K")), Answer(body=completion("K")), error(400, "No room.")]
    check = found(client)["pictures at once"]
    assert check.ok
    assert "takes 2 pictures" in check.sentence
    assert "No room" in check.sentence


def test_that_a_refused_question_is_told_and_ends_the_trial(server: FakeLlm, client: Client) -> None:
    server.script = [error(400, "At most 0 image(s) may be provided in one prompt.")]
    assert failed(client) == {"answer"}


def test_that_nobody_there_is_one_line() -> None:
    with FakeLlm() as gone:
        url = gone.url
    client = Client(LvlmServer(url, pause_s=0.0, attempts=1))
    (check,) = check_up(client, NEVER)
    client.close()
    assert (check.name, check.ok) == ("server", False)
    assert "No LVLM server answers" in check.sentence


def test_that_a_server_that_is_there_but_does_not_serve_the_model_or_the_key_is_told_from_none(
    server: FakeLlm, client: Client
) -> None:
    server.key = "secret"
    checks = found(client)
    assert [(check.name, check.ok) for check in checks.values()] == [("server", True), ("model", False)]
    assert "401" in checks["model"].sentence
    other = Client(LvlmServer(server.url, "missing", api_key="secret", pause_s=0.0))
    assert "missing" in found(other)["model"].sentence
    other.close()


def test_that_text_of_a_server_is_shown_plain(server: FakeLlm, client: Client) -> None:
    server.script = [Answer(body=completion("\u202e<b>\x1b[31m" + "x" * 400, prompt_tokens=90))] * 2
    sentence = found(client)["choices"].sentence
    assert not set(sentence) & {"\u202e", "\x1b"}
    assert len(sentence) < 200


def test_that_a_stop_ends_the_trial(server: FakeLlm, client: Client) -> None:
    class Soon:
        asked = 0

        def is_set(self) -> bool:
            return len(server.chats) >= 2

    with pytest.raises(CancelledError):
        check_up(client, Soon())
    assert len(server.chats) < STEPS
