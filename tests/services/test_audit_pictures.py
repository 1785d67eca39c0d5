"""Pictures tampered with on purpose."""

import numpy as np

from labelcritic_gui.imaging.panel import decode_png, encode_png
from labelcritic_gui.imaging.views import labelled, montage
from labelcritic_gui.services.audit_pictures import SURROUNDINGS_PX, marked, without_background


def picture(row: int, column: int, *, rows: int = 400, columns: int = 300) -> np.ndarray:
    """Grey anatomy with a small red label."""
    grey = np.full((rows, columns, 3), 90, dtype=np.uint8)
    grey[row : row + 10, column : column + 20] = (200, 40, 40)
    return grey


def test_that_a_mark_leaves_the_label_and_most_of_the_picture_alone() -> None:
    plain = picture(200, 150)
    after = decode_png(marked(encode_png(plain)))
    changed = (after != plain).any(axis=2)
    assert 0 < np.count_nonzero(changed) < 0.02 * changed.size
    assert not (changed & labelled(plain)).any()
    assert (labelled(after) == labelled(plain)).all()


def test_that_only_the_surroundings_of_both_labels_are_left_in_both_pictures() -> None:
    one, other = picture(200, 150), picture(230, 60)
    first, second = (decode_png(p) for p in without_background([encode_png(one), encode_png(other)]))
    left = first.any(axis=2)
    assert (left == second.any(axis=2)).all()
    rows, columns = np.flatnonzero(left.any(axis=1)), np.flatnonzero(left.any(axis=0))
    assert (rows[0], rows[-1]) == (200 - SURROUNDINGS_PX, 239 + SURROUNDINGS_PX)
    assert (columns[0], columns[-1]) == (60 - SURROUNDINGS_PX, 169 + SURROUNDINGS_PX)
    assert (first[left] == one[left]).all()
    assert (second[left] == other[left]).all()


def test_that_views_side_by_side_are_blanked_each_for_itself() -> None:
    wide = montage([picture(200, 20), picture(40, 260)])
    (alone,) = (decode_png(p) for p in without_background([encode_png(wide)]))
    assert alone.shape == wide.shape
    left = alone[:, :300].any(axis=2)
    assert not left[: 200 - SURROUNDINGS_PX].any()
    assert left[200, 20]
    right = alone[:, -300:].any(axis=2)
    assert not right[50 + SURROUNDINGS_PX :].any()
    assert right[40, 260]
    assert (alone[:, 300:-300] == 255).all()


def test_that_a_grey_picture_without_a_label_leaves_nothing() -> None:
    (alone,) = (decode_png(p) for p in without_background([encode_png(np.full((60, 50), 90, dtype=np.uint8))]))
    assert not alone.any()
