"""The draft of critic and servers: profiles, keys, a test of the connection, consent, and taking it over."""

import sys
from pathlib import Path
from typing import Any

import pytest

from labelcritic_gui.settings import KEYRING_SERVICE, ServerSettings, Settings, change_settings, load_settings
from labelcritic_gui.viewmodels.runner import Lane
from labelcritic_gui.viewmodels.servers import ServerEditor, consent_words, edit_servers
from labelcritic_gui.viewmodels.station import Station
from tests.fake_llm import FakeLlm
from tests.test_settings import Ring
from tests.viewmodels.fakes import FakeCalls, FakeServices, HeldRunner

HERE = ServerSettings(name="here", url="http://127.0.0.1:8000/v1")
FAR = ServerSettings(name="far", url="https://gpu.example/v1")


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    made = Ring()
    monkeypatch.setitem(sys.modules, "keyring", made)
    return made


def make(**settings: Any) -> tuple[ServerEditor, Station, HeldRunner]:
    profiles = (HERE.model_dump(), FAR.model_dump())
    stored = change_settings(**{"critic": "lvlm", "server": HERE, "profiles": profiles} | settings)
    runner = HeldRunner()
    station = Station(FakeServices(stored, FakeCalls()), runner, bind=lambda opened, reader: opened)
    return edit_servers(station, runner), station, runner


def test_that_every_profile_can_be_chosen_and_nothing_is_kept_before_use() -> None:
    editor, station, runner = make()
    assert editor.titles == ("here", "far")
    editor.choose(1)
    editor.set_server(model="m", max_in_flight=3, timeout_s=9.0, patience_s=1.0)
    editor.set_asking(shots=4, views=("frontal", "slice"), quality=True, examples_folder="/examples")
    runner.settle()
    assert load_settings().server == HERE
    editor.use()
    runner.settle()
    stored = load_settings()
    assert stored.server == FAR.model_copy(
        update={"model": "m", "max_in_flight": 3, "timeout_s": 9.0, "patience_s": 1.0}
    )
    assert stored.profiles == (HERE, stored.server)
    assert (stored.lvlm.shots, stored.lvlm.views, stored.lvlm.quality) == (4, ("frontal", "slice"), True)
    assert station.settings == stored


def test_that_servers_are_added_renamed_and_removed() -> None:
    editor, _, runner = make()
    editor.add()
    assert editor.titles == ("here", "far", "server")
    editor.set_server(name="third", url="http://localhost:9/v1")
    editor.choose(1)
    editor.remove()
    assert editor.titles == ("here", "third")
    editor.use()
    runner.settle()
    assert [profile.name for profile in load_settings().profiles] == ["here", "third"]
    editor.remove()
    editor.remove()
    assert len(editor.titles) == 1


@pytest.mark.parametrize("name", ["a/b", " a", "x" * 61, "FAR"])
def test_that_a_name_that_cannot_be_taken_is_said_and_not_used(name: str) -> None:
    editor, _, runner = make()
    editor.set_server(name=name)
    assert editor.fault
    editor.use()
    runner.settle()
    assert load_settings().server == HERE
    editor.set_server(name="other")
    assert not editor.fault


def test_that_at_least_one_view_stays_chosen() -> None:
    editor, _, _ = make()
    editor.set_asking(views=())
    assert editor.lvlm.views == ("frontal",)


def test_that_where_pictures_go_is_said_in_words() -> None:
    editor, _, runner = make()
    assert editor.where == "The server is this machine: nothing leaves it."
    editor.choose(1)
    assert editor.where == f"{consent_words('gpu.example')} You have not agreed to that yet."
    assert "Projected pictures of the CT" in editor.where
    assert editor.host_to_agree == "gpu.example"
    editor.change_consent()
    runner.settle()
    assert load_settings().consented == ("gpu.example",)
    assert editor.where.endswith("You agreed to that.")
    editor.set_server(url="gpu.example")
    assert editor.fault == editor.where
    editor.set_critic("anatomy")
    assert editor.where == "The anatomy critic measures here: nothing leaves this machine."
    assert not editor.fault


def test_that_a_key_is_kept_in_the_keyring_follows_a_new_name_and_is_nowhere_else(ring: Ring) -> None:
    editor, _, runner = make()
    runner.settle()
    assert editor.key_words == "There is no key; most servers need none."
    editor.store_key("very-secret")
    runner.settle()
    assert editor.key_words == "A key comes from the system's keyring."
    assert ring.held == {(KEYRING_SERVICE, "here"): "very-secret"}
    editor.set_server(name="elsewhere")
    editor.use()
    runner.settle()
    assert ring.held == {(KEYRING_SERVICE, "elsewhere"): "very-secret"}
    assert "very-secret" not in repr(vars(editor))
    assert "very-secret" not in repr(load_settings())


def test_that_without_a_keyring_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    editor, _, runner = make()
    editor.store_key("k")
    runner.settle()
    assert editor.said is not None
    assert editor.said.error
    assert "labelcritic[keyring]" in editor.said.hint


def test_that_a_server_is_tried_out_and_what_it_can_is_told_in_words() -> None:
    with FakeLlm() as server:
        editor, _, runner = make()
        editor.set_server(url=server.url)
        runner.settle()
        editor.test()
        assert editor.job is not None
        runner.settle()
        assert editor.job is None
        assert all(check.ok for check in editor.results)
        assert "choices" in [check.name for check in editor.results]
        editor.set_server(url="http://127.0.0.1:1/v1")
        assert editor.results == ()
        editor.test()
        runner.settle()
        assert [check.name for check in editor.results if not check.ok] == ["server"]


def test_that_a_test_that_was_stopped_tells_nothing() -> None:
    with FakeLlm() as server:
        editor, _, runner = make()
        editor.set_server(url=server.url)
        runner.settle()
        editor.test()
        editor.cancel()
        assert editor.job is None
        runner.settle()
        assert editor.results == ()
        assert editor.said is None
        assert not server.chats


def test_that_the_open_review_is_opened_anew_once_its_server_was_agreed_to() -> None:
    stored = change_settings(critic="lvlm", server=FAR)
    runner, calls = HeldRunner(), FakeCalls()
    calls.critic_lane = Lane.NET
    station = Station(FakeServices(stored, calls), runner, bind=lambda opened, reader: opened)
    assert station.host_to_agree == ""
    station.open(Path("/nowhere/review"))
    runner.settle()
    assert station.host_to_agree == "gpu.example"
    first, after = station.reading, []
    station.agree("gpu.example", lambda: after.append(station.host_to_agree))
    runner.settle()
    assert station.reading is not first
    assert after == [""]


def test_that_a_critic_that_sends_nothing_waits_for_no_consent() -> None:
    stored = Settings(critic="lvlm", server=FAR)
    runner = HeldRunner()
    station = Station(FakeServices(stored, FakeCalls()), runner, bind=lambda opened, reader: opened)
    station.open(Path("/nowhere/review"))
    runner.settle()
    assert station.host_to_agree == ""


def test_that_a_consent_can_be_taken_back_and_the_open_review_sends_no_more() -> None:
    stored = change_settings(critic="lvlm", server=FAR, consented=("gpu.example",))
    runner, calls = HeldRunner(), FakeCalls()
    calls.critic_lane = Lane.NET
    station = Station(FakeServices(stored, calls), runner, bind=lambda opened, reader: opened)
    station.open(Path("/nowhere/review"))
    runner.settle()
    editor = edit_servers(station, runner)
    assert editor.consent_offer == "No longer send to gpu.example"
    first = station.reading
    editor.change_consent()
    runner.settle()
    assert load_settings().consented == ()
    assert station.host_to_agree == "gpu.example"
    assert station.reading is not first
    assert editor.consent_offer == "Agree to send to gpu.example"
    editor.close()
