"""Reading a review: opening it, deciding, undoing, noting. Layer: services.

Every function that changes something returns only after the change is on disk.
"""

import getpass
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labelcritic_gui import __version__
from labelcritic_gui.core.blinding import COMMITMENT, REVEAL_OWED, Mode, advice_seen, advice_told
from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, ItemId, LabelSet
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.patchwork.versions import FIRST_VERSION
from labelcritic_gui.core.review import (
    PAYLOAD_SCHEMA,
    Advice,
    Choice,
    Decision,
    Event,
    EventKind,
    ItemState,
    Remarks,
    Standing,
    decision_payload,
    stance_of,
)
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.core.verdict import Outcome
from labelcritic_gui.critic.base import Critic
from labelcritic_gui.formats import volumes
from labelcritic_gui.services import masks
from labelcritic_gui.store import index, journal
from labelcritic_gui.store.database import Database, open_database
from labelcritic_gui.store.review_file import ReviewFile, read_review_file, resolved_path

EDITS = "edits"
"""The folder of a review in which the masks lie that were made in it."""
SOFTWARE = f"labelcritic {__version__}"

CriticFor = Callable[[str, Database], Critic]
"""Builds a critic from the review's own wish ("" for the settings') and its database."""


@dataclass(frozen=True)
class OpenReview:
    """A review that is open: its folder, description, database, structures and critic."""

    folder: Path
    file: ReviewFile
    database: Database
    table: StructureTable
    critic: Critic

    @property
    def title(self) -> str:
        """What the review is called."""
        return self.file.title

    @property
    def mode(self) -> str:
        """How it is read: "assisted" shows the verdict at once, "blind-first" after the commitment, "blind" never."""
        return self.file.mode

    @property
    def label_sets(self) -> tuple[LabelSet, ...]:
        """The competing label sets, in their fixed order (which fixes their colours)."""
        return tuple(LabelSet(e.slug, e.title, e.trusted) for e in self.file.label_sets)

    @property
    def structures(self) -> tuple[str, ...]:
        """The structures under review."""
        return self.file.structures

    def image_path(self, case: CaseId) -> Path:
        """Return where a case's image is."""
        return resolved_path(self.folder, self.file.images) / index.image_of(self.database, case)

    def mask_path(self, candidate: Candidate) -> Path:
        """Return the file a candidate's mask is in: below its label set's root, or below `edits` for a made version."""
        if candidate.id.version > FIRST_VERSION:
            return self.folder / EDITS / candidate.source.path
        entry = next(e for e in self.file.label_sets if e.slug == candidate.id.label_set)
        return resolved_path(self.folder, entry.root) / candidate.source.path

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def open_review(folder: Path, *, table: StructureTable, critic: CriticFor) -> OpenReview:
    """Open a review folder; raises ReviewError when it is none. `critic` builds the critic for its database."""
    file = read_review_file(folder)
    database = open_database(folder / file.database)
    try:
        return OpenReview(folder, file, database, table, critic(file.critic, database))
    except Exception:
        database.close()
        raise


def now() -> str:
    """Return the present in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def default_reader() -> str:
    """Return the account's name, for command lines where nobody said who is deciding."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def decide(
    review: OpenReview,
    reader: str,
    item: ItemId,
    choice: Choice,
    *,
    candidate: CandidateId | None = None,
    position: int = 0,
    remarks: Remarks | None = None,
    repeat_of: str = "",
    seen: Mapping[str, Any] | None = None,
) -> ItemState:
    """Write a decision to the journal; when this returns it is on disk.

    ACCEPT needs the candidate; its content hash is stored with the decision. An answer to a hidden repeat names the
    event that it repeats: it changes no item. What the critic said counts as advice only where `seen` has it, or says
    nothing in an assisted review. Raises ReviewError for a candidate or
    item that is not in the review.
    """
    row = index.item_row(review.database, item)
    accepted = _accepted(review, item, candidate) if choice is Choice.ACCEPT else None
    content_hash = _hash_of(review, accepted) if accepted else ""
    added = remarks or Remarks()
    decision = Decision(
        choice=choice,
        candidate=candidate if choice is Choice.ACCEPT else None,
        content_hash=content_hash,
        position=position,
        reasons=added.reasons,
        denied=added.denied,
        suggested=added.suggested,
        quality=added.quality,
    )
    advice = _advice(item, row)
    advised = advice_seen(seen or {}, Mode(review.mode))
    decision = replace(decision, stance=stance_of(decision, advice if advised else None))
    shown = {"verdict": advice_told(advice) if advised else None, "mode": review.mode, **(seen or {})}
    if advice is not None and not advised:
        shown["withheld"] = advice_told(advice)
        if shown.get("phase") == COMMITMENT:
            shown["reveal"] = REVEAL_OWED
    if accepted is not None and masks.is_resampled(accepted):
        shown["resampled"] = "nearest"
    if repeat_of:
        payload = {**decision_payload(decision), "of": repeat_of}
        return _write(review, reader, item, EventKind.REPEATED, payload, seen=shown)
    return _write(review, reader, item, EventKind.DECIDED, decision_payload(decision), seen=shown)


def undo(review: OpenReview, reader: str, *, seen: Mapping[str, Any] | None = None) -> ItemId | None:
    """Undo the reader's last decision; return the item it was about, or None when there is nothing to undo."""
    last = journal.last_decision(review.database, _named(reader))
    if last is None or last.item is None:
        return None
    _write(review, reader, last.item, EventKind.UNDONE, {"schema": PAYLOAD_SCHEMA, "of": last.uuid}, seen=seen)
    return last.item


def redo(review: OpenReview, reader: str, *, seen: Mapping[str, Any] | None = None) -> tuple[ItemId, ItemState] | None:
    """Do again, as it was, what the reader undid last; None when nothing can be redone.

    Whatever the reader decides in between leaves nothing to redo; closing the review does not. The decision keeps what
    was seen when it was made; `seen` is kept beside it, as "again".
    """
    undone = journal.last_undone(review.database, _named(reader))
    if undone is None or undone.item is None:
        return None
    if undone.kind is EventKind.REPEATED:
        answer = {**undone.payload, "redone": undone.uuid}
        again = {**undone.seen, **{k: v for k, v in (seen or {}).items() if k not in undone.seen}}
        return undone.item, _write(review, reader, undone.item, EventKind.REPEATED, answer, seen=again)
    payload = {**undone.payload, "of": undone.uuid}
    kept = {**undone.seen, "again": dict(seen or {})}
    return undone.item, _write(review, reader, undone.item, EventKind.REDONE, payload, seen=kept)


def last_decisions(review: OpenReview, reader: str, limit: int) -> tuple[tuple[ItemId, Standing], ...]:
    """Return the reader's latest decisions that were not undone, oldest first."""
    return journal.last_decisions(review.database, _named(reader), limit)


def set_note(
    review: OpenReview, reader: str, item: ItemId, text: str, *, seen: Mapping[str, Any] | None = None
) -> ItemState:
    """Write a note on an item; an empty text removes it."""
    index.item_row(review.database, item)
    return _write(review, reader, item, EventKind.NOTED, {"schema": PAYLOAD_SCHEMA, "text": text}, seen=seen)


def item_state(review: OpenReview, item: ItemId) -> ItemState:
    """Return where an item stands."""
    return journal.item_state(review.database, item)


def remember_item(review: OpenReview, reader: str, item: ItemId) -> None:
    """Remember where the reader is."""
    index.bookmark(review.database, reader, item)


def resume_item(review: OpenReview, reader: str) -> ItemId | None:
    """Return where the reader was; None in a new review."""
    return index.bookmarked(review.database, reader)


def _accepted(review: OpenReview, item: ItemId, candidate: CandidateId | None) -> Candidate:
    if candidate is None or candidate.item != item:
        raise ReviewError(f"No candidate of {item} was named.", "Name the label set to accept.")
    known = {c.id: c for c in index.candidates_of(review.database, item.case, item.structure)}
    if candidate not in known:
        offered = ", ".join(c.label_set for c in known) or "none"
        raise ReviewError(f"{item} has no candidate of label set {candidate.label_set!r}.", f"It has: {offered}.")
    return known[candidate]


def _hash_of(review: OpenReview, candidate: Candidate) -> str:
    """Return a candidate's content hash, reading its mask where nobody has yet."""
    if candidate.content_hash:
        return candidate.content_hash
    grid = volumes.read_geometry(review.image_path(candidate.id.case))
    return masks.hash_of(review.mask_path(candidate), candidate, image=grid)


def _advice(item: ItemId, row: Mapping[str, Any]) -> Advice | None:
    if not row["outcome"]:
        return None
    pick = CandidateId(item.case, item.structure, row["pick"]) if row["pick"] else None
    return Advice(Outcome(row["outcome"]), pick, row["confidence"] or 0.0)


def _write(
    review: OpenReview,
    reader: str,
    item: ItemId,
    kind: EventKind,
    payload: Mapping[str, Any],
    *,
    seen: Mapping[str, Any] | None = None,
) -> ItemState:
    event = Event(
        uuid=str(uuid.uuid4()),
        time=now(),
        reader=_named(reader),
        item=item,
        kind=kind,
        payload=payload,
        seen=seen or {},
        software=SOFTWARE,
    )
    state = journal.append(review.database, event)
    return state if state is not None else ItemState()


def _named(reader: str) -> str:
    return reader or default_reader()
