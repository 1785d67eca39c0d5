"""A server that goes and comes back: questions pause, go on by themselves, and never wait without end."""

import threading
import time

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.errors import CancelledError, CriticError, UserError
from labelcritic_gui.critic.asking import Answered, Asker
from labelcritic_gui.critic.breaker import MOST_RESUMPTIONS
from labelcritic_gui.critic.client import Client, LvlmServer
from labelcritic_gui.critic.parsing import Reply
from labelcritic_gui.critic.wire import ChatRequest, ModelIdentity, request_key
from tests.fake_llm import INSIDE, RESET, Answer, FakeLlm, completion, error, error_detail, png
from tests.waiting import wait_until

NEVER = NeverCancel()
ASKED = ChatRequest("You compare.", (png(grey=10), png(grey=20)), "Which one?", ("A", "B"))
PATIENT_S = 40.0


def many(count):
    return [ChatRequest("You compare.", (png(grey=n), png(grey=n + 1)), "Which one?", ("A", "B")) for n in range(count)]


class Kept(dict):
    def put_all(self, rows):
        for key, reply, _ in rows:
            self.setdefault(key, dict(reply))


class Watcher(list):
    """Keeps what it is told."""

    def __call__(self, state, sentence):
        self.append((state, sentence))

    @property
    def states(self):
        return [state for state, _ in self]


class Aside(threading.Thread):
    """Something done on a thread of its own; `result` waits for it."""

    def __init__(self, work):
        super().__init__()
        self._work, self._told, self._error = work, None, None
        self.start()

    def run(self):
        try:
            self._told = self._work()
        except UserError as error:
            self._error = error

    def result(self):
        self.join(50)
        assert not self.is_alive()
        if self._error is not None:
            raise self._error
        return self._told


@pytest.fixture
def server():
    with FakeLlm() as fake:
        yield fake


@pytest.fixture
def patient(server):
    watcher = Watcher()
    client = Client(LvlmServer(server.url, pause_s=0.01, longest_pause_s=0.05, patience_s=PATIENT_S), watcher)
    client.identity(NEVER)
    yield client
    client.close()


def test_that_questions_pause_while_the_server_is_gone_and_go_on_by_themselves(server, patient):
    server.stop()
    asking = Aside(lambda: patient.ask_all(many(40), NEVER))
    wait_until(lambda: patient.on_state.states == ["open"])
    server.start()
    replies = asking.result()
    assert [type(reply) for reply in replies] == [Reply] * 40
    assert patient.on_state.states == ["open", "closed"]
    paused, on = (sentence for _, sentence in patient.on_state)
    assert paused.startswith(f"Paused: No LVLM server answers at {server.url}")
    assert paused.endswith("Asking goes on when it answers.")
    assert on == f"The LVLM server at {server.url} answers again: asking goes on."
    assert max(server.counts.values()) == 1


def test_that_a_server_killed_in_the_middle_loses_and_doubles_nothing(server, patient):
    server.delay_s = 0.02
    kept = Kept()
    asking = Aside(lambda: Asker(patient, kept).ask_all(many(60), NEVER))
    wait_until(lambda: len(kept) >= 10)
    server.stop()
    answered_before = set(kept)
    wait_until(lambda: "open" in patient.on_state.states)
    server.start()
    answers = asking.result()
    assert [type(answer) for answer in answers] == [Answered] * 60
    assert len(kept) == 60
    assert answered_before <= set(kept)
    again = Asker(patient, kept).ask_all(many(60), NEVER)
    assert [answer.calls for answer in again] == [0] * 60
    assert [a.reply.content for a in again] == [a.reply.content for a in answers]
    # what was under way when the server went may have been asked twice, and nothing else
    assert sum(count > 1 for count in server.counts.values()) <= patient.server.max_in_flight


def test_that_one_prober_asks_for_all_with_growing_pauses(server):
    watcher = Watcher()
    client = Client(LvlmServer(server.url, pause_s=0.02, longest_pause_s=0.4, patience_s=PATIENT_S), watcher)
    client.identity(NEVER)
    server.health = Answer(503, "")
    server.script = [INSIDE] * 99
    asking = Aside(lambda: client.ask_all(many(30), NEVER))

    def probes():
        return [asked.path for asked in server.asked].count("/health")

    wait_until(lambda: watcher.states == ["open"])
    begun, before = time.monotonic(), probes()
    wait_until(lambda: probes() >= before + 6)
    assert time.monotonic() - begun > 0.02 * (1 + 2 + 4 + 8)  # thirty that wait would be much quicker without it
    server.script, server.health = [], Answer(body="")
    assert [type(reply) for reply in asking.result()] == [Reply] * 30
    client.close()


def test_that_a_question_waits_no_longer_than_its_patience(server):
    watcher = Watcher()
    client = Client(LvlmServer(server.url, pause_s=0.01, longest_pause_s=0.05, patience_s=0.3), watcher)
    client.identity(NEVER)
    server.stop()
    failures = client.ask_all(many(100), NEVER)
    assert {type(failure) for failure in failures} == {CriticError}
    assert all("did not come back within 0.3 s" in failure.message for failure in failures)
    assert all(failure.message.count(". ") <= 1 for failure in failures)
    assert watcher.states == ["open"]
    client.close()


def test_that_without_patience_questions_fail_at_once_and_the_next_one_finds_the_server_again(server):
    watcher = Watcher()
    client = Client(LvlmServer(server.url, attempts=1), watcher)
    client.identity(NEVER)
    server.stop()
    for _ in range(2):
        with pytest.raises(CriticError, match="No LVLM server answers"):
            client.ask(ASKED, NEVER)
    assert watcher.states == ["open"]
    assert "Paused" not in watcher[0][1]
    server.start()
    wait_until(lambda: client.alive(NEVER))
    assert client.ask(ASKED, NEVER).content == "A"
    assert watcher.states == ["open", "closed"]
    client.close()


def test_that_a_cancel_ends_the_waiting(server, patient):
    server.stop()
    cancel = threading.Event()
    asking = Aside(lambda: patient.ask_all(many(20), cancel))
    wait_until(lambda: patient.on_state.states == ["open"])
    cancel.set()
    with pytest.raises(CancelledError):
        asking.result()


def test_that_nobody_asks_for_signs_of_life_when_nobody_waits(server, patient):
    server.health = Answer(503, "")
    server.script = [INSIDE] * 99
    cancel = threading.Event()
    asking = Aside(lambda: patient.ask(ASKED, cancel))
    wait_until(lambda: patient.on_state.states == ["open"])
    cancel.set()
    with pytest.raises(CancelledError):
        asking.result()
    assert patient.run(state_of, NEVER) == (True, False)


async def state_of(session, _):
    return session.breaker.is_open, session.breaker.is_probing


@pytest.mark.parametrize(
    "failing", [RESET, Answer(body=completion("A"), cut=10), Answer(garbage=b"no HTTP at all\r\n\r\n")]
)
def test_that_a_half_dead_server_is_given_up_and_told_of_once(server, patient, failing):
    server.script = [failing] * 999
    with pytest.raises(CriticError, match="broke the connection"):
        patient.ask(ASKED, NEVER)
    assert len(server.chats) == 2 * (1 + MOST_RESUMPTIONS)
    assert patient.on_state == []


def test_that_a_dead_engine_is_waited_for_and_a_living_one_that_fails_is_not(server, patient):
    server.script = [INSIDE] * 2
    with pytest.raises(CriticError, match="failed inside"):
        patient.ask(ASKED, NEVER)
    assert len(server.chats) == 2
    server.script = [INSIDE] * 2
    server.health = Answer(503, "")
    asking = Aside(lambda: patient.ask(ASKED, NEVER))
    wait_until(lambda: patient.on_state.states == ["open"])
    server.health = Answer(body="")
    assert asking.result().content == "A"


def test_that_a_gateway_before_a_server_that_is_gone_is_waited_behind(server, patient):
    gone = Answer(502, "<html>Bad Gateway</html>", "text/html")
    server.script = [gone] * patient.server.attempts
    server.health = gone
    asking = Aside(lambda: patient.ask(ASKED, NEVER))
    wait_until(lambda: patient.on_state.states == ["open"])
    server.health = Answer(body="")
    assert asking.result().content == "A"


def test_that_a_busy_server_is_not_taken_for_a_dead_one(server, patient):
    server.script = [error(503, "The engine is currently busy")] * 9
    with pytest.raises(CriticError, match="too busy"):
        patient.ask(ASKED, NEVER)
    assert patient.on_state == []


@pytest.mark.parametrize("health", [None, error_detail(405, "Method Not Allowed"), Answer(401, "")])
def test_that_a_server_without_a_page_for_it_shows_its_life_by_its_models(server, patient, health):
    server.health = health
    assert patient.alive(NEVER)
    server.models_script = [Answer(503, "")]
    assert not patient.alive(NEVER)
    server.models_script = [Answer(hang=True)]
    impatient = Client(LvlmServer(server.url, timeout_s=0.2))
    assert not impatient.alive(NEVER)
    impatient.close()
    server.stop()
    assert not patient.alive(NEVER)


def test_that_a_server_that_wants_another_key_is_alive():
    with FakeLlm(key="s3cret") as server:
        server.health = None
        client = Client(LvlmServer(server.url))
        assert client.alive(NEVER)
        client.close()


def test_that_an_address_that_is_none_is_refused_by_a_sign_of_life_too():
    with pytest.raises(CriticError, match="no server address"):
        Client(LvlmServer("nowhere")).alive(NEVER)


# --- another model after the pause ---------------------------------------------------------------------------------


def renamed(server, name):
    server.models = (name,)
    server.fingerprint = f"vllm-of-{name}"


def test_that_the_model_is_asked_anew_after_every_pause_and_keys_are_of_the_one_in_force(server, patient):
    kept = Kept()
    asker = Asker(patient, kept)
    before = asker.ask(ASKED, NEVER)
    server.stop()
    asking = Aside(lambda: asker.ask_all(many(5), NEVER))
    wait_until(lambda: patient.on_state.states == ["open"])
    renamed(server, "other-vlm")
    server.start()
    after = asking.result()
    other = ModelIdentity("other-vlm", "/weights/other-vlm", 8192, "0.32.0")
    assert [answer.identity for answer in after] == [other] * 5
    assert [answer.key for answer in after] == [request_key(request, other) for request in many(5)]
    assert before.identity != other
    assert {asked.body["model"] for asked in server.chats[1:]} == {"other-vlm"}
    assert asker.ask(ASKED, NEVER).key != before.key


def test_that_a_model_changed_in_a_restart_nobody_noticed_is_found_by_its_refusal(server, patient):
    asker = Asker(patient, Kept())
    asker.ask(ASKED, NEVER)
    server.models = ("other-vlm",)
    answer = asker.ask(many(2)[1], NEVER)
    assert answer.identity.model == answer.reply.model == "other-vlm"


def test_that_weights_changed_under_the_same_name_are_found_by_the_fingerprint(server, patient):
    kept = Kept()
    asker = Asker(patient, kept)
    first = asker.ask(ASKED, NEVER)
    server.root, server.fingerprint = "/other/{}", "vllm-other"
    second = asker.ask(many(2)[1], NEVER)
    assert first.identity.root == "/weights/fake-vlm"
    assert second.identity.root == "/other/fake-vlm"
    assert second.key == request_key(many(2)[1], second.identity)
    assert kept.keys() == {first.key, second.key}


def test_that_a_new_fingerprint_of_the_same_model_costs_one_look_and_no_question(server, patient):
    asker = Asker(patient, Kept())
    asker.ask(ASKED, NEVER)
    looks = [asked.path for asked in server.asked].count("/v1/models")
    server.fingerprint = "vllm-second-of-two-replicas"
    answers = asker.ask_all(many(6)[1:], NEVER)
    assert [answer.calls for answer in answers] == [1] * 5
    server.fingerprint = "vllm-0.32.0-fake"
    assert asker.ask(many(7)[6], NEVER).calls == 1
    assert [asked.path for asked in server.asked].count("/v1/models") - looks <= 5
    assert max(server.counts.values()) == 1


def test_that_a_model_that_changes_all_the_time_is_given_up(server, patient):
    names = iter(f"model-{n}" for n in range(999))
    real = server.answer

    def always_another(asked):
        if asked.path == "/v1/models":
            server.models = (next(names),)
        elif asked.path == "/v1/chat/completions":
            return error(404, "The model does not exist.", "NotFoundError", "model")
        return real(asked)

    server.answer = always_another
    with pytest.raises(CriticError, match="keeps changing its model"):
        Asker(patient, Kept()).ask(ASKED, NEVER)
    with pytest.raises(CriticError, match="keeps changing its model"):
        patient.ask(ASKED, NEVER)


def test_that_a_watcher_that_fails_hurts_nobody(server, caplog):
    def fails(state, sentence):
        raise RuntimeError(state)

    client = Client(LvlmServer(server.url, pause_s=0.01, longest_pause_s=0.02, patience_s=PATIENT_S), fails)
    server.stop()
    asking = Aside(lambda: client.ask(ASKED, NEVER))
    wait_until(lambda: "whoever watches the server failed" in caplog.messages)
    server.start()
    assert asking.result().content == "A"
    client.close()
