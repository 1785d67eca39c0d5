"""A mask made larger and smaller, both equally wrong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.audit_masks import LEAST_VOXELS, RATIO, larger_and_smaller
from labelcritic_gui.core.geometry import Geometry, Mask
from labelcritic_gui.core.metrics import components, dice
from tests.making import SHAPE, ball, grid


def ellipsoid(radii: tuple[float, float, float], spacing: tuple[float, float, float] = (1.0, 1.0, 2.5)) -> Mask:
    x, y, z = np.ogrid[:48, :48, :32]
    inside = ((x - 24) / radii[0]) ** 2 + ((y - 24) / radii[1]) ** 2 + ((z - 16) / radii[2]) ** 2 <= 1
    return Mask.from_array(inside, Geometry((48, 48, 32), np.diag([*spacing, 1.0])))


def both(mask: Mask) -> tuple[Mask, Mask]:
    made = larger_and_smaller(mask)
    assert made is not None
    return made


@settings(max_examples=20, deadline=None)
@given(st.tuples(st.floats(4, 14), st.floats(4, 14), st.floats(3, 8)))
def test_that_both_have_the_same_dice_to_the_mask(radii: tuple[float, float, float]) -> None:
    mask = ellipsoid(radii)
    larger, smaller = both(mask)
    allowed = 1.0 / mask.count  # one voxel
    assert dice(mask, larger) == pytest.approx(2 / (1 + RATIO), abs=allowed)
    assert dice(mask, smaller) == pytest.approx(2 / (1 + RATIO), abs=allowed)
    assert not (mask.full() & ~larger.full()).any()
    assert not (smaller.full() & ~mask.full()).any()


def test_that_they_grow_and_shrink_in_millimetres_not_voxels() -> None:
    larger, smaller = both(ellipsoid((12, 12, 4.8)))  # a ball of 12 mm
    for made, radius in ((larger, 12 * RATIO ** (1 / 3)), (smaller, 12 / RATIO ** (1 / 3))):
        extents = [n * s / 2 for n, s in zip(made.voxels.shape, (1.0, 1.0, 2.5), strict=True)]
        assert extents == pytest.approx([radius] * 3, abs=2.0)
        assert components(made.voxels)[1].size == 1


def test_that_the_images_edge_is_no_boundary() -> None:
    larger, smaller = both(Mask.from_array(ball((24, 20, 0), 8), grid()))
    depth = {made: made.full()[24, 20, :].sum() for made in (larger, smaller)}
    assert smaller.box[2].start == larger.box[2].start == 0
    assert depth[smaller] < 9 < depth[larger]
    assert smaller.full()[:, :, 0].sum() < ball((24, 20, 0), 8)[:, :, 0].sum() < larger.full()[:, :, 0].sum()


def test_that_a_speck_and_a_mask_that_fills_the_image_are_left_alone() -> None:
    speck = np.zeros(SHAPE, dtype=np.bool_)
    speck[:2, :3, :4] = True
    assert np.count_nonzero(speck) < LEAST_VOXELS
    assert larger_and_smaller(Mask.from_array(speck, grid())) is None
    assert larger_and_smaller(Mask.from_array(np.ones(SHAPE, dtype=np.bool_), grid())) is None
    assert larger_and_smaller(Mask.from_array(np.zeros(SHAPE, dtype=np.bool_), grid())) is None


def test_that_the_same_mask_gives_the_same_two() -> None:
    mask = Mask.from_array(ball((24, 20, 22), 5), grid())
    one, other = both(mask), both(mask)
    assert all((a.full() == b.full()).all() for a, b in zip(one, other, strict=True))
