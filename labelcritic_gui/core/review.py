"""What happened in a review, and what follows from it: events and their fold. Layer: core."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.verdict import Outcome

PAYLOAD_SCHEMA = 1
QUALITIES = (0, 1, 2, 3)
"""Quality words as numbers: redo, major edit, minor edit, use as is."""


class Choice(StrEnum):
    """A person's (or a rule's) word on an item."""

    ACCEPT = "accept"
    ABSENT = "absent"
    EDIT = "edit"
    NONE = "none"
    SKIP = "skip"
    UNJUDGED = "unjudged"


class Status(StrEnum):
    """Where an item stands. A skipped item is open, at the end of the list; one that cannot be judged is decided."""

    OPEN = "open"
    ACCEPTED = "accepted"
    ABSENT = "absent"
    QUEUED = "queued"
    NONE = "none"
    UNJUDGED = "unjudged"


_STATUS = {
    Choice.ACCEPT: Status.ACCEPTED,
    Choice.ABSENT: Status.ABSENT,
    Choice.EDIT: Status.QUEUED,
    Choice.NONE: Status.NONE,
    Choice.SKIP: Status.OPEN,
    Choice.UNJUDGED: Status.UNJUDGED,
}


class Stance(StrEnum):
    """A decision against the critic's verdict as it was last stored before it."""

    AGREEING = "agreeing"
    OVERRIDING = "overriding"
    UNADVISED = "unadvised"


class EventKind(StrEnum):
    """What an event records."""

    DECIDED = "decided"
    UNDONE = "undone"
    REDONE = "redone"
    NOTED = "noted"
    REVEALED = "revealed"
    CLAIMED = "claimed"
    REPEATED = "repeated"
    MODE = "mode"
    MADE = "made"


DECISIONS = frozenset({EventKind.DECIDED, EventKind.REDONE})
"""The kinds of events that decide an item: what was undone is decided again by an event of its own."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The verdict a reader had when deciding: what it said, and of which candidate."""

    outcome: Outcome
    pick: CandidateId | None = None
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Remarks:
    """What a reader adds to a decision: error codes confirmed and denied, those a critic suggested, and the quality.

    `quality` speaks of the accepted candidate, otherwise of the best one: 3 use as is, 2 minor edit, 1 major edit,
    0 redo; None when nothing was said.
    """

    reasons: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    suggested: tuple[str, ...] = ()
    quality: int | None = None

    def __post_init__(self) -> None:
        if self.quality is not None and self.quality not in QUALITIES:
            raise ReviewError(f"There is no quality {self.quality}.", "It is 0, 1, 2 or 3.")


@dataclass(frozen=True, slots=True)
class Decision:
    """A word on an item. `candidate` and its `content_hash` are set for ACCEPT; `position` is the panel (1..4).

    `reasons` are the error codes that the reader confirmed, `denied` those the reader took back, `suggested` those
    that a critic put before the reader; `quality` as in `Remarks`.
    """

    choice: Choice
    candidate: CandidateId | None = None
    content_hash: str = ""
    position: int = 0
    reasons: tuple[str, ...] = ()
    stance: Stance = Stance.UNADVISED
    denied: tuple[str, ...] = ()
    suggested: tuple[str, ...] = ()
    quality: int | None = None

    @property
    def remarks(self) -> Remarks:
        """What the reader added to it."""
        return Remarks(self.reasons, self.denied, self.suggested, self.quality)

    @property
    def status(self) -> Status:
        """Where the item stands after this decision."""
        return _STATUS[self.choice]


def stance_of(decision: Decision, advice: Advice | None) -> Stance:
    """Compare a decision with the verdict known when it was made."""
    if advice is None or (not advice.outcome.is_pick and advice.outcome is not Outcome.BOTH_WRONG):
        return Stance.UNADVISED
    if decision.choice in {Choice.SKIP, Choice.UNJUDGED}:
        return Stance.UNADVISED
    agreed = {
        Outcome.ABSENT_RIGHT: decision.choice is Choice.ABSENT,
        Outcome.BOTH_WRONG: decision.choice in {Choice.NONE, Choice.EDIT},
        Outcome.EQUIVALENT: decision.choice is Choice.ACCEPT,
    }.get(advice.outcome, decision.choice is Choice.ACCEPT and decision.candidate == advice.pick)
    return Stance.AGREEING if agreed else Stance.OVERRIDING


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; written once, never changed.

    `time` is UTC in ISO 8601; `seen` records what the reader could see (verdicts, sides, mode, milliseconds).
    """

    uuid: str
    time: str
    reader: str
    item: ItemId | None
    kind: EventKind
    payload: Mapping[str, Any]
    seen: Mapping[str, Any] = field(default_factory=dict)
    software: str = ""


def decision_payload(decision: Decision) -> dict[str, Any]:
    """Return the journal's form of a decision."""
    candidate = decision.candidate
    return {
        "schema": PAYLOAD_SCHEMA,
        "choice": decision.choice.value,
        "label_set": candidate.label_set if candidate else "",
        "version": candidate.version if candidate else 0,
        "content_hash": decision.content_hash,
        "position": decision.position,
        "reasons": list(decision.reasons),
        "denied": list(decision.denied),
        "suggested": list(decision.suggested),
        "quality": decision.quality,
        "stance": decision.stance.value,
    }


def decision_from(item: ItemId, payload: Mapping[str, Any]) -> Decision:
    """Read a decision back from its journal form."""
    label_set = payload.get("label_set", "")
    return Decision(
        choice=Choice(payload["choice"]),
        candidate=CandidateId(item.case, item.structure, label_set, payload["version"]) if label_set else None,
        content_hash=payload.get("content_hash", ""),
        position=payload.get("position", 0),
        reasons=tuple(payload.get("reasons", ())),
        stance=Stance(payload.get("stance", Stance.UNADVISED)),
        denied=tuple(payload.get("denied", ())),
        suggested=tuple(payload.get("suggested", ())),
        quality=payload.get("quality"),
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """A decision that counts, with who made it and when."""

    event: str
    reader: str
    time: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class ItemState:
    """What the events say of one item. `standing` are the decisions not undone, oldest first.

    `revealed` are the readers who were shown the verdict after their commitment: they have seen it for good.
    """

    standing: tuple[Standing, ...] = ()
    note: str = ""
    revealed: tuple[str, ...] = ()

    @property
    def last(self) -> Standing | None:
        """The decision in force."""
        return self.standing[-1] if self.standing else None

    @property
    def status(self) -> Status:
        """Where the item stands."""
        return self.last.decision.status if self.last else Status.OPEN

    @property
    def skipped(self) -> bool:
        """Say whether the item was put off to the end of the list."""
        return bool(self.last and self.last.decision.choice is Choice.SKIP)


def apply(state: ItemState, event: Event) -> ItemState:
    """Return the state of an item after one more of its events."""
    if event.kind in DECISIONS and event.item is not None:
        decision = decision_from(event.item, event.payload)
        return replace(state, standing=(*state.standing, Standing(event.uuid, event.reader, event.time, decision)))
    if event.kind is EventKind.UNDONE:
        gone = event.payload["of"]
        kept = tuple(s for s in state.standing if s.event != gone or s.reader != event.reader)
        return replace(state, standing=kept)
    if event.kind is EventKind.NOTED:
        return replace(state, note=str(event.payload.get("text", "")))
    if event.kind is EventKind.REVEALED:
        return replace(state, revealed=tuple(dict.fromkeys((*state.revealed, event.reader))))
    return state


def fold(events: Iterable[Event]) -> dict[ItemId, ItemState]:
    """Return where every item stands after all events, in the order they were written."""
    states: dict[ItemId, ItemState] = {}
    for event in events:
        if event.item is not None:
            states[event.item] = apply(states.get(event.item, ItemState()), event)
    return states


def redoable(newest_first: Iterable[Event]) -> Event | None:
    """Return the undoing that a reader can take back; `newest_first` are this reader's events, latest first.

    The last decision (or answer to a repeat) that was undone and not done again; a new one leaves nothing to redo.
    """
    done_again = 0
    for event in newest_first:
        if event.kind is EventKind.REDONE or event.payload.get("redone"):
            done_again += 1
        elif event.kind in {EventKind.DECIDED, EventKind.REPEATED}:
            return None
        elif event.kind is EventKind.UNDONE:
            if not done_again:
                return event
            done_again -= 1
    return None


def item_id(case: str, structure: str) -> ItemId:
    """Build an item id from plain text."""
    return ItemId(CaseId(case), structure)
