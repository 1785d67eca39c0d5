"""How much an item needs a person: the order of the worklist. Layer: core."""

from collections.abc import Iterable

from labelcritic_gui.core.findings import Finding, Severity
from labelcritic_gui.core.verdict import Outcome, Verdict

UNSEEN = 0.5
"""Attention of an item that no critic has seen yet."""

_BY_OUTCOME = {
    Outcome.FAILED: 1.0,
    Outcome.UNPARSABLE: 1.0,
    Outcome.BOTH_WRONG: 0.95,
    Outcome.UNDECIDED: 0.9,
    Outcome.ABSENT_RIGHT: 0.45,
    Outcome.FIRST: 0.3,
    Outcome.SECOND: 0.3,
    Outcome.EQUIVALENT: 0.05,
}


def attention(verdict: Verdict | None, *, dice: float | None, findings: Iterable[Finding]) -> float:
    """Return how much an item needs a person, 0 to about 2; higher is read first.

    It grows with an open verdict, orders that disagree, low confidence, low agreement and severe findings.
    """
    if verdict is None:
        return UNSEEN
    amount = _BY_OUTCOME[verdict.outcome]
    if verdict.orders_agree is False:
        amount += 0.3
    amount += 0.4 * (1.0 - verdict.confidence)
    if dice is not None:
        amount += 0.3 * (1.0 - dice)
    worst = max((f.severity for f in findings), default=Severity.NOTE)
    return round(amount + 0.1 * int(worst), 4)
