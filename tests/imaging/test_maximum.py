"""The brightest voxel along rays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labelcritic_gui.core.geometry import Geometry
from labelcritic_gui.imaging.frame import PictureFrame, View
from labelcritic_gui.imaging.projection import ProjectionWindow, RayMaxima, Storage

WINDOW = ProjectionWindow("all", -1000, 1000)
PERMUTED = np.array([[0, 0, 1.0, 0], [-1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1.0]])


@settings(max_examples=40, deadline=None)
@given(arrays(np.int16, (4, 5, 6), elements=st.integers(-2000, 2000)), st.sampled_from(list(View)), st.booleans())
def test_that_each_pixel_is_the_brightest_of_its_ray_however_the_file_is_stored(stored, view, permuted) -> None:
    geometry = Geometry((4, 5, 6), PERMUTED if permuted else np.eye(4))
    rays = RayMaxima(Storage.of(geometry), windows=(WINDOW,), view=view)
    for k in range(6):
        rays.add(k, stored[:, :, k : k + 1])
    canonical = geometry.canonical()
    picture = rays.pictures(PictureFrame.of(canonical, view=view))["all"]
    voxels = geometry.orientation().view(stored)
    flat = np.clip(voxels.max(axis=view.ray).astype(float), -1000, 1000)
    # growing index runs to the left and to the top
    expected = np.rint((flat.T[::-1, ::-1] + 1000) / 2000 * 255)
    assert np.abs(picture.astype(float) - expected).max() <= 1


def test_that_padding_that_is_no_number_is_black() -> None:
    rays = RayMaxima(Storage.of(Geometry((2, 2, 2), np.eye(4))), windows=(WINDOW,))
    rays.add(0, np.full((2, 2, 2), np.nan, dtype=np.float32))
    picture = rays.pictures(PictureFrame.of(Geometry((2, 2, 2), np.eye(4))))["all"]
    assert picture.max() == pytest.approx(0)
