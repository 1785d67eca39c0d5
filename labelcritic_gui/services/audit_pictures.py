"""A question's pictures, tampered with on purpose: a mark in a corner, all blanked but the surroundings.

The label is the only colour in a grey picture, so it is found again in any view, montage or slice. Layer: services.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.imaging.overlay import RgbPicture
from labelcritic_gui.imaging.panel import decode_png, encode_png
from labelcritic_gui.imaging.views import blanked, corner_mark

SURROUNDINGS_PX = 48
"""How far around the labels a blanked picture still shows; a tenth of its longest side."""
COLOURED = 40
"""Least difference of a pixel's red, green and blue that makes it part of a label; resizing leaves faint rims."""


def marked(picture: bytes) -> bytes:
    """Return a picture (PNG) with a small mark burnt into a corner."""
    return encode_png(corner_mark(_rgb(picture)))


def without_background(pictures: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return pictures (PNG) of one size with everything black that is far from every label in any of them."""
    shown = [_rgb(picture) for picture in pictures]
    keep = np.any([labelled(picture) for picture in shown], axis=0)
    return tuple(encode_png(blanked(picture, keep, margin_px=SURROUNDINGS_PX)) for picture in shown)


def labelled(picture: RgbPicture) -> NDArray[np.bool_]:
    """Return where a picture shows a label."""
    return np.asarray(np.ptp(picture, axis=2) >= COLOURED, dtype=np.bool_)


def _rgb(picture: bytes) -> RgbPicture:
    image = decode_png(picture)
    return image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)
