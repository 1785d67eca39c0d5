"""The real program killed while somebody reads, and started again: it is where it was, on the screens there are."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from labelcritic_gui.services.new_review import create_review
from labelcritic_gui.services.opinions import ensure_opinions
from labelcritic_gui.services.pictures import case_pictures
from labelcritic_gui.settings import change_settings
from labelcritic_gui.store import index
from tests.making import Dataset, request, write_dataset
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.crash, pytest.mark.gui, pytest.mark.e2e, pytest.mark.timeout(180)]
ONE = [("main", 0, 0, 1600, 900)]
TWO = [*ONE, ("side", 1600, 0, 1280, 1024)]


@pytest.fixture
def review(dataset: Dataset, tmp_path: Path, own_home: Path) -> Path:
    """A review of four cases, pictured and judged."""
    change_settings(reader="ann", notice_accepted=True, hints_seen=True)
    root = tmp_path / "four"
    write_dataset(root, tuple(f"case_{n}" for n in range(4)))
    create_review(request(root), dataset.services.structures)
    opened = dataset.services.open_review(root / "review")
    for case in index.case_ids(opened.database):
        case_pictures(opened, case)
        ensure_opinions(opened, case)
    opened.close()
    return root / "review"


def platform(tmp_path: Path, screens: list[tuple[str, int, int, int, int]]) -> str:
    """Return Qt's name of an offscreen platform with these screens."""
    file = tmp_path / f"screens_{len(screens)}.json"
    told = [
        {"name": n, "x": x, "y": y, "width": w, "height": h, "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
        for n, x, y, w, h in screens
    ]
    file.write_text(json.dumps({"synchronousWindowSystemEvents": False, "windowFrameMargins": True, "screens": told}))
    return f"offscreen:configfile={file}"


@contextmanager
def program(review: Path, home: Path, qt: str, *keys: str) -> Iterator[Iterator[dict[str, Any]]]:
    """Run the program with keys; gives where the reader is, line by line; it is killed at the end."""
    environment = {**os.environ, "QT_QPA_PLATFORM": qt, "LABELCRITIC_HOME": str(home)}
    command = [sys.executable, "-m", "tests.crash.placed", str(review), *keys]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
    assert process.stdout is not None
    try:
        yield (json.loads(line) for line in process.stdout)
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def killed_at(review: Path, home: Path, qt: str, *keys: str) -> dict[str, Any]:
    """Press keys and kill the program as soon as what it shows is kept; return what it showed."""
    with program(review, home, qt, *keys) as places:
        return next(place for place in places if place["kept"])


def started_at(review: Path, home: Path, qt: str, like: dict[str, Any]) -> dict[str, Any]:
    """Start the program anew, wait until it shows what it did (or fail with the last it showed)."""
    with program(review, home, qt) as places:
        for place in places:
            if place == {**like, "kept": place["kept"]} or place["kept"]:
                return place
    raise AssertionError("the program ended by itself")


@pytest.mark.parametrize(
    "keys",
    [
        ("J", "J", "+", "+", "+", "Q"),
        ("J", "Space", "Q", "Right", "Right", "Shift+Right", "+", "F4"),
        ("G", "PgDown"),
    ],
    ids=["projection", "slices", "contact sheet"],
)
def test_that_the_program_is_where_it_was_when_it_was_killed(
    review: Path, own_home: Path, tmp_path: Path, keys: tuple[str, ...]
) -> None:
    qt = platform(tmp_path, ONE)
    before = killed_at(review, own_home, qt, *keys)
    assert before["item"] is not None
    after = started_at(review, own_home, qt, before)
    if before["mode"] == "sheet":
        assert after["sheet"] == before["sheet"]
        assert after["mode"] == "sheet"
    else:
        assert {**after, "kept": True} == before


def test_that_the_lists_window_comes_back_on_its_screen_and_to_another_when_that_is_gone(
    review: Path, own_home: Path, tmp_path: Path
) -> None:
    two, one = platform(tmp_path, TWO), platform(tmp_path, ONE)
    with program(review, own_home, two, "Ctrl+Shift+L", "J") as places:
        first = next(place for place in places if place["apart"] and place["kept"])
        assert first["apart"] == "side"
        assert first["window"] == "main"
        _wait_for(own_home, "list_apart=true")
    with program(review, own_home, two) as places:
        again = next(place for place in places if place["apart"])
        assert again["apart"] == "side"
    with program(review, own_home, one) as places:
        alone = next(place for place in places if place["apart"])
        assert alone["apart"] == "main"
        assert alone["window"] == "main"


def _wait_for(home: Path, words: str) -> None:
    """Wait until the state of the windows says something."""
    file = home / "config" / "window.ini"
    wait_until(lambda: file.is_file() and words in file.read_text(encoding="utf-8"))
