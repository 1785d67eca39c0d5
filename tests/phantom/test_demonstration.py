"""The demonstration is what it promises: counts, specials, repeatability."""

from collections import Counter

import numpy as np
import pytest

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.geometry import Mask, content_hash
from labelcritic_gui.phantom.demonstration import (
    LABEL_SETS,
    NO_GALL_BLADDER,
    ONE_KIDNEY,
    DemoCase,
    demonstration_cases,
    demonstration_plan,
)
from labelcritic_gui.phantom.person import STRUCTURES


@pytest.fixture(scope="module")
def cases() -> list[DemoCase]:
    return list(demonstration_cases(6, shape=(64, 64, 64)))


def dice(one: Mask, other: Mask) -> float:
    if one.is_empty or other.is_empty:
        return float(one.is_empty and other.is_empty)
    return 2 * np.count_nonzero(one.voxels & other.within(one.box)) / (one.count + other.count)


def test_that_cases_are_named_and_complete(cases: list[DemoCase]):
    assert [c.case_id for c in cases] == [f"LC_000{i}" for i in range(1, 7)]
    for case in cases:
        assert tuple(case.label_sets) == LABEL_SETS == ("model_a", "model_b")
        assert all(tuple(masks) == STRUCTURES for masks in case.label_sets.values())


def test_that_about_a_third_of_the_items_has_an_error_and_some_have_two(cases: list[DemoCase]):
    per_item = Counter((p.case, p.structure) for c in cases for p in c.planted)
    items = 6 * len(STRUCTURES)
    assert 0.28 * items < len(per_item) < 0.45 * items
    assert 1 <= sum(n == 2 for n in per_item.values()) <= 3


def test_that_errors_are_mixed_and_spread_over_both_label_sets(cases: list[DemoCase]):
    planted = [p for c in cases for p in c.planted]
    sets = Counter(p.label_set for p in planted)
    assert abs(sets["model_a"] - sets["model_b"]) <= 2
    assert len({p.code for p in planted}) >= 7
    assert len({p.severity for p in planted}) == 3


def test_that_most_pairs_differ_slightly_and_some_are_equal(cases: list[DemoCase]):
    faulty = {(p.case, p.structure) for c in cases for p in c.planted}
    scores = [
        dice(c.label_sets["model_a"][s], c.label_sets["model_b"][s])
        for c in cases
        for s in STRUCTURES
        if (c.case_id, s) not in faulty and s not in c.phantom.absent
    ]
    assert 2 <= sum(s == 1.0 for s in scores) <= 8
    assert 0.86 < np.median(scores) < 0.99
    assert min(scores) > 0.8


def test_that_the_planted_errors_are_where_they_say(cases: list[DemoCase]):
    for case in cases:
        for planted in case.planted:
            mask = case.label_sets[planted.label_set][planted.structure]
            index = np.rint(mask.geometry.to_index(np.array(planted.place))).astype(int)
            assert (index >= 0).all()
            assert (index < mask.geometry.shape).all()


def test_that_the_removed_gall_bladder_is_hallucinated_in_one_set(cases: list[DemoCase]):
    case = cases[NO_GALL_BLADDER]
    assert case.phantom.absent == ("gall_bladder",)
    assert case.label_sets["model_a"]["gall_bladder"].is_empty
    assert not case.label_sets["model_b"]["gall_bladder"].is_empty
    assert [p.code for p in case.planted if p.structure == "gall_bladder"] == [FindingCode.WRONG]


def test_that_the_lost_kidney_is_empty_in_both_sets(cases: list[DemoCase]):
    case = cases[ONE_KIDNEY]
    assert case.phantom.absent == ("kidney_left",)
    assert all(case.label_sets[s]["kidney_left"].is_empty for s in LABEL_SETS)
    assert not case.phantom.masks["kidney_right"].is_empty


def test_that_the_demonstration_is_repeatable(cases: list[DemoCase]):
    again = next(iter(demonstration_cases(6, shape=(64, 64, 64))))
    for slug, masks in cases[0].label_sets.items():
        assert {n: content_hash(m) for n, m in masks.items()} == {
            n: content_hash(m) for n, m in again.label_sets[slug].items()
        }
    assert again.planted == cases[0].planted


def test_that_other_counts_and_sizes_work():
    made = list(demonstration_cases(2, shape=(48, 48, 40), seed=9))
    assert [c.case_id for c in made] == ["LC_0001", "LC_0002"]
    with pytest.raises(UserError):
        demonstration_cases(0)


def test_that_the_plan_of_any_size_keeps_its_shares():
    for count in (1, 2, 6, 40):
        for seed in range(5):
            planned, alike = demonstration_plan(count=count, seed=seed)
            items = {(p.case, p.structure) for p in planned}
            assert not items & alike
            assert 0.3 < len(items) / (9 * count) < 0.5
            assert all(p.case < count and p.structure in STRUCTURES for p in planned)
            assert planned == demonstration_plan(count=count, seed=seed)[0]
