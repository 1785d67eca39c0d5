"""What a person keeps of the worklist over all reviews: own filters, columns, groups. Layer: viewmodels.

They belong to the person and not to the review: "liver, small Dice" is asked of every review, and a review is shared.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from psygnal import Signal

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.query.parsing import parse
from labelcritic_gui.settings import Settings
from labelcritic_gui.settings.listing import LONGEST_NAME, ListColumn, SavedFilter
from labelcritic_gui.translation import N_, tr

MOST = 50
BUILT_IN_TITLES = {
    "all": N_("All items"),
    "undecided": N_("Undecided"),
    "orders-disagree": N_("Orders disagree"),
    "findings": N_("Findings"),
    "queued": N_("Queued for editing"),
    "skipped": N_("Skipped"),
    "audit": N_("Audit share"),
    "mine": N_("Decided by me"),
}
"""The filters that every review has, as `services.worklist.BUILT_IN` names them."""
TELLING = ("orders-disagree", "findings", "audit")
"""Those that give away what the critic thinks."""


class ListKeeping:
    """The person's own filters, wanted columns and whether cases are grouped. GUI thread only.

    `change` stores settings; what was asked for is in force at once. Signals: `filters_changed`, `columns_changed`,
    `grouped_changed`.
    """

    filters_changed: ClassVar[Signal] = Signal()
    columns_changed: ClassVar[Signal] = Signal()
    grouped_changed: ClassVar[Signal] = Signal()

    def __init__(self, settings: Settings, change: Callable[..., None]) -> None:
        self._change = change
        self.filters: tuple[SavedFilter, ...] = settings.filters
        self.columns: tuple[ListColumn, ...] = settings.columns
        self.grouped: bool = settings.grouped

    @classmethod
    def unkept(cls) -> "ListKeeping":
        """Return one that forgets when the program ends, for reviews that are shown without settings."""
        return cls(Settings(), _nowhere)

    def text_of(self, name: str) -> str | None:
        """Return the text of one of the person's filters, or None."""
        return next((one.text for one in self.filters if one.name == name), None)

    def save(self, name: str, text: str) -> None:
        """Keep a filter under a name; one of that name is replaced. Raises UserError, and QueryError for its text."""
        kept = self._checked(name)
        parse(text)
        if not text.strip():
            raise UserError(tr("There is no filter to save."), tr("Write one into the field first."))
        made = SavedFilter(name=kept, text=text.strip())
        if self.text_of(kept) is not None:
            self._take(tuple(made if one.name == kept else one for one in self.filters))
            return
        if len(self.filters) >= MOST:
            raise UserError(tr("There are {n} filters already.").format(n=MOST), tr("Delete one first."))
        self._take((*self.filters, made))

    def rename(self, old: str, new: str) -> None:
        """Give a filter another name; raises UserError when that is taken."""
        name = self._checked(new)
        if name != old and self.text_of(name) is not None:
            raise UserError(tr("There is already a filter {name}.").format(name=name), tr("Choose another name."))
        self._take(tuple(SavedFilter(name=name, text=f.text) if f.name == old else f for f in self.filters))

    def delete(self, name: str) -> None:
        """Forget a filter."""
        self._take(tuple(one for one in self.filters if one.name != name))

    def move(self, name: str, by: int) -> None:
        """Move a filter up (-1) or down (1) the list."""
        names = [one.name for one in self.filters]
        if name not in names:
            return
        here = names.index(name)
        there = max(0, min(len(names) - 1, here + by))
        ordered = list(self.filters)
        ordered.insert(there, ordered.pop(here))
        self._take(tuple(ordered))

    def show_columns(self, columns: tuple[ListColumn, ...]) -> None:
        """Take the wanted columns from left to right with their widths; none means the usual ones."""
        if columns != self.columns:
            self.columns = columns
            self._change(columns=tuple(one.model_dump() for one in columns))
            self.columns_changed.emit()

    def group(self, grouped: bool) -> None:
        """Group the list by case, or not."""
        if grouped != self.grouped:
            self.grouped = grouped
            self._change(grouped=grouped)
            self.grouped_changed.emit()

    def _take(self, filters: tuple[SavedFilter, ...]) -> None:
        if filters != self.filters:
            self.filters = filters
            self._change(filters=tuple(one.model_dump() for one in filters))
            self.filters_changed.emit()

    def _checked(self, name: str) -> str:
        kept = " ".join(name.split())[:LONGEST_NAME].strip()
        if not kept:
            raise UserError(tr("A filter needs a name."), tr("A word or two will do."))
        if kept in BUILT_IN_TITLES:
            raise UserError(tr("The name {name} is taken.").format(name=kept), tr("Choose another name."))
        return kept


def _nowhere(**_: Any) -> None:
    """Store nothing."""
