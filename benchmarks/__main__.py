"""All benchmarks in one run: `python -m benchmarks`."""

import subprocess
import sys

ALL = (
    "benchmarks.projection",
    "benchmarks.window",
    "benchmarks.loading",
    "benchmarks.slices",
    "benchmarks.patchwork",
    "benchmarks.reading_room",
    "benchmarks.heartbeat",
    "benchmarks.worklist",
    "benchmarks.memory",
    "benchmarks.asking",
    "benchmarks.facts",
    "benchmarks.critic",
)

for name in ALL:
    print(f"== {name}", flush=True)
    subprocess.run([sys.executable, "-m", name], check=True)
