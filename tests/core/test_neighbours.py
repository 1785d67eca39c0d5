"""Which other structures a mask overlaps and touches, and whose the cells of a region are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from labelcritic_gui.core.geometry import Geometry, Mask
from labelcritic_gui.core.measures.neighbours import Neighbours

COARSE = Geometry((12, 12, 12), np.diag([2.0, 2.0, 2.0, 1.0]))
FINE = Geometry((24, 24, 24), np.diag([1.0, 1.0, 1.0, 1.0]))
BITS = hnp.arrays(np.bool_, (11, 6, 5))


def block(low: tuple[int, int, int], high: tuple[int, int, int], geometry: Geometry = COARSE) -> Mask:
    full = np.zeros(geometry.shape, dtype=bool)
    full[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return Mask.from_array(full, geometry)


LIVER, STOMACH = block((2, 2, 2), (8, 8, 8)), block((6, 2, 2), (10, 8, 8))


def test_that_an_overlap_is_told_in_millilitres_of_its_own_label_set() -> None:
    case = Neighbours.of([("a", "liver", LIVER), ("a", "stomach", STOMACH), ("b", "spleen", LIVER)], COARSE)
    assert case.overlap(LIVER, of="liver", label_set="a") == {"stomach": pytest.approx(2 * 6 * 6 * 0.008)}
    assert case.overlap(LIVER, of="liver", label_set="b") == {"spleen": pytest.approx(LIVER.volume_ml)}
    assert case.overlap(LIVER, of="liver", label_set="a", besides=frozenset({"stomach"})) == {}


def test_that_neighbours_share_the_faces_between_them() -> None:
    beside = block((8, 2, 2), (10, 8, 8))
    apart = block((2, 9, 2), (8, 11, 8))
    case = Neighbours.of([("a", "beside", beside), ("a", "apart", apart)], COARSE)
    assert case.touching(LIVER, of="liver", label_set="a") == {"beside": pytest.approx(1 / 6)}
    assert case.overlap(LIVER, of="liver", label_set="a") == {}


def test_that_a_structure_is_no_neighbour_of_itself() -> None:
    case = Neighbours.of([("a", "liver", LIVER), ("b", "liver", LIVER)], COARSE)
    cells = np.ones((12, 12, 12), bool)
    assert case.overlap(LIVER, of="liver", label_set="a") == {}
    assert case.covering(cells, (1, 1, 1), (0, 0, 0), of="liver") == {}
    assert not case.claimed(cells, (1, 1, 1), (0, 0, 0), of="liver").any()


def test_that_what_covers_a_region_is_told_by_label_set_and_by_most_of_them() -> None:
    masks = [("a", "stomach", STOMACH), ("b", "stomach", STOMACH), ("c", "stomach", block((9, 2, 2), (10, 8, 8)))]
    case = Neighbours.of(masks, COARSE)
    region = np.zeros((12, 12, 12), bool)
    region[6:10, 2:8, 2:8] = True
    cover = case.covering(region, (1, 1, 1), (0, 0, 0), of="liver")["stomach"]
    assert (cover.share, cover.any_share) == (1.0, 1.0)
    assert cover.by_set == {"a": 1.0, "b": 1.0, "c": 0.25}


def test_that_one_of_two_label_sets_is_not_most_of_them() -> None:
    case = Neighbours.of([("a", "stomach", STOMACH), ("b", "stomach", block((0, 0, 0), (1, 1, 1)))], COARSE)
    region = np.zeros((12, 12, 12), bool)
    region[6:10, 2:8, 2:8] = True
    cover = case.covering(region, (1, 1, 1), (0, 0, 0), of="liver")["stomach"]
    assert (cover.share, cover.any_share, cover.by_set) == (0.0, 1.0, {"a": 1.0, "b": 0.0})


@settings(deadline=None)
@given(st.tuples(*[st.integers(0, 5)] * 3), st.tuples(*[st.integers(1, 3)] * 3))
def test_that_cells_of_another_sampling_find_their_place(
    origin: tuple[int, int, int], steps: tuple[int, int, int]
) -> None:
    mask = block((6, 4, 8), (20, 22, 18), FINE)
    case = Neighbours.of([("a", "organ", mask)], FINE)
    shape = [(24 - o) // n for o, n in zip(origin, steps, strict=True)]
    found = case.claimed(np.ones(shape, bool), steps, origin, of="other")
    index = np.indices(shape).reshape(3, -1).T * np.array(steps) + np.array(origin)
    inside = ((index >= (7, 5, 9)) & (index < (19, 21, 17))).all(axis=1).reshape(shape)
    outside = ((index < (5, 3, 7)) | (index > (21, 23, 19))).any(axis=1).reshape(shape)
    assert found[inside].all()
    assert not found[outside].any()


@settings(deadline=None)
@given(BITS, BITS, st.tuples(*[st.integers(0, 5)] * 3))
def test_that_overlaps_are_those_of_the_whole_arrays(
    one: np.ndarray, two: np.ndarray, shift: tuple[int, int, int]
) -> None:
    geometry = Geometry((16, 11, 10), np.diag([2.0, 2.0, 2.0, 1.0]))
    full = [np.zeros(geometry.shape, bool), np.zeros(geometry.shape, bool)]
    full[0][:11, :6, :5] = one
    full[1][tuple(slice(s, s + n) for s, n in zip(shift, two.shape, strict=True))] = two
    a, b = (Mask.from_array(array, geometry) for array in full)
    case = Neighbours.of([("set", "other", b)], geometry)
    wanted = np.count_nonzero(full[0] & full[1])
    found = case.overlap(a, of="own", label_set="set")
    assert found.get("other", 0.0) == pytest.approx(wanted * 0.008)
    cover = case.covering(full[0], (1, 1, 1), (0, 0, 0), of="own").get("other")
    assert (0.0 if cover is None else cover.share) == pytest.approx(wanted / max(int(one.sum()), 1))


def test_that_nothing_has_no_neighbours() -> None:
    empty = Mask.from_array(np.zeros(COARSE.shape, bool), COARSE)
    case = Neighbours.of([("a", "stomach", STOMACH), ("a", "empty", empty)], COARSE)
    assert case.overlap(empty, of="liver", label_set="a") == {}
    assert case.touching(empty, of="liver", label_set="a") == {}
    assert case.covering(np.zeros((4, 4, 4), bool), (1, 1, 1), (0, 0, 0), of="liver") == {}


def test_that_many_masks_take_little_memory() -> None:
    geometry = Geometry((256, 256, 200), np.diag([1.5, 1.5, 1.5, 1.0]))
    whole = block((20, 20, 0), (240, 240, 200), geometry)
    case = Neighbours.of([(f"set {n}", "body", whole) for n in range(4)], geometry)
    assert case.nbytes <= 4 * (220 * 220 * 200 / 8 * 1.05)
