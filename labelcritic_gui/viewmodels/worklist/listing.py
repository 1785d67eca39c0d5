"""The worklist as the reader sees it: a fixed order, rows fetched by page where they are looked at. Layer: viewmodels.

The order of a query is an array of numbers; rows are objects only for the pages that are or were on the screen. A
line of the window is an item, or, where cases are grouped, the heading of a case.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from labelcritic_gui.core.blinding import Mode, visible
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.query.completing import Completion
from labelcritic_gui.core.review import ItemState, Status
from labelcritic_gui.services.worklist import (
    DECIDED,
    SKIPPED,
    Counts,
    Head,
    ItemRow,
    Keys,
    Sort,
    WorklistQuery,
)
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.worklist.asking import Asking, Change
from labelcritic_gui.viewmodels.worklist.counting import OwnCounts
from labelcritic_gui.viewmodels.worklist.finding import PAGE, Found, Known, find
from labelcritic_gui.viewmodels.worklist.grouping import Groups
from labelcritic_gui.viewmodels.worklist.keeping import ListKeeping
from labelcritic_gui.viewmodels.worklist.lines import Lines, Rows
from labelcritic_gui.viewmodels.worklist.vocabulary import Vocabulary

HELD = 6_000
"""Rows kept as objects; those looked at longest ago go first."""
WAITING = 4
"""Pages that may wait to be fetched; where a scroll bar only passed by is not fetched."""
_BLOCK = 8_192
_OPEN = 0
Numbers = NDArray[np.int32]


class Worklist:
    """Items in the order of the query. Rows never move by themselves: the order is that of the last query.

    `asking` is what is asked, `lines` the list as the window shows it, `kept` what the person keeps of it, `loaded`
    says that the answer to a query came.

    Signals: `reset` (another list), `rows_changed` (first and last place whose rows came or changed), `ordered` (all
    places are known now), `counts_changed`, `asked` (another query, or a text that is not understood).
    """

    reset: ClassVar[Signal] = Signal()
    rows_changed: ClassVar[Signal] = Signal(int, int)
    ordered: ClassVar[Signal] = Signal()
    counts_changed: ClassVar[Signal] = Signal()
    asked: ClassVar[Signal] = Signal()

    def __init__(self, calls: ReviewCalls, runner: Runner, *, reader: str, kept: ListKeeping | None = None) -> None:
        self._calls = calls
        self._runner = runner
        self.kept = kept or ListKeeping.unkept()
        told = visible(Mode(calls.mode), revealed=False).advice
        self.asking = Asking(reader, self.kept, told=told)
        self.lines = Lines(self)
        self.own_counts = OwnCounts(calls, runner, self.kept)
        self.loaded = False
        self.counts: Counts | None = None
        self.count = 0
        self.rows = Rows(self)
        self.groups: Groups | None = None
        self._vocabulary = Vocabulary(calls, runner)
        self._keys: Keys | None = None
        self._base: Numbers | None = None
        self._ranks: Numbers = np.zeros(0, dtype=np.int32)
        self._flags: NDArray[np.uint8] = np.zeros(1, dtype=np.uint8)
        self._known_flags = False
        self._rows: OrderedDict[int, ItemRow] = OrderedDict()
        self._rank_of: dict[ItemId, int] = {}
        self._wanted: list[int] = []
        self._fetching = False
        self._generation = 0
        self.kept.grouped_changed.connect(self._regroup)

    # --- the query ---------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Fetch the list anew, and the counts."""
        self._base = None
        self._fetch()
        self.recount()
        self._vocabulary.refresh()

    def ask(
        self,
        *,
        text: str | None = None,
        saved: str | None = None,
        sort: str | None = None,
        descending: bool | None = None,
    ) -> None:
        """Change the query and fetch anew; a text that is not understood leaves the list as it is."""
        before = self.asking.problem
        change = self.asking.change(text=text, saved=saved, sort=sort, descending=descending)
        if change is Change.ORDER:
            self._base = None
        if change is not Change.NONE:
            self._fetch()
        if change is not Change.NONE or self.asking.problem is not before:
            self.asked.emit()

    @property
    def query(self) -> WorklistQuery:
        """The query in force."""
        return self.asking.query

    @property
    def told(self) -> bool:
        """Say whether the reader may know what the critic thinks."""
        return self.asking.told

    def sort_by(self, sort: Sort, *, first: bool = False) -> None:
        """Sort by a column, whose usual order has the highest first or not; a second time turns it around."""
        turned = not self.query.descending if sort == self.query.sort else first
        self.ask(sort=sort, descending=turned)

    def clear(self) -> None:
        """Show every item again."""
        self.ask(text="", saved="all")

    def complete(self, text: str, cursor: int) -> Completion:
        """Return what may stand at a place of a filter."""
        return self._vocabulary.complete(text, cursor, self._keys, told=self.told)

    # --- the order ---------------------------------------------------------------------------------------------

    def _fetch(self) -> None:
        """Show the first page as soon as it is there, the whole order when it is."""
        self._generation += 1
        query, generation = self.query, self._generation
        if self._base is not None or self.kept.grouped:
            self._fetch_order(None)
            return
        self._runner.run(
            Lane.STORE,
            lambda: self._calls.head(query, PAGE),
            lambda head: self._take_head(head, generation),
            key="worklist",
        )

    def _fetch_order(self, head: Head | None) -> None:
        generation, base = self._generation, self._base
        turns = self._flags if base is not None and self._known_flags else None
        known = Known(base, turns, self._keys, head)
        query, grouped = self.query, self.kept.grouped
        self._runner.run(
            Lane.STORE,
            lambda: find(self._calls, query, known, grouped=grouped),
            lambda found: self._take_order(found, generation),
            key="worklist",
        )

    def _take_head(self, head: Head, generation: int) -> None:
        if generation != self._generation:
            return
        self._forget()
        self.groups = None
        self._ranks = np.array([row.rank for row in head.rows], dtype=np.int32)
        self._known_flags = False
        self._flags = np.full(int(self._ranks.max(initial=0)) + 1, _OPEN, dtype=np.uint8)
        self._hold_all(head.rows)
        self.count = max(head.total, len(head.rows))
        self.loaded = True
        self.reset.emit()
        self._fetch_order(head)

    def _take_order(self, found: Found, generation: int) -> None:
        if generation != self._generation:
            return
        self._keys, self._base = found.keys, found.base
        head = self._ranks[:PAGE]
        plain = found.starts is None and self.groups is None
        same = plain and len(found.shown) == self.count and np.array_equal(head, found.shown[: len(head)])
        if not same:
            self._forget()
        self._ranks = found.shown
        if found.turns is not self._flags:
            self._flags, self._known_flags = found.turns, True
            # what was decided while the order was on its way is known better by the rows
            for row in self._rows.values():
                self._stand(row)
        self._hold_all(row for row in found.rows if row.rank not in self._rows)
        self.count = len(found.shown)
        self.loaded = True
        self.groups = self._grouped(found.starts)
        if not same:
            self.reset.emit()
        self.ordered.emit()
        self._fetch_pages()

    def _forget(self) -> None:
        self._rows.clear()
        self._rank_of.clear()
        self._wanted.clear()

    # --- groups ------------------------------------------------------------------------------------------------

    def _grouped(self, starts: Numbers | None) -> Groups | None:
        if starts is None or self._keys is None:
            return None
        folded = self.groups.folded_cases if self.groups is not None else frozenset()
        cases = self._keys.case_of[self._ranks[starts]] if starts.size else starts
        return Groups(starts, cases, self.count, folded)

    def _regroup(self) -> None:
        self._fetch()

    def case_name(self, number: int) -> str:
        """Return a case by its number."""
        return self._keys.cases[number] if self._keys is not None else ""

    def decided_between(self, first: int, end: int) -> int:
        """Count the decided items from one place to before another."""
        return int(np.count_nonzero(self._flags[self._ranks[first:end]] == DECIDED))

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
        """Return the item `by` (1 or -1) rows further, whatever its status; None at the end or without rows.

        Cases that are folded are passed over.
        """
        here = self.index_of(item)
        if here is None:
            return self.item_at(0)
        return self.item_at(here + by if self.groups is None else self.groups.next_open_place(here, by))

    def following(self, item: ItemId | None, count: int) -> tuple[ItemId, ...]:
        """Return the open items that come after one: below it, then from the top, skipped ones at the end."""
        here = self.index_of(item)
        start = 0 if here is None else here + 1
        places: list[int] = []
        for flags in (_OPEN, SKIPPED):
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
            self._flags[row.rank] = _turn(row.status, row.skipped)

    # --- changes -----------------------------------------------------------------------------------------------

    def decided(self, item: ItemId, state: ItemState) -> None:
        """Show an item's new state at once, then as the store has it."""
        rank = self._rank(item)
        if rank is not None and rank < len(self._flags):
            self._flags[rank] = _turn(state.status, state.skipped)
        row = self._rows.get(rank) if rank is not None else None
        if row is not None:
            reader = state.last.reader if state.last else ""
            row = replace(row, note=bool(state.note), note_text=state.note, reader=reader)
            self._change(replace(row, status=state.status, skipped=state.skipped))
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


def _turn(status: Status, skipped: bool) -> int:
    if status is not Status.OPEN:
        return DECIDED
    return SKIPPED if skipped else _OPEN
