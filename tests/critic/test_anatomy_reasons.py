"""What the anatomy critic says of the parts that decide: who claims what, where, and why it is right or wrong."""

from dataclasses import replace

import pytest

from labelcritic_gui.core.measures.facts import PairFacts
from labelcritic_gui.core.measures.regions import DifferingRegion
from labelcritic_gui.core.measures.signs import Signs
from labelcritic_gui.core.verdict import Outcome
from labelcritic_gui.critic.anatomy_reasons import sentence, why_picked, why_undecided
from tests.core.test_rules import GOOD, HERE, KNOWN
from tests.critic.test_rule_based import question

PAIR = PairFacts(dice=0.8, both_ml=100.0, only_first_ml=40.0, only_second_ml=10.0, common_hu_mean=105.0)
RIGHT = Signs(share=0.2, fit=1.2, local=0.9, contrast=150.0, edge=0.5, contact=0.3)
WRONG = Signs(share=0.1, fit=-2.0, local=-0.9, contrast=150.0, edge=-0.4, contact=0.1)
GAP = DifferingRegion("first", 14.24, HERE, HERE, HERE, 101.4, side="left", signs=RIGHT)
LEAK = DifferingRegion("second", 0.42, HERE, HERE, HERE, -81.0, signs=WRONG)


def asked(*claims: DifferingRegion) -> str:
    return " ".join(why_picked(question(KNOWN, GOOD, GOOD, pair=PAIR, claims=claims), Outcome.FIRST))


def of(region: DifferingRegion) -> str:
    return sentence(region, question(KNOWN, GOOD, GOOD, pair=PAIR, claims=(region,)))


def test_a_part_that_belongs_is_said_with_its_size_place_density_and_signs() -> None:
    assert of(GAP) == (
        "one alone claims 14.2 ml on the patient's left (101 HU), rightly: as dense as what both claim beside it, "
        "the image has its edge beyond it."
    )


def test_a_part_that_does_not_belong_is_said_to_be_wrong() -> None:
    assert of(LEAK) == (
        "two alone claims 0.42 ml (-81 HU), wrongly: as dense as what lies beyond it, "
        "the image has its edge between it and the rest."
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"outside": 0.9}, "90% of it outside the body"),
        ({"across": 1.0}, "100% of it on the other side of the patient"),
        ({"covered": 0.8, "neighbour": "gall_bladder", "alone": False}, "80% of it are gall bladder"),
        ({"contact": 0.0}, "apart from what both claim"),
    ],
)
def test_the_anatomy_comes_before_densities(change: dict[str, object], words: str) -> None:
    assert f"wrongly: {words}" in of(replace(LEAK, signs=replace(WRONG, **change)))  # type: ignore[arg-type]


def test_what_the_other_label_set_makes_of_a_part_is_said_and_not_held_against_it() -> None:
    given = replace(GAP, signs=replace(RIGHT, given=0.9, given_to="stomach"))
    assert "(101 HU; stomach in two), rightly" in of(given)


def test_the_weightiest_parts_come_first_and_those_for_the_loser_not_at_all() -> None:
    small, for_loser = replace(GAP, volume_ml=1.0, signs=replace(RIGHT, share=0.01)), replace(GAP, claimant="second")
    told = asked(small, LEAK, GAP, for_loser)
    assert told.index("14.2 ml") < told.index("0.42 ml")
    assert "two alone claims 14.2 ml" not in told
    assert told.endswith("Dice 0.800; 160.0 ml against 160.0 ml.")


def test_what_is_undecided_says_where_to_look() -> None:
    asked_about = replace(question(KNOWN, GOOD, GOOD, pair=PAIR), regions=(GAP,))
    told = why_undecided(asked_about)
    assert told[0] == "The measurements do not tell which one is better."
    assert "14.2 ml on the patient's left, only in one, at 101 HU" in told[1]
