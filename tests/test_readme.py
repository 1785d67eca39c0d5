"""What the README says is what the program does."""

import re
from pathlib import Path

from labelcritic_gui.cli.arguments import build_parser
from labelcritic_gui.ui.commands import key_table_markdown

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_the_key_table_is_the_command_tables() -> None:
    found = re.search(r"<!-- keys:.*?-->\n(.*?)<!-- /keys -->", README, re.DOTALL)
    assert found is not None
    assert found.group(1) == key_table_markdown()


def test_every_command_named_there_exists() -> None:
    listed = re.search(r"`(new, list, [^`]*)` work without a window", README)
    assert listed is not None
    help_text = build_parser().format_help()
    # argparse puts what it says of a long name on the next line
    assert [name for name in listed.group(1).split(", ") if not re.search(rf"^    {name}\s", help_text, re.M)] == []


def test_every_picture_and_page_linked_there_is_in_the_project() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []
