"""The station: opening, closing, settings, export."""

from pathlib import Path

import pytest

from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.settings import Settings, load_settings
from labelcritic_gui.viewmodels.context import Condition, holding
from labelcritic_gui.viewmodels.runner import InlineRunner, Lane
from labelcritic_gui.viewmodels.station import Station
from tests.viewmodels.fakes import FakeCalls, FakeServices, HeldRunner


def make(runner=None, **changes) -> tuple[Station, FakeServices]:
    services = FakeServices(Settings(**changes), FakeCalls())
    station = Station(services, runner or InlineRunner(), bind=lambda opened, reader: opened)
    return station, services


def test_that_an_open_review_is_remembered_and_read() -> None:
    station, services = make()
    station.open(Path("/nowhere/review"))
    assert station.reading is not None
    assert station.reading.item == services.calls.items[0]
    assert load_settings().recent == ("/nowhere/review",)
    assert Condition.ITEM_OPEN in holding(station)
    assert Condition.CANDIDATE_2 in holding(station)
    assert Condition.CANDIDATE_3 not in holding(station)
    assert Condition.HAS_PICK in holding(station)


def test_that_without_a_review_only_the_unconditional_holds() -> None:
    station, _ = make()
    assert holding(station) == {Condition.ALWAYS}


def test_that_a_review_that_does_not_open_leaves_the_open_one_open() -> None:
    station, services = make()
    said = []
    station.said.connect(said.append)
    station.open(Path("/nowhere/review"))
    services.broken = ReviewError("This is no review.", "Name another folder.")
    station.open(Path("/nowhere/other"))
    assert station.reading is not None
    assert not services.calls.closed
    assert said[0].text == "This is no review."


def test_that_closing_remembers_the_item_and_lets_go_of_the_files() -> None:
    station, services = make()
    station.open(Path("/nowhere/review"))
    station.close_review()
    assert services.calls.remembered == services.calls.items[0]
    assert services.calls.closed
    assert station.reading is None


def test_that_one_long_job_runs_at_a_time() -> None:
    runner = HeldRunner()
    station, _ = make(runner)
    said = []
    station.said.connect(said.append)
    station.open(Path("/nowhere/review"))
    station.open(Path("/nowhere/review"))
    assert said[0].text.startswith("Opening review is still running")
    runner.settle()
    assert station.job is None


def test_that_an_export_is_reported() -> None:
    station, services = make()
    reports = []
    station.exported.connect(reports.append)
    station.open(Path("/nowhere/review"))
    station.export(Path("/nowhere/out"))
    assert services.calls.exported == Path("/nowhere/out")
    assert reports[0].out == Path("/nowhere/out")


def test_that_display_choices_are_remembered() -> None:
    station, _ = make()
    station.looking.cycle_style()
    station.looking.step_opacity(2)
    station.looking.cycle_projection(("bone", "organs"))
    kept = load_settings()
    assert kept.overlay_style == station.looking.style == "fill"
    assert kept.overlay_opacity == station.looking.opacity
    assert kept.projection == "organs"


def test_that_hiding_the_masks_keeps_style_and_opacity() -> None:
    station, _ = make()
    before = station.looking.style, station.looking.opacity
    station.looking.toggle_overlay()
    assert not station.looking.overlay
    station.looking.toggle_overlay()
    assert station.looking.overlay
    assert (station.looking.style, station.looking.opacity) == before


@pytest.mark.parametrize(
    ("critic", "url", "host"),
    [
        ("anatomy", "http://far.example/v1", ""),
        ("lvlm", "http://127.0.0.1:8000/v1", ""),
        ("lvlm", "http://[::1]:8000/v1", ""),
        ("lvlm", "https://far.example:8443/v1", "far.example"),
    ],
)
def test_that_a_server_that_is_not_this_machine_is_named(critic: str, url: str, host: str) -> None:
    station, _ = make(critic=critic, server={"url": url})
    assert station.remote_server == host


def test_that_another_critic_opens_the_review_anew() -> None:
    runner = HeldRunner()
    station, _ = make(runner)
    station.open(Path("/nowhere/review"))
    runner.settle()
    first = station.reading
    station.change_critic("lvlm", {"url": "http://127.0.0.1:9/v1"})
    runner.settle()
    assert station.reading is not first
    assert station.settings.critic == "lvlm"
    assert load_settings().server.url == "http://127.0.0.1:9/v1"


def test_that_the_introduction_is_asked_for_once() -> None:
    station, _ = make()
    assert station.needs_introduction
    began: list[str] = []
    station.introduce("  Dr. A ", lambda: began.append(station.settings.reader))
    assert began == ["Dr. A"]
    assert not station.needs_introduction
    assert load_settings().reader == "Dr. A"


def test_that_closing_while_a_decision_is_written_still_writes_it() -> None:
    runner = HeldRunner()
    station, services = make(runner)
    station.open(Path("/nowhere/review"))
    runner.settle()
    reading = station.reading
    assert reading is not None
    reading.painted()
    reading.showing.settled_at = -1e9
    reading.accept(1)
    station.close_review()
    runner.go(Lane.DECIDE)
    assert len(services.calls.written) == 1
    assert services.calls.closed
