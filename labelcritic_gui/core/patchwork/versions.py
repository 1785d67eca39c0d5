"""Which versions stand: one whose every acceptance was undone is withdrawn, until one is done again. Layer: core."""

from collections.abc import Iterable

from labelcritic_gui.core.cases import CandidateId
from labelcritic_gui.core.review import DECISIONS, Event, decision_from, fold

FIRST_VERSION = 1
"""The source as it was found; every later version was made in the review."""


def withdrawn_versions(events: Iterable[Event]) -> frozenset[CandidateId]:
    """Return the made versions that nobody stands by any more, from the decisions of their items, oldest first.

    A version that was made and never accepted stands; it is for the reader to see.
    """
    told = list(events)
    states = fold(told)
    accepted = {decision_from(e.item, e.payload).candidate for e in told if e.kind in DECISIONS and e.item is not None}
    standing = {s.decision.candidate for state in states.values() for s in state.standing}
    return frozenset(c for c in accepted - standing if c is not None and c.version > FIRST_VERSION)
