"""Hounsfield units to grey, and the windows people and the published projection use. Layer: imaging."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Window:
    """A range of Hounsfield units shown from black to white."""

    name: str
    low: float
    high: float

    @classmethod
    def of(cls, name: str, *, width: float, level: float) -> "Window":
        """Make a window from width and level, as radiologists name it."""
        return cls(name, float(level - width / 2), float(level + width / 2))

    @property
    def width(self) -> float:
        """How many Hounsfield units it spans."""
        return self.high - self.low

    @property
    def level(self) -> float:
        """The Hounsfield units at middle grey."""
        return (self.low + self.high) / 2


PRESETS = {
    preset.name: preset
    for preset in (
        Window.of("abdomen", width=400, level=40),
        Window.of("liver", width=150, level=30),
        Window.of("lung", width=1500, level=-600),
        Window.of("bone", width=1800, level=400),
        Window.of("mediastinum", width=350, level=50),
        Window.of("brain", width=80, level=40),
        Window("full", -1024.0, 3071.0),
    )
}
"""Windows for slices, by name."""


def to_grey(hu: NDArray[Any], window: Window) -> NDArray[np.uint8]:
    """Return a slice, Hounsfield units (rows, columns), as grey levels uint8 of the same shape."""
    import cv2

    if window.width <= 0:
        step: NDArray[np.uint8] = np.where(hu < window.low, np.uint8(0), np.uint8(255))
        return step
    scale = 255.0 / window.width
    if hu.dtype == np.int16 and all(float(v).is_integer() and -32768 <= v <= 32767 for v in (window.low, window.high)):
        # clipped first: convertScaleAbs would fold negative values to positive ones
        clipped = np.clip(hu, np.int16(window.low), np.int16(window.high))
        grey: NDArray[np.uint8] = np.asarray(cv2.convertScaleAbs(clipped, alpha=scale, beta=-window.low * scale))
        return grey
    shifted = np.nan_to_num(hu.astype(np.float32), nan=window.low) - np.float32(window.low)
    rounded: NDArray[np.float32] = np.rint(np.clip(shifted * np.float32(scale), 0.0, 255.0))
    return rounded.astype(np.uint8)
