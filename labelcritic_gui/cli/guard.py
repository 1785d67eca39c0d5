"""The outermost net of a command: every failure becomes one line and an exit code. Layer: cli.

Light on purpose: the window starts through it too.
"""

import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from labelcritic_gui.cli.output import SOME_FAILED, USER_MISTAKE
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.paths import log_dir

INTERRUPTED = 130


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
