"""The facts of a candidate: shape, border, body, side and company; and what must not change any of them."""

import json
import re
from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from labelcritic_gui.core.geometry import Geometry, Mask, Volume
from labelcritic_gui.core.measures.candidate_facts import measure
from labelcritic_gui.core.measures.distances import SurfaceAgreement
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.measures.neighbours import Neighbours
from labelcritic_gui.core.patient.landmarks import Landmarks, find_landmarks
from labelcritic_gui.core.structures import Expectation, Span, Structure
from tests.core.bodies import GRID, ORGAN, SHAPE, STEP, block, body_ct, mask_of

CT = body_ct()
ML = STEP**3 / 1000
ANY = Structure("organ")
BITS = hnp.arrays(np.bool_, (5, 4, 6)).filter(lambda bits: bool(bits.any()))
FEW = settings(deadline=None, max_examples=40)
PLACES = st.tuples(st.integers(12, 60), st.integers(14, 40), st.integers(5, 80))


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """Load what the first example would have to wait for."""
    import scipy.ndimage
    import scipy.sparse.csgraph
    import scipy.special  # noqa: F401

    landmarks()


@lru_cache(maxsize=1)
def landmarks() -> Landmarks:
    return find_landmarks(CT)


def facts_of(full: np.ndarray, structure: Structure = ANY) -> CandidateFacts:
    return measure(mask_of(full), CT, landmarks(), structure=structure)


def placed(bits: np.ndarray, at: tuple[int, int, int]) -> np.ndarray:
    full = np.zeros(SHAPE, bool)
    full[tuple(slice(a, a + n) for a, n in zip(at, bits.shape, strict=True))] = bits
    return full


def test_that_the_shape_of_a_box_is_told() -> None:
    facts = facts_of(ORGAN)
    sides = np.array([14, 15, 17]) * STEP
    area = 2 * (sides[0] * sides[1] + sides[1] * sides[2] + sides[0] * sides[2]) / 100
    assert facts.surface_cm2 == pytest.approx(area, rel=0.12)
    assert 0.75 < (facts.sphericity or 0.0) < 1.0
    assert facts.axes_mm == pytest.approx(sorted(sides * 2 * np.sqrt(5 / 12), reverse=True), rel=1e-6)
    assert np.abs(np.array(facts.axes)) == pytest.approx(np.eye(3)[::-1], abs=1e-6)


def test_that_densities_are_told_by_quantiles_and_by_what_was_expected() -> None:
    facts = facts_of(ORGAN)
    assert facts.hu_quantiles[9] == pytest.approx(100, abs=2)
    assert (facts.hu_distance or 9.0) < 2.0
    dense = Structure("organ", expect=Expectation(hu=Span(150, 200)))
    assert facts_of(ORGAN, dense).hu_distance == pytest.approx(50, abs=3)
    gas = Structure("bag", expect=Expectation(hu=Span(90, 110), hollow=True))
    with_gas = ORGAN | block((48, 25, 66), (62, 40, 72))
    assert (facts_of(with_gas, gas).hu_distance or 0.0) < 5.0
    assert facts_of(block((20, 30, 70), (24, 34, 74)), gas).hu_distance is None


def test_that_the_place_in_the_body_and_the_image_is_told() -> None:
    facts = facts_of(ORGAN)
    assert facts.side == "right"
    assert facts_of(ORGAN[::-1]).side == "left"
    assert facts_of(ORGAN | ORGAN[::-1]).side == "both"
    assert facts.body_centroid == pytest.approx(((54.5 - 8) / 63, (32 - 10) / 43, 53 / 99), abs=0.03)
    assert facts.body_low is not None
    assert facts.body_high is not None
    assert all(
        low < middle < high
        for low, middle, high in zip(facts.body_low, facts.body_centroid or (), facts.body_high, strict=True)
    )
    gaps = (48, SHAPE[0] - 62, 25, SHAPE[1] - 40, 45, SHAPE[2] - 62)
    assert facts.border_gaps_mm == pytest.approx([gap * STEP for gap in gaps])
    assert facts.border_share == 0.0


def test_that_what_the_view_cuts_off_is_a_share_of_the_surface() -> None:
    facts = facts_of(block((40, 30, 90), (50, 40, 100)))
    assert facts.touches_border == ("S",)
    assert facts.border_gaps_mm[5] == 0.0
    assert facts.border_share == pytest.approx(1 / 6, abs=1e-6)


def test_that_the_course_of_a_tube_is_told_and_that_of_an_organ_is_not() -> None:
    tube = block((40, 30, 10), (44, 34, 80))
    tube[:, :, 40:44] = False
    facts = facts_of(tube, Structure("aorta", expect=Expectation(tubular=True)))
    assert facts.gaps == 1
    assert facts.course_mm == pytest.approx(66 * STEP, rel=0.1)
    assert facts.radius_mm == pytest.approx(4 * STEP / np.sqrt(np.pi), rel=0.05)
    assert facts.radius_low_mm == pytest.approx(facts.radius_mm, rel=0.1)
    assert facts_of(tube).course_mm is None
    assert facts_of(tube).gaps is None


def test_that_neighbours_are_told_by_name_and_parts_of_it_are_none() -> None:
    mask, other = mask_of(ORGAN), mask_of(block((60, 25, 45), (66, 40, 62)))
    inner, beside = mask_of(block((50, 27, 47), (53, 30, 50))), mask_of(block((48, 40, 45), (62, 44, 62)))
    case = Neighbours.of(
        [("a", "other", other), ("a", "inner", inner), ("a", "beside", beside), ("b", "foreign", mask)], GRID
    )
    organ = Structure("organ", expect=Expectation(contains=("inner",)))
    facts = measure(mask, CT, landmarks(), structure=organ, neighbours=case, label_set="a")
    assert facts.overlaps == (("other", pytest.approx(2 * 15 * 17 * ML)),)
    assert {name for name, _ in facts.touches or ()} == {"other", "beside"}
    assert dict(facts.touches or ())["beside"] == pytest.approx(14 * 17 / (2 * (14 * 15 + 15 * 17 + 14 * 17)), rel=1e-3)
    assert facts_of(ORGAN).overlaps is None
    assert CandidateFacts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


def test_that_facts_stored_before_are_still_read() -> None:
    old = CandidateFacts.from_json({"empty": False, "volume_ml": 3.0, "islands": [[1.0, [1.0, 2.0, 3.0]]]})
    assert old.surface_cm2 is None
    assert old.axes == ()
    assert old.islands == ((1.0, (1.0, 2.0, 3.0)),)


@FEW
@given(BITS, PLACES)
def test_that_a_mirrored_body_has_mirrored_sides(bits: np.ndarray, at: tuple[int, int, int]) -> None:
    full = placed(bits, at)
    affine = GRID.affine.copy()
    affine[0, 3] = -(GRID.affine[0, 3] + (SHAPE[0] - 1) * STEP)
    mirrored = Geometry(SHAPE, affine)
    one = facts_of(full)
    ct = Volume(CT.voxels[::-1], mirrored)
    two = measure(Mask.from_array(full[::-1], mirrored), ct, mirrored_landmarks(), structure=ANY)
    assert two.lateral_mm == pytest.approx(-(one.lateral_mm or 0.0), abs=1e-6)
    assert two.side_share_right == pytest.approx(1.0 - (one.side_share_right or 0.0), abs=1e-6)
    assert two.side == {"left": "right", "right": "left", "both": "both"}[one.side]
    assert two.axes_mm == pytest.approx(one.axes_mm)
    assert two.border_gaps_mm == pytest.approx([one.border_gaps_mm[n] for n in (1, 0, 2, 3, 4, 5)])
    for name in ("volume_ml", "parts", "surface_cm2", "anterior_mm", "hu_mean", "hu_distance", "largest_share"):
        assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-6), name


@lru_cache(maxsize=1)
def mirrored_landmarks() -> Landmarks:
    """The body's own landmarks mirrored: what is tested here is what is made of them."""
    mine = landmarks()
    affine = mine.geometry.affine.copy()
    affine[0, 3] = -(affine[0, 3] + (mine.geometry.shape[0] - 1) * affine[0, 0])
    low, high = mine.body_low, mine.body_high
    assert low is not None
    assert high is not None
    return replace(
        mine,
        geometry=Geometry(mine.geometry.shape, affine),
        body=mine.body[::-1],
        body_low=(-high[0], low[1], low[2]),
        body_high=(-low[0], high[1], high[2]),
        axis_x=-mine.axis_x,
    )


@FEW
@given(BITS, PLACES, st.tuples(*[st.integers(-3, 3)] * 3))
def test_that_moving_scan_and_mask_together_changes_no_measure(
    bits: np.ndarray, at: tuple[int, int, int], step: tuple[int, int, int]
) -> None:
    full = placed(bits, at)
    low, high = ([max(0, sign * s) for s in step] for sign in (1, -1))
    spans = tuple(slice(a, n - b) for a, b, n in zip(low, high, SHAPE, strict=True))
    if full[spans].sum() < full.sum():
        return
    affine = GRID.affine.copy()
    affine[:3, 3] = GRID.to_world(np.array(low))
    cropped = Geometry(full[spans].shape, affine)  # type: ignore[arg-type]
    ct = Volume(CT.voxels[spans], cropped)
    one = facts_of(full)
    body = replace(landmarks(), body=np.ones_like(landmarks().body))
    two = measure(Mask.from_array(full[spans], cropped), ct, body, structure=ANY)
    for name in ("volume_ml", "parts", "holes_ml", "surface_cm2", "hu_mean", "hu_sd", "roughness", "compactness"):
        assert getattr(two, name) == pytest.approx(getattr(one, name)), name
    for name in ("centroid", "box_low", "axes_mm", "hu_quantiles", "lateral_mm", "height", "body_centroid"):
        assert getattr(two, name) == pytest.approx(getattr(one, name)), name


@FEW
@given(BITS, PLACES, st.sampled_from([np.float32, np.float64, np.int32, ">i2"]), st.permutations([0, 1, 2]))
def test_that_how_the_scan_is_stored_changes_nothing(
    bits: np.ndarray, at: tuple[int, int, int], kind: object, axes: list[int]
) -> None:
    mask = mask_of(placed(bits, at))
    stored = np.array(CT.voxels.transpose(axes)[::-1, :, ::-1], dtype=kind, order="C")  # type: ignore[call-overload]
    view = stored[::-1, :, ::-1].transpose(np.argsort(axes))
    one = measure(mask, CT, landmarks(), structure=ANY)
    two = measure(mask, Volume(view, GRID), landmarks(), structure=ANY)
    assert two == one


@FEW
@given(BITS, PLACES, st.integers(1, 3))
def test_that_another_island_is_another_part_and_volumes_add_up(
    bits: np.ndarray, at: tuple[int, int, int], size: int
) -> None:
    full = placed(bits, at)
    island = block((70, 50, 94), (70 + size, 50 + size, 94 + size))
    one, two, both = facts_of(full), facts_of(island), facts_of(full | island)
    assert both.parts == one.parts + two.parts
    assert both.volume_ml == pytest.approx(one.volume_ml + two.volume_ml)
    assert both.surface_cm2 == pytest.approx((one.surface_cm2 or 0.0) + (two.surface_cm2 or 0.0))
    assert (both.outside_body_ml) == pytest.approx(one.outside_body_ml + two.outside_body_ml)
    assert both.largest_share <= 1.0


def test_that_every_fact_is_told_in_the_documents() -> None:
    told = set(re.findall(r"\w+", (Path(__file__).parents[2] / "docs" / "facts.md").read_text("utf-8")))
    for kind in (CandidateFacts, PairFacts, SurfaceAgreement):
        assert {fact.name for fact in fields(kind)} <= told, kind.__name__
