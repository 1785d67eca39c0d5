"""The command palette: everything that can be done or gone to, found by a few letters. Layer: viewmodels."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.services.worklist import Keys
from labelcritic_gui.viewmodels.runner import Lane, Runner

MOST_ITEMS = 8
MOST_STRUCTURES = 4
MOST_RECENT = 12
SHORTEST = 2
"""Items are looked for from so many letters on."""


class Kind(Enum):
    """What choosing an entry does."""

    COMMAND = auto()
    SETTING = auto()
    STRUCTURE = auto()
    ITEM = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the palette. `also` is text by which it is found but that is not shown.

    `keys` are shown at the right, `group` quietly beside the title; `reason` says why it cannot be chosen now (empty:
    it can).
    """

    kind: Kind
    name: str
    title: str
    group: str = ""
    keys: str = ""
    also: str = ""
    reason: str = ""
    item: ItemId | None = None


class Listed(Protocol):
    """The part of a review's calls that the palette needs."""

    def keys(self) -> Keys:
        """Return which case and which structure every rank is."""


def fit(asked: str, title: str, also: str = "") -> int | None:
    """Return how well letters fit a title, higher is better; None where a word of them is not in it at all.

    The start of the title is best, then the start of a word, the first letters of its words, letters in a row, and
    letters in order. `also` is looked into too, for less.
    """
    worth = 0
    for word in asked.casefold().split():
        best = max(_word_fits(word, title.casefold()), _word_fits(word, also.casefold()) // 2)
        if best <= 0:
            return None
        worth += best
    return worth - len(title) // 8


def _word_fits(word: str, text: str) -> int:
    parts = "".join(c if c.isalnum() else " " for c in text).split()
    if text.startswith(word):
        return 120
    if any(part.startswith(word) for part in parts):
        return 100
    if len(word) > 1 and "".join(part[0] for part in parts).startswith(word):
        return 80
    if word in text:
        return 60
    return 20 if len(word) > 2 and _in_order(word, text) else 0


def _in_order(word: str, text: str) -> bool:
    """Say whether the letters come in this order, from the start of a word on and not too far apart."""
    place = next((i for i, c in enumerate(text) if c == word[0] and (i == 0 or not text[i - 1].isalnum())), -1)
    for letter in word[1:]:
        found = text.find(letter, place + 1)
        if place < 0 or found < 0 or found - place > 6:
            return False
        place = found
    return place >= 0


class CommandPalette:
    """What the palette lists for what was typed. Items of the open review are looked up off the GUI thread once."""

    changed: ClassVar[Signal] = Signal()

    def __init__(
        self,
        entries: Sequence[Entry],
        runner: Runner,
        *,
        calls: Listed | None = None,
        title_of: Callable[[str], str] = str,
        recent: Iterable[str] = (),
    ) -> None:
        self._fixed = tuple(entries)
        self._title_of = title_of
        self._recent = tuple(recent)
        self._keys: Keys | None = None
        self.asked = ""
        self.entries: tuple[Entry, ...] = self._commands("")
        if calls is not None:
            runner.run(Lane.STORE, calls.keys, self._take_keys, key="palette")

    def ask(self, text: str) -> None:
        """List what fits what was typed; nothing typed lists every command, those used lately first."""
        self.asked = text.strip()
        found = self._commands(self.asked)
        going = self._places(self.asked) if len(self.asked) >= SHORTEST else ()
        first = tuple(e for e in found if e.kind is Kind.COMMAND and not e.reason) if going else found
        if _names_a_case(self.asked):
            first = ()
        self.entries = (*first, *going, *(entry for entry in found if entry not in first))
        self.changed.emit()

    def _take_keys(self, keys: Keys) -> None:
        self._keys = keys
        if self.asked:
            self.ask(self.asked)

    def _commands(self, asked: str) -> tuple[Entry, ...]:
        ranked: list[tuple[int, int, int, Entry]] = []
        for order, entry in enumerate(self._fixed):
            worth = fit(asked, entry.title, f"{entry.also} {entry.group}") if asked else 0
            if worth is None or (not asked and entry.kind is not Kind.COMMAND):
                continue
            lately = self._recent.index(entry.name) if entry.name in self._recent else MOST_RECENT
            quiet = bool(entry.reason)
            # a command that cannot be given now never stands before one that can and fits as well
            ranked.append((-worth + 10 * quiet - (MOST_RECENT - lately), lately, order, entry))
        return tuple(entry for *_, entry in sorted(ranked, key=lambda r: r[:3]))

    def _places(self, asked: str) -> tuple[Entry, ...]:
        """Return structures and items whose case or structure has every word."""
        keys = self._keys
        if keys is None:
            return ()
        titles = [self._title_of(name) for name in keys.structures]
        structures = [
            Entry(Kind.STRUCTURE, name, title)
            for name, title in zip(keys.structures, titles, strict=True)
            if fit(asked, title, name) is not None
        ]
        here: NDArray[np.bool_] = keys.case_of >= 0
        for word in asked.casefold().split():
            in_case = np.array([word in case.casefold() for case in keys.cases], dtype=bool)
            in_structure = np.array(
                [word in f"{name} {title}".casefold() for name, title in zip(keys.structures, titles, strict=True)],
                dtype=bool,
            )
            here = here & (in_case[keys.case_of] | in_structure[keys.structure_of])
        ranks = np.flatnonzero(here)[:MOST_ITEMS]
        items = [item for rank in ranks if (item := keys.item(int(rank))) is not None]
        return (
            *structures[:MOST_STRUCTURES],
            *(Entry(Kind.ITEM, str(i), f"{self._title_of(i.structure)}  ·  {i.case}", item=i) for i in items),
        )


def _names_a_case(asked: str) -> bool:
    return any(letter.isdigit() for letter in asked)


def used(recent: Sequence[str], name: str) -> tuple[str, ...]:
    """Return the names used lately, the last one first."""
    return (name, *(other for other in recent if other != name))[:MOST_RECENT]
