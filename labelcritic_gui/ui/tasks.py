"""The only threads of the window: lanes of workers that hand results back on the GUI thread. Layer: ui."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from labelcritic_gui.viewmodels.runner import Lane, OnError

T = TypeVar("T")


def default_lanes(max_in_flight: int) -> dict[Lane, int]:
    """Return the workers per lane: one for decisions, one for the database, two for computing, many for asking."""
    return {Lane.DECIDE: 1, Lane.STORE: 1, Lane.CPU: 2, Lane.NET: max_in_flight}


class TaskRunner(QObject):
    """Runs plain functions off the GUI thread, delivers their results on it, and drops what was superseded."""

    failed = Signal(object)
    _finished = Signal(object)

    def __init__(self, lanes: Mapping[Lane, int], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pools = {lane: ThreadPoolExecutor(n, thread_name_prefix=lane.value) for lane, n in lanes.items()}
        self._latest: dict[str, int] = {}
        self._generation = 0
        self._pending = 0
        self._closed = False
        # one long-lived signal into one decorated slot: objects that die on a worker thread crash Qt
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def idle(self) -> bool:
        """Say whether nothing is running or waiting to be delivered."""
        return self._pending == 0

    def run(
        self,
        lane: Lane,
        work: Callable[[], T],
        done: Callable[[T], None],
        *,
        key: str | None = None,
        on_error: OnError | None = None,
    ) -> None:
        """Run `work` on a lane, then `done` on the GUI thread; see `viewmodels.runner.Runner`."""
        if self._closed:
            return
        self._generation += 1
        generation = self._generation
        if key is not None:
            self._latest[key] = generation
        self._pending += 1
        future: Future[T] = self._pools[lane].submit(work)
        future.add_done_callback(lambda f: self._finished.emit((f, done, on_error, key, generation)))

    @Slot(object)
    def _deliver(self, ticket: tuple[Future[Any], Callable[[Any], None], OnError | None, str | None, int]) -> None:
        future, done, on_error, key, generation = ticket
        self._pending -= 1
        if self._closed or future.cancelled() or (key is not None and self._latest.get(key) != generation):
            return
        error = future.exception()
        if error is None:
            done(future.result())
        elif on_error is not None:
            on_error(error)
        else:
            self.failed.emit(error)

    def shutdown(self) -> None:
        """Let every decision be written, drop what else waits, wait for what runs; nothing is delivered after."""
        self._closed = True
        for lane, pool in self._pools.items():
            pool.shutdown(wait=False, cancel_futures=lane is not Lane.DECIDE)
        for pool in self._pools.values():
            pool.shutdown(wait=True)
