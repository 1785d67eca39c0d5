"""Default and user keys, and the conflicts between them. Layer: ui.

A person's keys are in `keys.toml` in the configuration folder, one line a command: `"decide.edit" = ["Q"]`.
"""

import os
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from PySide6.QtGui import QKeySequence

from labelcritic_gui.core.errors import StorageError, UserError
from labelcritic_gui.paths import config_dir
from labelcritic_gui.ui.commands import BY_ID, COMMANDS
from labelcritic_gui.viewmodels.screens import ScreenMode

Keys = Mapping[str, tuple[str, ...]]


def keys_file() -> Path:
    """Return where a person's keys are kept."""
    return config_dir() / "keys.toml"


def default_keys() -> dict[str, tuple[str, ...]]:
    """Return the keys of the command table."""
    return {command.id: command.keys for command in COMMANDS}


def load_keys(file: Path | None = None) -> dict[str, tuple[str, ...]]:
    """Return the keys in force; raises UserError naming the line's fault: unknown command, no key, or a conflict."""
    where = file or keys_file()
    keys = default_keys()
    if not where.is_file():
        return keys
    try:
        overrides = tomllib.loads(where.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UserError(f"The key file {where} cannot be read: {error}.", "Correct or delete it.") from error
    for name, wanted in overrides.items():
        listed = [wanted] if isinstance(wanted, str) else wanted
        if name not in BY_ID:
            raise UserError(f"The key file {where} names no command: {name}.", "F1 lists the commands.")
        if not isinstance(listed, list) or not all(isinstance(key, str) and is_key(key) for key in listed):
            raise UserError(f"The key file {where} has no valid key for {name}: {wanted}.", 'Write it like ["Q"].')
        keys[name] = tuple(listed)
    clashes = conflicts(keys)
    if clashes:
        key, owners = clashes[0]
        raise UserError(f"The key file {where} gives {key} to {' and '.join(owners)}.", "Give one of them another key.")
    return keys


def is_key(text: str) -> bool:
    """Say whether Qt knows a key of this name."""
    sequence = QKeySequence.fromString(text, QKeySequence.SequenceFormat.PortableText)
    return sequence.count() == 1 and bool(sequence.toString())


def conflicts(keys: Keys) -> list[tuple[str, tuple[str, ...]]]:
    """Return every key that more than one command has on one screen, with the commands."""
    found: dict[tuple[str, tuple[str, ...]], None] = {}
    for mode in ScreenMode:
        owners: dict[str, list[str]] = {}
        for command, listed in keys.items():
            if BY_ID[command].acts_on(mode):
                for key in listed:
                    owners.setdefault(normal(key), []).append(command)
        found |= {(key, tuple(having)): None for key, having in owners.items() if len(having) > 1}
    return list(found)


def clashing(keys: Keys, command: str, key: str) -> tuple[str, ...]:
    """Return the other commands that have this key on a screen where this command's keys act too."""
    wanted = normal(key)
    screens = [mode for mode in ScreenMode if BY_ID[command].acts_on(mode)]
    return tuple(
        other
        for other, listed in keys.items()
        if other != command
        and any(BY_ID[other].acts_on(mode) for mode in screens)
        and wanted in {normal(one) for one in listed}
    )


def write_keys(overrides: Keys, file: Path | None = None) -> None:
    """Keep what differs from the defaults, whole or not at all; raises StorageError."""
    import tomli_w

    where = file or keys_file()
    try:
        where.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("wb", dir=where.parent, prefix=".keys", delete=False) as stream:
            tomli_w.dump({command: list(listed) for command, listed in overrides.items()}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        Path(stream.name).replace(where)
    except OSError as error:
        raise StorageError(f"The keys could not be written to {where}: {error.strerror}.") from error


def normal(key: str) -> str:
    """Return a key in Qt's portable spelling, the same for every way to write it."""
    return QKeySequence.fromString(key, QKeySequence.SequenceFormat.PortableText).toString(
        QKeySequence.SequenceFormat.PortableText
    )


_SYMBOLS = {
    "Return": "↵",
    "Enter": "↵",
    "Backspace": "⌫",
    "Down": "↓",
    "Up": "↑",
    "Left": "←",
    "Right": "→",
    "-": "−",
}


def shown(keys: Iterable[str]) -> str:
    """Return the key a button or menu shows: the first one, as a symbol where there is a familiar one."""
    first = next(iter(keys), "")
    if first in _SYMBOLS:
        return _SYMBOLS[first]
    held, plus, last = first.rpartition("+")
    if plus and last in _SYMBOLS and last != "-":
        return f"{held}+{_SYMBOLS[last]}"
    return QKeySequence.fromString(first).toString(QKeySequence.SequenceFormat.NativeText) if first else ""
