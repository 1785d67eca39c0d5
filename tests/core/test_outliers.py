"""What is unusual among the cases of a review."""

import math
from dataclasses import replace

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.cohort import (
    ANTERIOR,
    DENSITY,
    DENSITY_IN_CASE,
    LEAST_CASES,
    RATIO,
    SHARE,
    VOLUME,
    VOLUME_FOR_BODY,
    CohortReport,
    Outlier,
    measured_of,
)
from labelcritic_gui.core.errors import CancelledError
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.outliers import find_outliers
from tests.core.cohorts import PAIRS, STRUCTURES, clean, numbers_of

ONE = CaseId("case_3")


def found(facts, **how) -> CohortReport:
    return find_outliers(numbers_of(facts), pairs=PAIRS, **how)


def changed(facts, structure: str, *, case: CaseId = ONE, label_set: str = "a", **values):
    key = case, structure, label_set
    return {**facts, key: replace(facts[key], **values)}


def named(report: CohortReport) -> set[tuple[str, str, str]]:
    return {(o.case, o.structure, o.measure) for o in report.outliers}


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("tails", [math.inf, 8])
@pytest.mark.parametrize(("cases", "cohorts"), [(12, 30), (25, 30), (100, 6)])
def test_of_clean_candidates_at_most_one_in_fifty_is_named(
    cases: int, cohorts: int, tails: float, together: bool
) -> None:
    names, candidates = 0, 0
    for seed in range(cohorts):
        report = found(clean(cases, seed, tails=tails, sets=("a", "b")[: 1 + together]), together=together)
        names += len(report.by_candidate)
        candidates += report.candidates
    assert candidates == cohorts * cases * len(STRUCTURES) * (1 + together)
    assert names <= SHARE * candidates


def test_half_a_kidney_is_named_on_its_own_side() -> None:
    facts = clean(40, 1)
    half = facts[ONE, "kidney_left", "a"].volume_ml / 2
    report = found(changed(facts, "kidney_left", volume_ml=half))
    first = report.outliers[0]
    assert (first.case, first.structure, first.measure) == (ONE, "kidney_left", RATIO.name)
    assert first.low < 1 < first.high
    assert first.value < first.low
    assert first.deviation < -5
    assert "the other side's is 0.5" in first.sentence
    assert "in the other 39 cases" in first.text
    assert (ONE, "kidney_right", RATIO.name) not in named(report)


def test_a_mask_at_another_place_is_named_by_its_place() -> None:
    report = found(changed(clean(20, 2), "pancreas", anterior_mm=-60.0))
    assert report.outliers[0].measure == ANTERIOR.name
    assert report.outliers[0].sentence.startswith(
        "the distance from the spine (front positive) is -60 mm; in the other"
    )


def test_a_case_of_another_contrast_is_not_unusual_and_one_structure_in_it_is() -> None:
    facts = clean(30, 3)
    for structure in STRUCTURES:
        before = facts[ONE, structure, "a"].hu_mean
        facts = changed(facts, structure, hu_mean=before - 300)
    assert not [o for o in found(facts).outliers if o.case == ONE and o.measure == DENSITY_IN_CASE.name]
    facts = changed(facts, "spleen", hu_mean=facts[ONE, "spleen", "a"].hu_mean + 120)
    assert (ONE, "spleen", DENSITY_IN_CASE.name) in named(found(facts))


def test_densities_are_compared_among_cases_of_one_contrast_phase() -> None:
    facts = clean(40, 18)
    for n in range(40):
        for structure in STRUCTURES:
            arterial = n < 6
            bright = 150.0 * (structure == "aorta") - 60.0 * (structure == "liver") if arterial else 0.0
            before = facts[CaseId(f"case_{n}"), structure, "a"].hu_mean
            phase = "arterial" if arterial else "portal"
            facts = changed(facts, structure, case=CaseId(f"case_{n}"), hu_mean=before + bright, phase=phase)
    assert not [o for o in found(facts).outliers if o.measure in {DENSITY.name, DENSITY_IN_CASE.name}]
    case = CaseId("case_20")
    odd = changed(facts, "spleen", case=case, hu_mean=-100.0)
    first = next(o for o in found(odd).outliers if o.measure == DENSITY_IN_CASE.name)
    assert (first.case, first.structure, first.others) == (case, "spleen", 33)
    assert "in the other 33 cases of its contrast it is usually" in first.sentence


def test_of_two_structures_the_density_is_taken_as_it_is() -> None:
    facts = {key: one for key, one in clean(20, 4).items() if key[1] in {"liver", "spleen"}}
    report = found(changed(facts, "liver", hu_mean=-900.0))
    assert (ONE, "liver", DENSITY.name) in named(report)


def test_an_organ_is_held_against_the_width_of_its_body() -> None:
    facts = clean(60, 5)
    wide = changed(facts, "liver", volume_ml=2600.0, body_width_mm=540.0)
    assert (ONE, "liver", VOLUME_FOR_BODY.name) not in named(found(wide))
    narrow = changed(facts, "liver", volume_ml=2600.0, body_width_mm=200.0)
    assert (ONE, "liver", VOLUME_FOR_BODY.name) in named(found(narrow))


def test_the_size_of_a_body_goes_before_its_width() -> None:
    facts = {key: replace(one, body_size=one.body_width_mm / 360) for key, one in clean(60, 5).items()}
    facts = changed(facts, "liver", volume_ml=2600.0, body_width_mm=200.0)
    for structure in STRUCTURES:
        facts = changed(facts, structure, body_size=1.5)
    assert (ONE, "liver", VOLUME_FOR_BODY.name) not in named(found(facts))


def test_a_length_along_the_course_and_a_sphericity_are_compared_instead_of_cruder_ones() -> None:
    facts = {key: replace(one, sphericity=one.compactness, course_mm=300.0) for key, one in clean(20, 17).items()}
    facts = changed(facts, "aorta", course_mm=90.0, sphericity=0.1, compactness=0.1, box_high=(50.0, 50.0, 9.0))
    measures = {measure for case, structure, measure in named(found(facts)) if (case, structure) == (ONE, "aorta")}
    assert measures == {"course", "sphericity"}


def test_what_is_wrong_in_every_fifth_case_is_still_named() -> None:
    facts = clean(50, 6)
    wrong = [CaseId(f"case_{n}") for n in range(0, 50, 5)]
    for case in wrong:
        facts = changed(facts, "aorta", case=case, lateral_mm=-160.0)
    assert {(case, "aorta", "lateral") for case in wrong} <= named(found(facts))


@pytest.mark.parametrize("together", [False, True])
def test_a_candidate_does_not_move_its_own_reference(together: bool) -> None:
    facts = clean(24, 7, sets=("a", "b"))
    spans = []
    for volume in (1.0, 20_000.0):
        report = found(changed(facts, "spleen", volume_ml=volume), together=together)
        spans += [(o.low, o.high) for o in report.outliers if o.measure == VOLUME.name and o.case == ONE]
    assert len(spans) == 2
    assert spans[0] == spans[1]


def test_the_order_of_the_cases_does_not_matter() -> None:
    facts = changed(clean(15, 8), "liver", lateral_mm=400.0)
    backwards = dict(reversed(list(facts.items())))
    assert found(facts).outliers == found(backwards).outliers
    assert found(facts).outliers


def test_label_sets_are_compared_within_themselves_unless_taken_together() -> None:
    facts = clean(20, 9, sets=("a", "b"))
    apart = found(facts)
    assert {size.label_set for size in apart.judged} == {"a", "b"}
    one = found(facts, together=True)
    assert {(size.label_set, size.cases) for size in one.judged} == {("", 20)}


def test_too_few_cases_are_said_and_judge_nobody() -> None:
    report = found(changed(clean(LEAST_CASES - 1, 10), "liver", volume_ml=1.0))
    assert report.candidates == 0
    assert report.outliers == report.judged == ()
    assert {size.cases for size in report.too_few} == {LEAST_CASES - 1}
    assert report.left_out.startswith("Too few cases (fewer than 12): liver of a 11, ")


def test_a_mask_cut_by_the_image_is_not_judged_by_its_size() -> None:
    facts = changed(clean(20, 11), "liver", volume_ml=2.0, touches_border=("S",))
    assert {m for case, s, m in named(found(facts)) if (case, s) == (ONE, "liver")} == set()
    assert set(measured_of(facts[ONE, "liver", "a"])) == {"density", "lateral", "anterior"}


def test_an_empty_mask_is_compared_with_nothing() -> None:
    facts = clean(20, 12)
    facts[ONE, "liver", "a"] = CandidateFacts(empty=True)
    report = found(facts)
    assert next(size.cases for size in report.judged if size.structure == "liver") == 19
    assert found({(ONE, "liver", "a"): CandidateFacts(empty=True)}).candidates == 0


def test_equal_values_in_all_cases_make_no_outlier_of_a_hair() -> None:
    facts = {key: replace(one, volume_ml=100.0) for key, one in clean(20, 13).items()}
    report = found(changed(facts, "liver", volume_ml=101.0))
    assert not [o for o in report.outliers if o.measure == VOLUME.name]


def test_the_headline_counts_candidates_and_says_what_is_by_chance() -> None:
    report = found(changed(clean(40, 1), "liver", anterior_mm=500.0, height=3.0))
    assert len(report.outliers) == 2
    said = "1 of 240 candidates is unusual among the other cases; among clean ones, up to about 5 would be."
    assert report.headline == said
    assert found(clean(40, 1)).headline.startswith("None of 240 candidates is unusual")


def test_an_outlier_comes_back_from_json_and_holds_while_its_number_does() -> None:
    facts = changed(clean(20, 15), "liver", volume_ml=1.0)
    one = next(o for o in found(facts).outliers if o.structure == "liver")
    assert Outlier.from_json({**one.to_json(), "unknown": 1}) == one
    mine = facts[ONE, "liver", "a"]
    assert one.holds_for(mine)
    assert not one.holds_for(replace(mine, volume_ml=1400.0, hu_mean=1.0, compactness=0.5))
    assert not one.holds_for(CandidateFacts(empty=True))


def test_a_search_stops_when_asked_and_says_where_it_is() -> None:
    class Stopped(NeverCancel):
        def is_set(self) -> bool:
            return True

    with pytest.raises(CancelledError):
        found(clean(12, 16), cancel=Stopped())
    told: list[tuple[int, int, str]] = []
    found(clean(12, 16), progress=lambda *where: told.append(where))
    assert told[0] == (0, 6, "comparing liver")


@pytest.mark.parametrize("seed", [1, 19])
def test_a_mirrored_cohort_has_the_same_outliers_on_the_other_side(seed: int) -> None:
    facts = changed(clean(30, seed), "pancreas", lateral_mm=-300.0)
    mirrored = {key: replace(one, lateral_mm=-one.lateral_mm) for key, one in facts.items()}
    there, here = found(mirrored), found(facts)
    assert named(there) == named(here)
    assert named(here)
    signs = {(o.case, o.structure, o.measure): o.deviation for o in there.outliers}
    for one in here.outliers:
        side = -1 if one.measure == "lateral" else 1
        assert signs[one.case, one.structure, one.measure] == pytest.approx(side * one.deviation)


@pytest.mark.parametrize("factor", [0.01, 7.0])
def test_a_cohort_of_other_sizes_has_the_same_outliers(factor: float) -> None:
    facts = changed(clean(40, 20), "kidney_right", volume_ml=60.0)
    scaled = {key: replace(one, volume_ml=factor * one.volume_ml) for key, one in facts.items()}
    assert named(found(scaled)) == named(found(facts))
    assert (ONE, "kidney_right", RATIO.name) in named(found(scaled))
