"""The search for outliers as the dialog follows it."""

from dataclasses import replace
from pathlib import Path

import pytest

from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.viewmodels import cohort
from labelcritic_gui.viewmodels.cohort import OutlierSearch
from labelcritic_gui.viewmodels.runner import InlineRunner, Lane
from tests.viewmodels.fakes import FakeCalls, HeldRunner


def search_of(calls: FakeCalls, runner=None, **how) -> OutlierSearch:
    return OutlierSearch(calls, runner or InlineRunner(), **{"found": lambda: None, "go": lambda item: True, **how})


def test_a_candidate_has_one_row_with_all_that_is_unusual_about_it() -> None:
    search = search_of(FakeCalls())
    search.start()
    assert [(row.item.case, row.label_set, row.colour, row.how_much) for row in search.rows] == [
        ("case_1", "Beta", 1, "-9.1 SD"),
        ("case_2", "Alpha", 0, "+7.5 SD"),
    ]
    assert search.rows[0].also == ("the length from head to foot is 20 mm.",)
    assert search.rows[0].spoken.startswith("case_1 · spleen, Beta: The volume is 9 ml; in the other")


def test_a_result_is_told_and_a_failure_is_not() -> None:
    told: list[str] = []
    calls = FakeCalls()
    search = search_of(calls, found=lambda: told.append("found"))
    search.start()
    assert told == ["found"]
    calls.cohort_broken = ReviewError("Too few cases.", "Add some.")
    search.start()
    assert told == ["found"]
    assert search.found is None
    assert search.rows == ()
    assert search.failure is not None
    assert (search.failure.text, search.failure.hint) == ("Too few cases.", "Add some.")


def test_a_defect_is_reported_and_said() -> None:
    calls = FakeCalls()
    calls.cohort_broken = ZeroDivisionError()
    search = search_of(calls)
    with pytest.raises(ZeroDivisionError):
        search.start()
    assert search.failure is not None
    assert search.failure.error
    assert search.job is None


def test_only_one_search_runs_and_it_runs_on_the_lane_that_computes() -> None:
    runner = HeldRunner()
    search = search_of(FakeCalls(), runner)
    search.start()
    search.start()
    assert [lane for lane, *_ in runner.waiting] == [Lane.CPU]
    runner.settle()
    assert search.job is None
    assert len(search.rows) == 2


def test_a_row_opens_its_item() -> None:
    opened = []

    def go(item) -> bool:
        opened.append(item)
        return len(opened) > 1

    search = search_of(FakeCalls(), go=go)
    search.start()
    assert not search.go_to(search.rows[1])
    assert search.go_to(search.rows[1])
    assert opened[1] == search.rows[1].item


def test_more_rows_than_can_be_shown_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cohort, "MOST_ROWS", 1)
    search = search_of(FakeCalls())
    assert search.notes == search.headline == ""
    search.start()
    assert len(search.shown) == 1
    assert search.notes.startswith("The first 1 are shown; the table has 1 more. Too few cases")


def test_the_table_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    search = search_of(FakeCalls())
    search.start()
    search.save_table(tmp_path / "none" / "odd.csv")
    assert "could not be written" in search.saved
    search.save_table(tmp_path / "odd.csv")
    assert search.saved == f"Written: {tmp_path / 'odd.csv'}"


def test_a_label_set_that_is_gone_keeps_its_name() -> None:
    calls = FakeCalls()
    calls.odd = (replace(calls.odd[0], label_set="gone"),)
    search = search_of(calls)
    search.start()
    assert (search.rows[0].label_set, search.rows[0].colour) == ("gone", -1)
