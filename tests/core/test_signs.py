"""What speaks for a claimed part: right where it is known, and the same however the pair is named, stored or turned."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.catalogue import load_catalogue
from labelcritic_gui.core.geometry import Geometry, Mask, Volume
from labelcritic_gui.core.measures.belonging import ALONE, WITH_NEIGHBOURS, balance, belongs, terms_of
from labelcritic_gui.core.measures.neighbours import Neighbours
from labelcritic_gui.core.measures.regions import Context, Differences, DifferingRegion, claimed_parts, differences
from labelcritic_gui.core.measures.signs import Signs
from labelcritic_gui.core.patient.landmarks import find_landmarks
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.phantom.anatomy import Phantom, PhantomSettings, make_phantom

SIZE = (40, 40, 40)
ORGAN, FAT, OTHER = 100, -100, 40


def grid(mm: float = 2.0) -> Geometry:
    return Geometry(SIZE, np.diag([mm, mm, mm, 1.0]))


def block(*spans: tuple[int, int]) -> np.ndarray:
    out = np.zeros(SIZE, dtype=bool)
    out[tuple(slice(a, b) for a, b in spans)] = True
    return out


TRUTH = block((10, 30), (10, 30), (10, 30))


def image(noise: float = 8.0) -> Volume:
    rng = np.random.default_rng(1)
    hu = np.full(SIZE, FAT, dtype=float)
    hu[block((30, 38), (10, 30), (10, 30))] = OTHER
    hu[TRUTH] = ORGAN
    hu += rng.normal(0, noise, SIZE)
    return Volume(np.asfortranarray(hu.astype(np.int16)), grid())


def between(first: np.ndarray, second: np.ndarray, context: Context | None = None) -> Differences:
    return differences(Mask.from_array(first, grid()), Mask.from_array(second, grid()), image(), context)


def the_one(found: Differences) -> DifferingRegion:
    (region,) = found.regions
    return region


def signs(region: DifferingRegion) -> Signs:
    assert region.signs is not None
    return region.signs


def test_a_missing_part_belongs_to_who_claims_it() -> None:
    part = the_one(between(TRUTH, TRUTH & ~block((0, 40), (0, 40), (22, 40))))
    assert part.claimant == "first"
    assert signs(part).local > 0.8
    assert signs(part).edge > 0.3
    assert belongs(part) > 0.9


def test_a_leak_into_fat_does_not_belong() -> None:
    part = the_one(between(TRUTH, TRUTH | block((10, 30), (10, 30), (30, 37))))
    assert part.claimant == "second"
    assert signs(part).local < -0.8
    assert belongs(part) < 0.1


def test_a_hole_that_is_filled_belongs_and_an_island_does_not() -> None:
    hole = block((17, 23), (17, 23), (17, 23))
    filled = the_one(between(TRUTH, TRUTH & ~hole))
    assert signs(filled).contact == 1.0
    assert belongs(filled) > 0.9
    apart = the_one(between(TRUTH, TRUTH | block((2, 7), (2, 7), (2, 7))))
    assert signs(apart).contact == 0.0
    assert belongs(apart) < 0.1


def test_a_part_that_another_structure_of_its_own_set_claims_does_not_belong() -> None:
    leak = block((30, 37), (12, 28), (12, 28))
    organ, other = Structure(name="organ"), block((30, 38), (10, 30), (10, 30))
    neighbours = Neighbours.of(
        [(label_set, "other", Mask.from_array(other, grid())) for label_set in ("one", "two")], grid()
    )
    known = the_one(between(TRUTH, TRUTH | leak, Context(None, neighbours, organ, ("one", "two"))))
    alone = the_one(between(TRUTH, TRUTH | leak))
    assert (signs(known).covered, signs(known).neighbour, signs(known).alone) == (1.0, "other", False)
    assert signs(alone).alone
    assert belongs(known) < belongs(alone)


def test_what_another_structure_claims_of_a_region_is_a_region_of_its_own() -> None:
    """So that a label that takes its neighbour along is not condemned for what it has right."""
    organ, other = Structure(name="organ"), block((30, 38), (10, 30), (10, 30))
    neighbours = Neighbours.of([(s, "other", Mask.from_array(other, grid())) for s in ("one", "two")], grid())
    found = between(TRUTH | other, block((2, 8), (2, 8), (2, 8)), Context(None, neighbours, organ, ("one", "two")))
    first = {signs(claim).neighbour: claim for claim in found.regions if claim.claimant == "first"}
    assert set(first) == {"", "other"}
    assert first[""].volume_ml == pytest.approx(TRUTH.sum() * 0.008)
    assert first["other"].volume_ml == pytest.approx(other.sum() * 0.008)
    assert belongs(first["other"]) < 0.1 < belongs(first[""])


def test_what_only_the_rivals_label_set_makes_of_a_part_is_no_sign() -> None:
    """Two sets of exclusive labels that disagree have each given the part to somebody."""
    leak = block((30, 37), (12, 28), (12, 28))
    other = Mask.from_array(block((30, 38), (10, 30), (10, 30)), grid())
    neighbours = Neighbours.of([("one", "other", other)], grid())
    part = the_one(between(TRUTH, TRUTH | leak, Context(None, neighbours, Structure(name="organ"), ("one", "two"))))
    assert part.claimant == "second"
    assert (signs(part).covered, signs(part).alone) == (0.0, True)


def test_what_contains_a_structure_is_not_its_neighbour() -> None:
    table = load_catalogue()
    lobe = table.get("lung_lower_lobe_left")
    assert lobe.expect is not None
    assert {"lung_left"} & {*lobe.expect.part_of, *lobe.expect.contains}


def test_the_parts_are_all_that_only_one_claims() -> None:
    first, second = TRUTH | block((2, 7), (2, 7), (2, 7)), TRUTH & ~block((0, 40), (0, 40), (25, 40))
    found = between(first, second)
    assert sum(claim.volume_ml for claim in found.claims) == pytest.approx((first ^ second).sum() * 0.008)
    parts = list(claimed_parts(Mask.from_array(first, grid()), Mask.from_array(second, grid()), image()))
    assert sum(len(at) for _, at in parts) == (first ^ second).sum()
    assert {region for region, _ in parts} == set(found.claims)


@cache
def phantom() -> Phantom:
    return make_phantom(PhantomSettings(shape=(80, 80, 80), seed=21, absent=()))


BOXES = st.tuples(*[st.tuples(st.integers(0, 30), st.integers(1, 9)) for _ in range(3)])


def drawn(boxes: list[tuple[tuple[int, int], ...]]) -> np.ndarray:
    out = TRUTH.copy()
    for box in boxes:
        out ^= block(*((a, a + n) for a, n in box))
    return out


@given(st.lists(BOXES, max_size=3), st.lists(BOXES, min_size=1, max_size=3))
def test_naming_the_other_candidate_first_turns_the_balance_and_nothing_else(
    one: list[tuple[tuple[int, int], ...]], two: list[tuple[tuple[int, int], ...]]
) -> None:
    forth, back = between(drawn(one), drawn(two)), between(drawn(two), drawn(one))
    assert set(back.swapped().claims) == set(forth.claims)
    assert balance(back.claims) == -balance(forth.claims)
    assert -1.0 <= balance(forth.claims) <= 1.0
    assert all(0.0 <= belongs(claim) <= 1.0 for claim in forth.claims)


def test_a_mirrored_scan_has_mirrored_parts_with_the_same_signs() -> None:
    made = phantom()
    ct, truth = made.volume, made.masks["kidney_left"].full()
    error = np.roll(truth, 3, axis=0)
    here = differences(*(Mask.from_array(m, ct.geometry) for m in (truth, error)), ct)
    turned = Volume(ct.voxels[::-1], ct.geometry)
    there = differences(*(Mask.from_array(m[::-1], ct.geometry) for m in (truth, error)), turned)
    assert len(here.claims) == len(there.claims)
    for one, two in zip(here.claims, there.claims, strict=True):
        assert one.claimant == two.claimant
        assert one.volume_ml == pytest.approx(two.volume_ml)
        assert signs(one).fit == pytest.approx(signs(two).fit)
        assert signs(one).local == pytest.approx(signs(two).local)


def test_type_and_storage_order_of_the_image_change_nothing() -> None:
    made = phantom()
    ct, truth = made.volume, made.masks["spleen"].full()
    masks = [Mask.from_array(m, ct.geometry) for m in (truth, np.roll(truth, 3, axis=2))]
    context = Context(find_landmarks(ct), structure=load_catalogue().get("spleen"))
    plain = differences(*masks, ct, context)
    for voxels in (ct.voxels.astype(np.float32), np.ascontiguousarray(ct.voxels), ct.voxels.astype(np.float64)):
        assert differences(*masks, Volume(voxels, ct.geometry), context) == plain


def test_signs_of_a_swapped_side_lie_across_the_patient() -> None:
    made = phantom()
    left, right = made.masks["kidney_left"], made.masks["kidney_right"]
    context = Context(find_landmarks(made.volume), structure=load_catalogue().get("kidney_left"))
    found = differences(left, right, made.volume, context)
    across = {claim.claimant: signs(claim).across for claim in found.regions}
    assert across["first"] == 0.0
    assert across["second"] > 0.9


def test_claims_go_to_json_and_back() -> None:
    found = between(TRUTH, TRUTH | block((10, 30), (10, 30), (30, 37)))
    for claim in found.claims:
        assert DifferingRegion.from_json(claim.to_json()) == claim
        older = {k: v for k, v in claim.to_json().items() if k not in {"signs", "rim"}}
        assert DifferingRegion.from_json(older) == replace(claim, signs=None, rim=False)


def test_every_term_has_a_weight_and_a_part_without_signs_says_nothing() -> None:
    region = the_one(between(TRUTH, TRUTH | block((10, 30), (10, 30), (30, 37))))
    assert set(terms_of(region)) == set(WITH_NEIGHBOURS) == set(ALONE)
    assert belongs(replace(region, signs=None)) == 0.5
    assert balance([replace(region, signs=None)]) == 0.0
