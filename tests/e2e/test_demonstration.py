"""`labelcritic demo` without a display: the whole job, started the way users start it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.e2e, pytest.mark.gui, pytest.mark.timeout(240)]


def test_without_a_display_the_demonstration_leaves_everything_in_its_folder(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}}
    command = [sys.executable, "main.py", "demo", str(tmp_path / "out"), "--cases", "2", "--size", "96", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "no display" in done.stderr
    said = json.loads(done.stdout)
    out = Path(said["folder"])
    assert said["items"] >= 17
    assert said["verified"] == said["exported"] > 0
    assert (out / "accepted" / "manifest.csv").is_file()
    assert len(json.loads((out / "verdicts.json").read_text())) == said["items"]
    pictures = [out / "screenshots" / name for name in said["screenshots"]]
    assert len(pictures) >= 5
    assert all(p.read_bytes()[:4] == b"\x89PNG" for p in pictures)
    again = subprocess.run([*command, "--headless"], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert again.returncode == 0
    assert (tmp_path / "out-2" / "accepted").is_dir()
