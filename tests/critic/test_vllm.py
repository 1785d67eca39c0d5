"""The critic against a real vLLM server (any model): set LABELCRITIC_VLLM_URL. Proves the wire, never the judgement."""

import os

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.core.verdict import Cost, Outcome
from labelcritic_gui.critic.client import Client, LvlmServer
from labelcritic_gui.critic.lvlm import LvlmCritic
from labelcritic_gui.critic.parsing import read_choice
from labelcritic_gui.critic.wire import ChatRequest
from tests.critic.test_lvlm import Kept, question
from tests.fake_llm import png

URL = os.environ.get("LABELCRITIC_VLLM_URL", "")
NEVER = NeverCancel()
ONE, TWO = png(224, 224, grey=60), png(224, 224, grey=200)
pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(not URL, reason="needs a real vLLM server; name it in LABELCRITIC_VLLM_URL"),
]


@pytest.fixture
def server():
    return LvlmServer(
        URL, os.environ.get("LABELCRITIC_VLLM_MODEL", ""), api_key=os.environ.get("LABELCRITIC_API_KEY", "")
    )


@pytest.fixture
def client(server):
    client = Client(server)
    yield client
    client.close()


def test_that_the_check_finds_everything_the_critic_needs(client):
    checks = client.check()
    assert [check.name for check in checks] == ["server", "model", "context", "choices", "probabilities", "pictures"]
    assert [check for check in checks if not check.ok] == []


def test_that_a_comparison_is_parsed_measured_and_kept(server):
    cache = Kept()
    critic = LvlmCritic(server, cache=cache)
    verdict = critic.compare(question(ONE, TWO), NEVER)
    assert verdict.outcome in {Outcome.FIRST, Outcome.SECOND, Outcome.UNDECIDED, Outcome.BOTH_WRONG}
    assert [record.finish_reason for record in verdict.orders] == ["stop", "stop"]
    for record in verdict.orders:
        assert set(record.distribution) == {"first", "second", "equal", "wrong"}
        assert 0.0 < max(record.distribution.values()) < 1.0
        assert sum(record.distribution.values()) == pytest.approx(1.0)
    assert verdict.cost.calls == len(cache) == 2
    again = critic.compare(question(ONE, TWO), NEVER)
    assert (again.orders, again.cost) == (verdict.orders, Cost())
    critic.client.close()


def test_that_an_assessment_is_a_score_with_its_uncertainty(server):
    critic = LvlmCritic(server)
    quality = critic.assess(question(ONE), NEVER)
    assert 0.0 < quality.score < 100.0
    assert 10.0 <= quality.uncertainty <= 50.0
    critic.client.close()


def test_that_the_same_question_gets_the_same_answer(client):
    request = ChatRequest("One letter.", (ONE, TWO), "A, B or C?", ("A", "B", "C"))
    first, second = client.ask(request, NEVER), client.ask(request, NEVER)
    a, b = (read_choice(reply, request.choices) for reply in (first, second))
    assert a.answer == b.answer
    assert a.distribution == pytest.approx(b.distribution, abs=0.05)


def test_that_too_many_pictures_and_a_wrong_model_are_refused_in_words(client):
    with pytest.raises(CriticError, match="refused the question"):
        client.ask(ChatRequest("s", (png(grey=1),) * 64, "t", ("A", "B")), NEVER)
    wrong = Client(LvlmServer(URL, "no-such-model"))
    with pytest.raises(CriticError, match="does not serve the model 'no-such-model'"):
        wrong.identity(NEVER)
    wrong.close()
