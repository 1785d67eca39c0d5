"""A filter as a value, and as text again. Layer: core."""

import dataclasses
import re
from dataclasses import dataclass

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.query.fields import FIELDS, Op

WILD = "*"
_BARE = re.compile(r'[^\s|"\\]+')
_LOOKS_LIKE_A_FIELD = re.compile(r"[^\W\d]\w*(?:<=|>=|[:=<>])")


class QueryError(UserError):
    """A filter that cannot be understood. `start` and `end` are the place in its text that is meant."""

    def __init__(self, message: str, hint: str, start: int, end: int) -> None:
        super().__init__(message, hint)
        self.start = start
        self.end = end


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: any of `values`, or none of them when `negated`. A word without a field has `field` "".

    `start` and `end` are where it stands in the text it was read from; they do not count when terms are compared.
    """

    field: str
    op: Op
    values: tuple[str, ...]
    negated: bool = False
    start: int = dataclasses.field(default=0, compare=False)
    end: int = dataclasses.field(default=0, compare=False)

    @property
    def text(self) -> str:
        """The term as it is written."""
        minus = "-" if self.negated else ""
        head = f"{self.field}{self.op.value}" if self.field else ""
        return f"{minus}{head}{'|'.join(quoted(v, word=not self.field) for v in self.values)}"


@dataclass(frozen=True, slots=True)
class Query:
    """Terms that must all hold; none of them means everything."""

    terms: tuple[Term, ...] = ()

    @property
    def text(self) -> str:
        """The filter as it is written, in its normal form."""
        return " ".join(term.text for term in self.terms)

    @property
    def tells(self) -> Term | None:
        """The first term that depends on what the critic thinks, or None."""
        return next((term for term in self.terms if term.field and FIELDS[term.field].tells), None)

    def __and__(self, other: "Query") -> "Query":
        """Return what is in both."""
        return Query(tuple(dict.fromkeys((*self.terms, *other.terms))))


def quoted(value: str, *, word: bool = False) -> str:
    """Return a value as it is written, in quotation marks where it needs them; a `word` stands without a field."""
    plain = _BARE.fullmatch(value) is not None
    if word and (value.startswith("-") or _LOOKS_LIKE_A_FIELD.match(value)):
        plain = False
    if plain:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
