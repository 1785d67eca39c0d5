"""Where the LVLM critic asks, and how patiently. Layer: critic."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.core.hosts import is_this_machine
from labelcritic_gui.critic.parsing import plain_text


@dataclass(frozen=True, slots=True)
class LvlmServer:
    """Where the LVLM critic asks. `url` may end in /v1 or not; an empty `model` means the only one served.

    Times in seconds. At most `max_in_flight` requests are under way at once, whoever asks. One request may take
    `timeout_s` from its first byte to its answer's last. It is tried up to `attempts` times, with pauses that grow
    from `pause_s` to `longest_pause_s`. When the server is gone, questions wait for it for `patience_s` (0: they fail
    at once). `withheld` says why nothing may be sent there, as when the person has not agreed to it; then every
    question is refused with it.
    """

    url: str
    model: str = ""
    api_key: str = field(default="EMPTY", repr=False, kw_only=True)
    timeout_s: float = field(default=120.0, kw_only=True)
    max_in_flight: int = field(default=8, kw_only=True)
    attempts: int = field(default=5, kw_only=True)
    pause_s: float = field(default=0.5, kw_only=True)
    longest_pause_s: float = field(default=8.0, kw_only=True)
    patience_s: float = field(default=0.0, kw_only=True)
    withheld: str = field(default="", kw_only=True)

    @property
    def root(self) -> str:
        """The server's address without /v1; raises CriticError when it is no http address."""
        try:
            parts = urlsplit(self.url.strip())
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable or parts.query or parts.fragment or "@" in parts.netloc:
            raise CriticError(
                f"{plain_text(self.url, 80)!r} is no server address.", "Write it like http://127.0.0.1:8000/v1."
            )
        path = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
        return f"{parts.scheme}://{parts.netloc}{path}"

    @property
    def host(self) -> str:
        """The machine's name."""
        return urlsplit(self.root).hostname or ""

    @property
    def is_this_machine(self) -> bool:
        """Say whether what is sent stays on this machine."""
        return is_this_machine(self.host)
