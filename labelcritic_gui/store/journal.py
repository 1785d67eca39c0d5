"""The append-only journal and the item rows that follow from it. Layer: store."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert, select, update

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.findings import joined_codes
from labelcritic_gui.core.review import (
    DECISIONS,
    Event,
    EventKind,
    ItemState,
    Standing,
    apply,
    decision_from,
    fold,
    redoable,
)
from labelcritic_gui.store.database import Database
from labelcritic_gui.store.schema import event as events
from labelcritic_gui.store.schema import item as items


def append(database: Database, event: Event) -> ItemState | None:
    """Write one event and the item row that follows from it, in one transaction on disk; return the item's state."""
    with database.deciding() as connection:
        return write(connection, event)


def write(connection: Connection, event: Event) -> ItemState | None:
    """Write one event and the item row that follows from it; belongs in a transaction of decisions."""
    connection.execute(insert(events).values(**_to_row(event)))
    if event.item is None:
        return None
    state = _state_in(connection, event.item)
    changed = connection.execute(update(items).where(*_is(event.item)).values(**materialised(state)))
    if changed.rowcount != 1:
        raise ReviewError(f"There is no item {event.item} in this review.", "Look at `labelcritic list`.")
    return state


def events_of(connection: Connection, case: CaseId | None, kinds: Sequence[EventKind]) -> Iterator[Event]:
    """Yield the events of some kinds, oldest first, of a case or (None) of all."""
    query = select(events).where(events.c.kind.in_([kind.value for kind in kinds]))
    if case is not None:
        query = query.where(events.c.case == case)
    for row in connection.execute(query.order_by(events.c.id)).mappings():
        yield _from_row(row)


def item_state(database: Database, item: ItemId) -> ItemState:
    """Return where an item stands, folded from its events."""
    with database.reading() as connection:
        return _state_in(connection, item)


def all_events(database: Database) -> Iterator[Event]:
    """Yield every event, oldest first."""
    with database.reading() as connection:
        for row in connection.execute(select(events).order_by(events.c.id)).mappings():
            yield _from_row(row)


def events_after(database: Database, last: int, reader: str) -> tuple[int, list[Event]]:
    """Return a reader's events that were written after a number (0: all), oldest first, and the newest number."""
    mine = select(events).where(events.c.id > last, events.c.reader == reader).order_by(events.c.id)
    with database.reading() as connection:
        rows = connection.execute(mine).mappings().all()
    return (rows[-1]["id"] if rows else last), [_from_row(row) for row in rows]


def events_on(database: Database, item: ItemId) -> list[Event]:
    """Return the events of one item, oldest first."""
    mine = select(events).where(*_of(item)).order_by(events.c.id)
    with database.reading() as connection:
        return [_from_row(row) for row in connection.execute(mine).mappings()]


def last_decision(database: Database, reader: str) -> Event | None:
    """Return the reader's latest decision that was not undone."""
    return next(_standing(database, reader), None)


def last_decisions(database: Database, reader: str, limit: int) -> tuple[tuple[ItemId, Standing], ...]:
    """Return the reader's latest decisions that were not undone, oldest first."""
    latest = list(islice(_standing(database, reader), limit))
    return tuple(
        (e.item, Standing(e.uuid, e.reader, e.time, decision_from(e.item, e.payload)))
        for e in reversed(latest)
        if e.item is not None
    )


def last_undone(database: Database, reader: str) -> Event | None:
    """Return the decision that the reader can do again: the last one undone, unless something was decided since."""
    with database.reading() as connection:
        undoing = redoable(_mine(connection, reader))
        if undoing is None:
            return None
        known = select(events).where(events.c.uuid == undoing.payload["of"])
        row = connection.execute(known).mappings().first()
        return _from_row(row) if row is not None else None


def _standing(database: Database, reader: str) -> Iterator[Event]:
    """Yield the reader's decisions that were not undone, latest first."""
    undone: set[str] = set()
    with database.reading() as connection:
        for event in _mine(connection, reader):
            if event.kind is EventKind.UNDONE:
                undone.add(event.payload["of"])
            elif event.uuid not in undone:
                yield event


def _mine(connection: Connection, reader: str) -> Iterator[Event]:
    """Yield what a reader decided, answered to repeats, undid and did again, latest first."""
    kinds = [kind.value for kind in (*DECISIONS, EventKind.REPEATED, EventKind.UNDONE)]
    query = select(events).where(events.c.reader == reader, events.c.kind.in_(kinds)).order_by(events.c.id.desc())
    for row in connection.execute(query.execution_options(yield_per=50)).mappings():
        yield _from_row(row)


def materialised(state: ItemState) -> dict[str, Any]:
    """Return the columns of an item row that follow from its events."""
    last = state.last
    candidate = last.decision.candidate if last else None
    return {
        "status": state.status.value,
        "skipped": state.skipped,
        "event": last.event if last else "",
        "reader": last.reader if last else "",
        "decided": last.time if last else "",
        "choice": last.decision.choice.value if last else "",
        "label_set": candidate.label_set if candidate else "",
        "version": candidate.version if candidate else 0,
        "note": state.note,
        "reasons": joined_codes(last.decision.reasons) if last else "",
        "quality": last.decision.quality if last else None,
    }


@dataclass(frozen=True, slots=True)
class Difference:
    """An item whose row does not say what its events say."""

    item: ItemId
    column: str
    row: Any
    events: Any


def differences(database: Database) -> list[Difference]:
    """Fold all events anew and return where the materialised rows differ."""
    states = fold(all_events(database))
    found = []
    with database.reading() as connection:
        for row in connection.execute(select(items)).mappings():
            item = ItemId(CaseId(row["case"]), row["structure"])
            expected = materialised(states.pop(item, ItemState()))
            found += [
                Difference(item, column, row[column], value)
                for column, value in expected.items()
                if row[column] != value
            ]
    found += [Difference(item, "item", "no row", "events") for item in states]
    return found


def rebuild(database: Database) -> int:
    """Write every item row anew from the events; return how many items have events."""
    states = fold(all_events(database))
    with database.deciding() as connection:
        connection.execute(update(items).values(**materialised(ItemState())))
        for item, state in states.items():
            connection.execute(update(items).where(*_is(item)).values(**materialised(state)))
    return len(states)


def _is(item: ItemId) -> Sequence[Any]:
    return items.c.case == item.case, items.c.structure == item.structure


def _of(item: ItemId) -> Sequence[Any]:
    return events.c.case == item.case, events.c.structure == item.structure


def _state_in(connection: Connection, item: ItemId) -> ItemState:
    query = select(events).where(*_of(item))
    state = ItemState()
    for row in connection.execute(query.order_by(events.c.id)).mappings():
        state = apply(state, _from_row(row))
    return state


def _to_row(event: Event) -> dict[str, Any]:
    return {
        "uuid": event.uuid,
        "time": event.time,
        "reader": event.reader,
        "case": event.item.case if event.item else None,
        "structure": event.item.structure if event.item else None,
        "kind": event.kind.value,
        "payload": dict(event.payload),
        "seen": dict(event.seen),
        "software": event.software,
    }


def _from_row(row: Any) -> Event:
    item = ItemId(CaseId(row["case"]), row["structure"]) if row["case"] is not None else None
    return Event(
        uuid=row["uuid"],
        time=row["time"],
        reader=row["reader"],
        item=item,
        kind=EventKind(row["kind"]),
        payload=row["payload"],
        seen=row["seen"],
        software=row["software"],
    )
