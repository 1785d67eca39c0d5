"""What a person may set, as sparse overrides in one TOML file; secrets are never stored here. Layer: settings."""

import os
import tempfile
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from labelcritic_gui.core.errors import StorageError, UserError
from labelcritic_gui.paths import config_dir

RECENT_REVIEWS = 8
BUDGET_SHARE = 8
"""Without a wish of the reader's, pictures held ready may take one part in so many of the machine's memory."""
SMALLEST_BUDGET_MB, LARGEST_BUDGET_MB = 128, 2048
USUAL_MEMORY_MB = 4096
"""Taken where the machine does not say how much memory it has."""


class ServerSettings(BaseModel):
    """The OpenAI-compatible server of the LVLM critic; the key comes from the environment variable `key_variable`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = "http://127.0.0.1:8000/v1"
    model: str = ""
    key_variable: str = "LABELCRITIC_API_KEY"
    max_in_flight: int = Field(default=8, ge=1, le=256)
    timeout_s: float = Field(default=120.0, gt=0, le=3600)

    @property
    def api_key(self) -> str:
        """The key to send; vLLM without a key accepts any word."""
        return os.environ.get(self.key_variable, "") or "EMPTY"


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
    lvlm: LvlmSettings = Field(default_factory=LvlmSettings)
    memory_budget_mb: int = Field(default=0, ge=0, le=2**20)
    """What may be held ready in memory, in MB of 2**20 bytes; 0 derives it from the machine's memory."""

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
        field = ".".join(str(part) for part in first["loc"])
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
