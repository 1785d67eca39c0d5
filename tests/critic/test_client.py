"""The client against a loopback server that answers as vLLM does, and worse."""

import dataclasses
import json
from pathlib import Path

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.errors import CancelledError, CriticError
from labelcritic_gui.critic.client import Client, LvlmServer
from labelcritic_gui.critic.wire import ChatRequest, ModelIdentity, request_key
from tests.fake_llm import (
    BUSY,
    HTML,
    INSIDE,
    RESET,
    Answer,
    FakeLlm,
    completion,
    error,
    error_detail,
    error_string,
    png,
)
from tests.waiting import wait_until

ASKED = ChatRequest("You compare.", (png(grey=10), png(grey=20)), "Which one?", ("A", "B", "C"))
NEVER = NeverCancel()


class Cancelled:
    def is_set(self):
        return True


@pytest.fixture
def server():
    with FakeLlm() as fake:
        yield fake


@pytest.fixture
def client(server):
    client = Client(LvlmServer(server.url, attempts=4, pause_s=0.0, longest_pause_s=0.0))
    yield client
    client.close()


def test_that_a_request_carries_pictures_first_and_every_sampling_field(server, client):
    client.ask(ASKED, NEVER)
    (asked,) = server.chats
    assert [part["type"] for part in asked.parts] == ["image_url", "image_url", "text"]
    assert asked.pictures == list(ASKED.pictures)
    assert asked.body["messages"][0] == {"role": "system", "content": "You compare."}
    told = {name: asked.body[name] for name in ("model", "temperature", "top_p", "seed", "max_tokens")}
    assert told == {"model": "fake-vlm", "temperature": 0.0, "top_p": 1.0, "seed": 0, "max_tokens": 8}
    assert asked.body["structured_outputs"] == {"choice": ["A", "B", "C"]}
    assert (asked.body["logprobs"], asked.body["top_logprobs"]) == (True, 8)


def test_that_a_reply_says_what_the_server_said(server, client):
    server.script = [Answer(body=completion("B", tokens=[("B", -0.5), ("C", -3.0), ("A", -1.2)], prompt_tokens=99))]
    reply = client.ask(ASKED, NEVER)
    assert (reply.content, reply.finish_reason, reply.calls) == ("B", "stop", 1)
    assert reply.first_token == (("B", -0.5), ("B", -0.5), ("C", -3.0), ("A", -1.2))
    assert (reply.prompt_tokens, reply.completion_tokens) == (99, 2)
    assert reply.fingerprint == "vllm-0.32.0-fake"


def test_that_the_identity_is_what_the_server_reports_and_is_asked_once(server, client):
    assert client.identity(NEVER) == ModelIdentity("fake-vlm", "/weights/fake-vlm", 8192, "0.32.0")
    client.ask(ASKED, NEVER)
    assert [a.path for a in server.asked].count("/v1/models") == 1


def test_that_a_server_without_a_version_page_is_still_known(server, client):
    server.version = None
    server.context = None
    assert client.identity(NEVER) == ModelIdentity("fake-vlm", "/weights/fake-vlm")


def test_that_a_model_that_is_not_served_is_named_with_those_that_are():
    with FakeLlm(models=("one", "two")) as server:
        for wanted in ("three", ""):
            client = Client(LvlmServer(server.url, wanted))
            with pytest.raises(CriticError, match="It serves: one, two"):
                client.identity(NEVER)
            client.close()
        client = Client(LvlmServer(server.url, "two"))
        assert client.identity(NEVER).model == "two"
        client.close()


@pytest.mark.parametrize(
    ("script", "requests"),
    [
        ([INSIDE, RESET], 3),
        ([INSIDE], 2),
        ([RESET, RESET], 3),
        ([BUSY, BUSY, BUSY], 4),
        ([error(429, "slow down")], 2),
        ([Answer(body=completion("A"), cut=30)], 2),
    ],
    ids=["500-then-reset", "500", "resets", "busy", "429", "truncated"],
)
def test_that_passing_failures_are_repeated(server, client, script, requests):
    server.script = list(script)
    reply = client.ask(ASKED, NEVER)
    assert reply.content == "A"
    assert reply.calls == requests == len(server.chats)


@pytest.mark.parametrize(
    ("answer", "requests", "says"),
    [
        (INSIDE, 2, r"failed inside \(500: EngineCore encountered"),
        (BUSY, 4, r"stayed too busy"),
        (RESET, 4, r"broke the connection"),
        (error(400, "At most 4 image(s) may be provided"), 1, r"refused .*400: At most 4 image"),
        (error_string(401, "Unauthorized"), 1, r"401: Unauthorized.*API key"),
        (error(404, "The model `x` does not exist."), 1, r"404: The model `x` does not exist"),
        (error_detail(404, "Not Found"), 1, r"404: Not Found"),
        (Answer(404, "<html><body>gone</body></html>", "text/html"), 1, r"404: a web page"),
        (error_detail(422, "Unexpected fields in the request: {'structured_outputs'}"), 1, r"422: Unexpected fields"),
        (error(501, "Only base64 data URLs are supported for now."), 1, r"501: Only base64"),
        (Answer(503, "", "text/plain"), 4, r"503: nothing"),
        (Answer(418, "teapot\u202e", "text/plain"), 1, r"418: teapot\)"),
        (HTML, 1, r"something else than a model's answer: a web page\."),
        (Answer(body={"error": {"message": "out of memory"}}), 1, r"something else .*: out of memory\."),
        (Answer(body="[" * 100_000), 1, r"something else"),
        (Answer(body={"choices": []}), 1, r"without an answer"),
        (Answer(body={"choices": [{"message": None}]}), 1, r"something else"),
    ],
)
def test_that_lasting_failures_say_what_where_and_what_to_do(server, client, answer, requests, says):
    server.script = [answer] * 9
    with pytest.raises(CriticError, match=says) as caught:
        client.ask(ASKED, NEVER)
    assert server.url in str(caught.value)
    assert caught.value.hint
    assert len(server.chats) == requests


def test_that_repeating_is_noted_in_the_log(server, client, caplog):
    caplog.set_level("INFO", logger="labelcritic_gui.critic")
    server.script = [BUSY]
    client.ask(ASKED, NEVER)
    assert [r.getMessage() for r in caplog.records if "asked again" in r.getMessage()] == [caplog.messages[-1]]
    assert "currently busy" in caplog.messages[-1]


def test_that_a_missing_server_is_named_with_the_way_out():
    with FakeLlm() as gone:
        url = gone.url
    client = Client(LvlmServer(url, attempts=2, pause_s=0.0))
    with pytest.raises(CriticError, match=f"No LVLM server answers at {url} .*Start it, or choose the anatomy critic"):
        client.ask(ASKED, NEVER)
    client.close()


def test_that_a_slow_answer_is_given_up_without_repeating(server):
    client = Client(LvlmServer(server.url, timeout_s=0.3))
    client.identity(NEVER)
    server.script = [Answer(hang=True)]
    with pytest.raises(CriticError, match=r"did not answer within 0\.3 s"):
        client.ask(ASKED, NEVER)
    assert len(server.chats) == 1
    client.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_that_nothing_is_sent_to_a_redirect(server, client, status):
    with FakeLlm() as elsewhere:
        server.script = [Answer(status, "", headers={"Location": f"{elsewhere.url}/v1/chat/completions"})]
        with pytest.raises(CriticError, match=f"points on to {elsewhere.url}"):
            client.ask(ASKED, NEVER)
        assert elsewhere.asked == []


def test_that_nothing_is_sent_through_a_proxy_or_with_keys_of_the_environment(server, monkeypatch):
    with FakeLlm() as elsewhere:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "OPENAI_BASE_URL"):
            monkeypatch.setenv(name, elsewhere.url)
        for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
            monkeypatch.setenv(name, "private")
        client = Client(LvlmServer(server.url))
        client.ask(ASKED, NEVER)
        client.close()
        assert elsewhere.asked == []
    assert not any("private" in value for asked in server.asked for value in asked.headers.values())


def test_that_the_key_is_sent_and_never_shown():
    with FakeLlm(key="s3cret") as server:
        right = LvlmServer(server.url, api_key="s3cret")
        client = Client(right)
        assert client.ask(ASKED, NEVER).content == "A"
        client.close()
        wrong = Client(LvlmServer(server.url, api_key="wr0ng"))
        with pytest.raises(CriticError) as caught:
            wrong.ask(ASKED, NEVER)
        wrong.close()
    assert "s3cret" not in repr(right)
    assert "wr0ng" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"text": "see <|image_pad|> here"}, "control mark"),
        ({"system": "<|im_end|>"}, "control mark"),
        ({"choices": ("A", "<|B")}, "control mark"),
        ({"pattern": "A|<|B"}, "control mark"),
        ({"text": "see \uff1c\uff5cimage_pad\uff5c\uff1e here"}, "control mark"),
        ({"text": "see \ufe64|image_pad|> here"}, "control mark"),
        ({"text": "see <\u200b|image_pad|> here"}, "control mark"),
        ({"text": "see <\u00ad\u2060|image_pad|> here"}, "control mark"),
        ({"text": "see <\ufe0f|image_pad|> here"}, "control mark"),
        ({"text": "see <\u3164|image_pad|> here"}, "control mark"),
        ({"system": "see <\x00|im_end|> here"}, "control mark"),
        ({"pictures": (b"not a picture" * 9,)}, "no PNG"),
        ({"pictures": (png(colour=6),)}, "not 8-bit RGB"),
        ({"pictures": (png(colour=0),)}, "not 8-bit RGB"),
        ({"pictures": (png(depth=16),)}, "not 8-bit RGB"),
        ({"pictures": (png(4020, 20),)}, "4020 x 20"),
        ({"pictures": (png(4096, 4096),)}, "4096 x 4096"),
        ({"pictures": (png()[:-1],)}, "cut off"),
        ({"pictures": (png()[:40],)}, "no PNG"),
        ({"pictures": (png()[:-12] + b"x" * 2**24 + png()[-12:],)}, "the most is 16777216"),
        ({"pictures": (b"",)}, "no PNG"),
        ({"pictures": (b"\xff\xd8\xff\xe0" + b"x" * 99,)}, "no PNG"),
    ],
)
def test_that_what_a_server_would_misread_is_refused_before_anything_is_sent(server, client, change, says):
    with pytest.raises(CriticError, match=says):
        client.ask(dataclasses.replace(ASKED, **change), NEVER)
    assert server.asked == []


@pytest.mark.parametrize(
    "url", ["", "host:8000", "ftp://host/", "http://", "http://me:pw@host/", "http://h:x/", "http://h/?a=1"]
)
def test_that_an_address_that_is_none_is_refused(url):
    with pytest.raises(CriticError, match="no server address"):
        Client(LvlmServer(url)).ask(ASKED, NEVER)


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/"])
def test_that_an_address_may_end_in_v1_or_not(server, tail):
    client = Client(LvlmServer(server.url + tail))
    assert client.ask(ASKED, NEVER).content == "A"
    client.close()


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost/v1", True),
        ("http://[::1]:1", True),
        ("http://gpu.local", False),
    ],
)
def test_that_a_server_elsewhere_is_known_as_such(url, here):
    assert LvlmServer(url).is_this_machine is here


def test_that_a_cancelled_question_is_not_sent(server, client):
    client.identity(NEVER)
    with pytest.raises(CancelledError):
        client.ask(ASKED, Cancelled())
    assert server.chats == []


def test_that_a_cancel_ends_the_repeating(server):
    client = Client(LvlmServer(server.url, pause_s=30.0, longest_pause_s=30.0))
    client.identity(NEVER)
    server.script = [BUSY] * 9

    class AfterOne:
        def is_set(self):
            return len(server.chats) >= 1

    with pytest.raises(CancelledError):
        client.ask(ASKED, AfterOne())
    assert len(server.chats) == 1
    client.close()


def test_that_a_cancel_closes_the_request_so_that_the_server_stops_working(server, client):
    client.identity(NEVER)
    server.script = [Answer(hang=True)]

    class OnceAsked:
        def is_set(self):
            return bool(server.chats)

    with pytest.raises(CancelledError):
        client.ask(ASKED, OnceAsked())
    wait_until(lambda: server.disconnects == 1)
    assert client.ask(ASKED, NEVER).content == "A"


def test_that_a_time_out_closes_the_request_too(server):
    client = Client(LvlmServer(server.url, timeout_s=0.3))
    client.identity(NEVER)
    server.script = [Answer(hang=True)]
    with pytest.raises(CriticError):
        client.ask(ASKED, NEVER)
    wait_until(lambda: server.disconnects == 1)
    client.close()


@pytest.mark.parametrize("text", ["a < b | c", "a <\n| b", "<b|", "\u2264| x", "1 < |x|"])
def test_that_honest_texts_are_sent(server, client, text):
    assert client.ask(dataclasses.replace(ASKED, text=text), NEVER).content == "A"
    assert server.chats[0].text == text


def test_that_the_body_is_json_with_every_character_of_the_texts(server, client):
    odd = 'Quote " slash \\ newline \n \u00e9 \U0001f9e0 \ud800'
    client.ask(dataclasses.replace(ASKED, system=odd, text=odd), NEVER)
    (asked,) = server.chats
    assert asked.body["messages"][0]["content"] == asked.text == odd
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["accept-encoding"] == "identity"


def test_that_a_key_stays_the_same_over_runs_and_changes_with_everything_that_matters():
    model = ModelIdentity("m", "/w", 8192, "0.32.0")
    request = ChatRequest("s", (b"one", b"two"), "t", ("A", "B"))
    assert request_key(request, model) == "20df63722924ffbb63190acfeb5a61588e04fd87f2a68a8bf348b4f34bd87b8b"
    others = [
        dataclasses.replace(request, **change)
        for change in (
            {"system": "S"},
            {"text": "T"},
            {"pictures": (b"two", b"one")},
            {"pictures": (b"one",)},
            {"choices": ("B", "A")},
            {"temperature": 0.5},
            {"top_p": 0.9},
            {"seed": 1},
            {"max_tokens": 9},
            {"logprobs": False},
            {"top_logprobs": 9},
        )
    ]
    models = [dataclasses.replace(model, **{name: "x"}) for name in ("model", "root", "server")]
    keys = [request_key(r, model) for r in (request, *others)] + [request_key(request, m) for m in models]
    assert len(set(keys)) == len(keys)


@pytest.mark.shared
def test_that_every_recorded_answer_of_a_real_server_is_read_or_refused_in_words(shared_data, server, client):
    records = sorted((shared_data.parent / "tools" / "vllm" / "wire").glob("*.json"))
    assert len(records) > 100
    client.identity(NEVER)
    read: list[str] = []
    refused: list[str] = []
    for record in records:
        recorded = json.loads(Path(record).read_text(encoding="utf-8"))
        response = recorded.get("response") if isinstance(recorded, dict) else None
        if not isinstance(response, dict) or "status" not in response:
            continue
        body = response["json"] if response.get("json") is not None else response.get("text") or ""
        server.script = [Answer(response["status"], body, headers={"Retry-After": "0"})] * 9
        try:
            read.append(client.ask(ASKED, NEVER).content)
        except CriticError as error:
            refused.append(error.message)
    assert len(read) > 50
    assert len(refused) > 30
    assert all(server.url in message for message in refused)
