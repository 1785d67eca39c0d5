"""Clean cohorts made by chance: facts of many cases in which nothing is wrong."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.outliers import Numbers

STRUCTURES = ("liver", "spleen", "pancreas", "kidney_left", "kidney_right", "aorta")
PAIRS = {"kidney_left": "kidney_right", "kidney_right": "kidney_left"}
_ML = {"liver": 1500, "spleen": 220, "pancreas": 80, "kidney_left": 170, "kidney_right": 165, "aorta": 90}
_HU = {"liver": 105, "spleen": 120, "pancreas": 95, "kidney_left": 170, "kidney_right": 170, "aorta": 150}


def clean(cases: int, seed: int, *, tails: float = math.inf, sets: tuple[str, ...] = ("a",)) -> dict[Any, Any]:
    """Facts by (case, structure, label set). `tails`: degrees of freedom of everything that varies."""
    rng = np.random.default_rng(seed)

    def vary() -> float:
        return float(rng.standard_normal() if math.isinf(tails) else rng.standard_t(tails))

    facts = {}
    for n in range(cases):
        width, contrast = 360 * math.exp(0.1 * vary()), 25 * vary()
        kidneys = vary()
        for place, structure in enumerate(STRUCTURES):
            size = 1.2 * math.log(width / 360) + 0.2 * (kidneys if "kidney" in structure else vary())
            middle = (30.0 * (place - 3) + 6 * vary(), 40 + 5 * vary(), 100 + 10 * vary())
            own = CandidateFacts(
                empty=False,
                hu_mean=_HU[structure] + contrast + 8 * vary(),
                height=0.8 + 0.05 * vary(),
                lateral_mm=middle[0],
                anterior_mm=middle[1],
                box_low=(0.0, 0.0, 0.0),
                compactness=0.6 + 0.03 * vary(),
                body_width_mm=width,
            )
            for label_set in sets:
                drawn = math.exp(size + 0.03 * vary())
                tall = 100 * drawn ** (1 / 3) * math.exp(0.05 * vary())
                body = replace(own, volume_ml=_ML[structure] * drawn, box_high=(50.0, 50.0, tall))
                facts[CaseId(f"case_{n}"), structure, label_set] = body
    return facts


def numbers_of(facts: dict[Any, CandidateFacts]) -> Numbers:
    """The facts gathered."""
    numbers = Numbers()
    for (case, structure, label_set), one in facts.items():
        numbers.add(case, structure, label_set, one)
    return numbers
