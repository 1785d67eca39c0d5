"""The worklist view-model: pages, queries, what comes next."""

from labelcritic_gui.core.review import Choice, Status
from labelcritic_gui.viewmodels import worklist as module
from labelcritic_gui.viewmodels.runner import InlineRunner, Lane
from labelcritic_gui.viewmodels.worklist import Worklist
from tests.viewmodels.fakes import FakeCalls, HeldRunner


def listed(calls: FakeCalls, runner=None) -> Worklist:
    found = Worklist(calls, runner or InlineRunner(), reader="reader")
    found.load()
    return found


def test_that_rows_are_fetched_page_by_page_and_never_twice(monkeypatch) -> None:
    monkeypatch.setattr(module, "PAGE", 4)
    calls = FakeCalls(cases=3)
    rows = listed(calls)
    spans = []
    rows.appended.connect(lambda first, last: spans.append((first, last)))
    assert len(rows.rows) == 4
    while not rows.exhausted:
        rows.fetch_more()
    assert [row.item for row in rows.rows] == calls.items
    assert spans == [(4, 7), (8, 8)]


def test_that_a_page_of_an_older_query_is_dropped() -> None:
    runner = HeldRunner()
    rows = listed(FakeCalls(), runner)
    runner.settle()
    rows.ask(text="liver")
    rows.ask(text="spleen")
    runner.settle()
    assert {row.title for row in rows.rows} == {"spleen"}


def test_that_asking_the_same_again_fetches_nothing() -> None:
    calls = FakeCalls()
    rows = listed(calls)
    rows.ask(text="  ")
    assert calls.pages == 1


def test_that_what_follows_is_open_and_below_then_from_the_top() -> None:
    calls = FakeCalls(cases=2)
    calls.decide(calls.items[4], Choice.NONE, seen={})
    calls.decide(calls.items[5], Choice.SKIP, seen={})
    rows = listed(calls)
    assert rows.following(calls.items[3], 9) == (*calls.items[:3], calls.items[5])


def test_that_a_decided_row_changes_in_place() -> None:
    runner = HeldRunner()
    calls = FakeCalls()
    rows = listed(calls, runner)
    runner.settle()
    changed = []
    rows.row_changed.connect(changed.append)
    state = calls.decide(calls.items[1], Choice.EDIT, seen={})
    rows.decided(calls.items[1], state)
    assert rows.rows[1].status is Status.QUEUED
    assert changed == [1]
    runner.go(Lane.STORE)
    assert rows.counts is not None
    assert rows.counts.decided == 1


def test_that_stepping_off_the_list_goes_nowhere() -> None:
    calls = FakeCalls(cases=1)
    rows = listed(calls)
    assert rows.step(calls.items[0], -1) is None
    assert rows.step(calls.items[-1], 1) is None
    assert rows.step(None, 1) == calls.items[0]
