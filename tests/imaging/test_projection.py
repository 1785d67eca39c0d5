"""The published projection, from any storage order."""

import json
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.geometry import Geometry, Mask, Orientation, Volume
from labelcritic_gui.imaging.frame import PictureFrame, View
from labelcritic_gui.imaging.projection import (
    ALL_WINDOWS,
    WINDOWS,
    ProjectionWindow,
    RayHits,
    RaySums,
    Storage,
    project,
    silhouette_of,
)

cv2 = pytest.importorskip("cv2")

ORIENTATIONS = [
    Orientation(axes, flips) for axes in permutations(range(3)) for flips in product((False, True), repeat=3)
]
SPACING = (1.5, 2.0, 2.5)


def body(dtype=np.int16, seed=0, shape=(20, 14, 18)) -> Volume:
    rng = np.random.default_rng(seed)
    voxels = rng.integers(-1000, 300, shape)
    voxels[5:15, 4:10, 3:15] = rng.integers(-100, 1800, (10, 6, 12))
    return Volume(voxels.astype(dtype), Geometry(shape, np.diag([*SPACING, 1.0])))


def stored_as(canonical: np.ndarray, turn: Orientation) -> tuple[Storage, np.ndarray]:
    shape = [0, 0, 0]
    for axis, stored in enumerate(turn.axes):
        shape[stored] = canonical.shape[axis]
    storage = Storage((shape[0], shape[1], shape[2]), turn)
    return storage, np.asfortranarray(storage.undo(canonical))


def by_definition(volume: Volume, window: ProjectionWindow) -> np.ndarray:
    """Follow the published steps literally: LAS, clip, sum, divide, resize, enhance, turn."""
    las = volume.voxels[::-1].astype(np.float64)
    total = ((np.clip(las, window.low, window.high) - window.low) / (window.high - window.low)).sum(axis=1)
    share = total / total.max() if total.max() > 0 else total
    nx, _, nz = volume.voxels.shape
    sx, _, sz = volume.geometry.spacing
    share = cv2.resize(share.astype(np.float32), (int(nz * sz), int(nx * sx)))
    if window.enhanced:
        share = cv2.createCLAHE(5.0, (8, 8)).apply((share * 255).astype(np.uint8)).astype(np.float64)
        share = (share - share.min()) / (share.max() - share.min())
        share = np.where(share < 0.01, 0, share) ** 0.6
    return np.rot90(share * 255)


@pytest.mark.parametrize("window", ALL_WINDOWS, ids=lambda w: w.name)
def test_that_the_picture_is_the_published_one(window):
    volume = body()
    picture = project(volume, windows=[window])[window.name]
    expected = by_definition(volume, window)
    assert picture.dtype == np.uint8
    assert picture.shape == expected.shape == (45, 30)
    assert np.abs(picture - expected).max() <= 1


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64, np.int32])
@pytest.mark.parametrize("turn", ORIENTATIONS, ids=str)
def test_that_all_48_storage_orders_give_the_same_pictures(turn, dtype):
    volume = body(dtype)
    frame = PictureFrame.of(volume.geometry)
    expected = project(body())
    storage, stored = stored_as(volume.voxels, turn)
    sums = RaySums(storage)
    for first in range(0, stored.shape[2], 4):  # slabs of several planes, the last one thinner
        sums.add(first, stored[:, :, first : first + 4])
    viewed = project(Volume(turn.view(stored), volume.geometry))
    for name, picture in sums.pictures(frame).items():
        assert np.array_equal(picture, expected[name])
        assert np.array_equal(viewed[name], expected[name])


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("turn", ORIENTATIONS, ids=str)
def test_that_silhouettes_do_not_depend_on_the_storage_order(turn, view):
    volume = body()
    inside = volume.voxels > 1500
    mask = Mask.from_array(inside, volume.geometry)
    storage, stored = stored_as(inside, turn)
    hits = RayHits(storage, view=view)
    for k in range(stored.shape[2]):
        hits.add((0, 0, k), stored[:, :, k : k + 1])
    frame = PictureFrame.of(volume.geometry, view=view)
    assert np.array_equal(hits.grid(), inside.any(axis=view.ray))
    assert np.array_equal(hits.silhouette(frame), silhouette_of(mask, view=view))
    assert hits.silhouette(frame).shape == frame.shape


@pytest.mark.parametrize(
    ("view", "turned"),
    [
        (View.FRONTAL, lambda a: a.sum(axis=1)[::-1, ::-1].T),
        (View.LATERAL, lambda a: a.sum(axis=0)[::-1, ::-1].T),
        (View.AXIAL, lambda a: a.sum(axis=2)[::-1, ::-1].T),
    ],
)
def test_that_each_view_sums_along_its_rays_with_left_and_top_where_they_belong(view, turned):
    voxels = np.random.default_rng(1).integers(0, 1000, (9, 8, 7)).astype(np.int16)
    volume = Volume(voxels, Geometry((9, 8, 7), np.eye(4)))
    picture = project(volume, windows=[ProjectionWindow("all", 0, 1000)], view=view)["all"]
    total = turned(voxels.astype(float))
    assert np.abs(picture - total / total.max() * 255).max() <= 0.51


def test_that_the_patients_right_is_on_the_left_and_superior_on_top():
    voxels = np.full((10, 4, 12), -1000, np.int16)
    voxels[8:, :, 10:] = 1000  # right, superior
    picture = project(Volume(voxels, Geometry((10, 4, 12), np.eye(4))))["bone"]
    assert picture[:2, :2].min() > 200
    assert picture[4:].max() == 0
    assert picture[:, 4:].max() == 0


@settings(max_examples=30, deadline=None)
@given(value=st.sampled_from([-2000, -1024, -500, 400, 5000, 32767, -32768]))
def test_that_a_volume_without_contrast_gives_a_picture_and_never_a_fault(value):
    volume = Volume(np.full((6, 5, 9), value, np.int16), Geometry((6, 5, 9), np.eye(4)))
    for name, picture in project(volume).items():
        bright = value > WINDOWS[name].low and name != "skeleton"
        assert set(np.unique(picture)) == ({255} if bright else {0})


def test_that_voxels_that_are_not_a_number_are_black():
    volume = body(np.float32)
    volume.voxels[:4] = np.nan
    filled = volume.voxels.copy()
    filled[:4] = -1024
    plain = project(Volume(filled, volume.geometry))
    for name, picture in project(volume).items():
        assert np.array_equal(picture, plain[name])


def test_that_a_percentile_keeps_metal_from_darkening_the_rest():
    volume = body(shape=(40, 14, 40))
    volume.voxels[30, :, 30] = 32767
    assert project(volume, percentile=99.0)["bone"].mean() > project(volume)["bone"].mean() + 20


def test_that_long_rays_still_add_up_exactly():
    voxels = np.full((2, 9000, 2), 2000, np.int16)
    voxels[0] = 1999
    sums = RaySums(
        Storage(voxels.shape, Orientation((0, 1, 2), (False,) * 3)), windows=[ProjectionWindow("w", 0, 2000)]
    )
    for k in range(2):
        sums.add(k, voxels[:, :, k : k + 1])
    assert sums._sums[ProjectionWindow("w", 0, 2000)][0, 0, 0] == 9000 * 1999


@pytest.mark.shared
def test_that_the_real_case_matches_the_reference_values(shared_data):
    from labelcritic_gui.formats import nifti

    reference = json.loads((shared_data / "reference" / "projection_ts_example_ct.json").read_text())
    folder = shared_data / "ts_example_ct"
    pictures = project(nifti.load_ct(folder / "example_ct.nii.gz"))
    for name, picture in pictures.items():
        expected, off = reference[name], 2 if name == "skeleton" else 1
        assert list(picture.shape) == expected["shape"]
        assert abs(picture.mean() - expected["mean"]) <= 0.1
        assert np.abs(picture.mean(axis=1)[::16] - expected["row_means"]).max() <= 0.1
        assert np.abs(picture.mean(axis=0)[::16] - expected["column_means"]).max() <= 0.1
        assert all(abs(int(picture[row, column]) - grey) <= off for row, column, grey in expected["pixels"])


@pytest.mark.shared
def test_that_real_silhouettes_match_the_reference_values(shared_data):
    from labelcritic_gui.formats import nifti

    reference = json.loads((shared_data / "reference" / "projection_ts_example_ct.json").read_text())
    names = json.loads((shared_data / "ts_class_map.json").read_text())["total"]
    path = shared_data / "ts_example_ct" / "labels" / "full_v2_fast_forcesplit_2024-03-14.nii.gz"
    wanted = {name: int(value) for value, name in names.items() if name in reference["silhouettes_before_resize"]}
    masks = nifti.load_label_map(path, wanted.values())
    assert len(wanted) == 9
    for name, value in wanted.items():
        mask = masks[value]
        hits = RayHits(Storage(mask.geometry.shape, Orientation((0, 1, 2), (False,) * 3)))
        hits.add(mask.origin, mask.voxels)
        seen = np.rot90(hits.grid()[::-1])
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        expected = reference["silhouettes_before_resize"][name]
        assert int(seen.sum()) == expected["pixels"]
        assert [int(rows[0]), int(rows[-1])] == expected["rows"]
        assert [int(columns[0]), int(columns[-1])] == expected["columns"]


def test_that_an_absurdly_large_body_is_not_drawn():
    with pytest.raises(UserError, match="m long"):
        PictureFrame.of(Geometry((100, 100, 100), np.diag([1.0, 1.0, 900.0, 1.0])))
