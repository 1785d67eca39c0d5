"""What is said at a stop of the tour is what was measured there and found there, of the right candidate."""

import pytest

from labelcritic_gui.core.cancel import NeverCancel, no_progress
from labelcritic_gui.core.cases import CandidateId, CaseId
from labelcritic_gui.core.errors import CancelledError, ReviewError, UnreadableFileError
from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.tour import stop_at
from labelcritic_gui.services.opinions import ensure_opinions
from labelcritic_gui.services.slices import load_case_volume
from labelcritic_gui.services.tour import Remark, _stop_of, find_differences, remarks_at
from labelcritic_gui.viewmodels.runner import Job
from tests.making import CENTRES, Dataset, grid

CASE = CaseId("case_1")
GOOD, BAD = CandidateId(CASE, "liver", "good"), CandidateId(CASE, "liver", "bad")


def place_in_missing_half() -> tuple[float, float, float]:
    x, y, z = CENTRES["liver"]
    a, b, c = grid().to_world([x, y, z + 4])
    return float(a), float(b), float(c)


def test_that_the_missing_half_is_the_first_stop_and_is_judged_whoever_is_named_first(dataset: Dataset) -> None:
    opened = dataset.open()
    try:
        ensure_opinions(opened, CASE, cancel=NeverCancel(), progress=no_progress)
        held = load_case_volume(opened, CASE, cancel=NeverCancel())
        for pair, claimant in (((GOOD, BAD), "first"), ((BAD, GOOD), "second")):
            tour = find_differences(held, pair, cancel=NeverCancel())
            assert stop_at(tour.stops, place_in_missing_half()) == 0
            assert tour.stops[0].claimant == claimant
            assert tour.stops[0].hu_mean == pytest.approx(110, abs=5)
            said = remarks_at(opened, pair, tour)
            assert len(said) == len(tour.stops)
            judged = [remark.text for remark in said[0] if remark.code is None]
            assert judged
            assert judged[0].startswith("rightly")
            assert "good" not in judged[0]  # a judgement names nobody
    finally:
        opened.close()


def test_that_nothing_is_said_before_anybody_measured(dataset: Dataset) -> None:
    opened = dataset.open()
    try:
        held = load_case_volume(opened, CASE, cancel=NeverCancel())
        tour = find_differences(held, (GOOD, BAD), cancel=NeverCancel())
        assert remarks_at(opened, (GOOD, BAD), tour) == ((),) * len(tour.stops)
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("code", "side", "found"),
    [
        (FindingCode.LEAK, "first", 0),  # too much in the first: its own claim
        (FindingCode.LEAK, "second", None),
        (FindingCode.MISS, "second", 0),  # too little in the second: the first one's claim
        (FindingCode.MISS, "first", None),
        (FindingCode.SHIFT, "second", 0),
    ],
)
def test_that_a_finding_belongs_to_the_claim_it_is_about(dataset: Dataset, code, side, found) -> None:
    opened = dataset.open()
    try:
        held = load_case_volume(opened, CASE, cancel=NeverCancel())
        tour = find_differences(held, (GOOD, BAD), cancel=NeverCancel())
    finally:
        opened.close()
    finding = Finding(code, Severity.MAJOR, "said", place_in_missing_half())
    assert _stop_of(finding, side, tour) == found
    assert _stop_of(Finding(code, Severity.MAJOR, "said"), side, tour) is None


def test_that_findings_of_both_candidates_are_told_with_their_side(dataset: Dataset, monkeypatch) -> None:
    opened = dataset.open()
    leak = Finding(FindingCode.LEAK, Severity.MINOR, "spills", place_in_missing_half())
    miss = Finding(FindingCode.MISS, Severity.MAJOR, "half is missing", place_in_missing_half())
    by = {GOOD: (leak,), BAD: (miss,)}
    monkeypatch.setattr("labelcritic_gui.services.tour._findings", lambda review, item, candidate: by[candidate])
    try:
        held = load_case_volume(opened, CASE, cancel=NeverCancel())
        tour = find_differences(held, (GOOD, BAD), cancel=NeverCancel())
        said = remarks_at(opened, (GOOD, BAD), tour)
    finally:
        opened.close()
    assert said[0] == (
        Remark("half is missing", FindingCode.MISS, "second", Severity.MAJOR),
        Remark("spills", FindingCode.LEAK, "first", Severity.MINOR),
    )


def test_that_a_candidate_without_a_mask_is_refused_by_name(dataset: Dataset) -> None:
    opened = dataset.open()
    file = dataset.root / "labels" / "bad" / CASE / "segmentations" / "liver.nii.gz"
    file.write_bytes(b"damaged")
    try:
        held = load_case_volume(opened, CASE, cancel=NeverCancel())
        with pytest.raises(UnreadableFileError, match="liver"):
            find_differences(held, (GOOD, BAD), cancel=NeverCancel())
        with pytest.raises(ReviewError, match="other has no mask"):
            find_differences(held, (GOOD, CandidateId(CASE, "liver", "other")), cancel=NeverCancel())
    finally:
        opened.close()


def test_that_a_tour_nobody_wants_any_more_is_not_computed(dataset: Dataset) -> None:
    opened = dataset.open()
    job = Job("tour")
    job.cancel()
    try:
        held = load_case_volume(opened, CASE, cancel=NeverCancel())
        with pytest.raises(CancelledError):
            find_differences(held, (GOOD, BAD), cancel=job)
    finally:
        opened.close()
