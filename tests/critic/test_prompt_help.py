"""What the editor says that a prompt file may hold."""

from pathlib import Path
from types import NoneType, UnionType
from typing import get_args

import pytest
from pydantic import BaseModel

from labelcritic_gui.critic.prompt_files import PromptFiles
from labelcritic_gui.critic.prompt_help import FIELDS, about
from labelcritic_gui.critic.prompt_sources import VARIABLES, StructureWords


@pytest.fixture
def shipped(tmp_path: Path) -> dict[str, str]:
    return {file.name: file.shipped or "" for file in PromptFiles(tmp_path / "none").all()}


@pytest.mark.parametrize("name", VARIABLES)
def test_that_every_variable_of_a_template_is_told_with_its_meaning(name: str, shipped: dict[str, str]) -> None:
    sentences, rows = about(name, shipped)
    assert sentences.endswith(".")
    assert {variable for variable, _ in rows} == VARIABLES[name]
    assert [variable for variable, meaning in rows if not meaning] == []


def fields(model: type[BaseModel], before: str = "") -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        kinds = [a for a in (field.annotation, *get_args(field.annotation)) if a is not NoneType]
        inner = [a for kind in kinds for a in ((kind, *get_args(kind)) if not isinstance(kind, UnionType) else ())]
        table = next((a for a in inner if isinstance(a, type) and issubclass(a, BaseModel)), None)
        told_whole = f"{before}{name}" == "variant.view_hint"
        found += [f"{before}{name}"] if table is None or told_whole else fields(table, f"{before}{name}.")
    return found


def test_that_every_field_of_a_structures_words_is_told_and_no_other(shipped: dict[str, str]) -> None:
    assert sorted(FIELDS) == sorted(fields(StructureWords))
    assert about("structures/liver.toml", shipped)[1] == tuple(FIELDS.items())
