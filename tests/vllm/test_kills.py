"""What is killed and started again ends in the very record of a run that nobody disturbed."""

import shutil
import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from labelcritic_gui.settings import ServerSettings, change_settings
from tests.vllm.counting_proxy import CountingProxy
from tests.vllm.reviews import Program, demonstration, final_record, newest_record, opinions, rows, said
from tests.vllm.server import VllmServer

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(600)]
CASES = 2
HOW = ("--quality", "--reasons")
AT_ONCE = 8
"""What the settings allow in flight."""


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


@dataclass(frozen=True)
class Undisturbed:
    """A review after a run that nobody disturbed, and how many questions it took."""

    review: Path
    questions: int


@pytest.fixture(scope="module")
def _undisturbed() -> list[Undisturbed]:
    return []


@pytest.fixture
def undisturbed(_undisturbed, own_server, data) -> Undisturbed:
    """The run that nobody disturbed; it is made once."""
    if not _undisturbed:
        shutil.copytree(data, data.parent / "undisturbed")
        review = data.parent / "undisturbed" / "review"
        with CountingProxy(own_server.root) as door:
            said("compare", review, "--critic", "lvlm", "--server", door.url, *HOW)
            assert door.counts["answered"] == door.counts["asked"] == len(rows(review, "reply"))
            _undisturbed.append(Undisturbed(review, len(door.passed)))
    return _undisturbed[0]


@pytest.fixture
def door(own_server):
    with CountingProxy(own_server.root) as door:
        yield door


def compare(review: Path, door: CountingProxy) -> Program:
    return Program("compare", review, "--critic", "lvlm", "--server", door.url, *HOW)


def assert_alike(record: dict[str, list[str]], expected: dict[str, list[str]]) -> None:
    for table, found in expected.items():
        assert record[table] == found, table


def test_that_a_run_goes_on_by_itself_when_the_server_was_killed_and_started_again(
    review, undisturbed, own_server: VllmServer, door
):
    running = compare(review, door)
    door.wait_for(lambda d: len(d.answered) >= undisturbed.questions // 3)
    own_server.freeze()
    door.wait_for(lambda d: d.waiting)
    door.shut()
    own_server.kill()
    door.wait_for(lambda d: d.counts["cut"])
    own_server.start()
    door.open()
    code, out, err = running.end()
    assert code == 0, out + err
    assert_alike(final_record(review), final_record(undisturbed.review))
    answered = Counter(one.sha256 for one in door.answered)
    assert max(answered.values()) == 1, "no answered question was asked again"
    assert len(answered) == undisturbed.questions
    assert door.counts["asked"] > undisturbed.questions, "what was in flight was lost, and asked again"
    assert "answers again" in err


def test_that_a_killed_program_goes_on_where_it_was(review, undisturbed, own_server: VllmServer, door):
    running = compare(review, door)
    door.wait_for(lambda d: len(d.answered) >= undisturbed.questions // 3)
    own_server.freeze()
    door.wait_for(lambda d: d.waiting)
    running.kill()
    own_server.thaw()
    door.wait_for(lambda d: not d.waiting)
    known = [row["body"]["request"] for row in rows(review, "reply")]
    assert len(known) >= undisturbed.questions // 3 - AT_ONCE, "but for those that were just being written"
    first = len(door.passed)
    code, out, err = compare(review, door).end()
    assert code == 0, out + err
    assert_alike(final_record(review), final_record(undisturbed.review))
    later = [one.canonical for one in door.passed[first:]]
    assert [request for request in later if request in known] == [], "no answered question was asked again"
    assert len(later) == undisturbed.questions - len(known)


def test_that_an_interrupted_run_frees_the_server_and_keeps_what_was_answered(
    review, undisturbed, own_server: VllmServer, door
):
    running = compare(review, door)
    door.wait_for(lambda d: len(d.answered) >= undisturbed.questions // 3)
    own_server.freeze_engine()
    door.wait_for(lambda d: d.waiting)
    running.process.send_signal(signal.SIGINT)
    code, _, err = running.end(within_s=20)
    assert code not in (0, 1)
    assert "Traceback" not in err
    own_server.thaw()
    assert own_server.idle_within(5.0)
    assert len(door.answered) - AT_ONCE <= len(rows(review, "reply")) <= len(door.answered)
    code, out, err = compare(review, door).end()
    assert code == 0, out + err
    assert_alike(final_record(review), final_record(undisturbed.review))


def test_that_a_dead_engine_is_waited_for_or_is_one_clear_sentence_and_no_vote(
    data, review, undisturbed, own_server: VllmServer, door, tmp_path
):
    third = undisturbed.questions // 3
    patient = compare(review, door)
    door.wait_for(lambda d: len(d.answered) >= third)
    patient.process.send_signal(signal.SIGSTOP)  # until the other one is as far
    shutil.copytree(data, tmp_path / "impatient")
    other = tmp_path / "impatient" / "review"
    change_settings(server=ServerSettings(patience_s=0.0))
    with CountingProxy(own_server.root) as other_door:
        impatient = compare(other, other_door)
        other_door.wait_for(lambda d: len(d.answered) >= third)
        own_server.freeze_engine()
        patient.process.send_signal(signal.SIGCONT)
        for asked in (door, other_door):
            asked.wait_for(lambda d: d.waiting)
        own_server.kill_engine()
        assert_failed_in_words(impatient, other)
        own_server.wait_until_ended()
        change_settings(server=ServerSettings())
        late = compare(other, other_door)  # a server that is not there yet is waited for, too
        own_server.start()
        for running in (patient, late):
            code, out, err = running.end()
            assert code == 0, out + err
        assert "answers again" in err
        answered = Counter(one.sha256 for one in door.answered)
    assert (len(answered), max(answered.values())) == (undisturbed.questions, 1)
    assert_alike(final_record(review), final_record(undisturbed.review))
    # what was said before the failure stays beside what is said now
    assert_alike(newest_record(other), final_record(undisturbed.review))


def assert_failed_in_words(program: Program, review: Path) -> None:
    """It ended with one sentence a case, and no half answer counts as a vote."""
    code, out, err = program.end()
    assert code == 1, out + err
    assert "Traceback" not in out + err
    failed = [line for line in err.splitlines() if line.startswith("failed: ")]
    assert len(failed) == CASES
    assert all("The LVLM server at http://127.0.0.1:" in line for line in failed)
    for verdict in opinions(review, "verdict"):
        assert len(verdict["orders"]) in (0, 2)
        assert all(order["finish_reason"] == "stop" for order in verdict["orders"])
