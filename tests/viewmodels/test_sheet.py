"""The contact sheet, without Qt and without threads."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.cases import CandidateId, LabelSet
from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.review import Choice
from labelcritic_gui.core.verdict import Outcome
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.reading.showing import SETTLE_S
from labelcritic_gui.viewmodels.runner import InlineRunner, Lane
from labelcritic_gui.viewmodels.screens import ScreenMode
from labelcritic_gui.viewmodels.sheet.sheet import ContactSheet
from labelcritic_gui.viewmodels.worklist import Worklist
from tests.viewmodels.fakes import Clock, FakeCalls, HeldRunner, full_disk

THREE = tuple(LabelSet(slug, slug.title()) for slug in ("alpha", "beta", "gamma"))


class Table:
    """A contact sheet with its fakes; `look` is the eye: it paints every cell and lets time pass."""

    def __init__(self, calls=None, runner=None, *, opened=True, least=0.9):
        self.calls = calls or FakeCalls(5)
        self.runner = runner or InlineRunner()
        self.clock = Clock()
        self.least = least
        self.modes: list[ScreenMode] = []
        self.worklist = Worklist(self.calls, self.runner, reader="reader")
        self.reading = Reading(self.calls, self.worklist, self.runner, clock=self.clock)
        self.said: list[Message] = []
        self.reading.said.connect(self.said.append)
        self.reading.start()
        self._settle()
        self.sheet = ContactSheet(
            self.reading,
            self.runner,
            enter=self.modes.append,
            window=lambda: "organs",
            least=lambda: self.least,
            clock=self.clock,
        )
        self.board = self.sheet.board
        if opened:
            assert self.sheet.open()
            self.look()

    def _settle(self):
        if isinstance(self.runner, HeldRunner):
            self.runner.settle()

    def look(self):
        self._settle()
        for place in range(len(self.board.cells)):
            self.board.painted(place)
        self.clock.pass_by(SETTLE_S)

    @property
    def shown(self):
        return [cell.item for cell in self.board.cells]

    @property
    def written(self):
        return [(item, decision.choice, decision.candidate and decision.candidate.label_set)
                for item, decision, _ in self.calls.written]  # fmt: skip


def test_that_the_sheet_shows_the_next_nine_open_items_of_the_list_from_the_stage_on() -> None:
    calls = FakeCalls(5)
    table = Table(calls, opened=False)
    table.reading.go_to(calls.items[1])
    assert table.sheet.open()
    assert table.shown == calls.items[1:10]
    assert table.modes == [ScreenMode.SHEET]
    assert all(cell.small is not None and cell.verdict is not None for cell in table.board.cells)
    assert {cell.small.window for cell in table.board.cells} == {"organs"}


def test_that_the_next_nine_are_fetched_while_these_are_read() -> None:
    table = Table()
    loaded = list(table.calls.loaded)
    assert set(table.calls.items[:15]) <= set(loaded)
    before = len(loaded)
    table.sheet.next_page()
    assert table.shown[:6] == table.calls.items[9:15]
    assert all(cell.small is not None for cell in table.board.cells[:6])
    assert len(table.calls.loaded) == before


def test_that_a_key_goes_through_pick_others_and_open() -> None:
    table = Table()
    assert table.board.cells[2].pick == 2  # the critic picks the second
    marks = []
    for _ in range(4):
        table.board.turn(2)
        mark = table.board.cells[2].mark
        marks.append(mark and mark.position)
    assert marks == [2, 1, None, 2]
    assert table.board.selected == 2


def test_that_a_key_goes_through_three_candidates() -> None:
    table = Table(FakeCalls(5, label_sets=THREE))
    seen = []
    for _ in range(4):
        table.board.turn(0)
        mark = table.board.cells[0].mark
        seen.append(mark and mark.position)
    assert seen == [2, 1, 3, None]


def test_that_a_candidate_without_a_mask_is_never_marked() -> None:
    calls = FakeCalls(5)
    first = calls.items[0]
    calls.missing.add(CandidateId(first.case, first.structure, "alpha"))
    table = Table(calls)
    table.board.choose(0, 1)
    assert table.board.cells[0].mark is None
    assert "no mask" in table.said[-1].text
    table.board.turn(0)
    assert table.board.cells[0].mark.position == 2
    table.board.turn(0)
    assert table.board.cells[0].mark is None


def test_that_rightly_absent_structures_are_marked_as_such() -> None:
    calls = FakeCalls(5)
    calls.outcome = Outcome.ABSENT_RIGHT
    table = Table(calls)
    table.board.turn(0)
    table.sheet.write()
    assert table.written == [(calls.items[0], Choice.ABSENT, None)]


def test_that_return_writes_every_mark_in_order_with_what_was_seen_and_brings_the_next_nine() -> None:
    table = Table()
    items = list(table.calls.items)
    table.board.turn(4)
    table.board.choose(1, 1)
    table.board.turn(8)
    table.clock.pass_by(2.0)
    table.sheet.write()
    assert table.written == [
        (items[1], Choice.ACCEPT, "alpha"),
        (items[4], Choice.ACCEPT, "beta"),
        (items[8], Choice.ACCEPT, "beta"),
    ]
    seen = [seen for _, _, seen in table.calls.written]
    assert [s["stage"] for s in seen] == ["sheet"] * 3
    assert [s["cell"] for s in seen] == [2, 5, 9]
    assert [s["marked"] for s in seen] == ["click", "key", "key"]
    assert all(s["sides"] == ["alpha", "beta"] and s["ms"] >= 2000 and s["verdict"]["pick"] == "beta" for s in seen)
    assert [d.position for _, d, _ in table.calls.written] == [1, 2, 2]
    assert table.shown[:6] == items[9:15]
    assert len(table.reading.made) == 3


def test_that_what_was_left_open_comes_again_after_the_last_new_ones() -> None:
    table = Table(FakeCalls(4))
    items = list(table.calls.items)
    table.board.turn(0)
    table.sheet.write()
    assert table.shown == [*items[9:12], *items[1:7]]


def test_that_the_sheet_closes_when_all_is_decided() -> None:
    table = Table(FakeCalls(3))
    for place in range(9):
        table.board.turn(place)
    table.sheet.write()
    assert len(table.written) == 9
    assert table.modes[-1] is ScreenMode.READING
    assert table.reading.finished
    assert not table.sheet.is_open


def test_that_a_failure_to_write_stops_there_and_says_what_is_written() -> None:
    table = Table()
    for place in range(4):
        table.board.turn(place)
    decide, count = table.calls.decide, iter(range(9))

    def breaks(*args, **named):
        table.calls.broken = full_disk() if next(count) == 2 else None
        return decide(*args, **named)

    table.calls.decide = breaks
    table.sheet.write()
    assert [item for item, _, _ in table.written] == table.calls.items[:2]
    assert table.said[-1].error
    assert "Item 3 was NOT written" in table.said[-1].text
    assert "written before it: 1, 2" in table.said[-1].text
    assert "The disk is full." in table.said[-1].text
    assert [cell.written for cell in table.board.cells[:4]] == [True, True, False, False]
    assert table.board.marked == (2, 3)
    table.calls.decide, table.calls.broken = decide, None
    table.sheet.write()
    assert [item for item, _, _ in table.written] == table.calls.items[:4]


def test_that_keys_while_the_sheet_is_written_are_not_taken_and_that_is_said() -> None:
    table = Table(runner=HeldRunner())
    table.board.turn(0)
    table.sheet.write()
    assert table.sheet.writing
    table.board.turn(1)
    table.sheet.write()
    table.sheet.close()
    assert table.sheet.is_open
    assert table.board.cells[1].mark is None
    assert "still being written" in table.said[-1].text
    table.runner.settle()
    assert len(table.written) == 1


def test_that_a_key_before_a_picture_is_seen_is_not_taken() -> None:
    table = Table(runner=HeldRunner(), opened=False)
    assert table.sheet.open()
    table.board.turn(0)
    assert "not here" in table.said[-1].text
    table.runner.settle()
    table.board.painted(0)
    table.board.turn(0)
    assert "only just appeared" in table.said[-1].text
    assert table.board.marked == ()
    table.clock.pass_by(SETTLE_S)
    table.board.turn(0)
    assert table.board.marked == (0,)


def test_that_sure_picks_are_marked_at_once_and_severe_findings_are_not_among_them() -> None:
    table = Table()
    table.sheet.mark_sure()
    assert [c.mark and (c.mark.position, c.mark.how) for c in table.board.cells] == [(2, "sure")] * 9
    assert "9 sure picks" in table.said[-1].text
    # the fake finds a major leak in the first candidate
    calls = FakeCalls(5)
    calls.outcome = Outcome.FIRST
    severe = Table(calls)
    severe.sheet.mark_sure()
    assert severe.board.marked == ()
    doubtful = Table(least=0.95)
    doubtful.sheet.mark_sure()
    assert doubtful.board.marked == ()
    assert "95 %" in doubtful.said[-1].text


def test_that_a_mark_of_the_reader_is_not_changed_by_the_sure_ones() -> None:
    table = Table()
    table.board.choose(3, 1)
    table.sheet.mark_sure()
    assert table.board.cells[3].mark.position == 1
    assert table.board.cells[3].mark.how == "click"


def test_that_a_blind_sheet_marks_by_position_and_knows_no_picks() -> None:
    calls = FakeCalls(5)
    calls.mode = "blind"
    table = Table(calls)
    assert not table.sheet.advised
    assert not table.sheet.named
    table.sheet.mark_sure()
    assert table.board.marked == ()
    table.board.turn(0)
    assert table.board.cells[0].mark.position == 1
    table.sheet.write()
    assert calls.written[0][2]["verdict"] is None


def test_that_a_blind_first_review_has_no_sheet_and_says_why() -> None:
    calls = FakeCalls(5)
    calls.mode = "blind-first"
    table = Table(calls, opened=False)
    assert not table.sheet.open()
    assert table.modes == []
    assert "blind-first" in table.said[-1].text


def test_that_undo_brings_its_item_back_to_the_sheet_first() -> None:
    table = Table()
    items = list(table.calls.items)
    table.board.turn(0)
    table.board.turn(1)
    table.sheet.write()
    table.sheet.undo()
    assert table.written == [(items[0], Choice.ACCEPT, "beta")]
    assert table.shown[0] == items[1]
    assert table.board.cells[0].mark is None
    assert not table.board.cells[0].written
    table.look()
    table.board.choose(0, 1)
    table.sheet.write()
    assert table.written[-1] == (items[1], Choice.ACCEPT, "alpha")


def test_that_marks_stay_with_their_items_over_pages() -> None:
    table = Table()
    items = list(table.calls.items)
    table.board.turn(3)
    table.sheet.next_page()
    table.look()
    assert table.board.marked == ()
    table.sheet.previous_page()
    assert table.shown == items[:9]
    assert table.board.marked == (3,)


def test_that_leaving_goes_to_the_chosen_item_or_back_to_where_one_was() -> None:
    table = Table()
    items = list(table.calls.items)
    table.board.move(1, 1)
    table.sheet.open_selected()
    assert table.reading.item == items[4]
    assert table.modes[-1] is ScreenMode.READING
    table.sheet.open()
    table.look()
    table.sheet.close()
    assert table.reading.item == items[4]
    table.sheet.open()
    table.look()
    table.board.turn(0)
    table.sheet.write()
    table.sheet.close()
    assert table.reading.item not in {i for i, _, _ in table.written}


def test_that_another_filter_lays_out_its_own_open_items() -> None:
    table = Table()
    table.worklist.ask(text="liver")
    assert table.shown == [item for item in table.calls.items if item.structure == "liver"]


def test_that_a_list_fetched_anew_moves_nothing_that_is_looked_at() -> None:
    table = Table()
    table.board.turn(2)
    table.board.select(5)
    filled = []
    table.sheet.filled.connect(lambda: filled.append(True))
    table.worklist.load()
    assert filled == []
    assert table.board.selected == 5
    assert table.board.marked == (2,)


def test_that_an_item_clicked_in_the_list_comes_first() -> None:
    table = Table()
    table.reading.go_to(table.calls.items[6])
    assert table.shown[0] == table.calls.items[6]


def test_that_a_picture_that_cannot_be_read_stops_no_other_and_can_be_tried_again() -> None:
    calls = FakeCalls(5)
    load, bad = calls.load_small_stages, {"case_1"}

    def broken(items, window, cancel):
        if items[0].case in bad:
            raise UnreadableFileError("The image is damaged.", "Copy it again.")
        return load(items, window, cancel)

    calls.load_small_stages = broken
    table = Table(calls)
    assert [cell.failure is not None for cell in table.board.cells] == [False] * 3 + [True] * 3 + [False] * 3
    assert table.sheet.loaded == 9
    table.board.turn(4)
    assert table.board.marked == ()
    bad.clear()
    table.sheet.reload(4)
    assert all(cell.small is not None for cell in table.board.cells)


def test_that_pictures_nobody_waits_for_any_more_are_cancelled() -> None:
    table = Table(runner=HeldRunner(), opened=False)
    cancelled = []
    load = table.calls.load_small_stages

    def watched(items, window, cancel):
        cancelled.append(cancel.is_set())
        return load(items, window, cancel)

    table.calls.load_small_stages = watched
    assert table.sheet.open()
    table.sheet.close()
    table.runner.settle()
    assert cancelled
    assert all(cancelled)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["turn", "choose1", "choose2", "open", "sure"]), st.integers(0, 8))))
def test_that_what_is_written_is_exactly_what_was_marked_last(strokes) -> None:
    table = Table()
    for stroke, place in strokes:
        if stroke == "turn":
            table.board.turn(place)
        elif stroke == "open":
            table.board.leave_open(place)
        elif stroke == "sure":
            table.sheet.mark_sure()
        else:
            table.board.choose(place, int(stroke[-1]))
    meant = [(c.item, Choice.ACCEPT, c.candidate(c.mark.position).label_set) for c in table.board.cells if c.mark]
    table.sheet.write()
    assert table.written == meant


@pytest.mark.parametrize("lane", [Lane.CPU, Lane.STORE])
def test_that_the_sheet_asks_nothing_on_the_thread_of_the_window(lane: Lane) -> None:
    table = Table(runner=HeldRunner(), opened=False)
    asked = len(table.calls.loaded)
    table.sheet.open()
    assert len(table.calls.loaded) == asked
    assert any(entry[0] is lane for entry in table.runner.waiting)


def test_that_a_mark_goes_with_its_candidate_when_the_sides_change_in_between() -> None:
    table = Table()
    table.board.choose(1, 1)
    cell = table.board.cells[1]
    meant = cell.candidate(1)
    table.sheet.close()
    arranged = table.sheet._sides.arrange

    def mirrored(small):
        return replace(arranged(small), panels=arranged(small).panels[::-1])

    table.sheet._sides.arrange = mirrored
    assert table.sheet.open()
    table.look()
    again = table.board.cells[1]
    assert again.item == cell.item
    assert again.mark is not None
    assert again.mark.position == 2
    assert again.candidate(again.mark.position) == meant
    table.sheet.write()
    assert table.written == [(cell.item, Choice.ACCEPT, meant.label_set)]
