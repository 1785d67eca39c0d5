"""Measure the window: process start to first paint and first item, and key to painted next item.

`python -m benchmarks.window [--runs 10] [--keys 40] [--review FOLDER]` makes the demonstration review (or takes the one
named), prepares its pictures once (warm), then starts the program in fresh processes, offscreen, and sends it real key
events. The floor in the same run: a process that only shows an empty Qt window.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FLOOR = """
import json, os, time
from PySide6.QtWidgets import QApplication, QWidget
class W(QWidget):
    def paintEvent(self, event):
        print(json.dumps({"window": time.monotonic() - float(os.environ["BENCH_START"])})); QApplication.exit()
a = QApplication([]); w = W(); w.resize(1366, 768); w.show(); a.exec()
"""


def started(command: list[str], home: str) -> dict:
    environment = {
        **os.environ,
        "BENCH_START": repr(time.monotonic()),
        "LABELCRITIC_HOME": home,
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        sys.exit(f"the program did not get there: {done.stderr[-2000:]}")
    return json.loads(lines[-1])


def row(name: str, values: list[float], floor: float | None = None, target: str = "") -> str:
    values = sorted(values)
    p99 = values[min(len(values) - 1, round(0.99 * len(values)))]
    ratio = f"{statistics.median(values) / floor:8.2f}x" if floor else " " * 9
    median = f"{1000 * statistics.median(values):9.0f}"
    return f"{name:42}{median} ms{1000 * values[0]:9.0f} ms{1000 * p99:9.0f} ms{ratio}  {target}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--keys", type=int, default=40)
    parser.add_argument("--review", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = str(Path(folder) / "home")
        os.environ["LABELCRITIC_HOME"] = home
        from labelcritic_gui.bootstrap import build_services
        from labelcritic_gui.services.opinions import ensure_opinions
        from labelcritic_gui.services.pictures import case_pictures
        from labelcritic_gui.settings import change_settings, load_settings
        from labelcritic_gui.store import index

        change_settings(reader="benchmark", notice_accepted=True)
        services = build_services(load_settings())
        demo = Path(folder) / "demo"
        opened = (
            services.open_review(Path(arguments.review)) if arguments.review else services.create_demonstration(demo)
        )
        for case in index.case_ids(opened.database):
            case_pictures(opened, case)
            ensure_opinions(opened, case)
        review = str(opened.folder)
        opened.close()
        floors = [started([sys.executable, "-c", FLOOR], home)["window"] for _ in range(arguments.runs + 1)][1:]
        command = [sys.executable, "-m", "benchmarks.window_watch", review]
        starts = [started([*command, "0"], home) for _ in range(arguments.runs + 1)][1:]
        delays = started([*command, str(arguments.keys)], home)["delays"]
    floor = statistics.median(floors)
    print(f"{'':42}{'median':>12}{'min':>12}{'p99':>12}   to floor")
    print(row("an empty Qt window, first paint (floor)", floors, floor))
    print(row("Label Critic, first paint", [s["window"] for s in starts], floor, "target 1000 ms"))
    print(row("Label Critic, first item", [s["item"] for s in starts], floor, "target 2000 ms"))
    print(row(f"key to painted next item ({len(delays)} keys)", delays, None, "target 100 ms"))


if __name__ == "__main__":
    main()
