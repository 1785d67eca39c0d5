"""The keys in force: changed one by one, kept in the key file, told to whoever shows or binds them. Layer: ui."""

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

from psygnal import Signal

from labelcritic_gui.ui.commands import BY_ID
from labelcritic_gui.ui.keymap import Keys, clashing, default_keys, is_key, normal


class KeysInForce(Mapping[str, tuple[str, ...]]):
    """Command ids with their keys. `store` is given what differs from the defaults after every change."""

    changed: ClassVar[Signal] = Signal()

    def __init__(self, keys: Keys, store: Callable[[dict[str, tuple[str, ...]]], None]) -> None:
        self._keys: dict[str, tuple[str, ...]] = dict(keys)
        self._store = store

    def __getitem__(self, command: str) -> tuple[str, ...]:
        return self._keys[command]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def overrides(self) -> dict[str, tuple[str, ...]]:
        """What differs from the keys of the command table."""
        usual = default_keys()
        return {command: keys for command, keys in self._keys.items() if keys != usual[command]}

    def owners(self, command: str, key: str) -> tuple[str, ...]:
        """Return the other commands that have a key on a screen where this command has keys too."""
        return clashing(self._keys, command, key)

    def assign(self, command: str, key: str, *, instead: str = "") -> None:
        """Give a command a key, in the place of another of its keys or beside them; whoever has it loses it.

        Ask `owners` first. Raises ValueError for what is no key.
        """
        if not is_key(key):
            raise ValueError(f"no key is called {key!r}")
        key = normal(key)
        for owner in self.owners(command, key):
            self._keys[owner] = _without(self._keys[owner], key)
        mine = self._keys[command]
        replaced = tuple(key if one == instead else one for one in mine)
        mine = replaced if instead in mine else (*mine, key)
        self._keys[command] = tuple(dict.fromkeys(normal(one) for one in mine))
        self._tell()

    def take_away(self, command: str, key: str) -> None:
        """Take a key from a command."""
        self._keys[command] = _without(self._keys[command], key)
        self._tell()

    def reset(self, command: str) -> None:
        """Give a command the keys of the table again; whoever was given one of them loses it."""
        usual = BY_ID[command].keys
        for key in usual:
            for owner in self.owners(command, key):
                self._keys[owner] = _without(self._keys[owner], key)
        self._keys[command] = usual
        self._tell()

    def reset_all(self) -> None:
        """Give every command the keys of the table again."""
        self._keys = default_keys()
        self._tell()

    def _tell(self) -> None:
        self._store(self.overrides)
        self.changed.emit()


def _without(keys: tuple[str, ...], key: str) -> tuple[str, ...]:
    return tuple(one for one in keys if normal(one) != normal(key))
