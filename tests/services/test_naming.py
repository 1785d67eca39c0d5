"""What a critic wrote is shown with the names that a reader knows, and stays as it was written on disk."""

from types import SimpleNamespace

import pytest

from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.core.structures import Structure, StructureTable
from labelcritic_gui.services.naming import Naming

REVIEW = SimpleNamespace(
    table=StructureTable([Structure("postcava", "inferior vena cava"), Structure("kidney_left", "left kidney")]),
    label_sets=(LabelSet("model_b", "model b"), LabelSet("v1", "v1")),
)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("model_b alone claims 7 ml", "model b alone claims 7 ml"),
        ("6.9 ml (9%) of it are marked as postcava too.", "6.9 ml (9%) of it are marked as inferior vena cava too."),
        ("63% of it are kidney left, apart", "63% of it are left kidney, apart"),
        ("kidney_left in model_b.", "left kidney in model b."),
        ("in model_b; v1 has it", "in model b; v1 has it"),
        ("model_b2, my-postcava and model_b.nii.gz are others", "model_b2, my-postcava and model_b.nii.gz are others"),
        ("", ""),
    ],
)
def test_names_in_sentences_are_those_of_the_list(written, shown):
    assert Naming(REVIEW).spoken(written) == shown
    assert Naming(REVIEW).spoken(shown) == shown


def test_a_review_without_any_names_to_change_says_the_same():
    bare = SimpleNamespace(table=StructureTable([Structure("liver")]), label_sets=(LabelSet("a", "a"),))
    assert Naming(bare).spoken("a alone claims the liver") == "a alone claims the liver"
