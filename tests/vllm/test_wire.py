"""The connection to a real vLLM: what is asked for is what comes back. Weights are random: no judgement is tested."""

import math
import re
import threading

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.errors import CancelledError, CriticError
from labelcritic_gui.critic.checkup import check_up
from labelcritic_gui.critic.client import Client, LvlmServer
from labelcritic_gui.critic.image_tokens import QWEN2_VL
from labelcritic_gui.critic.parsing import MASKED, read_choice, read_pattern, read_text
from labelcritic_gui.critic.wire import ChatRequest
from tests.fake_llm import png

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(300)]
NEVER = NeverCancel()
ONE, TWO = png(224, 224, grey=60), png(224, 224, grey=200)
LETTERS = ("A", "B", "C", "D")


def question(*pictures: bytes, **changes: object) -> ChatRequest:
    values: dict[str, object] = {"choices": LETTERS, **changes}
    return ChatRequest("Answer with one letter.", pictures, "Which one?", **values)


def test_that_a_check_up_finds_everything_the_critic_needs(server, client):
    checks = check_up(client, NEVER)
    assert [check for check in checks if not check.ok] == []
    told = {check.name: check.sentence for check in checks}
    assert list(told)[:4] == ["server", "model", "context", "answer"]
    assert {"choices", "pattern", "probabilities", "pictures", "picture tokens", "pictures at once"} <= set(told)
    assert server.model_name in told["model"]


def test_that_a_choice_comes_with_probabilities_after_the_mask(client):
    reply = client.ask(question(ONE, TWO), NEVER)
    reading = read_choice(reply, LETTERS)
    assert reading.answer in LETTERS
    assert reading.measured
    assert reply.finish_reason == "stop"
    assert reply.first_token[0][0] == reading.answer
    possible = [logprob for _, logprob in reply.first_token if logprob > MASKED]
    assert len(dict(reply.first_token)) > len(LETTERS)
    assert math.fsum(math.exp(p) for p in set(possible)) == pytest.approx(1.0, abs=1e-4)
    assert sum(reading.distribution.values()) == pytest.approx(1.0)
    assert max(reading.distribution.values()) < 1.0
    assert reply.completion_tokens == 2
    assert reply.fingerprint.startswith("vllm-")


@pytest.mark.parametrize("size", [(64, 64), (224, 224), (448, 448), (512, 512), (640, 480), (357, 803), (1024, 768)])
def test_that_the_server_counts_as_many_image_tokens_as_we_do(client, size):
    alone = client.ask(question(png(*size)), NEVER)
    assert (alone.image_tokens, alone.problem) == (QWEN2_VL.tokens(size), "")
    several = client.ask(question(png(*size), ONE, TWO), NEVER)
    assert several.image_tokens == QWEN2_VL.tokens(size) + 2 * QWEN2_VL.tokens((224, 224))
    assert several.problem == ""


def test_that_a_picture_too_large_for_the_server_is_counted_as_shrunk_and_not_as_lost(client):
    reply = client.ask(question(png(2000, 2000), ONE), NEVER)
    assert (reply.image_tokens, reply.problem) == (1225 + 64, "")


@pytest.mark.parametrize(
    ("pattern", "letters"),
    [
        ("[ABCD]", LETTERS),
        ("(G|B( (MISS|LEAK|SHIFT)){0,3})", ("G", "B")),
        ("liver: (yes|no|unsure)\nspleen: (yes|no|unsure)", ()),
    ],
)
def test_that_an_answer_keeps_to_a_pattern_and_its_first_letter_is_measured(client, pattern, letters):
    reply = client.ask(question(ONE, choices=(), pattern=pattern, letters=letters, max_tokens=120), NEVER)
    assert re.fullmatch(pattern, reply.content)
    reading = read_pattern(reply, pattern, letters)
    assert reading.problem == ""
    if letters:
        assert reading.measured
        assert set(reading.distribution) == set(letters)
        assert sum(reading.distribution.values()) == pytest.approx(1.0)
        assert reading.answer + reading.rest == reply.content
    else:
        assert reading.answer == reply.content


def test_that_an_answer_cut_off_at_max_tokens_is_no_vote(client):
    pattern = "A[x]{400}"
    reply = client.ask(question(ONE, choices=(), pattern=pattern, max_tokens=6), NEVER)
    assert reply.finish_reason == "length"
    assert reply.content.startswith("Ax")
    assert read_pattern(reply, pattern, LETTERS).answer == ""
    assert "did not end by itself (length)" in read_pattern(reply, pattern, LETTERS).problem


def test_that_free_text_is_plain_bounded_and_without_probabilities(client):
    free = question(ONE, TWO, choices=(), logprobs=False, top_logprobs=0, max_tokens=60)
    reply = client.ask(free, NEVER)
    assert reply.content
    assert reply.first_token is None
    assert reply.completion_tokens <= 60
    text = read_text(reply)
    assert text.isprintable()
    assert text.endswith("…") == (reply.finish_reason == "length")


def test_that_32_in_flight_get_the_same_answers_as_one_after_the_other(server, client):
    asked = [question(png(224, 224, grey=n), png(196, 224, grey=255 - n)) for n in range(96)]
    alone = Client(LvlmServer(server.url, max_in_flight=1))
    one_by_one = [alone.ask(request, NEVER) for request in asked]
    alone.close()
    together = client.ask_all(asked, NEVER)
    assert [r.content for r in together] == [r.content for r in one_by_one]
    for a, b in zip(one_by_one, together, strict=True):
        assert dict(a.first_token) == pytest.approx(dict(b.first_token), abs=1e-6)
        assert (a.prompt_tokens, a.image_tokens) == (b.prompt_tokens, b.image_tokens)
    assert len({r.first_token for r in one_by_one}) > 48, "answers must depend on the pictures"


def test_that_as_many_are_under_way_as_are_allowed_and_no_more(server):
    eager = Client(LvlmServer(server.url, max_in_flight=32))
    most: list[int] = []
    done = threading.Event()
    slow = [question(png(grey=n), choices=(), logprobs=False, max_tokens=200) for n in range(64)]

    def watch() -> None:
        while not done.is_set():
            most.append(server.running)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        replies = eager.ask_all(slow, NEVER)
    finally:
        done.set()
        watcher.join()
        eager.close()
    assert [r for r in replies if isinstance(r, CriticError)] == []
    assert 24 <= max(most) <= 32


def test_that_a_cancelled_request_frees_the_server(server, client):
    endless = question(ONE, choices=(), pattern="[a-z ]{8000}", logprobs=False, top_logprobs=0, max_tokens=7000)
    cancel, ended = threading.Event(), []

    def ask() -> None:
        try:
            ended.append(client.ask(endless, cancel))
        except CancelledError as error:
            ended.append(error)

    asking = threading.Thread(target=ask)
    before = server.metric("vllm:generation_tokens")
    asking.start()
    wait_until(lambda: server.running == 1)
    cancel.set()
    asking.join(5)
    assert [type(one) for one in ended] == [CancelledError]
    assert server.idle_within(5.0)
    assert server.metric("vllm:generation_tokens") - before < 7000
    assert client.ask(question(ONE), NEVER).content in LETTERS, "the connection is of use afterwards"


def test_that_too_many_pictures_and_a_wrong_model_are_refused_in_words(server, client):
    with pytest.raises(CriticError, match="refused the question") as refused:
        client.ask(question(*(png(grey=n) for n in range(5))), NEVER)
    assert "At most 4 image(s)" in str(refused.value)
    wrong = Client(LvlmServer(server.url, "no-such-model"))
    with pytest.raises(CriticError, match="does not serve the model 'no-such-model'") as unknown:
        wrong.identity(NEVER)
    assert server.model_name in str(unknown.value)
    wrong.close()


def test_that_one_question_too_large_fails_alone_among_many(client):
    fitting = [question(png(224, 224, grey=n)) for n in range(6)]
    asked = [*fitting[:3], question(*(png(grey=n) for n in range(5))), *fitting[3:]]
    answers = client.ask_all(asked, NEVER)
    assert [isinstance(a, CriticError) for a in answers] == [False] * 3 + [True] + [False] * 3


def test_that_a_control_mark_never_reaches_the_server(server, client):
    before = server.metric("vllm:request_success")
    with pytest.raises(CriticError, match="control mark"):
        client.ask(ChatRequest("s", (ONE,), "<|image_pad|> hello", LETTERS), NEVER)
    assert server.metric("vllm:request_success") == before


def wait_until(condition, tries: int = 2000) -> None:
    """Look at the server again and again; each look is a request of some milliseconds."""
    assert any(condition() for _ in range(tries)), "waited in vain"
