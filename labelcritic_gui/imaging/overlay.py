"""Masks over grey pictures: the published colouring, and one that is visible everywhere. Layer: imaging."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.imaging.projection import Picture, ProjectionWindow, Silhouette

Colour = tuple[int, int, int]
"""Red, green, blue; each 0 to 255."""
Style = Literal["fill", "outline", "both"]
RgbPicture = NDArray[np.uint8]
"""uint8 (rows, columns, 3)."""

FIRST_ONLY, SECOND_ONLY, BOTH = 1, 2, 3
"""What `difference` calls its parts; 0 is neither."""


def published(picture: Picture, silhouette: Silhouette, window: ProjectionWindow) -> RgbPicture:
    """Return the released program's overlay: on the silhouette red keeps the grey, green and blue are 0.

    In the skeleton window red is the grey + 0.5. Outside the body this is black on black: use `compose` for people.
    """
    _require_same(picture, silhouette)
    red = picture
    if window.enhanced:
        red = np.minimum(picture.astype(np.uint16) + 128, 255).astype(np.uint8)
    rest = np.where(silhouette, np.uint8(0), picture)
    return np.stack([np.where(silhouette, red, picture), rest, rest], axis=-1)


def compose(
    picture: Picture,
    silhouette: Silhouette,
    colour: Colour,
    *,
    style: Style = "fill",
    opacity: float = 0.5,
) -> RgbPicture:
    """Return a silhouette in a colour over a picture, visible on black too.

    `opacity` (0..1) is that of the fill; an outline is always opaque.
    """
    return compose_labels(picture, label_picture([silhouette]), [colour], style=style, opacity=opacity)


def compose_labels(
    picture: Picture,
    labels: NDArray[np.uint8],
    colours: Sequence[Colour],
    *,
    style: Style = "fill",
    opacity: float = 0.5,
) -> RgbPicture:
    """Return labels (uint8 (rows, columns); 0 is none, n has `colours[n - 1]`) over a picture."""
    fused = fuse(picture, labels, fuse_table(colours, opacity=0.0 if style == "outline" else opacity))
    if style != "fill":
        edge = np.where(outline(labels), labels, np.uint8(0))
        opaque = fuse_table(colours, opacity=1.0)
        fused = np.where(edge > 0, fuse(picture, edge, opaque), fused)
    return to_rgb(fused)


def label_picture(silhouettes: Sequence[Silhouette]) -> NDArray[np.uint8]:
    """Return one label per pixel: n for the n-th silhouette; where they overlap the last one is seen."""
    labels = np.zeros(silhouettes[0].shape, dtype=np.uint8)
    for number, silhouette in enumerate(silhouettes, start=1):
        _require_same(labels, silhouette)
        labels[silhouette] = number
    return labels


def difference(first: Silhouette, second: Silhouette) -> NDArray[np.uint8]:
    """Return where two silhouettes differ: FIRST_ONLY, SECOND_ONLY, BOTH, or 0; for `compose_labels` or `fuse`."""
    _require_same(first, second)
    return first.astype(np.uint8) * np.uint8(FIRST_ONLY) + second.astype(np.uint8) * np.uint8(SECOND_ONLY)


def outline(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the inner border of each label, one pixel wide; the picture's edge counts as outside."""
    import cv2

    bordered = cv2.copyMakeBorder(labels, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    kernel = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    changes = cv2.morphologyEx(bordered, cv2.MORPH_GRADIENT, kernel)[1:-1, 1:-1]
    return np.asarray((changes > 0) & (labels > 0), dtype=np.bool_)


def dimmed(colour: Colour, *, share: float = 0.45) -> Colour:
    """Return a darker colour for a companion, such as the other kidney of a pair."""
    red, green, blue = (round(part * share) for part in colour)
    return red, green, blue


def fuse_table(colours: Sequence[Colour], *, opacity: float) -> NDArray[np.uint32]:
    """Return the table [label, grey] of 0xFFRRGGBB pixels: row 0 is plain grey, row n has `colours[n - 1]` over it."""
    grey = np.arange(256, dtype=np.float64)
    table = np.empty((len(colours) + 1, 256), dtype=np.uint32)
    for row, colour in enumerate([None, *colours]):
        parts = [grey if colour is None else grey * (1.0 - opacity) + part * opacity for part in colour or (0, 0, 0)]
        red, green, blue = (np.rint(part).astype(np.uint32) for part in parts)
        table[row] = np.uint32(0xFF000000) | red << 16 | green << 8 | blue
    return table


def fuse(picture: Picture, labels: NDArray[np.uint8], table: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return a picture and its labels as pixels 0xFFRRGGBB, uint32 (rows, columns): Qt's Format_RGB32, in one step."""
    _require_same(picture, labels)
    place = labels.astype(np.uint16) << np.uint16(8) | picture
    return table.ravel().take(place)


def to_rgb(fused: NDArray[np.uint32]) -> RgbPicture:
    """Return pixels 0xFFRRGGBB as uint8 (rows, columns, 3) in the order red, green, blue."""
    parts = [fused >> np.uint32(16), fused >> np.uint32(8), fused]
    return np.stack([part.astype(np.uint8) for part in parts], axis=-1)


def _require_same(one: NDArray[np.generic], other: NDArray[np.generic]) -> None:
    if one.shape != other.shape:
        raise ValueError(f"pictures of {one.shape} and {other.shape} pixels do not lie on each other")
