"""Sentences become recipes, recipes become sentences, and what is not understood is quoted."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.catalogue import load_catalogue
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.faults.grammar import UNDERSTOOD, parse
from labelcritic_gui.faults.kinds import NATURES, FaultKind, FaultSeverity, RecipeError, usual_severity
from labelcritic_gui.faults.recipe import STANDARD, Recipe

MILD, MODERATE, GROSS = FaultSeverity
NAMES = load_catalogue().name_of
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "faults.md"

SENTENCES = {
    "remove the lower third": Recipe(FaultKind.MISSING, MODERATE, 0.33, "bottom"),
    "Remove the top 20 %": Recipe(FaultKind.MISSING, MODERATE, 0.2, "top"),
    "remove two thirds": Recipe(FaultKind.MISSING, GROSS, 0.67),
    "remove the posterior tenth of it": Recipe(FaultKind.MISSING, MILD, 0.1, "back"),
    "remove a lobe": Recipe(FaultKind.MISSING, MODERATE, where="lobe"),
    "cut off the front quarter with a flat plane": Recipe(FaultKind.CUT, MODERATE, 0.25, "front"),
    "cut off half along an oblique plane": Recipe(FaultKind.CUT, GROSS, 0.5, "oblique"),
    "leak 15 mm into the stomach": Recipe(FaultKind.LEAK, MODERATE, 15, target="stomach"),
    "spill 1.5 cm into the stomach": Recipe(FaultKind.LEAK, MODERATE, 15, target="stomach"),
    "leak into the spleen": Recipe(FaultKind.LEAK, MODERATE, target="spleen"),
    "leak into the spleen by ten mm": Recipe(FaultKind.LEAK, MODERATE, 10, target="spleen"),
    "leak into a neighbour": Recipe(FaultKind.LEAK, MODERATE),
    "leak 8 mm into unlabelled tissue": Recipe(FaultKind.LEAK, MILD, 8, "tissue"),
    "swap left and right": Recipe(FaultKind.SWAP, GROSS),
    "take both sides": Recipe(FaultKind.SWAP, MODERATE),
    "take a third of the other side as well": Recipe(FaultKind.SWAP, MILD, 0.33),
    "shift 12 mm up": Recipe(FaultKind.SHIFT, MODERATE, 12, "top"),
    "shift by 10 mm to the patient's left": Recipe(FaultKind.SHIFT, MODERATE, 10, "left"),
    "shift down 3 cm": Recipe(FaultKind.SHIFT, GROSS, 30, "bottom"),
    "replace by the pancreas": Recipe(FaultKind.OTHER, GROSS, target="pancreas"),
    "replace half by the left kidney": Recipe(FaultKind.OTHER, GROSS, 0.5, target="kidney_left"),
    "move to an impossible place": Recipe(FaultKind.OTHER, GROSS, where="far"),
    "grow by 3 mm": Recipe(FaultKind.OVER, MODERATE, 3),
    "shrink 2 mm": Recipe(FaultKind.UNDER, MODERATE, 2),
    "shrink 2  MM": Recipe(FaultKind.UNDER, MODERATE, 2),
    "roughen the edge": Recipe(FaultKind.ROUGH, MODERATE),
    "add five islands": Recipe(FaultKind.ISLANDS, MODERATE, 5),
    "add an island": Recipe(FaultKind.ISLANDS, MILD, 1),
    "punch 3 holes.": Recipe(FaultKind.HOLES, MODERATE, 3),
    "merge with the left kidney": Recipe(FaultKind.MERGED, GROSS, target="kidney_left"),
    "keep only a fragment": Recipe(FaultKind.FRAGMENT, GROSS),
    "break into 4 pieces": Recipe(FaultKind.FRAGMENT, MODERATE, 4),
    "run outside the body by 20 mm": Recipe(FaultKind.OUTSIDE, MODERATE, 20),
    "run 2 cm outside the body on the left": Recipe(FaultKind.OUTSIDE, MODERATE, 20, "left"),
    "empty": Recipe(FaultKind.EMPTY, GROSS),
    "slightly leak into the spleen": Recipe(FaultKind.LEAK, MILD, target="spleen"),
    "shift up badly": Recipe(FaultKind.SHIFT, GROSS, where="top"),
}


@pytest.mark.parametrize(("sentence", "recipe"), SENTENCES.items())
def test_a_sentence_means_its_recipe(sentence: str, recipe: Recipe) -> None:
    assert parse(sentence, names=NAMES) == (recipe,)
    assert parse(sentence.upper(), names=NAMES) == (recipe,)


def test_several_errors_are_told_apart() -> None:
    two = parse("remove the lower third; leak 15 mm into the stomach", names=NAMES)
    assert [r.kind for r in two] == [FaultKind.MISSING, FaultKind.LEAK]
    assert parse("remove the lower third, then leak 15 mm into the stomach", names=NAMES) == two
    assert parse("Remove the lower third and then\n leak 15 mm into the stomach;", names=NAMES) == two


AMOUNTS = {
    "mm": st.integers(1, 3000).map(lambda n: n / 10),
    "share": st.integers(1, 100).map(lambda n: n / 100),
    "count": st.integers(1, 50).map(float),
    "share or count": st.integers(1, 95).map(lambda n: n / 100) | st.integers(2, 20).map(float),
    "none": st.none(),
}
STRUCTURES = (
    "liver",
    "kidney_left",
    "adrenal_gland_right",
    "portal_vein_and_splenic_vein",
    "left_atrium",
    "L 3",
    "Aorta",
)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """Any recipe that may be made."""
    kind = draw(st.sampled_from(FaultKind))
    nature = NATURES[kind]
    where = draw(st.sampled_from(("", *nature.wheres)))
    target = draw(st.sampled_from(("", *STRUCTURES))) if nature.takes_target and not where else ""
    amount = draw(st.none() | AMOUNTS[nature.measure])
    if where in ("lobe", "far") or (amount is not None and not nature.least <= amount <= nature.most):
        amount = None
    return Recipe(kind, draw(st.sampled_from(FaultSeverity)), amount, where, target)


@given(recipes())
def test_the_sentence_of_a_recipe_means_that_recipe(recipe: Recipe) -> None:
    if recipe.kind is FaultKind.SWAP and recipe.amount is None:
        assert recipe.text in ("take part of the other side", "take both sides", "swap left and right")
    assert parse(recipe.text, names=lambda name: name) == (recipe,)


@given(st.lists(recipes(), min_size=1, max_size=4))
def test_sentences_in_a_row_are_their_recipes(several: list[Recipe]) -> None:
    assert parse("; ".join(r.text for r in several), names=lambda name: name) == tuple(several)


def test_the_standard_recipes_can_be_said_and_differ() -> None:
    texts = [r.text for r in STANDARD]
    assert len(set(texts)) == len(texts)
    assert parse(";".join(texts), names=NAMES) == STANDARD
    assert {r.kind for r in STANDARD} == set(FaultKind)


@pytest.mark.parametrize(
    "sentence",
    ["dance", "leak 15 mm into", "remove", "shift 12 bananas up", "grow by -3 mm", "punch half a hole", "add 5"],
)
def test_what_is_not_understood_is_quoted_with_all_that_is(sentence: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(repr(sentence))) as caught:
        parse(f"empty; {sentence}", names=NAMES)
    assert all(example in caught.value.hint for example in UNDERSTOOD)


@pytest.mark.parametrize("text", ["", "  ", ";", "then"])
def test_no_sentence_is_no_recipe(text: str) -> None:
    with pytest.raises(RecipeError, match="No error is described"):
        parse(text, names=NAMES)


@pytest.mark.parametrize(
    "sentence",
    ["remove 300 %", "leak 900 mm into the spleen", "add 0 islands", "cut off the top third with an oblique plane"],
)
def test_an_amount_that_makes_no_sense_is_refused_with_its_range(sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(sentence, names=NAMES)
    assert caught.value.hint


def test_a_recipe_refuses_what_its_kind_does_not_take() -> None:
    for wrong in (
        {"kind": FaultKind.EMPTY, "amount": 3.0},
        {"kind": FaultKind.HOLES, "where": "top"},
        {"kind": FaultKind.HOLES, "target": "liver"},
        {"kind": FaultKind.MISSING, "where": "lobe", "amount": 0.3},
        {"kind": FaultKind.LEAK, "where": "tissue", "target": "liver"},
        {"kind": FaultKind.FRAGMENT, "amount": 1.0},
    ):
        with pytest.raises(RecipeError):
            Recipe(**{"severity": MILD, **wrong})


def test_more_is_never_milder() -> None:
    order = list(FaultSeverity)
    for kind, nature in NATURES.items():
        if nature.measure in ("mm", "share", "count"):
            grades = [
                order.index(usual_severity(kind, nature.least + k * (nature.most - nature.least) / 50))
                for k in range(51)
            ]
            assert grades == sorted(grades)


def test_every_form_is_documented_and_every_documented_sentence_is_understood() -> None:
    rows = re.findall(r"^\| `([^`|]+)` \|", DOCUMENT.read_text("utf-8"), flags=re.MULTILINE)
    assert len(rows) > 40
    found = [recipe for row in rows for recipe in parse(row, names=NAMES)]
    assert {r.kind for r in found} == set(FaultKind)
    assert set(UNDERSTOOD) <= set(rows)
