"""The patchwork mode, without Qt: steps, preview, regions, the one decision at its end."""

from dataclasses import replace

import numpy as np
import pytest

from labelcritic_gui.core.cases import CandidateId, LabelSet
from labelcritic_gui.core.geometry import Geometry, Mask
from labelcritic_gui.core.measures.regions import DifferingRegion
from labelcritic_gui.core.patchwork.patch import apply
from labelcritic_gui.core.patchwork.recipe import Drop, DropIslands, FillHoles, KeepLargest, Start, Take
from labelcritic_gui.settings import Settings
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.patchwork.board import Board
from labelcritic_gui.viewmodels.patchwork.patchwork import Patchwork
from labelcritic_gui.viewmodels.patchwork.pieces import with_surroundings
from labelcritic_gui.viewmodels.reading.habits import Habits
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.reading.showing import SETTLE_S
from labelcritic_gui.viewmodels.runner import InlineRunner, Lane
from labelcritic_gui.viewmodels.screens import ScreenMode
from labelcritic_gui.viewmodels.worklist import Worklist
from tests.viewmodels.fakes import Clock, FakeCalls, HeldRunner, full_disk

THREE = (LabelSet("alpha", "Alpha"), LabelSet("beta", "Beta"), LabelSet("gamma", "Gamma"))


class Table:
    """A patchwork with its fakes."""

    def __init__(
        self, calls: FakeCalls | None = None, runner: HeldRunner | None = None, habits: Habits | None = None
    ) -> None:
        self.calls = calls or FakeCalls()
        self.runner = runner or InlineRunner()
        self.clock = Clock()
        self.looking = Looking(Settings(), lambda **_: None)
        self.mode = ScreenMode.READING
        worklist = Worklist(self.calls, self.runner, reader="reader")
        self.reading = Reading(self.calls, worklist, self.runner, clock=self.clock, habits=lambda: habits or Habits())
        self.said: list[Message] = []
        self.reading.said.connect(self.said.append)
        self.reading.stage_changed.connect(self.begin)
        self.reading.volume_changed.connect(lambda: self.looking.take_volume(self.reading.volume))
        self.patchwork = Patchwork(self.reading, self.looking, self.runner, enter=self.enter)
        self.reading.start()
        self.settle()

    def begin(self) -> None:
        if self.reading.stage is not None:
            self.looking.begin(self.reading.stage)

    def enter(self, mode: ScreenMode) -> None:
        self.mode = mode

    def settle(self) -> None:
        if isinstance(self.runner, HeldRunner):
            self.runner.settle()
        self.reading.painted()
        self.clock.pass_by(SETTLE_S)

    def open(self) -> Patchwork:
        self.patchwork.open()
        self.settle()
        return self.patchwork


def names(patchwork: Patchwork) -> list[tuple[int, ...]]:
    return [row.region.claimants for row in patchwork.rows]


def test_that_the_mode_is_entered_with_the_regions_of_the_item_and_a_preview() -> None:
    table = Table()
    patchwork = table.open()
    assert table.mode is ScreenMode.PATCHWORK
    assert patchwork.candidates == tuple(p.candidate for p in table.reading.stage.panels)
    assert names(patchwork) == [(2,), (1,)], "two balls that overlap: one part only in each, the lower one first"
    assert [row.inside for row in patchwork.rows] == [False, True], "it starts from the first candidate"
    assert patchwork.preview is not None
    volume = table.reading.volume
    assert patchwork.preview.ml == pytest.approx(volume.masks[patchwork.candidates[0]].volume_ml)
    assert patchwork.current == 0
    assert table.looking.mode == "slices"
    assert table.looking.centre == pytest.approx(patchwork.rows[0].region.place)


def test_that_steps_change_the_preview_and_are_taken_back_and_done_again() -> None:
    patchwork = Table().open()
    whole = patchwork.preview.ml
    patchwork.take(2)
    union = patchwork.preview.ml
    assert union > whole
    assert [row.state for row in patchwork.rows] == ["in: Beta", "in"]
    patchwork.drop()
    assert patchwork.preview.ml == pytest.approx(whole)
    assert patchwork.rows[0].state == "out: dropped"
    patchwork.undo()
    assert patchwork.preview.ml == pytest.approx(union)
    assert patchwork.can_redo
    patchwork.redo()
    assert patchwork.preview.ml == pytest.approx(whole)
    patchwork.undo()
    patchwork.undo()
    assert patchwork.steps == (Start(1),)
    patchwork.undo()
    assert patchwork.steps == (Start(1),), "the first start stays"
    patchwork.begin_with("union")
    assert patchwork.preview.ml == pytest.approx(union)
    assert not patchwork.can_redo
    patchwork.begin_with(3)
    assert patchwork.start == "union", "there is no third candidate"


def test_that_islands_holes_and_the_largest_part_are_steps_with_words() -> None:
    patchwork = Table().open()
    patchwork.choose_island(0.5)
    patchwork.drop_islands()
    patchwork.fill_holes()
    patchwork.keep_largest()
    patchwork.keep_largest()
    voxel = patchwork.board.voxel_ml
    assert patchwork.steps[1:] == (DropIslands(round(0.5 / voxel)), FillHoles(), KeepLargest())
    assert patchwork.step_lines == (
        "start from Alpha",
        "islands under 0.50 ml dropped",
        "holes filled",
        "only the largest part kept",
    )


def test_that_a_click_lets_the_other_opinion_count_and_back() -> None:
    patchwork = Table().open()
    patchwork.go(1)
    place = patchwork.rows[0].region.place
    patchwork.toggle_at(place)
    assert (patchwork.current, patchwork.rows[0].inside) == (0, True)
    patchwork.toggle_at(place)
    assert not patchwork.rows[0].inside
    patchwork.toggle_at((1.0, 1.0, 1.0))
    assert len(patchwork.steps) == 3, "a click where nobody claims anything is no step"


def test_that_the_tour_of_regions_goes_around() -> None:
    table = Table()
    patchwork = table.open()
    patchwork.go(1)
    assert patchwork.current == 1
    assert table.looking.centre == pytest.approx(patchwork.rows[1].region.place)
    patchwork.go(1)
    assert patchwork.current == 0
    patchwork.go(-1)
    assert patchwork.current == 1


def test_that_return_makes_it_as_one_decision_and_goes_on() -> None:
    table = Table()
    patchwork = table.open()
    item = table.reading.item
    patchwork.take(2)
    patchwork.make()
    assert table.mode is ScreenMode.READING
    assert table.looking.mode == "projection"
    assert table.reading.item != item
    recipe = table.calls.pieced[0]
    assert table.said[-1].text == "Made and accepted: a new version of Alpha, 4.3 ml."
    assert recipe.steps == (Start(1), Take(recipe.steps[1].region, 2))
    (written, decision, _) = table.calls.written[-1]
    assert (written, decision.candidate) == (item, CandidateId(*item, "alpha", 2))
    assert decision.position == 1
    assert table.calls.renewed == [item.case], "the masks of the case are read anew, its image is not"
    masks = table.reading.volume.masks
    assert apply(recipe, [masks[b.candidate] for b in recipe.bases]).count > masks[recipe.bases[0].candidate].count


def test_that_the_preview_is_what_the_recipe_gives() -> None:
    table = Table()
    patchwork = table.open()
    patchwork.begin_with("union")
    patchwork.drop()
    patchwork.fill_holes()
    preview = patchwork.preview.mask
    masks = table.reading.volume.masks
    patchwork.make()
    recipe = table.calls.pieced[0]
    made = apply(recipe, [masks[b.candidate] for b in recipe.bases])
    assert np.array_equal(preview.full(), made.full())


def test_that_a_candidate_as_it_is_and_nothing_at_all_are_not_made() -> None:
    table = Table()
    patchwork = table.open()
    patchwork.make()
    assert "Alpha as it is" in table.said[-1].text
    patchwork.begin_with("intersection")
    for row in range(len(patchwork.rows)):
        patchwork.choose(row)
        patchwork.drop()
    common = patchwork.board.regions
    assert len(common) == 2, "what all claim is one part and not listed"
    assert patchwork.preview.ml > 0
    patchwork.make()
    assert len(table.calls.pieced) == 1


def test_that_leaving_keeps_the_steps_until_another_item() -> None:
    table = Table()
    patchwork = table.open()
    first = table.reading.item
    patchwork.go(1)
    patchwork.take(2)
    steps = patchwork.steps
    patchwork.leave()
    assert (table.mode, table.looking.mode) == (ScreenMode.READING, "projection")
    assert table.calls.written == []
    table.open()
    assert (patchwork.steps, patchwork.current) == (steps, 1)
    patchwork.leave()
    table.reading.go_to(table.calls.items[1])
    table.settle()
    assert patchwork.board is None
    table.reading.go_to(first)
    table.settle()
    assert table.open().steps == (Start(1),)


def test_that_the_steps_stay_when_the_sides_changed_places() -> None:
    table = Table()
    patchwork = table.open()
    patchwork.go(1)
    patchwork.take(2)
    inside = patchwork.preview.mask.full()
    patchwork.leave()
    table.reading.swap_sides()
    table.settle()
    table.open()
    assert [c.label_set for c in patchwork.candidates] == ["beta", "alpha"]
    assert patchwork.steps[0] == Start(2)
    assert np.array_equal(patchwork.preview.mask.full(), inside)


def test_that_the_picture_waits_for_the_slices_and_says_so() -> None:
    table = Table(runner=HeldRunner())
    table.reading.slicing.close()
    table.reading.slicing.open(table.reading.item)
    patchwork = table.patchwork
    patchwork.open()
    assert (table.mode, patchwork.board) == (ScreenMode.PATCHWORK, None)
    patchwork.take(1)
    patchwork.fill_holes()
    assert len(table.said) == 2
    assert patchwork.steps == ()
    table.settle()
    assert patchwork.preview is not None


def test_that_many_quick_steps_are_computed_once_or_twice_and_the_last_is_shown() -> None:
    table = Table(runner=HeldRunner())
    patchwork = table.open()
    computed: list[int] = []
    preview = patchwork.board.preview

    def counting(*wanted: object) -> object:
        computed.append(1)
        return preview(*wanted)

    patchwork.board.preview = counting
    for source in (2, 1, 2, 1, 2):
        patchwork.take(source)
    assert patchwork.busy
    table.settle()
    assert len(computed) <= 2
    assert not patchwork.busy
    assert patchwork.rows[0].state == "in: Beta"


def test_that_a_full_disk_leaves_the_mode_as_it_is_and_says_so() -> None:
    table = Table()
    patchwork = table.open()
    patchwork.drop()
    table.calls.broken = full_disk()
    patchwork.make()
    assert table.mode is ScreenMode.PATCHWORK
    assert table.said[-1].error
    assert "NOT written" in table.said[-1].text
    table.calls.broken = None
    patchwork.make()
    assert len(table.calls.pieced) == 1


def test_that_going_elsewhere_while_the_masks_are_cut_shows_nothing_of_the_old_item() -> None:
    table = Table(runner=HeldRunner())
    table.reading.slicing.want()
    table.settle()
    table.patchwork.open()
    table.reading.go_to(table.calls.items[4])
    table.settle()
    assert (table.patchwork.active, table.patchwork.board) == (False, None)


def test_that_undoing_a_patchwork_loads_the_stage_anew() -> None:
    table = Table()
    patchwork = table.open()
    item = table.reading.item
    patchwork.drop()
    patchwork.make()
    table.settle()
    loaded = table.calls.loaded.count(item)
    table.reading.undo()
    table.settle()
    assert table.reading.item == item
    assert table.calls.loaded.count(item) == loaded + 1


def test_that_one_candidate_alone_can_be_cleaned() -> None:
    calls = FakeCalls()
    calls.missing = {CandidateId(*item, "beta") for item in calls.items}
    table = Table(calls)
    patchwork = table.open()
    assert [row.claim for row in patchwork.rows] == ["a part of its own"]
    patchwork.drop()
    assert patchwork.preview.ml == 0
    patchwork.make()
    assert "Nothing is left" in table.said[-1].text
    patchwork.undo()
    patchwork.fill_holes()
    patchwork.make()
    assert calls.pieced[0].steps == (Start(1), FillHoles())


def test_that_three_candidates_are_told_apart() -> None:
    table = Table(FakeCalls(label_sets=THREE))
    patchwork = table.open()
    assert (1, 2) in names(patchwork)
    row = next(n for n, r in enumerate(patchwork.rows) if r.region.claimants == (2, 3))
    patchwork.choose(row)
    assert patchwork.rows[row].claim == "only Beta, Gamma"
    patchwork.take(3)
    assert patchwork.rows[row].state == "in: Gamma"
    patchwork.toggle()
    assert patchwork.rows[row].state == "out: Alpha"


def test_that_the_critics_words_stand_with_their_region() -> None:
    table = Table()
    patchwork = table.open()
    opinions = table.reading.opinions
    place = patchwork.rows[0].region.place
    quality = next(q for q in opinions.qualities if q is not None and q.findings)
    moved = replace(quality, findings=(replace(quality.findings[0], place=place, text="a leak"),))
    table.reading.showing.opinions = replace(opinions, qualities=(moved, None))
    assert patchwork.rows[0].remark.endswith("a leak")
    assert patchwork.rows[0].remark in patchwork.rows[0].sentence


def test_that_what_was_measured_stands_with_its_region() -> None:
    table = Table()
    known = table.open()
    place = known.rows[1].region.place
    table.patchwork.leave()
    table.calls.judged = [(DifferingRegion("first", 1.2, place, place, place, 40.0), "as dense as the liver")]
    other = Table(table.calls)
    patchwork = other.open()
    assert patchwork.rows[1].remark == "as dense as the liver"
    assert "as dense" not in patchwork.rows[0].remark


def test_that_small_differences_are_counted_together() -> None:
    grid = Geometry((40, 40, 40), np.eye(4))
    one = np.zeros(grid.shape, bool)
    one[10:30, 10:30, 10:30] = True
    other = one.copy()
    other[2:12, 2:12, 2:12] = True
    for n in range(12):
        other[34, 3 * n, 34] = True
    masks = {CandidateId("c", "liver", name): Mask.from_array(m, grid) for name, m in (("a", one), ("b", other))}
    board = Board(masks, grid)
    assert [r.voxels for r in board.regions][:1] == [992]
    assert board.rest.count == 13 - len(board.regions)
    assert board.region_at((3.0, 3.0, 3.0)) == 0
    assert board.region_at((0.0, 0.0, 0.0)) is None
    assert board.preview((Start(2), Drop(board.regions[0].name)), None).parts == 13


def test_that_a_small_region_is_shown_with_what_is_around_it() -> None:
    low, high = with_surroundings((0.0, 0.0, 0.0), (10.0, 100.0, 10.0), least=60.0)
    assert low == (-25.0, 0.0, -25.0)
    assert high == (35.0, 100.0, 35.0)


def test_that_the_work_is_done_off_the_gui_thread() -> None:
    table = Table(runner=HeldRunner())
    table.reading.slicing.want()
    table.settle()
    table.patchwork.open()
    assert table.patchwork.board is None
    table.runner.go(Lane.CPU)
    assert table.patchwork.board is not None
    assert table.patchwork.preview is None
    table.runner.go(Lane.CPU)
    assert table.patchwork.preview is not None


def test_that_without_going_on_the_new_version_comes_to_the_stage() -> None:
    table = Table(habits=Habits(auto_advance=False))
    patchwork = table.open()
    item = table.reading.item
    patchwork.drop()
    loaded = table.calls.loaded.count(item)
    asked = table.calls.asked.count(item.case)
    patchwork.make()
    table.settle()
    assert (table.mode, table.reading.item) == (ScreenMode.READING, item)
    assert table.reading.state.last.decision.candidate.version == 2
    assert table.calls.loaded.count(item) == loaded + 1
    assert table.calls.asked.count(item.case) == asked + 1, "the new version is measured"


def test_that_the_new_version_is_measured_although_the_reader_is_elsewhere() -> None:
    table = Table()
    last = table.calls.items[2]
    table.reading.go_to(last)
    table.settle()
    patchwork = table.open()
    patchwork.drop()
    asked = table.calls.asked.count(last.case)
    patchwork.make()
    table.settle()
    assert table.reading.item.case != last.case
    assert table.calls.asked.count(last.case) == asked + 1


def test_that_a_blind_reader_is_told_neither_names_nor_opinions() -> None:
    calls = FakeCalls()
    calls.mode = "blind"
    table = Table(calls)
    patchwork = table.open()
    place = patchwork.rows[0].region.place
    calls.judged = [(DifferingRegion("second", 1.2, place, place, place, 40.0), "rightly")]
    patchwork.take(2)
    patchwork.go(1)
    said = [*patchwork.names, *patchwork.step_lines, *(row.sentence for row in patchwork.rows)]
    assert patchwork.names == ("1", "2")
    assert all(row.remark == "" for row in patchwork.rows)
    assert not any(name in line.lower() for line in said for name in ("alpha", "beta", "rightly", "leak"))
    patchwork.make()
    assert len(calls.pieced) == 1
