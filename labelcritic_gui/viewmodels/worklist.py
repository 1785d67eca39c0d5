"""The worklist as the reader sees it: rows fetched page by page, a query, counts. Layer: viewmodels."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar, Literal, cast

from psygnal import Signal

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.review import ItemState, Status
from labelcritic_gui.services.worklist import Counts, ItemRow, WorklistQuery
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.runner import Lane, Runner

Sort = Literal["attention", "case", "structure", "dice"]
PAGE = 300
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


class Worklist:
    """Rows in the order of the query. Only pages that were scrolled to are held; rows never move by themselves."""

    reset: ClassVar[Signal] = Signal()
    appended: ClassVar[Signal] = Signal(int, int)
    row_changed: ClassVar[Signal] = Signal(int)
    counts_changed: ClassVar[Signal] = Signal()

    def __init__(self, calls: ReviewCalls, runner: Runner, *, reader: str) -> None:
        self._calls = calls
        self._runner = runner
        self.query = WorklistQuery(reader=reader)
        self.rows: list[ItemRow] = []
        self.counts: Counts | None = None
        self.exhausted = False
        self.loading = False
        self._index: dict[ItemId, int] = {}
        self._generation = 0

    def load(self) -> None:
        """Fetch the first page and the counts."""
        self._generation += 1
        self.loading = True
        query, generation = self.query, self._generation
        self._runner.run(
            Lane.STORE,
            lambda: self._calls.page(query, None, PAGE),
            lambda rows: self._replace(rows, generation),
            key="worklist",
        )
        self.recount()

    def ask(self, *, text: str | None = None, saved: str | None = None, sort: str | None = None) -> None:
        """Change the query and fetch anew."""
        wanted = replace(
            self.query,
            text=self.query.text if text is None else text.strip(),
            saved=self.query.saved if saved is None else saved,
            sort=self.query.sort if sort is None else cast("Sort", sort),
        )
        if wanted != self.query:
            self.query = wanted
            self.load()

    def fetch_more(self) -> None:
        """Fetch the next page, unless one is on its way or there is none."""
        if self.loading or self.exhausted or not self.rows:
            return
        self.loading = True
        query, last, generation = self.query, self.rows[-1], self._generation
        self._runner.run(
            Lane.STORE,
            lambda: self._calls.page(query, last, PAGE),
            lambda rows: self._append(rows, generation),
            key="worklist",
        )

    def recount(self) -> None:
        """Fetch the counts."""
        self._runner.run(Lane.STORE, self._calls.counts, self._counted, key="counts")

    def index_of(self, item: ItemId | None) -> int | None:
        """Return where an item is among the rows held."""
        return self._index.get(item) if item is not None else None

    def step(self, item: ItemId | None, by: int) -> ItemId | None:
        """Return the item `by` rows further, whatever its status; None at the end or when there are no rows."""
        here = self.index_of(item)
        there = 0 if here is None else here + by
        return self.rows[there].item if 0 <= there < len(self.rows) else None

    def following(self, item: ItemId | None, count: int) -> tuple[ItemId, ...]:
        """Return the open items that come after one: below it, then from the top, skipped ones at the end."""
        here = self.index_of(item)
        start = 0 if here is None else here + 1
        put_off: list[ItemId] = []
        found: list[ItemId] = []
        for row in (*self.rows[start:], *self.rows[:start]):
            if row.item == item or row.status is not Status.OPEN:
                continue
            if row.skipped:
                put_off.append(row.item)
                continue
            found.append(row.item)
            if len(found) == count:
                break
        return tuple([*found, *put_off][:count])

    def decided(self, item: ItemId, state: ItemState) -> None:
        """Show an item's new state at once, then as the store has it."""
        here = self.index_of(item)
        if here is not None:
            reader = state.last.reader if state.last else ""
            row = replace(
                self.rows[here], status=state.status, skipped=state.skipped, reader=reader, note=bool(state.note)
            )
            self._set(here, row)
        self.refresh((item,))

    def refresh(self, items: Iterable[ItemId]) -> None:
        """Fetch the rows of some items anew, those among them that are held; the counts too."""
        held = tuple(item for item in items if item in self._index)
        if held:
            self._runner.run(Lane.STORE, lambda: tuple(self._calls.row(item) for item in held), self._refreshed)
        self.recount()

    def _replace(self, rows: tuple[ItemRow, ...], generation: int) -> None:
        if generation != self._generation:
            return
        self.loading = False
        self.rows = list(rows)
        self._index = {row.item: i for i, row in enumerate(self.rows)}
        self.exhausted = len(rows) < PAGE
        self.reset.emit()

    def _append(self, rows: tuple[ItemRow, ...], generation: int) -> None:
        if generation != self._generation:
            return
        self.loading = False
        self.exhausted = len(rows) < PAGE
        fresh = [row for row in rows if row.item not in self._index]
        if not fresh:
            return
        first = len(self.rows)
        self.rows.extend(fresh)
        self._index.update({row.item: first + i for i, row in enumerate(fresh)})
        self.appended.emit(first, len(self.rows) - 1)

    def _refreshed(self, rows: tuple[ItemRow, ...]) -> None:
        for row in rows:
            here = self._index.get(row.item)
            if here is not None:
                self._set(here, row)

    def _set(self, index: int, row: ItemRow) -> None:
        if self.rows[index] != row:
            self.rows[index] = row
            self.row_changed.emit(index)

    def _counted(self, counts: Counts) -> None:
        self.counts = counts
        self.counts_changed.emit()
