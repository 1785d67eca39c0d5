"""How a review is read: assisted, blind-first or blind, and what share of it comes again. Layer: services.

The mode stands in `review.toml`; each change is an event of the journal, and every decision records the mode it was
made in. What a reader was shown after a commitment is an event too, written before it is shown.
"""

import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from labelcritic_gui.core.blinding import REVEAL_OWED, HalfCommitted, Mode, advice_from, agrees, half_committed
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.repeats import MOST_SHARE
from labelcritic_gui.core.review import DECISIONS, PAYLOAD_SCHEMA, Advice, Event, EventKind, decision_from
from labelcritic_gui.core.verdict import Outcome
from labelcritic_gui.services.review import SOFTWARE, OpenReview, default_reader, now
from labelcritic_gui.store import index, journal
from labelcritic_gui.store.review_file import write_review_file

__all__ = [
    "Mode",
    "Revealed",
    "change_mode",
    "known_mode",
    "known_share",
    "new_seed",
    "recorded_mode",
    "reveal",
    "unfinished",
    "waiting_commitments",
]

_WORDS = frozenset({*DECISIONS, EventKind.REPEATED})


def new_seed() -> str:
    """Return a seed that nobody can guess."""
    return secrets.token_hex(16)


def known_mode(mode: str) -> Mode:
    """Return the mode of a name; raises ReviewError for an unknown one."""
    if mode not in list(Mode):
        raise ReviewError(f"There is no mode {mode!r}.", f"Known are: {', '.join(Mode)}.")
    return Mode(mode)


def known_share(share: float) -> float:
    """Return a share of hidden repeats; raises ReviewError when it is none, or more than can come again."""
    if not 0.0 <= share <= MOST_SHARE:
        raise ReviewError(
            f"{share:g} is no share of items to come again.", f"Choose from 0 (none) to {MOST_SHARE:g} (every other)."
        )
    return share


def change_mode(
    review: OpenReview, reader: str, *, mode: str | None = None, repeats: float | None = None
) -> OpenReview:
    """Read the review in another mode, or with another share of hidden repeats, from now on; return it so.

    Raises ReviewError for an unknown mode or share, and while a commitment still waits for its verdict: such an item
    would be half of one mode and half of the other, and its reader's second thought would be lost.
    """
    file = review.file
    wanted_mode = known_mode(mode if mode is not None else file.mode)
    wanted_share = known_share(repeats if repeats is not None else file.repeats)
    recorded = recorded_mode(review)
    if (wanted_mode, wanted_share) == (file.mode, file.repeats) and recorded in {None, wanted_mode.value}:
        return review
    if wanted_mode != file.mode:
        _refuse_half_committed(waiting_commitments(review))
    changed = file.model_copy(
        update={"mode": wanted_mode.value, "repeats": wanted_share, "seed": file.seed or new_seed()}
    )
    payload = {
        "schema": PAYLOAD_SCHEMA,
        "mode": wanted_mode.value,
        "was": file.mode,
        "repeats": wanted_share,
        "repeats_were": file.repeats,
    }
    # the event first: killed between the two, the review is read as before, and the change is made again
    journal.append(review.database, _event(reader, None, EventKind.MODE, payload))
    write_review_file(review.folder, changed)
    return replace(review, file=changed)


def recorded_mode(review: OpenReview) -> str | None:
    """Return the mode that the journal recorded last; None when it was never changed."""
    changes = [e.payload["mode"] for e in journal.all_events(review.database) if e.kind is EventKind.MODE]
    return changes[-1] if changes else None


def waiting_commitments(review: OpenReview) -> tuple[HalfCommitted, ...]:
    """Return the commitments of a review whose verdict is still to come."""
    return half_committed(list(journal.all_events(review.database)))


def _refuse_half_committed(waiting: tuple[HalfCommitted, ...]) -> None:
    if not waiting:
        return
    first = waiting[0]
    more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
    raise ReviewError(
        f"{first.event.item}{more} was committed by {first.reader} and the verdict on it was not shown yet.",
        "Open the review as that reader, go on from there, then change the mode.",
    )


@dataclass(frozen=True, slots=True)
class Revealed:
    """What a reader is shown after a commitment: the critic's word, and whether it is the reader's own.

    `tells` says whether the critic's word is for or against anything: one that is undecided is not.
    """

    advice: Advice
    agrees: bool

    @property
    def tells(self) -> bool:
        """Say whether there is anything to think over."""
        return self.advice.outcome.is_pick or self.advice.outcome is Outcome.BOTH_WRONG


def reveal(review: OpenReview, reader: str, item: ItemId, *, seen: Mapping[str, Any] | None = None) -> Revealed | None:
    """Write that the verdict on the reader's last word, a commitment, is shown now; when this returns it is on disk.

    None when the critic had not spoken, or the last word on the item is no commitment. What was revealed before is
    returned again and not written twice.
    """
    name = reader or default_reader()
    mine = [event for event in journal.events_on(review.database, item) if event.reader == name]
    undone = {event.payload["of"] for event in mine if event.kind is EventKind.UNDONE}
    words = [event for event in mine if event.kind in _WORDS and event.uuid not in undone]
    commitment = words[-1] if words else None
    if commitment is None or commitment.seen.get("reveal") != REVEAL_OWED:
        return None
    told = commitment.seen.get("withheld")
    advice = advice_from(item, told)
    if advice is None:
        return None
    shown = Revealed(advice, agrees(decision_from(item, commitment.payload), advice))
    if not _was_revealed(mine, commitment):
        payload = {
            "schema": PAYLOAD_SCHEMA,
            "of": commitment.uuid,
            "verdict": told,
            "agrees": shown.agrees,
            "repeat": commitment.kind is EventKind.REPEATED,
        }
        journal.append(review.database, _event(name, item, EventKind.REVEALED, payload, seen))
    return shown


def unfinished(review: OpenReview, reader: str) -> Event | None:
    """Return the reader's commitment that was not left yet: its verdict is to be shown, or was being looked at."""
    name = reader or default_reader()
    last = journal.last_decision(review.database, name)
    if last is None or last.item is None or last.seen.get("reveal") != REVEAL_OWED:
        return None
    looking = index.bookmarked(review.database, name) == last.item
    return last if looking or not _was_revealed(journal.events_on(review.database, last.item), last) else None


def _was_revealed(events: Iterable[Event], commitment: Event) -> bool:
    return any(e.kind is EventKind.REVEALED and e.payload["of"] == commitment.uuid for e in events)


def _event(
    reader: str,
    item: ItemId | None,
    kind: EventKind,
    payload: Mapping[str, Any],
    seen: Mapping[str, Any] | None = None,
) -> Event:
    name = reader or default_reader()
    return Event(str(uuid.uuid4()), now(), name, item, kind, payload, seen or {}, SOFTWARE)
