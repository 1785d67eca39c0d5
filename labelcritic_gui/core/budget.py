"""A store that holds as much as fits a budget of bytes; the least recently used goes first. Layer: core."""

import sys
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(eq=False)
class BudgetStore(Generic[K, V]):
    """Keeps at most `most` values, up to `capacity` bytes. Not for several threads at once.

    `arrays_of` names the arrays that make up a value; one that several values share is counted once. The value put
    last is kept even when it alone is larger than the capacity: it is in use anyway.
    """

    capacity: int
    arrays_of: Callable[[V], Iterable[NDArray[Any]]]
    most: int = sys.maxsize
    _kept: OrderedDict[K, V] = field(default_factory=OrderedDict)
    _sizes: dict[K, dict[int, int]] = field(default_factory=dict)
    _users: dict[int, int] = field(default_factory=dict)
    _held: int = 0

    @property
    def held(self) -> int:
        """How many bytes are kept."""
        return self._held

    @property
    def full(self) -> bool:
        """Say whether the budget is used up, or overdrawn by what could not be dropped."""
        return self._held >= self.capacity

    def __len__(self) -> int:
        """Return how many values are kept."""
        return len(self._kept)

    def __contains__(self, key: object) -> bool:
        """Say whether a value is kept; this is no use of it."""
        return key in self._kept

    def __iter__(self) -> Iterator[K]:
        """Go through the keys from the least to the most recently used."""
        return iter(self._kept)

    def get(self, key: K) -> V | None:
        """Return a value, which is thereby the one used last; None when it is not kept."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def put(self, key: K, value: V, *, spare: Collection[K] = ()) -> None:
        """Keep a value as the one used last, and drop others until the budget holds, but none of `spare`."""
        self.drop(key)
        self._kept[key] = value
        self._sizes[key] = {id(base): base.nbytes for base in map(_base, self.arrays_of(value))}
        for number, size in self._sizes[key].items():
            if number not in self._users:
                self._held += size
            self._users[number] = self._users.get(number, 0) + 1
        for victim in [k for k in self._kept if k != key and k not in spare]:
            if self._held <= self.capacity and len(self._kept) <= self.most:
                break
            self.drop(victim)

    def held_by(self, keys: Iterable[K]) -> int:
        """Return how many bytes some values take together; an array that they share is counted once."""
        sizes: dict[int, int] = {}
        for key in keys:
            sizes |= self._sizes.get(key, {})
        return sum(sizes.values())

    def make_room(self, size: int, *, spare: Collection[K] = ()) -> None:
        """Drop the least recently used until so many more bytes fit, or nothing is left but `spare`."""
        for victim in [key for key in self._kept if key not in spare]:
            if self._held + size <= self.capacity:
                break
            self.drop(victim)

    def drop(self, key: K) -> None:
        """Let go of a value, if it is kept."""
        if key not in self._kept:
            return
        del self._kept[key]
        for number, size in self._sizes.pop(key).items():
            self._users[number] -= 1
            if not self._users[number]:
                del self._users[number]
                self._held -= size

    def clear(self) -> None:
        """Let go of everything."""
        for key in list(self._kept):
            self.drop(key)


def _base(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array whose memory a view looks at."""
    while isinstance(array.base, type(array)):
        array = array.base
    return array
