"""Whether a part that only one of two candidates claims belongs to the structure: its signs, weighed. Layer: core.

A logistic regression on parts whose truth is known: errors planted in phantoms and in real labels (`python -m
benchmarks.fit` makes the weights anew). It knows no names of structures, only signs.
"""

import math
from collections.abc import Iterable, Mapping

from labelcritic_gui.core.measures.regions import DifferingRegion

_CLEAR_HU, _LARGE_SHARE = 40.0, 0.15
"""Contrast from which `local` counts in full; share of both candidates from which a part counts as large."""

WITH_NEIGHBOURS: Mapping[str, float] = {
    "base": -0.95,
    "fit": 0.84,
    "local": 2.53,
    "edge": 1.78,
    "contact": 1.98,
    "solid": -1.22,
    "solid_contact": 0.78,
    "solid_share": 1.57,
    "solid_fit": 0.67,
    "solid_local": -0.71,
    "outside": -1.36,
    "across": -3.05,
    "covered": -7.98,
}
"""Weights where other structures of the case are known."""
ALONE: Mapping[str, float] = {
    "base": -1.79,
    "fit": 0.92,
    "local": 2.45,
    "edge": 2.13,
    "contact": 3.09,
    "solid": -1.72,
    "solid_contact": 1.90,
    "solid_share": 1.64,
    "solid_fit": 0.09,
    "solid_local": -0.34,
    "outside": -0.82,
    "across": -4.49,
    "covered": 0.00,
}
"""Weights where no other structure is known."""


def terms_of(region: DifferingRegion) -> dict[str, float]:
    """Return the terms of a claimed part that are weighed, by name; nothing for one without signs."""
    signs = region.signs
    if signs is None:
        return {}
    solid = 0.0 if region.rim else 1.0
    fit = signs.fit or 0.0
    local = signs.local * min(1.0, signs.contrast / _CLEAR_HU)
    return {
        "base": 1.0,
        "fit": fit,
        "local": local,
        "edge": signs.edge,
        "contact": signs.contact,
        "solid": solid,
        "solid_contact": solid * signs.contact,
        "solid_share": solid * min(1.0, signs.share / _LARGE_SHARE),
        "solid_fit": solid * fit,
        "solid_local": solid * local,
        "outside": signs.outside,
        "across": signs.across,
        "covered": signs.covered,
    }


def belongs(region: DifferingRegion) -> float:
    """Return the probability that a claimed part belongs to the structure; 0.5 for one without signs."""
    if region.signs is None:
        return 0.5
    weights = ALONE if region.signs.alone else WITH_NEIGHBOURS
    odds = sum(weights[name] * value for name, value in terms_of(region).items())
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, odds))))


def balance(claims: Iterable[DifferingRegion]) -> float:
    """Return for whom the claimed parts speak, -1..1: positive for the first of both.

    Each part counts by its share of both candidates: for its claimant if it belongs, for the other one if not. Swapping
    the candidates changes the sign, exactly: the two sides are summed apart and in an order of their own.
    """
    sides: dict[str, list[float]] = {"first": [], "second": []}
    for region in claims:
        if region.signs is not None:
            sides[region.claimant].append(region.signs.share * (2.0 * belongs(region) - 1.0))
    return math.fsum(sides["first"]) - math.fsum(sides["second"])
