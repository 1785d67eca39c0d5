"""The structure table: names and aliases."""

from labelcritic_gui.core.structures import Span, Structure, StructureTable, normal_name


def test_that_names_are_compared_without_case_spaces_and_dots() -> None:
    assert {
        normal_name(n) for n in ("Kidney Left", "kidney-left", " kidney.left ", "KIDNEY__LEFT".replace("__", "_"))
    } == {"kidney_left"}


def test_that_an_alias_stands_for_its_structure_and_an_unknown_name_for_itself() -> None:
    table = StructureTable([Structure("postcava", aliases=("IVC", "inferior vena cava"))])
    assert table.name_of("ivc") == table.name_of("Inferior-Vena-Cava") == "postcava"
    assert table.name_of("Spleen_X") == "Spleen_X"
    assert table.get("Spleen_X") == Structure("Spleen_X")
    assert table.knows("IVC")
    assert not table.knows("spleen")


def test_that_a_name_wins_over_another_ones_alias() -> None:
    table = StructureTable([Structure("a", aliases=("b",)), Structure("b")])
    assert table.name_of("b") == "b"
    assert len(table) == 2
    assert [s.name for s in table] == ["a", "b"]


def test_that_a_structure_without_title_is_shown_by_its_name() -> None:
    assert Structure("adrenal_gland_left").shown == "adrenal gland left"
    assert Structure("x", title="the x").shown == "the x"


def test_that_a_span_holds_its_ends() -> None:
    assert Span(1, 2).holds(1)
    assert Span(1, 2).holds(2)
    assert not Span(1, 2).holds(2.1)
