"""Settings: servers and their keys, and files of before; a key is never written, shown or logged."""

import logging
import sys
from types import ModuleType

import pytest

from labelcritic_gui.core.errors import StorageError, UserError
from labelcritic_gui.settings import (
    ServerSettings,
    Settings,
    change_settings,
    find_key,
    load_settings,
    server_named,
    settings_file,
    store_key,
)
from labelcritic_gui.settings.table import ELSEWHERE, PREFERENCES, Kind

FIRST = ServerSettings(name="ward", url="http://127.0.0.1:8000/v1", model="m", max_in_flight=3)
SECOND = ServerSettings(name="Big GPU", url="https://gpu.example:8443/v1", key_variable="GPU_KEY")


class Ring(ModuleType):
    """A keyring in memory."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.held: dict[tuple[str, str], str] = {}
        self.fault: Exception | None = None

    def _may(self) -> None:
        if self.fault:
            raise self.fault

    def get_password(self, service: str, user: str) -> str | None:
        self._may()
        return self.held.get((service, user))

    def set_password(self, service: str, user: str, key: str) -> None:
        self._may()
        self.held[service, user] = key

    def delete_password(self, service: str, user: str) -> None:
        del self.held[service, user]


@pytest.fixture(autouse=True)
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    made = Ring()
    monkeypatch.setitem(sys.modules, "keyring", made)
    for name in ("LABELCRITIC_API_KEY", "GPU_KEY"):
        monkeypatch.delenv(name, raising=False)
    return made


def write(text: str) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text(text, "utf-8")


def test_that_a_file_of_before_is_read_and_kept_as_it_is() -> None:
    write('reader = "anna"\ncritic = "lvlm"\n[server]\nurl = "http://gpu:8000/v1"\nmodel = "m"\nmax_in_flight = 4\n')
    found = load_settings()
    assert (found.server.url, found.server.model, found.server.max_in_flight) == ("http://gpu:8000/v1", "m", 4)
    assert (found.server.name, found.profiles, found.consented) == ("", (), ())
    change_settings(theme="light")
    assert load_settings() == found.model_copy(update={"theme": "light"})


def test_that_profiles_survive_the_file() -> None:
    change_settings(profiles=(FIRST, SECOND), server=SECOND, consented=("gpu.example",))
    found = load_settings()
    assert found.profiles == (FIRST, SECOND)
    assert found.server == SECOND
    assert found.servers == (FIRST, SECOND)
    assert found.consented == ("gpu.example",)


def test_that_the_one_in_use_can_be_chosen_even_if_it_is_no_profile() -> None:
    settings = Settings(server=ServerSettings(url="http://a"), profiles=(FIRST,))
    assert [server.url for server in settings.servers] == ["http://a", FIRST.url]
    changed = FIRST.model_copy(update={"model": "other"})
    assert Settings(server=changed, profiles=(FIRST,)).servers == (changed,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[profiles]]\nname = "a"\n[[profiles]]\nname = "A"\n', "two server profiles are called 'a'"),
        ("[[profiles]]\nurl = 'http://a'\n", "needs a name"),
        ("[[profiles]]\nname = 'http://a'\n", "profiles.0.name"),
        ("[[profiles]]\nname = 'a'\npatience_s = -1\n", "profiles.0.patience_s"),
        ("[served]\nport = 80\n", "served.port"),
    ],
)
def test_that_a_bad_profile_is_named(text: str, said: str) -> None:
    write(text)
    with pytest.raises(UserError, match=said):
        load_settings()


def test_that_a_server_is_named_by_profile_or_address() -> None:
    settings = Settings(profiles=(FIRST, SECOND), server=ServerSettings(max_in_flight=5, patience_s=7))
    assert server_named(settings, "") == settings.server
    assert server_named(settings, "big gpu") == SECOND
    assert server_named(settings, "https://gpu.example:8443/") == SECOND
    assert server_named(settings, "http://127.0.0.1:8000") == settings.server
    with pytest.raises(UserError, match="no server profile 'no'") as caught:
        server_named(settings, "no")
    assert "ward, Big GPU" in caught.value.hint


def test_that_an_unknown_address_gets_no_key_of_another_server(monkeypatch: pytest.MonkeyPatch, ring: Ring) -> None:
    ring.held["labelcritic", "Big GPU"] = "secret"
    monkeypatch.setenv("GPU_KEY", "secret")
    settings = Settings(profiles=(SECOND,), server=SECOND.model_copy(update={"patience_s": 9}))
    found = server_named(settings, "http://other.example/v1")
    assert (found.name, found.patience_s) == ("", 9)
    assert found.api_key == "EMPTY"


def test_that_a_key_comes_from_the_environment_then_from_the_keyring(
    monkeypatch: pytest.MonkeyPatch, ring: Ring
) -> None:
    assert find_key(SECOND) == ("", "")
    assert SECOND.api_key == "EMPTY"
    store_key(SECOND, " of-the-ring \n")
    assert ring.held == {("labelcritic", "Big GPU"): "of-the-ring"}
    assert find_key(SECOND) == ("of-the-ring", "the system's keyring")
    monkeypatch.setenv("GPU_KEY", "of-the-shell")
    assert find_key(SECOND) == ("of-the-shell", "the environment variable GPU_KEY")
    monkeypatch.delenv("GPU_KEY")
    store_key(SECOND, "")
    assert ring.held == {}
    store_key(SECOND, "")  # nothing to forget is no fault


def test_that_a_server_without_a_name_keeps_its_key_under_its_address(ring: Ring) -> None:
    store_key(ServerSettings(url="http://a/v1"), "k")
    assert list(ring.held) == [("labelcritic", "http://a/v1")]


def test_that_without_a_keyring_there_is_no_key_and_storing_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert SECOND.api_key == "EMPTY"
    with pytest.raises(StorageError, match="keyring is not supported") as caught:
        store_key(SECOND, "secret")
    assert "labelcritic[keyring]" in caught.value.hint
    assert "GPU_KEY" in caught.value.hint


def test_that_a_keyring_that_fails_gives_no_key_and_tells_nobody_what_it_held(
    ring: Ring, caplog: pytest.LogCaptureFixture
) -> None:
    ring.fault = RuntimeError("cannot hold very-secret")
    with caplog.at_level(logging.DEBUG):
        assert find_key(SECOND) == ("", "")
        with pytest.raises(StorageError, match="RuntimeError") as caught:
            store_key(SECOND, "very-secret")
    assert "very-secret" not in caplog.text + str(caught.value) + repr(caught.value.__cause__)


@pytest.mark.parametrize("key", ["a\x00b", "schlüssel", "x" * 5000, "two\nlines"])
def test_that_what_cannot_be_sent_is_no_key(key: str, ring: Ring) -> None:
    with pytest.raises(StorageError, match="no key"):
        store_key(SECOND, key)
    assert ring.held == {}


def test_that_no_key_reaches_the_file_or_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_KEY", "very-secret")
    settings = change_settings(server=SECOND, profiles=(SECOND,))
    assert settings.server.api_key == "very-secret"
    assert "very-secret" not in settings_file().read_text("utf-8")
    assert "very-secret" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_that_an_api_key_in_the_file_is_refused() -> None:
    write('[server]\napi_key = "secret"\n')
    with pytest.raises(UserError, match=r"server\.api_key"):
        load_settings()


def test_every_setting_is_a_preference_or_has_its_place_elsewhere():
    named = {row.field.split(".")[0] for row in PREFERENCES}
    assert named.isdisjoint(ELSEWHERE)
    assert named | set(ELSEWHERE) == set(Settings.model_fields)


def test_the_choices_of_the_preferences_are_what_settings_take():
    for row in PREFERENCES:
        for value, _ in row.choices:
            assert getattr(Settings.model_validate({row.field: value}), row.field) == value
    for row in (row for row in PREFERENCES if row.kind is Kind.NUMBER):
        for end in (row.low, row.high):
            Settings.model_validate({row.field: type(getattr(Settings(), row.field))(end / row.times)})


def test_a_window_preset_keeps_a_readers_numbers_and_refuses_what_shows_nothing():
    assert (Settings().preset("liver").width, Settings().preset("liver").level) == (150, 30)
    own = Settings(presets={"liver": (160, 90)})
    assert (own.preset("liver").width, own.preset("liver").level) == (160, 90)
    assert own.preset("lung") == Settings().preset("lung")
    for faulty in ({"liver": (0, 40)}, {"liver": (100, 1e6)}, {"no such": (100, 40)}):
        with pytest.raises(ValueError, match="window"):
            Settings(presets=faulty)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('theme = "neon"', "bad value for theme"),
        ("not toml [[[", "not valid TOML"),
        ("[of_2030]\nx = 1", "does not know: of_2030. Delete it, or update the program"),
        ('[server]\nsmell = "none"', "does not know: server.smell"),
    ],
)
def test_that_a_settings_file_that_cannot_be_used_is_named_with_its_fault_and_left_alone(text: str, said: str) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text(text, "utf-8")
    with pytest.raises(UserError) as error:
        change_settings(font_scale=1.25)
    assert said in str(error.value)
    assert settings_file().read_text("utf-8") == text
