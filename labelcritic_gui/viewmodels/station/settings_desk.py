"""The settings as the window changes them: reader, critic, server, consent. Layer: viewmodels."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from psygnal import Signal

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.hosts import host_of, is_this_machine
from labelcritic_gui.settings import Settings, change_settings
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.station.jobs import Jobs
from labelcritic_gui.viewmodels.station.opener import ReviewOpener


class SettingsDesk(Jobs, ABC):
    """Keeps the settings and what was agreed to; an open review is opened anew where they concern it."""

    settings_changed: ClassVar[Signal] = Signal()

    def __init__(self, services: ReviewOpener, runner: Runner) -> None:
        super().__init__(runner)
        self._services = services
        self.settings: Settings = services.settings
        self.calls: ReviewCalls | None = None

    @property
    def needs_introduction(self) -> bool:
        """Say whether the reader's name or the consent to the notice is missing."""
        return not self.settings.reader or not self.settings.notice_accepted

    @property
    def remote_server(self) -> str:
        """The host that pictures are sent to, when the critic is a server that is not this machine; else empty."""
        asks = self.settings.critic == "lvlm" if self.calls is None else self.calls.critic_lane is Lane.NET
        if not asks:
            return ""
        host = host_of(self.settings.server.url)
        return "" if not host or is_this_machine(host) else host

    @property
    def host_to_agree(self) -> str:
        """The host that the open review's critic may not send pictures to before the person agreed; else empty."""
        host = "" if self.calls is None else self.remote_server
        return "" if host in self.settings.consented else host

    def change(self, **changes: Any) -> None:
        """Store settings and take them over."""
        self._runner.run(Lane.STORE, lambda: change_settings(**changes), self._take_settings, on_error=self._failed)

    def introduce(self, reader: str, then: Callable[[], None]) -> None:
        """Take the reader's name and the consent to the notice, then go on: a review is read under that name."""

        def introduced(settings: Settings) -> None:
            self._take_settings(settings)
            then()

        self._runner.run(
            Lane.STORE,
            lambda: change_settings(reader=reader.strip(), notice_accepted=True),
            introduced,
            on_error=self._failed,
        )

    def change_critic(
        self, critic: str, server: Mapping[str, Any], *, before: Callable[[], None] | None = None, **changes: Any
    ) -> None:
        """Choose the critic and its server, with other settings; the open review is opened anew with it.

        `before` is done first, on the same lane; where it fails, that is said, and the settings are changed all the
        same.
        """
        merged = {**self.settings.server.model_dump(), **server}
        calls = self.calls

        def store() -> tuple[Settings, UserError | None]:
            if calls is not None:
                calls.choose_critic(critic)
            problem = None
            try:
                if before is not None:
                    before()
            except UserError as error:
                problem = error
            return change_settings(critic=critic, server=merged, **changes), problem

        def stored(found: tuple[Settings, UserError | None]) -> None:
            self._take_critic(found[0])
            if found[1] is not None:
                self._failed(found[1])

        self._runner.run(Lane.STORE, store, stored, on_error=self._failed)

    def agree(self, host: str, then: Callable[[], None] | None = None) -> None:
        """Take the person's consent to send pictures to a host; an open review that waited for it is opened anew."""
        waited = self.host_to_agree == host
        self._change_consent(lambda servers: servers.agree(host), then, anew=waited)

    def withdraw(self, host: str) -> None:
        """Take the consent back: from now on nothing is sent there, and an open review is opened anew without."""
        sends = self.calls is not None and self.remote_server == host
        self._change_consent(lambda servers: servers.withdraw(host), None, anew=sends)

    def _change_consent(
        self, change: Callable[[ModuleType], Settings], then: Callable[[], None] | None, *, anew: bool
    ) -> None:
        def store() -> Settings:
            # here, not above: what asks servers is not needed to open a review
            from labelcritic_gui.services import servers

            return change(servers)

        def stored(settings: Settings) -> None:
            self._services = self._services.with_settings(settings)
            self._take_settings(settings)
            if anew and self.calls is not None:
                self._open(self.calls.folder, then)
            elif then is not None:
                then()

        self._runner.run(Lane.STORE, store, stored, on_error=self._failed)

    def _take_settings(self, settings: Settings) -> None:
        self.settings = settings
        self.settings_changed.emit()

    def _take_critic(self, settings: Settings) -> None:
        self._services = self._services.with_settings(settings)
        self._take_settings(settings)
        if self.calls is not None:
            self.open(self.calls.folder)

    def open(self, folder: Path) -> None:
        """Open a review folder; the one that is open is closed when that succeeded."""
        self._open(folder)

    @abstractmethod
    def _open(self, folder: Path, then: Callable[[], None] | None = None) -> None:
        """Open a review folder, then do something."""
