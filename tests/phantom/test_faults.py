"""Planted errors do what they say; natural variation stays natural."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.geometry import Mask, content_hash
from labelcritic_gui.phantom.anatomy import Phantom
from labelcritic_gui.phantom.faults import FAULTS, FaultSeverity, Faulty, vary
from labelcritic_gui.phantom.patch import centroid
from labelcritic_gui.phantom.person import STRUCTURES

GRADES = (FaultSeverity.MILD, FaultSeverity.MODERATE, FaultSeverity.GROSS)


def plant(phantom: Phantom, code: FindingCode, name: str, grade: FaultSeverity, seed: int = 0) -> Faulty:
    return FAULTS[code](phantom.masks[name], phantom, np.random.default_rng(seed), grade)


def dice(one: Mask, other: Mask) -> float:
    return 2 * np.count_nonzero(one.voxels & other.within(one.box)) / (one.count + other.count)


def pieces(mask: Mask) -> int:
    from scipy import ndimage

    return int(ndimage.label(mask.voxels, np.ones((3, 3, 3)))[1])


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("code", list(FAULTS))
def test_that_every_error_changes_every_structure_and_names_a_changed_place(
    phantom: Phantom, code: FindingCode, name: str
):
    before = phantom.masks[name]
    for grade in (FaultSeverity.MILD, FaultSeverity.GROSS):
        made = plant(phantom, code, name, grade)
        assert made.code is code
        assert made.severity is grade
        assert made.text
        assert content_hash(made.mask) != content_hash(before)
        index = tuple(np.rint(before.geometry.to_index(np.array(made.place))).astype(int))
        assert before.full()[index] != made.mask.full()[index]


def test_that_an_error_is_repeatable(phantom: Phantom):
    for code in FAULTS:
        one, two = (plant(phantom, code, "spleen", FaultSeverity.MODERATE, seed=5) for _ in range(2))
        assert content_hash(one.mask) == content_hash(two.mask)


@pytest.mark.parametrize("code", [FindingCode.LEAK, FindingCode.MISS, FindingCode.CUT, FindingCode.EDGE])
@pytest.mark.parametrize("name", ["liver", "spleen", "kidney_left", "stomach"])
def test_that_a_graver_error_overlaps_less(phantom: Phantom, code: FindingCode, name: str):
    scores = [dice(plant(phantom, code, name, g, seed=2).mask, phantom.masks[name]) for g in GRADES]
    assert scores[0] > scores[1] > scores[2]


@pytest.mark.parametrize("name", ["liver", "spleen", "gall_bladder", "aorta"])
def test_that_a_leak_only_adds_and_stays_attached(phantom: Phantom, name: str):
    before, made = phantom.masks[name], plant(phantom, FindingCode.LEAK, name, FaultSeverity.MODERATE)
    assert made.mask.count >= 1.15 * before.count
    assert np.count_nonzero(made.mask.within(before.box) & before.voxels) == before.count
    assert pieces(made.mask) == 1


@pytest.mark.parametrize("grade", GRADES)
def test_that_a_missing_end_takes_the_share_it_says(phantom: Phantom, grade: FaultSeverity):
    before, made = phantom.masks["aorta"], plant(phantom, FindingCode.MISS, "aorta", grade)
    lost = 1 - made.mask.count / before.count
    assert lost == pytest.approx({"mild": 0.12, "moderate": 0.30, "gross": 0.55}[grade], abs=0.03)
    assert np.count_nonzero(made.mask.within(before.box) & before.voxels) == made.mask.count


def test_that_a_cut_is_flat(phantom: Phantom):
    before, made = phantom.masks["liver"], plant(phantom, FindingCode.CUT, "liver", FaultSeverity.MODERATE)
    kept = before.voxels & made.mask.within(before.box)
    assert np.array_equal(kept, before.voxels & _slab_of(made.mask, before))


def _slab_of(mask: Mask, like: Mask) -> np.ndarray:
    inside = np.zeros(like.geometry.shape, dtype=bool)
    inside[mask.box] = True
    return inside[like.box]


def test_that_sides_are_confused_as_said(phantom: Phantom):
    left, right = phantom.masks["kidney_left"], phantom.masks["kidney_right"]
    swapped = plant(phantom, FindingCode.SIDE, "kidney_left", FaultSeverity.GROSS).mask
    both = plant(phantom, FindingCode.SIDE, "kidney_left", FaultSeverity.MODERATE).mask
    assert dice(swapped, right) == 1.0
    assert both.count == left.count + right.count
    spleen = plant(phantom, FindingCode.SIDE, "spleen", FaultSeverity.GROSS).mask
    assert centroid(spleen)[0] > centroid(phantom.masks["aorta"])[0]
    assert spleen.count == phantom.masks["spleen"].count


def test_that_a_shift_keeps_the_shape_and_moves_it(phantom: Phantom):
    for grade, low, high in zip(GRADES, (3, 9, 22), (11, 21, 38), strict=True):
        made = plant(phantom, FindingCode.SHIFT, "kidney_right", grade).mask
        way = np.subtract(centroid(made), centroid(phantom.masks["kidney_right"]))
        assert low < np.linalg.norm(way) < high
        assert np.array_equal(made.voxels, phantom.masks["kidney_right"].voxels)


def test_that_wrong_is_another_structure_or_far_away(phantom: Phantom):
    made = plant(phantom, FindingCode.WRONG, "gall_bladder", FaultSeverity.MODERATE).mask
    assert any(content_hash(made) == content_hash(m) for n, m in phantom.masks.items() if n != "gall_bladder")
    far = plant(phantom, FindingCode.WRONG, "gall_bladder", FaultSeverity.GROSS).mask
    assert np.linalg.norm(np.subtract(centroid(far), centroid(phantom.masks["gall_bladder"]))) > 60


def test_that_islands_are_apart(phantom: Phantom):
    before = phantom.masks["spleen"]
    for grade, count in zip(GRADES, (2, 5, 10), strict=True):
        assert pieces(plant(phantom, FindingCode.ISLE, "spleen", grade).mask) == count + pieces(before)


def test_that_holes_are_closed(phantom: Phantom):
    from scipy import ndimage

    for name in ("liver", "spleen", "kidney_left", "stomach"):
        before, made = phantom.masks[name], plant(phantom, FindingCode.HOLE, name, FaultSeverity.MODERATE).mask
        filled = ndimage.binary_fill_holes(made.voxels)
        assert np.count_nonzero(filled) > made.count
        assert before.count > made.count


def test_that_out_reaches_the_air(phantom: Phantom):
    for name in ("liver", "aorta", "spleen"):
        made = plant(phantom, FindingCode.OUT, name, FaultSeverity.MODERATE).mask
        values = phantom.volume.voxels[made.box][made.voxels]
        assert np.count_nonzero(values < -900) > 5


def test_that_empty_is_empty_and_nothing_can_be_planted_in_it(phantom: Phantom):
    nothing = plant(phantom, FindingCode.EMPTY, "liver", FaultSeverity.GROSS).mask
    assert nothing.is_empty
    for fault in FAULTS.values():
        with pytest.raises(UserError, match="empty mask"):
            fault(nothing, phantom, np.random.default_rng(0), FaultSeverity.MILD)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(STRUCTURES), st.integers(0, 2**32 - 1))
def test_that_natural_variation_overlaps_as_models_do(phantom: Phantom, name: str, seed: int):
    before = phantom.masks[name]
    after = vary(before, np.random.default_rng(seed))
    assert 0.91 <= dice(before, after) <= 0.995
    assert 0.75 < after.count / before.count < 1.3


def test_that_variation_aims_at_the_overlap_asked_for(phantom: Phantom):
    for goal in (0.90, 0.95, 0.97):
        after = vary(phantom.masks["liver"], np.random.default_rng(1), dice=goal)
        assert dice(phantom.masks["liver"], after) == pytest.approx(goal, abs=0.01)


def test_that_an_empty_mask_varies_to_itself(phantom: Phantom):
    nothing = Mask.from_array(np.zeros((2, 2, 2), dtype=bool), phantom.volume.geometry)
    assert vary(nothing, np.random.default_rng(0)) is nothing
