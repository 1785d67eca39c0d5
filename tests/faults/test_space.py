"""Distances, random fields and selections on a mask's neighbourhood."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.geometry import Geometry, Mask
from labelcritic_gui.faults.space import Patch, first_of, near, patch_of, principal_axes, united


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(1.0, 1.0, 1.0), (0.7, 0.7, 5.0), (3.0, 2.0, 1.5)]), st.floats(1, 9))
def test_windowed_distances_are_the_exact_ones_up_to_their_limit(seed: int, spacing: tuple, limit: float) -> None:
    from scipy import ndimage

    inside = np.asfortranarray(np.random.default_rng(seed).random((14, 11, 9)) < 0.02)
    inside[3, 4, 5] = True
    exact = np.minimum(ndimage.distance_transform_edt(~inside, sampling=spacing), limit)
    assert near(inside, spacing, limit=limit) == pytest.approx(exact, abs=1e-4)


def test_a_distance_from_nothing_is_the_limit() -> None:
    for limit in (2.0, 50.0):
        assert (near(np.zeros((5, 5, 5), dtype=bool, order="F"), (1.0, 1.0, 1.0), limit=limit) == limit).all()


def test_ripples_have_mean_nought_and_deviation_one_and_are_smooth() -> None:
    patch = Patch(np.zeros((120, 110, 100), dtype=bool, order="F"), (0, 0, 0), Geometry((120, 110, 100), np.eye(4)))
    field = patch.ripples(np.random.default_rng(3), wave=8.0)
    assert field.flags.f_contiguous
    assert abs(field.mean()) < 0.1
    assert field.std() == pytest.approx(1.0, abs=0.1)
    assert np.diff(field, axis=0).std() < 0.2, "an eighth of a bump from voxel to voxel"


def test_the_first_in_an_order_are_as_many_as_asked_for() -> None:
    rng = np.random.default_rng(0)
    inside = np.asfortranarray(rng.random((9, 8, 7)) < 0.5)
    order = np.asfortranarray(rng.random((9, 8, 7)).astype(np.float32))
    chosen = first_of(inside, order, 20)
    assert np.count_nonzero(chosen) == 20
    assert (chosen <= inside).all()
    assert order[chosen].max() <= order[inside & ~chosen].min()
    assert not first_of(inside, order, 0).any()


def test_the_union_holds_both_and_nothing_else() -> None:
    grid = Geometry((20, 20, 20), np.eye(4))
    masks = [Mask.from_array(np.ones((2, 3, 4), dtype=bool), grid, offset=(x, x, x)) for x in (1, 9, 10)]
    both = united(*masks)
    full = np.any([m.full() for m in masks], axis=0)
    assert np.array_equal(both.full(), full)


def test_the_longest_axis_comes_first_in_mm() -> None:
    grid = Geometry((40, 40, 40), np.diag([1.0, 1.0, 5.0, 1.0]))
    patch = patch_of(Mask.from_array(np.ones((12, 6, 8), dtype=bool), grid), margin_mm=0.0)
    axes = principal_axes(patch)
    assert np.abs(axes[0] @ [0, 0, 1]) > 0.99, "8 slices of 5 mm are longer than 12 voxels of 1 mm"
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-6)
