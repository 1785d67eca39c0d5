"""How a view-model asks for work off the GUI thread, and the runner that does it at once. Layer: viewmodels."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol, TypeVar

T = TypeVar("T")
OnError = Callable[[BaseException], None]


class Lane(StrEnum):
    """Where work runs: DECIDE writes events, STORE asks the database, CPU computes, NET asks a server."""

    DECIDE = "decide"
    STORE = "store"
    CPU = "cpu"
    NET = "net"


class Runner(Protocol):
    """Runs plain functions somewhere and hands their results back on the GUI thread."""

    def run(
        self,
        lane: Lane,
        work: Callable[[], T],
        done: Callable[[T], None],
        *,
        key: str | None = None,
        on_error: OnError | None = None,
    ) -> None:
        """Run `work` on a lane, then `done` with its result.

        A later call with the same `key` supersedes this one: its result and its error are dropped. Errors go to
        `on_error`, or to the runner's own reporter.
        """


class InlineRunner:
    """Runs work at once on the calling thread; an error without a handler is raised."""

    def run(
        self,
        lane: Lane,  # noqa: ARG002  (one thread is every lane)
        work: Callable[[], T],
        done: Callable[[T], None],
        *,
        key: str | None = None,  # noqa: ARG002  (nothing can come later)
        on_error: OnError | None = None,
    ) -> None:
        """Run `work`, then `done` or `on_error`, before returning."""
        try:
            result = work()
        except Exception as error:
            if on_error is None:
                raise
            on_error(error)
            return
        done(result)


class Job:
    """A long piece of work as both sides see it: the worker writes progress, the window reads it and may cancel.

    It fits `core.cancel.Cancel` and `core.cancel.Progress`; plain attribute writes are enough between two threads.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.done = 0
        self.total = 0
        self.what = ""
        self._cancelled = False

    def __call__(self, done: int, total: int, what: str) -> None:
        """Take note of progress."""
        self.done, self.total, self.what = done, total, what

    def cancel(self) -> None:
        """Ask the worker to stop at its next step."""
        self._cancelled = True

    def is_set(self) -> bool:
        """Say whether the worker should stop."""
        return self._cancelled
