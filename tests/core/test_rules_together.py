"""Small things weigh together: two kinds of them, or one in a label that is unusual altogether."""

from dataclasses import replace

from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.rules.together import together
from labelcritic_gui.core.structures import Expectation, Span, Structure
from tests.core.test_rules import GOOD

PLAIN = Structure(name="thing", expect=Expectation(hu=Span(100, 140)))
USUAL = replace(GOOD, hu_mean=120.0, core_hu=None)
RAGGED = Finding(FindingCode.EDGE, Severity.MINOR, "Ragged.")
ISLE = Finding(FindingCode.ISLE, Severity.MINOR, "Two parts.")
HOLE = Finding(FindingCode.HOLE, Severity.MAJOR, "A hole.")


def test_one_small_thing_stays_small() -> None:
    assert together(PLAIN, USUAL, [RAGGED]) == [RAGGED]
    assert together(PLAIN, USUAL, [RAGGED, replace(RAGGED, text="Very ragged.")])[0].severity is Severity.MINOR


def test_two_kinds_of_small_things_are_a_serious_one_and_say_so() -> None:
    raised, other = together(PLAIN, USUAL, [RAGGED, ISLE])
    assert (raised.severity, raised.text) == (
        Severity.MAJOR,
        "Ragged. Together with ISLE more than a minute's edit.",
    )
    assert other == ISLE


def test_a_small_thing_in_an_unusual_label_is_a_serious_one() -> None:
    (raised,) = together(PLAIN, replace(USUAL, hu_mean=200.0), [RAGGED])
    assert raised.severity is Severity.MAJOR
    assert "unusual" in raised.text


def test_beside_something_serious_nothing_is_raised() -> None:
    assert together(PLAIN, USUAL, [HOLE, RAGGED, ISLE]) == [HOLE, RAGGED, ISLE]
    assert together(PLAIN, replace(USUAL, hu_mean=900.0), []) == []
