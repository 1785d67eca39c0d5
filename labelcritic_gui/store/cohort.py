"""What a review holds of measured candidates, streamed; and what was found unusual, case by case. Layer: store."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, select

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.store.database import Database
from labelcritic_gui.store.schema import case_record as case_records
from labelcritic_gui.store.schema import fact as facts

AT_ONCE = 4000
"""Rows held at a time while all are read."""


class FactRow(NamedTuple):
    """What was measured of one candidate: the facts that were asked for and are known, by name."""

    case: CaseId
    structure: str
    label_set: str
    facts: Mapping[str, Any]


def last_fact(database: Database) -> int:
    """Return the number of the last row of facts; 0 when nothing was measured."""
    with database.reading() as connection:
        return int(connection.execute(select(func.max(facts.c.id))).scalar_one() or 0)


def candidate_facts(
    database: Database, names: Sequence[str], *, structures: Sequence[str], label_sets: Sequence[str]
) -> Iterator[tuple[int, list[FactRow]]]:
    """Yield the named facts of all measured candidates, some thousands at a time, with the number of the last row."""
    paths = ", ".join("?" for _ in names)
    among = [", ".join("?" for _ in wanted) for wanted in (structures, label_sets)]
    query = (
        f'SELECT id, "case", structure, label_sets, json_extract(body, {paths}) FROM fact '
        f"WHERE structure IN ({among[0]}) AND label_sets IN ({among[1]}) ORDER BY id"
    )
    values = (*(f"$.{name}" for name in names), *structures, *label_sets)
    with database.reading() as connection:
        for part in connection.exec_driver_sql(query, values).partitions(AT_ONCE):
            yield int(part[-1][0]), [_fact_row(names, *row[1:]) for row in part]


def _fact_row(names: Sequence[str], case: CaseId, structure: str, label_set: str, values: str) -> FactRow:
    known = zip(names, json.loads(values), strict=True)
    return FactRow(case, structure, label_set, {name: value for name, value in known if value is not None})


def keep_case_records(
    database: Database, kind: str, bodies: Iterable[tuple[CaseId, Mapping[str, Any]]], *, time: str
) -> None:
    """Keep a kind of record of cases in place of all that were kept under it before, in one transaction."""
    rows = [{"case": case, "kind": kind, "time": time, "body": dict(body)} for case, body in bodies]
    with database.writing() as connection:
        connection.execute(delete(case_records).where(case_records.c.kind == kind))
        if rows:
            connection.execute(insert(case_records), rows)
