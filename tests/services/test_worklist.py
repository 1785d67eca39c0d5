"""The worklist's services on a review on disk: orders, searches, rows by rank."""

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.review import Choice
from labelcritic_gui.services import review, worklist
from labelcritic_gui.services.worklist import DECIDED, RANK_SHIFT, SKIPPED, WorklistQuery
from tests.making import Dataset

LIVER = ItemId(CaseId("case_1"), "liver")


def found(opened, text: str) -> list[ItemId]:
    keys = worklist.keys(opened)
    hit = worklist.search(opened, text, keys)
    return [keys.item(rank) for rank in range(1, len(hit)) if hit[rank]]


def test_that_a_search_finds_case_structure_and_note_whatever_the_letters(dataset: Dataset) -> None:
    opened = dataset.open()
    try:
        review.set_note(opened, "ann", LIVER, "Cirrhosis?")
        assert found(opened, "CIRRH") == [LIVER]
        assert [i.case for i in found(opened, "case_2")] == ["case_2"] * 3
        assert found(opened, "case_1 LIV") == [LIVER]
        assert found(opened, "case_1 case_2") == []
        assert len(found(opened, "")) == 6
        for text in ("cirrh", "case_2", "liv spleen", "case_1 liv"):
            rows = worklist.page(opened, WorklistQuery(text=text, sort="case"))
            assert [row.item for row in rows] == found(opened, text)
    finally:
        opened.close()


def test_that_an_order_says_what_is_decided_and_skipped(dataset: Dataset) -> None:
    opened = dataset.open()
    try:
        review.decide(opened, "ann", LIVER, Choice.NONE)
        put_off = ItemId(CaseId("case_2"), "spleen")
        review.decide(opened, "ann", put_off, Choice.SKIP)
        packed = worklist.order(opened, WorklistQuery())
        rows = worklist.rows(opened, [int(n) for n in packed >> RANK_SHIFT])
        assert {row.item for row in rows if packed[rows.index(row)] & DECIDED} == {LIVER}
        assert rows[-1].item == put_off
        assert packed[-1] & (DECIDED | SKIPPED) == SKIPPED
        mine = WorklistQuery(saved="mine", reader="ann")
        assert worklist.total(opened, mine) == len(worklist.order(opened, mine)) == 2
        assert worklist.total(opened, WorklistQuery(saved="mine", reader="bob")) == 0
    finally:
        opened.close()
