"""Consent: nothing of a patient goes to another machine before the person agreed to that machine."""

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.errors import CriticError, UserError
from labelcritic_gui.critic.client import Client
from labelcritic_gui.services.servers import (
    ConsentError,
    agree,
    connection,
    host_to_agree,
    require_consent,
    withdraw,
)
from labelcritic_gui.settings import ServerSettings, Settings, change_settings, load_settings

FAR = "https://gpu.example:8443/v1"


def test_that_this_machine_needs_no_consent() -> None:
    for url in ("http://127.0.0.1:8000/v1", "http://localhost", "http://[::1]:9"):
        require_consent(Settings(), url)


def test_that_another_machine_is_named_with_what_would_be_sent_and_how_to_agree() -> None:
    with pytest.raises(ConsentError) as caught:
        require_consent(Settings(), FAR)
    said = str(caught.value)
    for part in (
        "gpu.example",
        "projected pictures of the CT with the labels drawn on them, and the name of the structure",
        "no names of persons or files, no dates, no paths",
        "--allow gpu.example",
    ):
        assert part in said


def test_that_consent_is_kept_for_that_host_alone_whatever_the_port() -> None:
    assert agree("GPU.example").consented == ("gpu.example",)
    assert agree("gpu.example").consented == ("gpu.example",)
    settings = load_settings()
    require_consent(settings, FAR)
    require_consent(settings, "http://GPU.EXAMPLE/v1")
    assert host_to_agree(settings, "http://gpu.example.org") == "gpu.example.org"
    assert withdraw("gpu.example").consented == ()
    assert host_to_agree(load_settings(), FAR) == "gpu.example"


@pytest.mark.parametrize("host", ["", " ", "http://gpu", "gpu:8000", "a/b", "me@gpu", "a b?c", "a#b"])
def test_that_only_a_host_can_be_agreed_to(host: str) -> None:
    with pytest.raises(UserError, match="no host"):
        agree(host)
    assert load_settings().consented == ()


def test_that_an_address_of_six_can_be_agreed_to() -> None:
    settings = agree("fd00::1")
    require_consent(settings, "http://[fd00::1]:8000")


def test_that_a_connection_for_pictures_refuses_every_question_without_consent() -> None:
    server = ServerSettings(url="http://gpu.invalid:1/v1")
    client = Client(connection(server, Settings(server=server)))
    with pytest.raises(CriticError, match=r"Nothing was sent to gpu\.invalid"):
        client.identity(NeverCancel())
    assert not connection(server).withheld
    settings = change_settings(server=server, consented=("gpu.invalid",))
    assert not connection(server, settings).withheld


def test_that_a_connection_is_told_all_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_KEY", "very-secret")
    told = connection(
        ServerSettings(name="g", url=FAR, model="m", key_variable="GPU_KEY", max_in_flight=3, timeout_s=4, patience_s=5)
    )
    assert (told.url, told.model, told.api_key) == (FAR, "m", "very-secret")
    assert (told.max_in_flight, told.timeout_s, told.patience_s) == (3, 4, 5)
    assert "very-secret" not in repr(told)
