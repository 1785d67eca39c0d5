"""How far a candidate is from what is usual: least in the middle of every range, and never judged where unknown."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.measures.strangeness import strangeness
from labelcritic_gui.core.structures import Expectation, Span, Structure
from tests.core.test_rules import EMPTY, GOOD, UNKNOWN

NARROW = Structure(
    name="thing", expect=Expectation(hu=Span(100, 140), lateral_mm=Span(20, 60), volume_ml=Span(80, 320))
)
MIDDLE = replace(GOOD, hu_mean=120.0, core_hu=None, lateral_mm=40.0, volume_ml=160.0, body_size=None, touches_border=())


def test_nothing_is_strange_in_the_middle_of_every_range() -> None:
    assert strangeness(NARROW, MIDDLE) == pytest.approx(0.0)


@given(st.floats(-1000, 1000), st.floats(-1000, 1000))
def test_the_further_from_the_middle_the_stranger(one: float, other: float) -> None:
    near, far = sorted((one, other), key=abs)
    assert strangeness(NARROW, replace(MIDDLE, hu_mean=120 + near)) <= strangeness(
        NARROW, replace(MIDDLE, hu_mean=120 + far)
    )


def test_at_the_end_of_a_range_a_measure_counts_one_and_never_more_than_four() -> None:
    assert strangeness(NARROW, replace(MIDDLE, hu_mean=140.0)) == pytest.approx(1.0)
    assert strangeness(NARROW, replace(MIDDLE, volume_ml=320.0)) == pytest.approx(1.0)
    assert strangeness(NARROW, replace(MIDDLE, hu_mean=3000.0)) == 4.0


def test_what_the_image_cuts_off_is_not_judged_by_its_size() -> None:
    assert strangeness(NARROW, replace(MIDDLE, volume_ml=20.0, touches_border=("I",))) == pytest.approx(0.0)


def test_without_expectations_or_without_a_mask_nothing_is_strange() -> None:
    assert strangeness(UNKNOWN, GOOD) == 0.0
    assert strangeness(NARROW, EMPTY) == 0.0
