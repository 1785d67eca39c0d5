"""The part of a projection that a small picture shows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.imaging.thumbnail import LEAST_MARGIN, LEAST_SIDE, crop, structure_crop


@st.composite
def scenes(draw):
    rows, columns = draw(st.integers(1, 200)), draw(st.integers(1, 200))
    made = []
    for _ in range(draw(st.integers(1, 4))):
        silhouette = np.zeros((rows, columns), dtype=bool)
        for _ in range(draw(st.integers(0, 3))):
            silhouette[draw(st.integers(0, rows - 1)), draw(st.integers(0, columns - 1))] = True
        made.append(silhouette)
    return made


@settings(max_examples=200, deadline=None)
@given(scenes())
def test_that_a_crop_holds_every_pixel_of_every_candidate_and_lies_inside(silhouettes) -> None:
    shape = silhouettes[0].shape
    rows, columns = structure_crop(silhouettes, shape)
    assert 0 <= rows.start < rows.stop <= shape[0]
    assert 0 <= columns.start < columns.stop <= shape[1]
    for silhouette in silhouettes:
        assert silhouette[rows, columns].sum() == silhouette.sum()


@settings(max_examples=200, deadline=None)
@given(scenes())
def test_that_a_crop_is_square_unless_the_picture_ends(silhouettes) -> None:
    shape = silhouettes[0].shape
    rows, columns = structure_crop(silhouettes, shape)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if any(s.any() for s in silhouettes):
        assert height == width or height == shape[0] or width == shape[1]
    else:
        assert (height, width) == shape


def test_that_a_structure_has_anatomy_around_it_on_all_sides() -> None:
    silhouette = np.zeros((400, 300), dtype=bool)
    silhouette[100:200, 100:140] = True
    rows, columns = structure_crop([silhouette], silhouette.shape)
    assert (rows.start, rows.stop) == (80, 220)
    assert columns.stop - columns.start == 140
    assert 100 - columns.start == columns.stop - 140


def test_that_a_tiny_structure_is_not_blown_up_beyond_recognition() -> None:
    silhouette = np.zeros((400, 300), dtype=bool)
    silhouette[200, 150] = True
    rows, columns = structure_crop([silhouette], silhouette.shape)
    assert rows.stop - rows.start == columns.stop - columns.start == LEAST_SIDE
    assert 200 - rows.start >= LEAST_MARGIN


def test_that_sizes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="does not lie on"):
        structure_crop([np.zeros((3, 3), dtype=bool)], (4, 3))


def test_that_a_small_picture_does_not_hold_the_large_one() -> None:
    large = np.zeros((400, 300), dtype=np.uint8)
    small = crop(large, (slice(0, 10), slice(0, 20)))
    assert small.base is None
    assert small.shape == (10, 20)
