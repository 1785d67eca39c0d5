"""Hounsfield units to grey."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labelcritic_gui.imaging.window import PRESETS, Window, to_grey


@given(
    hu=arrays(np.int16, (5, 7)),
    low=st.floats(-2000, 2000) | st.integers(-40000, 2000),
    width=st.floats(0.5, 5000) | st.integers(1, 5000),
)
def test_that_grey_rises_linearly_within_the_window_for_every_type(hu, low, width):
    window = Window("w", low, low + width)
    expected = np.clip((hu.astype(float) - window.low) / window.width, 0, 1) * 255
    for voxels in (hu, hu.astype(np.float32), hu[::-1, ::2].T):
        grey = to_grey(voxels, window)
        wanted = expected if voxels.shape == hu.shape else expected[::-1, ::2].T
        assert grey.dtype == np.uint8
        assert np.abs(grey - wanted).max() <= 0.6


def test_that_a_window_of_no_width_is_a_threshold_and_no_number_is_black():
    grey = to_grey(np.array([[-5, 10, 11]], np.int16), Window("t", 10, 10))
    assert grey.tolist() == [[0, 255, 255]]
    assert to_grey(np.array([[np.nan, 300]], np.float32), PRESETS["abdomen"]).tolist() == [[0, 255]]


def test_that_presets_are_named_by_width_and_level():
    abdomen = PRESETS["abdomen"]
    assert (abdomen.width, abdomen.level) == (400, 40)
    assert (abdomen.low, abdomen.high) == (-160, 240)
    assert (PRESETS["full"].low, PRESETS["full"].high) == (-1024, 3071)
