"""Filters and orders of the database against the same said plainly in Python, on random items."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.attention import AUDITED
from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, ItemId, MaskSource
from labelcritic_gui.core.findings import joined_codes, split_codes
from labelcritic_gui.core.query.fields import SORTS
from labelcritic_gui.core.query.parsing import parse
from labelcritic_gui.core.review import Status
from labelcritic_gui.services.worklist import BUILT_IN, ItemRow
from labelcritic_gui.store import candidates, index, ordering, schema
from labelcritic_gui.store.database import Database, create_database
from labelcritic_gui.store.filtering import condition, source
from labelcritic_gui.store.index import Asker
from tests.querying import holds

CASES = ("BDMAP_0001", "bdmap_0002", "BDMAPx0003", "100%", "é_1")
TITLES = {"liver": "Liver", "kidney_left": "Left kidney", "kidney_right": "Right kidney"}
ASKER = Asker("ann", TITLES)
NOTES = st.sampled_from(["", "left lobe", "Cirrhosis?", "100% sure", "a_b", "ÄRGER", "line\nbreak", 'say "no"'])
CODES = st.lists(st.sampled_from(["LEAK", "ISLE", "ABSENT-OK"]), max_size=2)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = create_database(tmp_path_factory.mktemp("filtering") / "review.db")
    index.begin_scan(made, "plan", ("alpha", "beta"))
    scanned = []
    for n, case in enumerate(CASES):
        masks = [
            index.FoundMask(Candidate(CandidateId(CaseId(case), s, slug), MaskSource("x.nii.gz")))
            for slug in ("alpha", "beta")
            for s in TITLES
        ]
        scanned.append(index.ScannedCase(index.FoundCase(CaseId(case), "x"), n, masks))
    index.enter_cases(made, scanned)
    index.finish_scan(made)
    yield made
    made.close()


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    status = draw(st.sampled_from(list(Status)))
    reader = draw(st.sampled_from(["ann", "Bob", "be_n"])) if status is not Status.OPEN else ""
    outcome = draw(st.sampled_from(["", "first", "both-wrong"]))
    return {
        "status": status.value,
        "skipped": status is Status.OPEN and draw(st.booleans()),
        "reader": reader,
        "decided": draw(st.sampled_from(["2026-11-24T23:59:59.000+00:00", "2026-12-01T00:00:00.000+00:00"]))
        if reader
        else "",
        "label_set": "alpha" if status is Status.ACCEPTED else "",
        "note": draw(NOTES),
        "outcome": outcome,
        "pick": draw(st.sampled_from(["alpha", "beta"])) if outcome == "first" else "",
        "confidence": draw(st.none() | st.sampled_from([0.5, 0.8, 1.0])),
        "orders_agree": draw(st.none() | st.booleans()),
        "dice": draw(st.none() | st.sampled_from([0.0, 0.5, 0.8, 1.0])),
        "findings": draw(st.integers(0, 2)),
        "severity": draw(st.integers(0, 3)),
        "attention": draw(st.sampled_from([0.1, 0.5, 1.3])),
        "codes": joined_codes(draw(CODES)),
        "reasons": joined_codes(draw(CODES)),
        "quality": draw(st.none() | st.integers(0, 3)),
        "edited": draw(st.booleans()),
        "audit": draw(st.booleans()),
    }


ATOMS = st.sampled_from(
    [
        "structure:liver", "structure:kidney*", 'structure:"left kidney"', "structure:*", "case:BDMAP*",
        "case:bdmap_0002", "case:100%", "case:*_*", "case:É*", "status:open", "status:decided|skipped",
        "status:unjudged", "dice<0.8", "dice>=.5", "dice:1", "confidence>.5", "finding:LEAK",
        "finding:ISLE|ABSENT-OK", "findings>0", "severity>=major", "pick:alpha", "pick:none", "pick:*",
        "outcome:both-wrong", "orders:disagree", "orders:single|agree", "reader:me", "reader:b*", "reader:be_n",
        "accepted:alpha", "quality<=1", "quality:0|3", "reason:LEAK", 'note:"left lobe"', "note:%", "note:_",
        "note:ärger", "note:ÄR", 'note:"say \\"no"', "decided:2026-11", "decided>2026-11-24", "decided<=2026-11",
        "has:note", "has:verdict|dice", "has:quality", "has:reasons", "has:decision", "has:findings", "edited:yes",
        "edited:no", "skipped:yes", "audit:yes", "attention>=0.5", "liver", "left", "100%", "é", "cirrh",
        '"left lobe"', "a_b|lobe", "nothing-like-it",
    ]
)  # fmt: skip
FILTERS = st.lists(st.tuples(st.sampled_from(["", "-"]), ATOMS).map("".join), max_size=4).map(" ".join)


def fill(database: Database, made: list[dict[str, Any]]) -> list[ItemRow]:
    names = list(made[0])
    change = ", ".join(f"{name} = ?" for name in names)
    with database.writing() as connection:
        rows = [(*(state[n] for n in names), rank) for rank, state in enumerate(made, start=1)]
        connection.exec_driver_sql(f"UPDATE item SET {change} WHERE rank = ?", rows)
    found = []
    for rank, ((case, structure), state) in enumerate(
        zip(itertools.product(CASES, sorted(TITLES)), made, strict=True), start=1
    ):
        shown = {k: v for k, v in state.items() if k not in {"label_set", "note", "codes", "reasons", "status"}}
        found.append(
            ItemRow(
                item=ItemId(CaseId(case), structure),
                title=TITLES[structure],
                rank=rank,
                status=Status(state["status"]),
                note=bool(state["note"]),
                note_text=state["note"],
                accepted=state["label_set"],
                codes=split_codes(state["codes"]),
                reasons=split_codes(state["reasons"]),
                **shown,
            )
        )
    return found


def key_of(sort: str, row: ItemRow) -> tuple[int, Any]:
    """Which part of an order a row is in, and what it is sorted by there."""
    if sort == "attention":
        part = 2 if row.status is not Status.OPEN else int(row.skipped)
        return part, -max(row.attention, AUDITED if row.audit else 0.0)
    value = {
        "case": 0, "structure": row.item.structure, "dice": row.dice, "confidence": row.confidence,
        "findings": row.findings, "status": row.status.value, "pick": row.pick or None, "quality": row.quality,
        "reader": row.reader or None, "decided": row.decided or None,
    }[sort]  # fmt: skip
    return (1, 0) if value is None else (0, value)


def sorted_rows(rows: list[ItemRow], sort: str, *, descending: bool) -> list[ItemRow]:
    ordered: list[ItemRow] = []
    for part in range(3):
        mine = [row for row in rows if key_of(sort, row)[0] == part]
        mine.sort(key=lambda row: (key_of(sort, row)[1], row.rank), reverse=descending)
        ordered += mine
    return ordered


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(states(), min_size=15, max_size=15),
    FILTERS,
    st.sampled_from(SORTS),
    st.booleans(),
    st.sampled_from([1, 4, 50]),
    st.sampled_from([0, 3, 5000]),
)
def test_filters_orders_and_pages_say_what_python_says(
    database: Database,
    made: list[dict[str, Any]],
    text: str,
    sort: index.Sort,
    descending: bool,
    limit: int,
    probe: int,
) -> None:
    rows = fill(database, made)
    query = parse(text)
    expected = [row.rank for row in rows if holds(query, row, "ann", TITLES)]
    found = index.matching(database, query, ASKER)
    assert (list(range(1, 16)) if found is None else sorted(found.tolist())) == expected
    assert index.count(database, query, ASKER) == len(expected)
    whole = [row.rank for row in sorted_rows(rows, sort, descending=descending)]
    assert index.order(database, sort=sort, descending=descending).tolist() == whole
    left = [rank for rank in whole if rank in expected][:limit]
    patch = pytest.MonkeyPatch()
    patch.setattr(ordering, "PROBE", probe)
    try:
        for among in (None, found):
            first = index.first_ranks(
                database, query, ASKER, sort=sort, descending=descending, limit=limit, among=among
            )
            assert first == left
    finally:
        patch.undo()
    stands = index.turns(database)
    assert stands.dtype == np.uint8
    assert [stands[row.rank] for row in rows] == [2 if r.status is not Status.OPEN else int(r.skipped) for r in rows]
    counted = index.counts(database, "ann")
    for name, built_in in BUILT_IN.items():
        assert counted[f"filter:{name}"] == index.count(database, parse(built_in), ASKER)


def test_no_filter_text_reaches_the_sql(database: Database) -> None:
    for text in ("'; DROP TABLE item; --", 'note:"\' OR 1=1"', 'case:"\') OR 1=1"', "%", "_", "\\\\"):
        query = parse(text if not text.startswith("\\") else '"\\\\"')
        wanted, values = condition(query, ASKER)
        assert wanted.count("?") == len(values)
        assert "DROP" not in wanted
        assert "1=1" not in wanted
        index.matching(database, query, ASKER)


def test_an_edited_version_marks_its_item(database: Database) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE item SET edited = 0")
        names = candidates.Names(connection)
        mask = index.FoundMask(Candidate(CandidateId(CaseId("100%"), "liver", "beta", 2), MaskSource("edits/1.nii.gz")))
        candidates.insert_masks(connection, names, {"100%": 4}, [mask])
    row = index.item_row(database, ItemId(CaseId("100%"), "liver"))
    assert index.matching(database, parse("edited:yes"), ASKER).tolist() == [row["rank"]]


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        ("structure:liver dice<0.8 -finding:LEAK reader:me", "SCAN item USING COVERING INDEX item_facets"),
        ("liver edited:no quality<=1 -audit:yes", "SCAN item USING COVERING INDEX item_facets"),
        ("case:BDMAP* status:open", "SEARCH item USING COVERING INDEX item_facets (case_no=?)"),
        ("audit:yes dice<0.5", "SEARCH item USING INTEGER PRIMARY KEY (rowid=?)"),
        ("note:lobe structure:liver", "SEARCH item USING INTEGER PRIMARY KEY (rowid=?)"),
    ],
)
def test_a_filter_reads_one_index_whole_or_the_few_rows_it_names(database: Database, text: str, plan: str) -> None:
    wanted, values = condition(parse(text), ASKER)
    with database.reading() as connection:
        asked = f"EXPLAIN QUERY PLAN SELECT rank FROM {source(parse(text))} WHERE {wanted}"
        assert connection.exec_driver_sql(asked, values).all()[0][3] == plan


def test_the_audited_attention_is_the_same_in_both_layers() -> None:
    assert schema.AUDITED == AUDITED
