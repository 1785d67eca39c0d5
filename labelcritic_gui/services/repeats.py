"""Which of a reader's items come again in a review, kept up with its journal. Layer: services."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.repeats import Repeat, RepeatPlan, is_repeated
from labelcritic_gui.core.review import Event, EventKind
from labelcritic_gui.services import worklist
from labelcritic_gui.services.review import OpenReview, default_reader
from labelcritic_gui.store import journal

MOST_COUNTED = 20_000
"""Items of a review up to which repeats are counted with them."""

__all__ = ["Repeat", "RepeatBook", "repeat_of", "undone_repeat"]


def repeat_of(answer: Event) -> Repeat | None:
    """Return the repeat that an event answered, with its sides as they stood then; None for any other event."""
    if answer.kind is not EventKind.REPEATED or answer.item is None:
        return None
    return Repeat(answer.item, str(answer.payload["of"]), tuple(reversed(answer.seen.get("sides") or ())))


def undone_repeat(review: OpenReview, reader: str) -> Repeat | None:
    """Return the repeat whose answer is what the reader undid last, or None."""
    undone = journal.last_undone(review.database, reader or default_reader())
    return repeat_of(undone) if undone is not None else None


@dataclass
class RepeatBook:
    """The repeats of one reader in one open review. Each call reads only what the journal has more than before.

    One thread at a time.
    """

    review: OpenReview
    reader: str
    _plan: RepeatPlan | None = field(default=None, init=False)
    _read: int = field(default=0, init=False)
    _chosen: NDArray[np.int32] | None = field(default=None, init=False)

    @property
    def active(self) -> bool:
        """Say whether items of this review come again at all."""
        return self.review.file.repeats > 0 and bool(self.review.file.seed)

    def due(self, *, others_left: bool) -> tuple[Repeat, ...]:
        """Return what may come again now, first what waits longest; see `core.repeats.RepeatPlan.all_due`."""
        return self._kept_up().all_due(others_left=others_left) if self.active else ()

    def waiting(self, item: ItemId) -> Repeat | None:
        """Return the repeat of an item that is still to come, or None."""
        return self._kept_up().waiting(item) if self.active else None

    def counted(self) -> tuple[int, int]:
        """Return how many repeats were answered, and how many are to come: of items decided, and of open ones.

        In very large reviews, where a few do not show, none are told to come.
        """
        plan = self._kept_up()
        if self._chosen is None:
            self._chosen = self._choose()
        if not self._chosen.size:
            return plan.answered, 0
        stands = worklist.turns(self.review)
        open_ones = int(np.count_nonzero(stands[self._chosen] != worklist.DECIDED))
        return plan.answered, len(plan.planned) + open_ones

    def _choose(self) -> NDArray[np.int32]:
        """Return the ranks of the items that come again for this reader."""
        known = worklist.keys(self.review)
        ranks = range(len(known.case_of))
        if len(ranks) > MOST_COUNTED:
            return np.zeros(0, dtype=np.int32)
        name, file = self.reader or default_reader(), self.review.file
        chosen = [n for n in ranks if (item := known.item(n)) and is_repeated(file.seed, name, item, file.repeats)]
        return np.array(chosen, dtype=np.int32)

    def _kept_up(self) -> RepeatPlan:
        name = self.reader or default_reader()
        if self._plan is None:
            self._plan = RepeatPlan(self.review.file.seed, name, self.review.file.repeats)
        self._read, events = journal.events_after(self.review.database, self._read, name)
        return self._plan.feed(events)
