"""How far a candidate is from what is usual of its structure, within the ranges too. Layer: core.

Rules say what is outside a range; of two candidates inside it the one nearer to its middle is the likelier one. That is
all there is to go by where two candidates have nothing in common.
"""

import math
from collections.abc import Iterator

from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.structures import Expectation, Span, Structure

_MOST = 4.0
"""A measure twice as far from the middle as its range goes is as strange as it gets."""


def strangeness(structure: Structure, facts: CandidateFacts) -> float:
    """Return the sum of squared deviations from the middle of each expected range, in half ranges, each at most 4.

    Density in the contrast phase, place, size for the body, length, shape, diameter, and edges along the surface. What
    the image cuts off is judged by density and place alone. 0 without expectations, or for an empty mask.
    """
    expect = structure.expect
    if expect is None or facts.empty:
        return 0.0
    return math.fsum(min(_MOST, value * value) for value in _deviations(expect, facts))


def _deviations(expect: Expectation, facts: CandidateFacts) -> Iterator[float]:
    density = facts.hu_mean if expect.hollow or facts.core_hu is None else facts.core_hu
    yield _from_middle(expect.hu_in(facts.phase), density)
    yield _from_middle(expect.lateral_mm, facts.lateral_mm)
    yield _from_middle(expect.anterior_mm, facts.anterior_mm if facts.spine_visible else None)
    yield _from_middle(expect.height, facts.height)
    yield _from_middle(expect.sphericity, facts.sphericity)
    yield _from_middle(_log(expect.diameter_mm), _log_of(None if facts.radius_mm is None else 2.0 * facts.radius_mm))
    if expect.edge_share is not None and facts.edge_share is not None and expect.edge_share < 1.0:
        yield (1.0 - facts.edge_share) / (1.0 - expect.edge_share)
    if not facts.touches_border:
        yield from _sizes(expect, facts)


def _sizes(expect: Expectation, facts: CandidateFacts) -> Iterator[float]:
    if expect.volume_by_size is not None and facts.body_size:
        yield _from_middle(_log(expect.volume_by_size), _log_of(facts.volume_ml / facts.body_size**3))
    else:
        yield _from_middle(_log(expect.volume_ml), _log_of(facts.volume_ml))
    if facts.box_low is not None and facts.box_high is not None:
        yield _from_middle(_log(expect.tall_mm), _log_of(facts.box_high[2] - facts.box_low[2]))


def _from_middle(span: Span | None, value: float | None) -> float:
    """Return how far a value is from the middle of a range, in half ranges; 0 when either is not known."""
    if span is None or value is None or span.high <= span.low:
        return 0.0
    return (value - 0.5 * (span.low + span.high)) / (0.5 * (span.high - span.low))


def _log(span: Span | None) -> Span | None:
    return None if span is None or span.low <= 0 else Span(math.log(span.low), math.log(span.high))


def _log_of(value: float | None) -> float | None:
    return None if value is None or value <= 0 else math.log(value)
