"""What a filter means, said once more and plainly: every item is asked by itself."""

import re
from collections.abc import Mapping

from labelcritic_gui.core.query.query import Query, Term
from labelcritic_gui.core.review import Status
from labelcritic_gui.services.worklist import ItemRow

COMPARE = {
    ":": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def holds(query: Query, row: ItemRow, reader: str = "", titles: Mapping[str, str] | None = None) -> bool:
    """Say whether a filter holds for an item."""
    known = {row.item.structure: row.title, **(titles or {})}
    return all(any(_one(term, v, row, reader, known) for v in term.values) != term.negated for term in query.terms)


def small(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def like(pattern: str, text: str) -> bool:
    wanted = ".*".join(re.escape(small(part)) for part in pattern.split("*"))
    return re.fullmatch(wanted, small(text), re.DOTALL) is not None


def _one(term: Term, value: str, row: ItemRow, reader: str, titles: Mapping[str, str]) -> bool:
    name, op = term.field, term.op.value
    title = titles[row.item.structure]
    is_open = row.status is Status.OPEN
    if not name:
        texts = (row.item.case, row.item.structure, title, row.note_text)
        return any(small(value) in small(text) for text in texts)
    numbers = {
        "dice": row.dice, "confidence": row.confidence, "findings": row.findings, "severity": row.severity,
        "quality": row.quality, "attention": row.attention,
    }  # fmt: skip
    if name in numbers:
        number = numbers[name]
        return number is not None and COMPARE[op](number, float(value))
    if name == "decided":
        cut = row.decided[: len(value)]
        return bool(cut) and COMPARE[op](cut, value)
    yes = {"edited": row.edited, "skipped": is_open and row.skipped, "audit": row.audit}
    if name in yes:
        return yes[name] == (value == "yes")
    has = {
        "note": bool(row.note_text), "verdict": bool(row.outcome), "findings": row.findings > 0,
        "dice": row.dice is not None, "quality": row.quality is not None, "reasons": bool(row.reasons),
        "decision": not is_open,
    }  # fmt: skip
    orders = {"agree": row.orders_agree is True, "disagree": row.orders_agree is False,
              "single": row.orders_agree is None}  # fmt: skip
    status = {"decided": not is_open, "skipped": is_open and row.skipped}
    return {
        "structure": lambda: like(value, row.item.structure) or like(value, title),
        "case": lambda: like(value, row.item.case),
        "status": lambda: status.get(value, row.status.value == value),
        "finding": lambda: value in row.codes,
        "reason": lambda: value in row.reasons,
        "pick": lambda: (
            row.pick == "" and row.outcome != "" if value == "none" else row.pick != "" and like(value, row.pick)
        ),
        "outcome": lambda: row.outcome == value,
        "orders": lambda: orders[value],
        "reader": lambda: row.reader != "" and (row.reader == reader if value == "me" else like(value, row.reader)),
        "accepted": lambda: row.accepted != "" and like(value, row.accepted),
        "note": lambda: small(value) in small(row.note_text),
        "has": lambda: has[value],
    }[name]()
