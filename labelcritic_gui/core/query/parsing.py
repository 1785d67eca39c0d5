"""Reads a filter: `structure:liver dice<0.8 -finding:LEAK|ISLE "left lobe"`. Layer: core.

A filter is words and terms between spaces, all of which must hold. A term is a field, an operator and values joined by
`|`, of which one must hold; a leading `-` turns a term or a word around. Quotation marks keep spaces, `|` and `-`
together; inside them a backslash stands before a quotation mark or a backslash.
"""

import math
import re

from labelcritic_gui.core.query.fields import FIELDS, Field, Kind, Op
from labelcritic_gui.core.query.query import Query, QueryError, Term

MOST_LETTERS, MOST_TERMS, MOST_VALUES = 2_000, 40, 100
HEAD = re.compile(r"([^\W\d]\w*)(<=|>=|[:=<>])")
"""A field and its operator."""
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?", re.ASCII)


def parse(text: str) -> Query:
    """Read a filter; raises QueryError with the place for what cannot be understood."""
    if len(text) > MOST_LETTERS:
        raise QueryError(
            f"A filter has at most {MOST_LETTERS} letters.", "Leave something out.", MOST_LETTERS, len(text)
        )
    for place, letter in enumerate(text):
        if not letter.isprintable() and not letter.isspace():
            raise QueryError("There is a letter here that cannot be searched for.", "Delete it.", place, place + 1)
    terms: list[Term] = []
    at = _after_spaces(text, 0)
    while at < len(text):
        term = _term(text, at)
        terms.append(term)
        if len(terms) > MOST_TERMS:
            raise QueryError(f"A filter has at most {MOST_TERMS} terms.", "Leave something out.", at, len(text))
        at = _after_spaces(text, term.end)
    return Query(tuple(terms))


def _after_spaces(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _term(text: str, start: int) -> Term:
    negated = text[start] == "-"
    at = start + negated
    if at == len(text) or text[at].isspace():
        raise QueryError("Nothing follows the minus.", "Write what is not wanted, as in -status:open.", start, at)
    head = HEAD.match(text, at)
    if head is None:
        values, places, end = _values(text, at, "The word")
        return Term("", Op.IS, values, negated, start, end)
    name, op = head[1].lower(), Op(":" if head[2] == "=" else head[2])
    known = FIELDS.get(name)
    if known is None:
        raise _unknown_field(head[1], head.start(1), head.end(1))
    if op not in known.operators:
        hint = f"Write {name}: instead."
        raise QueryError(f"{name} cannot be compared with {op.value}.", hint, head.start(2), head.end(2))
    values, places, end = _values(text, head.end(), f"{name}{op.value}")
    if len(values) > 1 and op is not Op.IS:
        raise QueryError(f"{name}{op.value} takes one value.", "Write two terms instead.", places[1], end)
    read = tuple(_read(known, value, place, end) for value, place in zip(values, places, strict=True))
    return Term(name, op, read, negated, start, end)


def _unknown_field(name: str, start: int, end: int) -> QueryError:
    near = [known for known in FIELDS if known[:2] == name.lower()[:2]]
    hint = f"Perhaps {' or '.join(near)}?" if near else f"Fields are {', '.join(FIELDS)}."
    return QueryError(f"There is no field {name}.", hint, start, end)


def _values(text: str, at: int, what: str) -> tuple[tuple[str, ...], tuple[int, ...], int]:
    """Read values joined by `|`; return them, where each stands, and the end."""
    values: list[str] = []
    places: list[int] = []
    while True:
        places.append(at)
        value, at = _quoted(text, at) if text[at : at + 1] == '"' else _bare(text, at)
        if not value.strip():
            raise QueryError(f"{what} needs a value here.", "Write one, or delete the term.", places[-1], at)
        values.append(value)
        if len(values) > MOST_VALUES:
            raise QueryError(f"A term has at most {MOST_VALUES} values.", "Leave some out.", places[-1], at)
        if at < len(text) and text[at] == "|":
            at += 1
            continue
        if at < len(text) and not text[at].isspace():
            hint = "Put a space or a | after it, or the whole value into quotation marks."
            raise QueryError("A quotation mark stands inside a word.", hint, at, at + 1)
        return tuple(values), tuple(places), at


def _bare(text: str, at: int) -> tuple[str, int]:
    start = at
    while at < len(text) and text[at] not in '|"\\' and not text[at].isspace():
        at += 1
    if at < len(text) and text[at] == "\\":
        raise QueryError("A backslash belongs into quotation marks.", r'As in "a\\b".', at, at + 1)
    return text[start:at], at


def _quoted(text: str, start: int) -> tuple[str, int]:
    letters: list[str] = []
    at = start + 1
    while at < len(text):
        if text[at] == '"':
            return "".join(letters), at + 1
        if text[at] == "\\" and text[at + 1 : at + 2] in {'"', "\\"}:
            at += 1
        letters.append(text[at])
        at += 1
    raise QueryError("The quotation mark is not closed.", 'Write a second ".', start, len(text))


def _read(known: Field, value: str, start: int, end: int) -> str:
    """Return a value in its normal form."""
    if known.kind is Kind.NUMBER:
        return _number(known, value, start, end)
    if known.kind is Kind.DATE:
        if not _DATE.fullmatch(value):
            raise QueryError(f"{value} is no date.", "Write it like 2026-11-25.", start, end)
        return value
    if known.kind in {Kind.CHOICE, Kind.CODE}:
        folded = value.upper() if known.kind is Kind.CODE else value.lower()
        if folded not in known.choices:
            hint = f"It can be {', '.join(known.choices)}."
            raise QueryError(f"{known.name} is never {value}.", hint, start, end)
        return folded
    if known.choices and value.lower() in known.choices:
        return value.lower()
    return value


def _number(known: Field, value: str, start: int, end: int) -> str:
    word = known.words.get(value.lower())
    if word is None and not _NUMBER.fullmatch(value):
        hint = "Write it with a point, like 0.8." if "," in value else f"As in {known.name}<0.8."
        raise QueryError(f"{value} is no number.", hint, start, end)
    number = float(value) if word is None else word
    if not math.isfinite(number):
        raise QueryError(f"{value[:12]} is too large.", "Write a smaller number.", start, end)
    return repr(number + 0.0).removesuffix(".0")
