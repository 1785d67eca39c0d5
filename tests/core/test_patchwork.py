"""Patchworks: laws of regions and of recipes, against a slow and plain account of the same."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.geometry import Geometry, Mask, content_hash
from labelcritic_gui.core.patchwork.partition import Partition
from labelcritic_gui.core.patchwork.patch import Patch, apply
from labelcritic_gui.core.patchwork.recipe import (
    Base,
    Drop,
    DropIslands,
    FillHoles,
    KeepLargest,
    Recipe,
    Start,
    Step,
    Take,
    choices_of,
    recipe_from_json,
)

ITEM = ItemId(CaseId("case_1"), "liver")
GRID = Geometry((9, 8, 7), np.diag([2.0, 2.0, 3.0, 1.0]))


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """Load what the first example would have to wait for."""
    import scipy.ndimage
    import scipy.sparse.csgraph  # noqa: F401


@st.composite
def candidates(draw: st.DrawFn, least: int = 1, most: int = 4) -> list[Mask]:
    """A few masks on one grid, each as its box; also empty ones."""
    count = draw(st.integers(least, most))
    return [Mask.from_array(draw(hnp.arrays(np.bool_, GRID.shape)), GRID) for _ in range(count)]


def bases(masks: list[Mask]) -> tuple[Base, ...]:
    return tuple(Base(CandidateId(*ITEM, f"set_{n}"), content_hash(mask)) for n, mask in enumerate(masks))


def made(masks: list[Mask], *steps: Step) -> np.ndarray:
    return apply(Recipe(bases(masks), steps), masks).full()


@st.composite
def recipes(draw: st.DrawFn) -> tuple[list[Mask], tuple[Step, ...]]:
    """Masks, and steps that can be done with them."""
    masks = draw(candidates())
    found = Partition(masks)
    starts = st.one_of(st.integers(1, len(masks)), st.sampled_from(["intersection", "union"])).map(Start)
    kinds = [starts, st.integers(1, 20).map(DropIslands), st.just(FillHoles()), st.just(KeepLargest())]
    if len(found):
        names = st.integers(0, len(found) - 1).map(found.name_of)
        kinds += [st.builds(Take, names, st.integers(1, len(masks))), names.map(Drop)] * 2
    return masks, (draw(starts), *draw(st.lists(st.one_of(kinds), max_size=8)))


def plainly(masks: list[Mask], steps: tuple[Step, ...]) -> np.ndarray:
    """Do the steps voxel by voxel, as one would explain them."""
    from scipy import ndimage

    full = [mask.full() for mask in masks]
    codes = sum(m.astype(int) << n for n, m in enumerate(full))
    out = np.zeros(GRID.shape, bool)
    ones = np.ones((3, 3, 3))
    for step in steps:
        if isinstance(step, Start):
            rule = {"intersection": np.logical_and, "union": np.logical_or}.get(str(step.source))
            out = full[step.source - 1].copy() if rule is None else rule.reduce(full)
        elif isinstance(step, Take | Drop):
            parts, _ = ndimage.label(codes == codes[step.region], structure=ones)
            here = parts == parts[step.region]
            out[here] = full[step.source - 1][here] if isinstance(step, Take) else False
        elif isinstance(step, FillHoles):
            around, _ = ndimage.label(np.pad(~out, 1, constant_values=True))
            out = (around != around[0, 0, 0])[1:-1, 1:-1, 1:-1]
        else:
            parts, count = ndimage.label(out.transpose(2, 1, 0), structure=ones)  # numbered by the first voxel
            sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
            largest = int(np.argmax(sizes)) if count else -1
            below = step.below if isinstance(step, DropIslands) else sizes.max(initial=0) + 1
            kept = [n + 1 for n in range(count) if n == largest or sizes[n] >= below]
            out = np.isin(parts, kept).transpose(2, 1, 0)
    return out


@settings(deadline=None)
@given(recipes())
def test_that_a_recipe_makes_what_its_steps_say(known: tuple[list[Mask], tuple[Step, ...]]) -> None:
    masks, steps = known
    assert np.array_equal(made(masks, *steps), plainly(masks, steps))


@settings(deadline=None)
@given(candidates(), st.data())
def test_that_every_region_taken_from_one_candidate_gives_that_candidate(
    masks: list[Mask], data: st.DataObject
) -> None:
    found = Partition(masks)
    source = data.draw(st.integers(1, len(masks)))
    start = data.draw(st.one_of(st.sampled_from(["intersection", "union"]), st.integers(1, len(masks))))
    steps = [Take(found.name_of(n), source) for n in range(len(found))]
    result = apply(Recipe(bases(masks), (Start(start), *steps)), masks)
    assert content_hash(result) == content_hash(masks[source - 1])


@settings(deadline=None)
@given(candidates(least=2), st.data())
def test_that_the_order_of_choices_about_different_regions_does_not_matter(
    masks: list[Mask], data: st.DataObject
) -> None:
    found = Partition(masks)
    sources = data.draw(st.lists(st.integers(0, len(masks)), min_size=len(found), max_size=len(found)))
    steps: list[Step] = [
        Take(found.name_of(n), source) if source else Drop(found.name_of(n)) for n, source in enumerate(sources)
    ]
    other = data.draw(st.permutations(steps))
    assert np.array_equal(made(masks, Start(1), *steps), made(masks, Start(1), *other))
    assert choices_of((Start(1), *steps)) == choices_of((Start(1), *other))


@settings(deadline=None)
@given(recipes(), st.data())
def test_that_going_back_and_forth_shows_what_the_steps_alone_would(
    known: tuple[list[Mask], tuple[Step, ...]], data: st.DataObject
) -> None:
    masks, steps = known
    patch = Patch(Partition(masks))
    for _ in range(4):
        some = steps[: data.draw(st.integers(1, len(steps)))]
        patch.show(some)
        assert patch.steps == some
        assert np.array_equal(patch.mask().full(), plainly(masks, some))
        assert patch.count == np.count_nonzero(patch.voxels)


@settings(deadline=None)
@given(recipes())
def test_that_the_parts_shown_are_the_parts_there_are(known: tuple[list[Mask], tuple[Step, ...]]) -> None:
    from scipy import ndimage

    masks, steps = known
    patch = Patch(Partition(masks))
    patch.show(steps)
    assert patch.parts() == ndimage.label(patch.voxels, structure=np.ones((3, 3, 3)))[1]


@settings(deadline=None)
@given(recipes())
def test_that_a_recipe_survives_its_file_and_makes_the_same(known: tuple[list[Mask], tuple[Step, ...]]) -> None:
    masks, steps = known
    recipe = Recipe(bases(masks), steps)
    back = recipe_from_json(ITEM, json.loads(json.dumps(recipe.to_json())))
    assert back == recipe
    assert content_hash(apply(back, masks)) == content_hash(apply(recipe, masks)) == content_hash(apply(recipe, masks))


@settings(deadline=None)
@given(recipes())
def test_that_steps_before_the_last_start_make_no_difference(known: tuple[list[Mask], tuple[Step, ...]]) -> None:
    masks, steps = known
    assert np.array_equal(made(masks, *steps), made(masks, *Recipe(bases(masks), steps).in_force))


@settings(deadline=None)
@given(recipes(), st.data())
def test_that_neither_boxes_nor_the_order_of_candidates_change_a_region(
    known: tuple[list[Mask], tuple[Step, ...]], data: st.DataObject
) -> None:
    masks, _ = known
    order = data.draw(st.permutations(range(len(masks))))
    one, other = Partition(masks), Partition([masks[n] for n in order])
    assert [one.name_of(n) for n in range(len(one))] == [other.name_of(n) for n in range(len(other))]
    assert one.sizes.tolist() == other.sizes.tolist()
    for n in range(len(one)):
        assert one.alone(n).full().tolist() == other.alone(n).full().tolist()


@settings(deadline=None)
@given(candidates())
def test_that_regions_share_out_all_that_is_claimed(masks: list[Mask]) -> None:
    found = Partition(masks)
    full = [mask.full() for mask in masks]
    seen = np.zeros(GRID.shape, int)
    for n in range(len(found)):
        region, here = found.region(n), found.alone(n).full()
        seen += here
        assert all(np.all(mask[here] == (k + 1 in region.claimants)) for k, mask in enumerate(full))
        assert region.voxels == here.sum()
        assert region.common == (len(region.claimants) == len(masks))
        index = GRID.to_index(np.array(region.place))
        assert here[tuple(np.rint(index).astype(int))]
        assert found.number_of(region.name) == n
        corners = GRID.to_index(np.array([region.low, region.high]))
        at = np.argwhere(here)
        assert np.allclose(corners, [at.min(axis=0) - 0.5, at.max(axis=0) + 0.5])
    assert np.array_equal(seen == 1, np.logical_or.reduce(full))
    assert seen.max() <= 1
    for index in itertools.product(*(range(-1, n + 1) for n in (3, 3, 3))):
        number = found.number_at(index)
        inside = min(index) >= 0 and any(mask[index] for mask in full)
        assert (number is not None) == inside
        assert number is None or found.alone(number).full()[index]


def cube(low: tuple[int, int, int], high: tuple[int, int, int]) -> np.ndarray:
    out = np.zeros(GRID.shape, bool)
    out[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return out


def test_that_left_and_right_are_pieced_together() -> None:
    body = cube((2, 2, 2), (6, 6, 5))
    left, right = body | cube((6, 2, 2), (8, 4, 4)), body | cube((0, 4, 2), (2, 6, 4))
    masks = [Mask.from_array(m, GRID) for m in (left, right)]
    found = Partition(masks)
    assert [found.region(n).claimants for n in range(3)] == [(1, 2), (1,), (2,)]
    both = made(masks, Start(1), Take(found.name_of(2), 2))
    assert np.array_equal(both, left | right)
    assert np.array_equal(made(masks, Start("union"), Drop(found.name_of(1)), Drop(found.name_of(2))), body)


def test_that_the_largest_island_is_never_dropped() -> None:
    masks = [Mask.from_array(cube((0, 0, 0), (2, 2, 2)) | cube((5, 5, 5), (6, 6, 6)), GRID)]
    assert made(masks, Start(1), DropIslands(100)).sum() == 8
    assert made(masks, Start(1), FillHoles(), DropIslands(1)).sum() == 9


def test_that_of_equal_parts_the_one_with_the_first_voxel_is_kept() -> None:
    hollow = cube((0, 0, 0), (3, 3, 3)) ^ cube((1, 1, 1), (2, 2, 2))
    masks = [Mask.from_array(cube((6, 5, 0), (7, 7, 1)) | cube((4, 2, 5), (5, 4, 6)), GRID)]
    assert np.array_equal(made(masks, Start(1), KeepLargest()), cube((6, 5, 0), (7, 7, 1)))
    holes = [Mask.from_array(hollow | cube((5, 5, 2), (8, 8, 5)), GRID)]
    assert np.array_equal(made(holes, Start(1), FillHoles(), KeepLargest()), cube((0, 0, 0), (3, 3, 3)))


def test_that_masks_of_nothing_make_nothing() -> None:
    nothing = [Mask.from_array(np.zeros(GRID.shape, bool), GRID)] * 2
    assert not made(nothing, Start("union"), FillHoles(), KeepLargest(), DropIslands(3)).any()
    assert len(Partition(nothing)) == 0


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((), "begins with"),
        ((FillHoles(),), "begins with"),
        ((Start(3),), "no candidate 3"),
        ((Start(1), Take((0, 0, 0), 0)), "no candidate 0"),
        ((Start(1), DropIslands(0)), "smaller than 0"),
    ],
)
def test_that_a_recipe_that_cannot_be_is_refused(steps: tuple[Step, ...], words: str) -> None:
    masks = [Mask.from_array(cube((0, 0, 0), (2, 2, 2)), GRID)] * 2
    with pytest.raises(ReviewError, match=words):
        Recipe(bases(masks), steps)


def test_that_a_region_of_other_masks_is_refused() -> None:
    masks = [Mask.from_array(cube((1, 1, 1), (3, 3, 3)), GRID)]
    for name in ((2, 1, 1), (8, 7, 6), (40, 0, 0)):
        with pytest.raises(ReviewError, match="No region of these masks"):
            made(masks, Start(1), Drop(name))


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"schema": 1, "bases": [], "steps": []},
        {"schema": 1, "bases": [{"label_set": "a", "version": 1, "content_hash": ""}], "steps": [{"do": "melt"}]},
        {"schema": 1, "bases": [{"label_set": "a", "version": 1, "content_hash": ""}], "steps": [{"do": "take"}]},
        {"schema": 2, "bases": [], "steps": []},
    ],
)
def test_that_a_damaged_recipe_is_said_to_be_so(stored: dict[str, object]) -> None:
    with pytest.raises(ReviewError):
        recipe_from_json(ITEM, stored)
