"""Every way in which a server can answer badly: each ends in the right verdict or one clear sentence, and in time."""

import gzip
import json
import time

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.critic.asking import Answered, Asker, reading_of
from labelcritic_gui.critic.client import Client, LvlmServer
from labelcritic_gui.critic.wire import ChatRequest
from tests.fake_llm import (
    BUSY,
    HTML,
    INSIDE,
    MASKED,
    RESET,
    Answer,
    FakeLlm,
    completion,
    error,
    error_detail,
    error_string,
    png,
)

NEVER = NeverCancel()
TIMEOUT_S = 0.3
IN_TIME_S = 5.0
"""A machine under load may be slow to notice; a hang would take the whole of a test's minute."""
ASKED = ChatRequest("You compare.", (png(448, 448, grey=10), png(448, 448, grey=20)), "Which one?", ("A", "B", "C"))
SCORED = ChatRequest("You score.", (png(),), "How good?", pattern="A|B( (LEAK|MISS)){0,3}", letters=("A", "B"))

INSIDE_LIKE = [
    (500, "Image size (196000000 pixels) exceeds limit of 178956970 pixels, could be decompression bomb DOS attack."),
    (500, "Cannot load local files without `--allowed-local-media-path`."),
    (500, "Cannot connect to host 127.0.0.1:9 ssl:default"),
]
REFUSED = [
    (400, "At most 4 image(s) may be provided in one prompt. (parameter=image)"),
    (400, "At most 0 video(s) may be provided in one prompt. (parameter=video)"),
    (400, "Non-base64 digit found"),
    (400, "Failed to load image: cannot identify image file <_io.BytesIO object at 0x7f>"),
    (400, "Failed to load image: image file is truncated"),
    (400, "The URL must be either a HTTP, data or file URL."),
    (400, "1 validation error for ChatCompletionContentPartImageParam"),
    (400, "Failed to apply Qwen2VLProcessor on data={'images': ...}"),
    (
        400,
        "This model's maximum context length is 8192 tokens. However, your prompt contains at least 8193 input tokens",
    ),
    (400, "Input length (12932) exceeds model's maximum context length (8192)."),
    (400, "max_tokens=100000 cannot be greater than max_model_len=8192."),
    (400, "Cannot apply chat template to an empty conversation."),
    (400, "Grammar error: Invalid type: nonsense"),
    (400, "Requested sample logprobs of 21, which is greater than max allowed: 20"),
    (400, "n must be 1 when using greedy sampling, got 3."),
    (400, "Cache miss for image at index 0 but data is not provided."),
    (404, "The model `no-such-model` does not exist. Valid aliases: tiny-vlm."),
    (422, "Failed to fetch media from URL: HTTP 404 error"),
    (501, "Only base64 data URLs are supported for now."),
]
LIKELY = [("A", -0.2), ("B", -1.9), ("C", -4.0)]


@pytest.fixture
def server():
    with FakeLlm() as fake:
        yield fake


@pytest.fixture
def client(server):
    client = Client(LvlmServer(server.url, timeout_s=TIMEOUT_S, attempts=3, pause_s=0.0, longest_pause_s=0.0))
    client.identity(NEVER)
    yield client
    client.close()


class Kept(dict):
    def put_all(self, rows):
        for key, reply, _ in rows:
            self.setdefault(key, dict(reply))


def asked_once(client, request=ASKED):
    """Return the answer or error, and what was kept; nothing may take longer than the time-outs allow."""
    kept = Kept()
    begun = time.monotonic()
    (answer,) = Asker(client, kept).ask_all([request], NEVER)
    assert time.monotonic() - begun < IN_TIME_S
    return answer, kept


# --- one clear sentence ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "requests", "says"),
    [
        *[(error(status, message), 1, message.rstrip(".")[:30]) for status, message in REFUSED],
        *[(error(status, message, "InternalServerError"), 2, message[:30]) for status, message in INSIDE_LIKE],
        (error(400, "1 validation error:\n  {'type': 'missing'}", "Bad Request"), 1, "1 validation error: {'type'"),
        (error_string(401, "Unauthorized"), 1, "401: Unauthorized"),
        (error_detail(404, "Not Found"), 1, "404: Not Found"),
        (error_detail(405, "Method Not Allowed"), 1, "405: Method Not Allowed"),
        (Answer(413, "<html><h1>413 Request Entity Too Large</h1></html>", "text/html"), 1, "413: a web page"),
        (Answer(503, b"", "application/json"), 3, "503: nothing"),
        (Answer(502, "<html>Bad Gateway</html>", "text/html"), 3, "502: a web page"),
        (BUSY, 3, "too busy"),
        (error(429, "slow down"), 3, "429: slow down"),
        (INSIDE, 2, "EngineCore encountered an issue"),
        (Answer(500, "Internal Server Error", "text/plain"), 2, "500: Internal Server Error"),
        (RESET, 3, "broke the connection"),
        (Answer(garbage=b"SSH-2.0-OpenSSH_9.6\r\n"), 3, "broke the connection"),
        (Answer(body=completion("A"), cut=30), 3, "broke the connection"),
        (Answer(hang=True), 1, "did not answer within 0.3 s"),
        (Answer(body=completion("A"), drip_s=0.05), 1, "did not answer within 0.3 s"),
        (Answer(500, "x" * 9, drip_s=0.05), 1, "did not answer within 0.3 s"),
        (Answer(body="x" * 65536, endless=True), 1, "an answer without end"),
        (Answer(500, "x" * 65536, endless=True), 1, "an answer without end"),
        (Answer(body=" " * (5 * 2**20)), 1, "an answer without end"),
        (HTML, 1, "something else than a model's answer: a web page"),
        (Answer(body="Success: LoRA adapter added.", content_type="text/plain"), 1, "Success: LoRA adapter added"),
        (Answer(body=""), 1, "something else than a model's answer: nothing"),
        (Answer(body="null"), 1, "something else"),
        (Answer(body='{"choices": [{"message": {"content": "A"'), 1, "something else"),
        (Answer(body={"error": {"message": "out of memory", "code": 500}}), 1, "out of memory"),
        (Answer(body={"error": "out of memory"}), 1, "out of memory"),
        (Answer(body={"detail": "out of memory"}), 1, "out of memory"),
        (Answer(body={"choices": []}), 1, "without an answer"),
        (Answer(body={"choices": [{"message": None}]}), 1, "something else"),
        (Answer(body={"choices": [{"message": {"content": ["A"]}}]}), 1, "something else"),
        (Answer(body=b"\xff\xfe\x00A"), 1, "something else"),
        (Answer(body="[" * 100_000), 1, "something else"),
        (Answer(body='{"choices": ' + "9" * 5000 + "}"), 1, "something else"),
        (Answer(body=gzip.compress(b" " * 10**7), headers={"Content-Encoding": "gzip"}), 1, "something else"),
        (Answer(status=204, body=""), 1, "something else than a model's answer: nothing"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else None,
)
def test_that_a_failure_is_one_sentence_in_time_and_never_a_vote(server, client, answer, requests, says):
    server.script = [answer] * 9
    failure, kept = asked_once(client)
    assert isinstance(failure, CriticError)
    assert says in failure.message
    assert server.url in failure.message
    assert len(failure.message) < 400
    assert len(server.chats) == requests
    assert kept == {}


# --- nothing to be read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (completion("D", tokens=LIKELY), "none of the choices: D"),
        (completion("a", tokens=LIKELY), "none of the choices: a"),
        (completion("", tokens=LIKELY), "none of the choices: nothing readable"),
        (completion("The first <|im_end|>"), "none of the choices"),
        (completion("A\u200b"), "none of the choices"),
        (completion("A", tokens=LIKELY, finish_reason="length"), "did not end by itself (length)"),
        (completion("A", tokens=LIKELY, finish_reason="content_filter"), "(content_filter)"),
        (completion("A", tokens=LIKELY, finish_reason="tool_calls"), "(tool_calls)"),
        (completion("B", tokens=LIKELY), "contradicts the probabilities"),
        (completion("A", tokens=[("A", MASKED), ("B", MASKED)]), "name none of the choices"),
        (completion("A", tokens=[("A", 2.0)]), "probabilities that are none"),
        (completion("A", tokens=[(" the", -0.1)]), "name none of the choices"),
        ({**completion("A"), "choices": [{"message": {"content": None}, "finish_reason": "stop"}]}, "none of the"),
        ({**completion("A"), "choices": [{"message": {"content": "A"}}]}, "did not end by itself (no reason)"),
    ],
)
def test_that_an_answer_that_cannot_be_read_is_no_vote_and_is_asked_again(server, client, body, says):
    server.script = [Answer(body=body)]
    kept = Kept()
    asker = Asker(client, kept)
    answer = asker.ask(ASKED, NEVER)
    reading = reading_of(ASKED, answer.reply)
    assert (reading.answer, dict(reading.distribution)) == ("", {})
    assert says in reading.problem
    assert kept == {}
    again = asker.ask(ASKED, NEVER)
    assert reading_of(ASKED, again.reply).answer == "A"
    assert len(server.chats) == 2
    assert list(kept) == [answer.key]


@pytest.mark.parametrize(
    ("content", "tokens", "answer", "rest"),
    [
        ("A", [("A", -0.1), ("B", -2.4)], "A", ""),
        ("B LEAK", [("B", -0.1), ("A", -2.4)], "B", " LEAK"),
        ("B LEAK MISS", [("B ", -0.1), ("A", -2.4)], "B", " LEAK MISS"),
        ("B LEAK", [("B L", -0.1), ("A", MASKED)], "B", " LEAK"),
        ("B", None, "B", ""),
        ("B leak", [("B", -0.1)], "", ""),
        ("A LEAK", [("A", -0.1)], "", ""),
        ("C", [("C", -0.1)], "", ""),
        ("B LEAK LEAK LEAK LEAK", [("B", -0.1)], "", ""),
        ("B LEAK", [("A", -0.1), ("B", -3.0)], "", ""),
        ("B LEAK\n", [("B", -0.1)], "", ""),
    ],
)
def test_that_an_answer_to_a_pattern_fits_it_whole_or_is_no_vote(server, client, content, tokens, answer, rest):
    server.script = [Answer(body=completion(content, tokens=tokens))]
    answered, kept = asked_once(client, SCORED)
    reading = reading_of(SCORED, answered.reply)
    assert (reading.answer, reading.rest) == (answer, rest)
    assert reading.measured == bool(answer and tokens)
    assert bool(kept) == bool(answer)


# --- the right verdict all the same --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=completion("A", tokens=[("A", -0.2), ("C", -4.0), ("B", -1.9)])),
        Answer(body=completion("A", tokens=[("A", -0.2), ("<|im_end|>", MASKED), ("C", -4.0), ("B", -1.9)])),
        Answer(body=completion("A", tokens=LIKELY), headers={"Retry-After": "99", "Set-Cookie": "a=b"}),
        Answer(body=completion("A", tokens=LIKELY), content_type="text/plain"),
        Answer(body="\n\n" + json.dumps(completion("A", tokens=LIKELY), indent=4)),
        Answer(body={**completion("A", tokens=LIKELY), "wibble": {"a": [1]}, "usage": None}),
        Answer(body={**completion("A", tokens=LIKELY), "model": None, "system_fingerprint": None}),
        Answer(
            body={
                **completion("A", tokens=LIKELY),
                "usage": {"prompt_tokens": 9, "completion_tokens": None, "prompt_tokens_details": ["odd"]},
            }
        ),
    ],
)
def test_that_an_odd_but_honest_answer_is_read(server, client, answer):
    server.script = [answer]
    answered, kept = asked_once(client)
    reading = reading_of(ASKED, answered.reply)
    assert reading.answer == "A"
    assert reading.measured
    assert sum(reading.distribution.values()) == pytest.approx(1.0)
    assert len(kept) == 1


@pytest.mark.parametrize(
    ("script", "requests"),
    [
        ([error(500, "once", "InternalServerError")], 2),
        ([Answer(500, {"error": {"message": "once"}}, reset_next=True)], 3),
        ([RESET], 2),
        ([BUSY, error(429, "busy")], 3),
        ([Answer(503, "", headers={"Retry-After": "3600"})], 2),
    ],
)
def test_that_a_passing_failure_leaves_no_trace_but_its_calls(server, client, script, requests):
    server.script = list(script)
    answered, kept = asked_once(client)
    assert isinstance(answered, Answered)
    assert answered.calls == requests
    assert reading_of(ASKED, answered.reply).answer == "A"
    assert len(kept) == 1


def test_that_the_reset_after_a_500_is_survived_on_the_same_connection(server, client):
    server.script = [Answer(500, {"error": {"message": "inside"}}, reset_next=True)] * 2
    failure, _ = asked_once(client)
    assert "500: inside" in failure.message
    answered, _ = asked_once(client)
    assert answered.reply.content == "A"


# --- what the server saw -------------------------------------------------------------------------------------------


@pytest.fixture
def seeing():
    """A server with a model of a known family that reports the tokens of pictures."""
    with FakeLlm(models=("Qwen2.5-VL-7B",)) as fake:
        fake.grid = 28
        client = Client(LvlmServer(fake.url, timeout_s=TIMEOUT_S, pause_s=0.0))
        yield fake, client
        client.close()


def test_that_tokens_of_pictures_as_expected_are_a_vote(seeing):
    _, client = seeing
    answered, kept = asked_once(client)
    assert answered.reply.image_tokens == 512
    assert answered.reply.model == "Qwen2.5-VL-7B"
    assert reading_of(ASKED, answered.reply).answer == "A"
    assert len(kept) == 1


@pytest.mark.parametrize("lost", [1, 2])
def test_that_a_picture_lost_on_the_way_to_the_model_is_no_vote(seeing, lost):
    server, client = seeing
    server.lost = lost
    answered, kept = asked_once(client)
    reading = reading_of(ASKED, answered.reply)
    assert reading.answer == ""
    assert f"used {256 * (2 - lost)} tokens for 2 pictures that need 512" in reading.problem
    assert kept == {}


def test_that_a_prompt_too_short_for_its_pictures_is_no_vote(seeing):
    server, client = seeing
    server.script = [Answer(body=completion("A", prompt_tokens=300))]
    answered, kept = asked_once(client)
    assert "took 300 tokens" in reading_of(ASKED, answered.reply).problem
    assert kept == {}
