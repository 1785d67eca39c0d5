"""The worklist's services on a review on disk: filters, orders, rows by rank, the audit share."""

import pytest

from labelcritic_gui.core.attention import AUDITED, attention, is_calm, is_drawn
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.query.query import QueryError
from labelcritic_gui.core.review import Choice
from labelcritic_gui.services import auditing, review, worklist
from labelcritic_gui.services.opinions import ensure_opinions
from labelcritic_gui.services.worklist import BUILT_IN, DECIDED, SKIPPED, WorklistQuery
from labelcritic_gui.store import index
from tests.making import Dataset

LIVER = ItemId(CaseId("case_1"), "liver")


@pytest.fixture
def opened(dataset: Dataset):
    made = dataset.open()
    yield made
    made.close()


def found(opened, text: str) -> list[ItemId]:
    return [row.item for row in worklist.page(opened, WorklistQuery(text=text, sort="case", reader="ann"))]


def test_that_words_are_found_in_case_structure_and_note_whatever_the_letters(opened) -> None:
    review.set_note(opened, "ann", LIVER, "Cirrhosis?")
    assert found(opened, "CIRRH") == [LIVER]
    assert [i.case for i in found(opened, "case_2")] == ["case_2"] * 3
    assert found(opened, "case_1 LIV") == [LIVER]
    assert found(opened, "case_1 case_2") == []
    assert len(found(opened, "")) == 6
    for text in ("cirrh", "case_2", "liv|spleen", "case_1 liv", "has:note", "-liver", "structure:liver -case:*2"):
        head = worklist.head(opened, WorklistQuery(text=text, sort="case", reader="ann"), 100)
        assert [row.item for row in head.rows] == found(opened, text)
        assert head.total == len(head.rows) == worklist.count(opened, text, "ann")
        assert head.ranks is not None
        assert sorted(head.ranks.tolist()) == sorted(row.rank for row in head.rows)


def test_that_an_order_puts_what_is_skipped_behind_and_what_is_decided_last(opened) -> None:
    review.decide(opened, "ann", LIVER, Choice.NONE)
    put_off = ItemId(CaseId("case_2"), "spleen")
    review.decide(opened, "ann", put_off, Choice.SKIP)
    rows = worklist.rows(opened, worklist.order(opened, WorklistQuery()).tolist())
    assert [row.item for row in rows][-2:] == [put_off, LIVER]
    turns = worklist.turns(opened)
    assert [turns[row.rank] for row in rows] == [0, 0, 0, 0, SKIPPED, DECIDED]
    assert worklist.next_open(opened, "ann", after=LIVER) not in {LIVER, put_off}


def test_that_the_built_in_filters_are_counted_without_being_read(opened) -> None:
    review.decide(opened, "ann", LIVER, Choice.NONE)
    for reader in ("ann", "bob"):
        counted = worklist.counts(opened, reader).filters
        assert list(counted) == list(BUILT_IN)
        for name, text in BUILT_IN.items():
            head = worklist.head(opened, WorklistQuery(saved=text, reader=reader), 100)
            assert counted[name] == worklist.count(opened, text, reader) == head.total == len(head.rows)
    assert worklist.counts(opened, "ann").filters["mine"] == 1


def test_that_a_filter_that_is_not_understood_is_one_error(opened) -> None:
    for ask in (worklist.page, worklist.matching):
        with pytest.raises(QueryError, match="no field"):
            ask(opened, WorklistQuery(text="strucure:liver"))


def test_that_a_decision_is_seen_by_filters_at_once(opened) -> None:
    assert found(opened, "status:decided") == []
    review.decide(opened, "ann", LIVER, Choice.EDIT)
    assert found(opened, "status:queued reader:me") == [LIVER]
    row = worklist.row(opened, LIVER)
    assert found(opened, f"decided:{row.decided[:10]}") == [LIVER]
    assert "liver" not in {i.structure for i in found(opened, "status:open case:case_1")}


def test_that_the_audit_share_draws_calm_items_for_good_and_lifts_them(opened) -> None:
    for case in index.case_ids(opened.database):
        ensure_opinions(opened, case)
    with opened.database.writing() as connection:
        connection.exec_driver_sql("UPDATE item SET attention = 0.1, audit = 0 WHERE structure <> 'liver'")
        connection.exec_driver_sql("UPDATE item SET attention = 0.7, audit = 0 WHERE structure = 'liver'")
    assert auditing.audit_share(opened) == 0.05
    assert auditing.set_audit_share(opened, 1.0) == 4
    assert {i.structure for i in found(opened, "audit:yes")} == {"spleen", "pancreas"}
    ahead = [row.item for row in worklist.page(opened, WorklistQuery())]
    assert {i.structure for i in ahead[:4]} == {"spleen", "pancreas"}
    some = auditing.set_audit_share(opened, 0.5)
    drawn = set(found(opened, "audit:yes"))
    assert len(drawn) == some < 4
    assert auditing.set_audit_share(opened, 0.5) == some
    assert set(found(opened, "audit:yes")) == drawn
    assert auditing.audit_share(opened) == 0.5
    assert auditing.set_audit_share(opened, 0.0) == 0
    assert worklist.counts(opened).filters["audit"] == 0
    with pytest.raises(UserError, match="between 0 and 1"):
        auditing.set_audit_share(opened, 1.5)


def test_that_what_the_critic_says_again_is_drawn_again_the_same_way(opened) -> None:
    auditing.set_audit_share(opened, 1.0)
    for case in index.case_ids(opened.database):
        ensure_opinions(opened, case)
    rows = worklist.page(opened, WorklistQuery(sort="case"))
    assert [row.audit for row in rows] == [is_calm(row.attention, row.outcome) for row in rows]
    codes = {code for row in rows for code in row.codes}
    assert set(worklist.occurring(opened)["finding"]) == codes
    for code in codes:
        assert found(opened, f"finding:{code}") == [row.item for row in rows if code in row.codes]


def test_that_a_draw_follows_its_seed_and_its_share() -> None:
    items = [
        ItemId(CaseId(f"case_{n}"), s) for n in range(400) for s in ("liver", "spleen", "aorta", "stomach", "colon")
    ]
    drawn = {share: {i for i in items if is_drawn("seed", i, share)} for share in (0.0, 0.05, 0.2, 1.0)}
    assert drawn[0.0] == set()
    assert drawn[0.05] < drawn[0.2] < drawn[1.0] == set(items)
    assert 60 <= len(drawn[0.05]) <= 140
    assert 330 <= len(drawn[0.2]) <= 470
    for structure in ("liver", "colon"):
        assert 45 <= len({i for i in drawn[0.2] if i.structure == structure}) <= 115
    assert drawn[0.2] != {i for i in items if is_drawn("another seed", i, 0.2)}


def test_that_a_big_difference_needs_a_person_more_than_a_small_one(opened) -> None:
    for case in index.case_ids(opened.database):
        ensure_opinions(opened, case)
    from labelcritic_gui.services.comparison import load_opinions

    verdict = load_opinions(opened, LIVER).verdict
    assert verdict is not None
    amounts = [attention(verdict, dice=0.9, findings=(), difference_ml=ml) for ml in (0.0, 5.0, 50.0, 500.0)]
    assert amounts == sorted(set(amounts))
    assert amounts[-1] - amounts[0] < 0.2
    assert AUDITED > 0.5
