"""The tour goes around the differences, says what is known there and never what must stay hidden."""

import numpy as np
import pytest

from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.findings import FindingCode, Severity
from labelcritic_gui.core.geometry import Geometry, Mask
from labelcritic_gui.services.tour import Remark
from labelcritic_gui.settings import Settings
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.runner import InlineRunner, Lane
from labelcritic_gui.viewmodels.tour import Touring
from labelcritic_gui.viewmodels.worklist import Worklist
from tests.viewmodels.fake_volumes import DEPTH, ball
from tests.viewmodels.fakes import SETS, FakeCalls, HeldRunner

GRID = Geometry((DEPTH, DEPTH, DEPTH), np.eye(4))


def joined(*parts: tuple[tuple[float, float, float], float]) -> Mask:
    full = np.zeros(GRID.shape, np.bool_)
    for middle, radius in parts:
        full |= ball(GRID, middle, radius).full()
    return Mask.from_array(full, GRID)


BODY = ((30.0, 30.0, 30.0), 10.0)
LEAKING = joined(BODY, ((46.0, 30.0, 30.0), 7.0))
SPECKLED = joined(BODY, ((10.0, 12.0, 12.0), 4.0))


class Desk:
    """A reading with a tour, and what was said."""

    def __init__(self, runner: InlineRunner | HeldRunner | None = None, *, label_sets: tuple[LabelSet, ...] = SETS):
        self.calls = FakeCalls(cases=2, label_sets=label_sets)
        self.calls.shapes = {"alpha": LEAKING, "beta": SPECKLED}
        self.runner = runner or InlineRunner()
        self.reading = Reading(self.calls, Worklist(self.calls, self.runner, reader="reader"), self.runner)
        self.looking = Looking(Settings(), lambda **_: None)
        self.reading.stage_changed.connect(self._begin)
        self.tour = Touring(self.calls, self.runner, self.reading, self.looking)
        self.said: list[str] = []
        self.reading.said.connect(lambda message: self.said.append(message.text))

    def _begin(self) -> None:
        if self.reading.stage is not None:
            self.looking.begin(self.reading.stage, self.reading.volume)

    def open(self, number: int = 0) -> "Desk":
        self.reading.open_item(self.calls.items[number])
        return self

    def settle(self) -> None:
        assert isinstance(self.runner, HeldRunner)
        self.runner.settle()


def test_that_the_tour_goes_around_in_both_directions() -> None:
    tour = Desk().open().tour
    tour.next()
    assert (tour.current, len(tour.stops)) == (0, 2)
    assert [stop.claimant for stop in tour.stops] == ["first", "second"]
    tour.next()
    assert tour.current == 1
    tour.next()
    assert tour.current == 0
    tour.previous()
    assert tour.current == 1


def test_that_the_way_back_begins_at_the_last_place() -> None:
    tour = Desk().open().tour
    tour.previous()
    assert tour.current == 1


def test_that_a_stop_is_centred_and_near_enough_to_be_seen_whole() -> None:
    desk = Desk().open()
    desk.tour.next()
    stop = desk.tour.stop
    assert stop is not None
    assert desk.looking.centre == pytest.approx(stop.place)
    assert desk.looking.zoom == pytest.approx(desk.looking.zoom_for(stop.low, stop.high))
    assert desk.looking.seen()["tour"] == 1
    desk.tour.next()
    desk.tour.next()
    assert desk.looking.seen()["tour"] == 2  # a place that is seen again is not another place


def test_that_a_caption_says_how_much_of_whom_and_what_the_critic_says() -> None:
    desk = Desk()
    desk.calls.remarks = (
        (Remark("spills into the stomach.", FindingCode.LEAK, "first", Severity.MAJOR), Remark("probably wrongly")),
        (Remark("a hole", FindingCode.HOLE, "first"),),
    )
    desk.open().tour.next()
    ml = desk.tour.stops[0].volume_ml
    assert desk.tour.caption == (
        f"1 of 2: {ml:.1f} ml only in Alpha, 40 HU — spills into the stomach (LEAK); probably wrongly"
    )
    desk.tour.next()
    assert desk.tour.caption.endswith("only in Beta, 40 HU — Alpha: a hole (HOLE)")


def test_that_a_boundary_is_called_one() -> None:
    desk = Desk()
    desk.calls.shapes = {"alpha": joined((BODY[0], 11.0)), "beta": joined(BODY)}
    desk.open().tour.next()
    assert desk.tour.caption.startswith("1 of 1: boundary, ")


def test_that_nothing_hidden_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk.calls.remarks = ((Remark("spills", FindingCode.LEAK, "first"),),)
    monkeypatch.setattr(Reading, "named", property(lambda _: False))
    monkeypatch.setattr(Reading, "verdict_visible", property(lambda _: False))
    desk.open().tour.next()
    assert "spills" not in desk.tour.caption
    assert "Alpha" not in desk.tour.caption
    assert "only in 1," in desk.tour.caption
    monkeypatch.setattr(Reading, "verdict_visible", property(lambda _: True))
    assert "spills (LEAK)" in desk.tour.caption


def test_that_masks_that_do_not_differ_are_said_to_be_the_same() -> None:
    desk = Desk()
    desk.calls.shapes = {"alpha": LEAKING, "beta": LEAKING}
    desk.open().tour.next()
    assert desk.said == ["Alpha and Beta do not differ: they have the same voxels."]
    assert desk.tour.caption == ""
    empty = Mask.from_array(np.zeros(GRID.shape), GRID)
    desk.calls.shapes = {"alpha": empty, "beta": empty}
    desk.open(3).tour.next()
    assert desk.said[-1] == "Alpha and Beta do not differ: both are empty."


def test_that_one_mask_alone_has_no_tour() -> None:
    desk = Desk()
    desk.calls.missing = {c for c in desk.calls.load_volume(desk.calls.items[0].case, *(_Quiet(),) * 2).masks
                          if c.label_set == "beta"}  # fmt: skip
    desk.open().tour.next()
    assert desk.said == ["There are no two masks here whose differences could be shown."]


class _Quiet:
    def is_set(self) -> bool:
        return False

    def __call__(self, done: int, total: int, what: str) -> None: ...


def test_that_the_tour_waits_for_the_slices_and_then_begins() -> None:
    desk = Desk(HeldRunner())
    desk.reading.open_item(desk.calls.items[0])
    desk.runner.go(Lane.STORE)  # type: ignore[union-attr]
    desk.runner.go(Lane.CPU)  # type: ignore[union-attr]
    assert desk.reading.stage is not None
    assert desk.reading.volume is None
    desk.tour.next()
    assert desk.tour.waiting
    assert desk.reading.loading is not None
    desk.settle()
    assert not desk.tour.waiting
    assert desk.tour.current == 0


def test_that_a_failure_to_load_the_slices_is_said() -> None:
    desk = Desk()
    desk.calls.volume_broken = UnreadableFileError("The image is damaged.")
    desk.open().tour.next()
    assert "The image is damaged." in desk.said
    assert not desk.tour.waiting


def test_that_another_item_has_a_tour_of_its_own() -> None:
    desk = Desk().open()
    desk.tour.next()
    desk.open(1)
    assert (desk.tour.current, desk.tour.tour, desk.tour.caption) == (-1, None, "")
    desk.tour.next()
    assert desk.calls.toured[1][0].structure == desk.calls.items[1].structure


def test_that_an_answer_for_an_item_that_was_left_is_dropped() -> None:
    desk = Desk(HeldRunner())
    desk.open()
    desk.settle()
    desk.tour.next()
    desk.open(1)
    desk.settle()
    assert desk.tour.tour is None
    assert desk.tour.current == -1


def test_that_swapped_sides_keep_the_place() -> None:
    desk = Desk().open()
    desk.tour.jump(1)
    place = desk.tour.stop.place  # type: ignore[union-attr]
    caption = desk.tour.caption
    desk.reading.swap_sides()
    assert desk.tour.current == 1
    assert desk.tour.stop.place == place  # type: ignore[union-attr]
    assert desk.tour.stop.claimant == "first"  # type: ignore[union-attr]
    assert desk.tour.caption == caption
    assert len(desk.calls.toured) == 1


def test_that_a_place_leads_to_the_difference_around_it() -> None:
    desk = Desk().open()
    desk.tour.jump_to((10.0, 12.0, 13.0))
    assert desk.tour.current == 1
    desk.tour.leave()
    desk.tour.jump_to((55.0, 55.0, 55.0))
    assert desk.tour.current == -1
    assert desk.looking.centre == pytest.approx((55.0, 55.0, 55.0))


def test_that_a_place_too_bright_for_the_window_is_shown_in_another_and_the_old_one_comes_back() -> None:
    desk = Desk().open()
    usual = desk.looking.window
    volume = desk.reading.volume
    assert volume is not None
    volume.volume.voxels[40:, :, :] = 700
    desk.tour.jump(0)
    assert desk.looking.window.name == "bone"
    desk.tour.jump(1)
    assert desk.looking.window == usual
    desk.tour.jump(0)
    assert desk.tour.leave()
    assert desk.looking.window == usual
    assert not desk.tour.leave()


def test_that_of_four_candidates_the_first_two_are_compared() -> None:
    desk = Desk(label_sets=(*SETS, LabelSet("gamma", "Gamma"), LabelSet("delta", "Delta")))
    desk.open().tour.next()
    assert [c.label_set for c in desk.calls.toured[0]] == ["alpha", "beta"]
