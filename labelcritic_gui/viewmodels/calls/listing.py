"""What the worklist asks: pages, rows, the whole order, counts. Layer: viewmodels."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.services import worklist
from labelcritic_gui.services.worklist import Counts, ItemRow, Keys, WorklistQuery
from labelcritic_gui.viewmodels.calls.bound import Bound


class ListingCalls(Protocol):
    """What the worklist asks: pages, rows, the whole order, counts."""

    def page(self, query: WorklistQuery, after: ItemRow | None, limit: int) -> tuple[ItemRow, ...]:
        """Return the next rows of the worklist. Lane STORE."""

    def total(self, query: WorklistQuery) -> int:
        """Count the items of a query without text. Lane STORE."""

    def order(self, query: WorklistQuery) -> NDArray[np.int32]:
        """Return the whole order of a query, its text left aside; see `services.worklist.order`. Lane STORE."""

    def keys(self) -> Keys:
        """Return which case and structure every rank is. Lane STORE."""

    def search(self, text: str, keys: Keys) -> NDArray[np.bool_]:
        """Say of every rank whether a text matches it. Lane STORE."""

    def rows(self, ranks: Sequence[int]) -> tuple[ItemRow, ...]:
        """Return the rows of some ranks. Lane STORE."""

    def counts(self) -> Counts:
        """Count items by state. Lane STORE."""

    def next_open(self, after: ItemId | None) -> ItemId | None:
        """Return the next open item in the order of attention. Lane STORE."""

    def row(self, item: ItemId) -> ItemRow:
        """Return an item's row. Lane STORE."""


class Listing(Bound):
    """The real thing."""

    def page(self, query: WorklistQuery, after: ItemRow | None, limit: int) -> tuple[ItemRow, ...]:
        """Return the next rows of the worklist."""
        return worklist.page(self._review, query, after=after, limit=limit)

    def total(self, query: WorklistQuery) -> int:
        """Count the items of a query without text."""
        return worklist.total(self._review, query)

    def order(self, query: WorklistQuery) -> NDArray[np.int32]:
        """Return the whole order of a query, its text left aside."""
        return worklist.order(self._review, query)

    def keys(self) -> Keys:
        """Return which case and structure every rank is."""
        return worklist.keys(self._review)

    def search(self, text: str, keys: Keys) -> NDArray[np.bool_]:
        """Say of every rank whether a text matches it."""
        return worklist.search(self._review, text, keys)

    def rows(self, ranks: Sequence[int]) -> tuple[ItemRow, ...]:
        """Return the rows of some ranks."""
        return worklist.rows(self._review, ranks)

    def counts(self) -> Counts:
        """Count items by state."""
        return worklist.counts(self._review, self._reader)

    def next_open(self, after: ItemId | None) -> ItemId | None:
        """Return the next open item in the order of attention."""
        return worklist.next_open(self._review, self._reader, after=after)

    def row(self, item: ItemId) -> ItemRow:
        """Return an item's row."""
        return worklist.row(self._review, item)
