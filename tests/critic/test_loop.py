"""The one thread of the critics: it starts with the first hold, ends with the last, and leaves nothing behind."""

import asyncio
import gc
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.errors import CancelledError, CriticError
from labelcritic_gui.critic import loop
from labelcritic_gui.critic.client import Client, LvlmServer
from labelcritic_gui.critic.loop import THREAD_NAME, Flights, WorkStoppedError, hold
from labelcritic_gui.critic.wire import ChatRequest
from tests.fake_llm import Answer, FakeLlm, png
from tests.waiting import wait_until

NEVER = NeverCancel()
ROOT = Path(__file__).resolve().parents[2]
ASKED = ChatRequest("You compare.", (png(grey=10), png(grey=20)), "Which one?", ("A", "B"))


def threads():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith((THREAD_NAME, "asyncio_"))]


@pytest.fixture(autouse=True)
def alone():
    wait_until(lambda: threads() == [])
    yield
    gc.collect()
    wait_until(lambda: threads() == [])


@pytest.fixture
def lease():
    lease = hold()
    yield lease
    lease.release()


def test_that_work_returns_its_result_to_the_thread_that_waits(lease):
    async def work(_):
        return threading.current_thread().name

    assert lease.run(work, NEVER) == THREAD_NAME


def test_that_all_holds_share_one_thread_which_ends_with_the_last(lease):
    others = [hold() for _ in range(3)]
    assert threads() == [THREAD_NAME]
    for other in others:
        other.release()
    assert threads() == [THREAD_NAME]


def test_that_the_thread_starts_anew_after_it_ended():
    for _ in range(3):
        lease = hold()
        assert lease.run(lambda _: asyncio.sleep(0, "well"), NEVER) == "well"
        lease.release()
        assert threads() == []


def test_that_an_error_reaches_the_thread_that_waits(lease):
    async def work(_):
        raise CriticError("No.")

    with pytest.raises(CriticError, match="No"):
        lease.run(work, NEVER)


def test_that_what_is_told_is_called_on_the_waiting_thread_in_order(lease):
    told = []

    async def work(tell):
        for n in range(100):
            tell(lambda n=n: told.append((n, threading.current_thread())))

    lease.run(work, NEVER)
    assert told == [(n, threading.current_thread()) for n in range(100)]


def test_that_a_cancel_ends_the_work_before_it_is_reported(lease):
    cancel, ended = threading.Event(), []

    async def work(tell):
        try:
            tell(cancel.set)
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            ended.append(True)

    with pytest.raises(CancelledError):
        lease.run(work, cancel)
    assert ended == [True]


def test_that_a_cancel_that_comes_too_late_loses_nothing(lease):
    cancel = threading.Event()

    async def work(_):
        cancel.set()
        return "done"

    assert lease.run(work, cancel) == "done"


def test_that_work_is_not_begun_when_it_is_cancelled_before(lease):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(CancelledError):
        lease.run(lambda _: pytest.fail("begun"), cancel)


def test_that_a_fault_in_what_is_told_ends_the_work(lease):
    ended = []

    async def work(tell):
        try:
            tell(lambda: 1 // 0)
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    with pytest.raises(ZeroDivisionError):
        lease.run(work, NEVER)
    assert ended == [True]


def test_that_work_stopped_by_somebody_else_says_so(lease):
    async def work(_):
        task = asyncio.current_task()
        asyncio.get_running_loop().call_soon(task.cancel)
        await asyncio.sleep(60)

    with pytest.raises(WorkStoppedError):
        lease.run(work, NEVER)


@pytest.fixture
def faults(monkeypatch):
    """What ended a thread."""
    found = []
    monkeypatch.setattr(threading, "excepthook", found.append)
    return found


def test_that_the_last_hold_may_be_let_go_while_the_loop_ends(faults):
    lease = hold()

    async def let_go_in_the_end():
        try:
            await asyncio.Event().wait()
        finally:
            lease.release()

    async def begin(_):
        ending = asyncio.create_task(let_go_in_the_end())
        await asyncio.sleep(0)
        return ending

    ending = lease.run(begin, NEVER)
    loop._end_with_the_program()
    assert threads() == []
    assert ending.cancelled()
    assert faults == []


def test_that_work_begun_after_the_end_says_so_instead_of_waiting(faults):
    client = Client(LvlmServer("http://127.0.0.1:9"))
    assert not client.alive(NEVER)
    loop._end_with_the_program()
    assert threads() == []
    with pytest.raises(CriticError, match="was closed"):
        client.alive(NEVER)
    client.close()
    assert not client.alive(NEVER)  # over a connection of its own again
    client.close()
    assert faults == []


def test_that_the_loops_own_thread_may_not_wait_for_itself(lease):
    async def work(_):
        lease.run(work, NEVER)

    with pytest.raises(RuntimeError, match="own thread"):
        lease.run(work, NEVER)


def test_that_what_several_want_is_done_once(lease):
    done = []

    async def work():
        await asyncio.sleep(0.01)
        done.append(True)
        return "result"

    async def all_of_them(_):
        flights = Flights()
        return await asyncio.gather(*[flights.join("key", work) for _ in range(9)])

    told = lease.run(all_of_them, NEVER)
    assert [result for result, _ in told] == ["result"] * 9
    assert [started for _, started in told].count(True) == len(done) == 1


def test_that_what_several_want_goes_on_while_one_waits_and_ends_with_the_last(lease):
    ended = []

    async def work():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    async def leave_one_by_one(_):
        flights = Flights()
        waiting = [asyncio.create_task(flights.join("key", work)) for _ in range(3)]
        await asyncio.sleep(0)
        still = []
        for task in waiting:
            task.cancel()
            await asyncio.wait([task])
            still.append(list(ended))
        return still

    assert lease.run(leave_one_by_one, NEVER) == [[], [], [True]]


def test_that_a_newcomer_does_not_join_what_is_ending(lease):
    begun = []

    async def work():
        begun.append(True)
        try:
            await asyncio.sleep(60 if len(begun) == 1 else 0)
        finally:
            await asyncio.sleep(0.01)
        return len(begun)

    async def leave_and_come(_):
        flights = Flights()
        first = asyncio.create_task(flights.join("key", work))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        return await flights.join("key", work)

    assert lease.run(leave_and_come, NEVER) == (2, True)


def test_that_a_client_leaves_no_thread_whether_closed_or_only_let_go():
    with FakeLlm() as server:
        client = Client(LvlmServer(server.url))
        client.ask(ASKED, NEVER)
        assert THREAD_NAME in threads()
        client.close()
        assert threads() == []
        client.close()
        client.ask(ASKED, NEVER)
        del client
        gc.collect()
        wait_until(lambda: threads() == [])


def test_that_a_client_whose_server_is_gone_is_let_go_with_whoever_asked():
    with FakeLlm() as gone:
        url = gone.url

    class Owner:
        """Asks from a frame of its own, which an error remembers."""

        def __init__(self):
            self.client = Client(LvlmServer(url, attempts=1, pause_s=0.0))

        def ask(self):
            return self.client.ask(ASKED, NEVER)

    owner = Owner()
    for _ in range(2):
        with pytest.raises(CriticError):
            owner.ask()
    del owner
    gc.collect()
    wait_until(lambda: threads() == [])


def test_that_clients_opened_by_many_threads_at_once_share_everything():
    with FakeLlm() as server:
        client = Client(LvlmServer(server.url))
        together = threading.Barrier(8)
        replies = []

        def ask():
            together.wait()
            replies.append(client.ask(ASKED, NEVER).content)

        asking = [threading.Thread(target=ask) for _ in range(8)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        assert replies == ["A"] * 8
        assert [asked.path for asked in server.asked].count("/v1/models") == 1
        client.close()


def test_that_closing_fails_what_is_under_way_on_another_thread():
    with FakeLlm() as server:
        client = Client(LvlmServer(server.url))
        client.identity(NEVER)
        server.script = [Answer(hang=True)]
        failures = []

        def ask():
            try:
                client.ask(ASKED, NEVER)
            except CriticError as error:
                failures.append(error.message)

        asking = threading.Thread(target=ask)
        asking.start()
        wait_until(lambda: server.chats)
        client.close()
        asking.join()
        assert failures == [f"The connection to the LVLM server at {server.url} was closed."]
        wait_until(lambda: server.disconnects == 1)


def test_that_the_program_ends_although_a_question_is_under_way():
    with FakeLlm() as server:
        server.script = [Answer(hang=True)]
        code = f"""
import threading
from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.critic.client import Client, LvlmServer
from labelcritic_gui.critic.wire import ChatRequest
client = Client(LvlmServer({server.url!r}))
client.identity(NeverCancel())
asked = threading.Thread(target=client.ask, args=(ChatRequest("s", (), "t", ("A",)), NeverCancel()), daemon=True)
asked.start()
import urllib.request
urllib.request.urlopen({server.url!r} + "/health").read()
print("ended")
"""
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=50, check=False
        )
    assert (done.returncode, done.stdout.strip()) == (0, "ended"), done.stderr
