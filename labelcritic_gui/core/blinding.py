"""How a review is read, and what may be on the screen of a reader who is not to be led. Layer: core.

What a critic says (verdict, scores, findings, reasons) and whose mask it is (names, colours) are hidden; what is
measured of the masks stays: a volume or a Dice takes no side. Why: `docs/adr/0020-not-being-led.md`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.review import Advice, Choice, Decision, Event, EventKind, Stance, decision_from, stance_of
from labelcritic_gui.core.verdict import Outcome

COMMITMENT = "commitment"
"""The `phase` of a word that was said before the verdict was seen, and after which the verdict comes."""
CHANGE = "change"
"""The `phase` of a word that was said on the same item after the verdict was shown, instead of the commitment."""
REVEAL_OWED = "owed"
"""The `reveal` of a commitment to which the critic has something to say."""


class Mode(StrEnum):
    """When a reader sees what the critic says: at once, after the commitment, or never."""

    ASSISTED = "assisted"
    BLIND_FIRST = "blind-first"
    BLIND = "blind"

    @property
    def hides(self) -> bool:
        """Say whether the reader decides without the critic."""
        return self is not Mode.ASSISTED


@dataclass(frozen=True, slots=True)
class Visible:
    """What may be on the screen: what the critic says (`advice`), and whose mask is which (`names`)."""

    advice: bool
    names: bool


def visible(mode: Mode, *, revealed: bool) -> Visible:
    """Return what may be shown of an item; `revealed` says that the reader has committed and was told."""
    shown = mode is Mode.ASSISTED or (mode is Mode.BLIND_FIRST and revealed)
    return Visible(advice=shown, names=shown)


def agrees(choice: Decision, advice: Advice) -> bool:
    """Say whether a word is what the critic advises, so that a reveal brings nothing new."""
    return stance_of(choice, advice) is Stance.AGREEING


def advice_seen(seen: Mapping[str, Any], mode: Mode) -> bool:
    """Say whether what the critic said was on the screen when a word was said.

    A window says what it showed; where nobody says (the command line), only an assisted review shows anything.
    """
    if "verdict" in seen:
        return seen["verdict"] is not None
    return not mode.hides


def advice_told(advice: Advice | None) -> dict[str, Any] | None:
    """Return the journal's form of what a critic said, as `seen.verdict` has it."""
    if advice is None:
        return None
    pick = advice.pick.label_set if advice.pick else ""
    return {"outcome": advice.outcome.value, "pick": pick, "confidence": advice.confidence}


def advice_from(item: ItemId, told: Any) -> Advice | None:
    """Read back what a journal says of a verdict, such as `seen.verdict`; None for none, and for one half told."""
    if not isinstance(told, Mapping) or not told.get("outcome"):
        return None
    pick = str(told.get("pick") or "")
    candidate = CandidateId(item.case, item.structure, pick) if pick else None
    return Advice(Outcome(told["outcome"]), candidate, float(told.get("confidence") or 0.0))


@dataclass(frozen=True, slots=True)
class HalfCommitted:
    """A commitment whose verdict is still to come: the reader who made it, and its event."""

    reader: str
    event: Event


def half_committed(events: Sequence[Event]) -> tuple[HalfCommitted, ...]:
    """Return the commitments after which the verdict was owed and never shown; `events` of a review, oldest first.

    A commitment is settled by its reveal, by another word of the same reader on the item, or by being undone.
    """
    waiting: dict[tuple[str, object], Event] = {}
    for event in events:
        key = (event.reader, event.item)
        if event.kind in {EventKind.DECIDED, EventKind.REDONE, EventKind.REPEATED}:
            if event.kind is not EventKind.REDONE and event.seen.get("reveal") == REVEAL_OWED:
                waiting[key] = event
            else:
                waiting.pop(key, None)
        elif event.kind is EventKind.REVEALED or (
            event.kind is EventKind.UNDONE and key in waiting and event.payload["of"] == waiting[key].uuid
        ):
            waiting.pop(key, None)
    return tuple(HalfCommitted(event.reader, event) for event in waiting.values())


def said_of(event: Event) -> tuple[Choice, str]:
    """Return what an event of a word said: the choice, and the label set that was accepted (or an empty text).

    Raises ValueError for an event that is no word on an item.
    """
    if event.item is None or event.kind not in {EventKind.DECIDED, EventKind.REPEATED}:
        raise ValueError(f"{event.kind} is no word on an item")
    decision = decision_from(event.item, event.payload)
    return decision.choice, decision.candidate.label_set if decision.candidate else ""
