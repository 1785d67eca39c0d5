"""The picture as it is sent to the model and shown to people: size and PNG bytes. Layer: imaging."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.imaging.overlay import Colour, RgbPicture, Style, compose_labels, dimmed, label_picture
from labelcritic_gui.imaging.projection import Picture, Silhouette

LONGEST_SIDE = 512
"""Of a picture for the model, in pixels, as published."""
RED: Colour = (255, 0, 0)
_GAP = 8


def model_panel(
    picture: Picture,
    silhouette: Silhouette,
    *,
    colour: Colour = RED,
    solid: bool = False,
    companion: Silhouette | None = None,
    style: Style = "fill",
    opacity: float = 0.5,
) -> RgbPicture:
    """Return what the model is asked about: one candidate over the projection, longest side 512.

    `solid` draws it opaque, as published for aorta and postcava; `companion` (the other of a pair) is drawn dimmed,
    below it.
    """
    layers, colours = [silhouette], [colour]
    if companion is not None:
        layers, colours = [companion, silhouette], [dimmed(colour), colour]
    labels = label_picture(layers)
    shown = "fill" if solid else style
    return fitted(compose_labels(picture, labels, colours, style=shown, opacity=1.0 if solid else opacity))


def fitted(image: NDArray[np.uint8], *, longest: int = LONGEST_SIDE) -> NDArray[np.uint8]:
    """Return an image (rows, columns[, 3]) resized so that its longest side has `longest` pixels."""
    import cv2

    rows, columns = image.shape[:2]
    scale = longest / max(rows, columns)
    if scale == 1.0:
        return image
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), dtype=np.uint8)


def side_by_side(panels: Sequence[RgbPicture]) -> RgbPicture:
    """Return panels of equal height in a row, with a white gap between them."""
    rows = {panel.shape[0] for panel in panels}
    if len(rows) != 1:
        raise ValueError(f"panels of different heights {sorted(rows)} do not stand side by side")
    gap = np.full((rows.pop(), _GAP, 3), 255, dtype=np.uint8)
    parts: list[Any] = []
    for panel in panels:
        parts += [panel, gap]
    return np.concatenate(parts[:-1], axis=1)


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """Return an image, grey (rows, columns) or RGB (rows, columns, 3), as PNG bytes."""
    import cv2

    stored = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    # run lengths suit flat colours: smaller and faster than the default strategy at this level
    how = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    done, packed = cv2.imencode(".png", stored, how)
    if not done:
        raise ValueError(f"an image of shape {image.shape} cannot be a PNG")
    return packed.tobytes()


def decode_png(packed: bytes) -> NDArray[np.uint8]:
    """Return the image of PNG bytes, grey (rows, columns) or RGB (rows, columns, 3); of 16 bits the upper 8.

    Raises ValueError for what is no PNG, or one of more pixels than can be read.
    """
    import cv2

    try:
        image = cv2.imdecode(np.frombuffer(packed, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:  # no bytes at all, or a size that nothing has
        raise ValueError("these bytes are no PNG of a usual size") from error
    if image is None:
        raise ValueError("these bytes are no PNG")
    if image.dtype == np.uint16:
        image = (image // 256).astype(np.uint8)
    return np.asarray(image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)
