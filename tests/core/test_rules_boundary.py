"""The rules that look at edges, company, other side, contrast phase, body size and shape."""

from dataclasses import replace

import pytest

from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.rules import findings_of
from labelcritic_gui.core.structures import Expectation, Span, Structure

HERE = (60.0, 10.0, 1100.0)
EXPECT = Expectation(
    hu=Span(0, 300),
    hu_plain=Span(10, 80),
    hu_arterial=Span(100, 300),
    hu_portal=Span(60, 200),
    parts=1,
    uniform=True,
    edge_share=0.7,
    blind_share=0.5,
    pair_share=0.6,
    sphericity=Span(0.5, 0.9),
    elongation=Span(1.2, 4.0),
    volume_by_size=Span(100, 300),
    apart_from=("urinary_bladder",),
)
ORGAN = Structure("organ_left", pair="organ_right", expect=EXPECT)
GOOD = CandidateFacts(
    empty=False,
    volume_ml=160.0,
    parts=1,
    largest_share=1.0,
    hu_mean=120.0,
    centroid=HERE,
    box_low=(40.0, -20.0, 1050.0),
    box_high=(80.0, 40.0, 1150.0),
    voxel_ml=0.003,
    slice_mm=2.0,
    flat_face=0.1,
    flat_facing="S",
    flat_place=HERE,
    edge_share=0.9,
    edge_peak=1.0,
    edge_beyond=0.1,
    blind_share=0.1,
    blind_place=HERE,
    strange_share=0.02,
    strange_place=HERE,
    strange_hu=40.0,
    core_hu=120.0,
    sphericity=0.7,
    axes_mm=(100.0, 60.0, 50.0),
    touches=(("liver", 0.2),),
    overlaps=(),
    other_side_ml=150.0,
    body_size=1.0,
    phase="portal",
)
WRONG = [
    ({"edge_share": 0.5}, FindingCode.SHIFT, Severity.MAJOR),
    ({"edge_share": 0.3}, FindingCode.SHIFT, Severity.GROSS),
    ({"edge_peak": 0.4, "edge_beyond": 0.6}, FindingCode.MISS, Severity.MAJOR),
    ({"edge_peak": 0.4, "edge_beyond": -0.4}, FindingCode.LEAK, Severity.MAJOR),
    ({"edge_peak": 0.4, "edge_beyond": 0.1}, FindingCode.SHIFT, Severity.MAJOR),
    ({"blind_share": 0.9}, FindingCode.MISS, Severity.MAJOR),
    ({"flat_face": 0.4, "blind_share": 0.4}, FindingCode.CUT, Severity.MAJOR),
    ({"strange_share": 0.12}, FindingCode.LEAK, Severity.MAJOR),
    ({"overlaps": (("spleen", 20.0),)}, FindingCode.LEAK, Severity.MAJOR),
    ({"overlaps": (("spleen", 100.0),)}, FindingCode.WRONG, Severity.GROSS),
    ({"touches": (("urinary_bladder", 0.2),)}, FindingCode.LEAK, Severity.MAJOR),
    ({"other_side_ml": 400.0}, FindingCode.MISS, Severity.MAJOR),
    ({"hu_mean": 220.0}, FindingCode.WRONG, Severity.MAJOR),
    ({"sphericity": 0.3}, FindingCode.EDGE, Severity.MAJOR),
    ({"axes_mm": (300.0, 60.0, 50.0)}, FindingCode.EDGE, Severity.MAJOR),
    ({"body_size": 0.75}, FindingCode.LEAK, Severity.MAJOR),
    ({"body_size": 1.3}, FindingCode.MISS, Severity.MAJOR),
]


def found(change: dict[str, object], structure: Structure = ORGAN) -> tuple[Finding, ...]:
    return findings_of(structure, replace(GOOD, **change))  # type: ignore[arg-type]


def test_a_boundary_on_its_edges_among_its_neighbours_has_no_findings() -> None:
    assert found({}) == ()


@pytest.mark.parametrize(("change", "code", "severity"), WRONG)
def test_each_fault_is_found_with_its_code_severity_and_place(
    change: dict[str, object], code: FindingCode, severity: Severity
) -> None:
    (finding,) = found(change)
    assert (finding.code, finding.severity) == (code, severity)
    assert finding.place is not None
    assert finding.text.endswith(".")
    assert any(letter.isdigit() for letter in finding.text)


@pytest.mark.parametrize(("change", "_", "__"), WRONG)
def test_a_structure_without_expectations_is_judged_on_overlap_only(
    change: dict[str, object], _: FindingCode, __: Severity
) -> None:
    names = {finding.code for finding in found(change, Structure("thing"))}
    assert names == set() or "overlaps" in change


def test_what_was_not_measured_is_held_against_nobody() -> None:
    bare = {
        "edge_share": None,
        "edge_peak": None,
        "edge_beyond": None,
        "blind_share": None,
        "strange_share": None,
        "sphericity": None,
        "axes_mm": (),
        "touches": None,
        "overlaps": None,
        "other_side_ml": None,
        "body_size": None,
        "phase": "",
    }
    assert found(bare) == ()


def test_the_density_is_judged_by_the_contrast_phase() -> None:
    assert found({"hu_mean": 220.0, "phase": "arterial"}) == ()
    assert found({"hu_mean": 220.0, "phase": ""}) == ()
    (plain,) = found({"hu_mean": 120.0, "phase": "plain"})
    assert plain.code is FindingCode.WRONG
    assert "10 to 80 HU" in plain.text


def test_a_phase_never_allows_what_no_scan_has() -> None:
    assert replace(EXPECT, hu_arterial=Span(100, 900)).hu_in("arterial") == Span(100, 300)
    assert replace(EXPECT, hu=Span(0, 50)).hu_in("arterial") == Span(0, 50)
    assert EXPECT.hu_in("late") == EXPECT.hu


@pytest.mark.parametrize("doubt", [{"phase": "plain", "hu_mean": 50.0}, {"touches": None}, {"slice_mm": 9.0}])
def test_a_patch_without_an_edge_weighs_less_where_edges_are_faint(doubt: dict[str, object]) -> None:
    assert found({"blind_share": 0.75})
    assert found({"blind_share": 0.75, **doubt}) == ()


def test_what_the_image_leaves_of_a_structure_is_not_judged_by_its_boundary() -> None:
    sliver = {"touches_border": ("S",), "box_low": (40.0, -20.0, 1135.0), "flat_face": 0.9}
    assert found({"edge_share": 0.1, "blind_share": 3.0, "other_side_ml": None, **sliver}) == ()


def test_an_islands_own_crisp_edges_make_nothing_complete() -> None:
    low = Structure("organ", expect=Expectation(volume_ml=Span(150, 400), parts=1))
    island = {"parts": 2, "largest_share": 0.8, "islands": ((32.0, (60.0, 10.0, 1060.0)),)}
    codes = {finding.code for finding in found(island, low)}
    assert codes == {FindingCode.ISLE, FindingCode.MISS}


def test_a_part_that_the_image_cuts_off_is_no_island() -> None:
    two = {"parts": 2, "largest_share": 0.8, "islands": ((32.0, (60.0, 10.0, 1140.0)),)}
    assert [f.code for f in found(two)] == [FindingCode.ISLE]
    assert found({**two, "touches_border": ("S",)}) == ()


def test_an_empty_mask_is_called_out_when_its_other_side_is_marked() -> None:
    nothing = CandidateFacts(empty=True, other_side_ml=150.0)
    (finding,) = findings_of(ORGAN, nothing)
    assert (finding.code, finding.severity) == (FindingCode.EMPTY, Severity.MAJOR)
    often = replace(ORGAN, expect=replace(EXPECT, may_be_absent=True, often_absent=True))
    assert [f.code for f in findings_of(often, nothing)] == [FindingCode.ABSENT_OK]


def test_a_structure_that_is_rarely_removed_should_not_be_empty_where_it_is_in_view() -> None:
    view = CandidateFacts(empty=True, view_low=-1.0, view_high=2.0)
    rarely = Structure("x", expect=Expectation(height=Span(0, 1), may_be_absent=True))
    (finding,) = findings_of(rarely, view)
    assert (finding.code, finding.severity) == (FindingCode.EMPTY, Severity.MAJOR)
    often = Structure("x", expect=Expectation(height=Span(0, 1), may_be_absent=True, often_absent=True))
    assert [f.code for f in findings_of(often, view)] == [FindingCode.ABSENT_OK]


def test_a_vessel_that_breaks_off_or_swells_is_found() -> None:
    vessel = Structure("vessel", expect=Expectation(tubular=True, diameter_mm=Span(8, 30)))
    assert [f.code for f in found({"gaps": 1, "radius_mm": 8.0}, vessel)] == [FindingCode.MISS]
    assert [f.code for f in found({"gaps": 0, "radius_mm": 30.0}, vessel)] == [FindingCode.LEAK]
    assert found({"gaps": 0, "radius_mm": 9.0}, vessel) == ()


def test_a_vessel_that_crosses_the_midline_by_nature_is_not_on_the_wrong_side() -> None:
    across = {"side_share_right": 0.3}
    strict = Structure("artery_left", side="left", expect=Expectation(side="left"))
    loose = replace(strict, expect=Expectation(side="left", crosses_midline=True))
    assert [f.code for f in found(across, strict)] == [FindingCode.SIDE]
    assert found(across, loose) == ()
    assert [f.severity for f in found({"side_share_right": 1.0}, loose)] == [Severity.GROSS]
