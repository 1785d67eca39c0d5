"""Where a point of the body lies in a picture, and the letters at its edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.geometry import Geometry, Volume
from labelcritic_gui.imaging.frame import Edges, PictureFrame, View
from labelcritic_gui.imaging.projection import project

finite = st.floats(-200, 200)


@settings(max_examples=100, deadline=None)
@given(
    shape=st.tuples(*[st.integers(2, 60)] * 3),
    spacing=st.tuples(*[st.floats(0.4, 6)] * 3),
    tilt=st.floats(-0.3, 0.3),
    offset=st.tuples(finite, finite, finite),
    view=st.sampled_from(View),
    row=st.floats(0, 40),
    column=st.floats(0, 40),
)
def test_that_a_pixel_comes_back_from_the_world(shape, spacing, tilt, offset, view, row, column):
    affine = np.eye(4)
    c, s = np.cos(tilt), np.sin(tilt)
    affine[:3, :3] = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) * np.array(spacing)
    affine[:3, 3] = offset
    frame = PictureFrame.of(Geometry(shape, affine), view=view)
    for depth in (0.0, 0.3, 1.0):
        assert frame.to_picture(frame.to_world(row, column, depth=depth)) == pytest.approx((row, column), abs=1e-6)


def test_that_a_bright_voxel_is_drawn_where_the_frame_says():
    for index in ((3, 2, 4), (9, 5, 11), (0, 0, 0)):
        geometry = Geometry((10, 6, 12), np.array([[3.0, 0, 0, -9], [0, 2, 0, 4], [0, 0, 5, 30], [0, 0, 0, 1]]))
        voxels = np.full(geometry.shape, -1000, np.int16)
        voxels[index] = 1500
        picture = project(Volume(voxels, geometry))["bone"]
        x, y, z = geometry.to_world(np.array(index))
        row, column = PictureFrame.of(geometry).to_picture((x, y, z))
        weights = picture / picture.sum()
        assert (weights.sum(axis=1) @ np.arange(picture.shape[0])) == pytest.approx(row, abs=1.2)
        assert (weights.sum(axis=0) @ np.arange(picture.shape[1])) == pytest.approx(column, abs=1.2)


def test_that_world_coordinates_of_a_frontal_pixel_are_x_and_z():
    geometry = Geometry((100, 50, 80), np.eye(4))
    assert PictureFrame.of(geometry).to_world_xz(0, 0) == pytest.approx((99, 79))


@pytest.mark.parametrize(
    ("view", "edges"),
    [
        (View.FRONTAL, Edges("R", "L", "S", "I")),
        (View.LATERAL, Edges("A", "P", "S", "I")),
        (View.AXIAL, Edges("R", "L", "A", "P")),
    ],
)
@pytest.mark.parametrize("tilt", [0.0, 0.6, -0.6])
def test_that_edges_carry_the_letters_of_the_body(view, edges, tilt):
    affine = np.eye(4)
    c, s = np.cos(tilt), np.sin(tilt)
    affine[:3, :3] = [[c, -s, 0], [s, c, 0], [0, 0, 1]]
    assert PictureFrame.of(Geometry((9, 9, 9), affine).canonical(), view=view).edges == edges


def test_that_sides_are_truncated_to_whole_millimetres_but_never_by_a_rounding():
    frame = PictureFrame.of(Geometry((122, 101, 113), np.diag([2.99999999, 3, 0.99, 1.0])))
    assert frame.shape == (111, 366)
    assert frame.mm_per_pixel == pytest.approx((113 * 0.99 / 111, 1.0))
    assert PictureFrame.of(Geometry((1, 1, 1), np.diag([0.5, 0.5, 0.5, 1]))).shape == (1, 1)
