"""What can be asked of an item in a filter: a table of fields. Layer: core."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum

from labelcritic_gui.core.findings import FindingCode, Severity
from labelcritic_gui.core.review import Status
from labelcritic_gui.core.verdict import Outcome


class Op(StrEnum):
    """How a field is compared; "=" is read as IS."""

    IS = ":"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class Kind(Enum):
    """What a field's values look like."""

    NAME = "name"
    """Any name, whole; `*` stands for any letters."""
    TEXT = "text"
    """Any words; an item matches when it has them somewhere."""
    CHOICE = "choice"
    """One of a few words."""
    CODE = "code"
    """Codes of the taxonomy; an item may have several."""
    NUMBER = "number"
    DATE = "date"
    """Year, month or day in UTC: 2026, 2026-11, 2026-11-25."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `tells` says that its values give away what the critic thinks.

    `words` are numbers with a name (for NUMBER); `whole` numbers have no fraction. `meaning` is one English phrase.
    """

    name: str
    kind: Kind
    meaning: str
    choices: tuple[str, ...] = ()
    tells: bool = False
    words: Mapping[str, float] = field(default_factory=dict)

    @property
    def operators(self) -> tuple[Op, ...]:
        """The comparisons that make sense, the usual one first."""
        if self.kind is Kind.NUMBER:
            return (Op.LT, Op.LE, Op.GT, Op.GE, Op.IS)
        if self.kind is Kind.DATE:
            return (Op.IS, Op.GE, Op.LE, Op.GT, Op.LT)
        return (Op.IS,)


YES_NO = ("yes", "no")
ME = "me"
"""As a reader: whoever asks."""
SORTS = (
    "attention",
    "case",
    "structure",
    "dice",
    "confidence",
    "findings",
    "status",
    "pick",
    "quality",
    "reader",
    "decided",
)
"""What the worklist can be sorted by."""
NOBODY = "none"
"""As a pick: the critic has spoken and picked no candidate."""

_FIELDS = (
    Field("structure", Kind.NAME, "the structure, * for any letters"),
    Field("case", Kind.NAME, "the case, * for any letters"),
    Field("status", Kind.CHOICE, "where it stands", (*(s.value for s in Status), "decided", "skipped")),
    Field("dice", Kind.NUMBER, "smallest Dice between candidates, 0 to 1"),
    Field("confidence", Kind.NUMBER, "how sure the critic is, 0 to 1", tells=True),
    Field("finding", Kind.CODE, "a code among the findings", tuple(FindingCode), tells=True),
    Field("findings", Kind.NUMBER, "how many findings", tells=True),
    Field(
        "severity",
        Kind.NUMBER,
        "the worst finding: note, minor, major, gross",
        tuple(s.name.lower() for s in Severity),
        tells=True,
        words={s.name.lower(): float(s) for s in Severity},
    ),
    Field("pick", Kind.NAME, "the label set the critic picks", (NOBODY,), tells=True),
    Field("outcome", Kind.CHOICE, "what the critic says", tuple(o.value for o in Outcome), tells=True),
    Field("orders", Kind.CHOICE, "do both orders agree", ("agree", "disagree", "single"), tells=True),
    Field("reader", Kind.NAME, "who decided", (ME,)),
    Field("accepted", Kind.NAME, "the label set that was accepted"),
    Field("quality", Kind.NUMBER, "the reader's quality word, 0 to 3", ("0", "1", "2", "3")),
    Field("reason", Kind.CODE, "a code among the reader's reasons", tuple(FindingCode)),
    Field("note", Kind.TEXT, "words of the note"),
    Field("decided", Kind.DATE, "when, such as 2026-11-25"),
    Field(
        "has", Kind.CHOICE, "what is there", ("note", "verdict", "findings", "dice", "quality", "reasons", "decision")
    ),
    Field("edited", Kind.CHOICE, "has an edited candidate", YES_NO),
    Field("skipped", Kind.CHOICE, "put off to the end", YES_NO),
    Field("audit", Kind.CHOICE, "calm, and drawn for a human look", YES_NO, tells=True),
    Field("attention", Kind.NUMBER, "how much it needs a person, 0 to about 2", tells=True),
)
FIELDS: Mapping[str, Field] = {one.name: one for one in _FIELDS}


def offered(*, told: bool = True) -> tuple[Field, ...]:
    """Return the fields a reader may use; `told` says whether the critic's opinion may be known."""
    return tuple(one for one in _FIELDS if told or not one.tells)
