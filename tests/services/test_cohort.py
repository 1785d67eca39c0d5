"""The cases of a review compared with each other, from facts that are stored."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.cohort import NEEDED, measured_of
from labelcritic_gui.core.errors import CancelledError, ReviewError, StorageError
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.services.cohort import (
    find_and_keep,
    keep_outliers,
    kept_outliers,
    review_outliers,
    save_outliers,
)
from labelcritic_gui.services.comparison import load_opinions
from labelcritic_gui.services.opinions import ensure_opinions
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index
from labelcritic_gui.store.cohort import candidate_facts
from labelcritic_gui.store.opinions import facts_of, save_opinions
from tests.making import STRUCTURES, Dataset
from tests.services.cohort_reviews import ODD, copy_of, many_cases, measured, opened_at


@pytest.fixture(scope="module")
def unmeasured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return many_cases(tmp_path_factory.mktemp("many"), 20)


@pytest.fixture
def opened(unmeasured: Path, request: pytest.FixtureRequest) -> Iterator[OpenReview]:
    review = opened_at(copy_of(unmeasured, request.node.name))
    yield review
    review.close()


def test_a_review_that_was_not_measured_says_what_to_run_first(opened: OpenReview) -> None:
    with pytest.raises(ReviewError, match="labelcritic compare") as raised:
        review_outliers(opened)
    assert "measured in this review yet" in raised.value.message


def test_too_few_cases_are_refused_with_how_many_there_are(dataset: Dataset) -> None:
    review = dataset.open()
    for case in index.case_ids(review.database):
        ensure_opinions(review, case)
    with pytest.raises(ReviewError, match="it takes 12 of one structure, and the most is 2"):
        review_outliers(review)
    review.close()


def test_the_odd_one_is_found_among_stored_facts(opened: OpenReview) -> None:
    measured(opened)
    found = review_outliers(opened)
    assert found.report.outliers
    assert {(o.item, o.label_set) for o in found.report.outliers} == {(ODD, "bad")}
    assert {(s.structure, s.label_set) for s in found.report.judged} == {
        (s, ls) for s in STRUCTURES for ls in ("good", "bad")
    }
    assert found.measured == found.cases == 20
    assert found.not_measured == ""


def test_cases_that_are_not_measured_are_counted(opened: OpenReview) -> None:
    measured(opened, cases=15)
    found = review_outliers(opened)
    assert (found.measured, found.cases) == (15, 20)
    assert found.not_measured.startswith("5 of 20 cases are not measured yet")


def test_structures_and_label_sets_are_chosen_and_unknown_ones_refused(opened: OpenReview) -> None:
    measured(opened)
    assert review_outliers(opened, structures=("liver",)).report.outliers == ()
    chosen = review_outliers(opened, structures=("spleen",), label_sets=("bad",)).report
    assert [(s.structure, s.label_set) for s in chosen.judged] == [("spleen", "bad")]
    together = review_outliers(opened, structures=("spleen",), together=True).report
    assert [(s.structure, s.label_set, s.cases) for s in together.judged] == [("spleen", "", 20)]
    with pytest.raises(ReviewError, match="no structure tail"):
        review_outliers(opened, structures=("tail",))
    with pytest.raises(ReviewError, match=r"no label set ugly .* It has: good, bad"):
        review_outliers(opened, label_sets=("ugly",))


def test_what_was_found_is_kept_with_the_item_while_its_number_holds(opened: OpenReview) -> None:
    measured(opened)
    report = review_outliers(opened).report
    keep_outliers(opened, report)
    facts = {ls: CandidateFacts.from_json(body) for ls, body in facts_of(opened.database, ODD).items()}
    kept = kept_outliers(opened, ODD, facts)
    assert list(kept) == ["bad"]
    assert tuple(kept["bad"]) == report.outliers
    assert kept_outliers(opened, ItemId(ODD.case, "liver"), facts) == {}
    assert kept_outliers(opened, ODD, {}) == {}
    other = {"bad": replace(facts["bad"], volume_ml=1.5, lateral_mm=1.0, anterior_mm=1.0, hu_mean=1.0)}
    assert kept_outliers(opened, ODD, other) == {}


def test_facts_are_read_back_as_they_were_measured(opened: OpenReview) -> None:
    names = (*NEEDED, "no_such_fact")
    facts = CandidateFacts(
        False, 12.5, hu_mean=-3.25, box_low=(1.0, 2.0, 3.0), touches_border=("S",), course_mm=4.0, body_size=1.1
    )
    rows = [(ODD, "bad", facts.to_json()), (ODD, "good:bad", {"dice": 0.5}), (ODD, "good", {"empty": True})]
    save_opinions(opened.database, stored=(), summaries=(), fact_rows=rows)
    read = candidate_facts(opened.database, names, structures=("liver", "spleen"), label_sets=("good", "bad"))
    found = [row for _, part in read for row in part]
    assert [(row.case, row.structure, row.label_set) for row in found] == [(*ODD, "bad"), (*ODD, "good")]
    assert not {"no_such_fact", "sphericity"} & set(found[0].facts)
    assert measured_of(CandidateFacts.from_json(found[0].facts)) == measured_of(facts)
    assert found[1].facts == {"empty": True}


def test_what_is_unusual_comes_with_the_opinions_of_its_item(opened: OpenReview) -> None:
    measured(opened)
    assert load_opinions(opened, ODD).unusual == ((), ())
    found = find_and_keep(opened)
    assert load_opinions(opened, ODD).unusual == ((), found.report.outliers)
    assert load_opinions(opened, ItemId(ODD.case, "liver")).unusual == ((), ())


def test_a_later_search_replaces_what_was_kept(opened: OpenReview) -> None:
    measured(opened)
    keep_outliers(opened, review_outliers(opened).report)
    facts = {ls: CandidateFacts.from_json(body) for ls, body in facts_of(opened.database, ODD).items()}
    usual = facts_of(opened.database, ItemId(CaseId("case_00"), ODD.structure))["bad"]
    save_opinions(opened.database, stored=(), summaries=(), fact_rows=[(ODD, "bad", usual)])
    keep_outliers(opened, review_outliers(opened).report)
    assert kept_outliers(opened, ODD, facts) == {}


def test_the_table_has_a_row_for_each_outlier(opened: OpenReview, tmp_path: Path) -> None:
    measured(opened)
    report = review_outliers(opened).report
    file = save_outliers(report, tmp_path / "odd.csv")
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["measure"] for row in rows] == [o.measure for o in report.outliers]
    assert {row["case"] for row in rows} == {ODD.case}
    with pytest.raises(StorageError, match="could not be written"):
        save_outliers(report, tmp_path / "none" / "odd.csv")


def test_a_search_stops_when_asked_and_says_how_far_it_is(opened: OpenReview) -> None:
    measured(opened)
    told: list[tuple[int, int, str]] = []
    review_outliers(opened, progress=lambda *where: told.append(where))
    assert told[0][:2] == (20 * 6, 20 * 6)
    assert told[-1][2] == "comparing pancreas"

    class Stopped(NeverCancel):
        def is_set(self) -> bool:
            return True

    with pytest.raises(CancelledError):
        review_outliers(opened, cancel=Stopped())
