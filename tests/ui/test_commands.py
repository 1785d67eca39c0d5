"""The command table and the keys."""

from pathlib import Path

import pytest

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.ui.commands import BY_ID, COMMANDS, MENUS, key_table_markdown
from labelcritic_gui.ui.keymap import conflicts, default_keys, is_key, keys_file, load_keys


def test_that_ids_and_keys_are_unique_and_every_key_is_one(qapp) -> None:
    assert len(BY_ID) == len(COMMANDS)
    assert conflicts(default_keys()) == []
    assert [key for command in COMMANDS for key in command.keys if not is_key(key)] == []


def test_that_every_command_is_in_a_menu_or_has_a_chip() -> None:
    assert [c.id for c in COMMANDS if c.menu not in MENUS and not c.id.startswith("reason.")] == []


def test_that_no_decision_repeats_while_its_key_is_held() -> None:
    assert [c.id for c in COMMANDS if c.repeat and c.id.startswith(("decide.", "reason."))] == []


def test_that_the_key_table_names_every_command_that_has_a_key() -> None:
    table = key_table_markdown()
    assert all(c.title in table for c in COMMANDS if c.keys)


def write(text: str) -> Path:
    keys_file().parent.mkdir(parents=True, exist_ok=True)
    keys_file().write_text(text, "utf-8")
    return keys_file()


def test_that_a_persons_keys_replace_the_defaults(qapp) -> None:
    write('"decide.edit" = ["Q"]\n"decide.skip" = "Space"\n')
    keys = load_keys()
    assert keys["decide.edit"] == ("Q",)
    assert keys["decide.skip"] == ("Space",)
    assert keys["decide.none"] == ("X",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"decide.edit" = ["X"]', "gives X to"),
        ('"decide.nothing" = ["Q"]', "names no command"),
        ('"decide.edit" = ["NoSuchKey"]', "no valid key"),
        ('"decide.edit" = [1]', "no valid key"),
        ("not toml at all", "cannot be read"),
    ],
)
def test_that_a_faulty_key_file_says_what_is_wrong(qapp, text: str, said: str) -> None:
    write(text)
    with pytest.raises(UserError, match=said):
        load_keys()
