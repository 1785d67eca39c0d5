"""The append-only journal and the item rows that follow from it. Layer: store."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.review import Event, EventKind, ItemState, apply, fold
from labelcritic_gui.store.database import Database
from labelcritic_gui.store.schema import event as events
from labelcritic_gui.store.schema import item as items


def append(database: Database, event: Event) -> ItemState | None:
    """Write one event and the item row that follows from it, in one transaction on disk; return the item's state."""
    with database.deciding() as connection:
        connection.execute(insert(events).values(**_to_row(event)))
        if event.item is None:
            return None
        state = _state_in(connection, event.item)
        changed = connection.execute(update(items).where(*_is(event.item)).values(**materialised(state)))
        if changed.rowcount != 1:
            raise ReviewError(f"There is no item {event.item} in this review.", "Look at `labelcritic list`.")
        return state


def item_state(database: Database, item: ItemId) -> ItemState:
    """Return where an item stands, folded from its events."""
    with database.reading() as connection:
        return _state_in(connection, item)


def all_events(database: Database) -> Iterator[Event]:
    """Yield every event, oldest first."""
    with database.reading() as connection:
        for row in connection.execute(select(events).order_by(events.c.id)).mappings():
            yield _from_row(row)


def last_decision(database: Database, reader: str) -> Event | None:
    """Return the reader's latest decision that was not undone."""
    mine = select(events).where(
        events.c.reader == reader, events.c.kind.in_([EventKind.DECIDED.value, EventKind.UNDONE.value])
    )
    undone: set[str] = set()
    with database.reading() as connection:
        for row in connection.execute(mine.order_by(events.c.id.desc())).mappings():
            if row["kind"] == EventKind.UNDONE.value:
                undone.add(row["payload"]["of"])
            elif row["uuid"] not in undone:
                return _from_row(row)
    return None


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


def _state_in(connection: Connection, item: ItemId) -> ItemState:
    query = select(events).where(events.c.case == item.case, events.c.structure == item.structure)
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
