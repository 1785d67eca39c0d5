"""What may stand where somebody is typing in a filter. Layer: core."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from labelcritic_gui.core.query.fields import Field, Op
from labelcritic_gui.core.query.parsing import HEAD
from labelcritic_gui.core.query.query import quoted

MOST = 12
Values = Callable[[str, str], Iterable[str]]
"""Values of a field that occur, for what was typed of one: the better ones first."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to go on: `text` replaces what was typed, `meaning` says what it is. `more` when a value must follow."""

    text: str
    meaning: str = ""
    more: bool = False


@dataclass(frozen=True, slots=True)
class Completion:
    """Options for the letters from `start` to `end`."""

    start: int
    end: int
    options: tuple[Option, ...] = ()

    def applied(self, text: str, option: Option) -> tuple[str, int]:
        """Return the text with an option in it, and where to go on typing."""
        tail = text[self.end :]
        gap = "" if option.more or tail[:1].isspace() else " "
        step = 0 if option.more else 1
        return f"{text[: self.start]}{option.text}{gap}{tail}", self.start + len(option.text) + step


def complete(text: str, cursor: int, fields: Iterable[Field], values: Values) -> Completion:
    """Return what may stand at a place of a filter; it does not matter whether the filter can be read yet."""
    cursor = max(0, min(cursor, len(text)))
    start = _start_of_token(text, cursor)
    end = _end_of_token(text, cursor)
    at = start + (text[start : start + 1] == "-")
    at = min(at, cursor)
    known = {one.name: one for one in fields}
    head = HEAD.match(text, at, cursor)
    if head is None:
        return Completion(at, end, _beginnings(text[at:cursor], known, values))
    one = known.get(head[1].lower())
    if one is None:
        return Completion(at, end)
    first = _start_of_value(text, head.end(), cursor)
    typed = text[first:cursor].lstrip('"')
    return Completion(first, max(first, _end_of_value(text, cursor, end)), _ends(one, typed, values))


def _beginnings(typed: str, known: dict[str, Field], values: Values) -> tuple[Option, ...]:
    """Return fields that begin with what was typed, then structures that do."""
    low = typed.lower().lstrip('"')
    options = [
        Option(one.name + _usual(one).value, one.meaning, more=True)
        for one in known.values()
        if one.name.startswith(low)
    ]
    if low in known:
        options = [Option(low + op.value, _SPOKEN[op], more=True) for op in known[low].operators] + options[1:]
    if len(low) > 1 and "structure" in known:
        found = islice((v for v in values("structure", low) if low in v.lower()), MOST)
        options += [Option(f"structure:{quoted(v)}") for v in found]
    return tuple(options[: 2 * MOST])


def _ends(one: Field, typed: str, values: Values) -> tuple[Option, ...]:
    low = typed.lower()
    every = dict.fromkeys((*values(one.name, typed), *one.choices))
    first = [v for v in every if v.lower().startswith(low)]
    inside = [v for v in islice(every, 4096) if low and low in v.lower() and not v.lower().startswith(low)]
    return tuple(Option(quoted(v)) for v in (first + inside)[:MOST])


def _usual(one: Field) -> Op:
    return one.operators[0]


_SPOKEN = {Op.IS: "is", Op.LT: "less than", Op.LE: "at most", Op.GT: "more than", Op.GE: "at least"}


def _start_of_token(text: str, cursor: int) -> int:
    """Return where the term at a place begins: after the last space outside quotation marks."""
    start, inside, at = 0, False, 0
    while at < cursor:
        if inside and text[at] == "\\":
            at += 1
        elif text[at] == '"':
            inside = not inside
        elif text[at].isspace() and not inside:
            start = at + 1
        at += 1
    return start


def _end_of_token(text: str, cursor: int) -> int:
    end = cursor
    while end < len(text) and not text[end].isspace():
        end += 1
    return end


def _start_of_value(text: str, at: int, cursor: int) -> int:
    start, inside = at, False
    for place in range(at, cursor):
        if text[place] == '"':
            inside = not inside
        elif text[place] == "|" and not inside:
            start = place + 1
    return start


def _end_of_value(text: str, cursor: int, end: int) -> int:
    found = text.find("|", cursor, end)
    return end if found < 0 else found
