"""How colours look to people who lack a kind of cone, and how far apart they are then.

Machado, Oliveira, Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE TVCG 15
(2009), the matrices of severity 1.0 for linear RGB. Distances are Euclidean in Oklab (Ottosson, 2020), where a
difference just seen is about 0.02.
"""

import numpy as np
from numpy.typing import NDArray

SEEN_BY = {
    "everybody": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(colour: str) -> NDArray[np.float64]:
    """Return linear RGB of "#RRGGBB"."""
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 has it, 1 to 21."""
    low, high = sorted(float(linear(c) @ (0.2126, 0.7152, 0.0722)) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def places(colours: tuple[str, ...], kind: str) -> NDArray[np.float64]:
    """Return where colours lie in Oklab as a kind of eye sees them, shape (n, 3)."""
    seen = np.clip(np.array([linear(c) for c in colours]) @ SEEN_BY[kind].T, 0, 1)
    return np.asarray(np.cbrt(seen @ _TO_CONES.T) @ _TO_OKLAB.T)


def closest(colours: tuple[str, ...], kind: str) -> float:
    """Return the distance of the two colours that are most alike to a kind of eye."""
    found = places(colours, kind)
    apart = np.linalg.norm(found[:, None] - found[None], axis=-1)
    return float(apart[np.triu_indices(len(colours), 1)].min())
