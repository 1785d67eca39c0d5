"""What is asked of the worklist: a saved filter, a typed one, an order. Layer: viewmodels."""

from dataclasses import replace
from enum import Enum, auto
from typing import cast

from labelcritic_gui.core.query.query import Query, QueryError
from labelcritic_gui.services.worklist import BUILT_IN, Sort, WorklistQuery
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.worklist.keeping import TELLING, ListKeeping
from labelcritic_gui.viewmodels.worklist.wording import understood


class Change(Enum):
    """What another wish changes."""

    NONE = auto()
    TEXT = auto()
    """Only what was typed: the order that is known will do."""
    ORDER = auto()


class Asking:
    """The query of a list. `problem` says why the last text could not be understood; the query stays as it was then.

    `told` says whether the reader may know what the critic thinks, `saved` is the name of the saved filter.
    """

    def __init__(self, reader: str, kept: ListKeeping, *, told: bool) -> None:
        self.query = WorklistQuery(reader=reader)
        self.kept = kept
        self.told = told
        self.saved = "all"
        self.problem: QueryError | None = None

    def change(
        self,
        *,
        text: str | None = None,
        saved: str | None = None,
        sort: str | None = None,
        descending: bool | None = None,
    ) -> Change:
        """Take another wish; say what it changes. Sets `problem` where it cannot be understood."""
        now, name = self.query, self.saved if saved is None else saved
        wanted = replace(
            now,
            text=now.text if text is None else text.strip(),
            saved=self.text_of(name),
            sort=now.sort if sort is None else cast("Sort", sort),
            descending=now.descending if descending is None else descending,
        )
        self.problem = self._problem_of(wanted)
        if self.problem is not None:
            return Change.NONE
        self.query, self.saved = wanted, name
        if wanted == now:
            return Change.NONE
        return Change.TEXT if replace(wanted, text=now.text) == now else Change.ORDER

    def text_of(self, name: str) -> str:
        """Return the text of a saved filter; a name that there is no more means everything."""
        own = self.kept.text_of(name)
        return own if own is not None else BUILT_IN.get(name, "")

    def _problem_of(self, wanted: WorklistQuery) -> QueryError | None:
        try:
            telling = wanted.query.tells
        except QueryError as error:
            return error
        if telling is None or self.told:
            return None
        words = tr("{field} would say what the critic thinks, and this review is read without.")
        hint = tr("Leave it out.")
        return QueryError(words.format(field=telling.field), hint, telling.start, telling.end)

    @property
    def understood(self) -> str:
        """What the filter typed says, in words."""
        return understood(replace(self.query, saved="").query)

    @property
    def combined(self) -> Query:
        """Everything that is asked for, as one filter."""
        return self.query.query

    @property
    def saved_names(self) -> tuple[str, ...]:
        """The filters that can be chosen: those of every review, then the person's own."""
        built_in = (name for name in BUILT_IN if self.told or name not in TELLING)
        return (*built_in, *(one.name for one in self.kept.filters))

    @property
    def filtered(self) -> bool:
        """Say whether a filter leaves something out."""
        return bool(self.query.saved or self.query.text)
