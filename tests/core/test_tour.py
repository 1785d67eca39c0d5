"""The tour misses no voxel that differs, counts none twice, and goes to what is biggest first."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.geometry import Geometry, Mask, Volume
from labelcritic_gui.core.measures.regions import claimed_parts
from labelcritic_gui.core.measures.runs import parts_of
from labelcritic_gui.core.tour import Tour, find_tour, stop_at

SHAPE = (64, 56, 48)


def grid(spacing: tuple[float, float, float] = (1.5, 1.5, 2.0)) -> Geometry:
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = (-40.0, -30.0, 100.0)
    return Geometry(SHAPE, affine)


def ball(middle: tuple[float, float, float], radius: float) -> np.ndarray:
    x, y, z = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    found: np.ndarray = (x - middle[0]) ** 2 + (y - middle[1]) ** 2 + (z - middle[2]) ** 2 <= radius**2
    return found


def flat_volume(geometry: Geometry, hu: int = 40) -> Volume:
    return Volume(np.full(geometry.shape, hu, np.int16, order="F"), geometry)


def tour_of(first: np.ndarray, second: np.ndarray, geometry: Geometry | None = None, **options: int) -> Tour:
    geometry = geometry or grid()
    masks = Mask.from_array(first, geometry), Mask.from_array(second, geometry)
    return find_tour(*masks, flat_volume(geometry), **options)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Two masks: a ball and the same one moved, with lumps and holes of any size, and specks."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    shift = draw(st.tuples(*[st.integers(-2, 2)] * 3))
    masks = [ball((30, 28, 24), 14), ball((30 + shift[0], 28 + shift[1], 24 + shift[2]), 14)]
    for _ in range(draw(st.integers(0, 4))):
        lump = ball(tuple(rng.uniform(8, 44, 3)), float(rng.uniform(0.5, 8)))
        which = int(rng.integers(2))
        masks[which] = masks[which] & ~lump if rng.random() < 0.4 else masks[which] | lump
    if draw(st.booleans()):
        masks[0] = masks[0] | (rng.random(SHAPE) < 0.002)
    return masks[0], masks[1]


@settings(max_examples=60, deadline=None)
@given(pairs(), st.sampled_from([(1.5, 1.5, 2.0), (0.8, 0.8, 5.0), (0.7, 0.7, 0.7)]))
def test_that_the_stops_are_exactly_what_differs(
    pair: tuple[np.ndarray, np.ndarray], spacing: tuple[float, float, float]
) -> None:
    first, second = pair
    found = tour_of(first, second, grid(spacing))
    seen = np.zeros(SHAPE, np.uint8)
    for stop in found.stops:
        seen += stop.mask.full()
        side = first & ~second if stop.claimant == "first" else second & ~first
        assert not (stop.mask.full() & ~side).any()
        assert stop.volume_ml == pytest.approx(stop.mask.volume_ml)
        assert stop.hu_mean == 40
    np.testing.assert_array_equal(seen, first ^ second)
    ml = grid(spacing).voxel_ml
    assert found.only_first_ml == pytest.approx(np.count_nonzero(first & ~second) * ml)
    assert found.only_second_ml == pytest.approx(np.count_nonzero(second & ~first) * ml)
    assert found.both_ml == pytest.approx(np.count_nonzero(first & second) * ml)


@settings(max_examples=40, deadline=None)
@given(pairs())
def test_that_regions_are_connected_biggest_first_and_rims_come_last(pair: tuple[np.ndarray, np.ndarray]) -> None:
    stops = tour_of(*pair).stops
    rims = [stop.rim for stop in stops]
    assert rims == sorted(rims)
    assert sum(rims) <= 2
    regions = [stop for stop in stops if not stop.rim]
    assert [s.volume_ml for s in regions] == sorted((s.volume_ml for s in regions), reverse=True)
    for stop in regions:
        assert parts_of(stop.mask.voxels).sizes.size == 1
        assert stop.volume_ml >= 0.1


@settings(max_examples=40, deadline=None)
@given(pairs())
def test_that_every_place_lies_in_its_own_stop_and_box(pair: tuple[np.ndarray, np.ndarray]) -> None:
    stops = tour_of(*pair).stops
    for number, stop in enumerate(stops):
        assert stop_at(stops, stop.place) == number
        assert all(a <= p <= b for a, p, b in zip(stop.low, stop.place, stop.high, strict=True))


@settings(max_examples=30, deadline=None)
@given(pairs())
def test_that_the_tour_does_not_depend_on_which_mask_is_named_first(pair: tuple[np.ndarray, np.ndarray]) -> None:
    one, other = tour_of(*pair).swapped(), tour_of(*pair[::-1])
    assert [(s.claimant, s.rim, s.place, s.low, s.high) for s in one.stops if not s.rim] == [
        (s.claimant, s.rim, s.place, s.low, s.high) for s in other.stops if not s.rim
    ]
    assert one.only_first_ml == pytest.approx(other.only_first_ml)
    assert len(one.stops) == len(other.stops)


def test_that_masks_that_are_the_same_make_no_stop() -> None:
    same = ball((30, 28, 24), 12)
    assert tour_of(same, same) == Tour((), 0.0, 0.0, pytest.approx(np.count_nonzero(same) * grid().voxel_ml))
    nothing = np.zeros(SHAPE, np.bool_)
    assert tour_of(nothing, nothing) == Tour()


def test_that_a_mask_against_none_is_one_region() -> None:
    (stop,) = tour_of(np.zeros(SHAPE, np.bool_), ball((30, 28, 24), 12)).stops
    assert (stop.claimant, stop.rim) == ("second", False)
    assert stop.place == pytest.approx(tuple(grid().to_world(np.array((30, 28, 24)))))


def test_that_a_boundary_drawn_elsewhere_is_one_stop_of_its_side() -> None:
    (stop,) = tour_of(ball((30, 28, 24), 13), ball((30, 28, 24), 12)).stops
    assert (stop.claimant, stop.rim) == ("first", True)
    assert stop.high[0] - stop.low[0] <= 2 * 25.0 + 2 * 1.5


def test_that_a_leak_an_island_and_a_hole_are_found_biggest_first() -> None:
    body = ball((30, 28, 24), 12)
    first = body | ball((44, 28, 24), 7)  # leaks to the right
    second = (body & ~ball((26, 28, 24), 4)) | ball((10, 10, 10), 3)  # a hole, and an island
    stops = [s for s in tour_of(first, second).stops if not s.rim]
    assert [s.claimant for s in stops] == ["first", "first", "second"]
    world = [grid().to_world(np.array(p)) for p in ((48, 28, 24), (26, 28, 24), (10, 10, 10))]
    assert [stop_at(stops, tuple(p)) for p in world] == [0, 1, 2]
    assert stop_at(stops, tuple(grid().to_world(np.array((5, 50, 40))))) is None


def test_that_regions_and_their_sizes_are_those_that_the_critic_tells_of() -> None:
    rng = np.random.default_rng(5)
    body = ball((30, 28, 24), 13)
    first = body | ball((46, 28, 24), 7)
    second = ball((31, 28, 24), 13) | ball((10, 12, 12), 4)
    volume = Volume(np.asfortranarray(rng.normal(40, 10, SHAPE).astype(np.int16)), grid())
    masks = Mask.from_array(first, grid()), Mask.from_array(second, grid())
    told = sorted((r for r, _ in claimed_parts(*masks, volume) if not r.rim), key=lambda r: -r.volume_ml)
    found = find_tour(*masks, volume).stops
    assert len(told) == sum(not s.rim for s in found) == 2
    for region in told:
        number = stop_at(found, region.place)
        assert number is not None
        assert found[number].claimant == region.claimant
        assert found[number].volume_ml == pytest.approx(region.volume_ml, rel=0.15)


def test_that_what_is_beyond_the_longest_tour_joins_the_rest() -> None:
    first = np.zeros(SHAPE, np.bool_)
    for x in range(6, 60, 12):
        for y in range(6, 50, 12):
            first |= ball((x, y, 24), 3 + 0.1 * x)
    nothing = ball((30, 28, 44), 1)
    whole = tour_of(first, nothing)
    short = tour_of(first, nothing, most=4)
    assert sum(not s.rim for s in short.stops) == 4
    assert sum(s.volume_ml for s in short.stops) == pytest.approx(sum(s.volume_ml for s in whole.stops))
    assert short.stops[-1].rim or short.stops[-2].rim
