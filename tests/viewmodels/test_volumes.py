"""Volumes of cases: shared by items, fetched ahead, dropped elsewhere, and memory that stays flat."""

import gc
import weakref

import numpy as np
import pytest

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.services.slices import CaseVolume, volume_arrays
from labelcritic_gui.viewmodels.prefetch import BUDGET
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.reading.slicing import Slicing
from labelcritic_gui.viewmodels.runner import InlineRunner, Job, Lane
from labelcritic_gui.viewmodels.volumes import VolumeShelf, shares_of
from labelcritic_gui.viewmodels.worklist import Worklist
from tests.viewmodels.fakes import STRUCTURES, FakeCalls, HeldRunner

SIZE = sum(a.nbytes for a in volume_arrays(FakeCalls().load_volume(CaseId("case_0"), Job(""), Job(""))))
MB = 2**20


def reading(calls: FakeCalls, runner: InlineRunner | HeldRunner | None = None, *, budget: int = 100 * MB) -> Reading:
    runner = runner or InlineRunner()
    return Reading(calls, Worklist(calls, runner, reader="reader"), runner, budget=budget)


def slicing(calls: FakeCalls, runner: InlineRunner | HeldRunner, *, volumes: float = 10) -> Slicing:
    return Slicing(calls, runner, budget=int(volumes * SIZE))


def test_that_stages_and_volumes_share_the_memory() -> None:
    assert shares_of(400 * MB) == (100 * MB, 300 * MB)
    assert shares_of(2048 * MB) == (BUDGET, 2048 * MB - BUDGET)


def test_that_items_of_one_case_have_one_volume_that_is_loaded_once() -> None:
    calls = FakeCalls(cases=2)
    view = reading(calls)
    view.start()
    first = view.volume
    assert first is not None
    view.go_to(calls.items[1])
    assert view.volume is first
    view.go_to(calls.items[2])
    assert view.volume is first
    assert calls.read == ["case_0", "case_1"]  # the next one ahead of time
    view.go_to(calls.items[3])
    assert view.volume is not None
    assert view.volume.case == "case_1"
    assert calls.read == ["case_0", "case_1"]


def test_that_a_volume_is_loaded_after_what_projections_need_unless_slices_are_on() -> None:
    for slices, expected in ((False, ["stage", "volume"]), (True, ["volume", "stage"])):
        calls, runner = FakeCalls(cases=1), HeldRunner()
        view = reading(calls, runner)
        order: list[str] = []
        load_stage, load_volume = calls.load_stage, calls.load_volume

        def stage(item, cancel=None, load=load_stage, order=order):
            order.append("stage")
            return load(item)

        def volume(*args, load=load_volume, order=order, **named):
            order.append("volume")
            return load(*args, **named)

        calls.load_stage, calls.load_volume = stage, volume  # type: ignore[method-assign]
        view.slicing.show_slices(slices)
        view.open_item(calls.items[0])
        runner.settle()
        assert list(dict.fromkeys(order)) == expected


def test_that_progress_is_told_while_the_volume_is_on_its_way() -> None:
    calls, runner = FakeCalls(), HeldRunner()
    view = slicing(calls, runner)
    told: list[float | None] = []
    view.volume_changed.connect(lambda: told.append(view.loading))
    view.show_slices(True)
    assert view.loading is None
    view.open(calls.items[0])
    assert view.loading == 0.0
    job = view.shelf.job_of(CaseId("case_0"))
    assert job is not None
    job(3, 4, "image")
    assert view.loading == 0.75
    runner.settle()
    assert view.loading is None
    assert view.volume is not None
    assert told == [0.0, None]


def test_that_going_elsewhere_stops_the_loading() -> None:
    calls, runner = FakeCalls(cases=4), HeldRunner()
    view = slicing(calls, runner)
    view.show_slices(True)
    view.open(calls.items[0])
    job = view.shelf.job_of(CaseId("case_0"))
    view.open(calls.items[6])
    assert job is not None
    assert job.is_set()
    runner.settle()
    assert calls.read == ["case_2"]
    assert view.volume is not None
    assert view.volume.case == "case_2"


def test_that_a_volume_given_up_on_the_way_is_loaded_when_the_reader_comes_back() -> None:
    calls, runner = FakeCalls(cases=4), HeldRunner()
    view = slicing(calls, runner)
    view.show_slices(True)
    view.open(calls.items[0])
    view.open(calls.items[6])
    view.open(calls.items[0])
    runner.settle()
    assert view.volume is not None
    assert view.volume.case == "case_0"


def test_that_a_prefetch_becomes_the_volume_on_the_screen_without_a_second_loading() -> None:
    calls, runner = FakeCalls(cases=4), HeldRunner()
    view = slicing(calls, runner)
    view.open(calls.items[0])
    view.ahead(calls.items[1:4])
    view.open(calls.items[3])
    view.ahead(calls.items[4:6])
    runner.settle()
    assert view.volume is not None
    assert view.volume.case == "case_1"
    assert calls.read.count("case_1") == 1


def test_that_a_reader_may_stop_the_loading_and_ask_again() -> None:
    calls, runner = FakeCalls(), HeldRunner()
    view = slicing(calls, runner)
    view.show_slices(True)
    view.open(calls.items[0])
    view.cancel()
    assert view.loading is None
    view.ahead(calls.items[:3])  # nothing is loaded behind the reader's back
    runner.settle()
    assert view.volume is None
    assert calls.read == []
    view.want()
    runner.settle()
    assert view.volume is not None


def test_that_a_failure_is_told_and_can_be_tried_again() -> None:
    calls = FakeCalls()
    calls.volume_broken = UnreadableFileError("The image is damaged.", "Fetch it anew.")
    view = slicing(calls, InlineRunner())
    view.show_slices(True)
    view.open(calls.items[0])
    assert view.failure is not None
    assert view.failure.text == "The image is damaged."
    assert view.loading is None
    calls.volume_broken = None
    view.want()
    assert view.failure is None
    assert view.volume is not None


def test_that_an_unexpected_failure_is_told_and_reported() -> None:
    calls = FakeCalls()
    calls.volume_broken = RuntimeError("odd")
    view = slicing(calls, InlineRunner())
    with pytest.raises(RuntimeError):
        view.show_slices(True), view.open(calls.items[0])
    assert view.failure is not None
    assert view.failure.error


def test_that_a_new_version_is_read_without_reading_the_image_again() -> None:
    calls = FakeCalls()
    view = slicing(calls, InlineRunner())
    view.show_slices(True)
    view.open(calls.items[0])
    before = view.volume
    view.renew()
    assert before is not None
    assert view.volume is not None
    assert view.volume is not before
    assert view.volume.volume is before.volume
    assert calls.read == calls.renewed == ["case_0"]


def test_that_no_volume_is_fetched_ahead_that_would_not_fit() -> None:
    calls = FakeCalls(cases=6)
    view = slicing(calls, InlineRunner(), volumes=2.5)
    view.open(calls.items[0])
    view.ahead(calls.items[1:16])
    assert calls.read == ["case_0", "case_1"]
    assert view.shelf.held <= 2.5 * SIZE


def test_that_room_is_made_before_the_next_volume_is_loaded() -> None:
    calls, runner = FakeCalls(cases=3), HeldRunner()
    shelf = VolumeShelf(calls, runner, budget=int(1.2 * SIZE))
    shelf.fetch(CaseId("case_0"), lambda _: None, lambda *_: None)
    runner.settle()
    assert shelf.held == SIZE
    shelf.fetch(CaseId("case_1"), lambda _: None, lambda *_: None)
    assert shelf.held == 0


def _bytes_of(ref: "weakref.ref[np.ndarray]") -> int:
    array = ref()
    return 0 if array is None else array.nbytes


@pytest.mark.parametrize("budget", [1, 8 * MB])
def test_that_memory_is_flat_over_200_cases(budget: int) -> None:
    calls = FakeCalls(cases=200)
    alive: list[weakref.ref[np.ndarray]] = []
    load = calls.load_volume

    def counted(*args: object, **named: object) -> CaseVolume:
        found = load(*args, **named)  # type: ignore[arg-type]
        alive.extend(weakref.ref(array) for array in volume_arrays(found))
        return found

    calls.load_volume = counted  # type: ignore[method-assign, assignment]
    view = reading(calls, budget=budget)
    view.slicing.show_slices(True)
    peaks = []
    for number, item in enumerate(calls.items[:: len(STRUCTURES)]):
        view.open_item(item)
        assert view.volume is not None
        if number % 20 == 19:
            gc.collect()
            peaks.append(sum(_bytes_of(ref) for ref in alive))
    assert len(calls.read) >= 200
    assert max(peaks) <= max(shares_of(budget)[1], SIZE)
    assert max(peaks[2:]) <= 1.05 * peaks[1]
    view.close()
    del view
    gc.collect()
    assert sum(ref() is not None for ref in alive) == 0


def test_that_nothing_is_loaded_on_the_gui_thread() -> None:
    calls, runner = FakeCalls(), HeldRunner()
    view = slicing(calls, runner)
    view.show_slices(True)
    view.open(calls.items[0])
    assert [entry[0] for entry in runner.waiting] == [Lane.CPU]
