"""Groups, columns and what a person keeps of the list: laws and small cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.query.parsing import parse
from labelcritic_gui.core.review import Choice
from labelcritic_gui.settings import Settings
from labelcritic_gui.settings.listing import ListColumn
from labelcritic_gui.viewmodels.runner import InlineRunner
from labelcritic_gui.viewmodels.worklist import Worklist
from labelcritic_gui.viewmodels.worklist.columns import ALWAYS, COLUMNS, fitting, wanted
from labelcritic_gui.viewmodels.worklist.grouping import Groups, gathered
from labelcritic_gui.viewmodels.worklist.keeping import ListKeeping
from labelcritic_gui.viewmodels.worklist.wording import understood
from tests.viewmodels.fakes import FakeCalls

CASES = st.lists(st.integers(0, 6), min_size=1, max_size=40)


@given(CASES, st.randoms(), st.sets(st.integers(0, 6)))
def test_groups_show_every_place_once_under_its_case(cases: list[int], random, folded: set[int]) -> None:
    case_of = np.array([-1, *cases], dtype=np.int32)
    ranks = np.array(random.sample(range(1, len(cases) + 1), len(cases)), dtype=np.int32)
    order, starts = gathered(ranks, case_of)
    expected = sorted(range(len(ranks)), key=lambda n: list(case_of[ranks]).index(case_of[ranks[n]]))
    assert order.tolist() == [int(ranks[n]) for n in expected]
    groups = Groups(starts, case_of[order[starts]], order.size, frozenset(folded))
    seen, headings = [], []
    for line in range(groups.lines):
        number, place = groups.at(line)
        if place is None:
            headings.append(number)
            assert groups.heading_line(number) == line
        else:
            seen.append(place)
            assert groups.line_of(place) == line
            assert groups.group_of(place) == number == headings[-1]
            assert case_of[order[place]] == groups.case_of(number)
    assert headings == list(range(len(groups)))
    assert seen == [n for n in range(order.size) if case_of[order[n]] not in folded]
    assert groups.folded_cases == frozenset(folded) & frozenset(cases)
    for place in range(order.size):
        if groups.is_folded(groups.group_of(place)):
            assert groups.line_of(place) is None
    for place, by in ((seen[0], 1), (seen[-1], -1)) if seen else ():
        there = groups.next_open_place(place, by)
        assert there == (seen[1] if by > 0 else seen[-2]) if len(seen) > 1 else there not in seen


@given(st.lists(st.sampled_from([c.name for c in COLUMNS]), unique=True), st.integers(0, 2000), st.booleans())
def test_columns_that_fit_are_wanted_ones_in_their_order_and_fit(names: list[str], room: int, told: bool) -> None:
    columns = wanted([ListColumn(name=n) for n in names], told=told)
    shown = fitting(columns, room)
    assert set(ALWAYS) <= set(shown)
    assert [c.name for c, _ in columns if c.name in shown] == list(shown)
    widths = {c.name: width for c, width in columns}
    if set(shown) != set(ALWAYS):
        assert sum(widths[name] for name in shown) <= room
    assert told or not any(c.tells for c, _ in columns)
    assert set(fitting(columns, room + 100)) >= set(shown)


def test_a_list_of_the_usual_width_shows_the_usual_four() -> None:
    assert fitting(wanted((), told=True), 264) == ("mark", "case", "structure", "dice")
    assert len(fitting(wanted((), told=True), 1300)) == len(COLUMNS)


def kept_in() -> tuple[ListKeeping, list[dict]]:
    stored: list[dict] = []
    return ListKeeping(Settings(), lambda **changes: stored.append(changes)), stored


def test_filters_of_ones_own_are_stored_as_settings_take_them() -> None:
    kept, stored = kept_in()
    kept.save("  small   livers ", "structure:liver dice<0.8")
    kept.save("notes", "has:note")
    kept.save("notes", "has:note -liver")
    kept.move("notes", -1)
    kept.group(True)
    kept.show_columns((ListColumn(name="dice", width=50),))
    settings = Settings.model_validate({**stored[-3], **stored[-2], **stored[-1]})
    assert [(one.name, one.text) for one in settings.filters] == [
        ("notes", "has:note -liver"),
        ("small livers", "structure:liver dice<0.8"),
    ]
    assert settings.grouped
    assert settings.columns == (ListColumn(name="dice", width=50),)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("all", "liver", "taken"),
        (" ", "liver", "needs a name"),
        ("mine too", " ", "no filter"),
        ("x", "a:b", "no field"),
    ],
)
def test_a_filter_that_cannot_be_kept_is_one_sentence(name: str, text: str, words: str) -> None:
    kept, stored = kept_in()
    with pytest.raises(UserError, match=words):
        kept.save(name, text)
    assert stored == []
    kept.save("one", "liver")
    kept.save("two", "spleen")
    with pytest.raises(UserError, match="already"):
        kept.rename("one", "two")


def test_a_filter_is_said_in_words() -> None:
    text = 'structure:liver|spleen dice<0.8 -status:open note:"left lobe" liver'
    assert understood(parse(text)) == (
        "structure liver or spleen  ·  dice below 0.8  ·  not status open  ·  note “left lobe”  ·  “liver”"
    )


def test_a_grouped_list_keeps_cases_together_and_its_folds_over_a_filter() -> None:
    calls = FakeCalls(cases=4)
    kept, _ = kept_in()
    rows = Worklist(calls, InlineRunner(), reader="reader", kept=kept)
    rows.load()
    kept.group(True)
    assert rows.lines.count == 16
    rows.lines.fold(1, True)
    assert rows.lines.count == 13
    rows.ask(text="structure:liver")
    assert [rows.lines.heading_at(n) is not None for n in range(rows.lines.count)] == [
        True, False, True, True, False, True, False,
    ]  # fmt: skip
    assert rows.lines.line_of(calls.items[3]) is None
    rows.lines.open_for(calls.items[3])
    assert rows.lines.line_of(calls.items[3]) == 3
    heading = rows.lines.heading_at(2)
    assert heading is not None
    assert rows.lines.decided_in(heading) == 0
    rows.decided(calls.items[3], calls.decide(calls.items[3], Choice.NONE, seen={}))
    assert rows.lines.decided_in(heading) == 1


def test_an_order_may_be_turned_around_and_a_column_chosen_twice_turns_it() -> None:
    calls = FakeCalls(cases=3)
    rows = Worklist(calls, InlineRunner(), reader="reader")
    rows.load()
    rows.sort_by("case")
    assert rows.item_at(0) == calls.items[0]
    rows.sort_by("case")
    assert rows.item_at(0) == calls.items[-1]
    rows.sort_by("findings", first=True)
    assert rows.query.descending
