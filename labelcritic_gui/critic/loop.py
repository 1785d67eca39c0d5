"""The one thread of the critics: an event loop on which every request to a server lives. Layer: critic.

It starts when the first connection opens and ends when the last one closes, or with the program. Work that must not
hold the loop up (hashing, the database) goes to two threads beside it, which live as long as the loop.
"""

import asyncio
import atexit
import threading
from collections.abc import Callable, Coroutine, Hashable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from labelcritic_gui.core.cancel import Cancel, stop_if

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
Tell = Callable[[Callable[[], None]], None]
"""Hands something to do to the thread that waits for the work."""

THREAD_NAME = "labelcritic-asking"
POLL_S = 0.03
"""How often a waiting thread looks whether it is still to wait."""
LAST_MOMENT_S = 5.0
"""How long the end of the program, or an interrupted thread, waits for work to notice that it was stopped."""
_SIDE_THREADS = 2
"""One looks answers up while the other one writes them."""


class WorkStoppedError(Exception):
    """The work was ended by somebody else than who waits for it: its connection was closed."""


class Lease:
    """A hold on the loop: as long as there is one, the thread lives. Release each exactly once."""

    def __init__(self, running: "_Running") -> None:
        self._running = running

    def run(self, work: Callable[[Tell], Coroutine[Any, Any, T]], cancel: Cancel) -> T:
        """Run a coroutine on the loop and return its result to the thread that calls, which waits.

        What the coroutine tells is called on the waiting thread, in order. When `cancel` is set, the work is
        cancelled, and has ended when this raises CancelledError. Raises WorkStoppedError when somebody else ended it.
        """
        stop_if(cancel)
        return self._running.run(work, cancel)

    def soon(self, work: Callable[[], object]) -> None:
        """Have something called on the loop without waiting; without effect once the loop has ended."""
        self._running.soon(work)

    async def aside(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do blocking work beside the loop; to be awaited on the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._running.side, work, *arguments)

    def release(self) -> None:
        """Let go; the last one ends the thread and waits for its end (unless called on it)."""
        _let_go(self._running)


class Flights(Generic[K, T]):
    """Work that several want at once is done once: one task per key, which ends when the last one who waits leaves.

    Lives on the loop.
    """

    def __init__(self) -> None:
        self._under_way: dict[K, _Flight[T]] = {}

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(flight.waiting for flight in self._under_way.values())

    async def join(self, key: K, work: Callable[[], Coroutine[Any, Any, T]]) -> tuple[T, bool]:
        """Return the result of the work under way for a key, started if there is none, and whether it was started."""
        flight = self._under_way.get(key)
        started = flight is None
        if flight is None:
            flight = self._under_way[key] = _Flight(asyncio.create_task(work()))
            flight.task.add_done_callback(lambda task: self._land(key, task))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task), started
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._land(key, flight.task)  # whoever comes now starts anew instead of joining what is ending
                flight.task.cancel()
                await asyncio.wait([flight.task])

    def _land(self, key: K, task: "asyncio.Task[T]") -> None:
        flight = self._under_way.get(key)
        if flight is not None and flight.task is task:
            del self._under_way[key]
        if task.done() and not task.cancelled():
            task.exception()  # seen, even when nobody waits any more


class _Flight(Generic[T]):
    def __init__(self, task: "asyncio.Task[T]") -> None:
        self.task = task
        self.waiting = 0


class _Running:
    """The loop with its thread."""

    def __init__(self) -> None:
        self.holders = 0
        self.loop = asyncio.new_event_loop()
        self.side = ThreadPoolExecutor(_SIDE_THREADS, thread_name_prefix=f"{THREAD_NAME}-side")
        self._over = asyncio.Event()
        self.thread = threading.Thread(target=self._serve, name=THREAD_NAME, daemon=True)
        self.thread.start()

    def run(self, work: Callable[[Tell], Coroutine[Any, Any, T]], cancel: Cancel) -> T:
        if threading.current_thread() is self.thread:
            raise RuntimeError("the loop's own thread cannot wait for work on the loop")
        told: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        tasks: list[asyncio.Task[T]] = []

        def start() -> None:
            task = self.loop.create_task(work(told.put))
            task.add_done_callback(lambda _: told.put(None))
            tasks.append(task)

        self.soon(start)
        try:
            self._wait(told, tasks, cancel)
        except BaseException:  # an interrupt, or a fault in what was told: nothing may go on behind its back
            self._stop(tasks)
            self._drain(told)
            raise
        if not tasks or not tasks[0].done() or tasks[0].cancelled():
            stop_if(cancel)
            raise WorkStoppedError
        return tasks[0].result()

    def soon(self, work: Callable[[], object]) -> None:
        try:
            self.loop.call_soon_threadsafe(work)
        except RuntimeError:  # it has ended
            return

    def stop(self) -> None:
        """Have the loop end, which may be said again while it does, and wait for that on any other thread."""
        self.soon(self._over.set)
        if threading.current_thread() is not self.thread:
            self.thread.join(LAST_MOMENT_S)

    def _wait(self, told: "SimpleQueue[Any]", tasks: "list[asyncio.Task[T]]", cancel: Cancel) -> None:
        stopping = False
        while True:
            ended = not self.thread.is_alive()  # with the program: then nobody says when the work is done
            try:
                call = told.get(timeout=POLL_S)
            except Empty:
                call = None if ended else _nothing
            if call is None:
                return
            call()
            if not stopping and cancel.is_set():
                stopping = True
                self._stop(tasks)

    def _stop(self, tasks: "list[asyncio.Task[T]]") -> None:
        self.soon(lambda: [task.cancel() for task in tasks])

    def _drain(self, told: "SimpleQueue[Any]") -> None:
        try:
            while told.get(timeout=LAST_MOMENT_S) is not None:
                pass
        except Empty:
            return

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self._over.wait())
        finally:
            self._end()

    def _end(self) -> None:
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        if left:
            self.loop.run_until_complete(asyncio.wait(left))
        self.side.shutdown(wait=True)
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


def _nothing() -> None:
    pass


opening = threading.Lock()
"""Held while a connection is opened; nothing else may be waited for under it."""
_lock = threading.Lock()
_present: list[_Running] = []


def hold() -> Lease:
    """Return a hold on the loop of this process, started if there is none."""
    with _lock:
        if not _present:
            _present.append(_Running())
        running = _present[0]
        running.holders += 1
        return Lease(running)


def _let_go(running: _Running) -> None:
    with _lock:
        running.holders -= 1
        last = running.holders == 0
        if last and running in _present:
            _present.remove(running)
    if last:
        running.stop()


@atexit.register
def _end_with_the_program() -> None:
    with _lock:
        left = _present.copy()
        _present.clear()
    for running in left:
        running.stop()
