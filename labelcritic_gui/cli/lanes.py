"""The only threads of the headless half: work over many cases, results handled on the main thread. Layer: cli."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from labelcritic_gui.core.cancel import Cancel
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.services.projection import MapFunction


def over(
    items: Iterable[str], work: Callable[[str, Cancel], object], *, jobs: int
) -> Iterator[tuple[str, object | UserError]]:
    """Run `work(item, cancel)` for every item on `jobs` threads; yield results as they come, a UserError in its place.

    Only twice as many items as threads are under way, so that any number of items needs little memory. When the
    consumer stops or is interrupted, running work is cancelled.
    """
    cancel = threading.Event()
    waiting = iter(items)
    pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="case")
    running: dict[Future[object], str] = {}
    try:
        while True:
            for item in waiting:
                running[pool.submit(work, item, cancel)] = item
                if len(running) >= 2 * jobs:
                    break
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), _result(future)
    finally:
        cancel.set()
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def files_at_once(jobs: int) -> Iterator[MapFunction]:
    """Give a `map` that works on several files of one case at a time; plain `map` for one job."""
    if jobs < 2:
        yield map
        return
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="file") as pool:
        yield pool.map


def _result(future: Future[object]) -> object | UserError:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, UserError):
        return error
    raise error
