"""Stripes and halves: what the overlay of differences and the swipe draw with."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.imaging.composition import Layer, Placement, composed

COLOUR = (200, 100, 50)
BGRA = (50, 100, 200, 255)


def drawn(layer: Layer, *, top: float = 0.0, left: float = 0.0, scale: float = 4.0) -> np.ndarray:
    """Where a layer is seen on a black canvas of 120 x 160."""
    canvas = composed(np.zeros((120, 160), dtype=np.uint8), [layer], Placement(scale, scale, top, left))
    found: np.ndarray = (canvas == np.array(BGRA, dtype=np.uint8)).all(axis=2)
    return found


def block(rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros((30, 40), dtype=np.bool_)
    mask[rows, columns] = True
    return mask


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.integers(0, 20), st.integers(0, 20))
def test_that_stripes_are_half_of_what_is_inside_and_hold_still(width: int, row: int, column: int) -> None:
    whole = drawn(Layer(block(slice(None), slice(None)), COLOUR, fill=1.0, hatch=width))
    part = block(slice(row, row + 10), slice(column, column + 20))
    plain, striped = drawn(Layer(part, COLOUR, fill=1.0)), drawn(Layer(part, COLOUR, fill=1.0, hatch=width))
    np.testing.assert_array_equal(striped, plain & whole)
    assert 0.35 < striped.sum() / plain.sum() < 0.65


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.0, -37.0, 23.0]))
def test_that_two_halves_make_the_whole_and_share_no_pixel(divider: float, end: float, left: float) -> None:
    mask = block(slice(3, 27), slice(2, 39))
    whole = drawn(Layer(mask, COLOUR, fill=1.0), left=left)
    one = drawn(Layer(mask, COLOUR, fill=1.0, between=(0.0, divider)), left=left)
    other = drawn(Layer(mask, COLOUR, fill=1.0, between=(divider, 1.0)), left=left)
    np.testing.assert_array_equal(one | other, whole)
    assert not (one & other).any()
    middle = round(divider * 160)
    assert not one[:, middle:].any()
    assert not other[:, :middle].any()
    none = drawn(Layer(mask, COLOUR, fill=1.0, line=2.0, between=(end, end)), left=left)
    assert not none.any()
