"""Servers that pictures may go to: profiles, the person's consent, and what the connection is told. Layer: services."""

from dataclasses import replace

from labelcritic_gui.core.cancel import Cancel, Progress, no_progress
from labelcritic_gui.core.errors import CriticError, UserError
from labelcritic_gui.core.hosts import host_of, is_this_machine
from labelcritic_gui.critic.address import LvlmServer
from labelcritic_gui.critic.checkup import Check, check_up
from labelcritic_gui.critic.client import Client
from labelcritic_gui.critic.parsing import plain_text
from labelcritic_gui.settings import ServerSettings, Settings, change_settings, find_key, load_settings, store_key

WHAT_IS_SENT = "projected pictures of the CT with the labels drawn on them, and the name of the structure"
WHAT_IS_NOT = "no names of persons or files, no dates, no paths"

LONGEST_TRIAL_S = 60.0
"""How long one question of a check may take: a server's first question may compile something."""
PAIR = 2


class ConsentError(CriticError):
    """Nothing was sent, because the person has not agreed to send pictures to this host."""

    def __init__(self, host: str, hint: str) -> None:
        super().__init__(
            f"Nothing was sent to {plain_text(host, 80)}, which is not this machine: {WHAT_IS_SENT} would go there "
            f"({WHAT_IS_NOT}), and you have not agreed to that yet.",
            hint,
        )
        self.host = host


def host_to_agree(settings: Settings, url: str) -> str:
    """Return the host that the person must agree to before pictures go there; empty when they may go.

    An address that names no host is refused by the connection itself; nothing can be agreed to.
    """
    host = host_of(url)
    return "" if not host or is_this_machine(host) or host in settings.consented else host


def require_consent(settings: Settings, url: str) -> None:
    """Raise ConsentError when pictures may not go to this address yet, saying what would be sent and how to agree."""
    host = host_to_agree(settings, url)
    if host:
        raise ConsentError(host, f"Agree once with: --allow {plain_text(host, 80)}")


def agree(host: str) -> Settings:
    """Store that pictures may go to a host; raises UserError for anything that is no host's name."""
    wanted = host.strip().lower()
    if not wanted or wanted not in (host_of(f"http://{wanted}"), host_of(f"http://[{wanted}]")):
        raise UserError(f"{plain_text(host, 80)!r} is no host.", "Give the name alone, such as gpu.example.org.")
    known = load_settings().consented
    return change_settings(consented=known if wanted in known else (*known, wanted))


def withdraw(host: str) -> Settings:
    """Store that pictures may no longer go to a host."""
    return change_settings(consented=tuple(h for h in load_settings().consented if h != host.strip().lower()))


def connection(server: ServerSettings, settings: Settings | None = None) -> LvlmServer:
    """Return what the client is told of a server, its key included; may ask the keyring.

    With `settings` pictures of patients may go there: without the person's consent to the host, every question is
    refused before it is sent.
    """
    host = host_to_agree(settings, server.url) if settings is not None else ""
    return LvlmServer(
        url=server.url,
        model=server.model,
        api_key=server.api_key,
        timeout_s=server.timeout_s,
        max_in_flight=server.max_in_flight,
        patience_s=server.patience_s,
        withheld=str(ConsentError(host, "Agree to it under Critic and server (Ctrl+L).")) if host else "",
    )


def check_server(
    server: ServerSettings, settings: Settings, cancel: Cancel, progress: Progress = no_progress
) -> list[Check]:
    """Try a server out with grey squares, as the settings would use it; needs no consent, as nothing else is sent."""
    told = replace(
        connection(server), timeout_s=min(server.timeout_s, LONGEST_TRIAL_S), attempts=2, pause_s=0.2, patience_s=0.0
    )
    lines = [_place(server, settings), _key(server)]
    client = Client(told)
    try:
        return lines + check_up(client, cancel, progress, need=PAIR + settings.lvlm.shots)
    finally:
        client.close()


def _place(server: ServerSettings, settings: Settings) -> Check:
    host = host_of(server.url)
    if is_this_machine(host) or not host:
        return Check("place", True, "The server is this machine: nothing leaves it.")
    agreed = "you agreed to that" if host in settings.consented else "you have not agreed to that yet"
    return Check("place", True, f"The server is {plain_text(host, 80)}, not this machine: pictures go there; {agreed}.")


def _key(server: ServerSettings) -> Check:
    _, source = find_key(server)
    return Check("key", True, f"A key comes from {source}." if source else "There is no key; most servers need none.")


def move_key(was: ServerSettings, now: ServerSettings) -> None:
    """Let a key in the keyring follow a server that got another name; raises StorageError when it could not.

    A key does not follow to another address, where it would be told to somebody it was not meant for, nor does it take
    the place of one that is there.
    """
    if was.title == now.title or was.url != now.url:
        return
    nowhere = "LABELCRITIC_NO_SUCH_KEY"  # ask the keyring alone
    key, _ = find_key(was.model_copy(update={"key_variable": nowhere}))
    if key and not find_key(now.model_copy(update={"key_variable": nowhere}))[0]:
        store_key(now, key)
        store_key(was, "")
