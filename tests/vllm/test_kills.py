"""What is killed and started again ends in the very record of a run that nobody disturbed."""

import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest

from labelcritic_gui.settings import ServerSettings, change_settings
from tests.vllm.counting_proxy import CountingProxy
from tests.vllm.reviews import Program, demonstration, final_record, opinions, rows, said
from tests.vllm.server import VllmServer

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(600)]
CASES = 2
HOW = ("--quality", "--reasons")
AT_ONCE = 8


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A demonstration nobody has been asked about."""
    folder = tmp_path_factory.mktemp("kills") / "demonstration"
    demonstration(folder, cases=CASES)
    return folder


@pytest.fixture
def review(data, tmp_path) -> Path:
    """A review to be disturbed."""
    shutil.copytree(data, tmp_path / "demonstration")
    return tmp_path / "demonstration" / "review"


_undisturbed: list[tuple[dict[str, list[str]], int]] = []


@pytest.fixture
def undisturbed(own_server, data, tmp_path) -> tuple[dict[str, list[str]], int]:
    """The final record of a run that nobody disturbed, and how many questions it took; made once."""
    if not _undisturbed:
        shutil.copytree(data, tmp_path / "calm")
        review = tmp_path / "calm" / "review"
        with CountingProxy(own_server.root) as door:
            said("compare", review, "--critic", "lvlm", "--server", door.url, *HOW)
            assert door.counts["answered"] == door.counts["asked"] == len(rows(review, "reply"))
            _undisturbed.append((final_record(review), len(door.passed)))
    return _undisturbed[0]


@pytest.fixture
def door(own_server):
    with CountingProxy(own_server.root) as door:
        yield door


def compare(review: Path, door: CountingProxy) -> Program:
    return Program("compare", review, "--critic", "lvlm", "--server", door.url, *HOW, "--json")


def assert_as_undisturbed(review: Path, undisturbed: tuple[dict[str, list[str]], int]) -> None:
    record = final_record(review)
    for table, expected in undisturbed[0].items():
        assert record[table] == expected, table


def test_that_a_run_goes_on_by_itself_when_the_server_was_killed_and_started_again(
    review, undisturbed, own_server: VllmServer, door
):
    running = compare(review, door)
    door.wait_for(lambda d: len(d.answered) >= undisturbed[1] // 3)
    own_server.freeze()
    door.wait_for(lambda d: len(d.waiting) >= AT_ONCE)
    door.shut()
    own_server.kill()
    door.wait_for(lambda d: d.counts["cut"] >= AT_ONCE)
    own_server.start()
    door.open()
    code, out, err = running.end()
    assert code == 0, out + err
    assert_as_undisturbed(review, undisturbed)
    answered = Counter(one.sha256 for one in door.answered)
    assert max(answered.values()) == 1, "no answered question was asked again"
    assert len(answered) == undisturbed[1]
    assert door.counts["asked"] > undisturbed[1], "what was in flight was lost, and asked again"
    assert "answers again" in err


def test_that_a_run_goes_on_by_itself_when_only_the_engine_was_killed(
    review, undisturbed, own_server: VllmServer, door
):
    running = compare(review, door)
    door.wait_for(lambda d: len(d.answered) >= undisturbed[1] // 3)
    own_server.freeze_engine()
    door.wait_for(lambda d: len(d.waiting) >= AT_ONCE)
    own_server.kill_engine()
    own_server.wait_until_ended()
    own_server.start()
    code, out, err = running.end()
    assert code == 0, out + err
    assert_as_undisturbed(review, undisturbed)
    assert max(Counter(one.sha256 for one in door.answered).values()) == 1


def test_that_a_killed_program_goes_on_where_it_was(review, undisturbed, own_server: VllmServer, door):
    running = compare(review, door)
    door.wait_for(lambda d: len(d.answered) >= undisturbed[1] // 3)
    own_server.freeze()
    door.wait_for(lambda d: len(d.waiting) >= AT_ONCE)
    running.kill()
    own_server.thaw()
    door.wait_for(lambda d: not d.waiting)
    known = [row["body"]["request"] for row in rows(review, "reply")]
    assert len(known) >= undisturbed[1] // 3
    first = len(door.passed)
    code, out, err = compare(review, door).end()
    assert code == 0, out + err
    assert_as_undisturbed(review, undisturbed)
    later = [one.canonical for one in door.passed[first:]]
    assert [request for request in later if request in known] == [], "no answered question was asked again"
    assert len(later) == undisturbed[1] - len(known)


def test_that_an_interrupted_run_frees_the_server_and_keeps_what_was_answered(
    review, undisturbed, own_server: VllmServer, door
):
    running = compare(review, door)
    door.wait_for(lambda d: len(d.answered) >= undisturbed[1] // 3)
    own_server.freeze_engine()
    door.wait_for(lambda d: len(d.waiting) >= AT_ONCE)
    running.process.send_signal(signal.SIGINT)
    code, _, err = running.end(within_s=20)
    assert code not in (0, 1)
    assert "Traceback" not in err
    own_server.thaw()
    assert own_server.idle_within(5.0)
    assert len(rows(review, "reply")) == len(door.answered)
    code, out, err = compare(review, door).end()
    assert code == 0, out + err
    assert_as_undisturbed(review, undisturbed)


def test_that_without_patience_a_dead_engine_is_one_clear_sentence_and_no_vote(
    review, undisturbed, own_server: VllmServer, door
):
    change_settings(server=ServerSettings(patience_s=0.0))
    running = compare(review, door)
    door.wait_for(lambda d: len(d.answered) >= undisturbed[1] // 3)
    own_server.freeze_engine()
    door.wait_for(lambda d: len(d.waiting) >= AT_ONCE)
    own_server.kill_engine()
    code, out, err = running.end()
    assert code == 1, out + err
    assert "Traceback" not in out + err
    failed = [line for line in err.splitlines() if "item(s):" in line]
    assert failed
    assert all("LVLM server at http://127.0.0.1:" in line for line in failed)
    for verdict in opinions(review, "verdict"):
        assert len(verdict["orders"]) in (0, 2)
        assert all(order["finish_reason"] == "stop" for order in verdict["orders"])
    own_server.wait_until_ended()
    # a server that is not there yet is waited for, too
    change_settings(server=ServerSettings())
    waiting = compare(review, door)
    own_server.start()
    code, out, err = waiting.end()
    assert code == 0, out + err
    assert_as_undisturbed(review, undisturbed)
