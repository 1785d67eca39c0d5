"""Slices, montages and pictures tampered with on purpose."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.geometry import Affine, Geometry, Mask, Orientation, Point, Volume
from labelcritic_gui.imaging.overlay import RgbPicture
from labelcritic_gui.imaging.views import (
    CORNERS,
    MARK_SHARE,
    Axis,
    Corner,
    blanked,
    corner_mark,
    labelled,
    montage,
    slice_picture,
)
from labelcritic_gui.imaging.window import Window

AXES: tuple[Axis, ...] = ("axial", "coronal", "sagittal")
ORIENTATIONS = [
    Orientation(axes, flips) for axes in permutations(range(3)) for flips in product((False, True), repeat=3)
]
SHAPE, SPACING = (24, 20, 16), (2.0, 3.0, 5.0)
WINDOW = Window("marks", 0.0, 255.0)
GREYS = {"R": 40, "L": 80, "A": 120, "P": 160, "S": 200, "I": 240}
"""What the six marks of `phantom` look like through WINDOW."""
EDGES: dict[Axis, dict[str, str]] = {
    "axial": {"left": "R", "right": "L", "top": "A", "bottom": "P"},
    "coronal": {"left": "R", "right": "L", "top": "S", "bottom": "I"},
    "sagittal": {"left": "A", "right": "P", "top": "S", "bottom": "I"},
}
"""As radiologists see it."""


def tilted(degrees: float = 0.0, spacing: Point = SPACING) -> Affine:
    """Return an affine turned about all three axes, with an offset."""
    a = np.radians(degrees)
    c, s = np.cos(a), np.sin(a)
    turns = [[[1, 0, 0], [0, c, -s], [0, s, c]], [[c, 0, s], [0, 1, 0], [-s, 0, c]], [[c, -s, 0], [s, c, 0], [0, 0, 1]]]
    affine = np.eye(4)
    affine[:3, :3] = np.linalg.multi_dot([np.array(t, dtype=float) for t in turns]) * np.array(spacing)
    affine[:3, 3] = (-31.0, 17.5, 900.0)
    return affine


def phantom(affine: Affine | None = None, dtype: type = np.int16) -> Volume:
    """Return black with one mark at the middle of each face: R is where x is greatest, A for y, S for z."""
    voxels = np.zeros(SHAPE, dtype=dtype)
    x, y, z = (slice(n // 2 - 2, n // 2 + 2) for n in SHAPE)
    voxels[-3:, y, z], voxels[:3, y, z] = GREYS["R"], GREYS["L"]
    voxels[x, -3:, z], voxels[x, :3, z] = GREYS["A"], GREYS["P"]
    voxels[x, y, -3:], voxels[x, y, :3] = GREYS["S"], GREYS["I"]
    return Volume(voxels, Geometry(SHAPE, tilted() if affine is None else affine))


def centre(ct: Volume) -> Point:
    return at(ct, *(n / 2 for n in SHAPE))


def at(ct: Volume, *index: float) -> Point:
    x, y, z = ct.geometry.to_world(np.array(index))
    return float(x), float(y), float(z)


def none(ct: Volume) -> Mask:
    return Mask.from_array(np.zeros(SHAPE, bool), ct.geometry)


def block(ct: Volume, low: tuple[int, int, int], high: tuple[int, int, int]) -> Mask:
    full = np.zeros(ct.geometry.shape, bool)
    full[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return Mask.from_array(full, ct.geometry)


def whole(ct: Volume, axis: Axis, mask: Mask | None = None, *, longest: int = 480) -> RgbPicture:
    """Return the whole slice through the middle."""
    corners = (at(ct, -0.5, -0.5, -0.5), at(ct, *(n - 0.5 for n in ct.geometry.shape)))
    return slice_picture(
        ct,
        mask or none(ct),
        axis=axis,
        place=centre(ct),
        window=WINDOW,
        margin_mm=0.0,
        extent=corners,
        longest=longest,
        style="fill",
    )


def at_edges(picture: RgbPicture) -> dict[str, str]:
    """Return which mark the middle of each edge of a picture shows."""
    grey = picture[:, :, 0].astype(int)
    rows, columns = grey.shape
    seen = {
        "left": grey[rows // 2, 3],
        "right": grey[rows // 2, -4],
        "top": grey[3, columns // 2],
        "bottom": grey[-4, columns // 2],
    }
    names = {level: name for name, level in GREYS.items()}
    return {side: names.get(int(level), f"grey {level}") for side, level in seen.items()}


def stored_in(ct: Volume, turn: Orientation) -> Volume:
    """Return the same volume as a view of an array stored in another order."""
    unflipped = ct.voxels[tuple(slice(None, None, -1 if flip else 1) for flip in turn.flips)]
    return Volume(turn.view(np.asfortranarray(unflipped.transpose(np.argsort(turn.axes)))), ct.geometry)


def box_of(inside: np.ndarray) -> tuple[int, int, int, int]:
    """Return the first and last row, the first and last column."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


# --- slices: which way, how large ------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("degrees", [0.0, 12.0, -20.0])
def test_that_a_slice_lies_as_radiologists_see_it(axis: Axis, degrees: float) -> None:
    assert at_edges(whole(phantom(tilted(degrees)), axis)) == EDGES[axis]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("turn", ORIENTATIONS, ids=str)
def test_that_all_48_storage_orders_give_the_same_slice(axis: Axis, turn: Orientation) -> None:
    ct = phantom()
    mask = block(ct, (3, 5, 6), (20, 15, 12))
    expected = whole(ct, axis, mask)
    assert at_edges(whole(ct, axis)) == EDGES[axis]
    for dtype in (np.int16, np.float32):
        assert np.array_equal(whole(stored_in(phantom(dtype=dtype), turn), axis, mask), expected)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("turn", ORIENTATIONS, ids=str)
def test_that_a_file_in_any_orientation_gives_the_same_slice(axis: Axis, turn: Orientation) -> None:
    """The header goes with the voxels here, as it does from a file: both are turned back by what the header says."""
    ct = phantom(tilted(9.0))
    shape = [0, 0, 0]
    step = np.zeros((4, 4))
    step[3, 3] = 1.0
    for canonical, stored in enumerate(turn.axes):
        shape[stored] = SHAPE[canonical]
        step[canonical, stored] = -1.0 if turn.flips[canonical] else 1.0
        step[canonical, 3] = SHAPE[canonical] - 1.0 if turn.flips[canonical] else 0.0
    file = Geometry((shape[0], shape[1], shape[2]), ct.geometry.affine @ step)
    assert file.orientation() == turn
    unflipped = ct.voxels[tuple(slice(None, None, -1 if flip else 1) for flip in turn.flips)]
    on_disk = np.asfortranarray(unflipped.transpose(np.argsort(turn.axes)))
    read = Volume(file.orientation().view(on_disk), file.canonical())
    mask = block(ct, (3, 5, 6), (20, 15, 12))
    assert np.array_equal(whole(read, axis, mask), whole(ct, axis, mask))


@pytest.mark.parametrize(
    ("axis", "shape"),
    # 48 x 60 x 80 mm
    [("axial", (480, 384)), ("coronal", (480, 288)), ("sagittal", (480, 360))],
)
@pytest.mark.parametrize("degrees", [0.0, 15.0])
def test_that_pixels_are_square(axis: Axis, shape: tuple[int, int], degrees: float) -> None:
    assert whole(phantom(tilted(degrees)), axis).shape == (*shape, 3)


@pytest.mark.parametrize("longest", [1, 7, 100, 512, 1000])
@pytest.mark.parametrize("axis", AXES)
def test_that_the_longest_side_is_as_asked(axis: Axis, longest: int) -> None:
    picture = whole(phantom(), axis, longest=longest)
    assert max(picture.shape[:2]) == longest
    assert picture.dtype == np.uint8


def test_that_a_slice_of_a_few_lines_is_drawn_too() -> None:
    ct = Volume(np.full((200, 150, 1), 99, np.int16), Geometry((200, 150, 1), np.diag([0.7, 0.7, 1.0, 1.0])))
    mask = block(ct, (50, 50, 0), (60, 70, 1))
    picture = slice_picture(ct, mask, axis="coronal", place=at(ct, 55, 60, 0), window=WINDOW)
    assert picture.shape[0] < 10
    assert picture.shape[1] == 512
    assert labelled(picture).any()


# --- slices: where ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0.0, 14.0])
@pytest.mark.parametrize("axis", AXES)
def test_that_the_slice_goes_through_the_place(axis: Axis, degrees: float) -> None:
    along = {"sagittal": 0, "coronal": 1, "axial": 2}[axis]
    geometry = Geometry(SHAPE, tilted(degrees))
    level = np.arange(SHAPE[along], dtype=np.int16) * 10
    voxels = np.broadcast_to(np.expand_dims(level, [a for a in range(3) if a != along]), SHAPE)
    ct = Volume(voxels, geometry)
    for n in range(SHAPE[along]):
        index = [5.0, 5.0, 5.0]
        index[along] = n + 0.3
        picture = slice_picture(ct, none(ct), axis=axis, place=at(ct, *index), window=WINDOW, longest=40)
        assert set(np.unique(picture)) == {n * 10}


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("far", [-1e4, 1e4])
def test_that_of_a_place_outside_the_image_the_nearest_slice_is_shown(axis: Axis, far: float) -> None:
    ct = phantom()
    along = {"sagittal": 0, "coronal": 1, "axial": 2}[axis]
    end = [n / 2 for n in SHAPE]
    end[along] = 0.0 if far < 0 else SHAPE[along] - 1.0
    beyond = list(end)
    beyond[along] += far
    pictures = [
        slice_picture(ct, none(ct), axis=axis, place=at(ct, *index), window=WINDOW, longest=96)
        for index in (beyond, end)
    ]
    assert np.array_equal(*pictures)
    letter = {"sagittal": "LR", "coronal": "PA", "axial": "IS"}[axis][far > 0]
    assert (pictures[0] == GREYS[letter]).any()


# --- slices: the mask ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("degrees", [0.0, 12.0])
@pytest.mark.parametrize("longest", [480, 311, 97])
def test_that_the_mask_is_drawn_exactly_over_its_voxels(axis: Axis, degrees: float, longest: int) -> None:
    ct = phantom(tilted(degrees))
    ct.voxels[:] = 0
    rng = np.random.default_rng(3)
    full = np.zeros(SHAPE, bool)
    full[4:20, 3:17, 2:13] = rng.random((16, 14, 11)) < 0.4
    mask = Mask.from_array(full, ct.geometry)
    drawn = labelled(whole(ct, axis, mask, longest=longest))
    along, across, up = {"axial": (2, 0, 1), "coronal": (1, 0, 2), "sagittal": (0, 1, 2)}[axis]
    # a pixel of the picture belongs to the voxel that its centre lies in; one upon a boundary may belong to either
    places = [(np.arange(n) + 0.5) * SHAPE[a] / n for n, a in zip(drawn.shape, (up, across), strict=True)]
    inside = [np.abs(place - np.rint(place)) > 1e-3 for place in places]
    rows, columns = (SHAPE[a] - 1 - p[i].astype(int) for p, i, a in zip(places, inside, (up, across), strict=True))
    expected = full.take(SHAPE[along] // 2, axis=along)[np.ix_(columns, rows)].T
    assert all(i.mean() > 0.8 for i in inside)
    assert np.array_equal(drawn[np.ix_(*inside)], expected)


@pytest.mark.parametrize("longest", [97, 311, 512])
def test_that_mask_and_anatomy_stay_together_at_any_size(longest: int) -> None:
    ct = phantom()
    ct.voxels[:] = 0
    ct.voxels[7:13, 8:15, 8] = 255
    mask = block(ct, (7, 8, 4), (13, 15, 12))
    place = at(ct, 10, 11, 8)
    plain, drawn = (
        slice_picture(
            ct,
            m,
            axis="axial",
            place=place,
            window=WINDOW,
            longest=longest,
            style="fill",
            extent=(at(ct, 2, 2, 2), at(ct, 20, 17, 14)),
            margin_mm=0,
        )
        for m in (none(ct), mask)
    )
    bright = plain[:, :, 0] > 127
    assert np.abs(np.subtract(box_of(bright), box_of(labelled(drawn)))).max() <= 1
    assert np.array_equal(drawn[~labelled(drawn)], plain[~labelled(drawn)])


@pytest.mark.parametrize("axis", AXES)
def test_that_a_picture_smaller_than_its_slice_loses_no_voxel_of_the_mask(axis: Axis) -> None:
    shape = (700, 650, 1) if axis == "axial" else (700, 1, 650) if axis == "coronal" else (1, 700, 650)
    geometry = Geometry(shape, np.eye(4))
    ct = Volume(np.zeros(shape, np.int16), geometry)
    along = {"sagittal": 0, "coronal": 1, "axial": 2}[axis]
    for n in range(300, 320):
        index = [n, n, n]
        index[along] = 0
        mask = block(ct, (index[0], index[1], index[2]), (index[0] + 1, index[1] + 1, index[2] + 1))
        picture = slice_picture(ct, mask, axis=axis, place=(0, 0, 0), window=WINDOW, margin_mm=1e4, style="fill")
        assert 1 <= np.count_nonzero(labelled(picture)) <= 4


def test_that_fine_stripes_turn_grey_in_a_smaller_picture() -> None:
    voxels = np.zeros((900, 900, 1), np.int16)
    voxels[::2] = 200
    ct = Volume(voxels, Geometry(voxels.shape, np.eye(4)))
    picture = slice_picture(
        ct, Mask.from_array(voxels[:1] * 0, ct.geometry), axis="axial", place=(0, 0, 0), window=WINDOW, longest=300
    )
    assert np.abs(picture.astype(int) - 100).max() <= 35


def test_that_an_empty_mask_shows_the_whole_slice_without_a_label() -> None:
    ct = phantom()
    picture = slice_picture(ct, none(ct), axis="axial", place=centre(ct), window=WINDOW, longest=480)
    assert not labelled(picture).any()
    assert np.array_equal(picture, whole(ct, "axial"))


def test_that_a_mask_elsewhere_leaves_the_slice_without_a_label() -> None:
    ct = phantom()
    mask = block(ct, (3, 3, 1), (9, 9, 4))
    assert not labelled(slice_picture(ct, mask, axis="axial", place=centre(ct), window=WINDOW)).any()


@pytest.mark.parametrize("style", ["fill", "outline", "both"])
def test_that_a_label_is_seen_as_one_on_black_and_on_white(style: str) -> None:
    for level in (0, 255):
        ct = Volume(np.full(SHAPE, level, np.int16), phantom().geometry)
        mask = block(ct, (6, 6, 4), (14, 14, 12))
        picture = slice_picture(
            ct,
            mask,
            axis="axial",
            place=centre(ct),
            window=WINDOW,
            style=style,  # type: ignore[arg-type]
        )
        assert labelled(picture).any()


# --- slices: how much ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0.0, 25.0])
def test_that_a_slice_is_cropped_to_the_masks_box_and_the_margin(degrees: float) -> None:
    ct = phantom(tilted(degrees, (1.0, 1.0, 1.0)))
    mask = block(ct, (8, 6, 5), (14, 12, 9))  # 6 x 6 x 4
    for margin, side in ((0.0, 6), (2.0, 10), (2.4, 12)):
        picture = slice_picture(
            ct, mask, axis="axial", place=at(ct, 10, 9, 7), window=WINDOW, margin_mm=margin, longest=side
        )
        assert picture.shape == (side, side, 3)
        first = (side - 6) // 2
        assert box_of(labelled(picture)) == (first, first + 5, first, first + 5)


def test_that_a_margin_ends_at_the_images_border() -> None:
    ct = phantom(tilted(0.0, (1.0, 1.0, 1.0)))
    mask = block(ct, (20, 16, 5), (24, 20, 9))  # in the corner: right and anterior
    picture = slice_picture(ct, mask, axis="axial", place=at(ct, 22, 18, 7), window=WINDOW, margin_mm=3.0, longest=7)
    assert picture.shape == (7, 7, 3)
    assert box_of(labelled(picture)) == (0, 3, 0, 3), "right is left, anterior up"
    everything = slice_picture(ct, mask, axis="axial", place=at(ct, 22, 18, 7), window=WINDOW, margin_mm=1e6)
    assert everything.shape == whole(ct, "axial", longest=512).shape


def test_that_an_extent_stands_for_the_masks_box_and_may_be_told_from_any_corner() -> None:
    ct = phantom(tilted(0.0, (1.0, 1.0, 1.0)))
    small, large = block(ct, (8, 6, 5), (10, 8, 9)), block(ct, (5, 4, 3), (17, 16, 12))
    low, high = at(ct, 4.5, 3.5, 2.5), at(ct, 16.5, 15.5, 11.5)
    pictures = [
        slice_picture(
            ct, mask, axis="axial", place=at(ct, 9, 7, 6), window=WINDOW, margin_mm=1.0, longest=140, extent=extent
        )
        for mask in (small, large)
        for extent in ((low, high), (high, low), ((low[0], high[1], low[2]), (high[0], low[1], high[2])))
    ]
    assert {picture.shape for picture in pictures} == {(140, 140, 3)}
    assert np.array_equal(pictures[0], pictures[1])
    assert np.array_equal(pictures[0], pictures[2])
    neither = ~labelled(pictures[0]) & ~labelled(pictures[3])
    assert np.array_equal(pictures[0][neither], pictures[3][neither]), "the candidates of a pair show the same anatomy"


@settings(max_examples=60, deadline=None)
@given(
    degrees=st.floats(-40, 40),
    low=st.tuples(st.integers(0, 15), st.integers(0, 12), st.integers(0, 10)),
    size=st.tuples(*[st.integers(1, 6)] * 3),
    axis=st.sampled_from(AXES),
    longest=st.integers(60, 300),
)
def test_that_an_extent_around_a_mask_holds_it_on_any_grid(
    degrees: float, low: tuple[int, int, int], size: tuple[int, int, int], axis: Axis, longest: int
) -> None:
    ct = phantom(tilted(degrees))
    high = (min(low[0] + size[0], 24), min(low[1] + size[1], 20), min(low[2] + size[2], 16))
    mask = block(ct, low, high)
    a, b = (ct.geometry.to_world(np.array(end) - 0.5) for end in (low, high))
    extent = (tuple(np.minimum(a, b)), tuple(np.maximum(a, b)))
    place = at(ct, *((i + j - 1) // 2 for i, j in zip(low, high, strict=True)))
    picture = slice_picture(
        ct,
        mask,
        axis=axis,
        place=place,
        window=WINDOW,
        extent=extent,  # type: ignore[arg-type]
        margin_mm=12.0,
        longest=longest,
    )
    top, bottom, left, right = box_of(labelled(picture))
    across, up = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}[axis]
    tall, wide = ((high[a] - low[a]) * SPACING[a] for a in (up, across))
    for near, end, n in ((top, up, SHAPE[up]), (left, across, SHAPE[across])):
        assert near > 0 or high[end] == n, "a margin is left but at the image's border"
    assert (bottom - top + 1) * wide == pytest.approx((right - left + 1) * tall, abs=3 * max(wide, tall)), "square"


@pytest.mark.parametrize("axis", AXES)
def test_that_all_of_an_extent_is_shown_on_an_oblique_grid(axis: Axis) -> None:
    affine = tilted(20.0, (1.0, 1.0, 1.0))
    affine[:3, 3] = 0.0
    geometry = Geometry((80, 80, 80), affine)
    world = geometry.to_world(np.stack(np.meshgrid(*[np.arange(80)] * 3, indexing="ij"), axis=-1))
    middle = geometry.to_world(np.array([40.0, 40.0, 40.0]))
    mask = Mask.from_array((np.abs(world - middle) <= (12.0, 9.0, 15.0)).all(axis=-1), geometry)
    x, y, z = (float(v) for v in middle)
    picture = slice_picture(
        Volume(np.zeros(geometry.shape, np.int16), geometry),
        mask,
        axis=axis,
        place=(x, y, z),
        window=WINDOW,
        extent=((x - 12, y - 9, z - 15), (x + 12, y + 9, z + 15)),
        margin_mm=1.0,
    )
    label = labelled(picture)
    assert label.any()
    label[1:-1, 1:-1] = False
    assert not label.any(), "cut off at an edge"


def test_that_an_extent_outside_the_image_still_gives_a_picture() -> None:
    ct = phantom()
    picture = slice_picture(
        ct,
        block(ct, (3, 3, 3), (5, 5, 5)),
        axis="coronal",
        place=centre(ct),
        window=WINDOW,
        extent=((1e5, 1e5, 1e5), (1e5 + 5, 1e5 + 5, 1e5 + 5)),
        margin_mm=0.0,
        longest=33,
    )
    assert max(picture.shape[:2]) == 33


def test_that_the_window_is_the_one_asked_for() -> None:
    ct = phantom()
    bright = slice_picture(ct, none(ct), axis="axial", place=centre(ct), window=Window("low", -10, 0))
    dark = slice_picture(ct, none(ct), axis="axial", place=centre(ct), window=Window("high", 1000, 2000))
    assert bright.min() == 255
    assert dark.max() == 0


def test_that_padding_without_a_number_is_black() -> None:
    ct = phantom(dtype=np.float32)
    ct.voxels[:6] = np.nan
    assert not whole(ct, "axial")[:, -90:].any()


# --- views side by side ----------------------------------------------------------------------------------------------


def panel(rows: int, columns: int, level: int) -> RgbPicture:
    return np.full((rows, columns, 3), level, np.uint8)


def test_that_a_montage_stands_its_panels_side_by_side_with_a_white_gap() -> None:
    picture = montage([panel(40, 30, 10), panel(40, 50, 20), panel(40, 7, 30)])
    assert picture.shape == (40, 30 + 8 + 50 + 8 + 7, 3)
    assert picture.dtype == np.uint8
    for start, stop, level in ((0, 30, 10), (30, 38, 255), (38, 88, 20), (88, 96, 255), (96, 103, 30)):
        assert (picture[:, start:stop] == level).all()


@pytest.mark.parametrize("rows", [1, 9, 10, 39])
def test_that_a_lower_panel_is_centred_on_black(rows: int) -> None:
    picture = montage([panel(40, 30, 10), panel(rows, 20, 99)])
    assert picture.shape == (40, 58, 3)
    right = picture[:, 38:]
    top = (40 - rows) // 2
    assert (right[top : top + rows] == 99).all()
    assert not right[:top].any()
    assert not right[top + rows :].any()


def test_that_one_panel_is_left_as_it_is_and_none_is_refused() -> None:
    alone = panel(12, 13, 77)
    assert np.array_equal(montage([alone]), alone)
    with pytest.raises(ValueError, match="no panel"):
        montage([])


# --- a mark in a corner ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("level", [0, 90, 255])
def test_that_a_mark_changes_its_corner_and_nothing_else(corner: Corner, level: int) -> None:
    plain = panel(200, 300, level)
    before = plain.copy()
    marked = corner_mark(plain, corner=corner)
    assert np.array_equal(plain, before), "the picture given is left alone"
    changed = (marked != plain).any(axis=2)
    top, bottom, left, right = box_of(changed)
    side = round(MARK_SHARE * 200)
    assert bottom < side + 4 if corner.startswith("upper") else top >= 200 - side - 4
    assert right < side + 4 if corner.endswith("left") else left >= 300 - side - 4
    assert {tuple(pixel) for pixel in marked[changed]} <= {(0, 0, 0), (255, 255, 255)}
    assert not labelled(marked).any(), "a mark is no label"


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("free", CORNERS)
def test_that_a_mark_is_never_burnt_over_a_label_where_a_corner_is_free(corner: Corner, free: Corner) -> None:
    plain = panel(100, 120, 90)
    for taken in CORNERS:
        if taken != free:
            rows = slice(0, 20) if taken.startswith("upper") else slice(80, 100)
            plain[rows, slice(0, 20) if taken.endswith("left") else slice(100, 120)] = (255, 0, 0)
    marked = corner_mark(plain, corner=corner)
    changed = (marked != plain).any(axis=2)
    assert changed.any()
    assert not (changed & labelled(plain)).any()
    top, _, left, _ = box_of(changed)
    assert (top < 50, left < 50) == (free.startswith("upper"), free.endswith("left"))


def test_that_with_a_label_in_every_corner_the_one_with_least_of_it_is_marked() -> None:
    plain = panel(100, 100, 90)
    plain[:] = (255, 0, 0)
    plain[88:, 90:] = 90
    changed = (corner_mark(plain) != plain).any(axis=2)
    top, _, left, _ = box_of(changed)
    assert top > 50
    assert left > 50


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (2, 3), (3, 512), (5, 5), (8, 7), (12, 300)])
@pytest.mark.parametrize("corner", CORNERS)
def test_that_even_the_smallest_picture_takes_a_mark(shape: tuple[int, int], corner: Corner) -> None:
    plain = panel(*shape, level=90)
    marked = corner_mark(plain, corner=corner)
    assert marked.shape == plain.shape
    changed = (marked != plain).any(axis=2)
    assert changed.any()
    top, bottom, left, right = box_of(changed)
    if shape[0] > 3:
        assert bottom < shape[0] - 1 if corner.startswith("upper") else top > 0
    if shape[1] > 3:
        assert right < shape[1] - 1 if corner.endswith("left") else left > 0


# --- all but the surroundings blanked --------------------------------------------------------------------------------


def test_that_both_pictures_of_a_pair_keep_the_same_box() -> None:
    rng = np.random.default_rng(0)
    one, other = (rng.integers(1, 256, (100, 90, 3)).astype(np.uint8) for _ in range(2))
    keep = np.zeros((100, 90), bool)
    keep[40:50, 20:25] = keep[55, 60] = True
    for picture in (one, other):
        before = picture.copy()
        alone = blanked(picture, keep, margin_px=7)
        assert np.array_equal(picture, before), "the picture given is left alone"
        assert box_of(alone.any(axis=2)) == (33, 62, 13, 67)
        assert np.array_equal(alone[33:63, 13:68], picture[33:63, 13:68])


@pytest.mark.parametrize("margin", [0, 5, 1000])
def test_that_surroundings_end_at_the_pictures_edges(margin: int) -> None:
    picture = panel(30, 20, 50)
    keep = np.zeros((30, 20), bool)
    keep[0, 19] = True
    alone = blanked(picture, keep, margin_px=margin)
    assert box_of(alone.any(axis=2)) == (0, min(margin, 29), max(19 - margin, 0), 19)


def test_that_nothing_to_keep_leaves_black() -> None:
    assert not blanked(panel(9, 8, 200), np.zeros((9, 8), bool), margin_px=5).any()


def test_that_what_to_keep_must_be_of_the_pictures_size() -> None:
    with pytest.raises(ValueError, match="pixels"):
        blanked(panel(9, 8, 200), np.ones((8, 9), bool), margin_px=1)


def test_that_grey_of_any_level_is_no_label_and_a_colour_is() -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert not labelled(greys).any()
    assert labelled(np.array([[(255, 0, 0), (77, 0, 0), (255, 178, 178), (0, 158, 115)]], np.uint8)).all()
