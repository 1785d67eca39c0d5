"""Choosing the critic and its server: a draft of the settings, tried out before it is used. Layer: viewmodels."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from psygnal import Signal
from pydantic import ValidationError

from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.core.hosts import host_of, is_this_machine
from labelcritic_gui.critic.checkup import Check
from labelcritic_gui.critic.parsing import plain_text
from labelcritic_gui.services.servers import (
    WHAT_IS_NOT,
    WHAT_IS_SENT,
    check_server,
    host_to_agree,
    move_key,
)
from labelcritic_gui.settings import LvlmSettings, ServerSettings, find_key, store_key
from labelcritic_gui.translation import N_, tr
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner

if TYPE_CHECKING:
    from labelcritic_gui.viewmodels.station import Station

__all__ = ["WHAT_IS_NOT", "WHAT_IS_SENT", "Check", "ServerEditor", "consent_words", "edit_servers"]

NEW_NAME = "server"
NO_NAME = N_("A name has at most 60 characters, no slash, and no space around it.")


def consent_words(host: str) -> str:
    """Say what would be sent to a host, and what not."""
    shown = plain_text(host, 80)
    return tr("{shown} is not this machine. {upper}{what_is_sent} go there, but {what_is_not}.").format(
        shown=shown, upper=WHAT_IS_SENT[:1].upper(), what_is_sent=WHAT_IS_SENT[1:], what_is_not=WHAT_IS_NOT
    )


@dataclass(slots=True)
class _Entry:
    """A server as it is being edited, and as it was; None for a new one."""

    now: ServerSettings
    was: ServerSettings | None


class ServerEditor:
    """What the dialog follows. GUI thread only; nothing is kept before `use`, save for keys and the consent."""

    changed: ClassVar[Signal] = Signal()

    def __init__(self, station: "Station", runner: Runner) -> None:
        self._station = station
        self._runner = runner
        settings = station.settings
        self.critic: str = settings.critic if station.calls is None else _critic_of(station)
        self.lvlm: LvlmSettings = settings.lvlm
        self._entries = [_Entry(server, server) for server in settings.servers]
        named = [entry.now.name for entry in self._entries]
        self.chosen = named.index(settings.server.name)
        self.problem = ""
        self.key_words = ""
        self.job: Job | None = None
        self.results: tuple[Check, ...] = ()
        self.said: Message | None = None
        station.settings_changed.connect(self._settings_changed)
        self._ask_for_key()

    def close(self) -> None:
        """Stop a test that is under way, and follow nobody any more."""
        self.cancel()
        self._station.settings_changed.disconnect(self._settings_changed)

    # --- what is shown -----------------------------------------------------------------------------------------

    @property
    def server(self) -> ServerSettings:
        """The chosen server as it is being edited."""
        return self._entries[self.chosen].now

    @property
    def titles(self) -> tuple[str, ...]:
        """What the servers are called."""
        return tuple(entry.now.title for entry in self._entries)

    @property
    def asks(self) -> bool:
        """Say whether the chosen critic asks a server."""
        return self.critic == "lvlm"

    @property
    def host(self) -> str:
        """The host that pictures would go to, where that is not this machine; else empty."""
        host = host_of(self.server.url)
        return "" if not host or is_this_machine(host) else host

    @property
    def host_to_agree(self) -> str:
        """The host that the person has not agreed to yet; else empty."""
        return host_to_agree(self._station.settings, self.server.url)

    @property
    def where(self) -> str:
        """Say where pictures go."""
        if not self.asks:
            return tr("The anatomy critic measures here: nothing leaves this machine.")
        if not host_of(self.server.url):
            return tr("A server address looks like {url}.").format(url=ServerSettings().url)
        if not self.host:
            return tr("The server is this machine: nothing leaves it.")
        if self.host_to_agree:
            return tr("{consent_words} You have not agreed to that yet.").format(consent_words=consent_words(self.host))
        return tr("{consent_words} You agreed to that.").format(consent_words=consent_words(self.host))

    @property
    def fault(self) -> str:
        """Why the draft cannot be used; empty where it can."""
        if self.problem:
            return self.problem
        names = [entry.now.name.casefold() for entry in self._entries if entry.now.name]
        if len(set(names)) < len(names):
            return tr("Two servers have the same name.")
        if self.asks and not host_of(self.server.url):
            return tr("A server address looks like {url}.").format(url=ServerSettings().url)
        return ""

    # --- editing -----------------------------------------------------------------------------------------------

    def set_critic(self, critic: str) -> None:
        """Choose who advises: "anatomy" or "lvlm"."""
        self.critic = critic
        self.changed.emit()

    def choose(self, place: int) -> None:
        """Choose a server."""
        if place != self.chosen and 0 <= place < len(self._entries):
            self.chosen = place
            self._other_server()

    def add(self) -> None:
        """Add a server like the chosen one, under a name of its own, and choose it."""
        taken = {entry.now.name.casefold() for entry in self._entries}
        name = next(n for n in map(_numbered, range(1, len(taken) + 2)) if n not in taken)
        self._entries.append(_Entry(self.server.model_copy(update={"name": name}), None))
        self.chosen = len(self._entries) - 1
        self._other_server()

    def remove(self) -> None:
        """Forget the chosen server; one is always left."""
        if len(self._entries) > 1:
            del self._entries[self.chosen]
            self.chosen = min(self.chosen, len(self._entries) - 1)
            self._other_server()

    def set_server(self, **fields: Any) -> None:
        """Change the chosen server; what cannot be taken is said in `problem`."""
        entry = self._entries[self.chosen]
        try:
            entry.now = ServerSettings.model_validate({**entry.now.model_dump(), **fields})
            self.problem = ""
        except ValidationError as error:
            first = error.errors()[0]
            self.problem = tr(NO_NAME) if first["loc"][:1] == ("name",) else f"{first['loc'][0]}: {first['msg']}."
        if {"url", "model"} & set(fields):
            self.results = ()
        if {"url", "name"} & set(fields):
            self._ask_for_key()
        self.changed.emit()

    def set_asking(self, **fields: Any) -> None:
        """Change how the LVLM critic asks; at least one view stays chosen."""
        with suppress(ValidationError):
            self.lvlm = LvlmSettings.model_validate({**self.lvlm.model_dump(), **fields})
        self.changed.emit()

    def _other_server(self) -> None:
        self.cancel()
        self.problem, self.results, self.said = "", (), None
        self._ask_for_key()
        self.changed.emit()

    # --- key ---------------------------------------------------------------------------------------------------

    def _ask_for_key(self) -> None:
        server = self.server
        self._runner.run(Lane.NET, lambda: find_key(server)[1], self._key_found, key="server-key")

    def _key_found(self, source: str) -> None:
        self.key_words = (
            tr("A key comes from {source}.").format(source=source)
            if source
            else tr("There is no key; most servers need none.")
        )
        self.changed.emit()

    def store_key(self, key: str) -> None:
        """Keep a key in the system's keyring; an empty one is forgotten."""
        server = self.server
        self._runner.run(Lane.NET, lambda: store_key(server, key), self._key_stored, on_error=self._failed)

    def _key_stored(self, _: None) -> None:
        self.said = None
        self._ask_for_key()

    # --- trying out --------------------------------------------------------------------------------------------

    def test(self) -> None:
        """Try the chosen server out with grey squares; `results` tell how it went."""
        if self.job is not None or self.fault or not host_of(self.server.url):
            return
        server = self.server
        settings = self._station.settings.model_copy(update={"lvlm": self.lvlm})
        job = self.job = Job(tr("Testing the connection"))
        self.results, self.said = (), None
        self.changed.emit()

        def tested(found: list[Check]) -> None:
            if self.job is job:
                self.job, self.results = None, tuple(found)
                self.changed.emit()

        def failed(error: BaseException) -> None:
            if self.job is job:
                self.job = None
                self._failed(error)

        self._runner.run(Lane.NET, lambda: check_server(server, settings, job, job), tested, on_error=failed)

    def cancel(self) -> None:
        """Ask a test to stop."""
        if self.job is not None:
            self.job.cancel()
            self.job = None
            self.changed.emit()

    # --- consent and use ---------------------------------------------------------------------------------------

    def change_consent(self) -> None:
        """Agree that pictures go to the chosen server's host, or take that back."""
        if self.host_to_agree:
            self._station.agree(self.host_to_agree)
        elif self.host:
            self._station.withdraw(self.host)

    @property
    def consent_offer(self) -> str:
        """What `change_consent` would do, as the words of a button; empty where there is nothing to agree to."""
        if not (self.asks and self.host):
            return ""
        shown = plain_text(self.host, 80)
        return (
            tr("Agree to send to {shown}").format(shown=shown)
            if self.host_to_agree
            else tr("No longer send to {shown}").format(shown=shown)
        )

    def use(self) -> None:
        """Take the draft over: the open review is read on with it."""
        if self.fault:
            return
        entries = tuple(self._entries)

        def renamed() -> None:
            for entry in entries:
                if entry.was is not None:
                    move_key(entry.was, entry.now)

        self._station.change_critic(
            self.critic,
            self.server.model_dump(),
            before=renamed,
            profiles=tuple(entry.now.model_dump() for entry in entries if entry.now.name),
            lvlm=self.lvlm,
        )

    def _settings_changed(self) -> None:
        self.changed.emit()

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, UserError):
            raise error
        self.said = Message(error.message, error.hint) if isinstance(error, CancelledError) else of_error(error)
        self.changed.emit()


def _critic_of(station: "Station") -> str:
    assert station.calls is not None
    return "lvlm" if station.calls.critic_lane is Lane.NET else "anatomy"


def _numbered(number: int) -> str:
    return NEW_NAME if number == 1 else f"{NEW_NAME} {number}"


def edit_servers(station: "Station", runner: Runner) -> ServerEditor:
    """Return an editor of the critic and its servers."""
    return ServerEditor(station, runner)
