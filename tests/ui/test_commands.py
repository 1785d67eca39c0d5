"""The command table and the keys."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.ui.commands import BY_ID, COMMANDS, MENUS, key_table_markdown
from labelcritic_gui.ui.commands.groups import grouped
from labelcritic_gui.ui.keymap import conflicts, default_keys, is_key, keys_file, load_keys, write_keys
from labelcritic_gui.ui.keys_in_force import KeysInForce
from labelcritic_gui.viewmodels.screens import ScreenMode


def test_that_ids_and_keys_are_unique_and_every_key_is_one(qapp) -> None:
    assert len(BY_ID) == len(COMMANDS)
    assert conflicts(default_keys()) == []
    assert [key for command in COMMANDS for key in command.keys if not is_key(key)] == []


def test_that_every_command_is_on_the_key_sheet_once_and_menus_are_known() -> None:
    assert [c.id for c in COMMANDS if c.menu and c.menu not in MENUS] == []
    listed = [c.id for commands in grouped().values() for c in commands]
    assert sorted(listed) == sorted(BY_ID)


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
    write('"decide.edit" = ["Ctrl+F10"]\n"decide.skip" = "Ctrl+F11"\n')
    keys = load_keys()
    assert keys["decide.edit"] == ("Ctrl+F10",)
    assert keys["decide.skip"] == ("Ctrl+F11",)
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


def in_force() -> tuple[KeysInForce, list[dict[str, tuple[str, ...]]]]:
    stored: list[dict[str, tuple[str, ...]]] = []
    return KeysInForce(default_keys(), stored.append), stored


def test_that_a_key_that_is_given_to_a_command_is_taken_from_whoever_had_it(qapp) -> None:
    keys, stored = in_force()
    assert keys.owners("decide.edit", "x") == ("decide.none",)
    keys.assign("decide.edit", "X", instead="E")
    assert (keys["decide.edit"], keys["decide.none"]) == (("X",), ())
    assert stored[-1] == {"decide.edit": ("X",), "decide.none": ()}
    assert conflicts(keys) == []


def test_that_keys_of_different_screens_do_not_clash(qapp) -> None:
    keys, _ = in_force()
    others = [c for c in COMMANDS if c.mode is ScreenMode.SHEET and c.keys]
    for command in others:
        for key in command.keys:
            assert all(BY_ID[o].mode in {None, ScreenMode.SHEET} for o in keys.owners(command.id, key))


def test_that_resetting_a_command_takes_its_keys_back_and_resetting_all_stores_nothing(qapp) -> None:
    keys, stored = in_force()
    keys.assign("decide.edit", "X", instead="E")
    keys.reset("decide.none")
    assert (keys["decide.edit"], keys["decide.none"]) == ((), ("X",))
    keys.reset_all()
    assert dict(keys) == default_keys()
    assert stored[-1] == {}


@given(st.lists(st.tuples(st.sampled_from(sorted(BY_ID)), st.sampled_from(["A", "Ctrl+F", "X", "1", "F1", "Esc"]))))
def test_that_no_row_of_changes_ever_leaves_a_conflict(changes: list[tuple[str, str]]) -> None:
    keys, stored = in_force()
    for command, key in changes:
        keys.assign(command, key)
        assert conflicts(keys) == []
        assert keys.overrides == stored[-1]


def test_that_stored_keys_are_read_again(qapp) -> None:
    keys = KeysInForce(load_keys(), write_keys)
    keys.assign("decide.edit", "Ctrl+Shift+E")
    keys.take_away("decide.skip", "S")
    assert load_keys() == dict(keys)
    assert load_keys()["decide.skip"] == ()


def test_that_what_is_no_key_is_refused(qapp) -> None:
    keys, stored = in_force()
    with pytest.raises(ValueError, match="NoSuchKey"):
        keys.assign("decide.edit", "NoSuchKey")
    assert stored == []
