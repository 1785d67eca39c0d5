"""The headless door: parses, runs a command, and turns failures into one line and an exit code. Layer: cli."""

import argparse
import logging
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from labelcritic_gui.bootstrap import Services, build_services
from labelcritic_gui.cli import batch, checks, reviews
from labelcritic_gui.cli.output import SOME_FAILED, USER_MISTAKE, Outcome, show
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.paths import log_dir
from labelcritic_gui.settings import load_settings

log = logging.getLogger(__name__)

COMMANDS: dict[str, Callable[[argparse.Namespace, Services], Outcome]] = {
    "new": reviews.new,
    "list": reviews.listing,
    "show": reviews.show,
    "decide": reviews.decide,
    "project": batch.project,
    "compare": batch.compare,
    "assess": batch.assess,
    "export": checks.export,
    "verify": checks.verify,
    "doctor": checks.doctor,
}

INTERRUPTED = 130


def run(arguments: argparse.Namespace) -> int:
    """Run a parsed command; return its exit code."""
    return guarded(lambda: show(_outcome(arguments), as_json=arguments.json))


def _outcome(arguments: argparse.Namespace) -> Outcome:
    return COMMANDS[arguments.command](arguments, build_services(load_settings()))


def guarded(work: Callable[[], int]) -> int:
    """Run something that returns an exit code; failures become one line on standard error.

    A UserError exits with 2, an interruption with 130, a defect with 1 and a report in the log folder.
    """
    try:
        return work()
    except UserError as error:
        sys.stderr.write(f"labelcritic: {' '.join(str(error).split())}\n")
        return USER_MISTAKE
    except KeyboardInterrupt:
        sys.stderr.write("labelcritic: stopped as asked; what was finished is kept.\n")
        return INTERRUPTED
    except BrokenPipeError:
        return SOME_FAILED
    except Exception as error:  # noqa: BLE001  (the outermost door: a surprise becomes a report)
        file = write_report(error)
        sys.stderr.write(f"labelcritic: a defect in the program: {error!r}. A report is in {file}.\n")
        return SOME_FAILED


def write_report(error: BaseException) -> Path:
    """Write a report of a defect into the log folder and return its path."""
    folder = log_dir()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"report-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.txt"
    file.write_text("".join(traceback.format_exception(error)), "utf-8")
    return file
