"""The columns of the worklist: a table, what stands in a cell, which of them fit. Layer: viewmodels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.services.worklist import ItemRow, Sort
from labelcritic_gui.settings.listing import ListColumn
from labelcritic_gui.translation import N_, tr
from labelcritic_gui.viewmodels.cards import STATUS_WORDS

QUALITY_WORDS = {3: N_("use as is"), 2: N_("minor edit"), 1: N_("major edit"), 0: N_("redo")}


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _orders(row: ItemRow) -> str:
    if row.orders_agree is None:
        return ""
    return tr("✓ agree") if row.orders_agree else tr("✕ disagree")


def _pick(row: ItemRow) -> str:
    if not row.pick:
        return row.outcome.replace("-", " ")
    return f"{row.pick.replace('_', ' ')}  {_number(row.confidence)}"  # as the review titles its label sets


def _quality(row: ItemRow) -> str:
    return "" if row.quality is None else f"{row.quality} {tr(QUALITY_WORDS.get(row.quality, ''))}"


def _status(row: ItemRow) -> str:
    return tr("skipped") if row.skipped else tr(STATUS_WORDS[row.status])


def _codes(row: ItemRow) -> str:
    """Name the codes; where only their number is known, the number."""
    return " ".join(row.codes) if row.codes else str(row.findings or "")


def _when(row: ItemRow) -> str:
    return row.decided[:16].replace("T", " ")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in the settings, title, usual width in px at scale 1, and the text of a cell.

    `sort` is what a click on its title sorts by; `first` says that its usual order has the highest value first.
    `tells` says that it gives away what the critic thinks. `stretch` takes what room is left.
    """

    name: str
    title: str
    width: int
    text: Callable[[ItemRow], str]
    sort: Sort | None = None
    first: bool = False
    tells: bool = False
    right: bool = False
    stretch: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("mark", N_("Status as a sign"), 22, lambda _: "", "attention"),
    Column("case", N_("Case"), 76, lambda r: r.item.case, "case"),
    Column("structure", N_("Structure"), 96, lambda r: tr(r.title), "structure", stretch=True),
    Column("dice", N_("Dice"), 42, lambda r: _number(r.dice), "dice", right=True),
    Column("pick", N_("Critic picks"), 112, _pick, "confidence", tells=True),
    Column("findings", N_("Findings"), 100, _codes, "findings", first=True, tells=True),
    Column("orders", N_("Orders"), 84, _orders, tells=True),
    Column("status", N_("Status"), 116, _status, "status"),
    Column("quality", N_("Quality"), 92, _quality, "quality"),
    Column("reader", N_("Reader"), 84, lambda r: r.reader, "reader"),
    Column("decided", N_("Decided (UTC)"), 124, _when, "decided", first=True),
    Column("note", N_("Note"), 160, lambda r: " ".join(r.note_text.split())),
)
BY_NAME = {column.name: column for column in COLUMNS}
ALWAYS = ("mark", "structure")
"""Never put away: how an item stands, and what it is."""
NARROWEST, WIDEST = 22, 600


def wanted(chosen: Sequence[ListColumn], *, told: bool) -> tuple[tuple[Column, int], ...]:
    """Return the columns that a person wants with their widths, without those a blind reader may not see.

    Names that no column has (of another version) are left out; what is never put away is put first.
    """
    kept = {one.name: one.width for one in chosen if one.name in BY_NAME} or {c.name: 0 for c in COLUMNS}
    names = [*(name for name in ALWAYS if name not in kept), *kept]
    columns = (BY_NAME[name] for name in names)
    return tuple((c, _width(c, kept.get(c.name, 0))) for c in columns if told or not c.tells)


def _width(column: Column, width: int) -> int:
    return min(WIDEST, max(NARROWEST, width)) if width else column.width


def fitting(columns: Sequence[tuple[Column, int]], room: int) -> tuple[str, ...]:
    """Return the names of the columns that fit into so many px at scale 1: from the left, until one does not.

    What is never put away is always among them.
    """
    left = room - sum(width for column, width in columns if column.name in ALWAYS)
    names: list[str] = []
    full = False
    for column, width in columns:
        if column.name in ALWAYS:
            names.append(column.name)
            continue
        full = full or width > left
        if not full:
            names.append(column.name)
            left -= width
    return tuple(names)


def explained(row: ItemRow, *, told: bool) -> str:
    """Return everything that the list knows of an item, a line each; plain text."""
    lines = [f"{row.item.case}  {tr(row.title)}: {_status(row)}"]
    if told:
        lines += _critic_lines(row)
    if row.dice is not None:
        lines.append(tr("Dice {dice}").format(dice=_number(row.dice)))
    if row.quality is not None:
        lines.append(tr("Quality: {quality}").format(quality=_quality(row)))
    if row.reasons:
        lines.append(tr("Reasons: {codes}").format(codes=_meanings(row.reasons)))
    if row.reader:
        lines.append(tr("Decided by {reader}, {time} UTC").format(reader=row.reader, time=_when(row)))
    if row.edited:
        lines.append(tr("Has an edited candidate"))
    if row.note_text:
        lines.append(tr("Note: {note}").format(note=row.note_text[:200]))
    if row.skipped:
        lines.append(tr("Skipped: comes again at the end"))
    return "\n".join(lines)


def _critic_lines(row: ItemRow) -> list[str]:
    lines = []
    if row.pick:
        lines.append(tr("Critic picks {pick}").format(pick=_pick(row)))
    elif row.outcome:
        lines.append(tr("Critic says {outcome}").format(outcome=row.outcome.replace("-", " ")))
    if row.orders_agree is False:
        lines.append(tr("The two orders disagree"))
    if row.codes:
        lines.append(tr("Findings: {codes}").format(codes=_meanings(row.codes)))
    if row.audit:
        lines.append(tr("Calm, and drawn for a human look"))
    return lines


def _meanings(codes: Sequence[str]) -> str:
    known = FindingCode.__members__.values()
    return ", ".join(f"{code} ({tr(FindingCode(code).meaning)})" if code in known else code for code in codes)
