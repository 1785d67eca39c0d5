"""What commands print: words for people, or one JSON document with --json; and their exit codes. Layer: cli."""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SUCCESS = 0
SOME_FAILED = 1
USER_MISTAKE = 2
PATIENCE_S = 2.0


@dataclass
class Outcome:
    """The result of a command: `body` is what --json prints, `lines` what a person reads."""

    body: Mapping[str, Any]
    lines: Sequence[str] = ()
    failed: Sequence[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 when everything worked, 1 when some cases failed."""
        return SOME_FAILED if self.failed else SUCCESS


def show(outcome: Outcome, *, as_json: bool) -> int:
    """Print a command's result and return its exit code."""
    if as_json:
        sys.stdout.write(json.dumps({**outcome.body, "failed": list(outcome.failed)}, indent=1, default=str) + "\n")
    else:
        for line in outcome.lines:
            sys.stdout.write(f"{line}\n")
        for line in outcome.failed:
            sys.stderr.write(f"failed: {line}\n")
    return outcome.exit_code


class ProgressLine:
    """Progress on standard error once work takes longer than two seconds.

    One line that is rewritten on a terminal, a line at every tenth elsewhere.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._start = time.monotonic()
        self._live = sys.stderr.isatty()
        self._shown = -1

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show that `done` of `total` steps are done."""
        if self._quiet or not total or time.monotonic() - self._start < PATIENCE_S:
            return
        tenth = done * 10 // total
        if self._live:
            sys.stderr.write(f"\r\x1b[K{done}/{total} {what}" if done < total else "\r\x1b[K")
            sys.stderr.flush()
        elif tenth != self._shown and total > 1:
            self._shown = tenth
            sys.stderr.write(f"{done}/{total} {what}\n")


def table(rows: Sequence[Sequence[str]], *, header: Sequence[str]) -> list[str]:
    """Lay rows out in columns of equal width."""
    widths = [max(len(str(r[n])) for r in (header, *rows)) for n in range(len(header))]
    return ["  ".join(str(c).ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in (header, *rows)]
