"""The settings file: sparse overrides in TOML, written whole or not at all. Layer: settings."""

import os
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from labelcritic_gui.core.errors import StorageError, UserError
from labelcritic_gui.paths import config_dir
from labelcritic_gui.settings.model import Settings

RECENT_REVIEWS = 8


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
        if first["type"] == "extra_forbidden":
            raise UserError(
                f"The settings file {file} has a setting that this program does not know: {field}.",
                "Delete it, or update the program if a newer one wrote it.",
            ) from error
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
