"""The guide to the reading room names keys and shows pictures that are there."""

import re
from pathlib import Path

import pytest

from labelcritic_gui.ui.commands import COMMANDS

DOCS = Path(__file__).parents[1] / "docs"
GUIDES = ("reading-room.md", "patchwork.md")


@pytest.mark.parametrize("name", GUIDES)
def test_every_key_of_a_guides_tables_is_a_key_of_a_command(name):
    known = {key for command in COMMANDS for key in command.keys}
    text = (DOCS / name).read_text("utf-8")
    rows = re.findall(r"^\| (`[^|]*?) \|", text, flags=re.MULTILINE)
    named = [key for row in rows for key in re.findall(r"`([^`]+)`", row) if not key.startswith(("REVIEW", "--"))]
    assert len(named) > 10
    assert [key for key in named if key not in known] == []


def test_the_guide_names_every_way_to_decide_and_to_look():
    text = (DOCS / "reading-room.md").read_text("utf-8")
    for command in COMMANDS:
        family = command.id.split(".")[0]
        ranged = re.search(r"\.(accept_)?\d|window_|toggle_", command.id)  # named as a range
        if family in {"decide", "view", "slice", "see", "tour"} and command.keys and not ranged and command.menu:
            named = [key for key in command.keys if f"`{key}`" in text]
            assert named, command.id


@pytest.mark.parametrize("file", [*sorted(DOCS.glob("*.md")), DOCS.parent / "README.md"], ids=lambda file: file.name)
def test_every_picture_that_is_shown_is_there_and_small(file):
    for shown in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", file.read_text("utf-8")):
        picture = file.parent / shown
        assert picture.is_file(), shown
        assert picture.stat().st_size < 1_000_000, shown
