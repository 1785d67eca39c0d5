"""The worklist view-model: a fixed order, rows by page, queries, what comes next."""

from labelcritic_gui.core.review import Choice, Status
from labelcritic_gui.viewmodels.runner import InlineRunner, Lane
from labelcritic_gui.viewmodels.worklist import Worklist, finding
from labelcritic_gui.viewmodels.worklist import listing as module
from tests.viewmodels.fakes import FakeCalls, HeldRunner


def listed(calls: FakeCalls, runner=None) -> Worklist:
    found = Worklist(calls, runner or InlineRunner(), reader="reader")
    found.load()
    return found


def test_that_only_pages_that_are_looked_at_are_fetched(monkeypatch) -> None:
    monkeypatch.setattr(module, "PAGE", 4)
    monkeypatch.setattr(finding, "PAGE", 4)
    calls = FakeCalls(cases=10)
    rows = listed(calls)
    came = []
    rows.rows_changed.connect(lambda first, last: came.append((first, last)))
    assert len(rows.rows) == 30
    calls.fetched = 0
    assert rows.row_at(17) is None or calls.fetched == 4
    assert rows.row_at(17).item == calls.items[17]
    assert came == [(16, 19)]
    assert calls.fetched == 4
    assert [row.item for row in rows.rows] == [*calls.items[:4], *calls.items[16:20]]


def test_that_the_list_is_known_to_its_end_while_one_page_is_held(monkeypatch) -> None:
    monkeypatch.setattr(module, "PAGE", 4)
    monkeypatch.setattr(finding, "PAGE", 4)
    calls = FakeCalls(cases=10)
    rows = listed(calls)
    assert rows.item_at(29) == calls.items[29]
    assert rows.index_of(calls.items[29]) == 29
    assert rows.held(29) is None
    assert rows.rows[29] is None
    assert rows.rows[-1] is None
    assert rows.rows[3].item == calls.items[3]


def test_that_rows_looked_at_longest_ago_are_let_go(monkeypatch) -> None:
    monkeypatch.setattr(module, "PAGE", 4)
    monkeypatch.setattr(finding, "PAGE", 4)
    monkeypatch.setattr(module, "HELD", 8)
    rows = listed(FakeCalls(cases=10))
    for place in (9, 13, 17):
        rows.row_at(place)
    assert rows.held(1) is None
    assert rows.held(9) is None
    assert rows.held(17) is not None
    assert len(list(rows.rows)) == 8


def test_that_pages_a_scroll_bar_passed_by_are_not_fetched(monkeypatch) -> None:
    monkeypatch.setattr(module, "PAGE", 4)
    monkeypatch.setattr(finding, "PAGE", 4)
    runner = HeldRunner()
    calls = FakeCalls(cases=100)
    rows = listed(calls, runner)
    runner.settle()
    calls.fetched = 0
    for place in range(4, 300, 4):
        rows.row_at(place)
    runner.settle()
    assert calls.fetched == 4 * (1 + module.WAITING)
    assert rows.held(299) is not None


def test_that_the_first_page_is_there_before_the_order_and_stays() -> None:
    runner = HeldRunner()
    calls = FakeCalls(cases=100)
    rows = listed(calls, runner)
    resets = []
    rows.reset.connect(lambda: resets.append(len(rows.rows)))
    runner.go()
    assert resets == [300]
    assert rows.held(0) is not None
    assert rows.item_at(299) is None
    assert rows.row_at(299) is None
    runner.settle()
    assert resets == [300]
    assert rows.item_at(299) == calls.items[299]
    assert rows.held(299) is not None


def test_that_a_page_of_an_older_query_is_dropped() -> None:
    runner = HeldRunner()
    rows = listed(FakeCalls(), runner)
    runner.settle()
    rows.ask(text="liver")
    rows.ask(text="spleen")
    runner.settle()
    assert {row.title for row in rows.rows} == {"spleen"}
    assert len(rows.rows) == 3
    rows.ask(text="")
    runner.settle()
    assert len(rows.rows) == 9


def test_that_asking_the_same_again_fetches_nothing() -> None:
    calls = FakeCalls()
    rows = listed(calls)
    before = calls.pages
    rows.ask(text="  ")
    assert calls.pages == before


def test_that_what_follows_is_open_and_below_then_from_the_top() -> None:
    calls = FakeCalls(cases=2)
    calls.decide(calls.items[4], Choice.NONE, seen={})
    calls.decide(calls.items[5], Choice.SKIP, seen={})
    rows = listed(calls)
    assert rows.following(calls.items[3], 9) == (*calls.items[:3], calls.items[5])


def test_that_what_was_decided_far_from_any_held_row_does_not_follow_even_after_a_search(monkeypatch) -> None:
    monkeypatch.setattr(module, "PAGE", 4)
    monkeypatch.setattr(finding, "PAGE", 4)
    calls = FakeCalls(cases=10)
    rows = listed(calls)
    item = calls.items[20]
    rows.decided(item, calls.decide(item, Choice.NONE, seen={}))
    assert rows.following(calls.items[19], 1) == (calls.items[21],)
    rows.ask(text="case")
    assert rows.following(calls.items[19], 1) == (calls.items[21],)
    calls.undo(seen={})
    rows.refresh((item,))
    assert rows.following(calls.items[19], 1) == (item,)


def test_that_a_decided_row_changes_in_place() -> None:
    runner = HeldRunner()
    calls = FakeCalls()
    rows = listed(calls, runner)
    runner.settle()
    changed = []
    rows.rows_changed.connect(lambda first, last: changed.append((first, last)))
    state = calls.decide(calls.items[1], Choice.EDIT, seen={})
    rows.decided(calls.items[1], state)
    assert rows.rows[1].status is Status.QUEUED
    assert changed == [(1, 1)]
    runner.go(Lane.STORE)
    assert rows.counts is not None
    assert rows.counts.decided == 1


def test_that_a_decided_item_stays_in_a_list_of_undecided_ones_until_it_is_ordered_anew() -> None:
    calls = FakeCalls()
    rows = listed(calls)
    rows.ask(saved="undecided")
    rows.decided(calls.items[1], calls.decide(calls.items[1], Choice.EDIT, seen={}))
    assert rows.index_of(calls.items[2]) == 2
    assert len(rows.rows) == 9
    rows.load()
    assert rows.index_of(calls.items[2]) == 1
    assert len(rows.rows) == 8


def test_that_stepping_off_the_list_goes_nowhere() -> None:
    calls = FakeCalls(cases=1)
    rows = listed(calls)
    assert rows.step(calls.items[0], -1) is None
    assert rows.step(calls.items[-1], 1) is None
    assert rows.step(None, 1) == calls.items[0]
