"""How much an item needs a person: the order of the worklist. Layer: core."""

import hashlib
from collections.abc import Iterable

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.findings import Finding, Severity
from labelcritic_gui.core.verdict import Outcome, Verdict

UNSEEN = 0.5
"""Attention of an item that no critic has seen yet."""
AUDITED = 0.8
"""Attention, at least, of a calm item that was drawn for a human look."""
BIG_ML = 50.0
"""A difference of so many millilitres counts half of what it can count at most."""
AUDIT_SHARE = 0.05
"""How many of the calm items are drawn, where a review says nothing else."""

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


def attention(
    verdict: Verdict | None, *, dice: float | None, findings: Iterable[Finding], difference_ml: float = 0.0
) -> float:
    """Return how much an item needs a person, 0 to about 2; higher is read first.

    It grows with an open verdict, orders that disagree, low confidence, low agreement, severe findings and the volume
    that only one candidate claims (ml).
    """
    if verdict is None:
        return UNSEEN
    amount = _BY_OUTCOME[verdict.outcome]
    if verdict.orders_agree is False:
        amount += 0.3
    amount += 0.4 * (1.0 - verdict.confidence)
    if dice is not None:
        amount += 0.3 * (1.0 - dice)
    amount += 0.2 * difference_ml / (difference_ml + BIG_ML)
    worst = max((f.severity for f in findings), default=Severity.NOTE)
    return round(amount + 0.1 * int(worst), 4)


def is_calm(amount: float, outcome: str) -> bool:
    """Say whether an item would be left to the critic: it has spoken, and nothing calls for a person."""
    return outcome != "" and amount < UNSEEN


def is_drawn(seed: str, item: ItemId, share: float) -> bool:
    """Say whether an item is drawn for a human look, should it be calm: the same items for the same seed.

    A larger `share` (0 to 1) draws the same items and more.
    """
    text = "\x00".join((seed, item.case, item.structure)).encode("utf-8", "surrogatepass")
    lot = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
    return lot < share * 2**64
