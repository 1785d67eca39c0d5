"""The command palette: what a few letters find, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.viewmodels.palette import MOST_RECENT, CommandPalette, Entry, Kind, fit, used
from labelcritic_gui.viewmodels.runner import InlineRunner
from tests.viewmodels.fakes import FakeCalls

TITLES = ("Next in the list", "Next region", "None acceptable", "Thinner fill", "Undo my last decision")
ENTRIES = tuple(Entry(Kind.COMMAND, f"c{n}", title) for n, title in enumerate(TITLES))


def made(entries=ENTRIES, **changes) -> CommandPalette:
    return CommandPalette(entries, InlineRunner(), **changes)


def titles(palette: CommandPalette, asked: str) -> list[str]:
    palette.ask(asked)
    return [entry.title for entry in palette.entries]


@given(st.sampled_from(TITLES), st.data())
def test_the_start_of_any_word_of_a_title_finds_it(title, data):
    word = data.draw(st.sampled_from(title.split()))
    start = word[: data.draw(st.integers(1, len(word)))]
    assert fit(start.upper(), title) is not None


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_title_that_fits_whole_words_fits_them_in_any_order(one, other):
    assert (fit(f"{one} {other}", "Next region") is None) == (fit(f"{other} {one}", "Next region") is None)


def test_words_that_are_not_there_find_nothing():
    assert fit("xyz", "Next region") is None
    assert fit("next xyz", "Next region") is None


def test_first_letters_and_letters_in_order_find_a_title():
    assert titles(made(), "nr")[0] == "Next region"
    assert titles(made(), "undlst") == ["Undo my last decision"]


def test_the_start_of_the_title_comes_before_a_word_inside_it():
    assert titles(made(), "ne")[0] == "Next region"
    assert titles(made(), "list") == ["Next in the list"]


def test_nothing_typed_lists_every_command_those_used_lately_first():
    palette = made(recent=("c3", "c1"))
    assert [entry.name for entry in palette.entries] == ["c3", "c1", "c0", "c2", "c4"]


def test_what_cannot_be_done_now_is_still_found_but_after_what_can():
    entries = (Entry(Kind.COMMAND, "a", "Next item", reason="a review is open"), Entry(Kind.COMMAND, "b", "Next lamp"))
    palette = made(entries=entries)
    assert titles(palette, "next") == ["Next lamp", "Next item"]


def test_a_setting_is_found_by_its_group_but_not_listed_before_it_is_asked_for():
    entries = (*ENTRIES, Entry(Kind.SETTING, "theme", "Theme", group="Look"))
    palette = made(entries=entries)
    assert "Theme" not in [entry.title for entry in palette.entries]
    assert titles(palette, "look") == ["Theme"]


def test_a_structure_and_a_case_find_their_item():
    palette = made(calls=FakeCalls(), title_of=str.title)
    palette.ask("liver case_1")
    first = palette.entries[0]
    assert (first.kind, str(first.item)) == (Kind.ITEM, "case_1 · liver")
    palette.ask("spl")
    assert [entry.kind for entry in palette.entries] == [Kind.STRUCTURE, *[Kind.ITEM] * 3]


def test_items_that_are_known_later_are_listed_when_they_are():
    waiting = []

    class Later(InlineRunner):
        def run(self, lane, work, done, *, key=None, on_error=None):
            waiting.append(lambda: done(work()))

    palette = CommandPalette(ENTRIES, Later(), calls=FakeCalls())
    heard = []
    palette.changed.connect(lambda: heard.append(len(palette.entries)))
    palette.ask("pancreas")
    waiting.pop()()
    assert heard == [0, 4]


@given(st.lists(st.sampled_from("abcdefghijklmnop"), max_size=40))
def test_the_last_name_used_is_first_and_none_is_there_twice(names):
    recent = ()
    for name in names:
        recent = used(recent, name)
        assert recent[0] == name
        assert len(recent) == len(set(recent)) <= MOST_RECENT


@pytest.mark.parametrize("asked", ["", " ", "\t"])
def test_blank_text_asks_for_nothing(asked):
    assert len(titles(made(), asked)) == len(ENTRIES)
