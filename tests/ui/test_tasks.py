"""The lanes: where work runs, where its result arrives, what is dropped."""

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, Signal

from labelcritic_gui.ui.tasks import TaskRunner, default_lanes
from labelcritic_gui.viewmodels.runner import Lane


@pytest.fixture
def runner(nothing_left, qtbot) -> Iterator[TaskRunner]:
    made = TaskRunner(default_lanes(2))
    yield made
    made.shutdown()


def test_that_work_runs_on_its_lane_and_its_result_arrives_on_the_gui_thread(runner, qtbot) -> None:
    seen = []
    runner.run(
        Lane.CPU,
        lambda: threading.current_thread().name,
        lambda name: seen.append((name, threading.current_thread() is threading.main_thread())),
    )
    qtbot.waitUntil(lambda: len(seen) == 1)
    name, on_gui = seen[0]
    assert name.startswith("cpu")
    assert on_gui


def test_that_a_newer_request_of_the_same_key_supersedes_the_older(runner, qtbot) -> None:
    gate = threading.Event()
    seen = []
    runner.run(Lane.CPU, gate.wait, lambda _: seen.append("old"), key="item")
    runner.run(Lane.CPU, lambda: None, lambda _: seen.append("new"), key="item")
    qtbot.waitUntil(lambda: seen == ["new"])
    gate.set()
    qtbot.waitUntil(lambda: runner.idle)
    assert seen == ["new"]


def test_that_errors_go_to_their_handler_or_to_the_reporter(runner, qtbot) -> None:
    def fail() -> None:
        raise ValueError("no")

    handled, reported = [], []
    runner.failed.connect(reported.append)
    runner.run(Lane.CPU, fail, lambda _: None, on_error=handled.append)
    runner.run(Lane.CPU, fail, lambda _: None)
    qtbot.waitUntil(lambda: len(handled) == 1 and len(reported) == 1)
    assert isinstance(handled[0], ValueError)
    assert isinstance(reported[0], ValueError)


def test_that_the_store_lane_is_serial(runner, qtbot) -> None:
    order: list[int] = []
    done = []
    for number in range(50):
        runner.run(Lane.STORE, lambda n=number: order.append(n), done.append)
    qtbot.waitUntil(lambda: len(done) == 50)
    assert order == list(range(50))


def test_that_closing_writes_every_decision_and_delivers_nothing(nothing_left, qtbot) -> None:
    runner = TaskRunner(default_lanes(2))
    gate = threading.Event()
    written, delivered, computed = [], [], []
    runner.run(Lane.DECIDE, gate.wait, delivered.append)
    for number in range(20):
        runner.run(Lane.DECIDE, lambda n=number: written.append(n), delivered.append)
    for _ in range(2):
        runner.run(Lane.CPU, gate.wait, delivered.append)
    runner.run(Lane.CPU, lambda: computed.append(1), delivered.append)
    threading.Timer(0.05, gate.set).start()
    runner.shutdown()
    qtbot.wait(1)
    assert written == list(range(20))
    assert computed == []
    assert delivered == []
    runner.run(Lane.DECIDE, lambda: written.append(-1), delivered.append)
    assert written[-1] == 19


def test_that_thousands_of_results_arrive(runner, qtbot) -> None:
    total = [0]

    def add(value: int) -> None:
        total[0] += value

    for number in range(5000):
        runner.run(Lane.CPU, lambda n=number: n, add)
    qtbot.waitUntil(lambda: runner.idle, timeout=20_000)
    assert total[0] == sum(range(5000))


def test_that_many_emits_of_a_signal_do_not_kill_the_process(qtbot) -> None:
    class Speaker(QObject):
        spoke = Signal(bool)

    speaker, heard = Speaker(), []
    speaker.spoke.connect(heard.append)
    for _ in range(5000):
        speaker.spoke.emit(True)
    assert len(heard) == 5000
