"""Hidden repeats: which of a reader's items come again, and when, to hold a reader against himself. Layer: core.

Which items come again follows from the review's seed, the reader's name and the item alone: it is the same after every
restart, it cannot be guessed without the seed, and a larger share only adds items. When each comes follows from the
reader's own events.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from labelcritic_gui.core.blinding import CHANGE
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.review import Choice, Event, EventKind, decision_from

LEAST_BETWEEN = 20
"""A repeat comes after at least so many words on other items, while there are other items."""
MOST_MORE = 20
"""And after up to so many more, so that nobody can count along."""
LEAST_AT_END = 3
"""When no other item is left: so many must do, or the item does not come again."""
MOST_SHARE = 0.5


def is_repeated(seed: str, reader: str, item: ItemId, share: float) -> bool:
    """Say whether an item comes again for a reader; of very many items, `share` (0..1) of them do."""
    return _number(seed, reader, item, "which") < share


def words_between(seed: str, reader: str, item: ItemId) -> int:
    """Return how many words on other items come before the repeat: LEAST_BETWEEN to LEAST_BETWEEN + MOST_MORE."""
    return LEAST_BETWEEN + int(_number(seed, reader, item, "when") * (MOST_MORE + 1))


def _number(seed: str, reader: str, item: ItemId, what: str) -> float:
    """Return a number in [0, 1) that looks random to whoever does not know the seed."""
    words = "\x00".join((what, reader, item.case, item.structure)).encode()
    digest = hashlib.blake2b(words, key=seed.encode()[:64], digest_size=8).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


@dataclass(frozen=True, slots=True)
class Repeat:
    """An item that is to come again: the event that is repeated, and how its sides stood (slugs, left to right)."""

    item: ItemId
    of: str
    sides: tuple[str, ...]

    @property
    def swapped(self) -> tuple[str, ...]:
        """The sides as they stand the second time."""
        return tuple(reversed(self.sides))


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of the reader, in the order of saying; a change of mind on the same item is the same word."""

    event: Event
    item: ItemId
    repeat: bool


class RepeatPlan:
    """What a reader said so far, and what of it is to come again. Feed it every event of the review, in order.

    Only words said in the window count (they tell their sides), and only the reader's own.
    """

    def __init__(self, seed: str, reader: str, share: float) -> None:
        self._seed, self._reader, self._share = seed, reader, share
        self._words: list[_Word] = []
        self._gone: dict[str, _Word] = {}
        self._last: dict[ItemId, int] = {}
        self._waiting: dict[ItemId, Repeat] = {}
        self._answered: set[ItemId] = set()

    @property
    def planned(self) -> tuple[ItemId, ...]:
        """The items that wait to come again, in the order of their words."""
        return tuple(sorted(self._waiting, key=lambda item: self._last[item]))

    @property
    def answered(self) -> int:
        """How many items came again and were answered."""
        return len(self._answered)

    def feed(self, events: Iterable[Event]) -> "RepeatPlan":
        """Take note of events, oldest first; return this plan."""
        for event in events:
            self.take(event)
        return self

    def take(self, event: Event) -> None:
        """Take note of one event."""
        if event.reader != self._reader or event.item is None:
            return
        if event.kind is EventKind.UNDONE:
            self._undo(str(event.payload["of"]))
        elif event.kind is EventKind.REDONE and (gone := self._gone.pop(str(event.payload["of"]), None)):
            self._add(replace(gone, event=replace(gone.event, uuid=event.uuid)))
        elif event.kind in {EventKind.DECIDED, EventKind.REPEATED} and event.seen.get("sides"):
            self._add(_Word(event, event.item, event.kind is EventKind.REPEATED))

    def _add(self, word: _Word) -> None:
        self._words.append(word)
        item = word.item
        self._last[item] = len(self._words) - 1
        if word.repeat:
            self._answered.add(item)
            self._waiting.pop(item, None)
            return
        if item in self._answered or not is_repeated(self._seed, self._reader, item, self._share):
            return
        if decision_from(item, word.event.payload).choice is Choice.SKIP:
            self._waiting.pop(item, None)
        elif word.event.seen.get("phase") != CHANGE or item not in self._waiting:
            self._wait(word)

    def _wait(self, word: _Word) -> None:
        item = word.item
        self._waiting[item] = Repeat(item, word.event.uuid, tuple(word.event.seen["sides"]))

    def _undo(self, uuid: str) -> None:
        kept = [word for word in self._words if word.event.uuid != uuid]
        if len(kept) == len(self._words):
            return
        self._gone[uuid] = next(word for word in self._words if word.event.uuid == uuid)
        self._words, self._last, self._waiting, self._answered = [], {}, {}, set()
        for word in kept:
            self._add(word)

    def between(self, item: ItemId) -> int:
        """Return how many words on other items were said since the last one on this; changes of mind count once."""
        since = [word.item for word in self._words[self._last[item] + 1 :]]
        return sum(one != before for one, before in zip(since, (None, *since), strict=False))

    def all_due(self, *, others_left: bool) -> tuple[Repeat, ...]:
        """Return what may come again now, the one that waits longest first.

        `others_left` says whether the reader has other items to decide: without any, what waits comes early.
        """

        def wanted(item: ItemId) -> int:
            return words_between(self._seed, self._reader, item) if others_left else LEAST_AT_END

        return tuple(self._waiting[item] for item in self.planned if self.between(item) >= wanted(item))

    def due(self, *, others_left: bool) -> Repeat | None:
        """Return what comes again now, or None; see `all_due`."""
        return next(iter(self.all_due(others_left=others_left)), None)

    def waiting(self, item: ItemId) -> Repeat | None:
        """Return the repeat of an item that is still to come, or None."""
        return self._waiting.get(item)
