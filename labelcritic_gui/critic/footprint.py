"""What a server's processes take: memory of the whole tree, and of the GPUs where there are some. Layer: critic."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 5.0
_MB = 2**20


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics card as its driver reports it; MB of 2**20 bytes, used by all programs together."""

    index: int
    name: str
    used_mb: int
    total_mb: int


def gpus() -> tuple[Gpu, ...]:
    """Return the NVIDIA cards of this machine; empty where there are none, or no nvidia-smi that says so."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    query = [program, "--query-gpu=index,name,memory.used,memory.total", "--format=csv,noheader,nounits"]
    return tuple(read_gpus(_output(query)))


def read_gpus(listed: str) -> Iterable[Gpu]:
    """Read what nvidia-smi lists, line by line; a line that cannot be read (a card that is lost) is left out."""
    for line in listed.splitlines():
        parts = [part.strip() for part in line.split(",")]
        with suppress(ValueError, IndexError):
            yield Gpu(int(parts[0]), ",".join(parts[1:-2])[:60], int(parts[-2]), int(parts[-1]))


def memory_of(root: int) -> tuple[int, int]:
    """Return the memory that a process and all below it take, in MB of 2**20 bytes, and how many they are.

    Memory that processes share is counted once on Linux, and once each elsewhere. Both are 0 when it has ended.
    """
    table = _from_proc() if Path("/proc/self").is_dir() else _from_ps()
    tree = _tree(root, {pid: parent for pid, (parent, _) in table.items()})
    sizes = [_shared_once(pid) or table[pid][1] for pid in tree]
    return round(sum(sizes) / _MB), len(tree)


def _tree(root: int, parents: dict[int, int]) -> list[int]:
    if root not in parents:
        return []
    found, front = [root], {root}
    while front:
        front = {pid for pid, parent in parents.items() if parent in front and pid not in found}
        found += front
    return found


def _from_proc() -> dict[int, tuple[int, int]]:
    """Return parent and resident bytes of every process."""
    page = os.sysconf("SC_PAGE_SIZE")
    table = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
                if fields[0] not in b"ZX":
                    table[int(folder.name)] = (int(fields[1]), int(fields[21]) * page)
    return table


def _shared_once(pid: int) -> int:
    """Return the bytes of a process with its share of what others have too; 0 where Linux does not say."""
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _from_ps() -> dict[int, tuple[int, int]]:
    table = {}
    for line in _output(["ps", "-axo", "pid=,ppid=,rss="]).splitlines():
        with suppress(ValueError):
            pid, parent, kilobytes = map(int, line.split())
            table[pid] = (parent, kilobytes * 1024)
    return table


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, timeout=PATIENCE_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
