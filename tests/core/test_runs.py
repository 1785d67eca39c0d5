"""Parts and cavities by runs are those that numbering every voxel finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from labelcritic_gui.core.measures.runs import cavities_of, parts_of

BITS = st.tuples(*[st.integers(1, 7)] * 3).flatmap(lambda shape: hnp.arrays(np.bool_, shape))


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """Load what the first example would have to wait for."""
    import scipy.ndimage
    import scipy.sparse.csgraph  # noqa: F401


def numbered(voxels: np.ndarray, *, corners: bool) -> list[set[tuple[int, ...]]]:
    from scipy import ndimage

    numbers, count = ndimage.label(voxels, structure=ndimage.generate_binary_structure(3, 3 if corners else 1))
    return [{tuple(p) for p in np.argwhere(numbers == n + 1).tolist()} for n in range(count)]


@settings(deadline=None)
@given(BITS)
def test_that_parts_are_those_of_numbering_every_voxel(bits: np.ndarray) -> None:
    wanted, found = numbered(bits, corners=True), parts_of(bits)
    own = [{tuple(p) for p in found.points(n).tolist()} for n in range(len(found.sizes))]
    assert sorted(map(sorted, own)) == sorted(map(sorted, wanted))
    assert found.sizes.tolist() == sorted((len(part) for part in wanted), reverse=True)
    assert all(found.middle_of(n) in own[n] for n in range(len(own)))
    for n, points in enumerate(own):
        assert {tuple(p) for p in np.argwhere(found.alone(n, bits.shape)).tolist()} == points


@settings(deadline=None)
@given(BITS)
def test_that_cavities_are_the_background_that_reaches_no_outside(bits: np.ndarray) -> None:
    around = np.pad(~bits, 1, constant_values=True)
    parts = numbered(around, corners=False)
    wanted = [{(x - 1, y - 1, z - 1) for x, y, z in part} for part in parts if (0, 0, 0) not in part]
    found = cavities_of(bits)
    own = [{tuple(p) for p in found.points(n).tolist()} for n in range(len(found.sizes))]
    assert sorted(map(sorted, own)) == sorted(map(sorted, wanted))


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_that_the_array_may_lie_in_memory_as_it_likes(turn: int) -> None:
    bits = np.random.default_rng(1).random((9, 8, 7)) > 0.7
    turned = np.moveaxis(np.ascontiguousarray(np.moveaxis(bits, turn, 0)), 0, turn)
    assert parts_of(turned).sizes.tolist() == parts_of(bits).sizes.tolist()
    assert cavities_of(turned[::-1]).sizes.tolist() == cavities_of(bits).sizes.tolist()


def test_that_nothing_has_no_parts_and_a_full_box_no_cavity() -> None:
    assert parts_of(np.zeros((3, 4, 5), bool)).sizes.size == 0
    assert cavities_of(np.ones((3, 4, 5), bool)).sizes.size == 0
    assert parts_of(np.ones((3, 4, 5), bool)).sizes.tolist() == [60]


def test_that_a_cavity_is_enclosed_and_a_tunnel_is_not() -> None:
    full = np.ones((7, 7, 7), bool)
    full[3, 3, 3] = False
    found = cavities_of(full)
    assert found.sizes.tolist() == [1]
    assert found.middle_of(0) == (3, 3, 3)
    full[3, 3, :] = False
    assert cavities_of(full).sizes.size == 0


@settings(deadline=None)
@given(BITS)
def test_that_the_crop_does_not_matter_to_cavities(bits: np.ndarray) -> None:
    assert cavities_of(bits).sizes.tolist() == cavities_of(np.pad(bits, 2)).sizes.tolist()
