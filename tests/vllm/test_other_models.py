"""Another real vLLM: of a family whose pictures are counted otherwise, with a key and a short queue."""

from collections.abc import Iterator

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.critic.client import Client, LvlmServer
from labelcritic_gui.critic.image_tokens import QWEN3_VL, family_of
from labelcritic_gui.critic.parsing import read_choice
from labelcritic_gui.critic.wire import ChatRequest
from tests.fake_llm import png
from tests.vllm.server import FLAGS, VllmServer

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(300)]
NEVER = NeverCancel()
KEY = "a-key-of-the-tests"
QUEUE = 4
SIZES = [(64, 64), (224, 224), (448, 448), (512, 512), (640, 480), (357, 803), (1280, 720)]


@pytest.fixture(scope="module")
def other(own_environment, tmp_path_factory) -> Iterator[VllmServer]:
    flags = (*FLAGS, f"--api-key={KEY}", f"--max-num-queued-reqs={QUEUE}")
    log = tmp_path_factory.mktemp("other") / "server.log"
    server = VllmServer(own_environment, log, flags=flags, architecture="qwen3_vl").start()
    yield server
    server.stop()


@pytest.fixture
def client(other) -> Iterator[Client]:
    client = Client(LvlmServer(other.url, api_key=KEY, max_in_flight=QUEUE, attempts=8))
    yield client
    client.close()


def question(size: tuple[int, int], **changes: object) -> ChatRequest:
    return ChatRequest("One letter.", (png(*size), png(grey=9)), "Which?", ("A", "B"), **changes)


def test_that_qwen3_vl_is_known_asked_and_counted(client):
    who = client.identity(NEVER)
    assert family_of(who.root, who.model) is QWEN3_VL
    replies = client.ask_all([question(size) for size in SIZES], NEVER)
    assert [r.image_tokens for r in replies] == [QWEN3_VL.tokens(size) + QWEN3_VL.tokens((32, 32)) for size in SIZES]
    for reply in replies:
        assert reply.problem == ""
        assert read_choice(reply, ("A", "B")).measured


def test_that_without_the_right_key_nothing_is_answered_and_the_key_is_not_repeated(other):
    for key in ("", "a-wrong-key"):
        stranger = Client(LvlmServer(other.url, api_key=key))
        with pytest.raises(CriticError, match="401") as refused:
            stranger.identity(NEVER)
        stranger.close()
        assert "key" in str(refused.value)
        assert "a-wrong-key" not in str(refused.value)


def test_that_a_server_with_a_full_queue_is_asked_again_until_all_are_answered(other):
    eager = Client(
        LvlmServer(other.url, api_key=KEY, max_in_flight=8 * QUEUE, attempts=40, pause_s=0.05, longest_pause_s=0.5)
    )
    asked = [question((224, 224), max_tokens=8, seed=n) for n in range(16 * QUEUE)]
    replies = eager.ask_all(asked, NEVER)
    eager.close()
    assert [r for r in replies if isinstance(r, CriticError)] == []
    assert sum(r.calls for r in replies) > len(replies), "the queue was full at times"
