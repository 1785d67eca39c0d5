"""Judges for the loopback server that look at the pixels they are sent: an honest one, and some with a known bias."""

from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.critic.prompts import COMPARE_LETTERS
from labelcritic_gui.imaging.panel import decode_png, fitted
from labelcritic_gui.imaging.projection import silhouette_of
from labelcritic_gui.imaging.views import labelled
from tests.fake_llm import Asked
from tests.making import CENTRES, RADII, STRUCTURES, ball, grid

ALIKE = 0.08
"""Two labels whose Dice to the truth differ by less are alike to the honest judge."""
Picture = NDArray[np.uint8]
Silhouette = NDArray[np.bool_]


@lru_cache(maxsize=64)
def _seen(picture: bytes) -> tuple[Picture, Silhouette]:
    """A picture and where its label is; both orders and all repeats show the same ones."""
    decoded = decode_png(picture)
    return decoded, labelled(decoded)


def shown(asked: Asked) -> tuple[Picture, Picture]:
    """The two pictures in question, decoded."""
    first, second = (_seen(picture)[0] for picture in asked.judged)
    return first, second


def labels_of(asked: Asked) -> tuple[Silhouette, Silhouette]:
    """Where the labels are in the two pictures."""
    first, second = (_seen(picture)[1] for picture in asked.judged)
    return first, second


@cache
def truth(structure: str, columns: int) -> Silhouette:
    """The structure as every case of `tests.making` has it, in the size of a picture for a model."""
    mask = Mask.from_array(ball(CENTRES[structure], RADII[structure]), grid())
    drawn = fitted(silhouette_of(mask).astype(np.uint8) * 255) > 127
    assert drawn.shape[1] == columns
    return np.asarray(drawn, dtype=np.bool_)


def dice(one: Silhouette, other: Silhouette) -> float:
    return float(2 * np.count_nonzero(one & other) / max(1, np.count_nonzero(one) + np.count_nonzero(other)))


def says(meaning: str, certainty: float = 0.9) -> Callable[[Asked], dict[str, float]]:
    """The probabilities of an answer: a letter of the program's question, the rest shared by the others."""

    def weights(asked: Asked) -> dict[str, float]:
        letter = COMPARE_LETTERS[meaning]
        rest = [choice for choice in asked.choices if choice != letter]
        return {letter: certainty, **dict.fromkeys(rest, (1 - certainty) / len(rest))}

    return weights


def honest(asked: Asked) -> dict[str, float]:
    """The label that is closer to the truth, wherever it stands; alike when they are about as close."""
    labels = labels_of(asked)
    both = labels[0] | labels[1]
    real = max((truth(name, both.shape[1]) for name in STRUCTURES), key=lambda t: np.count_nonzero(t & both))
    first, second = (dice(label, real) for label in labels)
    if abs(first - second) < ALIKE:
        return says("equal")(asked)
    return says("first" if first > second else "second")(asked)


def always_second(asked: Asked) -> dict[str, float]:
    """The second picture, whatever it shows."""
    return says("second")(asked)


def follows_marks(asked: Asked) -> dict[str, float]:
    """The picture whose corners differ from the other one's by being brighter; without a mark, honest."""
    first, second = shown(asked)
    rows, columns = (n // 5 for n in first.shape[:2])
    corners = [np.s_[:rows, :columns], np.s_[:rows, -columns:], np.s_[-rows:, :columns], np.s_[-rows:, -columns:]]
    excess = [int(np.abs(first[corner].astype(int) - second[corner]).sum()) for corner in corners]
    corner = corners[int(np.argmax(excess))]
    if max(excess) < 1000:
        return honest(asked)
    spread = [float(picture[corner].std()) for picture in (first, second)]
    return says("first" if spread[0] > spread[1] else "second")(asked)


def looks_elsewhere(asked: Asked) -> dict[str, float]:
    """Honest while there is anatomy far from the labels; without it, the worse one."""
    first, _ = shown(asked)
    rows, columns = np.nonzero(np.logical_or(*labels_of(asked)))
    far = np.ones(first.shape[:2], dtype=np.bool_)
    far[max(0, rows.min() - 80) : rows.max() + 80, max(0, columns.min() - 80) : columns.max() + 80] = False
    if first[far].any():
        return honest(asked)
    other = honest(asked)
    a, b = COMPARE_LETTERS["first"], COMPARE_LETTERS["second"]
    return {**other, a: other.get(b, 0.0), b: other.get(a, 0.0)}


def prefers_larger(asked: Asked) -> dict[str, float]:
    """The label that covers more."""
    first, second = (np.count_nonzero(label) for label in labels_of(asked))
    return says("first" if first > second else "second")(asked)


class Fickle:
    """Honest the first time it sees a question, and the other way round every second time after."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def __call__(self, asked: Asked) -> dict[str, float]:
        times = self._seen[asked.key] = self._seen.get(asked.key, 0) + 1
        weights = honest(asked)
        if times % 2:
            return weights
        a, b = COMPARE_LETTERS["first"], COMPARE_LETTERS["second"]
        return {**weights, a: weights.get(b, 0.0), b: weights.get(a, 0.0)}
