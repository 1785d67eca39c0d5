"""What the audit panel says, asks for, and stops."""

from pathlib import Path
from typing import Any

import pytest

from labelcritic_gui.core.audit_measures import AuditTest
from labelcritic_gui.core.cancel import stop_if
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.viewmodels.audit import Auditor, rows_of
from labelcritic_gui.viewmodels.runner import InlineRunner, Lane
from tests.viewmodels.fakes import FakeCalls, HeldRunner, fake_audit


def auditor(calls: FakeCalls | None = None) -> Auditor:
    made = Auditor(calls or FakeCalls(), InlineRunner())
    made.count()
    return made


def test_that_the_number_of_calls_is_said_before_anything_is_asked() -> None:
    calls = FakeCalls()
    found = auditor(calls)
    assert found.outlook == "36 pairs, 144 calls at most. What it answered before is not asked again."
    found.set_sample(2)
    assert found.outlook.startswith("6 pairs, 24 calls")
    found.choose([AuditTest.ORDERS])
    assert found.outlook.startswith("Nobody is asked")
    found.choose([])
    assert found.outlook == "Choose at least one test."
    assert not found.ready
    assert calls.audited is None


def test_that_tests_which_cannot_be_put_say_so_whether_chosen_or_not() -> None:
    found = auditor()
    assert "no pictures" in found.why_not(AuditTest.MARK)
    found.choose([AuditTest.SIZE])
    assert "no pictures" in found.why_not(AuditTest.MARK)
    found.choose([AuditTest.MARK])
    assert found.outlook == "None of these tests can be put to this critic."
    assert not found.ready


def test_that_the_same_choice_is_not_counted_twice() -> None:
    runner = HeldRunner()
    found = Auditor(FakeCalls(), runner)
    found.set_repeats(5)
    found.set_repeats(5)
    assert len(runner.waiting) == 1
    assert found.outlook == "Counting…"
    found.set_repeats(6)
    runner.settle()
    assert found.plan is not None


def test_that_an_audit_goes_to_the_critics_lane_and_ends_in_rows() -> None:
    calls, runner = FakeCalls(), HeldRunner()
    calls.critic_lane = Lane.NET
    found = Auditor(calls, runner)
    found.count()
    runner.settle()
    found.start()
    assert [entry[0] for entry in runner.waiting] == [Lane.NET]
    assert found.job is not None
    assert not found.ready
    runner.settle()
    assert calls.audited == found.request
    assert found.job is None
    assert [row.title for row in found.rows] == [
        "First picture preferred",
        "Readers differ, unadvised",
        "Moved by a mark",
    ]


def test_that_rows_say_share_interval_verdict_and_what_a_failure_means() -> None:
    place, readers, mark = rows_of(fake_audit(Auditor(FakeCalls(), InlineRunner()).request).report)
    assert (place.counted, place.verdict, place.state) == ("12 of 72", "fails", "bad")
    assert place.percent.startswith("17 %  (")
    assert place.beside == "It prefers the second picture, whichever label it shows."
    assert place.preference
    assert [part.title for part in place.parts] == ["liver", "pancreas", "spleen"]
    assert place.parts[0].beside == ""
    assert (readers.verdict, readers.state, readers.parts) == ("too few to say", "doubt", ())
    assert "kappa" in readers.beside
    assert (mark.verdict, mark.state, mark.limit) == ("passes", "good", 0.1)


def test_that_stopping_is_said_and_leaves_the_choice() -> None:
    class Stopped(FakeCalls):
        def audit(self, request: Any, cancel: Any, progress: Any) -> Any:
            stop_if(cancel)
            return fake_audit(request)

    runner = HeldRunner()
    found = Auditor(Stopped(), runner)
    found.count()
    runner.settle()
    found.start()
    found.cancel()
    runner.settle()
    assert found.found is None
    assert found.failure is not None
    assert found.failure.text == "Stopped as asked."
    assert not found.failure.error
    assert found.ready


@pytest.mark.parametrize("error", [CriticError("Nobody answers.", "Start it."), ZeroDivisionError()])
def test_that_failures_are_said_and_defects_are_also_raised(error: Exception) -> None:
    calls = FakeCalls()
    calls.audit_broken = error
    found = auditor(calls)
    if isinstance(error, ZeroDivisionError):
        with pytest.raises(ZeroDivisionError):
            found.start()
    else:
        found.start()
    assert found.failure is not None
    assert found.failure.error
    assert found.job is None


def test_that_the_table_is_saved_where_asked(tmp_path: Path) -> None:
    found = auditor()
    found.start()
    found.save_table(tmp_path / "mine.csv")
    assert found.saved == f"Written: {tmp_path / 'mine.csv'}"
    lines = (tmp_path / "mine.csv").read_text("utf-8").splitlines()
    assert lines[0].startswith("test,structure,n,k,share,low,high,verdict")
    assert len(lines) == 1 + len(found.found.report.lines if found.found else ())
    found.save_table(tmp_path / "nowhere" / "mine.csv")
    assert "could not be written" in found.saved


def test_that_one_can_go_back_to_choosing() -> None:
    found = auditor()
    found.start()
    found.again()
    assert found.rows == ()
    assert found.ready
