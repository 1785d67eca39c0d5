"""Oblique grids, turned storage, and the words for how a label fits."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.geometry import (
    Fit,
    Geometry,
    Mask,
    Orientation,
    Volume,
    axis_codes,
    content_hash,
    fitting,
    oblique_degrees,
    voxel_hash,
)
from labelcritic_gui.imaging.frame import Edges, PictureFrame, View

ALL_48 = [
    Orientation(axes, flips)  # type: ignore[arg-type]
    for axes in itertools.permutations((0, 1, 2))
    for flips in itertools.product((False, True), repeat=3)
]
EDGES = {
    View.FRONTAL: Edges("R", "L", "S", "I"),
    View.LATERAL: Edges("A", "P", "S", "I"),
    View.AXIAL: Edges("R", "L", "A", "P"),
}
directions = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)


def rotation(axis: tuple[float, float, float], degrees: float) -> np.ndarray:
    """Rodrigues: the turn about any axis."""
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def oblique(turn: np.ndarray, shape: tuple[int, int, int] = (5, 6, 7)) -> Geometry:
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([0.8, 0.9, 2.5])
    affine[:3, 3] = (-90.0, 20.0, 700.0)
    return Geometry(shape, affine)


@given(directions, st.floats(-40, 40))
def test_that_all_48_storage_orders_of_an_oblique_grid_are_one_grid_with_the_same_letters(
    axis: tuple[float, float, float], degrees: float
) -> None:
    truth = oblique(rotation(axis, degrees))
    for orientation in ALL_48:
        canonical = truth.reoriented(orientation).canonical()
        assert canonical.shape == truth.shape
        np.testing.assert_allclose(canonical.affine, truth.affine, atol=1e-6)
        assert {view: PictureFrame.of(canonical, view=view).edges for view in View} == EDGES


def test_that_a_voxel_keeps_its_place_in_the_world_in_every_storage_order_of_an_oblique_grid() -> None:
    truth = oblique(rotation((1, 2, 3), 35.0))
    voxels = np.arange(np.prod(truth.shape)).reshape(truth.shape)
    for orientation in ALL_48:
        stored, grid = orientation.view(voxels), truth.reoriented(orientation)
        np.testing.assert_array_equal(grid.orientation().view(stored), voxels)


@given(directions, st.floats(41, 180))
def test_that_no_letter_is_given_twice_however_a_grid_is_turned(
    axis: tuple[float, float, float], degrees: float
) -> None:
    canonical = oblique(rotation(axis, degrees)).canonical()
    assert sorted(axis_codes(oblique(rotation(axis, degrees)).affine).translate(str.maketrans("LPI", "RAS"))) == [
        "A",
        "R",
        "S",
    ]
    for view in View:
        assert len(set(PictureFrame.of(canonical, view=view).edges)) == 4


@pytest.mark.parametrize("degrees", [0.0, 12.5, -40.0])
@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_that_the_angle_of_an_oblique_grid_is_what_it_was_turned_by(axis: tuple, degrees: float) -> None:
    for orientation in ALL_48[::7]:
        found = oblique_degrees(oblique(rotation(axis, degrees)).reoriented(orientation))
        assert found == pytest.approx(abs(degrees), abs=1e-4)


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
@pytest.mark.parametrize("degrees", [45.0, -45.0, 135.0])
def test_that_the_last_digits_of_a_header_do_not_turn_a_grid_at_45_degrees(axis: tuple, degrees: float) -> None:
    grids = [oblique(rotation(axis, degrees + off)) for off in (-1e-5, 0.0, 1e-5)]
    assert len({grid.orientation() for grid in grids}) == 1
    assert {fitting(grids[0], grid).fit for grid in grids} == {Fit.SAME}


@given(st.sampled_from(ALL_48), st.sampled_from(ALL_48), st.sampled_from((0.0, 30.0)))
def test_that_a_turned_label_fits_and_says_so(one: Orientation, other: Orientation, degrees: float) -> None:
    truth = oblique(rotation((0, 0, 1), degrees))
    image, label = truth.reoriented(one), truth.reoriented(other)
    found = fitting(image, label)
    assert found.fit is Fit.SAME
    assert found.deviation_voxels < 1e-6
    assert found.reoriented == (one != other)
    if found.reoriented:
        assert f"{axis_codes(label.affine)} and the image as {axis_codes(image.affine)}" in found.note
        assert "nothing was resampled" in found.note
    else:
        assert found.note == ""
        assert found.sentence == "On its image's grid: stored as the image is."


def test_that_a_label_a_little_off_and_turned_says_both() -> None:
    image = Geometry((10, 11, 12), np.diag([2.0, 2.0, 2.0, 1.0]))
    affine = image.affine.copy()
    affine[0, 3] += 0.1
    found = fitting(image, Geometry(image.shape, affine).reoriented(Orientation((2, 0, 1), (True, False, False))))
    assert found.fit is Fit.NOTED
    assert found.reoriented
    assert "axes were turned" in found.note
    assert "0.05 voxels off" in found.note


def test_that_another_grid_is_refused_with_both_grids_named() -> None:
    image, label = Geometry((10, 10, 10), np.eye(4)), Geometry((10, 10, 5), np.diag([1.0, 1.0, 2.0, 1.0]))
    found = fitting(image, label)
    assert found.fit is Fit.REFUSED
    assert found.deviation_voxels == float("inf")
    assert found.note == ""
    assert "10x10x5 voxels of 1 x 1 x 2 mm (RAS), the image 10x10x10" in found.sentence


@given(st.sampled_from(ALL_48), st.sampled_from([np.int16, np.float32, np.uint8]), st.integers(0, 9))
def test_that_the_hash_of_an_image_does_not_depend_on_how_it_is_stored(
    orientation: Orientation, dtype: type, seed: int
) -> None:
    truth = oblique(rotation((1, 0, 0), 10.0))
    voxels = np.random.default_rng(seed).integers(0, 200, truth.shape).astype(dtype)
    stored = np.asfortranarray(orientation.view(voxels))
    grid = truth.reoriented(orientation)
    turn = grid.orientation()
    volume = Volume(turn.view(stored), grid.reoriented(turn))
    assert voxel_hash(volume.voxels, volume.geometry) == voxel_hash(voxels, truth)
    other = voxels.copy()
    other[0, 0, 0] += 1
    assert voxel_hash(other, truth) != voxel_hash(voxels, truth)
    moved = Geometry(truth.shape, truth.affine + np.eye(4)[:, [3]] @ [[0, 0, 0, 0.0]] + 0.001 * np.eye(4, k=3))
    assert voxel_hash(voxels, moved) != voxel_hash(voxels, truth)


def test_that_the_hash_of_a_large_image_is_that_of_its_bytes() -> None:
    import hashlib

    geometry = Geometry((300, 310, 120), np.diag([1.0, 1.0, 2.0, 1.0]))
    voxels = np.arange(np.prod(geometry.shape)).astype(np.int16).reshape(geometry.shape)
    digest = hashlib.sha256(np.array(geometry.shape, "<i8").tobytes() + geometry.affine.astype("<f8").tobytes())
    digest.update(voxels.tobytes(order="F"))
    assert voxel_hash(voxels, geometry) == digest.hexdigest()


def test_that_the_hash_of_a_mask_is_what_it_always_was() -> None:
    # it stands in journals and manifests: it must never change
    full = np.zeros((4, 5, 6), bool)
    full[1:3, 2:4, 3] = True
    found = content_hash(Mask.from_array(full, Geometry((4, 5, 6), np.diag([1.0, 2.0, 3.0, 1.0]))))
    assert found == "b7b6119774a9e66818edaa21f736c46e3f7c68b8d672abdee275613e1f470cee"
