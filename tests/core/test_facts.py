"""What is measured of one candidate and of two, on a body whose anatomy is known."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.measures.candidate_facts import measure
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.measures.pair_facts import measure_pair
from labelcritic_gui.core.patient.landmarks import Landmarks, find_landmarks
from labelcritic_gui.core.structures import Expectation, Structure
from tests.core.bodies import GRID, ORGAN, ORIGIN, SHAPE, STEP, block, body_ct, mask_of

CT = body_ct()
ML = STEP**3 / 1000
ANY = Structure("organ")


@pytest.fixture(scope="module")
def landmarks() -> Landmarks:
    return find_landmarks(CT)


def facts_of(full: np.ndarray, landmarks: Landmarks, structure: Structure = ANY) -> CandidateFacts:
    return measure(mask_of(full), CT, landmarks, structure=structure)


def test_that_an_organ_is_measured_where_it_is(landmarks: Landmarks) -> None:
    facts = facts_of(ORGAN, landmarks)
    assert facts.volume_ml == pytest.approx(ORGAN.sum() * ML)
    assert (facts.parts, facts.largest_share, facts.holes_ml, facts.touches_border) == (1, 1.0, 0.0, ())
    assert facts.hu_mean == pytest.approx(100, abs=1)
    assert facts.hu_sd == pytest.approx(8, abs=1)
    assert facts.centroid == pytest.approx((ORIGIN[0] + 54.5 * STEP, ORIGIN[1] + 32 * STEP, ORIGIN[2] + 53 * STEP))
    assert facts.lateral_mm == pytest.approx(14.5 * STEP, abs=STEP)
    assert facts.anterior_mm == pytest.approx(13.5 * STEP, abs=STEP)
    assert facts.side_share_right == 1.0
    assert facts.box_low == pytest.approx((ORIGIN[0] + 47.5 * STEP, ORIGIN[1] + 24.5 * STEP, ORIGIN[2] + 44.5 * STEP))
    assert 0.3 < (facts.height or 0) < 0.8
    assert facts.spine_visible
    assert facts.outside_body_ml == 0.0


def test_that_the_other_side_is_negative(landmarks: Landmarks) -> None:
    facts = facts_of(ORGAN[::-1], landmarks)
    assert (facts.lateral_mm or 0) < -40
    assert facts.side_share_right == 0.0


def test_that_an_empty_mask_has_a_field_of_view_and_nothing_else(landmarks: Landmarks) -> None:
    facts = facts_of(np.zeros(SHAPE, bool), landmarks)
    assert facts.empty
    assert facts.hu_mean is None
    assert facts.view_low is not None
    assert facts.view_high is not None
    assert facts.view_low < 0 < 1 < facts.view_high


def test_that_islands_holes_and_what_lies_outside_are_found_with_their_places(landmarks: Landmarks) -> None:
    full = ORGAN | block((20, 30, 20), (22, 32, 22)) | block((2, 30, 50), (5, 33, 53))
    full[52, 30, 50] = False
    facts = facts_of(full, landmarks)
    assert facts.parts == 3
    assert [round(ml / ML) for ml, _ in facts.islands] == [27, 8]
    assert facts.islands[0][1][0] == pytest.approx(ORIGIN[0] + 3 * STEP, abs=STEP)
    assert facts.holes_ml == pytest.approx(ML)
    assert facts.hole_place == pytest.approx((ORIGIN[0] + 52 * STEP, ORIGIN[1] + 30 * STEP, ORIGIN[2] + 50 * STEP))
    assert facts.outside_body_ml == pytest.approx(27 * ML)
    assert facts.outside_place is not None


def test_that_the_gas_of_a_hollow_structure_is_no_hole(landmarks: Landmarks) -> None:
    full = ORGAN.copy()
    full[52, 30, 50] = False
    assert facts_of(full, landmarks, Structure("bag", expect=Expectation(hollow=True))).holes_ml == 0.0


def test_that_faces_of_the_image_are_named(landmarks: Landmarks) -> None:
    assert facts_of(block((40, 30, 90), (50, 40, 100)), landmarks).touches_border == ("S",)
    assert facts_of(block((0, 30, 0), (3, 40, 9)), landmarks).touches_border == ("L", "I")


def test_that_a_missing_part_looks_like_the_rest_and_a_leak_does_not() -> None:
    half, leaked = ORGAN.copy(), ORGAN | block((48, 25, 35), (62, 40, 45))
    half[:, :, :50] = False
    missing = measure_pair(mask_of(ORGAN), mask_of(half), CT)
    assert missing.dice == pytest.approx(2 * half.sum() / (half.sum() + ORGAN.sum()))
    assert missing.only_first_ml == pytest.approx((ORGAN & ~half).sum() * ML)
    assert (missing.only_first_fit or 0) > 0.9
    assert missing.edge_first is not None
    assert missing.edge_second is not None
    assert missing.edge_first > missing.edge_second + 20
    assert missing.largest_claimant == "first"
    leak = measure_pair(mask_of(ORGAN), mask_of(leaked), CT)
    assert (leak.only_second_fit if leak.only_second_fit is not None else 1.0) < 0.1
    assert leak.largest_hu == pytest.approx(30, abs=3)
    assert leak.second_place is not None
    assert ORIGIN[2] + 35 * STEP <= leak.second_place[2] <= ORIGIN[2] + 45 * STEP


def test_that_equal_and_empty_pairs_have_dice_one_and_nothing_to_show() -> None:
    nothing = mask_of(np.zeros(SHAPE, bool))
    assert measure_pair(nothing, nothing, CT) == PairFacts(dice=1.0)
    same = measure_pair(mask_of(ORGAN), mask_of(ORGAN), CT)
    assert (same.dice, same.only_first_ml, same.largest_place) == (1.0, 0.0, None)
    assert measure_pair(nothing, mask_of(ORGAN), CT).dice == 0.0


@settings(deadline=None)
@given(st.integers(40, 60), st.integers(20, 35), st.integers(5, 20))
def test_that_swapping_the_masks_swaps_the_facts(x: int, y: int, size: int) -> None:
    one, two = mask_of(ORGAN), mask_of(block((x, y, 40), (x + size, y + size, 60)))
    forth, back = measure_pair(one, two, CT), measure_pair(two, one, CT)
    assert back == forth.swapped()
    assert forth.swapped().swapped() == forth


def test_that_facts_survive_json_and_newer_fields_are_ignored(landmarks: Landmarks) -> None:
    facts = facts_of(ORGAN | block((20, 30, 20), (22, 32, 22)), landmarks)
    assert CandidateFacts.from_json(json.loads(json.dumps(facts.to_json()))) == facts
    pair = measure_pair(mask_of(ORGAN), mask_of(ORGAN[::-1]), CT)
    assert PairFacts.from_json({**json.loads(json.dumps(pair.to_json())), "of_tomorrow": 1}) == pair
    assert CandidateFacts.from_json({"empty": True}) == CandidateFacts(empty=True)


def test_that_facts_do_not_depend_on_the_memory_order(landmarks: Landmarks) -> None:
    turned = replace(CT, voxels=np.ascontiguousarray(CT.voxels))
    assert measure(mask_of(ORGAN), turned, landmarks, structure=ANY) == facts_of(ORGAN, landmarks)
    assert GRID.shape == SHAPE
