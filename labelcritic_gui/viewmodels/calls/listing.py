"""What the worklist asks: filters, rows, the whole order, counts. Layer: viewmodels."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.services import auditing, worklist
from labelcritic_gui.services.worklist import Counts, Head, ItemRow, Keys, WorklistQuery
from labelcritic_gui.viewmodels.calls.bound import Bound


class ListingCalls(Protocol):
    """What the worklist asks: filters, rows, the whole order, counts."""

    def head(self, query: WorklistQuery, limit: int) -> Head:
        """Return the first rows of a query, its length, and which items it has; raises QueryError. Lane STORE."""

    def order(self, query: WorklistQuery) -> NDArray[np.int32]:
        """Return the rank of every item in the order of a query, its filters left aside. Lane STORE."""

    def turns(self) -> NDArray[np.uint8]:
        """Return how every item stands, by rank: 0 open, SKIPPED, DECIDED. Lane STORE."""

    def keys(self) -> Keys:
        """Return which case and structure every rank is. Lane STORE."""

    def matching(self, query: WorklistQuery) -> NDArray[np.int32] | None:
        """Return the ranks that a query leaves, None for all; raises QueryError. Lane STORE."""

    def count(self, text: str) -> int:
        """Count the items of a filter; raises QueryError. Lane STORE."""

    def occurring(self) -> dict[str, tuple[str, ...]]:
        """Return which values of a filter's fields occur, cases and structures left aside. Lane STORE."""

    def audit_share(self) -> float:
        """Return which share of the calm items is drawn for a human look. Lane STORE."""

    def set_audit_share(self, share: float) -> int:
        """Draw another share; return how many items are drawn. Raises UserError. Lane STORE."""

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

    def head(self, query: WorklistQuery, limit: int) -> Head:
        """Return the first rows of a query, its length, and which items it has."""
        return worklist.head(self._review, query, limit)

    def order(self, query: WorklistQuery) -> NDArray[np.int32]:
        """Return the rank of every item in the order of a query, its filters left aside."""
        return worklist.order(self._review, query)

    def turns(self) -> NDArray[np.uint8]:
        """Return how every item stands, by rank."""
        return worklist.turns(self._review)

    def keys(self) -> Keys:
        """Return which case and structure every rank is."""
        return worklist.keys(self._review)

    def matching(self, query: WorklistQuery) -> NDArray[np.int32] | None:
        """Return the ranks that a query leaves, None for all."""
        return worklist.matching(self._review, query)

    def count(self, text: str) -> int:
        """Count the items of a filter."""
        return worklist.count(self._review, text, self._reader)

    def occurring(self) -> dict[str, tuple[str, ...]]:
        """Return which values of a filter's fields occur, cases and structures left aside."""
        return worklist.occurring(self._review)

    def audit_share(self) -> float:
        """Return which share of the calm items is drawn for a human look."""
        return auditing.audit_share(self._review)

    def set_audit_share(self, share: float) -> int:
        """Draw another share; return how many items are drawn."""
        return auditing.set_audit_share(self._review, share)

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
