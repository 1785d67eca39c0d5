"""Each question is asked once: remembered, shared by who asks at the same time, durable before it is heard."""

import dataclasses
import threading

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.errors import CancelledError, CriticError, StorageError
from labelcritic_gui.critic.asking import Answered, Asker, NoReplyCache, reading_of
from labelcritic_gui.critic.client import Client, LvlmServer
from labelcritic_gui.critic.parsing import Reply
from labelcritic_gui.critic.wire import ChatRequest, request_key
from tests.critic.test_breaker import Aside, Kept, many
from tests.fake_llm import Answer, FakeLlm, completion, error, png
from tests.waiting import wait_until

NEVER = NeverCancel()
(ASKED,) = many(1)


class Slow(Kept):
    """Keeps nothing before it is let; counts what it wrote at once."""

    def __init__(self):
        self.gate = threading.Event()
        self.lots = []
        self.begun = threading.Event()

    def put_all(self, rows):
        self.begun.set()
        assert self.gate.wait(30)
        self.lots.append(len(rows))
        super().put_all(rows)


class Full(Kept):
    def put_all(self, rows):
        raise StorageError("The disk is full.", "Make room.")


@pytest.fixture
def server():
    with FakeLlm() as fake:
        yield fake


@pytest.fixture
def client(server):
    client = Client(LvlmServer(server.url, attempts=2, pause_s=0.0))
    yield client
    client.close()


def test_that_answers_stand_in_their_places_with_key_and_model(server, client):
    kept = Kept()
    requests = many(30)
    answers = Asker(client, kept).ask_all(requests, NEVER)
    who = client.identity(NEVER)
    assert [answer.key for answer in answers] == [request_key(request, who) for request in requests]
    assert {answer.identity for answer in answers} == {who}
    assert [answer.calls for answer in answers] == [1] * 30
    assert sorted(kept) == sorted(answer.key for answer in answers)
    assert len(server.chats) == 30


def test_that_nothing_is_asked_for_nothing(server, client):
    assert Asker(client).ask_all([], NEVER) == []
    assert server.chats == []


def test_that_what_is_remembered_is_not_asked(server, client):
    kept = Kept()
    first = Asker(client, kept).ask_all(many(10), NEVER)
    again = Asker(client, kept).ask_all(many(20), NEVER)
    assert [answer.calls for answer in again] == [0] * 10 + [1] * 10
    assert [answer.reply for answer in again[:10]] == [answer.reply for answer in first]
    assert max(server.counts.values()) == 1


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"content": "A"},
        {"content": 7, "finish_reason": "stop"},
        Reply("Sure!", "stop").to_json(),
        Reply("A", "length").to_json(),
        Reply("A", "stop", problem="A picture was lost.").to_json(),
    ],
)
def test_that_a_damaged_or_unreadable_memory_is_asked_again(server, client, damaged):
    kept = Kept()
    key = Asker(client, kept).ask(ASKED, NEVER).key
    kept[key] = damaged
    assert Asker(client, kept).ask(ASKED, NEVER).calls == 1


def test_that_the_memory_of_an_older_program_is_read(server, client):
    kept = Kept()
    key = request_key(ASKED, client.identity(NEVER))
    kept[key] = {"content": "B", "finish_reason": "stop", "first_token": [["B", -0.1]], "prompt_tokens": 9, "calls": 1}
    answer = Asker(client, kept).ask(ASKED, NEVER)
    assert (answer.reply.content, answer.calls, server.chats) == ("B", 0, [])


def test_that_the_same_question_at_the_same_time_is_asked_once_whoever_asks(server, client):
    server.delay_s = 0.05
    asker = Asker(client, Kept())
    asking = [Aside(lambda: asker.ask_all(many(12), NEVER)) for _ in range(6)]
    told = [one.result() for one in asking]
    assert set(server.counts.values()) == {1}
    assert len(server.chats) == 12
    for place in range(12):
        assert sum(answers[place].calls for answers in told) == 1
        assert len({answers[place].reply for answers in told}) == 1


def test_that_the_same_question_twice_in_one_batch_is_asked_once(server, client):
    answers = Asker(client, Kept()).ask_all([ASKED] * 9, NEVER)
    assert sorted(answer.calls for answer in answers) == [0] * 8 + [1]
    assert len(server.chats) == 1


def test_that_without_a_memory_the_same_question_at_the_same_time_is_still_asked_once(server, client):
    server.delay_s = 0.05
    answers = Asker(client, NoReplyCache()).ask_all([ASKED] * 5, NEVER)
    assert [type(answer) for answer in answers] == [Answered] * 5
    assert len(server.chats) == 1


def test_that_who_waits_for_another_one_goes_on_when_that_one_is_cancelled(server):
    client = Client(LvlmServer(server.url, pause_s=0.01, longest_pause_s=0.02, patience_s=40.0))
    server.script = [Answer(hang=True)]
    asker = Asker(client, Kept())
    cancel = threading.Event()
    first = Aside(lambda: asker.ask(ASKED, cancel))
    wait_until(lambda: server.chats)
    second = Aside(lambda: asker.ask(ASKED, NEVER))
    wait_until(lambda: asker.waiting == 2)
    cancel.set()
    with pytest.raises(CancelledError):
        first.result()
    assert server.disconnects == 0  # it is still wanted
    server.stop()
    server.start()
    assert second.result().reply.content == "A"
    client.close()


def test_that_a_cancel_of_all_who_wait_closes_the_request(server, client):
    server.script = [Answer(hang=True)] * 8
    asker = Asker(client, Kept())
    client.identity(NEVER)
    cancel = threading.Event()
    asking = [Aside(lambda: asker.ask_all(many(8), cancel)) for _ in range(2)]
    wait_until(lambda: len(server.chats) == 8)
    cancel.set()
    for one in asking:
        with pytest.raises(CancelledError):
            one.result()
    wait_until(lambda: server.disconnects == 8)


def test_that_a_reply_is_durable_before_it_is_heard(server, client):
    kept = Slow()
    asking = Aside(lambda: Asker(client, kept).ask(ASKED, NEVER))
    assert kept.begun.wait(30)
    assert asking.is_alive()
    kept.gate.set()
    assert asking.result().key in kept


def test_that_replies_that_came_together_are_written_together(server, client):
    kept = Slow()
    asking = Aside(lambda: Asker(client, kept).ask_all(many(8), NEVER))
    wait_until(lambda: len(server.chats) == 8)
    wait_until(lambda: client.run(pending, NEVER) == 0)
    kept.gate.set()
    assert [answer.calls for answer in asking.result()] == [1] * 8
    assert sum(kept.lots) == 8
    assert len(kept.lots) <= 3


async def pending(session, _):
    return session.under_way


def test_that_a_reply_that_came_is_kept_although_nobody_waits_any_more(server, client):
    kept = Slow()
    cancel = threading.Event()
    asking = Aside(lambda: Asker(client, kept).ask(ASKED, cancel))
    assert kept.begun.wait(30)
    cancel.set()
    with pytest.raises(CancelledError):
        asking.result()
    closing = Aside(client.close)
    kept.gate.set()
    closing.result()
    assert len(kept) == 1
    assert Asker(client, kept).ask(ASKED, NEVER).calls == 0


def test_that_a_full_disk_is_said_and_nothing_is_heard_that_was_not_kept(server, client):
    with pytest.raises(StorageError, match="The disk is full"):
        Asker(client, Full()).ask_all(many(20), NEVER)
    kept = Kept()
    assert [answer.calls for answer in Asker(client, kept).ask_all(many(20), NEVER)] == [1] * 20


def test_that_one_question_that_fails_does_not_fail_the_others(server, client):
    requests = many(6)
    requests[1] = dataclasses.replace(requests[1], text="see <|image_pad|>")
    requests[3] = dataclasses.replace(requests[3], pictures=(b"no picture",))
    kept = Kept()
    answers = Asker(client, kept).ask_all(requests, NEVER)
    assert [type(answer) for answer in answers] == [Answered, CriticError, Answered, CriticError, Answered, Answered]
    assert "control mark" in answers[1].message
    assert "no PNG" in answers[3].message
    assert len(kept) == 4


def test_that_a_failure_is_told_to_all_who_wait_for_it_and_is_not_remembered(server, client):
    server.script = [error(400, "Failed to load image")]
    asker = Asker(client, Kept())
    assert [type(one) for one in asker.ask_all([ASKED] * 4, NEVER)] == [CriticError] * 4
    assert asker.ask(ASKED, NEVER).calls == 1


def test_that_a_single_question_raises_its_failure(server, client):
    server.script = [error(400, "Failed to load image")]
    with pytest.raises(CriticError, match="Failed to load image"):
        Asker(client).ask(ASKED, NEVER)


def test_that_fresh_questions_are_all_asked_and_nothing_is_remembered(server, client):
    kept = Kept()
    asker = Asker(client, kept)
    asker.ask(ASKED, NEVER)
    before = dict(kept)
    server.script = [Answer(body=completion(letter)) for letter in "BABAB"]
    answers = asker.ask_all([ASKED] * 5, NEVER, fresh=True)
    assert sorted(answer.reply.content for answer in answers) == ["A", "A", "B", "B", "B"]
    assert [answer.calls for answer in answers] == [1] * 5
    assert kept == before
    assert len(server.chats) == 6


def test_that_unreadable_replies_are_told_once_and_never_kept(server, client):
    server.script = [Answer(body=completion("Sure!"))] * 2
    kept = Kept()
    asker = Asker(client, kept)
    assert reading_of(ASKED, asker.ask(ASKED, NEVER).reply).answer == ""
    assert reading_of(ASKED, asker.ask(ASKED, NEVER).reply).answer == ""
    assert kept == {}
    assert asker.ask(ASKED, NEVER).reply.content == "A"
    assert len(kept) == 1


def test_that_free_text_and_lines_are_read_and_remembered(server, client):
    server.words = "It leaks.\nInto the \u202estomach."
    words = ChatRequest("s", (png(),), "Why?", max_tokens=60, logprobs=False, top_logprobs=0)
    lines = ChatRequest("s", (png(),), "Which?", pattern="1 (Y|N|U)\n2 (Y|N|U)", max_tokens=20)
    kept = Kept()
    asker = Asker(client, kept)
    told, seen = asker.ask_all([words, lines], NEVER)
    assert reading_of(words, told.reply).answer == "It leaks. Into the stomach."
    assert reading_of(lines, seen.reply).answer == "1 U\n2 U"
    assert [answer.calls for answer in asker.ask_all([words, lines], NEVER)] == [0, 0]
    (asked_words,) = [asked for asked in server.chats if asked.text == words.text]
    (asked_lines,) = [asked for asked in server.chats if asked.text == lines.text]
    assert "logprobs" not in asked_words.body
    assert "structured_outputs" not in asked_words.body
    assert asked_lines.body["structured_outputs"] == {"regex": lines.pattern}


def test_that_letters_are_neither_sent_nor_part_of_the_key(client):
    request = ChatRequest("s", (), "t", pattern="A|B( X)?")
    lettered = dataclasses.replace(request, letters=("A", "B"))
    who = client.identity(NEVER)
    assert request_key(request, who) == request_key(lettered, who)


def test_that_empty_free_text_is_asked_again(server, client):
    server.words = " "
    words = ChatRequest("s", (), "Why?", max_tokens=60)
    kept = Kept()
    assert reading_of(words, Asker(client, kept).ask(words, NEVER).reply).problem == "The answer is empty."
    assert kept == {}


def test_that_at_most_so_many_are_under_way_as_the_server_was_said_to_take(server):
    server.delay_s = 0.02
    client = Client(LvlmServer(server.url, max_in_flight=5))
    asker = Asker(client, Kept())
    asking = [Aside(lambda n=n: asker.ask_all(many(60)[n * 20 : n * 20 + 20], NEVER)) for n in range(3)]
    for one in asking:
        assert len(one.result()) == 20
    assert server.most_at_once == 5
    client.close()


def test_that_replies_are_told_as_they_come_on_the_thread_that_asks(server, client):
    told = []

    def on_reply(place, reply):
        told.append((place, reply, threading.current_thread()))

    server.script = [error(400, "no")]
    replies = client.ask_all(many(12), NEVER, on_reply)
    assert sorted(place for place, _, _ in told) == list(range(12))
    assert all(replies[place] is reply for place, reply, _ in told)
    assert {thread for _, _, thread in told} == {threading.current_thread()}
    assert sum(isinstance(reply, CriticError) for reply in replies) == 1
