"""Waiting for what happens on other threads, without guessing how long it takes."""

import threading
import time
from collections.abc import Callable


def wait_until(happened: Callable[[], object], longest_s: float = 30.0) -> None:
    """Return as soon as something is so; fail when it does not become so."""
    pause, until = threading.Event(), time.monotonic() + longest_s
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        pause.wait(0.005)
