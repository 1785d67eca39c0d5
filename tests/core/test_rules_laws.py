"""Laws of the findings on masks measured in a made CT: islands, mirrors, shifts, orientations, types of numbers."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from labelcritic_gui.core.findings import Finding, FindingCode
from labelcritic_gui.core.geometry import Geometry, Mask, Volume
from labelcritic_gui.core.measures.candidate_facts import measure
from labelcritic_gui.core.patient.landmarks import find_landmarks
from labelcritic_gui.core.rules import findings_of, quality
from labelcritic_gui.core.structures import Expectation, Span, Structure

SHAPE = (60, 50, 44)
EXPECT = Expectation(
    volume_ml=Span(60, 900),
    hu=Span(60, 200),
    parts=1,
    side="right",
    uniform=True,
    edge_share=0.6,
    blind_share=0.5,
    sphericity=Span(0.5, 1.0),
    tall_mm=Span(40, 150),
)
ORGAN = Structure("organ", expect=EXPECT)
MIDLINE_MM = -1.5


def ball(middle: tuple[float, float, float], radius: tuple[float, float, float]) -> NDArray[np.bool_]:
    grid = np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij")
    return np.asarray(sum(((g - m) / r) ** 2 for g, m, r in zip(grid, middle, radius, strict=True)) <= 1.0)


def placed(spacing: float = 3.0, corner: tuple[float, float, float] = (-90.0, -75.0, 0.0)) -> Geometry:
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = corner
    return Geometry(SHAPE, affine)


@lru_cache
def densities() -> NDArray[np.int16]:
    rng = np.random.default_rng(5)
    hu = np.full(SHAPE, -1000.0)
    hu[ball((29.5, 24.5, 21.5), (27, 21, 60))] = -80.0
    hu[ball((29.5, 24.5, 21.5), (23, 17, 60))] = 40.0
    hu[ball((29.5, 12.0, 21.5), (6, 6, 60))] = 500.0
    hu[ball((44, 27, 20), (8, 8, 10))] = 130.0
    return np.asfortranarray((hu + rng.normal(0, 8, SHAPE)).astype(np.int16))


TRUTH = ball((44, 27, 20), (8, 8, 10))
FAULTS = {
    "right": TRUTH,
    "cut": TRUTH & (np.arange(SHAPE[2]) < 20),
    "small": ball((44, 27, 20), (4, 4, 5)),
    "moved": np.roll(TRUTH, 6, axis=0),
    "holed": TRUTH & ~ball((44, 27, 20), (3, 3, 3)),
}


def judged(voxels: NDArray[np.bool_], hu: NDArray[np.generic], geometry: Geometry) -> tuple[tuple[Finding, ...], float]:
    ct, mask = Volume(hu, geometry), Mask.from_array(voxels, geometry)
    facts = measure(mask, ct, find_landmarks(ct), structure=ORGAN)
    found = findings_of(ORGAN, facts)
    score, _ = quality(found, facts, ORGAN)
    assert score is not None
    return found, score


@lru_cache
def alone(fault: str) -> float:
    return judged(FAULTS[fault], densities(), placed())[1]


def test_the_truth_is_flawless_and_every_fault_is_not() -> None:
    assert alone("right") == 90.0
    assert all(alone(fault) < 90.0 for fault in FAULTS if fault != "right")


@settings(max_examples=60, deadline=None)
@given(
    fault=st.sampled_from(sorted(FAULTS)),
    corner=st.tuples(*(st.integers(8, n - 14) for n in SHAPE)),
    size=st.tuples(*(st.integers(1, 5) for _ in SHAPE)),
)
def test_adding_an_island_never_raises_the_score(
    fault: str, corner: tuple[int, int, int], size: tuple[int, int, int]
) -> None:
    island = np.zeros(SHAPE, dtype=np.bool_)
    island[tuple(slice(a, a + n) for a, n in zip(corner, size, strict=True))] = True
    reach = np.zeros(SHAPE, dtype=np.bool_)
    reach[tuple(slice(a - 2, a + n + 2) for a, n in zip(corner, size, strict=True))] = True
    if (reach & FAULTS[fault]).any():
        return  # what touches the mask is no island
    assert judged(FAULTS[fault] | island, densities(), placed())[1] <= alone(fault)


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_mirrored_case_has_the_same_findings_on_the_other_side(fault: str) -> None:
    left = replace(ORGAN, expect=replace(EXPECT, side="left"))
    hu = np.asfortranarray(densities()[::-1])
    ct, mask = Volume(hu, placed()), Mask.from_array(FAULTS[fault][::-1], placed())
    facts = measure(mask, ct, find_landmarks(ct), structure=left)
    mirrored, (found, _) = findings_of(left, facts), judged(FAULTS[fault], densities(), placed())
    assert [(f.code, f.severity) for f in mirrored] == [(f.code, f.severity) for f in found]
    wrong_side = {f.code for f in findings_of(ORGAN, facts)}
    assert FindingCode.SIDE in wrong_side
    for one, other in zip(found, mirrored, strict=True):
        if one.place is not None and other.place is not None:
            assert (one.place[0] - MIDLINE_MM) * (other.place[0] - MIDLINE_MM) < 0  # as far from it as the organ lies


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_moving_the_world_changes_no_finding(fault: str) -> None:
    there = judged(FAULTS[fault], densities(), placed(corner=(210.0, -300.0, 900.0)))
    here = judged(FAULTS[fault], densities(), placed())
    assert [(f.code, f.severity, f.text) for f in there[0]] == [(f.code, f.severity, f.text) for f in here[0]]


@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.float64])
def test_the_type_of_the_numbers_changes_no_finding(dtype: type) -> None:
    for fault in FAULTS:
        assert judged(FAULTS[fault], densities().astype(dtype), placed()) == judged(
            FAULTS[fault], densities(), placed()
        )


def test_the_order_in_memory_changes_no_finding() -> None:
    for fault in FAULTS:
        in_c_order = np.ascontiguousarray(densities())
        assert judged(FAULTS[fault], in_c_order, placed()) == judged(FAULTS[fault], densities(), placed())
