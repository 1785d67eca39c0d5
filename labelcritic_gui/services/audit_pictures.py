"""A question's pictures, tampered with on purpose: a mark in a corner, all blanked but the surroundings.

Layer: services.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from labelcritic_gui.imaging.overlay import RgbPicture
from labelcritic_gui.imaging.panel import decode_png, encode_png
from labelcritic_gui.imaging.views import blanked, corner_mark, labelled

SURROUNDINGS_PX = 48
"""How far around the labels a blanked picture still shows; about a tenth of its longest side."""


def marked(picture: bytes) -> bytes:
    """Return a picture (PNG) with a small mark burnt into a corner."""
    return encode_png(corner_mark(_rgb(picture)))


def without_background(pictures: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return pictures (PNG) of one size with everything black that is far from every label in any of them.

    Views that stand side by side are blanked each for itself.
    """
    shown = [_rgb(picture) for picture in pictures]
    keep = np.any([labelled(picture) for picture in shown], axis=0)
    alone = [picture.copy() for picture in shown]
    for columns in _views(shown[0]):
        for picture in alone:
            picture[:, columns] = blanked(picture[:, columns], keep[:, columns], margin_px=SURROUNDINGS_PX)
    return tuple(encode_png(picture) for picture in alone)


def _views(picture: RgbPicture) -> Iterator[slice]:
    """Yield the columns of each view of a picture; between views there is a white gap from top to bottom."""
    inside = np.concatenate(([False], ~np.all(picture == 255, axis=(0, 2)), [False]))
    ends = np.flatnonzero(inside[1:] != inside[:-1])
    for start, stop in zip(ends[::2], ends[1::2], strict=True):
        yield slice(int(start), int(stop))


def _rgb(picture: bytes) -> RgbPicture:
    image = decode_png(picture)
    return image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)
