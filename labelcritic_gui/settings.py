"""What a person may set, as sparse overrides in one TOML file; secrets are never stored here. Layer: settings."""

import logging
import os
import tempfile
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from labelcritic_gui.core.errors import StorageError, UserError
from labelcritic_gui.core.hosts import host_of
from labelcritic_gui.paths import config_dir

RECENT_REVIEWS = 8
BUDGET_SHARE = 8
"""Without a wish of the reader's, pictures held ready may take one part in so many of the machine's memory."""
SMALLEST_BUDGET_MB, LARGEST_BUDGET_MB = 128, 2048
USUAL_MEMORY_MB = 4096
"""Taken where the machine does not say how much memory it has."""
KEYRING_SERVICE = "labelcritic"
NO_KEY = "EMPTY"
"""Sent where there is no key."""
LONGEST_KEY = 4096
_LOG = logging.getLogger(__name__)


class ServerSettings(BaseModel):
    """An OpenAI-compatible server of the LVLM critic; as a profile it has a name.

    The key comes from the environment variable `key_variable`, else from the system's keyring; it is never stored
    here. `timeout_s` is how long one question may take, `patience_s` how long questions wait for a server that is
    gone (0: they fail at once).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="", max_length=60, pattern=r"^([^\s/]([^\x00-\x1f\x7f/]*[^\s/])?)?$")
    url: str = "http://127.0.0.1:8000/v1"
    model: str = ""
    key_variable: str = Field(default="LABELCRITIC_API_KEY", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    max_in_flight: int = Field(default=8, ge=1, le=256)
    timeout_s: float = Field(default=120.0, gt=0, le=3600)
    patience_s: float = Field(default=300.0, ge=0, le=7 * 24 * 3600)

    @property
    def title(self) -> str:
        """What the server is called: its profile's name, else its address."""
        return self.name or self.url

    @property
    def host(self) -> str:
        """The machine that the address names; empty for no address."""
        return host_of(self.url)

    @property
    def api_key(self) -> str:
        """The key to send; vLLM without a key accepts any word. May ask the keyring, which can take a moment."""
        return find_key(self)[0] or NO_KEY


class ServeSettings(BaseModel):
    """How `vllm serve` is started on this machine.

    `vllm` is the program, its environment's folder, or empty for what is on PATH; 0 `gpus` are as few as are documented
    for the model; `extra` are further arguments.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    vllm: str = ""
    model: str = ""
    gpus: int = Field(default=0, ge=0, le=16)
    port: int = Field(default=8000, ge=1024, le=65535)
    extra: tuple[str, ...] = ()


class LvlmSettings(BaseModel):
    """How the LVLM critic asks.

    `views` are shown side by side in one picture a candidate; `shots` is how many examples of other cases come first,
    from this review's decisions or from `examples_folder` (FOLDER/STRUCTURE/good/*.png and bad/*.png). `region` asks
    once a case what is in view; `quality` asks for a score of every candidate; `reasons` asks for words in a further
    call.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    views: tuple[Literal["frontal", "lateral", "slice"], ...] = Field(default=("frontal",), min_length=1, max_length=3)
    shots: int = Field(default=0, ge=0, le=10)
    examples_folder: str = ""
    region: bool = True
    quality: bool = False
    reasons: bool = False


class Settings(BaseModel):
    """All settings with their defaults; frozen, changed through `change_settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reader: str = ""
    notice_accepted: bool = False
    recent: tuple[str, ...] = ()
    theme: Literal["dark", "light"] = "dark"
    font_scale: float = Field(default=1.0, ge=0.7, le=2.5)
    projection: Literal["bone", "organs", "skeleton"] = "bone"
    overlay_style: Literal["fill", "outline", "both"] = "both"
    overlay_opacity: float = Field(default=0.45, ge=0.05, le=1.0)
    critic: Literal["anatomy", "lvlm"] = "anatomy"
    server: ServerSettings = Field(default_factory=ServerSettings)
    """The server in use; a copy of the profile of its name, where it has one."""
    profiles: tuple[ServerSettings, ...] = ()
    consented: tuple[str, ...] = ()
    """Hosts other than this machine that the person agreed to send pictures to."""
    served: ServeSettings = Field(default_factory=ServeSettings)
    lvlm: LvlmSettings = Field(default_factory=LvlmSettings)
    memory_budget_mb: int = Field(default=0, ge=0, le=2**20)
    """What may be held ready in memory, in MB of 2**20 bytes; 0 derives it from the machine's memory."""

    @model_validator(mode="after")
    def _distinct_profiles(self) -> "Settings":
        known = [profile.name.casefold() for profile in self.profiles]
        if "" in known:
            raise ValueError("every server profile needs a name")
        twice = next((p.name for p in self.profiles if known.count(p.name.casefold()) > 1), None)
        if twice is not None:
            raise ValueError(f"two server profiles are called {twice!r}")
        return self

    @property
    def servers(self) -> tuple[ServerSettings, ...]:
        """Every server that can be chosen: the profiles, and the one in use where it is none of them."""
        now = self.server.name
        if now not in {profile.name for profile in self.profiles}:
            return (self.server, *self.profiles)
        return tuple(self.server if profile.name == now else profile for profile in self.profiles)

    @property
    def memory_budget(self) -> int:
        """How many bytes may be held ready in memory: what the reader set, or a share of this machine's."""
        return (self.memory_budget_mb or derived_budget_mb(machine_memory_mb())) * 2**20


def derived_budget_mb(memory_mb: int | None) -> int:
    """Return the memory budget for a machine with so much memory (None: unknown), in MB."""
    return min(LARGEST_BUDGET_MB, max(SMALLEST_BUDGET_MB, (memory_mb or USUAL_MEMORY_MB) // BUDGET_SHARE))


def machine_memory_mb() -> int | None:
    """Return how much memory this machine, or the container it plays, has, in MB; None where it does not say."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return None
    with suppress(OSError, ValueError):  # no container, or "max"
        found = min(found, int(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
    return found // 2**20


def settings_file() -> Path:
    """Return where the overrides are kept."""
    return config_dir() / "settings.toml"


def load_settings() -> Settings:
    """Read the overrides over the defaults; a broken file is a UserError naming the field, never silently empty."""
    file = settings_file()
    try:
        return Settings.model_validate(_read(file))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"The settings file {file} is not valid TOML: {error}.", "Correct or delete it.") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "profiles"
        raise UserError(
            f"The settings file {file} has a bad value for {field}: {first['msg']}.", "Correct it."
        ) from error


def change_settings(**changes: Any) -> Settings:
    """Store changes (only what differs from the defaults is written) and return the new settings."""
    merged = {**load_settings().model_dump(), **{name: _plain(value) for name, value in changes.items()}}
    settings = Settings.model_validate(merged)
    _write(settings_file(), settings.model_dump(mode="json", exclude_defaults=True))
    return settings


def remember_review(folder: Path) -> Settings:
    """Put a review at the head of the recent ones."""
    here = str(folder.resolve())
    recent = (here, *(r for r in load_settings().recent if r != here))[:RECENT_REVIEWS]
    return change_settings(recent=recent)


def server_named(settings: Settings, text: str) -> ServerSettings:
    """Return the server that a person names: a profile's name, or an address; empty means the one in use.

    An address of a known server brings that server's model and key; for any other address only the time-outs and the
    number of questions at once are as usual, so that no key goes to somebody it was not meant for. Raises UserError
    for a name that no profile has.
    """
    wanted = text.strip()
    if not wanted:
        return settings.server
    for server in settings.servers:
        if server.name and server.name.casefold() == wanted.casefold():
            return server
    if "://" in wanted:
        known = (server for server in settings.servers if _same_address(server.url, wanted))
        usual = settings.server.model_dump(include={"max_in_flight", "timeout_s", "patience_s"})
        return next(known, None) or ServerSettings(url=wanted, **usual)
    names = ", ".join(server.name for server in settings.servers if server.name) or "none yet"
    raise UserError(
        f"There is no server profile {wanted!r}.", f"Known are: {names}. An address looks like {ServerSettings().url}."
    )


def _same_address(one: str, other: str) -> bool:
    return _bare(one) == _bare(other)


def _bare(address: str) -> str:
    return address.strip().rstrip("/").removesuffix("/v1").rstrip("/").lower()


# --- keys ------------------------------------------------------------------------------------------------------


def find_key(server: ServerSettings) -> tuple[str, str]:
    """Return a server's key and where it comes from, in words; both empty where there is none.

    The environment comes first. A keyring that is not installed, or that cannot be opened, holds no key.
    """
    found = os.environ.get(server.key_variable, "").strip()
    if found:
        return found, f"the environment variable {server.key_variable}"
    try:
        found = (_keyring().get_password(KEYRING_SERVICE, server.title) or "").strip()
    except ImportError:
        return "", ""
    except Exception as error:  # noqa: BLE001  (every system's keyring fails in its own way; without it there is no key)
        _LOG.warning("The keyring could not be asked: %s", type(error).__name__)
        return "", ""
    return (found, "the system's keyring") if found else ("", "")


def store_key(server: ServerSettings, key: str) -> None:
    """Keep a server's key in the system's keyring, or forget it when it is empty; raises StorageError."""
    key = key.strip()
    if not key.isascii() or not key.isprintable() or len(key) > LONGEST_KEY:
        raise StorageError("That is no key: it has characters that cannot be sent.", "Copy it again.")
    instead = f"Set the environment variable {server.key_variable} instead."
    try:
        ring = _keyring()
        if key:
            ring.set_password(KEYRING_SERVICE, server.title, key)
        elif ring.get_password(KEYRING_SERVICE, server.title) is not None:
            ring.delete_password(KEYRING_SERVICE, server.title)
    except ImportError as error:
        raise StorageError(
            "The key was not stored: the system's keyring is not supported by this installation.",
            f'Install it with: pip install "labelcritic[keyring]". Or: {instead}',
        ) from error
    except Exception as error:  # noqa: BLE001  (as above)
        # its message may quote what it was given
        raise StorageError(f"The key was not stored: the keyring failed ({type(error).__name__}).", instead) from None


def _keyring() -> Any:
    import keyring

    return keyring


# --- the file --------------------------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    return value.model_dump() if isinstance(value, BaseModel) else value


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    with file.open("rb") as stream:
        return tomllib.load(stream)


def _write(file: Path, overrides: dict[str, Any]) -> None:
    import tomli_w

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("wb", dir=file.parent, prefix=".settings", delete=False) as stream:
            tomli_w.dump(overrides, stream)
            stream.flush()
            os.fsync(stream.fileno())
        Path(stream.name).replace(file)
    except OSError as error:
        raise StorageError(f"The settings could not be written to {file}: {error.strerror}.") from error
