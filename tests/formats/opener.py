"""Opens files in a process of its own, with little memory and time for each; prints what happened as JSON lines."""

import json
import resource
import signal
import sys
import time
import traceback
from pathlib import Path

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.formats import volumes

SECONDS = 10
MEMORY = 2**30


def attempt(path: Path) -> dict[str, object]:
    """Say what a file is and what of it was read; a refusal's sentence; anything else is a crash."""
    start = time.perf_counter()
    try:
        kind = volumes.format_of(path)
        grid = volumes.read_geometry(path)
        if kind == volumes.DICOM_SEG:
            values = volumes.count_values(path)
            said = f"{grid.describe()}, segments {', '.join(str(v) for v in values if v)}"
        else:
            volume = volumes.load_ct(path)
            assert volume.voxels.shape == grid.shape
            said = f"{grid.describe()}, {volume.voxels.dtype}"
        found: dict[str, object] = {"format": kind, "outcome": "opened", "said": said}
    except UserError as refusal:
        found = {"format": "", "outcome": "refused", "said": refusal.message, "hint": refusal.hint}
    except Exception:  # noqa: BLE001  (the test names what went wrong)
        found = {"format": "", "outcome": "crashed", "said": traceback.format_exc()}
    return found | {"path": str(path), "seconds": time.perf_counter() - start}


def main() -> None:
    """Open every path that standard input names, one per line."""
    # the limit is on the address space: stricter than on what is resident, and enforced by the system
    before = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (before + MEMORY, before + MEMORY))
    for line in sys.stdin.read().splitlines():
        signal.alarm(SECONDS)  # the system ends the process: no code can hold it up
        print(json.dumps(attempt(Path(line))), flush=True)
        signal.alarm(0)
    print(json.dumps({"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)


if __name__ == "__main__":
    main()
