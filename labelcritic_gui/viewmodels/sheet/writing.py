"""Writes what is marked on the contact sheet, one durable event an item, in order. Layer: viewmodels."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.review import Choice
from labelcritic_gui.viewmodels.reading.deciding import Deciding


@dataclass(frozen=True, slots=True)
class Order:
    """A decision to be written: of the cell `number` (from 1), with what the reader saw."""

    number: int
    item: ItemId
    choice: Choice
    candidate: CandidateId | None
    position: int
    seen: Mapping[str, Any]


class OrderedWriting:
    """Hands orders to the journal one after the other; the first that fails stops those after it."""

    def __init__(
        self,
        deciding: Deciding,
        *,
        wrote: Callable[[Order], None],
        done: Callable[[], None],
        stopped: Callable[[Order, BaseException], None],
    ) -> None:
        self._deciding = deciding
        self._wrote = wrote
        self._done = done
        self._stopped = stopped
        self._waiting: deque[Order] = deque()
        self.written: list[Order] = []

    @property
    def active(self) -> bool:
        """Say whether orders are on their way to the disk."""
        return bool(self._waiting)

    def write(self, orders: tuple[Order, ...]) -> None:
        """Write orders; `done` is told when the last one is on the disk."""
        self._waiting = deque(orders)
        self.written = []
        self._next()

    def _next(self) -> None:
        if not self._waiting:
            self._done()
            return
        order = self._waiting[0]
        self._deciding.write_elsewhere(
            order.item,
            order.choice,
            candidate=order.candidate,
            position=order.position,
            seen=order.seen,
            then=lambda: self._taken(order),
            failed=lambda error: self._failed(order, error),
        )

    def _taken(self, order: Order) -> None:
        self._waiting.popleft()
        self.written.append(order)
        self._wrote(order)
        self._next()

    def _failed(self, order: Order, error: BaseException) -> None:
        self._waiting.clear()
        self._stopped(order, error)
        if not isinstance(error, UserError):
            raise error
