"""A filter of the worklist as a condition in SQL: values are bound, never written into the text. Layer: store."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labelcritic_gui.core.query.fields import FIELDS, ME, NOBODY, Kind, Op
from labelcritic_gui.core.query.query import WILD, Query, Term

Condition = tuple[str, tuple[Any, ...]]
"""Text with a `?` for every value, and the values."""
_NO: Condition = ("0", ())
_COMPARED = {Op.IS: "=", Op.LT: "<", Op.LE: "<=", Op.GT: ">", Op.GE: ">="}
_STATUS = {"decided": "status <> 'open'", "skipped": "(status = 'open' AND skipped)", "open": "status = 'open'"}
_ORDERS = {"agree": "orders_agree IS 1", "disagree": "orders_agree IS 0", "single": "orders_agree IS NULL"}
_HAS = {
    "note": "rank IN (SELECT rank FROM item INDEXED BY item_with_note WHERE note <> '')",
    "verdict": "outcome <> ''",
    "findings": "findings > 0",
    "dice": "dice IS NOT NULL",
    "quality": "quality IS NOT NULL",
    "reasons": "reasons <> ''",
    "decision": "status <> 'open'",
}
_NOTE = "rank IN (SELECT rank FROM item INDEXED BY item_with_note WHERE note <> '' AND note LIKE ? ESCAPE '\\')"
_CASE = "case_no IN (SELECT no FROM cases WHERE \"case\" LIKE ? ESCAPE '\\')"
_FOLDS = {n: n + 32 for n in range(ord("A"), ord("Z") + 1)}
_COLUMNS = {"finding": "codes", "reason": "reasons", "accepted": "label_set"}


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and what structures are called: `titles` maps the review's structures to their names in words."""

    reader: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)


def condition(query: Query, asker: Asker) -> Condition:
    """Return the condition on columns of `item` (those of the index `item_facets`) that a filter stands for.

    Letters of ASCII are alike in both cases. A comparison with what an item does not have does not hold; turned
    around by a minus, it does.
    """
    parts = [_term(term, asker) for term in query.terms]
    return " AND ".join(text for text, _ in parts) or "1", tuple(v for _, values in parts for v in values)


def source(query: Query) -> str:
    """Return how the table `item` is read for a filter: by the few ranks that one of its terms names, or whole."""
    return "item NOT INDEXED" if any(_names_few(term) for term in query.terms) else "item INDEXED BY item_facets"


def is_pointed(query: Query) -> bool:
    """Say whether a filter leaves so little that it is better found by itself than among the first of an order."""
    return any(_names_few(term) or _names_cases(term) for term in query.terms)


def _names_cases(term: Term) -> bool:
    return term.field == "case" and not term.negated and not any(WILD in value for value in term.values)


def _names_few(term: Term) -> bool:
    few = {"note": None, "has": ("note",), "audit": ("yes",), "edited": ("yes",)}
    return term.field in few and not term.negated and few[term.field] in {None, term.values}


def _term(term: Term, asker: Asker) -> Condition:
    any_of = [_atom(term.field, term.op, value, asker) for value in term.values]
    text = " OR ".join(part for part, _ in any_of)
    whole = f"NOT ({text})" if term.negated else f"({text})"
    return whole, tuple(v for _, values in any_of for v in values)


def _atom(name: str, op: Op, value: str, asker: Asker) -> Condition:
    known = FIELDS.get(name)
    if known is None:
        return _word(value, asker)
    special = _SPECIAL.get(name)
    if special is not None:
        return special(value, asker)
    column = _COLUMNS.get(name, name)
    if known.kind is Kind.NUMBER:
        return f"({column} IS NOT NULL AND {column} {_COMPARED[op]} ?)", (float(value),)
    if known.kind is Kind.DATE:
        return _date(op, value)
    if known.kind is Kind.CODE:
        return f"{column} LIKE ? ESCAPE '\\'", (f"% {_escaped(value)} %",)
    return f"({column} <> '' AND {column} LIKE ? ESCAPE '\\')", (like(value),)


def like(pattern: str) -> str:
    """Return a pattern with `*` as one of SQL's LIKE with a backslash as its escape."""
    return "%".join(_escaped(part) for part in pattern.split(WILD))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _word(value: str, asker: Asker) -> Condition:
    """Find a word in the case, the structure's names or the note."""
    anywhere = f"%{_escaped(value)}%"
    low = _folded(value)
    named = [s for s, title in asker.titles.items() if low in _folded(s) or low in _folded(title)]
    structures, values = _structures(named)
    return f"({_CASE} OR {structures} OR {_NOTE})", (anywhere, *values, anywhere)


def _structure(value: str, asker: Asker) -> Condition:
    return _structures([s for s, title in asker.titles.items() if _fits(value, s) or _fits(value, title)])


def _structures(names: Sequence[str]) -> Condition:
    if not names:
        return _NO
    return f"structure_no IN (SELECT no FROM name WHERE text IN ({', '.join('?' * len(names))}))", tuple(names)


def _fits(pattern: str, text: str) -> bool:
    """Say whether a text fits a pattern with `*`, as LIKE would."""
    first, *more = _folded(pattern).split(WILD)
    text = _folded(text)
    if not more:
        return text == first
    *middle, last = more
    if not text.startswith(first) or len(text) < len(first) + len(last) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _folded(text: str) -> str:
    """Return a text with the capitals of ASCII as small letters: what LIKE does."""
    return text.translate(_FOLDS)


def _date(op: Op, value: str) -> Condition:
    # "~" comes after every character of a time: the end of that day, month or year
    if op is Op.IS:
        return "decided LIKE ? ESCAPE '\\'", (f"{value}%",)
    bound = f"{value}~" if op in {Op.GT, Op.LE} else value
    return f"(decided <> '' AND decided {_COMPARED[op]} ?)", (bound,)


def _reader(value: str, asker: Asker) -> Condition:
    if value == ME:
        return "(reader <> '' AND reader = ?)", (asker.reader,)
    return "(reader <> '' AND reader LIKE ? ESCAPE '\\')", (like(value),)


def _pick(value: str, _: Asker) -> Condition:
    if value == NOBODY:
        return "(pick = '' AND outcome <> '')", ()
    return "(pick <> '' AND pick LIKE ? ESCAPE '\\')", (like(value),)


def _status(value: str, _: Asker) -> Condition:
    return (_STATUS[value], ()) if value in _STATUS else ("status = ?", (value,))


def _rare(column: str, through: str) -> Callable[[str, Asker], Condition]:
    """Say yes or no by the index of the few items that have it."""
    text = f"(SELECT rank FROM item INDEXED BY {through} WHERE {column})"
    return lambda value, _: (f"rank {'IN' if value == 'yes' else 'NOT IN'} {text}", ())


def _flag(column: str) -> Callable[[str, Asker], Condition]:
    return lambda value, _: (column if value == "yes" else f"NOT {column}", ())


_SPECIAL: Mapping[str, Callable[[str, Asker], Condition]] = {
    "structure": _structure,
    "case": lambda value, _: (_CASE, (like(value),)),
    "status": _status,
    "orders": lambda value, _: (_ORDERS[value], ()),
    "has": lambda value, _: (_HAS[value], ()),
    "reader": _reader,
    "pick": _pick,
    "note": lambda value, _: (_NOTE, (f"%{_escaped(value)}%",)),
    "edited": _rare("edited", "item_edited_since"),
    "skipped": _flag("(status = 'open' AND skipped)"),
    "audit": _rare("audit", "item_audited"),
}
