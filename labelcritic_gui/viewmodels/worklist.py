"""The worklist as the reader sees it: a fixed order, rows fetched by page where they are looked at. Layer: viewmodels.

The order of a query is an array of numbers; rows are objects only for the pages that are or were on the screen.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, cast

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.review import ItemState, Status
from labelcritic_gui.services.worklist import DECIDED, RANK_SHIFT, SKIPPED, Counts, ItemRow, Keys, WorklistQuery
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.runner import Lane, Runner

Sort = Literal["attention", "case", "structure", "dice"]
PAGE = 200
HELD = 6_000
"""Rows kept as objects; those looked at longest ago go first."""
WAITING = 4
"""Pages that may wait to be fetched; where a scroll bar only passed by is not fetched."""
_BLOCK = 8_192
SAVED = ("all", "undecided", "orders-disagree", "findings", "queued", "mine")
SAVED_TITLES = {
    "all": "All items",
    "undecided": "Undecided",
    "orders-disagree": "Orders disagree",
    "findings": "Findings",
    "queued": "Queued for editing",
    "mine": "Decided by me",
}
SORT_TITLES = {
    "attention": "By attention",
    "case": "By case",
    "structure": "By structure",
    "dice": "By Dice",
}


@dataclass(frozen=True, slots=True)
class _Found:
    """What the store answers to a query: the saved filter's whole order, what the text leaves of it, the first rows."""

    base: NDArray[np.int32]
    shown: NDArray[np.int32]
    rows: tuple[ItemRow, ...]
    keys: Keys


class Rows:
    """The list by position: `rows[n]` is a row, or None where it is not held; iterating gives the rows held."""

    def __init__(self, worklist: "Worklist") -> None:
        self._worklist = worklist

    def __len__(self) -> int:
        """Return how many items the list has."""
        return self._worklist.count

    def __getitem__(self, place: int) -> ItemRow | None:
        """Return what is held at a place; nothing is fetched."""
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        return self._worklist.held(place % len(self))

    def __iter__(self) -> Iterator[ItemRow]:
        """Give the rows held, from the top."""
        for n in range(len(self)):
            row = self._worklist.held(n)
            if row is not None:
                yield row


class Worklist:
    """Items in the order of the query. Rows never move by themselves: the order is that of the last query.

    Signals: `reset` (another list), `rows_changed` (first and last place whose rows came or changed), `ordered` (all
    places are known now), `counts_changed`.
    """

    reset: ClassVar[Signal] = Signal()
    rows_changed: ClassVar[Signal] = Signal(int, int)
    ordered: ClassVar[Signal] = Signal()
    counts_changed: ClassVar[Signal] = Signal()

    def __init__(self, calls: ReviewCalls, runner: Runner, *, reader: str) -> None:
        self._calls = calls
        self._runner = runner
        self.query = WorklistQuery(reader=reader)
        self.counts: Counts | None = None
        self.count = 0
        self.rows = Rows(self)
        self._keys: Keys | None = None
        self._base: NDArray[np.int32] | None = None
        self._ranks: NDArray[np.int32] = np.zeros(0, dtype=np.int32)
        self._flags: NDArray[np.uint8] = np.zeros(1, dtype=np.uint8)
        self._rows: OrderedDict[int, ItemRow] = OrderedDict()
        self._rank_of: dict[ItemId, int] = {}
        self._wanted: list[int] = []
        self._fetching = False
        self._generation = 0

    # --- the order ---------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Fetch the list anew, and the counts."""
        self._base = None
        self._fetch()
        self.recount()

    def ask(self, *, text: str | None = None, saved: str | None = None, sort: str | None = None) -> None:
        """Change the query and fetch anew."""
        wanted = replace(
            self.query,
            text=self.query.text if text is None else text.strip(),
            saved=self.query.saved if saved is None else saved,
            sort=self.query.sort if sort is None else cast("Sort", sort),
        )
        if wanted == self.query:
            return
        if replace(wanted, text=self.query.text) != self.query:
            self._base = None
        self.query = wanted
        self._fetch()

    def _fetch(self) -> None:
        """Show the first page as soon as it is there, the whole order when it is."""
        self._generation += 1
        query, generation = self.query, self._generation
        if query.text or self._base is not None:
            self._fetch_order()
            return
        self._runner.run(
            Lane.STORE,
            lambda: (self._calls.page(query, None, PAGE), self._calls.total(query)),
            lambda head: self._take_head(*head, generation),
            key="worklist",
        )

    def _fetch_order(self) -> None:
        query, generation, base, keys = self.query, self._generation, self._base, self._keys

        def find() -> _Found:
            whole = base if base is not None else self._calls.order(query)
            known = keys if keys is not None else self._calls.keys()
            shown = whole
            if query.text:
                shown = whole[self._calls.search(query.text, known)[whole >> RANK_SHIFT]]
            first = [int(r) for r in shown[:PAGE] >> RANK_SHIFT]
            return _Found(whole, shown, self._calls.rows(first), known)

        self._runner.run(Lane.STORE, find, lambda found: self._take_order(found, generation), key="worklist")

    def _take_head(self, rows: tuple[ItemRow, ...], total: int, generation: int) -> None:
        if generation != self._generation:
            return
        packed = [
            (r.rank << RANK_SHIFT) | (SKIPPED * r.skipped) | (DECIDED * (r.status is not Status.OPEN)) for r in rows
        ]
        order = np.array(packed, dtype=np.int32)
        self._forget()
        self._ranks = order >> RANK_SHIFT
        self._stand_all(order)
        self._hold_all(rows)
        self.count = max(total, len(rows))
        self.reset.emit()
        self._fetch_order()

    def _take_order(self, found: _Found, generation: int) -> None:
        if generation != self._generation:
            return
        fresh = found.base is not self._base
        self._keys, self._base = found.keys, found.base
        head = self._ranks[: len(found.rows)]
        same = len(found.shown) == self.count and np.array_equal(head, found.shown[: len(head)] >> RANK_SHIFT)
        if not same:
            self._forget()
        self._ranks = found.shown >> RANK_SHIFT
        if fresh:
            self._stand_all(found.base)
        self._hold_all(row for row in found.rows if row.rank not in self._rows)
        self.count = len(found.shown)
        if not same:
            self.reset.emit()
        self.ordered.emit()
        self._fetch_pages()

    def _forget(self) -> None:
        self._rows.clear()
        self._rank_of.clear()
        self._wanted.clear()

    def _stand_all(self, packed: NDArray[np.int32]) -> None:
        """Take over how the items of an order stand."""
        ranks = packed >> RANK_SHIFT
        self._flags = np.zeros(int(ranks.max(initial=0)) + 1, dtype=np.uint8)
        self._flags[ranks] = packed & (DECIDED | SKIPPED)
        # what was decided while the order was on its way is known better by the rows
        for row in self._rows.values():
            self._stand(row)

    # --- rows --------------------------------------------------------------------------------------------------

    def held(self, place: int) -> ItemRow | None:
        """Return the row at a place, if it is held."""
        return self._rows.get(int(self._ranks[place])) if 0 <= place < len(self._ranks) else None

    def row_at(self, place: int) -> ItemRow | None:
        """Return the row at a place; None when it is not here yet: `rows_changed` tells when it came."""
        row = self.held(place)
        if row is not None:
            self._rows.move_to_end(row.rank)
            return row
        if 0 <= place < self.count:
            page = place // PAGE
            if page in self._wanted:
                self._wanted.remove(page)
            self._wanted.append(page)
            del self._wanted[:-WAITING]
            self._fetch_pages()
        return None

    def item_at(self, place: int) -> ItemId | None:
        """Return the item at a place, also where its row is not held; None while the order is on its way."""
        if not 0 <= place < len(self._ranks):
            return None
        rank = int(self._ranks[place])
        row = self._rows.get(rank)
        return row.item if row is not None else self._keys.item(rank) if self._keys is not None else None

    def index_of(self, item: ItemId | None) -> int | None:
        """Return the place of an item; None when it is not in the list, or not known yet."""
        rank = self._rank(item)
        if rank is None:
            return None
        found = np.flatnonzero(self._ranks == rank)
        return int(found[0]) if found.size else None

    def step(self, item: ItemId | None, by: int) -> ItemId | None:
        """Return the item `by` rows further, whatever its status; None at the end or when there are no rows."""
        here = self.index_of(item)
        return self.item_at(0 if here is None else here + by)

    def following(self, item: ItemId | None, count: int) -> tuple[ItemId, ...]:
        """Return the open items that come after one: below it, then from the top, skipped ones at the end."""
        here = self.index_of(item)
        start = 0 if here is None else here + 1
        places: list[int] = []
        for flags in (0, SKIPPED):
            for first, end in ((start, len(self._ranks)), (0, start)):
                places += self._with_flags(flags, first, end, count + 1 - len(places))
        found = [self.item_at(place) for place in places if place != here]
        return tuple(i for i in found if i is not None)[:count]

    def _with_flags(self, flags: int, first: int, end: int, most: int) -> list[int]:
        """Return the first places from `first` to `end` whose items stand so."""
        found: list[int] = []
        for start in range(first, end, _BLOCK):
            if len(found) >= most:
                break
            block = self._flags[self._ranks[start : min(end, start + _BLOCK)]]
            found += [start + int(n) for n in np.flatnonzero(block == flags)[: most - len(found)]]
        return found[: max(0, most)]

    def _rank(self, item: ItemId | None) -> int | None:
        if item is None:
            return None
        rank = self._rank_of.get(item)
        if rank is None and self._keys is not None:
            rank = self._keys.rank(item)
            if rank is not None:
                self._rank_of[item] = rank
        return rank

    def _fetch_pages(self) -> None:
        """Fetch the pages that are waited for, newest first; one call at a time."""
        known = [page for page in self._wanted if page * PAGE < len(self._ranks)]
        if self._fetching or not known:
            return
        self._wanted = [page for page in self._wanted if page not in known]
        ranks = [int(r) for page in known for r in self._ranks[page * PAGE : (page + 1) * PAGE]]
        generation = self._generation
        self._fetching = True
        self._runner.run(
            Lane.STORE,
            lambda: self._calls.rows(ranks),
            lambda rows: self._take_pages(known, rows, generation),
            on_error=self._not_fetched,
        )

    def _take_pages(self, pages: list[int], rows: tuple[ItemRow, ...], generation: int) -> None:
        self._fetching = False
        if generation == self._generation:
            self._hold_all(rows)
            while len(self._rows) > HELD:
                rank, gone = self._rows.popitem(last=False)
                if self._rank_of.get(gone.item) == rank:
                    del self._rank_of[gone.item]
            for page in pages:
                self.rows_changed.emit(page * PAGE, min((page + 1) * PAGE, self.count) - 1)
        self._fetch_pages()

    def _not_fetched(self, error: BaseException) -> None:
        self._fetching = False
        raise error

    def _hold_all(self, rows: Iterable[ItemRow]) -> None:
        for row in rows:
            self._rows[row.rank] = row
            self._rank_of[row.item] = row.rank
            self._stand(row)

    def _stand(self, row: ItemRow) -> None:
        if row.rank < len(self._flags):
            self._flags[row.rank] = SKIPPED * row.skipped | DECIDED * (row.status is not Status.OPEN)

    # --- changes -----------------------------------------------------------------------------------------------

    def decided(self, item: ItemId, state: ItemState) -> None:
        """Show an item's new state at once, then as the store has it."""
        rank = self._rank(item)
        if rank is not None and rank < len(self._flags):
            self._flags[rank] = SKIPPED * state.skipped | DECIDED * (state.status is not Status.OPEN)
        row = self._rows.get(rank) if rank is not None else None
        if row is not None:
            reader = state.last.reader if state.last else ""
            self._change(replace(row, status=state.status, skipped=state.skipped, reader=reader, note=bool(state.note)))
        self.refresh((item,))

    def refresh(self, items: Iterable[ItemId]) -> None:
        """Fetch anew how some items stand, and the counts."""
        ranks = [rank for rank in map(self._rank, items) if rank is not None]
        if ranks:
            self._runner.run(Lane.STORE, lambda: self._calls.rows(ranks), self._refreshed)
        self.recount()

    def recount(self) -> None:
        """Fetch the counts."""
        self._runner.run(Lane.STORE, self._calls.counts, self._counted, key="counts")

    def _refreshed(self, rows: tuple[ItemRow, ...]) -> None:
        for row in rows:
            self._stand(row)
            self._change(row)

    def _change(self, row: ItemRow) -> None:
        """Take over a row that is held, and say so when it is another."""
        if row.rank not in self._rows or self._rows[row.rank] == row:
            return
        self._rows[row.rank] = row
        place = self.index_of(row.item)
        if place is not None:
            self.rows_changed.emit(place, place)

    def _counted(self, counts: Counts) -> None:
        self.counts = counts
        self.counts_changed.emit()
