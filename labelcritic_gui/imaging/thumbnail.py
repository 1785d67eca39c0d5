"""A small part of a projection: the structure with a margin, the same for every candidate. Layer: imaging."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.imaging.projection import Silhouette

MARGIN_SHARE = 0.2
"""What is left around a structure, as a share of its longer side."""
LEAST_MARGIN, LEAST_SIDE = 12, 48
"""In pixels (about mm): never less around it, and never a smaller part: anatomy tells where one is."""


def structure_crop(
    silhouettes: Sequence[Silhouette], shape: tuple[int, int], *, margin_share: float = MARGIN_SHARE
) -> tuple[slice, slice]:
    """Return (rows, columns) of a picture of `shape` that hold every silhouette (bool, that shape) and a margin.

    As square as the picture allows, so that it fills a small panel whatever the structure's form. The whole picture
    where no silhouette has a pixel. Raises ValueError for sizes that differ.
    """
    for silhouette in silhouettes:
        if silhouette.shape != shape:
            raise ValueError(f"a silhouette of {silhouette.shape} pixels does not lie on a picture of {shape}")
    held = [_span(silhouettes, axis=axis) for axis in (1, 0)]
    if held[0] is None or held[1] is None:
        return slice(0, shape[0]), slice(0, shape[1])
    longer = max(stop - start for start, stop in (held[0], held[1]))
    side = max(LEAST_SIDE, longer + 2 * max(LEAST_MARGIN, round(margin_share * longer)))
    return _about(held[0], side, shape[0]), _about(held[1], side, shape[1])


def crop(picture: NDArray[Any], place: tuple[slice, slice]) -> NDArray[Any]:
    """Return a part of a picture as a picture of its own, so that the large one need not be held for it."""
    return picture[place].copy()


def _span(silhouettes: Sequence[Silhouette], *, axis: int) -> tuple[int, int] | None:
    """Return the first pixel and the one after the last along the rows (axis 1) or columns (axis 0)."""
    hit = [np.flatnonzero(silhouette.any(axis=axis)) for silhouette in silhouettes]
    ends = [(int(found[0]), int(found[-1]) + 1) for found in hit if found.size]
    return (min(e[0] for e in ends), max(e[1] for e in ends)) if ends else None


def _about(span: tuple[int, int], side: int, length: int) -> slice:
    """Return `side` pixels with a span in the middle, moved inside a picture's side of `length` pixels."""
    side = min(side, length)
    start = (span[0] + span[1] - side) // 2
    start = min(max(0, start), length - side)
    return slice(start, start + side)
