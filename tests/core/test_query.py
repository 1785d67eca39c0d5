"""The filter language: what is read, what is refused and where, and that writing and reading agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.query.completing import complete
from labelcritic_gui.core.query.fields import FIELDS, Kind, Op, offered
from labelcritic_gui.core.query.parsing import MOST_LETTERS, MOST_TERMS, MOST_VALUES, parse
from labelcritic_gui.core.query.query import Query, QueryError, Term

LETTERS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1, max_size=8)
NEAR = st.text(alphabet='structuedicanol:<>=|-"\\ *0123456789.,_ÄéLEAK', max_size=60)


def values_of(field: str) -> st.SearchStrategy[str]:
    known = FIELDS[field]
    if known.kind is Kind.NUMBER:
        return st.floats(-1e6, 1e6).map(lambda n: repr(n + 0.0).removesuffix(".0"))
    if known.kind is Kind.DATE:
        return st.dates().map(lambda d: d.isoformat()) | st.sampled_from(["2026", "2026-11"])
    if known.kind in {Kind.CHOICE, Kind.CODE}:
        return st.sampled_from(known.choices)
    return LETTERS.filter(lambda v: v.strip() and v.lower() not in known.choices) | st.sampled_from(["a b", "BDMAP*"])


@st.composite
def terms(draw: st.DrawFn) -> Term:
    field = draw(st.sampled_from(["", *FIELDS]))
    if not field:
        op, values = Op.IS, draw(st.lists(LETTERS.filter(str.strip), min_size=1, max_size=3))
    else:
        op = draw(st.sampled_from(FIELDS[field].operators))
        values = draw(st.lists(values_of(field), min_size=1, max_size=3 if op is Op.IS else 1))
    return Term(field, op, tuple(values), draw(st.booleans()))


@given(st.lists(terms(), max_size=6))
def test_what_is_written_is_read_as_it_was_meant(made: list[Term]) -> None:
    query = Query(tuple(made))
    assert parse(query.text) == query


def read(text: str) -> Query | QueryError:
    try:
        return parse(text)
    except QueryError as error:
        return error


@given(st.text(max_size=80) | NEAR)
def test_any_text_is_a_filter_or_one_clear_error_with_its_place(text: str) -> None:
    query = read(text)
    if isinstance(query, QueryError):
        assert 0 <= query.start <= query.end <= len(text)
        assert query.message.endswith((".", "?"))
        assert query.hint
        return
    assert parse(query.text) == query
    assert parse(query.text).text == query.text
    ends = [0]
    for term in query.terms:
        assert ends[-1] <= term.start < term.end <= len(text)
        assert parse(text[term.start : term.end]).terms == (term,)
        ends.append(term.end)


@given(st.text(max_size=60) | NEAR, st.integers(-3, 90))
def test_a_completion_never_fails_and_keeps_what_stands_around_it(text: str, cursor: int) -> None:
    found = complete(text, cursor, offered(), lambda field, typed: ("liver", "left kidney", 'a"b'))
    assert 0 <= found.start <= found.end <= len(text)
    for option in found.options:
        after, place = found.applied(text, option)
        assert after.startswith(text[: found.start] + option.text)
        assert after.endswith(text[found.end :])
        assert 0 <= place <= len(after)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("structure:liver  status:open dice<0.8", "structure:liver status:open dice<0.8"),
        ("Dice<.8 confidence>=.90", "dice<0.8 confidence>=0.9"),
        ("finding:leak|isle -structure:kidney*", "finding:LEAK|ISLE -structure:kidney*"),
        ('note:"left lobe" has:note', 'note:"left lobe" has:note'),
        ("severity>=major quality=1", "severity>=2 quality:1"),
        ('"status:open" --x', '"status:open" -"-x"'),
        ("decided>=2026-11 12:30", "decided>=2026-11 12:30"),
        ("", ""),
    ],
)
def test_a_filter_has_a_normal_form(text: str, normal: str) -> None:
    assert parse(text).text == normal


@pytest.mark.parametrize(
    ("text", "words", "place"),
    [
        ("strcture:liver", "no field strcture", (0, 8)),
        ("liver dice<small", "small is no number", (11, 16)),
        ("dice<0,8", "0,8 is no number", (5, 8)),
        ("status:opened", "status is never opened", (7, 13)),
        ("structure<liver", "cannot be compared", (9, 10)),
        ("structure:", "needs a value", (10, 10)),
        ("structure:liver|", "needs a value", (16, 16)),
        ('note:"left', "not closed", (5, 10)),
        ("- liver", "Nothing follows the minus", (0, 1)),
        ("dice<0.8|0.9", "takes one value", (9, 12)),
        ("decided>tomorrow", "no date", (8, 16)),
        ("dice<1e999", "too large", (5, 10)),
        ('le"ft', "inside a word", (2, 3)),
        ("a\x00b", "cannot be searched for", (1, 2)),
    ],
)
def test_what_cannot_be_understood_is_said_with_its_place(text: str, words: str, place: tuple[int, int]) -> None:
    with pytest.raises(QueryError, match=words) as raised:
        parse(text)
    assert (raised.value.start, raised.value.end) == place


def test_a_filter_has_its_limits() -> None:
    for text in (
        "x" * (MOST_LETTERS + 1),
        "a " * (MOST_TERMS + 1),
        "a:b|" + "c|" * MOST_VALUES + "d",
        "a" + "|b" * 200,
    ):
        with pytest.raises(QueryError):
            parse(text)


def texts(text: str, **values: tuple[str, ...]) -> list[str]:
    return [o.text for o in complete(text, len(text), offered(), lambda field, typed: values.get(field, ())).options]


def test_fields_operators_and_values_are_offered_where_they_may_stand() -> None:
    assert texts("st") == ["structure:", "status:"]
    assert texts("dice") == ["dice<", "dice<=", "dice>", "dice>=", "dice:"]
    assert texts("status:o")[0] == "open"
    assert texts("liver -str") == ["structure:"]
    assert texts("structure:l", structure=("spleen", "liver", "left lung")) == ["liver", '"left lung"', "spleen"]
    assert texts("structure:liver|sp", structure=("spleen", "liver")) == ["spleen"]
    assert texts("liv", structure=("spleen", "liver")) == ["structure:liver"]
    assert texts("nowhere:x") == []


def test_an_option_replaces_what_was_typed_of_it() -> None:
    text = "structure:li status:open"
    found = complete(text, 12, offered(), lambda field, typed: ("liver",))
    assert found.applied(text, found.options[0]) == ("structure:liver status:open", 16)
    found = complete("liver di", 8, offered(), lambda field, typed: ())
    assert found.applied("liver di", found.options[0]) == ("liver dice<", 11)


def test_a_blind_reader_is_not_offered_what_the_critic_thinks() -> None:
    names = {one.name for one in offered(told=False)}
    assert names.isdisjoint({"pick", "confidence", "outcome", "orders", "finding", "findings", "attention", "audit"})
    assert {"structure", "status", "dice", "reader", "note"} <= names
    assert parse("liver status:open").tells is None
    telling = parse("liver -pick:alpha").tells
    assert telling is not None
    assert telling.field == "pick"
