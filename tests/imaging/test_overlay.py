"""Masks over pictures: the published colouring, the visible one, and what is fused for the screen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labelcritic_gui.imaging import overlay, panel
from labelcritic_gui.imaging.projection import WINDOWS

pictures = arrays(np.uint8, (12, 15))
silhouettes = arrays(np.bool_, (12, 15))
GREEN = (0, 158, 115)


@given(picture=pictures, inside=silhouettes)
def test_that_the_published_overlay_keeps_the_grey_in_red_and_empties_green_and_blue(picture, inside):
    drawn = overlay.published(picture, inside, WINDOWS["bone"])
    assert np.array_equal(drawn[..., 0], picture)
    assert not drawn[inside][:, 1:].any()
    assert np.array_equal(drawn[~inside], np.repeat(picture[~inside][:, None], 3, axis=1))


@given(picture=pictures, inside=silhouettes)
def test_that_the_published_skeleton_overlay_lifts_red_by_half(picture, inside):
    drawn = overlay.published(picture, inside, WINDOWS["skeleton"])
    lifted = np.minimum(picture[inside] / 255 + 0.5, 1.0) * 255
    assert np.abs(drawn[inside][:, 0] - lifted).max(initial=0) <= 0.51
    assert not drawn[inside][:, 1:].any()
    assert np.array_equal(drawn[~inside][:, 0], picture[~inside])


@settings(max_examples=50)
@given(picture=pictures, inside=silhouettes, style=st.sampled_from(["fill", "outline", "both"]))
def test_that_an_overlay_changes_nothing_outside_the_silhouette(picture, inside, style):
    drawn = overlay.compose(picture, inside, GREEN, style=style, opacity=0.4)
    assert np.array_equal(drawn[~inside], np.repeat(picture[~inside][:, None], 3, axis=1))


@pytest.mark.parametrize("style", ["fill", "outline", "both"])
def test_that_a_mask_outside_the_body_is_visible_where_the_published_one_is_black(style):
    black = np.zeros((20, 20), np.uint8)
    inside = np.zeros((20, 20), bool)
    inside[5:15, 5:15] = True
    assert not overlay.published(black, inside, WINDOWS["bone"]).any()
    drawn = overlay.compose(black, inside, GREEN, style=style)
    assert drawn[5, 5:15].sum(axis=1).min() > 100
    assert drawn[10, 10].any() == (style != "outline")


def test_that_an_outline_is_closed_at_the_pictures_edge_and_one_pixel_wide():
    inside = np.zeros((10, 10), np.uint8)
    inside[:6, 2:8] = 1
    edge = overlay.outline(inside)
    assert np.array_equal(np.argwhere(edge[3]).ravel(), [2, 7])
    assert edge[0, 2:8].all()
    assert edge[5, 2:8].all()
    assert edge.sum() == 6 * 2 + 4 * 2


@given(first=silhouettes, second=silhouettes)
def test_that_a_difference_has_its_three_parts(first, second):
    parts = overlay.difference(first, second)
    assert np.array_equal(parts == overlay.FIRST_ONLY, first & ~second)
    assert np.array_equal(parts == overlay.SECOND_ONLY, second & ~first)
    assert np.array_equal(parts == overlay.BOTH, first & second)


@given(picture=pictures, first=silhouettes, second=silhouettes, opacity=st.floats(0, 1))
def test_that_the_fused_picture_is_the_blend_of_grey_and_colour(picture, first, second, opacity):
    colours = [(230, 159, 0), (86, 180, 233), (200, 200, 200)]
    labels = overlay.difference(first, second)
    fused = overlay.fuse(picture, labels, overlay.fuse_table(colours, opacity=opacity))
    assert (fused >> 24 == 255).all()
    grey = np.repeat(picture[..., None], 3, axis=2).astype(float)
    colour = np.array([(0, 0, 0), *colours], float)[labels]
    expected = np.where(labels[..., None] > 0, grey * (1 - opacity) + colour * opacity, grey)
    assert np.abs(overlay.to_rgb(fused) - expected).max() <= 0.51


def test_that_of_overlapping_silhouettes_the_last_is_seen():
    both = np.ones((2, 2), bool)
    assert (overlay.label_picture([both, both]) == 2).all()


def test_that_pictures_of_different_sizes_are_never_laid_on_each_other():
    with pytest.raises(ValueError, match="do not lie on each other"):
        overlay.compose(np.zeros((4, 5), np.uint8), np.zeros((5, 4), bool), GREEN)


def test_that_the_models_panel_has_512_pixels_on_its_longest_side():
    for shape, expected in (((336, 366), (470, 512)), ((800, 400), (512, 256)), ((512, 100), (512, 100))):
        drawn = panel.model_panel(np.zeros(shape, np.uint8), np.ones(shape, bool))
        assert drawn.shape == (*expected, 3)


def test_that_a_vessel_is_solid_and_its_companion_dimmed():
    picture = np.full((512, 512), 90, np.uint8)
    own, other = np.zeros((2, 512, 512), bool)
    own[100:200, 100:200] = other[300:400, 300:400] = True
    drawn = panel.model_panel(picture, own, solid=True, companion=other)
    assert tuple(drawn[150, 150]) == (255, 0, 0)
    assert tuple(drawn[350, 350]) == overlay.dimmed((255, 0, 0))
    assert tuple(drawn[10, 10]) == (90, 90, 90)


@given(image=arrays(np.uint8, st.sampled_from([(6, 7), (6, 7, 3), (1, 1), (1, 1, 3)])))
def test_that_a_png_comes_back_as_it_was(image):
    assert np.array_equal(panel.decode_png(panel.encode_png(image)), image)


def test_that_bytes_that_are_no_png_are_refused():
    with pytest.raises(ValueError, match="no PNG"):
        panel.decode_png(b"nothing")


def test_that_panels_stand_side_by_side_with_a_white_gap():
    one, two = np.zeros((4, 5, 3), np.uint8), np.full((4, 6, 3), 9, np.uint8)
    row = panel.side_by_side([one, two])
    assert row.shape == (4, 19, 3)
    assert (row[:, 5:13] == 255).all()
    with pytest.raises(ValueError, match="different heights"):
        panel.side_by_side([one, np.zeros((5, 5, 3), np.uint8)])
