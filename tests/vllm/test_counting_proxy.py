"""The door in front of the server counts rightly, and is not noticed. Needs no vLLM."""

import threading
import urllib.request

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.errors import CancelledError, CriticError
from labelcritic_gui.critic.client import Client, LvlmServer
from labelcritic_gui.critic.wire import ChatRequest
from tests.fake_llm import Answer, FakeLlm, png, sha256
from tests.vllm.counting_proxy import CountingProxy

NEVER = NeverCancel()


@pytest.fixture
def fake():
    with FakeLlm() as fake:
        yield fake


@pytest.fixture
def door(fake):
    with CountingProxy(fake.url) as door:
        yield door


@pytest.fixture
def client(door):
    client = Client(LvlmServer(door.url, pause_s=0.01, longest_pause_s=0.05, attempts=2))
    yield client
    client.close()


def asked(n: int = 0) -> ChatRequest:
    return ChatRequest("Answer.", (png(grey=n), png(grey=255 - n)), "Which?", ("A", "B"))


def test_that_everything_passes_unchanged_and_is_counted_once(fake, door, client):
    replies = client.ask_all([asked(n) for n in range(40)], NEVER)
    assert [r.content for r in replies] == ["A"] * 40
    assert door.counts == {"asked": 40, "answered": 40, "other": 0, "cut": 0, "waiting": 0}
    assert len({one.sha256 for one in door.passed}) == 40
    assert sorted(one.body["messages"][1]["content"][0]["image_url"]["url"] for one in door.passed) == sorted(
        chat.body["messages"][1]["content"][0]["image_url"]["url"] for chat in fake.chats
    )


def test_that_a_request_is_known_by_the_form_in_which_it_is_kept(door, client):
    for request in (asked(), ChatRequest("s", (), "t", pattern="[ab]", max_tokens=3, logprobs=False, top_logprobs=0)):
        client.ask(request, NEVER)
        canonical = request.canonical()
        assert door.passed[-1].canonical == {
            **canonical,
            "choices": list(canonical["choices"]),
            "system": sha256(request.system.encode()),
            "text": sha256(request.text.encode()),
        }


def test_that_a_cancelled_request_is_cut_off_at_the_server_too(fake, door, client):
    fake.script.append(Answer(hang=True))
    cancel, ended = threading.Event(), []

    def ask() -> None:
        try:
            client.ask(asked(), cancel)
        except CancelledError as error:
            ended.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    door.wait_for(lambda d: len(d.waiting) == 1)
    cancel.set()
    asking.join(5)
    door.wait_for(lambda d: d.counts["cut"] == 1, within_s=5)
    assert len(ended) == 1


def test_that_a_shut_door_refuses_and_an_open_one_lets_in_again(door, client):
    client.ask(asked(), NEVER)
    door.shut()
    door.end_connections()
    with pytest.raises(CriticError, match="No LVLM server answers"):
        client.ask(asked(1), NEVER)
    door.open()
    assert client.ask(asked(2), NEVER).content == "A"
    with urllib.request.urlopen(door.url + "/models") as answer:
        assert answer.status == 200
    assert door.counts["answered"] == 2
