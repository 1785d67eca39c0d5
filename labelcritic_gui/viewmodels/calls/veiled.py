"""The worklist of a reader who is not to be led: it knows where items stand, and nothing of what the critic says.

Layer: viewmodels.
"""

from collections.abc import Sequence
from dataclasses import replace

from labelcritic_gui.core.blinding import Mode
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.review import Status
from labelcritic_gui.services.worklist import Counts, Head, ItemRow, WorklistQuery
from labelcritic_gui.viewmodels.calls.listing import Listing
from labelcritic_gui.viewmodels.calls.modes import Moded

HIDDEN_FILTERS = ("orders-disagree", "findings")
"""Filters that tell what the critic says; a blind reading does not count them."""


def veiled_row(row: ItemRow) -> ItemRow:
    """Return a row without the critic's word, its findings, and whose mask was accepted."""
    return replace(
        row, outcome="", pick="", confidence=None, orders_agree=None, findings=0, severity=0, accepted="", codes=()
    )


def open_row(row: ItemRow) -> ItemRow:
    """Return a row as it was before anybody decided: what a hidden repeat looks like."""
    return replace(row, status=Status.OPEN, skipped=False, reader="", accepted="", decided="", quality=None, reasons=())


class VeiledListing(Moded, Listing):
    """The real thing, behind a veil where the review is read blind, before and after a reveal alike.

    A list that showed every pick once it was revealed would tell, at a glance, whom the critic prefers.
    """

    @property
    def _hides(self) -> bool:
        return Mode(self._review.mode).hides

    def head(self, query: WorklistQuery, limit: int) -> Head:
        """Return the first rows of a query, its length, and which items it has."""
        found = super().head(query, limit)
        return replace(found, rows=tuple(map(self._seen, found.rows)))

    def rows(self, ranks: Sequence[int]) -> tuple[ItemRow, ...]:
        """Return the rows of some ranks."""
        return tuple(map(self._seen, super().rows(ranks)))

    def row(self, item: ItemId) -> ItemRow:
        """Return an item's row."""
        return self._seen(super().row(item))

    def _seen(self, row: ItemRow) -> ItemRow:
        known = open_row(row) if row.item == self._disguised else row
        return veiled_row(known) if self._hides else known

    def occurring(self) -> dict[str, tuple[str, ...]]:
        """Return which values of a filter's fields occur; whom the critic picked is not among them."""
        found = super().occurring()
        if not self._hides:
            return found
        return found | dict.fromkeys(("pick", "accepted", "outcome", "finding"), ())

    def counts(self) -> Counts:
        """Count items by state."""
        found = super().counts()
        if self._book.active:
            found = self._with_repeats(found)
        if not self._hides:
            return found
        return replace(found, filters={k: n for k, n in found.filters.items() if k not in HIDDEN_FILTERS})

    def _with_repeats(self, found: Counts) -> Counts:
        """Count what comes again as items of its own: every word moves the count on, and none gives a repeat away."""
        answered, coming = self._book.counted()
        undecided = {"undecided": found.filters.get("undecided", found.open) + coming}
        return replace(
            found,
            total=found.total + answered + coming,
            decided=found.decided + answered,
            open=found.open + coming,
            filters={**found.filters, **undecided},
        )
